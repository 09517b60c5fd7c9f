"""Opens a folder as the wheelhouse of a plan and hashes every file again; fetches and builds nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from wheelcheck.environments.digests import Digests, difference, digests_of, known_hashes
from wheelcheck.environments.wheelhouse.folder import BuildSource, Entry, Record, Wanted, load_record, wanted_files
from wheelcheck.errors import HashMismatch, UsageProblem
from wheelcheck.model.environment import HousedWheel, Wheelhouse
from wheelcheck.model.plan import Plan

_SHOWN = 10
_AGAIN = "delete it and run wheelcheck fetch again"


def load_wheelhouse(folder: Path, plan: Plan, *, plan_path: str = "PLAN") -> Wheelhouse:
    """The wheels of *plan* in *folder*, one for each package, in the order of the plan; reads all of them whole.

    *plan_path* names the plan in the command that the hint proposes. Raises ``UsageProblem`` naming the missing files,
    ``HashMismatch`` for one that differs from the plan, or from the record of built wheels.
    """
    record = load_record(folder)
    wheels: list[HousedWheel] = []
    missing: list[str] = []
    for wanted in wanted_files(plan):
        wheel = _fetched(folder, wanted, record) if wanted.is_wheel else _built(folder, wanted, record)
        if wheel is None:
            missing.append(wanted.file.filename if wanted.is_wheel else f"the wheel built from {wanted.file.filename}")
        else:
            wheels.append(wheel)
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise UsageProblem(
            f"{len(missing)} of {len(missing) + len(wheels)} files of the plan are not there: "
            f"{', '.join(missing[:_SHOWN])}{more}",
            address=str(folder),
            hint=f"wheelcheck fetch {plan_path} -d {folder}",
        )
    return Wheelhouse(folder=folder, wheels=tuple(wheels))


def filled_wheelhouse(folder: Path, plan: Plan, entries: Iterable[Entry]) -> Wheelhouse:
    """As :func:`load_wheelhouse`, for a *folder* that was filled and hashed a moment ago: *entries* are the result.

    Reads the record alone, so that gigabytes are not hashed twice in one run.
    """
    record = load_record(folder)
    fetched = {entry.filename: entry for entry in entries}
    wheels = []
    for wanted in wanted_files(plan):
        entry = fetched.get(wanted.file.filename) if wanted.is_wheel else _built_entry(folder, wanted, record)
        if entry is None:
            return load_wheelhouse(folder, plan)
        wheels.append(_housed(folder, wanted, entry))
    return Wheelhouse(folder=folder, wheels=tuple(wheels))


def built_wheel(folder: Path, wanted: Wanted, record: Record) -> HousedWheel | None:
    """The wheel in *folder* that *record* knows to be built from the source archive *wanted*, unchanged since; else ``None``."""
    try:
        return _built(folder, wanted, record)
    except HashMismatch:
        return None


def _fetched(folder: Path, wanted: Wanted, record: Record) -> HousedWheel | None:
    path = wanted.place_in(folder)
    if not path.is_file():
        return None
    known = tuple(known_hashes(wanted.file))
    digests = digests_of(path, known)
    entry = record.entry(path.name)
    if not known and entry is not None:
        _refuse_changed(path, digests, entry)
    fact = difference(digests, wanted.file)
    if fact:
        raise HashMismatch(f"is not the file of the plan: {fact}", address=str(path), hint=_AGAIN)
    return _housed(folder, wanted, wanted.entry(digests.digest(), digests.size))


def _built(folder: Path, wanted: Wanted, record: Record) -> HousedWheel | None:
    entry = _built_entry(folder, wanted, record)
    if entry is None:
        return None
    path = folder / entry.filename
    _refuse_changed(path, digests_of(path), entry)
    return _housed(folder, wanted, entry)


def _built_entry(folder: Path, wanted: Wanted, record: Record) -> Entry | None:
    name = wanted.file.filename
    source = record.entry(name)
    # Some indexes announce no hash: then it is that of the archive which came.
    sha256 = wanted.file.sha256 or ("" if source is None else source.sha256)
    entry = record.built_from(BuildSource(filename=name, sha256=sha256))
    if entry is None or "/" in entry.filename or "\\" in entry.filename:
        return None
    try:
        found, version, _, _ = parse_wheel_filename(entry.filename)
    except InvalidWheelFilename:
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
