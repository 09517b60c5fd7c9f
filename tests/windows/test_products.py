"""Real products, bundled for Windows on this machine and run by a Windows Python: from requirements to an installed program."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.programs import Shell, open_shell
from tests.export.test_freezers import answer, free_port
from tests.windows.conftest import Windows
from tests.windows.test_nsis import install

pytestmark = pytest.mark.live

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
_FLASK = """
import os, sys
from flask import Flask
from flask_cors import CORS
import dotenv, music21.note, numpy

app = Flask(__name__)
CORS(app)


@app.get("/health")
def health():
    return {"status": "ok", "pitch": music21.note.Note("C4").pitch.midi, "sum": int(numpy.arange(4).sum())}


@app.get("/quit")
def quit():
    os._exit(0)


app.run(host="127.0.0.1", port=int(sys.argv[1]))
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return open_shell(tmp_path, monkeypatch, capsys)


def bundled(shell: Shell, windows: Windows, product: str, *options: str) -> Path:
    """The bundle of *product* for 64-bit Windows with Python 3.11."""
    requirements = str(SCENARIOS / product / "requirements.txt")
    target = ("--platform", "win_amd64", "--python", "3.11", "--exclude-newer", "2026-11-01")
    assert shell.run("plan", requirements, *target, "-q", "-o", "plan.json").status == 0
    done = shell.run("bundle", "plan.json", "--runtime", str(windows.archive), "-o", "out", *options)
    assert done.status == 0, done.err
    return shell.folder / "out"


@pytest.mark.parametrize("product", ["samai", "vibebells"])
def test_every_module_of_a_product_imports_under_windows(shell: Shell, windows: Windows, product: str) -> None:
    out = bundled(shell, windows, product)
    words = ("--runner", windows.runner, "--timeout", "180", "--format", "json")
    done = shell.run("verify", str(out), "--plan", "plan.json", *words)
    assert done.status == 0, done.out
    answer = json.loads(done.out)
    assert answer["problems"] == []


def test_flask_product_answers_its_health_check_from_the_installed_folder(
    shell: Shell, windows: Windows, health: Path
) -> None:
    bundled(shell, windows, "vibebells")
    shell.write("app.py", _FLASK)
    words = ("--bundle", "out", "--name", "vibebells", "--entry", "app.py", "-o", "vibebells.nsi")
    assert shell.run("export", "plan.json", "--to", "nsis", *words).status == 0
    compiled = windows.makensis(shell.folder / "vibebells.nsi")
    assert compiled.returncode == 0, compiled.stdout
    (setup,) = shell.folder.glob("*-setup.exe")
    install(windows, setup, health)
    port = free_port()
    command = [windows.runner, str(health / "python" / "python.exe"), "-B", f"C:\\{health.name}\\app.py", str(port)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, start_new_session=True, **pipes) as server:  # type: ignore[call-overload]
        try:
            assert json.loads(answer(f"http://127.0.0.1:{port}/health", seconds=180)) == {
                "status": "ok", "pitch": 60, "sum": 6,
            }  # fmt: skip
        finally:
            with contextlib.suppress(OSError, http.client.HTTPException):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/quit", timeout=10).close()
            server.kill()


@pytest.fixture
def health(windows: Windows) -> Iterator[Path]:
    folder = windows.drive / "health check"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
