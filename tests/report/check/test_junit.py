"""JUnit XML: read by a consumer."""

from __future__ import annotations

import junitparser
import pytest

from tests.fakes import checks
from wheelcheck.model.check import Check
from wheelcheck.report.check.services import render_junit

EVERY = checks.every_check()


def suites(check: Check) -> list[junitparser.TestSuite]:
    """The suites as junitparser reads them, with counts that it finds itself."""
    read = junitparser.JUnitXml.fromstring(render_junit(check).encode())
    found = [each for each in read if isinstance(each, junitparser.TestSuite)]
    assert stated(read) == tuple(sum(stated(suite)[column] for suite in found) for column in range(4))
    for suite in found:
        before = stated(suite)
        suite.update_statistics()  # type: ignore[no-untyped-call]
        assert stated(suite) == before
    return found


def stated(element: junitparser.JUnitXml | junitparser.TestSuite) -> tuple[int, ...]:
    return (int(element.tests), int(element.failures), int(element.errors), int(element.skipped))


@pytest.mark.parametrize("word", EVERY)
def test_there_is_a_suite_for_each_target_and_none_is_empty(word: str) -> None:
    found = suites(EVERY[word])
    assert [suite.name for suite in found] == [str(checked.target) for checked in EVERY[word].targets]
    assert all(suite.tests for suite in found)


@pytest.mark.parametrize("word", EVERY)
def test_names_of_cases_are_unique_in_a_suite(word: str) -> None:
    for suite in suites(EVERY[word]):
        names = [case.name for case in suite]
        assert len(set(names)) == len(names)


def test_what_fails_is_a_failure_with_its_repair() -> None:
    windows, linux = suites(checks.failing())
    first = next(iter(windows))
    [failure] = first.result
    assert isinstance(failure, junitparser.Failure)
    assert (first.name, failure.type) == ("WC102 av 11.0.0", "WC102")
    assert "--override av==12.0.0" in failure.text
    assert (windows.failures, linux.failures, linux.tests) == (1, 0, 1)


def test_allowed_and_known_findings_are_skipped() -> None:
    [case] = [case for suite in suites(checks.allowed()) for case in suite]
    [skipped] = case.result
    assert isinstance(skipped, junitparser.Skipped)
    assert skipped.message == "allowed: We build it ourselves, see the wiki."
    assert [suite.skipped for suite in suites(checks.known())] == [1]


@pytest.mark.parametrize("word", ["undecided", "index-failed"])
def test_what_is_not_known_is_an_error(word: str) -> None:
    assert sorted(suite.errors for suite in suites(EVERY[word])) == [0, 1]


@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_stays_text(text: str) -> None:
    windows, linux = suites(checks.hostile(text))
    assert (windows.tests, windows.failures, windows.skipped, linux.errors) == (3, 1, 2, 1)
