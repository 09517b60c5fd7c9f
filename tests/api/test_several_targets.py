"""What the targets of one run share: the rounds and the time of the searches for repairs."""

from __future__ import annotations

from typing import cast

from msgspec import Struct

from wheelcheck.api.answering import Answer
from wheelcheck.api.several_targets import RepairSearches
from wheelcheck.index.store import IndexStore
from wheelcheck.model.repair import Proposals
from wheelcheck.ports import SilentReporter
from wheelcheck.repairs.context import Limits
from wheelcheck.repairs.proof import ProvedProposals

STORE = cast("IndexStore", None)


class Prepared(Struct, frozen=True):
    """The one field that the searches change."""

    repair_seconds: float = 0.0


class Asked(Struct, frozen=True):
    """An answer of which nothing else is looked at."""

    prepared: Prepared = Prepared()


class Search:
    """A search that takes *rounds* of those that it may, 7 seconds, and keeps what it was given."""

    def __init__(self, rounds: int) -> None:
        self.given: list[tuple[int, float]] = []
        self.now = 0.0
        self._rounds = rounds

    def __call__(self, answer: Asked, store: IndexStore, reporter: SilentReporter, *, rounds: int) -> ProvedProposals:
        self.given.append((rounds, answer.prepared.repair_seconds))
        self.now += 7.0
        return ProvedProposals(proposals=Proposals(), rounds=min(rounds, self._rounds))


def given(search: Search, targets: int, seconds: float = 20.0) -> list[tuple[int, float]]:
    searches = RepairSearches(seconds, lambda: search.now, search)
    for _ in range(targets):
        assert searches.proposals_for(cast("Answer", Asked()), STORE, SilentReporter()) == Proposals()
    return search.given


def test_searches_that_take_all_they_may_have_together_what_one_has_and_a_small_part_each() -> None:
    most = Limits().rounds
    assert [rounds for rounds, _ in given(Search(10**6), 4)] == [most, 1_000, 1_000, 1_000]


def test_searches_that_take_little_leave_the_rest_to_those_after_them() -> None:
    most = Limits().rounds
    assert [rounds for rounds, _ in given(Search(500), 3)] == [most, most - 500, most - 1_000]


def test_searches_share_the_seconds_and_none_has_less_than_none() -> None:
    assert [seconds for _, seconds in given(Search(0), 4)] == [20.0, 13.0, 6.0, 0.0]
