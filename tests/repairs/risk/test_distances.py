"""How far apart two versions are: the words and the risk at each border, on both sides of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.projects import FakeProjects, wheel
from tests.repairs.risk.cases import CannedCode, edit, proved
from tests.resolver.test_passes import answer
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import EditKind, Risk
from wheelcheck.repairs.repair_case import (
    Distance,
    RepairCase,
    declared_start,
    distance_of,
    span_words,
    specifier_of,
)

YEAR = timedelta(days=365.25)
SECOND = timedelta(seconds=1)
LOW, MEDIUM, HIGH = Risk.LOW, Risk.MEDIUM, Risk.HIGH


def distance(before: str, after: str, time: timedelta | None = None, between: int = 0) -> Distance:
    return Distance(before=Version(before), after=Version(after), time=time, between=between)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.9, ""),
        (1, "1 day"),
        (2, "2 days"),
        (59, "59 days"),
        (60, "2 months"),
        (91, "3 months"),
        (730, "24 months"),
        (731, "2 years"),
        (1000, "2.7 years"),
        (36525, "100 years"),
    ],
)
def test_span_is_said_in_days_then_months_then_years(days: float, words: str) -> None:
    assert span_words(timedelta(days=days)) == words


@pytest.mark.parametrize(
    ("before", "after", "time", "risk", "own"),
    [
        ("1.2", "1.3", None, LOW, LOW),
        ("1.2", "1.3", YEAR, LOW, LOW),
        ("1.2", "1.3", YEAR + SECOND, MEDIUM, MEDIUM),
        ("1.3", "1.2", -YEAR, LOW, LOW),
        ("1.3", "1.2", -YEAR - SECOND, MEDIUM, MEDIUM),
        ("1.2", "1.3", 3 * YEAR, MEDIUM, MEDIUM),
        ("1.2", "1.3", 3 * YEAR + SECOND, HIGH, MEDIUM),
        ("1.3", "1.2", -3 * YEAR - SECOND, HIGH, MEDIUM),
        ("0.2", "0.3", None, MEDIUM, LOW),
        ("0.2", "0.4", None, MEDIUM, LOW),
        ("0.2.1", "0.2.2", None, LOW, LOW),
        ("1.0", "1.1", None, LOW, LOW),
        ("1.0", "2.0", None, MEDIUM, MEDIUM),
        ("2.0", "1.0", None, MEDIUM, MEDIUM),
        ("1.0", "3.0", None, HIGH, MEDIUM),
        ("3.0", "1.0", None, HIGH, MEDIUM),
        ("0.9", "1.0", None, MEDIUM, MEDIUM),
        ("1990.1", "1991.1", YEAR, LOW, LOW),
        ("1990.1", "1991.1", YEAR + SECOND, MEDIUM, MEDIUM),
        ("1990.1", "1991.1", None, MEDIUM, LOW),
        ("1989.1", "1989.2", None, LOW, LOW),
        ("1989.1", "1990.1", None, HIGH, MEDIUM),
        ("2023.1", "2025.1", None, MEDIUM, LOW),
        ("5.1", "2023.1", SECOND, HIGH, MEDIUM),
        ("2.0", "1!1.0", SECOND, HIGH, MEDIUM),
        ("1!1.0", "2.0", SECOND, HIGH, MEDIUM),
        ("1!1.0", "1!1.1", SECOND, LOW, LOW),
    ],
)
def test_risk_of_a_distance_at_each_border(
    before: str, after: str, time: timedelta | None, risk: Risk, own: Risk
) -> None:
    found = distance(before, after, time)
    assert (found.risk, found.own_risk) == (risk, own)


@pytest.mark.parametrize(("between", "risk"), [(19, LOW), (20, MEDIUM), (21, MEDIUM)])
def test_many_releases_between_are_no_low_risk(between: int, risk: Risk) -> None:
    found = distance("1.2.0", "1.2.9", SECOND, between)
    assert (found.risk, found.own_risk) == (risk, risk)


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("1.2.3", "3.2.3", ("major", 2)),
        ("3.2.3", "1.9.3", ("major", 2)),
        ("1.2.3", "1.5.0", ("minor", 3)),
        ("1.5.3", "1.2.9", ("minor", 3)),
        ("1.2.3", "1.2.7", ("patch", 4)),
        ("1.2.3.1", "1.2.3.9", ("patch", 1)),
        ("1.2.3", "1.2.3.post1", ("", 0)),
        ("1.2", "2023.1", ("major", 2)),
        ("9.0", "1!1.0", ("major", 2)),
    ],
)
def test_step_is_the_first_number_that_differs(before: str, after: str, step: tuple[str, int]) -> None:
    assert distance(before, after).step == step


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (distance("1.0", "2.0"), "one major version newer"),
        (distance("2.0", "1.0"), "one major version older"),
        (distance("1.0", "4.0"), "3 major versions newer"),
        (distance("1.0", "1.2", timedelta(days=10)), "2 minor versions, 10 days newer"),
        (distance("1.2", "1.0", -timedelta(days=10)), "2 minor versions, 10 days older"),
        (distance("1.2", "1.0", timedelta(days=10)), "2 minor versions older, released 10 days later"),
        (distance("1.0", "1.2", -timedelta(days=10)), "2 minor versions newer, released 10 days earlier"),
        (distance("1.0", "1.2", timedelta(hours=2)), "2 minor versions newer"),
        (distance("1.0", "1.0.post1"), "the same release newer"),
        (distance("1.0.post1", "1.0"), "the same release older"),
        (distance("1.0", "1.0+cpu", timedelta(days=10)), "another build of the same version"),
        (distance("1.0+cpu", "1.0", timedelta(days=10), 30), "another build of the same version"),
        (distance("2023.1", "2024.1", timedelta(days=10)), "10 days newer"),
        (distance("2023.1", "2024.1"), "newer"),
        (distance("2024.1", "2023.1", timedelta(days=10)), "older, released 10 days later"),
        (distance("5.0", "2024.1", timedelta(days=10)), "another numbering of versions, 10 days newer"),
        (distance("1.0", "1.1", between=19), "one minor version newer"),
        (distance("1.0", "1.1", between=20), "one minor version and 20 releases between newer"),
        (distance("2023.1", "2024.1", timedelta(days=10), 25), "10 days newer"),
    ],
)
def test_distance_in_words(found: Distance, words: str) -> None:
    assert str(found) == words


# What a case knows of versions

LIB = FakeProjects(
    {
        "app": {"1": [wheel(requires=["lib"])]},
        "lib": {
            "1.0": [wheel(upload_time="2020-01-01T00:00:00Z")],
            "1.5rc1": [wheel(upload_time="2021-01-01T00:00:00Z")],
            "2.0": [wheel(upload_time="2022-01-01T00:00:00Z")],
            "3.0": [
                wheel("cp311-cp311-win_amd64", upload_time="2024-02-01T00:00:00Z"),
                wheel(upload_time="2024-01-01"),
            ],
            "4.0": [wheel(upload_time=None)],
        },
    }
)


LIB_NAME = canonicalize_name("lib")


def case(before: str = "lib==4.0", after: str = "lib==1.0") -> RepairCase:
    return RepairCase(
        edits=(),
        before=proved(answer(LIB, "app", before)),
        after=proved(answer(LIB, "app", after)),
        projects=LIB,
        code=CannedCode(),
        knowledge=RepairKnowledge(),
    )


@pytest.mark.parametrize(
    ("before", "after", "days", "between"),
    [
        ("1.0", "3.0", 1461, 1),
        ("3.0", "1.0", -1461, 1),
        ("1.0", "2.0", 731, 0),
        ("1.0", "4.0", None, 2),
        ("4.0", "1.0", None, 2),
    ],
)
def test_distance_counts_final_releases_between_and_the_days_from_first_file_to_first_file(
    before: str, after: str, days: int | None, between: int
) -> None:
    found = distance_of(case(), LIB_NAME, Version(before), Version(after))
    assert found.time == (None if days is None else timedelta(days=days))
    assert found.between == between


@pytest.mark.parametrize(
    ("declared", "chosen", "start"),
    [
        ("<5", "1.0", "4.0"),  # what an installer takes today
        ("<4", "1.0", "1.0"),
        (">=2,<4", "1.0", "2.0"),
        (">=2,<4", "4.0", "3.0"),
        (">=2,<4", "3.0", "3.0"),
        ("==9.*", "1.0", "9"),
        ("==2.0,==3.0", "9.0", "3.0"),
        ("", "1.0", "4.0"),
        ("lib==2.0", "1.0", "2.0"),
        ("2.0", "1.0", "2.0"),
        ("===2.0-odd", "1.0", None),
        ("any [thing]", "4.0", None),
    ],
)
def test_move_begins_at_the_end_of_what_was_declared_that_faces_the_chosen_version(
    declared: str, chosen: str, start: str | None
) -> None:
    found = declared_start(case(), edit(EditKind.OVERRIDE, "lib", declared), LIB_NAME, Version(chosen))
    assert found == (Version(start) if start is not None else None)


def test_bound_is_read_from_a_specifier_a_requirement_or_a_version() -> None:
    texts = ["==1.0", "av==1.0", "1.0", "", "any thing"]
    assert [str(specifier_of(text)) for text in texts] == ["==1.0", "==1.0", "==1.0", "", ""]
