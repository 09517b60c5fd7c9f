"""Grounds of the edits that change no code's neighbours, and of side effects."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeProjects, wheel
from tests.repairs.risk.cases import CannedCode, edit, judged, proved, texts
from tests.resolver.test_passes import answer
from wheelcheck.knowledge.loading import load_repair_knowledge
from wheelcheck.model.knowledge import RepairKnowledge, Substitute, VendorIndex
from wheelcheck.model.repair import EditKind, Risk
from wheelcheck.repairs.repair_case import RepairCase
from wheelcheck.repairs.risk import JUDGES, TARGET_JUDGES, assess, risk_of

APP = FakeProjects({"app": {"1": [wheel()]}})


def only(kind: EditKind, before: str, after: str, package: str | None = None) -> tuple[str, str]:
    same = answer(APP, "app")
    [found] = texts(judged(APP, [edit(kind, package, before, after)], before=same, after=same))
    return found


def test_every_kind_of_edit_has_its_judge() -> None:
    assert {*JUDGES, *TARGET_JUDGES} == set(EditKind)
    assert not set(JUDGES) & set(TARGET_JUDGES)


def test_no_grounds_are_no_low_risk() -> None:
    assert risk_of(()) is Risk.MEDIUM


@pytest.mark.parametrize(
    ("before", "after", "risk"),
    [
        ("3.11", "3.12", "low"),
        ("3.11", "3.13", "medium"),
        ("3.12", "3.11", "low"),
        ("3.13", "3.11", "medium"),
        ("3.13t", "3.13", "medium"),
        ("3.11", "pp3.11", "medium"),
        ("3.11", "3.11.4", "low"),
    ],
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
            "macosx_10_13_x86_64",
            "macosx_11_0_x86_64",
            ("medium", "macOS 11 or newer: users of 10.13, 10.14 and 10.15 are left out"),
        ),
        (
            "macosx_10_9_x86_64",
            "macosx_10_12_x86_64",
            ("medium", "macOS 10.12 or newer: users of 10.9, 10.10 and 10.11 are left out"),
        ),
        ("macosx_10_14_x86_64", "macosx_10_15_x86_64", ("low", "macOS 10.15 or newer: users of 10.14 are left out")),
        ("macosx_10_15_x86_64", "macosx_11_0_x86_64", ("low", "macOS 11 or newer: users of 10.15 are left out")),
        (
            "macosx_11_0_arm64",
            "macosx_15_0_arm64",
            ("medium", "macOS 15 or newer: users of 11, 12, 13 and 14 are left out"),
        ),
        ("macosx_11_0_arm64", "macosx_26_0_arm64", ("medium", "macOS 26 or newer: users of 11 to 15 are left out")),
        ("macosx_15_0_arm64", "macosx_26_0_arm64", ("low", "macOS 26 or newer: users of 15 are left out")),
        ("macosx_15_0_arm64", "macosx_27_0_arm64", ("medium", "macOS 27 or newer: users of 15 and 26 are left out")),
        ("macosx_12_0_arm64", "macosx_12_0_arm64", ("low", "macOS 12 or newer")),
        (
            "manylinux_2_27_x86_64",
            "manylinux_2_28_x86_64",
            ("low", "glibc 2.28 or newer: systems with glibc 2.27 are left out"),
        ),
        ("manylinux_2_28_x86_64", "manylinux_2_28_x86_64", ("low", "glibc 2.28 or newer")),
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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("manylinux_2_17_x86_64", "win_amd64"),
        ("win_amd64", "manylinux_2_17_x86_64"),
        ("manylinux_2_17_x86_64", "macosx_12_0_arm64"),
        ("manylinux_2_17_x86_64", "musllinux_1_2_x86_64"),
    ],
)
def test_platform_of_another_kind_is_said_to_be_another(before: str, after: str) -> None:
    assert only(EditKind.PLATFORM, before, after) == (
        "medium",
        f"{before} → {after}: another platform than you asked for",
    )


def test_image_with_glibc_in_place_of_one_with_musl_is_named() -> None:
    assert only(EditKind.PLATFORM, "musllinux_1_2_x86_64", "manylinux_2_36_x86_64") == (
        "medium",
        "the image changes: one with glibc 2.36 or newer, such as python:3.11-slim, in place of python:3.11-alpine",
    )


@pytest.mark.parametrize(("day", "risk"), [("2025-01-01", "high"), ("2020-01-01", "low"), ("", "low")])
def test_python_that_is_past_its_end_is_high_on_that_day(day: str, risk: str) -> None:
    same = proved(answer(APP, "app"))
    case = RepairCase(
        edits=(edit(EditKind.PYTHON, None, "3.9", "3.8"),),
        before=same,
        after=same,
        projects=APP,
        code=CannedCode(),
        knowledge=load_repair_knowledge(),
        day=day,
    )
    [ground] = assess(case)
    until = (
        " to one that is past its end: no security fixes since" if risk == "high" else ", and gets security fixes until"
    )
    assert ground.risk.value == risk
    assert ground.text.startswith(f"Python 3.9 → 3.8: the interpreter you ship changes{until} 2024-10")


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


@pytest.mark.parametrize(
    ("kind", "package", "because", "expected"),
    [
        (EditKind.SUBSTITUTE, "app", "", "other stands in for app. In what they differ is not known"),
        (
            EditKind.ADD,
            "other",
            "app needs the module x",
            "app needs the module x, and other was not chosen: whether it has that is not known",
        ),
        (EditKind.PIN, None, "", "app==1 → other==1: what that changes is not known"),
    ],
)
def test_edit_of_which_the_data_or_the_answer_tell_nothing_is_medium(
    kind: EditKind, package: str | None, because: str, expected: str
) -> None:
    same = answer(APP, "app")
    edits = [edit(kind, package, "app==1", "other==1", because)]
    found = judged(APP, edits, before=same, after=same, knowledge=RepairKnowledge())
    assert texts(found) == [("medium", expected)]


def test_substitute_among_several_is_told_by_what_is_known_of_itself() -> None:
    names = ("pg-a", "pg-binary", "pg-c")
    projects = FakeProjects({name: {"1": [wheel()]} for name in ("pg", *names)})
    known = [
        Substitute(
            project=canonicalize_name(project),
            replacement=canonicalize_name(name),
            differs=f"It is {name} for {project}.",
            evidence=("https://docs.example/pg",),
        )
        for project in ("other", "pg", "pga")
        for name in names
    ]
    for order in (known, known[::-1]):
        found = judged(
            projects,
            [edit(EditKind.SUBSTITUTE, "pg", "pg==1", "pg-binary==1")],
            before=answer(projects, "pg"),
            after=answer(projects, "pg-binary"),
            knowledge=RepairKnowledge(substitutes=tuple(order)),
        )
        assert texts(found) == [("low", "pg-binary stands in for pg. It is pg-binary for pg.")]


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


@pytest.mark.parametrize(
    ("before", "after", "build"),
    [
        ("1.0", "1.0", "another build of the same version"),
        ("1.0", "2.0", "another build"),
        ("2.0", "1.0", "another build"),
    ],
)
def test_index_brings_a_build_of_the_same_version_or_of_another(before: str, after: str, build: str) -> None:
    projects = FakeProjects({"app": {"1.0": [wheel()], "2.0": [wheel()]}})
    edits = [edit(EditKind.INDEX, "app", "", "https://i.example/simple")]
    found = judged(projects, edits, before=answer(projects, f"app=={before}"), after=answer(projects, f"app=={after}"))
    assert texts(found)[0] == ("medium", f"app {after} comes from https://i.example/simple: {build}")


@pytest.mark.parametrize(
    ("older", "words"), [(1, "1 project gets an older version"), (2, "2 projects get older versions")]
)
def test_date_says_how_many_get_older(older: int, words: str) -> None:
    projects = FakeProjects({name: {"1": [wheel()], "2": [wheel()], "3": [wheel()]} for name in "abc"})
    before = answer(projects, "a==2", "b==2", "c==2")
    after = answer(projects, "a==1", f"b=={1 if older == 2 else 3}", "c==2")
    found = texts(judged(projects, [edit(EditKind.DATE, after="2023-10-05T00:00:00Z")], before=before, after=after))
    assert ("medium", f"everything as of 2023-10-05: {words}, without later security fixes") in found


def test_several_extras_are_told_in_order() -> None:
    said = only(EditKind.EXTRA, "app[b,a,c]", "app[c]", "app")
    assert said == ("medium", "features of the extras a, b of app are gone")


def test_what_was_withdrawn_is_told_unless_it_was_pinned_before() -> None:
    projects = FakeProjects(
        {"a": {"1": [wheel(yanked="broken")], "2": [wheel()]}, "b": {"1": [wheel(yanked="")], "2": [wheel()]}}
    )
    two, one = answer(projects, "a==2", "b==2"), answer(projects, "a==1", "b==1")
    told = {"a 1 was withdrawn by its maintainers: broken", "b 1 was withdrawn by its maintainers"}
    assert told <= {text for _, text in texts(judged(projects, [], before=two, after=one))}
    assert judged(projects, [], before=one, after=one) == ()


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


@pytest.mark.parametrize(("before", "after"), [("app[video]", "app"), ("app[video,x]==1", "app[x]==1")])
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
        edit(EditKind.EXTRA, "app", "app[video]", "app"),
    ]
    found = judged(APP, edits, before=same, after=same)
    assert [ground.risk.value for ground in found] == ["medium", "medium", "low"]
    assert found[0].text.startswith("everything as of")
    assert judged(APP, edits, before=same, after=same) == found
