"""Detects stalled requests: cancels one to which nothing arrives while nothing else does, or whose body trickles. Sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wheelcheck.index.exchange import Sink

_SMALL = 1024**2  # bytes of a body that may be fetched a second time without harm
_LEAST = 1024  # bytes that must arrive within the time of a timeout
_PATIENCE = 1.5  # timeouts: the client itself ends a request to which nothing arrives, with a more exact message


class RequestStalled(Exception):
    """A request was cancelled. *is_silent*: nothing arrived for any request meanwhile; else its body trickled."""

    def __init__(self, cause: str, *, is_silent: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.is_silent = is_silent


class StallDetector:
    """Watches the requests of one client. *silence* and *timeout* are in seconds.

    A lost stream of a shared connection looks like a slow server. Sending a request again costs nothing only if nothing arrived for
    any request for *silence* seconds; on a slow line, where one answer arrives after the other, no request is cancelled.
    """

    def __init__(self, silence: float, timeout: float) -> None:
        self._silence = silence
        self._timeout = timeout
        self._last_arrival = 0.0
        self._watched: set[_WatchedSink] = set()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def watching(self, sink: Sink, *, silence: float | None = None) -> AsyncIterator[Sink]:
        """Yield the sink to write to in place of *sink*; raises ``RequestStalled`` out of what is awaited inside."""
        loop = asyncio.get_running_loop()
        watched = _WatchedSink(sink, self, loop.time(), self._silence if silence is None else silence)
        self._watched.add(watched)
        if self._timer is None:
            self._timer = loop.call_later(min(self._silence, self._timeout) / 4, self._look)
        try:
            async with asyncio.timeout(None) as watched.limit:
                yield watched
        except TimeoutError:
            if watched.verdict is not None:
                raise watched.verdict from None
            raise
        finally:
            self._watched.discard(watched)
            self._last_arrival = loop.time()

    def arrived(self) -> None:
        """Note that bytes arrived for some request."""
        self._last_arrival = asyncio.get_running_loop().time()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now, self._timer = loop.time(), None
        for each in tuple(self._watched):
            if each.verdict is None:
                each.verdict = self._judged(each, now)
                if each.verdict is not None and each.limit is not None:
                    each.limit.reschedule(now)
        if self._watched:
            self._timer = loop.call_later(min(self._silence, self._timeout) / 4, self._look)

    def _judged(self, each: _WatchedSink, now: float) -> RequestStalled | None:
        silent_since = max(self._last_arrival, each.begun)
        if now - silent_since >= each.silence and each.count < _SMALL:
            return RequestStalled("no answer in time", is_silent=True)
        if now - each.window < self._timeout * _PATIENCE:
            return None
        received = each.count - each.count_before
        if received < _LEAST:
            return RequestStalled(f"{received} bytes received in {now - each.window:.0f} s", is_silent=False)
        each.window, each.count_before = now, each.count
        return None

    def close(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()


class _WatchedSink:
    """A sink that tells the detector of every arrival; ``window`` is when the current measurement of its speed began."""

    __slots__ = ("_detector", "_sink", "begun", "count", "count_before", "limit", "silence", "verdict", "window")

    def __init__(self, sink: Sink, detector: StallDetector, now: float, silence: float) -> None:
        self._sink = sink
        self._detector = detector
        self.silence = silence
        self.begun = self.window = now
        self.count = self.count_before = 0
        self.limit: asyncio.Timeout | None = None
        self.verdict: RequestStalled | None = None

    def restart(self) -> None:
        """Forget what was written."""
        self._sink.restart()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.count += len(chunk)
        self._detector.arrived()
        self._sink.write(chunk)
