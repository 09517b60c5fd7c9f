"""What the commands that fill a wheelhouse share: whose sources may be built, where files come from, a bar; fetches nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from wheelcheck.cli.streams import print_note

if TYPE_CHECKING:
    from wheelcheck.cli.answering import Showing
    from wheelcheck.report.progress import TransferProgress


def words(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001 - click
    """The words between the commas of *texts*: the callback of an option that is given once, many times or both."""
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())


allow_build = click.option(
    "--allow-build",
    "allow_build",
    metavar="NAME[,NAME]",
    multiple=True,
    callback=words,
    help="Build these from source, which runs their authors' code here; all for all.",
)


def transfer_progress(showing: Showing) -> TransferProgress:
    """A bar on stderr, and lines that stay; neither where the person wants it quiet."""
    from wheelcheck.report.progress import TransferProgress

    return TransferProgress(
        sys.stderr,
        (lambda _: None) if showing.quiet else print_note,
        draws=not showing.quiet and not showing.no_progress,
    )
