"""The fast path ends where resolvelib ends, or says that it cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version
from resolvelib import ResolutionImpossible
from resolvelib.reporters import BaseReporter
from resolvelib.resolvers import Resolution as Solving

from tests.fakes.projects import FakeFile, FakeProjects, wheel
from tests.resolver.test_resolution_cache import POLICIES, asks, indexes, question
from wheelcheck.errors import BudgetSpent
from wheelcheck.model.resolution import Conflict, Policy, Resolution
from wheelcheck.ports import SilentReporter
from wheelcheck.resolver.candidate_source import Leniency
from wheelcheck.resolver.dead_versions import RootUnsatisfiable
from wheelcheck.resolver.passes import Budget, resolve, source_for
from wheelcheck.resolver.provider import WheelProvider
from wheelcheck.resolver.requirement import Candidate, Key, ResolverRequirement
from wheelcheck.resolver.search import fast_path_mapping

Index = dict[str, dict[str, list[FakeFile]]]
Pins = list[tuple[Key, str]]


class Told(BaseReporter[ResolverRequirement, Candidate, Key]):
    """Counts rounds, and choices that were undone."""

    def __init__(self) -> None:
        self.rounds = 0
        self.undone = 0

    def starting_round(self, index: int) -> None:
        self.rounds += 1

    def rejecting_candidate(self, criterion: object, candidate: Candidate) -> None:
        self.undone += 1

    def resolving_conflicts(self, causes: object) -> None:
        self.undone += 1


def provider_of(
    index: Index,
    roots: list[str],
    policy: Policy,
    *,
    lenient: bool,
    target: int,
    before_reading: Callable[[], None] = lambda: None,
) -> WheelProvider:
    asked = question(target, roots, policy)
    source = source_for(asked, FakeProjects(index))
    leniency = Leniency(others=lenient)
    return WheelProvider(source, asked.requirements, leniency=leniency, before_reading=before_reading)


def searched(provider: WheelProvider) -> tuple[Pins, Told] | None:
    told = Told()
    try:
        state = Solving(provider, told).resolve(provider.edges[None], max_rounds=1000)
    except (ResolutionImpossible, RootUnsatisfiable):
        return None
    return [(key, str(found.version)) for key, found in state.mapping.items()], told


def walked(provider: WheelProvider) -> tuple[Pins, int] | None:
    told = Told()
    try:
        mapping = fast_path_mapping(provider, told, 1000)
    except RootUnsatisfiable:
        return None
    return None if mapping is None else ([(key, str(at.version)) for key, at in mapping.items()], told.rounds)


@settings(max_examples=400)
@given(indexes, st.lists(asks, min_size=1, max_size=4), st.sampled_from(POLICIES), st.booleans(), st.integers(0, 8))
def test_fast_path_ends_where_the_solver_ends(
    index: Index, roots: list[str], policy: Policy, lenient: bool, target: int
) -> None:
    solved = searched(provider_of(index, roots, policy, lenient=lenient, target=target))
    found = walked(provider_of(index, roots, policy, lenient=lenient, target=target))
    event(f"fast path: {found is not None}, solved: {solved is not None}")
    if found is not None:
        assert solved is not None
        assert found == (solved[0], solved[1].rounds)
    elif solved is not None:
        assert solved[1].undone, "the fast path gave up where nothing had to be undone"


def test_a_pin_that_a_later_choice_breaks_is_replaced_as_the_solver_does() -> None:
    index = {
        "a": {"1.0": [wheel(requires=["c"])]},
        "b": {"1.0": [wheel(requires=["d"])]},
        "c": {"2.0": [wheel(requires=["b", "e"])], "1.0": [wheel(requires=["b"])]},
        "d": {"1.0": [wheel(requires=["c<2"])]},
        "e": {"1.0": [wheel()]},
    }
    roots = ["a", "b"]
    solved = searched(provider_of(index, roots, POLICIES[0], lenient=True, target=0))
    found = walked(provider_of(index, roots, POLICIES[0], lenient=True, target=0))
    assert solved is not None
    assert found == (solved[0], solved[1].rounds)
    assert (("c", ""), "1.0") in found[0]


def test_a_candidate_that_has_to_be_rejected_ends_the_fast_path() -> None:
    index = {"a": {"2.0": [wheel(requires=["b>1"])], "1.0": [wheel()]}, "b": {"1.0": [wheel()]}}
    assert walked(provider_of(index, ["a", "b"], POLICIES[0], lenient=True, target=0)) is None


CHAIN: Index = {
    "a": {"1.0": [wheel(requires=["b", "c"])]},
    "b": {"1.0": [wheel(requires=["d"])]},
    "c": {"1.0": [wheel(requires=["d[x]"], extras=["x"])]},
    "d": {"1.0": [wheel(extras=["x"])]},
}


class Heard(SilentReporter):
    """Notes the pins that it is told of."""

    def __init__(self) -> None:
        self.pins: list[tuple[str, int]] = []

    def pinned(self, name: NormalizedName, version: Version, total: int) -> None:
        self.pins.append((name, total))


def test_every_pin_of_the_fast_path_is_reported_once_and_in_its_turn() -> None:
    heard = Heard()
    outcome = resolve(question(0, ["a"], POLICIES[0]), FakeProjects(CHAIN), heard)
    assert isinstance(outcome, Resolution)
    assert heard.pins == [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("d", 5)]
    assert outcome.rounds == len(heard.pins) + 1


@pytest.mark.parametrize(("rounds", "expected"), [(6, Resolution), (5, Conflict), (1, Conflict), (0, Conflict)])
def test_the_fast_path_takes_no_more_rounds_than_the_budget_has(rounds: int, expected: type) -> None:
    asked = replace(question(0, ["a"], POLICIES[0]), budget=Budget(rounds=rounds))
    outcome = resolve(asked, FakeProjects(CHAIN))
    assert type(outcome) is expected
    assert outcome.rounds == rounds
    assert isinstance(outcome, Resolution) or outcome.budget_spent


def test_the_fast_path_ends_when_the_time_is_up_and_what_it_chose_is_told() -> None:
    ticks = count()
    budget = Budget(seconds=5, clock=lambda: float(next(ticks)))
    outcome = resolve(replace(question(0, ["a"], POLICIES[0]), budget=budget), FakeProjects(CHAIN))
    assert isinstance(outcome, Conflict)
    assert outcome.budget_spent
    assert set(outcome.partial) == {"a", "b"}


def test_the_fast_path_asks_for_nothing_after_its_time() -> None:
    def refuse() -> None:
        raise BudgetSpent("the time is up")

    provider = provider_of(CHAIN, ["a"], POLICIES[0], lenient=True, target=0, before_reading=refuse)
    with pytest.raises(BudgetSpent):
        fast_path_mapping(provider, Told(), 1000)
