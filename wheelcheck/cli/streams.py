"""Writes results to stdout or a file, which appears whole or not at all, and messages to stderr."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import click

from wheelcheck.cli.signals import ending_in_order
from wheelcheck.errors import DiskFailure, InputUnreadable, UsageProblem, WheelcheckError

# What an index or a file says, quoted in a message, must not drive the terminal.
_CONTROL = r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"


_MOST_ERRORS = 30


def print_error(error: WheelcheckError) -> None:
    """Write to stderr what failed, where, and what to do next: all that cannot be read, up to a number that is still read."""
    further = error.further if isinstance(error, InputUnreadable) else ()
    for each in (error, *further[: _MOST_ERRORS - 1]):
        _print_message("error: ", "red", WheelcheckError.__str__(each))
        if each.hint:
            _print_message("hint: ", "cyan", each.hint)
    if (more := len(further) + 1 - _MOST_ERRORS) > 0:
        print_note(f"{more} more {'line' if more == 1 else 'lines'} of the inputs cannot be read")


def print_note(text: str) -> None:
    """Write a remark to stderr that asks for no action."""
    _print_message("note: ", "cyan", text)


def print_patch(patch: bytes) -> None:
    """Write a *patch* to stderr for a person to read, without what would drive the terminal."""
    text = patch.decode("utf-8", "replace").replace("\r\n", "\n")
    click.echo(re.sub(rf"(?!\t){_CONTROL}", "?", text), err=True, nl=False)


def _print_message(label: str, style: str, text: str) -> None:
    from wheelcheck.model.urls import masked_within

    text = masked_within(text)
    if wants_color("auto", sys.stderr):
        label = click.style(label, fg=style, bold=True)
    click.echo(label + re.sub(_CONTROL, "?", text), err=True, color=True)


def open_closed_streams() -> None:
    """Give a process that was started without stdin, stdout or stderr (``>&-``) empty ones.

    Otherwise the first file or socket that it opens takes the free descriptor, and gets what is written to the stream.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                # The system opens the lowest free descriptor, which is the missing one.
                opened = os.open(os.devnull, os.O_RDWR)
                setattr(sys, name, open(opened, "r" if descriptor == 0 else "w", encoding="utf-8"))  # noqa: SIM115, PTH123


def write_result(content: bytes, output: str | None) -> None:
    """Write *content* to the file *output*, or to stdout where it is ``None`` or ``-``.

    A file appears whole or not at all: it is written beside its place and moved. Raises ``DiskFailure``.
    """
    if output is None or output == "-":
        _write_stdout(content)
        return
    path = Path(output)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)  # a device or a pipe, such as /dev/stdout
        else:
            with ending_in_order():
                _replace(path, content)
    except OSError as error:
        raise DiskFailure(
            f"the result could not be written: {error.strerror or error}",
            address=output,
            hint="name another file with -o, in a folder that exists and can be written",
        ) from error


_SHOWING = frozenset({"-v", "--verbose", "-q", "--quiet", "--no-progress"})
_SHOWING_WITH_VALUE = ("-o", "--output", "--format", "--color", "--write-requirements", "--write-overrides")
_ATTACHED = tuple(f"{option}=" for option in _SHOWING_WITH_VALUE if option.startswith("--"))


def repeatable(words: Sequence[str]) -> tuple[str, ...]:
    """The command of *words* without the options for output, and with secrets masked."""
    from wheelcheck.model.urls import masked_within

    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _SHOWING_WITH_VALUE:
            next(rest, None)
        elif word not in _SHOWING and not word.startswith(_ATTACHED):
            kept.append(masked_within(word))
    return ("wheelcheck", *kept)


def refuse_unwritable(output: str | None) -> None:
    """Raise ``DiskFailure`` if *output* is a folder or lies in none, before the work whose result it shall hold."""
    if output is None or output == "-":
        return
    path = Path(output)
    if path.is_dir():
        raise DiskFailure("is a folder", address=output, hint="name a file with -o")
    if not path.parent.is_dir():
        raise DiskFailure(
            f"there is no folder {path.parent}", address=output, hint="make the folder first, or name another"
        )


def refuse_twice(outputs: Sequence[str]) -> None:
    """Raise ``UsageProblem`` where two of *outputs* are one file; a device may be written to as often as one likes."""
    seen: set[Path] = set()
    for output in outputs:
        path = Path(output)
        if path.resolve() in seen:
            raise UsageProblem("is to be written twice", address=output, hint="name a file of its own for each")
        if path.is_file() or not path.exists():
            seen.add(path.resolve())


def refuse_overwriting(outputs: Iterable[str], read: Iterable[str]) -> None:
    """Raise ``UsageProblem`` where one of *outputs* is one of the files that are *read*; what is no path is passed over."""
    own = {Path(text).resolve() for text in read if "\0" not in text}
    for output in outputs:
        if Path(output).resolve() in own:
            raise UsageProblem(
                "is one of the files that are read, which are never changed", address=output, hint="name another file"
            )


def _write_stdout(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader left (`wheelcheck … | head`), which is no failure of ours: the exit status stays that of the answer.
        discard_stdout()
    except OSError as error:
        discard_stdout()
        raise DiskFailure(
            f"the result could not be written: {error.strerror or error}", address="stdout", hint="name a file with -o"
        ) from error


def discard_stdout() -> None:
    """Discard what is buffered for stdout and all that follows."""
    empty = os.open(os.devnull, os.O_WRONLY)
    os.dup2(empty, sys.stdout.fileno())
    os.close(empty)


def _replace(path: Path, content: bytes) -> None:
    descriptor, beside = _open_beside(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # A new file is as readable as the umask says, one that is replaced as it was.
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _open_beside(path: Path) -> tuple[int, Path]:
    """Open a new file beside *path*; ``tempfile`` would import random numbers and compressors for it."""
    for number in itertools.count():
        beside = path.with_name(f".{path.name}.{os.getpid()}-{number}")
        with contextlib.suppress(FileExistsError):
            return os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), beside
    raise AssertionError("numbers do not end")  # pragma: no cover


def wants_color(choice: str, stream: IO[str]) -> bool:
    """Whether to colour *stream*: *choice* is ``auto``, ``always`` or ``never``; ``auto`` heeds NO_COLOR and FORCE_COLOR."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")
