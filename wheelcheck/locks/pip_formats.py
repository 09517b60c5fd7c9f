"""Reads what pip knows as locks: ``pylock.toml`` (PEP 751), reports of ``pip install --report``, requirements with hashes.

Of ``pylock.toml`` the selection, which needs files at hand, is left alone. A report (version 1) has the packages that one
environment would install, one file each. A requirements file is a lock when every requirement is pinned and has hashes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from packaging.markers import Marker
from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel, Pylock, PylockUnsupportedVersionError
from packaging.pylock import PylockValidationError as NotPylock
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.documents import (
    MANGLED,
    FileList,
    LockTable,
    check_digest,
    filename_of,
    is_distribution_of,
    load_json,
    load_toml,
    names_of,
    package_tables,
    refuse_version,
)
from wheelcheck.model.lock import Lock, LockedPackage, LockKind
from wheelcheck.model.requirement import FileOrigin, HashPin, InputSet, Requirement
from wheelcheck.model.urls import hashes_in, masked, masked_within
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.requirements_file import require_file
from wheelcheck.texts.sources import Reader, Source, decoded

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
        packages=tuple(_pylock_package(package, table) for package, table in zip(pylock.packages, tables, strict=True)),
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


def _pylock_package(package: Package, table: LockTable) -> LockedPackage:
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
    return listed.package(
        missing,
        has_list=has_list,
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
        hashes=_pylock_hashes(file.hashes, filename, listed.table),
        size=file.size,
        upload_time=_iso(file.upload_time) if file.upload_time is not None else None,
    )


def _pylock_hashes(hashes: Mapping[str, str], filename: str, table: LockTable) -> tuple[tuple[str, str], ...]:
    found = tuple((algorithm.lower(), digest.lower()) for algorithm, digest in hashes.items())
    for algorithm, digest in found:
        check_digest(algorithm, digest, table, f"the hash of {filename}")
    return found


def _iso(moment: datetime) -> str:
    known = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return known.astimezone(UTC).isoformat().replace("+00:00", "Z")


_TELLING = ("implementation_name", "sys_platform", "platform_machine", "python_version")


def parse_pip_report(content: bytes, path: str) -> Lock:
    """Read *content*; raise ``InputUnreadable`` for another version than 1 and for whatever is not as pip writes it."""
    document, text = load_json(content, path)
    version = document.text("version")
    if version != "1":
        raise refuse_version(document, version, "version 1")
    starts = (match.start() for match in re.finditer(r'"download_info"\s*:', text))
    lines = (text.count("\n", 0, start) + 1 for start in starts)
    return Lock(
        kind=LockKind.PIP_REPORT,
        path=path,
        environments=_environment(document),
        packages=tuple(_pip_report_package(document, row, next(lines, 0)) for row in document.rows("install")),
        created_by=f"pip {document.optional_text('pip_version') or ''}".strip(),
    )


def _environment(document: LockTable) -> tuple[Marker, ...]:
    environment = document.table("environment")
    clauses = [f'{name} == "{environment.text(name)}"' for name in _TELLING]
    return (environment.marker_of(" and ".join(clauses)),)


def _pip_report_package(document: LockTable, row: Mapping[str, object], line: int) -> LockedPackage:
    entry = LockTable(row, path=document.path, line=line, label="an entry of 'install'")
    name = entry.table("metadata").name()
    table = LockTable(row, path=document.path, line=line, label=str(name))
    metadata = table.table("metadata")
    version = metadata.version()
    if version is None:
        raise metadata.missing("version")
    info = table.table("download_info")
    url = info.text("url")
    listed = FileList(table, name, version)
    folder = info.optional_table("dir_info")
    missing = listed.elsewhere(
        url,
        vcs="vcs_info" in info.values,
        editable=folder is not None and folder.flag("editable"),
        folder=folder is not None,
    )
    if missing is None:
        listed.requires_python = metadata.optional_text("requires_python")
        listed.add(url=url, hashes=_pip_report_hashes(info.table("archive_info"), table))
    return listed.package(
        missing,
        extras=names_of([str(canonicalize_name(extra)) for extra in table.texts("requested_extras")]),
        source=masked(url) if table.flag("is_direct") else "",
    )


def _pip_report_hashes(archive: LockTable, table: LockTable) -> tuple[tuple[str, str], ...]:
    hashes = archive.optional_table("hashes")
    if hashes is None:
        # pip before 22.3 wrote one, as "sha256=…".
        algorithm, equals, digest = (archive.optional_text("hash") or "").partition("=")
        found: tuple[tuple[str, str], ...] = ((algorithm, digest.lower()),) if equals else ()
    else:
        found = tuple((algorithm, hashes.text(algorithm).lower()) for algorithm in hashes.values)
    for algorithm, digest in found:
        check_digest(algorithm, digest, table, "the hash of its file")
    return found


_HINT = "pin it with == and give its hashes (pip-compile --generate-hashes), or check the file as requirements"


def parse_hashed(content: bytes, path: str) -> Lock:
    """Read *content* and the files that it includes; raise ``InputUnreadable`` where a requirement has no pin or no hash.

    ``${NAME}`` stays as written: a lock does not depend on the environment.
    """
    if content.rstrip().endswith(b"\\"):
        raise InputUnreadable("the lock ends in the middle of a requirement", address=path, hint=MANGLED)
    found = _read(content, path)
    if not found.requirements and not found.unsupported:
        raise InputUnreadable("an empty lock file", address=path, hint="write it again with the tool that makes it")
    index = masked(found.options.index_url) if found.options.index_url else ""
    unsupported = tuple(
        LockedPackage(name=each.name, version=None, origin=each.origin, unsupported=each, source=each.text)
        for each in found.unsupported
        if each.name is not None and isinstance(each.origin, FileOrigin)
    )
    if len(unsupported) != len(found.unsupported):
        raise InputUnreadable(
            f"{found.unsupported[0].text} does not say its project",
            address=str(found.unsupported[0].origin),
            hint=_HINT,
        )
    packages = (*(_hashed_package(requirement, path, index) for requirement in found.requirements), *unsupported)
    return Lock(
        kind=LockKind.REQUIREMENTS,
        path=path,
        packages=tuple(sorted(packages, key=lambda package: (package.origin.path != path, package.origin.line))),
    )


def is_hashed(content: bytes, path: str) -> bool:
    """Whether *content* is a requirements file with pins and hashes throughout; judged by its text, includes are not opened."""
    if b"--hash" not in content:
        return False
    try:
        lines = decoded(content, path).replace("\\\n", " ").splitlines()
    except InputUnreadable:
        return False
    asked = [line for line in map(str.strip, lines) if line and not line.startswith(("#", "-"))]
    return bool(asked) and all("--hash" in line for line in asked)


def _read(content: bytes, path: str) -> InputSet:
    collector = Collector(Reader(fetch_text=None, stdin=None), {})
    require_file(Source(place=path, text=decoded(content, path), folder=Path(path).parent), collector)
    return collector.collected()


def _hashed_package(requirement: Requirement, path: str, index: str) -> LockedPackage:
    origin = requirement.origin if isinstance(requirement.origin, FileOrigin) else FileOrigin(path=path)
    table = LockTable({}, path=origin.path, line=origin.line, label=str(requirement.name))
    hashes = tuple(HashPin(algorithm=name, digest=digest) for name, digest in hashes_in(requirement.url or ""))
    hashes = tuple(dict.fromkeys((*requirement.hashes, *hashes)))
    if not hashes:
        raise table.failure("has no --hash, though others have", _HINT)
    listed: FileList | None = None
    url = (requirement.url or "").partition("#")[0]
    if requirement.url is not None:
        if not is_distribution_of(requirement.name, url):
            raise table.failure(f"the file at {masked(requirement.url)} is named like no distribution", _HINT)
        listed = FileList(table, requirement.name, None)
        digests = tuple((pin.algorithm, pin.digest) for pin in hashes)
        listed.add(filename=filename_of(url), url=url, hashes=digests)
        version = listed.found[0].version if listed.found else None
    else:
        version = _pinned(requirement, table)
    return LockedPackage(
        name=requirement.name,
        version=version,
        origin=origin,
        files=listed.files if listed is not None else None,
        hashes=hashes,
        marker=table.marker_of(str(requirement.marker)) if requirement.marker is not None else None,
        extras=requirement.extras,
        source=masked(url) if requirement.url is not None else "",
        index=index if requirement.url is None else "",
    )


def _pinned(requirement: Requirement, table: LockTable) -> Version:
    bounds = list(requirement.specifier)
    if len(bounds) != 1 or bounds[0].operator not in {"==", "==="} or bounds[0].version.endswith(".*"):
        raise table.failure(f"is not pinned: {requirement.text or requirement.specifier}", _HINT)
    return table.read(bounds[0].version, Version, ValueError, "the pin is no version (PEP 440)")
