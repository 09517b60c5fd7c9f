"""A project with settings of uv gets what ``uv pip compile`` chooses for it on the live index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import wheelcheck
from tests.live.peers import clean_environment
from tests.projects.tools import tool

pytestmark = pytest.mark.live
PROJECT = """\
[project]
name = "service"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = [
  "fastapi[standard]>=0.115", "sqlalchemy[asyncio]>=2,<2.1", "pandas", "celery[redis]", "boto3",
  "jupyterlab; sys_platform != 'win32'",
]
[tool.uv]
exclude-newer = "2026-09-01"
exclude-newer-package = { boto3 = "2026-10-01", botocore = "2026-10-01", s3transfer = "2026-10-01" }
override-dependencies = ["numpy<2.3", "click==8.1.8"]
constraint-dependencies = ["urllib3<2.6", "pydantic<2.13"]
prerelease = "if-necessary-or-explicit"
"""
TARGETS = {"win_amd64": "x86_64-pc-windows-msvc", "manylinux_2_28_x86_64": "x86_64-manylinux_2_28"}


@pytest.mark.skipif(tool("uv") is None, reason="uv is not here (extra: peers)")
@pytest.mark.parametrize("platform", TARGETS)
def test_overrides_constraints_and_days_are_those_of_uv(platform: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(PROJECT)
    words = [
        tool("uv") or "uv",
        "pip",
        "compile",
        "--no-header",
        "--no-annotate",
        "--no-strip-extras",
        "--python",
        sys.executable,
    ]
    words += ["--python-platform", TARGETS[platform], "--python-version", "3.12", "--quiet", str(path)]
    done = subprocess.run(words, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=True)
    chosen = (line.split("==") for line in done.stdout.split() if "==" in line)
    environ = {**clean_environment(), "PIP_CONFIG_FILE": os.devnull}
    plan = wheelcheck.plan(
        str(path), platform=platform, python="3.12", sdist="any", repairs=0, folder=str(tmp_path), environ=environ
    )
    assert {str(each.name): str(each.version) for each in plan.packages} == {
        name.partition("[")[0]: version for name, version in chosen
    }
