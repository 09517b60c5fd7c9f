"""What the tests of ``wheelcheck bundle`` share: a small runtime for Windows, a plan with its wheels, and what came out."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.programs import Shell
from tests.fakes.archives import make_wheel, make_zip
from tests.server import IndexServer

AMD64, ARM64 = 0x8664, 0xAA64
Catalog = Mapping[str, Sequence[tuple[str, bytes]]]


def catalog(app: str = "1.0") -> dict[str, list[tuple[str, bytes]]]:
    """An index with ``app``, which needs ``lib``, which has tests, stubs and documents."""
    return {
        "app": [
            make_wheel("app", app, requires=["lib"], files={"app/main.py": f"version = {app!r}\n" + "# words\n" * 500})
        ],
        "lib": [
            make_wheel(
                "lib",
                "2.0",
                files={
                    "lib/core.py": "x = 1\n" * 1000,
                    "lib/core.pyi": "x: int\n" * 300,
                    "lib/tests/__init__.py": "",
                    "lib/tests/test_core.py": "def test_it(): pass\n" * 200,
                    "lib/docs/index.html": "<p>" * 500,
                },
            )
        ],
    }


def write_runtime(shell: Shell, machine: int = AMD64, minor: int = 11) -> Path:
    """An embeddable package for Windows in the folder: of Python 3.*minor* for *machine*, with nothing to run in it."""
    members = {
        f"python3{minor}._pth": f"python3{minor}.zip\r\n.\r\n#import site\r\n".encode(),
        f"python3{minor}.zip": make_zip({"os.py": b""}),
        f"python3{minor}.dll": _binary(machine),
        "python3.dll": _binary(machine),
        "python.exe": _binary(machine),
        "LICENSE.txt": b"PSF",
    }
    return shell.write("runtime.zip", make_zip(members))


def write_plan(shell: Shell, *words: str, files: Catalog | None = None) -> None:
    """plan.json of ``app`` for Windows, and all of its wheels in ``house``, so that nothing is fetched."""
    with IndexServer(files or catalog()) as server:
        outcome = shell.plan(*(words or ("app",)), index=server.simple_url)
        assert outcome.status == 0, outcome.err
        shell.write("plan.json", outcome.out)
        fetched = shell.run("fetch", "plan.json", "-d", "house", "-q", "--cache-dir", str(shell.cache))
        assert fetched.status == 0, fetched.err


def bundle_words(*words: str) -> tuple[str, ...]:
    """``bundle`` with the plan, the runtime and the wheels of :func:`write_plan`, offline."""
    house = () if "--wheelhouse" in words else ("--wheelhouse", "house")
    runtime = () if "--runtime" in words else ("--runtime", "runtime.zip")
    return ("bundle", "plan.json", *runtime, *house, "--offline", *words)


def tree(folder: Path) -> dict[str, str]:
    """The hash of every file below *folder*, by its path there, hidden ones included."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def left_beside(shell: Shell) -> set[str]:
    """What is in the folder besides the inputs."""
    return {path.name for path in shell.folder.iterdir()} - {"plan.json", "runtime.zip", "house"}


def _binary(machine: int) -> bytes:
    """The headers of a PE32+ file without sections."""
    dos = b"MZ" + b"\0" * 58 + struct.pack("<I", 64)
    coff = struct.pack("<HHIIIHH", machine, 0, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<H", 0x20B) + b"\0" * 106 + struct.pack("<I", 16) + b"\0" * 128
    return dos + b"PE\0\0" + coff + optional + b"\0" * 512
