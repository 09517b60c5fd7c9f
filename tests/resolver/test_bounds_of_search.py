"""Small rules of the search, from both sides: how blockers rank, what an override keeps, what another target may take over."""

from __future__ import annotations

from itertools import count

import pytest
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.resolver.test_passes import WHEELS, answer, asked, picks
from wheelcheck.model.distribution import ProjectPage
from wheelcheck.model.resolution import Conflict, Policy, Resolution
from wheelcheck.resolver.blockers import Offenders
from wheelcheck.resolver.question import Budget, Question
from wheelcheck.resolver.resolution_cache import ResolutionCache
from wheelcheck.targets.targets import parse_target


def names(text: str) -> frozenset[NormalizedName]:
    return frozenset(map(canonicalize_name, text))


OFFENDERS = Offenders(certain=names("ab"), others=names("c"))


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "c"), ("c", "d"), ("ab", "ac"), ("ac", "ad"), ("ad", "de"), ("a", "b"), ("abc", "abd"), ("cd", "de")],
)
def test_set_of_blockers_with_more_offenders_is_likelier_and_then_the_first_by_name(one: str, other: str) -> None:
    assert OFFENDERS.rank(names(one)) < OFFENDERS.rank(names(other))


@pytest.mark.parametrize(("conflict", "likely"), [("acd", "a"), ("cd", "c"), ("de", "de"), ("abe", "ab")])
def test_certain_offenders_are_allowed_before_others_and_these_before_the_rest(conflict: str, likely: str) -> None:
    assert OFFENDERS.most_likely(names(conflict)) == names(likely)


def test_override_keeps_the_extras_that_were_asked_and_adds_its_own() -> None:
    there = wheel(requires=["x ; extra == 'x'", "y ; extra == 'y'"], extras=["x", "y"])
    projects = FakeProjects(
        {
            "app": {"1": [wheel(requires=["dep[x]<2"])]},
            "dep": {"2": [there]},
            "x": {"1": [wheel()]},
            "y": {"1": [wheel()]},
        }
    )
    found = picks(answer(projects, "app", overrides=["dep[y]==2"]))
    assert found == {"app": "1", "dep": "2", "x": "1", "y": "1"}
    assert picks(answer(projects, "app", overrides=["dep==2"])) == {"app": "1", "dep": "2", "x": "1"}


def test_conflict_names_the_users_own_requirements_on_the_project_and_no_others() -> None:
    projects = FakeProjects(
        {"a": {"1": [wheel(requires=["b<2"])]}, "b": {"1": [wheel()], "2": [wheel()]}, "c": {"1": [wheel()]}}
    )
    found = answer(projects, "a", "b>=2", "c")
    assert isinstance(found, Conflict)
    (clash,) = found.clashes
    assert clash.name == "b"
    assert sorted(str(each) for each in clash.requirements) == ["b<2", "b>=2"]


def test_target_on_which_a_release_has_no_file_is_not_answered_by_that_of_another() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel()], "2": [wheel("cp311-cp311-win_amd64")], "3": [sdist(purity="native")]},
            "b": {"1": [wheel(requires=["a"])]},
        }
    )
    cache = ResolutionCache(projects)
    for platform, version in (
        ("win_amd64", "2"),
        ("manylinux_2_28_x86_64", "1"),
        ("macosx_13_0_arm64", "1"),
        ("win_amd64", "2"),
    ):
        question = Question(
            requirements=(asked("b"),), target=parse_target(platform, "3.11"), policy=Policy(allowed=WHEELS)
        )
        assert picks(cache.resolve(question)) == {"a": version, "b": "1"}


@pytest.mark.parametrize(("new", "is_ahead"), [(1, False), (2, True), (3, True)])
def test_reading_ahead_begins_when_waits_are_many_for_what_is_at_hand(new: int, is_ahead: bool) -> None:
    """Page and metadata of each of some *new* projects, which lead to one another, are waited for; 300 others are at hand."""
    others = [f"p{number}" for number in range(300)]
    chain = {
        f"n{number}": {"1": [wheel(requires=[f"n{number + 1}"] if number < new else [])]}
        for number in range(1, new + 1)
    }
    projects = FakeProjects({**{each: {"1": [wheel()]} for each in others}, **chain})
    answer(projects, *others)
    projects.calls.clear()
    assert len(picks(answer(projects, *others, "n1"))) == 300 + new
    assert (projects.count("prefetch_pages") > 0) is is_ahead


CHAIN_OF_BLOCKERS = FakeProjects(
    {
        "plugin": {"1": [wheel()], "2": [sdist(purity="native")]},
        "a": {"1": [wheel(requires=["n"])]},
        "n": {"1": [sdist(purity="native", requires=["m"])]},
        "m": {"1": [sdist(purity="native", requires=["k"])]},
        "k": {"1": [sdist(purity="native")]},
    }
)


def test_blockers_beyond_the_bound_are_put_together_in_a_few_steps_and_that_is_said() -> None:
    found = answer(CHAIN_OF_BLOCKERS, "plugin", "a", allowed=WHEELS, budget=Budget(blocker_rounds=1))
    assert isinstance(found, Conflict)
    assert found.natural is not None
    assert found.unnarrowed == "the search for the fewest ended at its limit of 1 rounds"
    assert {name: str(pin.version) for name, pin in found.natural.pins.items()} == dict.fromkeys("akmn", "1") | {
        "plugin": "1"
    }
    whole = answer(CHAIN_OF_BLOCKERS, "plugin", "a", allowed=WHEELS)
    assert isinstance(whole, Conflict)
    assert (whole.unnarrowed, whole.natural and whole.natural.pins) == ("", found.natural.pins)


