"""Shows progress, and writes the answer in the chosen format to stdout or a file, which appears whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from wheelcheck.cli.commands import as_json
from wheelcheck.cli.signals import ending_in_order
from wheelcheck.errors import DiskFailure, InputUnreadable, UsageProblem, WheelcheckError

if TYPE_CHECKING:
    from wheelcheck.api.request import Request
    from wheelcheck.ports import Reporter
    from wheelcheck.report.progress import TransferProgress

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


_WIDEST = 120
_Command = TypeVar("_Command", bound=Callable[..., object])


def answer_format(command: str, help: str = "What goes to stdout.", *more: str) -> Callable[[_Command], _Command]:
    """The option ``--format`` of *command*, with the words of its reports and *more*; ``--json`` is short for one of them."""
    from wheelcheck.report.formats import formats_of

    words = (*formats_of(command), *more)
    by_name = click.option("--format", "form", type=click.Choice(words), default="text", show_default=True, help=help)
    return lambda decorated: by_name(as_json(decorated))


class Showing(NamedTuple):
    """The shared options that say how to show an answer."""

    quiet: bool
    verbose: bool
    color: str
    no_progress: bool

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Showing:
        """Take these parameters out of *options*, as click gave them; a command need not have each of them."""
        return cls(**{name: options.pop(name, False) for name in cls._fields})

    def reporter(self) -> contextlib.AbstractContextManager[Reporter]:
        """A reporter with a progress line on stderr; a silent one where stderr is no terminal or the options say so."""
        if self.quiet or self.no_progress or not sys.stderr.isatty():
            from wheelcheck.ports import SilentReporter

            return contextlib.nullcontext(SilentReporter())
        from wheelcheck.report.progress import ProgressReporter

        return ProgressReporter(sys.stderr)

    def with_files(self, request: Request) -> Request:
        """*request* with a file in place of each folder among its inputs, which is named on stderr."""
        from wheelcheck.api.request import with_files

        chosen, notes = with_files(request)
        for note in () if self.quiet else notes:
            print_note(note)
        return chosen

    def transfers(self) -> TransferProgress:
        """A reporter of transfers with a progress bar on stderr."""
        from wheelcheck.report.progress import TransferProgress

        return TransferProgress(
            sys.stderr,
            (lambda _: None) if self.quiet else print_note,
            draws=not self.quiet and not self.no_progress,
        )

    def write(self, command: str, form: str, answer: object, path: str | None = None, **style: object) -> None:
        """Write *answer* of *command* in the format *form* to the file *path*, or to stdout where that is ``None`` or ``-``.

        Text for stdout is left out under ``--quiet``. *style* is what the format takes besides the style of a terminal.
        """
        from wheelcheck.report.formats import formats_of

        row, is_file = formats_of(command)[form], path not in (None, "-")
        if form != "text":
            told = {name: value for name, value in style.items() if name in row.told}
            write_result(row.render(answer, **told).encode("utf-8", "replace"), path)
        elif is_file or not self.quiet:
            import shutil  # it loads four compressors

            encoding = "utf-8" if is_file else sys.stdout.encoding or "ascii"
            text = row.render(
                answer,
                width=min(shutil.get_terminal_size((80, 24)).columns, _WIDEST),
                color=not is_file and wants_color(self.color, sys.stdout),
                encoding=encoding,
                detail="full" if self.verbose else "brief",
                **style,
            )
            write_result(text.encode(encoding, "replace"), path)
