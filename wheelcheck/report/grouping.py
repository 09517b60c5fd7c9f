"""Groups the findings, repairs, changes and blockers that are the same on several targets, so that a report shows each once.

It judges nothing and compares nothing again; how a group is worded is for ``wording.py``, ``verdicts.py`` and the formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from msgspec import Struct, structs

from wheelcheck.model.answers import Blocker, CellStatus, Matrix
from wheelcheck.model.check import (
    Allowance,
    ChangeKind,
    Check,
    CheckedTarget,
    Difference,
    FindingState,
    Judged,
    PackageChange,
    Verdict,
)
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.repair import Repair
from wheelcheck.model.requirement import FileOrigin, Origin
from wheelcheck.model.target import Target
from wheelcheck.report.findings import TELLING, companions, subject
from wheelcheck.report.wording import blocker_name
from wheelcheck.texts.words import grouped

_VERDICTS = tuple(Verdict)
_CHANGES = tuple(ChangeKind)
_MOST_SIZES = 3  # rows of one change whose files differ from target to target
_Swap = tuple[str, str]
_TARGET: _Swap = ("{target}", "these targets")
_PLATFORM: _Swap = ("{target.platform}", "these platforms")
_PYTHON: _Swap = ("Python {target.python}", "these Pythons")
_SWAPS = ((_TARGET,), (_PYTHON,), (_PLATFORM,), (_PLATFORM, _PYTHON))
_Sighting = tuple[CheckedTarget, Judged]
_Value = TypeVar("_Value")


class Group(Struct, Generic[_Value], frozen=True, kw_only=True):
    """A value that is the same on several *targets*: that of the first stands for all."""

    value: _Value
    targets: tuple[Target, ...]


class FindingGroup(Struct, frozen=True, kw_only=True):
    """A finding that is the same on several targets.

    ``finding`` is that of the first target, and ``message`` its message in words that hold on all ``targets``. ``origins`` are all
    places where the user wrote what leads to it, ``beside`` the notes on where wheels are, ``sightings`` the finding of each
    target with its own notes. ``repairs`` are the cheapest repairs of
    these targets, empty where nothing fails or none was proved.
    """

    finding: Finding
    verdict: Verdict
    message: str
    targets: tuple[Target, ...]
    origins: tuple[Origin, ...]
    allowance: Allowance | None
    fingerprints: tuple[str, ...]
    beside: tuple[Finding, ...] = ()
    sightings: tuple[tuple[Finding, tuple[Finding, ...]], ...] = ()
    repairs: tuple[Group[Repair], ...] = ()

    @property
    def fingerprint(self) -> str:
        """The one fingerprint of the group: that of its first target by name, which stays when targets are added."""
        return min(self.fingerprints)

    @property
    def places(self) -> tuple[FileOrigin, ...]:
        """The files and lines among its origins."""
        return tuple(origin for origin in self.origins if isinstance(origin, FileOrigin))

    @property
    def subject(self) -> str:
        """Its heading: ``av 11.0.0``, a name alone, or the title of its code."""
        return subject(self.finding) or self.finding.code.title


class BlockerGroup(Struct, frozen=True, kw_only=True):
    """Blockers of the same cells, *targets*, for the same reason *why*, which *codes* name."""

    names: tuple[str, ...]
    codes: tuple[Code, ...]
    why: str
    targets: tuple[Target, ...]


def _shared(
    pairs: Iterable[tuple[_Value, Target]], key: Callable[[tuple[_Value, Target]], Hashable]
) -> tuple[Group[_Value], ...]:
    groups = grouped(pairs, key).values()
    return tuple(Group(value=same[0][0], targets=tuple(target for _, target in same)) for same in groups)


def group_findings(check: Check) -> tuple[FindingGroup, ...]:
    """Group the findings of *check*, ordered by verdict (failing first), then as findings are ordered.

    Two are the same when code, package, version and verdict are. Findings that name no package, and those that stand more than
    once on one target (for two extras of a project), must have the same message too, but for the target's own name.
    """

    def key(sighting: _Sighting) -> Hashable:
        finding = sighting[1].finding
        return (_counting(*sighting), finding.code, finding.package, finding.version)

    sightings = ((checked, judged) for checked in check.targets for judged in checked.judged)
    alike = grouped(sightings, key).values()
    groups = [_finding_group(same) for sightings_alike in alike for same in _with_one_message(sightings_alike)]
    return tuple(sorted(groups, key=lambda group: (_VERDICTS.index(group.verdict), group.finding.sort_key)))


def _counting(checked: CheckedTarget, judged: Judged) -> Verdict:
    """The verdict, but never a failure on a target that is undecided: a search that ended early proves nothing."""
    if judged.verdict is not Verdict.FAILS or checked.is_decided:
        return judged.verdict
    return Verdict.NOTED if judged.finding.code is Code.BUDGET_SPENT else Verdict.WARNS


def _with_one_message(sightings: Sequence[_Sighting]) -> list[list[_Sighting]]:
    targets = {checked.target for checked, _ in sightings}
    if len(targets) == len(sightings) and sightings[0][1].finding.package is not None:
        return [list(sightings)]
    parts = grouped(sightings, lambda each: _swapped(each[1].finding.message, each[0].target, (_TARGET,)))
    return list(parts.values())


def _finding_group(sightings: Sequence[_Sighting]) -> FindingGroup:
    checked, first = sightings[0]
    verdict = _counting(checked, first)
    targets = {each.target.name: each for each, _ in sightings}
    return FindingGroup(
        finding=first.finding,
        verdict=verdict,
        message=_common_message(sightings),
        targets=tuple(each.target for each in targets.values()),
        origins=tuple(dict.fromkeys(judged.origin for _, judged in sightings if judged.origin is not None)),
        allowance=next((judged.allowance for _, judged in sightings if judged.allowance is not None), None),
        fingerprints=tuple(dict.fromkeys(judged.fingerprint for _, judged in sightings)),
        beside=_beside(sightings[0]),
        sightings=tuple((sighting[1].finding, _beside(sighting)) for sighting in sightings),
        repairs=group_repairs(targets.values()) if verdict is Verdict.FAILS else (),
    )


def _beside(sighting: _Sighting) -> tuple[Finding, ...]:
    return companions(sighting[1].finding, (judged.finding for judged in sighting[0].judged))


def _common_message(sightings: Sequence[_Sighting]) -> str:
    """The message of the first, with "these targets" or the like for its own where that makes all messages equal."""
    first = sightings[0][1].finding.message
    if all(judged.finding.message == first for _, judged in sightings):
        return first
    for swaps in _SWAPS:
        messages = {_swapped(judged.finding.message, checked.target, swaps) for checked, judged in sightings}
        if len(messages) == 1:
            return messages.pop()
    return first


def _swapped(message: str, target: Target, swaps: Sequence[_Swap]) -> str:
    for pattern, instead in swaps:
        words = pattern.format(target=target)
        # Not within a longer word: linux_x86_64 is no part of manylinux_x86_64, nor Python 3.1 of Python 3.11.
        message = re.sub(rf"(?<![\w.]){re.escape(words)}(?![\w]|\.\d)", instead, message)
    return message


def open_notes(groups: Iterable[FindingGroup]) -> tuple[FindingGroup, ...]:
    """The groups that are only noted, without the notes that stand beside a finding already."""
    groups = tuple(groups)
    beside = {(note.code, note.package, note.version) for group in groups for note in group.beside}
    noted = ((group, group.finding) for group in groups if group.verdict is Verdict.NOTED)
    return tuple(group for group, note in noted if (note.code, note.package, note.version) not in beside)


def group_repairs(targets: Iterable[CheckedTarget]) -> tuple[Group[Repair], ...]:
    """Group the cheapest repair of each of *targets* that is not applied already by its edits, their reasons' target aside."""

    def placeless(pair: tuple[Repair, Target]) -> Hashable:
        repair, target = pair
        return tuple(structs.replace(each, because=_swapped(each.because, target, (_TARGET,))) for each in repair.edits)

    pairs = []
    for checked in targets:
        if (plan := checked.plan) is not None:
            offered = [repair for repair in plan.repairs if repair.id not in plan.applied]
            pairs += [(repair, checked.target) for repair in offered[:1]]
    return _shared(pairs, placeless)


