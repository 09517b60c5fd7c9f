"""Targets agree with the real tools: uv takes a file for a triple if and only if it fits our target of that word; pip has its tags.

uv is asked offline: each tag is a project with a wheel of this tag as its version 2 and a universal one as its version 1.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.fakes.peers import why_no_pip
from wheelcheck.targets.targets import parse_target

_MACHINES = ("x86_64", "aarch64", "i686", "armv7l", "riscv64")
_MAC = ("arm64", "x86_64", "universal2")
PLATFORM_TAGS = (
    "win_amd64", "win_arm64", "win32", "any",
    *(f"linux_{machine}" for machine in _MACHINES),
    *(f"manylinux{year}_{machine}" for year in (1, 2010, 2014) for machine in _MACHINES),
    *(f"manylinux_2_{minor}_{machine}" for minor in (5, 12, 16, 17, 24, 28, 29, 34, 39, 40, 41) for machine in _MACHINES),
    *(f"musllinux_1_{minor}_{machine}" for minor in (0, 1, 2, 3) for machine in ("x86_64", "aarch64")),
    *(f"macosx_{release}_{machine}" for release in ("10_9", "10_15", "11_0", "12_0", "13_0", "14_0") for machine in _MAC),
    *(f"android_{level}_{abi}" for level in (16, 21, 24, 25) for abi in ("arm64_v8a", "x86_64", "armeabi_v7a")),
    *(f"ios_{release}_{sdk}" for release in ("12_0", "12_9", "13_0", "13_1") for sdk in (
        "arm64_iphoneos", "arm64_iphonesimulator", "x86_64_iphonesimulator",
    )),
    *(f"{name}_{version}_wasm32" for name in ("pyodide", "pyemscripten") for version in ("2024_0", "2025_0", "2026_0")),
    "emscripten_3_1_58_wasm32",
)  # fmt: skip
PYTHON_TAGS = (
    "cp313-cp313", "cp313-abi3", "cp38-abi3", "cp314-abi3", "cp313-none", "cp312-cp312", "cp312-none", "py3-none", "py313-none",
    "py312-none", "py314-none", "py2-none", "py2.py3-none", "cp313-cp313t", "cp3-none", "pp313-pypy313_pp73",
)  # fmt: skip
# manylinux has images for riscv64 from glibc 2.31 on, so uv looks no lower; packaging and pip do.
_LOWER_THAN_UV = re.compile(r"manylinux(2014|_2_\d+)_riscv64")
UV = shutil.which("uv", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")


def triples() -> list[str]:
    """Every word that the installed uv has for a platform, from its own help."""
    if UV is None:
        return []
    text = subprocess.run([UV, "help", "pip", "compile"], capture_output=True, text=True, check=True).stdout
    listed = text.partition("--python-platform <")[2].partition("Possible values:")[2].partition("\n      --")[0]
    found = re.findall(r"^ +- ([\w.-]+):", listed, re.MULTILINE)
    # Of the two dozen floors of manylinux a few stand for all.
    return [word for word in found if not re.search(r"manylinux_2_(17|3\d)$", word)]


def wheel(folder: Path, name: str, version: str, tag: str) -> None:
    info = f"{name}-{version}.dist-info"
    with ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as made:
        made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        made.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n")
        made.writestr(f"{info}/RECORD", "")


def names(tags: tuple[str, ...]) -> dict[str, str]:
    return {f"p{number}": tag for number, tag in enumerate(tags)}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for name, tag in names(all_tags()).items():
        wheel(folder, name, "2", tag)
        wheel(folder, name, "1", "py2.py3-none-any")
    return folder


def all_tags() -> tuple[str, ...]:
    platforms = tuple(f"cp313-cp313-{platform}" for platform in PLATFORM_TAGS)
    return (*platforms, *(f"{python}-manylinux_2_17_x86_64" for python in PYTHON_TAGS))


def taken_by_uv(triple: str, wheels: Path) -> set[str]:
    assert UV is not None
    words = (
        "pip",
        "compile",
        "--no-config",
        "--no-cache",
        "--offline",
        "--no-index",
        "--only-binary",
        ":all:",
        "-q",
        "--no-header",
    )
    run = subprocess.run(
        [UV, *words, "--find-links", str(wheels), "--python-platform", triple, "--python-version", "3.13", "-"],
        input="\n".join(names(all_tags())),
        capture_output=True,
        text=True,
        check=False,
        env={"UV_PYTHON_DOWNLOADS": "never", "PATH": "/usr/bin:/bin"},
    )
    assert run.returncode == 0, run.stderr
    pinned = dict(line.split("==") for line in run.stdout.split() if "==" in line)
    assert len(pinned) == len(all_tags())
    return {tag for name, tag in names(all_tags()).items() if pinned[name] == "2"}


@pytest.mark.skipif(UV is None, reason="uv is not beside this interpreter: pip install -e '.[peers]'")
@pytest.mark.parametrize("triple", triples())
def test_uv_takes_for_a_triple_what_fits_the_target_of_that_word(triple: str, wheels: Path) -> None:
    target = parse_target(triple, "3.13.0")
    ours = {tag for tag in all_tags() if any(part in target.rank for part in _expanded(tag))}
    theirs = taken_by_uv(triple, wheels)
    assert {tag for tag in ours ^ theirs if not _LOWER_THAN_UV.search(tag)} == set()
    assert theirs <= ours


def _expanded(tag: str) -> list[tuple[str, str, str]]:
    python, abi, platform = tag.split("-")
    return [(each, abi, platform) for each in python.split(".")]


@pytest.mark.skipif(bool(why_no_pip()), reason=why_no_pip())
@pytest.mark.parametrize(
    "word",
    [
        "macosx_13_0_arm64", "macosx_12_0_x86_64", "macosx_11_0_universal2", "win_amd64", "ios_13_0_arm64_iphoneos",
        "android_24_arm64_v8a",
    ],
)  # fmt: skip
def test_tags_of_a_word_are_those_of_pip_in_their_order(word: str) -> None:
    question = ("--platform", word, "--python-version", "3.13", "--implementation", "cp", "--abi", "cp313", "--verbose")
    told = subprocess.run(
        [sys.executable, "-m", "pip", "debug", *question], capture_output=True, text=True, check=True
    ).stdout
    theirs = [line.strip() for line in told.partition("Compatible tags")[2].splitlines()[1:] if line.startswith("  ")]
    assert ["-".join(tag) for tag in parse_target(word, "3.13").tags] == theirs
