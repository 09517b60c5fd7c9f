"""Where one file lands: ``NAME.part`` while it comes, ``NAME`` once it is whole, checked and safely on disk; asks nobody for it."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

from wheelcheck.environments.digests import Digests, different, known_hashes
from wheelcheck.environments.wheelhouse.wanted import PART
from wheelcheck.errors import DiskFailure, HashMismatch
from wheelcheck.model.urls import masked

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from wheelcheck.model.plan import PlannedFile
    from wheelcheck.ports import Transfers

_STEP = 1024**2
_BUFFER = 256 * 1024
_ERROR_PAGE = 64 * 1024
"""Fewer bytes than this at the end of a failed run may be an error page's, which the next run must not go on from."""


class PartFile:
    """The port ``Landing`` for *file* at *path*; *told* hears of every byte. To be closed, which keeps the part.

    What an earlier run left in the part counts as received, its hash computed anew; without a known hash nobody could tell in the
    end whether the two halves belong together, so then the file begins anew.
    """

    def __init__(self, file: PlannedFile, path: Path, told: Transfers) -> None:
        self._file = file
        self._path = path
        self._part = path.with_name(path.name + PART)
        self._told = told
        self._known = tuple(known_hashes(file))
        self._stream: BinaryIO | None = None
        self._kept = 0
        self._written = 0
        self._kept_digests = Digests(self._known)
        self._digests = Digests(self._known)
        self.sha256 = ""
        self.size = 0

    @property
    def received(self) -> int:
        """How many bytes are kept."""
        self._opened()
        return self._kept

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        stream = self._opened()
        try:
            stream.write(chunk)
        except OSError as error:
            raise self._failure(error) from error
        self._digests.update(chunk)
        self._written += len(chunk)
        self._told.arrived(len(chunk))

    def keep(self) -> None:
        """What was written since stays."""
        self._kept = self._written
        self._kept_digests = self._digests.copied()

    def restart(self) -> None:
        """Go back to what was kept."""
        if self._written == self._kept:
            return
        self._told.arrived(self._kept - self._written)
        self._cut(self._kept)
        self._digests = self._kept_digests.copied()

    def begin_anew(self) -> None:
        """Forget everything."""
        self._told.arrived(-self._written)
        self._cut(0)
        self._kept = 0
        self._digests, self._kept_digests = Digests(self._known), Digests(self._known)

    def finish(self) -> None:
        """Check the hashes, bring the bytes to the disk and give the file its name."""
        stream = self._opened()
        fact = different(self._digests, self._file, self._written)
        if fact:
            # Bytes that are wrong must not be gone on with, in this run or the next.
            self.begin_anew()
            self.close()
            with contextlib.suppress(OSError):
                self._part.unlink()
            raise HashMismatch(
                f"{self._file.filename} is not the file of the plan: {fact}",
                address=masked(self._file.url),
                hint="it changed after the plan was made, or something between alters it: make the plan again with "
                "--refresh, and compare",
            )
        try:
            self.keep()
            stream.flush()
            os.fsync(stream.fileno())
            self.close()
            self._part.replace(self._path)
        except OSError as error:
            raise self._failure(error) from error
        self.sha256, self.size = self._digests.digest("sha256"), self._written
        self._told.landed(self._file.filename)

    def close(self) -> None:
        """Let go of the part, which stays with what is in it; may be called twice."""
        if self._stream is not None and 0 < self._written - self._kept < _ERROR_PAGE:
            with contextlib.suppress(DiskFailure):
                self.restart()
        stream, self._stream = self._stream, None
        if stream is not None:
            # What cannot be written any more was not received; who comes next reads what is there.
            with contextlib.suppress(OSError):
                stream.close()

    def _opened(self) -> BinaryIO:
        if self._stream is None:
            try:
                self._part.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._part.open("r+b" if self._part.exists() else "w+b", buffering=_BUFFER)
                self._read_former(self._stream)
            except OSError as error:
                raise self._failure(error) from error
        return self._stream

    def _read_former(self, stream: BinaryIO) -> None:
        if not self._known:
            if stream.seek(0, os.SEEK_END):
                stream.seek(0)
                stream.truncate()
            return
        while chunk := stream.read(_STEP):
            self._digests.update(chunk)
            self._written += len(chunk)
        self.keep()

    def _cut(self, size: int) -> None:
        stream = self._opened()
        try:
            stream.flush()
            stream.seek(size)
            stream.truncate()
        except OSError as error:
            raise self._failure(error) from error
        self._written = size

    def _failure(self, error: OSError) -> DiskFailure:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return DiskFailure(
            f"cannot be written: {error.strerror or error}",
            address=str(self._part),
            hint="free some space and run the same command again: it continues from what was downloaded"
            if is_full
            else "name a folder that can be written with -d",
        )
