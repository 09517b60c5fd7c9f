"""A server that says, byte for byte, what a test has it say; and a proxy that opens tunnels."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, TCPServer, ThreadingMixIn
from typing import cast


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Server6(_Server):
    address_family = socket.AF_INET6


@contextmanager
def serving(talk: Callable[[socket.socket], None], host: str = "127.0.0.1") -> Iterator[int]:
    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                talk(cast(socket.socket, self.request))

    with (_Server6 if ":" in host else _Server)((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def head_of(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(65536)
        if not more:
            raise OSError("gone")
        head += more
    return head


@contextmanager
def scripted_server(answers: Mapping[str, bytes], host: str = "127.0.0.1") -> Iterator[str]:
    """Says what *answers* has for the path of the first request on each connection, then hangs up; yields its URL."""

    def talk(connection: socket.socket) -> None:
        path = head_of(connection).split(b" ", 2)[1].decode()
        connection.sendall(answers[path])

    with serving(talk, host) as port:
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def tunnel_proxy(refusal: bytes = b"") -> Iterator[tuple[str, list[bytes]]]:
    """A proxy for CONNECT, or one that says *refusal*; yields its URL and the heads of what it was asked."""
    heads: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        heads.append(head := head_of(connection))
        if refusal:
            connection.sendall(refusal)
            return
        host, _, port = head.split(b" ", 2)[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(far, connection), daemon=True)
            back.start()
            _pump(connection, far)
            back.join()

    with serving(talk) as port:
        yield f"http://127.0.0.1:{port}", heads


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
