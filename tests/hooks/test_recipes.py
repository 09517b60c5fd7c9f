"""The recipes of docs/recipes: each is read by the program that it is for, and its commands are run."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hooks.scratch import PINNED, ROOT, Ended, Scratch, program, settings
from tests.hooks.workflows import open_runner
from tests.server import IndexServer
from wheelcheck.locks.discovery import discover

yaml = pytest.importorskip("yaml", reason="pip install -e '.[hooks]'")

RECIPES = ROOT / "docs" / "recipes"
ACTION = "OWNER/wheelcheck@REVISION"
# Where the targets of a recipe stand on its command line, the settings need not name any.
UNTARGETED = ""
posix = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="runs bash")


def text_of(name: str) -> str:
    return (RECIPES / name).read_text(encoding="utf-8")


def recipe(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load(text_of(name))
    assert isinstance(loaded, dict)
    return loaded


def linted(scratch: Scratch, text: str) -> Ended:
    """What actionlint says of the workflow *text* in a repository that is this action."""
    actionlint = program("actionlint")
    if actionlint is None:
        pytest.skip("actionlint is not installed: pip install -e '.[hooks]'")
    shutil.copy(ROOT / "action.yml", scratch.folder)
    scratch.write(".github/workflows/wheels.yml", text)
    return scratch.run(actionlint, "-no-color", ".github/workflows/wheels.yml")


def test_every_recipe_is_run_and_shown() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    shown = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for path in RECIPES.iterdir():
        assert f'"{path.name}"' in source
        assert f"recipes/{path.name}" in shown


def test_github_recipe_passes_actionlint(scratch: Scratch) -> None:
    text = text_of("github.yml")
    assert text.count(ACTION) == 1
    ended = linted(scratch, text.replace(ACTION, "./"))
    assert ended.status == 0, ended.text


def test_actionlint_knows_the_inputs_of_the_action(scratch: Scratch) -> None:
    text = text_of("github.yml").replace(ACTION, "./")
    ended = linted(scratch, text.replace("pythons:", "snakes:"))
    assert ended.status == 1
    assert '"snakes" is not defined in action' in ended.text
    wrong = linted(scratch, text.replace("outputs.sarif", "outputs.serif"))
    assert "serif" in wrong.text


def test_github_commands_recipe_passes_actionlint(scratch: Scratch) -> None:
    ended = linted(scratch, text_of("github-commands.yml"))
    assert ended.status == 0, ended.text


@posix
@pytest.mark.parametrize(("requirements", "status"), [("calm\n", 0), (PINNED, 1), ("not a requirement\n", 2)])
def test_github_commands_recipe_runs(
    scratch: Scratch, index: IndexServer, tmp_path: Path, requirements: str, status: int
) -> None:
    workflow = recipe("github-commands.yml")
    scratch.write("wheelcheck.toml", settings(index, UNTARGETED))
    scratch.write("requirements.txt", requirements)
    runner = open_runner(
        scratch, tmp_path, WHEELCHECK=workflow["env"]["WHEELCHECK"], XDG_CACHE_HOME=str(tmp_path / "cache")
    )
    install, check = (step for step in workflow["jobs"]["wheels"]["steps"] if "run" in step)
    # The wheelcheck under test is installed already, so that no index is asked for it.
    assert runner.run_step(install, {}).status == 0
    ended = runner.run_step(check, {})
    assert ended.status == status, ended.text
    assert bool(runner.summary) is (status < 2)
    assert ("::error file=requirements.txt,line=3" in ended.text) is (status == 1)
    assert (tmp_path / "cache" / "wheelcheck").exists() is (status < 2)


def test_github_page_recipe_passes_actionlint(scratch: Scratch) -> None:
    ended = linted(scratch, text_of("github-page.yml"))
    assert ended.status == 0, ended.text


_GH = """#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in *--jq*) echo "$FORMER";; esac
"""


@posix
@pytest.mark.parametrize("former", ["", "4711"])
@pytest.mark.parametrize(("requirements", "status"), [("calm\n", 0), (PINNED, 1)])
def test_github_page_recipe_runs(
    scratch: Scratch, index: IndexServer, tmp_path: Path, requirements: str, status: int, former: str
) -> None:
    workflow = recipe("github-page.yml")
    scratch.write("wheelcheck.toml", settings(index, UNTARGETED))
    scratch.write("requirements.txt", "calm\n")
    scratch.commit("requirements.txt")
    base = scratch.run("git", "rev-parse", "HEAD").text.strip()
    scratch.write("requirements.txt", requirements)
    program_folder = tmp_path / "programs"
    program_folder.mkdir()
    (program_folder / "gh").write_text(_GH, encoding="utf-8")
    (program_folder / "gh").chmod(0o755)
    log = tmp_path / "log"
    runner = open_runner(
        scratch,
        tmp_path,
        **workflow["env"],
        LOG=str(log),
        FORMER=former,
        GITHUB_REPOSITORY="owner/shop",
        PATH=f"{program_folder}{os.pathsep}{scratch.environ['PATH']}",
    )
    _, check, comment = (step for step in workflow["jobs"]["wheels"]["steps"] if "run" in step)
    ended = runner.run_step(check, {"github.event.pull_request.base.sha": base})
    assert ended.status == status, ended.text
    assert "<!DOCTYPE html>" in (scratch.folder / "wheels.html").read_text(encoding="utf-8")
    known = {
        "github.token": "t",
        "github.event.pull_request.number": "7",
        "steps.page.outputs.artifact-url": "https://page",
    }
    assert runner.run_step(comment, known).status == 0
    text = (scratch.folder / "comment.md").read_text(encoding="utf-8")
    assert text.startswith("<!-- wheelcheck diff -->\n")
    assert text.endswith("[The whole answer as a page](https://page)\n")
    assert ("native" in text) is (status == 1)
    asked, told = log.read_text(encoding="utf-8").splitlines()
    assert "issues/7/comments" in asked
    assert told.startswith("api --method PATCH repos/owner/shop/issues/comments/4711 " if former else "pr comment 7 ")


def test_recipes_for_updates_are_read_and_update_what_check_finds() -> None:
    import json

    (update,) = recipe("dependabot.yml")["updates"]
    assert (recipe("dependabot.yml")["version"], update["package-ecosystem"], update["directory"]) == (2, "pip", "/")
    assert update["schedule"]["interval"] in ("daily", "weekly", "monthly")
    renovate = json.loads(text_of("renovate.json"))
    (rule,) = renovate["packageRules"]
    assert rule["automerge"] is True
    assert rule["ignoreTests"] is False


@posix
@pytest.mark.parametrize(("requirements", "status"), [("calm\n", 0), (PINNED, 1)])
def test_gitlab_recipe_runs(
    scratch: Scratch, index: IndexServer, tmp_path: Path, requirements: str, status: int
) -> None:
    job = recipe("gitlab.yml")["wheels"]
    scratch.write("wheelcheck.toml", settings(index, UNTARGETED))
    scratch.write("requirements.txt", requirements)
    environ = {name: value.replace("$CI_PROJECT_DIR", str(scratch.folder)) for name, value in job["variables"].items()}
    # GitLab's runner joins the lines of both lists into one script, which ends at the first that fails.
    script = "\n".join((*job["before_script"], *job["script"]))
    ended = scratch.run("bash", "-eo", "pipefail", "-c", script, environ=environ)
    assert ended.status == status, ended.text
    assert "win_amd64/3.11,3.13: " in ended.text
    for report in job["artifacts"]["reports"].values():
        assert ("native" in (scratch.folder / report).read_text(encoding="utf-8")) is (status == 1)
    (cached,) = job["cache"]["paths"]
    assert (scratch.folder / cached / "wheelcheck").exists()


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_paths_that_start_a_recipe_are_those_that_check_finds(name: str, tmp_path: Path) -> None:
    patterns = re.findall(r'- "\*\*/(\S+)"', text_of(name))
    for file in ("pylock.toml", "pylock.dev.toml", "uv.lock", "poetry.lock", "Pipfile.lock", "requirements-dev.txt"):
        (tmp_path / file).write_text("", encoding="utf-8")
        assert discover(tmp_path).taken == tmp_path / file
        assert any(Path(file).match(pattern) for pattern in patterns)
        (tmp_path / file).unlink()


def test_pre_commit_recipe_runs(scratch: Scratch, index: IndexServer, runner: str) -> None:
    text = text_of("pre-commit.yml")
    scratch.write(".pre-commit-config.yaml", text)
    assert scratch.run(runner, "validate-config", ".pre-commit-config.yaml").status == 0
    (repository,) = yaml.safe_load(text)["repos"]
    (hook,) = repository["hooks"]
    (published,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert scratch.run(runner, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")).status == 0
    # The same hook by the wheelcheck under test: installing it from its repository is the live tests' business.
    entry = f"'{sys.executable}' -m {published['entry']}"
    local = {"repo": "local", "hooks": [{**published, **hook, "entry": entry, "language": "system"}]}
    scratch.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [local]}))
    scratch.succeed(runner, "install")
    scratch.write("wheelcheck.toml", settings(index, UNTARGETED))
    scratch.write("requirements.txt", PINNED)
    ended = scratch.commit(".")
    assert ended.status == 1
    assert "manylinux_2_28_x86_64/3.11: fails" in ended.text
    assert "requirements.txt:3" in ended.flat
    scratch.write("requirements.txt", "calm\n")
    assert scratch.commit(".").status == 0
