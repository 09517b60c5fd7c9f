"""The port ``Files`` over real hosts: sizes and downloads of the files of a plan, on one loop. Caches nothing but sizes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.config import IndexConfig, local_path
from wheelcheck.index.downloads import FileHosts, RangeReader
from wheelcheck.index.exchange import Request, RequestKind, Statistics, parse_length
from wheelcheck.index.fetch_context import Connections, FetchContext, decoder, encode
from wheelcheck.index.file_downloads import SEGMENT, FileDownloads
from wheelcheck.index.once_map import Future, LoopThread
from wheelcheck.model.environment import FileSize, PlanSizes
from wheelcheck.model.plan import PlannedFile
from wheelcheck.ports import Archives, Landing, Reporter
from wheelcheck.texts.files import open_file

T = TypeVar("T")

Measure = Callable[[BinaryIO, str], int]
"""Takes a wheel (seekable) and its file name; returns its unpacked size in bytes; raises ``ArchiveRefused``."""

_decode = decoder(FileSize)
_ROUNDS = 4
_HEAD_LIMIT = 64 * 1024


class FileSizes:
    """Sizes by file; those of remote files are cached for ever by the file's hash."""

    def __init__(self, context: FetchContext, measure: Measure) -> None:
        self._context = context
        self._measure = measure
        self._hosts = FileHosts()

    def at_hand(self, file: PlannedFile) -> FileSize | None:
        """The sizes if no request is needed, else ``None``."""
        path = local_path(file.url)
        if path is not None:
            return self._local(path, file)
        stored = self._context.load("size", file.sha256, _decode) if file.sha256 else None
        if stored is not None:
            return stored
        if file.size is not None and not file.filename.endswith(".whl"):
            return FileSize(download=file.size, installed=None)
        return FileSize(download=file.size, installed=None) if self._context.config.offline else None

    async def fetch(self, file: PlannedFile) -> FileSize:
        """Read the end of a wheel, or the headers of any other file; a size that cannot be found is ``None``, never an error."""
        download, installed = file.size, None
        try:
            if file.filename.endswith(".whl"):
                download, installed = await self._by_tail(file)
            if download is None:
                download = await self._by_head(file)
        except IndexUnavailable:
            # The download will report the problem in more detail.
            return FileSize(download=download, installed=installed)
        found = FileSize(download=download, installed=installed)
        if file.sha256 and download is not None and (installed is not None or not file.filename.endswith(".whl")):
            self._context.store("size", file.sha256, encode(found))
        return found

    async def _by_tail(self, file: PlannedFile) -> tuple[int | None, int | None]:
        reader = RangeReader(self._context, self._hosts, file.url, file.filename)
        found = await reader.open_tail()
        if found is None:
            return file.size, None
        # A total in a page or a header may be wrong; the position of the last received byte is not.
        size = found.seek(0, os.SEEK_END)
        try:
            return size, await reader.read(found, lambda part: self._measure(part, file.filename), _ROUNDS)
        except ArchiveRefused:
            return size, None

    async def _by_head(self, file: PlannedFile) -> int | None:
        reply = await self._context.transport().fetch(
            Request(
                url=file.url,
                kind=RequestKind.RANGE,
                what=file.filename,
                limit=_HEAD_LIMIT,
                method="HEAD",
                headers={"Accept-Encoding": "identity"},
            )
        )
        text = reply.headers.get("content-length", "")
        return parse_length(text) if reply.status == 200 else None

    def _local(self, path: Path, file: PlannedFile) -> FileSize:
        if path.is_dir():
            return FileSize(download=0, installed=None)
        try:
            size = path.stat().st_size
            if not file.filename.endswith(".whl"):
                return FileSize(download=size, installed=None)
            with open_file(path) as stream:
                return FileSize(download=size, installed=self._measure(stream, file.filename))
        except (OSError, ArchiveRefused):
            return FileSize(download=file.size, installed=None)


class FileStore:
    """Finds the sizes of files and downloads them; a context manager that stops downloads and writes the cache at its end.

    *measure* tells a wheel's size unpacked. Large files are asked for in pieces of *segment* bytes, the most that a broken line can
    cost.
    """

    def __init__(
        self,
        config: IndexConfig,
        archives: Archives,
        measure: Measure,
        reporter: Reporter,
        *,
        segment: int = SEGMENT,
    ) -> None:
        self._segment = segment
        self._connections = Connections(config, archives, reporter)
        self._context = self._connections.context
        self._thread = LoopThread(lambda: None, self._connections.close_transports, self._fail_open)
        self._open: set[Future[None]] = set()
        self._sizes = FileSizes(self._context, measure)

    def sizes(self, files: Sequence[PlannedFile]) -> PlanSizes:
        """The sizes of *files*; see :class:`wheelcheck.ports.Files`."""
        found: dict[str, FileSize] = {}
        unknown: list[PlannedFile] = []
        for file in files:
            size = self._sizes.at_hand(file)
            if size is None:
                unknown.append(file)
            else:
                found[file.filename] = size
        if unknown:
            self._run(self._fetch_sizes(unknown, found))
        return PlanSizes(files={file.filename: found[file.filename] for file in files})

    def download(self, landings: Sequence[tuple[PlannedFile, Landing]]) -> None:
        """Download every file to its landing; see :class:`wheelcheck.ports.Files`."""
        if landings:
            self._run(self._download_all(landings))

    def clock_of(self, url: str) -> str:
        """What the host of *url* says that the time is (``Date``), empty where it does not; raises ``IndexUnavailable``."""
        found: list[str] = []
        self._run(self._ask(url, found))
        return found[0]

    async def _ask(self, url: str, found: list[str]) -> None:
        asked = Request(url=url, kind=RequestKind.RANGE, what=url, limit=_HEAD_LIMIT, method="HEAD")
        reply = await self._context.transport().fetch(asked)
        found.append(reply.headers.get("date", ""))

    @property
    def statistics(self) -> Statistics:
        """Exact counts of what was done so far."""
        return self._context.tally.snapshot()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop every download and write the cache."""
        try:
            self._thread.close()
        finally:
            self._fail_open()
            self._connections.write_cache()

    async def _fetch_sizes(self, files: Sequence[PlannedFile], found: dict[str, FileSize]) -> None:
        sizes = await asyncio.gather(*(self._sizes.fetch(file) for file in files))
        found.update({file.filename: size for file, size in zip(files, sizes, strict=True)})

    async def _download_all(self, landings: Sequence[tuple[PlannedFile, Landing]]) -> None:
        downloads = FileDownloads(self._context, self._segment)
        tasks = [asyncio.create_task(downloads.download(file, landing)) for file, landing in landings]
        try:
            await asyncio.gather(*tasks)
        finally:
            # The first failure ends all downloads; their parts are kept.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, work: Coroutine[object, None, None]) -> None:
        future: Future[None] = Future()
        self._open.add(future)
        self._thread.start()
        try:
            if not self._thread.submit(self._kept(work, future)):
                work.close()
                future.fail(_ended())
            future.wait()
        except KeyboardInterrupt:
            # Landings are closed next, so every write must have ended.
            self._thread.close()
            raise
        finally:
            self._open.discard(future)

    async def _kept(self, work: Coroutine[object, None, None], future: Future[None]) -> None:
        try:
            await work
        except Exception as error:  # raised by the waiting caller
            future.fail(error)
        except BaseException:
            future.fail(_ended())
            raise
        else:
            future.settle(None)

    def _fail_open(self) -> None:
        for future in tuple(self._open):
            if future.is_open:
                future.fail(_ended())


def _ended() -> IndexUnavailable:
    return IndexUnavailable("the run ended before the files came")
