"""A Windows CPython that runs here, for the tests of this folder; without one they are skipped, saying so."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

VARIABLE = "WHEELCHECK_WINDOWS_RUNTIME"


@dataclass(frozen=True)
class Windows:
    """The folder *root* holds ``winpy``, which runs a Windows program, and the runtime in a folder and as an archive."""

    root: Path

    @property
    def archive(self) -> Path:
        """A runtime laid out as the embeddable package is, Python 3.11 for amd64."""
        return self.root / "python-3.11-embed-amd64-like.zip"

    @property
    def runner(self) -> str:
        """What stands before a program on the command line."""
        return str(self.root / "winpy")

    @property
    def drive(self) -> Path:
        """What Windows programs see as drive C."""
        return self.root / "prefix" / "drive_c"

    def run(self, *words: str | Path, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a Windows program with pipes for its streams: with files it would fail."""
        command = [self.runner, *map(str, words)]
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )

    def makensis(self, script: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Compile *script* for 64 bits, because 32-bit programs do nothing here, and with the quickest compressor."""
        makensis = shutil.which("makensis")
        if makensis is None:
            pytest.skip("makensis is not installed")
        command = [makensis, "-V2", "-XTarget amd64-unicode", "-XSetCompressor /FINAL zlib", *options, script.name]
        return subprocess.run(command, cwd=script.parent, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="session")
def windows() -> Windows:
    """The Windows Python that the environment names."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        pytest.skip(f"no Windows Python to run: {VARIABLE} is not set")
    return Windows(Path(named).resolve())
