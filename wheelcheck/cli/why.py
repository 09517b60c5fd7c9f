"""``wheelcheck why``: the paths from the requirements to a project, and why no other version of it was chosen."""

from __future__ import annotations

from typing import Any

import click

from wheelcheck.cli.options import request_options, table_options
from wheelcheck.cli.showing import Showing, answer_format


@click.command("why", short_help="Who requires a project, by which paths, and what was available.")
@click.argument("package", metavar="PACKAGE")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@table_options("why")
@answer_format("why")
def why_command(package: str, inputs: tuple[str, ...], form: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Explain why PACKAGE is in the resolution of INPUT... for one target, and why no other version of it was taken.

    INPUT is what `wheelcheck plan` takes. Shown are the paths from your requirements, shortest first, with the bound that each step
    sets, and every version on the index, similar ones in one line. For a project that is not there: who mentions it, and what
    keeps it out. No repairs are searched for.

    Exit status: 0 it is there, 1 it is not.
    """
    from wheelcheck.api.request import Request
    from wheelcheck.api.why import why

    showing = Showing.taken_from(options)
    request = Request(inputs=inputs, **request_options(options))
    with showing.reporter() as reporter:
        answer = why(request, package, reporter=reporter)
    showing.write("why", form, answer)
    return 0 if answer.is_found else 1
