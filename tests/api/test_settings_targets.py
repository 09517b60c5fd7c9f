"""The targets of the settings, where a plan is for one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wheelcheck.api.preparing import prepare
from wheelcheck.api.request import Request
from wheelcheck.errors import UsageProblem
from wheelcheck.model.target import Target
from wheelcheck.ports import SilentReporter


def target(folder: Path, text: str, *, platform: str | None = None, python: str | None = None) -> Target:
    (folder / "wheelcheck.toml").write_text(text)
    request = Request(
        inputs=("six",), folder=str(folder), platform=platform, python=python, environ={"PIP_CONFIG_FILE": os.devnull}
    )
    return prepare(request, SilentReporter()).question.target


def test_only_target_of_the_settings_is_the_one_planned_for(tmp_path: Path) -> None:
    assert str(target(tmp_path, "targets = 'windows/3.12'\n")) == "win_amd64, Python 3.12"


def test_several_targets_need_words_on_the_command_line(tmp_path: Path) -> None:
    text = "targets = ['windows/3.12', 'linux/3.13']\n"
    with pytest.raises(UsageProblem) as caught:
        target(tmp_path, text)
    assert "2 targets (win_amd64/3.12, manylinux_2_28_x86_64/3.13)" in caught.value.message
    assert caught.value.hint == "give --platform and --python"
    assert str(target(tmp_path, text, platform="win32", python="3.11")) == "win32, Python 3.11"
