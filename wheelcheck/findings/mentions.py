"""Who would ask for a project that is not there, and what keeps it out: a marker, an extra, an exclusion; resolves nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from packaging.utils import NormalizedName

from wheelcheck.findings.ways import asker, holds, iter_stated
from wheelcheck.model.answers import Mention
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage
from wheelcheck.model.requirement import Constraint, Requirement
from wheelcheck.model.resolution import Pin, Policy
from wheelcheck.targets.fitting import Compatibility

_EXTRA_NAMES = re.compile(r"""extra\s*==\s*["']([^"']+)["']|["']([^"']+)["']\s*==\s*extra""")
_NEAR = 5


def mentions_of(
    name: NormalizedName,
    pins: Mapping[NormalizedName, Pin],
    requirements: Iterable[Requirement],
    constraints: Iterable[Constraint],
    policy: Policy,
    compatibility: Compatibility,
) -> tuple[Mention, ...]:
    """The requirements on *name* of the user and of *pins*, none of which brought it, the user's first."""
    asked: list[tuple[Requirement, frozenset[NormalizedName]]] = [
        (each, frozenset()) for each in requirements if each.name == name
    ]
    for pin in pins.values():
        stated = iter_stated(pin.name, pin.version, pin.metadata.requires)
        asked += [(each, pin.extras) for each in stated if each.name == name]
    found = [
        Mention(
            by=asker(each.origin),
            requirement=str(each),
            because=_because(each, extras, policy, compatibility),
        )
        for each, extras in asked
    ]
    found += _iter_bounding(name, constraints)
    return tuple(dict.fromkeys(found))


def _because(requirement: Requirement, extras: Iterable[str], policy: Policy, compatibility: Compatibility) -> str:
    if requirement.name in policy.excludes:
        return "left out by --exclude"
    marker = requirement.marker
    if marker is None or holds(requirement, extras, compatibility):
        return "the search ended before it was chosen"
    named = sorted({first or second for first, second in _EXTRA_NAMES.findall(str(marker))})
    would = [extra for extra in named if compatibility.evaluate(marker, extra).holds]
    if would:
        which = "the extra " + would[0] if len(would) == 1 else "one of the extras " + ", ".join(would)
        return f"only with {which}, which is not asked for"
    return f"the marker {marker} does not hold on {compatibility.target}"


def _iter_bounding(name: NormalizedName, constraints: Iterable[Constraint]) -> Iterator[Mention]:
    for each in constraints:
        if each.name == name:
            yield Mention(
                by=asker(each.origin), requirement=str(each), because="a constraint bounds, and asks for nothing"
            )


def mentions_in_lock(
    name: NormalizedName, lock: Lock, pins: Mapping[NormalizedName, Pin], compatibility: Compatibility
) -> tuple[Mention, ...]:
    """The packages of *lock* that depend on *name*, or *name* itself where none does, and what keeps it out on the target."""
    found = [
        Mention(
            by=f"{package} ({package.origin})",
            requirement=str(each.name),
            because=_because_locked(each, package, pins, compatibility),
        )
        for package in lock.packages
        for each in package.dependencies
        if each.name == name
    ]
    listed = [
        Mention(by=str(package.origin), requirement=str(package), because="the lock has it, but not for this target")
        for package in lock.packages
        if package.name == name
    ]
    return tuple(dict.fromkeys(found or listed))


def _because_locked(
    each: LockedDependency, package: LockedPackage, pins: Mapping[NormalizedName, Pin], compatibility: Compatibility
) -> str:
    if each.marker is not None and not compatibility.evaluate(each.marker).holds:
        return f"the marker {each.marker} does not hold on {compatibility.target}"
    if each.for_extra is not None:
        return f"only with the extra {each.for_extra}, which is not asked for"
    if each.for_group is not None:
        return f"only with the group {each.for_group}, which was not asked for"
    return "not for this target" if package.is_own or package.name in pins else "it is not installed itself"


def near_names(name: NormalizedName, known: Iterable[NormalizedName]) -> tuple[NormalizedName, ...]:
    """Those of *known* that somebody may mean by *name*, the likeliest first, five at most."""
    names = sorted(set(known) - {name})
    bare = name.replace("-", "")
    parts = [each for each in names if len(bare) > 2 and (bare in each.replace("-", ""))]
    close = difflib.get_close_matches(name, names, n=_NEAR, cutoff=0.7)
    return tuple(NormalizedName(each) for each in dict.fromkeys((*close, *parts)))[:_NEAR]
