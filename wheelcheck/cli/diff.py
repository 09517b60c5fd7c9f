"""``wheelcheck diff``: two inputs, plans or revisions → what changed, for the review of a change; decides nothing."""

from __future__ import annotations

from typing import Any

import click

from wheelcheck.cli.check import parse_codes
from wheelcheck.cli.options import request_options, table_options
from wheelcheck.cli.showing import Showing, answer_format
from wheelcheck.cli.streams import refuse_overwriting, refuse_unwritable
from wheelcheck.errors import UsageProblem


@click.command("diff", short_help="Compare two inputs, plans or git revisions.")
@click.argument("sides", metavar="OLD NEW | --git-base REV INPUT...", nargs=-1)
@click.option("--git-base", metavar="REV", help="Compare each INPUT with its state where HEAD left this revision.")
@table_options("diff", "platforms", "pythons", "target_files", "targets_from", "fail_on", "warn_only", "baseline")
@answer_format("diff", "For people, for programs, or a comment for a pull request.")
@click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
@table_options("diff")
def diff_command(
    sides: tuple[str, ...],
    git_base: str | None,
    fail_on: tuple[str, ...],
    warn_only: tuple[str, ...],
    baseline: str | None,
    form: str,
    output: str | None,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Show which packages were added, removed or moved from OLD to NEW, and which findings are new: 1 when a new one fails.

    OLD and NEW are files, plans, requirements, or REV:PATH for a file at a git revision. With --git-base each INPUT is compared
    with its state where HEAD left REV, and so are the files that it includes. The settings and allowances of today count for both.
    """
    from wheelcheck.api.diff import DiffRequest, diff
    from wheelcheck.api.request import Request
    from wheelcheck.api.targets import TargetWords

    showing, targets = Showing.taken_from(options), TargetWords.taken_from(options)
    refuse_unwritable(output)
    if git_base is None and len(sides) != 2:
        raise UsageProblem(
            f"diff compares two, and {len(sides)} {'was' if len(sides) == 1 else 'were'} given",
            hint="give OLD and NEW, or --git-base REV and the files",
        )
    old, new = ("", "") if git_base is not None else sides
    asked = DiffRequest(
        request=Request(inputs=sides if git_base is not None else (), **request_options(options)),
        old=old,
        new=new,
        git_base=git_base,
        targets=targets,
        fail_on=parse_codes("--fail-on", fail_on),
        warn_only=parse_codes("--warn-only", warn_only),
        baseline=baseline,
    )
    with showing.reporter() as reporter:
        difference = diff(asked, reporter=reporter)
    outputs = () if output in (None, "-") else (output,)
    refuse_overwriting(outputs, (*sides, *targets.files, *(record.path for record in difference.new.inputs)))
    showing.write("diff", form, difference, output)
    return difference.exit_status
