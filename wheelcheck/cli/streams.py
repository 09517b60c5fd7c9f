"""Where results and messages go: stdout or a file for the result, stderr for everything else; files are written whole or not."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import IO

import click

from wheelcheck.errors import DiskFailure, WheelcheckError


def print_error(error: WheelcheckError) -> None:
    """Say on stderr what failed, where, and what to do next."""
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(str(error), err=True)
    if error.hint:
        click.secho("hint: ", fg="cyan", nl=False, err=True)
        click.echo(error.hint, err=True)


def write_result(content: bytes, output: str | None) -> None:
    """Write *content* to the file *output*, or to stdout where it is ``None`` or ``-``.

    A file appears whole or not at all: it is written beside its place and moved. Raises ``DiskFailure``.
    """
    if output is None or output == "-":
        stream = sys.stdout.buffer
        stream.write(content)
        stream.flush()
        return
    path = Path(output)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)  # a device or a pipe, such as /dev/stdout
        else:
            _replace(path, content)
    except OSError as error:
        raise DiskFailure(
            f"the result could not be written: {error.strerror or error}",
            address=output,
            hint="name another file with -o, in a folder that exists and can be written",
        ) from error


def _replace(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # mkstemp makes private files; a plan is as readable as the umask says, or as the file it replaces was.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def wants_color(choice: str, stream: IO[str]) -> bool:
    """Whether to colour *stream*: *choice* is ``auto``, ``always`` or ``never``; ``auto`` heeds NO_COLOR and FORCE_COLOR."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")
