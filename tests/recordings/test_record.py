"""The recording command, on an index in memory."""

from __future__ import annotations

from fixtures.record import SCENARIOS, iter_questions, record, requirements_of
from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.recordings import parse_recording


def test_a_scenario_is_recorded_with_all_that_its_questions_touch() -> None:
    asked = {
        each.name: {"1.0": [wheel(requires=["dep; sys_platform == 'win32'"]), sdist()], "0.9": [wheel()]}
        for each in requirements_of("vibebells")
    }
    live = FakeProjects(asked | {"dep": {"1": [sdist(purity="pure")]}})
    recording = parse_recording(record("vibebells", live))
    assert set(recording.pages) == {"dep", *asked}
    assert {"flask-1.0-py3-none-any.whl", "flask-0.9-py3-none-any.whl"} <= recording.metadata.keys()
    assert "dep-1.tar.gz" in recording.sources


def test_every_scenario_has_requirements_and_questions_that_parse() -> None:
    for scenario, asked in SCENARIOS.items():
        assert requirements_of(scenario)
        assert all(list(iter_questions(scenario, each)) for each in asked)
