"""Why there is no answer: the causes that the solver ended on, each with the way by which it came."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.model import Clash, Requirement
from wheelcheck.resolve.ask import Candidate
from wheelcheck.resolve.provider import Cause, WheelProvider


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
                admitted = child.version == ask.exact if ask.exact is not None else ask.bound.admits(child.version)
                if child in paths or not admitted:
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
