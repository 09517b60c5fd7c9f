"""The document of a lock, parsed: its tables, with versions, markers and bounds understood, and the lines of its packages.

TOML is read faster where it has the shape of most locks: thousands of one-line tables of a file each. ``tomllib`` takes 30 µs
for such a line, most of a lock's time, a pattern 3 µs. Lines of exactly that shape are set aside before it reads, each leaving a
string behind, and put back after; where one is not found again, ``tomllib`` reads the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import unquote

from msgspec import Struct, field
from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import InputUnreadable, WheelcheckError
from wheelcheck.model.distribution import Availability, Distribution, LinkSkip, parse_link
from wheelcheck.model.lock import LockedPackage
from wheelcheck.model.requirement import HashPin, UnsupportedKind, UnsupportedRequirement, parse_marker
from wheelcheck.model.urls import masked, masked_within
from wheelcheck.texts.places import project_name
from wheelcheck.texts.sources import decoded
from wheelcheck.texts.toml import Table, fault_of, limit_met

MANGLED = "write the lock again with the tool that made it; a lock is not edited by hand"
_Read = TypeVar("_Read")

_TEXT = r'"([^"\\\x00-\x1f\x7f]*)"'
_ROW = re.compile(
    rf"^[ ]{{4}}\{{ ?(url|file) = {_TEXT}, hash = {_TEXT}(?:, size = ([1-9][0-9]{{0,17}}))?(?:, upload-time = {_TEXT})? ?\}},$",
    re.MULTILINE | re.ASCII,
)
_FEWEST = 20


class LockTable(Table):
    """One table of a lock; that of a package has its name for a label, and the line on which it begins."""

    __slots__ = ()
    hint: ClassVar[str] = MANGLED

    def name(self) -> NormalizedName:
        """The project's name."""
        text = self.text("name")
        name = project_name(text)
        if name is None:
            raise self.failure(f"name is no project name: {text!r}")
        return name

    def version(self, key: str = "version") -> Version | None:
        """The version under *key*, ``None`` without one."""
        text = self.optional_text(key)
        return None if text is None else self.read(text, Version, ValueError, f"{key} is no version (PEP 440)")

    def marker(self, key: str = "marker") -> Marker | None:
        """The marker under *key*, ``None`` without one."""
        text = self.optional_text(key)
        return self.marker_of(text) if text else None

    def marker_of(self, text: str) -> Marker:
        """*text* as a marker."""
        return self.read(text, parse_marker, InvalidMarker, "no environment marker (PEP 508)")

    def specifier(self, key: str) -> SpecifierSet | None:
        """The bounds under *key*, ``None`` without any."""
        text = self.optional_text(key)
        if text is None or text == "*":
            return None
        return self.read(text, SpecifierSet, InvalidSpecifier, f"{key} is no specifier (PEP 440)")

    def read(self, text: str, parse: Callable[[str], _Read], invalid: type[ValueError], fact: str) -> _Read:
        """*text* read by *parse*; its error *invalid* becomes the *fact*."""
        try:
            return parse(text)
        except invalid:
            raise self.failure(f"{fact}: {text!r}") from None


def names_of(words: Sequence[str]) -> frozenset[NormalizedName]:
    """*words* as normalised names (PEP 503, PEP 685)."""
    return frozenset(canonicalize_name(word) for word in words)


def load_toml(content: bytes, path: str) -> tuple[LockTable, str]:
    """The whole of a TOML lock, and its text. Raises ``InputUnreadable`` where it is empty, no text or no TOML."""
    import tomllib

    text = _text(content, path)
    try:
        return LockTable(parse_toml(text), path=path, text=text), text
    except tomllib.TOMLDecodeError as problem:
        why, line = fault_of(problem)
        raise _broken(path, line or text.count("\n") + 1, why, not line) from None
    except (ValueError, RecursionError) as problem:
        raise _broken(path, 0, limit_met(problem), False) from None


def load_json(content: bytes, path: str) -> tuple[LockTable, str]:
    """The whole of a JSON lock, and its text, likewise."""
    import json

    text = _text(content, path)
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as problem:
        raise _broken(path, problem.lineno, problem.msg, problem.pos >= len(text.rstrip())) from None
    except (ValueError, RecursionError) as problem:
        raise _broken(path, 0, limit_met(problem), False) from None
    if not isinstance(value, dict):
        raise InputUnreadable("is not a JSON object", address=path, hint=MANGLED)
    return LockTable(value, path=path), text


def _text(content: bytes, path: str) -> str:
    text = decoded(content, path)
    if not text.strip():
        raise InputUnreadable("an empty lock file", address=path, hint="write it again with the tool that makes it")
    return text


