"""The scripts that run pip: carried out by the shells that they are for, with real pip on a loopback index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import wheelcheck
from tests.fakes import samples
from tests.fakes.archives import make_wheel
from tests.fakes.backends import make_buildable
from tests.server.index_server import IndexServer
from wheelcheck.api.export import Program, exported
from wheelcheck.export.formats import EXPORTERS
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.plan import Plan
from wheelcheck.plans.documents import render_plan

CATALOG = {
    "app": [make_wheel("app", "1.0", requires=["tool", "pure"])],
    "tool": [make_wheel("tool", "1.0"), make_wheel("tool", "2.0")],
    "pure": [make_buildable("pure", "0.5")],
}


def render(form: str, plan: Plan) -> str:
    return next(exporter for exporter in EXPORTERS if exporter.name == form).render(Shipment(plan=plan))


def planned(server: IndexServer, *inputs: str) -> Plan:
    return wheelcheck.plan(*inputs, index_url=server.simple_url, no_cache=True, sdist="any")


def run_sh(
    folder: Path, script: str, *arguments: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    path = folder / "install.sh"
    path.write_text(script, encoding="utf-8")
    environ = {
        **os.environ,
        "PYTHON": python,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "TMPDIR": str(folder),
    }
    command = ["sh", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environ)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "site"


def test_sh_script_builds_once_and_installs_the_planned_versions(tmp_path: Path, target: Path) -> None:
    with IndexServer(CATALOG) as server:
        script = render("pip-sh", planned(server, "app", "tool<2"))
        done = run_sh(tmp_path, script, "--target", str(target))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in target.glob("*.dist-info")} == {
        "app-1.0.dist-info", "tool-1.0.dist-info", "pure-0.5.dist-info"
    }  # fmt: skip
    assert done.stdout.index("Building pure 0.5 once") < done.stdout.index("Installing 2 packages")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("tmp")] == []


def test_wheels_of_a_folder_are_hashed_for_the_script_and_a_changed_one_is_refused(
    tmp_path: Path, target: Path
) -> None:
    """A folder announces no hashes, as an index does."""
    folder = tmp_path / "my wheels"
    folder.mkdir()
    filename, content = make_wheel("tool", "2.0")
    (folder / filename).write_bytes(content)
    with IndexServer({}) as server:
        plan = wheelcheck.plan("tool", index_url=server.simple_url, no_cache=True, find_links=(str(folder),))
        script = exported(render_plan(plan), "plan.json", "pip-sh", Program())
        done = run_sh(tmp_path, script, "--target", str(target))
        assert done.returncode == 0, done.stderr
        (folder / filename).write_bytes(make_wheel("tool", "2.0", files={"tool/more.py": ""})[1])
        again = run_sh(tmp_path, script, "--target", str(tmp_path / "other"))
    assert again.returncode == 1
    assert "DO NOT MATCH THE HASHES" in again.stderr


def test_sh_script_stops_at_the_first_failure(tmp_path: Path, target: Path) -> None:
    with IndexServer(CATALOG) as server:
        script = render("pip-sh", planned(server, "app"))
    digest = script.partition("tool==2.0 --hash=sha256:")[2][:64]
    with IndexServer(CATALOG) as server:
        changed = script.replace(digest, "0" * 64)
        changed = "".join(
            line.replace(line.split("http://", 1)[1].split("/", 1)[0], server.simple_url.split("/")[2])
            if "http://" in line
            else line
            for line in changed.splitlines(keepends=True)
        )
        done = run_sh(tmp_path, changed, "--target", str(target))
    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert "built from source" not in done.stdout
    assert not target.exists()


def test_sh_script_refuses_another_interpreter(tmp_path: Path) -> None:
    done = run_sh(tmp_path, render("pip-sh", samples.installable_plan()))
    assert done.returncode == 2
    assert "is not Python 3.11 for win_amd64" in done.stderr


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="PowerShell is not installed")
def test_powershell_script_refuses_another_interpreter(tmp_path: Path) -> None:
    path = tmp_path / "install.ps1"
    path.write_text(render("pip-powershell", samples.needs_build_plan()), encoding="utf-8")
    command = ["pwsh", "-NoProfile", "-File", str(path)]
    environ = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environ)
    assert done.returncode == 2


@pytest.mark.parametrize("plan", [samples.installable_plan(), samples.needs_build_plan()], ids=["wheels", "build"])
def test_powershell_script_is_grammatical(plan: Plan) -> None:
    tree_sitter = pytest.importorskip("tree_sitter", reason="pip install -e '.[builders]'")
    grammar = pytest.importorskip("tree_sitter_powershell", reason="pip install -e '.[builders]'")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    text = render("pip-powershell", plan)
    assert text.startswith("\ufeff# Made by")
    assert not parser.parse(text.lstrip("\ufeff").encode()).root_node.has_error
    assert parser.parse(b"if (").root_node.has_error  # the parser does tell


def test_every_script_names_the_same_packages_in_the_same_order() -> None:
    plan = samples.needs_build_plan()
    pins = [f"{package.name}=={package.version}" for package in plan.packages]
    found = [
        [word.strip("'\", ") for word in text.split() if word.strip("'\", ") in pins]
        for text in (render("pip-sh", plan), render("pip-powershell", plan), render("pip-cmd", plan))
    ]
    assert set(found[0]) == set(pins)
    assert found[0] == found[1] == found[2]


def test_command_prompt_script_escapes_what_the_prompt_reads() -> None:
    text = render("pip-cmd", samples.needs_build_plan())
    assert text.isascii()
    assert text.count("\n") == text.count("\r\n")
    assert '>"%WORK%\\requirements.txt" echo ' in text
