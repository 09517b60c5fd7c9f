"""Reads parts of a remote file into a :class:`SparseFile`, whatever its host thinks of ranges; understands no zip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.exchange import Ask, Reply
from wheelcheck.index.hosts import FileHost
from wheelcheck.index.segments import BytesMissing, SparseFile
from wheelcheck.index.statistics import RequestKind
from wheelcheck.model.urls import masked

if TYPE_CHECKING:
    from wheelcheck.index.transport import Transport

TAIL = 64 * 1024
"""Bytes of the first request: of 32 wheels, 16 KiB leave 16 further requests, 32 KiB 11, 64 KiB 7, 256 KiB 3 for 3 MB more."""
_STEP = 16 * 1024
_WHOLE = 1024**2  # a host that sends everything instead of a part may do so up to here
_PART = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+|\*)", re.ASCII)


class RangeReader:
    """The parts of one file at *url*; what its *host* refuses is remembered for the next file."""

    def __init__(self, url: str, filename: str, transport: Transport, host: FileHost, config: IndexConfig) -> None:
        self._url = url
        self._filename = filename
        self._transport = transport
        self._host = host
        self._limit = config.metadata_limit * 2

    async def open_tail(self) -> SparseFile | None:
        """The file with its last bytes at hand; ``None`` where its host answers no ranges.

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

    async def fill(self, file: SparseFile, missing: BytesMissing) -> bool:
        """Add the *missing* bytes and some more; false where they do not come."""
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
            # The total after the slash may lie; the last byte of the file is the last that came.
            file = SparseFile(part[1] + 1)
            file.add(part[0], reply.body)
            return file
        if reply.status == 200 and not reply.is_cut:
            file = SparseFile(len(reply.body))
            file.add(0, reply.body)
            return file
        return None

    async def _length(self) -> int | None:
        """How long the file is, as a range of one byte tells; HEAD would, too, but its headers are about another answer."""
        reply = await self._ask("bytes=0-0", _STEP)
        part = _part(reply)
        return None if part is None else part[2]

    async def _ask(self, part: str, limit: int) -> Reply:
        reply = await self._transport.fetch(
            Ask(
                url=self._url,
                kind=RequestKind.RANGE,
                what=self._filename,
                limit=limit,
                # A compressed part is a part of the compressed file, which is of no use.
                headers={"Range": part, "Accept-Encoding": "identity"},
            )
        )
        if reply.status in (403, 404, 410):
            raise IndexUnavailable(
                f"answered {reply.status}: the file is on the page, but not there",
                address=masked(self._url),
                hint="the page may be stale (--refresh), or the file may need credentials",
            )
        return reply


def _part(reply: Reply) -> tuple[int, int, int | None] | None:
    """First and last byte, and the total, of a partial answer that is consistent in itself."""
    matched = _PART.match(reply.headers.get("content-range", ""))
    if reply.status != 206 or matched is None or reply.is_cut:
        return None
    start, last = int(matched[1]), int(matched[2])
    if last - start + 1 != len(reply.body):
        return None
    return start, last, None if matched[3] == "*" else int(matched[3])
