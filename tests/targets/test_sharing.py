"""What is worked out once for many targets comes out as if each had worked it out alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.projects import FakeProjects, sdist, wheel
from wheelcheck.model.distribution import Installability
from wheelcheck.model.resolution import Policy
from wheelcheck.model.target import Fit
from wheelcheck.targets.fitting import (
    Compatibility,
    fit_order,
    is_for_another_extra,
    kinds_of,
    names_extra,
    stated_for,
    stated_requirements,
)
from wheelcheck.targets.project_view import Admission, PageFacts, ProjectView
from wheelcheck.targets.targets import parse_target

TARGETS = tuple(
    parse_target(platform, python)
    for platform in ("win_amd64", "macosx_13_0_arm64", "manylinux_2_28_aarch64")
    for python in ("3.10", "3.12", "3.13t", "pp3.11")
)
COMPARISONS = st.sampled_from(
    (
        'sys_platform == "win32"',
        'python_version < "3.12"',
        'python_full_version >= "3.10.1"',
        'platform_machine != "arm64"',
        'platform_release == ""',
        'platform_python_implementation == "PyPy"',
        'implementation_version >= "3.11"',
        'extra == "a"',
        '"linux" in sys_platform',
        'os_name == "extra"',
    )
)
MARKERS = st.recursive(
    COMPARISONS,
    lambda inner: st.builds("({}) {} ({})".format, inner, st.sampled_from(("and", "or")), inner),
    max_leaves=4,
)
POLICY = Policy(allowed=frozenset({Installability.WHEEL}))


def evaluated_alone(marker: Marker, target_number: int, extra: str) -> bool:
    target = TARGETS[target_number]
    oldest = {"platform_release": "22.0.0"} if target.platform.startswith("macosx_13_") else {}
    return marker.evaluate({**dict.fromkeys(target.unknowable, ""), **oldest, **target.markers, "extra": extra})


@given(st.lists(st.tuples(MARKERS, st.integers(0, len(TARGETS) - 1), st.sampled_from(("", "a", "b"))), max_size=30))
def test_shared_outcome_of_a_marker_is_that_of_its_own_evaluation(asked: list[tuple[str, int, str]]) -> None:
    markers = {text: Marker(text) for text, _, _ in asked}
    for text, number, extra in asked:
        reading = Compatibility(TARGETS[number]).evaluate(markers[text], extra)
        assert reading.holds == evaluated_alone(markers[text], number, extra)


@given(MARKERS, st.sampled_from(("", "a", "b", "B")), st.integers(0, len(TARGETS) - 1))
def test_marker_for_another_extra_holds_nowhere_and_tells_nothing(text: str, extra: str, target: int) -> None:
    marker = Marker(text)
    reading = Compatibility(TARGETS[target]).evaluate(marker, extra)
    if is_for_another_extra(marker, extra):
        assert (reading.holds, reading.unknowable) == (False, frozenset())


@pytest.mark.parametrize(
    ("text", "extra", "expected"),
    [
        ('extra == "a"', "", True),
        ('python_version < "3.12" and extra == "a"', "b", True),
        ('extra == "A_a"', "a-a", False),
        ('extra == "a" or python_version < "3.12"', "", False),
        ('extra == "a" and platform_release == ""', "", False),
        ('python_version < "3.12"', "", False),
    ],
)
def test_marker_that_asks_for_one_extra_alone_is_for_no_other(text: str, extra: str, expected: bool) -> None:
    assert is_for_another_extra(Marker(text), extra) is expected


REQUIREMENTS = st.one_of(
    st.sampled_from(("b", "b>=1", "b @ https://index.example/b;extra=='a'", "b (>=1)", "b[more]===1")),
    st.builds("b>=1 ; {}".format, MARKERS),
    st.builds("b @ https://index.example/b.whl ; {}".format, MARKERS),
)


@given(st.lists(REQUIREMENTS, max_size=5).map(tuple), st.sampled_from(("", "a", "b")))
def test_requirements_left_out_unparsed_are_those_for_another_extra(requires: tuple[str, ...], extra: str) -> None:
    release = (canonicalize_name("p"), Version("1"))
    stated = stated_requirements(requires, *release)
    expected = tuple(each for each in stated if not is_for_another_extra(each.marker, extra))
    assert stated_for(requires, *release, extra) == expected


def test_requirement_for_another_extra_is_not_parsed() -> None:
    release = (canonicalize_name("p"), Version("1"))
    # Only a parser sees that the part before the marker is wrong.
    assert stated_for(("b>>1 ; extra == 'a'",), *release, "") == ()
    with pytest.raises(InvalidRequirement):
        stated_for(("b>>1 ; extra == 'a'",), *release, "a")


def test_only_a_marker_that_asks_for_an_extra_names_one() -> None:
    assert names_extra(Marker('python_version < "3.12" and extra == "a"'))
    assert not names_extra(Marker('python_version < "3.12"'))
    assert not names_extra(None)


def projects() -> FakeProjects:
    return FakeProjects(
        {"a": {"1.0": [wheel("cp312-cp312-win_amd64"), sdist()], "2.0": [wheel(yanked="")], "1.5": [sdist()]}}
    )


def test_each_target_has_its_own_judgement_of_a_page() -> None:
    page = projects().page(canonicalize_name("a"))
    for _ in range(2):
        found = [
            ProjectView(page, Admission(Compatibility(target), POLICY)).release(page.newest_first[-1]).has_wheel
            for target in TARGETS
        ]
        assert found == [str(target) == "win_amd64, Python 3.12" for target in TARGETS]


def test_each_policy_has_its_own_judgement_of_a_page() -> None:
    page = projects().page(canonicalize_name("a"))
    compatibility = Compatibility(TARGETS[1])
    early = Policy(allowed=POLICY.allowed, exclude_newer="2020-01-01T00:00:00Z")
    oldest = page.newest_first[-1]
    assert not ProjectView(page, Admission(compatibility, POLICY)).release(oldest).hidden
    assert ProjectView(page, Admission(compatibility, early)).release(oldest).hidden


def test_files_are_judged_once_for_who_resolves_and_who_explains() -> None:
    page = projects().page(canonicalize_name("a"))
    first, second = (ProjectView(page, Admission(Compatibility(TARGETS[0]), POLICY)) for _ in range(2))
    oldest = page.newest_first[-1]
    assert first.release(oldest) is second.release(oldest)


def test_a_shelf_tells_what_it_was_asked_for_and_not_what_another_was() -> None:
    # What a search looked at decides for which other targets its answer holds.
    page = projects().page(canonicalize_name("a"))
    first, second = (ProjectView(page, Admission(Compatibility(TARGETS[0]), POLICY)) for _ in range(2))
    newest, *_, oldest = page.newest_first
    first.release(oldest)
    second.release(newest)
    assert (set(first.judged), set(second.judged)) == ({oldest}, {newest})


def test_file_that_was_refused_before_is_refused_again_and_others_are_not() -> None:
    page = projects().page(canonicalize_name("a"))
    files = [file for version in page.newest_first for file in page.distributions[version]]
    for target in TARGETS * 2:
        compatibility = Compatibility(target)
        judged = [answer for answer in map(compatibility.judge, files) if isinstance(answer, Fit)]
        for _ in range(2):
            found = compatibility.fits(kinds_of(files))
            assert sorted(found, key=fit_order) == sorted(judged, key=fit_order)


def test_bounds_on_python_are_those_that_files_of_a_version_state() -> None:
    stated = [wheel(requires_python=">=3.8"), sdist(requires_python=">=3.8"), wheel("cp311-cp311-win_amd64")]
    page = FakeProjects({"a": {"1.0": stated, "2.0": [sdist()]}}).page(canonicalize_name("a"))
    newer, older = page.newest_first
    for _ in range(2):
        assert [
            bound for version in (older, newer) for bound in page.view(PageFacts).python_bounds(version, "3.9")
        ] == [">=3.8"]


def test_versions_are_newest_first_and_the_newest_that_stands_heeds_its_day() -> None:
    page = projects().page(canonicalize_name("a"))
    assert [str(version) for version in page.newest_first] == ["2.0", "1.5", "1.0"]
    newest = page.view(PageFacts).newest_standing(None)
    assert newest is not None
    assert str(newest[0]) == "1.5"
    assert page.view(PageFacts).newest_standing("2020-01-01T00:00:00Z") is None
    assert page.view(PageFacts).newest_standing(None) == newest


def test_versions_with_a_wheel_for_the_target_are_told_by_the_kinds_of_wheels() -> None:
    files = {
        "1.0": [wheel("cp312-cp312-win_amd64"), sdist()],
        "2.0": [wheel("cp310-abi3-win_amd64.macosx_11_0_arm64")],
        "3.0": [wheel("cp313-cp313t-manylinux_2_17_aarch64"), wheel("pp311-pypy311_pp73-win_amd64")],
        "4.0": [sdist()],
    }
    page = FakeProjects({"a": files}).page(canonicalize_name("a"))
    for target in TARGETS:
        shelf = ProjectView(page, Admission(Compatibility(target), POLICY))
        assert shelf.runnable == {version for version in shelf.versions if shelf.release(version).has_wheel}
