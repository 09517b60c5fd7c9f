"""The scenarios on the live index, as of one day: the facts that were checked by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.peers import Question, ask_wheelcheck, clean_environment, scenario

pytestmark = pytest.mark.live

PURE_SDISTS = {"audiocraft", "antlr4-python3-runtime", "docopt", "encodec", "flashy"}


def question(name: str, platform: str = "win_amd64", python: str = "3.11") -> Question:
    return Question(name=name, requirements=scenario(name), platform=platform, python=python)


def errors(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for finding in plan["findings"] if finding["severity"] == "error"]


def test_creatorcrafter_is_blocked_by_av_alone(tmp_path: Path) -> None:
    answer, plan = ask_wheelcheck(question("creatorcrafter"), tmp_path)
    assert answer.status == 1
    assert plan["status"] == "blocked"
    (error,) = errors(plan)
    assert (error["package"], error["version"]) == ("av", "11.0.0")
    assert error["nearest"].startswith("12.0")
    assert ["audiocraft==1.3.0", "av==11.0.0"] in error["paths"]
    pure = {finding["package"] for finding in plan["findings"] if finding["code"] == "WC101"}
    assert pure == PURE_SDISTS


def test_creatorcrafter_with_av_overridden_is_planned_and_accepted_by_uv(tmp_path: Path) -> None:
    answer, plan = ask_wheelcheck(question("creatorcrafter"), tmp_path, "--override", "av==12.0.0")
    assert answer.status == 0
    assert plan["status"] == "needs-build"
    assert len(plan["packages"]) == 129
    plan_file, exported = tmp_path / "plan.json", tmp_path / "hashed.txt"
    file = tmp_path / "requirements.txt"
    wheelcheck = [sys.executable, "-m", "wheelcheck"]
    options = [
        "--platform",
        "win_amd64",
        "--python",
        "3.11",
        "--exclude-newer",
        "2026-11-01",
        "--override",
        "av==12.0.0",
    ]
    subprocess.run(
        [*wheelcheck, "plan", str(file), *options, "-o", str(plan_file), "-q"], check=True, env=clean_environment()
    )
    subprocess.run([*wheelcheck, "export", str(plan_file), "--to", "requirements", "-o", str(exported)], check=True)
    uv = [
        str(Path(sys.executable).parent / "uv"), "pip", "install", "--dry-run", "--no-deps", "--require-hashes",
        "--python-platform", "windows", "--python-version", "3.11", "--target", str(tmp_path / "site"), "-r", str(exported),
    ]  # fmt: skip
    done = subprocess.run(uv, capture_output=True, text=True, env=clean_environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert "129 packages" in done.stderr


def test_creatorcrafter_on_3_13_names_torch_and_its_family(tmp_path: Path) -> None:
    answer, plan = ask_wheelcheck(question("creatorcrafter", python="3.13"), tmp_path)
    assert answer.status == 1
    blockers = {error["package"] for error in errors(plan)}
    assert {"torch", "torchaudio", "torchvision", "torchtext", "xformers", "av"} <= blockers


def test_handmade_list_clashes_on_av(tmp_path: Path) -> None:
    answer, plan = ask_wheelcheck(question("creatorcrafter-handmade"), tmp_path)
    assert answer.status == 1
    clash = next(finding for finding in plan["findings"] if finding["code"] == "WC204" and finding["package"] == "av")
    assert {tuple(path) for path in clash["paths"]} == {("av==16.0.1",), ("audiocraft==1.3.0", "av==11.0.0")}


@pytest.mark.parametrize("platform", ["manylinux_2_28_x86_64", "macosx_13_0_arm64"])
def test_samai_is_blocked_by_psycopg2_off_windows(platform: str, tmp_path: Path) -> None:
    answer, plan = ask_wheelcheck(question("samai", platform), tmp_path)
    assert answer.status == 1
    assert [error["package"] for error in errors(plan)] == ["psycopg2"]


@pytest.mark.parametrize("platform", ["win_arm64", "musllinux_1_2_x86_64"])
def test_peft_studio_has_no_torch_there(platform: str, tmp_path: Path) -> None:
    answer, plan = ask_wheelcheck(question("peft-studio", platform), tmp_path)
    assert answer.status == 1
    assert "torch" in {error["package"] for error in errors(plan)}
