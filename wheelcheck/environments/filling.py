"""Downloads the files of a plan into a folder: only those that are missing, each checked before it has its name; builds nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from wheelcheck.environments.trees import Digests, algorithms_of, difference
from wheelcheck.environments.wheelhouse import PART, Entry, Record, Wanted, fetched_entry, load_record
from wheelcheck.errors import DiskFailure, HashMismatch
from wheelcheck.model.environment import PlanSizes
from wheelcheck.model.plan import PlannedFile
from wheelcheck.model.urls import masked
from wheelcheck.ports import Files, Transfers

_STEP = 1024**2
_BUFFER = 256 * 1024
_ERROR_PAGE = 64 * 1024
"""Fewer bytes than this at the end of a failed run may be an error page's, from which the next run must not continue."""


class PartFile:
    """The port ``Landing`` for *file* at *path*; *reporter* is told of every byte. Closing it keeps the part.

    A part of an earlier run counts as received and is hashed again. Without a known hash nothing can show that the two halves
    belong together, so the file begins anew.
    """

    def __init__(self, file: PlannedFile, path: Path, reporter: Transfers) -> None:
        self._file = file
        self._path = path
        self._part = path.with_name(path.name + PART)
        self._reporter = reporter
        self._known = algorithms_of(file)
        self._stream: BinaryIO | None = None
        self._digests, self._kept = Digests(self._known), Digests(self._known)
        self.sha256 = ""
        self.size = 0

    @property
    def received(self) -> int:
        """The number of bytes kept."""
        self._opened()
        return self._kept.size

    def write(self, chunk: bytes) -> None:
        """Write the next bytes."""
        stream = self._opened()
        with self._writing():
            stream.write(chunk)
        self._digests.update(chunk)
        self._reporter.arrived(len(chunk))

    def keep(self) -> None:
        """Keep the bytes written since."""
        self._kept = self._digests.copied()

    def restart(self) -> None:
        """Return to the bytes kept."""
        if self._digests.size == self._kept.size:
            return
        self._reporter.arrived(self._kept.size - self._digests.size)
        self._cut(self._kept.size)
        self._digests = self._kept.copied()

    def begin_anew(self) -> None:
        """Remove all bytes."""
        self._reporter.arrived(-self._digests.size)
        self._cut(0)
        self._digests, self._kept = Digests(self._known), Digests(self._known)

    def finish(self) -> None:
        """Check the hashes, flush the bytes to the disk and give the file its name."""
        stream = self._opened()
        fact = difference(self._digests, self._file)
        if fact:
            # No run may continue from wrong bytes.
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
        with self._writing():
            self.keep()
            stream.flush()
            os.fsync(stream.fileno())
            self.close()
            self._part.replace(self._path)
        self.sha256, self.size = self._digests.digest(), self._digests.size
        self._reporter.landed(self._file.filename)

    def close(self) -> None:
        """Close the part, which keeps its bytes; may be called twice."""
        if self._stream is not None and 0 < self._digests.size - self._kept.size < _ERROR_PAGE:
            with contextlib.suppress(DiskFailure):
                self.restart()
        stream, self._stream = self._stream, None
        if stream is not None:
            # Bytes that cannot be written any more were not received; the next run hashes those that are there.
            with contextlib.suppress(OSError):
                stream.close()

    def _opened(self) -> BinaryIO:
        if self._stream is None:
            with self._writing():
                self._part.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._part.open("r+b" if self._part.exists() else "w+b", buffering=_BUFFER)
                self._read_former(self._stream)
        return self._stream

    def _read_former(self, stream: BinaryIO) -> None:
        if not self._known:
            if stream.seek(0, os.SEEK_END):
                stream.seek(0)
                stream.truncate()
            return
        while chunk := stream.read(_STEP):
            self._digests.update(chunk)
        self.keep()

    def _cut(self, size: int) -> None:
        stream = self._opened()
        with self._writing():
            stream.flush()
            stream.seek(size)
            stream.truncate()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            hint = "free some space and run the same command again: it continues from what was downloaded"
            raise DiskFailure(
                f"cannot be written: {error.strerror or error}",
                address=str(self._part),
                hint=hint if is_full else "name a folder that can be written with -d",
            ) from error


class FillResult(Struct, frozen=True, kw_only=True):
    """The result of filling: ``entries`` for the record of all files that are there now.

    ``present`` were there before, ``fetched`` are new, ``resumed`` of them continued a part, ``replaced`` took the place of a
    file with another hash.
    """

    entries: tuple[Entry, ...]
    present: tuple[str, ...]
    fetched: tuple[str, ...]
    resumed: tuple[str, ...]
    replaced: tuple[str, ...]


def fill(folder: Path, wanted: Sequence[Wanted], files: Files, sizes: PlanSizes, reporter: Transfers) -> FillResult:
    """Download the files of *wanted* that *folder* lacks; the caller holds the folder's lock. *sizes* are for the total.

    Raises ``DiskFailure`` before any request where there is not enough space, later where writing fails, and the errors of
    *files*. A file that has its name is always whole and checked.
    """
    record = load_record(folder)
    present = {each.file.filename: entry for each in wanted if (entry := _present(folder, each, record)) is not None}
    lacking = [each for each in wanted if each.file.filename not in present]
    downloads = {each.file.filename: sizes.files[each.file.filename].download for each in lacking}
    # The largest first, so that the longest download does not begin last.
    lacking.sort(key=lambda each: -(downloads[each.file.filename] or 0))
    parts = {each.file.filename for each in lacking if _part_size(folder, each)}
    _refuse_no_room(folder, lacking, downloads)
    known = [size for size in downloads.values() if size is not None]
    left = sum(known) - sum(_part_size(folder, each) for each in lacking)
    reporter.expect(len(lacking), left if len(known) == len(downloads) else None)
    replaced = tuple(each.file.filename for each in lacking if each.place_in(folder).exists())
    landings = [(each, PartFile(each.file, each.place_in(folder), reporter)) for each in lacking]
    try:
        files.download([(each.file, landing) for each, landing in landings])
    finally:
        for _, landing in landings:
            landing.close()
    _sync(folder)
    came = {each.file.filename: each.entry(landing.sha256, landing.size) for each, landing in landings}
    return FillResult(
        entries=tuple((present | came)[each.file.filename] for each in wanted),
        present=tuple(present),
        fetched=tuple(came),
        resumed=tuple(sorted(parts)),
        replaced=replaced,
    )


def _present(folder: Path, wanted: Wanted, record: Record) -> Entry | None:
    if not algorithms_of(wanted.file) and record.entry(wanted.file.filename) is None:
        return None  # without a hash it cannot be told from another
    try:
        return fetched_entry(folder, wanted, record)
    except (HashMismatch, OSError):
        return None


def _part_size(folder: Path, wanted: Wanted) -> int:
    place = wanted.place_in(folder)
    try:
        return place.with_name(place.name + PART).stat().st_size
    except OSError:
        return 0


def _refuse_no_room(folder: Path, lacking: Sequence[Wanted], downloads: dict[str, int | None]) -> None:
    needed = sum((downloads[each.file.filename] or 0) - _part_size(folder, each) for each in lacking)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFailure(
            f"{needed} bytes are still to come, and the disk has room for {free}",
            address=str(folder),
            hint="free some space, or name a folder on another disk with -d",
        )


def _sync(folder: Path) -> None:
    """Flush the names in *folder* to the disk, where the system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
