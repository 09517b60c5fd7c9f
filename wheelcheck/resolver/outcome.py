"""From the state in which a search ended to its outcome: the edges between projects, or why there is no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.requirement import Requirement
from wheelcheck.model.resolution import Clash, Edge, Resolution
from wheelcheck.resolver.provider import Cause, WheelProvider
from wheelcheck.resolver.requirement import Candidate, Key, ResolverRequirement
from wheelcheck.resolver.search import Mapped

_Path = tuple[str, ...]


def walk(provider: WheelProvider, mapping: Mapped) -> tuple[list[Key], tuple[Edge, ...]]:
    """The keys that the user's requirements reach in *mapping*, and the edges between projects.

    Follows the candidates' own requirements: what the solver remembers may hold parents that it has since replaced.
    """
    reached: dict[Key, None] = {}
    edges: dict[tuple[NormalizedName | None, NormalizedName, str], Edge] = {}
    waiting: list[Candidate | None] = [None]
    while waiting:
        parent = waiting.pop()
        parent_name = parent.key[0] if parent is not None else None
        for requirement in provider.edges.get(parent, ()):
            key, stated = requirement.key, requirement.stated
            candidate = mapping.get(key)
            if candidate is None:
                continue
            if requirement.exact is None and parent_name != key[0]:
                edge = Edge(parent=parent_name, child=key[0], requirement=stated)
                edges.setdefault((parent_name, key[0], str(stated)), edge)
            if key not in reached:
                reached[key] = None
                waiting.append(candidate)
    ordered = sorted(edges.items(), key=lambda item: (item[0][0] or "", item[0][1], item[0][2]))
    return list(reached), tuple(edge for _, edge in ordered)


def way_to(
    resolution: Resolution, start: NormalizedName, is_goal: Callable[[NormalizedName], bool]
) -> tuple[Edge, ...]:
    """The shortest way from *start* along the edges of *resolution* to a project that *is_goal*; empty where there is none."""
    below: dict[NormalizedName | None, list[Edge]] = {}
    for edge in resolution.edges:
        below.setdefault(edge.parent, []).append(edge)
    waiting: list[tuple[NormalizedName, tuple[Edge, ...]]] = [(start, ())]
    seen = {start}
    for name, way in waiting:  # grows while it is walked: a queue
        for edge in below.get(name, ()):
            if edge.child not in seen:
                if is_goal(edge.child):
                    return (*way, edge)
                seen.add(edge.child)
                waiting.append((edge.child, (*way, edge)))
    return ()


def clashes_of(causes: Sequence[Cause], provider: WheelProvider) -> tuple[Clash, ...]:
    """One clash for each project among the *causes* that the solver ended on, in the order of their names.

    The solver ends at the first project that cannot be; the others whose versions the user's own bounds rule out are told too.
    """
    if provider.pruning.is_probing:
        causes = _decisive(causes, provider)
    causes = [*causes, *_never_met(provider)]
    by_name: dict[NormalizedName, dict[tuple[str, Candidate | None], Cause]] = {}
    for cause in causes:
        requirement = cause.requirement
        if not requirement.impossible and requirement.exact is None:
            found = by_name.setdefault(requirement.key[0], {})
            found.setdefault((str(requirement.stated), cause.parent), cause)
    shortest = _shortest_paths(provider)
    return tuple(_clash(name, list(found.values()), shortest, provider) for name, found in sorted(by_name.items()))


def _never_met(provider: WheelProvider) -> Iterator[Cause]:
    """The user's own requirements on projects of which an index has versions, and none that all of these admit."""
    own: dict[NormalizedName, list[ResolverRequirement]] = {}
    for requirement in provider.edges[None]:
        own.setdefault(requirement.key[0], []).append(requirement)
    for name, asked in own.items():
        if any(each.url is not None or each.impossible for each in asked) or provider.adjustments.constraints_on(name):
            continue
        page = provider.source.view(name).page
        if page.distributions and not provider.source.versions_within(name, [each.bound for each in asked]):
            yield from (Cause(each, None) for each in asked)


