"""Downloads whole files, texts and parts of files by range requests. Reads nothing in them."""

from __future__ import annotations

import bisect
import io
import os
import re
from collections.abc import Callable
from typing import BinaryIO, TypeVar, cast
from urllib.parse import urlsplit

from msgspec import Struct, field

from wheelcheck.errors import ArchiveRefused, IndexRefused, IndexUnavailable
from wheelcheck.index.config import local_path
from wheelcheck.index.exchange import HashingFile, Reply, Request, RequestKind, checkable, verify_digest
from wheelcheck.index.fetch_context import FetchContext
from wheelcheck.model.distribution import Availability
from wheelcheck.model.urls import masked
from wheelcheck.texts.files import read_file

T = TypeVar("T")


class BytesMissing(Exception):
    """The bytes from *start* to *stop* (exclusive) are needed and not here."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__(f"bytes {start} to {stop} are not here")
        self.start = start
        self.stop = stop


class SparseFile(io.BufferedIOBase):
    """A seekable file of *length* bytes made of segments; reading beyond them raises :class:`BytesMissing`.

    ``bytes_held`` counts what was added.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._position = 0
        self._starts: list[int] = []
        self._segments: list[bytes] = []
        self.bytes_held = 0

    def add(self, start: int, content: bytes) -> None:
        """Put *content* at *start*; touching and overlapping segments are joined."""
        if not content:
            return
        self.bytes_held += len(content)
        stop = start + len(content)
        first = bisect.bisect_left(self._starts, start)
        if first and self._starts[first - 1] + len(self._segments[first - 1]) >= start:
            first -= 1
        last = first
        while last < len(self._starts) and self._starts[last] <= stop:
            held_start, held = self._starts[last], self._segments[last]
            if held_start < start:
                content = held[: start - held_start] + content
                start = held_start
            if held_start + len(held) > stop:
                content += held[stop - held_start :]  # which is the last, as no two segments touch
            last += 1
        self._starts[first:last] = [start]
        self._segments[first:last] = [content]

    def holds(self, start: int, stop: int) -> bool:
        """Whether all bytes from *start* to *stop* (exclusive) are here."""
        place = bisect.bisect_right(self._starts, start) - 1
        return place >= 0 and stop <= self._starts[place] + len(self._segments[place])

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to *size* bytes from the position."""
        stop = self._length if size is None or size < 0 else min(self._length, self._position + size)
        if stop <= self._position:
            return b""
        place = bisect.bisect_right(self._starts, self._position) - 1
        if place >= 0:
            start, held = self._starts[place], self._segments[place]
            if stop <= start + len(held):
                found = held[self._position - start : stop - start]
                self._position = stop
                return found
            if self._position < start + len(held):
                raise BytesMissing(start + len(held), stop)
        raise BytesMissing(self._position, stop)

    def read1(self, size: int = -1, /) -> bytes:
        """Like :meth:`read`."""
        return self.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the position."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        if origin + offset < 0:
            raise OSError("seek before the beginning of the file")
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True


_MISSES_ENOUGH = 8


class FileHost(Struct):
    """What is known of one host; assumed capable until it fails.

    ``sidecars`` has the upload time of each wheel whose sidecar was asked for, in order, and whether it was there.
    """

    sidecars: list[tuple[str, bool]] = field(default_factory=list)
    takes_suffix_ranges: bool = True
    takes_ranges: bool = True

    def note_sidecar(self, uploaded: str | None, *, found: bool) -> None:
        """Keep whether the wheel of that upload time had a sidecar."""
        bisect.insort(self.sidecars, (uploaded or "", found))

    def seems_bare(self, uploaded: str | None) -> bool:
        """Whether a wheel of that upload time seems to have no sidecar, so that waiting for one is likely useless.

        Mirrors have sidecars of what was uploaded until, or since, some day: those uploaded next before and after it decide.
        """
        if uploaded is None or not self.sidecars or not self.sidecars[0][0]:
            return len(self.sidecars) >= _MISSES_ENOUGH and not any(found for _, found in self.sidecars)
        after = bisect.bisect(self.sidecars, (uploaded,))
        return not any(found for _, found in self.sidecars[max(0, after - 1) : after + 1])


class FileHosts:
    """The hosts by name and port."""

    def __init__(self) -> None:
        self._hosts: dict[str, FileHost] = {}

    def of(self, url: str) -> FileHost:
        """The host that serves *url*."""
        return self._hosts.setdefault(urlsplit(url).netloc, FileHost())


TAIL = 64 * 1024
"""Bytes of the first request: of 32 wheels, 16 KiB leave 16 further requests, 32 KiB 11, 64 KiB 7, 256 KiB 3 for 3 MB more."""
_STEP = 16 * 1024
_WHOLE = 1024**2  # a host that sends everything instead of a part may do so up to here
PART = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}(?!\d)|\*)", re.ASCII)
"""A ``Content-Range`` of numbers that a file may have."""


class RangeReader:
    """Requests parts of the file at *url*; a refusal of its *host* is remembered for the next file."""

    def __init__(self, context: FetchContext, hosts: FileHosts, url: str, filename: str) -> None:
        self._url = url
        self._filename = filename
        self._transport = context.transport()
        self._host = hosts.of(url)
        self._limit = context.config.metadata_limit * 2

    async def open_tail(self) -> SparseFile | None:
        """The file with its last bytes; ``None`` if its host does not answer ranges.

        Raises ``IndexUnavailable`` where there is no such file.
        """
        if not self._host.takes_ranges:
            return None
        if self._host.takes_suffix_ranges:
            file = self._opened(await self._ask(f"bytes=-{TAIL}", _WHOLE))
            if file is not None:
                return file
            self._host.takes_suffix_ranges = False
        length = await self._length()
        if length is None:
            self._host.takes_ranges = False
            return None
        return self._opened(await self._ask(f"bytes={max(0, length - TAIL)}-{length - 1}", _WHOLE))

    async def read(self, file: SparseFile, read: Callable[[BinaryIO], T], rounds: int) -> T | None:
        """What *read* returns of *file*, with missing bytes fetched at most *rounds* times; ``None`` if they cannot be had."""
        for _ in range(rounds):
            try:
                return read(cast(BinaryIO, file))
            except BytesMissing as missing:
                if not await self.fill(file, missing):
                    return None
        return None

    async def fill(self, file: SparseFile, missing: BytesMissing) -> bool:
        """Add the *missing* bytes and some more; false if they cannot be had."""
        stop = max(missing.stop, missing.start + _STEP)
        if stop - missing.start > self._limit:
            return False
        reply = await self._ask(f"bytes={missing.start}-{stop - 1}", max(_WHOLE, stop - missing.start))
        part = _part(reply)
        if part is None or part[0] != missing.start:
            return False
        file.add(missing.start, reply.body)
        return missing.start + len(reply.body) >= missing.stop

    def _opened(self, reply: Reply) -> SparseFile | None:
        part = _part(reply)
        if part is not None:
            # The total after the slash may be wrong; the last byte of the file is the last received one.
            file = SparseFile(part[1] + 1)
            file.add(part[0], reply.body)
            return file
        if reply.status == 200 and not reply.is_cut:
            file = SparseFile(len(reply.body))
            file.add(0, reply.body)
            return file
        return None

    async def _length(self) -> int | None:
        """The length of the file, from a range of one byte; the headers of a HEAD may be those of another answer."""
        reply = await self._ask("bytes=0-0", _STEP)
        part = _part(reply)
        return None if part is None else part[2]

    async def _ask(self, part: str, limit: int) -> Reply:
        reply = await self._transport.fetch(
            Request(
                url=self._url,
                kind=RequestKind.RANGE,
                what=self._filename,
                limit=limit,
                # A compressed part would be a part of the compressed file, which is useless.
                headers={"Range": part, "Accept-Encoding": "identity"},
            )
        )
        if reply.status in (403, 404, 410):
            raise IndexRefused(
                f"answered {reply.status}: the file is on the page, but not there",
                reply.status,
                address=masked(self._url),
                hint="the page may be stale (--refresh), or the file may need credentials",
            )
        return reply


def _part(reply: Reply) -> tuple[int, int, int | None] | None:
    """First and last byte, and the total, of a partial answer that is consistent in itself."""
    matched = PART.match(reply.headers.get("content-range", ""))
    if reply.status != 206 or matched is None or reply.is_cut:
        return None
    start, last = int(matched[1]), int(matched[2])
    if last - start + 1 != len(reply.body):
        return None
    return start, last, None if matched[3] == "*" else int(matched[3])


async def save_verified(at: Availability, filename: str, context: FetchContext) -> tuple[HashingFile, tuple[str, str]]:
    """Download ``at.url`` into a temporary file, which the caller closes; return it with the algorithm and its digest.

    Raises ``ArchiveRefused`` beyond the size limit (before asking, if the page announced the size), ``HashMismatch`` and
    ``IndexUnavailable``.
    """
    limit = context.config.file_limit
    if at.size is not None and at.size > limit:
        raise _too_large(filename, at.url, limit)
    algorithm, expected = checkable(at.hashes)
    download = HashingFile(algorithm)
    try:
        reply = await context.transport().save(
            Request(
                url=at.url,
                kind=RequestKind.FILE,
                what=filename,
                limit=limit,
                headers={"Accept-Encoding": "identity"},
            ),
            download,
        )
        _reject(reply, filename, at.url, limit)
        verify_digest(download.digest, algorithm, expected, at.url)
    except BaseException:
        download.close()
        raise
    return download, (algorithm, download.digest)


def _reject(reply: Reply, filename: str, url: str, limit: int) -> None:
    if reply.status != 200:
        raise IndexRefused(
            f"answered {reply.status}",
            reply.status,
            address=masked(url),
            hint="the page may be stale (--refresh), or the file may need credentials",
        )
    if reply.is_cut:
        raise _too_large(filename, url, limit)


def _too_large(filename: str, url: str, limit: int) -> ArchiveRefused:
    return ArchiveRefused(
        f"{filename} is larger than the limit of {limit // 1024**2} MB", address=masked(url), hint="judge it by hand"
    )


_LIMIT = 16 * 1024**2


class Texts:
    """Texts by URL; never cached on disk."""

    def __init__(self, context: FetchContext) -> None:
        self._context = context

    def at_hand(self, url: str) -> str | None:
        """The text of a local file; ``None`` for a remote one. Raises ``OfflineMiss`` and ``IndexUnavailable``."""
        path = local_path(url)
        if path is None:
            self._context.reject_offline("a text", url)
            return None
        try:
            return read_file(path).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            raise IndexUnavailable(f"cannot be read: {problem}", address=str(path)) from problem

    async def fetch(self, url: str) -> str:
        """The text behind *url*, UTF-8 with or without BOM; raises ``IndexUnavailable``."""
        address = self._context.credentials.learn(url)
        what = address.rpartition("/")[2]
        request = Request(url=address, kind=RequestKind.TEXT, what=what, limit=_LIMIT)
        reply = await self._context.transport().fetch(request)
        if reply.status != 200 or reply.is_cut:
            fact = f"is larger than {_LIMIT} bytes" if reply.is_cut else f"answered {reply.status}"
            raise IndexUnavailable(fact, address=masked(url))
        try:
            return reply.body.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise IndexUnavailable(f"is no UTF-8 text: {problem}", address=masked(url)) from problem
