"""Runs wheelcheck and uv on the same question and reads both answers; used by the live tests and by the reports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
CUTOFF = "2026-11-01"

# The same targets in both tools' words; macOS's floor is an environment variable for uv.
_UV_PLATFORMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "win_amd64": ("x86_64-pc-windows-msvc", {}),
    "win_arm64": ("aarch64-pc-windows-msvc", {}),
    "manylinux_2_28_x86_64": ("x86_64-manylinux_2_28", {}),
    "manylinux_2_28_aarch64": ("aarch64-manylinux_2_28", {}),
    "macosx_13_0_arm64": ("aarch64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "13.0"}),
    "macosx_13_0_x86_64": ("x86_64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "13.0"}),
}
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One input on one target; ``requirements`` are lines of a requirements file."""

    name: str
    requirements: tuple[str, ...]
    platform: str
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a tool said: its exit status, the versions it chose, and its words."""

    status: int
    versions: Mapping[NormalizedName, Version]
    words: str


def clean_environment() -> dict[str, str]:
    """Return this environment without pip's settings, which uv does not read, so that both tools ask the same index."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PIP_") or name == "PIP_CERT"},
        "PIP_CONFIG_FILE": os.devnull,
        "UV_PYTHON_DOWNLOADS": "never",
    }


def ask_wheelcheck(question: Question, folder: Path, *options: str) -> tuple[Answer, dict[str, Any]]:
    """The answer of `wheelcheck plan`, and the plan itself (empty where there is none)."""
    file = folder / "requirements.txt"
    file.write_text("\n".join(question.requirements) + "\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "wheelcheck", "plan", str(file), "--platform", question.platform, "--python", question.python,
        "--exclude-newer", CUTOFF, "--format", "json", "--no-progress", *options,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), cwd=folder, check=False)
    plan: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
    versions = {package["name"]: Version(package["version"]) for package in plan.get("packages", ())}
    return Answer(status=done.returncode, versions=versions, words=done.stderr), plan


def ask_uv(question: Question, folder: Path, *options: str) -> Answer:
    """The answer of `uv pip compile --only-binary :all:`."""
    file = folder / "requirements.txt"
    file.write_text("\n".join(question.requirements) + "\n", encoding="utf-8")
    platform, variables = _UV_PLATFORMS[question.platform]
    uv = Path(sys.executable).parent / "uv"
    command = [
        str(uv), "pip", "compile", str(file), "--python-platform", platform, "--python-version", question.python,
        "--exclude-newer", CUTOFF, "--only-binary", ":all:", "--no-header", "--no-annotate", "--no-config", "-q", *options,
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, env={**clean_environment(), **variables}, cwd=folder, check=False
    )
    found = {canonicalize_name(name): Version(version) for name, version in _PINNED.findall(done.stdout)}
    return Answer(status=done.returncode, versions=found, words=done.stderr)


def differences(ours: Mapping[NormalizedName, Version], theirs: Mapping[NormalizedName, Version]) -> list[str]:
    """One line for each project on which the two disagree."""
    return [
        f"{name}: wheelcheck {ours.get(name, 'not in it')}, uv {theirs.get(name, 'not in it')}"
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
    ]


def scenario(name: str) -> tuple[str, ...]:
    """The requirement lines of the scenario *name*."""
    text = (ROOT / "fixtures" / "scenarios" / name / "requirements.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


_DESKTOP = ("win_amd64", "manylinux_2_28_x86_64", "macosx_13_0_arm64")

QUESTIONS: tuple[Question, ...] = (
    *(
        Question(name=name, requirements=scenario(name), platform=platform, python=python)
        for name in ("vibebells", "peft-studio")
        for platform in _DESKTOP
        for python in ("3.11", "3.13")
    ),
    Question(name="samai", requirements=scenario("samai"), platform="win_amd64", python="3.11"),
    Question(name="samai", requirements=scenario("samai"), platform="win_amd64", python="3.12"),
    *(
        Question(name="jupyter", requirements=("jupyter",), platform=platform, python=python)
        for platform, python in (
            ("win_amd64", "3.11"),
            ("manylinux_2_28_x86_64", "3.12"),
            ("manylinux_2_28_aarch64", "3.11"),
            ("macosx_13_0_x86_64", "3.12"),
        )
    ),
    *(
        Question(
            name="web",
            requirements=("django>=4,<5.1", "celery[redis]", "psycopg[binary]", "boto3"),
            platform=p,
            python="3.11",
        )
        for p in ("win_amd64", "manylinux_2_28_x86_64")
    ),
    Question(
        name="science",
        requirements=("scikit-learn", "pandas[excel]", "matplotlib<3.9"),
        platform="win_amd64",
        python="3.11",
    ),
    Question(
        name="science",
        requirements=("scikit-learn", "pandas[excel]", "matplotlib<3.9"),
        platform="win_arm64",
        python="3.12",
    ),
)
