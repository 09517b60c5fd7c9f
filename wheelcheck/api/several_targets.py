"""What the targets of one run share: resolutions, reading ahead, and the limits of the searches for repairs.

``Prepared, … → Answer, …`` and ``Answer, … → Proposals, …``, one target after the other, as ``check`` and ``matrix`` ask for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wheelcheck.api.answering import Answer, answered, proved_proposals
from wheelcheck.api.preparing import Prepared
from wheelcheck.ports import Reporter

if TYPE_CHECKING:
    from wheelcheck.api.edges import Stores
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.knowledge import RepairKnowledge
    from wheelcheck.model.repair import Proposals
    from wheelcheck.repairs.proof import ProvedProposals
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

    def proposals_for(self, answer: Answer, store: IndexStore, reporter: Reporter) -> Proposals | None:
        """As the function of this name, within what those before have left."""
        from wheelcheck.repairs.context import Limits

        left = Limits().rounds if self._rounds is None else self._rounds
        bounded = replace(answer, prepared=replace(answer.prepared, repair_seconds=self.seconds_left))
        proved = self._search(bounded, store, reporter, rounds=max(left, _LEAST_ROUNDS))
        if proved is None:
            return None
        self._rounds = left - proved.rounds
        return proved.proposals
