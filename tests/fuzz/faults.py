"""What an index may say instead of an answer, and odd graphs of projects: ``name → (connection, answer) → None``."""

from __future__ import annotations

import functools
import gzip
import socket
import struct
import time
import zlib
from collections.abc import Callable, Mapping

from tests.fakes.archives import make_wheel, metadata_text
from tests.server.answers import Answer
from tests.server.catalog import Made

Talk = Callable[[socket.socket, Answer], None]
_HTML, _MANY = "text/html", 400_000


def said(
    body: bytes, *headers: str, status: str = "200 OK", kind: str = _HTML, length: int | str | None = None
) -> bytes:
    """An answer byte for byte; a *length* of ``""`` announces none."""
    announced = () if length == "" else (f"Content-Length: {len(body) if length is None else length}",)
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *announced, *headers, "", "")
    return "\r\n".join(lines).encode() + body


def _raw(content: bytes) -> Talk:
    return lambda connection, _answer: connection.sendall(content)


def _redirect(target: str, status: str = "302 Found") -> Talk:
    return _raw(said(b"", f"Location: {target}", status=status))


def _packed(coding: str, content: bytes) -> Talk:
    return _raw(said(content, f"Content-Encoding: {coding}"))


def _spoilt(change: Callable[[bytes], bytes]) -> Talk:
    return lambda connection, answer: connection.sendall(said(change(answer.body), kind=answer.content_type))


def _labelled(kind: str) -> Talk:
    return lambda connection, answer: connection.sendall(said(answer.body, kind=kind))


def _headed(*headers: str, status: str = "200 OK", length: int | str | None = None) -> Talk:
    return lambda connection, answer: connection.sendall(
        said(answer.body, *headers, status=status, kind=answer.content_type, length=length)
    )


def _drip(connection: socket.socket, answer: Answer) -> None:
    for byte in said(answer.body, kind=answer.content_type):
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def _drip_after_head(connection: socket.socket, answer: Answer) -> None:
    connection.sendall(said(b"", kind=answer.content_type, length=len(answer.body) + 1))
    _drip(connection, answer)


def _silent(connection: socket.socket, _answer: Answer) -> None:
    connection.recv(1)


