"""How far the search goes: its limits, an index that goes away, and what it costs in trials and fetches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest
from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from tests.fakes.code import FakeCode
from tests.fakes.projects import FakeProjects, Release, wheel
from tests.repairs.questions import CommandLine, Elsewhere, Situation, commands
from tests.repairs.situations import ADVISED, CODE, SEVERAL, SINGLE, TARGETS, WIN, any_wheels, app, native, substitute
from tests.repairs.test_import_repairs import IMPORTING
from wheelcheck.archives.modules import SourceTexts
from wheelcheck.errors import BudgetSpent, IndexUnavailable
from wheelcheck.knowledge.loading import load_standard_library
from wheelcheck.model.distribution import CoreMetadata, Distribution, ProjectPage, Wheel
from wheelcheck.model.repair import Risk
from wheelcheck.ports import SilentReporter
from wheelcheck.repairs.context import Limits, RepairContext
from wheelcheck.repairs.proposing import propose
from wheelcheck.resolver.question import Budget


@dataclass
class GoingAway(FakeProjects):
    """An index that gives so many new answers, once *left* is set, and none after them; what it gave before is kept."""

    left: int | None = None

    def page(self, name: NormalizedName) -> ProjectPage:
        self._count("page", name)
        return FakeProjects.page(self, name)

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        self._count("metadata", wheel.filename)
        return FakeProjects.metadata(self, wheel)

    def prefetch_pages(self, names: Iterable[NormalizedName]) -> None:
        if self.left is None:
            FakeProjects.prefetch_pages(self, names)

    def prefetch_metadata(self, wheels: Iterable[Wheel]) -> None:
        if self.left is None:
            FakeProjects.prefetch_metadata(self, wheels)

    def _count(self, what: str, subject: str) -> None:
        if self.left is None or (what, subject) in self.fetched:
            return
        if self.left == 0:
            raise IndexUnavailable("the index went away", address="https://index.example/simple/")
        self.left -= 1


class Ticking(Struct):
    """A clock that goes on by a second whenever it is looked at."""

    now: float = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def going_away(situation: Situation, answers: int) -> GoingAway:
    """The index of *situation*, which gives that many *answers* beyond those for the question as it was asked."""
    projects = GoingAway(situation.index)
    situation.blocked(projects)
    projects.left = answers
    return projects


# An index that goes away


def test_repairs_proved_before_the_index_went_away_are_shown_and_it_is_said() -> None:
    situation = SEVERAL["chain"]
    whole = situation.proposals()
    assert not whole.interrupted
    seen = set()
    for answers in range(12):
        proposals = situation.proposals(projects=going_away(situation, answers))
        assert set(commands(proposals)) <= set(commands(whole))
        assert proposals.interrupted or commands(proposals) == commands(whole)
        assert bool(proposals.interrupted) == (not proposals.complete)
        assert not (proposals.interrupted and proposals.unrepairable)
        seen.add((bool(proposals.interrupted), len(proposals.repairs)))
    assert (True, 0) in seen
    assert (False, 3) in seen


def test_code_that_cannot_be_had_leaves_the_repair_proved_and_its_risk_high() -> None:
    situation = replace(CODE["imported-name-is-there"], code_failing=frozenset({"app-1.0-py3-none-any.whl"}))
    proposals = situation.proposals()
    assert commands(proposals) == ["--override av==2.0", "--exclude av"]
    assert all(repair.risk is Risk.HIGH for repair in proposals.repairs)
    assert proposals.interrupted


def test_remedy_of_an_advisory_that_cannot_be_looked_into_leaves_the_answer_as_it_is_and_that_is_said() -> None:
    situation = ADVISED["advisory-on-what-installs"]
    proposals = situation.proposals(projects=going_away(situation, 0))
    assert (proposals.repairs, proposals.complete) == ((), False)
    assert proposals.interrupted.endswith("the index went away")
    late = situation.proposals(Limits(seconds=0.0, clock=lambda: 0.0))
    assert (late.repairs, late.tried, late.interrupted) == ((), 0, "")


# Limits


def test_one_trial_is_all_that_is_made_when_no_more_are_allowed() -> None:
    proposals = SEVERAL["minimal-only-as-a-pair"].proposals(Limits(trials=1))
    assert proposals.tried == 1
    assert not proposals.complete
    assert proposals.unreached.startswith("the search ended before every set")


@pytest.mark.parametrize("situation", [SINGLE["older-wheel"], IMPORTING["name-that-newer-releases-lost"]])
def test_no_time_means_no_trial_and_is_said(situation: Situation) -> None:
    proposals = situation.proposals(Limits(seconds=0.0, clock=lambda: 0.0))
    assert (proposals.repairs, proposals.tried, proposals.complete) == ((), 0, False)
    assert proposals.unreached == (
        "the search ended before every set of changes was tried; a longer --repair-seconds lets it continue"
    )


def test_nothing_is_tried_where_the_resolution_itself_ended_at_its_budget() -> None:
    situation = SINGLE["older-wheel"]
    question = replace(situation.line.question(), budget=Budget(rounds=0))
    proved = situation.proved(question=question)
    proposals = proved.proposals
    assert (proposals.repairs, proposals.tried, proposals.complete, proved.rounds) == ((), 0, False, 0)
    assert proposals.unreached == "the resolution itself ended at its budget, so nothing was tried"


def test_clock_that_runs_out_ends_the_search_with_what_was_proved() -> None:
    counts = set()
    for seconds in range(1, 260, 8):
        proposals = SEVERAL["minimal-only-as-a-pair"].proposals(Limits(seconds=float(seconds), clock=Ticking()))
        assert proposals.complete == (not proposals.unreached)
        counts.add(len(proposals.repairs))
    assert {0, 3} <= counts


@dataclass
class Slow(FakeProjects):
    """An index of which each new answer takes three seconds of the *clock*."""

    clock: Still = field(default_factory=lambda: Still())

    def page(self, name: NormalizedName) -> ProjectPage:
        self.clock.now += 0.0 if ("page", name) in self.fetched else 3.0
        return FakeProjects.page(self, name)

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        self.clock.now += 0.0 if ("metadata", wheel.filename) in self.fetched else 3.0
        return FakeProjects.metadata(self, wheel)


class Still(Struct):
    """A clock that stands still until it is put forward."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("name", sorted(SEVERAL))
