"""A server that keeps silent, or lets its answers drip; for tests of those who wait."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Manner = Literal["silent", "stops", "drips", "slow-headers"]
PAGE = b'<!DOCTYPE html><html><body><a href="a-1.0-py3-none-any.whl">a-1.0-py3-none-any.whl</a></body></html>'


class SilentServer:
    """*manners* says how often requests for a path are answered badly and how, before they are answered well with ``PAGE``.

    ``silent`` never answers, ``stops`` in the middle of the body, ``drips`` a byte at a time, ``slow-headers`` likewise before it.
    """

    def __init__(self, manners: Mapping[str, tuple[int, Manner]]) -> None:
        self._manners = manners
        self._guard = threading.Lock()
        self.seen: Counter[str] = Counter()
        self.ended = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def do_GET(handler) -> None:  # noqa: N805 - the server is self
                try:
                    self._answer(handler)
                except OSError:
                    handler.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/simple/"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        with self._guard:
            self.seen[handler.path] += 1
            times, manner = self._manners.get(handler.path, (0, "silent"))
            is_bad = self.seen[handler.path] <= times
        if not is_bad:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/html")
            handler.send_header("Content-Length", str(len(PAGE)))
            handler.end_headers()
            handler.wfile.write(PAGE)
            return
        handler.close_connection = True
        if manner in ("stops", "drips"):
            handler.send_response(200)
            handler.send_header("Content-Type", "text/html")
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
            handler.wfile.write(PAGE)
        if manner == "slow-headers":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Filler: ")
        while not self.ended.wait(0.05):
            if manner in ("drips", "slow-headers"):
                handler.wfile.write(b"x")
                handler.wfile.flush()


@contextmanager
def silent_server(**manners: tuple[int, Manner]) -> Iterator[SilentServer]:
    """A server on the loopback for projects by name."""
    server = SilentServer({f"/simple/{name}/": manner for name, manner in manners.items()})
    thread = threading.Thread(target=server._server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server._server.shutdown()
        thread.join()
        server._server.server_close()
