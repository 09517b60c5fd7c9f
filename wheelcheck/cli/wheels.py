"""``wheelcheck wheels``: a table of the versions of one project and the targets that have wheels."""

from __future__ import annotations

from typing import Any

import click

from wheelcheck.cli.options import request_options, table_options
from wheelcheck.cli.showing import Showing, answer_format


@click.command("wheels", short_help="Which versions have wheels, on which targets.")
@click.argument("requirement", metavar="REQUIREMENT")
@table_options("wheels", "platforms", "pythons")
@click.option("-n", "--versions", metavar="N", type=click.IntRange(min=1), default=10, show_default=True,
              help="How many versions to show.")  # fmt: skip
@table_options("wheels")
@answer_format("wheels")
def wheels_command(
    requirement: str,
    platforms: tuple[str, ...],
    pythons: tuple[str, ...],
    versions: int,
    form: str,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Show which versions within REQUIREMENT ("av", "torch>=2,<2.3") have a wheel on which targets.

    Where there is none, a source archive is shown as pure Python or as in need of a compiler. "all" stands for the common
    platforms of Windows, macOS and Linux (glibc and musl), and for the Pythons that are maintained.

    Exit status: 0 there are versions, 1 there are none.
    """
    from wheelcheck.api.request import Request
    from wheelcheck.api.wheels import WheelsRequest, wheels

    showing = Showing.taken_from(options)
    request = WheelsRequest(
        requirement=requirement,
        platforms=platforms,
        pythons=pythons,
        versions=versions,
        where=Request(inputs=(), **request_options(options)),
    )
    with showing.reporter() as reporter:
        answer = wheels(request, reporter=reporter)
    showing.write("wheels", form, answer)
    return 0 if answer.rows else 1