def group_compared(difference: Difference, state: FindingState) -> tuple[FindingGroup, ...]:
    """Group the findings of *difference* that are of *state*, as those of a check."""
    targets = []
    for each in difference.targets:
        side = each.before if state is FindingState.GONE else each.after
        if side is not None:
            judged = tuple(compared.judged for compared in each.findings if compared.state is state)
            targets.append(structs.replace(side, target=each.target, judged=judged))
    return group_findings(Check(inputs=(), kind="", targets=tuple(targets)))


def group_changes(difference: Difference) -> tuple[Group[PackageChange], ...]:
    """Group the changes of *difference*, ordered by kind, then name: two are the same when versions and installabilities are."""
    pairs = ((change, each.target) for each in difference.targets for change in each.changes)
    groups = _shared(pairs, lambda pair: _change_key(pair[0]))
    return tuple(sorted(groups, key=lambda group: (_CHANGES.index(group.value.kind), group.value.name)))


def _change_key(change: PackageChange) -> Hashable:
    sides = (side and (side.version, side.installability) for side in (change.before, change.after))
    return (change.kind, change.name, *sides)


def group_sized_changes(difference: Difference) -> tuple[Group[PackageChange], ...]:
    """The groups of :func:`group_changes`, each parted by the sizes of its files, or without sizes where these are many."""
    found: list[Group[PackageChange]] = []
    for group in group_changes(difference):
        same = _change_key(group.value)
        every = ((each, side.target) for side in difference.targets for each in side.changes)
        pairs = [(each, target) for each, target in every if _change_key(each) == same]
        parted = _shared(pairs, lambda pair: _sizes(pair[0]))
        found += parted if len(parted) <= _MOST_SIZES else [Group(value=_unsized(group.value), targets=group.targets)]
    return tuple(found)


