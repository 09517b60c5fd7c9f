"""AppImage and Flatpak: built and read by the tools of Debian, and what they install starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.export.test_builders import exporter, planned_for, program
from tests.export.test_containers import laid
from tests.export.test_pip_scripts import CATALOG, planned
from tests.server.index_server import IndexServer
from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment

_RUNTIME = b"#!/bin/sh\nexit 0\n" + b"\0" * 4096


def image_of(folder: Path, shipment: Shipment, name: str, **more: str) -> Path:
    script = folder / "build.sh"
    script.write_text(exporter("appimage").render(shipment), encoding="utf-8")
    (folder / "runtime").write_bytes(_RUNTIME)
    environ = {**os.environ, "RUNTIME": str(folder / "runtime"), **more}
    done = subprocess.run(
        ["sh", str(script), name], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / name


def test_appimage_is_a_runtime_and_a_file_system_whose_program_starts(tmp_path: Path) -> None:
    program("mksquashfs")
    unsquashfs = program("unsquashfs")
    shipment = replace(laid(tmp_path), name="De; Mo $(touch pwned)", entry="it's $HOME.py")
    image = image_of(tmp_path, shipment, "one.AppImage")
    assert image.read_bytes().startswith(_RUNTIME)
    assert os.access(image, os.X_OK)
    assert image_of(tmp_path, shipment, "two.AppImage").read_bytes() == image.read_bytes()
    command = [unsquashfs, "-q", "-n", "-o", str(len(_RUNTIME)), "-d", "AppDir", image.name]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    inside = tmp_path / "AppDir"
    started = subprocess.run([inside / "AppRun", "a b"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert started == f"-IB|{inside}/it's $HOME.py|a b|"
    assert (inside / ".DirIcon").resolve().read_text(encoding="utf-8").startswith("<svg")
    assert not list(tmp_path.rglob("pwned"))
    (desktop,) = inside.glob("*.desktop")
    subprocess.run([program("desktop-file-validate"), desktop], check=True, timeout=60)


def test_appimage_takes_more_words_for_its_packer(tmp_path: Path) -> None:
    program("mksquashfs")
    (tmp_path / "app.py").write_text("# one line and again\n" * 4_000, encoding="utf-8")
    shipment = replace(laid(tmp_path), entry="app.py")
    packed = image_of(tmp_path, shipment, "packed.AppImage")
    plain = image_of(tmp_path, shipment, "plain.AppImage", MKSQUASHFS_OPTIONS="-noD -noF")
    assert plain.stat().st_size > packed.stat().st_size + 50_000


def test_appimage_without_its_runtime_says_where_it_is_had(tmp_path: Path) -> None:
    (tmp_path / "build.sh").write_text(exporter("appimage").render(laid(tmp_path)), encoding="utf-8")
    done = subprocess.run(["sh", "build.sh"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "download runtime-x86_64" in done.stderr


def test_appimage_is_refused_where_it_could_not_work(tmp_path: Path) -> None:
    good = laid(tmp_path)
    for wrong, why in (
        (replace(good, plan=planned_for("alpine")), "with glibc"),
        (replace(good, plan=planned_for("macos")), "is for Linux"),
        (replace(good, icon="demo.ico"), "PNG and SVG"),
    ):
        with pytest.raises(UsageProblem, match=why):
            exporter("appimage").render(wrong)


def test_flatpak_builder_reads_the_modules(tmp_path: Path) -> None:
    builder = program("flatpak-builder")
    (tmp_path / "python3-modules.json").write_text(
        exporter("flatpak").render(Shipment(plan=planned_for("linux"))), encoding="utf-8"
    )
    manifest = {
        "app-id": "org.example.Demo", "runtime": "org.freedesktop.Platform", "runtime-version": "24.08",
        "sdk": "org.freedesktop.Sdk", "command": "demo", "modules": ["python3-modules.json"],
    }  # fmt: skip
    (tmp_path / "org.example.Demo.json").write_text(json.dumps(manifest), encoding="utf-8")
    command = [builder, "--show-manifest", "org.example.Demo.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Unknown" not in done.stderr
    (outer,) = json.loads(done.stdout)["modules"]
    (source,) = outer["modules"][1]["sources"]
    assert source["dest-filename"] == "click-8.1.7-py3-none-any.whl"


def test_commands_of_the_flatpak_modules_install_the_plan(tmp_path: Path) -> None:
    """As flatpak-builder does: each file by its address, then the commands, without an index."""
    pip = tmp_path / "bin" / "pip3"
    pip.parent.mkdir()
    pip.write_text(f'#!/bin/sh\nexec {sys.executable} -m pip "$@"\n', encoding="utf-8")
    pip.chmod(0o755)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    environ = {
        **os.environ, "FLATPAK_DEST": str(tmp_path / "app"), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
    }  # fmt: skip
    with IndexServer(CATALOG) as server:
        for module in json.loads(exporter("flatpak").render(Shipment(plan=planned(server, "app"))))["modules"]:
            for source in module.get("sources", ()):
                urllib.request.urlretrieve(source["url"], tmp_path / source["dest-filename"])
            for command in module["build-commands"]:
                done = subprocess.run(
                    ["sh", "-c", command],
                    cwd=tmp_path,
                    env=environ,
                    capture_output=True,
                    text=True,
                    timeout=300,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
    (site,) = (tmp_path / "app").glob("lib/python3*/site-packages")
    assert {path.name for path in site.glob("*.dist-info")} == {
        "app-1.0.dist-info", "tool-2.0.dist-info", "pure-0.5.dist-info"
    }  # fmt: skip


def test_flatpak_refuses_another_python_and_other_machines() -> None:
    other = f"3.{sys.version_info.minor + 1}"
    check = json.loads(exporter("flatpak").render(Shipment(plan=planned_for("linux", other))))["modules"][0]
    done = subprocess.run(
        ["sh", "-c", *check["build-commands"]], capture_output=True, text=True, check=False, timeout=60
    )
    assert f"the plan is for Python {other}" in done.stderr
    assert done.returncode == 1
    with pytest.raises(UsageProblem, match="not"):
        exporter("flatpak").render(Shipment(plan=planned_for("macos")))