def test_slow_index_changes_no_repair(name: str) -> None:
    projects = Slow(SEVERAL[name].index)
    slow = SEVERAL[name].proposals(Limits(clock=projects.clock), projects=projects)
    assert slow == SEVERAL[name].proposals(Limits(clock=Still()))


def test_trial_that_takes_too_many_rounds_is_given_up_and_said() -> None:
    proposals = SEVERAL["five-blockers"].proposals(Limits(rounds=8))
    assert not proposals.complete
    assert not proposals.repairs
    assert proposals.unreached == "the search ended before every set of changes was tried"


def test_trials_that_fail_at_once_count_by_the_lines_that_each_reads() -> None:
    """Of 320 lines every other one clashes with its neighbour: each trial takes in all lines, and ends in the first round."""
    index: dict[str, Mapping[str, Release]] = {}
    for number in range(160):
        index[f"app{number}"] = {"1.0": [wheel(requires=[f"lib{number}>=2"])]}
        index[f"lib{number}"] = any_wheels("1.0", "2.0")
    lines = tuple(f"{name}==1.0" for name in index)
    few, most = (
        Situation(line=CommandLine(inputs=lines[:count]), index=index).proposals(Limits(rounds=200, clock=Still()))
        for count in (20, 320)
    )
    assert not few.repairs
    assert not most.repairs
    assert (few.tried, most.tried) == (42, 8)


def test_unrepairable_is_not_said_of_a_search_that_ended_early() -> None:
    proposals = SEVERAL["chain"].proposals(Limits(trials=1))
    assert not proposals.complete
    assert not proposals.unrepairable


def test_no_more_repairs_are_shown_than_were_asked_for() -> None:
    situation = SEVERAL["one-python-for-two"]
    for count in (1, 2, 3):
        assert len(situation.proposals(Limits(repairs=count)).repairs) == count
    assert commands(situation.proposals(Limits(repairs=1))) == ["--python 3.11"]


def test_day_of_the_old_pin_costs_no_trial_where_as_many_repairs_are_there_as_are_shown() -> None:
    situation = ADVISED["advisory-on-what-installs"]
    one, two = (situation.proposals(Limits(repairs=count)) for count in (1, 2))
    assert (commands(one), commands(two)) == (["-c numpy<2"], ["-c numpy<2", "--exclude-newer 2023-10-04"])
    assert two.tried == one.tried + 1


