"""What is one trial and what are two."""

from __future__ import annotations

from tests.fakes.projects import wheel
from tests.repairs.questions import CommandLine, Situation, the_one
from tests.repairs.situations import WIN, advisory, native


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
