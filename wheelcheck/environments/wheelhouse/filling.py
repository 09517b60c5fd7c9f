"""Brings the files of a plan into a folder: only those that are not there, each checked; builds nothing and knows no network."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from msgspec import Struct

from wheelcheck.environments.digests import Digests, digest_file, is_the_file, known_hashes
from wheelcheck.environments.wheelhouse.landing import PartFile
from wheelcheck.environments.wheelhouse.record import Entry, Record, load_record
from wheelcheck.environments.wheelhouse.wanted import PART, Wanted
from wheelcheck.errors import DiskFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from wheelcheck.model.plan import PlannedFile
    from wheelcheck.model.wheelhouse import Weights
    from wheelcheck.ports import Files, Transfers


class Arrivals(Struct, frozen=True, kw_only=True):
    """What filling did: ``entries`` for the record of all files that are there now.

    ``present`` were there before, ``fetched`` came now, ``resumed`` of them from a part, ``replaced`` in place of a file with
    another hash.
    """

    entries: tuple[Entry, ...]
    present: tuple[str, ...]
    fetched: tuple[str, ...]
    resumed: tuple[str, ...]
    replaced: tuple[str, ...]


def fill(folder: Path, wanted: Sequence[Wanted], files: Files, weights: Weights, told: Transfers) -> Arrivals:
    """Bring the files of *wanted* that *folder* lacks; the caller holds the folder's lock. *weights* are for the total.

    Raises ``DiskFailure`` before anything is asked for where there is no room, later where writing fails; and what *files*
    raises. Whatever happens, a file that has its name is whole and checked.
    """
    record = load_record(folder)
    present = {each.file.filename: entry for each in wanted if (entry := _present(folder, each, record)) is not None}
    lacking = [each for each in wanted if each.file.filename not in present]
    sizes = {each.file.filename: weights.files[each.file.filename].download for each in lacking}
    # The largest first: what takes longest must not begin last.
    lacking.sort(key=lambda each: -(sizes[each.file.filename] or 0))
    parts = {each.file.filename for each in lacking if _part_size(folder, each)}
    _refuse_no_room(folder, lacking, sizes)
    known = [size for size in sizes.values() if size is not None]
    left = sum(known) - sum(_part_size(folder, each) for each in lacking)
    told.expect(len(lacking), left if len(known) == len(sizes) else None)
    replaced = tuple(each.file.filename for each in lacking if each.place_in(folder).exists())
    landings = [(each, PartFile(each.file, each.place_in(folder), told)) for each in lacking]
    try:
        files.download([(each.file, landing) for each, landing in landings])
    finally:
        for _, landing in landings:
            landing.close()
    _sync(folder)
    came = {each.file.filename: _entry(each, landing.sha256, landing.size) for each, landing in landings}
    return Arrivals(
        entries=tuple((present | came)[each.file.filename] for each in wanted),
        present=tuple(present),
        fetched=tuple(came),
        resumed=tuple(sorted(parts)),
        replaced=replaced,
    )


def planned_files(wanted: Iterable[Wanted]) -> tuple[PlannedFile, ...]:
    """The files of *wanted*."""
    return tuple(each.file for each in wanted)


def _present(folder: Path, wanted: Wanted, record: Record) -> Entry | None:
    path = wanted.place_in(folder)
    if not path.is_file():
        return None
    if known_hashes(wanted.file):
        found = is_the_file(path, wanted.file)
        return _entry(wanted, found, path.stat().st_size) if found else None
    entry = record.entry(path.name)
    if entry is None:
        return None
    digests = Digests()
    digest_file(path, digests)
    return entry if digests.digest("sha256") == entry.sha256 else None


def _entry(wanted: Wanted, sha256: str, size: int) -> Entry:
    return Entry(
        filename=wanted.file.filename,
        name=wanted.package.name,
        version=str(wanted.package.version),
        sha256=sha256,
        size=size,
    )


def _part_size(folder: Path, wanted: Wanted) -> int:
    place = wanted.place_in(folder)
    try:
        return place.with_name(place.name + PART).stat().st_size
    except OSError:
        return 0


def _refuse_no_room(folder: Path, lacking: Sequence[Wanted], sizes: dict[str, int | None]) -> None:
    needed = sum(sizes[each.file.filename] or 0 for each in lacking) - sum(_part_size(folder, each) for each in lacking)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFailure(
            f"{needed} bytes are still to come, and the disk has room for {free}",
            address=str(folder),
            hint="free some space, or name a folder on another disk with -d",
        )


def _sync(folder: Path) -> None:
    """Bring the names in *folder* to the disk, where the system has a way to."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
