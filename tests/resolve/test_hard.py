"""Inputs on which the search must go back through hundreds of versions: guarded by counts, which are exact."""

from __future__ import annotations

from tests.fakes.projects import FakeProjects, wheel
from tests.resolve.test_passes import answer, picks
from wheelcheck.model import Conflict, Resolution

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
