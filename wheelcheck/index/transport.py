"""Sends requests and stubbornly brings their answers: HTTP/2, credentials, retries, a limit per host; understands no body."""

from __future__ import annotations

import asyncio
import datetime
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx2

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.credentials import Credentials
from wheelcheck.index.exchange import Ask, Buffer, Reply, Sink
from wheelcheck.index.retrying import RETRIED_STATUSES, backoff, parse_retry_after
from wheelcheck.index.statistics import Tally
from wheelcheck.index.tls import blind_context, trusting_context
from wheelcheck.model.urls import masked
from wheelcheck.ports import Reporter

_SECRET = re.compile(r"//[^/@\s]+@")
_HINTS = {
    401: "give user and password in netrc, in pip's configuration, or in the index URL",
    407: "give the proxy's user and password in its URL",
}
_TRY_LATER = "see whether the address is right and the network is up, or use --offline with a filled cache"


class _TryAgain(Exception):
    """A failure that may pass; *wait* is what the server asked for, in seconds."""

    def __init__(self, cause: str, wait: float | None = None, hint: str = _TRY_LATER) -> None:
        super().__init__(cause)
        self.cause = cause
        self.wait = wait
        self.hint = hint


class Transport:
    """One client for the whole run; used on the loop's thread only, and made when the first request is."""

    def __init__(self, config: IndexConfig, credentials: Credentials, tally: Tally, reporter: Reporter) -> None:
        self._config = config
        self._credentials = credentials
        self._tally = tally
        self._reporter = reporter
        self._made: httpx2.AsyncClient | None = None
        self._turns: dict[str, asyncio.Semaphore] = {}

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
                            f"{failure.cause}{tries}", address=masked(ask.url), hint=failure.hint
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
        async with turn:
            try:
                async with self._answered(ask) as response:
                    self._reject_status(ask, response)
                    is_cut = await self._pour(ask, response, sink)
                    return Reply(
                        status=response.status_code,
                        headers=response.headers,
                        body=b"",
                        url=masked(str(response.url)),
                        is_cut=is_cut,
                    )
            except (httpx2.TransportError, httpx2.DecodingError) as problem:
                raise _judged(problem, ask) from problem
            except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
                raise IndexUnavailable(_cause(problem), address=masked(ask.url)) from problem

    @asynccontextmanager
    async def _answered(self, ask: Ask) -> AsyncIterator[httpx2.Response]:
        client = self._client()
        headers = dict(ask.headers)
        authorization = self._credentials.header_for(ask.url)
        if authorization is not None:
            headers["Authorization"] = authorization
        request = client.build_request(ask.method, ask.url, headers=headers)
        self._tally.sent(ask.kind)
        response = await client.send(request, stream=True, auth=None, follow_redirects=True)
        try:
            yield response
        finally:
            self._tally.received(response.num_bytes_downloaded)
            await response.aclose()

    def _reject_status(self, ask: Ask, response: httpx2.Response) -> None:
        status = response.status_code
        if status in RETRIED_STATUSES:
            wait = parse_retry_after(response.headers.get("retry-after"), datetime.datetime.now(datetime.UTC))
            raise _TryAgain(f"answered {status} {response.reason_phrase}".rstrip(), wait)
        if status in _HINTS:
            raise IndexUnavailable(
                f"answered {status}: it wants to know who asks", address=masked(ask.url), hint=_HINTS[status]
            )

    async def _pour(self, ask: Ask, response: httpx2.Response, sink: Sink) -> bool:
        """Let the body run into *sink*; answers whether it was cut at the limit."""
        announced = _announced_length(response.headers)
        if announced is not None and announced > ask.limit:
            return True
        count = 0
        async for chunk in response.aiter_bytes():
            count += len(chunk)
            if count > ask.limit:
                return True
            sink.write(chunk)
        if announced is not None and ask.method == "GET" and response.num_bytes_downloaded < announced:
            raise _TryAgain(f"the body ended after {count} of {announced} bytes")
        return False

    def _client(self) -> httpx2.AsyncClient:
        if self._made is None:
            config = self._config
            limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=60)
            # A host that is called trusted gets a transport of its own, which verifies nothing.
            blind = {
                f"all://{host}": httpx2.AsyncHTTPTransport(
                    verify=blind_context(config.client_cert), http2=True, limits=limits, proxy=config.proxy
                )
                for host in config.trusted_hosts
            }
            self._made = httpx2.AsyncClient(
                http2=True,
                verify=trusting_context(config.ca_bundle, config.client_cert),
                proxy=config.proxy,
                mounts=blind,
                limits=limits,
                timeout=httpx2.Timeout(config.timeout, pool=None),
                headers={"User-Agent": config.user_agent},
            )
        return self._made

    async def close(self) -> None:
        """Close every connection."""
        if self._made is not None:
            await self._made.aclose()


def _announced_length(headers: Mapping[str, str]) -> int | None:
    if headers.get("content-encoding", "identity") != "identity":
        return None
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _judged(problem: httpx2.TransportError | httpx2.DecodingError, ask: Ask) -> _TryAgain | IndexUnavailable:
    text = _cause(problem)
    if isinstance(problem, httpx2.UnsupportedProtocol):
        return IndexUnavailable(text, address=masked(ask.url), hint="give a URL with http, https or file")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return IndexUnavailable(
            text,
            address=masked(ask.url),
            hint="name the CA bundle with SSL_CERT_FILE or pip's cert, or the host as a trusted host",
        )
    return _TryAgain(text)


def _cause(problem: Exception) -> str:
    text = _SECRET.sub("//", str(problem)) or type(problem).__name__
    if isinstance(problem, httpx2.ConnectTimeout):
        return "no connection in time"
    return "no answer in time" if isinstance(problem, httpx2.TimeoutException) else text
