"""Sends one request and receives its answer, by pyreqwest. Retries nothing and judges no status.

pyreqwest does the framing, the TLS and the waiting in compiled code, outside the interpreter lock. Redirects and decompression are
done here: which host may see a password or skip the certificate check, and how large a body may grow, are our decisions.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from pyreqwest.client import Client
from pyreqwest.exceptions import (
    BuilderError,
    ConnectTimeoutError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.response import Response

from wheelcheck.index.client_settings import CERTIFICATE_HINT, causes, open_client
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.exchange import Request, Sink, parse_length
from wheelcheck.model.urls import masked_within

REDIRECTS = 20
"""How many redirects in a row are followed."""
AUTHORITY_HINT = (
    "the server shows a certificate of an authority: give it one issued by that, or name it as a trusted host"
)
PROXY_HINT = "give the proxy's user and password in its URL"
SCHEME_HINT = "give a URL with http, https or file"

_REDIRECTED = frozenset({301, 302, 303, 307, 308})
_HEADERS_LIMIT = 256 * 1024  # bytes
_ENCODINGS = "gzip, deflate"


class RawResponse(Struct, frozen=True, kw_only=True):
    """An answer as it arrived. ``headers`` are in lower case; ``url`` is where redirects led; ``received`` counts raw bytes.

    ``is_cut``: the body was longer than the limit and is not whole.
    """

    status: int
    headers: Mapping[str, str]
    url: str
    received: int
    is_cut: bool


class RequestFailed(Exception):
    """No answer arrived, or a part of it. *may_pass* tells whether another attempt makes sense; *hint* what to do, if known."""

    def __init__(self, cause: str, *, may_pass: bool, hint: str = "") -> None:
        # Proxies and redirects may have a password in their URL, which libraries repeat.
        self.cause = masked_within(cause)
        super().__init__(self.cause)
        self.may_pass = may_pass
        self.hint = hint


class HttpClient:
    """Sends any number of requests at once, on the event loop's thread. Connections are opened for the first request."""

    def __init__(self, config: IndexConfig) -> None:
        self._config = config
        self._shared: dict[bool, Client] = {}

    async def send(self, request: Request, headers: Mapping[str, str], sink: Sink) -> RawResponse:
        """Send *request* with *headers*, follow redirects (``Authorization`` stays on its origin), pour the body into *sink*.

        Raises ``RequestFailed``, and ``SettingsInvalid`` for certificates that cannot be read.
        """
        url, sent, received = request.url, dict(headers), 0
        sent.setdefault("Accept-Encoding", _ENCODINGS)
        may_decode = "Accept-Encoding" not in headers
        for _ in range(REDIRECTS + 1):
            response = await self._exchange(url, request, sent, sink, may_decode=may_decode)
            received += response.received
            location = response.headers.get("location")
            if response.status not in _REDIRECTED or location is None:
                return RawResponse(
                    status=response.status,
                    headers=response.headers,
                    url=url,
                    received=received,
                    is_cut=response.is_cut,
                )
            sink.restart()
            # pyreqwest would follow by itself, but a trusted host's client would not check the next host's certificate either.
            target = _joined(url, location)
            if _origin(target) != _origin(url) and not _is_same_host_with_tls(url, target):
                sent.pop("Authorization", None)
            url = target
        raise RequestFailed(f"more than {REDIRECTS} redirects", may_pass=False)

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        for client in self._shared.values():
            await client.close()

    async def _exchange(
        self, url: str, request: Request, headers: Mapping[str, str], sink: Sink, *, may_decode: bool
    ) -> RawResponse:
        scheme = url.partition(":")[0].lower()
        if scheme not in ("http", "https"):
            raise RequestFailed(f"the scheme {scheme} is not one of HTTP", may_pass=False, hint=SCHEME_HINT)
        is_trusted = self._is_trusted(url)
        if request.connection == "own":
            client = open_client(self._config, is_trusted=is_trusted)
            try:
                return await _sent(client, url, request, headers, sink, may_decode=may_decode)
            finally:
                await client.close()
        shared = self._shared.get(is_trusted)
        if shared is None:
            shared = self._shared[is_trusted] = open_client(self._config, is_trusted=is_trusted)
        return await _sent(shared, url, request, headers, sink, may_decode=may_decode)

    def _is_trusted(self, url: str) -> bool:
        hosts = self._config.trusted_hosts
        if not hosts:
            return False
        parts = urlsplit(url)
        return parts.hostname in hosts or parts.netloc.rpartition("@")[2] in hosts


async def _sent(
    client: Client, url: str, request: Request, headers: Mapping[str, str], sink: Sink, *, may_decode: bool
) -> RawResponse:
    try:
        # Read nothing ahead: pyreqwest drops what it read ahead when a body breaks off, and a download resumes from that part.
        builder = client.request(request.method, url).headers(headers).streamed_read_buffer_limit(0)
        streamed = builder.build_streamed()
    except ValueError as problem:
        raise RequestFailed(f"no URL that can be asked: {causes(problem)[-1]}", may_pass=False) from problem
    body = _Body(sink, request.limit)
    try:
        async with streamed as response:
            answered = _headers(response)
            body.begin(answered, may_decode=may_decode)
            if request.method == "GET" and not body.is_cut:
                reader = response.body_reader
                while not body.is_cut and (chunk := await reader.read_chunk()) is not None:
                    body.take(bytes(chunk))
                body.end()
            return RawResponse(
                status=response.status, headers=answered, url=url, received=body.received, is_cut=body.is_cut
            )
    except PyreqwestError as problem:
        raise _judged(problem, body) from problem


