"""Small rules of the search, from both sides: how blockers rank, what an override keeps, what another target may take over."""

from __future__ import annotations

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.resolver.test_passes import WHEELS, answer, asked, picks
from wheelcheck.model.resolution import Conflict, Policy
from wheelcheck.resolver.blockers import Offenders
from wheelcheck.resolver.question import Question
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
