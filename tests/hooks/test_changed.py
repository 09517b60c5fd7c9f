"""Which inputs a change of files puts to question."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from wheelcheck.locks.discovery import inputs_of_change

PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["a"]\n'
LOCK = '[[package]]\nname = "a"\n'
STALE = '[[package]]\nname = "b"\n'
TOOLS = "[tool.ruff]\nline-length = 120\n"
SETTINGS = '[tool.wheelcheck]\nplatform = "win_amd64"\n'
BOTH_REQUIREMENTS = {"requirements.txt": "a\n", "requirements-dev.txt": "b\n"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("present", "changed", "expected"),
    [
        ({"uv.lock": ""}, ["uv.lock"], ["uv.lock"]),
        ({"uv.lock": LOCK, "pyproject.toml": PROJECT}, ["pyproject.toml", "uv.lock"], ["uv.lock"]),
        ({"uv.lock": STALE, "pyproject.toml": PROJECT}, ["pyproject.toml", "uv.lock"], ["pyproject.toml", "uv.lock"]),
        ({"uv.lock": "", "pyproject.toml": PROJECT}, ["pyproject.toml"], ["pyproject.toml"]),
        ({"a/uv.lock": "", "pyproject.toml": PROJECT}, ["a/uv.lock", "pyproject.toml"], ["a/uv.lock", "pyproject.toml"]),
        (BOTH_REQUIREMENTS, ["requirements-dev.txt"], ["requirements-dev.txt"]),
        ({"requirements.in": "a\n", "requirements.txt": "a==1\n"}, ["requirements.in", "requirements.txt"], ["requirements.txt"]),
        ({"requirements.in": "a\n", "requirements.txt": "a==1\n"}, ["requirements.in"], ["requirements.in"]),
        ({"constraints.txt": "a<2\n", **BOTH_REQUIREMENTS}, ["constraints.txt"], ["requirements-dev.txt", "requirements.txt"]),
        ({"constraints.txt": "a<2\n", "uv.lock": "", **BOTH_REQUIREMENTS}, ["constraints.txt"], ["uv.lock"]),
        ({"requirements/constraints.txt": "", "requirements/base.txt": "a\n"}, ["requirements/constraints.txt"],
         ["requirements/base.txt"]),
        ({"wheelcheck.toml": "", "pyproject.toml": PROJECT}, ["wheelcheck.toml"], ["pyproject.toml"]),
        ({"pyproject.toml": TOOLS, "requirements.txt": "a\n"}, ["pyproject.toml"], []),
        ({"pyproject.toml": TOOLS + SETTINGS, "requirements.txt": "a\n"}, ["pyproject.toml"], ["requirements.txt"]),
        ({"pyproject.toml": "not TOML"}, ["pyproject.toml"], ["pyproject.toml"]),
        ({"wheelcheck.toml": ""}, ["wheelcheck.toml"], []),
        ({}, ["requirements.txt"], []),
        ({"deps/base.list": "a\n"}, ["deps/base.list"], ["deps/base.list"]),
    ],
)  # fmt: skip
def test_change_leads_to_inputs(
    folder: Path, present: Mapping[str, str], changed: list[str], expected: list[str]
) -> None:
    for name, text in present.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = inputs_of_change(changed)
    assert [path.as_posix() for path in found.inputs] == expected
    assert [path.as_posix() for path in found.idle] == ([] if expected else changed)


def test_files_named_twice_are_one_input(folder: Path) -> None:
    (folder / "requirements.txt").write_text("a\n", encoding="utf-8")
    assert inputs_of_change(["requirements.txt", "requirements.txt"]).inputs == (Path("requirements.txt"),)
