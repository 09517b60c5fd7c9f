"""Carries requests by libcurl, on the event loop's own selector; judges no answer.

libcurl does what costs most in Python (framing, header compression, TLS, decompression) without the interpreter lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic
from urllib.parse import quote, urljoin, urlsplit

import pycurl

from wheelcheck.errors import SettingsInvalid
from wheelcheck.index.carriage import (
    CERTIFICATE_HINT,
    PROXY_HINT,
    REDIRECTS,
    SCHEME_HINT,
    CarriageFailed,
    Carried,
)
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.curl_settings import Options, proxies_by_scheme, tls_options
from wheelcheck.index.exchange import Ask, Sink

_REDIRECTED = frozenset({301, 302, 303, 307, 308})
_READING = frozenset({pycurl.POLL_IN, pycurl.POLL_INOUT})
_WRITING = frozenset({pycurl.POLL_OUT, pycurl.POLL_INOUT})
_GLANCE = 1.0  # seconds
_CUT = -1  # what a writer answers that wants no more
_KEPT = "!#$%&'()*+,/:;=?@[]~"


class CurlCarrier:
    """One multi handle for the whole run: its connections are shared, HTTP/2 ones by many requests at once."""

    def __init__(self, config: IndexConfig) -> None:
        self._config = config
        self._tls = tls_options(config)
        self._proxies = proxies_by_scheme(config.proxy)
        self._loop = asyncio.get_running_loop()
        self._idle: list[_Transfer] = []
        self._live: dict[object, _Transfer] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._sockets: dict[int, int] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, 100)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    async def carry(self, ask: Ask, headers: Mapping[str, str], sink: Sink) -> Carried:
        """See :class:`wheelcheck.index.carriage.Carrier`."""
        url, sent, received = ask.url, dict(headers), 0
        for _ in range(REDIRECTS + 1):
            carried = await self._exchange(url, sent, ask, sink)
            received += carried.received
            if carried.status not in _REDIRECTED or "location" not in carried.headers:
                return Carried(
                    status=carried.status, headers=carried.headers, url=url, received=received, is_cut=carried.is_cut
                )
            sink.restart()
            # libcurl could follow by itself, but it would trust the next host no less than this one.
            target = _joined(url, carried.headers["location"])
            if _origin(target) != _origin(url) and not _is_same_host_with_tls(url, target):
                sent.pop("Authorization", None)
            url = target
        raise CarriageFailed(f"more than {REDIRECTS} redirects", may_pass=False)

    async def _exchange(self, url: str, headers: Mapping[str, str], ask: Ask, sink: Sink) -> Carried:
        transfer = self._idle.pop() if self._idle else _Transfer(self._config, self._tls, self._proxies)
        done: asyncio.Future[tuple[int, str]] = self._loop.create_future()
        transfer.begin(_encoded(url), headers, ask, sink, done, is_blind=self._is_trusted(url))
        self._multi.add_handle(transfer.curl)
        self._live[transfer.curl] = transfer
        self._keep_watch()
        try:
            code, text = await done
            return transfer.outcome(code, text, url)
        finally:
            # Not before: another would write into it what this one has still to read.
            self._take_out(transfer)
            self._idle.append(transfer)

    def _is_trusted(self, url: str) -> bool:
        hosts = self._config.trusted_hosts
        if not hosts:
            return False
        parts = urlsplit(url)
        return parts.hostname in hosts or parts.netloc.rpartition("@")[2] in hosts

    def _take_out(self, transfer: _Transfer) -> None:
        if self._live.pop(transfer.curl, None) is not None:
            self._multi.remove_handle(transfer.curl)

    # What libcurl asks of the loop

    def _watch_socket(self, event: int, socket: int, _multi: object, _data: object) -> None:
        former = self._sockets.pop(socket, pycurl.POLL_NONE)
        if event != pycurl.POLL_REMOVE:
            self._sockets[socket] = event
        if (event in _READING) != (former in _READING):
            if event in _READING:
                self._loop.add_reader(socket, self._act, socket, pycurl.CSELECT_IN)
            else:
                self._loop.remove_reader(socket)
        if (event in _WRITING) != (former in _WRITING):
            if event in _WRITING:
                self._loop.add_writer(socket, self._act, socket, pycurl.CSELECT_OUT)
            else:
                self._loop.remove_writer(socket)

    def _set_timer(self, milliseconds: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if milliseconds >= 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, socket: int, events: int) -> None:
        _, running = self._multi.socket_action(socket, events)
        if running < len(self._live):
            self._gather()

    def _gather(self) -> None:
        waiting = 1
        while waiting:
            waiting, finished, failed = self._multi.info_read()
            for curl, code, text in (*((each, pycurl.E_OK, "") for each in finished), *failed):
                transfer = self._live[curl]
                self._take_out(transfer)
                transfer.tell(code, text)

    def _keep_watch(self) -> None:
        if self._watch is None:
            self._watch = self._loop.call_later(min(_GLANCE, self._config.timeout / 4), self._look_after)

    def _look_after(self) -> None:
        self._watch = None
        if self._live:
            self._keep_watch()
        # Zero has libcurl look at the socket by itself: should it ever have forgotten to ask for an event, nothing waits for it.
        for socket in tuple(self._sockets):
            if socket in self._sockets:
                self._multi.socket_action(socket, 0)
        self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._gather()
        since = monotonic() - self._config.timeout
        for transfer in tuple(self._live.values()):
            if transfer.moved < since:
                self._take_out(transfer)
                transfer.tell(pycurl.E_OPERATION_TIMEDOUT, "")

    async def close(self) -> None:
        """Close every connection."""
        for transfer in tuple(self._live.values()):
            self._take_out(transfer)
        for handle in (self._timer, self._watch):
            if handle is not None:
                handle.cancel()
        self._multi.close()
        for transfer in self._idle:
            transfer.curl.close()


class _Transfer:
    """One easy handle, used again and again, as setting it up costs more than using it."""

    def __init__(self, config: IndexConfig, tls: Options, proxies: Mapping[str, str]) -> None:
        self.curl = curl = pycurl.Curl()
        self.moved = 0.0
        self._is_blind = False
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.USERAGENT, config.user_agent)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int(config.timeout * 1000)))
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        # Rather share a connection that is being made than make another: pools of HTTP/1.1 connections stall.
        curl.setopt(pycurl.PIPEWAIT, 1)
        for option, value in tls.items():
            curl.setopt(option, value)
        self._proxies = proxies
        if config.proxy is not None:
            curl.setopt(pycurl.NOPROXY, "")
        curl.setopt(pycurl.WRITEFUNCTION, self._write)
        curl.setopt(pycurl.HEADERFUNCTION, self._head)

    def begin(
        self,
        url: str,
        headers: Mapping[str, str],
        ask: Ask,
        sink: Sink,
        done: asyncio.Future[tuple[int, str]],
        *,
        is_blind: bool,
    ) -> None:
        """Make ready for one exchange, which ends with *done*."""
        curl = self.curl
        self._limit, self._sink, self._done = ask.limit, sink, done
        self._count = 0
        self._lines: list[bytes] = []
        self._is_head_whole = False
        self._problem: Exception | None = None
        self.moved = monotonic()
        curl.setopt(pycurl.URL, url)
        # Unset first: an empty list would leave those of the former request, who may have been asked for a password.
        curl.unsetopt(pycurl.HTTPHEADER)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
        if "Accept-Encoding" in headers:
            curl.unsetopt(pycurl.ACCEPT_ENCODING)
        else:
            curl.setopt(pycurl.ACCEPT_ENCODING, "")
        is_own = ask.connection == "own"
        curl.setopt(pycurl.FRESH_CONNECT, is_own)
        curl.setopt(pycurl.FORBID_REUSE, is_own)
        curl.setopt(pycurl.MAXFILESIZE_LARGE, ask.limit)
        curl.setopt(pycurl.NOBODY, ask.method == "HEAD")
        if self._proxies:
            proxy = self._proxies.get(url.partition(":")[0])
            curl.unsetopt(pycurl.PROXY) if proxy is None else curl.setopt(pycurl.PROXY, proxy)
        if is_blind != self._is_blind:
            self._is_blind = is_blind
            curl.setopt(pycurl.SSL_VERIFYPEER, 0 if is_blind else 1)
            curl.setopt(pycurl.SSL_VERIFYHOST, 0 if is_blind else 2)

    def tell(self, code: int, text: str) -> None:
        """Wake the one who waits."""
        if not self._done.done():
            self._done.set_result((code, text))

    def outcome(self, code: int, text: str, url: str) -> Carried:
        """What *code* and what came mean together; raises as :meth:`CurlCarrier.carry` does."""
        if self._problem is not None:
            raise self._problem
        is_cut = code == pycurl.E_FILESIZE_EXCEEDED or (code == pycurl.E_WRITE_ERROR and self._count > self._limit)
        if code != pycurl.E_OK and not is_cut:
            raise self._judged(code, text, url)
        if not (is_cut or self._is_head_whole):
            # libcurl takes the end of the connection for the end of the head, and that for an empty answer.
            raise CarriageFailed("the answer ended in its headers", may_pass=True)
        return Carried(
            status=self.curl.getinfo(pycurl.RESPONSE_CODE),
            headers=_parsed(self._lines),
            url=url,
            received=self.curl.getinfo(pycurl.SIZE_DOWNLOAD_T),
            is_cut=is_cut,
        )

    def _judged(self, code: int, text: str, url: str) -> Exception:
        match code:
            case pycurl.E_OPERATION_TIMEDOUT:
                is_connected = self.curl.getinfo(pycurl.PRETRANSFER_TIME) > 0
                return CarriageFailed("no answer in time" if is_connected else "no connection in time", may_pass=True)
            # libcurl says the former of an answer that is not HTTP, too.
            case pycurl.E_UNSUPPORTED_PROTOCOL | pycurl.E_URL_MALFORMAT if not (
                self.curl.getinfo(pycurl.PRETRANSFER_TIME) > 0 and url.startswith(("http://", "https://"))
            ):
                return CarriageFailed(text, may_pass=False, hint=SCHEME_HINT)
            case pycurl.E_PEER_FAILED_VERIFICATION:
                return CarriageFailed(text, may_pass=False, hint=CERTIFICATE_HINT)
            case pycurl.E_SSL_CACERT_BADFILE:
                return SettingsInvalid(f"the CA bundle cannot be read: {text}", hint="name a file of PEM certificates")
            case pycurl.E_SSL_CERTPROBLEM:
                return SettingsInvalid(
                    f"the client certificate cannot be read: {text}", hint="name a PEM file with certificate and key"
                )
            case pycurl.E_PARTIAL_FILE:
                announced = _parsed(self._lines).get("content-length", "?")
                return CarriageFailed(f"the body ended after {self._count} of {announced} bytes", may_pass=True)
        if self.curl.getinfo(pycurl.HTTP_CONNECTCODE) == 407:
            return CarriageFailed(text, may_pass=False, hint=PROXY_HINT)
        return CarriageFailed(text or f"failed (libcurl's code {code})", may_pass=True)

    # What libcurl calls

    def _head(self, line: bytes) -> None:
        if line.startswith(b"HTTP/"):
            # Those of a proxy's answer or of an interim one came before.
            self._lines.clear()
            self._is_head_whole = False
            self.moved = monotonic()
        if line in (b"\r\n", b"\n"):
            self._is_head_whole = True
        self._lines.append(line)

    def _write(self, chunk: bytes) -> int | None:
        self._count += len(chunk)
        self.moved = monotonic()
        if self._count > self._limit:
            return _CUT
        try:
            self._sink.write(chunk)
        except Exception as problem:  # libcurl's C code would print and forget it
            self._problem = problem
            return _CUT
        return None


def _parsed(lines: list[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            name, value = name.lower(), value.strip()
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _encoded(url: str) -> str:
    """*url* as it may be sent: pages hold links with spaces and other characters that libcurl refuses."""
    if url.isascii() and " " not in url:
        return url
    return quote(url, safe=_KEPT)


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as problem:
        raise CarriageFailed(f"redirects to what is no URL: {problem}", may_pass=False) from problem


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_same_host_with_tls(url: str, target: str) -> bool:
    return _origin(url)[1:] == (_origin(target)[1], 80) and _origin(target)[::2] == ("https", 443)
