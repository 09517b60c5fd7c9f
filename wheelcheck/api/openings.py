"""What would open the blocked cells of a grid: a search for repairs on one of those blocked alike, and the proof on the others.

``cells of a grid, Answer of each blocked one → Opening``. A repair is told for no cell on which it was not resolved.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wheelcheck.api.answering import Answer, proved_proposals, repaired
from wheelcheck.errors import WheelcheckError
from wheelcheck.model.answers import Cell, Opening
from wheelcheck.model.repair import EditKind, Repair
from wheelcheck.model.target import Target
from wheelcheck.plans.comparing import blocked_alike
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.api.edges import Stores
    from wheelcheck.repairs.proof import Proof


def find_openings(
    cells: Sequence[Cell],
    answers: Mapping[Target, Answer],
    stores: Stores,
    reporter: Reporter,
    clock: Callable[[], float],
) -> tuple[Opening, ...]:
    """One search for each group of *cells* that equal blockers block, those that would open most first, until the time is up.

    *answers* are those of the blocked cells; the seconds that each of them has for repairs are for all together. The cells of a
    group on which its repair does not install are searched as a group of their own, and a repair that is found for these alone and
    opens the whole group comes first.
    """
    groups = sorted(blocked_alike(cells), key=len, reverse=True)
    if not groups:
        return ()
    end = clock() + answers[groups[0][0].target].prepared.repair_seconds
    grid = {(cell.target.platform, cell.target.python) for cell in cells}
    found: list[Opening] = []
    for number, group in enumerate(groups, 1):
        reporter.stage(f"looking for what opens blocked targets: {number} of {len(groups)}")
        search = _Search(tuple(answers[cell.target] for cell in group), grid, stores, lambda: end - clock())
        found += search.openings()
    return tuple(found)


class _Search:
    """The search for what opens *group*, cells that equal blockers block; *left* tells the seconds that are left."""

    def __init__(
        self,
        group: tuple[Answer, ...],
        grid: Container[tuple[str, str]],
        stores: Stores,
        left: Callable[[], float],
    ) -> None:
        self._group = group
        self._grid = grid
        self._stores = stores
        self._left = left

    def openings(self) -> Iterator[Opening]:
        """What opens the whole group, where nearer repairs open a part of it, then these."""
        found: list[Opening] = []
        rest = self._group
        proof: tuple[Proof, Answer] | None = None
        while rest:
            opening, proof = self._opening(rest)
            if opening is None:
                break
            rest = _outside(opening, rest)
            found.append(opening)
        if proof is not None and len(found) > 1:
            others = _outside(found[-1], self._group)
            if len(self._opened(*proof, others)) == len(others):
                last = found.pop()
                alike = tuple(target for target in map(_target, self._group) if target != last.proved)
                found.insert(0, replace(last, alike=alike))
        yield from found

    def _opening(self, answers: tuple[Answer, ...]) -> tuple[Opening | None, tuple[Proof, Answer] | None]:
        """What opens the first of *answers* and others of them, with its proof; where nothing does, an opening of all of them.

        ``None`` where what blocks them wants no repair.
        """
        first, *alike = answers
        opening = Opening(proved=_target(first), repair=None, alike=tuple(map(_target, alike)), searched=False)
        if (seconds := self._left()) <= 0:
            return opening, None
        bounded = replace(first, prepared=replace(first.prepared, repair_seconds=seconds))
        proved = proved_proposals(bounded, self._stores.of(first.prepared.index), SilentReporter())
        if proved is None:
            return None, None
        proposals = proved.proposals
        repairs = [each for each in proposals.repairs if _reached(each, opening.proved) not in self._grid]
        opening = replace(opening, searched=proposals.complete and not proposals.interrupted)
        if not repairs:
            return opening, None
        proof = proved.proofs[repairs[0].id]
        opened = self._opened(proof, first, tuple(alike))
        return replace(opening, repair=repairs[0], others=tuple(repairs[1:]), alike=opened), (proof, first)

    def _opened(self, proof: Proof, found_for: Answer, answers: tuple[Answer, ...]) -> tuple[Target, ...]:
        """The cells of *answers* that the repair of *proof*, found for another one, opens too."""
        before = _target(found_for)
        return tuple(
            _target(each) for each in answers if self._left() > 0 and _opens(proof, before, each, self._stores)
        )


def _outside(opening: Opening, answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """Those of *answers* whose cells *opening* does not open."""
    opened = {opening.proved, *opening.alike}
    return tuple(each for each in answers if _target(each) not in opened)


def _target(answer: Answer) -> Target:
    return answer.prepared.question.target


def _opens(proof: Proof, proved: Target, answer: Answer, stores: Stores) -> bool:
    """Whether the repair of *proof*, which opens the cell *proved*, opens the cell of *answer* too; resolves it there."""
    from wheelcheck.plans.making import plan
    from wheelcheck.resolver.passes import resolve

    target = _moved(_target(answer), proved, proof.question.target)
    if target is None:
        return False
    question = replace(proof.question, target=target)
    try:
        outcome = resolve(question, proof.projects)
        there = replace(proof, question=question, resolution=outcome)
        after = repaired(answer, there, stores.of(answer.prepared.index), SilentReporter())
    except WheelcheckError:
        return False
    made = plan(after.outcome, after.findings, inputs=(), options=after.prepared.options)
    return Cell(target=target, plan=made).status.is_good


def _moved(target: Target, before: Target, after: Target) -> Target | None:
    """*target* as the repair moves it that moved *before* to *after*; ``None`` where it moves to a platform for another one."""
    from wheelcheck.targets.targets import parse_target

    if before.name == after.name:
        return target
    if before.platform == after.platform:
        return parse_target(target.platform, after.python)
    return parse_target(after.platform, target.python) if target.platform == before.platform else None


def _reached(repair: Repair, target: Target) -> tuple[str, str] | None:
    """The cell that *repair* of the cell *target* leads to; ``None`` where it stays. One that is in the grid is seen there."""
    moved = {edit.kind: edit.after for edit in repair.edits if edit.kind in (EditKind.PYTHON, EditKind.PLATFORM)}
    place = moved.get(EditKind.PLATFORM) or target.platform, moved.get(EditKind.PYTHON) or target.python
    return place if moved else None
