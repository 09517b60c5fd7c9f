"""The hook through real pre-commit and prek: ``git commit`` in a scratch repository, dependencies on a loopback index."""

from __future__ import annotations

import re
import time

import pytest

from tests.hooks.scratch import PINNED, Scratch, install, settings
from tests.server import IndexServer

pytest.importorskip("yaml", reason="pip install -e '.[hooks]'")


def test_commit_of_what_has_wheels_passes(scratch: Scratch, index: IndexServer, runner: str) -> None:
    install(scratch, runner)
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", "calm\n")
    ended = scratch.commit("wheelcheck.toml", "requirements.txt")
    assert ended.status == 0, ended.text
    assert re.search(r"wheelcheck\.+Passed", ended.text)
    assert index.count_pages("calm") == 1
    assert scratch.commits() == 2


def test_commit_of_what_wants_a_compiler_fails_with_line_reason_and_repair(
    scratch: Scratch, index: IndexServer, runner: str
) -> None:
    install(scratch, runner)
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", PINNED)
    ended = scratch.commit("wheelcheck.toml", "requirements.txt")
    assert ended.status == 1
    assert re.search(r"wheelcheck\.+Failed", ended.text)
    assert "requirements.txt:3" in ended.flat
    assert "WC102" in ended.flat
    assert "Only a source archive that needs a compiler" in ended.flat
    assert "native==1.0" in ended.flat
    assert scratch.commits() == 1
    # What is printed is the report and nothing else.
    assert "Traceback" not in ended.text
    scratch.write("requirements.txt", PINNED.replace("native==2.0", "native==1.0"))
    assert scratch.commit("requirements.txt").status == 0


def test_commit_that_touches_no_dependency_file_asks_nothing(scratch: Scratch, index: IndexServer, runner: str) -> None:
    install(scratch, runner)
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", PINNED)
    scratch.succeed("git", "add", "wheelcheck.toml", "requirements.txt")
    scratch.succeed("git", "commit", "--no-verify", "-m", "an old failure")
    scratch.write("README.md", "native==2.0\n")
    scratch.write("notes/requirements.md", "native==2.0\n")
    ended = scratch.commit("README.md", "notes")
    assert ended.status == 0
    assert "Skipped" in ended.text
    assert index.requests == []


def test_hook_without_targets_refuses_instead_of_taking_its_own_interpreter(
    scratch: Scratch, index: IndexServer, runner: str
) -> None:
    install(scratch, runner)
    scratch.write("wheelcheck.toml", settings(index, targets=""))
    scratch.write("requirements.txt", "calm\n")
    ended = scratch.commit("wheelcheck.toml", "requirements.txt")
    assert ended.status == 1
    assert "no platform and no Python is named" in ended.flat
    assert "args: [--platform, win_amd64, --python" in ended.flat
    assert index.requests == []


def test_targets_in_args_count(scratch: Scratch, index: IndexServer, runner: str) -> None:
    install(scratch, runner, "--platform", "win_amd64", "--python", "3.12", "-i", index.simple_url)
    scratch.write("requirements.txt", "native==1.0\n")
    ended = scratch.commit("requirements.txt")
    assert ended.status == 1
    assert "win_amd64/3.12" in ended.text


def test_failing_index_fails_the_commit(scratch: Scratch, index: IndexServer, runner: str) -> None:
    install(scratch, runner)
    scratch.write("wheelcheck.toml", settings(index).replace(index.simple_url, "http://127.0.0.1:9/simple/"))
    scratch.write("requirements.txt", "calm\n")
    ended = scratch.commit("wheelcheck.toml", "requirements.txt")
    assert ended.status == 1
    assert "127.0.0.1:9" in ended.flat
    assert "exit code: 3" in ended.flat


def test_cached_answer_comes_within_two_seconds(scratch: Scratch, index: IndexServer, runner: str) -> None:
    install(scratch, runner)
    scratch.write("wheelcheck.toml", settings(index))
    scratch.write("requirements.txt", "calm\n")
    assert scratch.commit("wheelcheck.toml", "requirements.txt").status == 0
    index.forget_requests()
    scratch.write("requirements.txt", "calm==1.0\n")
    scratch.succeed("git", "add", "requirements.txt")
    began = time.monotonic()
    ended = scratch.run("wheelcheck", "hook", "requirements.txt")
    assert ended.status == 0, ended.text
    assert time.monotonic() - began < 2
    assert index.requests == []
