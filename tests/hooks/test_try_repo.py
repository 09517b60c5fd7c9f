"""The published hook as its users get it: installed from this repository by pre-commit and prek, which asks the real index."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.hooks.scratch import PINNED, ROOT, Scratch, open_scratch, settings
from tests.server import IndexServer

pytestmark = pytest.mark.live
_PARTS = ("wheelcheck", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")


def published(tmp_path: Path) -> Path:
    """Lay out this project as a repository of its own, with what is not yet committed."""
    tmp_path.mkdir()
    repository = open_scratch(tmp_path)
    for part in _PARTS:
        source, there = ROOT / part, repository.folder / part
        if source.is_dir():
            shutil.copytree(source, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, there)
    assert repository.commit(".").status == 0
    return repository.folder


def test_published_hook_is_installed_and_run_by_try_repo(
    tmp_path: Path, scratch: Scratch, index: IndexServer, runner: str
) -> None:
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", "calm\n")
    scratch.succeed("git", "add", ".")
    repository = published(tmp_path / "published")
    words = (runner, "try-repo", str(repository), "wheelcheck", "--files", "requirements.txt", "--verbose")
    # The tool's own pip makes the hook's environment, from the index that this machine is set to.
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
    environ = {"PYTHONPATH": "", "PIP_CONFIG_FILE": "", **pip}
    fine = scratch.run(*words, environ=environ)
    assert fine.status == 0, fine.text
    assert "win_amd64/3.11" in fine.text
    scratch.write("requirements.txt", PINNED)
    failing = scratch.run(*words, environ=environ)
    assert failing.status == 1
    assert "requirements.txt:3" in failing.flat