def _broken(path: str, line: int, why: str, at_end: bool) -> InputUnreadable:
    fact = "the lock ends in the middle" if at_end else "the lock cannot be read"
    return InputUnreadable(f"{fact}: {why}", address=f"{path}:{line}" if line else path, hint=MANGLED)


def package_tables(document: LockTable, text: str, key: str) -> list[LockTable]:
    """The array of tables *key* of *document*, each labelled with its name and on the line of its ``[[key]]`` in *text*.

    Where the tables are written in another way, no line is known.
    """
    rows = document.rows(key)
    lines, line, behind = [], 1, 0
    for match in re.finditer(rf"^\[\[{key}\]\]", text, re.MULTILINE):
        line += text.count("\n", behind, match.start())
        behind = match.start()
        lines.append(line)
    if len(lines) != len(rows):
        lines = [0] * len(rows)
    labels = (name if isinstance(name := row.get("name"), str) else f"a {key}" for row in rows)
    return [
        LockTable(row, path=document.path, line=line, label=label)
        for row, line, label in zip(rows, lines, labels, strict=True)
    ]


def refuse_version(document: LockTable, found: str, understood: str) -> WheelcheckError:
    """The error that the lock's format is of the version *found*, when only *understood* are."""
    return document.failure(
        f"format version {found} is not understood; {understood} is",
        hint="update wheelcheck, or write the lock with a release of its tool that makes that version",
    )


def parse_toml(text: str) -> dict[str, object]:
    """*text* as ``tomllib.loads`` reads it; raises its errors, on the same lines."""
    import tomllib

    found = _ROW.findall(text)
    if len(found) < _FEWEST:
        return tomllib.loads(text)
    mark = "row"
    while mark in text:
        mark += "~"
    waiting = iter(range(len(found)))
    rows = {f"{mark}{position}": _row(*groups) for position, groups in enumerate(found)}
    document = tomllib.loads(_ROW.sub(lambda _: f'"{mark}{next(waiting)}",', text))
    if _put_back(document, rows) == len(rows):
        return document
    return tomllib.loads(text)


def _row(key: str, place: str, digest: str, size: str, uploaded: str) -> dict[str, object]:
    row: dict[str, object] = {key: place, "hash": digest}
    return row | ({"size": int(size)} if size else {}) | ({"upload-time": uploaded} if uploaded else {})


def _put_back(document: dict[str, object], rows: dict[str, dict[str, object]]) -> int:
    """Put *rows* where they were taken from and say how many that was: only a package's own lists are looked at."""
    count = 0
    packages = document.get("package")
    for package in packages if isinstance(packages, list) else ():
        for key in ("wheels", "files"):
            listed = package.get(key) if isinstance(package, dict) else None
            if not isinstance(listed, list):
                continue
            for position, entry in enumerate(cast("list[object]", listed)):
                if isinstance(entry, str) and entry in rows:
                    listed[position] = rows[entry]
                    count += 1
    return count


_LENGTHS = {
    "md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128,
    "blake2b": 128, "blake2s": 64, "sha3_224": 56, "sha3_256": 64, "sha3_384": 96, "sha3_512": 128,
}  # fmt: skip
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
_HEX = re.compile(r"[0-9a-f]+").fullmatch

_HINTS: dict[UnsupportedKind, str] = {
    "editable": "build a wheel of it and lock that file, or allow it",
    "vcs": "build a wheel of it once and lock that file or its URL, or a released version",
    "folder-dynamic": "build a wheel of it (python -m build --wheel) and lock that file",
    "archive-unreadable": "lock a wheel or a source archive named after its project and version",
}


