"""``wheelcheck schema`` and ``wheelcheck target``: what the program knows of its own format and of this interpreter."""

from __future__ import annotations

import click

from wheelcheck.cli.streams import write_result


@click.command("schema", short_help="Print the JSON Schema of a plan.")
@click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
def schema_command(output: str | None) -> int:
    """Print the JSON Schema that every plan is valid against."""
    import json

    from wheelcheck.plan import load_schema

    write_result((json.dumps(load_schema(), indent=2, ensure_ascii=False) + "\n").encode(), output)
    return 0


@click.command("target", short_help="Print a target file for this interpreter, or for two words.")
@click.option("--platform", metavar="TAG", help="Of this platform instead of the running one.")
@click.option("--python", metavar="VERSION", help="Of this Python instead of the running one.")
@click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
def target_command(platform: str | None, python: str | None, output: str | None) -> int:
    """Print the file that `--target FILE` reads: tags and markers of the interpreter that runs this command."""
    from wheelcheck.compat import parse_target, render_target_file

    write_result(render_target_file(parse_target(platform, python)).encode(), output)
    return 0
