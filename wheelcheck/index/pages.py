"""Chooses the reader of a page by what it is, and makes of its links the page that the resolver sees, lazily."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.anchors import OPENING, read_anchors
from wheelcheck.index.json_pages import read_files, read_json, split_json
from wheelcheck.index.page_problems import PageUnreadable, State
from wheelcheck.index.records import Digest, FileRow, Listing, VersionRows, decode_rows, encode
from wheelcheck.index.split_pages import SplitPage, U
from wheelcheck.index.squeezing import Rows, squeezed
from wheelcheck.model.distribution import (
    Availability,
    Distribution,
    LinkSkip,
    ProjectPage,
    Wheel,
    WheelTag,
    expanded_tags,
    parse_link,
)
from wheelcheck.model.urls import masked

L = TypeVar("L")

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
"""JSON first (PEP 691); naming it also makes some HTML mirrors show upload times."""


def read_listing(content: bytes, content_type: str, base: str) -> Listing:
    """The links in *content*, JSON or HTML by what it looks like; *content_type* decides only where the look does not.

    Raises ``PageUnreadable`` where it is neither.
    """
    if _is_json(content, content_type):
        return read_json(content, base)
    # Not above: a run whose pages are cached, or all JSON, needs no HTML parser.
    from wheelcheck.index.html_pages import read_html

    return read_html(content.decode(_charset(content_type), "replace"), base)


def read_digest(content: bytes, content_type: str, base: str, name: NormalizedName) -> Digest:
    """What :func:`digest` makes of :func:`read_listing`, but links are sorted and not read, where they can be told apart."""
    if _is_json(content, content_type):
        files = split_json(content, base)
        return _sorted(files, base, name, lambda each: b"[%b]" % b",".join(each))
    from wheelcheck.index.html_pages import read_html, split_plain

    text = content.decode(_charset(content_type), "replace")
    anchors = split_plain(text)
    if anchors is None:
        return digest(read_html(text, base), name)
    return _sorted(anchors, base, name, lambda each: (OPENING + OPENING.join(each)).encode())


def _sorted(page: SplitPage[U], base: str, name: NormalizedName, join: Callable[[list[U]], bytes]) -> Digest:
    groups, skipped = _by_version(page.links, name)
    return Digest(
        [VersionRows(str(version), msgspec.Raw(encode(join(links)))) for version, links in groups.items()],
        skipped,
        _state(page.state, page.links),
        page.state_reason,
        base,
    )


def _head(filename: str) -> str:
    """What stands before the tags of a wheel, or before the ending of a source archive: mostly ``name-version``."""
    if filename.endswith(".whl"):
        return filename.rsplit("-", 3)[0]
    return filename[:-7] if filename.endswith(".tar.gz") else ""


def _is_json(content: bytes, content_type: str) -> bool:
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")) or (
        not start.startswith(b"<") and content_type.partition(";")[0].endswith("json")
    ):
        return True
    if b"\0" in content[:1024]:
        raise PageUnreadable("is neither JSON nor HTML")
    return False


def _charset(content_type: str) -> str:
    charset = content_type.lower().partition("charset=")[2].strip(" \"'").partition(";")[0]
    return "latin-1" if charset in ("iso-8859-1", "latin-1", "latin1") else "utf-8"


_TAGS = re.compile(rb"-([A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+)\.whl")
# Addresses, HTML and JSON may spell any letter of a name in another way.
_DISGUISED = re.compile(rb"%(?:2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])|&#|\\u", re.IGNORECASE)
_NOWHERE = Availability(url="")
_KNOWN: dict[str, Version] = {}  # a page that was just sorted is read at once, and versions are slow to parse


def digest(listing: Listing, name: NormalizedName) -> Digest:
    """Sort the links by the version that they belong to as files of *name*; about 2 µs a link."""
    groups, skipped = _by_version(((row.filename, row) for row in listing.rows), name)
    return Digest(
        [VersionRows(str(version), msgspec.Raw(encode(rows))) for version, rows in groups.items()],
        skipped,
        _state(listing.state, listing.rows),
        listing.state_reason,
    )


def _state(said: State, links: Sequence[object]) -> State:
    return "quarantined" if not links and said == "active" else said


def _by_version(links: Iterable[tuple[str, L]], name: NormalizedName) -> tuple[dict[Version, list[L]], dict[str, int]]:
    """*links* by the version that their file name tells, in order of first appearance; and how many tell none, by reason."""
    skipped: Counter[str] = Counter()
    groups: dict[Version, list[L]] = {}
    # A release has many files, and its name and version are the same text in all of them: each is parsed once.
    by_head: dict[str, list[L]] = {}
    for filename, link in links:
        head = _head(filename)
        found = by_head.get(head)
        if found is None:
            parsed = parse_link(filename, name, _NOWHERE)
            if isinstance(parsed, LinkSkip):
                skipped[parsed.name] += 1
                continue
            _KNOWN[str(parsed.version)] = parsed.version
            found = groups.setdefault(parsed.version, [])
            # Elsewhere a build number or the kind of file has its say in what is name and what version.
            if head.count("-") == 1 and "_" not in head.partition("-")[2]:
                by_head[head] = found
        found.append(link)
    return groups, dict(sorted(skipped.items()))


class Layer(Struct, frozen=True):
    """What a digest says, and the index or folder that said it, as it may be shown; ``versions`` are its packed rows."""

    versions: Sequence[tuple[str, Rows]]
    skipped: Mapping[str, int]
    state: State
    state_reason: str
    base: str
    index: str

    @classmethod
    def of(cls, digest: Digest, index: str) -> Layer:
        """For a *digest* that came from the cache or the disk: its rows are parts of the record that was read."""
        return cls._with(digest, index, tuple((group.version, group.rows) for group in digest.versions))

    @classmethod
    def squeezed(cls, digest: Digest, index: str) -> Layer:
        """For a *digest* that was made in this run, each of whose rows is kept for its own sake."""
        return cls._with(digest, index, squeezed(digest.versions))

    @classmethod
    def _with(cls, digest: Digest, index: str, versions: Sequence[tuple[str, Rows]]) -> Layer:
        return cls(versions, digest.skipped, digest.state, digest.state_reason, digest.base, index)


class LazyVersions(Mapping[Version, tuple[Distribution, ...]]):
    """The files of each version, understood when that version is first looked at; earlier layers come first."""

    __slots__ = ("_built", "_layers", "_name", "_packed")

    def __init__(self, name: NormalizedName, layers: Sequence[Layer]) -> None:
        self._name = name
        self._packed: dict[Version, list[tuple[Rows, Layer]]] = {}
        self._built: dict[Version, tuple[Distribution, ...]] = {}
        for layer in layers:
            for text, rows in layer.versions:
                version = _KNOWN.get(text) or Version(text)
                self._packed.setdefault(version, []).append((rows, layer))

    def __getitem__(self, version: Version) -> tuple[Distribution, ...]:
        built = self._built.get(version)
        if built is None:
            built = self._built[version] = tuple(self._files(version))
        return built

    def __contains__(self, version: object) -> bool:
        return version in self._packed

    def __iter__(self) -> Iterator[Version]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __repr__(self) -> str:
        return f"<{len(self)} versions of {self._name}>"

    def tags_of_wheels(self, version: Version) -> frozenset[tuple[WheelTag, ...]]:
        """The tags of each wheel of *version*, read off the names in the packed rows, without understanding the files."""
        packed = [bytes(rows) for rows, _ in self._packed[version]]
        if any(map(_is_disguised, packed)):
            return frozenset(file.tags for file in self[version] if isinstance(file, Wheel))
        return frozenset({_tags_named(name) for rows in packed for name in set(_TAGS.findall(rows))})

    def _files(self, version: Version) -> Iterator[Distribution]:
        for packed, layer in self._packed[version]:
            for row in _rows(packed, layer.base):
                parsed = parse_link(row.filename, self._name, availability(row, layer.index))
                if not isinstance(parsed, LinkSkip):
                    yield parsed


def _is_disguised(packed: bytes) -> bool:
    # Megabytes are looked through, and hardly ever is there anything that could begin a disguise.
    has_any = b"%" in packed or b"&#" in packed or b"\\u" in packed
    return has_any and _DISGUISED.search(packed) is not None


@functools.lru_cache(maxsize=20_000)
def _tags_named(name: bytes) -> tuple[WheelTag, ...]:
    python, abi, platform = name.lower().decode("ascii").split("-")
    return expanded_tags(python, abi, platform)


def _rows(packed: Rows, base: str) -> Iterable[FileRow]:
    try:
        rows: list[FileRow] | bytes = decode_rows(packed if isinstance(packed, msgspec.Raw) else bytes(packed))
        if isinstance(rows, list):
            return rows
        return tuple(read_files(rows, base) if rows.startswith(b"[") else read_anchors(rows.decode(), base))
    except (msgspec.DecodeError, UnicodeDecodeError, PageUnreadable) as problem:
        # What was packed was looked at, and what is cached has a checksum: only another program's entry comes here.
        raise IndexUnavailable(
            f"the cached page cannot be read: {problem}",
            address=masked(base),
            hint="wheelcheck cache clear empties the cache",
        ) from problem


def availability(row: FileRow, index: str) -> Availability:
    """*row* in the model's words."""
    return Availability(
        url=row.url,
        hashes=_with_sha256(row.sha256, row.other_hashes),
        size=row.size,
        upload_time=row.upload_time,
        requires_python=row.requires_python,
        yanked=row.yanked,
        core_metadata=row.core_metadata,
        core_metadata_hashes=_with_sha256(row.core_metadata_sha256, row.other_core_metadata_hashes),
        index=index,
    )


def _with_sha256(sha256: str, others: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return (("sha256", sha256), *others) if sha256 else others


def project_page(name: NormalizedName, layers: Sequence[Layer]) -> ProjectPage:
    """The page that *layers* make together; absent where there are none.

    The status is that of the last layer, which is the index; links from elsewhere come before it.
    """
    if not layers:
        return ProjectPage(name, {}, state="absent")
    skipped: Counter[str] = Counter()
    for layer in layers:
        skipped.update(layer.skipped)
    last = layers[-1]
    versions = LazyVersions(name, layers)
    return ProjectPage(
        name,
        versions,
        skipped=tuple(
            (LinkSkip[word], count) for word, count in sorted(skipped.items()) if word in LinkSkip.__members__
        ),
        state=last.state,
        state_reason=last.state_reason,
        index=last.index,
    )
