"""The GitHub Action: its bash run step by step against a loopback index, and its inputs held to actionlint."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.archives import make_wheel
from tests.hooks.scratch import CATALOG, PINNED, ROOT, Ended, Scratch, program, settings
from tests.hooks.workflows import Runner, open_runner
from tests.server import IndexServer

yaml = pytest.importorskip("yaml", reason="pip install -e '.[hooks]'")

# The program that the action installs hands over to the one under test.
_STAND_IN = f"""
import os, sys
def main():
    os.execv({sys.executable!r}, [{sys.executable!r}, "-m", "wheelcheck", *sys.argv[1:]])
"""
_ENTRY = "[console_scripts]\nwheelcheck = wheelcheck_stand_in:main\n"
INSTALLED = {"version": "v0.1.0", "python": sys.executable}

pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="runs bash and POSIX programs")


def action() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture
def index() -> Iterator[IndexServer]:
    """The index of the other tests, with the stand-in on it."""
    files = {"wheelcheck_stand_in.py": _STAND_IN, "wheelcheck-0.1.0.dist-info/entry_points.txt": _ENTRY}
    with IndexServer({**CATALOG, "wheelcheck": [make_wheel("wheelcheck", "0.1.0", files=files)]}) as server:
        yield server


@pytest.fixture(params=["uv", "pip"])
def runner(request: pytest.FixtureRequest, scratch: Scratch, index: IndexServer, tmp_path: Path) -> Runner:
    """A runner with uv, and one without."""
    if request.param == "uv" and program("uv") is None:
        pytest.skip("uv is not installed: pip install -e '.[peers]'")
    folders = scratch.environ["PATH"].split(os.pathsep)
    if request.param == "pip":
        folders = [folder for folder in folders if not (Path(folder) / "uv").exists()]
    return open_runner(
        scratch,
        tmp_path,
        PATH=os.pathsep.join(folders),
        PIP_INDEX_URL=index.simple_url,
        UV_DEFAULT_INDEX=index.simple_url,
        UV_PYTHON_DOWNLOADS="never",
        UV_NO_CONFIG="1",
    )


@pytest.fixture
def checking(scratch: Scratch, tmp_path: Path) -> Runner:
    """A runner on which the first step has put the wheelcheck under test."""
    runner = open_runner(scratch, tmp_path)
    programs = runner.temp / "wheelcheck" / "bin"
    programs.mkdir(parents=True)
    script = programs / "wheelcheck"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wheelcheck "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return runner


def check(runner: Runner, **given: str) -> Ended:
    """Run the second step alone; underscores stand for the dashes of the inputs."""
    second = action()
    del second["runs"]["steps"][0]
    return runner.run_action(second, {name.replace("_", "-"): value for name, value in given.items()})


def test_failing_check_is_told_in_log_annotations_summary_and_sarif(
    runner: Runner, scratch: Scratch, index: IndexServer
) -> None:
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", PINNED)
    ended = runner.run_action(action(), INSTALLED)
    assert ended.status == 1, ended.text
    assert "win_amd64/3.11: fails" in ended.text
    assert re.search(r"^::error file=requirements\.txt,line=3,title=WC102", ended.text, re.MULTILINE)
    assert "native" in runner.summary
    assert runner.outputs["exit-status"] == "1"
    sarif = json.loads(Path(runner.outputs["sarif"]).read_text(encoding="utf-8"))
    (location,) = sarif["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "requirements.txt"
    assert location["physicalLocation"]["region"]["startLine"] == 3


def test_passing_check_is_0(checking: Runner, scratch: Scratch, index: IndexServer) -> None:
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", "calm\n")
    ended = check(checking)
    assert ended.status == 0, ended.text
    assert "::error" not in ended.text
    assert checking.outputs["exit-status"] == "0"
    assert checking.summary


def test_log_gives_the_runner_no_commands(checking: Runner, scratch: Scratch, index: IndexServer) -> None:
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", PINNED)
    text = check(checking).text
    found = re.fullmatch(r"::stop-commands::([0-9a-f]{32})\n(.*)^::\1::\n(.*)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, text
    assert "win_amd64/3.11" in found[2]
    assert "::error" not in found[2]
    assert found[3].startswith("::error")


def test_folder_is_part_of_the_annotations_path(checking: Runner, scratch: Scratch, index: IndexServer) -> None:
    scratch.write("apps/a/wheelcheck.toml", settings(index))
    scratch.write("apps/a/requirements.txt", PINNED)
    ended = check(checking, working_directory="./apps/a/")
    assert ended.status == 1, ended.text
    assert "::error file=apps/a/requirements.txt,line=3" in ended.text


def test_lists_are_words_and_lines(checking: Runner, scratch: Scratch, index: IndexServer) -> None:
    scratch.write("with space.txt", "calm\n")
    scratch.write("more.txt", "native==1.0\n")
    ended = check(
        checking,
        inputs="with space.txt\r\n  more.txt  \n\n",
        platforms="win_amd64,win_arm64\nwindows",
        pythons=" 3.11  3.12 ",
        args=f"--index-url={index.simple_url}\n--no-cache",
        format=f"junit={checking.temp / 'wheels.xml'}",
        sdist="pure",
        fail_on="WC2",
    )
    assert ended.status == 1, ended.text
    # Pythons with the same answer share a line.
    named = re.findall(r"^(win_\w+)/([\d.,]+):", ended.text, re.MULTILINE)
    assert {(platform, python) for platform, pythons in named for python in pythons.split(",")} == {
        (platform, python) for platform in ("win_amd64", "win_arm64") for python in ("3.11", "3.12")
    }
    assert (checking.temp / "wheels.xml").exists()


def test_inputs_are_never_run(checking: Runner, scratch: Scratch) -> None:
    hostile = '$(touch owned) `touch owned`; touch owned\n\' ; touch owned\n" ; touch owned; echo "'
    for name in ("inputs", "platforms", "pythons", "sdist", "fail_on", "format", "args"):
        ended = check(checking, **{name: hostile})
        assert ended.status == 2, (name, ended.text)
        assert "syntax error" not in ended.text
        assert "exit status 2" in checking.summary
        assert checking.outputs == {"exit-status": "2", "sarif": ""}
    assert not list(scratch.folder.rglob("owned"))


def test_every_input_is_passed_on() -> None:
    used = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", (ROOT / "action.yml").read_text(encoding="utf-8")))
    assert used == set(action()["inputs"])


@pytest.mark.live
def test_action_installs_its_own_revision(scratch: Scratch, index: IndexServer, tmp_path: Path) -> None:
    machine = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
    runner = open_runner(scratch, tmp_path, PYTHONPATH="", PIP_CONFIG_FILE="", **machine)
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", PINNED)
    ended = runner.run_action(action(), {"python": sys.executable})
    assert ended.status == 1, ended.text
    assert "::error file=requirements.txt,line=3" in ended.text
