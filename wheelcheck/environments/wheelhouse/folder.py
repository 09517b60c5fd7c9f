"""The folder of a wheelhouse: where each file of a plan lies, what ``wheelhouse.json`` records, and the lock for one run at a time.

The record vouches for nothing by itself: whoever uses the bytes hashes them again. It alone can tell that a wheel was built from
the very source archive of the plan, and the hash of a file for which no index announced one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec
from msgspec import Struct

from wheelcheck.errors import DiskFailure, InputUnreadable
from wheelcheck.model.plan import Plan, PlannedFile, PlannedPackage
from wheelcheck.model.target import TargetName
from wheelcheck.ports import Transfers

SOURCES = "sources"
"""Source archives lie in a folder of their own, so that an installer that is pointed to the wheelhouse sees wheels only."""
PART = ".part"
RECORD_NAME = "wheelhouse.json"
LOCK_NAME = ".wheelhouse.lock"
SCHEMA = "wheelcheck.wheelhouse/1"


class BuildSource(Struct, frozen=True, kw_only=True):
    """The source archive that a wheel was built from; ``sha256`` is empty for a folder."""

    filename: str
    sha256: str


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file in the wheelhouse; ``built_from`` is ``None`` for one that was downloaded."""

    filename: str
    name: str
    version: str
    sha256: str
    size: int
    built_from: BuildSource | None = None


class Record(Struct, frozen=True, kw_only=True):
    """What ``wheelhouse.json`` says; ``plan`` is the digest of the plan that was fetched last."""

    schema: str = ""
    plan: str = ""
    target: TargetName = TargetName(platform="", python="")
    files: tuple[Entry, ...] = ()

    def entry(self, filename: str) -> Entry | None:
        """The entry of the file with that name."""
        return next((entry for entry in self.files if entry.filename == filename), None)

    def built_from(self, source: BuildSource) -> Entry | None:
        """The wheel that was built from *source*."""
        return next((entry for entry in self.files if entry.built_from == source), None)


def load_record(folder: Path) -> Record:
    """The record in *folder*; an empty one where there is none, or one that cannot be read: then all is done anew."""
    try:
        record = msgspec.json.decode((folder / RECORD_NAME).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return Record()
    return record if record.schema == SCHEMA else Record()


def record_files(folder: Path, digest: str, plan: Plan, entries: Iterable[Entry]) -> None:
    """Add *entries* to the record in *folder*, now for the plan with *digest*; former entries stay while their files exist.

    Raises ``DiskFailure``.
    """
    found = {
        entry.filename: entry
        for entry in load_record(folder).files
        if (folder / entry.filename).is_file() or (folder / SOURCES / entry.filename).is_file()
    } | {entry.filename: entry for entry in entries}
    record = Record(
        schema=SCHEMA,
        plan=digest,
        target=plan.target.name,
        files=tuple(found[filename] for filename in sorted(found)),
    )
    path, part = folder / RECORD_NAME, folder / f".{RECORD_NAME}.part"
    try:
        with part.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise DiskFailure(f"cannot be written: {error.strerror or error}", address=str(path)) from error


class Wanted(Struct, frozen=True, kw_only=True):
    """One package of a plan with its file."""

    package: PlannedPackage
    file: PlannedFile

    @property
    def is_wheel(self) -> bool:
        """Whether the file is a wheel; else it is a source archive or a folder with sources."""
        return self.file.filename.endswith(".whl")

    @property
    def local_folder(self) -> Path | None:
        """The folder with sources that the plan refers to in place of an archive, ``None`` for files."""
        url = urlsplit(self.file.url)
        if url.scheme != "file":
            return None
        path = Path(url2pathname(url.path))
        return path if path.is_dir() else None

    def place_in(self, folder: Path) -> Path:
        """Where the file lies in the wheelhouse *folder*."""
        return folder / self.file.filename if self.is_wheel else folder / SOURCES / self.file.filename

    def entry(self, sha256: str, size: int, *, wheel: str = "", source: BuildSource | None = None) -> Entry:
        """The entry of this file, or of the *wheel* that was built from it as *source*."""
        return Entry(
            filename=wheel or self.file.filename,
            name=self.package.name,
            version=str(self.package.version),
            sha256=sha256,
            size=size,
            built_from=source,
        )

    def __str__(self) -> str:
        return f"{self.package.name} {self.package.version}"


def wanted_files(plan: Plan) -> tuple[Wanted, ...]:
    """The files of *plan*, in its order; raises ``InputUnreadable`` for a package without one, or with an unsafe name."""
    found = []
    for package in plan.packages:
        file = package.file
        if file is None:
            raise InputUnreadable(
                f"the plan names no file for {package.name} {package.version}", hint="make the plan again"
            )
        if not _is_plain(file.filename):
            raise InputUnreadable(
                f"the plan gives {package.name} a file name that is no plain name: {file.filename!r}",
                hint="make the plan again",
            )
        found.append(Wanted(package=package, file=file))
    return tuple(found)


def _is_plain(name: str) -> bool:
    return bool(name) and name.isprintable() and not name.startswith(".") and not set(name) & set('/\\:"<>|?*')


@contextmanager
def locked(folder: Path, reporter: Transfers) -> Iterator[None]:
    """Make *folder* and hold its lock; *reporter* is told when another run has to end first.

    The lock is the operating system's, which releases it when a process is killed. Raises ``DiskFailure`` where the folder
    cannot be written.
    """
    import filelock

    lock = filelock.FileLock(folder / LOCK_NAME)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            reporter.waiting(f"another run that fills {folder}")
            lock.acquire(poll_interval=0.2)
    except OSError as error:
        fact = "it is a file" if folder.is_file() else error.strerror or str(error)
        raise DiskFailure(
            f"cannot be used as a wheelhouse: {fact}", address=str(folder), hint="name a folder that can be written"
        ) from error
    try:
        yield
    finally:
        lock.release()
