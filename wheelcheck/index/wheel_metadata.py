"""The dependency fields of a wheel at the least cost: cache, sidecar, tail of the file, whole file; chooses no wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec
from msgspec import structs

from wheelcheck.errors import ArchiveRefused, IndexUnavailable, MetadataMalformed
from wheelcheck.index.conversions import metadata_of, record_of
from wheelcheck.index.downloads import save_verified
from wheelcheck.index.exchange import Ask
from wheelcheck.index.hashes import verify
from wheelcheck.index.hosts import FileHosts
from wheelcheck.index.locations import local_path
from wheelcheck.index.ranges import RangeReader
from wheelcheck.index.records import decode_metadata, encode
from wheelcheck.index.segments import BytesMissing
from wheelcheck.index.statistics import RequestKind
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.model.distribution import CoreMetadata, MetadataSource, Wheel

if TYPE_CHECKING:
    import asyncio

_ROUNDS = 8  # a wheel's directory and its METADATA are reached in two; more is a file that plays with us
_MISSING = frozenset({403, 404, 410})


class WheelMetadata:
    """Metadata by wheel; cached for ever by the wheel's hash, as a file never changes."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._hosts = FileHosts()

    def at_hand(self, wheel: Wheel) -> CoreMetadata | None:
        """What the cache or the local disk has; ``None`` where the network is needed. Raises ``OfflineMiss``."""
        cached = self.remembered(wheel)
        if cached is not None:
            self._around.tally.hit(RequestKind.SIDECAR)
            return cached
        path = local_path(wheel.at.url)
        if path is None:
            self._around.reject_offline(f"the metadata of {wheel.filename}", wheel.at.url)
            return None
        try:
            with path.open("rb") as file:
                return self._around.archives.wheel_metadata(file, wheel.filename)
        except OSError as problem:
            raise IndexUnavailable(f"cannot be read: {problem.strerror or problem}", address=str(path)) from problem

    async def fetch(self, wheel: Wheel) -> CoreMetadata:
        """Sidecar, else tail, else the whole wheel.

        Raises ``HashMismatch``, ``MetadataMalformed``, ``ArchiveRefused`` for a wheel that is no archive or beyond the size limit,
        and ``IndexUnavailable``.
        """
        tail = self._early_tail(wheel)
        try:
            metadata = await self._by_sidecar(wheel)
            if metadata is None:
                metadata = await (tail if tail is not None else self._by_range(wheel))
            if metadata is None:
                metadata = await self._by_download(wheel)
        finally:
            if tail is not None:
                tail.cancel()
        self._around.store("metadata", cache_key(wheel), encode(record_of(metadata)))
        return metadata

    def _early_tail(self, wheel: Wheel) -> asyncio.Task[CoreMetadata | None] | None:
        # A sidecar that nobody announced is asked for every time: whether one is found must not depend on what was
        # asked before, or two runs would write two plans. What the host's habits decide is only whether to wait for it.
        if wheel.at.core_metadata is not None or not self._hosts.of(wheel.at.url).seems_bare:
            return None
        import asyncio  # a run whose answers are all cached never needs it

        task = asyncio.ensure_future(self._by_range(wheel))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # its failure may go unasked for
        return task

    def remembered(self, wheel: Wheel) -> CoreMetadata | None:
        """What the cache has, if anything."""
        key = cache_key(wheel)
        content = self._around.stored("metadata", key)
        if content is None:
            return None
        try:
            return metadata_of(decode_metadata(content))
        except (msgspec.DecodeError, ValueError):
            self._around.forget("metadata", key)
            return None

    async def _by_sidecar(self, wheel: Wheel) -> CoreMetadata | None:
        at = wheel.at
        host = self._hosts.of(at.url)
        if at.core_metadata is False:
            return None
        url = _beside(at.url)
        ask = Ask(url=url, kind=RequestKind.SIDECAR, what=wheel.filename, limit=self._around.config.metadata_limit)
        reply = await self._around.transport().fetch(ask)
        if reply.status != 200:
            host.sidecar_misses += reply.status in _MISSING
            return None
        if reply.is_cut:
            return None
        verify(reply.body, at.core_metadata_hashes, url)
        try:
            metadata = self._around.archives.core_metadata(reply.body, wheel.filename, MetadataSource.CORE_METADATA)
        except MetadataMalformed:
            # A web page in its place, or another file's: the wheel itself decides.
            host.sidecar_misses += 1
            return None
        host.sidecar_hits += 1
        return metadata

    async def _by_range(self, wheel: Wheel) -> CoreMetadata | None:
        reader = RangeReader(
            wheel.at.url, wheel.filename, self._around.transport(), self._hosts.of(wheel.at.url), self._around.config
        )
        file = await reader.open_tail()
        for _ in range(_ROUNDS):
            if file is None:
                return None
            try:
                metadata = self._around.archives.wheel_metadata(cast(BinaryIO, file), wheel.filename)
                return structs.replace(metadata, source=MetadataSource.WHEEL_RANGE)
            except BytesMissing as missing:
                if not await reader.fill(file, missing):
                    return None
            except (ArchiveRefused, MetadataMalformed):
                # Sizes may lie: only the whole file, with its hash checked, may be called broken.
                return None
        return None

    async def _by_download(self, wheel: Wheel) -> CoreMetadata:
        spool, _ = await save_verified(wheel.at, wheel.filename, self._around)
        try:
            return self._around.archives.wheel_metadata(spool.opened(), wheel.filename)
        finally:
            spool.close()


def cache_key(wheel: Wheel) -> str:
    """The wheel's hash, which says all; its URL where none was announced."""
    return wheel.at.sha256 or wheel.at.url


def _beside(url: str) -> str:
    address, question, query = url.partition("?")
    return f"{address}.metadata{question}{query}"
