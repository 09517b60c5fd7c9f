"""Real wheels of three systems, looked at as they come: the static check must find what is wrong and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments.verify.looking import look, messages
from tests.fakes.environments import embeddable
from wheelcheck.model.inspection import Inspection, ProblemKind

pytestmark = pytest.mark.live


def installed(folder: Path, platform: str, *requirements: str) -> Inspection:
    """*requirements* without their dependencies, installed by pip from wheels for *platform* into *folder*, and looked at."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--only-binary", ":all:"]
    command += ["--platform", platform, "--python-version", "3.11", "--implementation", "cp", "--target", str(folder)]
    subprocess.run([*command, *requirements], check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    return look(folder)


CLEAN = (
    "numpy==1.26.4",
    "av==12.3.0",
    "lxml==5.2.2",
    "pillow==10.4.0",
    "pandas==2.2.2",
    "cryptography==43.0.0",
    "pywin32==306",
)


def test_wheels_that_work_on_a_clean_windows_have_no_errors(tmp_path: Path) -> None:
    made = embeddable(tmp_path / "env")
    assert installed(made.root / made.site, "win_amd64", *CLEAN).errors == ()
    assert look(made.root).errors == ()


def test_wheel_that_forgot_the_visual_cpp_runtime_is_found(tmp_path: Path) -> None:
    made = embeddable(tmp_path / "env")
    installed(made.root / made.site, "win_amd64", "kiwisolver==1.4.5")
    (problem,) = look(made.root).errors
    assert (problem.kind, problem.library) == (ProblemKind.LIBRARY_MISSING, "MSVCP140.dll")


def test_wheels_for_linux_are_clean_but_for_what_slim_images_lack(tmp_path: Path) -> None:
    inspection = installed(tmp_path / "site", "manylinux2014_x86_64", "numpy==1.26.4", "opencv-python==4.9.0.80")
    assert messages(inspection) == []
    assert "libGL.so.1" in {problem.library for problem in inspection.warnings}
    assert {problem.distribution for problem in inspection.warnings if problem.library} <= {"opencv-python", None}


def test_wheels_for_macos_are_clean(tmp_path: Path) -> None:
    inspection = installed(tmp_path / "site", "macosx_11_0_arm64", "numpy==1.26.4", "lxml==5.2.2", "pillow==10.4.0")
    assert (inspection.runtime.system, inspection.errors) == ("macos", ())
