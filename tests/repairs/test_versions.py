"""Which version of a project is taken where several would do."""

from __future__ import annotations

from tests.fakes.projects import wheel
from tests.repairs.questions import CommandLine, Situation, commands
from tests.repairs.situations import WIN, app, native


def test_clash_with_the_users_pin_is_settled_on_the_nearest_version_that_serves_not_on_the_newest() -> None:
    situation = Situation(
        line=CommandLine(inputs=("lib==1.0", "app")),
        index={
            "app": app("lib>=1.1"),
            "lib": {"1.0": native(), "1.1": [wheel(WIN)], "2.0": [wheel(WIN)], "3.0": [wheel(WIN)]},
        },
    )
    assert commands(situation.proposals())[0] == "--replace lib==1.1"
