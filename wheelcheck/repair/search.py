"""The search for minimal sets of edits: uniform cost over sets, guided by what still blocks; shows nothing to anybody.

Whatever repairs a question must touch each of its blockers, so a set that fails is continued only by the edits that touch one
chosen blocker (hitting sets after Reiter, "A theory of diagnosis from first principles", 1987). Sets are taken cheapest first, by
their cost and a lower bound for the blockers they do not touch yet (A*), so the first that succeeds is a cheapest one. A set that
leaves a known blocker untouched is not even tried.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model import EditKind, Requirement, Suggestion
from wheelcheck.repair.blockers import Blocker, View
from wheelcheck.repair.edits import Change, Constrained, Overridden, Repinned
from wheelcheck.repair.edits.change import SEARCHED, Key, key_of
from wheelcheck.repair.remedies import Case, iter_pythons, iter_remedies
from wheelcheck.repair.settling import attempt, unsettled, usable_candidates
from wheelcheck.repair.trials import OutOfTime, Trial, Trials
from wheelcheck.repair.versions import usable_versions
from wheelcheck.repair.world import Blocked, Limits, World

_NODES = 5_000  # sets looked at, tried or not; far more than an input with a few blockers needs
_IDLE = (
    300  # after so many sets in a row that leave a known blocker untouched, a first repair is put together in one go
)
_MANY = 3  # with more blockers than this, older versions of what stands above them are not looked at
_ROUNDS = 12
_WORLDS = 6  # so many choices of versions are looked at for one set that fails
_STEPS = 3

Keys = frozenset[Key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One group of blockers, and the *changes* of which every repair makes at least one, cheapest first."""

    blockers: tuple[Blocker, ...]
    changes: tuple[Change, ...]

    @property
    def keys(self) -> Keys:
        """The keys of the changes."""
        return frozenset(key_of(change) for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Changes, each settled on a version, and the trial in which they succeed."""

    changes: tuple[Change, ...]
    trial: Trial

    @property
    def keys(self) -> Keys:
        """What the set is made of, whatever the versions."""
        return frozenset(key_of(change) for change in self.changes)

    @property
    def cost(self) -> int:
        """The sum of the changes' costs."""
        return sum(change.cost for change in self.changes)

    @property
    def main_kind(self) -> EditKind:
        """The kind of its dearest change: what a person would call the repair."""
        return max(self.changes, key=lambda change: (change.cost, key_of(change))).kind


@dataclass(order=True, slots=True)
class _Node:
    bound: int
    cost: int
    order: tuple[Key, ...]
    changes: tuple[Change, ...] = field(compare=False)
    pending: tuple[Trouble, ...] = field(compare=False)


class Search:
    """Searches for repairs of *blocked*; what it found is in ``found``.

    ``dead_ends`` are blockers that nothing can touch, by project, ``touched`` those that each change can touch. ``ended`` is empty
    when every set was looked at that could matter, else a sentence on what was not.
    """

    def __init__(self, blocked: Blocked, world: World, limits: Limits, trials: Trials) -> None:
        self.found: list[Found] = []
        self.dead_ends: dict[NormalizedName, Blocker] = {}
        self.suggestions: dict[tuple[NormalizedName, str], Suggestion] = {}
        self.touched: dict[Key, dict[NormalizedName, None]] = {}
        self.ended = ""
        self._blocked = blocked
        self._world = world
        self._limits = limits
        self._trials = trials
        self._seen: set[tuple[Keys, frozenset[Keys]]] = set()
        self._heap: list[_Node] = []

    def run(self) -> None:
        """Search until there are enough repairs of different kinds, nothing is left, or the limits are reached."""
        try:
            base = self._trials.base
            troubles = self.troubles_of(base)
            if any(self._is_lost(trouble) for trouble in troubles):
                return
            self._branch_in_worlds((), base)
            self._search(troubles)
        except OutOfTime:
            self.ended = self._where_it_stands()

    def troubles_of(self, trial: Trial) -> tuple[Trouble, ...]:
        """What blocks *trial*, with the changes that can touch it; those with the fewest first."""
        view = View(trial, self._trials.diagnosis(trial.outcome, trial.state, trial.projects))
        troubles = [self._trouble(view, group) for group in view.troubles()]
        if view.excludes_python:
            pythons = tuple(iter_pythons(self._blocked, trial.state.question.target))
            troubles.append(Trouble(blockers=(), changes=pythons))
        for trouble in troubles:
            if not trouble.changes:
                # What has a way is no dead end by itself: something below it is.
                stuck = (blocker for blocker in trouble.blockers if next(view.iter_ways(blocker), None) is None)
                self.dead_ends.update({blocker.name: blocker for blocker in stuck})
        return tuple(
            sorted(troubles, key=lambda trouble: (len(trouble.changes), [blocker.name for blocker in trouble.blockers]))
        )

    def _is_lost(self, trouble: Trouble) -> bool:
        """Whether nothing can ever touch *trouble*: what the user asks for by name stays wanted, whatever else is changed."""
        return not trouble.changes and any(
            blocker.is_wanted_by_user and not blocker.is_clash and blocker.name in self.dead_ends
            for blocker in trouble.blockers
        )

    def _trouble(self, view: View, group: tuple[Blocker, ...]) -> Trouble:
        changes: dict[Key, Change] = {}
        for blocker in group:
            case = Case(
                blocked=self._blocked,
                world=self._world,
                view=view,
                blocker=blocker,
                suggestions=self.suggestions,
            )
            for change in iter_remedies(case):
                changes.setdefault(key_of(change), change)
                self.touched.setdefault(key_of(change), {})[blocker.name] = None
        return Trouble(
            blockers=group, changes=tuple(sorted(changes.values(), key=lambda each: (each.cost, key_of(each))))
        )

    # Cheapest first

    def _search(self, troubles: tuple[Trouble, ...]) -> None:
        looked_at = idle = 0
        given_up: list[tuple[Change, ...]] = []
        echoes: list[tuple[Change, ...]] = []
        while self._heap and not self._is_enough():
            node = heapq.heappop(self._heap)
            looked_at += 1
            idle += 1
            if idle == _IDLE and all(trouble.changes for trouble in troubles):
                self._put_together(troubles)
            if looked_at > _NODES:
                self.ended = self._where_it_stands()
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
        """Whether a repair is found already that changes the same or less in other words, such as another Python.

        Repairs that are not like it are worth more to a person who looks at three.
        """
        places = {key[:2] for key in keys}
        return any({key[:2] for key in found.keys} <= places for found in self.found)

    def _try_the_rest(self, sets: Iterable[tuple[Change, ...]]) -> None:
        """Try what was put off, in what time is left."""
        self._trials.be_patient()
        for changes in sets:
            if len(self.found) < self._limits.repairs:
                self._is_given_up(changes)

    def _is_given_up(self, changes: tuple[Change, ...]) -> bool:
        """Try *changes*, take them or go on from why they fail; whether that took too long to say either."""
        found, failed = attempt(changes, self._trials)
        if found is not None:
            self._take(Found(changes=found.changes, trial=found))
        for trial in failed:
            self._branch_in_worlds(changes, trial)
        return found is None and not failed

    def _is_enough(self) -> bool:
        kinds = {found.main_kind for found in self.found}
        return len(kinds) >= self._limits.repairs

    def _is_known(self, keys: Keys) -> bool:
        return any(found.keys <= keys for found in self.found)

    def _branch_in_worlds(self, changes: tuple[Change, ...], failed: Trial) -> None:
        for world in self._worlds(failed):
            self._branch(changes, self.troubles_of(world))

    def _worlds(self, failed: Trial) -> Sequence[Trial]:
        """*failed*, and the same with other versions of what has usable ones, which show why those are of no use either.

        The natural resolution ends at the newest version of everything. What an older one that the requirements admit asks for, or
        another candidate of a change that was made, may be easier to repair: a repair touches the blockers of one of them only.
        """
        worlds = [failed]
        for world in worlds:  # grows while it is walked: a queue
            for changes in self._iter_turns(world):
                if len(worlds) == _WORLDS:
                    return worlds
                other = self._trials.of(changes)
                if other.is_undecided:
                    return worlds
                # The trials give the same object for the same changes.
                if not any(other is known for known in worlds):
                    worlds.append(other)
        return worlds

    def _iter_turns(self, world: Trial) -> Iterator[tuple[Change, ...]]:
        view = View(world, self._trials.diagnosis(world.outcome, world.state, world.projects))
        for blocker in view.passable():
            for version in itertools.islice(view.iter_ways(blocker), _STEPS):
                yield (*world.changes, _kept_at(blocker.name, version))
        groups = view.troubles()
        above = {name for group in groups for blocker in group for name in blocker.above}
        for change in world.changes:
            if isinstance(change, Overridden | Repinned) and change.name in above:
                rest = tuple(other for other in world.changes if other is not change)
                for version in usable_candidates(change, world.changes, self._trials)[:_STEPS]:
                    yield (*rest, change.settled(version))
        if len(groups) <= _MANY:
            for gate, version in self._iter_gate_turns(view, groups):
                yield (*world.changes, _kept_at(gate, version))

    def _iter_gate_turns(
        self, view: View, groups: Iterable[tuple[Blocker, ...]]
    ) -> Iterator[tuple[NormalizedName, Version]]:
        """Other versions, within what is declared, of the projects without which nobody would want a blocker."""
        changed = {change.slot for change in view.trial.changes}
        for gate in dict.fromkeys(gate for group in groups for blocker in group for gate in blocker.gates):
            if gate in changed:
                continue
            bounds = view.bounds_from_outside(gate)
            usable = usable_versions(view.diagnosis.shelf(gate))
            others = (each for each in usable if each != view.pins[gate].version and bounds.contains(each))
            for version in itertools.islice(others, _STEPS - 1):
                yield gate, version

    def _branch(self, changes: tuple[Change, ...], troubles: tuple[Trouble, ...]) -> None:
        if not troubles or any(not trouble.changes for trouble in troubles):
            return
        first, *others = troubles
        for change in first.changes:
            kept = tuple(made for made in changes if made.slot != change.slot)
            if len(kept) < len(changes) and not _goes_further(change, changes):
                continue
            key = key_of(change)
            self._push((*kept, change), tuple(other for other in others if key not in other.keys))

    def _push(self, changes: tuple[Change, ...], pending: tuple[Trouble, ...]) -> None:
        order = tuple(sorted(key_of(change) for change in changes))
        # The same set may be reached with less left to touch, by way of other versions.
        seen = (frozenset(order), frozenset(trouble.keys for trouble in pending))
        if seen in self._seen:
            return
        self._seen.add(seen)
        cost = sum(change.cost for change in changes)
        heapq.heappush(self._heap, _Node(cost + _lower_bound(pending), cost, order, changes, pending))

    def _take(self, found: Found) -> None:
        self._trials.answer_found()
        try:
            found = self._reduced(found)
        finally:
            if not self._is_known(found.keys):
                self.found.append(found)

    def _reduced(self, found: Found) -> Found:
        """*found* without what is needless: pages alone told which edits touch a blocker, so one may prove not to be needed.

        Any version may be taken while it is looked for what is needless: the one that served beside another change need not
        serve without it.
        """
        for change in sorted(found.changes, key=lambda each: (-each.cost, key_of(each))):
            rest = tuple(unsettled(other) for other in found.changes if other is not change)
            if rest and self._trials.of(rest).succeeds:
                trial, _ = attempt(rest, self._trials)
                if trial is not None:
                    return self._reduced(Found(changes=trial.changes, trial=trial))
        return found

    # One go

    def _put_together(self, troubles: tuple[Trouble, ...]) -> None:
        """Take the cheapest change for every blocker at once, and again for what that uncovers, then what is needless away."""
        changes: dict[str, Change] = {}
        for _ in range(_ROUNDS):
            for trouble in troubles:
                # A change that is made already may touch this blocker too.
                if trouble.keys & {key_of(change) for change in changes.values()}:
                    continue
                free = [change for change in _by_usefulness(trouble, troubles) if change.slot not in changes]
                if not free:
                    return
                changes[free[0].slot] = free[0]
            found, failed = attempt(tuple(changes.values()), self._trials)
            if found is not None:
                self._take(Found(changes=found.changes, trial=found))
                return
            troubles = self.troubles_of(failed[-1]) if failed else ()
            made = {key_of(change) for change in changes.values()}
            if not troubles or all(trouble.keys & made for trouble in troubles):
                return

    def _where_it_stands(self) -> str:
        count = self._trials.count
        return f"the search ended after {count} trial{'s' if count != 1 else ''}, before every set of changes was tried"


def _kept_at(name: NormalizedName, version: Version) -> Change:
    return Constrained(bound=Requirement.parse(f"{name}=={version}", SEARCHED))


def _goes_further(change: Change, made: Iterable[Change]) -> bool:
    """Whether *change* may take the place of what is *made* in its slot: an override goes past the bounds that a pin runs into."""
    return isinstance(change, Overridden) and all(
        isinstance(each, Repinned) for each in made if each.slot == change.slot
    )


def _by_usefulness(trouble: Trouble, troubles: Iterable[Trouble]) -> list[Change]:
    """The changes of *trouble* by what each costs for one of the blockers that it touches."""
    touching: Counter[Key] = Counter()
    for each in troubles:
        touching.update(each.keys)
    return sorted(trouble.changes, key=lambda change: (change.cost / touching[key_of(change)], key_of(change)))


def _lower_bound(pending: tuple[Trouble, ...]) -> int:
    """No set that touches all of *pending* costs less: a change that touches several is shared out among them."""
    touching: Counter[Key] = Counter()
    for trouble in pending:
        touching.update(trouble.keys)
    return int(
        sum(
            min((change.cost / touching[key_of(change)] for change in trouble.changes), default=0)
            for trouble in pending
        )
    )
