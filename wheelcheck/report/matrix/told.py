"""Words a grid: cells named by rows and columns, blockers with the cells they block, the verdict; judges none again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set

from wheelcheck.model.matrix import Blocker, CellStatus, Matrix, Opening
from wheelcheck.model.repair import Repair
from wheelcheck.model.target import Target
from wheelcheck.report.wording import change
from wheelcheck.values import dataclass

WORDS = {
    CellStatus.INSTALLS: "installs",
    CellStatus.NEEDS_BUILD: "installs after pure builds",
    CellStatus.BLOCKED: "blocked",
    CellStatus.UNDECIDED: "undecided in time",
    CellStatus.FAILED: "no answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBlockers:
    """Blockers that stand in the way of the same cells for the same reason: those of ``names`` in ``where``."""

    names: tuple[str, ...]
    why: str
    where: str
    cells: int
    requested: bool


def tell_blockers(matrix: Matrix) -> tuple[ToldBlockers, ...]:
    """The blockers of *matrix*, those with the same cells and the same reason together."""
    groups: dict[tuple[frozenset[tuple[str, str]], str, bool], list[Blocker]] = {}
    for blocker in matrix.blockers:
        cells = frozenset((target.platform, target.python) for target in blocker.targets)
        groups.setdefault((cells, _why(blocker), blocker.requested), []).append(blocker)
    return tuple(
        ToldBlockers(
            names=tuple(name_of(blocker) for blocker in same),
            why=why,
            where=where(matrix, same[0].targets),
            cells=len(cells),
            requested=requested,
        )
        for (cells, why, requested), same in groups.items()
    )


def name_of(blocker: Blocker) -> str:
    """``torch 2.15.0``; of several versions the oldest and the newest; without a project what is the matter."""
    if blocker.package is None:
        return blocker.findings[0].message
    if not blocker.versions:
        return blocker.package
    first, last = blocker.versions[0], blocker.versions[-1]
    return f"{blocker.package} {first}" if first == last else f"{blocker.package} {first} to {last}"


def _why(blocker: Blocker) -> str:
    if blocker.package is None:
        return ""
    return " or ".join(dict.fromkeys(finding.code.title for finding in blocker.findings))


def where(matrix: Matrix, targets: Iterable[Target]) -> str:
    """*targets* by rows and columns of *matrix*: ``win_arm64 (all Pythons), macosx_13_0_x86_64 (3.13, 3.14)``.

    Whole rows come first, then whole columns, then what is left of each row.
    """
    named = {(target.platform, target.python) for target in targets}
    asked = {(cell.target.platform, cell.target.python) for cell in matrix.cells}
    if named == asked and len(matrix.platforms) > 1 and len(matrix.pythons) > 1:
        return "every target"
    rows = [platform for platform in matrix.platforms if _is_whole(named, asked, 0, platform)]
    left = {cell for cell in named if cell[0] not in rows}
    columns = [
        python
        for python in matrix.pythons
        if _is_whole(named, asked, 1, python) and any(cell[1] == python for cell in left)
    ]
    left = {cell for cell in left if cell[1] not in columns}
    said = [f"{_joined(rows)} (all Pythons)" if len(matrix.pythons) > 1 else _joined(rows)] if rows else []
    if columns:
        said.append(f"every platform ({', '.join(columns)})" if len(matrix.pythons) > 1 else "every platform")
    rest: dict[str, list[str]] = {}
    for platform in matrix.platforms:
        pythons = ", ".join(python for python in matrix.pythons if (platform, python) in left)
        if pythons:
            rest.setdefault(pythons, []).append(platform)
    said += [f"{_joined(platforms)} ({pythons})" for pythons, platforms in rest.items()]
    return ", ".join(said)


_Pairs = Set[tuple[str, str]]


def _is_whole(named: _Pairs, asked: _Pairs, side: int, word: str) -> bool:
    """Whether all cells of the row (side 0) or column (1) *word* are named; one that is a single cell is whole as a column only."""
    line = {cell for cell in asked if cell[side] == word}
    return line <= named and (len(line) > 1 or len({cell[1 - side] for cell in asked}) == 1)


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def verdict_line(matrix: Matrix) -> str:
    """The answer in one line: ``Installs on 23 of 40 targets; 17 blocked``."""
    counts = Counter(cell.status for cell in matrix.cells)
    good, total = len(matrix.good), len(matrix.cells)
    rest = [
        f"{counts[status]} {WORDS[status]}"
        for status in (CellStatus.BLOCKED, CellStatus.UNDECIDED, CellStatus.FAILED)
        if counts[status]
    ]
    built = counts[CellStatus.NEEDS_BUILD]
    builds = f", {'all' if built == good else built} after pure builds" if built else ""
    if total == 1:
        said = (
            f"Installs on {matrix.cells[0].target}{builds}" if good else f"Does not install on {matrix.cells[0].target}"
        )
    elif good == total:
        said = f"Installs on all {total} targets{builds}"
    elif good:
        said = f"Installs on {good} of {total} targets{builds}"
    else:
        said = f"Installs on none of {total} targets"
    return "; ".join((said, *rest))


def advice(matrix: Matrix) -> tuple[str, ...]:
    """Which Python to ship, and why not a newer one: whole sentences, without a full stop; empty where nothing installs."""
    best = matrix.best
    if best is None:
        return ()
    total = len(matrix.platforms)
    said: list[str] = []
    if len(matrix.pythons) > 1:
        reach = f"all {total} platforms" if len(best.good) == total else f"{len(best.good)} of {total} platforms"
        said.append(f"Ship Python {best.python}: {_merit(matrix, best.python, reach if total > 1 else best.good[0])}")
        said.extend(
            f"Python {python} is the newest on which {platform} installs" for platform, python in best.exceptions
        )
    if best.never:
        where_not = _joined(best.never)
        several = len(matrix.pythons) > 1
        said.append(
            f"No Python asked for installs on {where_not}" if several else f"It does not install on {where_not}"
        )
    return tuple(said)


def _merit(matrix: Matrix, python: str, reach: str) -> str:
    """Why this Python: the newest that reaches so much, or how it compares with newer ones."""
    most = len([cell for cell in matrix.good if cell.target.python == python])
    asked = {cell.target.python: cell.target for cell in matrix.cells}
    newer = [
        word
        for word, target in asked.items()
        if (not word.endswith("t") or python.endswith("t")) and target.python_full > asked[python].python_full
    ]
    if not newer:
        return f"it installs on {reach}, and is the newest asked for"
    as_many = [word for word in newer if len([c for c in matrix.good if c.target.python == word]) == most]
    if as_many:
        return f"it installs on {reach}, on more of them without a build than Python {_joined(as_many)}"
    return f"it is the newest that installs on {reach}"


def tell_openings(matrix: Matrix) -> tuple[str, ...]:
    """What would open which cells, and where that is proved; then for which nothing was found; sentences without a full stop."""
    ways = [_way(matrix, opening, opening.repair) for opening in matrix.openings if opening.repair is not None]
    for searched, end in ((True, ""), (False, " before the search ended")):
        closed = [each for each in matrix.openings if each.repair is None and each.searched is searched]
        targets = [target for each in closed for target in (each.proved, *each.alike)]
        if targets:
            ways.append(f"nothing was found{end} for {where(matrix, targets)}")
    return tuple(ways)


def _way(matrix: Matrix, opening: Opening, repair: Repair) -> str:
    cells = where(matrix, (opening.proved, *opening.alike))
    changes = " and ".join(change(edit, opening.proved) for edit in repair.edits)
    proof = f"proved on {opening.proved}" if opening.alike else "proved by resolving again"
    return f"{changes}: opens {cells} ({repair.risk.value} risk, {proof})"


def told_failures(matrix: Matrix) -> tuple[str, ...]:
    """Why cells have neither a plan nor blockers, each reason once with its cells."""
    reasons: dict[str, list[Target]] = {}
    for cell in matrix.cells:
        if cell.status is CellStatus.FAILED:
            reasons.setdefault(cell.failure or "there is no plan", []).append(cell.target)
        elif cell.status is CellStatus.UNDECIDED:
            reasons.setdefault("the search ended before it had an answer", []).append(cell.target)
    return tuple(f"{reason}: {where(matrix, targets)}" for reason, targets in reasons.items())
