"""Which trials are made, and which version of a project they settle on where several would do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.code import FakeCode
from tests.fakes.projects import Release, wheel
from tests.repairs.questions import CommandLine, Elsewhere, Situation, commands, the_one
from tests.repairs.situations import SINGLE, WIN, advisory, any_wheels, app, native
from wheelcheck.ports import SilentReporter
from wheelcheck.repairs.conflict_sets import kept_at
from wheelcheck.repairs.context import Limits, RepairContext
from wheelcheck.repairs.trials import OutOfTime, Trials


def test_second_remedy_that_overrides_the_same_project_is_a_trial_of_its_own() -> None:
    situation = Situation(
        line=CommandLine(inputs=("torch==2.1", "vision")),
        index={
            "torch": {"2.1": [wheel(WIN)]},
            "vision": {"0.1": native(), "0.2": [wheel(WIN)], "0.3": [wheel(WIN)]},
        },
        knowledge=advisory("torch<2.3", "vision>=0.3", overrides=("vision<0.2", "vision<0.3")),
    )
    assert the_one(situation.proposals()).options == ("--override", "vision<0.3")


def test_clash_with_the_users_pin_is_settled_on_the_nearest_version_that_serves_not_on_the_newest() -> None:
    situation = Situation(
        line=CommandLine(inputs=("lib==1.0", "app")),
        index={
            "app": app("lib>=1.1"),
            "lib": {"1.0": native(), "1.1": [wheel(WIN)], "2.0": [wheel(WIN)], "3.0": [wheel(WIN)]},
        },
    )
    assert commands(situation.proposals())[0] == "--replace lib==1.1"


def test_pin_without_a_usable_version_on_the_target_is_touched_by_itself_and_not_by_what_bounds_it() -> None:
    old = "cp310-cp310-win_amd64"
    situation = Situation(
        line=CommandLine(inputs=("base==1.0", "plots==1.0", "tables==1.0")),
        index={
            "base": {"1.0": [wheel(old), *native()], "2.0": [wheel(WIN)]},
            "plots": {"1.0": [wheel(requires=["base>=0.9"])], "1.1": [wheel(requires=["base>=0.9"])]},
            "tables": {"1.0": [wheel(requires=["base>=0.8"])], "1.1": [wheel(requires=["base>=0.8"])]},
        },
    )
    proposals = situation.proposals()
    assert commands(proposals) == ["--python 3.10", "--replace base==2.0"]
    assert proposals.tried == 3


def test_three_quarters_of_the_time_are_for_the_search_and_the_rest_for_the_remedies_of_advisories() -> None:
    now = [1000.0]
    situation = SINGLE["older-wheel"]
    projects = situation.projects()
    context = RepairContext(projects=projects, code=FakeCode({}), elsewhere=Elsewhere(projects, {}))
    limits = Limits(seconds=80, trials=3, clock=lambda: now[0])
    trials = Trials(situation.blocked(projects), context, limits, SilentReporter())
    assert trials.seconds_left() == 60
    now[0] += 59
    assert trials.seconds_left() == 1
    for later in (1, 2):
        now[0] += later
        with pytest.raises(OutOfTime):
            trials.seconds_left()
    assert trials.ended_by_clock
    trials.begin_advisory_fixes(2)
    assert trials.seconds_left() == 18


def test_so_many_trials_are_made_and_each_once() -> None:
    situation = SINGLE["both-wheels"]
    projects = situation.projects()
    context = RepairContext(projects=projects, code=FakeCode({}), elsewhere=Elsewhere(projects, {}))
    trials = Trials(situation.blocked(projects), context, Limits(trials=2, more_trials=1), SilentReporter())
    kept = [kept_at(canonicalize_name("av"), Version(text)) for text in ("1.0", "4.0", "5.0")]
    first = trials.of(kept[:1])
    assert trials.of(kept[:1]) is first
    trials.of(kept[1:2])
    assert trials.count == 2
    with pytest.raises(OutOfTime):
        trials.of(kept[2:])
    assert trials.of(kept[:1]) is first
    trials.begin_advisory_fixes(1)
    trials.of(kept[2:])
    assert trials.count == 3
    assert not trials.ended_by_clock


def test_three_quarters_of_the_rounds_are_for_the_search_and_the_rest_for_the_remedies_of_advisories() -> None:
    numbers = range(1, 101)
    situation = Situation(
        line=CommandLine(inputs=("app",)),
        index={"app": app("av"), "av": {f"{number}.0": [wheel(WIN)] for number in numbers}},
    )
    projects = situation.projects()
    context = RepairContext(projects=projects, code=FakeCode({}), elsewhere=Elsewhere(projects, {}))
    trials = Trials(situation.blocked(projects), context, Limits(rounds=160, trials=1000), SilentReporter())
    kept = iter([kept_at(canonicalize_name("av"), Version(f"{number}.0")) for number in numbers])
    spent = []
    for _ in range(2):
        with pytest.raises(OutOfTime):
            for change in kept:
                trials.of([change])
        spent.append(trials.spent)
        trials.begin_advisory_fixes(1000)
    each = spent[0] / 120
    assert each < 1.05
    assert spent == [120 * each, 160 * each]


def _spent(situation: Situation, kept: str) -> int:
    """The rounds that a trial which keeps a project at a version takes."""
    name, _, version = kept.partition("==")
    projects = situation.projects()
    context = RepairContext(projects=projects, code=FakeCode({}), elsewhere=Elsewhere(projects, {}))
    trials = Trials(situation.blocked(projects), context, Limits(), SilentReporter())
    trials.of([kept_at(canonicalize_name(name), Version(version))])
    return trials.spent


@pytest.mark.parametrize(("lines", "rounds"), [(20, 1), (32, 2), (62, 3), (64, 4), (128, 8)])
def test_trial_that_fails_in_its_first_round_counts_as_one_for_each_sixteen_lines_that_it_reads(
    lines: int, rounds: int
) -> None:
    index: dict[str, Mapping[str, Release]] = {}
    for number in range(lines // 2):
        index |= {f"app{number}": app(f"lib{number}>=2"), f"lib{number}": any_wheels("1.0", "2.0")}
    situation = Situation(line=CommandLine(inputs=tuple(f"{name}==1.0" for name in index)), index=index)
    assert _spent(situation, "app0==1.0") == rounds


@pytest.mark.parametrize(("projects", "rounds"), [(20, 5), (62, 16), (96, 24)])
def test_trial_that_fails_in_its_first_round_counts_as_a_quarter_of_the_rounds_of_the_question(
    projects: int, rounds: int
) -> None:
    names = [f"lib{number}" for number in range(projects)]
    index = {"app": app(*names), **{name: any_wheels("1.0") for name in names}}
    assert _spent(Situation(line=CommandLine(inputs=("app",)), index=index), "app==2.0") == rounds
