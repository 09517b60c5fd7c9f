"""A macOS application, made on Linux: its property list, its launcher, and files for both machines, read back with macholib."""

from __future__ import annotations

import os
import plistlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.export.test_builders import exporter, planned_for
from tests.export.test_installers import UNIX
from tests.fakes.libraries import make_macho, make_universal
from wheelcheck.environments.binaries import read_binary
from wheelcheck.export.shipment import Shipment

_SITE = "lib/python3.11/site-packages"
_PYTHON = b'#!/bin/sh\nprintf "%s|" "$@"\n'


def laid(folder: Path, name: str, files: Mapping[str, bytes]) -> None:
    for place, content in {"bin/python3.11": _PYTHON, **files}.items():
        path = folder / name / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
    (folder / name / "bin" / "python3").symlink_to("python3.11")


def made(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    shipment = Shipment(
        plan=planned_for("macos"),
        bundle="apple",
        manifest=UNIX,
        name="It's Demo",
        version="1.2",
        entry="a b.py",
        icon="d.icns",
    )
    (folder / "a b.py").touch()
    (folder / "d.icns").touch()
    script = exporter("macos-app").render(replace(shipment, **more))
    (folder / "build.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "build.py", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_application_has_its_property_list_and_its_launcher_starts_the_program(tmp_path: Path) -> None:
    laid(tmp_path, "apple", {})
    done = made(tmp_path, "--identifier", "org.example.demo")
    assert done.returncode == 0, done.stderr
    app = tmp_path / "It's Demo.app"
    with (app / "Contents/Info.plist").open("rb") as file:
        table = plistlib.load(file)
    assert table["CFBundleIdentifier"] == "org.example.demo"
    assert table["CFBundleIconFile"] == "d.icns"
    assert re.fullmatch(r"1\d\.\d+", table["LSMinimumSystemVersion"])
    launcher = app / "Contents" / "MacOS" / table["CFBundleExecutable"]
    started = subprocess.run([launcher, "x y"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert started == f"-IB|{app}/Contents/Resources/a b.py|x y|"
    assert (app / "Contents/Resources/python/bin/python3").readlink() == Path("python3.11")
    again = made(tmp_path)
    assert "is there already" in again.stderr


def test_two_bundles_become_one_with_both_machines_in_every_binary(tmp_path: Path) -> None:
    intel, apple = make_macho(["@rpath/a"], machine="x86_64"), make_macho(["@rpath/b"], machine="arm64")
    both = make_universal(("x86_64", intel), ("arm64", apple))
    record = b"d/_x.so,sha256=old,1\nd/__init__.py,sha256=kept,0\nd-1.dist-info/RECORD,,\n"
    shared = {f"{_SITE}/d/__init__.py": b"", f"{_SITE}/d-1.dist-info/RECORD": record, f"{_SITE}/d/both.dylib": both}
    laid(
        tmp_path,
        "apple",
        {**shared, f"{_SITE}/d/_x.so": apple + b"\0\0", f"{_SITE}/d/one.py": b"1", "manifest.json": b"{}"},
    )
    laid(tmp_path, "intel", {**shared, f"{_SITE}/d/_x.so": intel, f"{_SITE}/d/one.py": b"2", f"{_SITE}/d/more.py": b""})
    done = made(tmp_path, "--other", "intel")
    assert done.returncode == 0, done.stderr
    assert "the bundles differ in lib/python3.11/site-packages/d/one.py" in done.stderr
    python = tmp_path / "It's Demo.app/Contents/Resources/python"
    site = python / _SITE
    library = site / "d/_x.so"
    for machine, load in (("x86_64", "@rpath/a"), ("arm64", "@rpath/b")):
        found = read_binary(library, "", machine)
        assert found is not None
        assert set(found.machines) == {"x86_64", "arm64"}
        assert [need.library for need in found.needs] == [load]
    assert library.read_bytes().endswith(intel if intel in library.read_bytes()[-len(intel) :] else apple + b"\0\0")
    assert (site / "d/both.dylib").read_bytes() == both
    assert (site / "d/more.py").exists()
    assert not (python / "manifest.json").exists()
    row = (site / "d-1.dist-info/RECORD").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert row[2] == str(library.stat().st_size)
    signed = (tmp_path / "sign.sh").read_text(encoding="utf-8")
    assert subprocess.run(["sh", "-n", "sign.sh"], cwd=tmp_path, check=False, timeout=60).returncode == 0
    orders = [line for line in signed.splitlines() if line.startswith("sign ")]
    assert [line.rpartition("/")[2].strip("'") for line in orders[:-1]] == ["_x.so", "both.dylib"]
    assert orders[-1].endswith("Demo.app'")


_STAND_IN = """#!/bin/sh
for last; do :; done
case "$last" in *.dmg|*.pkg) [ "${0##*/}" = hdiutil ] && : > "$last"; [ "${0##*/}" = productbuild ] && : > "$last" ;; esac
[ "${0##*/}" = ditto ] && : > "$last"
echo "${0##*/} $*" >> calls
"""


@pytest.mark.parametrize("installer", [False, True])
def test_signing_goes_inside_out_and_what_is_shipped_is_signed_notarised_and_stapled(
    tmp_path: Path, installer: bool
) -> None:
    """A helper with a plug-in and a framework without links, as wheels have them; Apple's programs are stand-ins that record."""
    library = make_macho(machine="arm64")
    helper, framework = f"{_SITE}/q/Helper.app/Contents", f"{_SITE}/q/Core.framework/Versions/A"
    files = {
        f"{helper}/Info.plist": plistlib.dumps({"CFBundleExecutable": "Helper"}),
        f"{helper}/MacOS/Helper": library,
        f"{helper}/PlugIns/z.dylib": library,
        f"{framework}/Resources/Info.plist": plistlib.dumps({"CFBundleExecutable": "Core"}),
        f"{framework}/Core": library,
        f"{_SITE}/q/bad/Resources/Info.plist": b"no list",
        f"{_SITE}/q/_x.so": library,
    }
    laid(tmp_path, "apple", files)
    assert made(tmp_path).returncode == 0
    (tmp_path / "entitlements.plist").touch()
    for name in ("codesign", "xcrun", "ditto", "hdiutil", "productbuild"):
        place = tmp_path / "tools" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(_STAND_IN, encoding="utf-8")
        place.chmod(0o755)
    words = ["sh", "sign.sh", "Me", "kept", *(["Maker"] if installer else [])]
    environ = {**os.environ, "PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}"}
    subprocess.run(words, cwd=tmp_path, env=environ, check=True, timeout=60)
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    signed = [call.rpartition("It's Demo.app")[2] for call in calls if call.startswith("codesign --force")]
    inside = f"/Contents/Resources/python/{_SITE}/q"
    assert signed[0] == f"{inside}/Helper.app/Contents/PlugIns/z.dylib"
    assert sorted(signed[1:-2]) == sorted(
        f"{inside}/{name}" for name in ("Core.framework/Versions/A", "Helper.app", "_x.so")
    )
    assert signed[-2] == ""
    assert all(
        "--options runtime --entitlements entitlements.plist" in call for call in calls if "Core.framework" in call
    )
    shipped = ["It's Demo.zip", "It's Demo-1.2.dmg", *(["It's Demo-1.2.pkg"] if installer else [])]
    assert [call.split("submit ")[1].split(" --")[0] for call in calls if "submit" in call] == shipped
    stapled = [call.partition("staple ")[2] for call in calls if "stapler" in call]
    assert stapled == ["It's Demo.app", *shipped[1:]]
    image = next(place for place, call in enumerate(calls) if call.startswith("hdiutil"))
    assert calls.index("xcrun stapler staple It's Demo.app") < image
    assert calls[image + 1] == "codesign --force --timestamp --sign Me It's Demo-1.2.dmg"
    assert any(call.startswith("productbuild") and "--sign Maker" in call for call in calls) == installer


def test_what_is_there_for_one_machine_alone_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    laid(tmp_path, "apple", {f"{_SITE}/d/_x.so": make_macho(machine="arm64")})
    laid(tmp_path, "intel", {})
    done = made(tmp_path, "--other", "intel")
    assert done.returncode == 1
    assert f"{_SITE}/d/_x.so is for arm64 alone" in done.stderr
    assert not list(tmp_path.glob("*.app"))


@pytest.mark.live
def test_real_wheels_of_both_machines_become_one(tmp_path: Path) -> None:
    for name, platform in (("apple", "macosx_11_0_arm64"), ("intel", "macosx_10_9_x86_64")):
        laid(tmp_path, name, {})
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary=:all:",
            "--python-version",
            "3.11",
        ]
        words = ["--platform", platform, "-d", str(tmp_path / "wheels" / name), "numpy==1.26.4"]
        environ = {**os.environ, "PIP_CONFIG_FILE": os.devnull}
        subprocess.run([*command, *words], check=True, timeout=300, env=environ)
        (wheel,) = (tmp_path / "wheels" / name).iterdir()
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path / name / _SITE)
    done = made(tmp_path, "--other", "intel")
    assert done.returncode == 0, done.stderr
    site = tmp_path / "It's Demo.app/Contents/Resources/python" / _SITE
    modules = list(site.rglob("*.so"))
    assert len(modules) > 10
    for path in modules:
        found = read_binary(path, "", None)
        assert found is not None
        assert set(found.machines) == {"x86_64", "arm64"}
