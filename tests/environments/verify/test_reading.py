"""What the modules on the disk import is read, and what fails is a problem with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.verify.looking import look
from tests.environments.verify.test_imports import TRY
from tests.fakes.environments import FakeEnvironment, embeddable, site_packages
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