def _reset(connection: socket.socket, _answer: Answer) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _reset_within(connection: socket.socket, answer: Answer) -> None:
    connection.sendall(said(answer.body[: len(answer.body) // 2], length=len(answer.body)))
    _reset(connection, answer)


def _endless(piece: bytes, head: bytes) -> Talk:
    def talk(connection: socket.socket, _answer: Answer) -> None:
        connection.sendall(head)
        for _ in range(1 << 15):
            connection.sendall(piece)

    return talk


def _chunks_without_end() -> Talk:
    piece = b"4000\r\n" + b"<a>" * 0x1555 + b"x\r\n"
    return _endless(piece, said(b"", "Transfer-Encoding: chunked", length=""))


@functools.cache
def _bomb(size: int = 400_000_000) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


_TIMES = "9" * 5_000

_ELSEWHERE: tuple[bytes, ...] = (
    b"file:///dev",
    b"file:///etc",
    b"http://h:99999",
    b"http://h:abc",
    b"http://[::1",
    b"http://u:p@h",
    b"javascript:",
    b"//",
    b"\\\\h",
)

WIRE: dict[str, Talk] = {
    "redirect to itself": lambda connection, answer: connection.sendall(
        said(b"", "Location: ?again", status="302 Found", kind=answer.content_type)
    ),
    "redirect from one to another": _redirect("./x/"),
    "redirect to file": _redirect("file:///etc/hostname"),
    "redirect to device": _redirect("file:///dev/zero"),
    "redirect to nobody": _redirect("http://127.0.0.1:9/simple/b/"),
    "redirect to another scheme": _redirect("ftp://127.0.0.1/b"),
    "redirect to no address": _redirect("http://[::1/"),
    "redirect to port 99999": _redirect("http://127.0.0.1:99999/"),
    "redirect with password": _redirect("http://u:secret@127.0.0.1:9/"),
    "redirect to nothing": _raw(said(b"", status="301 Moved")),
    "redirect to data": _redirect("data:text/html,<a>", "307 Temporary Redirect"),
    "redirect of megabytes": _redirect("/" + "x" * 2_000_000),
    "gzip bomb": lambda connection, _answer: connection.sendall(said(_bomb(), "Content-Encoding: gzip")),
    "gzip bomb in two": lambda connection, _answer: connection.sendall(said(_bomb(), "Content-Encoding: gzip, gzip")),
    "deflate bomb": _packed("deflate", zlib.compress(bytes(100_000_000), 9)),
    "br bomb": _packed("br", b"\xff" * 5_000),
    "zstd bomb": _packed("zstd", b"\x28\xb5\x2f\xfd" + b"\xff" * 5_000),
    "packing unknown": _packed("rot13", b"<n>"),
    "gzip cut": _packed("gzip", gzip.compress(bytes(100_000))[:-9]),
    "gzip that is none": _packed("gzip", b"<!DOCTYPE html>" * 200),
    "endless": _endless(b"<a>" * 5_000, said(b"", length="")),
    "endless chunks": _chunks_without_end(),
    "endless head": _endless(b"X-Y: " + b"z" * 10_000 + b"\r\n", b"HTTP/1.1 200 OK\r\n"),
    "many heads": _raw(said(b"", *(f"X-{number}: y" for number in range(20_000)))),
    "length too large": _headed(length=10**6),
    "length too small": _headed(length=3),
    "length negative": _headed(length=-5),
    "length of 5,000 digits": _headed(length=_TIMES),
    "length told twice": _headed("Content-Length: 7"),
    "range of 5,000 digits": _headed(f"Content-Range: bytes 0-{_TIMES}/{_TIMES}", status="206 Partial Content"),
    "range of others": _headed("Content-Range: bytes 900000-900010/900011", status="206 Partial Content"),
    "range backwards": _headed("Content-Range: bytes 9-1/10", status="206 Partial Content"),
    "range of nothing": _headed("Content-Range: bytes */0", status="416 Range Not Satisfiable"),
    "part unasked": _headed(status="206 Partial Content"),
    "unchanged unasked": _headed(status="304 Not Modified"),
    "ETag of a megabyte": _headed(f'ETag: "{"e" * 200_000}"'),
    "cache words": _headed(f"Cache-Control: max-age={_TIMES}, no-store", f"Age: {_TIMES}", "Expires: never"),
    "wait of 5,000 digits": _headed(f"Retry-After: {_TIMES}", status="429 Too Many Requests"),
    "wait until never": _headed("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", status="503 Service Unavailable"),
    "chunks that are none": _raw(said(b"zz\r\nx\r\n", "Transfer-Encoding: chunked", length="")),
    "chunk of all": _raw(said(b"ffffffffffffffff\r\nx\r\n", "Transfer-Encoding: chunked", length="")),
    "no HTTP": _raw(b"SSH-2.0-x\r\n" * 20),
    "TLS": _raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 30),
    "HTTP/0.9": _raw(b"<html></html>"),
    "HTTP/2 preface": _raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "status 999": _headed(status="999 What"),
    "status 1e9": _headed(status="1000000000 What"),
    "status 100 for ever": _endless(b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    "nothing": _raw(b""),
    "half a head": _raw(b"HTTP/1.1 200 OK\r\nContent-"),
    "reset": _reset,
    "reset within": _reset_within,
    "silence": _silent,
    "drip": _drip,
    "drip after head": _drip_after_head,
    **{
        f"status {word}": _headed(status=word)
        for word in ("204 No", "300 Many", "400 Bad", "402 Pay", "418 Tea", "451 Law")
    },
    **{
        f"status {word}": _headed(status=word)
        for word in ("401 Who", "403 No", "404 Not", "410 Gone", "500 Oh", "503 Un")
    },
}
"""Faults of how an answer comes. Of these only an absence (401 to 410) lets a run end with a verdict."""

CONTENT: dict[str, Talk] = {
    "empty": _spoilt(lambda _body: b""),
    "NUL": _spoilt(lambda _body: bytes(10_000)),
    "noise": _spoilt(lambda body: bytes(each ^ 0x5A for each in body)),
    "half": _spoilt(lambda body: body[: len(body) // 2]),
    "twice": _spoilt(lambda body: body * 2),
    "without its last byte": _spoilt(lambda body: body[:-1]),
    "after a mark": _spoilt(lambda body: b"\xef\xbb\xbf" + body),
    "in UTF-16": _spoilt(lambda body: body.decode("latin-1").encode("utf-16")),
    "half characters": _spoilt(lambda body: body.replace(b"b", b"\xed\xa0\x80")),
    "brackets": _spoilt(lambda _body: b"[" * _MANY),
    "braces": _spoilt(lambda _body: b'{"a":' * 100_000),
    "anchors unclosed": _spoilt(lambda _body: b"<a " * _MANY),
    "attributes": _spoilt(lambda _body: b"<a " + b"x=y " * _MANY + b">"),
    "elements": _spoilt(lambda _body: b"<p>" * _MANY),
    "comment": _spoilt(lambda _body: b"<!--" * _MANY),
    "references": _spoilt(lambda _body: b"<a href='&#x110000;&#99999999999;'>b-1.0.zip</a>" * 1_000),
    "sign in": _spoilt(lambda _body: b"<html><form>Who are you?</form></html>"),
    "200,000 links": _spoilt(
        lambda _body: (
            b"<!DOCTYPE html>" + b"".join(b"<a href=b-1.%d.zip>b-1.%d.zip</a>\n" % (n, n) for n in range(200_000))
        )
    ),
    "links elsewhere": _spoilt(
        lambda _body: (
            b"<!DOCTYPE html><base href='http://['>"
            + b"".join(b"<a href='%s/b-1.%d-py3-none-any.whl'>x</a>\n" % (each, n) for n, each in enumerate(_ELSEWHERE))
        )
    ),
    "10 MB": _spoilt(lambda body: body + b" " * 10_000_000),
    "requires 100,000": _spoilt(
        lambda _body: metadata_text("b", "1.0", requires=[f"x{n}" for n in range(100_000)]).encode()
    ),
    "requires of others": _spoilt(
        lambda _body: metadata_text(
            "b", "1.0", requires=["x @ file:///dev/zero", "y @ git+ssh://h/y", "b[z]; extra=='z'"]
        ).encode()
    ),
    "another name": _spoilt(lambda _body: metadata_text("impostor", "6.6").encode()),
    "version of 5,000 digits": _spoilt(lambda _body: metadata_text("b", _TIMES, requires=[f"x>={_TIMES}"]).encode()),
    "line without end": _spoilt(lambda body: body + b"Requires-Dist: " + b"x" * 5_000_000),
    "labelled as nothing": _labelled(""),
    "labelled as a picture": _labelled("image/png"),
    "labelled as JSON": _labelled("application/vnd.pypi.simple.v1+json"),
    "labelled as version 9": _labelled("application/vnd.pypi.simple.v9+json"),
    "labelled as HTML": _labelled("text/html; charset=no-such-thing"),
}
"""Faults of what comes, which may well be read as another answer."""


def _graphs() -> Mapping[str, Callable[[], dict[str, list[Made]]]]:
    big = metadata_text("b", "1.0") + "\n" + "x" * 10_000_000
    return {
        "cycle of 1,000": lambda: _ring(1_000, closed=True),
        "chain of 2,000": lambda: _ring(2_000, closed=False),
        "10,000 versions": lambda: {"a": [make_wheel("a", f"1.{number}") for number in range(10_000)]},
        "10,000 versions that clash": lambda: {
            "a": [make_wheel("a", f"1.{number}", requires=[f"b>{number}"]) for number in range(500)],
            "b": [make_wheel("b", "0.1")],
        },
        "5,000 needs": lambda: {"a": [make_wheel("a", "1.0", requires=[f"x{number}" for number in range(2_000)])]},
        "metadata of 10 MB": lambda: {
            "a": [make_wheel("a", "1.0", requires=["b"])],
            "b": [make_wheel("b", "1.0", metadata=big)],
        },
        "itself": lambda: {"a": [make_wheel("a", "1.0", requires=["a[x]", "a>=1"], extras=["x"])]},
        "extras of extras": lambda: {
            "a": [
                make_wheel(
                    "a",
                    "1.0",
                    requires=[f"a[x{n + 1}]; extra == 'x{n}'" for n in range(500)],
                    extras=[f"x{n}" for n in range(501)],
                )
            ]
        },
    }


GRAPHS = _graphs()


def _ring(count: int, *, closed: bool) -> dict[str, list[Made]]:
    names = ["a", *(f"p{number}" for number in range(1, count))]
    after = [*names[1:], *names[:1]] if closed else [*names[1:], ""]
    return {
        name: [make_wheel(name, "1.0", requires=[each] if each else [])]
        for name, each in zip(names, after, strict=True)
    }
