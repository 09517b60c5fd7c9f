"""From a blocked outcome to the repairs that are shown: search, fixes for advisories, proof, risk, choice; applies none.

``Blocked, RepairContext, Limits → ProvedProposals``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial

from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.errors import BudgetSpent, IndexUnavailable
from wheelcheck.findings.indexes import asked_label
from wheelcheck.imports.failing import Lack
from wheelcheck.model.finding import Finding
from wheelcheck.model.repair import Edit, EditKind, Ground, Proposals, Repair, Risk, Suggestion, Unrepairable
from wheelcheck.model.resolution import Conflict
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.repairs.advisory_fixes import (
    as_of,
    fixable_advisories,
    known_overlaps,
    with_advisory_fixes,
    without_overlaps,
)
from wheelcheck.repairs.blockers import (
    Blocker,
    TrialView,
    iter_exhausted,
    iter_failing,
    iter_unrepairable,
    iter_unrepairable_inputs,
)
from wheelcheck.repairs.context import Blocked, Limits, RepairContext, State
from wheelcheck.repairs.edits import Change, Excluded, key_of
from wheelcheck.repairs.import_grounds import Importing, importing
from wheelcheck.repairs.proof import Proof, ProvedProposals, natural_of, proof_of, verification
from wheelcheck.repairs.repair_case import RepairCase
from wheelcheck.repairs.risk import assess, risk_of
from wheelcheck.repairs.search import ENDED, Search
from wheelcheck.repairs.trials import OutOfTime, Trial, Trials
from wheelcheck.resolver.passes import resolve
from wheelcheck.texts.words import counted, joined

_FOR_ADVISORY_FIXES = 24  # trials beyond the search's own
_NAMES_SHOWN = 5
_KINDS = tuple(EditKind)
_FOR_SEVERAL = frozenset({EditKind.PYTHON, EditKind.PLATFORM, EditKind.EXTRA})


def propose(
    blocked: Blocked, context: RepairContext, limits: Limits | None = None, reporter: Reporter | None = None
) -> ProvedProposals:
    """The cheapest proved repairs of *blocked*, of different kinds where there are several.

    An outcome that installs is looked at too: where it meets an advisory, its remedy is proposed. Costs one resolution for each
    set of edits tried, on pages and metadata that are mostly at hand. An index that fails ends the search: what was proved before
    is given, and ``interrupted`` says why there may be more. Raises nothing of its own.
    """
    return _Proposing(blocked, context, limits or Limits(), reporter or SilentReporter()).run()


class _Proposing:
    """One run of :func:`propose`."""

    def __init__(self, blocked: Blocked, context: RepairContext, limits: Limits, reporter: Reporter) -> None:
        self._context = context
        self._end = limits.clock() + limits.seconds
        self._limits = limits
        self._reporter = reporter
        self._asked = blocked
        self._given_up: tuple[Excluded, ...] = ()
        self._hopeless: list[Unrepairable] = []
        self._aside: frozenset[Finding] = frozenset()
        self._suggestions: dict[tuple[NormalizedName, str], Suggestion] = {}
        self._interrupted = ""
        self._imported: list[tuple[object, Importing]] = []
        self._failing: dict[NormalizedName, tuple[Lack, ...]] = dict.fromkeys(blocked.failing, ())
        self._begin(blocked)

    def _begin(self, blocked: Blocked, tried: int = 0, spent: int = 0) -> None:
        self._tried, self._spent = tried, spent
        limits = replace(self._limits, seconds=self._end - self._limits.clock())
        self._blocked = blocked
        self._trials = Trials(blocked, self._context, limits, self._reporter, self._aside)
        self._search = Search(blocked, self._context, limits, self._trials, self._suggestions, self._importing)

    def run(self) -> ProvedProposals:
        outcome = self._blocked.outcome
        if isinstance(outcome, Conflict) and outcome.budget_spent:
            unreached = "the resolution itself ended at its budget, so nothing was tried"
            return ProvedProposals(proposals=Proposals(complete=False, unreached=unreached))
        self._reporter.stage("looking for repairs")
        try:
            found = self._searched()
        except OutOfTime:
            self._search.ended = ENDED
            found = self._best()
        except (BudgetSpent, IndexUnavailable) as error:
            # What is known of the plan stays an answer, and so do the repairs that were proved.
            self._interrupted = str(error)
            found = self._best()
        by_clock = self._trials.ended_by_clock
        shown = list(map(self._repair, self._with_remedies(found)))
        proved = [each for each in shown if not has_failure(each[0])]
        failing = [repair for repair, _ in shown if has_failure(repair)]
        failing += [self._repair(each)[0] for each in sorted(self._search.failing, key=_order)]
        repairs = tuple(_numbered("R", (repair for repair, _ in proved)))
        proposals = Proposals(
            repairs=repairs,
            failing=tuple(_numbered("F", failing[: self._limits.repairs])),
            unrepairable=tuple(self._hopeless),
            suggestions=tuple(self._iter_suggestions(repairs)),
            complete=not (self._search.ended or self._search.undecided or self._trials.undecided or self._interrupted),
            unreached=self._unreached(by_clock=by_clock),
            interrupted=self._interrupted,
            tried=self._tried + self._trials.count,
        )
        proofs = {repair.id: proof for repair, (_, proof) in zip(repairs, proved, strict=True)}
        return ProvedProposals(proposals=proposals, proofs=proofs, rounds=self._spent + self._trials.spent)

    def _searched(self) -> list[Trial]:
        base = self._original = self._trials.base
        if base.succeeds:
            if self._blocked.overlaps:
                return without_overlaps(base, self._blocked.overlaps, self._trials, self._context.knowledge)
            broken = self._importing(base) if self._blocked.failing else None
            return self._mended(broken) if broken is not None and broken.failing else [base]
        stuck = self._view().unrepairable_findings()
        self._hopeless.extend(iter_unrepairable_inputs(stuck))
        if not all(map(self._view().is_beside_the_rest, stuck)):
            return []
        if stuck:
            self._aside = frozenset(stuck)
            self._begin(self._blocked)
            base = self._trials.base
            if base.succeeds:
                return []
        while not base.succeeds:
            conflict_sets = self._search.conflict_sets.of(base)
            lost = self._search.conflict_sets.lost(conflict_sets)
            if not lost:
                self._search.run(conflict_sets)
                # What nothing can touch may stand behind a clash, where the question as it was asked does not show it.
                lost = () if self._search.found or self._search.ended else self._search.conflict_sets.lost_ends()
            if not lost:
                break
            base = self._without(lost)
        found = self._best()
        if not found:
            self._hopeless.extend(self._iter_unrepairable())
        return found

    def _mended(self, broken: Importing) -> list[Trial]:
        """The repairs of a question that resolves, and fails when it is imported as *broken* says."""
        self._search.mend(broken)
        found = self._best()
        if not found and not self._search.ended:
            self._hopeless.extend(iter_failing(self._trials.base.resolution, broken, self._trials.count))
        return found

    def _without(self, lost: Sequence[Blocker]) -> Trial:
        """Go on with the question without the *lost* blockers: what nothing can repair must not hide the repairs of the rest."""
        self._hopeless.extend(iter_unrepairable(self._blocked, self._view(), lost, self._context.knowledge))
        state = State(question=self._blocked.question)
        for blocker in lost:
            change = Excluded(name=blocker.name, version=str(blocker.version or ""), because="nothing repairs it")
            self._given_up += (change,)
            state = change.applied(state)
        outcome = resolve(state.question, self._context.projects, self._reporter)
        tried, spent = self._tried + self._trials.count, self._spent + self._trials.spent
        self._begin(replace(self._blocked, question=state.question, outcome=outcome), tried, spent)
        return self._trials.base

    def _best(self) -> list[Trial]:
        """What is known to import before what could not be read."""
        found = _different(sorted(self._search.found, key=_order), self._limits.repairs)
        unread = _different(sorted(self._search.undecided, key=_order), self._limits.repairs - len(found))
        return [*found, *unread]

    def _iter_suggestions(self, repairs: Sequence[Repair]) -> Iterator[Suggestion]:
        """The unproved suggestions that are of use: where there are repairs, those that keep what they lose.

        An index that could not be asked is suggested once, with all projects that it may have.
        """
        labelled = {asked.name for asked in self._asked.question.requirements if asked_label(asked.specifier)}
        kept = {edit.package for repair in repairs for edit in repair.edits if edit.kind is EditKind.INDEX}
        lost = {change.name for change in self._given_up}
        by_change: dict[object, list[Suggestion]] = {}
        for suggestion in self._suggestions.values():
            edit = suggestion.edit
            if not repairs or edit.package in (labelled | lost) - kept:
                by_change.setdefault((edit.kind, edit.after) if edit.kind is EditKind.INDEX else edit, []).append(
                    suggestion
                )
        for first, *others in by_change.values():
            names = ", ".join(str(each.edit.package) for each in others)
            yield replace(first, message=f"{first.message}; the same holds for {names}") if names else first

    def _unreached(self, *, by_clock: bool) -> str:
        ended, given_up = self._search.ended, len(self._trials.undecided)
        if not ended and given_up:
            sets = counted(given_up, "set of changes", "sets of changes")
            return f"{sets} took too many rounds to resolve and {'were' if given_up != 1 else 'was'} given up"
        return f"{ended}; a longer --repair-seconds lets it continue" if ended and by_clock else ended

    def _iter_unrepairable(self) -> Iterator[Unrepairable]:
        view = self._view()
        blockers = [blocker for _, blocker in sorted(self._search.conflict_sets.dead_ends.items())]
        if blockers:
            yield from iter_unrepairable(self._blocked, view, blockers, self._context.knowledge)
        elif not self._search.ended:
            yield from iter_exhausted(
                view, self._trials.count, self._context.knowledge, fails=bool(self._search.failing)
            )

    def _view(self) -> TrialView:
        base = self._trials.base
        return TrialView(base, self._trials.diagnosis(base))

    @cached_property
    def _blockers(self) -> frozenset[NormalizedName]:
        """The projects that have no usable file where the question is as it was asked."""
        groups = self._view().blocking_groups()
        return frozenset(blocker.name for group in groups for blocker in group if not blocker.is_clash)

    # Remedies of advisories

    def _with_remedies(self, found: Sequence[Trial]) -> list[Trial]:
        knowledge = self._context.knowledge
        self._trials.begin_advisory_fixes(_FOR_ADVISORY_FIXES)
        better = [self._trying(partial(with_advisory_fixes, each, self._trials, knowledge)) or each for each in found]
        better = [self._trying(partial(self._apart, each)) or each for each in better]
        ready = [each for each in better if each.changes]
        if found and len(ready) < self._limits.repairs and fixable_advisories(found[0].resolution, knowledge):
            other = self._trying(partial(as_of, found[0], self._trials, knowledge))
            if other is not None:
                ready.append(other)
        ready.sort(key=lambda each: (self._importing(each).is_undecided, *_order(each)))
        return ready[: self._limits.repairs]

    def _apart(self, found: Trial) -> Trial | None:
        """*found* without the second of two projects that are the same code; ``None`` where it has none or needs both."""
        overlaps = known_overlaps(found.resolution, self._context.knowledge)
        if not overlaps or not found.changes or self._context.library is None:
            return None
        apart = without_overlaps(found, overlaps, self._trials, self._context.knowledge)
        return apart[0] if apart else None

    def _trying(self, attempt: Callable[[], Trial | None]) -> Trial | None:
        try:
            return attempt()
        except OutOfTime:
            return None
        except (BudgetSpent, IndexUnavailable) as error:
            self._interrupted = str(error)
            return None

    # Repairs as they are shown

    def _repair(self, each: Trial) -> tuple[Repair, Proof]:
        asked = State(question=self._asked.question)
        changes = sorted((*self._given_up, *each.changes), key=_reading_order)
        edits = tuple(self._edit(change) for change in changes)
        grounds = self._grounds(edits, each)
        repair = Repair(
            id="",
            edits=edits,
            cost=each.cost,
            verified=verification(self._original, each, self._trials),
            risk=risk_of(grounds),
            grounds=grounds,
        )
        return repair, proof_of(each, changes, asked)

    def _edit(self, change: Change) -> Edit:
        edit = change.edit(State(question=self._asked.question))
        if edit.kind is EditKind.EXCLUDE:
            return self._of_asked_version(edit)
        if edit.kind not in _FOR_SEVERAL:
            return edit
        # A project that blocks other versions only, which the search tried as well, is no reason that a reader could follow.
        touched = self._search.conflict_sets.touched.get(key_of(change), {})
        for says, projects in (
            ("have no usable file", self._blockers),
            ("fail when they are imported", self._asked.failing),
        ):
            names: list[str] = [name for name in touched if name in projects]
            if len(names) > _NAMES_SHOWN:
                names = [*names[: _NAMES_SHOWN - 1], f"{len(names) - _NAMES_SHOWN + 1} more"]
            if len(names) > 1:
                return replace(edit, because=f"{joined(names)} {says} on {self._blocked.question.target}")
        return edit

    def _of_asked_version(self, edit: Edit) -> Edit:
        """*edit*, which leaves a project out, with the version that the question as it was asked leads to.

        The search tries others, and comes by the project in whatever version those lead to.
        """
        natural = natural_of(self._asked.outcome)
        pin = natural.pins.get(edit.package) if natural is not None and edit.package is not None else None
        if pin is None or str(pin.version) == edit.before:
            return edit
        because = edit.because
        if pin.name in self._blockers:
            because = because.replace(f"{pin.name} {edit.before} ", f"{pin.name} {pin.version} ", 1)
        return replace(edit, before=str(pin.version), because=because)

    def _importing(self, found: Trial) -> Importing:
        """What fails when *found* is imported; what failed before is read again in every later trial."""
        key = (found.state.question.target.platform, found.state.question.target.python, found.resolution.pins)
        known = next((each for other, each in self._imported if other == key), None)
        if known is None:
            edits = tuple(change.edit(State(question=self._asked.question)) for change in found.changes)
            try:
                known = importing(self._case(edits, found))
            except BudgetSpent as error:
                # It resolves, which is proved: that its code was not read in time is told with it.
                self._interrupted = str(error)
                known = Importing(failing={}, is_undecided=True)
            for name, lacks in known.failing.items():
                self._failing[name] = (*self._failing.get(name, ()), *lacks)
            self._imported.append((key, known))
        return known

    def _case(self, edits: tuple[Edit, ...], found: Trial) -> RepairCase:
        return RepairCase(
            edits=edits,
            before=natural_of(self._asked.outcome),
            after=found.resolution,
            projects=found.projects,
            code=self._context.code,
            knowledge=self._context.knowledge,
            library=self._context.library,
            failing=self._failing,
            day=self._asked.day,
        )

    def _grounds(self, edits: tuple[Edit, ...], found: Trial) -> tuple[Ground, ...]:
        self._reporter.stage("weighing repairs")
        try:
            return assess(self._case(edits, found))
        except (BudgetSpent, IndexUnavailable) as error:
            self._interrupted = str(error)
            return (Ground(risk=Risk.HIGH, text=f"its evidence could not be read: {error.message}"),)


def has_failure(repair: Repair) -> bool:
    """Whether one of its grounds proves that an import fails after *repair*."""
    return any(ground.fails is True for ground in repair.grounds)


def _numbered(letter: str, repairs: Iterable[Repair]) -> Iterator[Repair]:
    return (replace(repair, id=f"{letter}{number}") for number, repair in enumerate(repairs, 1))


def _order(found: Trial) -> tuple[int, tuple[object, ...]]:
    return (found.cost, tuple(sorted(found.keys)))


def _reading_order(change: Change) -> tuple[bool, int, str, str]:
    """The target comes first, then versions; bounds that only keep the rest in place come last."""
    _, after = change.moved
    return (change.kind is EditKind.CONSTRAIN, _KINDS.index(change.kind), change.package or "", after)


def _different(found: Sequence[Trial], most: int) -> list[Trial]:
    """At most *most* of *found*: the cheapest of each kind first, then the cheapest of the rest; in the order of their cost."""
    chosen: list[Trial] = []
    for each in found:
        if each.main_kind not in {other.main_kind for other in chosen} and len(chosen) < most:
            chosen.append(each)
    for each in found:
        if each not in chosen and len(chosen) < most:
            chosen.append(each)
    return sorted(chosen, key=_order)
