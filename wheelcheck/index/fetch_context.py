"""What every fetcher of the room works with: configuration, transport, and the cache with its values packed by msgspec."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct
from packaging.version import Version

from wheelcheck.errors import OfflineMiss
from wheelcheck.index.config import Credentials, IndexConfig
from wheelcheck.index.disk_cache import CacheKind, DiskCache
from wheelcheck.index.exchange import Tally
from wheelcheck.model.urls import masked
from wheelcheck.ports import Archives, Reporter

if TYPE_CHECKING:
    from wheelcheck.index.transport import Transport

T = TypeVar("T")


def _packed(value: object) -> object:
    if isinstance(value, Version):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is not cached")


def _made(kind: type, value: object) -> object:
    if kind is Version and isinstance(value, str):
        return Version(value)
    raise ValueError(f"{kind.__name__} is not cached")


def decoder(kind: type[T]) -> Callable[[bytes | memoryview], T]:
    """A function that decodes a packed value of *kind*; it raises ``msgspec.DecodeError`` for anything else."""
    return msgspec.msgpack.Decoder(kind, dec_hook=_made).decode


encode = msgspec.msgpack.Encoder(enc_hook=_packed).encode


class FetchContext(Struct, frozen=True, kw_only=True):
    """``transport`` creates the transport at the first call, on the loop's thread only; ``cache`` is ``None`` without a cache."""

    config: IndexConfig
    archives: Archives
    cache: DiskCache | None
    credentials: Credentials
    tally: Tally
    transport: Callable[[], Transport]
    clock: Callable[[], float] = time.time

    def load(self, kind: CacheKind, key: str, decode: Callable[[bytes | memoryview], T]) -> T | None:
        """The cached value by *decode*, ``None`` without one; an entry that does not decode is forgotten."""
        content = self.cache.get(kind, key) if self.cache is not None else None
        if content is None:
            return None
        try:
            return decode(content)
        except (msgspec.DecodeError, ValueError):
            self.forget(kind, key)
            return None

    def store(self, kind: CacheKind, key: str, content: bytes) -> None:
        """Cache *content*."""
        if self.cache is not None:
            self.cache.put(kind, key, content)

    def forget(self, kind: CacheKind, key: str) -> None:
        """Drop an entry."""
        if self.cache is not None:
            self.cache.drop(kind, key)

    def reject_offline(self, what: str, url: str) -> None:
        """Raise ``OfflineMiss`` that names *what*, if the run is offline."""
        if self.config.offline:
            raise OfflineMiss(
                f"{what} is not in the cache, and --offline forbids asking for it",
                address=masked(url),
                hint="run once without --offline to fill the cache",
            )


class Connections:
    """The fetch context of a store, with what has to be closed at its end: the transports and the cache.

    The credentials of *config*'s URLs are used for everything on the same origin, else netrc's.
    """

    def __init__(
        self, config: IndexConfig, archives: Archives, reporter: Reporter, clock: Callable[[], float] = time.time
    ) -> None:
        self._reporter = reporter
        self._transports: list[Transport] = []
        places = (*config.project_indexes.values(), *config.index_urls, *config.find_links, *config.fallback_find_links)
        self.context = FetchContext(
            config=config,
            archives=archives,
            cache=None if config.cache_dir is None else DiskCache(config.cache_dir),
            credentials=Credentials(places),
            tally=Tally(),
            transport=self.opener(config),
            clock=clock,
        )

    def opener(self, config: IndexConfig) -> Callable[[], Transport]:
        """A function that opens a transport with *config* at its first call, and returns the same one at each later call."""

        @functools.cache
        def opened() -> Transport:
            load_client()
            from wheelcheck.index.transport import Transport

            context = self.context
            shared = None
            if config.shared_store:
                from wheelcheck.index.shared_store import SharedStore

                shared = SharedStore(config.shared_store, context.clock)
            self._transports.append(Transport(config, context.credentials, context.tally, self._reporter, shared))
            return self._transports[-1]

        return opened

    async def close_transports(self) -> None:
        """Close what belongs to the loop's thread; the last work on it."""
        for transport in self._transports:
            await transport.close()

    def write_cache(self) -> None:
        """Write the cache and close it."""
        if self.context.cache is not None:
            self.context.cache.flush()
            self.context.cache.close()


def load_client() -> None:
    """Import the HTTP client on a thread that never ends, and wait for it.

    pyreqwest brings an allocator (mimalloc) whose main heap belongs to the thread that loads the library. Once that thread has
    ended, the next client that is opened in the process reads freed memory and kills it.
    """
    _client_loading().wait()


@functools.cache
def _client_loading() -> threading.Event:
    loaded = threading.Event()

    def load() -> None:
        try:
            import wheelcheck.index.transport  # noqa: F401
        finally:
            loaded.set()  # where it failed, the caller's own import says why
        threading.Event().wait()

    threading.Thread(target=load, name="wheelcheck client", daemon=True).start()
    return loaded
