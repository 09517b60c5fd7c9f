"""From a blocked outcome to the repairs that are shown: searched, mended, proved, weighed, chosen; applies none of them.

``Blocked, World, Limits → Proposals``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial

from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.repair import Edit, EditKind, Ground, Hopeless, Proposals, Repair, Risk
from wheelcheck.model.resolution import Conflict
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.repairs.blockers import View
from wheelcheck.repairs.edits.change import Change, key_of
from wheelcheck.repairs.hopeless import iter_exhausted, iter_hopeless, iter_irreparable
from wheelcheck.repairs.mending import as_of, mendable, mended
from wheelcheck.repairs.proof import natural_of, verification
from wheelcheck.repairs.risk.assessing import assess, risk_of
from wheelcheck.repairs.risk.case import RepairCase
from wheelcheck.repairs.search import Found, Search
from wheelcheck.repairs.trials import OutOfTime, Trials
from wheelcheck.repairs.world import Blocked, Limits, World

_FOR_MENDING = 24  # trials beyond the search's own
_KINDS = tuple(EditKind)
_FOR_SEVERAL = frozenset({EditKind.PYTHON, EditKind.PLATFORM, EditKind.EXTRA})


def propose(
    blocked: Blocked, world: World, limits: Limits | None = None, reporter: Reporter | None = None
) -> Proposals:
    """The cheapest proved ways out of *blocked*, of different kinds where there are several.

    An outcome that installs is looked at too: where it meets an advisory, its remedy is proposed. Costs one resolution for each
    set of edits tried, on pages and metadata that are mostly at hand. An index that fails ends the search: what was proved before
    is given, and ``interrupted`` says why there may be more. Raises nothing of its own.
    """
    return _Proposing(blocked, world, limits or Limits(), reporter or SilentReporter()).run()


class _Proposing:
    """One run of :func:`propose`."""

    def __init__(self, blocked: Blocked, world: World, limits: Limits, reporter: Reporter) -> None:
        self._world = world
        self._limits = limits
        self._reporter = reporter
        self._trials = Trials(blocked, world, limits, reporter)
        self._search = Search(blocked, world, limits, self._trials)
        self._blocked = blocked
        self._interrupted = ""

    def run(self) -> Proposals:
        outcome = self._blocked.outcome
        if isinstance(outcome, Conflict) and outcome.budget_spent:
            return Proposals(
                complete=False, unreached="the resolution itself ended at its budget, so nothing was tried"
            )
        self._reporter.stage("looking for repairs")
        hopeless: tuple[Hopeless, ...] = ()
        found: list[Found] = []
        try:
            base = self._trials.base
            if base.succeeds:
                found = [Found(changes=(), trial=base)]
            else:
                hopeless = tuple(self._iter_irreparable())
                if not hopeless:
                    self._search.run()
                    found = _different(sorted(self._search.found, key=_order), self._limits.repairs)
                    hopeless = () if found else tuple(self._iter_hopeless())
        except IndexUnavailable as error:
            self._interrupted = str(error)
            found = _different(sorted(self._search.found, key=_order), self._limits.repairs)
        by_clock = self._trials.ended_by_clock
        repairs = tuple(self._iter_repairs(self._with_remedies(found)))
        return Proposals(
            repairs=repairs,
            hopeless=hopeless,
            # What may help is worth a look only where nothing surely does.
            suggestions=() if repairs else tuple(self._search.troubles.suggestions.values()),
            complete=not self._search.ended and not self._trials.undecided and not self._interrupted,
            unreached=self._unreached(by_clock=by_clock),
            interrupted=self._interrupted,
            tried=self._trials.count,
        )

    def _unreached(self, *, by_clock: bool) -> str:
        ended, given_up = self._search.ended, len(self._trials.undecided)
        if not ended and given_up:
            sets = f"{given_up} set{'s' if given_up != 1 else ''} of changes"
            return f"{sets} took too long to resolve and {'were' if given_up != 1 else 'was'} given up; give --repair-seconds more"
        return f"{ended}; a longer --repair-seconds lets it continue" if ended and by_clock else ended

    def _iter_irreparable(self) -> Iterator[Hopeless]:
        yield from iter_irreparable(self._view().irreparable())

    def _iter_hopeless(self) -> Iterator[Hopeless]:
        view = self._view()
        blockers = [blocker for _, blocker in sorted(self._search.troubles.dead_ends.items())]
        if blockers:
            yield from iter_hopeless(self._blocked, view, blockers)
        elif not self._search.ended:
            yield from iter_exhausted(view, self._trials.count)

    def _view(self) -> View:
        base = self._trials.base
        return View(base, self._trials.view(base))

    @cached_property
    def _blockers(self) -> frozenset[NormalizedName]:
        """What blocks the question as it was asked."""
        return frozenset(blocker.name for group in self._view().troubles() for blocker in group)

    # Remedies of advisories

    def _with_remedies(self, found: Sequence[Found]) -> list[Found]:
        knowledge = self._world.knowledge
        self._trials.begin_mending(_FOR_MENDING)
        better = [self._trying(partial(mended, each, self._trials, knowledge)) or each for each in found]
        ready = [each for each in better if each.changes]
        if found and len(ready) < self._limits.repairs and mendable(found[0].trial.resolution, knowledge):
            other = self._trying(partial(as_of, found[0], self._trials, knowledge))
            if other is not None:
                ready.append(other)
        return sorted(ready, key=_order)[: self._limits.repairs]

    def _trying(self, attempt: Callable[[], Found | None]) -> Found | None:
        try:
            return attempt()
        except OutOfTime:
            return None
        except IndexUnavailable as error:
            self._interrupted = str(error)
            return None

    # What is shown

    def _iter_repairs(self, found: Sequence[Found]) -> Iterator[Repair]:
        for number, each in enumerate(found, 1):
            edits = self._edits(each.changes)
            grounds = self._grounds(edits, each)
            yield Repair(
                id=f"R{number}",
                edits=edits,
                cost=each.cost,
                verified=verification(self._trials.base, each.trial, self._trials),
                risk=risk_of(grounds),
                grounds=grounds,
            )

    def _edits(self, changes: Iterable[Change]) -> tuple[Edit, ...]:
        """What a person reads first comes first: the target, then versions; bounds that only keep the rest in place come last."""
        told = [self._told(change) for change in changes]
        return tuple(
            sorted(
                told,
                key=lambda edit: (
                    edit.kind is EditKind.CONSTRAIN,
                    _KINDS.index(edit.kind),
                    edit.package or "",
                    edit.after,
                ),
            )
        )

    def _told(self, change: Change) -> Edit:
        edit = change.told()
        touched = self._search.troubles.touched.get(key_of(change), {})
        # What blocks other versions only, at which the search looked as well, is no reason that a reader could follow.
        names = [name for name in touched if name in self._blockers] or list(touched)
        if edit.kind not in _FOR_SEVERAL or len(names) < 2:
            return edit
        target = self._blocked.question.target
        return replace(edit, because=f"{', '.join(names[:-1])} and {names[-1]} have no usable file on {target}")

    def _grounds(self, edits: tuple[Edit, ...], found: Found) -> tuple[Ground, ...]:
        case = RepairCase(
            edits=edits,
            before=natural_of(self._blocked.outcome),
            after=found.trial.resolution,
            projects=found.trial.projects,
            code=self._world.code,
            knowledge=self._world.knowledge,
        )
        self._reporter.stage("weighing repairs")
        try:
            return assess(case)
        except IndexUnavailable as error:
            self._interrupted = str(error)
            return (Ground(risk=Risk.HIGH, text=f"its evidence could not be read: {error.message}"),)


def _order(found: Found) -> tuple[int, tuple[object, ...]]:
    return (found.cost, tuple(sorted(found.keys)))


def _different(found: Sequence[Found], most: int) -> list[Found]:
    """At most *most* of *found*: the cheapest of each kind first, then the cheapest of the rest; in the order of their cost."""
    chosen: list[Found] = []
    for each in found:
        if each.main_kind not in {other.main_kind for other in chosen} and len(chosen) < most:
            chosen.append(each)
    for each in found:
        if each not in chosen and len(chosen) < most:
            chosen.append(each)
    return sorted(chosen, key=_order)
