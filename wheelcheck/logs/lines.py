"""The bytes of a log → its lines as the installer wrote them, without colours, progress, and what builders and CI write before.

A log is read as a stream, and of an endless line only the beginning is kept, so memory is bounded however large the log is.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from wheelcheck.errors import InputUnreadable

LONGEST = 8_000
"""Characters of a line that are read; what the patterns look for stands nearer to its beginning."""

_HEAD = 8_192
_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MAGIC = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"\x7fELF": "a program",
}
_MOST_UNREADABLE = 0.1
"""The share of bytes that no text has, beyond which a file is binary."""

# Colours and cursor movements (ECMA-48), titles and links (OSC), and what is left of them where a log viewer ate the escape.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]{0,40}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b]{0,400}(?:\x07|\x1b\\)|\x1b[@-Z\\^_=>78]|\ufeff"
)
_MOVES = re.compile(r"\x1b\[\d{0,4}[A-HJK]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_STAMP = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"

PREFIXES = (
    ("a job and a step of GitHub Actions (gh run view --log)", rf"(?P<job>[^\t]{{1,200}}\t[^\t]{{1,200}})\t(?={_STAMP} )"),
    ("GitLab with its stream", rf"{_STAMP} [0-9a-f]{{2}}[OE][ +]"),
    ("a timestamp", rf"\[?{_STAMP}\]?(?: |$)"),
    ("a time of day", r"\[?\d\d:\d\d:\d\d(?:\.\d{1,6})?\](?: |$)|\d\d:\d\d:\d\d(?:\.\d{1,6})? {1,2}(?=\S)"),
    ("AWS CodeBuild", r"\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? "),
    ("Google Cloud Build", r"Step #\d{1,4}(?: - \"[^\"]{1,100}\")?: "),
    ("BuildKit", r"(?P<step>#\d{1,5}) (?:\d{1,6}\.\d{1,3} )?"),
    ("BuildKit's summary", r"\d{1,6}\.\d{2,3} (?=\S| )"),
    ("BuildKit in a terminal", r" ?=> (?:=> )?(?:# )?"),
    ("docker compose", r"[\w.-]{1,60} {1,20}\| "),
    ("git push to a builder", r"remote: (?:-----> )?"),
    ("a section of GitLab", r"section_(?:start|end):\d{1,12}:[\w.-]{1,200}(?:\[[^\]]{0,100}\])?"),
    ("a command of GitHub Actions", r"##\[[a-z]{3,10}\]|::(?:error|warning|group)[^:]{0,200}::"),
    ("nox and tox", r"nox > |[\w.-]{1,40}: (?=(?:install_deps|commands\[|exit |FAIL))"),
)  # fmt: skip
"""What builders and CI write before a line of the installer: who writes it, and the pattern. The groups tell streams apart."""

_PREFIX = re.compile("|".join(f"(?:{pattern})" for _, pattern in PREFIXES))
_MOST_PREFIXES = 5
# A box that Poetry and others draw before each line.
_BAR = re.compile(r" {0,8}\| ?(?=\S|$| {2})")


class LogLine(NamedTuple):
    """A line of the log: its *number* from 1, the *job* and *step* of which it is (empty for none), its *text*."""

    number: int
    job: str
    step: str
    text: str


def open_text(stream: BinaryIO, path: str) -> io.TextIOWrapper:
    """*stream* as text: UTF-8, or UTF-16 as PowerShell writes it; raises ``InputUnreadable`` at *path* for what is no text."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Raw(stream), 1 << 20)
    head = buffered.peek(_HEAD)[:_HEAD]
    encoding = _BOMS.get(head[:2], "")
    if not encoding:
        kind = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
        unreadable = sum(byte < 7 or 13 < byte < 27 or 27 < byte < 32 for byte in head) + head.decode(
            "utf-8", "replace"
        ).count("�")
        if kind or unreadable > _MOST_UNREADABLE * max(len(head), 40):
            raise InputUnreadable(
                f"is {kind or 'a binary file'}, not the text of a log",
                address=path,
                hint="unpack it, and name the log in it"
                if kind
                else "give the output of pip, uv, poetry, pdm or docker as text",
            )
    return io.TextIOWrapper(buffered, encoding=encoding or "utf-8", errors="replace", newline="\n")


class _Raw(io.RawIOBase):
    """A raw stream over anything that can ``read``."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill *buffer*."""
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def iter_raw(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Each line with its number, without its end and without colours; of an endless one the beginning alone.

    A line that a progress bar draws again and again comes in several pieces, each of which ends where the drawing begins anew.
    """
    number, head, kept, is_new, is_endless = 0, "", "", True, False
    while piece := text.readline(LONGEST):
        if is_new:
            number, head = number + 1, ""
        else:
            piece = kept + piece
        is_first, is_new = is_new, piece.endswith("\n")
        start = piece.rfind("\r", 0, -2) + 1
        if is_endless and not start:
            is_endless = not is_new
            continue
        is_endless = not is_new and not start
        told, kept = (piece[:start], piece[start:]) if start and not is_new else (piece, "")
        yield number, head + _without_escapes(told).rstrip("\r\n")
        if is_first and not is_new:
            # What stands before the line counts for all of its pieces.
            head = "".join(_iter_prefixes(_without_escapes(told)))
    if kept:
        yield number, head + _without_escapes(kept)


def _without_escapes(text: str) -> str:
    """*text* without colours, which stand between words too and hide what is looked for; a moved cursor begins a line anew."""
    return _ESCAPES.sub("", _MOVES.sub("\r", text)) if "\x1b" in text or "\ufeff" in text else text


def _iter_prefixes(text: str) -> Iterator[str]:
    position = 0
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(text, position)
        if found is None or not found[0]:
            return
        position = found.end()
        yield found[0]


def cleaned(number: int, raw: str) -> Iterator[LogLine]:
    """The lines that a terminal showed for *raw* one after the other: a carriage return begins it again."""
    job, step = "", ""
    for part in raw.split("\r") if "\r" in raw else (raw,):
        text = part
        for _ in range(_MOST_PREFIXES):
            found = _PREFIX.match(text)
            if found is None or not found[0]:
                break
            job, step = found["job"] or job, found["step"] or step
            text = text[found.end() :]
        if text.strip():
            yield LogLine(number, job, step, _CONTROL.sub(" ", text).rstrip())


def unbarred(text: str) -> str:
    """*text* without the bar of a box before it."""
    return _BAR.sub("", text, count=1)
