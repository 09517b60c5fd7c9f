"""Dependency fields of a wheel from the cheapest source: cache, sidecar, end of the file, whole file. Chooses no wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from wheelcheck.errors import ArchiveRefused, IndexUnavailable, MetadataMalformed
from wheelcheck.index.config import local_path
from wheelcheck.index.downloads import FileHosts, RangeReader, save_verified
from wheelcheck.index.exchange import Request, RequestKind, verify
from wheelcheck.index.fetch_context import FetchContext, decoder, encode
from wheelcheck.model.distribution import CoreMetadata, MetadataSource, Wheel
from wheelcheck.texts.files import open_file

if TYPE_CHECKING:
    import asyncio

_ROUNDS = 8  # a wheel's directory and its METADATA need two
_decode = decoder(CoreMetadata)
_MISSING = frozenset({403, 404, 410})


class WheelMetadata:
    """Metadata by wheel; cached for ever by the wheel's hash, as a file never changes."""

    def __init__(self, context: FetchContext) -> None:
        self._context = context
        self._hosts = FileHosts()

    def at_hand(self, wheel: Wheel) -> CoreMetadata | None:
        """The fields from the cache or the local disk; ``None`` if the network is needed. Raises ``OfflineMiss``."""
        cached = self.remembered(wheel)
        if cached is not None:
            self._context.tally.hit(RequestKind.SIDECAR)
            return cached
        path = local_path(wheel.at.url)
        if path is None:
            self._context.reject_offline(f"the metadata of {wheel.filename}", wheel.at.url)
            return None
        try:
            with open_file(path) as file:
                return self._context.archives.wheel_metadata(file, wheel.filename)
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
        self._context.store("metadata", cache_key(wheel), encode(metadata))
        return metadata

    def _early_tail(self, wheel: Wheel) -> asyncio.Task[CoreMetadata | None] | None:
        # A sidecar that was not announced is requested every time: whether one is found must not depend on earlier
        # requests, or two runs would write two plans. What is known of the host only decides whether to wait for it.
        if wheel.at.core_metadata is not None or not self._hosts.of(wheel.at.url).seems_bare(wheel.at.upload_time):
            return None
        import asyncio  # a run whose answers are all cached never needs it

        task = asyncio.ensure_future(self._by_range(wheel))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # its failure may never be awaited
        return task

    def remembered(self, wheel: Wheel) -> CoreMetadata | None:
        """The cached fields, if any."""
        return self._context.load("metadata", cache_key(wheel), _decode)

    async def _by_sidecar(self, wheel: Wheel) -> CoreMetadata | None:
        at = wheel.at
        host = self._hosts.of(at.url)
        if at.core_metadata is False:
            return None
        url = _beside(at.url)
        request = Request(
            url=url, kind=RequestKind.SIDECAR, what=wheel.filename, limit=self._context.config.metadata_limit
        )
        reply = await self._context.transport().fetch(request)
        if reply.status != 200:
            if reply.status in _MISSING:
                host.note_sidecar(at.upload_time, found=False)
            return None
        if reply.is_cut:
            return None
        verify(reply.body, at.core_metadata_hashes, url)
        try:
            metadata = self._context.archives.core_metadata(reply.body, wheel.filename, MetadataSource.CORE_METADATA)
        except MetadataMalformed:
            # It is a web page, or belongs to another file: the wheel itself decides.
            host.note_sidecar(at.upload_time, found=False)
            return None
        host.note_sidecar(at.upload_time, found=True)
        return metadata

    async def _by_range(self, wheel: Wheel) -> CoreMetadata | None:
        reader = RangeReader(self._context, self._hosts, wheel.at.url, wheel.filename)
        file = await reader.open_tail()
        if file is None:
            return None
        archives = self._context.archives
        try:
            metadata = await reader.read(file, lambda part: archives.wheel_metadata(part, wheel.filename), _ROUNDS)
        except (ArchiveRefused, MetadataMalformed):
            # Stated sizes may be wrong: only a complete file whose hash matches may be called broken.
            return None
        return None if metadata is None else replace(metadata, source=MetadataSource.WHEEL_RANGE)

    async def _by_download(self, wheel: Wheel) -> CoreMetadata:
        download, _ = await save_verified(wheel.at, wheel.filename, self._context)
        try:
            return self._context.archives.wheel_metadata(download.opened(), wheel.filename)
        finally:
            download.close()


def cache_key(wheel: Wheel) -> str:
    """The wheel's hash; its URL if no hash was announced."""
    return wheel.at.sha256 or wheel.at.url


def _beside(url: str) -> str:
    address, question, query = url.partition("?")
    return f"{address}.metadata{question}{query}"
