"""The gate's formats for ``diff``: what is new is there, what was there before is not, and what could not be compared is told."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from tests.fakes import checks
from tests.report.html.pages import difference
from tests.report.test_difference import difference as hostile_difference
from wheelcheck.model.check import CheckedTarget, ComparedFinding, Difference, FindingState
from wheelcheck.report.difference_document import new_findings
from wheelcheck.report.formats import formats_of

FORMATS = {name: row for name, row in formats_of("diff").items() if name in ("sarif", "github", "junit", "gitlab")}


def with_states(state: FindingState) -> Difference:
    """The difference in which every finding is of *state*."""
    found = difference()
    targets = (
        replace(
            each, findings=tuple(ComparedFinding(state=state, judged=compared.judged) for compared in each.findings)
        )
        for each in found.targets
    )
    return replace(found, targets=tuple(targets))


def test_the_gates_machine_formats_are_those_of_diff_too() -> None:
    assert list(FORMATS) == ["sarif", "github", "junit", "gitlab"]


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_new_is_told_and_what_stays_or_is_gone_is_not(name: str) -> None:
    assert "av 11.0.0 has no wheel for win_amd64" in FORMATS[name].render(difference())
    for state in (FindingState.STAYS, FindingState.GONE):
        assert "av 11.0.0 has no wheel" not in FORMATS[name].render(with_states(state))


def test_the_status_is_that_of_the_new_findings() -> None:
    assert new_findings(difference()).exit_status == 1
    assert new_findings(with_states(FindingState.STAYS)).exit_status == 0


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_target_of_which_one_side_has_no_answer_is_not_told_as_passing(side: str) -> None:
    found = difference()
    failed = CheckedTarget(target=checks.WINDOWS, plan=None, failure="the index did not answer")
    undecided = replace(found, targets=(replace(found.targets[0], **{side: failed}), found.targets[1]))
    [suite, _] = ElementTree.fromstring(FORMATS["junit"].render(undecided))  # noqa: S314 - our own
    assert suite.get("errors") == "1"
    assert f"{side}: the index did not answer" in ElementTree.tostring(suite, encoding="unicode")
    assert new_findings(undecided).exit_status == 3


def test_each_format_is_read_by_its_own_reader() -> None:
    [run] = json.loads(FORMATS["sarif"].render(difference()))["runs"]
    assert {result["ruleId"] for result in run["results"]} >= {"WC102"}
    assert [each["check_name"] for each in json.loads(FORMATS["gitlab"].render(difference()))][:1] == ["WC102"]
    assert FORMATS["github"].render(difference()).startswith("::error ")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_can_be_written(name: str, text: str) -> None:
    written = FORMATS[name].render(hostile_difference(text=text))
    written.encode()
    assert not set(written) & ({chr(code) for code in range(0x20)} - {"\n"})
    assert "secret" not in written