def changes_by_targets(difference: Difference, *, every_file: bool) -> list[list[Group[PackageChange]]]:
    """The changes that are of the same targets together, those of the most targets first.

    With *every_file* those whose files differ are apart, as of :func:`group_sized_changes`; else the same move is one change.
    """
    groups = group_sized_changes(difference) if every_file else _moves(difference)
    parts = grouped(groups, lambda group: frozenset(map(str, group.targets)))
    return sorted(parts.values(), key=lambda part: -len(part[0].targets))


def _moves(difference: Difference) -> Iterator[Group[PackageChange]]:
    def versions(group: Group[PackageChange]) -> Hashable:
        change = group.value
        if change.kind is ChangeKind.RESUPPLIED:
            return _change_key(change)
        return (change.kind, change.name, *(side and side.version for side in (change.before, change.after)))

    for same in grouped(group_sized_changes(difference), versions).values():
        first = same[0].value
        is_one = len({_sizes(group.value) for group in same}) == 1
        targets = {target for group in same for target in group.targets}
        yield Group(
            value=first if is_one else _unsized(first),
            targets=tuple(each.target for each in difference.targets if each.target in targets),
        )


def _sizes(change: PackageChange) -> Hashable:
    return tuple(side and side.size for side in (change.before, change.after))


def _unsized(change: PackageChange) -> PackageChange:
    sides = (side and structs.replace(side, size=None) for side in (change.before, change.after))
    return structs.replace(change, **dict(zip(("before", "after"), sides, strict=True)))


def group_lines(lines: Iterable[tuple[str, Target]]) -> tuple[Group[str], ...]:
    """Group equal *lines* of text, each with its target; empty lines are left out."""
    return _shared((pair for pair in lines if pair[0]), lambda pair: pair[0])


def group_blockers(matrix: Matrix) -> tuple[BlockerGroup, ...]:
    """Group the blockers of *matrix* that block the same cells for the same reason."""

    def key(blocker: Blocker) -> Hashable:
        cells = frozenset(target.name for target in blocker.targets)
        return (cells, _codes(blocker), blocker.requested)

    return tuple(
        BlockerGroup(
            names=tuple(blocker_name(blocker) for blocker in same),
            codes=(codes := _codes(same[0])),
            why=" or ".join(code.title for code in codes),
            targets=same[0].targets,
        )
        for same in grouped(matrix.blockers, key).values()
    )


def _codes(blocker: Blocker) -> tuple[Code, ...]:
    return tuple(dict.fromkeys(finding.code for finding in blocker.findings)) if blocker.package is not None else ()


def group_failures(matrix: Matrix) -> tuple[Group[str], ...]:
    """Group the cells of *matrix* without a plan and without blockers by the reason."""
    reasons = []
    for cell in matrix.cells:
        if cell.status is CellStatus.FAILED:
            reasons.append((cell.failure or "there is no plan", cell.target))
        elif cell.status is CellStatus.UNDECIDED:
            reasons.append(("the search ended before it had an answer", cell.target))
    return group_lines(reasons)


def group_notes(matrix: Matrix) -> tuple[Group[Finding], ...]:
    """Group the findings of *matrix* that are no errors and matter to who ships it: what fails after installing, first."""
    pairs = [
        (finding, cell.target)
        for cell in matrix.cells
        if cell.plan is not None
        for finding in cell.plan.findings
        if finding.code in TELLING and finding.severity is not Severity.ERROR
    ]

    def key(pair: tuple[Finding, Target]) -> Hashable:
        finding, target = pair
        return (finding.code, finding.package, finding.version, _swapped(finding.message, target, (_TARGET,)))

    return tuple(sorted(_shared(pairs, key), key=lambda group: group.value.sort_key))
