"""Grounds of the edits that change no code's neighbours, and of side effects."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeProjects, wheel
from tests.repairs.risk.cases import edit, judged, texts
from tests.resolver.test_passes import answer
from wheelcheck.model.knowledge import RepairKnowledge, Substitute, VendorIndex
from wheelcheck.model.repair import EditKind, Risk
from wheelcheck.repairs.risk import JUDGES, risk_of

APP = FakeProjects({"app": {"1": [wheel()]}})


def only(kind: EditKind, before: str, after: str, package: str | None = None) -> tuple[str, str]:
    same = answer(APP, "app")
    [found] = texts(judged(APP, [edit(kind, package, before, after)], before=same, after=same))
    return found


def test_every_kind_of_edit_has_its_judge() -> None:
    assert set(JUDGES) == set(EditKind)


def test_no_grounds_are_no_low_risk() -> None:
    assert risk_of(()) is Risk.MEDIUM


@pytest.mark.parametrize(
    ("before", "after", "risk"),
    [("3.12", "3.11", "low"), ("3.13", "3.11", "medium"), ("3.13t", "3.13", "medium"), ("3.11", "pp3.11", "medium")],
)
def test_another_python_minor_is_low_and_more_is_medium(before: str, after: str, risk: str) -> None:
    assert only(EditKind.PYTHON, before, after) == (
        risk,
        f"Python {before} → {after}: the interpreter you ship changes",
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("macosx_12_0_arm64", "macosx_13_0_arm64", ("low", "macOS 13 or newer: users of 12 are left out")),
        ("macosx_11_0_arm64", "macosx_13_0_arm64", ("medium", "macOS 13 or newer: users of 11 and 12 are left out")),
        (
            "macosx_10_15_x86_64",
            "macosx_12_0_x86_64",
            ("medium", "macOS 12 or newer: users of 10.15 and 11 are left out"),
        ),
        ("macosx_14_0_arm64", "macosx_26_0_arm64", ("medium", "macOS 26 or newer: users of 14 and 15 are left out")),
        (
            "manylinux2014_x86_64",
            "manylinux_2_28_x86_64",
            ("medium", "glibc 2.28 or newer: systems with glibc 2.17 to 2.27 are left out"),
        ),
        (
            "musllinux_1_1_x86_64",
            "musllinux_1_2_x86_64",
            ("low", "musl 1.2 or newer: systems with musl 1.1 are left out"),
        ),
    ],
)
def test_higher_platform_floor_says_who_is_left_out(before: str, after: str, expected: tuple[str, str]) -> None:
    assert only(EditKind.PLATFORM, before, after) == (expected[0], f"needs {expected[1]}")


def test_another_platform_altogether_is_medium() -> None:
    assert only(EditKind.PLATFORM, "win_arm64", "win_amd64")[0] == "medium"


def test_substitute_says_what_differs() -> None:
    projects = FakeProjects({"pg": {"1": [wheel()]}, "pg-binary": {"1": [wheel()]}})
    known = Substitute(
        project=canonicalize_name("pg"),
        replacement=canonicalize_name("pg-binary"),
        differs="It brings its own libpq.",
        evidence=("https://docs.example/pg",),
    )
    found = judged(
        projects,
        [edit(EditKind.SUBSTITUTE, "pg", "pg==1", "pg-binary==1")],
        before=answer(projects, "pg"),
        after=answer(projects, "pg-binary"),
        knowledge=RepairKnowledge(substitutes=(known,)),
    )
    assert texts(found) == [("low", "pg-binary stands in for pg. It brings its own libpq.")]


@pytest.mark.parametrize(("asked", "risk"), [("pg", "medium"), ("app", "high")])
def test_substitute_in_another_version_says_how_far_that_is_and_is_milder_where_the_user_asked(
    asked: str, risk: str
) -> None:
    projects = FakeProjects(
        {"app": {"1": [wheel(requires=["pg"])]}, "pg": {"1.0": [wheel()]}, "pg-binary": {"3.0": [wheel()]}}
    )
    before, after = answer(projects, asked), answer(projects, "pg-binary")
    for same_versions in (True, False):
        known = Substitute(
            project=canonicalize_name("pg"),
            replacement=canonicalize_name("pg-binary"),
            differs="It brings its own libpq.",
            same_versions=same_versions,
            evidence=("https://docs.example/pg",),
        )
        knowledge = RepairKnowledge(substitutes=(known,))
        edits = [edit(EditKind.SUBSTITUTE, "pg", "==1.0", "pg-binary")]
        found = texts(judged(projects, edits, before=before, after=after, knowledge=knowledge))
        said = (risk, "pg 1.0 becomes pg-binary 3.0: 2 major versions newer")
        assert (said in found) == same_versions
        assert ("low", "pg-binary stands in for pg. It brings its own libpq.") in found


def test_substitute_that_nothing_is_known_of_is_medium() -> None:
    assert only(EditKind.SUBSTITUTE, "pg", "pg-binary", "pg")[0] == "medium"


def test_vendors_index_is_medium_and_shows_no_credentials() -> None:
    vendor = VendorIndex(
        name="Vendor CPU wheels",
        url="https://vendor.example/whl/cpu/",
        projects=frozenset({canonicalize_name("app")}),
        message="",
        evidence=(),
    )
    same = answer(APP, "app")
    edits = [edit(EditKind.INDEX, "app", "", "https://me:secret@vendor.example/whl/cpu")]
    [ground] = judged(APP, edits, before=same, after=same, knowledge=RepairKnowledge(indexes=(vendor,)))
    assert ground.risk is Risk.MEDIUM
    assert ground.text == (
        "app 1 comes from Vendor CPU wheels (https://vendor.example/whl/cpu): another build of the same version"
    )


def test_date_counts_the_projects_that_get_older() -> None:
    projects = FakeProjects(
        {
            name: {
                "1.0": [wheel(upload_time="2023-01-01T00:00:00Z")],
                "1.1": [wheel(upload_time="2024-01-01T00:00:00Z")],
            }
            for name in ("a", "b")
        }
    )
    after = answer(projects, "a", "b", exclude_newer="2023-10-05T00:00:00Z")
    edits = [edit(EditKind.DATE, after="2023-10-05")]
    assert texts(judged(projects, edits, before=answer(projects, "a", "b"), after=after)) == [
        ("medium", "everything as of 2023-10-05: 2 projects get older versions, without later security fixes")
    ]
    assert only(EditKind.DATE, "", "2023-10-05") == (
        "medium",
        "everything as of 2023-10-05: no later release, security fixes included",
    )


@pytest.mark.parametrize(("before", "after"), [("app[video]", "app"), ("video", ""), ("app[video,x]==1", "app[x]==1")])
def test_dropped_extra_is_medium(before: str, after: str) -> None:
    assert only(EditKind.EXTRA, before, after, "app") == ("medium", "features of the extra video of app are gone")


LIBS = FakeProjects(
    {
        "app": {"1": [wheel(requires=["lib"])], "0.9": [wheel(requires=["lib<2", "old<3"])]},
        "lib": {"1.26.4": [wheel()], "2.1.0": [wheel()]},
    }
)


def test_constraint_within_what_is_declared_is_low() -> None:
    after = answer(LIBS, "app", constraints=["lib<2"])
    found = judged(LIBS, [edit(EditKind.CONSTRAIN, "lib", "", "<2")], before=answer(LIBS, "app"), after=after)
    assert texts(found) == [("low", "lib 1.26.4 instead of 2.1.0 is within what everyone declares")]


def test_projects_that_end_far_older_as_a_side_effect_share_one_ground() -> None:
    names = ("a", "b", "c", "d")
    requires = [f"{name}<2" for name in names]
    projects = FakeProjects(
        {
            "app": {"2": [wheel(requires=names)], "1": [wheel(requires=requires)]},
            **{name: {"1.5": [wheel()], "2.5": [wheel()]} for name in names},
        }
    )
    edits = [edit(EditKind.PIN, "app", "==2", "==1")]
    found = judged(projects, edits, before=answer(projects, "app==2"), after=answer(projects, "app==1"))
    assert texts(found)[1] == (
        "low",
        "as a side effect, within what is declared, a 2.5 → 1.5 (one major version older), "
        "b 2.5 → 1.5 (one major version older), c 2.5 → 1.5 (one major version older) and one more project",
    )


def test_side_effect_of_several_major_versions_is_medium() -> None:
    projects = FakeProjects(
        {
            "app": {"2": [wheel(requires=["a"])], "1": [wheel(requires=["a<2"])]},
            "a": {"1.5": [wheel()], "4.0": [wheel()]},
        }
    )
    edits = [edit(EditKind.PIN, "app", "==2", "==1")]
    found = judged(projects, edits, before=answer(projects, "app==2"), after=answer(projects, "app==1"))
    assert [risk for risk, _ in texts(found)] == ["medium", "medium"]


def test_pin_that_brings_releases_of_years_after_its_own_is_medium() -> None:
    """The kind of audiocraft 1.2.0 of 2024, which takes any av, and so one of 2026 that it was never tried with."""
    projects = FakeProjects(
        {
            "app": {
                "2": [wheel(requires=["av==1"], upload_time="2024-06-01T00:00:00Z")],
                "1": [wheel(requires=["av", "old"], upload_time="2024-01-15T00:00:00Z")],
            },
            "av": {
                "1": [wheel(upload_time="2023-10-01T00:00:00Z")],
                "18": [wheel(upload_time="2026-08-12T00:00:00Z")],
            },
            "old": {"1": [wheel(upload_time="2020-01-01T00:00:00Z")]},
        }
    )
    edits = [edit(EditKind.PIN, "app", "==2", "==1")]
    found = judged(projects, edits, before=answer(projects, "app==2"), after=answer(projects, "app==1"))
    assert texts(found)[1] == (
        "medium",
        "app 1 (2024-01-15) was released years before what it brings: av 18 (2026-08-12)",
    )


def test_worst_ground_comes_first_then_the_edits_order() -> None:
    same = answer(APP, "app")
    edits = [
        edit(EditKind.PYTHON, None, "3.12", "3.11"),
        edit(EditKind.DATE, None, "", "2023-10-05"),
        edit(EditKind.EXTRA, "app", "video"),
    ]
    found = judged(APP, edits, before=same, after=same)
    assert [ground.risk.value for ground in found] == ["medium", "medium", "low"]
    assert found[0].text.startswith("everything as of")
    assert judged(APP, edits, before=same, after=same) == found
