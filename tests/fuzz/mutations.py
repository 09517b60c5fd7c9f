"""Makes hostile inputs of valid ones: ``(bytes, changes) → bytes``. Chooses nothing at random but in ``random_changes``."""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec import Struct

LARGEST = 16 * 1024
"""Bytes that an input has at most: what is slow or deep shows itself long before."""

TOKENS: tuple[bytes, ...] = (
    *(b"9" * count for count in (1, 20, 400, 5_000)),
    *(
        mark * count
        for mark in (b"[", b"{", b"(", b'{"a":', b"- ", b"<a ", b"'", b'"', b"`", b"#")
        for count in (1, 70, 1_200)
    ),
    *(
        b"-1",
        b"-0",
        b"1e999",
        b"NaN",
        b"0x10",
        b"1_0",
        b"1" + b"0" * 25,
        b"2026-99-99",
        b"true",
        b"null",
        b"[]",
        b"{}",
        b'""',
    ),
    *(
        b"\0",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\r",
        b"\x1b[2J",
        b"\xe2\x80\xae",
        b"\xc2\x85",
        b"\xed\xa0\x80",
        b"\\ud800",
    ),
    *(
        b"../",
        b"/../..",
        b"/",
        b"\\",
        b"C:",
        b"file:///dev/zero",
        b"/dev/zero",
        b"-r /dev/zero\n",
        b"file://h/x",
        b"~",
        b"-",
    ),
    *(
        b"http://[::1/",
        b"http://h:99999/",
        b"http://h:abc/",
        b"http://u:p@h/x",
        b"http:\\\\u:p@h",
        b"?token=x",
        b"%00",
        b"%",
    ),
    *(
        b"#sha256=abc",
        b"sha256:",
        b"md5=",
        b"git+ssh://h/x@y",
        b"a @ ",
        b"; extra == 'x'",
        b"==1.0.*",
        b">=",
        b"~=1",
        b"!",
        b"*",
    ),
    *(
        b"&#x110000;",
        b"<!--",
        b"<base href='http://['>",
        b"</a>",
        b"${X}",
        b"$(x)",
        b"{{x}}",
        b"&a *a",
        b"<<: *a",
        b"!!python",
    ),
    *(
        b"import ",
        b"from . import *\n",
        b"\\\n",
        b"\n",
        b"\n\n",
        b" ",
        b"\t",
        b":",
        b"=",
        b",",
        b"|",
        b"@",
        b"a" * 300,
        b"a" * 5_000,
    ),
    *(
        value.to_bytes(size, "little")
        for size in (2, 4, 8)
        for value in (0, 1, (1 << size * 8 - 1) - 1, (1 << size * 8) - 1)
    ),
)


class Change(Struct, frozen=True):
    """One change: *how*, at which part of the whole (0 to 1), of how many bytes (or how often), with which bytes."""

    how: str
    at: float
    size: int = 1
    content: bytes = b""


HOWS = ("insert", "replace", "delete", "repeat", "flip", "cut", "move", "number")


def changed(content: bytes, changes: Sequence[Change]) -> bytes:
    """*content* after *changes*, in their order; never longer than ``LARGEST``."""
    for change in changes:
        content = _changed(content, change)[:LARGEST]
    return content


def _changed(content: bytes, change: Change) -> bytes:
    start = int(change.at * len(content))
    stop = start + change.size
    match change.how:
        case "insert":
            return content[:start] + change.content + content[start:]
        case "replace":
            return content[:start] + change.content + content[start + len(change.content) :]
        case "delete":
            return content[:start] + content[stop:]
        case "repeat":
            piece = content[start : start + 40]
            return content[:start] + piece * min(change.size, LARGEST // (len(piece) + 1)) + content[start:]
        case "flip":
            return (
                content[:start]
                + bytes(each ^ 1 << change.size % 8 for each in content[start : start + 1])
                + content[start + 1 :]
            )
        case "cut":
            return content[:start]
        case "move":
            return content[:start] + content[stop:] + content[start:stop]
        case _:
            return _renumbered(content, start, change.content)


def _renumbered(content: bytes, start: int, number: bytes) -> bytes:
    """*content* with *number* in place of the first digits behind *start*."""
    first = next((place for place in range(start, len(content)) if content[place : place + 1].isdigit()), len(content))
    last = next(
        (place for place in range(first, len(content)) if not content[place : place + 1].isdigit()), len(content)
    )
    return content[:first] + number + content[last:]


def random_changes(chance: random.Random, corpus: Sequence[bytes]) -> list[Change]:
    """One to six changes, most of them with a token or a piece of another input of *corpus*."""
    return [_random_change(chance, corpus) for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4, 6)))]


def _random_change(chance: random.Random, corpus: Sequence[bytes]) -> Change:
    how = chance.choice(HOWS)
    if chance.random() < 0.2:
        other = chance.choice(corpus)
        start = chance.randrange(len(other) + 1)
        content = other[start : start + chance.choice((4, 40, 400))]
    else:
        content = chance.choice(TOKENS)
    return Change(how, chance.random(), chance.choice((1, 2, 8, 40, 300, 3_000)), content)
