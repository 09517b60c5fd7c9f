"""Fetches archives whose code is read, whole or in parts, and keeps a few open. Understands no code."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.errors import ArchiveRefused
from wheelcheck.index.downloads import BytesMissing, FileHosts, RangeReader, SparseFile, save_verified
from wheelcheck.index.exchange import HashingFile
from wheelcheck.index.fetch_context import FetchContext
from wheelcheck.model.code import CodePlaces
from wheelcheck.model.distribution import Distribution, Wheel

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

WHOLE = 60 * 1024**2
"""Bytes up to which an archive is downloaded whole for its code."""
SMALL = 3 * 1024**2
"""Bytes up to which a wheel is fetched in one request where all its code is wanted."""
_TINY = 256 * 1024  # and where one module is wanted
FILES = 4_000
SOURCES = 12 * 1024**2
"""Files and compressed bytes of Python code up to which all of it is read."""
_GAP = 128 * 1024  # unneeded bytes that cost less than one more request
_SPAN = 4 * 1024**2
_ROUNDS = 64  # star imports lead from one module to the next, each of which may need a request
_OPEN = 6


class OpenArchive(Struct):
    """An open archive: *whole* holds the complete file, or *reader* fills the *sparse* file."""

    distribution: Distribution
    whole: HashingFile | None = None
    sparse: SparseFile | None = None
    reader: RangeReader | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_open(self) -> bool:
        """Whether anything was fetched yet."""
        return self.whole is not None or self.sparse is not None

    @property
    def file(self) -> BinaryIO:
        """The file; a part that is missing raises ``BytesMissing``."""
        return self.whole.opened() if self.whole is not None else cast(BinaryIO, self.sparse)

    def close(self) -> None:
        """Close the file."""
        if self.whole is not None:
            self.whole.close()
        self.whole = self.sparse = self.reader = None


class CodeArchives:
    """Archives by hash; the last few stay open, because each answers several questions. To be used on the loop's thread."""

    def __init__(self, context: FetchContext) -> None:
        limit = min(context.config.file_limit, WHOLE)
        self._context = replace(context, config=replace(context.config, file_limit=limit))
        self._hosts = FileHosts()
        self._open: OrderedDict[str, OpenArchive] = OrderedDict()
        self._executor: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """Close every file and start no further reading."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        for each in self._open.values():
            each.close()

    async def read(
        self,
        distribution: Distribution,
        needs: frozenset[str] | None,
        ask: Callable[[BinaryIO, str], T],
    ) -> T:
        """Call *ask* with the file on another thread, after fetching the sources of the modules *needs*.

        Raises ``ArchiveRefused`` for what is hostile or too large, ``HashMismatch`` and ``IndexUnavailable``.
        """
        async with self._borrowed(distribution) as archive:
            if not archive.is_open:
                await self._begin(archive, needs)
            try:
                return await self._read(archive, needs, ask)
            except ArchiveRefused:
                if archive.whole is not None:
                    raise
                # Stated sizes may be wrong: only a complete file whose hash matches may be called broken.
                await self._download(archive)
            return await self._read(archive, needs, ask)

    async def _read(self, archive: OpenArchive, needs: frozenset[str] | None, ask: Callable[[BinaryIO, str], T]) -> T:
        filename = archive.distribution.filename
        if isinstance(archive.distribution, Wheel) and needs != frozenset():
            places = await self._asked(
                archive, lambda file, filename: self._context.archives.code_places(file, filename, needs)
            )
            if needs is None and (places.files > FILES or places.size > SOURCES):
                raise CodeTooLarge(
                    f"its {places.files} Python files are {places.size / 1024**2:.0f} MB packed, more than is read",
                    address=filename,
                )
            await self._fill(archive, places)
        return await self._asked(archive, ask)

    async def _asked(self, archive: OpenArchive, ask: Callable[[BinaryIO, str], T]) -> T:
        filename = archive.distribution.filename
        for _ in range(_ROUNDS):
            try:
                return await self._off_loop(ask, archive.file, filename)
            except BytesMissing as missing:
                if archive.sparse is None or archive.reader is None:
                    raise AssertionError("only a sparse file misses bytes") from missing
                if not await archive.reader.fill(archive.sparse, missing):
                    await self._download(archive)
        raise ArchiveRefused("it leads from one part to the next without end", address=filename)

    async def _off_loop(self, ask: Callable[[BinaryIO, str], T], file: BinaryIO, filename: str) -> T:
        if self._executor is None:
            from concurrent.futures import ThreadPoolExecutor

            self._executor = ThreadPoolExecutor(2, thread_name_prefix="wheelcheck code")
        return await asyncio.get_running_loop().run_in_executor(self._executor, ask, file, filename)

    async def _begin(self, archive: OpenArchive, needs: frozenset[str] | None) -> None:
        distribution = archive.distribution
        size = distribution.at.size
        small = SMALL if needs is None else _TINY
        if isinstance(distribution, Wheel) and (size is None or size > small):
            reader = RangeReader(self._context, self._hosts, distribution.at.url, distribution.filename)
            archive.sparse = await reader.open_tail()
            archive.reader = reader
        if archive.sparse is None:
            await self._download(archive)

    async def _download(self, archive: OpenArchive) -> None:
        distribution = archive.distribution
        whole, _ = await save_verified(distribution.at, distribution.filename, self._context)
        archive.close()
        archive.whole = whole

    async def _fill(self, archive: OpenArchive, places: CodePlaces) -> None:
        sparse, reader = archive.sparse, archive.reader
        if sparse is None or reader is None:
            return
        missing = [span for span in places.spans if not sparse.holds(*span)]
        asked = [reader.fill(sparse, BytesMissing(start, stop)) for start, stop in joined(missing)]
        if not all(await asyncio.gather(*asked)):
            await self._download(archive)

    @asynccontextmanager
    async def _borrowed(self, distribution: Distribution) -> AsyncIterator[OpenArchive]:
        key = distribution.at.sha256 or distribution.at.url
        archive = self._open.get(key)
        if archive is None:
            archive = self._open[key] = OpenArchive(distribution)
        self._open.move_to_end(key)
        async with archive.lock:
            yield archive
        idle = [key for key, each in self._open.items() if not each.lock.locked()]
        for old in idle[: max(0, len(self._open) - _OPEN)]:
            self._open.pop(old).close()


class CodeTooLarge(ArchiveRefused):
    """There is more Python code in the archive than is read for one question."""


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """*spans* in order, joined where the gap between two costs less than a request; none is much longer than 4 MiB."""
    found: list[tuple[int, int]] = []
    for start, stop in spans:
        if found and start - found[-1][1] <= _GAP and stop - found[-1][0] <= _SPAN:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found
