"""Explains why a project is in an outcome (ways, bounds, other versions) or why it is not; resolves nothing.

Ways are those from the user's requirements to the project; without any, the requirements that mention it and do not hold are told.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice, pairwise

from msgspec import Struct
from msgspec.structs import replace
from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import MetadataMalformed
from wheelcheck.findings.availability import AnswerView, version_ranges
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.versions import Purity, read_purity
from wheelcheck.model.answers import Bounding, Mention, Outcome, Standing, VersionRange, WayStep, Why
from wheelcheck.model.distribution import MetadataSource, Wheel
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage
from wheelcheck.model.requirement import CandidateOrigin, CommandLineOrigin, Constraint, Origin, Requirement
from wheelcheck.model.resolution import Clash, Conflict, Edge, Pin, Policy
from wheelcheck.ports import Projects
from wheelcheck.targets.fitting import Compatibility, extras_named, stated_requirements

_USER = ""  # the root of the graph, a node that no project name can be
WAYS_FOUND = 50
"""The most ways that are looked for: there can be exponentially many."""
_NEAR = 5


class UserRequirements(Struct, frozen=True, kw_only=True):
    """The user's own *requirements* and *constraints*, those too whose marker does not hold; or a *lock*."""

    requirements: tuple[Requirement, ...]
    constraints: tuple[Constraint, ...] = ()
    lock: Lock | None = None


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


def edges_of(diagnosis: Diagnosis, requirements: Iterable[Requirement]) -> tuple[Edge, ...]:
    """The edges to the pins of *diagnosis* or out of them; read from metadata for an outcome that has none of its own."""
    if diagnosis.resolution is not None:
        return diagnosis.edges
    policy, compatibility = diagnosis.policy, diagnosis.compatibility
    overrides = {override.name: override for override in policy.overrides}
    asked: list[tuple[NormalizedName | None, Requirement]] = [
        (None, each) for each in requirements if compatibility.holds(each.marker)
    ]
    for name, pin in diagnosis.pins.items():
        stated = stated_requirements(pin.metadata.requires, name, pin.version)
        asked += [(name, each) for each in stated if compatibility.holds(each.marker, pin.extras)]
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


def mentions_of(name: NormalizedName, diagnosis: Diagnosis, own: UserRequirements) -> tuple[Mention, ...]:
    """The requirements on *name* of the user and of the pins, none of which brought it, the user's *own* first."""
    asked: list[tuple[Requirement, frozenset[NormalizedName]]] = [
        (each, frozenset()) for each in own.requirements if each.name == name
    ]
    for pin in diagnosis.pins.values():
        stated = stated_requirements(pin.metadata.requires, pin.name, pin.version)
        asked += [(each, pin.extras) for each in stated if each.name == name]
    found = [
        Mention(
            by=asker(each.origin),
            requirement=str(each),
            because=_kept_out_by(each, extras, diagnosis.policy, diagnosis.compatibility),
        )
        for each, extras in asked
    ]
    found += (
        Mention(by=asker(each.origin), requirement=str(each), because="a constraint bounds, and asks for nothing")
        for each in own.constraints
        if each.name == name
    )
    return tuple(dict.fromkeys(found))


def _kept_out_by(requirement: Requirement, extras: Iterable[str], policy: Policy, compatibility: Compatibility) -> str:
    if requirement.name in policy.excludes:
        return "left out by --exclude"
    marker = requirement.marker
    if marker is None or compatibility.holds(marker, extras):
        return "the search ended before it was chosen"
    named = sorted(extras_named(marker))
    would = [extra for extra in named if compatibility.evaluate(marker, extra).holds]
    if would:
        which = "the extra " + would[0] if len(would) == 1 else "one of the extras " + ", ".join(would)
        return f"only with {which}, which is not asked for"
    return f"the marker {marker} does not hold on {compatibility.target}"


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
    if not compatibility.holds(each.marker):
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


_UNUSABLE = frozenset({Standing.OUTSIDE, Standing.NO_FILE, Standing.SOURCE_ONLY, Standing.NEVER_MET})


def explain(
    diagnosis: Diagnosis, package: NormalizedName, asked: UserRequirements, projects: Projects, purity: Purity
) -> Why:
    """Why *package* is in the outcome of *diagnosis*, or why it is not.

    Where the policy blocks, the natural resolution is explained; where requirements clash, the clash. *purity* judges source
    archives without reading them. Asks *projects* for the page of *package*, which the resolution has fetched, and for the
    metadata of a few versions that were passed over. Raises ``IndexUnavailable`` where that fails.
    """
    return _Explanation(diagnosis, package, asked, projects, purity).why()


