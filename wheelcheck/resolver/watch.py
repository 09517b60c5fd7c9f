"""Ends a search that takes too long, and has it begin anew where another order is better; chooses nothing.

The search calls it as resolvelib calls its reporter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from packaging.utils import NormalizedName
from resolvelib.reporters import BaseReporter
from resolvelib.structs import State

from wheelcheck.errors import BudgetSpent
from wheelcheck.ports import Reporter
from wheelcheck.resolver.provider import Cause
from wheelcheck.resolver.requirement import Candidate, Key, ResolverRequirement
from wheelcheck.resolver.search import Mapped

# So often a project may find nothing to choose before the search starts again with it decided earlier.
_PATIENCE = 8
# So many candidates may be rejected before versions are looked at closer than the solver does; most inputs never come here.
_REJECTIONS_TAKEN = 50


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
