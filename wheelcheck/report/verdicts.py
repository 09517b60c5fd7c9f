"""Words the answer of a check, a comparison or a grid, in the same lines for every format; judges nothing again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wheelcheck.model.answers import CellStatus, Matrix, Opening
from wheelcheck.model.check import Allowance, ChangeKind, Check, CheckedTarget, Difference, FindingState, Verdict
from wheelcheck.model.finding import Code
from wheelcheck.model.repair import Repair
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.target import Target
from wheelcheck.report.details import download_line
from wheelcheck.report.grouping import FindingGroup, group_changes, group_compared, group_failures, group_lines
from wheelcheck.report.page import counted, joined
from wheelcheck.report.quoting import flat
from wheelcheck.report.wording import change, listed_cells, listed_targets

CELL_WORDS = {
    CellStatus.INSTALLS: "installs",
    CellStatus.NEEDS_BUILD: "installs after pure builds",
    CellStatus.BLOCKED: "blocked",
    CellStatus.UNDECIDED: "undecided in time",
    CellStatus.FAILED: "no answer",
    CellStatus.UNSUPPORTED: "not supported by the project",
}


def check_verdict(check: Check, groups: Sequence[FindingGroup]) -> str:
    """The answer of *check* in one line: ``Fails on 2 of 3 targets: 2 findings``."""
    failing = sum(checked.is_decided and not checked.passes for checked in check.targets)
    unknown = sum(not checked.is_decided for checked in check.targets)
    if failing:
        findings = counted(sum(group.verdict is Verdict.FAILS for group in groups), "finding")
        line = f"Fails on {_among(failing, check)}: {findings}"
        return f"{line}; {unknown} undecided" if unknown else line
    if unknown:
        cause = "the index failed" if check.exit_status == 3 else "the search ended before it had an answer"
        return f"Undecided on {_among(unknown, check)}: {cause}"
    return f"Passes on {_among(len(check.targets), check)}"


def _among(count: int, check: Check) -> str:
    """*count* of the targets; a single one by its name."""
    total = len(check.targets)
    if total == 1:
        return str(check.targets[0].target)
    return f"all {total} targets" if count == total else f"{count} of {total} targets"


def target_word(checked: CheckedTarget) -> str:
    """``passes``, ``fails``, ``undecided`` or, where there is not even a plan, ``no answer``."""
    if checked.plan is None:
        return "no answer"
    if not checked.is_decided:
        return "undecided"
    return "passes" if checked.passes else "fails"


def target_detail(checked: CheckedTarget) -> str:
    """The text beside the word: the number of findings or projects, or why there is no answer."""
    if checked.plan is None or not checked.is_decided:
        return why_undecided(checked)
    counts = Counter(judged.verdict for judged in checked.judged)
    parts = []
    if counts[Verdict.FAILS]:
        parts.append(counted(counts[Verdict.FAILS], "finding"))
    elif checked.plan.packages:
        parts.append(counted(len(checked.plan.packages), "project"))
    if counts[Verdict.WARNS]:
        parts.append(counted(counts[Verdict.WARNS], "warning"))
    parts += [f"{counts[kind]} {kind.value}" for kind in (Verdict.ALLOWED, Verdict.KNOWN) if counts[kind]]
    return ", ".join(parts)


def undecided_targets(check: Check) -> tuple[tuple[CheckedTarget, str], ...]:
    """The targets without a verdict, each with a sentence on why."""
    return tuple((checked, why_undecided(checked)) for checked in check.targets if not checked.is_decided)


def why_undecided(checked: CheckedTarget) -> str:
    """Why there is no verdict on *checked*: what failed, or that the search ended."""
    if checked.plan is None:
        return checked.failure or "there is no plan"
    spent = [judged.finding.message for judged in checked.judged if judged.finding.code is Code.BUDGET_SPENT]
    return spent[0] if spent else "the search ended before it had an answer"


def fallback_place(check: Check) -> FileOrigin:
    """The first file read: the place of findings that lead from no file, for formats that require one."""
    for record in check.inputs:
        if record.sha256:
            return FileOrigin(path=record.path)
    return FileOrigin(path=check.inputs[0].path if check.inputs else "command line")


def stale_allowances(check: Check) -> tuple[tuple[Allowance, str, str], ...]:
    """The allowances that expired and those that cover nothing, each with a title and a sentence."""
    expired = ((each, f"expired after {each.expires}") for each in check.expired)
    unused = ((each, "covers nothing and can go") for each in check.unused)
    return tuple(
        (each, title, f"The allowance for {_covered(each)} {fact}: {each.reason}")
        for title, found in (("Allowance expired", expired), ("Allowance unused", unused))
        for each, fact in found
    )


def _covered(allowance: Allowance) -> str:
    """The coverage of *allowance*: ``av<12 on win_*, WC102``."""
    text = f"{allowance.package}{allowance.specifier}"
    if allowance.targets:
        text += f" on {', '.join(allowance.targets)}"
    return f"{text}, {', '.join(allowance.codes)}" if allowance.codes else text


def difference_verdict(difference: Difference) -> str:
    """The answer of *difference* in one line: ``1 new finding fails; 2 came in, 1 moved``."""
    new = group_compared(difference, FindingState.NEW)
    failing = sum(group.verdict is Verdict.FAILS for group in new)
    counts = Counter(group.value.kind for group in group_changes(difference))
    moved = counts[ChangeKind.UPGRADED] + counts[ChangeKind.DOWNGRADED] + counts[ChangeKind.RESUPPLIED]
    words = ((counts[ChangeKind.ADDED], "came in"), (counts[ChangeKind.REMOVED], "went out"), (moved, "moved"))
    changes = ", ".join(f"{count} {word}" for count, word in words if count) or "no package changed"
    undecided = sum(not each.is_decided for each in difference.targets)
    of_targets = f"{undecided} of {counted(len(difference.targets), 'target')}"
    if failing:
        line = f"{counted(failing, 'new finding')} {'fails' if failing == 1 else 'fail'}; {changes}"
        return f"{line}; {of_targets} undecided" if undecided else line
    if undecided:
        cause = "the index failed" if difference.exit_status == 3 else "the search ended before it had an answer"
        return f"Undecided on {of_targets}: {cause}"
    return f"Nothing new fails; {changes}"


def difference_heading(difference: Difference) -> str:
    """The two sides: ``requirements.txt at origin/main (1a2b3c4d5e) → requirements.txt``."""
    return flat(f"{difference.old.name} → {difference.new.name}")


def difference_notes(difference: Difference) -> list[str]:
    """The sentences on how *difference* was made, other targets and kinds of input among them."""
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


def uncompared_targets(difference: Difference) -> list[tuple[Target, str]]:
    """The targets on which nothing was compared, each with the side and the reason."""
    return [
        (each.target, flat(f"{word}: {why_undecided(side)}"))
        for each in difference.targets
        for word, side in (("before", each.before), ("after", each.after))
        if side is not None and not side.is_decided
    ]


def download_lines(difference: Difference) -> list[str]:
    """How much there is to download before and after, each line once with the targets for which it holds."""
    groups = group_lines((download_line(each), each.target) for each in difference.targets)
    return [f"{group.value} {where_changed(group.targets, difference)}".strip() for group in groups]


def where_changed(targets: Sequence[Target], difference: Difference) -> str:
    """On which of the targets of *difference* something holds; empty where it holds on all that are decided."""
    decided = sum(each.is_decided for each in difference.targets)
    return "" if len(targets) == decided else flat(f"on {listed_targets(targets)}")


def matrix_verdict(matrix: Matrix) -> str:
    """The answer of *matrix* in one line: ``Installs on 23 of 40 targets; 17 blocked``."""
    counts = Counter(cell.status for cell in matrix.cells)
    good, total = len(matrix.good), len(matrix.cells) - counts[CellStatus.UNSUPPORTED]
    rest = [
        f"{counts[status]} {CELL_WORDS[status]}"
        for status in (CellStatus.BLOCKED, CellStatus.UNDECIDED, CellStatus.FAILED, CellStatus.UNSUPPORTED)
        if counts[status]
    ]
    built = counts[CellStatus.NEEDS_BUILD]
    builds = f", {'all' if built == good else built} after pure builds" if built else ""
    if total == 1:
        target = next(cell.target for cell in matrix.cells if cell.is_supported)
        line = f"Installs on {target}{builds}" if good else f"Does not install on {target}"
    elif good == total:
        line = f"Installs on all {total} targets{builds}"
    elif good:
        line = f"Installs on {good} of {total} targets{builds}"
    else:
        line = f"Installs on none of {total} targets"
    return "; ".join((line, *rest))


def matrix_advice(matrix: Matrix) -> tuple[str, ...]:
    """Which Python to ship, and why not a newer one: whole sentences, without a full stop; empty where nothing installs."""
    best = matrix.best
    if best is None:
        return ()
    total, several = len(matrix.platforms), len(matrix.pythons) > 1
    lines: list[str] = []
    if several:
        reach = f"all {total} platforms" if len(best.good) == total else f"{len(best.good)} of {total} platforms"
        lines.append(f"Ship Python {best.python}: {_merit(matrix, best.python, reach if total > 1 else best.good[0])}")
        lines.extend(
            f"Python {python} is the newest on which {platform} installs" for platform, python in best.exceptions
        )
    if best.never:
        where = joined(best.never)
        lines.append(f"No Python asked for installs on {where}" if several else f"It does not install on {where}")
    return tuple(lines)


def _merit(matrix: Matrix, python: str, reach: str) -> str:
    """Why this Python: the newest that reaches so much, or how it compares with newer ones."""
    installs = Counter(cell.target.python for cell in matrix.good)
    asked = {cell.target.python: cell.target for cell in matrix.cells}
    newer = [
        word
        for word, target in asked.items()
        if (not word.endswith("t") or python.endswith("t")) and target.python_full > asked[python].python_full
    ]
    if not newer:
        return f"it installs on {reach}, and is the newest asked for"
    as_many = [word for word in newer if installs[word] == installs[python]]
    if as_many:
        return f"it installs on {reach}, on more of them without a build than Python {joined(as_many)}"
    return f"it is the newest that installs on {reach}"


def opening_lines(matrix: Matrix) -> tuple[str, ...]:
    """Which repair opens which cells, and where that is proved; then for which none was found; without a full stop."""
    lines = [_opening(matrix, each, each.repair) for each in matrix.openings if each.repair is not None]
    for searched, end in ((True, ""), (False, " before the search ended")):
        closed = [each for each in matrix.openings if each.repair is None and each.searched is searched]
        targets = [target for each in closed for target in (each.proved, *each.alike)]
        if targets:
            lines.append(f"nothing was found{end} for {listed_cells(matrix, targets)}")
    return tuple(lines)


def _opening(matrix: Matrix, opening: Opening, repair: Repair) -> str:
    cells = listed_cells(matrix, (opening.proved, *opening.alike))
    first, *others = (
        (" and ".join(change(edit, opening.proved) for edit in each.edits), each.risk.value)
        for each in (repair, *opening.others)
    )
    proof = f"proved on {opening.proved}" if opening.alike else "proved by resolving again"
    rest = "".join(f"; or {changes} ({risk} risk)" for changes, risk in others)
    return f"{first[0]}: opens {cells} ({first[1]} risk, {proof}){rest}"


def failure_lines(matrix: Matrix) -> tuple[str, ...]:
    """Why cells have neither a plan nor blockers, each reason once with its cells."""
    return tuple(f"{group.value}: {listed_cells(matrix, group.targets)}" for group in group_failures(matrix))
