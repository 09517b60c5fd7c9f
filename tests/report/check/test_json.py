"""The answer as JSON: its published schema, and that nothing of the answer is missing."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.fakes import checks
from wheelcheck.plans.documents import PlanDocument
from wheelcheck.report.check.document import CheckDocument, render_json
from wheelcheck.report.documents import json_schema

EVERY = checks.every_check()


def document(word: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(render_json(EVERY[word]))
    return read


def objects(schema: object) -> list[dict[str, Any]]:
    """Every rule in *schema* that describes an object."""
    found = []
    if isinstance(schema, dict):
        if "properties" in schema:
            found.append(schema)
        found += [each for value in schema.values() for each in objects(value)]
    elif isinstance(schema, list):
        found += [each for value in schema for each in objects(value)]
    return found


def test_schema_is_itself_valid_and_describes_every_key() -> None:
    schema = json_schema(CheckDocument)
    jsonschema.Draft202012Validator.check_schema(schema)
    for rule in objects(schema):
        assert "description" in rule
        for key, value in rule["properties"].items():
            assert "description" in value or "$ref" in value, key


@pytest.mark.parametrize("word", EVERY)
def test_every_answer_is_valid_against_the_schema(word: str) -> None:
    jsonschema.Draft202012Validator(json_schema(CheckDocument)).validate(document(word))


@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_stays_valid(text: str) -> None:
    content = json.loads(render_json(checks.hostile(text)))
    assert content["schema"] == "wheelcheck.check/1"
    assert content["exit_status"] == 1


def test_schema_knows_every_key_that_is_written() -> None:
    closed = json.loads(json.dumps(json_schema(CheckDocument)))
    for rule in objects(closed):
        rule["additionalProperties"] = False
    for word in EVERY:
        jsonschema.Draft202012Validator(closed).validate(document(word))


def test_repairs_are_described_as_in_a_plan() -> None:
    own, plans = json_schema(CheckDocument)["$defs"], json_schema(PlanDocument)["$defs"]
    assert isinstance(own, dict)
    assert isinstance(plans, dict)
    for name in (
        "RepairDocument",
        "EditDocument",
        "VerificationDocument",
        "VersionMove",
        "Release",
        "Ground",
        "RepairSearch",
        "Unrepairable",
        "SuggestionDocument",
    ):
        assert own[name] == plans[name]


def test_each_finding_has_its_verdict_origin_and_allowance() -> None:
    [target] = document("allowed")["targets"]
    [finding] = target["findings"]
    assert finding["verdict"] == "allowed"
    assert finding["origin"] == {"kind": "file", "path": "requirements.txt", "line": 3}
    assert finding["allowance"]["reason"] == "We build it ourselves, see the wiki."
    assert document("allowed")["allowances"]["unused"][0]["package"] == "left-behind"


def test_targets_say_how_they_ended() -> None:
    assert [target["verdict"] for target in document("index-failed")["targets"]] == ["passes", "no answer"]
    assert [target["verdict"] for target in document("undecided")["targets"]] == ["undecided", "passes"]