class FileList(Struct):
    """Gathers the files of one package, the one that *table* describes."""

    table: LockTable
    name: NormalizedName
    version: Version | None
    index: str = ""
    requires_python: str | None = None
    found: list[Distribution] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(
        self,
        *,
        filename: str = "",
        url: str = "",
        hashes: tuple[tuple[str, str], ...] = (),
        size: object = None,
        upload_time: object = None,
    ) -> None:
        """Add one file, named by *filename* or by the end of its *url*.

        Raises ``InputUnreadable`` for one of another project or version. A file that is no distribution at all is skipped.
        """
        if "#" in url or "@" in url:
            # Taking a URL apart costs more than all else here, and of the thousands in a lock none needs it.
            url = masked(url.partition("#")[0])
        filename = filename or filename_of(url)
        if size is not None and (not isinstance(size, int) or size < 0):
            raise self.table.failure(f"the size of {filename} is no number of bytes: {size!r}")
        at = Availability(
            url=url,
            hashes=hashes,
            size=size,
            upload_time=None if upload_time is None else str(upload_time),
            requires_python=self.requires_python,
            index=self.index,
        )
        link = parse_link(filename, self.name, at)
        if isinstance(link, LinkSkip):
            if link is LinkSkip.OTHER_PROJECT:
                raise self.table.failure(f"lists {filename}, which is no file of {self.name}")
            self.skipped.append(filename)
            return
        if self.version is not None and link.version != self.version:
            raise self.table.failure(f"is locked at {self.version}, but lists {filename}")
        self.found.append(link)

    def digest(self, text: object, filename: str) -> tuple[tuple[str, str], ...]:
        """The hash ``algorithm:digest``, none for ``None``. Raises ``InputUnreadable`` where it cannot be one."""
        if text is None:
            return ()
        if not isinstance(text, str):
            raise self.table.failure(f"the hash of {filename} is no string")
        if len(text) == 71 and _SHA256(text):
            return (("sha256", text[7:]),)
        pin = parse_digest(text, self.table, f"the hash of {filename}")
        return ((pin.algorithm, pin.digest),)

    def elsewhere(
        self,
        where: str,
        *,
        vcs: bool = False,
        editable: bool = False,
        folder: bool = False,
        path: bool = False,
        misnamed: bool = False,
    ) -> UnsupportedRequirement | None:
        """The package as something that is no file of an index: a repository, a folder, an archive at *where*.

        *folder* says that it is one, *path* that it may be one, *misnamed* that its name tells neither project nor version.
        ``None`` where it is a file, or *where* is empty.
        """
        kind: UnsupportedKind = "folder-dynamic" if folder or path else "archive-unreadable"
        if vcs or editable:
            kind = "vcs" if vcs else "editable"
        elif not folder and not misnamed and (not where or is_distribution_of(self.name, where)):
            return None
        shown = masked_within(where)
        text = f"{self.name} @ {shown}" if shown else str(self.name)
        return UnsupportedRequirement(kind=kind, text=text, name=self.name, origin=self.table.origin, hint=_HINTS[kind])

    def is_named_in(self, where: str) -> bool:
        """Whether the archive at *where* is named after the project, and after its version where that is known."""
        link = parse_link(filename_of(where), self.name, Availability(url=""))
        return not isinstance(link, LinkSkip) and self.version in (None, link.version)

    @property
    def files(self) -> tuple[Distribution, ...]:
        """The files found, in order."""
        return tuple(self.found)

    def package(self, missing: UnsupportedRequirement | None, *, has_list: bool = True, **facts: Any) -> LockedPackage:  # noqa: ANN401 - the fields
        """The package with these files and *facts*; without files where it is *missing* from indexes, or *has_list* is false."""
        return LockedPackage(
            name=self.name,
            version=self.version,
            origin=self.table.origin,
            files=self.files if has_list and missing is None else None,
            skipped=tuple(self.skipped),
            unsupported=missing,
            **facts,
        )


def parse_digest(text: str, table: LockTable, what: str) -> HashPin:
    """Read ``algorithm:digest``; the digest must have its algorithm's length. Raises ``InputUnreadable``."""
    algorithm, colon, digest = text.partition(":")
    digest = digest.lower()
    if not colon:
        raise table.failure(f"{what} does not say its algorithm: {text[:80]!r}")
    check_digest(algorithm, digest, table, what)
    return HashPin(algorithm=algorithm, digest=digest)


def check_digest(algorithm: str, digest: str, table: LockTable, what: str) -> None:
    """Raise ``InputUnreadable`` unless *digest* is hex of the length of *algorithm*."""
    wanted = _LENGTHS.get(algorithm)
    if wanted is None:
        raise table.failure(f"{what} is of an unknown algorithm: {algorithm[:40]!r}")
    if len(digest) != wanted or not _HEX(digest):
        raise table.failure(f"{what} is no {algorithm} in hex ({wanted} digits): {digest[:80]!r}")


def filename_of(url: str) -> str:
    """The name of the file at *url* or path, its escapes undone."""
    last = url.partition("#")[0].partition("?")[0].replace("\\", "/").rpartition("/")[2]
    return unquote(last) if "%" in last else last


def is_distribution_of(name: NormalizedName, url: str) -> bool:
    """Whether the file at *url* or path is named like a wheel or a source archive of *name*; ``main.zip`` is not."""
    return not isinstance(parse_link(filename_of(url), name, Availability(url="")), LinkSkip)
