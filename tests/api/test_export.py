from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.export.test_builders import bundled, planned_for
from tests.fakes import samples
from wheelcheck.api.export import Program, dynamic_imports, exported
from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.plans.documents import render_plan
from wheelcheck.plans.manifests import render_manifest

CALL = 'import importlib\nimportlib.import_module("{}")\n'


def test_names_in_strings_are_found_and_names_in_variables_are_not(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import importlib\nfrom importlib import import_module as load, import_module\n"
        'importlib.import_module("plugins.one")\nimport_module("two", package=None)\n__import__("three")\n'
        'import_module(name)\nimport_module(".relative", "x")\nprint("four")\n',
        encoding="utf-8",
    )
    assert dynamic_imports(str(tmp_path / "app.py")) == ("plugins.one", "three", "two")


def test_only_what_the_program_itself_imports_is_read(tmp_path: Path) -> None:
    """A bundle, an environment or another program beside the script is no part of it."""
    sources = {
        "app.py": "import own.deep\nimport broken\n" + CALL.format("plugin"),
        "own/__init__.py": "from . import near\nfrom .. import app\n",
        "own/deep.py": "from .sub import *\n",
        "own/near.py": CALL.format("near_wants"),
        "own/sub/__init__.py": CALL.format("sub_wants"),
        "plugin.py": CALL.format("plugin_wants"),
        "broken.py": "def (",
        "bundle/Lib/site-packages/stranger.py": CALL.format("strange"),
        "other.py": CALL.format("other_wants"),
    }
    for name, text in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert dynamic_imports(str(tmp_path / "app.py")) == ("near_wants", "plugin", "plugin_wants", "sub_wants")


def test_a_module_with_a_function_is_read_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    (tmp_path / "pack" / "main.py").write_text(CALL.format("late"), encoding="utf-8")
    assert dynamic_imports("pack.main:run") == ("late",)
    assert dynamic_imports("absent:run") == ()


def test_paths_are_relative_to_the_file_that_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = render_plan(samples.installable_plan())
    digest = json.loads(plan)["digest"]
    for folder in ("win b", "out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "win b" / "manifest.json").write_bytes(render_manifest(replace(bundled(), plan_digest=digest)))
    (tmp_path / "win b" / "file.txt").touch()
    (tmp_path / "app.py").touch()
    program = Program(name="demo", entry="app.py", bundle="win b")
    script = exported(plan, "plan.json", "nsis", program, "out/demo.nsi")
    assert '"${WHEELCHECK_FOLDER}\\..\\win b\\*.*"' in script
    assert '"..\\app.py"' in script
    spec = exported(plan, "plan.json", "pyinstaller", Program(entry="app.py"), "out/demo.spec")
    assert "ENTRY = '../app.py'" in spec
    assert "script=../app.py" in exported(plan, "plan.json", "pynsist", Program(entry="app.py"), "out/installer.cfg")
    # electron-builder reads paths from the project's folder, wherever its configuration lies.
    part = exported(plan, "plan.json", "electron-builder", Program(bundle="win b"), "out/part.json")
    assert json.loads(part)["win"]["extraResources"][0]["from"] == "win b"
    makensis = shutil.which("makensis")
    if makensis is not None:
        (tmp_path / "out" / "demo.nsi").write_text(script, encoding="utf-8")
        command = [makensis, "-V2", "-WX", "out/demo.nsi"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("inside", ["base_library.zip", "_internal/base_library.zip"])
def test_frozen_program_is_taken_along_under_its_own_name_and_by_electron_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = render_plan(samples.installable_plan())
    folder = Program(bundle="dist/backend")
    (tmp_path / "dist" / "backend" / "_internal").mkdir(parents=True)
    with pytest.raises(InputUnreadable, match="is no bundle"):
        exported(plan, "plan.json", "electron-builder", folder)
    (tmp_path / "dist" / "backend" / inside).touch()
    part = json.loads(exported(plan, "plan.json", "electron-builder", folder))
    assert part["win"]["extraResources"] == [{"from": "dist/backend", "to": "backend", "filter": ["**/*"]}]
    assert '"extraResource":["dist/backend"]' in "".join(exported(plan, "plan.json", "electron-forge", folder).split())
    with pytest.raises(InputUnreadable, match="is no bundle"):
        exported(plan, "plan.json", "nsis", folder)
    # A folder that says of itself that it is a bundle is read as one.
    (tmp_path / "dist" / "backend" / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputUnreadable):
        exported(plan, "plan.json", "electron-builder", folder)


def test_bundle_without_a_runtime_is_refused_where_a_program_would_be_started_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = render_plan(samples.installable_plan())
    (tmp_path / "bare").mkdir()
    layout = replace(bundled().layout, executable="")
    bare = replace(bundled(), plan_digest=json.loads(plan)["digest"], layout=layout)
    (tmp_path / "bare" / "manifest.json").write_bytes(render_manifest(bare))
    with pytest.raises(UsageProblem, match="the bundle has no runtime"):
        exported(plan, "plan.json", "nsis", Program(entry="app.py", bundle="bare"))
    assert exported(plan, "plan.json", "nsis", Program(bundle="bare"))


@pytest.mark.parametrize(("python", "taken"), [("3.11", "3.11.9"), ("3.11.4", "3.11.4"), ("3.7", "3.7.0")])
def test_a_minor_means_its_newest_known_patch_release_to_a_builder(python: str, taken: str) -> None:
    plan = render_plan(planned_for("win_amd64", python))
    assert f"\nversion={taken}\n" in exported(plan, "plan.json", "pynsist", Program(entry="demo:main"))
