"""Makes the plan of a resolution: its status, packages and phases; refuses to judge or to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.model.distribution import Distribution
from wheelcheck.model.finding import Finding, Severity
from wheelcheck.model.judgement import Installability
from wheelcheck.model.plan import InputRecord, Options, Plan, PlannedFile, PlannedPackage
from wheelcheck.model.plan_status import Status
from wheelcheck.model.resolution import Conflict, Edge, Pin, Resolution
from wheelcheck.model.urls import masked
from wheelcheck.plans.phases import builder_phases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName

    from wheelcheck.model.repair import Proposals

_BUILT = frozenset({Installability.SDIST_PURE, Installability.SDIST_NATIVE, Installability.SDIST_UNKNOWN})


def plan(
    outcome: Resolution | Conflict,
    findings: Sequence[Finding],
    *,
    inputs: tuple[InputRecord, ...],
    options: Options,
    proposals: Proposals | None = None,
    applied: Sequence[str] = (),
) -> Plan:
    """Make the plan of *outcome*, judged by *findings*, with the ways out in *proposals*; *applied* are the ids of those in it.

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
    if isinstance(outcome, Conflict) or any(finding.severity is Severity.ERROR for finding in findings):
        return Status.BLOCKED
    if any(package.file is None for package in packages):
        return Status.BLOCKED
    if any(package.installability in _BUILT for package in packages):
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
            requires_python=_requires_python(pin),
            direct=name in direct,
        )
        for name, pin in sorted(pins.items())
    )


def _requires_python(pin: Pin) -> str | None:
    announced = pin.distribution.at.requires_python if pin.distribution is not None else None
    return announced or pin.metadata.requires_python


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
    )
