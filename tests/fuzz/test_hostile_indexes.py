"""Indexes that misbehave, a few of those that ``python -m tests.fuzz --indexes N`` has: no run hangs, swells, or ends as a bug."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("what a child used is told by POSIX", allow_module_level=True)

from tests.fuzz.hostile_indexes import iter_names, run_against


@pytest.mark.parametrize(
    ("fault", "place", "pages"),
    [
        ("redirect to port 99999", "file", "json"),
        ("range of 5,000 digits", "file", "html"),
        ("drip", "page", "html"),
        ("gzip bomb", "page", "json"),
        ("cycle of 1,000", "", "json"),
        ("metadata of 10 MB", "", "json"),
    ],
)
def test_run_against_an_index_that_misbehaves_ends_as_documented(fault: str, place: str, pages: str) -> None:
    assert run_against(fault, place, pages).wrong == ""


def test_there_are_more_than_500_runs_and_no_two_are_alike() -> None:
    names = list(iter_names())
    assert len(set(names)) == len(names) > 500
