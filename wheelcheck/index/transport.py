"""Sends requests and stubbornly brings their answers: credentials, retries, a limit per host; understands no body."""

from __future__ import annotations

import asyncio
import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.carriage import PROXY_HINT, CarriageFailed, Carried, Carrier, open_carrier
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.credentials import Credentials
from wheelcheck.index.exchange import Ask, Buffer, Reply, Sink
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
    """One carrier for the whole run; used on the loop's thread only, and opened when the first request is made."""

    def __init__(
        self,
        config: IndexConfig,
        credentials: Credentials,
        tally: Tally,
        reporter: Reporter,
        opener: Callable[[IndexConfig], Carrier] = open_carrier,
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._tally = tally
        self._reporter = reporter
        self._opener = opener
        self._opened: Carrier | None = None
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
            if self._opened is None:
                self._opened = self._opener(self._config)
            try:
                carried = await self._carried(self._opened, ask, headers, sink)
            except CarriageFailed as failure:
                if failure.may_pass:
                    raise _TryAgain(failure.cause) from failure.__cause__
                raise IndexUnavailable(failure.cause, address=masked(ask.url), hint=failure.hint) from failure.__cause__
            except NothingComes as failure:
                raise _TryAgain(failure.cause) from None
        self._tally.received(carried.received)
        _reject_status(ask, carried)
        return Reply(
            status=carried.status,
            headers=carried.headers,
            body=b"",
            url=masked(carried.url),
            is_cut=carried.is_cut,
        )

    async def _carried(self, carrier: Carrier, ask: Ask, headers: Mapping[str, str], sink: Sink) -> Carried:
        """What *carrier* brings. What is met by silence is asked once more, on a connection of its own, and waited for in full."""
        self._tally.sent(ask.kind)
        try:
            async with self._lulls.watching(sink) as heard:
                return await carrier.carry(ask, headers, heard)
        except NothingComes as silence:
            if not silence.is_still:
                raise
        self._tally.retried()
        self._tally.sent(ask.kind)
        sink.restart()
        async with self._lulls.watching(sink, lull=math.inf) as heard:
            return await carrier.carry(replace(ask, connection="own"), headers, heard)

    async def close(self) -> None:
        """Close every connection."""
        self._lulls.close()
        if self._opened is not None:
            await self._opened.close()


def _reject_status(ask: Ask, carried: Carried) -> None:
    status = carried.status
    if status in RETRIED_STATUSES:
        wait = parse_retry_after(carried.headers.get("retry-after"), datetime.datetime.now(datetime.UTC))
        raise _TryAgain(f"answered {status} {HTTPStatus(status).phrase}", wait)
    if status in _HINTS:
        raise IndexUnavailable(
            f"answered {status}: it wants to know who asks", address=masked(ask.url), hint=_HINTS[status]
        )
