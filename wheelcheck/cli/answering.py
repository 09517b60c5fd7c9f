"""What the commands that answer a question share: a reporter, and how an answer is shown; no decisions."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from wheelcheck.cli.streams import wants_color, write_result
from wheelcheck.values import dataclass

if TYPE_CHECKING:
    from wheelcheck.ports import Reporter

_WIDEST = 120
PRESENTATION = ("quiet", "verbose", "color", "no_progress")
"""The parameters of the shared options that say how to show an answer."""

answer_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What goes to stdout.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How a person wants the answer: the shared options for that."""

    quiet: bool
    verbose: bool
    color: str
    no_progress: bool

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Showing:
        """Take these parameters out of *options*, as click gave them; a command need not have ``--verbose``."""
        return cls(**{name: options.pop(name, False) for name in PRESENTATION})

    def reporter(self) -> contextlib.AbstractContextManager[Reporter]:
        """A progress line on stderr, where somebody would see it."""
        if self.quiet or self.no_progress or not sys.stderr.isatty():
            from wheelcheck.ports import SilentReporter

            return contextlib.nullcontext(SilentReporter())
        from wheelcheck.report.progress import ProgressReporter

        return ProgressReporter(sys.stderr)

    @property
    def width(self) -> int:
        """The columns of the terminal, not more than can be read."""
        return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)

    @property
    def encoding(self) -> str:
        """What stdout can encode."""
        return sys.stdout.encoding or "ascii"

    @property
    def in_color(self) -> bool:
        """Whether stdout is coloured."""
        return wants_color(self.color, sys.stdout)

    def write(self, form: str, as_text: Callable[[], str], as_json: Callable[[], str]) -> None:
        """Write the answer to stdout in *form*; text is left out where the exit status is all that is wanted."""
        if form == "json":
            write_result(as_json().encode(), None)
        elif not self.quiet:
            write_result(as_text().encode(sys.stdout.encoding or "utf-8", "replace"), None)
