"""Products that ship a frozen backend: PyInstaller's runs from the exported specs, and what Electron takes along."""

from __future__ import annotations

import json
import shutil
import sys
import venv
from collections.abc import Iterator

from tests.live.builders_lines import RUNTIME, TARGET, Ran, Workshop, note
from tests.live.peers import CUTOFF

_HOST = ("--platform", "manylinux_2_28_x86_64", "--python", f"3.{sys.version_info.minor}", "--exclude-newer", CUTOFF)
_FLASK = """import os
from flask import Flask
from flask_cors import CORS
import mido, numpy
app = Flask(__name__)
CORS(app)
@app.get("/health")
def health():
    return {"notes": int(numpy.sum([mido.Message("note_on", note=60).note]))}
@app.get("/chord")
def chord():
    import music21
    return {"chord": music21.chord.Chord(["C4", "E4", "G4"]).commonName}
app.run(port=int(os.environ["PORT"]))
"""
_REQUIREMENTS = "fixtures/scenarios/vibebells/requirements.txt"
_LEFT_OUT = [f"--exclude={name}" for name in ("matplotlib", "pillow", "fonttools", "contourpy", "kiwisolver")]
_DRIVER = """import { startBackend } from "./backend.mjs";
const backend = await startBackend({ program: process.argv[2], args: () => process.argv.slice(3), seconds: 120 });
const chord = await (await fetch(backend.url + "/chord")).json();
await backend.stop();
console.log(`health after ${backend.milliseconds} ms; ${JSON.stringify(chord)}; stopped`);
"""


def frozen_for_linux(shop: Workshop) -> Iterator[Ran]:
    """Frozen by PyInstaller: refused over the budget, built with excludes, started, laid into an Electron application."""
    (shop.folder / "backend.py").write_text(_FLASK, encoding="utf-8")
    (shop.folder / "driver.mjs").write_text(_DRIVER, encoding="utf-8")
    for plan, target in (("linux.json", _HOST), ("windows.json", TARGET)):
        yield shop.run("plan", _REQUIREMENTS, *target, "-q", "-o", plan)
        spec = plan.replace("json", "spec")
        yield shop.run("export", plan, "--to", "pyinstaller", "--entry", "backend.py", "--name", "backend", "-o", spec)
    yield shop.run("export", "linux.json", "--to", "backend-node", "-o", "backend.mjs")

    yield shop.run("export", "linux.json", "--to", "pip-sh", "-o", "install.sh")
    venv.create(shop.folder / "v", with_pip=True)
    yield shop.tool("sh", "install.sh", PYTHON="v/bin/python", PIP_QUIET="1")
    yield shop.tool("v/bin/pip", "install", "-q", "pyinstaller")
    freeze = (
        "v/bin/pyinstaller",
        "--noconfirm",
        "--log-level=ERROR",
        "--distpath=linux",
        "linux.spec",
        "--",
        "--budget=150MB",
    )
    yield shop.tool(*freeze)
    yield shop.tool(*freeze, *_LEFT_OUT)
    yield shop.tool("node", "driver.mjs", "linux/backend/backend")
    yield from electron(shop, "linux", "backend")


def frozen_for_windows(shop: Workshop) -> Iterator[Ran]:
    """The backend frozen by the Windows Python that runs here, asked for its health, and laid into the application."""
    yield note(
        "For Windows the environment that builds is a bundle as well, of the same requirements and PyInstaller; its Python runs"
        " under Wine, and so does the program that comes out."
    )
    yield shop.run("plan", _REQUIREMENTS, "pyinstaller", *TARGET, "-q", "-o", "builder.json")
    yield shop.run("bundle", "builder.json", "--runtime", RUNTIME, "-q", "-o", "builder")
    windows = ("builder/python.exe", "-m", "PyInstaller", "--noconfirm", "--log-level=ERROR", "--distpath=windows")
    yield shop.tool("wine", *windows, "windows.spec", "--", "--budget=150MB", *_LEFT_OUT)
    yield shop.tool("node", "driver.mjs", "wine", "windows/backend/backend.exe")
    yield from electron(shop, "windows", "backend.exe")
    yield shop.run("export", "windows.json", "--to", "tauri", "--name", "backend", "-o", "sidecar.mjs")


def electron(shop: Workshop, system: str, program: str) -> Iterator[Ran]:
    """Lay the frozen program of *system* into an Electron application by electron-builder itself, and start it from there."""
    part = f"{system}-resources.json"
    yield shop.run("export", f"{system}.json", "--to", "electron-builder", "--bundle", f"{system}/backend", "-o", part)
    builder = shop.folder / "node_modules" / ".bin" / "electron-builder"
    if not builder.exists():
        words = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "electron-builder@26")
        yield shop.tool("npm", "install", *words)
        yield note(
            "Electron's own binaries are on a host that cannot be reached from here: a program of two lines stands for it, the"
            " rest of the application is what electron-builder makes."
        )
    write_application(shop, system)
    yield shop.tool(str(builder), f"--{system}", "--x64", "--config", "builder.json", CI="1")
    made = f"application/{'win' if system == 'windows' else system}-unpacked/resources/backend/{program}"
    yield shop.tool("node", "driver.mjs", *(("wine", made) if system == "windows" else (made,)))
    # PyInstaller links libraries to where the program looks for them: a link has no bytes of what it names.
    size = sum(each.lstat().st_size for each in (shop.folder / system / "backend").rglob("*") if not each.is_dir())
    yield note(f"The frozen backend has {size / 1e6:.0f} MB.")


def write_application(shop: Workshop, system: str) -> None:
    """An application whose resources are those of the exported part, and what stands for Electron."""
    dist = shop.folder / "electron"
    dist.mkdir(exist_ok=True)
    (dist / "version").write_text("45.3.4", encoding="utf-8")
    (dist / "electron").write_text('#!/bin/sh\nexec node "$@"\n', encoding="utf-8")
    (dist / "electron").chmod(0o755)
    shutil.copyfile(shop.folder / "builder/python.exe", dist / "electron.exe") if system == "windows" else None
    part = json.loads((shop.folder / f"{system}-resources.json").read_text(encoding="utf-8"))
    (name,) = part
    part[name] |= {"target": [{"target": "dir", "arch": ["x64"]}], "signAndEditExecutable": False}
    if system == "linux":
        del part[name]["signAndEditExecutable"]
    own: dict[str, object] = {
        "appId": "example.vibebells",
        "electronVersion": "45.3.4",
        "electronDist": "electron",
        "npmRebuild": False,
        "disableAsarIntegrity": True,  # it would be written into Electron's own program
    }
    config = own | part | {"directories": {"output": "application"}, "files": ["main.mjs", "backend.mjs"]}
    (shop.folder / "builder.json").write_text(json.dumps(config), encoding="utf-8")
    package = {"name": "vibebells", "version": "1.0.0", "main": "main.mjs", "description": "-", "author": "-"}
    (shop.folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (shop.folder / "main.mjs").write_text('import "./backend.mjs";\n', encoding="utf-8")
