"""Rewrites all the inputs of a run into one requirements text, included files where they are included; resolves nothing.

Files in the requirements format keep their text; of every other input (a project, a lock, the command line) only the requirements
count, as they were read.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from packaging.utils import NormalizedName

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin, InputSet, Origin, UnsupportedRequirement
from wheelcheck.requirements.lines import LogicalLine, iter_groups, iter_logical_lines, parse_line
from wheelcheck.requirements.rewriting import Rewriting, closed, newline_of, rendered, requirement_of, rewritten_group
from wheelcheck.texts.files import is_file, is_there
from wheelcheck.texts.places import LineUnreadable, has_scheme, is_archive_name, is_web_url, path_of, url_path
from wheelcheck.texts.sources import Reader, Source

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
    for each in inputs.requirements:
        if not _is_within(each.origin, walk.shown):
            others.setdefault(_header(each.origin), []).append(rewriting.requirement_line(rendered(each), each))
    for unsupported in inputs.unsupported:
        if not _is_within(unsupported.origin, walk.shown):
            others.setdefault(_header(unsupported.origin), []).append(_line_of(unsupported))
    parts += ((header, "".join(f"{line}\n" for line in lines)) for header, lines in others.items())
    newline = newline_of(parts[0][1]) if parts else "\n"
    return _joined(parts, rewriting.ending(newline), newline)


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
    return (
        f"{unsupported.stand_in}  # conda: {unsupported.text}"
        if unsupported.stand_in
        else f"# conda: {unsupported.text}"
    )


def _header(origin: Origin) -> str:
    return origin.path if isinstance(origin, FileOrigin) else "command line"


def _is_within(origin: Origin, places: Iterable[str]) -> bool:
    return isinstance(origin, FileOrigin) and origin.path in places


def _joined(parts: Sequence[tuple[str, str]], ending: str, newline: str) -> str:
    headed = (f"# {header}{newline}{closed(text, newline)}" for header, text in parts)
    text = parts[0][1] if len(parts) == 1 else newline.join(headed)
    return closed(text, newline) + ending if ending else text
