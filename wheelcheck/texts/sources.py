"""Reads the text of an input: from a file, a URL or standard input; does not understand it.

Each source keeps the place it came from, so that a name nested in it is found next to it, and the hash of its bytes.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

from msgspec import Struct

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.urls import masked
from wheelcheck.texts.files import read_file
from wheelcheck.texts.places import is_web_url, near_names, path_of, url_path

# UTF-32 first: the little-endian mark of UTF-16 is the beginning of its mark.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING_LINE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_HINT = "write the path from the current folder"
_INCLUDED_HINT = "write the path from the folder of the file that names it"


class Source(Struct, frozen=True, kw_only=True):
    """A text that was read.

    ``place`` names it in messages and origins, without credentials. A local file has ``folder``, the one it lies in; a remote
    one has ``url``; standard input has neither: names in it start at the current folder.
    """

    place: str
    text: str
    folder: Path | None = None
    url: str | None = None

    def at(self, line: int) -> str:
        """The address of *line* (from 1) for a message; of the whole source for 0."""
        return f"{self.place}:{line}" if line else self.place


class Reader:
    """Reads sources and keeps ``files``, the place and SHA-256 of each, in reading order.

    *fetch_text* brings the text at an http(s) URL and raises its own errors; *stdin* the whole standard input, asked at
    most once.
    """

    def __init__(self, *, fetch_text: Callable[[str], str] | None, stdin: Callable[[], str] | None) -> None:
        self.files: list[tuple[str, str]] = []
        self._fetch_text = fetch_text
        self._stdin = stdin
        self._standard_input: Source | None = None

    def file(self, path: Path, place: str = "", *, asked_at: str = "") -> Source:
        """Read the file *path*, called *place* in messages; *asked_at* is the line that names it, if one does.

        Raises ``InputUnreadable`` where it is missing, unreadable, a folder or no text.
        """
        place = place or str(path)
        try:
            content = read_file(path)
        except FileNotFoundError:
            raise missing_file(path, place, asked_at) from None
        except IsADirectoryError:
            raise InputUnreadable(f"{place} is a folder, not a file", address=asked_at) from None
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise InputUnreadable(f"cannot be read: {reason}", address=asked_at or place) from None
        self._remember(place, content)
        return Source(place=place, text=decoded(content, place), folder=path.parent)

    def url(self, url: str, *, asked_at: str = "") -> Source:
        """Fetch the text at *url*; raises as fetching does."""
        place = masked(url)
        if self._fetch_text is None:
            raise InputUnreadable("a URL cannot be read here", address=asked_at or place)
        text = self._fetch_text(url)
        self._remember(place, text.encode("utf-8", "surrogatepass"))
        return Source(place=place, text=_checked(text, place), url=url)

    def standard_input(self) -> Source:
        """Everything on standard input, named ``-``."""
        if self._standard_input is None:
            if self._stdin is None:
                raise InputUnreadable("standard input cannot be read here", address="-")
            try:
                text = self._stdin()
            except UnicodeDecodeError:
                raise _not_text("-") from None
            self._remember("-", text.encode("utf-8", "surrogateescape"))
            self._standard_input = Source(place="-", text=_checked(text, "-"))
        return self._standard_input

    def nested(self, name: str, parent: Source, line: int) -> Source:
        """Read the file or URL *name* that *line* of *parent* includes: relative to *parent*, not to the current folder.

        Raises ``InputUnreadable``, and ``LineUnreadable`` for a malformed URL.
        """
        asked_at = parent.at(line)
        if is_web_url(name):
            url_path(name)
            return self.url(name, asked_at=asked_at)
        if parent.url is not None:
            if name.lower().startswith("file:"):
                # A page from elsewhere must not make us read, and quote, files of this machine.
                raise InputUnreadable(f"a file from a URL includes the local file {name!r}", address=asked_at)
            url_path(name)
            return self.url(urljoin(parent.url, name), asked_at=asked_at)
        path = path_of(name)
        if os.name != "nt" and "\\" in name and not ((parent.folder or Path()) / path).exists():
            path = path_of(name.replace("\\", "/"))
        place = str((Path(parent.place).parent if parent.folder is not None else Path()) / path)
        return self.file((parent.folder or Path()) / path, place, asked_at=asked_at)

    def _remember(self, place: str, content: bytes) -> None:
        self.files.append((place, hashlib.sha256(content).hexdigest()))


def decoded(content: bytes, place: str) -> str:
    """*content* as text: by its byte order mark, else by a PEP 263 line in the first two, else UTF-8.

    Unlike pip, the locale is not tried: the same file means the same everywhere. Raises ``InputUnreadable``.
    """
    mark, encoding = encoding_of(content)
    return _checked(_decoded(content[len(mark) :], encoding, place), place)


def encoding_of(content: bytes) -> tuple[bytes, str]:
    """The byte order mark that *content* begins with, empty for none, and the encoding of what follows."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return mark, encoding
    for line in content.split(b"\n", 2)[:2]:
        declared = _CODING_LINE.match(line)
        if declared is not None:
            return b"", declared[1].decode("ascii")
    return b"", "utf-8"


def _decoded(content: bytes, encoding: str, place: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError:
        raise InputUnreadable(f"declares the unknown encoding {encoding!r}", address=place) from None
    except UnicodeDecodeError as problem:
        raise _not_text(place, line=content.count(b"\n", 0, problem.start) + 1) from None


def _checked(text: str, place: str) -> str:
    text = text.removeprefix("\ufeff")
    position = text.find("\0")
    if position >= 0:
        raise _not_text(place, line=text.count("\n", 0, position) + 1)
    return text


def _not_text(place: str, *, line: int = 0) -> InputUnreadable:
    return InputUnreadable(
        "not text in UTF-8",
        address=f"{place}:{line}" if line else place,
        hint="save the file as UTF-8, or name its encoding in the first line: # -*- coding: cp1252 -*-",
    )


def missing_file(path: Path, place: str, asked_at: str = "") -> InputUnreadable:
    """The error for a file that is not there, with the names next to it that come near."""
    near = near_names(path)
    return InputUnreadable(
        f"no such file: {place}" if asked_at else "no such file",
        address=asked_at or place,
        hint=f"did you mean {' or '.join(near)}?" if near else _INCLUDED_HINT if asked_at else _HINT,
    )
