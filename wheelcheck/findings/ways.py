"""Every way from the user's requirements to one project; where there is none, the requirements that mention it and do not hold."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, pairwise

from msgspec.structs import replace
from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.model.answers import Mention, WayStep
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage
from wheelcheck.model.requirement import CandidateOrigin, CommandLineOrigin, Constraint, Origin, Requirement
from wheelcheck.model.resolution import Clash, Edge, Pin, Policy
from wheelcheck.targets.fitting import Compatibility, extras_named

_USER = ""  # the root of the graph, a node that no project name can be
WAYS_FOUND = 50
"""The most ways that are looked for: there can be exponentially many."""
_NEAR = 5


def asker(origin: Origin) -> str:
    """The author of a requirement, in a reader's words: ``you (requirements.txt:3)`` or ``audiocraft 1.3.0``."""
    match origin:
        case CandidateOrigin():
            return f"{origin.name} {origin.version}"
        case CommandLineOrigin(option=""):
            return "you"
        case CommandLineOrigin():
            return f"you ({origin.option})"
        case _:
            return f"you ({origin})"


def iter_stated(name: NormalizedName, version: Version, texts: Iterable[str]) -> Iterator[Requirement]:
    """The requirements in the metadata *texts* of a version, whether they hold on a target or not."""
    origin = CandidateOrigin(name=name, version=version)
    return (Requirement.parse(text, origin) for text in texts)


def holds(requirement: Requirement, extras: Iterable[str], compatibility: Compatibility) -> bool:
    """Whether the marker of *requirement* holds on the target, for its project alone or for one of *extras*."""
    marker = requirement.marker
    return marker is None or any(compatibility.evaluate(marker, extra).holds for extra in ("", *sorted(extras)))


def edges_of(
    pins: Mapping[NormalizedName, Pin],
    requirements: Iterable[Requirement],
    policy: Policy,
    compatibility: Compatibility,
) -> tuple[Edge, ...]:
    """The edges that lead to *pins* or out of them, read from metadata, for an outcome that has none of its own."""
    overrides = {override.name: override for override in policy.overrides}
    asked: list[tuple[NormalizedName | None, Requirement]] = [
        (None, each) for each in requirements if holds(each, (), compatibility)
    ]
    for name, pin in pins.items():
        stated = iter_stated(name, pin.version, pin.metadata.requires)
        asked += [(name, each) for each in stated if holds(each, pin.extras, compatibility)]
    return tuple(
        Edge(parent=parent, child=each.name, requirement=replace(overrides.get(each.name, each), origin=each.origin))
        for parent, each in asked
        if each.name not in policy.excludes and each.name != parent
    )


def ways_to(
    name: NormalizedName, edges: Iterable[Edge], pins: Mapping[NormalizedName, Pin]
) -> tuple[tuple[tuple[WayStep, ...], ...], bool]:
    """The simple paths from the user to *name*, shortest first, and whether there are more than the fifty looked for.

    Costs a breadth-first search for each step of each way (Yen's algorithm); networkx is imported here.
    """
    import networkx

    asked: dict[tuple[str, str], list[Requirement]] = {}
    for edge in edges:
        asked.setdefault((edge.parent or _USER, edge.child), []).append(edge.requirement)
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from((_USER, name))
    graph.add_edges_from(sorted(asked))
    try:
        found = list(islice(networkx.shortest_simple_paths(graph, _USER, name), WAYS_FOUND + 1))
    except networkx.NetworkXNoPath:
        return (), False
    ways = sorted(found[:WAYS_FOUND], key=lambda way: (len(way), way))
    return tuple(_steps(way, asked, pins) for way in ways), len(found) > WAYS_FOUND


def _steps(
    way: list[str], asked: Mapping[tuple[str, str], list[Requirement]], pins: Mapping[NormalizedName, Pin]
) -> tuple[WayStep, ...]:
    steps: list[WayStep] = []
    for parent, child in pairwise(way):
        requirements = asked[parent, child]
        pin = pins.get(NormalizedName(child))
        steps.append(
            WayStep(
                name=NormalizedName(child),
                version=pin.version if pin is not None else None,
                requirement=", ".join(dict.fromkeys(map(str, requirements))),
                by=asker(requirements[0].origin),
            )
        )
    return tuple(steps)


def ways_of_clash(clash: Clash) -> tuple[tuple[WayStep, ...], ...]:
    """The ways by which the requirements of *clash* came, as the solver tried them."""
    return tuple(
        _steps_of_clash(path, requirement, clash.name)
        for path, requirement in zip(clash.paths, clash.requirements, strict=False)
    )


def _steps_of_clash(path: tuple[str, ...], requirement: Requirement, name: NormalizedName) -> tuple[WayStep, ...]:
    steps: list[WayStep] = []
    for place, text in enumerate(path[:-1]):
        project, version = _step_named(text)
        by = steps[-1] if steps else None
        said = "you" if by is None else f"{by.name} {by.version}" if by.version is not None else str(by.name)
        steps.append(
            WayStep(name=project, version=version if place else None, requirement="" if place else text, by=said)
        )
    steps.append(WayStep(name=name, version=None, requirement=str(requirement), by=asker(requirement.origin)))
    return tuple(steps)


def _step_named(text: str) -> tuple[NormalizedName, Version | None]:
    """The project of a step, and its version where the step is ``name==version``."""
    name, _, version = text.partition("==")
    try:
        return canonicalize_name(name, validate=True), Version(version)
    except ValueError:
        pass
    try:
        return Requirement.parse(text, CommandLineOrigin(text=text)).name, None
    except InvalidRequirement:
        return canonicalize_name(name.strip()), None


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
            because=_kept_out_by(each, extras, policy, compatibility),
        )
        for each, extras in asked
    ]
    found += _iter_bounding(name, constraints)
    return tuple(dict.fromkeys(found))


def _kept_out_by(requirement: Requirement, extras: Iterable[str], policy: Policy, compatibility: Compatibility) -> str:
    if requirement.name in policy.excludes:
        return "left out by --exclude"
    marker = requirement.marker
    if marker is None or holds(requirement, extras, compatibility):
        return "the search ended before it was chosen"
    named = sorted(extras_named(marker))
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
    """The packages of *lock* that depend on *name*, or *name* itself where none does, and why it is not on the target."""
    found = [
        Mention(
            by=f"{package} ({package.origin})",
            requirement=str(each.name),
            because=_kept_out_of_lock_by(each, package, pins, compatibility),
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


def _kept_out_of_lock_by(
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
    """Those of *known* that *name* may be a slip for, the likeliest first, five at most."""
    names = sorted(set(known) - {name})
    bare = name.replace("-", "")
    parts = [each for each in names if len(bare) > 2 and (bare in each.replace("-", ""))]
    close = difflib.get_close_matches(name, names, n=_NEAR, cutoff=0.7)
    return tuple(NormalizedName(each) for each in dict.fromkeys((*close, *parts)))[:_NEAR]
