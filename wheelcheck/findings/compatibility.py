"""Which chosen versions are known, or must be expected, to fail together though their metadata admits it (the five hundreds).

Gives what was met and the remedies that its source recommends; ``repairs/`` finds out whether a remedy resolves.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from packaging.version import Version

from wheelcheck.findings.context import Diagnosis
from wheelcheck.model.distribution import Wheel
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.requirement import CandidateOrigin, Requirement
from wheelcheck.model.resolution import Pin, Resolution
from wheelcheck.model.target import Target

if TYPE_CHECKING:
    from wheelcheck.model.knowledge import AbiBreak, Advisory, Remedy, RepairKnowledge


class Met(Struct, frozen=True, kw_only=True):
    """An advisory, or an ABI break, that applies to the pins of a resolution.

    ``id`` is the advisory's, or project and release of the break. ``subject`` is the pin that fails, ``cause`` the one it fails
    with (the subject itself where an advisory names one project only). ``message`` stands alone, with the versions in it.
    """

    id: str
    code: Code
    severity: Severity
    subject: Pin
    cause: Pin
    message: str
    evidence: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()


def compatibility_met(resolution: Resolution, knowledge: RepairKnowledge) -> tuple[Met, ...]:
    """The entries of *knowledge* that apply to *resolution*, advisories in their order first, then ABI breaks by project.

    No ABI break is held against a file whose upload time is not known. A pair that an advisory names is not named again for an
    ABI break. Reads nothing; costs a comparison per advisory and pin.
    """
    by_advisory = tuple(_advisories_met(resolution, knowledge))
    named = {(met.subject.name, met.cause.name) for met in by_advisory}
    by_break = (met for met in _breaks_met(resolution, knowledge) if (met.subject.name, met.cause.name) not in named)
    return (*by_advisory, *by_break)


def find_incompatibilities(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Advisories and ABI breaks that the pins meet; without knowledge, none."""
    if diagnosis.resolution is None or diagnosis.knowledge is None:
        return
    for met in compatibility_met(diagnosis.resolution, diagnosis.knowledge):
        hints = tuple(f"remedy: {remedy.kind} {remedy.requirement}" for remedy in met.remedies)
        yield Finding(
            code=met.code,
            severity=met.severity,
            package=met.subject.name,
            version=met.subject.version,
            message=met.message,
            evidence=(*hints, *met.evidence),
            paths=diagnosis.paths(met.subject.name),
        )


def find_absent_parts(diagnosis: Diagnosis) -> Iterator[Finding]:
    """What the chosen wheels need of an installer, such as the Visual C++ runtime: one finding for each part that nobody brings."""
    resolution = diagnosis.outcome
    if not isinstance(resolution, Resolution):
        return
    for part in diagnosis.parts:
        met = [_met_by(requirement, resolution) for requirement in part.needed_by]
        pins = {pin.name: pin for pin in met if pin is not None and isinstance(pin.distribution, Wheel)}
        needing = [pin for _, pin in sorted(pins.items()) if not cast(Wheel, pin.distribution).is_any]
        if not needing or not part.brought_by.isdisjoint(resolution.pins):
            continue
        names = ", ".join(f"{pin.name} {pin.version}" for pin in needing)
        one = len(needing) == 1
        used = f" ({part.used_for})" if part.used_for else ""
        yield Finding.of(
            Code.PART_ABSENT,
            message=f"{names} {'needs' if one else 'need'} {part.owner}{used}: {part.remedy}",
            package=needing[0].name if one else None,
            version=needing[0].version if one else None,
        )


def _advisories_met(resolution: Resolution, knowledge: RepairKnowledge) -> Iterator[Met]:
    for advisory in knowledge.advisories:
        pins = [_met_by(requirement, resolution) for requirement in advisory.when]
        found = [pin for pin in pins if pin is not None]
        if len(found) < len(pins) or not _concerns(advisory, resolution.target):
            continue
        if any(_met_by(requirement, resolution) is not None for requirement in advisory.unless):
            continue
        subject, cause = found[0], found[-1]
        together = " with ".join(f"{pin.name} {pin.version}" for pin in found)
        yield Met(
            id=advisory.id,
            code=Code.ADVISORY,
            severity=advisory.severity,
            subject=subject,
            cause=cause,
            message=f"{together}: {advisory.message}",
            evidence=advisory.evidence,
            remedies=advisory.remedies,
        )


def _met_by(requirement: Requirement, resolution: Resolution) -> Pin | None:
    pin = resolution.pins.get(requirement.name)
    if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
        return None
    return pin


def _concerns(advisory: Advisory, target: Target) -> bool:
    platform = not advisory.platforms or any(fnmatchcase(target.platform, pattern) for pattern in advisory.platforms)
    return platform and advisory.python.contains(target.python_full, prereleases=True)


def _breaks_met(resolution: Resolution, knowledge: RepairKnowledge) -> Iterator[Met]:
    for each in sorted(knowledge.abi_breaks, key=lambda entry: (entry.project, entry.release)):
        cause = resolution.pins.get(each.project)
        if cause is None or cause.version < each.release:
            continue
        parents = {edge.parent for edge in resolution.edges if edge.child == each.project}
        for name in sorted(parent for parent in parents if parent is not None):
            subject = resolution.pins.get(name)
            if subject is None or subject.distribution is None or not _is_extension(subject):
                continue
            uploaded = subject.distribution.at.upload_time
            if uploaded is None or uploaded[:10] >= each.date:
                continue
            if _was_built_for(subject, each, resolution):
                continue
            yield _break_met(each, subject, cause, uploaded)


def _is_extension(pin: Pin) -> bool:
    """Whether the chosen file holds extension modules: a library behind ctypes (``py3-none-win_amd64``) has no ABI to break."""
    wheel = pin.distribution
    return (
        isinstance(wheel, Wheel)
        and not wheel.is_any
        and not all(python.startswith("py") and abi == "none" for python, abi, _ in wheel.tags)
    )


def _was_built_for(pin: Pin, broken: AbiBreak, resolution: Resolution) -> bool:
    """Whether *pin*, though older, is known to load, or declares so: a ceiling above the release shows that it was considered."""
    if any(_met_by(requirement, resolution) is pin for requirement in broken.unless):
        return True
    return any(
        bound.operator in ("<", "<=", "~=") and Version(bound.version) > broken.release
        for edge in resolution.edges
        if edge.parent == pin.name and edge.child == broken.project
        for bound in edge.requirement.specifier
    )


def _break_met(each: AbiBreak, subject: Pin, cause: Pin, uploaded: str) -> Met:
    from wheelcheck.model.knowledge import Remedy

    # The way a person writes it, so that it is the same edit as the one that an advisory recommends.
    release = str(each.release).removesuffix(".0").removesuffix(".0")
    below = Requirement.parse(f"{each.project}<{release}", CandidateOrigin(name=subject.name, version=subject.version))
    return Met(
        id=f"{each.project}-{each.release}",
        code=Code.ABI_BREAK,
        severity=Code.ABI_BREAK.severity,
        subject=subject,
        cause=cause,
        message=f"{subject.name} {subject.version} ({uploaded[:10]}) was compiled before {each.project} {each.release} "
        f"({each.date}) and may not load with {cause.name} {cause.version}",
        evidence=(each.message, *each.evidence),
        remedies=(Remedy(kind="constrain", requirement=below),),
    )
