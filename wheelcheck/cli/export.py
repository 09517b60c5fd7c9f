"""``wheelcheck export``: a plan file → what another tool installs from."""

from __future__ import annotations

import click

from wheelcheck.cli.streams import write_result


class _Described(click.Command):
    """A command whose help ends with the table of formats, read when help is asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click
        """Write the table after the options."""
        from wheelcheck.export.formats import EXPORTERS

        with formatter.section("Formats"):
            formatter.write_dl([(exporter.name, exporter.sentence) for exporter in EXPORTERS])


@click.command("export", cls=_Described, short_help="Turn a plan into what another tool installs from.")
@click.argument("plan_file", metavar="PLAN")
@click.option("--to", "form", metavar="FORMAT", required=True, help="One of the formats below.")
@click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
@click.option("--name", default="", metavar="NAME", help="The program's name, for formats that describe a program.")
@click.option("--app-version", "version", default="", metavar="VERSION", help="The program's version.")
@click.option("--entry", default="", metavar="FILE", help="The script that starts the program, or MODULE:FUNCTION.")
@click.option("--bundle", default="", metavar="DIR", help="A bundle made of this plan by `wheelcheck bundle`.")
@click.option("--url", default="", metavar="URL", help="Where the bundle's archives can be downloaded.")
def export_command(
    plan_file: str, form: str, output: str | None, name: str, version: str, entry: str, bundle: str, url: str
) -> int:
    """Turn PLAN, a file made by `wheelcheck plan -o` (or "-" for standard input), into FORMAT."""
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.api.export import Program, exported, exporter_named

    exporter_named(form)
    program = Program(name=name, version=version, entry=entry, bundle=bundle, url=url)
    write_result(exported(read_plan_file(plan_file), plan_file, form, program).encode(), output)
    return 0
