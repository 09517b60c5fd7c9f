"""Fetching from the live index: real wheels come, and real pure sources become the same wheels twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.peers import clean_environment

pytestmark = pytest.mark.live

_TARGET = ("--platform", "win_amd64", "--python", "3.11", "--exclude-newer", "2026-11-01")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wheelcheck", *words],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def fetched(folder: Path, *words: str) -> dict[str, Any]:
    done = run(folder, "fetch", "plan.json", "--format", "json", *words)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_wheels_of_a_small_application_come_with_their_weight_told_before(tmp_path: Path) -> None:
    assert run(tmp_path, "plan", "flask", *_TARGET, "-o", "plan.json").returncode == 0
    done = run(tmp_path, "fetch", "plan.json", "--sizes")
    assert "1,000 users:" in done.stdout
    document = fetched(tmp_path, "-d", "house")
    assert document["download"]["complete"]
    assert document["installed"]["complete"]
    assert document["installed"]["bytes"] > document["download"]["bytes"]
    assert sum(wheel["size"] for wheel in document["wheels"]) == document["download"]["bytes"]
    assert fetched(tmp_path, "-d", "house")["fetched"] == []


def test_pure_sources_are_built_into_the_same_wheels_twice(tmp_path: Path) -> None:
    assert run(tmp_path, "plan", "docopt==0.6.2", *_TARGET, "-o", "plan.json").returncode == 0
    refused = run(tmp_path, "fetch", "plan.json", "-d", "one")
    assert refused.returncode == 2
    assert "--allow-build docopt" in refused.stderr
    one, two = (fetched(tmp_path, "-d", house, "--allow-build", "docopt")["wheels"] for house in ("one", "two"))
    assert one == two
    assert one[0]["built_from"] == "docopt-0.6.2.tar.gz"