def test_more_repairs_than_there_are_kinds_can_be_asked_for() -> None:
    shown = commands(SEVERAL["minimal-only-as-a-pair"].proposals(Limits(repairs=10)))
    assert shown == [
        "--override one==2.0 --override two==2.0",
        "--override two==2.0 --exclude one",
        "--override one==2.0 --exclude two",
        "--exclude one --exclude two",
    ]


class _Stages(SilentReporter):
    """A reporter that keeps the names of the stages."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def stage(self, name: str) -> None:
        self.names.append(name)


def test_each_trial_is_told_by_its_number_between_the_search_and_the_weighing() -> None:
    situation, told = SINGLE["older-wheel"], _Stages()
    projects = situation.projects()
    context = RepairContext(projects=projects, code=FakeCode({}), elsewhere=Elsewhere(projects, {}))
    propose(situation.blocked(projects), context, reporter=told)
    said = [name for name in dict.fromkeys(told.names) if name != "resolving"]
    assert said == ["looking for repairs", "trying repair 1", "trying repair 2", "weighing repairs"]


# What it costs


def test_single_blocker_costs_one_trial_for_each_repair_that_is_shown() -> None:
    assert SINGLE["older-wheel"].proposals().tried == 2  # the override, the exclusion
    assert SINGLE["own-pin"].proposals().tried == 1
    assert TARGETS["glibc-floor"].proposals().tried == 2


def test_pair_of_blockers_costs_a_trial_for_each_set_and_one_for_each_edit_taken_away_again() -> None:
    assert SEVERAL["minimal-only-as-a-pair"].proposals().tried == 8


def test_search_fetches_nothing_but_what_its_edits_need() -> None:
    """The pages are at hand; the override needs the metadata of the one wheel that it brings in."""
    situation = SINGLE["both-wheels"]
    projects = situation.projects()
    situation.blocked(projects)
    before = dict(projects.fetched)
    assert {subject for what, subject in before if what == "page"} == {"app", "av"}
    situation.proposals(projects=projects)
    new = {each for each in projects.fetched if each not in before}
    assert new == {("metadata", f"av-4.0-{WIN}.whl")}


def test_search_fetches_the_pages_of_substitutes_and_of_new_dependencies_only() -> None:
    index: Mapping[str, Mapping[str, Release]] = {
        "app": app("driver==1.0"),
        "driver": {"1.0": native()},
        "driver-binary": {"1.0": [wheel(WIN, requires=["helper"])]},
        "helper": any_wheels("1.0"),
        "unrelated": any_wheels("1.0"),
    }
    situation = Situation(
        line=CommandLine(inputs=("app",)), index=index, knowledge=substitute("driver", "driver-binary")
    )
    projects = situation.projects()
    situation.blocked(projects)
    before = set(projects.fetched)
    situation.proposals(projects=projects)
    new = {(what, subject) for what, subject in projects.fetched if (what, subject) not in before}
    assert new == {
        ("page", "driver-binary"),
        ("page", "helper"),
        ("metadata", f"driver_binary-1.0-{WIN}.whl"),
        ("metadata", "helper-1.0-py3-none-any.whl"),
    }


def test_unrepairable_input_costs_no_trial_and_no_page_beyond_its_own() -> None:
    situation = Situation(
        line=CommandLine(inputs=("torch",)), index={"torch": {f"{number}.0": native() for number in range(1, 30)}}
    )
    projects = situation.projects()
    proposals = situation.proposals(projects=projects)
    assert (proposals.repairs, proposals.tried) == ((), 0)
    assert [subject for what, subject in projects.fetched if what == "page"] == [canonicalize_name("torch")]


class _LateCode(FakeCode):
    """Code that does not come before the time is up."""

    def _asked(self, method: str, distribution: Distribution) -> SourceTexts:
        raise BudgetSpent("no answer came within the time budget")


def test_a_set_that_is_proved_stays_a_repair_where_its_code_is_not_read_in_time() -> None:
    situation = SINGLE["own-pin"]
    projects = situation.projects()
    context = RepairContext(
        projects=projects, code=_LateCode(), elsewhere=Elsewhere(projects, {}), library=load_standard_library()
    )
    proposals = propose(situation.blocked(projects), context).proposals
    assert proposals.repairs
    assert all(repair.risk is Risk.HIGH for repair in proposals.repairs)
    assert (proposals.complete, proposals.interrupted) == (False, "no answer came within the time budget")
