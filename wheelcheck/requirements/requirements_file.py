"""Reads requirements files in pip's format, with all that they include; refuses include cycles and bad lines, naming file and line.

Two deliberate differences from pip: a file that a constraints file includes with ``-r`` constrains too (as in uv: constraints never
add projects), and a file that is included twice is read once.

A line that ``conda list --export`` or ``--explicit`` writes, and a spec of conda's environment, are an ``UnsupportedRequirement``
whose ``stand_in`` is the release of the same name and version that an index may have, or a ``Requirement`` for what pip installed.
Which project a conda package is, is not known here.
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
from packaging.specifiers import SpecifierSet

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.distribution import as_specifier
from wheelcheck.model.requirement import FileOrigin, IndexOptions, Requirement, UnsupportedRequirement
from wheelcheck.model.urls import masked_within
from wheelcheck.requirements.collecting import OPPOSITES, Collector
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
from wheelcheck.texts.places import LineUnreadable, file_url, has_scheme, local_path_of, project_name, url_path
from wheelcheck.texts.sources import Source

_CONDA_EXPORTED = re.compile(r"(?P<name>[\w.-]+)=(?P<version>[^=\s]+)=(?P<build>[^=\s]+)")
_CONDA_ARCHIVE = re.compile(
    r".*/(?:noarch|(?:linux|osx|win|emscripten)-\w+)/(?P<name>[\w.-]+)-(?P<version>[^-/]+)-(?P<build>[^-/]+)\.(?:conda|tar\.bz2)(?:#.*)?"
)
_CONDA_SPEC = re.compile(r"(?:[^\s:]*::)?(?P<name>[\w.*-]+)(?P<version>[^\[]*)(?:\[(?P<keys>.*)\])?")
_CONDA_KEY = re.compile(r"""\bversion\s*=\s*(['"]?)([^'",\]]+(?:,[^'"\]]+)?)\1""")
_CONDA_CLAUSE = re.compile(r"(?P<operator>[<>]=?|[=!]=|~=|=)?\s*(?P<version>\d[\w.!+-]*?)(?P<any>\.?\*)?")
_INSTALLED_BY_PIP = "pypi"
_CONDA_HINT = "no project can have that name or version"


def is_exported(text: str) -> bool:
    """Whether *text* is a line of ``conda list --export`` or ``--explicit``: no requirement has two single equals signs."""
    return (
        text == "@EXPLICIT" or _CONDA_EXPORTED.fullmatch(text) is not None or _CONDA_ARCHIVE.fullmatch(text) is not None
    )


def parse_exported(text: str, origin: FileOrigin) -> Requirement | UnsupportedRequirement | None:
    """The package of a line that :func:`is_exported` knows; ``None`` for the line that only begins such a file."""
    matched = _CONDA_EXPORTED.fullmatch(text) or _CONDA_ARCHIVE.fullmatch(text)
    if matched is None:
        return None
    package = conda_package(matched["name"], f"=={matched['version']}", text, origin)
    if package.stand_in is not None and matched["build"].startswith(_INSTALLED_BY_PIP):
        return package.stand_in
    return package


def parse_spec(text: str, origin: FileOrigin) -> tuple[UnsupportedRequirement, SpecifierSet | None]:
    """The package that *text*, a spec of an environment file, asks for, and its bound; ``None`` for a bound without equivalent.

    As conda has it, ``numpy=1.26`` means any 1.26, ``numpy==1.26`` and ``numpy=1.26=BUILD`` mean that version.
    """
    matched = _CONDA_SPEC.fullmatch(text.strip())
    if matched is None:
        return UnsupportedRequirement(kind="conda", text=text, origin=origin, hint=_CONDA_HINT), None
    keyed = _CONDA_KEY.search(matched["keys"] or "")
    written = keyed[2] if keyed is not None else matched["version"]
    bound = _conda_bound(written)
    package = conda_package(matched["name"], "" if bound is None else str(bound), text, origin)
    return package, bound


def conda_package(name: str, bound: str, text: str, origin: FileOrigin) -> UnsupportedRequirement:
    """The conda package *name*, written as *text*; the release of that name within *bound* may stand in for it."""
    project, specifier, stand_in = project_name(name), as_specifier(bound), None
    if project is not None and specifier is not None:
        stand_in = Requirement(name=project, specifier=specifier, origin=origin, text=f"{project}{specifier}")
    return UnsupportedRequirement(
        kind="conda", text=text, name=project, origin=origin, hint=_CONDA_HINT, stand_in=stand_in
    )


def _conda_bound(written: str) -> SpecifierSet | None:
    """The bound of a spec, without its build; ``None`` where it has alternatives or wildcards that PEP 440 cannot say."""
    text = written.strip()
    if not text or text == "*":
        return SpecifierSet()
    if "|" in text:
        return None
    build = re.fullmatch(r"(?:={1,2}\s*|\s*)([^\s=<>!~,]+)(?:\s*=|\s+)[^\s=<>!~,]+", text)
    if build is not None:
        text = build[1] if "*" in build[1] else f"=={build[1]}"
    clauses = [_conda_clause(part.strip()) for part in text.split(",")]
    return None if None in clauses else as_specifier(",".join(filter(None, clauses)))


def _conda_clause(part: str) -> str | None:
    if part == "*":
        return ""
    matched = _CONDA_CLAUSE.fullmatch(part)
    if matched is None:
        return None
    operator, version = matched["operator"] or "==", matched["version"]
    if operator == "=":
        return f"=={version}.*"
    return f"{operator}{version}{'.*' if matched['any'] and operator in ('==', '!=') else ''}"


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
