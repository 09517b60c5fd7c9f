"""Installers besides NSIS: a Debian package that is built and started, and a script for Inno Setup, compiled where it can be."""

from __future__ import annotations

import gzip
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.export.test_builders import bundled, exporter, planned_for
from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment

UNIX = replace(bundled(), layout=replace(bundled().layout, executable="bin/python3.11"))
_SECTIONS = {
    "InstallDelete": {"Type", "Name"},
    "Files": {"Source", "DestDir", "Flags"},
    "Icons": {"Name", "Filename", "Parameters", "IconFilename"},
    "UninstallDelete": {"Type", "Name"},
}


@pytest.mark.parametrize(
    ("entry", "told"), [("app/it's me.py", "it's me.py"), ("demo.main:run", "from demo.main import run")]
)
def test_debian_package_is_built_and_its_program_starts(tmp_path: Path, entry: str, told: str) -> None:
    dpkg = shutil.which("dpkg-deb")
    if dpkg is None:
        pytest.skip("dpkg-deb is not installed")
    python = tmp_path / "the bundle" / "bin" / "python3.11"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s|" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "it's me.py").touch()
    shipment = Shipment(
        plan=planned_for("manylinux_2_28_x86_64"), bundle="the bundle", manifest=UNIX, name="De Mo $(touch pwned)",
        version="1.2rc1", entry=entry, publisher="Uni `x` <us@uni.example>",
    )  # fmt: skip
    (tmp_path / "build.sh").write_text(exporter("deb").render(shipment), encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    words = ["sh", str(tmp_path / "build.sh"), "out.deb"]
    dated = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(words, cwd=elsewhere, env=dated, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    fields = subprocess.run(
        [dpkg, "--field", "out.deb"], cwd=elsewhere, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "Package: de-mo-touch-pwned\n" in fields
    assert "Version: 1.2~rc1\n" in fields
    assert "Architecture: amd64\n" in fields
    assert "Depends: libc6 (>= 2.28)\n" in fields
    assert "Maintainer: Uni x <us@uni.example>\n" in fields
    listed = subprocess.run([dpkg, "-c", "out.deb"], cwd=elsewhere, capture_output=True, text=True, check=True).stdout
    assert {line[:10] for line in listed.splitlines() if line[0] == "d"} == {"drwxr-xr-x"}
    if (lintian := shutil.which("lintian")) is not None:
        words = [lintian, "--fail-on", "error", "--tag-display-limit", "0", "out.deb"]
        checked = subprocess.run(words, cwd=elsewhere, capture_output=True, text=True, timeout=120, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    subprocess.run([dpkg, "-x", "out.deb", "root"], cwd=elsewhere, check=True, timeout=60)
    changes = elsewhere / "root/usr/share/doc/de-mo-touch-pwned/changelog.gz"
    assert gzip.decompress(changes.read_bytes()).decode().endswith("  Tue, 14 Nov 2023 22:13:20 +0000\n")
    command = [str(elsewhere / "root/usr/bin/de-mo-touch-pwned"), "a b"]
    started = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert started.startswith("-IB|")
    assert told in started
    assert started.endswith("|a b|")
    assert not list(tmp_path.rglob("pwned"))


def test_debian_package_is_refused_where_it_could_not_work() -> None:
    good = Shipment(plan=planned_for("linux"), bundle="b", manifest=UNIX, name="demo", entry="app.py")
    for wrong, why in (
        (replace(good, plan=planned_for("alpine")), "Linux with glibc"),
        (replace(good, plan=planned_for("win_amd64")), "is for Linux"),
        (replace(good, manifest=bundled(("a.zip",))), "in archives"),
        (replace(good, manifest=replace(UNIX, layout=replace(UNIX.layout, executable=""))), "no runtime"),
        (replace(good, name="ü"), "no name"),
        (replace(good, version="one"), "no version"),
    ):
        with pytest.raises(UsageProblem, match=why):
            exporter("deb").render(wrong)


def lines_of(script: str) -> dict[str, list[str]]:
    """The lines of each section of a script of Inno Setup, without comments and what the preprocessor reads."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in script.lstrip("\ufeff").splitlines():
        if matched := re.fullmatch(r"\[(\w+)\]", line):
            section = matched[1]
            found[section] = []
        elif line and not line.startswith((";", "#")):
            found[section].append(line)
    return found


@pytest.mark.parametrize("archives", [(), ("a b.zip", "c.zip")], ids=["inside", "downloaded"])
def test_script_of_inno_setup_has_its_documented_form(archives: tuple[str, ...]) -> None:
    shipment = Shipment(
        plan=planned_for("win_amd64"), bundle="../out/b", manifest=bundled(archives), name="Demó & co", version="1.2",
        entry="app/start.py", publisher="Uni, x; y", icon="demo.ico", url="https://x.example/it's" if archives else "",
    )  # fmt: skip
    text = exporter("inno-setup").render(shipment)
    assert text.startswith("\ufeff")
    found = lines_of(text)
    setup = dict(line.split("=", 1) for line in found.pop("Setup"))
    assert re.fullmatch(r"\{\{[0-9A-F-]{36}\}", setup["AppId"])
    assert setup["VersionInfoVersion"] == "1.2.0.0"
    assert setup["PrivilegesRequired"] == "lowest"
    assert setup["ArchitecturesAllowed"] == "x64compatible"
    code = "\n".join(found.pop("Code", ()))
    for section, lines in found.items():
        for line in lines:
            parameters = re.findall(r'(\w+): ("(?:[^"]|"")*"|[\w ]+)(?:; |$)', line)
            assert "; ".join(f"{name}: {value}" for name, value in parameters) == line
            assert {name for name, _ in parameters} <= _SECTIONS[section]
    assert ('Source: "..\\out\\b\\*"' in text) is not bool(archives)
    assert 'Parameters: """{app}\\start.py"""' in text
    for archive in archives:
        assert f"'{archive}', '{'0' * 64}');" in code
        assert f"Unpacked('{archive}')" in code
    assert code.count("begin") + code.count("try") == len(re.findall(r"\bend\b", code))
    again = exporter("inno-setup").render(replace(shipment, version="2.0"))
    assert dict(line.split("=", 1) for line in lines_of(again)["Setup"])["AppId"] == setup["AppId"]


@pytest.mark.parametrize("archives", [(), ("a b.zip", "c.zip")], ids=["inside", "downloaded"])
@pytest.mark.parametrize("scope", ["user", "machine"])
def test_compiler_of_inno_setup_makes_a_program_of_the_script(
    tmp_path: Path, archives: tuple[str, ...], scope: str
) -> None:
    compiler = os.environ.get("WHEELCHECK_ISCC", "")
    if not compiler:
        pytest.skip("no compiler of Inno Setup to run: WHEELCHECK_ISCC is not set")
    (tmp_path / "out" / "b").mkdir(parents=True)
    (tmp_path / "out" / "b" / "python.exe").write_bytes(b"MZ")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "it's me.py").touch()
    shipment = Shipment(
        plan=planned_for("win_amd64"), bundle="../out/b", manifest=bundled(archives), name="Demó & co's", version="1.2",
        entry="../app/it's me.py", publisher="Uni, x; y", url="https://x.example/it's" if archives else "", scope=scope,
    )  # fmt: skip
    (tmp_path / "win").mkdir()
    (tmp_path / "win" / "demo.iss").write_text(exporter("inno-setup").render(shipment), encoding="utf-8")
    command = [*shlex.split(compiler), str(tmp_path / "win" / "demo.iss")]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = (tmp_path / "win").glob("*-1.2-setup.exe")
    assert made.read_bytes().startswith(b"MZ")


@pytest.mark.parametrize("name", ["{app}", "{#x}", 'a"b'])
def test_names_that_inno_setup_would_read_are_refused(name: str) -> None:
    with pytest.raises(UsageProblem):
        exporter("inno-setup").render(
            Shipment(plan=planned_for("win_amd64"), bundle="b", manifest=bundled(), name=name)
        )
