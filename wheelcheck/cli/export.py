"""``wheelcheck export``: a plan file → what another tool installs from."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wheelcheck.cli.streams import write_result
from wheelcheck.errors import InputUnreadable


class _FormatNames(click.ParamType[str]):
    """The names in the table of exporters, looked up when one is given: --help names them without importing the room."""

    name = "format"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from wheelcheck.export import EXPORTERS

        names = [exporter.name for exporter in EXPORTERS]
        if value not in names:
            self.fail(f"{value!r} is not one of {', '.join(names)}", param, ctx)
        return value


@click.command("export", short_help="Turn a plan into what another tool installs from.")
@click.argument("plan_file", metavar="PLAN")
@click.option(
    "--to",
    "form",
    type=_FormatNames(),
    required=True,
    help="pylock (PEP 751) or requirements (hashed, for pip and uv).",
)
@click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
def export_command(plan_file: str, form: str, output: str | None) -> int:
    """Turn PLAN, a file made by `wheelcheck plan -o` (or "-" for standard input), into FORMAT."""
    from wheelcheck.export import EXPORTERS
    from wheelcheck.plan import parse_executable

    content = _read(plan_file)
    exporter = next(each for each in EXPORTERS if each.name == form)
    plan = parse_executable(content, plan_file).plan
    write_result(exporter.render(plan).encode(), output)
    return 0


def _read(plan_file: str) -> bytes:
    if plan_file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(plan_file).read_bytes()
    except OSError as error:
        raise InputUnreadable(
            f"the plan could not be read: {error.strerror}",
            address=plan_file,
            hint="make one with `wheelcheck plan … -o FILE`",
        ) from error
