"""A page and many targets → versions by targets, with the best that each target has; resolves nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from wheelcheck.findings.availability import Purity
from wheelcheck.findings.tagwords import is_floor_of
from wheelcheck.model.answers import Cell, CellKind, Wheels, WheelsRow
from wheelcheck.model.distribution import ProjectPage, Sdist, Wheel
from wheelcheck.model.judgement import Installability
from wheelcheck.model.requirement import Requirement
from wheelcheck.model.resolution import Policy
from wheelcheck.model.target import Fit, RefusalReason, Target
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Admission, ProjectView, Release

_OF_SOURCE = {
    Installability.SDIST_PURE: CellKind.SDIST_PURE,
    Installability.SDIST_NATIVE: CellKind.SDIST_NATIVE,
    Installability.SDIST_UNKNOWN: CellKind.SDIST_UNKNOWN,
}


class Judging(Struct, frozen=True, kw_only=True):
    """How files are judged: *policy* hides what is too new, *told* speaks for a source archive unread, *read* reads it."""

    policy: Policy
    told: Purity
    read: Callable[[Sdist], Installability]


def table(
    page: ProjectPage, requirement: Requirement, targets: Sequence[Target], judging: Judging, *, most: int
) -> Wheels:
    """The newest *most* versions on *page* that *requirement* admits, each judged for every one of *targets*.

    Pre-releases are left out unless the policy or the requirement asks for them, or nothing else is admitted (PEP 440). A source
    archive is read once, and only where some target has nothing better.
    """
    shelves = [_shelf(page, target, judging.policy) for target in targets]
    # Whether a version is hidden is a matter of its day, and so the same for every target.
    there = [version for version in shelves[0].versions if not shelves[0].release(version).hidden]
    admitted = list(requirement.specifier.filter(there, prereleases=True if judging.policy.pre else None))
    kinds: dict[Sdist, CellKind] = {}
    rows = tuple(
        WheelsRow(
            version=version,
            date=_day(shelves[0].release(version).upload_time),
            cells=tuple(
                _cell(shelf.release(version), target, page, judging, kinds)
                for target, shelf in zip(targets, shelves, strict=True)
            ),
        )
        for version in admitted[:most]
    )
    return Wheels(
        package=page.name,
        requirement=str(requirement),
        targets=tuple(targets),
        rows=rows,
        admitted=len(admitted),
        versions=len(page.distributions),
        index=page.index,
    )


def _shelf(page: ProjectPage, target: Target, policy: Policy) -> ProjectView:
    return ProjectView(page, Admission(Compatibility(target), policy, {}))


def _cell(release: Release, target: Target, page: ProjectPage, judging: Judging, kinds: dict[Sdist, CellKind]) -> Cell:
    fit = release.fit
    if fit is None:
        return _nothing(release, target)
    file = fit.distribution
    too_new = _newer_floor(release, target) if isinstance(file, Sdist) else ""
    if release.yanked is not None:
        return Cell(kind=CellKind.YANKED, filename=file.filename, fact=release.yanked)
    if isinstance(file, Wheel):
        return Cell(kind=_wheel_kind(fit), filename=file.filename)
    if file not in kinds:
        told = judging.told(page.distributions[release.version]) or judging.read(file)
        kinds[file] = _OF_SOURCE.get(told, CellKind.SDIST_UNKNOWN)
    return Cell(kind=kinds[file], filename=file.filename, fact=too_new)


def _wheel_kind(fit: Fit) -> CellKind:
    if fit.tag is not None and fit.tag[1:] == ("none", "any"):
        return CellKind.PURE
    return CellKind.ABI3 if fit.tag is not None and fit.tag[1].startswith("abi3") else CellKind.WHEEL


def _nothing(release: Release, target: Target) -> Cell:
    bounds = dict.fromkeys(
        refusal.fact for refusal in release.refusals if refusal.reason is RefusalReason.REQUIRES_PYTHON
    )
    if bounds:
        return Cell(kind=CellKind.REQUIRES_PYTHON, fact=" or ".join(bounds))
    if release.yanked is not None:
        return Cell(kind=CellKind.YANKED, fact=release.yanked)
    return Cell(kind=CellKind.NOTHING, fact=_newer_floor(release, target))


def _newer_floor(release: Release, target: Target) -> str:
    """The oldest system like *target* for which *release* has a wheel of this Python: its platform tag, or nothing."""
    floors = {
        tag[2]
        for refusal in release.refusals
        if refusal.reason is RefusalReason.PLATFORM_TAG and isinstance(refusal.distribution, Wheel)
        for tag in refusal.distribution.tags
        if is_floor_of(tag[2], target)
    }
    return min(floors, key=lambda tag: [int(number) for number in re.findall(r"\d+", tag)], default="")


def _day(upload_time: str | None) -> str | None:
    return upload_time[:10] if upload_time else None
