"""Requirements and overrides as a repair would have them: lines edited in place, all else byte for byte; writes no file.

``text, Edits → text``. An edit that a list of requirements cannot say (another Python, an override) becomes a comment at its end.
All the inputs of a run become one text, with included files where they are included: those in the requirements format keep their
text, and of every other input (a project, a lock, the command line) only the requirements count, as they were read.
"""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import (
    CommandLineOrigin,
    FileOrigin,
    InputSet,
    Requirement,
    UnsupportedRequirement,
)
from wheelcheck.requirements.lines import LogicalLine, WrittenRequirement, iter_groups, iter_logical_lines, parse_line
from wheelcheck.requirements.requirement import parse_written
from wheelcheck.texts.files import is_file, is_there
from wheelcheck.texts.places import LineUnreadable, has_scheme, is_archive_name, is_web_url, path_of, url_path
from wheelcheck.texts.sources import Reader, Source

_NEVER = "sys_platform == 'never'"  # uv's way to leave a project out: an override that applies nowhere
_IN_LINES = frozenset({EditKind.PIN, EditKind.SUBSTITUTE, EditKind.MARKER, EditKind.EXTRA})
_WRITTEN = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?:\s*+(?P<extras>\[[^\]]*\]))?"
    r"(?P<bounds>(?:\s*+[^;\s]++)*+)(?P<marker>\s*+;.*)?\s*",
    re.DOTALL,
)
_HASH = re.compile(r"(?<!\s)\s*--hash(?:=|\s+)\S+")


class Rewriting(Struct, kw_only=True):
    """The edits to make, and the state of making them; one serves for all the texts of one result.

    *repair* is the id to name in comments. *applies* tells whether a marker holds on the target. ``met`` holds the projects of
    the lines seen that apply, ``hashed`` whether any line had hashes, which are then needed everywhere.
    """

    edits: Sequence[Edit]
    repair: str = ""
    applies: Callable[[Marker], bool] = lambda _: True
    met: set[NormalizedName] = field(default_factory=set)
    hashed: bool = False

    def requirement_line(self, written: str, requirement: Requirement) -> str:
        """*written*, the text of *requirement*, with the edits on its project made."""
        if requirement.marker is None or self.applies(requirement.marker):
            self.met.add(requirement.name)
        for edit in self.edits:
            if edit.kind in _IN_LINES and not is_override(edit) and edit.package == requirement.name:
                written = edited(written, requirement, edit)
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


def edited(written: str, requirement: Requirement, edit: Edit) -> str:
    """*written*, the text of *requirement*, as *edit* wants it: a pin, substitute, marker, bound or fewer extras."""
    name, extras, bounds, marker = _taken_apart(written, requirement)
    match edit.kind:
        case EditKind.PIN:
            return f"{name}{extras}{edit.after}{marker}"
        case EditKind.SUBSTITUTE:
            return edit.after if ";" in edit.after else f"{edit.after}{marker}"
        case EditKind.MARKER:
            return f"{name}{extras}{bounds.rstrip()} ; {edit.after.partition('; ')[2]}"
        case EditKind.EXTRA:
            kept = Requirement.parse(edit.after, CommandLineOrigin(text=edit.after)).extras
            words = [word for word in re.findall(r"[\w.-]+", extras) if canonicalize_name(word) in kept]
            brackets = f"[{','.join(words)}]" if words else ""
            return f"{name}{brackets}{bounds}{marker}"
        case _:
            stated = bounds.rstrip()
            if stated.endswith(")"):
                return f"{name}{extras}{stated[:-1]},{edit.after}){marker}"
            return f"{name}{extras}{stated}{',' if stated else ''}{edit.after}{bounds[len(stated) :]}{marker}"


def _taken_apart(written: str, requirement: Requirement) -> tuple[str, str, str, str]:
    """Name, extras, bounds and marker of *written*, each with its punctuation; by *requirement* where the text is a URL or path."""
    matched = _WRITTEN.fullmatch(written)
    if matched and requirement.url is None and canonicalize_name(matched["name"]) == requirement.name:
        return (matched["name"], matched["extras"] or "", matched["bounds"], matched["marker"] or "")
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    bounds = f" @ {requirement.url}" if requirement.url is not None else str(requirement.specifier)
    marker = f" ; {requirement.marker}" if requirement.marker is not None else ""
    return requirement.name, extras, bounds, marker


_OTHER_FORMATS = (".toml", ".py", ".pyw", ".json", ".lock", ".cfg", ".yml", ".yaml")


