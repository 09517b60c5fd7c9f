"""Which modules are imported, how each import ends, and what is taken from outside."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.environments.verify.looking import look, of_kind
from tests.fakes.environments import FakeEnvironment, embeddable, site_packages
from tests.fakes.libraries import make_elf
from wheelcheck.archives.reader import InstalledCode
from wheelcheck.environments.verify.imports import ImportOptions, modules_to_try
from wheelcheck.environments.verify.locating import locate
from wheelcheck.environments.verify.reading import installed_archives
from wheelcheck.environments.verify.running import SOURCE, parse_probed
from wheelcheck.environments.verify.subject import read_installed
from wheelcheck.errors import UsageProblem
from wheelcheck.model.inspection import ImportTrial, Inspection, ProblemKind, TrialOutcome

TRY = ImportOptions(timeout=30)
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
posix = pytest.mark.skipif(sys.platform == "win32", reason="the environment is one of POSIX")


@pytest.fixture
def site(tmp_path: Path) -> FakeEnvironment:
    return site_packages(tmp_path / "site")


@pytest.fixture
def virtual(tmp_path: Path) -> FakeEnvironment:
    """A real virtual environment without pip, on the Python that runs the tests."""
    root = tmp_path / "venv"
    venv.EnvBuilder(symlinks=True).create(root)
    return FakeEnvironment(root=root, site=f"lib/python{VERSION}/site-packages")


def trials(inspection: Inspection) -> dict[str, ImportTrial]:
    return {trial.module: trial for each in inspection.distributions for trial in each.imports}


def modules_of(made: FakeEnvironment) -> dict[str, tuple[str, ...]]:
    subject = locate(made.root, "env")
    archives = installed_archives(subject, read_installed(subject), InstalledCode, "")
    return {str(name): modules.first for name, modules in modules_to_try(archives).items()}


def test_packages_and_modules_are_chosen_by_record(site: FakeEnvironment) -> None:
    files = [
        "pkg/__init__.py",
        "pkg/sub/__init__.py",
        "one.py",
        "_private.py",
        "tests/__init__.py",
        "setup.py",
        "pkg.libs/x.so",
    ]
    site.install("a", dict.fromkeys(files, ""), extra={"top_level.txt": "pkg\nsrc\n"})
    assert modules_of(site) == {"a": ("one", "pkg")}


def test_private_modules_count_where_there_are_no_others(site: FakeEnvironment) -> None:
    site.install("a", {"_backend.py": ""})
    assert modules_of(site) == {"a": ("_backend",)}


def test_namespace_packages_are_entered(site: FakeEnvironment) -> None:
    site.install("a", {"google/cloud/storage/__init__.py": "", "google/cloud/storage/x.py": "", "google/one.py": ""})
    assert modules_of(site) == {"a": ("google.cloud.storage", "google.one")}


def test_extension_modules_count_for_this_python_only(tmp_path: Path) -> None:
    made = embeddable(tmp_path / "env")
    made.install("a", dict.fromkeys(["x.cp311-win_amd64.pyd", "y.cp312-win_amd64.pyd", "z.pyd"], ""))
    assert modules_of(made) == {"a": ("x", "z")}


def test_folders_of_a_path_file_are_looked_into(site: FakeEnvironment) -> None:
    files = dict.fromkeys(["win/api.pyd", "win/lib/con.py", "win/lib/other.py", "Gui/start.py", "main/__init__.py"], "")
    files["a.pth"] = "win\nwin\\lib\ngui\nimport main\n"
    site.install("a", files, extra={"top_level.txt": "api con main win\\lib\\other"})
    assert modules_of(site) == {"a": ("api", "con", "main")}


def test_distribution_without_record_has_what_top_level_says(site: FakeEnvironment) -> None:
    site.install("a", extra={"top_level.txt": "pkg\nbad-name\n"})
    (site.root / "a-1.0.dist-info/RECORD").unlink()
    assert modules_of(site) == {"a": ("pkg",)}


def test_imports_end_as_they_end(site: FakeEnvironment) -> None:
    site.install("good", {"good.py": "print('noise'); import sys; sys.stderr.write('noise')"})
    site.install("bad", {"bad.py": "raise ImportError('first line\\nno such DLL: caf\\u00e9')"})
    site.install("leaver", {"leaver.py": "raise SystemExit(3)"})
    site.install("dies", {"dies.py": "import os; os._exit(7)", "dies2.py": ""})
    inspection = look(site.root, imports=TRY)
    found = trials(inspection)
    assert {name: trial.outcome for name, trial in found.items()} == {
        "good": TrialOutcome.IMPORTED,
        "bad": TrialOutcome.FAILED,
        "leaver": TrialOutcome.FAILED,
        "dies": TrialOutcome.CRASHED,
        "dies2": TrialOutcome.IMPORTED,
    }
    assert found["bad"].detail == "ImportError: no such DLL: café"
    assert found["leaver"].detail == "SystemExit: 3"
    assert found["dies"].detail == "crashed (exit 7)"
    assert found["good"].seconds > 0
    assert [problem.kind for problem in inspection.errors] == [
        ProblemKind.IMPORT_FAILED,
        ProblemKind.IMPORT_FAILED,
        ProblemKind.IMPORT_CRASHED,
    ]
    assert not list(site.root.rglob("__pycache__"))


@posix
def test_signal_is_told(site: FakeEnvironment) -> None:
    site.install("a", {"a.py": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"})
    assert (trials(look(site.root, imports=TRY))["a"].detail or "").startswith("crashed (exit -11)")


def test_import_that_hangs_is_ended_with_what_it_started(site: FakeEnvironment) -> None:
    code = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"
    site.install("a", {"a.py": code, "b.py": ""})
    found = trials(look(site.root, imports=ImportOptions(timeout=3)))
    assert (found["a"].outcome, found["a"].detail) == (TrialOutcome.TIMED_OUT, "timed out after 3 s")
    assert found["b"].outcome is TrialOutcome.IMPORTED


def test_skipped_imports_are_told_with_their_reason(site: FakeEnvironment) -> None:
    site.install("a", {"a.py": "1/0", "b.py": ""})
    site.install("c", {"c.py": "1/0"})
    inspection = look(site.root, imports=ImportOptions(skipped=frozenset({"a", "c"})))
    assert inspection.errors == ()
    assert {name: trial.outcome for name, trial in trials(inspection).items()} == dict.fromkeys(
        ("a", "b", "c"), TrialOutcome.SKIPPED
    )


def test_folder_of_packages_sees_nothing_of_the_host(site: FakeEnvironment) -> None:
    # pytest is there for wheelcheck itself, and not for the folder that is looked at.
    site.install("a", {"a.py": "import pytest"})
    assert "ModuleNotFoundError" in (trials(look(site.root, imports=TRY))["a"].detail or "")


@posix
def test_virtual_environment_is_imported_by_its_own_python(virtual: FakeEnvironment) -> None:
    virtual.install("a", {"a.py": "import json, sqlite3, ctypes"})
    inspection = look(virtual.root, imports=TRY)
    assert inspection.errors == ()
    assert trials(inspection)["a"].outcome is TrialOutcome.IMPORTED


@posix
def test_module_from_outside_is_named_with_its_file(virtual: FakeEnvironment, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/stray.py").write_text("")
    virtual.install("a", {"a.py": "import stray", "a.pth": f"{tmp_path}/shared\n"})
    inspection = look(virtual.root, imports=TRY)
    (module,) = of_kind(inspection, ProblemKind.OUTSIDE_MODULE)
    assert (module.library, module.file, module.distribution) == ("stray", f"{tmp_path}/shared/stray.py", "a")
    assert {problem.library for problem in of_kind(inspection, ProblemKind.OUTSIDE_PATH)} == {f"{tmp_path}/shared"}


@posix
def test_users_own_variables_do_not_count(
    virtual: FakeEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/stray.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "mine"))
    virtual.install("a", {"a.py": "import stray"})
    assert "ModuleNotFoundError" in (trials(look(virtual.root, imports=TRY))["a"].detail or "")


@posix
def test_runner_gets_the_interpreter_and_foreign_places_are_found(tmp_path: Path) -> None:
    made = embeddable(tmp_path / "env")
    made.install("a", {"a.py": ""})
    runner = tmp_path / "my runner"
    runner.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/ran"\nshift\nexec "{sys.executable}" "$@"\n')
    runner.chmod(0o755)
    inspection = look(made.root, imports=ImportOptions(runner=f"'{runner}'"))
    assert (tmp_path / "ran").read_text().strip() == str(made.root / "python.exe")
    # This "Windows" is the host's Python, so all that it has comes from outside.
    assert of_kind(inspection, ProblemKind.OUTSIDE_PATH)
    assert of_kind(inspection, ProblemKind.IMPORT_FAILED)


def test_what_cannot_run_here_says_why(tmp_path: Path) -> None:
    made = embeddable(tmp_path / "env", machine="arm64")
    made.install("a", tag="cp311-cp311-win_arm64")
    if sys.platform != "win32":
        assert "does not run on" in look(made.root, imports=TRY).no_imports
        assert "--runner" in look(made.root, imports=TRY).no_imports
    other = FakeEnvironment(root=tmp_path / "other", site="lib/python3.11/site-packages")
    other.write(
        "bin/python3.11", make_elf(machine="aarch64" if platform.machine().lower() in ("x86_64", "amd64") else "x86_64")
    )
    other.install("a")
    assert "does not run on" in look(other.root, imports=TRY).no_imports


def test_packages_for_another_python_than_ours_are_not_imported(site: FakeEnvironment) -> None:
    other = "310" if sys.version_info.minor != 10 else "311"
    site.install("a", tag=f"cp{other}-cp{other}-any")
    assert f"Python 3.{other[1:]}" in look(site.root, imports=TRY).no_imports


@pytest.mark.parametrize("runner", ["no-such-program-anywhere", "'unclosed", "' '"])
def test_runner_that_cannot_start_is_said(tmp_path: Path, runner: str) -> None:
    made = embeddable(tmp_path / "env")
    made.install("a")
    with pytest.raises(UsageProblem) as refused:
        look(made.root, imports=ImportOptions(runner=runner))
    assert refused.value.hint


def test_runner_without_a_python_to_run_is_said(site: FakeEnvironment) -> None:
    site.install("a")
    with pytest.raises(UsageProblem, match="no program to run"):
        look(site.root, imports=ImportOptions(runner="wine"))


def test_probe_tells_nothing_that_imports_could_forge_by_chance() -> None:
    output = (
        b'noise\nother:{"begin": "x"}\nmark:{"begin": "a"}\nmark:not json\nmark:[1]\nmark:{"end": "a", "error": "E"}\n'
    )
    probed = parse_probed(output, "mark:")
    assert [(each.module, each.detail) for each in probed.imports.values()] == [("a", "E")]
    assert probed.places is None


def test_probe_stands_for_itself_and_is_short() -> None:
    assert "wheelcheck" not in SOURCE
    assert len(SOURCE) < 2_500
    done = subprocess.run(
        [sys.executable, "-I", "-c", SOURCE, "mark:", "", "json", "no_such_module"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    probed = parse_probed(done.stdout, "mark:")
    assert list(probed.imports) == ["json", "no_such_module"]
    assert probed.imports["no_such_module"].detail == "ModuleNotFoundError: No module named 'no_such_module'"
    assert probed.places is not None
    assert probed.places.stdlib


NATIVE = f"cpython-3{sys.version_info.minor}-{platform.machine().lower()}-linux-gnu.so"


@pytest.mark.skipif(sys.platform != "linux", reason="the modules are for Linux")
def test_native_modules_that_no_import_loads_are_tried_one_by_one(site: FakeEnvironment) -> None:
    site.install("lazy", {"lazy/__init__.py": "", **{f"lazy/{name}.{NATIVE}": "no library" for name in "abc"}})
    site.install("pure", {"pure.py": ""})
    inspection = look(site.root, imports=TRY)
    lazy, pure = inspection.distributions
    assert [(each.module, each.outcome) for each in lazy.imports] == [
        ("lazy", TrialOutcome.IMPORTED),
        ("lazy.c", TrialOutcome.FAILED),
    ]
    assert (lazy.native_modules, lazy.native_loaded) == (3, 0)
    assert (pure.native_modules, len(pure.imports)) == (0, 1)
    assert [problem.kind for problem in inspection.errors] == [ProblemKind.IMPORT_FAILED]


@pytest.mark.skipif(sys.platform != "linux", reason="the module is for Linux")
def test_native_module_that_hides_behind_its_package_counts_as_loaded(site: FakeEnvironment) -> None:
    import _struct

    (file,) = [_struct.__file__] if hasattr(_struct, "__file__") else pytest.skip("the module is part of Python itself")
    code = "import sys, _struct as it\ndel sys.modules['_struct']"
    site.install("hiding", {"hiding.py": code, f"_struct.{NATIVE}": Path(file).read_bytes()})
    (hiding,) = look(site.root, imports=TRY).distributions
    assert (hiding.native_modules, hiding.native_loaded, len(hiding.imports)) == (1, 1, 1)


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("cc"), reason="a C compiler makes the library")
def test_library_that_a_package_gives_to_ctypes_is_no_module_that_fails(site: FakeEnvironment, tmp_path: Path) -> None:
    source, library = tmp_path / "cipher.c", tmp_path / "cipher.so"
    source.write_text("void *PyInit_cipher(void) { return 0; }", "utf-8")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    site.install("ciphers", {"ciphers/__init__.py": "", f"ciphers/cipher.{NATIVE}": library.read_bytes()})
    inspection = look(site.root, imports=TRY)
    (ciphers,) = inspection.distributions
    assert [(each.module, each.outcome) for each in ciphers.imports] == [
        ("ciphers", TrialOutcome.IMPORTED),
        ("ciphers.cipher", TrialOutcome.IMPORTED),
    ]
    assert (ciphers.native_modules, ciphers.native_loaded, inspection.errors) == (1, 1, ())
