"""Names that some file system takes for something else are known, per target."""

from __future__ import annotations

import pytest

from wheelcheck.environments.bundle.writing import collision_key, name_problem, room_above


@pytest.mark.parametrize(
    "name", ["../a.py", "a/../../b.py", "/a.py", "C:/a.py", "c:a.py", "a\\b.py", "a//b.py", "./a.py", "", "a\0b.py"]
)
@pytest.mark.parametrize("system", ["windows", "linux", "macos"])
def test_names_that_lead_elsewhere_are_refused_everywhere(name: str, system: str) -> None:
    assert name_problem(name, system)


@pytest.mark.parametrize(
    "name",
    [
        "a/aux.py",
        "con",
        "a/NUL.txt",
        "Com1.tar.gz",
        "lpt²",
        "conout$",
        "a./b.py",
        "a /b.py",
        "b.py.",
        "a<b.py",
        "ab:c.py",
        "a?.py",
    ],
)
def test_names_that_windows_cannot_have_are_refused_there_only(name: str) -> None:
    assert name_problem(name, "windows")
    assert not name_problem(name, "linux")


@pytest.mark.parametrize(
    "name", ["a/b.py", "auxiliary.py", "console.py", "com10.py", "a b/c.py", "ünï.py", ".hidden", "a/"]
)
def test_common_names_are_fine(name: str) -> None:
    assert not name_problem(name, "windows")


def test_case_matters_on_linux_only() -> None:
    assert collision_key("A/b.py", "linux") != collision_key("a/B.py", "linux")
    assert collision_key("A/b.py", "windows") == collision_key("a/B.py", "windows")
    assert collision_key("e\u0301.py", "macos") == collision_key("\u00e9.py", "macos")


def test_length_counts_the_folder_that_it_will_lie_in() -> None:
    assert room_above("a" * 198) == 60
    assert room_above("\N{GRINNING FACE}" * 99) == 60
    assert room_above("a" * 300) == 0
