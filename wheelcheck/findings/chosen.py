"""What a person should know about the choices made: older, withdrawn, ancient, unfinished ones (the two hundreds)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from wheelcheck.findings.context import Diagnosis
from wheelcheck.model.distribution import MetadataSource
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.resolution import Resolution
from wheelcheck.model.target import RefusalReason
from wheelcheck.targets.project_view import PageFacts, first_upload

_YEARS_BEHIND = 2.0
_DAYS_A_YEAR = 365.25


def find_older_picks(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Projects that ended older than an installer's first choice because of the policy."""
    if not isinstance(diagnosis.outcome, Resolution):
        return
    for pick in diagnosis.outcome.older:
        dates = f" ({_day(pick.chosen_date)} instead of {_day(pick.natural_date)})" if pick.chosen_date else ""
        yield Finding(
            code=Code.OLDER_CHOSEN,
            severity=Code.OLDER_CHOSEN.severity,
            package=pick.name,
            version=pick.chosen,
            message=f"{pick.name} {pick.chosen} was chosen instead of {pick.natural}{dates}, because it has a usable file",
            paths=diagnosis.paths(pick.name),
        )


def find_yanked(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Pins whose file was withdrawn (PEP 592)."""
    for name, pin in diagnosis.pins.items():
        if pin.distribution is not None and pin.distribution.at.yanked is not None:
            reason = pin.distribution.at.yanked
            yield Finding(
                code=Code.YANKED_PINNED,
                severity=Code.YANKED_PINNED.severity,
                package=name,
                version=pin.version,
                message=f"{name} {pin.version} was withdrawn by its maintainers and is used because it is pinned",
                evidence=(f"their reason: {reason}",) if reason else (),
                paths=diagnosis.paths(name),
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
        years = (_instant(newest_time) - _instant(chosen_time)).days / _DAYS_A_YEAR
        if years >= _YEARS_BEHIND:
            yield Finding(
                code=Code.OLD_PICK,
                severity=Code.OLD_PICK.severity,
                package=name,
                version=pin.version,
                message=f"{name} {pin.version} ({_day(chosen_time)}) is {years:.1f} years behind "
                f"{version} ({_day(newest_time)})",
                evidence=diagnosis.asked_by(name),
                paths=diagnosis.paths(name),
            )


def find_pre_releases(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Pins on a pre-release that nobody asked for by --pre."""
    if diagnosis.policy.pre:
        return
    for name, pin in diagnosis.pins.items():
        if pin.version.is_prerelease:
            yield Finding(
                code=Code.PRE_RELEASE,
                severity=Code.PRE_RELEASE.severity,
                package=name,
                version=pin.version,
                message=f"{name} {pin.version} is a pre-release",
                evidence=diagnosis.asked_by(name),
                paths=diagnosis.paths(name),
            )


def find_patch_decisions(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Newer versions that only a later patch release of the target's Python would admit."""
    if not diagnosis.target.patch_assumed:
        return
    for name, pin in diagnosis.pins.items():
        if pin.metadata.source is MetadataSource.LOCK:
            continue  # a lock has chosen
        shelf = diagnosis.shelf(name)
        for version in shelf.versions:
            if version <= pin.version:
                break
            # Bounds are few and their answers kept, while why a file is refused is found out for each.
            if not any(map(diagnosis.compatibility.patch_decides, shelf.page.view(PageFacts).python_bounds(version))):
                continue
            bounds = {
                refusal.fact
                for refusal in shelf.release(version).refusals
                if refusal.reason is RefusalReason.REQUIRES_PYTHON
                and diagnosis.compatibility.patch_decides(refusal.fact)
            }
            if bounds:
                yield Finding(
                    code=Code.PATCH_ASSUMED,
                    severity=Code.PATCH_ASSUMED.severity,
                    package=name,
                    version=pin.version,
                    message=f"{name} {version} requires Python {min(bounds)}; --python {diagnosis.target.python} was read as "
                    f"{diagnosis.target.python_full}, so {pin.version} was taken",
                )
                break


def _day(upload_time: str | None) -> str:
    return upload_time[:10] if upload_time else "date unknown"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
