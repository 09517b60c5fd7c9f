"""The folder of a wheelhouse: where each file of a plan lies, what ``wheelhouse.json`` records, and the lock for one run at a time.

The record vouches for nothing by itself: whoever opens the folder hashes the files again. It alone can tell that a wheel was built
from the very source archive of the plan, and the hash of a file for which no index announced one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec
from msgspec import Struct
from packaging.utils import parse_wheel_filename

from wheelcheck.environments.trees import Digests, algorithms_of, difference, digests_of
from wheelcheck.errors import DiskFailure, HashMismatch, InputUnreadable, UsageProblem
from wheelcheck.model.environment import HousedWheel, Wheelhouse
from wheelcheck.model.plan import Plan, PlannedFile, PlannedPackage
from wheelcheck.model.target import TargetName
from wheelcheck.ports import Transfers
from wheelcheck.texts.files import read_file
from wheelcheck.texts.words import folded

_PLAIN = re.compile(r"""[^./\\:"<>|?*][^/\\:"<>|?*]*""")
SOURCES = "sources"
"""Source archives lie in a folder of their own, so that an installer that is pointed to the wheelhouse sees wheels only."""
PART = ".part"
RECORD_NAME = "wheelhouse.json"
LOCK_NAME = ".wheelhouse.lock"
SCHEMA = "wheelcheck.wheelhouse/1"
_SHOWN = 10
_AGAIN = "delete it and run wheelcheck fetch again"


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

    def source(self, file: PlannedFile) -> BuildSource:
        """The source archive *file*; some indexes announce no hash: then it is that of the archive which came."""
        came = self.entry(file.filename)
        return BuildSource(filename=file.filename, sha256=file.sha256 or ("" if came is None else came.sha256))


def load_record(folder: Path) -> Record:
    """The record in *folder*; an empty one where there is none, or one that cannot be read: then all is done anew."""
    try:
        record = msgspec.json.decode(read_file(folder / RECORD_NAME), type=Record)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
        schema=SCHEMA, plan=digest, target=plan.target.name, files=tuple(found[filename] for filename in sorted(found))
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
        if not _PLAIN.fullmatch(file.filename) or not file.filename.isprintable():
            raise InputUnreadable(
                f"the plan gives {package.name} a file name that is no plain name: {file.filename!r}",
                hint="make the plan again",
            )
        found.append(Wanted(package=package, file=file))
    return tuple(found)


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


def load_wheelhouse(
    folder: Path, plan: Plan, *, plan_path: str = "PLAN", entries: Iterable[Entry] | None = None
) -> Wheelhouse:
    """The wheels of *plan* in *folder*, one for each package, in the order of the plan; reads all of them whole.

    None of them is read where the folder was filled and hashed a moment ago with *entries* as the result: so gigabytes are not
    hashed twice in one run. *plan_path* names the plan in the command that the hint proposes. Raises ``UsageProblem`` naming the
    missing files, ``HashMismatch`` for one that differs from the plan, or from the record of built wheels.
    """
    record, hashed = load_record(folder), {entry.filename: entry for entry in entries or ()}
    wheels: list[HousedWheel] = []
    missing: list[str] = []
    for wanted in wanted_files(plan):
        name = wanted.file.filename
        if wanted.is_wheel:
            entry = hashed.get(name) or fetched_entry(folder, wanted, record)
        else:
            entry = built_entry(folder, wanted, record)
        if entry is None:
            missing.append(name if wanted.is_wheel else f"the wheel built from {name}")
            continue
        if not wanted.is_wheel and entries is None:
            _refuse_changed(folder / entry.filename, digests_of(folder / entry.filename), entry)
        wheels.append(_housed(folder, wanted, entry))
    if missing:
        raise UsageProblem(
            f"{len(missing)} of {len(missing) + len(wheels)} files of the plan are not there: "
            f"{folded(missing, _SHOWN)}",
            address=str(folder),
            hint=f"wheelcheck fetch {plan_path} -d {folder}",
        )
    return Wheelhouse(folder=folder, wheels=tuple(wheels))


def fetched_entry(folder: Path, wanted: Wanted, record: Record) -> Entry | None:
    """The entry of the file *wanted* in *folder*, read whole; ``None`` where it is missing, ``HashMismatch`` where it differs."""
    path = wanted.place_in(folder)
    if not path.is_file():
        return None
    known = algorithms_of(wanted.file)
    digests = digests_of(path, known)
    entry = record.entry(path.name)
    if not known and entry is not None:
        _refuse_changed(path, digests, entry)
    fact = difference(digests, wanted.file)
    if fact:
        raise HashMismatch(f"is not the file of the plan: {fact}", address=str(path), hint=_AGAIN)
    return wanted.entry(digests.digest(), digests.size)


def built_entry(folder: Path, wanted: Wanted, record: Record) -> Entry | None:
    """The entry of the wheel in *folder* that *record* knows to be built from the source *wanted*; its bytes are not read."""
    source = record.source(wanted.file)
    entry = next((entry for entry in record.files if entry.built_from == source), None)
    if entry is None or "/" in entry.filename or "\\" in entry.filename:
        return None
    try:
        found, version, _, _ = parse_wheel_filename(entry.filename)
    except ValueError:
        return None
    is_it = found == wanted.package.name and version == wanted.package.version
    return entry if is_it and (folder / entry.filename).is_file() else None


def _refuse_changed(path: Path, digests: Digests, entry: Entry) -> None:
    actual = digests.digest()
    if actual != entry.sha256:
        raise HashMismatch(
            f"was changed after it was downloaded: its sha256 is {actual}, recorded was {entry.sha256}",
            address=str(path),
            hint=_AGAIN,
        )


def _housed(folder: Path, wanted: Wanted, entry: Entry) -> HousedWheel:
    return HousedWheel(
        name=wanted.package.name,
        version=wanted.package.version,
        path=folder / entry.filename,
        sha256=entry.sha256,
        size=entry.size,
        built_from=entry.built_from.filename if entry.built_from is not None else "",
    )
