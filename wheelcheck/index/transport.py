"""Sends requests with credentials, retries and a limit for each host, and sends a stalled one again. Reads no answer."""

from __future__ import annotations

import asyncio
import datetime
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from wheelcheck.errors import IndexRefused, IndexUnavailable
from wheelcheck.index.config import Credentials, IndexConfig
from wheelcheck.index.exchange import Buffer, Reply, Request, Sink, Tally
from wheelcheck.index.http_client import PROXY_HINT, HttpClient, RawResponse, RequestFailed
from wheelcheck.model.urls import masked
from wheelcheck.ports import Reporter

if TYPE_CHECKING:
    from wheelcheck.index.shared_store import SharedStore

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


RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
MAX_WAIT = 30.0
"""Seconds: a longer wait that a server asks for is cut to this."""


def backoff(attempt: int, first: float) -> float:
    """Seconds to wait after failed attempt number *attempt* (from 0): doubling from *first*, with jitter of a half."""
    from random import SystemRandom

    return min(MAX_WAIT, first * 2.0**attempt) * SystemRandom().uniform(0.5, 1.0)


def parse_retry_after(text: str | None, now: datetime.datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110: seconds or a date), at most ``MAX_WAIT``; ``None`` for none."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(MAX_WAIT, float(text))
    from email.utils import parsedate_to_datetime  # few answers have a date

    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=datetime.UTC)
    return min(MAX_WAIT, max(0.0, (then - now).total_seconds()))


_HINTS = {
    401: "give user and password in netrc, in pip's configuration, or in the index URL",
    407: PROXY_HINT,
}
_TRY_LATER = (
    "see whether the address is right and the network is up; -i URL names another index for one run, and --offline answers from a "
    "filled cache"
)


class _TryAgain(Exception):
    """A failure that may pass; *wait* is the server's request, in seconds."""

    def __init__(self, cause: str, wait: float | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.wait = wait


class Transport:
    """Sends every request of a run over one client, which is opened for the first. To be used on the loop's thread only."""

    def __init__(
        self,
        config: IndexConfig,
        credentials: Credentials,
        tally: Tally,
        reporter: Reporter,
        shared: SharedStore | None = None,
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._tally = tally
        self._reporter = reporter
        self._client: HttpClient | None = None
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._stalls = StallDetector(config.silence, config.timeout)
        self._shared = shared

    async def fetch(self, request: Request) -> Reply:
        """The answer to *request* with its body in memory; raises ``IndexUnavailable`` when retries are used up or at 401."""
        if self._shared is not None:
            return await self._shared.reply(request, self._fetched)
        return await self._fetched(request)

    async def _fetched(self, request: Request) -> Reply:
        buffer = Buffer()
        reply = await self.save(request, buffer)
        return Reply(
            status=reply.status, headers=reply.headers, body=buffer.content(), url=reply.url, is_cut=reply.is_cut
        )

    async def save(self, request: Request, sink: Sink) -> Reply:
        """Like :meth:`fetch`, but the body goes to *sink*."""
        self._reporter.fetching(request.what)
        try:
            for attempt in range(self._config.retries + 1):
                try:
                    return await self._once(request, sink)
                except _TryAgain as failure:
                    if attempt == self._config.retries:
                        tries = "" if attempt == 0 else f" ({attempt + 1} attempts)"
                        raise IndexUnavailable(
                            f"{failure.cause}{tries}", address=masked(request.url), hint=_TRY_LATER
                        ) from failure.__cause__
                    self._tally.retried()
                    wait = backoff(attempt, self._config.backoff) if failure.wait is None else failure.wait
                await asyncio.sleep(wait)
                sink.restart()
        finally:
            self._reporter.fetched(request.what)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, request: Request, sink: Sink) -> Reply:
        host = urlsplit(request.url).netloc
        slot = self._slots.get(host)
        if slot is None:
            slot = self._slots[host] = asyncio.Semaphore(self._config.requests_per_host)
        headers = dict(request.headers)
        authorization = self._credentials.header_for(request.url)
        if authorization is not None:
            headers["Authorization"] = authorization
        async with slot:
            if self._client is None:
                self._client = HttpClient(self._config)
            try:
                response = await self._sent(self._client, request, headers, sink)
            except RequestFailed as failure:
                if failure.may_pass:
                    raise _TryAgain(failure.cause) from failure.__cause__
                raise IndexUnavailable(
                    failure.cause, address=masked(request.url), hint=failure.hint
                ) from failure.__cause__
            except RequestStalled as failure:
                raise _TryAgain(failure.cause) from None
        self._tally.received(response.received)
        _reject_status(request, response)
        return Reply(
            status=response.status,
            headers=response.headers,
            body=b"",
            url=masked(response.url),
            is_cut=response.is_cut,
        )

    async def _sent(self, client: HttpClient, request: Request, headers: Mapping[str, str], sink: Sink) -> RawResponse:
        """The answer to *request*; a stalled request is sent once more, on a connection of its own, and waited for in full."""
        self._tally.sent(request.kind)
        try:
            async with self._stalls.watching(sink) as watched:
                return await client.send(request, headers, watched)
        except RequestStalled as stalled:
            if not stalled.is_silent:
                raise
        self._tally.retried()
        self._tally.sent(request.kind)
        sink.restart()
        async with self._stalls.watching(sink, silence=math.inf) as watched:
            return await client.send(replace(request, connection="own"), headers, watched)

    async def close(self) -> None:
        """Close every connection."""
        self._stalls.close()
        if self._client is not None:
            await self._client.close()


def _reject_status(request: Request, response: RawResponse) -> None:
    status = response.status
    if status in RETRIED_STATUSES:
        from http import HTTPStatus

        wait = parse_retry_after(response.headers.get("retry-after"), datetime.datetime.now(datetime.UTC))
        raise _TryAgain(f"answered {status} {HTTPStatus(status).phrase}", wait)
    if status in _HINTS:
        raise IndexRefused(
            f"answered {status}: it requires credentials", status, address=masked(request.url), hint=_HINTS[status]
        )
