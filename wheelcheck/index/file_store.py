"""The port ``Files`` over real hosts: one loop, one transport, bounded downloads; keeps nothing but weights."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Self, TypeVar

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.credentials import Credentials
from wheelcheck.index.disk_cache import DiskCache
from wheelcheck.index.file_downloads import SEGMENT, FileDownloads
from wheelcheck.index.loop_thread import LoopThread
from wheelcheck.index.promises import Promise
from wheelcheck.index.statistics import Statistics, Tally
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.index.transport import Transport
from wheelcheck.index.weights import FileWeights, Measure
from wheelcheck.model.plan import PlannedFile
from wheelcheck.model.wheelhouse import FileWeight, Weights
from wheelcheck.ports import Archives, Landing, Reporter

T = TypeVar("T")


class FileStore:
    """Weighs and downloads files by *config*; a context manager, whose end stops what is under way and writes the cache.

    The credentials of *config*'s index URLs are used for every file on the same origin, else netrc's. *measure* tells a wheel's
    size unpacked. Large files are asked for in pieces of *segment* bytes, the most that a broken line can cost.
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
        self._config = config
        self._reporter = reporter
        self._tally = Tally()
        self._cache = None if config.cache_dir is None else DiskCache(config.cache_dir)
        self._made_transport: Transport | None = None
        self._thread = LoopThread(lambda: None, self._end_loop, self._fail_open)
        self._open: set[Promise[None]] = set()
        places = (*config.project_indexes.values(), *config.index_urls, *config.find_links, *config.fallback_find_links)
        self._around = Surroundings(
            config=config,
            archives=archives,
            cache=self._cache,
            credentials=Credentials(places),
            tally=self._tally,
            transport=self._transport,
            clock=time.time,
        )
        self._weights = FileWeights(self._around, measure)

    def weights(self, files: Sequence[PlannedFile]) -> Weights:
        """What *files* weigh; see :class:`wheelcheck.ports.Files`."""
        found: dict[str, FileWeight] = {}
        unknown: list[PlannedFile] = []
        for file in files:
            weight = self._weights.at_hand(file)
            if weight is None:
                unknown.append(file)
            else:
                found[file.filename] = weight
        if unknown:
            self._run(self._weigh(unknown, found))
        return Weights(files={file.filename: found[file.filename] for file in files})

    def download(self, landings: Sequence[tuple[PlannedFile, Landing]]) -> None:
        """Bring every file to its landing; see :class:`wheelcheck.ports.Files`."""
        if landings:
            self._run(self._bring(landings))

    @property
    def statistics(self) -> Statistics:
        """What was done so far, exactly."""
        return self._tally.snapshot()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop what is under way and write the cache."""
        try:
            self._thread.close()
        finally:
            self._fail_open()
            if self._cache is not None:
                self._cache.flush()
                self._cache.close_thread()

    async def _weigh(self, files: Sequence[PlannedFile], found: dict[str, FileWeight]) -> None:
        weights = await asyncio.gather(*(self._weights.fetch(file) for file in files))
        found.update({file.filename: weight for file, weight in zip(files, weights, strict=True)})

    async def _bring(self, landings: Sequence[tuple[PlannedFile, Landing]]) -> None:
        downloads = FileDownloads(self._around, self._segment)
        tasks = [asyncio.create_task(downloads.bring(file, landing)) for file, landing in landings]
        try:
            await asyncio.gather(*tasks)
        finally:
            # The first failure ends all: what came of the others is kept in their parts.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, work: Coroutine[object, None, None]) -> None:
        promise: Promise[None] = Promise()
        self._open.add(promise)
        self._thread.start()
        try:
            if not self._thread.submit(self._kept(work, promise)):
                work.close()
                promise.fail(_ended())
            promise.wait()
        except KeyboardInterrupt:
            # Landings are closed next: nothing may be on its way to them any more.
            self._thread.close()
            raise
        finally:
            self._open.discard(promise)

    async def _kept(self, work: Coroutine[object, None, None], promise: Promise[None]) -> None:
        try:
            await work
        except Exception as error:  # raised by the one who waits
            promise.fail(error)
        except BaseException:
            promise.fail(_ended())
            raise
        else:
            promise.settle(None)

    def _transport(self) -> Transport:
        if self._made_transport is None:
            self._made_transport = Transport(self._config, self._around.credentials, self._tally, self._reporter)
        return self._made_transport

    def _fail_open(self) -> None:
        for promise in tuple(self._open):
            if promise.is_open:
                promise.fail(_ended())

    async def _end_loop(self) -> None:
        if self._made_transport is not None:
            await self._made_transport.close()
        if self._cache is not None:
            self._cache.close_thread()


def _ended() -> IndexUnavailable:
    return IndexUnavailable("the run ended before the files came")
