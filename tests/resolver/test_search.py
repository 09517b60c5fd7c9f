"""The search goes the way of resolvelib, step by step, and a step costs no more than what it touches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import count
from random import Random

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version
from resolvelib import ResolutionImpossible, ResolutionTooDeep
from resolvelib.reporters import BaseReporter
from resolvelib.resolvers import Resolution as Solving
from resolvelib.structs import State

from tests.fakes.projects import FakeFile, FakeProjects, wheel
from tests.resolver.test_resolution_cache import POLICIES, asks, indexes, question
from wheelcheck.errors import BudgetSpent
from wheelcheck.model.resolution import Conflict, Policy, Resolution
from wheelcheck.ports import SilentReporter
from wheelcheck.resolver.candidate_selector import Leniency
from wheelcheck.resolver.dead_versions import RootUnsatisfiable
from wheelcheck.resolver.passes import resolve, source_for
from wheelcheck.resolver.provider import Cause, WheelProvider
from wheelcheck.resolver.question import Budget
from wheelcheck.resolver.requirement import Candidate, Key, ResolverRequirement, bound_of
from wheelcheck.resolver.search import Mapped, search

Index = dict[str, dict[str, list[FakeFile]]]
Pins = list[tuple[Key, str]]


class Told(BaseReporter[ResolverRequirement, Candidate, Key]):
    """Notes every event of a search."""

    def __init__(self) -> None:
        self.events: list[object] = []

    @property
    def has_gone_back(self) -> bool:
        return any(isinstance(event, list) for event in self.events)

    def starting_round(self, index: int) -> None:
        self.events.append(index)

    def ending_round(self, index: int, state: State[ResolverRequirement, Candidate, Key]) -> None:
        self.events.append((index, tuple(pins_of(state.mapping)), causes_of(state.backtrack_causes)))

    def rejecting_candidate(self, criterion: object, candidate: Candidate) -> None:
        self.events.append(f"{candidate.key} {candidate.version}")

    def resolving_conflicts(self, causes: Collection[Cause]) -> None:
        self.events.append([*causes_of(causes)])


def pins_of(mapping: Mapped) -> Pins:
    return [(key, str(found.version)) for key, found in mapping.items()]


def causes_of(causes: Iterable[Cause]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(cause.requirement.stated), "" if cause.parent is None else f"{cause.parent.key} {cause.parent.version}")
        for cause in causes
    )


def provider_of(
    index: Index,
    roots: list[str],
    policy: Policy,
    *,
    lenient: bool,
    target: int,
    before_reading: Callable[[], None] = lambda: None,
    kind: type[WheelProvider] = WheelProvider,
) -> WheelProvider:
    asked = question(target, roots, policy)
    source = source_for(asked, FakeProjects(index))
    leniency = Leniency(others=lenient)
    return kind(source, asked.requirements, leniency=leniency, before_reading=before_reading)


Search = Callable[[WheelProvider, BaseReporter[ResolverRequirement, Candidate, Key], int], Mapped]


def by_resolvelib(
    provider: WheelProvider, told: BaseReporter[ResolverRequirement, Candidate, Key], rounds: int
) -> Mapped:
    return Solving(provider, told).resolve(provider.edges[None], max_rounds=rounds).mapping


def ended(searched: Search, provider: WheelProvider, rounds: int = 1000) -> tuple[object, Told]:
    """How *searched* ends, with all that it told on its way."""
    told = Told()
    try:
        return pins_of(searched(provider, told, rounds)), told
    except ResolutionImpossible as impossible:
        return causes_of(impossible.causes), told
    except (ResolutionTooDeep, RootUnsatisfiable) as ending:
        return type(ending), told


@settings(max_examples=400)
@given(indexes, st.lists(asks, min_size=1, max_size=4), st.sampled_from(POLICIES), st.booleans(), st.integers(0, 8))
def test_search_goes_the_way_of_resolvelib(
    index: Index, roots: list[str], policy: Policy, lenient: bool, target: int
) -> None:
    expected = ended(by_resolvelib, provider_of(index, roots, policy, lenient=lenient, target=target))
    found = ended(search, provider_of(index, roots, policy, lenient=lenient, target=target))
    event(f"ends with pins: {isinstance(expected[0], list)}, goes back: {expected[1].has_gone_back}")
    assert found[0] == expected[0]
    assert found[1].events == expected[1].events


def entangled(seed: int) -> Index:
    """Projects with bounds on one another that are hard to meet: the search goes back many times, and far."""
    chance = Random(seed)  # noqa: S311 - not for secrets
    names = [f"p{number}" for number in range(chance.randint(5, 14))]
    return {
        name: {
            str(version): [wheel(requires=[ask_by(chance, names) for _ in range(chance.randint(0, 4))], extras=["x"])]
            for version in range(1, chance.randint(3, 6))
        }
        for name in names
    }


def ask_by(chance: Random, names: list[str]) -> str:
    operator = chance.choice(("", ">=", "<=", "==", "!=", "<"))
    extra = "[x]" if chance.random() < 0.1 else ""
    return f"{chance.choice(names)}{extra}{operator}{chance.randint(1, 5) if operator else ''}"


@pytest.mark.parametrize("rounds", [12, 60, 1000])
def test_search_goes_the_way_of_resolvelib_where_it_goes_back_far_and_returns(rounds: int) -> None:
    backs = 0
    for seed in range(60):
        index = entangled(seed)
        roots = sorted(index)[: 3 + seed % 5]
        expected = ended(by_resolvelib, provider_of(index, roots, POLICIES[0], lenient=False, target=0), rounds)
        found = ended(search, provider_of(index, roots, POLICIES[0], lenient=False, target=0), rounds)
        assert (found[0], found[1].events) == (expected[0], expected[1].events), seed
        backs += expected[1].has_gone_back
    assert backs > 20


def test_a_pin_that_a_later_choice_breaks_is_replaced_as_the_solver_does() -> None:
    index = {
        "a": {"1.0": [wheel(requires=["c"])]},
        "b": {"1.0": [wheel(requires=["d"])]},
        "c": {"2.0": [wheel(requires=["b", "e"])], "1.0": [wheel(requires=["b"])]},
        "d": {"1.0": [wheel(requires=["c<2"])]},
        "e": {"1.0": [wheel()]},
    }
    roots = ["a", "b"]
    expected = ended(by_resolvelib, provider_of(index, roots, POLICIES[0], lenient=True, target=0))
    found = ended(search, provider_of(index, roots, POLICIES[0], lenient=True, target=0))
    assert (found[0], found[1].events) == (expected[0], expected[1].events)
    assert isinstance(found[0], list)
    assert (("c", ""), "1.0") in found[0]


class Counting(WheelProvider):
    """Counts how often it is asked whether a pin satisfies."""

    asked = 0

    def is_satisfied_by(self, requirement: ResolverRequirement, candidate: Candidate) -> bool:
        self.asked += 1
        return super().is_satisfied_by(requirement, candidate)


def test_a_step_costs_what_it_touches_and_no_look_at_all_pins() -> None:
    index = {f"p{number}": {"1": [wheel(requires=["q>=1"])]} for number in range(300)}
    index |= {"q": {"2": [wheel(requires=["p0>1"])], "1": [wheel()]}}
    asked = []
    for searched in (by_resolvelib, search):
        provider = provider_of(index, sorted(index), POLICIES[0], lenient=False, target=0, kind=Counting)
        assert isinstance(provider, Counting)
        searched(provider, Told(), 1000)
        asked.append(provider.asked)
    assert asked[1] < 1_500 < asked[0] // 40


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


def test_every_pin_of_the_search_is_reported_once_and_in_its_turn() -> None:
    heard = Heard()
    outcome = resolve(question(0, ["a"], POLICIES[0]), FakeProjects(CHAIN), heard)
    assert isinstance(outcome, Resolution)
    assert heard.pins == [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("d", 5)]
    assert outcome.rounds == len(heard.pins) + 1


@pytest.mark.parametrize(("rounds", "expected"), [(6, Resolution), (5, Conflict), (1, Conflict), (0, Conflict)])
def test_the_search_takes_no_more_rounds_than_the_budget_has(rounds: int, expected: type) -> None:
    asked = replace(question(0, ["a"], POLICIES[0]), budget=Budget(rounds=rounds))
    outcome = resolve(asked, FakeProjects(CHAIN))
    assert type(outcome) is expected
    assert outcome.rounds == rounds
    assert isinstance(outcome, Resolution) or outcome.budget_spent


def test_the_search_ends_when_the_time_is_up_and_what_it_chose_is_told() -> None:
    ticks = count()
    budget = Budget(seconds=5, clock=lambda: float(next(ticks)))
    outcome = resolve(replace(question(0, ["a"], POLICIES[0]), budget=budget), FakeProjects(CHAIN))
    assert isinstance(outcome, Conflict)
    assert outcome.budget_spent
    assert set(outcome.partial) == {"a", "b"}


def test_the_search_asks_for_nothing_after_its_time() -> None:
    def refuse() -> None:
        raise BudgetSpent("the time is up")

    provider = provider_of(CHAIN, ["a"], POLICIES[0], lenient=True, target=0, before_reading=refuse)
    with pytest.raises(BudgetSpent):
        search(provider, Told(), 1000)


_LADDER = (
    *("0.9", "1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0+cpu", "1.0.post1", "1.0.post1+cu"),
    *("1.1.dev1", "1.1", "1.1+a.1", "2.0a1", "2.0", "2.0.1", "1!0.1"),
)


@pytest.mark.parametrize(
    "text",
    [
        *("", ">=1.0", ">=1.0a1", ">=1.0.post1", ">=0.9,>=1.1", ">=3", ">=1!0", ">=1.0,!=1.1", ">=1.0,<2"),
        *("<=1.0", "~=1.0", "==1.0", "==1.*", "===1.0", ">=1.0.dev1,<1.0", ">1.0", ">1.0,>=1.1"),
    ],
)
def test_bound_admits_just_what_its_specifier_admits(text: str) -> None:
    versions = tuple(map(Version, reversed(_LADDER)))
    expected = tuple(each for each in versions if SpecifierSet(text).contains(each, prereleases=True))
    assert bound_of(SpecifierSet(text)).of(versions) == expected
