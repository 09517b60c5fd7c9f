"""Which projects to ask for wheels, before and after repairs: the greedy choice, held against every order on small cases."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.survey.samples import write_survey
from wheelcheck.survey.summary import Summary, freeing, render_summary, summarize

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


def _summary(folder: Path, repaired: Collection[str]) -> Summary:
    pytest.importorskip("pyarrow", reason="the extra wheelcheck[survey] is not installed")
    blocked = {"a": ("av", "11"), "b": ("av", "11"), "c": ("lxml", "5")}
    outcomes = {name: ("blocked", {project: (version, "error")}) for name, (project, version) in blocked.items()}
    return summarize(write_survey(folder, {**outcomes, "d": ("installs", {})}, repaired=repaired))


def test_summary_says_what_wheels_would_free_without_repairs_and_with_them(tmp_path: Path) -> None:
    summary = _summary(tmp_path, {"a", "b"})
    assert [(each.project, each.cells) for each in summary.freeing] == [("av", 2), ("lxml", 1)]
    assert [(each.project, each.cells) for each in summary.freeing_beside_repairs] == [("lxml", 1)]
    said = render_summary(summary)
    assert "4 inputs, 4 cells: 3 blocked, 2 of them with a repair" in said
    assert "win_amd64 3.14: 1 of 4 install, 3 with repairs\n" in said
    assert said.endswith(
        "If these published wheels, in this order:\n  av: 2 more cells\n  lxml: 1 more cells\n"
        "\nAnd where the repairs are applied:\n  lxml: 1 more cells\n"
    )


def test_summary_without_repairs_has_one_list(tmp_path: Path) -> None:
    said = render_summary(_summary(tmp_path, ()))
    assert "1 of 4 install\n" in said
    assert "repairs are applied" not in said


def test_summary_of_which_all_is_repaired_has_no_second_list(tmp_path: Path) -> None:
    summary = _summary(tmp_path, {"a", "b", "c"})
    assert summary.freeing_beside_repairs == ()
    assert "repairs are applied" not in render_summary(summary)


@given(st.lists(st.sets(st.sampled_from("abcd"), min_size=1, max_size=1), min_size=1, max_size=8))
def test_single_blockers_are_opened_as_well_as_by_the_best_choice(found: list[set[str]]) -> None:
    blocked = _cells(*("".join(each) for each in found))
    chosen = [each.project for each in freeing(blocked, _once(blocked))]

    def opened(projects: tuple[str, ...]) -> int:
        return sum(each <= set(projects) for each in blocked.values())

    for size in range(1, len(chosen) + 1):
        assert opened(tuple(chosen[:size])) == max(map(opened, itertools.combinations("abcd", size)))
