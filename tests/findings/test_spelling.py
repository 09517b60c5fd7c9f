"""What a misspelt name was meant to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName, canonicalize_name

from tests.fakes.projects import FakeProjects, wheel
from tests.findings.test_findings import findings, only
from wheelcheck.findings.chosen import near_projects, slips
from wheelcheck.knowledge.loading import load_well_known
from wheelcheck.model.finding import Code


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("pstuil", "psutil"), ("reqeusts", "requests"), ("numpyy", "numpy"), ("scikitlearn", "scikit-learn"), ("yaml", "pyyaml"),
        ("cv2", "opencv-python"), ("PIL", "pillow"), ("crypto", "pycryptodome"), ("skimage", "scikit-image"),
        ("beautifulsoup", "beautifulsoup4"), ("opencv", "opencv-python"), ("dotenv", "python-dotenv"),
        ("flask-sqlalchmey", "flask-sqlalchemy"),
    ],
)  # fmt: skip
def test_well_known_project_is_found_by_its_misspelt_name_or_its_module(written: str, meant: str) -> None:
    assert near_projects(canonicalize_name(written), ())[0] == meant


def test_other_names_of_the_question_come_before_well_known_ones() -> None:
    own = canonicalize_name("my-own-library")
    assert near_projects(canonicalize_name("my-own-libary"), (own,)) == (own,)


def test_nothing_is_near_a_name_that_is_like_no_other() -> None:
    assert near_projects(canonicalize_name("zzqxw-internal-thing"), ()) == ()


@pytest.mark.parametrize(
    ("name", "distance"), [("abcd", 0), ("abdc", 1), ("abc", 1), ("abxd", 1), ("abcde", 1), ("badc", 2), ("xyz", 3)]
)
def test_slips_are_letters_put_in_left_out_replaced_and_swapped(name: str, distance: int) -> None:
    assert slips("abcd", name, 2) == distance


@given(st.text("ab-", max_size=6), st.text("ab-", max_size=6))
def test_slips_count_the_same_both_ways_and_none_for_the_same(first: str, second: str) -> None:
    assert slips(first, second, 2) == slips(second, first, 2)
    assert (slips(first, second, 2) == 0) == (first == second)


def test_names_that_ship_are_normal_and_each_stands_once() -> None:
    names = load_well_known()
    assert len(set(names)) == len(names) >= 1000
    assert all(name == canonicalize_name(name, validate=True) for name in names)


def test_project_that_is_meant_is_told_where_an_index_has_it() -> None:
    absent: NormalizedName = canonicalize_name("pstuil")
    there = FakeProjects({"psutil": {"1": [wheel()]}})
    assert (
        only(findings(there, absent), Code.PROJECT_ABSENT).message
        == "pstuil was not found on any index; psutil is meant?"
    )
    assert only(findings(FakeProjects({}), absent), Code.PROJECT_ABSENT).message == "pstuil was not found on any index"
