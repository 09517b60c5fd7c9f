"""Compares two answers on a target: packages, findings, sizes; judges no finding and asks no index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wheelcheck.findings.verdicts import fingerprint
from wheelcheck.model.check import (
    ChangeKind,
    CheckedTarget,
    ComparedFinding,
    ComparedRelease,
    DownloadSize,
    FindingState,
    PackageChange,
    TargetDifference,
    Verdict,
)
from wheelcheck.model.plan import PlannedPackage
from wheelcheck.model.target import Target


def compare(before: CheckedTarget | None, after: CheckedTarget | None, target: Target) -> TargetDifference:
    """The changes on *target* from *before* to *after*; ``None`` is a side that asks for nothing.

    Findings are the same when they share a fingerprint on *target*, so that a new release with the old fault is no new finding,
    nor one that was found for another target. Where a side is undecided nothing is compared.
    """
    if any(side is not None and not side.is_decided for side in (before, after)):
        return TargetDifference(target=target, before=before, after=after)
    packages_before, packages_after = _packages(before), _packages(after)
    return TargetDifference(
        target=target,
        before=before,
        after=after,
        changes=tuple(_iter_changes(packages_before, packages_after)),
        findings=tuple(_iter_compared(before, after, target)),
        size_before=_download(packages_before),
        size_after=_download(packages_after),
    )


def _packages(side: CheckedTarget | None) -> tuple[PlannedPackage, ...]:
    return side.plan.packages if side is not None and side.plan is not None else ()


def _download(packages: Iterable[PlannedPackage]) -> DownloadSize:
    files = [package.file for package in packages if package.file is not None]
    known = [file.size for file in files if file.size is not None]
    return DownloadSize(size=sum(known), files=len(files), unknown=len(files) - len(known))


def _iter_changes(before: Iterable[PlannedPackage], after: Iterable[PlannedPackage]) -> Iterator[PackageChange]:
    """The changes in the order of the names; the same file under the same version is none."""
    # A lock may hold several versions of a project for one target by mistake; the plan's own findings name it.
    old = {package.name: ComparedRelease.of(package) for package in before}
    new = {package.name: ComparedRelease.of(package) for package in after}
    for name in sorted(old.keys() | new.keys()):
        was, is_now = old.get(name), new.get(name)
        kind = _kind(was, is_now)
        if kind is not None:
            yield PackageChange(kind=kind, name=name, before=was, after=is_now)


def _kind(before: ComparedRelease | None, after: ComparedRelease | None) -> ChangeKind | None:
    if before is None:
        return ChangeKind.ADDED
    if after is None:
        return ChangeKind.REMOVED
    if before.version != after.version:
        return ChangeKind.UPGRADED if after.version > before.version else ChangeKind.DOWNGRADED
    if (before.filename, before.installability) != (after.filename, after.installability):
        return ChangeKind.RESUPPLIED
    return None


def _iter_compared(
    before: CheckedTarget | None, after: CheckedTarget | None, target: Target
) -> Iterator[ComparedFinding]:
    """The findings of both sides: those of *after* in their order, then those that are gone."""
    old = before.judged if before is not None else ()
    new = after.judged if after is not None else ()
    names_before = [fingerprint(judged.finding, target) for judged in old]
    failing_before = {
        name for name, judged in zip(names_before, old, strict=True) if judged.verdict in (Verdict.FAILS, Verdict.KNOWN)
    }
    names_after = [fingerprint(judged.finding, target) for judged in new]
    known = set(names_before)
    for name, judged in zip(names_after, new, strict=True):
        stays = name in known and (judged.verdict is not Verdict.FAILS or name in failing_before)
        yield ComparedFinding(state=FindingState.STAYS if stays else FindingState.NEW, judged=judged)
    present = set(names_after)
    gone = (judged for name, judged in zip(names_before, old, strict=True) if name not in present)
    yield from (ComparedFinding(state=FindingState.GONE, judged=judged) for judged in gone)
