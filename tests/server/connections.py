"""The wire of the test index: connections, threads, pace and breakage; what is answered is decided elsewhere."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import threading
import zlib
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol, cast

from tests.server.answers import Answer, refuse
from tests.server.mode import Flaky, Mode

if TYPE_CHECKING:
    from socketserver import _AfInetAddress

_PIECE = 16 * 1024
_ENDLESS_LIMIT = 1 << 28
_SLICES_PER_SECOND = 50


class Answering(Protocol):
    """Who decides what is answered."""

    @property
    def mode(self) -> Mode:
        """How it behaves now."""
        ...

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Write a request down; answer whether it must fail."""
        ...

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """What the request gets."""
        ...


class ConnectionServer(ThreadingHTTPServer):
    """Threads that end when told: idle keep-alive connections are shut, then every thread is joined."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(self, index: Answering, tls: ssl.SSLContext | None) -> None:
        self.index = index
        self.stopping = threading.Event()
        self.failures: list[Exception] = []
        self.resets: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__(("127.0.0.1", 0), Handler)
        if tls is not None:
            # The handshake belongs to the connection's own thread: a silent client must not block the others.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def start(self) -> None:
        """Serve on a thread of its own."""
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, name="test index")
        self._thread.start()

    def stop(self) -> None:
        """End serving, every connection and every thread."""
        self.stopping.set()
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        with self._guard:
            for connection in self._open:
                _shut(connection)
        self.server_close()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], address: _AfInetAddress) -> None:
        """Remember the connection before its thread starts."""
        connection = cast(socket.socket, request)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._guard:
            self._open.add(connection)
        super().process_request(request, address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close with FIN, or with RST where the mode asks for it."""
        connection = cast(socket.socket, request)
        with self._guard:
            self._open.discard(connection)
            reset = connection in self.resets
            self.resets.discard(connection)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what failed for the test to see; a client that went away is no failure."""
        error = sys.exception()
        # OSError: the peer's reset, a failed handshake, or our own shutdown of the socket.
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.failures.append(error)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the peer was quicker


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: ConnectionServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the requests are written down."""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def _serve(self) -> None:
        index = self.server.index
        headers = {name.lower(): value for name, value in self.headers.items()}
        failing = index.note(self.command, self.path, headers)
        mode = index.mode
        if self.server.stopping.wait(mode.latency) if mode.latency else self.server.stopping.is_set():
            self.close_connection = True
            return
        if failing and mode.flaky is not None:
            self._fail(mode.flaky, headers)
            return
        answer = index.answer(self.command, self.path, headers)
        if answer.kind in mode.endless and answer.status in (200, 206) and self.command == "GET":
            self._send_endless(answer, mode)
        else:
            self._send(answer, len(answer.body))

    def _fail(self, flaky: Flaky, headers: Mapping[str, str]) -> None:
        match flaky.how:
            case "reset" | "hang-up":
                if flaky.how == "reset":
                    self.server.resets.add(self.connection)
                self.close_connection = True
            case "truncate":
                answer = self.server.index.answer(self.command, self.path, headers)
                self._send(answer, len(answer.body) // 2)
                self.close_connection = True
            case status:
                extra = {} if flaky.retry_after is None else {"Retry_After": flaky.retry_after}
                answer = refuse(int(status), "later", **extra)
                self._send(answer, len(answer.body))

    def _send(self, answer: Answer, stop: int) -> None:
        """Send *answer* with its full Content-Length but only *stop* bytes of its body."""
        self._send_head(answer)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        for piece in self._paced(memoryview(answer.body)[:stop]):
            self.wfile.write(piece)

    def _send_endless(self, answer: Answer, mode: Mode) -> None:
        # Its end is the closing of the connection (RFC 9112, section 6.3), which never comes of itself.
        self._send_head(answer)
        self.send_header("Connection", "close")
        zipped = mode.encoding == "gzip"
        if zipped and "Content-Encoding" not in answer.headers:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.close_connection = True
        squeeze = zlib.compressobj(wbits=31) if zipped else None
        filler, sent = b" " * (_PIECE if squeeze is None else 1 << 20), 0
        if squeeze is None:
            self.wfile.write(answer.body)
        while sent < _ENDLESS_LIMIT and not self.server.stopping.is_set():
            self.wfile.write(filler if squeeze is None else squeeze.compress(filler))
            sent += len(filler)

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)

    def _paced(self, body: memoryview) -> Iterator[memoryview]:
        bandwidth = self.server.index.mode.bandwidth
        step = _PIECE if bandwidth is None else max(1, bandwidth // _SLICES_PER_SECOND)
        for start in range(0, len(body), step):
            piece = body[start : start + step]
            if bandwidth is not None and self.server.stopping.wait(len(piece) / bandwidth):
                self.close_connection = True
                return
            yield piece
