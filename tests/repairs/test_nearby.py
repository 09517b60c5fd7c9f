"""What is near a question: versions, Pythons and platforms in their order and at their price; systems and pairs of projects."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.projects import FakeFile, FakeProjects, sdist, wheel
from tests.repairs.questions import CommandLine, Situation
from tests.repairs.situations import own_platform
from tests.resolver.test_passes import PURE, asked
from wheelcheck.findings.context import Diagnosis
from wheelcheck.knowledge.loading import load_standard_library
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.resolution import Policy
from wheelcheck.repairs.blocker_case import (
    iter_other_platforms,
    iter_other_pythons,
    nearest_first,
    partners_of,
    preferred_in_clash,
)
from wheelcheck.repairs.blockers import Asker, Blocker
from wheelcheck.repairs.repair_case import (
    built_for,
    joined_marker,
    python_marker,
    standard_since,
    system_marker,
    systems_of,
)
from wheelcheck.repairs.trials import usable_versions
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Admission, ProjectView
from wheelcheck.targets.targets import parse_target

LIB = canonicalize_name("lib")
TARGET = parse_target("win_amd64", "3.11")


def view(versions: Mapping[str, list[FakeFile]], exclude_newer: str | None = None) -> ProjectView:
    page = FakeProjects({"lib": versions}).page(LIB)
    return ProjectView(page, Admission(Compatibility(TARGET), Policy(allowed=PURE, exclude_newer=exclude_newer)))


def texts(versions: tuple[Version, ...]) -> list[str]:
    return [str(each) for each in versions]


# Versions


@pytest.mark.parametrize(
    ("bound", "usable"),
    [
        ("<3.11", ["6.0", "5.0"]),
        (">=3.7,<=3.10", ["6.0", "5.0"]),
        ("<3.12", ["6.0", "5.0", "4.10", "4.5"]),
        (">=3.12,<3.14", ["6.0", "5.0", "4.5"]),
        ("!=3.11.*", ["6.0", "5.0", "4.5"]),
    ],
)
def test_a_version_older_than_one_that_ended_before_the_python_is_no_way_out(bound: str, usable: list[str]) -> None:
    project = view(
        {
            "4.5": [wheel()],
            "4.10": [wheel(requires_python=bound)],
            "5.0": [wheel(requires_python=">=3.7")],
            "6.0": [wheel()],
            "7.0rc1": [wheel(requires_python="<3.11")],
        }
    )
    assert texts(usable_versions(project)) == usable


@pytest.mark.parametrize(
    ("files", "is_capped"),
    [
        ([wheel(requires_python=">=3.6,<3.8")], True),
        ([wheel(requires_python=">=3.6, < 3.8"), sdist(requires_python="<3.8")], True),
        ([wheel(requires_python=">=3.6,<3.8", yanked="broken")], False),
        ([wheel(requires_python=">=3.6,<3.8"), sdist()], False),
        ([wheel(requires_python=">=3.6,<3.8"), sdist(yanked="broken")], True),
    ],
)
def test_a_version_is_ended_where_every_file_that_stands_is(files: list[FakeFile], is_capped: bool) -> None:
    project = view({"1.0": [wheel(requires_python=">=3.6")], "1.1": files})
    assert ("1.0" in texts(usable_versions(project))) is not is_capped


def test_versions_are_near_by_the_releases_between_and_the_newer_comes_first() -> None:
    project = view({f"{number}.0": [wheel()] for number in range(1, 6)} | {"3.5rc1": [wheel()]})
    assert texts(nearest_first(project, Version("3.0"))) == ["3.0", "2.0", "4.0", "1.0", "5.0"]
    assert texts(nearest_first(project, Version("1.0"))) == ["1.0", "2.0", "3.0", "4.0", "5.0"]
    assert texts(nearest_first(project, Version("5.0"))) == ["5.0", "4.0", "3.0", "2.0", "1.0"]
    for absent in (None, Version("9")):
        assert texts(nearest_first(project, absent)) == ["5.0", "4.0", "3.0", "2.0", "1.0"]


def test_version_that_is_years_older_is_not_near_and_one_without_a_date_is() -> None:
    project = view(
        {
            "1.0": [wheel(upload_time="2010-01-01T00:00:00Z")],
            "1.5": [wheel(upload_time=None)],
            "2.0": [wheel(upload_time="2020-06-01T00:00:00Z")],
            "3.0": [wheel(upload_time="2024-06-01T00:00:00Z")],
            "4.0": [wheel(upload_time="2030-06-01T00:00:00Z")],
        }
    )
    assert texts(nearest_first(project, Version("3.0"))) == ["3.0", "4.0", "2.0", "1.5"]
    assert "1.0" in texts(nearest_first(project, Version("1.0")))


def test_version_that_came_too_late_is_not_there() -> None:
    versions = {"1.0": [wheel(upload_time="2020-01-01T00:00:00Z")], "2.0": [wheel(upload_time="2024-01-01T00:00:00Z")]}
    assert texts(nearest_first(view(versions, "2022-01-01T00:00:00Z"), Version("1.0"))) == ["1.0"]


def clash(*requirements: tuple[str, str | None]) -> Blocker:
    askers = tuple(
        Asker(
            parent=canonicalize_name(parent) if parent else None,
            version=Version("1") if parent else None,
            requirement=asked(text),
        )
        for text, parent in requirements
    )
    return Blocker(name=LIB, version=None, askers=askers, above=(), paths=(), is_clash=True)


VERSIONS = {f"{number}.0": [wheel()] for number in range(1, 7)}


@pytest.mark.parametrize(
    ("requirements", "first"),
    [
        ([("lib==2.0", None), ("lib>=4", "app")], ["2.0", "4.0", "5.0", "6.0", "3.0", "1.0"]),
        ([("lib<3", None), ("lib>=4", "app")], ["2.0", "1.0", "4.0", "5.0", "6.0", "3.0"]),
        ([("lib<3", "one"), ("lib>=3,<5", "other"), ("lib>=4", "third")], ["4.0", "6.0", "5.0", "3.0", "2.0", "1.0"]),
        ([("lib>=4", "app"), ("lib==2.5", "other")], ["4.0", "5.0", "6.0", "2.0", "3.0", "1.0"]),
    ],
)
def test_in_a_clash_what_the_user_asked_for_comes_first_then_what_serves_most(
    requirements: list[tuple[str, str | None]], first: list[str]
) -> None:
    assert texts(preferred_in_clash(view(VERSIONS), clash(*requirements))) == first


# Targets


@pytest.mark.parametrize(
    ("python", "others"),
    [
        ("3.11", [("3.12", 10), ("3.10", 10), ("3.13", 12), ("3.9", 12), ("3.14", 14)]),
        ("3.8", [("3.9", 10), ("3.10", 12), ("3.11", 14), ("3.12", 16), ("3.13", 18), ("3.14", 20)]),
        ("3.14", [("3.13", 10), ("3.12", 12), ("3.11", 14), ("3.10", 16), ("3.9", 18)]),
        ("3.13t", [("3.13", 10), ("3.14", 12), ("3.12", 12), ("3.11", 14), ("3.10", 16), ("3.9", 18)]),
        ("pp3.10", [("pp3.11", 10), ("pp3.9", 10), ("pp3.12", 12), ("pp3.13", 14), ("pp3.14", 16)]),
    ],
)
def test_other_pythons_are_the_nearest_minors_first_and_cost_more_the_farther_they_are(
    python: str, others: list[tuple[str, int]]
) -> None:
    found = [(each.python, cost) for each, cost in iter_other_pythons(parse_target("win_amd64", python))]
    assert found == others


@pytest.mark.parametrize(
    ("platform", "others"),
    [
        ("win_amd64", []),
        ("win32", [("win_amd64", 18)]),
        ("win_arm64", [("win_amd64", 18)]),
        ("manylinux_2_34_x86_64", [("manylinux_2_35_x86_64", 15), ("manylinux_2_39_x86_64", 16)]),
        ("manylinux_2_38_aarch64", [("manylinux_2_39_aarch64", 15)]),
        ("manylinux_2_39_aarch64", []),
        (
            "manylinux_2_17_x86_64",
            [(f"manylinux_2_{minor}_x86_64", 15 + step) for step, minor in enumerate((24, 26, 27, 28, 31, 34, 35, 39))],
        ),
        ("macosx_14_0_arm64", [("macosx_15_0_arm64", 15), ("macosx_26_0_arm64", 16)]),
        (
            "macosx_10_15_x86_64",
            [(f"macosx_{each}_0_x86_64", 15 + at) for at, each in enumerate((11, 12, 13, 14, 15, 26))],
        ),
        (
            "musllinux_1_2_aarch64",
            [("manylinux_2_28_aarch64", 18), ("manylinux_2_36_aarch64", 19), ("manylinux_2_41_aarch64", 20)],
        ),
    ],
)
def test_other_platforms_have_a_higher_floor_or_the_machine_that_runs_there_too(
    platform: str, others: list[tuple[str, int]]
) -> None:
    found = [(each.platform, cost) for each, cost in iter_other_platforms(parse_target(platform, "3.11"))]
    assert found == others


# Systems


def page_of(versions: Mapping[str, list[FakeFile]]) -> FakeProjects:
    return FakeProjects({"lib": versions})


LINUX, MAC, WINDOWS, ANY = (
    wheel(f"cp311-cp311-{tag}") if tag else wheel()
    for tag in ("manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64", "")
)


def test_systems_are_counted_by_the_releases_that_have_wheels_for_them() -> None:
    musl, old, bare = (wheel(f"cp311-cp311-{tag}") for tag in ("musllinux_1_2_x86_64", "win32", "linux_armv6l"))
    page = page_of({"1": [LINUX, musl], "2": [LINUX, MAC], "3": [old, WINDOWS, ANY], "4": [bare], "5": [sdist()]}).page(
        LIB
    )
    assert built_for(page) == {"linux": 3, "darwin": 1, "win32": 1, "any": 1}


@pytest.mark.parametrize(
    ("versions", "systems"),
    [
        ({str(number): [LINUX] for number in range(5)}, ("linux",)),
        ({str(number): [MAC] for number in range(6)}, ("darwin",)),
        ({str(number): [LINUX] for number in range(4)}, ()),
        ({str(number): [ANY] for number in range(6)}, ()),
        ({str(number): [LINUX] for number in range(5)} | {"0.1": [MAC]}, ()),
        ({str(number): [LINUX] for number in range(5)} | {"9": [LINUX, MAC]}, ()),
        ({str(number): [LINUX] for number in range(5)} | {"9": [LINUX, sdist()]}, ()),
        ({str(number): [LINUX] for number in range(5)} | {"0.1": [sdist()]}, ()),
        ({}, ()),
    ],
)
def test_project_is_made_for_the_one_system_of_all_its_wheels(
    versions: Mapping[str, list[FakeFile]], systems: tuple[str, ...]
) -> None:
    page = page_of(versions).page(LIB)
    assert systems_of(page, RepairKnowledge()) == systems
    assert systems_of(page, own_platform("lib", "win32", "darwin")) == ("win32", "darwin")


@pytest.mark.parametrize(
    ("systems", "marker"),
    [
        (("linux",), 'sys_platform == "linux"'),
        (("win32",), 'sys_platform == "win32"'),
        (("linux", "darwin"), 'sys_platform != "win32"'),
        (("linux", "win32"), 'sys_platform == "linux" or sys_platform == "win32"'),
        (("linux", "freebsd"), 'sys_platform == "linux" or sys_platform == "freebsd"'),
    ],
)
def test_marker_names_the_systems(systems: tuple[str, ...], marker: str) -> None:
    assert system_marker(systems) == marker
    assert python_marker(9) == 'python_version < "3.9"'
    assert joined_marker(marker, None) == marker
    both = joined_marker('sys_platform == "linux"', Marker('python_version < "3.9" or extra == "a"'))
    assert both == '(python_version < "3.9" or extra == "a") and sys_platform == "linux"'


@pytest.mark.parametrize(
    ("project", "minor", "since"),
    [
        ("backports-zoneinfo", 9, ("zoneinfo", 9)),
        ("backports-zoneinfo", 8, None),
        ("importlib-resources", 12, None),
        ("dataclasses", 11, ("dataclasses", 8)),
        ("tomllib", 11, ("tomllib", 11)),
        ("tomllib", 10, None),
        ("distutils", 11, ("distutils", 8)),
        ("distutils", 12, None),
        ("typing-extensions", 11, None),
        ("numpy", 11, None),
    ],
)
def test_backport_has_the_name_of_a_module_that_python_has(
    project: str, minor: int, since: tuple[str, int] | None
) -> None:
    found = standard_since(canonicalize_name(project), load_standard_library(), minor)
    assert found == since
    assert standard_since(canonicalize_name(project), None, minor) is None


# Pairs


def pair(versions: Mapping[str, list[str]], *, version: str = "2.0", requirement: str = "lib==2.0.0") -> frozenset[str]:
    """The partners of lib, which app asks for in each of *versions* as it says there."""
    projects = FakeProjects(
        {
            "app": {each: [wheel(requires=requires)] for each, requires in versions.items()},
            "lib": {"2.0.0": [sdist(purity="native")], "1.0.0": [wheel()]},
        }
    )
    situation = Situation(line=CommandLine(inputs=(f"app=={version}",)), index={})
    blocked = situation.blocked(projects)
    app = canonicalize_name("app")
    blocker = Blocker(
        name=LIB,
        version=Version("2.0.0"),
        askers=(Asker(parent=app, version=Version(version), requirement=asked(requirement)),),
        above=(app,),
        paths=(),
    )
    return partners_of(blocker, Diagnosis(blocked.outcome, projects, blocked.question.policy), projects)


@pytest.mark.parametrize(
    ("versions", "is_pair"),
    [
        ({"1.0": ["lib==1.0.0"], "2.0": ["lib==2.0.0"]}, True),
        ({"1.0": ["lib==2.0.0"], "2.0": ["lib==2.0.0"]}, False),
        ({"1.0": ["lib (==2.0.0)"], "2.0": ["lib==2.0.0"]}, False),
        ({"1.0": ["lib<3"], "2.0": ["lib==2.0.0"]}, False),
        ({"1.0": ["lib==1.*"], "2.0": ["lib==2.0.0"]}, False),
        ({"1.0": ["lib>=1.0.0"], "2.0": ["lib==2.0.0"]}, False),
        ({"1.0": ["lib==1.0.0,!=7"], "2.0": ["lib==2.0.0"]}, False),
        ({"1.0": ["other==1.0.0"], "2.0": ["lib==2.0.0"]}, False),
        ({"2.0": ["lib==2.0.0"]}, False),
        ({"0.9": ["lib==1.0.0"], "1.0": ["lib==2.0.0"], "2.0": ["lib==2.0.0"]}, True),
        ({"1.0": ["lib==1.0.0"], "2.0": ["lib==2.0.0"], "2.0.1": ["lib==2.0.0"], "2.0.2": ["lib==2.0.0"]}, True),
        (
            {"0.5": ["lib==1.0.0"], "1.0": ["lib==2.0.0"], "1.1": ["lib==2.0.0"], "2.0": ["lib==2.0.0"]}
            | {"2.0.1": ["lib==2.0.0"]},
            False,
        ),
    ],
)
def test_pair_wants_another_version_of_its_half_in_each_release(
    versions: Mapping[str, list[str]], is_pair: bool
) -> None:
    assert bool(pair(versions)) is is_pair


@pytest.mark.parametrize("requirement", ["lib<3", "lib==2.*", "lib", "lib==2.0.0,<3"])
def test_bound_that_admits_more_than_one_version_makes_no_pair(requirement: str) -> None:
    assert not pair({"1.0": ["lib==1.0.0"], "2.0": ["lib==2.0.0"]}, requirement=requirement)
