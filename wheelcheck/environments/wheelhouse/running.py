"""Runs one build, through the ``build`` library, in a process that can be ended; unpacks and judges nothing."""

from __future__ import annotations

import contextlib
import datetime
import os
import signal
import subprocess
import sys
import tempfile
from typing import IO, TYPE_CHECKING

from msgspec import Struct

from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.urls import masked_within

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wheelcheck.environments.wheelhouse.wanted import Wanted

_EARLIEST = 315_532_800  # 1980-01-01: before it, zip files have no dates
_TAIL_LINES = 25
_TAIL_BYTES = 64 * 1024
# What belongs to this interpreter must not reach the build's own.
_DROPPED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")


class BuildSurroundings(Struct, frozen=True, kw_only=True):
    """``environ`` is the environment of a build, pip's variables for its requirements included; ``seconds`` its limit."""

    environ: Mapping[str, str]
    seconds: float = 600.0


def run_build(wanted: Wanted, source: Path, out: Path, around: BuildSurroundings) -> None:
    """Build the wheel of the source tree *source* into *out*; raises ``ArchiveRefused`` with the end of its output."""
    # Not from the source's folder, and without it on the path: a folder "build" in it would be taken for the library.
    command = [sys.executable, "-P", "-m", "build", "--wheel", "--outdir", str(out), str(source)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=out,
            env=_environment(wanted, around.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(timeout=around.seconds)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise _failed(wanted, f"was not built within {around.seconds:g} seconds", output) from error
        except BaseException:
            _end(process)
            raise
        if status != 0:
            raise _failed(wanted, f"could not be built (exit status {status})", output)


def _environment(wanted: Wanted, environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name not in _DROPPED}
    return kept | {
        "SOURCE_DATE_EPOCH": str(source_date(wanted.file.upload_time)),
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }


def source_date(upload_time: str | None) -> int:
    """Seconds since the epoch for a build's dates: when the source was uploaded, so that each build has the same."""
    try:
        moment = datetime.datetime.fromisoformat(upload_time or "")
    except ValueError:
        return _EARLIEST
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(_EARLIEST, int(moment.timestamp()))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the build and all that it started."""
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _failed(wanted: Wanted, fact: str, output: IO[bytes]) -> ArchiveRefused:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _TAIL_BYTES))
    lines = output.read().decode("utf-8", "replace").splitlines()[-_TAIL_LINES:]
    # pip repeats the address of its index, which may have a password.
    shown = "\n".join(f"    {masked_within(line)}" for line in lines)
    return ArchiveRefused(
        f"{wanted.file.filename} {fact}" + (f"; the end of its output:\n{shown}" if shown else ""),
        address=str(wanted),
        hint="a pure project needs no more than its build requirements: see the output for what else it looks for, or take "
        "a version with a wheel",
    )
