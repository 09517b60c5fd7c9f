"""Carries requests by httpx2, which is pure Python and so installs everywhere; judges no answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2

from wheelcheck.index.carriage import CERTIFICATE_HINT, PROXY_HINT, SCHEME_HINT, CarriageFailed, Carried
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.exchange import Ask, Sink
from wheelcheck.index.tls import blind_context, trusting_context


class HttpxCarrier:
    """One client for the whole run, made when the first request is."""

    def __init__(self, config: IndexConfig) -> None:
        self._config = config
        self._made: httpx2.AsyncClient | None = None

    async def carry(self, ask: Ask, headers: Mapping[str, str], sink: Sink) -> Carried:
        """See :class:`wheelcheck.index.carriage.Carrier`."""
        try:
            async with self._answered(ask, headers) as response:
                is_cut = await _pour(ask, response, sink)
                return Carried(
                    status=response.status_code,
                    headers=response.headers,
                    url=str(response.url),
                    received=response.num_bytes_downloaded,
                    is_cut=is_cut,
                )
        except (httpx2.TransportError, httpx2.DecodingError) as problem:
            raise _judged(problem) from problem
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            raise CarriageFailed(_cause(problem), may_pass=False) from problem

    @asynccontextmanager
    async def _answered(self, ask: Ask, headers: Mapping[str, str]) -> AsyncIterator[httpx2.Response]:
        if ask.connection == "own":
            async with self._opened() as client, self._sent(client, ask, headers) as response:
                yield response
            return
        if self._made is None:
            self._made = self._opened()
        async with self._sent(self._made, ask, headers) as response:
            yield response

    @asynccontextmanager
    async def _sent(
        self, client: httpx2.AsyncClient, ask: Ask, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx2.Response]:
        request = client.build_request(ask.method, ask.url, headers=headers)
        response = await client.send(request, stream=True, auth=None, follow_redirects=True)
        try:
            yield response
        finally:
            await response.aclose()

    def _opened(self) -> httpx2.AsyncClient:
        config = self._config
        limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=60)
        # A host that is called trusted gets a transport of its own, which verifies nothing.
        blind = {
            f"all://{host}": httpx2.AsyncHTTPTransport(
                verify=blind_context(config.client_cert), http2=True, limits=limits, proxy=config.proxy
            )
            for host in config.trusted_hosts
        }
        return httpx2.AsyncClient(
            http2=True,
            verify=trusting_context(config.ca_bundle, config.client_cert),
            proxy=config.proxy,
            mounts=blind,
            limits=limits,
            timeout=httpx2.Timeout(config.timeout, pool=None),
            headers={"User-Agent": config.user_agent},
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._made is not None:
            await self._made.aclose()


async def _pour(ask: Ask, response: httpx2.Response, sink: Sink) -> bool:
    """Let the body run into *sink*; answers whether it was cut at the limit."""
    announced = _announced_length(response.headers)
    if announced is not None and announced > ask.limit:
        return True
    count = 0
    try:
        async for chunk in response.aiter_bytes():
            count += len(chunk)
            if count > ask.limit:
                return True
            sink.write(chunk)
    except httpx2.RemoteProtocolError as problem:
        # Over HTTP/1.1 a connection that is closed too early; it is reported in the words of libcurl's carrier.
        if announced is None:
            raise
        raise CarriageFailed(f"the body ended after {count} of {announced} bytes", may_pass=True) from problem
    if announced is not None and ask.method == "GET" and response.num_bytes_downloaded < announced:
        raise CarriageFailed(f"the body ended after {count} of {announced} bytes", may_pass=True)
    return False


def _announced_length(headers: Mapping[str, str]) -> int | None:
    if headers.get("content-encoding", "identity") != "identity":
        return None
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _judged(problem: httpx2.TransportError | httpx2.DecodingError) -> CarriageFailed:
    text = _cause(problem)
    if isinstance(problem, httpx2.UnsupportedProtocol):
        return CarriageFailed(text, may_pass=False, hint=SCHEME_HINT)
    if isinstance(problem, httpx2.ProxyError) and text.startswith("407"):
        return CarriageFailed(text, may_pass=False, hint=PROXY_HINT)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return CarriageFailed(text, may_pass=False, hint=CERTIFICATE_HINT)
    return CarriageFailed(text, may_pass=True)


def _cause(problem: Exception) -> str:
    if isinstance(problem, httpx2.ConnectTimeout):
        return "no connection in time"
    return (
        "no answer in time" if isinstance(problem, httpx2.TimeoutException) else str(problem) or type(problem).__name__
    )
