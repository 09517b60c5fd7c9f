"""Why there is no answer: the causes that the solver ended on, each with the way by which it came."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.model.requirement import Requirement
from wheelcheck.model.resolution import Clash
from wheelcheck.resolver.provider import Cause, WheelProvider
from wheelcheck.resolver.requirement import Candidate


def clashes_of(causes: Sequence[Cause], provider: WheelProvider) -> tuple[Clash, ...]:
    """One clash for each project among *causes*, in the order of their names."""
    by_name: dict[NormalizedName, dict[tuple[str, Candidate | None], Cause]] = {}
    for cause in causes:
        ask = cause.requirement
        if ask.impossible or ask.exact is not None:
            continue
        by_name.setdefault(ask.key[0], {}).setdefault((str(ask.requirement), cause.parent), cause)
    shortest = _shortest_paths(provider)
    return tuple(_clash(name, list(found.values()), shortest, provider) for name, found in sorted(by_name.items()))


def causes_of_death(causes: Sequence[Cause], provider: WheelProvider) -> list[Cause]:
    """*causes*, and for each that is hopeless whatever is chosen the last link of the chain that it hangs on.

    A user is helped by the two bounds that exclude each other, not by the thousand versions above them that die of it; of these
    the newest stands for all. Where a user's own requirement is hopeless, nothing else matters.
    """
    roots = [Cause(ask, None) for ask in provider.edges[None] if provider.pruning.dead_ends.is_hopeless(ask)]
    told = {} if roots else {(id(cause.requirement), id(cause.parent)): cause for cause in causes}
    for cause in roots or causes:
        for last in _last_link(cause, provider):
            told[id(last.requirement), id(last.parent)] = last
    return list(told.values())


def _last_link(cause: Cause, provider: WheelProvider) -> tuple[Cause, ...]:
    ask, parent = cause.requirement, cause.parent
    if ask.impossible and parent is not None:
        ask = provider.pruning.dead_ends.reason(parent.key, parent.version) or ask
    while provider.pruning.dead_ends.is_hopeless(ask) and not ask.impossible:
        version = next(iter(provider.pruning.versions_open_to(ask)), None)
        reason = None if version is None else provider.pruning.dead_ends.reason(ask.key, version)
        if version is None or reason is None:
            return (Cause(ask, parent), *(Cause(own, None) for own in provider.own_asks(ask.key[0])))
        ask, parent = reason, provider.candidate_of(ask.key, version)
    return ()


def _clash(
    name: NormalizedName, causes: list[Cause], shortest: dict[Candidate, tuple[str, ...]], provider: WheelProvider
) -> Clash:
    rows: dict[tuple[str, ...], Requirement] = {}
    for cause in causes:
        requirement = cause.requirement.requirement
        way = (
            ()
            if cause.parent is None
            else shortest.get(cause.parent, (f"{cause.parent.key[0]}=={cause.parent.version}",))
        )
        rows.setdefault((*way, str(requirement)), requirement)
    ordered = sorted(rows.items(), key=lambda row: (len(row[0]), row[0]))
    constraints = provider.constraints_on(name)
    specifier = SpecifierSet()
    for requirement in rows.values():
        specifier &= requirement.specifier
    for constraint in constraints:
        specifier &= constraint.specifier
    return Clash(
        name=name,
        requirements=tuple(requirement for _, requirement in ordered),
        constraints=constraints,
        paths=tuple(path for path, _ in ordered),
        specifier=specifier,
    )


def _shortest_paths(provider: WheelProvider) -> dict[Candidate, tuple[str, ...]]:
    """For each candidate that was looked at, the shortest way from the user's own requirement to it.

    The solver has thrown its graph away by now; what every candidate asked for is still known, and breadth first over it
    gives a way that really was tried.
    """
    by_key: dict[object, list[Candidate]] = {}
    for candidate in provider.edges:
        if candidate is not None:
            by_key.setdefault(candidate.key, []).append(candidate)
    paths: dict[Candidate, tuple[str, ...]] = {}
    waiting: list[tuple[Candidate | None, tuple[str, ...]]] = [(None, ())]
    for parent, path in waiting:  # grows while it is walked: a queue
        for ask in provider.edges.get(parent, ()):
            for child in by_key.get(ask.key, ()):
                if child in paths:
                    continue
                admitted = child.version == ask.exact if ask.exact is not None else ask.bound.admits(child.version)
                if not admitted:
                    continue
                step = str(ask.requirement) if parent is None else f"{child.key[0]}=={child.version}"
                own = (
                    path
                    if ask.exact is not None or (parent is not None and parent.key[0] == child.key[0])
                    else (*path, step)
                )
                paths[child] = own
                waiting.append((child, own))
    return paths
