"""GitLab's Code Quality report: the keys that its documentation requires, and fingerprints that tell entries apart."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from tests.fakes import checks, samples
from wheelcheck.model.check import Check, Verdict
from wheelcheck.report.check.services import render_gitlab

EVERY = checks.every_check()
# As documented under "Code Quality report format".
REQUIRED = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "pattern": r"^(?!\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def entries(check: Check) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(render_gitlab(check))
    jsonschema.Draft202012Validator(REQUIRED).validate(read)
    fingerprints = [entry["fingerprint"] for entry in read]
    assert len(set(fingerprints)) == len(fingerprints)
    return read


@pytest.mark.parametrize("word", EVERY)
def test_every_answer_has_the_required_keys(word: str) -> None:
    entries(EVERY[word])


@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_has_the_required_keys(text: str) -> None:
    assert all("\n" not in entry["description"] for entry in entries(checks.hostile(text)))


def test_severity_says_what_the_gate_makes_of_it() -> None:
    assert [entry["severity"] for entry in entries(checks.failing())] == ["critical", "minor"]
    assert [entry["severity"] for entry in entries(checks.known())] == ["critical", "info"]
    assert [entry["severity"] for entry in entries(checks.index_failed())] == ["blocker"]


def test_a_finding_keeps_its_fingerprint_when_its_line_or_verdict_changes() -> None:
    found = [
        entries(checks.answer(checks.checked(checks.WINDOWS, samples.blocked_plan(), [judged])))[0]["fingerprint"]
        for judged in (
            checks.judged(samples.AV, Verdict.FAILS),
            checks.judged(samples.AV, Verdict.KNOWN),
            checks.judged(samples.AV, Verdict.FAILS, origin=replace(checks.AUDIOCRAFT_LINE, line=9)),
        )
    ]
    assert len(set(found)) == 1


def test_every_place_has_its_own_entry() -> None:
    places = [(entry["location"]["path"], entry["location"]["lines"]["begin"]) for entry in entries(checks.locked())]
    assert places == [("sub dir/uv.lock", 98), ("sub dir/uv.lock", 120), ("locks/Pipfile.lock", 1)]


def test_what_nobody_wrote_in_a_file_points_at_the_first_input() -> None:
    assert entries(checks.failing())[1]["location"] == {"path": "requirements.txt", "lines": {"begin": 1}}
