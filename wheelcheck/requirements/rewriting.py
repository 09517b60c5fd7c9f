"""Requirements and overrides as a repair would have them: lines edited in place, all else byte for byte; writes no file.

``text, Edits → text``. An edit that a list of requirements cannot say (another Python, an override) becomes a comment at its end.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import CommandLineOrigin, FileOrigin, Requirement
from wheelcheck.requirements.lines import LogicalLine, WrittenRequirement, iter_logical_lines, parse_line
from wheelcheck.requirements.requirement import parse_written

_NEVER = "sys_platform == 'never'"  # uv's way to leave a project out: an override that applies nowhere
_IN_LINES = frozenset({EditKind.PIN, EditKind.SUBSTITUTE, EditKind.MARKER, EditKind.EXTRA})
_WRITTEN = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?:\s*+(?P<extras>\[[^\]]*\]))?"
    r"(?P<bounds>(?:\s*+[^;\s]++)*+)(?P<marker>\s*+;.*)?\s*",
    re.DOTALL,
)
_HASH = re.compile(r"(?<!\s)\s*--hash(?:=|\s+)\S+")


def _always(_: Marker) -> bool:
    return True


class Rewriting(Struct, kw_only=True):
    """The edits to make, and the state of making them; one serves for all the texts of one result.

    *repair* is the id to name in comments. *applies* tells whether a marker holds on the target. ``met`` holds the projects of
    the lines seen that apply, ``hashed`` whether any line had hashes, which are then needed everywhere.
    """

    edits: Sequence[Edit]
    repair: str = ""
    applies: Callable[[Marker], bool] = _always
    met: set[NormalizedName] = field(default_factory=set)
    hashed: bool = False

    def requirement_line(self, written: str, requirement: Requirement) -> str:
        """*written*, the text of *requirement*, with the edits on its project made."""
        if requirement.marker is None or self.applies(requirement.marker):
            self.met.add(requirement.name)
        for edit in self.edits:
            if edit.kind in _IN_LINES and not is_override(edit) and edit.package == requirement.name:
                written = EDITORS[edit.kind](written, requirement, edit)
        return written

    def ending(self, newline: str = "\n") -> str:
        """The lines after all others: further requirements, and comments on edits that belong elsewhere."""
        return "".join(f"{line}{newline}" for line in self._iter_ending())

    def note(self, text: str) -> str:
        """*text* as a comment that names the repair."""
        return f"# wheelcheck{f' {self.repair}' if self.repair else ''}: {' '.join(text.split())}"

    def _iter_ending(self) -> Iterator[str]:
        for edit in self.edits:
            because = f" ({edit.because})" if edit.because else ""
            match edit.kind:
                case EditKind.PIN | EditKind.EXTRA:
                    pass
                case EditKind.MARKER if not is_override(edit):
                    pass
                case EditKind.SUBSTITUTE:
                    # One without options is the user's own replacement of a line, and no line of its own.
                    if edit.options and edit.package not in self.met:
                        yield f"{edit.after}  {self.note(f'in place of {edit.package}{because}')}"
                    if options := _options_only(edit):
                        yield self.note(f"where others ask for {edit.package}, use {options}")
                case EditKind.ADD if not self.hashed:
                    yield f"{edit.after}  {self.note(edit.because)}"
                case EditKind.CONSTRAIN if not self.hashed:
                    yield f"{edit.package}{edit.after}  {self.note(edit.because or 'a bound')}"
                case _:
                    yield self.note(f"use {shlex.join(edit.options)}{because}")


def rewritten_group(
    group: str, rewriting: Rewriting, environ: Mapping[str, str], *, place: str = "", folder: Path | None = None
) -> str:
    """*group*, the physical lines of one logical line, with the edits made; as it is where none concerns it.

    Where it changes it becomes one line, without hashes unless its marker alone is new: they belong to other files.
    *place* and *folder* are as for the reader of requirements files. Raises ``LineUnreadable``.
    """
    logical = next(iter_logical_lines(group, environ), None)
    if logical is None:
        return group
    if "--hash" in logical.text or "--require-hashes" in logical.text:
        rewriting.hashed = True
    requirement = requirement_of(logical, place=place, folder=folder)
    if requirement is None:
        return group
    written = parse_line(logical.written).requirement or requirement.text
    new = rewriting.requirement_line(written, requirement)
    if new == written:
        return group
    options = logical.written.removeprefix(written)
    if new.partition(";")[0].rstrip() != written.partition(";")[0].rstrip():
        options = _HASH.sub("", options)
    options = options.rstrip()
    indentation = group[: len(group) - len(group.lstrip(" \t"))]
    end = group[len(group.rstrip("\r\n")) :]
    return f"{indentation}{new}{options}{logical.comment}{end}"


def requirement_of(logical: LogicalLine, *, place: str = "", folder: Path | None = None) -> Requirement | None:
    """The requirement in *logical*, ``None`` where it has none, or none that can be planned. Raises ``LineUnreadable``."""
    parsed = parse_line(logical.text)
    if not parsed.requirement:
        return None
    understood = parse_written(
        WrittenRequirement(
            text=parsed.requirement,
            written=parse_line(logical.written).requirement or logical.written,
            origin=FileOrigin(path=place, line=logical.number),
            folder=folder,
        )
    )
    return understood if isinstance(understood, Requirement) else None


def rewritten_overrides(
    edits: Iterable[Edit],
    existing: Iterable[Requirement] = (),
    excluded: Iterable[NormalizedName] = (),
    *,
    repair: str = "",
) -> str:
    """The overrides after *edits*, a requirement a line, as uv and our own ``--override FILE`` read them.

    *existing* are those that hold already, of which an edit on the same project takes the place. A project that is left out, by
    an edit or because it is among *excluded*, gets an override that applies nowhere.
    """
    edits = tuple(edits)
    rewriting = Rewriting(edits=edits, repair=repair)
    lines: dict[NormalizedName, list[str]] = {}
    for override in existing:
        lines.setdefault(override.name, []).append(rendered(override))
    for name in sorted(excluded):
        lines[name] = [f"{name} ; {_NEVER}  # left out"]
    for edit in edits:
        if edit.package is None:
            continue
        because = f" ({edit.because})" if edit.because else ""
        if edit.kind is EditKind.OVERRIDE:
            declared = f"in place of {edit.before}" if edit.before else "another version"
            lines[edit.package] = [f"{edit.package}{edit.after}  {rewriting.note(declared + because)}"]
        elif edit.kind is EditKind.MARKER and is_override(edit):
            lines[edit.package] = [f"{edit.after}  {rewriting.note(f'for other systems{because}')}"]
        elif edit.kind is EditKind.EXCLUDE:
            lines[edit.package] = [f"{edit.package} ; {_NEVER}  {rewriting.note(f'left out{because}')}"]
        elif edit.kind is EditKind.SUBSTITUTE and _options_only(edit):
            note = rewriting.note(f"{edit.after} stands in for it{because}")
            lines[edit.package] = [f"{edit.package} ; {_NEVER}  {note}"]
    return "".join(f"{line}\n" for each in lines.values() for line in each)


def rendered(requirement: Requirement) -> str:
    """*requirement* as a line of a requirements file, its marker included."""
    text = str(requirement)
    if requirement.marker is None or str(requirement.marker) in text or ";" in text:
        return text
    return f"{text} ; {requirement.marker}"


def newline_of(text: str) -> str:
    """The line ending of *text*: that of its first line."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def closed(text: str, newline: str) -> str:
    """*text*, its last line ended."""
    return text if not text or text.endswith(("\n", "\r")) else f"{text}{newline}"