class _Walk(Struct, kw_only=True):
    """The reading of the inputs again: ``expected`` are the lines that asked for something when the plan was made.

    ``asked`` are such lines met in this input, ``seen`` its files, ``shown`` those of all inputs that stand in the result.
    """

    reader: Reader
    rewriting: Rewriting
    environ: Mapping[str, str]
    folder: Path
    expected: Counter[tuple[str, int, NormalizedName]]
    asked: Counter[tuple[str, int, NormalizedName]] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)

    def text_of_input(self, source: Source) -> str | None:
        """The edited text of *source*; ``None`` where it turns out to be no list of requirements, whatever its name."""
        self.asked, self.seen = Counter(), set(self.shown)
        try:
            text = self.text_of(source)
        except (LineUnreadable, InputUnreadable):
            return None
        # A list that reads otherwise than it was read for the plan is of another format, or has changed since.
        added = self.seen - self.shown
        if self.asked != Counter({key: count for key, count in self.expected.items() if key[0] in added}):
            return None
        self.shown |= added
        return text

    def text_of(self, source: Source) -> str:
        """The text of *source*, edited, with what it includes."""
        self.seen.add(source.place)
        newline = newline_of(source.text)
        pieces: list[str] = []
        line = 1
        for group in iter_groups(source.text):
            pieces.append(self._group(group, source, line, newline))
            line += len(group.splitlines())
        return "".join(pieces)

    def _group(self, group: str, source: Source, line: int, newline: str) -> str:
        logical = next(iter_logical_lines(group, self.environ), None)
        if logical is None:
            return group
        number = line + logical.number - 1
        requirement = requirement_of(logical, place=source.place, folder=source.folder)
        if requirement is not None:
            self.asked[source.place, number, requirement.name] += 1
            return rewritten_group(group, self.rewriting, self.environ, place=source.place, folder=source.folder)
        parsed = parse_line(logical.text)
        if parsed.requirement or not ({"--requirement", "--constraint", "--find-links"} & dict(parsed.options).keys()):
            if "--require-hashes" in dict(parsed.options):
                self.rewriting.hashed = True
            return group
        if "--requirement" not in dict(parsed.options) and self._is_beside(source):
            return group
        return self._options(logical, source, number, newline)

    def _options(self, logical: LogicalLine, source: Source, number: int, newline: str) -> str:
        pieces: list[str] = []
        written = parse_line(logical.written).options
        for (option, value), (_, shown) in zip(parse_line(logical.text).options, written, strict=True):
            if option == "--requirement":
                pieces.append(self._included(value, source, number, newline))
            else:
                word = self._moved(shown, source) if option in ("--constraint", "--find-links") else shown
                pieces.append(" ".join((option, *((shlex.quote(word),) if word else ()))) + newline)
        if logical.comment.strip():
            pieces.insert(0, logical.comment.strip() + newline)
        return "".join(pieces)

    def _included(self, name: str, source: Source, number: int, newline: str) -> str:
        nested = self.reader.nested(name, source, number)
        if nested.place in self.seen:
            return f"# {nested.place}: above{newline}"
        return f"# {nested.place}{newline}{closed(self.text_of(nested), newline)}# end of {nested.place}{newline}"

    def _is_beside(self, source: Source) -> bool:
        return source.url is None and (source.folder or Path()).resolve() == self.folder.resolve()

    def _moved(self, where: str, source: Source) -> str:
        """*where*, which starts at *source*, as it is written in the folder of the result."""
        if has_scheme(where) or Path(where).is_absolute():
            return where
        if source.url is not None:
            from urllib.parse import urljoin

            return urljoin(source.url, where)
        beside = (source.folder or Path()) / path_of(where)
        return os.path.relpath(beside, self.folder) if is_there(beside) else where


def rewritten_inputs(
    words: Sequence[str],
    inputs: InputSet,
    rewriting: Rewriting,
    *,
    folder: Path,
    fetch_text: Callable[[str], str] | None = None,
    stdin: Callable[[], str] | None = None,
    environ: Mapping[str, str],
) -> str:
    """One requirements text for everything that the inputs *words*, which gave *inputs*, ask for, with the edits made.

    A single requirements file stays as it is but for the edited lines; otherwise a comment names the source of each part. Included
    files stand in place of the lines that include them. *folder* is where the text will lie: relative paths to constraints start
    there. Raises as reading the inputs does.
    """
    reader = Reader(fetch_text=fetch_text, stdin=stdin)
    asked = ((each.origin, each.name) for each in inputs.requirements)
    expected = Counter((origin.path, origin.line, name) for origin, name in asked if isinstance(origin, FileOrigin))
    walk = _Walk(reader=reader, rewriting=rewriting, environ=environ, folder=folder, expected=expected)
    parts: list[tuple[str, str]] = []
    for word in words:
        source = _listing(word, reader)
        text = walk.text_of_input(source) if source is not None else None
        if source is not None and text is not None:
            parts.append((source.place, text))
    others: dict[str, list[str]] = {}
    every: tuple[Requirement | UnsupportedRequirement, ...] = (*inputs.requirements, *inputs.unsupported)
    for each in every:
        if isinstance(each.origin, FileOrigin) and each.origin.path in walk.shown:
            continue
        line = rewriting.requirement_line(rendered(each), each) if isinstance(each, Requirement) else _line_of(each)
        others.setdefault(each.origin.path if isinstance(each.origin, FileOrigin) else "command line", []).append(line)
    parts += ((header, "".join(f"{line}\n" for line in lines)) for header, lines in others.items())
    newline = newline_of(parts[0][1]) if parts else "\n"
    headed = (f"# {header}{newline}{closed(text, newline)}" for header, text in parts)
    text = parts[0][1] if len(parts) == 1 else newline.join(headed)
    ending = rewriting.ending(newline)
    return closed(text, newline) + ending if ending else text


def _listing(word: str, reader: Reader) -> Source | None:
    """The text that *word* names, ``None`` where that is no list of requirements."""
    if word == "-":
        return reader.standard_input()
    if is_web_url(word) and " " not in word:
        path = url_path(word)
        return None if is_archive_name(path) or path.endswith(_OTHER_FORMATS) else reader.url(word)
    path_named = path_of(word)
    if not is_file(path_named) or is_archive_name(path_named.name) or path_named.name.endswith(_OTHER_FORMATS):
        return None
    return reader.file(path_named)


def _line_of(unsupported: UnsupportedRequirement) -> str:
    """A package of conda as the project that was judged in its place, or as a comment: its own words are no requirement."""
    if unsupported.kind != "conda":
        return unsupported.text
    return f"{f'{unsupported.stand_in}  ' if unsupported.stand_in else ''}# conda: {unsupported.text}"
