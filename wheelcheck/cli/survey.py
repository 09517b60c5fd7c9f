"""``wheelcheck survey``: thousands of inputs, or the projects of an index, on many targets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wheelcheck.cli.commands import as_json, command, request_options, table_options, to_file
from wheelcheck.cli.showing import Showing, print_note, write_result
from wheelcheck.errors import UsageProblem

if TYPE_CHECKING:
    from wheelcheck.survey.running import Progress

_FAULTS_SHOWN = 20


@command(
    "survey",
    examples=(
        ("wheelcheck survey repositories -o survey -t windows,alpine -p 3.13", "each project in a folder"),
        ("wheelcheck survey --projects names.txt -o board", "the newest version of each project"),
    ),
    needs_input=False,
    short_help="Thousands of inputs or projects on many targets, on Dask: tables in Parquet.",
)
@click.argument("places", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "--projects", metavar="FILE", multiple=True, help="Names of projects, a line each or as JSON: each is an input."
)
@click.option("--all-projects", is_flag=True, help="Each project that the index lists is an input.")
@click.option("-o", "--output", "out", metavar="DIR", required=True,
              help="The folder of the tables; a run that was ended continues there.")  # fmt: skip
@table_options("survey", "platforms", "pythons", "target_files", "targets_from", "imports")
@click.option("--workers", metavar="N", type=click.IntRange(min=1), default=1, show_default=True,
              help="Processes of a cluster of its own.")  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS", default="", help="A Dask scheduler that is there (tcp://…, tls://…).")
@click.option("--scheduler-file", metavar="FILE", default="", help="The file in which a scheduler's address stands.")
@click.option("--requests", metavar="N", type=click.IntRange(min=1), default=50, show_default=True,
              help="Requests that may be open at one host, of all workers together.")  # fmt: skip
@click.option("--store", metavar="ADDRESS", default="",
              help="A folder or address (s3://…, by fsspec) of what the index said, which all workers share.")  # fmt: skip
@click.option("--input-seconds", metavar="SECONDS", type=click.FloatRange(min=1), default=600, show_default=True,
              help="What one input may take on all its targets.")  # fmt: skip
@click.option("--retry-failed", is_flag=True, help="Ask again what failed in an earlier run.")
@click.option("--strict", is_flag=True, help="Leave with 1 where a row or an input could not be taken or answered.")
@table_options("survey")
def survey_command(
    places: tuple[str, ...],
    projects: tuple[str, ...],
    all_projects: bool,
    requests: int,
    store: str,
    input_seconds: float,
    strict: bool,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Answer every input that SOURCE... names, on each target, and write tables into DIR.

    SOURCE is a folder (the dependency file of each folder in it, a lock preferred), a git repository at a revision (FOLDER@NAME), a
    file, a pattern, or a table (CSV, JSON lines, Parquet; - reads JSON lines) with `id`, one of `path`, `text` and `requirement`,
    and where needed `kind` and `targets`. Equal questions are resolved once. A run that was ended continues in the same DIR.

    Exit status: 0 the survey is there, whatever it says; 1 with --strict, where something could not be taken or answered.
    """
    from wheelcheck.api.request import Request
    from wheelcheck.api.targets import TargetWords
    from wheelcheck.survey.answering import Limits
    from wheelcheck.survey.running import SurveyRequest, survey
    from wheelcheck.survey.summary import render_summary

    if not places and not projects and not all_projects:
        raise UsageProblem(
            "nothing is to be surveyed", hint="name a folder, a file or a table, or give --projects or --all-projects"
        )
    showing, targets = Showing.taken_from(options), TargetWords.taken_from(options)
    own = {name: options.pop(name) for name in ("out", "workers", "scheduler", "scheduler_file", "retry_failed")}
    asked = SurveyRequest(
        sources=places,
        projects=projects,
        all_projects=all_projects,
        request=Request(inputs=(), **request_options(options)),
        targets=targets,
        limits=Limits(seconds=input_seconds, requests=requests, store=store),
        **own,
    )
    draws = not (showing.quiet or showing.no_progress) and sys.stderr.isatty()
    found = survey(asked, _draw_line if draws else lambda _: None)
    told = [f"{each.place}: {each.reason}" for each in found.sources.faults]
    told += [f"{each.id or f'question {each.question}'}: {each.reason}" for each in found.failures]
    for note in told[:_FAULTS_SHOWN]:
        print_note(note)
    if len(told) > _FAULTS_SHOWN:
        print_note(f"{len(told) - _FAULTS_SHOWN} more like these are in {asked.out}/failures.parquet")
    if not showing.quiet:
        click.echo(f"{found.questions:,} distinct questions, {found.answered_before:,} of them answered before\n")
        click.echo(render_summary(found.summary), nl=False)
        click.echo(f"\nTables: {asked.out}")
    return 1 if strict and not found.is_whole else 0


@command(
    "survey-diff",
    examples=(("wheelcheck survey diff yesterday today", "what opened, what closed, who published"),),
    needs_input=False,
    short_help="What opened and closed between two surveys, and who published.",
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@as_json
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True,
              help="What goes to stdout.")  # fmt: skip
@to_file
def survey_diff_command(old: str, new: str, form: str, output: str | None) -> int:
    """Compare the surveys in the folders OLD and NEW, input by input and target by target.

    Exit status: 0 whatever differs.
    """
    from wheelcheck.model.document import render_json
    from wheelcheck.survey.summary import compare_surveys, render_difference
    from wheelcheck.survey.tables import refuse_without_engine

    refuse_without_engine()
    found = compare_surveys(Path(old), Path(new))
    write_result(render_json(found) if form == "json" else render_difference(found).encode(), output)
    return 0


@command(
    "survey-site",
    examples=(("wheelcheck survey-site survey", "then open survey/site/index.html"),),
    needs_input=False,
    short_help="A survey as pages for a browser, without a server.",
)
@click.argument("survey", metavar="DIR")
@click.option("-o", "--output", "out", metavar="SITE", help="The folder of the pages; otherwise `site` in DIR.")
def survey_site_command(survey: str, out: str | None) -> int:
    """Write the survey in DIR as pages: one for the whole, one for each project that blocks, one for each target.

    They are files that ask no network and need no server: open SITE/index.html.
    """
    from wheelcheck.survey.site import write_site
    from wheelcheck.survey.tables import refuse_without_engine

    refuse_without_engine()
    place = Path(out) if out is not None else Path(survey, "site")
    click.echo(f"{write_site(Path(survey), place):,} pages: {place / 'index.html'}")
    return 0


def _draw_line(progress: Progress) -> None:
    """Say on stderr how far the survey is."""
    rate = progress.cells / progress.seconds if progress.seconds else 0.0
    left = progress.seconds * (progress.inputs - progress.read) / progress.read if progress.read else 0.0
    far = f"{progress.read:,} of {progress.inputs:,} inputs, {progress.cells:,} cells, {rate:.0f} a second, {left:.0f} s left"
    slow = "slowest {1} {0:.0f} s".format(*progress.slowest)
    click.echo(f"\r\x1b[K{far}, {slow}  {progress.dashboard}", nl=False, err=True)
