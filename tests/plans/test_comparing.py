"""Plans of many targets compared: blockers once, cells blocked alike, the Python to ship."""

from __future__ import annotations

import pytest

from tests.fakes import samples
from tests.fakes.matrices import blocked_by_torch, cell, compared, full_of_wheels, mixed
from wheelcheck.model.answers import Cell
from wheelcheck.plans.comparing import best_python, blocked_alike, find_blockers

GOOD, BUILT, BLOCKED = samples.installable_plan(), samples.needs_build_plan(), samples.blocked_plan()


def test_each_blocker_is_named_once_with_its_cells() -> None:
    matrix = mixed()
    assert [(blocker.package, len(blocker.targets)) for blocker in matrix.blockers] == [("av", 2), ("torch", 2)]
    assert [str(target) for target in matrix.blockers[0].targets] == [
        "win_amd64, Python 3.13t",
        "manylinux_2_28_x86_64, Python 3.12",
    ]


def test_search_that_ended_early_names_no_blocker() -> None:
    assert find_blockers([cell("win_amd64", "3.11", samples.undecided_plan())]) == ()


def test_versions_of_a_blocker_are_in_order() -> None:
    cells = [cell("win_amd64", python, blocked_by_torch()) for python in ("3.11", "3.12")]
    (blocker,) = find_blockers(cells)
    assert [str(version) for version in blocker.versions] == ["2.9.0"]
    assert [finding.code.number for finding in blocker.findings] == ["WC106"]


def test_cells_with_equal_blockers_are_alike() -> None:
    groups = blocked_alike(mixed().cells)
    assert [[str(each.target) for each in group] for group in groups] == [
        ["win_amd64, Python 3.13t", "manylinux_2_28_x86_64, Python 3.12"],
        ["musllinux_1_2_aarch64, Python 3.11", "musllinux_1_2_aarch64, Python 3.12"],
    ]


def test_python_that_reaches_most_platforms_is_best() -> None:
    best = mixed().best
    assert best is not None
    assert (best.python, best.good, best.never) == (
        "3.11",
        ("win_amd64", "manylinux_2_28_x86_64"),
        ("musllinux_1_2_aarch64",),
    )


def test_of_equal_pythons_the_newest_with_the_lock_is_best() -> None:
    best = full_of_wheels().best
    assert best is not None
    assert best.python == "3.13"


def test_python_that_needs_no_build_comes_before_a_newer_one() -> None:
    best = best_python([cell("win_amd64", "3.12", GOOD), cell("win_amd64", "3.13", BUILT)])
    assert best is not None
    assert best.python == "3.12"


def test_platform_that_needs_an_older_python_is_an_exception() -> None:
    cells = [
        cell("win_amd64", "3.11", GOOD),
        cell("win_amd64", "3.12", GOOD),
        cell("macosx_13_0_arm64", "3.11", BLOCKED),
        cell("macosx_13_0_arm64", "3.12", GOOD),
        cell("win_arm64", "3.11", GOOD),
        cell("win_arm64", "3.12", BLOCKED),
    ]
    best = best_python(cells)
    assert best is not None
    assert (best.python, best.exceptions, best.never) == ("3.12", (("win_arm64", "3.11"),), ())


def test_nothing_is_best_where_nothing_installs() -> None:
    assert best_python([cell("win_amd64", "3.11", BLOCKED)]) is None


FAILED = cell("win_amd64", "3.11", None, failure="the index went away")
UNDECIDED = cell("win_amd64", "3.12", samples.undecided_plan())


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ((cell("win_amd64", "3.13", GOOD), cell("win_arm64", "3.13", BUILT)), 0),
        ((cell("win_amd64", "3.13", GOOD), cell("win_arm64", "3.13", BLOCKED)), 1),
        ((FAILED, cell("win_arm64", "3.13", BLOCKED)), 1),
        ((FAILED, UNDECIDED), 3),
        ((UNDECIDED, cell("win_amd64", "3.13", GOOD)), 4),
    ],
)
def test_status_is_that_of_the_worst_that_is_certain(cells: tuple[Cell, ...], status: int) -> None:
    assert compared(*cells).exit_status == status
