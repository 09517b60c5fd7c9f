"""Shows progress on stderr, and writes the answer in the chosen format."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from wheelcheck.cli.options import as_json
from wheelcheck.cli.streams import print_note, wants_color, write_result
from wheelcheck.report.formats import formats_of

if TYPE_CHECKING:
    from wheelcheck.api.request import Request
    from wheelcheck.ports import Reporter
    from wheelcheck.report.progress import TransferProgress

_WIDEST = 120
_Command = TypeVar("_Command", bound=Callable[..., object])


def answer_format(command: str, help: str = "What goes to stdout.", *more: str) -> Callable[[_Command], _Command]:
    """The option ``--format`` of *command*, with the words of its reports and *more*; ``--json`` is short for one of them."""
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
        from wheelcheck.api.folders import with_files

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
