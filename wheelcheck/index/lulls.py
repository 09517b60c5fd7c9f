"""Notices what does not come: a request that nothing answers while all else is still, and a body that drips. Sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wheelcheck.index.exchange import Sink

_LITTLE = 1024**2  # bytes of a body that may be asked for again without regret
_LEAST = 1024  # bytes that come in the time of a timeout, or it is as if none came
_PATIENCE = 1.5  # timeouts: the client notices by itself where nothing comes at all, and says more about it


class NothingComes(Exception):
    """The answer is waited for in vain. *is_still*: no other came meanwhile either; else this one came by drips."""

    def __init__(self, cause: str, *, is_still: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.is_still = is_still


class Lulls:
    """Watches over the requests of one client. *lull* and *timeout* are in seconds.

    A lost stream of a shared connection looks like a slow server. Only where nothing came for any request for the time of a lull,
    it costs nothing to ask once more by another way; a slow line, which brings one answer after the other, is left in peace.
    """

    def __init__(self, lull: float, timeout: float) -> None:
        self._lull = lull
        self._timeout = timeout
        self._moved = 0.0
        self._watched: set[_Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def watching(self, sink: Sink, *, lull: float | None = None) -> AsyncIterator[Sink]:
        """Pour into what this yields in place of *sink*; raises ``NothingComes`` out of what is awaited meanwhile."""
        loop = asyncio.get_running_loop()
        watched = _Watched(sink, self, loop.time(), self._lull if lull is None else lull)
        self._watched.add(watched)
        if self._timer is None:
            self._timer = loop.call_later(min(self._lull, self._timeout) / 4, self._look)
        try:
            async with asyncio.timeout(None) as watched.limit:
                yield watched
        except TimeoutError:
            if watched.verdict is not None:
                raise watched.verdict from None
            raise
        finally:
            self._watched.discard(watched)
            self._moved = loop.time()

    def came(self) -> None:
        """Something came."""
        self._moved = asyncio.get_running_loop().time()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now, self._timer = loop.time(), None
        for each in tuple(self._watched):
            if each.verdict is None:
                each.verdict = self._judged(each, now)
                if each.verdict is not None and each.limit is not None:
                    each.limit.reschedule(now)
        if self._watched:
            self._timer = loop.call_later(min(self._lull, self._timeout) / 4, self._look)

    def _judged(self, each: _Watched, now: float) -> NothingComes | None:
        still_since = max(self._moved, each.begun)
        if now - still_since >= each.lull and each.count < _LITTLE:
            return NothingComes("no answer in time", is_still=True)
        if now - each.window < self._timeout * _PATIENCE:
            return None
        if each.count - each.count_before < _LEAST:
            return NothingComes(
                f"{each.count - each.count_before} bytes came in {now - each.window:.0f} s", is_still=False
            )
        each.window, each.count_before = now, each.count
        return None

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()


class _Watched:
    """A sink that tells when something comes."""

    __slots__ = ("_lulls", "_sink", "begun", "count", "count_before", "limit", "lull", "verdict", "window")

    def __init__(self, sink: Sink, lulls: Lulls, now: float, lull: float) -> None:
        self._sink = sink
        self._lulls = lulls
        self.lull = lull
        self.begun = self.window = now
        self.count = self.count_before = 0
        self.limit: asyncio.Timeout | None = None
        self.verdict: NothingComes | None = None

    def restart(self) -> None:
        """Forget what came."""
        self._sink.restart()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.count += len(chunk)
        self._lulls.came()
        self._sink.write(chunk)
