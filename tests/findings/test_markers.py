"""Markers that ask for what no platform has."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from tests.fakes.projects import FakeProjects, wheel
from tests.resolver.test_passes import PURE, answer, asked
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.rules import find_idle_markers
from wheelcheck.knowledge.loading import load_marker_values
from wheelcheck.model.resolution import Policy
from wheelcheck.targets.targets import PLATFORMS, parse_target

PROJECTS = FakeProjects({"a": {"1": [wheel()]}})


def messages(marker: str) -> list[str]:
    diagnosis = Diagnosis(
        answer(PROJECTS, "a"),
        PROJECTS,
        Policy(allowed=PURE),
        requirements=(asked(f"b ; {marker}"),),
        marker_values=load_marker_values(),
    )
    return [finding.message for finding in find_idle_markers(diagnosis)]


@pytest.mark.parametrize(
    ("marker", "meant"),
    [
        ('sys_platform == "Windows"', '"win32" is meant'),
        ('"macos" == sys_platform', '"darwin" is meant'),
        ('sys_platform == "linux2" and python_version >= "3.8"', '"linux" is meant'),
        ('platform_system == "win32"', '"Windows" is meant'),
        ('platform_system == "macOS" or platform_system == "windows"', '"Darwin" is meant'),
        ('os_name == "windows"', '"nt" is meant'),
        ('platform_machine == "x64"', '"x86_64" is meant'),
        ('platform_python_implementation == "cpython"', '"CPython" is meant'),
        ('implementation_name == "CPython"', '"cpython" is meant'),
        ('"Win" in sys_platform', "holds on no target"),
        ('sys_platform in "Linux Darwin"', "holds on no target"),
        ('sys_platform == "beos"', "holds on no target"),
        ('python_version == "3.8.10"', "python_full_version == 3.8.10"),
        ('sys_platform != "Windows"', 'holds on every target, because it is never "Windows"; "win32" is meant'),
    ],
)
def test_a_value_that_no_platform_has_is_told_with_the_one_that_is_meant(marker: str, meant: str) -> None:
    assert meant in messages(marker)[0]
    assert messages(marker)[0].startswith("command line (b")


@pytest.mark.parametrize(
    "marker",
    [
        'sys_platform == "win32"',
        'sys_platform == "win32" or sys_platform == "Windows"',
        'sys_platform in "linux darwin"',
        '"linux" in sys_platform',
        'sys_platform != "beos"',
        'platform_machine == "amd64"',
        'platform_machine == "loongarch64"',
        'python_version < "3"',
        'python_version == "3.8.*"',
        'python_version == "3.8.0"',
        'extra == "Windows"',
        'platform_release == "Windows"',
    ],
)
def test_a_value_that_some_platform_has_or_may_have_is_passed_over(marker: str) -> None:
    assert messages(marker) == []


def test_the_values_of_every_target_are_known() -> None:
    values = load_marker_values()
    for platform in PLATFORMS:
        for variable, value in parse_target(platform, "3.12").markers.items():
            if variable in values:
                assert value in values[variable].known or not values[variable].known, (variable, value)
                assert value not in values[variable].meant


def test_what_is_meant_is_a_value_and_what_is_written_is_none() -> None:
    for variable, values in load_marker_values().items():
        for written, meant in values.meant.items():
            assert written not in values.known, (variable, written)
            assert meant in values.known or not values.known, (variable, meant)
            Marker(f'{variable} == "{written}"')
