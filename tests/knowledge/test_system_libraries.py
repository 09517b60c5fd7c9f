"""The table of what systems have."""

from __future__ import annotations

import pytest
from packaging.utils import NormalizedName

from wheelcheck.errors import SettingsInvalid
from wheelcheck.knowledge.loading import may_need_parts
from wheelcheck.knowledge.systems import load_needed_parts, load_system_libraries, parse_system_libraries

GOOD = """
[windows]
evidence = ["https://docs.example/dlls"]
present = ["kernel32.dll", "api-ms-win-*.dll"]
with_python = ["vcruntime140.dll"]

[[windows.absent]]
libraries = ["msvcp140*.dll"]
owner = "the runtime"
remedy = "add it"
bundled = true

[linux]
evidence = ["https://docs.example/policy"]
present = ["libc.so.6"]

[[linux.ceiling]]
glibc = "2.28"
GLIBCXX = "3.4.24"
CXXABI = "1.3.11"
GCC = "7.0.0"

[[imports]]
project = "Some_Project"
modules = ["gui"]
reason = "it needs a screen"
"""


def test_shipped_table_knows_every_system() -> None:
    assert sorted(load_system_libraries().systems) == ["linux", "macos", "musl", "windows"]


def test_what_wheels_need_of_installers_is_asked_for_where_a_project_of_the_plan_may() -> None:
    assert may_need_parts([NormalizedName("numpy"), NormalizedName("pywin32")])
    parts = load_needed_parts()
    assert parts == tuple(each for each in load_system_libraries().systems["windows"].absent if each.needed_by)
    mfc = next(each for each in parts if "mfc140*.dll" in each.patterns)
    assert [each.name for each in mfc.needed_by] == ["pywin32"]
    assert "win32ui" in mfc.used_for
    assert not may_need_parts([NormalizedName("numpy"), NormalizedName("numba-scipy")])


def test_windows_minds_no_case_and_linux_does() -> None:
    knowledge = parse_system_libraries(GOOD, "x.toml")
    windows, linux = knowledge.systems["windows"], knowledge.systems["linux"]
    assert windows.has("KERNEL32.dll")
    assert windows.has("api-ms-win-crt-heap-l1-1-0.dll")
    assert windows.brings("VCRUNTIME140.dll")
    assert not windows.has("MSVCP140.dll")
    absence = windows.absence("MSVCP140_1.dll")
    assert absence is not None
    assert absence.bundled
    assert linux.has("libc.so.6")
    assert not linux.has("LIBC.so.6")


def test_ceiling_is_that_of_the_newest_policy_that_is_not_newer() -> None:
    knowledge = parse_system_libraries(GOOD, "x.toml")
    assert knowledge.ceiling((2, 28))["GLIBCXX"] == (3, 4, 24)
    assert knowledge.ceiling((2, 40))["GLIBCXX"] == (3, 4, 24)
    assert knowledge.ceiling((2, 17)) == {}


def test_exemption_is_found_by_project_and_module() -> None:
    knowledge = parse_system_libraries(GOOD, "x.toml")
    (exemption,) = knowledge.exemptions
    assert knowledge.exemption(exemption.project, "gui") == exemption
    assert knowledge.exemption(exemption.project, "core") is None
    assert knowledge.exemption(None, "gui") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("present = [", "presnt = [", "windows.presnt"),
        ('glibc = "2.28"', 'glibc = "new"', "linux.ceiling[0].glibc"),
        ('owner = "the runtime"', 'owner = ""', "windows.absent[0].owner"),
        ("bundled = true", 'bundled = "yes"', "windows.absent[0].bundled"),
        ("[windows]", "[solaris]", "solaris"),
        ('modules = ["gui"]', "modules = []", "imports[0].modules"),
        ("[linux]", "[linux", "not valid TOML"),
    ],
)
def test_bad_value_is_named_with_its_place(old: str, new: str, told: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        parse_system_libraries(GOOD.replace(old, new, 1), "x.toml")
    assert told in str(refused.value)
    assert "x.toml" in str(refused.value)
