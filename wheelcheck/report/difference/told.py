"""Brings what changed on many targets together: the same change is told once with its targets; compares nothing again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from wheelcheck.model.check import Check, Verdict
from wheelcheck.model.difference import (
    ChangeKind,
    Difference,
    DownloadSize,
    FindingState,
    PackageChange,
    Release,
    TargetDifference,
)
from wheelcheck.model.target import Target
from wheelcheck.report.check.told import Told, listed_targets, tell, why_undecided
from wheelcheck.report.check.verdicts import counted
from wheelcheck.report.quoting import flat
from wheelcheck.values import dataclass

_KINDS = tuple(ChangeKind)
MARKS = {
    ChangeKind.ADDED: "+",
    ChangeKind.REMOVED: "-",
    ChangeKind.UPGRADED: "↑",
    ChangeKind.DOWNGRADED: "↓",
    ChangeKind.RESUPPLIED: "~",
}
"""One sign for each kind of change; :func:`told_changes` says the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChange:
    """A change that several targets share: *change* is that of the first, whose files stand for all."""

    change: PackageChange
    targets: tuple[Target, ...]


def tell_changes(difference: Difference) -> tuple[ToldChange, ...]:
    """The changes of *difference* by kind, then name: two are the same when versions and installabilities are.

    Of a version that only its file sets apart, the files count too, as far as they do not differ by the target alone.
    """
    groups: dict[object, list[tuple[PackageChange, Target]]] = {}
    for each in difference.targets:
        for change in each.changes:
            key = (change.kind, change.name, _essence(change.before), _essence(change.after))
            groups.setdefault(key, []).append((change, each.target))
    told = [ToldChange(change=same[0][0], targets=tuple(target for _, target in same)) for same in groups.values()]
    return tuple(sorted(told, key=lambda each: (_KINDS.index(each.change.kind), each.change.name)))


def _essence(release: Release | None) -> object:
    return release and (release.version, release.installability)


def tell_findings(difference: Difference, state: FindingState) -> tuple[Told, ...]:
    """The findings of *state*, each once with its targets, as a check tells them."""
    targets = []
    for each in difference.targets:
        side = each.before if state is FindingState.GONE else each.after
        if side is None:
            continue
        judged = tuple(compared.judged for compared in each.findings if compared.state is state)
        targets.append(dataclasses.replace(side, target=each.target, judged=judged))
    return tell(Check(inputs=(), kind="", targets=tuple(targets)))


def change_line(change: PackageChange) -> str:
    """The change in words: ``av 11.0.0 (2023-10-22, 27.0 MB) → 12.0.0 (2024-03-17, 28.1 MB)``."""
    before, after = change.before, change.after
    if before is None or after is None:
        release = after or before
        return flat(f"{change.name} {_told(release)}" if release is not None else change.name)
    if change.kind is not ChangeKind.RESUPPLIED:
        return flat(f"{change.name} {_told(before)} → {_told(after)}")
    if before.installability is not after.installability:
        ways = f"{before.installability.value} → {after.installability.value}"
        return flat(f"{change.name} {after.version}: {ways}")
    return flat(f"{change.name} {after.version}: another file, {before.filename} → {after.filename}")


def _told(release: Release) -> str:
    facts = [release.upload_time[:10]] if release.upload_time else []
    if release.size is not None:
        facts.append(in_bytes(release.size))
    return f"{release.version} ({', '.join(facts)})" if facts else str(release.version)


def in_bytes(size: int) -> str:
    """*size* in bytes as a person reads it, in decimal units: ``27.0 MB``."""
    if abs(size) < 1000:
        return f"{size} B"
    amount = size / 1000
    for unit in ("kB", "MB"):
        if abs(amount) < 999.95:
            return f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def download_line(target: TargetDifference) -> str:
    """How much there is to download on *target*, before and after; empty where no size is known on either side."""
    before, after = target.size_before, target.size_after
    if not target.is_decided or not any(side.files > side.unknown for side in (before, after)):
        return ""
    line = f"{_amount(before)} → {_amount(after)}"
    if before.unknown or after.unknown:
        return line
    moved = after.size - before.size
    return f"{line} ({'+' if moved > 0 else ''}{in_bytes(moved)})" if moved else line


def _amount(size: DownloadSize) -> str:
    if not size.unknown:
        return in_bytes(size.size)
    known = f"{in_bytes(size.size)} and " if size.size else ""
    return f"{known}{counted(size.unknown, 'file')} of unknown size"


def tell_downloads(difference: Difference) -> tuple[tuple[str, tuple[Target, ...]], ...]:
    """Each line of :func:`download_line` with the targets for which it holds."""
    found: dict[str, list[Target]] = {}
    for each in difference.targets:
        if line := download_line(each):
            found.setdefault(line, []).append(each.target)
    return tuple((line, tuple(targets)) for line, targets in found.items())


def where(targets: Sequence[Target], difference: Difference) -> str:
    """On which of the targets of *difference* something holds; empty where it holds on all that are decided."""
    decided = sum(each.is_decided for each in difference.targets)
    return "" if len(targets) == decided else flat(f"on {listed_targets(targets)}")


def iter_undecided(difference: Difference) -> list[tuple[Target, str]]:
    """The targets on which nothing was compared, each with the side and the reason."""
    found = []
    for each in difference.targets:
        for word, side in (("before", each.before), ("after", each.after)):
            if side is not None and not side.is_decided:
                found.append((each.target, flat(f"{word}: {why_undecided(side)}")))
    return found


def verdict(difference: Difference) -> str:
    """The answer in one line: ``1 new finding fails; 2 came in, 1 moved``."""
    failing = [each for each in tell_findings(difference, FindingState.NEW) if each.verdict is Verdict.FAILS]
    counts = dict.fromkeys(ChangeKind, 0)
    for told in tell_changes(difference):
        counts[told.change.kind] += 1
    moved = counts[ChangeKind.UPGRADED] + counts[ChangeKind.DOWNGRADED] + counts[ChangeKind.RESUPPLIED]
    words = ((counts[ChangeKind.ADDED], "came in"), (counts[ChangeKind.REMOVED], "went out"), (moved, "moved"))
    changes = ", ".join(f"{count} {word}" for count, word in words if count) or "no package changed"
    undecided = sum(not each.is_decided for each in difference.targets)
    of_targets = f"{undecided} of {counted(len(difference.targets), 'target')}"
    if failing:
        line = f"{counted(len(failing), 'new finding')} {'fails' if len(failing) == 1 else 'fail'}; {changes}"
        return f"{line}; {of_targets} undecided" if undecided else line
    if undecided:
        cause = "the index failed" if difference.exit_status == 3 else "the search ended before it had an answer"
        return f"Undecided on {of_targets}: {cause}"
    return f"Nothing new fails; {changes}"


def heading(difference: Difference) -> str:
    """What was compared: ``requirements.txt at origin/main (1a2b3c4d5e) → requirements.txt``."""
    return flat(f"{difference.old.name} → {difference.new.name}")


def iter_notes(difference: Difference) -> list[str]:
    """The sentences on how it was compared, other targets and kinds among them."""
    notes = [flat(note) for note in difference.notes]
    notes += [
        flat(f"The target differs too: {each.other_target} before, {each.target} after.")
        for each in difference.targets
        if each.other_target is not None
    ]
    kinds = (difference.old.kind, difference.new.kind)
    if "absent" not in kinds and kinds[0] != kinds[1]:
        notes.append(flat(f"The sides were read in different ways: {kinds[0]} before, {kinds[1]} after."))
    return notes
