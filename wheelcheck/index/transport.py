"""Sends requests and stubbornly brings their answers: credentials, retries, a limit per host; understands no body."""

from __future__ import annotations

import asyncio
import datetime
import math
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from msgspec.structs import replace

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.credentials import Credentials
from wheelcheck.index.exchange import Ask, Buffer, Reply, Sink
from wheelcheck.index.http_client import PROXY_HINT, HttpClient, RawResponse, RequestFailed
from wheelcheck.index.lulls import Lulls, NothingComes
from wheelcheck.index.retrying import RETRIED_STATUSES, backoff, parse_retry_after
from wheelcheck.index.statistics import Tally
from wheelcheck.model.urls import masked
from wheelcheck.ports import Reporter

_HINTS = {
    401: "give user and password in netrc, in pip's configuration, or in the index URL",
    407: PROXY_HINT,
}
_TRY_LATER = "see whether the address is right and the network is up, or use --offline with a filled cache"


class _TryAgain(Exception):
    """A failure that may pass; *wait* is what the server asked for, in seconds."""

    def __init__(self, cause: str, wait: float | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.wait = wait


class Transport:
    """One client for the whole run; used on the loop's thread only, and opened when the first request is made."""

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
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._lulls = Lulls(config.lull, config.timeout)

    async def fetch(self, ask: Ask) -> Reply:
        """The answer to *ask* with its body in memory; raises ``IndexUnavailable`` when retries are used up or at 401."""
        buffer = Buffer()
        reply = await self.save(ask, buffer)
        return Reply(
            status=reply.status, headers=reply.headers, body=buffer.content(), url=reply.url, is_cut=reply.is_cut
        )

    async def save(self, ask: Ask, sink: Sink) -> Reply:
        """Like :meth:`fetch`, with the body going to *sink*."""
        self._reporter.fetching(ask.what)
        try:
            for attempt in range(self._config.retries + 1):
                try:
                    return await self._once(ask, sink)
                except _TryAgain as failure:
                    if attempt == self._config.retries:
                        tries = "" if attempt == 0 else f" ({attempt + 1} attempts)"
                        raise IndexUnavailable(
                            f"{failure.cause}{tries}", address=masked(ask.url), hint=_TRY_LATER
                        ) from failure.__cause__
                    self._tally.retried()
                    wait = backoff(attempt, self._config.backoff) if failure.wait is None else failure.wait
                await asyncio.sleep(wait)
                sink.restart()
        finally:
            self._reporter.fetched(ask.what)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, ask: Ask, sink: Sink) -> Reply:
        host = urlsplit(ask.url).netloc
        turn = self._turns.get(host)
        if turn is None:
            turn = self._turns[host] = asyncio.Semaphore(self._config.requests_per_host)
        headers = dict(ask.headers)
        authorization = self._credentials.header_for(ask.url)
        if authorization is not None:
            headers["Authorization"] = authorization
        async with turn:
            if self._client is None:
                self._client = HttpClient(self._config)
            try:
                response = await self._sent(self._client, ask, headers, sink)
            except RequestFailed as failure:
                if failure.may_pass:
                    raise _TryAgain(failure.cause) from failure.__cause__
                raise IndexUnavailable(failure.cause, address=masked(ask.url), hint=failure.hint) from failure.__cause__
            except NothingComes as failure:
                raise _TryAgain(failure.cause) from None
        self._tally.received(response.received)
        _reject_status(ask, response)
        return Reply(
            status=response.status,
            headers=response.headers,
            body=b"",
            url=masked(response.url),
            is_cut=response.is_cut,
        )

    async def _sent(self, client: HttpClient, ask: Ask, headers: Mapping[str, str], sink: Sink) -> RawResponse:
        """The answer to *ask*; a stalled request is sent once more, on a connection of its own, and waited for in full."""
        self._tally.sent(ask.kind)
        try:
            async with self._lulls.watching(sink) as heard:
                return await client.send(ask, headers, heard)
        except NothingComes as silence:
            if not silence.is_still:
                raise
        self._tally.retried()
        self._tally.sent(ask.kind)
        sink.restart()
        async with self._lulls.watching(sink, lull=math.inf) as heard:
            return await client.send(replace(ask, connection="own"), headers, heard)

    async def close(self) -> None:
        """Close every connection."""
        self._lulls.close()
        if self._client is not None:
            await self._client.close()


def _reject_status(ask: Ask, response: RawResponse) -> None:
    status = response.status
    if status in RETRIED_STATUSES:
        wait = parse_retry_after(response.headers.get("retry-after"), datetime.datetime.now(datetime.UTC))
        raise _TryAgain(f"answered {status} {HTTPStatus(status).phrase}", wait)
    if status in _HINTS:
        raise IndexUnavailable(
            f"answered {status}: it requires credentials", address=masked(ask.url), hint=_HINTS[status]
        )
