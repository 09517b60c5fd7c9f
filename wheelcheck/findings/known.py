"""What the index and the archives could not tell, or told wrongly (the three hundreds)."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import NormalizedName

from wheelcheck.findings.context import Diagnosis
from wheelcheck.model.distribution import MetadataSource
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.resolution import Conflict
from wheelcheck.model.target import RefusalReason

_NAMED = 3


def find_absent(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Projects that no index knows, or that an index lists without a single file."""
    resolution = diagnosis.resolution
    for name in resolution.absent if resolution is not None else ():
        page = diagnosis.page(name)
        quarantined = page.state != "absent"
        code = Code.PROJECT_QUARANTINED if quarantined else Code.PROJECT_ABSENT
        skipped = sum(count for _, count in page.skipped)
        if quarantined and skipped:
            message = f"{name} has {skipped} files on its index, none of which is a wheel or source archive of a valid version"
        elif quarantined:
            message = f"{name} is listed by its index without any file, as projects under review are"
        else:
            message = f"{name} was not found on any index"
        yield Finding(
            code=code,
            severity=code.severity,
            package=name,
            message=message,
            evidence=tuple(f"{count} files: {reason.value}" for reason, count in page.skipped)
            or _reason(page.state_reason),
            paths=diagnosis.paths(name),
        )
    for name in diagnosis.pins:
        page = diagnosis.page(name)
        if page.state == "quarantined":
            yield Finding(
                code=Code.PROJECT_QUARANTINED,
                severity=Code.PROJECT_QUARANTINED.severity,
                package=name,
                message=f"{name} is quarantined by its index",
                evidence=_reason(page.state_reason),
                paths=diagnosis.paths(name),
            )


def _reason(text: str) -> tuple[str, ...]:
    return (f"the index says: {text}",) if text else ()


def find_metadata_gaps(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Dependencies that are unknown, recorded rather than stated, borrowed, or malformed."""
    for name, pin in diagnosis.pins.items():
        metadata = pin.metadata
        code, message = None, ""
        if metadata.source is MetadataSource.UNKNOWN:
            code, message = Code.METADATA_UNKNOWN, f"nothing static tells what {name} {pin.version} depends on"
        elif metadata.source is MetadataSource.SDIST_RECORDED:
            code = Code.METADATA_RECORDED
            message = f"the dependencies of {name} {pin.version} are those that its maintainer's build recorded"
        elif metadata.source is MetadataSource.OTHER_WHEEL:
            code = Code.METADATA_RECORDED
            message = f"the dependencies of {name} {pin.version} are those of its wheel for another platform"
        if code is not None:
            yield Finding(
                code=code,
                severity=code.severity,
                package=name,
                version=pin.version,
                message=message,
                evidence=(metadata.evidence,) if metadata.evidence else (),
            )
        if metadata.malformed:
            yield Finding(
                code=Code.METADATA_MALFORMED,
                severity=Code.METADATA_MALFORMED.severity,
                package=name,
                version=pin.version,
                message=f"{name} {pin.version} has dependency lines that are not valid and were not followed",
                evidence=metadata.malformed,
            )


def find_missing_times(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Under --exclude-newer, projects of which files were left out because the index gives them no upload time."""
    if diagnosis.policy.exclude_newer is None:
        return
    lacking: list[str] = []
    for name in sorted({*diagnosis.pins, *(edge.child for edge in diagnosis.edges), *_clashing(diagnosis)}):
        shelf = diagnosis.shelf(name)
        if shelf.versions and any(
            answer.reason is RefusalReason.UPLOAD_DATE and answer.distribution.at.upload_time is None
            for answer in shelf.release(shelf.versions[0]).refusals
        ):
            lacking.append(name)
    if lacking:
        yield Finding(
            code=Code.UPLOAD_TIME_MISSING,
            severity=Code.UPLOAD_TIME_MISSING.severity,
            message=f"files of {_named(lacking)} were left out: the index does not say when they were uploaded",
            evidence=tuple(lacking),
        )


def _named(names: list[str]) -> str:
    return (
        " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        if len(names) <= _NAMED
        else f"{len(names)} projects"
    )


def _clashing(diagnosis: Diagnosis) -> Iterator[NormalizedName]:
    for clash in diagnosis.outcome.clashes if isinstance(diagnosis.outcome, Conflict) else ():
        yield clash.name


def find_refused_archives(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Archives that were broken or hostile and not read."""
    resolution = diagnosis.resolution
    for name, reason in resolution.refused if resolution is not None else ():
        pin = diagnosis.pins.get(name)
        # Who allows archives that could not be judged is warned of one that could not be read, and not stopped.
        tolerated = pin is not None and diagnosis.policy.allows(name, pin.version, pin.installability)
        yield Finding(
            code=Code.ARCHIVE_REFUSED,
            severity=Severity.WARNING if tolerated else Code.ARCHIVE_REFUSED.severity,
            package=name,
            message=f"the source archive of {name} was not read",
            evidence=(reason,),
            paths=diagnosis.paths(name),
        )