def _options_only(edit: Edit) -> str:
    """The options of *edit* without its inputs, as typed."""
    start = next((place for place, word in enumerate(edit.options) if word.startswith("-")), len(edit.options))
    return shlex.join(edit.options[start:])


def is_override(edit: Edit) -> bool:
    """Whether *edit* replaces what everybody asks for, rather than the user's own line."""
    return edit.options[:1] == ("--override",)


def _repinned(written: str, requirement: Requirement, edit: Edit) -> str:
    name, extras, _, marker = _taken_apart(written, requirement)
    return f"{name}{extras}{edit.after}{marker}"


def _without_extras(written: str, requirement: Requirement, edit: Edit) -> str:
    name, extras, bounds, marker = _taken_apart(written, requirement)
    kept = Requirement.parse(edit.after, CommandLineOrigin(text=edit.after)).extras
    words = [word for word in re.findall(r"[\w.-]+", extras) if canonicalize_name(word) in kept]
    brackets = f"[{','.join(words)}]" if words else ""
    return f"{name}{brackets}{bounds}{marker}"


def _substituted(written: str, requirement: Requirement, edit: Edit) -> str:
    marker = _taken_apart(written, requirement)[3]
    return edit.after if ";" in edit.after else f"{edit.after}{marker}"


def _marked(written: str, requirement: Requirement, edit: Edit) -> str:
    name, extras, bounds, _ = _taken_apart(written, requirement)
    return f"{name}{extras}{bounds.rstrip()} ; {edit.after.partition('; ')[2]}"


def _bounded(written: str, requirement: Requirement, edit: Edit) -> str:
    """*written* within the further bounds of *edit*."""
    name, extras, bounds, marker = _taken_apart(written, requirement)
    kept = bounds.rstrip()
    if kept.endswith(")"):
        return f"{name}{extras}{kept[:-1]},{edit.after}){marker}"
    return f"{name}{extras}{kept}{',' if kept else ''}{edit.after}{bounds[len(kept) :]}{marker}"


EDITORS: Mapping[EditKind, Callable[[str, Requirement, Edit], str]] = {
    EditKind.PIN: _repinned,
    EditKind.MARKER: _marked,
    EditKind.EXTRA: _without_extras,
    EditKind.SUBSTITUTE: _substituted,
    EditKind.CONSTRAIN: _bounded,
}
"""What makes of a requirement as it was written the one that an edit wants, by the kind of the edit."""


def _taken_apart(written: str, requirement: Requirement) -> tuple[str, str, str, str]:
    """Name, extras, bounds and marker of *written*, each with its punctuation; by *requirement* where the text is a URL or path."""
    matched = _WRITTEN.fullmatch(written)
    if matched and requirement.url is None and canonicalize_name(matched["name"]) == requirement.name:
        return (matched["name"], matched["extras"] or "", matched["bounds"], matched["marker"] or "")
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    bounds = f" @ {requirement.url}" if requirement.url is not None else str(requirement.specifier)
    marker = f" ; {requirement.marker}" if requirement.marker is not None else ""
    return requirement.name, extras, bounds, marker
