"""Tells a part of a lock from a whole one, as far as its own words show it; what a format cannot show is not guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from packaging.markers import Marker
from packaging.utils import NormalizedName

from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.tables import MANGLED
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage, LockKind

_HEADERS_FIRST = frozenset({LockKind.UV, LockKind.PDM})
"""The formats that begin with what is said of the whole lock, and so are still readable when cut behind it."""
_WITH_ALL_EDGES = frozenset({LockKind.POETRY, LockKind.PDM})


def refuse_part(lock: Lock) -> None:
    """Raise ``InputUnreadable`` where *lock* lists no package, or one that nothing in a ``uv.lock`` leads to.

    A file that was cut between two tables is still valid TOML, and what is cut off would pass unseen.
    """
    if not lock.packages and lock.kind in _HEADERS_FIRST:
        raise InputUnreadable("lists no package", address=lock.path, hint=MANGLED)
    if lock.kind is LockKind.UV:
        _refuse_unreached(lock)


def refuse_gaps(found: Iterable[LockedPackage], lock: Lock, holds: Callable[[Marker | None], bool]) -> None:
    """Raise ``InputUnreadable`` where one of the packages *found* for a target needs a project that *lock* does not list.

    *holds* says whether a marker does on the target. Formats that do not write what packages depend on have no gaps to see.
    """
    if lock.kind not in _WITH_ALL_EDGES:
        return
    listed = {package.name for package in lock.packages}
    for package in found:
        for edge in package.dependencies:
            if edge.name not in listed and not _is_of_an_extra(edge) and holds(edge.marker):
                raise InputUnreadable(
                    f"{package} depends on {edge.name}, which the lock does not list",
                    address=str(package.origin),
                    hint=f"{MANGLED}; where the tool was told to leave it out, --relock resolves instead",
                )


def _is_of_an_extra(edge: LockedDependency) -> bool:
    return edge.is_optional or (edge.marker is not None and "extra" in str(edge.marker))


def _refuse_unreached(lock: Lock) -> None:
    children: dict[NormalizedName, set[NormalizedName]] = {}
    for package in lock.packages:
        children.setdefault(package.name, set()).update(edge.name for edge in package.dependencies)
    waiting = [root.name for root in lock.roots]
    seen: set[NormalizedName] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += children.get(name, ())
    for package in lock.packages:
        if package.name not in seen:
            raise InputUnreadable(
                f"{package} is listed, but nothing in the lock leads to it", address=str(package.origin), hint=MANGLED
            )
