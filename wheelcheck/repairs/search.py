"""Searches for minimal sets of edits: by uniform cost over sets, guided by the blockers that are left.

Whatever repairs a question must touch each of its blockers, so a set that fails is continued only by the edits that touch one
chosen blocker (hitting sets after Reiter, "A theory of diagnosis from first principles", 1987). Sets are taken cheapest first, by
their cost and a lower bound for the blockers they do not touch yet (A*), so the first that succeeds is a cheapest one. A set that
leaves a known blocker untouched is not even tried.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.repair import Suggestion
from wheelcheck.model.resolution import OlderPick
from wheelcheck.repairs.blockers import TrialView
from wheelcheck.repairs.conflict_sets import ConflictSet, ConflictSets, alternatives_of, kept_at
from wheelcheck.repairs.context import Blocked, Limits, RepairContext
from wheelcheck.repairs.edits import Change, Excluded, Key, Keys, Overridden, Repinned, VersionChange, key_of
from wheelcheck.repairs.import_grounds import Importing
from wheelcheck.repairs.repair_case import are_years_between
from wheelcheck.repairs.trials import OutOfTime, Trial, Trials, attempt, unsettled, usable_candidates

# It has no counts: the same question gives the same sentence every time.
ENDED = "the search ended before every set of changes was tried"
_NODES = 5_000  # sets looked at, tried or not; far more than an input with a few blockers needs
# After so many sets in a row that leave a known blocker untouched, a first repair is put together in one go.
_IDLE = 300
_ROUNDS = 12
_FAILING_CONTINUED = 6  # so many that resolve and fail are continued by what may mend their imports
_LATER = 4  # so often later versions are tried where imports fail


class _Node(Struct, frozen=True):
    bound: int
    cost: int
    order: tuple[Key, ...]
    changes: tuple[Change, ...]
    pending: tuple[ConflictSet, ...]

    def __lt__(self, other: _Node) -> bool:
        return (self.bound, self.cost, self.order) < (other.bound, other.cost, other.order)


class Search:
    """Searches for repairs of *blocked*; the results are in ``found``.

    *importing* tells what fails when a trial that resolves is imported: a trial that is proved to break is no repair, and kept in
    ``failing``; one of which something could not be read is kept in ``undecided``.
    ``conflict_sets`` keep the blockers that it met. ``ended`` is empty when every set was looked at that could matter, else a
    sentence on what was not.
    """

    def __init__(
        self,
        blocked: Blocked,
        context: RepairContext,
        limits: Limits,
        trials: Trials,
        suggestions: dict[tuple[NormalizedName, str], Suggestion],
        importing: Callable[[Trial], Importing],
    ) -> None:
        self.found: list[Trial] = []
        self.failing: list[Trial] = []
        self.undecided: list[Trial] = []
        self._importing = importing
        self.ended = ""
        self.conflict_sets = ConflictSets(blocked, context, trials, suggestions)
        self._limits = limits
        self._trials = trials
        self._seen: set[tuple[Keys, frozenset[Keys]]] = set()
        self._heap: list[_Node] = []

    def run(self, conflict_sets: tuple[ConflictSet, ...]) -> None:
        """Search until there are enough repairs of different kinds, nothing is left, or the limits are reached.

        *conflict_sets* are those of the question as it was asked, none of them lost.
        """
        try:
            self._branch_in_alternatives((), self._trials.base)
            self._search(conflict_sets)
        except OutOfTime:
            self.ended = ENDED

    def mend(self, importing: Importing) -> None:
        """Search likewise where the question as it was asked resolves, and fails in the ways of *importing*."""
        try:
            conflict_sets = self.conflict_sets.of_failing(self._trials.base, importing.failing)
            self._branch((), conflict_sets)
            self._search(conflict_sets)
        except OutOfTime:
            self.ended = ENDED

    # Cheapest first

    def _search(self, conflict_sets: tuple[ConflictSet, ...]) -> None:
        looked_at = idle = 0
        given_up: list[tuple[Change, ...]] = []
        echoes: list[tuple[Change, ...]] = []
        while self._heap and len({found.main_kind for found in self.found}) < self._limits.repairs:
            self._trials.seconds_left()
            node = heapq.heappop(self._heap)
            looked_at += 1
            idle += 1
            if idle == _IDLE and all(conflict_set.changes for conflict_set in conflict_sets):
                self._put_together(conflict_sets)
            if looked_at > _NODES:
                self.ended = ENDED
                return
            if self._is_known(frozenset(node.order)):
                continue
            if node.pending:
                self._branch(node.changes, node.pending)
                continue
            idle = 0
            if self._is_echo(node.order):
                echoes.append(node.changes)
            elif self._is_given_up(node.changes):
                given_up.append(node.changes)
        self._try_the_rest((*given_up, *echoes))

    def _is_echo(self, keys: Iterable[Key]) -> bool:
        """Whether a repair is known that changes the same parts or fewer, to other values, such as another Python.

        Repairs of other kinds are worth more to a person who is shown three.
        """
        places = {key[:2] for key in keys}
        return any({key[:2] for key in found.keys} <= places for found in self.found)

    def _try_the_rest(self, sets: Iterable[tuple[Change, ...]]) -> None:
        """Try the *sets* that were put off, in the time that is left."""
        self._trials.be_patient()
        for changes in sets:
            if len(self.found) < self._limits.repairs:
                self._is_given_up(changes)

    def _is_given_up(self, changes: tuple[Change, ...]) -> bool:
        """Try *changes*, take them, or continue from the reasons why they fail; whether that took too long to decide."""
        found, failed = attempt(changes, self._trials)
        if found is not None:
            self._take(found, changes)
        for trial in failed:
            self._branch_in_alternatives(changes, trial)
        return found is None and not failed

    def _is_known(self, keys: Keys) -> bool:
        return any(found.keys <= keys for found in (*self.found, *self.undecided))

    def _branch_in_alternatives(self, changes: tuple[Change, ...], failed: Trial) -> None:
        for alternative in alternatives_of(failed, self._trials):
            self._branch(changes, self.conflict_sets.of(alternative))

    def _branch(self, changes: tuple[Change, ...], conflict_sets: tuple[ConflictSet, ...]) -> None:
        if not conflict_sets or any(not conflict_set.changes for conflict_set in conflict_sets):
            return
        first, *others = conflict_sets
        for change in first.changes:
            kept = tuple(made for made in changes if made.slot != change.slot)
            if len(kept) < len(changes) and not _goes_further(change, changes):
                continue
            key = key_of(change)
            self._push((*kept, change), tuple(other for other in others if key not in other.keys))

    def _push(self, changes: tuple[Change, ...], pending: tuple[ConflictSet, ...]) -> None:
        order = tuple(sorted(key_of(change) for change in changes))
        # The same set may be reached with less left to touch, by way of other versions.
        seen = (frozenset(order), frozenset(conflict_set.keys for conflict_set in pending))
        if seen in self._seen:
            return
        self._seen.add(seen)
        cost = sum(change.cost for change in changes)
        heapq.heappush(self._heap, _Node(cost + _lower_bound(pending), cost, order, changes, pending))

    def _take(self, found: Trial, changes: tuple[Change, ...]) -> None:
        if not self._importing(found).failing:
            self._trials.answer_found()
        try:
            found = self._reduced(found)
            found = self._coherent(found)
            found = self._importable(found, changes)
        finally:
            # Of two repairs with the same outcome the cheaper stays, which was found first.
            importing = self._importing(found)
            broken = importing.failing
            kept = self.failing if broken else self.undecided if importing.is_undecided else self.found
            if not self._is_known(found.keys) and not any(_is_alike(found, other) for other in kept):
                kept.append(found)
                if broken and len(kept) <= _FAILING_CONTINUED:
                    self._branch(changes, self.conflict_sets.of_failing(found, broken))

    def _importable(self, found: Trial, changes: tuple[Change, ...]) -> Trial:
        """*found*, or the same *changes* to later versions, where what they moved to fails when it is imported.

        What fails is mostly too old for the target's Python, and so are its neighbours: each time twice as many are passed over.
        Of those that were passed over at last the nearest that can be imported is looked for.
        """
        asked, barred = {key_of(change): change for change in changes}, 1
        passed: dict[Key, list[Version]] = {}
        for _ in range(_LATER):
            broken = self._importing(found).failing
            settled = [
                change for change in found.changes if isinstance(change, VersionChange) and change.name in broken
            ]
            if not settled:
                break
            passed = {}
            for change in settled:
                own = asked[key_of(change)]
                if isinstance(own, VersionChange) and change.version is not None:
                    later = own.later_than(change.version, barred)
                    usable = usable_candidates(own, tuple(asked.values()), self._trials)
                    skipped = (each for each in usable if each > change.version and each not in later.candidates)
                    passed[key_of(change)] = sorted(skipped)
                    if not later.candidates:
                        return found
                    asked[key_of(change)] = later
            barred *= 2
            again, _ = attempt(tuple(asked[key] for key in sorted(found.keys)), self._trials)
            if again is None:
                return found
            found = again
        return found if self._importing(found).failing else self._nearest(found, passed)

    def _nearest(self, found: Trial, passed: Mapping[Key, Sequence[Version]]) -> Trial:
        """*found*, or the same with the first version of those that each change *passed* over with which all can be imported.

        What fails is taken to fail in all older ones. Costs a trial each time that the versions are halved.
        """
        with suppress(OutOfTime):
            for key, versions in passed.items():
                while versions:
                    middle = len(versions) // 2
                    changes = (
                        each.settled(versions[middle])
                        if isinstance(each, VersionChange) and key_of(each) == key
                        else each
                        for each in found.changes
                    )
                    trial = self._trials.of(changes)
                    serves = trial.succeeds and self._breaks_no_more(trial, found)
                    found = trial if serves else found
                    versions = versions[:middle] if serves else versions[middle + 1 :]
        return found

    def _reduced(self, found: Trial) -> Trial:
        """*found* without needless changes: only pages were asked which edits touch a blocker, so one may not be needed.

        Any version may be taken meanwhile: the one that served beside another change need not serve without it.
        """
        for change in sorted(found.changes, key=lambda each: (-each.cost, key_of(each))):
            rest = tuple(unsettled(other) for other in found.changes if other is not change)
            if rest and self._trials.of(rest).succeeds:
                trial, _ = attempt(rest, self._trials)
                if trial is not None and self._breaks_no_more(trial, found):
                    return self._reduced(trial)
        return found

    def _breaks_no_more(self, trial: Trial, found: Trial) -> bool:
        one, other = self._importing(trial), self._importing(found)
        return one.failing.keys() <= other.failing.keys() and one.is_undecided <= other.is_undecided

    def _coherent(self, found: Trial) -> Trial:
        """*found*, or the same with more left out, where it moved a project back by years because more stands in its way.

        Of a project that needs two others without a wheel, leaving out the first would bring a version of long ago, which did
        not need the second yet.
        """
        far = _years_back(found)
        if not far or not any(isinstance(change, Excluded) for change in found.changes):
            return found
        kept = self._trials.of((*found.changes, *(kept_at(pick.name, pick.natural) for pick in far)))
        view = TrialView(kept, self._trials.diagnosis(kept))
        blockers = [blocker for group in view.blocking_groups() for blocker in group]
        if any(blocker.is_wanted_by_user or blocker.is_clash for blocker in blockers):
            return found
        target = view.diagnosis.target
        more = (
            Excluded(
                name=each.name,
                version=str(each.version or ""),
                because=f"{each.name} {each.version} has no usable file on {target}",
                cost=1,  # what goes together with a first exclusion breaks no further promise
            )
            for each in blockers
        )
        wider = self._trials.of((*found.changes, *more))
        return wider if wider.succeeds and not _years_back(wider) else found

    # One go

    def _put_together(self, conflict_sets: tuple[ConflictSet, ...]) -> None:
        """Take the cheapest change for every blocker at once and for those that this uncovers, then drop the needless ones."""
        changes: dict[str, Change] = {}
        made: set[Key] = set()
        for _ in range(_ROUNDS):
            touching = _touching(conflict_sets)
            for conflict_set in conflict_sets:
                # A change that is made already may touch this blocker too.
                if conflict_set.keys & made:
                    continue
                self._trials.seconds_left()
                free = [change for change in _by_usefulness(conflict_set, touching) if change.slot not in changes]
                if not free:
                    return
                changes[free[0].slot] = free[0]
                made.add(key_of(free[0]))
            found, failed = attempt(tuple(changes.values()), self._trials)
            if found is not None:
                self._take(found, tuple(changes.values()))
                return
            conflict_sets = self.conflict_sets.of(failed[-1]) if failed else ()
            if not conflict_sets or all(conflict_set.keys & made for conflict_set in conflict_sets):
                return


def _years_back(trial: Trial) -> list[OlderPick]:
    """The projects of *trial* that came years before what an installer would have chosen."""
    return [pick for pick in trial.resolution.older if are_years_between(pick.chosen_date, pick.natural_date)]


def _is_alike(one: Trial, other: Trial) -> bool:
    """Whether two repairs end with the same files on the same target."""
    return one.state.question.target == other.state.question.target and one.resolution.pins == other.resolution.pins


def _goes_further(change: Change, made: Iterable[Change]) -> bool:
    """Whether *change* may take the place of what is *made* in its slot: an override passes over the bounds that stop a pin."""
    return isinstance(change, Overridden) and all(
        isinstance(each, Repinned) for each in made if each.slot == change.slot
    )


def _touching(conflict_sets: Iterable[ConflictSet]) -> Counter[Key]:
    """How many of *conflict_sets* each change touches."""
    return Counter(itertools.chain.from_iterable(each.keys for each in conflict_sets))


def _by_usefulness(conflict_set: ConflictSet, touching: Mapping[Key, int]) -> list[Change]:
    """The changes of *conflict_set* by their cost for each of the blockers that they touch."""
    return sorted(conflict_set.changes, key=lambda change: (change.cost / touching[key_of(change)], key_of(change)))


def _lower_bound(pending: tuple[ConflictSet, ...]) -> int:
    """No set that touches all of *pending* costs less: a change that touches several is shared out among them."""
    touching = _touching(pending)
    return int(
        sum(
            min((change.cost / touching[key_of(change)] for change in conflict_set.changes), default=0)
            for conflict_set in pending
        )
    )
