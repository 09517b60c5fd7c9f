"""Reads requirements files in pip's format, with all that they include; refuses include cycles and bad lines, naming file and line.

Two deliberate differences from pip: a file that a constraints file includes with ``-r`` constrains too (as in uv: constraints never
add projects), and a file that is included twice is read once.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urljoin

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin, IndexOptions, Requirement, UnsupportedRequirement
from wheelcheck.model.urls import masked_within
from wheelcheck.requirements.collecting import OPPOSITES, Collector
from wheelcheck.requirements.conda import is_exported, parse_exported
from wheelcheck.requirements.lines import (
    LogicalLine,
    ParsedLine,
    WrittenRequirement,
    iter_logical_lines,
    parse_hash,
    parse_line,
    unexpanded,
)
from wheelcheck.requirements.requirement import parse_editable, parse_written
from wheelcheck.texts.files import is_there
from wheelcheck.texts.places import LineUnreadable, file_url, has_scheme, local_path_of, url_path
from wheelcheck.texts.sources import Source

_DEEPEST = 100
Taken = Callable[[Requirement | UnsupportedRequirement], None]


class _Inclusion(Struct, frozen=True):
    """A file being read, and the chain of lines that led to it; two inclusions of one file have the same ``key``."""

    source: Source
    key: str
    chain: tuple[tuple[str, str], ...] = ()


def require_file(source: Source, collector: Collector) -> None:
    """Ask for everything that *source* lists; lines that cannot be understood become problems of *collector*."""
    _Reading(collector).read(_Inclusion(source, _key(source)), collector.require)


def require_lines(lines: Iterable[tuple[int, str]], source: Source, collector: Collector) -> None:
    """Ask for what *lines* of *source* say, each with its number; several may stand on one line of it. Likewise for the rest."""
    reading, inclusion = _Reading(collector), _Inclusion(source, _key(source))
    for number, text in lines:
        for line in iter_logical_lines(text, collector.environ):
            with collector.noting():
                reading.follow(replace(line, number=number), inclusion, collector.require)


def constrain_file(source: Source, collector: Collector) -> None:
    """Take everything that *source* lists as bounds only, likewise."""
    _Reading(collector).read(_Inclusion(source, _key(source)), collector.constrain)


class _Reading:
    """Reads a file and those that it includes."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._environ = collector.environ

    def read(self, inclusion: _Inclusion, take: Taken) -> None:
        visit = (inclusion.key, take.__name__)
        if visit in self._collector.included:
            return
        self._collector.included.add(visit)
        for line in iter_logical_lines(inclusion.source.text, self._environ):
            with self._collector.noting():
                self.follow(line, inclusion, take)

    def follow(self, line: LogicalLine, inclusion: _Inclusion, take: Taken) -> None:
        """Hand what *line* asks for to *take*, or follow its option. Raises ``InputUnreadable`` with its place."""
        try:
            self._follow(line, inclusion, take)
        except LineUnreadable as problem:
            message = unexpanded(problem.message, line.written, self._environ)
            if line.written not in message and "no requirement" not in message:
                message = f"{message}, in {_shortened(line.written)!r}"
            raise InputUnreadable(
                masked_within(message), address=inclusion.source.at(line.number), hint=problem.hint
            ) from None

    def _follow(self, line: LogicalLine, inclusion: _Inclusion, take: Taken) -> None:
        parsed, written = parse_line(line.text), parse_line(line.written)
        source = inclusion.source
        origin = FileOrigin(path=source.place, line=line.number)
        if parsed.requirement and is_exported(parsed.requirement):
            package = parse_exported(parsed.requirement, origin)
            if package is not None:
                take(package)
            return
        if parsed.requirement:
            asked = WrittenRequirement(
                text=parsed.requirement,
                written=written.requirement or line.written,
                origin=origin,
                folder=source.folder,
                hashes=tuple(dict.fromkeys(map(parse_hash, parsed.values("--hash")))),
            )
            take(parse_written(asked))
            # Any other option behind a requirement says nothing, as in pip.
            return
        known = _noted_above(source.text, line.number)
        for text, shown in zip(parsed.values("--editable"), written.values("--editable"), strict=False):
            asked = WrittenRequirement(
                text=text, written=f"-e {shown}", origin=origin, folder=source.folder, known=known
            )
            take(parse_editable(asked))
        for option, value in parsed.options:
            if option == "--requirement":
                self._include(value, inclusion, line.number, take)
            elif option == "--constraint":
                self._include(value, inclusion, line.number, self._collector.constrain)
            elif option in OPPOSITES:
                self._collector.follow(option, value)
        self._collector.add_options(_index_options(parsed, source))

    def _include(self, name: str, parent: _Inclusion, line: int, take: Taken) -> None:
        chain = (*parent.chain, (parent.key, parent.source.at(line)))
        if len(chain) > _DEEPEST:
            raise InputUnreadable(f"more than {_DEEPEST} files include each other", address=parent.source.at(line))
        source = self._collector.reader.nested(name, parent.source, line)
        key = _key(source)
        start = next((position for position, (visited, _) in enumerate(chain) if visited == key), None)
        if start is not None:
            way = " → ".join(address for _, address in chain[start:])
            raise InputUnreadable(
                f"an include cycle: {way} → {source.place}",
                address=parent.source.at(line),
                hint="take one of these -r or -c lines out",
            )
        self.read(_Inclusion(source, key, chain), take)


def _noted_above(text: str, line: int) -> str:
    """The name and version that ``pip freeze`` notes in a comment above the editable folder on *line*; empty without one."""
    if "# Editable" not in text:
        return ""
    above = text.splitlines()[line - 2] if line > 1 else ""
    noted = re.fullmatch(r"# Editable\b.*\(([^()\s]+==[^()\s]+)\)\s*", above)
    return noted[1] if noted is not None else ""


def _index_options(parsed: ParsedLine, source: Source) -> IndexOptions:
    given = {option for option, _ in parsed.options}
    located = functools.partial(_located, source=source)
    return IndexOptions(
        index_url=next(iter(reversed([located(url) for url in parsed.values("--index-url")])), None),
        extra_index_urls=tuple(located(url) for url in parsed.values("--extra-index-url")),
        find_links=tuple(located(link) for link in parsed.values("--find-links")),
        no_index="--no-index" in given,
        pre="--pre" in given,
        prefer_binary="--prefer-binary" in given,
        require_hashes="--require-hashes" in given,
    )


def _located(where: str, *, source: Source) -> str:
    """*where* as a URL: a local path starts at the file that names it, if it is there, else at the current folder (pip)."""
    if has_scheme(where):
        url_path(where)
        if "://" in where:
            return where
    if source.url is not None and not Path(where).is_absolute():
        url_path(where)
        return urljoin(source.url, where)
    path = Path(os.path.expanduser(local_path_of(where)))  # noqa: PTH111 - Path.expanduser raises for an unknown user
    beside = (source.folder or Path()) / path
    return file_url(beside if is_there(beside) else path)


def _key(source: Source) -> str:
    if source.url is not None:
        return source.url
    # Two ways of writing one path must not hide a cycle.
    return str((source.folder / Path(source.place).name).resolve()) if source.folder is not None else source.place


def _shortened(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"
