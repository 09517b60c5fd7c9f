"""Where a lock and the index disagree: files that changed, files that are gone; judges no wheel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wheelcheck.errors import OfflineMiss
from wheelcheck.model.distribution import Distribution, ProjectPage
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.lock import LockedPackage
from wheelcheck.model.resolution import Pin, Resolution
from wheelcheck.model.target import Target
from wheelcheck.ports import Projects

_NAMED = 3


def find_disagreements(
    packages: Iterable[LockedPackage], resolution: Resolution, projects: Projects
) -> Iterator[Finding]:
    """What the index says otherwise than the lock of *packages*, which *resolution* takes, or has come to say since.

    Every listed file that the page has too must have its hash there; the file to be installed must be on the page. Packages that
    came from an address of their own, or whose files the lock does not list, have nothing to compare. Offline, what the cache does
    not hold is not compared. Costs one page a project; raises ``IndexUnavailable``.
    """
    compared = [
        package for package in packages if package.files and package.name in resolution.pins and not _is_direct(package)
    ]
    projects.prefetch_pages(package.name for package in compared)
    for package in compared:
        try:
            page = projects.page(package.name)
        except OfflineMiss:
            continue
        yield from _disagreements(package, resolution.pins[package.name], page)


def silent_lock(path: str, reason: str, target: Target) -> Finding:
    """The finding for a lock that says nothing of *target*, for *reason*."""
    return Finding(
        code=Code.LOCK_SILENT,
        severity=Code.LOCK_SILENT.severity,
        message=f"{path} is {reason}; the target is {target}",
    )


def _is_direct(package: LockedPackage) -> bool:
    # A format that tells its sources apart names the index; one that does not lists files of the index.
    return bool(package.source) and not package.index


def _disagreements(package: LockedPackage, pin: Pin, page: ProjectPage) -> Iterator[Finding]:
    # Only the version's own files: a page may list thousands, and reading one costs 10 µs.
    offered = {file.filename: file for file in page.distributions.get(pin.version, ())}
    changed = [file for file in package.files or () if _differs(file, offered)]
    if changed:
        named = ", ".join(file.filename for file in changed[:_NAMED])
        more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        yield Finding(
            code=Code.LOCK_DISAGREES,
            severity=Code.LOCK_DISAGREES.severity,
            package=package.name,
            version=pin.version,
            message=f"{package}: the index has other bytes than the lock under the name {named}{more}",
            evidence=tuple(_hashes(file, offered) for file in changed[:_NAMED]),
        )
    if pin.distribution is not None and pin.distribution.filename not in offered:
        known = "the index does not know the project" if page.state == "absent" else "the index does not offer it"
        yield Finding(
            code=Code.LOCK_FILE_GONE,
            severity=Code.LOCK_FILE_GONE.severity,
            package=package.name,
            version=pin.version,
            message=f"{pin.distribution.filename} is locked, but {known}",
            evidence=_locked_from(package, page),
        )
    elif pin.distribution is not None:
        yield from _withdrawn(package, pin, offered[pin.distribution.filename])


def _locked_from(package: LockedPackage, page: ProjectPage) -> tuple[str, ...]:
    if not package.index:
        return ()
    if package.index.rstrip("/") == page.index.rstrip("/"):
        return (f"locked from {package.index}",)
    return (f"locked from {package.index}, which --source {package.name}={package.index} would ask",)


def _withdrawn(package: LockedPackage, pin: Pin, offered: Distribution) -> Iterator[Finding]:
    # Locks do not keep it; of a file that is pinned here from the index itself, another rule speaks.
    if offered.at.yanked is None or pin.distribution is None or pin.distribution.at.yanked is not None:
        return
    yield Finding(
        code=Code.YANKED_PINNED,
        severity=Code.YANKED_PINNED.severity,
        package=package.name,
        version=pin.version,
        message=f"{package.name} {pin.version} was withdrawn by its maintainers and is used because it is locked",
        evidence=(f"their reason: {offered.at.yanked}",) if offered.at.yanked else (),
    )


def _differs(file: Distribution, offered: Mapping[str, Distribution]) -> bool:
    other = offered.get(file.filename)
    if other is None:
        return False
    announced = dict(other.at.hashes)
    return any(name in announced and announced[name] != digest for name, digest in file.at.hashes)


def _hashes(file: Distribution, offered: Mapping[str, Distribution]) -> str:
    return f"{file.filename}: locked {file.at.sha256 or '?'}, offered {offered[file.filename].at.sha256 or '?'}"
