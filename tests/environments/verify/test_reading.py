"""What the modules on the disk import is read, and what fails is a problem with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.verify.looking import look
from tests.environments.verify.test_imports import TRY
from tests.fakes.environments import FakeEnvironment, embeddable, site_packages
from tests.fakes.libraries import make_elf, make_pe
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Inspection, ProblemKind

SITE = "Lib/site-packages"
TAG = "cp311-cp311-win_amd64"


@pytest.fixture
def made(tmp_path: Path) -> FakeEnvironment:
    """An embeddable Python 3.11."""
    return embeddable(tmp_path / "env")


def told(inspection: Inspection) -> list[tuple[ProblemKind, str | None, str | None]]:
    return [(each.kind, each.distribution, each.file) for each in inspection.errors]


def test_failing_import_is_a_problem_with_its_file_and_line(made: FakeEnvironment) -> None:
    made.install("a", {"a/__init__.py": "import sys\nfrom .b import x", "a/b.py": "\nimport absent"})
    (problem,) = look(made.root).errors
    assert (problem.kind, problem.distribution) == (ProblemKind.MODULE_MISSING, "a")
    assert problem.file == f"{SITE}/a/b.py"
    assert "no distribution here brings the module `absent`: a/b.py:2" in problem.message
    assert "(WC601)" in problem.message


def test_every_code_has_its_kind(made: FakeEnvironment) -> None:
    made.install("gone", {"gone.py": "from collections import Mapping"})
    made.install("old", {"old.py": "print 1"})
    made.install("taker", {"taker.py": "from giver import other"})
    made.install("giver", {"giver.py": "name = 1"})
    made.install("one", {"shared/__init__.py": "", "shared/m.py": "x = 1"})
    made.install("two", {"shared/m.py": "x = 2", "shared/n.py": ""})
    found = {(kind, owner) for kind, owner, _ in told(look(made.root)) if kind is not ProblemKind.FILE_CHANGED}
    assert found == {
        (ProblemKind.PYTHON_UNFIT, "gone"),
        (ProblemKind.PYTHON_UNFIT, "old"),
        (ProblemKind.NAME_MISSING, "taker"),
        (ProblemKind.SAME_FILE, "two"),
    }


@pytest.mark.parametrize("module", ["tkinter", "turtle", "idlelib", "ensurepip", "venv"])
def test_embeddable_package_leaves_modules_out(made: FakeEnvironment, module: str) -> None:
    made.install("a", {"a.py": f"import {module}"})
    (problem,) = look(made.root).errors
    assert f"the embeddable package of Python has no `{module}`" in problem.message
    assert f"a runtime with {module}" in str(problem.remedy)


@pytest.mark.parametrize("place", [f"{SITE}/tkinter/__init__.py", "tkinter/__init__.py"])
def test_module_that_was_added_to_the_embeddable_package_is_there(made: FakeEnvironment, place: str) -> None:
    made.write(place)
    made.install("a", {"a.py": "import tkinter"})
    assert told(look(made.root)) == []


def test_standalone_python_has_the_whole_standard_library(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "env")
    made.install("a", {"a.py": "import tkinter, pkg_resources", "b.cp311-win_amd64.pyd": ""}, tag=TAG)
    assert [each for each in told(look(made.root)) if each[0] is ProblemKind.PYTHON_UNFIT] == []


def test_environment_brings_nothing_that_does_not_lie_in_it(made: FakeEnvironment) -> None:
    made.install("a", {"a.py": "import pkg_resources"})
    assert [kind for kind, _, _ in told(look(made.root))] == [ProblemKind.MODULE_MISSING]


@pytest.mark.parametrize("path", [f"{SITE}/stray.py", "stray.py", f"{SITE}/stray/__init__.py", f"{SITE}/stray.pyd"])
def test_file_that_nobody_recorded_brings_its_module(made: FakeEnvironment, path: str) -> None:
    made.write(path)
    made.install("a", {"a.py": "import stray"})
    assert ProblemKind.MODULE_MISSING not in {kind for kind, _, _ in told(look(made.root))}


def test_nothing_is_missing_where_packages_may_come_from_outside(made: FakeEnvironment) -> None:
    made.install("a", {"a.py": "import absent", "a.pth": "C:\\elsewhere\n"})
    assert ProblemKind.MODULE_MISSING not in {kind for kind, _, _ in told(look(made.root))}


def test_extension_for_another_python_brings_nothing(made: FakeEnvironment) -> None:
    made.install("a", {"a.py": "import native"})
    made.install("native", {"native.cp312-win_amd64.pyd": ""})
    assert (ProblemKind.MODULE_MISSING, "a") in {(kind, owner) for kind, owner, _ in told(look(made.root))}


def test_import_that_works_in_reality_is_no_problem(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "site")
    made.install(
        "a", {"a.py": "import builtins\nbuiltins.__dict__['x'] = 1\nimport sys\nsys.modules['made'] = sys\nimport made"}
    )
    assert look(made.root, imports=TRY).errors == ()


def test_namespace_package_is_read_where_its_modules_begin(made: FakeEnvironment) -> None:
    made.install("google-x", {"google/x/__init__.py": "import absent"})
    assert told(look(made.root)) == [(ProblemKind.MODULE_MISSING, "google-x", f"{SITE}/google/x/__init__.py")]


def test_declarations_of_a_namespace_that_differ_are_a_warning(made: FakeEnvironment) -> None:
    made.install("one", {"n/__init__.py": "", "n/a.py": ""})
    made.install("two", {"n/__init__.py": "# the same", "n/b.py": ""})
    severities = {each.severity for each in look(made.root).problems if each.kind is ProblemKind.SAME_FILE}
    assert severities == {Severity.WARNING}


@pytest.mark.parametrize(
    ("source", "file", "kinds"),
    [
        ("lib = ctypes.CDLL('x.dll')", "", [ProblemKind.LIBRARY_MISSING]),
        ("lib = ctypes.CDLL('X')", f"{SITE}/a.libs/x.dll", []),
        ("lib = ctypes.CDLL('x.dll')", "x.dll", []),
        ("lib = ctypes.WinDLL('Kernel32')", "", []),
        ("lib = ctypes.WinDLL('msvcp140.dll')", "", [ProblemKind.LIBRARY_MISSING]),
        ("def f(): ctypes.CDLL('x.dll')", "", []),
    ],
)
def test_library_that_code_loads_by_itself_is_looked_for(
    made: FakeEnvironment, source: str, file: str, kinds: list[ProblemKind]
) -> None:
    if file:
        made.write(file, make_pe())
    made.install("a", {"a.py": f"import ctypes\n{source}"})
    found = look(made.root)
    assert [each.kind for each in found.errors] == kinds
    for problem in found.errors:
        assert "a.py:2 loads it" in problem.message


def test_library_that_a_part_may_load_is_a_warning(made: FakeEnvironment) -> None:
    made.install("a", {"a.py": "import ctypes\ndef f(): ctypes.CDLL('ghost.dll')"})
    (warning,) = look(made.root).warnings
    assert (warning.kind, warning.library) == (ProblemKind.LIBRARY_OPTIONAL, "ghost.dll")
    made.write("libghost.dll.dll", make_pe())
    assert look(made.root).warnings == ()


@pytest.mark.parametrize("name", ["libghost.so", "libghost.so.1", "libghost.dylib"])
def test_part_that_loads_the_library_of_another_system_is_nobodys_concern(made: FakeEnvironment, name: str) -> None:
    made.install("a", {"a.py": f"import ctypes\ndef f(): ctypes.CDLL({name!r})"})
    assert look(made.root).problems == ()
    # Where the import needs it, it fails on this system.
    made.install("b", {"b.py": f"import ctypes\nlib = ctypes.CDLL({name!r})"})
    assert [problem.library for problem in look(made.root).errors] == [name]


@pytest.mark.parametrize(("name", "is_there"), [("m", True), ("c", True), ("libm.so.6", True), ("ghost", False)])
def test_find_library_finds_what_every_linux_has(tmp_path: Path, name: str, *, is_there: bool) -> None:
    made = FakeEnvironment(root=tmp_path / "env", site="lib/python3.11/site-packages")
    made.write("bin/python3.11", make_elf(["libc.so.6"], interpreter="/lib64/ld-linux-x86-64.so.2"))
    made.install("a", {"a.py": f"import ctypes\nlib = ctypes.CDLL({name!r})"})
    assert (told(look(made.root)) == []) is is_there