def _decisive(causes: Sequence[Cause], provider: WheelProvider) -> Sequence[Cause]:
    """*causes*, and for each that is unsatisfiable whatever is chosen the last link of its chain.

    A user is helped by the two bounds that exclude each other, not by the thousand versions above them that are dead because of
    them; of these the newest stands for all. Where a user's own requirement is unsatisfiable, nothing else matters.
    """
    is_unsatisfiable = provider.pruning.dead_versions.is_unsatisfiable
    roots = [Cause(requirement, None) for requirement in provider.edges[None] if is_unsatisfiable(requirement)]
    ends = [last for cause in roots or causes for last in _last_link(cause, provider)]
    return list(dict.fromkeys(ends if roots else (*causes, *ends)))


def _last_link(cause: Cause, provider: WheelProvider) -> tuple[Cause, ...]:
    dead = provider.pruning.dead_versions
    requirement, parent = cause.requirement, cause.parent
    if requirement.impossible and parent is not None:
        requirement = dead.reason(parent.key, parent.version) or requirement
    while dead.is_unsatisfiable(requirement) and not requirement.impossible:
        key = requirement.key
        version = next(iter(provider.pruning.versions_open_to(requirement)), None)
        reason = None if version is None else dead.reason(key, version)
        if version is None or reason is None:
            return (Cause(requirement, parent), *(Cause(own, None) for own in provider.own_requirements(key[0])))
        requirement, parent = reason, provider.candidate_of(key, version)
    return ()


def _clash(
    name: NormalizedName, causes: list[Cause], shortest: dict[Candidate, _Path], provider: WheelProvider
) -> Clash:
    rows: dict[_Path, Requirement] = {}
    for cause in causes:
        stated, parent = cause.requirement.stated, cause.parent
        path = () if parent is None else shortest.get(parent, (f"{parent.key[0]}=={parent.version}",))
        rows.setdefault((*path, str(stated)), stated)
    ordered = sorted(rows.items(), key=lambda row: (len(row[0]), row[0]))
    constraints = tuple(provider.adjustments.constraints_on(name))
    specifier = SpecifierSet()
    for stated in rows.values():
        specifier &= stated.specifier
    for constraint in constraints:
        specifier &= constraint.specifier
    return Clash(
        name=name,
        requirements=tuple(requirement for _, requirement in ordered),
        constraints=constraints,
        paths=tuple(path for path, _ in ordered),
        specifier=specifier,
    )


def _shortest_paths(provider: WheelProvider) -> dict[Candidate, _Path]:
    """For each candidate that was looked at, the shortest path from the user's own requirement to it.

    The solver has thrown its graph away by now. The requirements of every candidate are still known, and breadth first over them
    gives a path that really was tried.
    """
    by_key: dict[Key, list[Candidate]] = {}
    for candidate in provider.edges:
        if candidate is not None:
            by_key.setdefault(candidate.key, []).append(candidate)
    paths: dict[Candidate, _Path] = {}
    waiting: list[tuple[Candidate | None, _Path]] = [(None, ())]
    for parent, path in waiting:  # grows while it is walked: a queue
        for requirement in provider.edges.get(parent, ()):
            for child in by_key.get(requirement.key, ()):
                if child in paths or not _admits(requirement, child.version):
                    continue
                step = str(requirement.stated) if parent is None else f"{child.key[0]}=={child.version}"
                is_inside = requirement.exact is not None or (parent is not None and parent.key[0] == child.key[0])
                paths[child] = path if is_inside else (*path, step)
                waiting.append((child, paths[child]))
    return paths


def _admits(requirement: ResolverRequirement, version: Version) -> bool:
    return requirement.bound.admits(version) if requirement.exact is None else version == requirement.exact
