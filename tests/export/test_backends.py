"""The backend of an Electron or Tauri program: Node starts a real server by the module, and stops it; Tauri's file has its name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.export.test_builders import bundled, exporter, planned_for, program
from tests.export.test_installers import UNIX
from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment

_SERVER = """
import http.server, os, subprocess, sys
print("starting with", sys.argv[1:])
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(os.environ["PIDS"], "w").write(f"{os.getpid()} {child.pid}")
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""
_STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _SERVER
_DRIVER = """
import { startBackend } from "./backend.mjs";
const lines = [];
try {
  const backend = await startBackend({ seconds: Number(process.argv[2]), health: process.argv[3], program: process.argv[5],
    args: (port) => ["--port", String(port)], log: (line) => lines.push(line), env: { PIDS: "pids" } });
  if (process.argv[4] === "leave") process.exit(0);
  const answer = await fetch(backend.url + "/other");
  await backend.stop(500);
  console.log(JSON.stringify({ status: answer.status, port: backend.port, milliseconds: backend.milliseconds, lines }));
} catch (problem) {
  console.log(JSON.stringify({ problem: problem.message }));
}
"""


def driven(folder: Path, source: str, *words: str) -> dict[str, object]:
    """What the driver prints that starts the program *source* from a bundle in *folder*, whose interpreter is this one."""
    node = program("node")
    (folder / "python" / "bin").mkdir(parents=True)
    python = folder / "python" / "bin" / "python3.11"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (folder / "it's me.py").write_text(source, encoding="utf-8")
    shipment = Shipment(plan=planned_for("linux"), bundle="python", manifest=UNIX, name="demo", entry="app/it's me.py")
    (folder / "backend.mjs").write_text(exporter("backend-node").render(shipment), encoding="utf-8")
    (folder / "driver.mjs").write_text(_DRIVER, encoding="utf-8")
    done = subprocess.run(
        [node, "driver.mjs", *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout or "{}")
    return found


def is_running(pid: int) -> bool:
    """Whether *pid* runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def assert_ended(folder: Path) -> None:
    pids = [int(pid) for pid in (folder / "pids").read_text(encoding="utf-8").split()]
    deadline = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(("source", "leave"), [(_SERVER, ""), (_STUBBORN, ""), (_STUBBORN, "leave")])
def test_backend_answers_and_nothing_of_it_is_left(tmp_path: Path, source: str, leave: str) -> None:
    found = driven(tmp_path, source, "30", "/health", leave)
    if not leave:
        assert found["status"] == 404
        assert found["lines"] == [f"starting with ['--port', '{found['port']}']"]
    assert_ended(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_frozen_program_is_started_without_an_interpreter(tmp_path: Path) -> None:
    frozen = tmp_path / "frozen"
    frozen.write_text(f"#!{sys.executable}\n{_SERVER}", encoding="utf-8")
    frozen.chmod(0o755)
    assert driven(tmp_path, "", "30", "/health", "", str(frozen))["status"] == 404
    assert_ended(tmp_path)


def test_backend_that_ends_or_is_late_is_an_error_with_its_last_lines(tmp_path: Path) -> None:
    found = driven(tmp_path, "raise SystemExit('no such table')\n", "30", "/health")
    assert found == {"problem": "the backend is not there: it ended with 1\nno such table"}
    shutil.rmtree(tmp_path / "python")
    found = driven(tmp_path, _SERVER, "1", "/nothing")
    assert "no answer from /nothing in 1 s\nstarting with" in str(found["problem"])
    assert_ended(tmp_path)


def test_nothing_is_written_beside_the_modules(tmp_path: Path) -> None:
    # -I has Python ignore PYTHONDONTWRITEBYTECODE, and a new file breaks the signature of an application.
    source = "import sys; raise SystemExit(f'isolated {sys.flags.isolated}, silent {sys.flags.dont_write_bytecode}')"
    assert "isolated 1, silent 1" in str(driven(tmp_path, source, "30", "/health")["problem"])


def test_script_that_is_not_beside_the_bundle_is_found_where_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "it's me.py").write_text("raise SystemExit('of the folder app')\n", encoding="utf-8")
    assert "no such table" in str(driven(tmp_path, "raise SystemExit('no such table')\n", "30", "/health")["problem"])
    (tmp_path / "it's me.py").unlink()
    done = subprocess.run(
        [program("node"), "driver.mjs", "30", "/health"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "of the folder app" in done.stdout


def test_backend_of_a_function_calls_it(tmp_path: Path) -> None:
    for platform, manifest in (("win_amd64", bundled()), ("macos", UNIX)):
        shipment = Shipment(
            plan=planned_for(platform), bundle="b", manifest=manifest, name="demo", entry="demo.main:run"
        )
        (tmp_path / "backend.mjs").write_text(exporter("backend-node").render(shipment), encoding="utf-8")
        script = f"import * as it from {json.dumps((tmp_path / 'backend.mjs').as_uri())}; console.log(await it.freePort() > 0)"
        command = [program("node"), "--input-type=module", "-e", script]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout == "true\n"
        assert "from demo.main import run" in (tmp_path / "backend.mjs").read_text(encoding="utf-8")


def test_forge_takes_the_bundle_along() -> None:
    shipment = Shipment(plan=planned_for("win_amd64"), bundle="out/bundle", manifest=bundled())
    table = json.loads(exporter("electron-forge").render(shipment))
    assert table["packagerConfig"]["extraResource"] == ["out/bundle"]
    for wrong in (replace(shipment, manifest=bundled(("a.zip",))), replace(shipment, plan=planned_for("alpine"))):
        with pytest.raises(UsageProblem):
            exporter("electron-forge").render(wrong)


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        ("win_amd64", "backend-x86_64-pc-windows-msvc.exe"),
        ("macos", "backend-aarch64-apple-darwin"),
        ("linux", "backend-x86_64-unknown-linux-gnu"),
        ("alpine", "backend-x86_64-unknown-linux-musl"),
        ("linux_armv7l", "backend-armv7-unknown-linux-gnueabihf"),
    ],
)
def test_sidecar_has_the_name_that_tauri_looks_for_and_is_declared_once(
    tmp_path: Path, platform: str, name: str
) -> None:
    script = exporter("tauri").render(Shipment(plan=planned_for(platform), name="backend"))
    (tmp_path / "sidecar.mjs").write_text(script, encoding="utf-8")
    (tmp_path / "src-tauri").mkdir()
    configuration = tmp_path / "src-tauri" / "tauri.conf.json"
    configuration.write_text(
        '{"identifier": "org.example.demo", "bundle": {"externalBin": ["binaries/x"]}}', encoding="utf-8"
    )
    (tmp_path / "frozen").write_bytes(b"program")
    for _ in range(2):
        subprocess.run(
            [program("node"), "sidecar.mjs", "frozen"], cwd=tmp_path, check=True, timeout=60, capture_output=True
        )
    assert (tmp_path / "src-tauri" / "binaries" / name).read_bytes() == b"program"
    assert os.access(tmp_path / "src-tauri" / "binaries" / name, os.X_OK)
    table = json.loads(configuration.read_text(encoding="utf-8"))
    assert table["bundle"]["externalBin"] == ["binaries/x", "binaries/backend"]


@pytest.mark.live
def test_tauris_own_schema_accepts_the_configuration(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    npm = program("npm")
    quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"]
    subprocess.run([npm, "install", *quiet, "@tauri-apps/cli@2"], cwd=tmp_path, check=True, timeout=300)
    (schema,) = (tmp_path / "node_modules").rglob("config.schema.json")
    check = jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))
    (tmp_path / "s.mjs").write_text(
        exporter("tauri").render(Shipment(plan=planned_for("linux"), name="backend")), encoding="utf-8"
    )
    (tmp_path / "src-tauri").mkdir()
    (tmp_path / "src-tauri" / "tauri.conf.json").write_text('{"identifier": "org.example.demo"}', encoding="utf-8")
    (tmp_path / "frozen").touch()
    subprocess.run([program("node"), "s.mjs", "frozen"], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    table = json.loads((tmp_path / "src-tauri" / "tauri.conf.json").read_text(encoding="utf-8"))
    assert not list(check.iter_errors(table))
    assert list(check.iter_errors({**table, "bundle": {"externalBin": 1}}))