class _Body:
    """Writes one decoded body to a sink, up to a limit; a decompression bomb is never unpacked beyond it."""

    def __init__(self, sink: Sink, limit: int) -> None:
        self._sink = sink
        self._limit = limit
        self._count = 0
        self._coding = ""
        self._inflater: zlib._Decompress | None = None
        self.announced: int | None = None
        self.received = 0
        self.is_cut = False

    def begin(self, headers: Mapping[str, str], *, may_decode: bool) -> None:
        """Read encoding and length from *headers*; the body is cut at once if its length is beyond the limit."""
        coding = headers.get("content-encoding", "identity").strip().lower()
        if may_decode and coding not in ("identity", ""):
            if coding not in ("gzip", "x-gzip", "deflate"):
                raise RequestFailed(f"the body is packed as {coding}, which was not asked for", may_pass=False)
            self._coding = coding
        length = parse_length(headers.get("content-length", ""))
        if length is not None:
            self.announced = length
            self.is_cut = not self._coding and self.announced > self._limit

    def take(self, chunk: bytes) -> None:
        """Take the next bytes from the wire."""
        self.received += len(chunk)
        if not self._coding:
            self._pour(chunk)
            return
        while chunk and not self.is_cut:
            if self._inflater is None:
                self._inflater = zlib.decompressobj(_window_bits(self._coding, chunk))
            try:
                self._pour(self._inflater.decompress(chunk, self._limit - self._count + 1))
            except zlib.error as problem:
                raise RequestFailed(f"the body is not {self._coding}: {problem}", may_pass=True) from problem
            # A gzip file may hold several members (RFC 1952); data behind a deflate stream is ignored.
            chunk = self._inflater.unused_data if self._coding != "deflate" else b""
            if chunk:
                self._inflater = None

    def _pour(self, content: bytes) -> None:
        self._count += len(content)
        if self._count > self._limit:
            self.is_cut = True
        elif content:
            self._sink.write(content)

    def end(self) -> None:
        """Raise ``RequestFailed`` for a compressed body that is not whole."""
        if self._inflater is not None and not self._inflater.eof and not self.is_cut:
            raise RequestFailed(f"the packed body broke off after {self.received} bytes", may_pass=True)


def _window_bits(coding: str, beginning: bytes) -> int:
    if coding != "deflate":
        return zlib.MAX_WBITS | 16
    # RFC 9110 means zlib's format by "deflate", yet some servers send the bare stream.
    is_zlib = beginning[0] & 0x0F == 8 and (len(beginning) < 2 or int.from_bytes(beginning[:2]) % 31 == 0)
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


def _headers(response: Response) -> dict[str, str]:
    """The headers by lower-case name, several of one name joined; those that are not ASCII are left out."""
    found: dict[str, str] = {}
    try:
        for name, value in response.headers.items():
            found[name] = f"{found[name]}, {value}" if name in found else value
    except ValueError:
        for name in response.headers.keys():  # noqa: SIM118 - iterating would read the values too
            with contextlib.suppress(ValueError):
                found[name] = ", ".join(response.get_header_all(name))
    if sum(len(name) + len(value) for name, value in found.items()) > _HEADERS_LIMIT:
        raise RequestFailed(f"the headers are longer than {_HEADERS_LIMIT} bytes", may_pass=True)
    return found


def _judged(problem: PyreqwestError, body: _Body) -> RequestFailed:
    told = causes(problem)
    last = told[-1]
    is_connecting = any("(Connect)" in cause for cause in told)
    if isinstance(problem, RequestTimeoutError):
        is_connecting &= isinstance(problem, ConnectTimeoutError)
        return RequestFailed("no connection in time" if is_connecting else "no answer in time", may_pass=True)
    if "proxy authorization required" in last:
        return RequestFailed(f"the proxy answered 407: {last}", may_pass=False, hint=PROXY_HINT)
    if "invalid peer certificate" in last:
        is_authority = "CaUsedAsEndEntity" in last
        return RequestFailed(last, may_pass=False, hint=AUTHORITY_HINT if is_authority else CERTIFICATE_HINT)
    if body.announced is not None and 0 < body.received < body.announced:
        return RequestFailed(f"the body ended after {body.received} of {body.announced} bytes", may_pass=True)
    if isinstance(problem, BuilderError):
        return RequestFailed(last, may_pass=False)
    return RequestFailed(f"could not connect: {last}" if is_connecting else last, may_pass=True)


def _joined(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        _origin(target)  # a port may be none
    except ValueError as problem:
        raise RequestFailed(f"redirects to what is no URL: {problem}", may_pass=False) from problem
    return target


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_same_host_with_tls(url: str, target: str) -> bool:
    return _origin(url)[1:] == (_origin(target)[1], 80) and _origin(target)[::2] == ("https", 443)
