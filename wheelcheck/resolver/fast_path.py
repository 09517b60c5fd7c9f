"""The solver's way while nothing goes wrong, walked without its search; gives up at the first choice that would have to be undone.

resolvelib asks of every project in every round whether its pin still satisfies, and copies its state for the case that it must go
back: that is quadratic, and most inputs never go back. Here only what a choice touches is asked again. The provider is asked the
same in the same order, so the outcome is the one that resolvelib would reach; where it would reject a candidate or go back, the
answer is ``None``, and it has to search itself.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping

from resolvelib.reporters import BaseReporter
from resolvelib.resolvers import Criterion
from resolvelib.structs import IteratorMapping, RequirementInformation, State, build_iter_view

from wheelcheck.resolver.provider import WheelProvider
from wheelcheck.resolver.requirement import Ask, Candidate, Key

Preference = tuple[bool, bool, int, bool, int, Key]


def straight_mapping(
    provider: WheelProvider, watch: BaseReporter[Ask, Candidate, Key], most_rounds: int
) -> Mapping[Key, Candidate] | None:
    """The pins that resolvelib would end with, in its order, or ``None`` where it would have to go back.

    The *provider* knows its root asks, and is of no use for another search where the answer is ``None``. *watch* is told of
    rounds as resolvelib tells it. Costs time linear in pins and asks, times the few projects that wait to be pinned.
    """
    return _Walk(provider, watch).mapping(provider.edges[None], most_rounds)


class _Conflict(Exception):
    """resolvelib would reject a candidate here. Never seen outside."""


class _Walk:
    """One walk: the state that resolvelib would have, and which keys have no pin that satisfies."""

    def __init__(self, provider: WheelProvider, watch: BaseReporter[Ask, Candidate, Key]) -> None:
        self._provider = provider
        self._watch = watch
        self._criteria: dict[Key, Criterion[Ask, Candidate]] = {}
        self._mapping: dict[Key, Candidate] = {}
        # In the order of the criteria, as resolvelib lists them. Those of it that have a pin which ceased to satisfy are stale.
        self._unsatisfied: dict[Key, None] = {}
        self._stale: set[Key] = set()
        self._preferences: dict[Key, Preference] = {}
        self._candidates = IteratorMapping(self._criteria, operator.attrgetter("candidates"))
        self._information = IteratorMapping(self._criteria, operator.attrgetter("information"))

    def mapping(self, roots: Iterable[Ask], most_rounds: int) -> Mapping[Key, Candidate] | None:
        state = State(mapping=self._mapping, criteria=self._criteria, backtrack_causes=[])
        try:
            for ask in roots:
                self._add(ask, None)
            for number in range(most_rounds):
                self._watch.starting_round(number)
                if not self._unsatisfied:
                    return self._mapping
                self._pin(self._next())
                self._watch.ending_round(number, state)
        except _Conflict:
            pass
        return None

    def _add(self, ask: Ask, parent: Candidate | None) -> None:
        """Take in *ask*; raises ``_Conflict`` where nothing is left to choose."""
        key = ask.key
        known = self._criteria.get(key)
        matches = self._provider.find_matches(
            identifier=key,
            requirements=IteratorMapping(self._criteria, operator.methodcaller("iter_requirement"), {key: [ask]}),
            incompatibilities=IteratorMapping(self._criteria, operator.attrgetter("incompatibilities"), {key: []}),
        )
        information = [] if known is None else list(known.information)
        information.append(RequirementInformation(ask, parent))
        criterion = Criterion(build_iter_view(matches), information, [])
        if not criterion.candidates:
            raise _Conflict
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
        # What is preferred depends on the asks on a key, which rarely change.
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
        """Choose the best candidate of *key*; raises ``_Conflict`` where it clashes with what is chosen or asked."""
        before = self._criteria[key]
        candidate = next(iter(before.candidates), None)
        if candidate is None:
            raise _Conflict
        asks = tuple(self._provider.get_dependencies(candidate=candidate))
        for ask in asks:
            self._add(ask, candidate)
        if not self._satisfies(before, candidate):
            raise _Conflict  # a faulty provider: resolvelib has the words for it
        self._mapping.pop(key, None)
        self._mapping[key] = candidate
        self._stale.discard(key)
        if self._satisfies(self._criteria[key], candidate):
            self._unsatisfied.pop(key, None)
        else:
            self._stale.add(key)
        self._invalidate({ask.key for ask in asks if self._is_broken_by(ask, key)})

    def _is_broken_by(self, ask: Ask, pinned: Key) -> bool:
        """Whether *ask* broke a pin that satisfied until now."""
        if ask.key == pinned or ask.key in self._unsatisfied:
            return False
        return not self._provider.is_satisfied_by(requirement=ask, candidate=self._mapping[ask.key])

    def _satisfies(self, criterion: Criterion[Ask, Candidate], candidate: Candidate) -> bool:
        return all(
            self._provider.is_satisfied_by(requirement=ask, candidate=candidate) for ask in criterion.iter_requirement()
        )

    def _invalidate(self, broken: set[Key]) -> None:
        """What the pins of *broken* asked for counts no longer; they wait to be pinned anew."""
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
