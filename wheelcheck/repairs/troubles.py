"""What blocks a trial, and with which changes it can be touched: the question that the search answers; tries no change."""

from __future__ import annotations

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.model.repair import Suggestion
from wheelcheck.repairs.blockers import Blocker, View
from wheelcheck.repairs.edits.change import Change, Key, key_of
from wheelcheck.repairs.remedies import Case, iter_pythons, iter_remedies
from wheelcheck.repairs.trials import Trial, Trials
from wheelcheck.repairs.world import Blocked, World

Keys = frozenset[Key]


class Trouble(Struct, frozen=True, kw_only=True):
    """One group of blockers, and the *changes* of which every repair makes at least one, cheapest first."""

    blockers: tuple[Blocker, ...]
    changes: tuple[Change, ...]

    @property
    def keys(self) -> Keys:
        """The keys of the changes."""
        return frozenset(key_of(change) for change in self.changes)


class Troubles:
    """Tells the troubles of trials, and remembers what of them is worth telling a person.

    ``dead_ends`` are blockers that nothing can touch, by project, ``touched`` those that each change can touch, ``suggestions``
    what could not be asked.
    """

    def __init__(self, blocked: Blocked, world: World, trials: Trials) -> None:
        self.dead_ends: dict[NormalizedName, Blocker] = {}
        self.suggestions: dict[tuple[NormalizedName, str], Suggestion] = {}
        self.touched: dict[Key, dict[NormalizedName, None]] = {}
        self._blocked = blocked
        self._world = world
        self._trials = trials

    def of(self, trial: Trial) -> tuple[Trouble, ...]:
        """What blocks *trial*, with the changes that can touch it; those with the fewest first."""
        view = View(trial, self._trials.view(trial))
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

    def is_lost(self, trouble: Trouble) -> bool:
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
