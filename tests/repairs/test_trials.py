"""Which trials are made, and which version of a project they settle on where several would do."""

from __future__ import annotations

from tests.fakes.projects import wheel
from tests.repairs.questions import CommandLine, Situation, commands, the_one
from tests.repairs.situations import WIN, advisory, app, native


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
