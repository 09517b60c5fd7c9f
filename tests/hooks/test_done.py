"""Issue 4's first line of done, against the real index: a product's requirements and lock pass, what wants a compiler does not."""

from __future__ import annotations

import os
import time

import pytest

from tests.hooks.scratch import ROOT, Scratch, install, program
from tests.live.peers import CUTOFF

pytest.importorskip("yaml", reason="pip install -e '.[hooks]'")

pytestmark = pytest.mark.live
REQUIREMENTS = ROOT / "fixtures" / "scenarios" / "peft-studio" / "requirements.txt"
TARGETS = ("win_amd64", "manylinux_2_28_x86_64")


def test_product_passes_and_what_wants_a_compiler_fails_with_line_reason_and_repair(
    scratch: Scratch, runner: str
) -> None:
    uv = program("uv")
    if uv is None:
        pytest.skip("uv is not installed: pip install -e '.[peers]'")
    text = REQUIREMENTS.read_text(encoding="utf-8")
    asked = [line for line in text.splitlines() if line and not line.startswith("#")]
    machine = {name: value for name, value in os.environ.items() if name.startswith(("SSL_", "PIP_CERT"))}
    scratch = Scratch(folder=scratch.folder, environ={**scratch.environ, **machine, "UV_PYTHON_DOWNLOADS": "never"})
    scratch.write("requirements.txt", text)
    scratch.write(
        "pyproject.toml",
        '[project]\nname = "product"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f'dependencies = {asked}\n[tool.wheelcheck]\nplatform = {list(TARGETS)}\npython = "3.11"\n'
        f'exclude-newer = "{CUTOFF}"\n',
    )
    scratch.succeed(uv, "lock", "--quiet", "--exclude-newer", f"{CUTOFF}T00:00:00Z")
    install(scratch, runner)
    fine = scratch.commit("requirements.txt", "pyproject.toml", "uv.lock")
    assert fine.status == 0, fine.text
    # The lock is read as it is, and speaks for the project file that it was made of.
    judged = scratch.run("wheelcheck", "hook", "requirements.txt", "pyproject.toml", "uv.lock")
    assert judged.text.count("Passes on all 2 targets") == 2
    assert "pyproject.toml" not in judged.text

    line = len(text.splitlines()) + 1
    scratch.write("requirements.txt", text + "dtlssocket\n")
    native = scratch.commit("requirements.txt")
    assert native.status == 1
    assert f"requirements.txt:{line}" in native.flat
    assert "its source needs a compiler because setup.py passes ext_modules" in native.flat
    assert min(seconds_of_the_hook(scratch) for _ in range(3)) < 2

    scratch.write("requirements.txt", text + "psycopg2\n")
    mendable = scratch.commit("requirements.txt")
    assert mendable.status == 1
    assert f"requirements.txt:{line}" in mendable.flat
    assert "psycopg2-binary" in mendable.flat


def seconds_of_the_hook(scratch: Scratch) -> float:
    """How long an answer from the cache takes; the best of several, because other tests run beside."""
    began = time.monotonic()
    assert scratch.run("wheelcheck", "hook", "requirements.txt").status == 1
    return time.monotonic() - began
