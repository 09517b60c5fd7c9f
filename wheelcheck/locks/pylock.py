"""Reads ``pylock.toml`` (PEP 751) through ``packaging.pylock``; leaves its selection, which needs files at hand, alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel, Pylock, PylockUnsupportedVersionError
from packaging.pylock import PylockValidationError as NotPylock
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.documents import MANGLED, LockTable, load_toml, package_tables, refuse_version
from wheelcheck.locks.files import FileList, check_digest, filename_of
from wheelcheck.model.lock import Lock, LockedPackage, LockKind
from wheelcheck.model.urls import masked, masked_within

_PLACE = re.compile(r"packages\[(\d+)\]")
_NEWEST = Version("1.0")


def parse_pylock(content: bytes, path: str) -> Lock:
    """Read *content*; raise ``InputUnreadable`` for another major version than 1 and for whatever the standard does not admit."""
    document, text = load_toml(content, path)
    written = document.text("lock-version")
    version = document.read(written, Version, ValueError, "lock-version is no version")
    if version.major != 1:
        raise refuse_version(document, written, "1.0")
    tables = package_tables(document, text, "packages")
    try:
        pylock = Pylock.from_dict(document.values)
    except PylockUnsupportedVersionError:
        raise refuse_version(document, written, "1.0") from None
    except NotPylock as problem:
        raise _invalid(problem, document, tables) from None
    newer = f"pylock.toml of version {written}: what is newer than {_NEWEST} in it is not looked at"
    return Lock(
        kind=LockKind.PYLOCK,
        path=path,
        requires_python=pylock.requires_python,
        environments=tuple(document.marker_of(str(marker)) for marker in pylock.environments or ()),
        packages=tuple(_package(package, table) for package, table in zip(pylock.packages, tables, strict=True)),
        extras=tuple(canonicalize_name(extra) for extra in pylock.extras or ()),
        groups=tuple(canonicalize_name(group) for group in pylock.dependency_groups or ()),
        default_groups=tuple(canonicalize_name(group) for group in pylock.default_groups or ()),
        created_by=pylock.created_by,
        notes=(newer,) if version > _NEWEST else (),
    )


def _invalid(problem: NotPylock, document: LockTable, tables: list[LockTable]) -> InputUnreadable:
    place = _PLACE.search(problem.context or "")
    table = tables[int(place[1])] if place is not None and int(place[1]) < len(tables) else document
    return InputUnreadable(
        masked_within(f"{table.label}: {problem}" if table.label else str(problem)),
        address=str(table.origin),
        hint=MANGLED,
    )


def _package(package: Package, table: LockTable) -> LockedPackage:
    index = masked(package.index) if package.index else ""
    bound = str(package.requires_python) if package.requires_python is not None else None
    listed = FileList(table, package.name, package.version, index=index, requires_python=bound)
    source = _where(package)
    missing = listed.elsewhere(
        source,
        vcs=package.vcs is not None,
        editable=package.directory is not None and bool(package.directory.editable),
        folder=package.directory is not None,
    )
    if package.archive is not None and missing is None:
        _add(package.archive, None, listed)
    for file in ((package.sdist,) if package.sdist is not None else ()) + tuple(package.wheels or ()):
        _add(file, file.name, listed)
    has_list = package.sdist is not None or package.wheels is not None or package.archive is not None
    return LockedPackage(
        name=package.name,
        version=package.version,
        origin=table.origin,
        files=listed.files if has_list and missing is None else None,
        skipped=tuple(listed.skipped),
        unsupported=missing,
        marker=table.marker_of(str(package.marker)) if package.marker is not None else None,
        requires_python=package.requires_python,
        source=masked(source),
        index=index,
    )


def _where(package: Package) -> str:
    """Where *package* lies if it is no file of an index, empty if it is."""
    if package.directory is not None:
        return package.directory.path
    place = package.vcs if package.vcs is not None else package.archive
    return (place.url or place.path or "") if place is not None else ""


def _add(file: PackageArchive | PackageSdist | PackageWheel, name: str | None, listed: FileList) -> None:
    filename = name or filename_of(file.url or file.path or "")
    listed.add(
        filename=filename,
        url=file.url or "",
        hashes=_hashes(file.hashes, filename, listed.table),
        size=file.size,
        upload_time=_iso(file.upload_time) if file.upload_time is not None else None,
    )


def _hashes(hashes: Mapping[str, str], filename: str, table: LockTable) -> tuple[tuple[str, str], ...]:
    found = tuple((algorithm.lower(), digest.lower()) for algorithm, digest in hashes.items())
    for algorithm, digest in found:
        check_digest(algorithm, digest, table, f"the hash of {filename}")
    return found


def _iso(moment: datetime) -> str:
    return (
        moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if moment.tzinfo is not None
        else f"{moment.isoformat()}Z"
    )
