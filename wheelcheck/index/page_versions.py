"""The page of a project as the resolver sees it: packed files of a version are understood when it is first looked at."""

from __future__ import annotations

import functools
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.file_entries import (
    FileEntry,
    PackedPage,
    PackedVersion,
    availability,
    decode_files,
)
from wheelcheck.model.distribution import (
    Distribution,
    LinkSkip,
    ProjectPage,
    Wheel,
    WheelTag,
    expanded_tags,
    parse_link,
    parse_version,
)
from wheelcheck.model.urls import masked

_LARGE = 128 * 1024  # bytes of a page: of 800 pages, 135 are larger, and have four fifths of all bytes
_CHUNK = (
    64 * 1024
)  # bytes that are compressed together, and unpacked for one look at a version: a fifth of a millisecond
_LEVEL = 1
_TAGS = re.compile(rb"-([A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+)\.whl")
# URLs and HTML can escape any letter of a name.
_ESCAPED = re.compile(rb"%(?:2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])|&#", re.IGNORECASE)


class CompressedFiles(msgspec.Struct, frozen=True):
    """The bytes from *start* to *stop* (exclusive) of a compressed chunk."""

    chunk: bytes
    start: int
    stop: int

    def __bytes__(self) -> bytes:
        return _decompressed(self.chunk)[self.start : self.stop]


Packed = memoryview | CompressedFiles


class Layer(msgspec.Struct, frozen=True):
    """A packed page and its index or folder, without credentials; ``files`` are those of each version."""

    page: PackedPage
    index: str
    files: Sequence[tuple[str, Packed]]


def layer_of(page: PackedPage, index: str) -> Layer:
    """*page* as it is."""
    return Layer(page, index, [(each.version, each.files) for each in page.versions])


def compressed_layer(page: PackedPage, index: str) -> Layer:
    """*page* with its files compressed if they are many; about 3 ms a megabyte, which becomes a quarter."""
    if packed_size(page) < _LARGE:
        return layer_of(page, index)
    return Layer(
        PackedPage([], page.skipped, page.state, page.state_reason, page.base), index, compressed(page.versions)
    )


def packed_size(page: PackedPage) -> int:
    """The bytes of all packed files of *page*."""
    return sum(len(each.files) for each in page.versions)


def compressed(versions: Sequence[PackedVersion]) -> list[tuple[str, Packed]]:
    """*versions* with their files compressed, several of them together."""
    found: list[tuple[str, Packed]] = []
    waiting: list[PackedVersion] = []
    size = 0
    for version in versions:
        waiting.append(version)
        size += len(version.files)
        if size >= _CHUNK:
            found += _together(waiting)
            waiting, size = [], 0
    return [*found, *_together(waiting)]


def _together(versions: Sequence[PackedVersion]) -> list[tuple[str, Packed]]:
    chunk = _compressed(b"".join(version.files for version in versions))
    found: list[tuple[str, Packed]] = []
    start = 0
    for version in versions:
        stop = start + len(version.files)
        found.append((version.version, CompressedFiles(chunk, start, stop)))
        start = stop
    return found


# Imported in functions, because runs with few pages need no compression.
if sys.version_info >= (3, 14):

    def _compressed(content: bytes) -> bytes:
        from compression import zstd

        return zstd.compress(content, _LEVEL)

    @functools.lru_cache(maxsize=16)
    def _decompressed(chunk: bytes) -> bytes:
        from compression import zstd

        return zstd.decompress(chunk)

else:

    def _compressed(content: bytes) -> bytes:
        from backports import zstd

        return zstd.compress(content, _LEVEL)

    @functools.lru_cache(maxsize=16)
    def _decompressed(chunk: bytes) -> bytes:
        from backports import zstd

        return zstd.decompress(chunk)


class LazyVersions(Mapping[Version, tuple[Distribution, ...]]):
    """The files of each version, understood when that version is first looked at; earlier layers come first."""

    __slots__ = ("_name", "_packed", "_understood")

    def __init__(self, name: NormalizedName, layers: Sequence[Layer]) -> None:
        self._name = name
        self._packed: dict[Version, list[tuple[Packed, Layer]]] = {}
        self._understood: dict[Version, tuple[Distribution, ...]] = {}
        for layer in layers:
            for text, files in layer.files:
                self._packed.setdefault(parse_version(text), []).append((files, layer))

    def __getitem__(self, version: Version) -> tuple[Distribution, ...]:
        understood = self._understood.get(version)
        if understood is None:
            understood = self._understood[version] = tuple(self._files(version))
        return understood

    def __contains__(self, version: object) -> bool:
        return version in self._packed

    def __iter__(self) -> Iterator[Version]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __repr__(self) -> str:
        return f"<{len(self)} versions of {self._name}>"

    def tags_of_wheels(self, version: Version) -> frozenset[tuple[WheelTag, ...]]:
        """The tags of each wheel of *version*, read off the names in the packed files, without understanding them."""
        packed = [bytes(files) for files, _ in self._packed[version]]
        if any(map(_has_escapes, packed)):
            return frozenset(file.tags for file in self[version] if isinstance(file, Wheel))
        return frozenset({_tags_named(name) for files in packed for name in set(_TAGS.findall(files))})

    def mentions(self, version: Version, text: str) -> bool:
        """Whether the packed files of *version* hold *text* anywhere; they are not understood for that."""
        return any(text.encode() in bytes(files) for files, _ in self._packed[version])

    def _files(self, version: Version) -> Iterator[Distribution]:
        for packed, layer in self._packed[version]:
            base = layer.page.base
            try:
                for entry in _entries(packed, base):
                    at = availability(entry, base, layer.index)
                    parsed = parse_link(entry.filename, self._name, at) if at is not None else LinkSkip.UNUSABLE_ADDRESS
                    if not isinstance(parsed, LinkSkip):
                        yield parsed
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                # Pages are checked before they are packed, and entries have a checksum: only an entry of another program gets here.
                raise IndexUnavailable(
                    f"the cached page cannot be read: {problem}",
                    address=masked(base),
                    hint="wheelcheck cache clear empties the cache",
                ) from problem


def _entries(packed: Packed, base: str) -> Iterable[FileEntry]:
    content = bytes(packed)
    if not content.startswith(b"<"):
        return decode_files(content)
    from wheelcheck.index.html_pages import read_anchors

    return read_anchors(content.decode(), base)


def _has_escapes(packed: bytes) -> bool:
    # Megabytes are searched, and hardly ever do they hold a letter that could begin an escape.
    return (b"%" in packed or b"&#" in packed) and _ESCAPED.search(packed) is not None


@functools.lru_cache(maxsize=20_000)
def _tags_named(name: bytes) -> tuple[WheelTag, ...]:
    python, abi, platform = name.lower().decode("ascii").split("-")
    return expanded_tags(python, abi, platform)


def project_page(name: NormalizedName, layers: Sequence[Layer]) -> ProjectPage:
    """The page that *layers* make together; absent where there are none.

    The status is that of the last layer, which is the index; links from elsewhere come before it.
    """
    if not layers:
        return ProjectPage(name, {}, state="absent")
    skipped: Counter[str] = Counter()
    for layer in layers:
        skipped.update(layer.page.skipped)
    last = layers[-1]
    return ProjectPage(
        name,
        LazyVersions(name, layers),
        skipped=tuple(
            (LinkSkip[word], count) for word, count in sorted(skipped.items()) if word in LinkSkip.__members__
        ),
        state=last.page.state,
        state_reason=last.page.state_reason,
        index=last.index,
    )
