"""``wheelcheck fetch``: a plan file → a folder with all of its wheels, checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wheelcheck.cli.options import allow_build, table_options
from wheelcheck.cli.showing import Showing, answer_format, ending_in_order
from wheelcheck.cli.streams import print_note, write_result
from wheelcheck.errors import UsageProblem

if TYPE_CHECKING:
    from wheelcheck.api.fetch import FetchRequest
    from wheelcheck.model.wheelhouse import Fetched
    from wheelcheck.plans.documents import ExecutablePlan
    from wheelcheck.report.progress import TransferProgress


@click.command("fetch", short_help="Download every file of a plan into a folder, checked.")
@click.argument("plan_file", metavar="PLAN")
@click.option(
    "-d", "--directory", metavar="DIR", help="The wheelhouse: the folder for the wheels; made if it does not exist."
)
@allow_build
@click.option(
    "--build-seconds",
    type=click.FloatRange(min=0.0, min_open=True),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="The limit for one build.",
)
@click.option(
    "--dry-run", "--sizes", "dry_run", is_flag=True, help="Show the sizes to download and to install, and stop."
)
@answer_format("fetch")
@table_options("fetch")
def fetch_command(
    plan_file: str,
    directory: str | None,
    dry_run: bool,
    form: str,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Download every file of PLAN, made by `wheelcheck plan -o` (or "-" for standard input), into a folder, each hash checked.

    Files that are there already are not downloaded again, and interrupted downloads are continued. The user and password that are
    known for an index are sent for files on its host; the plan holds none.
    """
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.api.fetch import FetchRequest
    from wheelcheck.api.request import Request
    from wheelcheck.plans.documents import parse_executable

    if directory is None and not dry_run:
        raise UsageProblem("it is not said where the files go", hint="name a folder with -d DIR, or give --dry-run")
    executable = parse_executable(read_plan_file(plan_file), plan_file)
    showing = Showing.taken_from(options)
    allowed, seconds = options.pop("allow_build"), options.pop("build_seconds")
    request = FetchRequest(allow_build=allowed, build_seconds=seconds, where=Request(inputs=(), **options))
    with ending_in_order(), showing.transfers() as reporter:
        if directory is None or dry_run:
            _print_sizes(executable, request, form)
            answer = None
        else:
            answer = _fetched(executable, Path(directory), request, reporter)
    if answer is not None:
        showing.write("fetch", form, answer)
    return 0


def _print_sizes(executable: ExecutablePlan, request: FetchRequest, form: str) -> None:
    from wheelcheck.api.fetch import sizes_to_fetch
    from wheelcheck.report.fetch import render_sizes, render_sizes_json

    sizes = sizes_to_fetch(executable, request)
    text = render_sizes_json(sizes, executable.digest) if form == "json" else render_sizes(sizes) + "\n"
    write_result(text.encode(), None)


def _fetched(executable: ExecutablePlan, folder: Path, request: FetchRequest, reporter: TransferProgress) -> Fetched:
    from wheelcheck.api.fetch import fetch

    try:
        return fetch(executable, folder, request, reporter)
    except KeyboardInterrupt:
        reporter.close()
        print_note(f"what was downloaded is kept in {folder}; the same command continues from there")
        raise
