"""Makes the plan of a resolution: status, packages, and the steps of a builder; judges nothing, drops no package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import UNSET
from packaging.utils import NormalizedName

from wheelcheck.model.distribution import FROM_SOURCE, Distribution, Status
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.plan import BuilderPhase, InputRecord, Options, Plan, PlannedFile, PlannedPackage
from wheelcheck.model.repair import Proposals
from wheelcheck.model.requirement import Requirement, project_in
from wheelcheck.model.resolution import Conflict, Edge, Pin, Resolution
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked
from wheelcheck.targets.fitting import Compatibility, stated_for, stated_requirements
from wheelcheck.texts.words import grouped


def plan(
    outcome: Resolution | Conflict,
    findings: Sequence[Finding],
    *,
    inputs: tuple[InputRecord, ...],
    options: Options,
    proposals: Proposals | None = None,
    applied: Sequence[str] = (),
) -> Plan:
    """Make the plan of *outcome*, judged by *findings*, with the repairs in *proposals*; *applied* are the ids of those in it.

    The packages of a conflict are those of its natural resolution, so that a blocked plan still shows everything; a
    search that ran out of budget shows the pins it had. A plan that cannot be executed has no phases: a builder that
    overlooks the status then does nothing rather than half of it. Takes time linear in pins and edges.
    """
    pins, edges = _shown(outcome)
    packages = _packages(pins, edges)
    status = _status(outcome, findings, packages)
    executable = status in (Status.INSTALLABLE, Status.NEEDS_BUILD)
    phases = builder_phases(packages, pins, outcome.target, options) if executable else ()
    return Plan(
        status=status,
        target=outcome.target,
        inputs=inputs,
        options=options,
        packages=packages,
        findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
        phases=phases,
        proposals=proposals,
        applied=tuple(applied),
    )


def _shown(outcome: Resolution | Conflict) -> tuple[Mapping[NormalizedName, Pin], tuple[Edge, ...]]:
    match outcome:
        case Resolution():
            return outcome.pins, outcome.edges
        case Conflict(natural=Resolution() as natural):
            return natural.pins, natural.edges
        case Conflict():
            return outcome.partial, ()


def _status(
    outcome: Resolution | Conflict, findings: Sequence[Finding], packages: tuple[PlannedPackage, ...]
) -> Status:
    # Undecided comes first: the offenders of a search that was cut short are shown, but prove nothing.
    if isinstance(outcome, Conflict) and outcome.budget_spent:
        return Status.UNDECIDED
    errors = {finding.code for finding in findings if finding.severity is Severity.ERROR}
    if errors - {Code.FILE_UNVERIFIED} or (isinstance(outcome, Conflict) and not errors):
        return Status.BLOCKED
    if any(package.file is None for package in packages):
        return Status.BLOCKED
    if errors:
        return Status.UNDECIDED
    if any(package.installability in FROM_SOURCE for package in packages):
        return Status.NEEDS_BUILD
    return Status.INSTALLABLE


def _packages(pins: Mapping[NormalizedName, Pin], edges: tuple[Edge, ...]) -> tuple[PlannedPackage, ...]:
    requires: dict[NormalizedName, set[NormalizedName]] = {name: set() for name in pins}
    required_by: dict[NormalizedName, set[NormalizedName]] = {name: set() for name in pins}
    requested: set[NormalizedName] = set()
    direct: set[NormalizedName] = set()
    for edge in edges:
        if edge.requirement.url is not None:
            direct.add(edge.child)
        if edge.parent is None:
            requested.add(edge.child)
        elif edge.parent != edge.child and edge.parent in pins and edge.child in pins:
            requires[edge.parent].add(edge.child)
            required_by[edge.child].add(edge.parent)
    return tuple(
        PlannedPackage(
            name=name,
            version=pin.version,
            requested=name in requested,
            extras=tuple(sorted(pin.extras)),
            required_by=tuple(sorted(required_by[name])),
            requires=tuple(sorted(requires[name])),
            installability=pin.installability,
            metadata=pin.metadata.source,
            file=_file(pin, pin.distribution) if pin.distribution is not None else None,
            requires_python=(pin.distribution and pin.distribution.at.requires_python) or pin.metadata.requires_python,
            direct=name in direct,
        )
        for name, pin in sorted(pins.items())
    )


def _file(pin: Pin, distribution: Distribution) -> PlannedFile:
    at = distribution.at
    return PlannedFile(
        filename=distribution.filename,
        url=masked(at.url),
        sha256=at.sha256 or None,
        size=at.size,
        upload_time=at.upload_time,
        tag="-".join(pin.tag) if pin.tag is not None else None,
        hashes=dict(sorted(at.hashes)),
        index=masked(at.index) or None,
        accepted=_by_algorithm(at.accepted) or UNSET,
    )


def _by_algorithm(hashes: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    by_name = grouped(sorted(hashes), lambda pair: pair[0])
    return {algorithm: tuple(digest for _, digest in pairs) for algorithm, pairs in by_name.items()}


_Links = Mapping[NormalizedName, frozenset[NormalizedName]]


def builder_phases(
    packages: Sequence[PlannedPackage], pins: Mapping[NormalizedName, Pin], target: Target, options: Options
) -> tuple[BuilderPhase, ...]:
    """The steps that install *packages*, which stand for *pins*, on *target*.

    Source archives are built once first. Everything is installed without resolving; packages that state a requirement which the
    plan does not meet (*options* overrode or excluded it) come in a last step of their own, in the order of their needs: an
    installer that did resolve would refuse exactly those. Takes time linear in what the pins state.
    """
    if not packages:
        return ()
    broken = unmet_requirements(pins, target)
    apart = _ordered(broken, _requires(packages))
    together = tuple(package.name for package in packages if package.name not in broken)
    to_build = build_order(packages)
    phases = [
        BuilderPhase(kind="build-once", packages=to_build),
        BuilderPhase(kind="install", packages=together),
        BuilderPhase(kind="install", packages=apart, reason=_reason(apart, broken, pins, options)),
    ]
    return tuple(phase for phase in phases if phase.packages)


def unmet_requirements(
    pins: Mapping[NormalizedName, Pin], target: Target
) -> dict[NormalizedName, tuple[Requirement, ...]]:
    """What each of *pins* states for *target* and its extras, and the others do not meet: not there, or at another version.

    A version that a pre-release rule alone would keep out meets a requirement: it was chosen knowingly.
    """
    compatibility = Compatibility(target)
    found = {
        name: tuple(each for each in _iter_stated(pin, compatibility) if each.name != name and not _is_met(each, pins))
        for name, pin in pins.items()
    }
    return {name: unmet for name, unmet in found.items() if unmet}


def _iter_stated(pin: Pin, compatibility: Compatibility) -> Iterator[Requirement]:
    texts = pin.metadata.requires
    stated = (
        stated_requirements(texts, pin.name, pin.version)
        if pin.extras
        else stated_for(texts, pin.name, pin.version, "")
    )
    for requirement in stated:
        if compatibility.holds(requirement.marker, pin.extras):
            yield requirement


def _is_met(requirement: Requirement, pins: Mapping[NormalizedName, Pin]) -> bool:
    pin = pins.get(requirement.name)
    return pin is not None and requirement.specifier.contains(pin.version, prereleases=True)


def _reason(
    apart: Sequence[NormalizedName],
    broken: Mapping[NormalizedName, tuple[Requirement, ...]],
    pins: Mapping[NormalizedName, Pin],
    options: Options,
) -> str | None:
    """A sentence on why the packages *apart* stand apart: what their own metadata asks for, and what became of it."""
    overridden = {project_in(text) for text in options.overrides}

    def fate(requirement: Requirement) -> str:
        name = requirement.name
        if name in overridden:
            return "which the override replaced"
        if name in options.excludes:
            return "which was excluded"
        return f"while the plan has {pins[name].version}" if name in pins else "which the plan lacks"

    # Without its marker, which holds anyway.
    clauses = [
        f"{name} {pins[name].version} asks for {str(requirement).partition(';')[0].strip()}, {fate(requirement)}"
        for name in apart
        for requirement in broken[name]
    ]
    return f"by their own metadata {'; '.join(clauses)}" if clauses else None


def build_order(packages: Sequence[PlannedPackage]) -> tuple[NormalizedName, ...]:
    """The *packages* that come as source archives, each after those it needs (also through wheels), then by name.

    A cycle is entered at its first name. Costs one walk of the graph for each source archive, of which plans have few.
    """
    built = {package.name for package in packages if package.installability in FROM_SOURCE}
    return _ordered(built, _requires(packages))


def _requires(packages: Sequence[PlannedPackage]) -> _Links:
    return {package.name: frozenset(package.requires) for package in packages}


def _ordered(
    names: Mapping[NormalizedName, object] | set[NormalizedName], requires: _Links
) -> tuple[NormalizedName, ...]:
    """*names*, each after those of them that it needs, then by name."""
    waiting = set(names)
    needs = {name: _reachable(name, requires) & waiting - {name} for name in waiting}
    order: list[NormalizedName] = []
    while waiting:
        # Names in a cycle wait for each other and for nothing else, so they have the fewest waits once their turn comes.
        following = min(waiting, key=lambda name: (len(needs[name] & waiting), name))
        waiting.remove(following)
        order.append(following)
    return tuple(order)


def _reachable(start: NormalizedName, requires: _Links) -> frozenset[NormalizedName]:
    seen: set[NormalizedName] = set()
    waiting = [start]
    while waiting:
        for name in requires.get(waiting.pop(), frozenset()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return frozenset(seen)
