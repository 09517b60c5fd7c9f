"""Reads the dependency fields of METADATA and PKG-INFO texts; opens no file and repairs nothing.

On the hot path (hundreds of files in a run): ``packaging.metadata`` takes many times as long, mostly on fields that no
resolution needs. That both agree is a property test.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from urllib.parse import unquote

from msgspec import Struct
from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, MetadataSource, as_version
from wheelcheck.model.requirement import CommandLineOrigin, Requirement, parse_marker

_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.Z", ".tgz", ".tbz", ".txz", ".tar", ".zip")


class FileIdentity(Struct, frozen=True, kw_only=True):
    """Every reading of a file name: an sdist's may split at several dashes, likeliest first."""

    readings: tuple[tuple[NormalizedName, Version], ...]

    def admits(self, name: NormalizedName, version: Version | None) -> bool:
        """Whether *name* and *version* agree with some reading; a name that says nothing admits all.

        A local part counts only where both sides have one: mirrors drop it from names.
        """
        if not self.readings:
            return True
        return any(
            name == own_name and (version is None or _same_version(version, own_version))
            for own_name, own_version in self.readings
        )


@functools.lru_cache(maxsize=1024)
def parse_identity(filename: str) -> FileIdentity:
    """Read the name of a wheel or source archive, leniently."""
    plain = unquote(filename.rpartition("/")[2])
    if plain.endswith(".whl"):
        parts = plain[:-4].split("-")
        return FileIdentity(readings=_reading(parts[0], parts[1].replace("_", "-")) if len(parts) >= 5 else ())
    stem = next((plain[: -len(suffix)] for suffix in _SUFFIXES if plain.endswith(suffix)), "")
    readings: list[tuple[NormalizedName, Version]] = []
    for position in range(len(stem) - 1, 0, -1):
        if stem[position] == "-":
            readings += _reading(stem[:position], stem[position + 1 :])
    return FileIdentity(readings=tuple(readings))


def _reading(name: str, version: str) -> tuple[tuple[NormalizedName, Version], ...]:
    parsed = as_version(version)
    return ((canonicalize_name(name), parsed),) if parsed is not None else ()


def _same_version(one: Version, other: Version) -> bool:
    return one == other or ((one.local is None or other.local is None) and one.public == other.public)


_SINGLE = frozenset({"metadata-version", "name", "version", "requires-python"})
_MULTIPLE = frozenset({"requires-dist", "provides-extra", "dynamic"})
# RFC 5322: a header name is printable ASCII without space and colon; any other line begins the body.
_HEADER = re.compile(r"([!-9;-~]*):(.*)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")

_SIMPLE_REQUIREMENT = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"  # name
    r"[ \t]*+(?:\[[ \t]*+[A-Za-z0-9]+(?:[ \t]*+,[ \t]*+[A-Za-z0-9]+)*[ \t]*+\])?"  # plain extras
    r"[ \t]*+(?P<open>\()?(?:[ \t]*+(?:(?:>=|<=|<|>)[ \t]*+\d++(?:\.\d++)*(?:(?:a|b|rc)\d++)?|[=!]=[ \t]*+\d++(?:\.\d++)*(?:\.\*)?"
    r"|~=[ \t]*+\d++(?:\.\d++)+)(?:[ \t]*+,(?=[ \t]*+[<>=!~])|(?=[ \t]*+[);]|[ \t]*+$)))*[ \t]*+(?(open)\))"
    r"[ \t]*+(?:;(?P<marker>.*))?",
    re.ASCII,
)
_RELIABLE = Version("2.2")
_NOWHERE = CommandLineOrigin(text="")


class Headers(Struct, frozen=True, kw_only=True):
    """The fields read, as written; field names in ``dynamic`` are lower case."""

    metadata_version: str
    name: str
    version: str
    requires_python: str | None
    requires: tuple[str, ...]
    extras: tuple[str, ...]
    dynamic: frozenset[str]

    @property
    def is_reliable(self) -> bool:
        """Whether the dependencies are the same in every build: Metadata 2.2 and not declared dynamic (PEP 643)."""
        version = as_version(self.metadata_version)
        return version is not None and version >= _RELIABLE and "requires-dist" not in self.dynamic


