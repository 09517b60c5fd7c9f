"""``wheelcheck explain``: the log of a failed installation → what had no wheel, and the repairs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from wheelcheck.cli.commands import command
from wheelcheck.cli.options import request_options, table_options
from wheelcheck.cli.showing import Showing, answer_format

_CODE = re.compile(r"WC\d{3}", re.IGNORECASE)


@command(
    "explain",
    examples=(
        ("pip install -r requirements.txt 2>&1 | wheelcheck explain -", "why it failed, and what helps"),
        ("wheelcheck explain build.log", "the log of a container's build, or of a CI job"),
    ),
    short_help="A failed pip, uv, Poetry, PDM or docker log: what had no wheel, and the repairs.",
)
@click.argument("log", metavar="LOG")
@table_options("explain", "sdist")
@table_options("explain")
@answer_format("explain")
def explain_command(log: str, form: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Tell which distributions failed in LOG, a file or "-" for standard input, why there is no wheel, and what helps.

    LOG is the output of `pip install`, `uv sync`, `uv pip`, `poetry install`, `pdm install`, `docker build` or a CI job, with
    colours, timestamps and prefixes as they are. Each distribution that failed is planned alone, on the target that the log tells;
    --platform and --python replace it. A network failure or a clash of requirements is no matter of wheels, and is said to be so.
    The code of a finding in place of LOG, such as WC105, is explained as by `wheelcheck help WC105`.

    Exit status: 0 nothing failed in the log, 1 something did and is named, 2 the log cannot be read or holds no failure that
    wheelcheck knows, 3 an index failed.
    """
    from wheelcheck.api.explain import explain
    from wheelcheck.api.request import Request

    if _CODE.fullmatch(log) and not Path(log).exists():
        from wheelcheck.cli.describe import help_on_code

        click.echo(help_on_code(log.upper()))
        return 0
    showing = Showing.taken_from(options)
    request = Request(inputs=(), **request_options(options))
    with showing.reporter() as reporter:
        answer = explain(log, request, reporter=reporter)
    showing.write("explain", form, answer)
    return answer.exit_status
