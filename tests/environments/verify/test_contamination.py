"""What lets packages from elsewhere in, found by files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.environments.verify.looking import look, messages, of_kind
from tests.fakes.environments import FakeEnvironment, embeddable
from tests.fakes.libraries import make_elf
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import ProblemKind


@pytest.fixture
def env(tmp_path: Path) -> FakeEnvironment:
    made = embeddable(tmp_path / "env")
    made.install("a")
    return made


def test_embeddable_python_without_path_file_counts_the_registry(env: FakeEnvironment) -> None:
    (env.root / "python311._pth").unlink()
    (problem,) = look(env.root).errors
    assert problem.kind is ProblemKind.NOT_ISOLATED
    assert "registry" in problem.message
    assert "python311._pth" in str(problem.remedy)


def test_path_file_that_leads_out_or_forgets_the_packages_is_an_error(env: FakeEnvironment) -> None:
    env.write("python311._pth", "python311.zip\n.\n..\\shared\nC:\\libs\n# ../comment\nimport site\n")
    found = look(env.root)
    assert [problem.library for problem in of_kind(found, ProblemKind.OUTSIDE_PATH)] == ["..\\shared", "C:\\libs"]
    assert "does not name Lib/site-packages" in messages(found)[0]


def test_pythonpath_counts_where_no_path_file_shuts_it_out(env: FakeEnvironment, tmp_path: Path) -> None:
    made = FakeEnvironment(root=tmp_path / "posix", site="lib/python3.11/site-packages")
    made.write("bin/python3.11", make_elf(["libc.so.6"], interpreter="/lib64/ld-linux-x86-64.so.2"))
    made.install("a")
    environ = {"PYTHONPATH": "/home/me/src"}
    found = {root: look(root, environ=environ).warnings for root in (env.root, made.root)}
    assert found[env.root] == ()
    (problem,) = found[made.root]
    assert (problem.kind, problem.library) == (ProblemKind.NOT_ISOLATED, "/home/me/src")
    assert "python -I" in str(problem.remedy)


@pytest.mark.parametrize("line", ["/home/me/project/src", "C:\\me\\src", "../../../shared"])
def test_pth_that_leads_out_is_named(env: FakeEnvironment, line: str) -> None:
    env.install("b", {"b.pth": f"import sys\n# note\nb\n{line}\n", "b/x.py": ""})
    (problem,) = look(env.root).errors
    assert (problem.kind, problem.library) == (ProblemKind.OUTSIDE_PATH, line)


def test_editable_installations_are_named(env: FakeEnvironment) -> None:
    url = json.dumps({"url": "file:///home/me/b", "dir_info": {"editable": True}})
    env.install("b", {"__editable__.b.pth": "import __editable___b_finder; x\n"}, extra={"direct_url.json": url})
    env.write(f"{env.site}/old.egg-link", "/home/me/old\n.")
    found = of_kind(look(env.root), ProblemKind.EDITABLE)
    assert len(found) == 3
    assert any("/home/me/old" in problem.message for problem in found)


def test_file_of_the_building_machine_is_a_warning(env: FakeEnvironment) -> None:
    env.install("b", extra={"direct_url.json": json.dumps({"url": "file:///build/b.whl", "archive_info": {}})})
    (problem,) = look(env.root).warnings
    assert (problem.kind, problem.distribution) == (ProblemKind.HOST_PATH, "b")


@pytest.mark.parametrize("text", ["{", "[]", '{"url": 3, "dir_info": 4}', "[" * 50_000, ""])
def test_broken_direct_url_is_no_traceback(env: FakeEnvironment, text: str) -> None:
    env.install("b", extra={"direct_url.json": text})
    assert look(env.root).errors == ()


def test_shebangs_of_one_machine_are_one_warning(tmp_path: Path) -> None:
    made = FakeEnvironment(root=tmp_path / "env", site="lib/python3.11/site-packages")
    made.write("bin/python3.11", make_elf(interpreter="/lib64/ld-linux-x86-64.so.2"))
    made.install(
        "a", {"a/__init__.py": "", "../../../bin/one": "#!/build/python\nx", "../../../bin/two": "#!/build/python\n"}
    )
    made.write("bin/plain", "#!/usr/bin/env python3\n")
    made.write("bin/shell", "#!/bin/sh\n'''exec' x\n")
    (problem,) = look(made.root).problems
    assert (problem.kind, problem.severity) == (ProblemKind.HOST_PATH, Severity.WARNING)
    assert problem.message == "bin/one, bin/two start with #!/build/python, a place on one machine"


def test_virtual_environment_is_not_relocatable_and_may_see_the_host(tmp_path: Path) -> None:
    made = FakeEnvironment(root=tmp_path / "venv", site="lib/python3.11/site-packages")
    made.write("pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.11.2\n")
    made.write("bin/python", make_elf())
    made.install("a")
    inspection = look(made.root)
    assert [problem.kind for problem in inspection.errors] == [ProblemKind.NOT_ISOLATED]
    (problem,) = inspection.warnings
    assert (problem.kind, problem.library) == (ProblemKind.NOT_RELOCATABLE, "/usr/bin")
