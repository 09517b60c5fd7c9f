"""Rules on the chosen versions: older, withdrawn, unfinished ones (two hundreds), and gaps in what is known (three hundreds).

The projects that a misspelt name was likely meant to be are found among the names asked for and those that ship.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from packaging.utils import NormalizedName

from wheelcheck.errors import IndexUnavailable
from wheelcheck.findings.context import Diagnosis
from wheelcheck.knowledge.loading import load_importing, load_well_known
from wheelcheck.model.distribution import Installability, MetadataSource, ProjectPage, Wheel
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.resolution import Conflict, OlderPick, Pin
from wheelcheck.model.target import RefusalReason
from wheelcheck.targets.fitting import extras_named
from wheelcheck.targets.project_view import PageFacts, first_upload
from wheelcheck.texts.words import joined

_YEARS_BEHIND = 2.0
_DAYS_A_YEAR = 365.25
_NAMES_SHOWN = 3
_MISSPELT = 20  # absent projects for which near names are looked for, which takes 50 ms each
_NAMES_TRIED = 4
_NAMES_MEANT = 2


def find_older_picks(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Projects that ended older than an installer's first choice because of the policy."""
    for pick in diagnosis.resolution.older if diagnosis.resolution is not None else ():
        dates = f" ({_day(pick.chosen_date)} instead of {_day(pick.natural_date)})" if pick.chosen_date else ""
        yield Finding.of(
            Code.OLDER_CHOSEN,
            package=pick.name,
            version=pick.chosen,
            message=f"{pick.name} {pick.chosen} was chosen instead of {pick.natural}{dates}, because {_why_older(diagnosis, pick)}",
            evidence=lacking_evidence(pick, diagnosis),
            paths=diagnosis.paths(pick.name),
        )


def _why_older(diagnosis: Diagnosis, pick: OlderPick) -> str:
    """What rules out the version that an installer would choose: its own file, what it needs, or who bounds it."""
    if not pick.way and pick.lacking is not None:
        return _lack(pick.name, pick.lacking, diagnosis)
    bounding = (edge.requirement for edge in diagnosis.edges if edge.child == pick.name)
    bound = next((each for each in bounding if not each.specifier.contains(pick.natural, prereleases=True)), None)
    if bound is not None:
        return f"{bound.origin} asks for {bound}"
    if not pick.way:
        return f"what else is chosen does not go with {pick.natural}"
    first, last = pick.way[0].requirement, pick.way[-1].child
    extras = ", ".join(sorted(extras_named(first.marker)))
    of_extra = f" for its extra {extras}" if extras else ""
    through = f", which needs {last}" if len(pick.way) > 1 else ""
    return f"{pick.natural} needs {first.name}{first.specifier}{of_extra}{through}, and {_lack(last, pick.lacking, diagnosis)}"


def _lack(name: NormalizedName, pin: Pin | None, diagnosis: Diagnosis) -> str:
    if pin is None:
        return f"no index knows {name}"
    what = f"{name} {pin.version}"
    project = diagnosis.project(name)
    refusals = project.release(pin.version).refusals if pin.version in project.page.distributions else ()
    hidden = next((each.fact for each in refusals if each.reason is RefusalReason.POLICY), "")
    if hidden and pin.installability is not Installability.WHEEL:
        return f"your own {hidden} hides files of {what}"
    match pin.installability:
        case Installability.MISSING:
            return f"{what} has no file for {diagnosis.target}"
        case Installability.SDIST_NATIVE:
            return f"{what} has no wheel for {diagnosis.target}, and its source needs a compiler"
        case _:
            return f"{what} has no wheel for {diagnosis.target}, only a source archive that is not allowed"


def lacking_evidence(pick: OlderPick, diagnosis: Diagnosis) -> tuple[str, ...]:
    """Why what the version in whose place *pick* came needs cannot be had, and how it could be; empty where nothing is lacking."""
    if not pick.way or pick.lacking is None:
        return ()
    built = f"a wheel of {pick.lacking.name} {pick.lacking.version} that you build, given with --find-links"
    _, needs = diagnosis.build_needs_of(pick.lacking.name)
    return (*pick.lacking.evidence, *filter(None, (needs,)), f"{built}, keeps {pick.name} {pick.natural}")


