"""The page of a project as the resolver sees it: packed files of a version are understood when it is first looked at."""

from __future__ import annotations

import functools
import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import overload

import msgspec
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.file_entries import (
    FileEntry,
    PackedPage,
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

_LARGE = 16 * 1024  # bytes of a page: of 800 pages, two thirds are smaller, and have a fiftieth of all bytes
_CHUNK = (
    64 * 1024
)  # bytes that are compressed together, and unpacked for one look at a version: a fifth of a millisecond
_LEVEL = 1
_TAGS = re.compile(rb"-([A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+)\.whl")
# URLs and HTML can escape any letter of a name.
_ESCAPED = re.compile(rb"%(?:2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])|&#", re.IGNORECASE)


class CompressedFiles(Sequence[bytes]):
    """The packed files of each version of a page, compressed several versions together; a page has hundreds of versions."""

    __slots__ = ("_ends", "_places", "chunks")

    def __init__(self, packed: Iterable[bytes | memoryview]) -> None:
        self.chunks: list[bytes] = []
        self._places = array("I")  # the chunk of each version,
        self._ends = array("I")  # and where its files end in it
        waiting: list[bytes | memoryview] = []
        size = 0
        for files in packed:
            waiting.append(files)
            size += len(files)
            self._places.append(len(self.chunks))
            self._ends.append(size)
            if size >= _CHUNK:
                self.chunks.append(_compressed(b"".join(waiting)))
                waiting, size = [], 0
        if waiting:
            self.chunks.append(_compressed(b"".join(waiting)))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, number: int) -> bytes: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        place = self._places[number]
        is_first = number == 0 or self._places[number - 1] != place
        return _decompressed(self.chunks[place])[0 if is_first else self._ends[number - 1] : self._ends[number]]


class Layer(msgspec.Struct, frozen=True):
    """A packed page and its index or folder, without credentials; ``files`` are those of each of ``versions``."""

    page: PackedPage
    index: str
    versions: Sequence[str]
    files: Sequence[bytes | memoryview]


def layer_of(page: PackedPage, index: str) -> Layer:
    """*page* as it is."""
    return Layer(page, index, [each.version for each in page.versions], [each.files for each in page.versions])


def compressed_layer(page: PackedPage, index: str) -> Layer:
    """*page* with its files compressed if they are many; about 3 ms a megabyte, which becomes a quarter."""
    if packed_size(page) < _LARGE:
        return layer_of(page, index)
    rest = PackedPage([], page.skipped, page.state, page.state_reason, page.base)
    versions = [each.version for each in page.versions]
    return Layer(rest, index, versions, CompressedFiles(each.files for each in page.versions))


def packed_size(page: PackedPage) -> int:
    """The bytes of all packed files of *page*."""
    return sum(len(each.files) for each in page.versions)


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

    __slots__ = ("_layers", "_name", "_numbers", "_repeats", "_understood")

    def __init__(self, name: NormalizedName, layers: Sequence[Layer]) -> None:
        self._name = name
        self._layers = layers
        # Each version with its number among those of all layers, and the numbers of what repeats it: a run holds 200,000 versions.
        self._numbers: dict[Version, int] = {}
        self._repeats: dict[Version, list[int]] = {}
        self._understood: dict[Version, tuple[Distribution, ...]] = {}
        for number, text in enumerate(chain.from_iterable(layer.versions for layer in layers)):
            version = parse_version(text)
            if self._numbers.setdefault(version, number) != number:
                self._repeats.setdefault(version, []).append(number)

    def __getitem__(self, version: Version) -> tuple[Distribution, ...]:
        understood = self._understood.get(version)
        if understood is None:
            understood = self._understood[version] = tuple(self._files(version))
        return understood

    def __contains__(self, version: object) -> bool:
        return version in self._numbers

    def __iter__(self) -> Iterator[Version]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __repr__(self) -> str:
        return f"<{len(self)} versions of {self._name}, {len(self._understood)} understood>"

    def tags_of_wheels(self, version: Version) -> frozenset[tuple[WheelTag, ...]]:
        """The tags of each wheel of *version*, read off the names in the packed files, without understanding them."""
        packed = [files for files, _ in self._iter_packed(version)]
        if any(map(_has_escapes, packed)):
            return frozenset(file.tags for file in self[version] if isinstance(file, Wheel))
        return frozenset({_tags_named(name) for files in packed for name in set(_TAGS.findall(files))})

    def mentions(self, version: Version, text: str) -> bool:
        """Whether the packed files of *version* hold *text* anywhere, as any page may write it; none is understood for that."""
        return any(_spelled(text).search(files) for files, _ in self._iter_packed(version))

    def _iter_packed(self, version: Version) -> Iterator[tuple[bytes, Layer]]:
        for number in (self._numbers[version], *self._repeats.get(version, ())):
            place = number
            for layer in self._layers:
                if place < len(layer.versions):
                    yield bytes(layer.files[place]), layer
                    break
                place -= len(layer.versions)

    def _files(self, version: Version) -> Iterator[Distribution]:
        for packed, layer in self._iter_packed(version):
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


def _entries(content: bytes, base: str) -> Iterable[FileEntry]:
    if not content.startswith(b"<"):
        return decode_files(content)
    from wheelcheck.index.html_pages import read_anchors

    return read_anchors(content.decode(), base)


@functools.lru_cache(maxsize=256)
def _spelled(text: str) -> re.Pattern[bytes]:
    # HTML and some writers of JSON escape the sign, and blanks may follow it.
    sign = r"(?:<|&lt;|&#0*60;|&#[xX]0*3[cC];|\\u003[cC])"
    return re.compile(re.sub(r"<(=?)", lambda found: f"{sign}{found[1]}\\s*", re.escape(text)).encode())


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
