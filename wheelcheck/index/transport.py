"""Sends requests with credentials and retries, and limits how many go to one host at once. Understands no body."""

from __future__ import annotations

import asyncio
import datetime
import math
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec.structs import replace

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.credentials import Credentials
from wheelcheck.index.exchange import Buffer, Reply, Request, Sink, Tally
from wheelcheck.index.http_client import PROXY_HINT, HttpClient, RawResponse, RequestFailed
from wheelcheck.index.stall_detector import RequestStalled, StallDetector
from wheelcheck.model.urls import masked
from wheelcheck.ports import Reporter

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
_TRY_LATER = "see whether the address is right and the network is up, or use --offline with a filled cache"


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
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._tally = tally
        self._reporter = reporter
        self._client: HttpClient | None = None
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._stalls = StallDetector(config.silence, config.timeout)

    async def fetch(self, request: Request) -> Reply:
        """The answer to *request* with its body in memory; raises ``IndexUnavailable`` when retries are used up or at 401."""
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
        raise IndexUnavailable(
            f"answered {status}: it requires credentials", address=masked(request.url), hint=_HINTS[status]
        )