def find_yanked(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Pins whose file was withdrawn (PEP 592)."""
    for name, pin in diagnosis.pins.items():
        if pin.distribution is not None and pin.distribution.at.yanked is not None:
            reason = pin.distribution.at.yanked
            yield diagnosis.finding(
                Code.YANKED_PINNED,
                pin,
                message=f"{name} {pin.version} was withdrawn by its maintainers and is used because it is pinned",
                evidence=(f"their reason: {reason}",) if reason else (),
            )


def find_old_picks(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Pins that are years behind the newest release of their project."""
    for name, pin in diagnosis.pins.items():
        page = diagnosis.page(name)
        newest = diagnosis.newest_standing(page) if pin.version in page.distributions else None
        if newest is None or newest[0] <= pin.version:
            continue
        version, newest_time = newest
        chosen_time = first_upload(page, pin.version)
        if chosen_time is None or newest_time is None:
            continue
        years = (datetime.fromisoformat(newest_time) - datetime.fromisoformat(chosen_time)).days / _DAYS_A_YEAR
        if years >= _YEARS_BEHIND:
            yield diagnosis.finding(
                Code.OLD_PICK,
                pin,
                message=f"{name} {pin.version} ({_day(chosen_time)}) is {years:.1f} years behind "
                f"{version} ({_day(newest_time)})",
                evidence=diagnosis.asked_by(name),
            )


def find_pre_releases(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Pins on a pre-release without --pre."""
    if diagnosis.policy.pre:
        return
    for name, pin in diagnosis.pins.items():
        if pin.version.is_prerelease:
            yield diagnosis.finding(
                Code.PRE_RELEASE,
                pin,
                message=f"{name} {pin.version} is a pre-release",
                evidence=diagnosis.asked_by(name),
            )


def find_patch_decisions(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Newer versions that only a later patch release of the target's Python would admit."""
    if not diagnosis.target.patch_assumed:
        return
    release = diagnosis.target.python_full.release
    minor = f"{release[0]}.{release[1]}"
    for name, pin in diagnosis.pins.items():
        if pin.metadata.source is MetadataSource.LOCK:
            continue  # a lock has chosen
        project = diagnosis.project(name)
        for version in project.versions:
            if version <= pin.version:
                break
            # Bounds are few and their answers kept, while why a file is refused is found out for each. One that the patch level
            # decides names the minor.
            stated = project.page.view(PageFacts).python_bounds(version, minor)
            if not any(map(diagnosis.compatibility.patch_decides, stated)):
                continue
            bounds = {
                refusal.fact
                for refusal in project.release(version).refusals
                if refusal.reason is RefusalReason.REQUIRES_PYTHON
                and diagnosis.compatibility.patch_decides(refusal.fact)
            }
            if bounds:
                yield Finding.of(
                    Code.PATCH_ASSUMED,
                    package=name,
                    version=pin.version,
                    message=f"{name} {version} requires Python {min(bounds)}; --python {diagnosis.target.python} was read as "
                    f"{diagnosis.target.python_full}, so {pin.version} was taken",
                )
                break


def _day(upload_time: str | None) -> str:
    return upload_time[:10] if upload_time else "date unknown"


def find_absent(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Projects that no index knows, or that an index lists without a single file."""
    for place, name in enumerate(_absent(diagnosis)):
        page = diagnosis.page(name)
        if page.unasked:
            yield _unverified(diagnosis, name, page)
            continue
        quarantined = page.state != "absent"
        code = Code.PROJECT_QUARANTINED if quarantined else Code.PROJECT_ABSENT
        skipped = sum(count for _, count in page.skipped)
        if quarantined and skipped:
            message = f"{name} has {skipped} files on its index, none of which is a wheel or source archive of a valid version"
        elif quarantined:
            reason = "and archived there" if page.state == "archived" else "as projects under review are"
            message = f"{name} is listed by its index without any file, {reason}"
        else:
            near = _near(diagnosis, name) if place < _MISSPELT else []
            meant = f"; {' or '.join(near)} is meant?" if near else ""
            message = f"{name} was not found on any index{meant}"
        yield Finding.of(
            code,
            package=name,
            message=message,
            evidence=tuple(f"{count} files: {reason.value}" for reason, count in page.skipped)
            or _reason(page.state_reason),
            paths=diagnosis.paths(name),
        )
    for name in diagnosis.pins:
        page = diagnosis.page(name)
        if page.state == "quarantined":
            yield Finding.of(
                Code.PROJECT_QUARANTINED,
                package=name,
                message=f"{name} is quarantined by its index",
                evidence=_reason(page.state_reason),
                paths=diagnosis.paths(name),
            )


def _absent(diagnosis: Diagnosis) -> Iterator[NormalizedName]:
    """The projects without any version: those met, and where the requirements clash those that the user asks for."""
    if diagnosis.resolution is not None:
        yield from diagnosis.resolution.absent
    elif diagnosis.clashes:
        asked = (each for each in diagnosis.requirements if each.url is None)
        held = (each for each in asked if diagnosis.compatibility.holds(each.marker))
        for name in sorted({each.name for each in held}):
            if not diagnosis.page(name).distributions:
                yield name


def _unverified(diagnosis: Diagnosis, name: NormalizedName, page: ProjectPage) -> Finding:
    """A project that no index which answers has, while others, which may have it, did not answer."""
    places = " and ".join(index for index, _ in page.unasked)
    return Finding.of(
        Code.FILE_UNVERIFIED,
        package=name,
        message=f"{name} was not verified: {places} could not be asked, and no other index that serves it has it",
        evidence=tuple(reason for _, reason in page.unasked),
        paths=diagnosis.paths(name),
    )


def _near(diagnosis: Diagnosis, name: NormalizedName) -> list[NormalizedName]:
    """The names near *name* that an index has; asks for the pages of a few."""
    found: list[NormalizedName] = []
    for each in near_projects(name, diagnosis.pins)[:_NAMES_TRIED]:
        # What an index does not tell is no name to propose.
        with contextlib.suppress(IndexUnavailable):
            if diagnosis.page(each).distributions:
                found.append(each)
        if len(found) == _NAMES_MEANT:
            break
    return found


def _reason(text: str) -> tuple[str, ...]:
    return (f"the index says: {text}",) if text else ()


def find_metadata_gaps(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Dependencies that are unknown, recorded rather than stated, borrowed, or malformed."""
    for name, pin in diagnosis.pins.items():
        metadata = pin.metadata
        code, message = None, ""
        if metadata.source is MetadataSource.UNKNOWN and isinstance(pin.distribution, Wheel):
            code = Code.FILE_UNVERIFIED
            message = f"{pin.distribution.filename} was not verified: its host does not answer, so its dependencies are not known"
        elif metadata.source is MetadataSource.UNKNOWN:
            code, message = Code.METADATA_UNKNOWN, f"nothing static tells what {name} {pin.version} depends on"
        elif metadata.source is MetadataSource.SDIST_RECORDED:
            code = Code.METADATA_RECORDED
            message = f"the dependencies of {name} {pin.version} are those that its maintainer's build recorded"
        elif metadata.source is MetadataSource.OTHER_WHEEL:
            code = Code.METADATA_RECORDED
            message = f"the dependencies of {name} {pin.version} are those of its wheel for another platform"
        if code is not None:
            yield Finding.of(
                code,
                package=name,
                version=pin.version,
                message=message,
                evidence=(metadata.evidence,) if metadata.evidence else (),
            )
        if metadata.malformed:
            yield Finding.of(
                Code.METADATA_MALFORMED,
                package=name,
                version=pin.version,
                message=f"{name} {pin.version} has dependency lines that are not valid and were not followed",
                evidence=metadata.malformed,
            )


def find_missing_times(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Under --exclude-newer, projects of which files were left out because the index gives them no upload time."""
    if diagnosis.policy.exclude_newer is None and not diagnosis.policy.exclude_newer_of:
        return
    lacking: list[str] = []
    for name in sorted({*diagnosis.pins, *(edge.child for edge in diagnosis.edges), *_clashing(diagnosis)}):
        project = diagnosis.project(name)
        if project.versions and any(
            answer.reason is RefusalReason.UPLOAD_DATE and answer.distribution.at.upload_time is None
            for answer in project.release(project.versions[0]).refusals
        ):
            lacking.append(name)
    if lacking:
        yield Finding.of(
            Code.UPLOAD_TIME_MISSING,
            message=f"files of {_named(lacking)} were left out: the index does not say when they were uploaded",
            evidence=tuple(lacking),
        )


def _named(names: list[str]) -> str:
    return joined(names) if len(names) <= _NAMES_SHOWN else f"{len(names)} projects"


def _clashing(diagnosis: Diagnosis) -> Iterator[NormalizedName]:
    for clash in diagnosis.outcome.clashes if isinstance(diagnosis.outcome, Conflict) else ():
        yield clash.name


def find_refused_archives(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Archives that were broken or hostile and not read."""
    resolution = diagnosis.resolution
    for name, reason in resolution.refused if resolution is not None else ():
        pin = diagnosis.pins.get(name)
        # A policy that allows archives that could not be judged also tolerates one that could not be read: it is a warning then.
        tolerated = pin is not None and diagnosis.policy.allows(name, pin.version, pin.installability)
        yield Finding(
            code=Code.ARCHIVE_REFUSED,
            severity=Severity.WARNING if tolerated else Code.ARCHIVE_REFUSED.severity,
            package=name,
            message=f"the source archive of {name} was not read",
            evidence=(reason,),
            paths=diagnosis.paths(name),
        )


_LONG = 6
"""Names of so many letters may differ in two places, shorter ones in one: too many short names are near each other."""


def near_projects(name: NormalizedName, asked: Iterable[NormalizedName]) -> tuple[NormalizedName, ...]:
    """The projects that *name* was likely meant to be, best first: *asked* are other names of the question, then well-known ones.

    The project whose module is imported under *name*, and those that differ in separators or in a customary part (``py``,
    ``python-``); where there are none, those within one or two slips of the finger. Costs about 50 ms.
    """
    known = tuple(dict.fromkeys((*asked, *load_well_known())))
    importing = load_importing().get(name.replace("-", "_")) or load_importing().get(name.replace("-", "."))
    found = [importing] if importing is not None else []
    customary = frozenset(_customary(name))
    found += [each for each in known if each != name and each.replace("-", "") in customary]
    if found:
        return tuple(dict.fromkeys(found))
    most = 2 if len(name) >= _LONG else 1
    near = ((distance, each) for each in known if (distance := slips(name, each, most)) <= most)
    return tuple(each for _, each in sorted(near, key=lambda pair: pair[0]))


def _customary(name: str) -> Iterator[str]:
    bare = name.replace("-", "")
    for part in ("python", "py"):
        yield bare
        yield f"{part}{bare}"
        yield f"{bare}{part}"
        yield bare.removeprefix(part)
        yield bare.removesuffix(part)


def slips(first: str, second: str, most: int) -> int:
    """How many letters have to be put in, left out, replaced or swapped with their neighbour; ``most + 1`` where it is more.

    Source: the optimal string alignment distance.
    """
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, letter in enumerate(first, 1):
        earlier, before, row = before, row, [at]
        for place, other in enumerate(second, 1):
            cost = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (letter != other))
            if at > 1 and place > 1 and letter == second[place - 2] and first[at - 2] == other:
                cost = min(cost, earlier[place - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
