"""``wheelcheck schema`` and ``wheelcheck target``: what the program knows of its own formats and of this interpreter."""

from __future__ import annotations

import click

from wheelcheck.cli.streams import write_result

_SCHEMAS = ("plan", "check", "diff", "matrix", "bundle", "verify")


@click.command("schema", short_help="Print the JSON Schema of a plan, or of another answer.")
@click.argument("name", metavar=f"[{'|'.join(_SCHEMAS)}]", type=click.Choice(_SCHEMAS), default="plan")
@click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
def schema_command(name: str, output: str | None) -> int:
    """Print the JSON Schema that every plan is valid against.

    Or of the manifest.json of a bundle, or of what check, diff, matrix or verify print with --format json.
    """
    import json

    write_result((json.dumps(_load(name), indent=2, ensure_ascii=False) + "\n").encode(), output)
    return 0


def _load(name: str) -> dict[str, object]:
    """The schema *name*; a report's room is loaded for its own alone."""
    match name:
        case "bundle":
            from wheelcheck.plans.schema import load_bundle_schema

            return load_bundle_schema()
        case "check":
            from wheelcheck.report.check.json_document import load_check_schema

            return load_check_schema()
        case "diff":
            from wheelcheck.report.difference.json_document import load_diff_schema

            return load_diff_schema()
        case "matrix":
            from wheelcheck.report.matrix.json_document import load_matrix_schema

            return load_matrix_schema()
        case "verify":
            from wheelcheck.report.verify import load_verify_schema

            return load_verify_schema()
    from wheelcheck.plans.schema import load_schema

    return load_schema()


@click.command("target", short_help="Print a target file for this interpreter, or for two words.")
@click.option("--platform", metavar="TAG", help="Of this platform instead of the running one.")
@click.option("--python", metavar="VERSION", help="Of this Python instead of the running one.")
@click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
def target_command(platform: str | None, python: str | None, output: str | None) -> int:
    """Print the file that `--target FILE` reads: tags and markers of the interpreter that runs this command."""
    from wheelcheck.targets.targetfile import render_target_file
    from wheelcheck.targets.targets import parse_target

    write_result(render_target_file(parse_target(platform, python)).encode(), output)
    return 0
