"""Which projects to ask for wheels: the greedy choice, held against every order on small cases."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from wheelcheck.survey.summary import freeing

Blocked = Mapping[tuple[str, str, str], frozenset[str]]


def _cells(*blockers: str) -> Blocked:
    return {(f"q{number}", "linux", "3.12"): frozenset(each.split()) for number, each in enumerate(blockers)}


def _once(blocked: Blocked) -> dict[str, int]:
    return {key[0]: 1 for key in blocked}


def test_project_that_opens_most_cells_comes_first() -> None:
    blocked = _cells("lxml", "lxml", "av")
    assert [(each.project, each.cells) for each in freeing(blocked, _once(blocked))] == [("lxml", 2), ("av", 1)]


def test_second_of_two_blockers_opens_what_the_first_could_not() -> None:
    blocked = _cells("a b", "a b", "c")
    assert [(each.project, each.cells) for each in freeing(blocked, _once(blocked))] == [("c", 1), ("a", 0), ("b", 2)]


def test_inputs_that_ask_the_same_count_each() -> None:
    blocked = _cells("a", "b")
    assert [each.project for each in freeing(blocked, {"q0": 1, "q1": 5})] == ["b", "a"]


def test_clash_is_opened_by_no_wheel() -> None:
    blocked = {("q0", "linux", "3.12"): frozenset({""})}
    assert freeing(blocked, {"q0": 1}) == []


@given(st.lists(st.sets(st.sampled_from("abcd"), min_size=1, max_size=1), min_size=1, max_size=8))
def test_single_blockers_are_opened_as_well_as_by_the_best_choice(found: list[set[str]]) -> None:
    blocked = _cells(*("".join(each) for each in found))
    chosen = [each.project for each in freeing(blocked, _once(blocked))]

    def opened(projects: tuple[str, ...]) -> int:
        return sum(each <= set(projects) for each in blocked.values())

    for size in range(1, len(chosen) + 1):
        assert opened(tuple(chosen[:size])) == max(map(opened, itertools.combinations("abcd", size)))
