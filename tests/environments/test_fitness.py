"""What is said of machines: each trap makes its row, and a clean machine none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from wheelcheck.environments.fitness import BUILDERS, Needs, judge_machine
from wheelcheck.model.environment import Fitness, Host, Machine
from wheelcheck.targets.targets import parse_target

CLEAN = Machine(
    python="3.11.9", system="linux", machine="x86_64", bits=64, prefix="/usr", place="/home/me/build",
    free={"place": 10**12, "temporary": 10**12, "cache": 10**12}, tools={"makensis": "v3.10"},
    hosts=(Host(name="index.example", skew=2.0),),
)  # fmt: skip
WINDOWS = Needs(target=parse_target("win_amd64", "3.11"), download=10**9, is_complete=True)
LINUX = Needs(target=parse_target("manylinux_2_28_x86_64", "3.11"), download=10**9, is_complete=False)


def wrong(machine: Machine, needs: Needs | None = WINDOWS, builder: str = "") -> dict[str, Fitness]:
    """The subjects that are not good."""
    return {row.subject: row.fitness for row in judge_machine(machine, needs, builder) if row.remedy}


def test_clean_machine_has_no_remedies_and_a_row_for_everything() -> None:
    assert wrong(CLEAN) == {}
    rows = {row.subject: row.fact for row in judge_machine(CLEAN, WINDOWS, "nsis")}
    assert rows["tool: makensis"] == "v3.10"
    assert rows["disk: bundle"] == "1000.0 GB free (place), 5.0 GB needed"
    assert rows["clock"] == "2 s behind the hosts of the plan"


@pytest.mark.parametrize(
    ("change", "subject", "fitness"),
    [
        ({"environ": {"PYTHONPATH": "/x"}}, "PYTHONPATH", Fitness.WARNING),
        ({"user_site": "/home/me/.local"}, "user site", Fitness.WARNING),
        ({"is_conda": True}, "conda", Fitness.WARNING),
        ({"path_lines": (("x.pth", "/src"),)}, ".pth files", Fitness.WARNING),
        ({"free": {"place": 4 * 10**9}}, "disk: bundle", Fitness.ERROR),
        ({"free": {"cache": 10**9 - 1}}, "disk: fetch", Fitness.ERROR),
        ({"place": "C:\\Users\\me\\OneDrive - Firm\\x"}, "folder", Fitness.WARNING),
        ({"system": "win32", "place": "C:\\Users\\me\\Downloads\\x"}, "folder", Fitness.WARNING),
        ({"long_paths": False, "system": "win32", "place": "C:\\b"}, "long paths", Fitness.WARNING),
        ({"system": "win32", "long_paths": True, "place": "C:\\" + "b" * 60}, "long paths", Fitness.WARNING),
        ({"hosts": (Host(name="x.example", error="refused"),)}, "host: x.example", Fitness.ERROR),
        ({"hosts": (Host(name="x.example", skew=-301.0),)}, "clock", Fitness.WARNING),
    ],
)  # fmt: skip
def test_each_trap_has_its_row(change: dict[str, object], subject: str, fitness: Fitness) -> None:
    assert wrong(replace(CLEAN, **change)) == {subject: fitness}


def test_disk_that_is_just_large_enough_and_a_clock_that_is_just_right_are_good() -> None:
    machine = replace(CLEAN, free={"place": 5 * 10**9, "cache": 10**9}, hosts=(Host(name="x.example", skew=300.0),))
    assert wrong(machine) == {}


def test_folder_that_ignores_case_matters_for_linux_alone() -> None:
    assert wrong(replace(CLEAN, ignores_case=True), LINUX) == {"case": Fitness.WARNING}
    assert wrong(replace(CLEAN, ignores_case=True), WINDOWS) == {}


def test_freezers_run_on_the_target_and_need_their_program() -> None:
    assert wrong(CLEAN, WINDOWS, "pyinstaller") == {"python": Fitness.ERROR, "tool: pyinstaller": Fitness.ERROR}
    there = replace(CLEAN, tools={"pyinstaller": "6.16"})
    assert wrong(there, LINUX, "pyinstaller") == {}
    assert wrong(replace(there, python="3.1.19"), LINUX, "pyinstaller") == {"python": Fitness.ERROR}
    assert "bundle" in BUILDERS
