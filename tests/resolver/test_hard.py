"""Inputs on which the search must go back through hundreds of versions: guarded by counts, which are exact."""

from __future__ import annotations

from tests.fakes.projects import FakeProjects, wheel
from tests.resolver.test_passes import answer, picks
from wheelcheck.model.resolution import Conflict, Resolution
from wheelcheck.resolver.question import Budget

MINORS = 25
PATCHES = 20


def moving_together(*, old: int) -> FakeProjects:
    """Two projects with 500 releases on the same days, of which the upper asks for the same minor of the lower.

    Only the *old* first minors of the lower one take an old ``http``: the shape of a cloud's client library and its core.
    """
    upper, lower = {}, {}
    for minor in range(MINORS):
        http = "http>=1.20,<1.26" if minor < old else "http>=1.25.4,<3"
        for patch in range(PATCHES):
            version = f"1.{minor}.{patch}"
            upper[version] = [wheel(requires=[f"core>={version},<1.{minor + 1}", "paths", "transfer"])]
            lower[version] = [wheel(requires=[http, "paths"])]
    return FakeProjects(
        {
            "client": upper,
            "core": lower,
            "http": {version: [wheel()] for version in ("1.24", "1.25.2", "1.25.3", "1.25.4", "1.26.2", "2.2")},
            "paths": {str(each): [wheel()] for each in range(1, 6)},
            "transfer": {f"0.{each}": [wheel(requires=["core>=1.0"])] for each in range(1, 6)},
        }
    )


def test_answer_far_back_in_two_projects_that_move_together_takes_few_rounds() -> None:
    projects = moving_together(old=13)
    outcome = answer(projects, "client", "http<1.25.4")
    assert picks(outcome) == {"client": "1.12.19", "core": "1.12.19", "http": "1.25.3", "paths": "5", "transfer": "0.5"}
    assert isinstance(outcome, Resolution)
    assert outcome.rounds == 34
    # 240 newer ones of each are read to know that they are dead; what is read in vain stays a part of that.
    assert projects.count_fetched("metadata") == 607


def test_two_projects_that_move_together_and_never_fit_are_told_by_the_bounds_that_clash() -> None:
    outcome = answer(moving_together(old=0), "client", "http<1.25.4")
    assert isinstance(outcome, Conflict)
    assert not outcome.budget_spent
    assert outcome.rounds == 28
    (clash,) = outcome.clashes
    assert clash.name == "http"
    assert clash.paths == (("http<1.25.4",), ("client", "core==1.24.19", "http>=1.25.4,<3"))


def test_versions_that_clash_with_a_pin_of_the_user_are_passed_over_before_the_solver_asks() -> None:
    plugins = {
        f"plugin{n}": {str(version): [wheel(requires=[f"core>={version // 10}"])] for version in range(1, 60)}
        for n in range(3)
    }
    projects = FakeProjects(
        {
            "app": {"1": [wheel(requires=["core", *plugins])]},
            "core": {str(version): [wheel()] for version in range(1, 9)},
            **plugins,
        }
    )
    outcome = answer(projects, "app", "core==3")
    assert picks(outcome) == {"app": "1", "core": "3", "plugin0": "39", "plugin1": "39", "plugin2": "39"}
    for name in plugins:
        tried = [f"{name}-{version}-py3-none-any.whl" for version in range(39, 60)]
        assert all(projects.calls["prefetch_metadata", filename] for filename in tried)
    # 21 are needed of each plugin, and as many at most are fetched in vain.
    assert projects.count_fetched("metadata") == 122


def test_versions_that_fail_with_an_extra_are_fetched_together_too() -> None:
    fast = {str(version): [wheel(requires=['missing>1; extra == "fast"'], extras=["fast"])] for version in range(2, 60)}
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["d"], extras=["fast"])], **fast},
            "d": {"1": [wheel()]},
            "missing": {"1": [wheel()]},
        }
    )
    assert picks(answer(projects, "a[fast]")) == {"a": "1", "d": "1"}
    assert sum(projects.calls["prefetch_metadata", f"a-{version}-py3-none-any.whl"] for version in range(2, 60)) >= 50


def test_budget_is_held_while_versions_are_looked_at_before_they_are_tried() -> None:
    ticks = iter(range(10_000))
    budget = Budget(seconds=400, clock=lambda: float(next(ticks)))
    outcome = answer(moving_together(old=3), "client", "http<1.25.4", budget=budget)
    assert isinstance(outcome, Conflict)
    assert outcome.budget_spent
    assert next(ticks) < 420


def test_hard_answer_is_the_same_whatever_was_read_before() -> None:
    projects = moving_together(old=13)
    first = answer(projects, "client", "http<1.25.4")
    assert answer(projects, "client", "http<1.25.4") == first


def test_file_that_is_named_directly_serves_bounds_that_nothing_on_the_index_does() -> None:
    # After the rejections of w "b>=2" would be known as a dead end, were it not for the file that z names.
    url = "https://files.example/b-2.0-py3-none-any.whl"
    projects = FakeProjects(
        {
            "z": {"1": [wheel(requires=[f"b @ {url}"])]},
            "w": {str(version): [wheel(requires=["d<5" if version > 9 else "d"])] for version in range(1, 80)},
            "a": {"1": [wheel(requires=["b>=2"])]},
            "b": {"1.0": [wheel()]},
            "d": {str(version): [wheel()] for version in range(1, 9)},
        },
        links={url: ("b-2.0-py3-none-any.whl", wheel())},
    )
    outcome = answer(projects, "z", "w", "a", "d>=5")
    assert picks(outcome) == {"a": "1", "b": "2.0", "d": "8", "w": "9", "z": "1"}
