"""Which target the lines of a log tell, alone and together."""

from __future__ import annotations

import pytest

from wheelcheck.errors import UsageProblem
from wheelcheck.knowledge.systems import load_images
from wheelcheck.logs.target_hints import combined, iter_hints
from wheelcheck.targets.targets import parse_target


def told(*lines: str) -> tuple[str | None, str | None]:
    hints = [hint for number, line in enumerate(lines, 1) for hint in iter_hints(line, number, load_images())]
    target = combined(hints)
    return target.platform, target.python


@pytest.mark.parametrize(
    ("line", "platform", "python"),
    [
        ("creating build/temp.linux-x86_64-cpython-312/src", "linux_x86_64", "3.12"),
        ("creating build\\lib.win-amd64-cpython-311\\av", "win_amd64", "3.11"),
        ("creating build\\lib.win32-3.8", "win32", "3.8"),
        ("creating build/lib.macosx-11.0-arm64-cpython-313", "macosx_13_0_arm64", "3.13"),
        ("creating build/lib.macosx-15.0-x86_64-cpython-313", "macosx_15_0_x86_64", "3.13"),
        ("creating build/lib.linux-aarch64-pypy310", "linux_aarch64", "pp3.10"),
        ("creating build/lib.linux-x86_64-cpython-313t/x", "linux_x86_64", "3.13t"),
        ("copying x -> build/lib.linux-x86_64-3.9/x", "linux_x86_64", "3.9"),
        ("running build_ext on win-amd64-3.11", "win_amd64", "3.11"),
        ("Wheel tag: cp312-cp312-linux_x86_64", "linux_x86_64", "3.12"),
        ("building for cp313-cp313t-win_arm64", "win_arm64", "3.13t"),
        ("_skbuild/linux-x86_64-3.10/cmake-build", "linux_x86_64", "3.10"),
        ("installing to build/bdist.linux-aarch64/wheel", "linux_aarch64", None),
        ("  Downloading a-1-cp310-cp310-musllinux_1_1_x86_64.whl (2 kB)", "musllinux_1_2_x86_64", "3.10"),
        ("  Downloading a-1-cp310-cp310-manylinux_2_34_x86_64.whl (2 kB)", "manylinux_2_34_x86_64", "3.10"),
        ("  Downloading a-1-cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "manylinux_2_28_x86_64", None),
        ("  Downloading a-1-py3-none-any.whl (2 kB)", None, None),
        ("a-1.0-cp39-cp39-win_amd64.whl is not a supported wheel on this platform.", None, None),
        ("nsist.wheels.NoWheelError: No compatible wheels found for av 11.0.0", "win_amd64", None),
        ("ValueError: Wheel a-1-cp310-cp310-win32.whl is not compatible with Python 3.11.9, win32", "win32", "3.11.9"),
        ("Getting https://a.example/ftp/python/3.11.9/python-3.11.9-embed-amd64.zip", "win_amd64", "3.11.9"),
        ("Getting https://a.example/ftp/python/3.12.1/python-3.12.1-embed-win32.zip", "win32", "3.12.1"),
        ("Getting https://a.example/ftp/python/3.12.1/python-3.12.1-embed-arm64.zip", "win_arm64", "3.12.1"),
        ("Using CPython 3.12.1 interpreter at: /usr/bin/python3", None, "3.12.1"),
        ("You're on Linux (`manylinux_2_39_aarch64`), but `a` only has wheels for …", "manylinux_2_39_aarch64", None),
        ("has no wheels with a matching platform tag (e.g., `win_amd64`)", "win_amd64", None),
        ("has no wheels with a matching Python ABI tag (e.g., `cp313t`)", None, "3.13t"),
        ("[1/3] FROM docker.io/library/python:3.12-alpine3.19@sha256:00", "musllinux_1_2_x86_64", "3.12"),
        ("Step 1/4 : FROM python:3.11-slim-bookworm", "manylinux_2_36_x86_64", "3.11"),
        ("   1 | >>> FROM --platform=linux/arm64 python:3.11-slim-bookworm", "manylinux_2_36_aarch64", "3.11"),
        ("Using Docker executor with image python:3.10-bullseye ...", "manylinux_2_31_x86_64", "3.10"),
        ("Using Docker executor with image our.example/private ...", None, None),
        ("+ pip download --platform musllinux_1_1_aarch64 --python-version 3.9 a", "musllinux_1_1_aarch64", "3.9"),
        ("$ uv pip install --python-platform x86_64-unknown-linux-musl a", "musllinux_1_2_x86_64", None),
        ("pip 24.0 from /usr/lib/python3/dist-packages/pip (python 3.12)", None, "3.12"),
        ("Python 3.12.4", None, "3.12.4"),
        ("ldd (Debian GLIBC 2.31-13+deb11u11) 2.31", "manylinux_2_31_x86_64", None),
        ("musl libc (x86_64)", "musllinux_1_2_x86_64", None),
        ("error: Microsoft Visual C++ 14.0 or greater is required.", "win_amd64", None),
        ("xcrun: error: invalid active developer path", "macosx_13_0_arm64", None),
        ("clang -arch x86_64 -g", "macosx_13_0_x86_64", None),
        ("C:\\hostedtoolcache\\windows\\Python\\3.11.9\\x64\\python.exe", "win_amd64", "3.11.9"),
        ("at /opt/hostedtoolcache/Python/3.10.10/x64/lib/python3.10/site-packages", "manylinux_2_28_x86_64", "3.10.10"),
        ("at /usr/local/Cellar/poetry/1.8.2/libexec/lib/python3.12/site-packages", "macosx_13_0_x86_64", "3.12"),
        ("error: command '..\\pip-build-env-rf3n9nnv\\overlay\\Scripts\\cmake.EXE' failed", "win_amd64", None),
        ('File "/Users/ada/app/setup.py", line 3', "macosx_13_0_arm64", None),
        ("see https://index.example/Users/ada", None, None),
        ("[notice] To update, run: python.exe -m pip install --upgrade pip", "win_amd64", None),
        ("gcc -I/usr/include/python3.12 -c a.c", None, "3.12"),
        ("Image: macos-14", "macosx_14_0_arm64", None),
        (
            "Ignored the following versions that require a different python version: 2 Requires-Python >=3.10",
            None,
            "3.9",
        ),
        (
            "Ignored the following versions that require a different python version: 1 Requires-Python >=3.7,<3.11; "
            "2 Requires-Python >=3.8,<3.12",
            None,
            "3.12",
        ),
        ("the quick brown fox", None, None),
        # What people write beside a log.
        ("I'm on macOS 15.0, with uv 0.4.16.", "macosx_15_0_arm64", None),
        ("- **OS version and name**: macOS 12.6", "macosx_12_0_arm64", None),
        ("- OS: [macOS 14.0, Apple Silicon M1]", "macosx_14_0_arm64", None),
        ("macOS Sonoma 14.5", "macosx_14_0_arm64", None),
        ("Mac OS X 10.15.7", "macosx_10_15_x86_64", None),
        ("- OS: macOS", "macosx_13_0_arm64", None),
        ("brew is a package manager of macOS and Linux", None, None),
        ("a m1 macbook air", "macosx_13_0_arm64", None),
        ("- MacBook Air (M1, 2020)", "macosx_13_0_arm64", None),
        ("no luck on win 11", "win_amd64", None),
        ("**Operating system** (such as Windows, Linux, Mac): Windows 10", "win_amd64", None),
        ("OS: Windows Server 2019 Standard", "win_amd64", None),
        ("Ubuntu 24.04.2 LTS", "manylinux_2_39_x86_64", None),
        ("It fails on Alpine Linux 3.21.3", "musllinux_1_2_x86_64", None),
        ("gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0", "manylinux_2_28_x86_64", None),
        ("- **Python version**: 3.10.6", None, "3.10.6"),
        ("- **Python version** (e.g. 3.7.9, 3.8.5) : 3.14", None, "3.14"),
        ("My python version is Python 3.14.0.", None, "3.14.0"),
        ("Python 3.10.6 (tags/v3.10.6:9c7b4bd, Aug  1 2022) [MSC v.1932 64 bit (AMD64)]", None, "3.10.6"),
        ("It requires Python 3.8 or newer", None, None),
        ("    Programming Language :: Python :: 3.8", None, None),
        ("E:\\AI\\ComfyUI_windows_portable\\python_embeded>python.exe -s", "win_amd64", None),
        ("c:\\users\\me\\appdata\\local\\programs\\python\\python39\\python.exe", "win_amd64", "3.9"),
        ("C:\\Users\\me\\AppData\\Local\\Python\\pythoncore-3.14-64\\Lib\\site-packages", "win_amd64", "3.14"),
        ("packages\\PythonSoftwareFoundation.Python.3.9_qbz5n2kfra8p0\\x", "win_amd64", "3.9"),
    ],
)
def test_a_line_tells_a_part_of_the_target(line: str, platform: str | None, python: str | None) -> None:
    assert told(line) == (platform, python)


def test_the_stronger_line_counts_and_the_weaker_fills_what_it_leaves_open() -> None:
    assert told(
        "   1 | FROM python:3.11-alpine",
        "creating build/lib.linux-aarch64-cpython-312",
        "gcc -I/home/me/.pyenv/versions/3.12.7/include/python3.12",
        "error: Microsoft Visual C++ 14.0 or greater is required.",
    ) == ("musllinux_1_2_aarch64", "3.12.7")


def test_what_is_told_is_a_target_that_can_be_planned_for() -> None:
    for line in ("creating build/lib.linux-s390x-cpython-312", "lib.linux-mips-cpython-312"):
        platform, python = told(line)
        try:
            assert parse_target(platform, python).python == "3.12"
        except UsageProblem as problem:
            assert "mips" in problem.message


def test_what_the_log_shows_counts_before_what_is_written_beside_it() -> None:
    assert told("- OS: Windows 11, with WSL", "- Python 3.12", "creating build/lib.linux-x86_64-cpython-310") == (
        "linux_x86_64",
        "3.10",
    )
