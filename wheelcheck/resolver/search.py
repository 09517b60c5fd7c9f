"""The two ways to search for the pins of one pass: the fast path, which never goes back, and resolvelib.

resolvelib asks of every project in every round whether its pin still satisfies, and copies its state for the case that it must go
back. That is quadratic, and most inputs never go back. The fast path asks again only about what a choice touches. It asks the
provider the same questions in the same order, so it ends where resolvelib would end; where resolvelib would reject a candidate or
go back, it answers ``None``, and resolvelib has to search.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from packaging.utils import NormalizedName
from resolvelib.reporters import BaseReporter
from resolvelib.resolvers import Criterion
from resolvelib.resolvers import Resolution as Solving
from resolvelib.structs import IteratorMapping, RequirementInformation, State, build_iter_view

from wheelcheck.errors import BudgetSpent
from wheelcheck.ports import Reporter
from wheelcheck.resolver.provider import Cause, Preference, WheelProvider
from wheelcheck.resolver.requirement import Candidate, Key, ResolverRequirement

# So often a project may find nothing to choose before the search starts again with it decided earlier.
_PATIENCE = 8
# So many candidates may be rejected before versions are looked at closer than the solver does; most inputs never come here.
_REJECTIONS_TAKEN = 50

Mapped = Mapping[Key, Candidate]
_Criteria = dict[Key, Criterion[ResolverRequirement, Candidate]]


class StartAgain(Exception):
    """Raised by the :class:`Watch`: the search is to begin anew, with *promoted* decided earlier."""

    def __init__(self, promoted: NormalizedName | None) -> None:
        super().__init__(promoted)
        self.promoted = promoted


class Watch(BaseReporter[ResolverRequirement, Candidate, Key]):
    """Tells the *reporter* what the solver does, keeps its latest ``mapping``, and ends it after *most* rounds or *is_overtime*."""

    def __init__(self, is_overtime: Callable[[], bool], reporter: Reporter, most: int) -> None:
        self.most = most
        self.rounds = 0
        self.after_rejections: Callable[[], None] = lambda: None
        self.mapping: Mapped = {}
        self._rejections = 0
        self._failures: Counter[NormalizedName] = Counter()
        self._patience = _PATIENCE
        self._is_overtime = is_overtime
        self._reporter = reporter

    def starting_round(self, index: int) -> None:  # noqa: ARG002 - resolvelib's signature
        """Count the round; ends the search when there were enough, those of earlier starts included, or the time is up."""
        self.rounds += 1
        if self.rounds > self.most:
            raise BudgetSpent("the resolution reached its limit of rounds")
        self.refuse_overtime()

    def refuse_overtime(self) -> None:
        """Raise ``BudgetSpent`` when the time is up: called between rounds, and in them before anything is waited for."""
        if self._is_overtime():
            raise BudgetSpent("the resolution reached its time budget")

    def ending_round(self, index: int, state: State[ResolverRequirement, Candidate, Key]) -> None:  # noqa: ARG002
        """Keep the pins, and report the latest."""
        self.mapping = state.mapping
        if state.mapping:
            (name, _), candidate = next(reversed(state.mapping.items()))
            self._reporter.pinned(name, candidate.version, len(state.mapping))

    def rejecting_candidate(self, criterion: object, candidate: Candidate) -> None:  # noqa: ARG002
        """Count rejected candidates; after many of them, have versions looked into before they are tried."""
        self._rejections += 1
        if self._rejections == _REJECTIONS_TAKEN:
            self.after_rejections()
            # Anew, for what the search barred on its way here might be part of the best answer.
            self.mapping = {}
            raise StartAgain(None)

    def resolving_conflicts(self, causes: Collection[Cause]) -> None:
        """Count the projects that nothing could be chosen for; one that fails again and again is decided earlier in a new start."""
        failed = {
            cause.parent.key[0] for cause in causes if cause.parent is not None and cause.parent.key not in self.mapping
        }
        self._failures.update(failed)
        worst = max(sorted(failed), key=lambda name: self._failures[name], default=None)
        if worst is not None and self._failures[worst] >= self._patience:
            # Twice as patient each time, so that starting again never keeps a long search from its end.
            self._patience *= 2
            self._failures.clear()
            self.mapping = {}
            raise StartAgain(worst)


def solver_mapping(provider: WheelProvider, watch: Watch, most_rounds: int) -> Mapped:
    """The pins that resolvelib ends with; raises what resolvelib and *watch* raise.

    Not by resolvelib's ``Resolver``, whose result walks the graph recursively: a cycle or a long chain of projects overflows its
    stack.
    """
    solving: Solving[ResolverRequirement, Candidate, Key] = Solving(provider, watch)
    return solving.resolve(provider.edges[None], max_rounds=most_rounds).mapping


def fast_path_mapping(
    provider: WheelProvider, watch: BaseReporter[ResolverRequirement, Candidate, Key], most_rounds: int
) -> Mapped | None:
    """The pins that resolvelib would end with, in its order, or ``None`` where it would have to go back.

    The *provider* is of no use for another search where the answer is ``None``. *watch* receives the events that resolvelib would
    send. Costs time linear in pins and requirements, times the few projects that wait to be pinned.
    """
    return _FastPath(provider, watch).mapping(provider.edges[None], most_rounds)


class _WouldGoBack(Exception):
    """resolvelib would reject a candidate here. Never seen outside."""


class _FastPath:
    """The state that resolvelib would have, and the keys that have no pin that satisfies."""

    def __init__(self, provider: WheelProvider, watch: BaseReporter[ResolverRequirement, Candidate, Key]) -> None:
        self._provider = provider
        self._watch = watch
        self._criteria: _Criteria = {}
        self._mapping: dict[Key, Candidate] = {}
        # In the order of the criteria, as resolvelib lists them. Those of it that have a pin which ceased to satisfy are stale.
        self._unsatisfied: dict[Key, None] = {}
        self._stale: set[Key] = set()
        self._preferences: dict[Key, Preference] = {}
        self._candidates = IteratorMapping(self._criteria, operator.attrgetter("candidates"))
        self._information = IteratorMapping(self._criteria, operator.attrgetter("information"))

    def mapping(self, roots: Iterable[ResolverRequirement], most_rounds: int) -> Mapped | None:
        state = State(mapping=self._mapping, criteria=self._criteria, backtrack_causes=[])
        try:
            for requirement in roots:
                self._add(requirement, None)
            for number in range(most_rounds):
                self._watch.starting_round(number)
                if not self._unsatisfied:
                    return self._mapping
                self._pin(self._next())
                self._watch.ending_round(number, state)
        except _WouldGoBack:
            pass
        return None

    def _add(self, requirement: ResolverRequirement, parent: Candidate | None) -> None:
        """Take in *requirement*; raises ``_WouldGoBack`` where nothing is left to choose."""
        key = requirement.key
        known = self._criteria.get(key)
        matches = self._provider.find_matches(
            identifier=key,
            requirements=IteratorMapping(
                self._criteria, operator.methodcaller("iter_requirement"), {key: [requirement]}
            ),
            incompatibilities=IteratorMapping(self._criteria, operator.attrgetter("incompatibilities"), {key: []}),
        )
        information = [] if known is None else list(known.information)
        information.append(RequirementInformation(requirement, parent))
        criterion = Criterion(build_iter_view(matches), information, [])
        if not criterion.candidates:
            raise _WouldGoBack
        self._criteria[key] = criterion
        self._preferences.pop(key, None)
        if key not in self._mapping:
            self._unsatisfied.setdefault(key)

    def _next(self) -> Key:
        """The key that resolvelib would pin now."""
        waiting = list(self._unsatisfied)
        if len(waiting) > 1:
            waiting = list(
                self._provider.narrow_requirement_selection(
                    identifiers=waiting,
                    resolutions=self._mapping,
                    candidates=self._candidates,
                    information=self._information,
                    backtrack_causes=[],
                )
            )
        return min(waiting, key=self._preference) if len(waiting) > 1 else waiting[0]

    def _preference(self, key: Key) -> Preference:
        # The preference depends on the requirements on a key, which rarely change.
        known = self._preferences.get(key)
        if known is None:
            known = self._preferences[key] = self._provider.get_preference(
                identifier=key,
                resolutions=self._mapping,
                candidates=self._candidates,
                information=self._information,
                backtrack_causes=[],
            )
        return known

    def _pin(self, key: Key) -> None:
        """Choose the best candidate of *key*; raises ``_WouldGoBack`` where it clashes with what is chosen or required."""
        before = self._criteria[key]
        candidate = next(iter(before.candidates), None)
        if candidate is None:
            raise _WouldGoBack
        requirements = tuple(self._provider.get_dependencies(candidate=candidate))
        for requirement in requirements:
            self._add(requirement, candidate)
        if not self._satisfies(before, candidate):
            raise _WouldGoBack  # a faulty provider: resolvelib has the words for it
        self._mapping.pop(key, None)
        self._mapping[key] = candidate
        self._stale.discard(key)
        if self._satisfies(self._criteria[key], candidate):
            self._unsatisfied.pop(key, None)
        else:
            self._stale.add(key)
        self._invalidate({each.key for each in requirements if self._is_broken_by(each, key)})

    def _is_broken_by(self, requirement: ResolverRequirement, pinned: Key) -> bool:
        """Whether *requirement* broke a pin that satisfied until now."""
        if requirement.key == pinned or requirement.key in self._unsatisfied:
            return False
        return not self._provider.is_satisfied_by(requirement=requirement, candidate=self._mapping[requirement.key])

    def _satisfies(self, criterion: Criterion[ResolverRequirement, Candidate], candidate: Candidate) -> bool:
        return all(
            self._provider.is_satisfied_by(requirement=requirement, candidate=candidate)
            for requirement in criterion.iter_requirement()
        )

    def _invalidate(self, broken: set[Key]) -> None:
        """Drop the requirements of the pins of *broken*; these keys wait to be pinned anew."""
        if not broken:
            return
        for key, criterion in self._criteria.items():
            left = [cause for cause in criterion.information if cause.parent is None or cause.parent.key not in broken]
            # The candidates stay as they were, as resolvelib has it.
            self._criteria[key] = Criterion(criterion.candidates, left, [])
        self._preferences.clear()
        self._stale |= broken
        self._stale = {key for key in self._stale if not self._satisfies(self._criteria[key], self._mapping[key])}
        self._unsatisfied = {key: None for key in self._criteria if key in self._stale or key not in self._mapping}
