"""A group of findings, and a change of a package, in plain lines for the formats that show text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from wheelcheck.model.check import ChangeKind, ComparedRelease, DownloadSize, PackageChange, TargetDifference, Verdict
from wheelcheck.model.repair import Repair
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked_within
from wheelcheck.report.grouping import FindingGroup, Group
from wheelcheck.report.page import counted, size_text
from wheelcheck.report.quoting import flat
from wheelcheck.report.wording import changes, listed_targets

_EVIDENCE = 3


def headline(group: FindingGroup) -> str:
    """The finding in one sentence, with its targets: ``av 11.0.0 has no wheel … (on win_amd64 with Python 3.11)``."""
    if names_its_target(group):
        return flat(group.message)
    return flat(f"{group.message} (on {listed_targets(group.targets)})")


def names_its_target(group: FindingGroup) -> bool:
    """Whether the message names the one target itself, so that nothing is to be added."""
    return len(group.targets) == 1 and str(group.targets[0]) in group.message


def iter_details(group: FindingGroup) -> Iterator[tuple[str, str]]:
    """A label and a line each: the reasons, the requirers, where wheels are, the repairs, the allowance."""
    for text in group.finding.evidence[:_EVIDENCE]:
        yield "because", flat(text)
    if group.finding.paths:
        yield "wanted by", wanted_by(group)
    for origin in group.origins:
        yield "written in", flat(str(origin))
    for note in group.beside:
        yield "elsewhere", flat(note.message)
    if group.finding.nearest is not None and not group.beside:
        yield "nearest", flat(f"{group.finding.package} {group.finding.nearest} has a wheel")
    for repair in group.repairs:
        yield "repair", repair_line(repair, group.targets)
    if (covered := _allowance_line(group)) is not None:
        yield covered


def wanted_by(group: FindingGroup) -> str:
    """The shortest path by which it is wanted, and how many more there are."""
    ordered = sorted(group.finding.paths, key=len)
    way = " → ".join(ordered[0])
    more = len(ordered) - 1
    return flat(f"{way} (and {more} more {'ways' if more > 1 else 'way'})" if more else way)


def options_line(repair: Repair) -> str:
    """The options of *repair* as typed into a POSIX shell."""
    return flat(shlex.join(masked_within(word) for word in repair.options))


def repair_line(group: Group[Repair], among: tuple[Target, ...] = ()) -> str:
    """The change, its risk and its options in a line; its targets where they are not all of *among*."""
    repair = group.value
    where = f", on {listed_targets(group.targets)}" if len(group.targets) < len(among) else ""
    line = flat(f"{changes(repair)} (proved, {repair.risk.value} risk{where})")
    return f"{line}: {options_line(repair)}" if repair.options else line


def _allowance_line(group: FindingGroup) -> tuple[str, str] | None:
    allowance = group.allowance
    if allowance is None:
        return None
    if group.verdict is Verdict.ALLOWED:
        return "allowed", flat(f"until {allowance.expires} ({allowance.origin}): {allowance.reason}")
    return "expired", flat(f"its allowance ended after {allowance.expires} ({allowance.origin}): {allowance.reason}")


def change_line(change: PackageChange) -> str:
    """The change in words: ``av 11.0.0 (2023-10-22, 27 MB) → 12.0.0 (2024-03-17, 28 MB)``."""
    before, after = change.before, change.after
    if before is None or after is None:
        release = after or before
        return flat(f"{change.name} {_release(release)}" if release is not None else change.name)
    if change.kind is not ChangeKind.RESUPPLIED:
        return flat(f"{change.name} {_release(before)} → {_release(after)}")
    if before.installability is not after.installability:
        ways = f"{before.installability.value} → {after.installability.value}"
        return flat(f"{change.name} {after.version}: {ways}")
    return flat(f"{change.name} {after.version}: another file, {before.filename} → {after.filename}")


def _release(release: ComparedRelease) -> str:
    facts = release_facts(release)
    return f"{release.version} ({', '.join(facts)})" if facts else str(release.version)


def release_facts(release: ComparedRelease) -> list[str]:
    """The day and the size of *release*, as far as they are known."""
    facts = [release.upload_time[:10]] if release.upload_time else []
    return facts + ([size_text(release.size)] if release.size is not None else [])


def download_line(target: TargetDifference) -> str:
    """How much there is to download on *target*, before and after; empty where no size is known on either side."""
    before, after = target.size_before, target.size_after
    if not target.is_decided or not any(side.files > side.unknown for side in (before, after)):
        return ""
    line = f"{_amount(before)} → {_amount(after)}"
    if before.unknown or after.unknown:
        return line
    moved = after.size - before.size
    return f"{line} ({'+' if moved > 0 else ''}{size_text(moved)})" if moved else line


def _amount(size: DownloadSize) -> str:
    if not size.unknown:
        return size_text(size.size)
    known = f"{size_text(size.size)} and " if size.size else ""
    return f"{known}{counted(size.unknown, 'file')} of unknown size"
