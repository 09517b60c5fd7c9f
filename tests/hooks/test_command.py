"""``wheelcheck hook`` as pre-commit calls it: file names, and nothing else that says what to judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.programs import Outcome, Shell, open_shell
from tests.hooks.scratch import PINNED, settings
from tests.server import IndexServer

WINDOWS = ("--platform", "win_amd64", "--python", "3.11")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return open_shell(tmp_path, monkeypatch, capsys)


def hook(shell: Shell, *words: str) -> Outcome:
    return shell.run("hook", *words, "--no-cache")


def test_settings_nearest_to_each_file_count(shell: Shell, index: IndexServer) -> None:
    # Settings are looked for up to the root of a repository.
    (shell.folder / ".git").mkdir()
    shell.write("wheelcheck.toml", settings(index, 'platform = "win_arm64"\npython = "3.13"\n'))
    shell.write("a/wheelcheck.toml", settings(index))
    shell.write("a/requirements.txt", "calm\n")
    shell.write("b/requirements.txt", "calm\n")
    outcome = hook(shell, "b/requirements.txt", "a/requirements.txt")
    assert outcome.status == 0, outcome.err
    first, second = outcome.out.index("win_amd64/3.11"), outcome.out.index("win_arm64/3.13")
    assert outcome.out.index("a/requirements.txt") < first < outcome.out.index("b/requirements.txt") < second


def test_one_input_gets_its_report_alone(shell: Shell, index: IndexServer) -> None:
    shell.write("requirements.txt", "calm\n")
    outcome = hook(shell, "requirements.txt", *WINDOWS, "-i", index.simple_url)
    assert outcome.out == shell.run("check", "requirements.txt", *WINDOWS, "-i", index.simple_url, "--no-cache").out
    assert outcome.err == ""


def test_unreadable_input_keeps_no_other_from_being_judged(shell: Shell, index: IndexServer) -> None:
    shell.write("wheelcheck.toml", settings(index))
    shell.write("requirements-bad.txt", "not a requirement\n")
    shell.write("requirements.txt", "calm\n")
    outcome = hook(shell, "requirements-bad.txt", "requirements.txt")
    assert outcome.status == 2
    assert "requirements-bad.txt:1" in outcome.err
    assert "passes" in outcome.out
    shell.write("requirements.txt", PINNED)
    assert hook(shell, "requirements-bad.txt", "requirements.txt").status == 1


@pytest.mark.parametrize(
    ("written", "words", "lacking"),
    [
        ("", (), "no platform and no Python"),
        ("", ("--platform", "win_amd64"), "no Python"),
        ("", ("--python", "3.11"), "no platform"),
        ('platform = "win_amd64"\n', (), "no Python"),
        ('targets = ["win_amd64/3.11"]\nplatform = "linux"\n', (), "no Python"),
    ],
)
def test_half_a_target_is_refused(
    shell: Shell, index: IndexServer, written: str, words: tuple[str, ...], lacking: str
) -> None:
    shell.write("wheelcheck.toml", settings(index, written))
    shell.write("requirements.txt", "calm\n")
    assert f"{lacking} is named to check for" in hook(shell, "requirements.txt", *words).refused(2)
    assert index.requests == []


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('targets = ["win_amd64/3.11"]\n', ()),
        ('platform = "win_amd64"\n', ("--python", "3.11")),
        ("", ("--target", "target.json")),
    ],
)
def test_whole_target_may_be_written_anywhere(
    shell: Shell, index: IndexServer, written: str, words: tuple[str, ...]
) -> None:
    shell.write("target.json", shell.run("target").out)
    shell.write("wheelcheck.toml", settings(index, written))
    shell.write("requirements.txt", "calm\n")
    outcome = hook(shell, "requirements.txt", *words)
    assert outcome.status == 0, outcome.err


def test_settings_beside_nothing_are_said_to_lead_nowhere(shell: Shell) -> None:
    shell.write("wheelcheck.toml", "")
    outcome = hook(shell, "wheelcheck.toml")
    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == "note: wheelcheck.toml leads to no dependency file\n"


def test_no_files_at_all_are_refused(shell: Shell) -> None:
    assert "pass_filenames" in hook(shell).refused(2)


def test_options_that_write_files_are_not_taken(shell: Shell) -> None:
    for option in ("--format=json", "--output=x", "--write-baseline=x", "--relock"):
        outcome = hook(shell, "requirements.txt", option)
        assert outcome.status == 2
        assert "wheelcheck hook has no option" in outcome.err
