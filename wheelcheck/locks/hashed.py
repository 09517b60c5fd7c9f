"""Reads a requirements file as a lock, when every requirement is pinned and has hashes; a looser one is no lock."""

from __future__ import annotations

from pathlib import Path

from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.documents import MANGLED, LockTable
from wheelcheck.locks.files import FileList, filename_of, is_distribution_of
from wheelcheck.model.lock import Lock, LockedPackage, LockKind
from wheelcheck.model.requirement import FileOrigin, HashPin, InputSet, Requirement
from wheelcheck.model.urls import hashes_in, masked
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.requirements_file import require_file
from wheelcheck.texts.sources import Reader, Source, decoded

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
    packages = (*(_package(requirement, path, index) for requirement in found.requirements), *unsupported)
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


def _package(requirement: Requirement, path: str, index: str) -> LockedPackage:
    origin = requirement.origin if isinstance(requirement.origin, FileOrigin) else FileOrigin(path=path)
    table = LockTable({}, path=origin.path, line=origin.line, label=str(requirement.name))
    hashes = tuple(HashPin(algorithm=name, digest=digest) for name, digest in hashes_in(requirement.url or ""))
    hashes = tuple(dict.fromkeys((*requirement.hashes, *hashes)))
    if not hashes:
        raise table.failure("has no --hash, though others have", _HINT)
    listed: FileList | None = None
    version: Version | None = None
    if requirement.url is not None:
        url = requirement.url.partition("#")[0]
        if not is_distribution_of(requirement.name, url):
            raise table.failure(f"the file at {masked(requirement.url)} is named like no distribution", _HINT)
        listed = FileList(table, requirement.name, None)
        listed.add(
            filename=filename_of(url),
            url=url,
            hashes=tuple((pin.algorithm, pin.digest) for pin in hashes),
        )
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
        source=masked(requirement.url.partition("#")[0]) if requirement.url is not None else "",
        index=index if requirement.url is None else "",
    )


def _pinned(requirement: Requirement, table: LockTable) -> Version:
    bounds = list(requirement.specifier)
    if len(bounds) != 1 or bounds[0].operator not in {"==", "==="} or bounds[0].version.endswith(".*"):
        raise table.failure(f"is not pinned: {requirement.text or requirement.specifier}", _HINT)
    return table.read(bounds[0].version, Version, ValueError, "the pin is no version (PEP 440)")
