"""``wheelcheck verify``: a bundle or environment → whether its files, libraries and imports are right."""

from __future__ import annotations

from typing import Any

import click

from wheelcheck.cli.options import table_options
from wheelcheck.cli.showing import Showing, answer_format


@click.command("verify", short_help="Check a bundle or environment: files, libraries, imports.")
@click.argument("path", metavar="BUNDLE|DIR|ENV")
@click.option(
    "--plan", "plan", metavar="PLAN", default="", help="Compare it with this plan too: packages, versions, target."
)
@click.option("--imports", type=click.Choice(["all", "none"]), default="all", show_default=True,
              help="Import each distribution's top-level modules in a fresh process, where its Python runs here.")  # fmt: skip
@click.option("--runner", metavar="COMMAND", default="", help="What runs the target's programs here, such as wine.")
@click.option("--skip-import", "skipped", metavar="NAME", multiple=True, help="A module or distribution not to import.")
@click.option("--timeout", type=click.FloatRange(min=0.1), metavar="SECONDS", default=60.0, show_default=True,
              help="What each process may take.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@table_options("verify")
@answer_format("verify")
def verify_command(
    path: str,
    plan: str,
    imports: str,
    runner: str,
    skipped: tuple[str, ...],
    timeout: float,
    strict: bool,
    form: str,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Check a bundle (its folder, archive or manifest), a virtual environment, an embeddable Python or a site-packages folder.

    Files are compared with RECORD and the bundle's manifest, shared libraries with those of the environment and of a clean
    target, on any machine; imports are tried where the environment's Python runs, or under --runner. Nothing is written into it.

    Exit status: 0 no problems, 1 problems (with --strict, warnings too), 2 no environment or unreadable input, 3 disk failed.
    """
    from wheelcheck.api.verify import VerifyRequest, verify

    showing = Showing.taken_from(options)
    request = VerifyRequest(
        path=path,
        plan=plan,
        imports=imports == "all",
        runner=runner,
        timeout=timeout,
        skipped=skipped,
    )
    with showing.reporter() as reporter:
        inspection = verify(request, reporter=reporter)
    showing.write("verify", form, inspection)
    return 1 if inspection.errors or (strict and inspection.warnings) else 0
