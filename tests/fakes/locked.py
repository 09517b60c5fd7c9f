"""Short ways to a locked package, for tests of what is made of locks; reads none."""

from __future__ import annotations

import hashlib

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.model.distribution import Availability, Distribution, LinkSkip, parse_link
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage, LockKind
from wheelcheck.model.requirement import FileOrigin, HashPin

INDEX = "https://index.example/simple/"


def listed(
    filename: str, *, url: str | None = None, sha256: str | None = None, size: int | None = None
) -> Distribution:
    """A file as a lock lists it; without *sha256* its hash is that which the fake index announces."""
    at = Availability(
        url=f"https://elsewhere.example/{filename}" if url is None else url,
        hashes=(("sha256", sha256 or hashlib.sha256(filename.encode()).hexdigest()),),
        size=size,
    )
    found = parse_link(filename, canonicalize_name(filename.split("-")[0]), at)
    assert not isinstance(found, LinkSkip)
    return found


def locked(
    name: str,
    version: str,
    *files: Distribution,
    hashes: tuple[str, ...] | None = None,
    requires: tuple[str, ...] = (),
    source: str = "",
    index: str = INDEX,
    line: int = 1,
) -> LockedPackage:
    """A package with its *files*; with *hashes* instead (of none, any file will do) the index has to be asked."""
    return LockedPackage(
        name=canonicalize_name(name),
        version=Version(version),
        origin=FileOrigin(path="some.lock", line=line),
        files=files if hashes is None else None,
        hashes=tuple(HashPin(algorithm="sha256", digest=digest) for digest in hashes or ()),
        dependencies=tuple(LockedDependency(name=canonicalize_name(each)) for each in requires),
        source=source,
        index=index,
    )


def lock_of(*packages: LockedPackage) -> Lock:
    """A lock of *packages*, with no word on who asked for them."""
    return Lock(kind=LockKind.PYLOCK, path="some.lock", packages=packages)
