"""A file of which only parts are here, readable like any other until a missing part is touched; fetches nothing."""

from __future__ import annotations

import bisect
import io
import os


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
                content += held[stop - held_start :]
                stop = held_start + len(held)
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
