"""Reads the targets of a Dockerfile from its ``FROM`` lines; builds nothing, and follows no ``RUN`` that installs a Python.

Most often it is one: the stage that runs. Where that copies what an installer left in another stage (``COPY --from=builder``),
also the image of that one counts, for which the files were chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

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


_COPY = re.compile(r"(?:--\S+\s+)*--from=(?P<stage>[^\s$]+)\s+(?P<paths>.+)", re.DOTALL | re.IGNORECASE)
_INSTALLS = re.compile(
    r"\b(?:pip[\d.]*|uv|poetry|pdm|pipenv|conda|mamba|micromamba)[\s\"',][^|;&]{0,200}?\b(?:install|sync|wheel|create|update)\b"
)
# Parts of the paths at which installers leave what they install.
_ENVIRONMENTS = re.compile(
    r"(?i)(?:^|/)(?:\.?v?env[\w.-]*|\w*venv|(?:site|dist)-packages|\.?local|install(?:ed)?|wheel(?:s|house)?|deps|dependencies"
    r"|(?:python_?)?packages|\w*conda\d?|python[\d.]*|prefix)(?:/|$)|^(?:/?[\w.-]+|\.)/?$"
)


class _Stage(Struct, frozen=True, kw_only=True):
    """One ``FROM`` line: its image, its own name (lower case), and ``--platform``.

    *installs* says that a ``RUN`` of it installs projects, *copied* are the stages that it copies an environment from.
    """

    line: int
    image: str
    name: str
    platform: str | None
    installs: bool = False
    copied: tuple[str, ...] = ()


def parse_dockerfile(text: str, path: str, query: TargetQuery) -> NamedTargets:
    """The targets that the Dockerfile *text* builds for: that of its last stage with a Python, or of the stage of *query*.

    Then those of the stages from which that copies what was installed there, where they differ.
    The query's ``build_args`` replace the defaults of ``ARG``. Where no stage has a Python, the last one tells the platform alone.
    Raises ``InputUnreadable`` with the line for images that are not known, and variables without a value.
    """
    stages = _stages(text, path, query.build_args)
    if not stages:
        raise InputUnreadable("has no FROM line", address=path, hint="name a Dockerfile, or " + WAY_OUT)
    if query.stage is not None:
        return _target(_named(stages, query.stage, path), stages, path, query.known)
    return _last_with_python(stages, path, query.known)


def _last_with_python(stages: list[_Stage], path: str, bases: ImageKnowledge) -> NamedTargets:
    notes: list[TargetNote] = []
    for lineage in reversed(_lineages(stages)):
        root, stage = lineage[0], lineage[-1]
        try:
            reading = parse_image(root.image, bases, platform=stage.platform or root.platform)
        except ImageUnknown as problem:
            origin = FileOrigin(path=path, line=root.line)
            notes.append(TargetNote(origin=origin, reason=f"FROM {root.image} {problem}"))
            continue
        if reading.has_python:
            passed = f"the last stage with a Python; the last one is FROM {stages[-1].image}"
            return NamedTargets.gathered(
                (
                    _named_target(root, path, reading, () if stage is stages[-1] else (passed,)),
                    *_iter_installing(stage, stages, path, bases),
                ),
                (note for note in notes if not note.reason.startswith("FROM scratch")),
            )
    return _target(stages[-1], stages, path, bases)


def _target(stage: _Stage, stages: list[_Stage], path: str, bases: ImageKnowledge) -> NamedTargets:
    root = _lineages(stages)[stages.index(stage)][0]
    try:
        reading = parse_image(root.image, bases, platform=stage.platform or root.platform)
    except ImageUnknown as problem:
        raise InputUnreadable(f"FROM {root.image} {problem}", address=f"{path}:{root.line}", hint=WAY_OUT) from None
    return NamedTargets.gathered(
        (_named_target(root, path, reading, ()), *_iter_installing(stage, stages, path, bases))
    )


def _iter_installing(stage: _Stage, stages: list[_Stage], path: str, bases: ImageKnowledge) -> Iterator[NamedTarget]:
    """The targets of the stages with a Python from which *stage* copies what an installer left there, by whatever way."""
    lineages = _lineages(stages)
    waiting = [stages.index(stage)]
    for at in waiting:  # grows while it is walked: a queue
        root = lineages[at][0]
        if at != waiting[0] and any(each.installs for each in lineages[at]):
            with suppress(ImageUnknown):
                reading = parse_image(root.image, bases, platform=stages[at].platform or root.platform)
                if reading.has_python:
                    yield _named_target(root, path, reading, ("COPY --from takes what is installed there",))
        names = {str(number): number for number in range(at)}
        names |= {each.name: number for number, each in enumerate(stages[:at]) if each.name}
        copied = (names.get(name) for each in lineages[at] for name in each.copied)
        waiting += [each for each in dict.fromkeys(copied) if each is not None and each not in waiting]


def _named_target(stage: _Stage, path: str, reading: ImageReading, remarks: tuple[str, ...]) -> NamedTarget:
    return NamedTarget(
        platform=reading.platform,
        python=reading.python,
        origin=FileOrigin(path=path, line=stage.line),
        assumed="; ".join((*remarks, *reading.remarks)),
    )


def _lineages(stages: list[_Stage]) -> list[list[_Stage]]:
    """Of each stage those that it is built on, and itself: the first is one whose image is no other stage.

    An alias counts from its own line on.
    """
    by_name: dict[str, list[_Stage]] = {}
    found = []
    for stage in stages:
        found.append([*by_name.get(stage.image.lower(), ()), stage])
        if stage.name:
            by_name[stage.name] = found[-1]
    return found


def _named(stages: list[_Stage], name: str, path: str) -> _Stage:
    for position, stage in enumerate(stages):
        if stage.name == name.lower() or name == str(position):
            return stage
    known = ", ".join(stage.name for stage in stages if stage.name) or "none has a name"
    raise InputUnreadable(f"has no stage {name!r}", address=path, hint=f"its stages: {known}")


def _stages(text: str, path: str, build_args: Mapping[str, str]) -> list[_Stage]:
    values: dict[str, str | None] = dict(_BUILDER_ARGS)
    found: list[_Stage] = []
    for line, instruction, rest in _instructions(text):
        if instruction == "ARG" and not found:
            # Only an ARG before the first FROM counts in FROM lines.
            for name, default in _assignments(rest):
                given = build_args.get(name, default)
                values[name] = _substituted(given, values, path, line) if given is not None else values.get(name)
        elif instruction == "FROM":
            found.append(_stage(rest, values, path, line))
        elif found and instruction == "RUN" and _INSTALLS.search(rest):
            found[-1] = replace(found[-1], installs=True)
        elif found and instruction == "COPY" and (copy := _COPY.match(rest)) is not None:
            *sources, _ = re.findall(r"[^\s\"',\[\]]+", copy["paths"]) or [""]
            if any(map(_ENVIRONMENTS.search, sources)):
                found[-1] = replace(found[-1], copied=(*found[-1].copied, copy["stage"].lower()))
    return found


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
    """Each instruction with the number of its first line: continued lines joined, comments left out, here-documents at its end."""
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
        begins = number
        if instruction in ("RUN", "COPY", "ADD"):
            for dash, _, word in _HEREDOC.findall(matched[2]):
                number = _behind_heredoc(lines, number, word, dash)
        yield first + 1, instruction, "\n".join((matched[2], *lines[begins:number]))


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