def parse_headers(content: bytes) -> Headers:
    """Take the header block of *content* apart, as ``email`` does: it ends at the first line that is no header.

    Costs about 1 µs per header line; the body, however long, is not looked at.
    """
    single: dict[str, str] = {}
    multiple: dict[str, list[str]] = {"requires-dist": [], "provides-extra": [], "dynamic": []}
    for key, value in _iter_fields(content):
        if key in _SINGLE:
            single.setdefault(key, value)
        elif key in multiple:
            multiple[key].append(value)
    return Headers(
        metadata_version=single.get("metadata-version", ""),
        name=single.get("name", ""),
        version=single.get("version", ""),
        requires_python=single.get("requires-python") or None,
        requires=tuple(multiple["requires-dist"]),
        extras=tuple(multiple["provides-extra"]),
        dynamic=frozenset(field.lower() for field in multiple["dynamic"]),
    )


def parse_core_metadata(content: bytes, filename: str, source: MetadataSource) -> CoreMetadata:
    """The dependency fields in *content*, which belongs to *filename*.

    Raises ``MetadataMalformed`` where name or version is missing, unreadable, or another than the file name's.
    """
    fields = parse_headers(content)
    if not fields.name:
        raise MetadataMalformed("its metadata has no Name field", address=filename)
    name = canonicalize_name(fields.name)
    version = as_version(fields.version)
    if version is None:
        fact = f"its metadata has {fields.version!r} as Version, which is not PEP 440"
        raise MetadataMalformed(fact, address=filename)
    if not parse_identity(filename).admits(name, version):
        raise MetadataMalformed(
            f"its metadata speaks of {name} {version}",
            address=filename,
            hint="the index serves the metadata of another file; tell its operator, or choose another version",
        )
    good, bad = sort_requirements(fields.requires)
    return CoreMetadata(
        name=name,
        version=version,
        requires=good,
        malformed=bad,
        provides_extra=normalized_extras(fields.extras),
        requires_python=fields.requires_python,
        source=source,
    )


def sort_requirements(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """*lines* that are PEP 508 requirements, and those that are not, each in order."""
    good: list[str] = []
    bad: list[str] = []
    for line in lines:
        (good if is_requirement(line) else bad).append(line)
    return tuple(good), tuple(bad)


@functools.lru_cache(maxsize=50_000)
def is_requirement(text: str) -> bool:
    """Whether *text* is PEP 508; the common shapes are decided by pattern, the rest by ``packaging``."""
    matched = _SIMPLE_REQUIREMENT.fullmatch(text)
    if matched is not None:
        marker = matched["marker"]
        if marker is None or _is_marker(marker.strip()):
            return True
    try:
        Requirement.parse(text, _NOWHERE)
    except InvalidRequirement:
        return False
    return True


def normalized_extras(extras: Iterable[str]) -> frozenset[NormalizedName]:
    """*extras* as PEP 685 compares them."""
    return frozenset(canonicalize_name(extra) for extra in extras if extra)


def _is_marker(text: str) -> bool:
    try:
        parse_marker(text)
    except InvalidMarker:
        return False
    return True


def _iter_fields(content: bytes) -> list[tuple[str, str]]:
    if b"\r" not in content and (end := content.find(b"\n\n")) >= 0:
        content = content[: end + 1]  # spares decoding a long description
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    fields: list[tuple[str, str]] = []
    start = 0
    length = len(text)
    has_returns = "\r" in text
    while start < length:
        if has_returns:
            ended = _LINE_END.search(text, start)
            line, start = (text[start : ended.start()], ended.end()) if ended else (text[start:], length)
        else:
            end = text.find("\n", start)
            line, start = (text[start:end], end + 1) if end >= 0 else (text[start:], length)
        if not line:
            break
        if line[0] in " \t":
            if fields:
                key, value = fields[-1]
                if key in _SINGLE or key in _MULTIPLE:
                    fields[-1] = (key, f"{value} {line.strip()}".strip())
            continue
        matched = _HEADER.match(line)
        if matched is None:
            break
        fields.append((matched[1].lower(), matched[2].strip()))
    return fields
