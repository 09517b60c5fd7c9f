"""The versions of a project for many targets, with the best file for each; and phrases for why files do not fit a target."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence, Set

from msgspec import Struct
from packaging.version import Version

from wheelcheck.errors import ArchiveRefused
from wheelcheck.findings.installing import floor_of
from wheelcheck.model.answers import CellKind, VersionCell, Wheels, WheelsRow
from wheelcheck.model.distribution import Distribution, Installability, ProjectPage, Sdist, Wheel
from wheelcheck.model.requirement import Requirement
from wheelcheck.model.resolution import Policy
from wheelcheck.model.target import Fit, Refusal, RefusalReason, Target
from wheelcheck.ports import Projects
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Admission, ProjectView, Release
from wheelcheck.texts.words import folded, joined

Purity = Callable[[tuple[Distribution, ...]], Installability | None]
"""Judges the source archive of a release by its other files, without reading it; ``None`` where they do not show it."""

_OF_SOURCE = {
    Installability.SDIST_PURE: CellKind.SDIST_PURE,
    Installability.SDIST_OPTIONAL: CellKind.SDIST_OPTIONAL,
    Installability.SDIST_NATIVE: CellKind.SDIST_NATIVE,
    Installability.SDIST_UNKNOWN: CellKind.SDIST_UNKNOWN,
}
_CPYTHON = re.compile(r"cp3(\d+)")
_FAMILY = re.compile(r"(manylinux|musllinux|macosx|linux|win|ios|android)")
_FLOORED = re.compile(r"(manylinux|musllinux|macosx)\d*_\d+(?:_\d+)?_(\w+)|(?:manylinux1|manylinux20\d\d|linux)_(\w+)")
_NAMED = 3
_ORDER = {reason: position for position, reason in enumerate(RefusalReason)}


class Judging(Struct, frozen=True, kw_only=True):
    """How files are judged: *policy* hides files that are too new, *told* judges a source archive unread, *read* reads it."""

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
    projects = [ProjectView(page, Admission(Compatibility(target), judging.policy)) for target in targets]
    # Whether a version is hidden is a matter of its day, and so the same for every target.
    there = [version for version in projects[0].versions if not projects[0].release(version).hidden]
    admitted = list(requirement.specifier.filter(there, prereleases=True if judging.policy.pre else None))
    kinds: dict[Sdist, CellKind] = {}
    rows = tuple(
        WheelsRow(
            version=version,
            date=day_of(projects[0].release(version).upload_time),
            cells=tuple(
                _cell(project.release(version), target, page, judging, kinds)
                for target, project in zip(targets, projects, strict=True)
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


def offers_just(page: ProjectPage, versions: Set[Version], target: Target) -> bool:
    """Whether *versions* are just those that an installer on *target* can use of *page*, up to the newest of them.

    What is newer on the page may have come after the installer looked.
    """
    fits, newest = Compatibility(target).judge, max(versions, default=None)
    if not set(versions) <= set(page.distributions):
        return False
    for version, files in page.distributions.items():
        if newest is not None and version > newest:
            continue
        usable = [file for file in files if isinstance(fits(file), Fit)]
        # pip lists no version that was withdrawn, but older ones do.
        is_withdrawn = bool(usable) and all(file.at.yanked is not None for file in usable)
        if not is_withdrawn and bool(usable) != (version in versions):
            return False
    return True


def has_wheel(page: ProjectPage, version: Version, target: Target) -> bool:
    """Whether *version* on *page* has a wheel for *target*."""
    fits = Compatibility(target).judge
    files = page.distributions.get(version, ())
    return any(isinstance(file, Wheel) and isinstance(fits(file), Fit) for file in files)


def _cell(
    release: Release, target: Target, page: ProjectPage, judging: Judging, kinds: dict[Sdist, CellKind]
) -> VersionCell:
    fit = release.fit
    if fit is None:
        return _nothing(release, target)
    file = fit.distribution
    too_new = _newer_floor(release, target) if isinstance(file, Sdist) else ""
    if release.yanked is not None:
        return VersionCell(kind=CellKind.YANKED, filename=file.filename, fact=release.yanked)
    if isinstance(file, Wheel):
        return VersionCell(kind=_wheel_kind(fit), filename=file.filename)
    if file not in kinds:
        told = judging.told(page.distributions[release.version]) or judging.read(file)
        kinds[file] = _OF_SOURCE.get(told, CellKind.SDIST_UNKNOWN)
    return VersionCell(kind=kinds[file], filename=file.filename, fact=too_new)


def _wheel_kind(fit: Fit) -> CellKind:
    if fit.tag is not None and fit.tag[1:] == ("none", "any"):
        return CellKind.PURE
    return CellKind.ABI3 if fit.tag is not None and fit.tag[1].startswith("abi3") else CellKind.WHEEL


def _nothing(release: Release, target: Target) -> VersionCell:
    bounds = dict.fromkeys(
        refusal.fact for refusal in release.refusals if refusal.reason is RefusalReason.REQUIRES_PYTHON
    )
    if bounds:
        return VersionCell(kind=CellKind.REQUIRES_PYTHON, fact=" or ".join(bounds))
    if release.yanked is not None:
        return VersionCell(kind=CellKind.YANKED, fact=release.yanked)
    return VersionCell(kind=CellKind.NOTHING, fact=_newer_floor(release, target))


def _newer_floor(release: Release, target: Target) -> str:
    """The oldest system like *target* for which *release* has a wheel of this Python: its platform tag, or nothing."""
    floors = {
        tag[2]
        for refusal in release.refusals
        if refusal.reason is RefusalReason.PLATFORM_TAG and isinstance(refusal.distribution, Wheel)
        for tag in refusal.distribution.tags
        if is_floor_of(tag[2], target)
    }
    return min(floors, key=lambda tag: floor_of(tag) or ("",), default="")


def day_of(upload_time: str | None) -> str | None:
    """The day of an upload (ISO 8601); ``None`` where it is not known."""
    return upload_time[:10] if upload_time else None


def read_purity(projects: Projects, sdist: Sdist) -> Installability:
    """Read whether *sdist* needs a compiler, which a refused archive does not show."""
    try:
        return projects.source(sdist).purity.installability
    except ArchiveRefused:
        return Installability.SDIST_UNKNOWN


def telling_reason(refusals: Collection[Refusal], target: Target) -> RefusalReason | None:
    """The most telling reason among *refusals*: a bound on Python, then that of the wheel which came furthest; or ``None``."""
    nearest = max(
        refusals,
        key=lambda refusal: (
            # Tags are checked first, so a release for other Pythons shows this by its source archive alone.
            refusal.reason is RefusalReason.REQUIRES_PYTHON,
            isinstance(refusal.distribution, Wheel),
            _ORDER[refusal.reason],
        ),
        default=None,
    )
    if nearest is None:
        return None
    # "cp310-none" fails by its ABI on a newer Python, and is a wheel of another Python to a reader.
    own = target.tags[0][0]
    if nearest.reason is RefusalReason.ABI_TAG and not any(tag[0] == own for tag in _tags(refusals)):
        return RefusalReason.PYTHON_TAG
    return nearest.reason


def refusal_phrase(reason: RefusalReason, refusals: Collection[Refusal], target: Target) -> str:
    """Why none of *refusals* fits *target*, in one phrase; *reason* is that of the nearest.

    Such as: wheels for cp38 to cp311 on manylinux and macosx only (platform tag).
    """
    facts = [refusal.fact for refusal in refusals if refusal.reason is reason]
    match reason:
        case RefusalReason.PLATFORM_TAG:
            pythons, platforms = _pythons(refusals), _platforms(refusals, target)
            return f"wheels for {pythons} on {platforms} only ({reason.value})"
        case RefusalReason.PYTHON_TAG:
            own = {tag[2] for tag in target.tags}
            here = [each for each in refusals if own.intersection(tag[2] for tag in _tags([each]))]
            return f"wheels for {_pythons(here or refusals)} only ({reason.value})"
        case RefusalReason.ABI_TAG:
            return f"wheels for {_joined(sorted(set(facts)))} only ({reason.value})"
        case RefusalReason.REQUIRES_PYTHON:
            return f"requires Python {_joined(dict.fromkeys(facts), ' or ')}"
        case RefusalReason.UPLOAD_DATE:
            return "uploaded after the day of --exclude-newer, or at an unknown time"
        case RefusalReason.HASH:
            return "no file with a hash that the requirements name"
        case RefusalReason.POLICY:
            return f"hidden by your own {_joined(sorted(set(facts)))}"
        case RefusalReason.QUARANTINED | RefusalReason.YANKED | RefusalReason.PRE_RELEASE:
            return str(reason.value)


def _tags(refusals: Iterable[Refusal]) -> set[tuple[str, str, str]]:
    return {tag for each in refusals if isinstance(each.distribution, Wheel) for tag in each.distribution.tags}


def _pythons(refusals: Iterable[Refusal]) -> str:
    """The first and the last CPython; other implementations are named only where there is nothing for CPython."""
    found = {tag[0] for tag in _tags(refusals)}
    minors = sorted(int(matched[1]) for each in found if (matched := _CPYTHON.fullmatch(each)))
    if not minors:
        return _joined(sorted(found))
    return f"cp3{minors[0]}" + (f"–cp3{minors[-1]}" if len(minors) > 1 else "")  # noqa: RUF001 - a range


def _platforms(refusals: Iterable[Refusal], target: Target) -> str:
    """Families of platforms; the target's own with its tags, since something in it does not fit."""
    own, machine = _family(target.platform), _machine(target.platform)
    words: set[str] = set()
    for platform in {tag[2] for tag in _tags(refusals)}:
        family = _family(platform)
        if family != own or family == "win":
            words.add(platform if family == "win" else family)
        elif _machine(platform) != machine:
            words.add(f"{family} {_machine(platform)}")
        else:
            words.add(platform)
    return _joined(sorted(words))


def _family(platform: str) -> str:
    matched = _FAMILY.match(platform)
    return matched[1] if matched else platform


def _machine(platform: str) -> str:
    matched = _FLOORED.fullmatch(platform)
    return (matched[2] or matched[3]) if matched else platform


def is_floor_of(platform: str, target: Target) -> bool:
    """Whether *platform* is a tag for machines like *target*, of which it can only be too new."""
    return _family(platform) == _family(target.platform) and _machine(platform) == _machine(target.platform)


def _joined(words: Iterable[str], last: str = " and ") -> str:
    words = list(words)
    if len(words) > _NAMED + 1:
        return folded(words, _NAMED)
    return joined(words, last)
