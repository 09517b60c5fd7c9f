"""Which packages of a lock apply on a target, for the extras and groups chosen; whether their files fit is judged elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable, did_you_mean
from wheelcheck.locks.documents import MANGLED
from wheelcheck.locks.formats import format_of
from wheelcheck.locks.walking import LockMarkers, reached
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage, LockKind
from wheelcheck.model.requirement import EVERY
from wheelcheck.model.target import Target
from wheelcheck.targets.fitting import Compatibility

_OTHER_WORDS = {LockKind.PIPENV: {canonicalize_name("dev"): canonicalize_name("develop")}}


def applicable(
    lock: Lock,
    target: Target,
    *,
    extras: Iterable[str] = (),
    groups: Iterable[str] = (),
    compatibility: Compatibility | None = None,
) -> tuple[LockedPackage, ...]:
    """The packages of *lock* to install on *target*, in the order of the lock; the locked project itself is not among them.

    *extras* and *groups* are chosen besides the lock's default groups (a Pipfile's ``dev`` is its section ``develop``). Markers are
    evaluated for *target*, never for the running interpreter; *compatibility* judges for it, where there is one already.
    ``uv.lock`` is walked from the project through its edges; the packages of other formats say themselves when they apply.

    Raises ``InputUnreadable`` where the lock does not speak of *target* (ask :func:`uncovered` first), has no such extra or group,
    lacks a package that another needs there, or would have two versions of one project. Costs about 1 ms for 100 packages.
    """
    reason = uncovered(lock, target, compatibility=compatibility)
    if reason:
        raise InputUnreadable(f"{reason}: {target}", address=lock.path, hint="lock for that target too")
    chosen_extras = _chosen(extras, lock.extras, lock, "extra")
    chosen_groups = _chosen(groups, lock.groups, lock, "dependency group")
    # An environment of pixi is whole; groups elsewhere come on top.
    if lock.kind is not LockKind.PIXI or not chosen_groups:
        chosen_groups |= frozenset(lock.default_groups)
    compatibility = compatibility if compatibility is not None else Compatibility(target)
    if lock.kind is LockKind.UV:
        found = reached(lock, compatibility, chosen_extras, chosen_groups)
    else:
        found = _said(lock, LockMarkers(compatibility, chosen_extras, chosen_groups), chosen_extras, chosen_groups)
    _refuse_two(found, target)
    return found


def uncovered(lock: Lock, target: Target, *, compatibility: Compatibility | None = None) -> str:
    """Why *lock* says nothing of *target*, empty where it does: a Python outside its bounds, or none of its environments."""
    if lock.requires_python is not None and not lock.requires_python.contains(target.python_full, prereleases=True):
        return f"locked for Python {lock.requires_python} only"
    if lock.environments:
        judge = compatibility if compatibility is not None else Compatibility(target)
        if not any(judge.evaluate(marker).holds for marker in lock.environments):
            return "locked for other environments only"
    return ""


def _chosen(
    words: Iterable[str], known: tuple[NormalizedName, ...], lock: Lock, what: str
) -> frozenset[NormalizedName]:
    renamed = _OTHER_WORDS.get(lock.kind, {})
    names = {canonicalize_name(word) for word in words}
    if EVERY in names:
        return frozenset(known)
    names = {name if name in known else renamed.get(name, name) for name in names}
    for name in sorted(names - {*known, *lock.default_groups}):
        every = f"did you mean {' or '.join(sorted(known))}?" if known else f"the lock has no {what}s"
        raise InputUnreadable(f"no {what} {name!r}", address=lock.path, hint=did_you_mean(name, known, every, most=3))
    return frozenset(names)


def _said(
    lock: Lock, markers: LockMarkers, extras: frozenset[NormalizedName], groups: frozenset[NormalizedName]
) -> tuple[LockedPackage, ...]:
    """The packages whose own group and marker say that they apply."""
    bringing = groups | extras if lock.kind is LockKind.PDM else groups
    # Where packages do not say themselves which extra brings them, rather too many than too few.
    optional = lock.named_from(root.name for root in lock.roots if root.for_extra in extras)
    found = []
    for package in lock.packages:
        if package.is_own and lock.kind is LockKind.PIXI:
            continue
        if package.groups and package.groups.isdisjoint(bringing):
            continue
        if lock.roots and package.optional and package.name not in optional:
            continue
        if markers.holds(package.marker) and _any_group(package, bringing, markers):
            found.append(package)
    _refuse_gaps(found, lock, markers.holds)
    return tuple(found)


def _refuse_gaps(found: Iterable[LockedPackage], lock: Lock, holds: Callable[[Marker | None], bool]) -> None:
    """Raise ``InputUnreadable`` where one of the packages *found* for a target needs a project that *lock* does not list.

    *holds* says whether a marker does on the target. A format that writes no dependencies has no gaps to see.
    """
    if not format_of(lock.kind).all_edges:
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


def _any_group(package: LockedPackage, groups: frozenset[NormalizedName], markers: LockMarkers) -> bool:
    """Whether one of the *groups* brings it here: a group without a marker of its own always does."""
    if not package.group_markers:
        return True
    own = dict(package.group_markers)
    return any(markers.holds(own.get(group)) for group in package.groups & groups)


def _refuse_two(found: tuple[LockedPackage, ...], target: Target) -> None:
    seen: dict[NormalizedName, LockedPackage] = {}
    for package in found:
        first = seen.setdefault(package.name, package)
        if first is package or (
            # Two sections of a Pipfile.lock may pin the same.
            first.version == package.version and first.source == package.source and first.groups != package.groups
        ):
            continue
        raise InputUnreadable(
            f"{package.name} is locked twice for {target}: {first} (line {first.origin.line}) and {package}",
            address=str(package.origin),
            hint=MANGLED,
        )