class _Explanation:
    """One project in one outcome."""

    def __init__(
        self, diagnosis: Diagnosis, package: NormalizedName, asked: UserRequirements, projects: Projects, purity: Purity
    ) -> None:
        self.diagnosis = diagnosis
        self.package = package
        self.asked = asked
        self.projects = projects
        self.purity = purity
        self.clash = next((clash for clash in diagnosis.clashes if clash.name == package), None)
        # A choice made before a clash is no choice any more.
        self.pin: Pin | None = None if self.clash is not None else diagnosis.pins.get(package)
        self.edges = edges_of(diagnosis, asked.requirements)

    def why(self) -> Why:
        ways, more = self._ways()
        found = bool(ways) or self.pin is not None
        page = self.diagnosis.project(self.package).page if found else None
        pin = self.pin
        ranges = self._ranges() if found else ()
        taken = pin.distribution.at.index if pin is not None and pin.distribution is not None else ""
        return Why(
            package=self.package,
            target=self.diagnosis.target,
            outcome=self._outcome(ranges),
            clashing=tuple(clash.name for clash in self.diagnosis.clashes),
            version=pin.version if pin is not None else None,
            installability=pin.installability if pin is not None else None,
            filename=pin.distribution.filename if pin is not None and pin.distribution is not None else "",
            evidence=pin.evidence if pin is not None else (),
            index=taken or (page.index if page is not None else ""),
            indexes=page.indexes if page is not None else (),
            ways=ways,
            more_ways=more,
            bounds=self._bounds() if found else (),
            ranges=ranges,
            versions=len(page.distributions) if page is not None else 0,
            files=sum(map(len, page.distributions.values())) if page is not None else 0,
            mentions=() if found else self._mentions(),
            near=()
            if found
            else near_names(self.package, (*self.diagnosis.pins, *(edge.child for edge in self.edges))),
            unverified=tuple(
                pin.distribution.filename
                for pin in self.diagnosis.pins.values()
                if isinstance(pin.distribution, Wheel) and pin.metadata.source is MetadataSource.UNKNOWN
            ),
        )

    def _outcome(self, ranges: tuple[VersionRange, ...]) -> Outcome:
        outcome = self.diagnosis.outcome
        if not isinstance(outcome, Conflict):
            return Outcome.RESOLVED
        if outcome.budget_spent:
            return Outcome.UNDECIDED
        if outcome.natural is not None:
            return Outcome.BLOCKED
        # The solver may end at a requirement that admits nothing, before it has a clash to name.
        is_unusable = bool(ranges) and all(each.standing in _UNUSABLE for each in ranges)
        return Outcome.CLASH if self.clash is not None or is_unusable else Outcome.CLASH_ELSEWHERE

    def _ways(self) -> tuple[tuple[tuple[WayStep, ...], ...], bool]:
        if self.clash is not None:
            return ways_of_clash(self.clash), False
        return ways_to(self.package, self.edges, self.diagnosis.pins)

    def _bounds(self) -> tuple[Bounding, ...]:
        diagnosis = self.diagnosis
        if self.asked.lock is not None:
            return ()  # a lock has versions, and no longer the requirements
        asked: list[Requirement | Constraint] = (
            list(self.clash.requirements)
            if self.clash is not None
            else [edge.requirement for edge in self.edges if edge.child == self.package]
        )
        asked += (
            each
            for each in self.asked.constraints
            if each.name == self.package and diagnosis.compatibility.holds(each.marker)
        )
        found = (
            Bounding(
                by=asker(each.origin),
                requirement=str(each),
                specifier=str(each.specifier),
                is_constraint=isinstance(each, Constraint),
            )
            for each in asked
        )
        return tuple(dict.fromkeys(found))

    def _ranges(self) -> tuple[VersionRange, ...]:
        return version_ranges(
            AnswerView(
                project=self.diagnosis.project(self.package),
                target=self.diagnosis.target,
                policy=self.diagnosis.policy,
                chosen=self.pin,
                bounds=self._bounds(),
                lock=self.asked.lock.path if self.asked.lock is not None else "",
                purity=self.purity,
                read=partial(read_purity, self.projects),
                objection=self._objection,
            )
        )

    def _objection(self, version: Version) -> str:
        """The requirement of *version* that the pins do not meet, as a phrase; empty where there is none."""
        fit = self.diagnosis.project(self.package).release(version).fit
        if fit is None or not isinstance(fit.distribution, Wheel):
            return ""
        try:
            metadata = self.projects.metadata(fit.distribution)
        except MetadataMalformed:
            return "its metadata cannot be read"
        compatibility = self.diagnosis.compatibility
        if metadata.requires_python and not compatibility.admits_python(metadata.requires_python):
            return f"requires Python {metadata.requires_python}, as its metadata says and the index does not"
        for each in stated_requirements(metadata.requires, metadata.name, version):
            pin = self.diagnosis.pins.get(each.name)
            if pin is None or not compatibility.holds(each.marker, self.pin.extras if self.pin is not None else ()):
                continue
            if not each.specifier.contains(pin.version, prereleases=True):
                return f"asks for {each.name}{each.specifier}, and {each.name} {pin.version} is chosen"
        return ""

    def _mentions(self) -> tuple[Mention, ...]:
        if self.asked.lock is not None:
            return mentions_in_lock(self.package, self.asked.lock, self.diagnosis.pins, self.diagnosis.compatibility)
        return mentions_of(self.package, self.diagnosis, self.asked)
