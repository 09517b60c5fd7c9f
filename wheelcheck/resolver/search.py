"""The search for the pins of one pass: resolvelib's, step by step, with what a step touches as its cost.

resolvelib asks of every project in every round whether its pin still satisfies, and keeps a copy of its whole state for each pin:
time and memory are quadratic, and three thousand projects take minutes and gigabytes. Here a journal keeps what each pin changed,
so that it can be undone, and only what was touched is asked again. The provider gets the same questions in the same order, so the
search ends where resolvelib ends.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from resolvelib.reporters import BaseReporter
from resolvelib.resolvers import (
    Criterion,
    InconsistentCandidate,
    RequirementsConflicted,
    ResolutionImpossible,
    ResolutionTooDeep,
)
from resolvelib.structs import IteratorMapping, RequirementInformation, State, build_iter_view

from wheelcheck.resolver.provider import Cause, Preference, WheelProvider
from wheelcheck.resolver.requirement import Candidate, Key, ResolverRequirement

Mapped = Mapping[Key, Candidate]
_Criterion = Criterion[ResolverRequirement, Candidate]
_Events = BaseReporter[ResolverRequirement, Candidate, Key]
# The share of the rounds in which the search may jump back further than is safe, before it returns to where it began to.
_OPTIMISTIC = 0.1


def search(provider: WheelProvider, watch: _Events, most_rounds: int) -> Mapped:
    """The pins that resolvelib ends with, in its order; raises what resolvelib and *watch*, which receives its events, raise."""
    return _Search(provider, watch).run(provider.edges[None], most_rounds)


class _Level(Struct):
    """What was changed since the level below: criteria as they were before (``None``: there was none), and pins.

    A pin that replaced one of the same key goes with all the pins before it, because its old place cannot be told otherwise.
    *causes* are those of the last step back before the level.
    """

    causes: list[Cause]
    criteria: list[tuple[Key, _Criterion | None]] = field(default_factory=list)
    pins: list[tuple[Key, dict[Key, Candidate] | None]] = field(default_factory=list)


class _Saved(Struct):
    """A copy of a state of the search, to which it can return."""

    criteria: dict[Key, _Criterion]
    mapping: dict[Key, Candidate]
    levels: list[_Level]


class _Search:
    """The state that resolvelib would have on top of its stack, a journal for what lies below, and the keys that wait for a pin."""

    def __init__(self, provider: WheelProvider, watch: _Events) -> None:
        self._provider = provider
        self._watch = watch
        self._criteria: dict[Key, _Criterion] = {}
        self._mapping: dict[Key, Candidate] = {}
        self._levels = [_Level([])]
        # The keys without a pin that satisfies, in the order of the criteria unless *is_ordered* is false.
        self._unsatisfied: dict[Key, None] = {}
        self._is_ordered = True
        self._preferences: dict[Key, Preference] = {}
        self._optimism = _OPTIMISTIC
        self._saved: _Saved | None = None
        self._optimistic_rounds: range | None = None

    def run(self, roots: Iterable[ResolverRequirement], most_rounds: int) -> Mapped:
        try:
            for requirement in roots:
                self._add(requirement, None)
        except RequirementsConflicted as conflicted:
            raise ResolutionImpossible(conflicted.criterion.information) from conflicted
        self._push_level()
        for number in range(most_rounds):
            self._watch.starting_round(number)
            if self._is_too_optimistic(number, most_rounds):
                self._return_to_saved()
                continue
            if not self._unsatisfied:
                return self._mapping
            failed = self._pin(self._next())
            if failed:
                self._go_back(failed)
            else:
                self._push_level()
            self._watch.ending_round(number, State(self._mapping, self._criteria, self._levels[-1].causes))
        raise ResolutionTooDeep(most_rounds)

    # Which key is next

    def _next(self) -> Key:
        """The key that resolvelib would pin now."""
        if not self._is_ordered:
            self._unsatisfied = {key: None for key in self._criteria if key in self._unsatisfied}
            self._is_ordered = True
        waiting = list(self._unsatisfied)
        if len(waiting) > 1:
            waiting = list(
                self._provider.narrow_requirement_selection(
                    identifiers=waiting,
                    resolutions=self._mapping,
                    candidates=self._of_criteria("candidates"),
                    information=self._of_criteria("information"),
                    backtrack_causes=self._levels[-1].causes,
                )
            )
        if len(waiting) == 1:
            return waiting[0]
        # A preference depends on the requirements on its key, which rarely change.
        for key in [key for key in waiting if key not in self._preferences]:
            self._preferences[key] = self._provider.get_preference(
                identifier=key,
                resolutions=self._mapping,
                candidates=self._of_criteria("candidates"),
                information=self._of_criteria("information"),
                backtrack_causes=self._levels[-1].causes,
            )
        return min(waiting, key=self._preferences.__getitem__)

    def _of_criteria(
        self, attribute: str, more: Mapping[Key, list[Any]] | None = None
    ) -> IteratorMapping[_Criterion, Any, Key]:
        return IteratorMapping(self._criteria, operator.attrgetter(attribute), more)

    # A step forward

    def _pin(self, key: Key) -> list[_Criterion]:
        """Choose the best candidate of *key* whose requirements can be added; the criteria that failed where there is none."""
        criterion, level = self._criteria[key], self._levels[-1]
        failed: list[_Criterion] = []
        for candidate in criterion.candidates:
            before = len(level.criteria)
            try:
                for requirement in self._provider.get_dependencies(candidate=candidate):
                    self._add(requirement, candidate)
            except RequirementsConflicted as conflicted:
                self._undo_criteria(level, before)
                self._watch.rejecting_candidate(conflicted.criterion, candidate)
                failed.append(conflicted.criterion)
                continue
            if not self._satisfies(criterion, candidate):
                raise InconsistentCandidate(candidate, criterion)
            level.pins.append((key, dict(self._mapping) if key in self._mapping else None))
            # The latest pin is the last, as going back expects it.
            self._mapping.pop(key, None)
            self._mapping[key] = candidate
            satisfied = {
                other for other, _ in level.criteria[before:] if other != key and other not in self._unsatisfied
            }
            self._ask_again((*satisfied, key))
            self._invalidate({other for other in satisfied if other in self._unsatisfied})
            return []
        return failed

    def _add(self, requirement: ResolverRequirement, parent: Candidate | None) -> None:
        """Take in *requirement*; raises ``RequirementsConflicted`` where nothing is left to choose."""
        key = requirement.key
        known = self._criteria.get(key)
        barred = [] if known is None else list(known.incompatibilities)
        matches = self._provider.find_matches(
            identifier=key,
            requirements=IteratorMapping(
                self._criteria, operator.methodcaller("iter_requirement"), {key: [requirement]}
            ),
            incompatibilities=self._of_criteria("incompatibilities", {key: barred}),
        )
        information = [] if known is None else list(known.information)
        information.append(RequirementInformation(requirement, parent))
        criterion = Criterion(build_iter_view(matches), information, barred)
        if not criterion.candidates:
            raise RequirementsConflicted(criterion)
        self._put(key, criterion)

    def _put(self, key: Key, criterion: _Criterion) -> None:
        before = self._criteria.get(key)
        self._levels[-1].criteria.append((key, before))
        self._criteria[key] = criterion
        self._preferences.pop(key, None)
        if before is None:
            self._unsatisfied[key] = None

    def _ask_again(self, keys: Iterable[Key]) -> None:
        """Find out anew whether each of *keys* has a pin that satisfies."""
        for key in keys:
            criterion, pin = self._criteria.get(key), self._mapping.get(key)
            if criterion is None or (pin is not None and self._satisfies(criterion, pin)):
                self._unsatisfied.pop(key, None)
            elif key not in self._unsatisfied:
                self._unsatisfied[key] = None
                self._is_ordered = False

    def _satisfies(self, criterion: _Criterion, candidate: Candidate) -> bool:
        return all(
            self._provider.is_satisfied_by(requirement=requirement, candidate=candidate)
            for requirement in criterion.iter_requirement()
        )

    def _invalidate(self, broken: set[Key]) -> None:
        """Drop the requirements of the pins of *broken*, which a choice broke; these keys wait to be pinned anew."""
        if not broken:
            return
        for key, criterion in self._criteria.items():
            left = [cause for cause in criterion.information if cause.parent is None or cause.parent.key not in broken]
            if len(left) < len(criterion.information):
                # The candidates stay as they were, as resolvelib has it.
                self._put(key, Criterion(criterion.candidates, left, criterion.incompatibilities))
        self._ask_again([key for key in self._unsatisfied if key in self._mapping])

    # Steps back

    def _go_back(self, failed: list[_Criterion]) -> None:
        """Undo choices until what *failed* may be avoided; raises ``ResolutionImpossible`` where nothing is left to undo."""
        causes = list({id(cause): cause for criterion in failed for cause in criterion.information}.values())
        self._watch.resolving_conflicts(causes)
        self._mapping = dict(self._mapping)  # the watch keeps the pins of the last round
        try:
            has_jumped = self._jump_back(causes)
        except ResolutionImpossible:
            if self._saved is None:
                raise
            has_jumped = False
        if not has_jumped and self._saved is not None:
            self._return_to_saved()
            return
        if not has_jumped:
            raise ResolutionImpossible(causes)
        self._levels[-1].causes = causes

    def _jump_back(self, causes: list[Cause]) -> bool:
        parents = (cause.parent for cause in causes if cause.parent is not None)
        involved = {each.key for each in parents} | {cause.requirement.key for cause in causes}
        while len(self._levels) >= 3:
            self._drop_level()  # it has no pin yet
            barred = self._drop_to_cause(involved, causes)
            self._push_level()
            if all(self._bar(key, candidates) for key, candidates in barred):
                return True
        return False

    def _drop_to_cause(self, involved: set[Key], causes: list[Cause]) -> list[tuple[Key, list[Candidate]]]:
        """Drop levels down to one that is *involved* in a failure; the candidates that are barred from now on, by key."""
        while self._mapping:
            key, candidate = next(reversed(self._mapping.items()))
            is_end = len(self._mapping) == 1
            if self._optimism or key in involved:
                needed = {each.key for each in self._provider.get_dependencies(candidate)}
                is_end = is_end or not needed.isdisjoint(involved)
            else:
                is_end = True
            barred = self._barred() if is_end else []
            self._drop_level()
            if self._optimism and self._saved is None and key not in involved:
                self._save()
            if is_end:
                return [*barred, (key, [candidate])]
            if len(self._levels) <= 1:
                break
        raise ResolutionImpossible(causes)

    def _barred(self) -> list[tuple[Key, list[Candidate]]]:
        return [(key, list(each.incompatibilities)) for key, each in self._criteria.items() if each.incompatibilities]

    def _bar(self, key: Key, candidates: list[Candidate]) -> bool:
        """Bar *candidates* from *key*; whether others are left."""
        criterion = self._criteria.get(key)
        if criterion is None:
            return True
        matches = self._provider.find_matches(
            identifier=key,
            requirements=IteratorMapping(self._criteria, operator.methodcaller("iter_requirement")),
            incompatibilities=self._of_criteria("incompatibilities", {key: candidates}),
        )
        left = build_iter_view(matches)
        if not left:
            return False
        self._put(key, Criterion(left, list(criterion.information), [*candidates, *criterion.incompatibilities]))
        return True

    def _push_level(self) -> None:
        self._levels.append(_Level(self._levels[-1].causes))

    def _drop_level(self) -> None:
        level = self._levels.pop()
        touched = {key for key, _ in (*level.criteria, *level.pins)}
        self._undo_criteria(level, 0)
        for key, before in reversed(level.pins):
            if before is None:
                del self._mapping[key]
            else:
                self._mapping = dict(before)
        self._ask_again(touched)

    def _undo_criteria(self, level: _Level, start: int) -> None:
        for key, before in reversed(level.criteria[start:]):
            if before is None:
                del self._criteria[key]
                self._unsatisfied.pop(key, None)
            else:
                self._criteria[key] = before
            self._preferences.pop(key, None)
        del level.criteria[start:]

    # Optimism: a jump back that may skip answers is tried for some rounds only

    def _save(self) -> None:
        levels = [_Level(each.causes, list(each.criteria), list(each.pins)) for each in self._levels]
        self._saved = _Saved(dict(self._criteria), dict(self._mapping), levels)

    def _is_too_optimistic(self, number: int, most_rounds: int) -> bool:
        if self._saved is None:
            return False
        if self._optimistic_rounds is None:
            self._optimistic_rounds = range(number, number + int((most_rounds - number) * self._optimism))
        return number >= self._optimistic_rounds.stop

    def _return_to_saved(self) -> None:
        self._optimism = 0.0
        if self._saved is not None:
            self._criteria, self._mapping, self._levels = self._saved.criteria, self._saved.mapping, self._saved.levels
            self._saved = None
            self._preferences.clear()
            self._unsatisfied = {}
            self._ask_again(self._criteria)
