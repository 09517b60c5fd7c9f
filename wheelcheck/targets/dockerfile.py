"""Reads the target of a Dockerfile from its ``FROM`` lines; builds nothing, and follows no ``RUN`` that installs a Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.systems import ImageKnowledge
from wheelcheck.model.target import NamedTarget, NamedTargets, TargetNote
from wheelcheck.targets.image_names import WAY_OUT, ImageReading, ImageUnknown, parse_image
from wheelcheck.targets.sources import TargetQuery

# Set by the builder itself; a stage for the machine that builds is taken for one for the machine that runs.
_BUILDER_ARGS = {
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "BUILDOS": "linux",
    "BUILDARCH": "amd64",
    "TARGETVARIANT": "",
}
_PLATFORM_ARGS = {"$TARGETPLATFORM", "${TARGETPLATFORM}", "$BUILDPLATFORM", "${BUILDPLATFORM}"}
_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)\s*([\"']?)([A-Za-z_]\w*)\2")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*(\S)\s*", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-+])(?P<other>[^{}]*))?\})")
_FROM = re.compile(r"(?P<flags>(?:--\S+\s+)*)(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\s*", re.IGNORECASE)


class _Stage(Struct, frozen=True, kw_only=True):
    """One ``FROM`` line: its image, its own name (lower case), and ``--platform``."""

    line: int
    image: str
    name: str
    platform: str | None


def parse_dockerfile(text: str, path: str, query: TargetQuery) -> NamedTargets:
    """The target that the Dockerfile *text* builds for: that of its last stage with a Python, or of the stage of *query*.

    The query's ``build_args`` replace the defaults of ``ARG``. Where no stage has a Python, the last one tells the platform alone.
    Raises ``InputUnreadable`` with the line for images that are not known, and variables without a value.
    """
    stages = list(_stages(text, path, query.build_args))
    if not stages:
        raise InputUnreadable("has no FROM line", address=path, hint="name a Dockerfile, or " + WAY_OUT)
    if query.stage is not None:
        return _target(_named(stages, query.stage, path), stages, path, query.known)
    return _last_with_python(stages, path, query.known)


def _last_with_python(stages: list[_Stage], path: str, bases: ImageKnowledge) -> NamedTargets:
    notes: list[TargetNote] = []
    for stage, root in zip(reversed(stages), reversed(_roots(stages)), strict=True):
        try:
            reading = parse_image(root.image, bases, platform=stage.platform or root.platform)
        except ImageUnknown as problem:
            origin = FileOrigin(path=path, line=root.line)
            notes.append(TargetNote(origin=origin, reason=f"FROM {root.image} {problem}"))
            continue
        if reading.has_python:
            passed = f"the last stage with a Python; the last one is FROM {stages[-1].image}"
            return NamedTargets(
                targets=(_named_target(root, path, reading, () if stage is stages[-1] else (passed,)),),
                notes=tuple(note for note in notes if not note.reason.startswith("FROM scratch")),
            )
    return _target(stages[-1], stages, path, bases)


def _target(stage: _Stage, stages: list[_Stage], path: str, bases: ImageKnowledge) -> NamedTargets:
    root = _roots(stages)[stages.index(stage)]
    try:
        reading = parse_image(root.image, bases, platform=stage.platform or root.platform)
    except ImageUnknown as problem:
        raise InputUnreadable(f"FROM {root.image} {problem}", address=f"{path}:{root.line}", hint=WAY_OUT) from None
    return NamedTargets(targets=(_named_target(root, path, reading, ()),))


def _named_target(stage: _Stage, path: str, reading: ImageReading, remarks: tuple[str, ...]) -> NamedTarget:
    return NamedTarget(
        platform=reading.platform,
        python=reading.python,
        origin=FileOrigin(path=path, line=stage.line),
        assumed="; ".join((*remarks, *reading.remarks)),
    )


def _roots(stages: list[_Stage]) -> list[_Stage]:
    """Of each stage the one that it leads to whose image is not another stage; an alias counts from its own line on."""
    by_name: dict[str, _Stage] = {}
    found = []
    for stage in stages:
        found.append(by_name.get(stage.image.lower(), stage))
        if stage.name:
            by_name[stage.name] = found[-1]
    return found


def _named(stages: list[_Stage], name: str, path: str) -> _Stage:
    for position, stage in enumerate(stages):
        if stage.name == name.lower() or name == str(position):
            return stage
    known = ", ".join(stage.name for stage in stages if stage.name) or "none has a name"
    raise InputUnreadable(f"has no stage {name!r}", address=path, hint=f"its stages: {known}")


def _stages(text: str, path: str, build_args: Mapping[str, str]) -> Iterator[_Stage]:
    values: dict[str, str | None] = dict(_BUILDER_ARGS)
    seen_from = False
    for line, instruction, rest in _instructions(text):
        if instruction == "ARG" and not seen_from:
            # Only an ARG before the first FROM counts in FROM lines.
            for name, default in _assignments(rest):
                given = build_args.get(name, default)
                values[name] = _substituted(given, values, path, line) if given is not None else values.get(name)
        elif instruction == "FROM":
            seen_from = True
            yield _stage(rest, values, path, line)


def _stage(rest: str, values: Mapping[str, str | None], path: str, line: int) -> _Stage:
    matched = _FROM.fullmatch(rest.strip())
    if matched is None:
        raise InputUnreadable(
            f"no FROM line: {rest.strip()!r}", address=f"{path}:{line}", hint="write FROM image AS name"
        )
    platform = next(
        (flag.removeprefix("--platform=") for flag in matched["flags"].split() if flag.startswith("--platform=")), None
    )
    if platform is not None:
        given = platform.strip("\"'")
        # The builder's own choice, unless the file gives it a default.
        is_open = given in _PLATFORM_ARGS and not values.get(given.strip("${}"))
        platform = None if is_open else _substituted(given, values, path, line)
    return _Stage(
        line=line,
        image=_substituted(matched["image"].strip("\"'"), values, path, line),
        name=(matched["stage"] or "").lower(),
        platform=platform,
    )


def _assignments(rest: str) -> Iterator[tuple[str, str | None]]:
    for word in re.findall(r"\w+(?:=(?:\"[^\"]*\"|'[^']*'|\S*))?", rest):
        name, equals, value = word.partition("=")
        yield name, value.strip("\"'") if equals else None


def _substituted(text: str, values: Mapping[str, str | None], path: str, line: int) -> str:
    def value(matched: re.Match[str]) -> str:
        name = matched["plain"] or matched["name"]
        found, how = values.get(name), matched["how"] or ""
        is_set = found is not None and (bool(found) or not how.startswith(":"))
        if how.endswith("+"):
            return matched["other"] if is_set else ""
        if is_set and found is not None:
            return found
        if how.endswith("-"):
            return matched["other"]
        raise InputUnreadable(
            f"FROM uses ${name}, which has no default",
            address=f"{path}:{line}",
            hint=f"write ARG {name}=… before it, or {WAY_OUT}",
        )

    result = _VARIABLE.sub(value, text)
    if "$" in result:
        raise InputUnreadable(f"{text!r} is not understood", address=f"{path}:{line}", hint=WAY_OUT)
    return result


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Each instruction with the number of its first line: continued lines joined, comments and here-documents left out."""
    lines = text.splitlines()
    escape = _escape(lines)
    number = 0
    while number < len(lines):
        first = number
        logical, number = _logical_line(lines, number, escape)
        matched = _INSTRUCTION.match(logical)
        if matched is None:
            continue
        instruction = matched[1].upper()
        if instruction in ("RUN", "COPY", "ADD"):
            for dash, _, word in _HEREDOC.findall(matched[2]):
                number = _behind_heredoc(lines, number, word, dash)
        yield first + 1, instruction, matched[2]


def _logical_line(lines: list[str], number: int, escape: str) -> tuple[str, int]:
    parts: list[str] = []
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            if not parts:
                break
            continue
        stripped = line.rstrip()
        if not stripped.endswith(escape):
            parts.append(stripped)
            break
        parts.append(stripped.removesuffix(escape))
    return " ".join(parts), number


def _behind_heredoc(lines: list[str], number: int, word: str, dash: str) -> int:
    for position in range(number, len(lines)):
        line = lines[position].lstrip("\t") if dash else lines[position]
        if line == word:
            return position + 1
    # Never closed: the lines that follow may well be instructions.
    return number


def _escape(lines: list[str]) -> str:
    for line in lines:
        if not line.lstrip().startswith("#"):
            break
        if matched := _ESCAPE.fullmatch(line.strip()):
            return matched[1]
    return "\\"