def test_search_for_blockers_that_time_ends_says_so() -> None:
    said = set()
    for seconds in range(1, 60):
        ticks = count()
        budget = Budget(seconds=seconds, clock=lambda ticks=ticks: float(next(ticks)))  # type: ignore[misc]
        found = answer(CHAIN_OF_BLOCKERS, "plugin", "a", allowed=WHEELS, budget=budget)
        assert isinstance(found, Conflict)
        said.add(found.unnarrowed)
    assert said == {"", "it was not looked into", "the search for the fewest ended at its time limit"}


@pytest.mark.parametrize(("address", "is_allowed"), [("file:///srv/wheels/", True), ("https://files.example/", False)])
def test_only_a_file_of_this_machine_may_ask_for_another_one(address: str, is_allowed: bool) -> None:
    """By its own address, and by that under which an index lists it."""

    class Placed(FakeProjects):
        def _build_page(self, name: NormalizedName) -> ProjectPage:
            page = super()._build_page(name)
            there = {
                version: tuple(replace(file, at=replace(file.at, url=f"{address}{file.filename}")) for file in files)
                for version, files in page.distributions.items()
            }
            return replace(page, distributions=there)

    other = "file:///srv/b-1-py3-none-any.whl"
    needing = wheel(requires=[f"b @ {other}"])
    url = f"{address}a-1-py3-none-any.whl"
    projects = Placed(
        {"a": {"1": [needing]}},
        links={other: ("b-1-py3-none-any.whl", wheel()), url: ("a-1-py3-none-any.whl", needing)},
    )
    for text in ("a", f"a @ {url}"):
        found = answer(projects, text)
        assert (isinstance(found, Resolution) and sorted(found.pins) == ["a", "b"]) is is_allowed
    # What the user names too, a file from elsewhere may ask for as well.
    assert sorted(picks(answer(projects, "a", f"b @ {other}"))) == ["a", "b"]


def test_file_that_was_named_and_leads_nowhere_is_not_tried_again() -> None:
    url = "https://files.example/a-1-py3-none-any.whl"
    projects = FakeProjects(
        {"b": {str(number): [wheel(requires=["c>=9"])] for number in (1, 2)}, "c": {"1": [wheel()]}},
        links={url: ("a-1-py3-none-any.whl", wheel(requires=["b"]))},
    )
    found = answer(projects, f"a @ {url}", budget=Budget(rounds=100))
    assert isinstance(found, Conflict)
    assert not found.budget_spent
    assert found.rounds < 10


def test_project_that_asks_for_its_own_extra_has_no_edge_to_itself() -> None:
    projects = FakeProjects(
        {"a": {"1": [wheel(requires=["a[x]", "b; extra == 'x'"], extras=["x"])]}, "b": {"1": [wheel(requires=["a"])]}}
    )
    found = answer(projects, "a")
    assert isinstance(found, Resolution)
    assert [(edge.parent, edge.child) for edge in found.edges] == [(None, "a"), ("a", "b"), ("b", "a")]


def test_the_way_to_a_clash_through_an_extra_names_the_project_once() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["b[x]"])]},
            "b": {"1": [wheel(requires=["c<2; extra == 'x'"], extras=["x"])]},
            "own": {"1": [wheel(requires=["own[x]", "c<2; extra == 'x'"], extras=["x"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
        }
    )
    for asked_for, way in (("a", ("a", "b==1", "c<2; extra == 'x'")), ("own", ("own", "c<2; extra == 'x'"))):
        found = answer(projects, asked_for, "c>=2")
        assert isinstance(found, Conflict)
        (clash,) = found.clashes
        assert clash.paths == (("c>=2",), way)


def test_projects_that_never_fit_are_told_by_their_bounds_and_not_by_what_another_version_lacks() -> None:
    numbers = [str(number) for number in range(1, 5)]
    projects = FakeProjects(
        {
            "a": {each: [wheel(requires=["c>=2"])] for each in numbers},
            "b": {each: [wheel(requires=["middle"])] for each in numbers},
            "middle": {each: [wheel(requires=["c<2"])] for each in numbers},
            "c": {"1": [wheel()], "2": [wheel()], "3": [wheel(requires=["absent>=5"])]},
            "absent": {"1": [wheel()]},
        }
    )
    found = answer(projects, "a", "b")
    assert isinstance(found, Conflict)
    assert found.rounds > 100  # so that it was found out which versions can be part of no answer
    (clash,) = found.clashes
    assert clash.name == "c"
    assert {str(each) for each in clash.requirements} == {"c<2", "c>=2"}


def test_version_whose_metadata_ask_for_a_repository_is_missing_and_that_is_said() -> None:
    projects = FakeProjects(
        {"a": {"1": [wheel(requires=["b @ git+https://git.example/b", "c"])]}, "c": {"1": [wheel()]}}
    )
    found = answer(projects, "a")
    assert isinstance(found, Conflict)
    assert found.natural is not None
    (pin,) = (each for each in found.natural.pins.values() if each.name == "a")
    assert pin.evidence == ("its metadata asks for what is no file of an index: b @ git+https://git.example/b",)
