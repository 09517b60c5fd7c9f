"""What the targets of one run share: resolutions, reading ahead, the time for repairs; and what opens the blocked cells of a grid.

``Prepared, … → Answer, …`` and ``Answer, … → Proposals, …``, one target after the other, as ``check`` and ``matrix`` ask for them.
``cells of a grid, Answer of each blocked one → Opening``: a search for repairs on one of those blocked alike, and the proof on the
others. A repair is told for no cell on which it was not resolved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wheelcheck.api.answering import Answer, answered, proved_proposals, repaired
from wheelcheck.api.preparing import Prepared
from wheelcheck.errors import WheelcheckError
from wheelcheck.model.repair import EditKind, Repair
from wheelcheck.model.target import Target
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.api.edges import Stores
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.answers import Cell, Opening
    from wheelcheck.model.knowledge import RepairKnowledge
    from wheelcheck.model.repair import Proposals
    from wheelcheck.repairs.proof import Proof, ProvedProposals
    from wheelcheck.resolver.resolution_cache import ResolutionCache


_LEAST_ROUNDS = 1_000


class TargetAnswers:
    """Answers one question on one target after another, and makes equal resolutions once.

    After the first answer the metadata for all other targets is asked for together, where anything had to be fetched at all.
    *questions* are those of all targets of the run; *knowledge* is that of :func:`answered`.
    """

    def __init__(self, questions: Sequence[Prepared], stores: Stores, knowledge: RepairKnowledge | None) -> None:
        self._coming = list(questions)
        self._stores = stores
        self._knowledge = knowledge
        self._resolutions: dict[IndexStore, ResolutionCache] = {}

    def answered(self, prepared: Prepared, reporter: Reporter) -> Answer:
        """As the function of this name, which raises the same."""
        store = self._stores.of(prepared.index)
        if prepared.read.lock is not None:  # nothing is resolved
            return answered(prepared, store, reporter, knowledge=self._knowledge)
        from wheelcheck.resolver.resolution_cache import ResolutionCache, read_ahead

        cache = self._resolutions.setdefault(store, ResolutionCache(store))
        answer = answered(prepared, store, reporter, knowledge=self._knowledge, cache=cache)
        coming, self._coming = self._coming, []
        if coming and store.statistics.total_requests:
            target = prepared.question.target
            questions = [each.question for each in coming if each.index == prepared.index]
            read_ahead(answer.outcome, (each for each in questions if each.target != target), store)
        return answer


class RepairSearches:
    """The searches for repairs of a run over several targets: together they have the *seconds* and the rounds that one has alone.

    A later one always has ``_LEAST_ROUNDS``, which are enough for an input of common size.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        search: Callable[..., ProvedProposals | None] = proved_proposals,
    ) -> None:
        self._clock = clock
        self._search = search
        self._end = clock() + seconds
        self._rounds: int | None = None

    @property
    def seconds_left(self) -> float:
        """The seconds that are left for all that follow, none or more."""
        return max(0.0, self._end - self._clock())

    def bounded(self, answer: Answer) -> Answer:
        """*answer* with no more seconds for repairs than are left."""
        return replace(answer, prepared=replace(answer.prepared, repair_seconds=self.seconds_left))

    def proposals_for(self, answer: Answer, store: IndexStore, reporter: Reporter) -> Proposals | None:
        """As the function of this name, within what those before have left."""
        from wheelcheck.repairs.context import Limits

        left = Limits().rounds if self._rounds is None else self._rounds
        proved = self._search(self.bounded(answer), store, reporter, rounds=max(left, _LEAST_ROUNDS))
        if proved is None:
            return None
        self._rounds = left - proved.rounds
        return proved.proposals


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
    from wheelcheck.plans.comparing import blocked_alike

    groups = sorted(blocked_alike(cells), key=len, reverse=True)
    if not groups:
        return ()
    time_left = RepairSearches(answers[groups[0][0].target].prepared.repair_seconds, clock)
    grid = {(cell.target.platform, cell.target.python) for cell in cells}
    found: list[Opening] = []
    for number, group in enumerate(groups, 1):
        reporter.stage(f"looking for what opens blocked targets: {number} of {len(groups)}")
        search = _Search(tuple(answers[cell.target] for cell in group), grid, stores, time_left)
        found += search.openings()
    return tuple(found)


class _Search:
    """The search for what opens *group*, cells that equal blockers block, while there is *time_left*."""

    def __init__(
        self,
        group: tuple[Answer, ...],
        grid: Container[tuple[str, str]],
        stores: Stores,
        time_left: RepairSearches,
    ) -> None:
        self._group = group
        self._grid = grid
        self._stores = stores
        self._time_left = time_left

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
        from wheelcheck.model.answers import Opening

        first, *alike = answers
        opening = Opening(proved=_target(first), repair=None, alike=tuple(map(_target, alike)), searched=False)
        if not self._time_left.seconds_left:
            return opening, None
        proved = proved_proposals(
            self._time_left.bounded(first), self._stores.of(first.prepared.index), SilentReporter()
        )
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
            _target(each)
            for each in answers
            if self._time_left.seconds_left and _opens(proof, before, each, self._stores)
        )


def _outside(opening: Opening, answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """Those of *answers* whose cells *opening* does not open."""
    opened = {opening.proved, *opening.alike}
    return tuple(each for each in answers if _target(each) not in opened)


def _target(answer: Answer) -> Target:
    return answer.prepared.question.target


def _opens(proof: Proof, proved: Target, answer: Answer, stores: Stores) -> bool:
    """Whether the repair of *proof*, which opens the cell *proved*, opens the cell of *answer* too; resolves it there."""
    from wheelcheck.model.answers import Cell
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
