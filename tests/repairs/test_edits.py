"""Edits by themselves: what they say of the bounds that they pass over, and which versions are left of theirs."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.resolver.test_passes import asked
from wheelcheck.repairs.edits import Added, AsOf, Constrained, Overridden, Repinned, key_of

AV = canonicalize_name("av")
VERSIONS = tuple(map(Version, ("3.0", "2.0", "4.0", "1.0", "5.0")))


@pytest.mark.parametrize(
    ("version", "before", "reason"),
    [
        (None, "<3 and <2", "app 1, web 2"),
        ("1.0", "<3 and <2", "app 1, web 2"),
        ("2.5", "<2", "web 2"),
        ("2.5rc1", "<2", "web 2"),
        ("3.0", "<3 and <2", "app 1, web 2"),
    ],
)
def test_override_names_the_bounds_that_it_passes_over(version: str | None, before: str, reason: str) -> None:
    declared = (("app 1", "<3"), ("web 2", "<2"))
    change = Overridden(name=AV, candidates=(), declared=declared).settled(Version(version) if version else None)
    assert (change.moved, change.reason) == ((before, f"=={version}" if version else ""), reason)


@pytest.mark.parametrize(
    ("version", "count", "left"),
    [
        ("2.0", 1, ["3.0", "4.0", "5.0"]),
        ("2.0", 2, ["4.0", "5.0"]),
        ("2.0", 3, ["5.0"]),
        ("2.0", 4, ["5.0"]),
        ("3.0", 1, ["4.0", "5.0"]),
        ("5.0", 1, []),
        ("0.5", 1, ["3.0", "2.0", "4.0", "1.0", "5.0"]),
    ],
)
def test_later_versions_are_left_without_the_next(version: str, count: int, left: list[str]) -> None:
    change = Repinned(name=AV, candidates=VERSIONS, version=Version("1.0")).later_than(Version(version), count)
    assert ([str(each) for each in change.candidates], change.version) == (left, None)


def test_version_may_be_one_of_those_that_are_listed_or_any() -> None:
    listed, any_version = (Repinned(name=AV, candidates=each) for each in (VERSIONS, ()))
    assert (listed.may_be(Version("2.0")), listed.may_be(Version("2.5")), any_version.may_be(Version("2.5"))) == (
        True,
        False,
        True,
    )


def test_day_counts_itself() -> None:
    assert AsOf(value="2023-12-31", before="").cutoff == "2024-01-01T00:00:00Z"


def test_what_breaks_less_costs_less() -> None:
    changes = [
        Constrained(bound=asked("av<2")),
        Added(wanted=asked("six")),
        Repinned(name=AV, candidates=()),
        AsOf(value="2023-12-31", before=""),
        Overridden(name=AV, candidates=()),
    ]
    assert [change.cost for change in changes] == [5, 7, 40, 50, 80]
    assert len({key_of(change) for change in changes}) == len(changes)
