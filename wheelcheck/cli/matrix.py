"""``wheelcheck [INPUT]``, ``matrix``, ``wheels`` and ``explain``: many targets, and the log of a failed installation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wheelcheck.cli.commands import command, request_options, table_options
from wheelcheck.cli.showing import Showing, answer_format, print_note, repeatable, write_result
from wheelcheck.errors import DiskFailure, FolderWithoutInput, UsageProblem
from wheelcheck.report.formats import formats_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheelcheck.api.matrix import MatrixRequest
    from wheelcheck.api.request import Request
    from wheelcheck.model.answers import Matrix
    from wheelcheck.model.target import Target


@command(
    "overview",
    examples=(
        ("wheelcheck", "the project in this folder"),
        ("wheelcheck requirements.txt", "a file, on every common platform"),
        ('wheelcheck "numpy>=2" -p 3.13 -t windows', "a requirement, on one target"),
    ),
    needs_input=False,
    short_help="Where the project at hand installs, what blocks it, and what to do next.",
)
@click.argument("inputs", metavar="[INPUT]...", nargs=-1)
@table_options("overview", "platforms", "pythons", "target_files", "targets_from", "imports")
@answer_format("matrix")
@table_options("overview")
@click.pass_obj
def overview_command(words: Sequence[str] | None, /, inputs: tuple[str, ...], form: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Show where INPUT... or the project in this folder installs, what blocks it, and which command to run next.

    This is what `wheelcheck` does without a command. Input and targets are found where they are not named: of the folder its lock,
    pyproject.toml or requirements; the targets of the settings, else of a Dockerfile, of the GitHub workflows, of requires-python;
    else all common platforms, with the Python that runs.

    Exit status: as of `wheelcheck matrix`.
    """
    from wheelcheck.api.overview import overview
    from wheelcheck.api.request import Request
    from wheelcheck.api.targets import TargetWords
    from wheelcheck.report.commands import iter_steps_of_matrix

    showing, targets = Showing.taken_from(options), TargetWords.taken_from(options)
    request = Request(inputs=inputs, **request_options(options))
    try:
        with showing.reporter() as reporter:
            answer = overview(request, targets, reporter=reporter)
    except FolderWithoutInput:
        if not inputs:
            click.echo(_FIRST_HELP, err=True)
        raise
    if form == "text":
        asked = repeatable(words or ())[1:]
        steps = tuple(iter_steps_of_matrix(answer.matrix, answer.inputs, asked, has_parts=bool(answer.unasked)))
        showing.write("matrix", form, answer.matrix, found=answer.found, steps=steps)
    else:
        for note in () if showing.quiet else answer.found:
            print_note(note)
        files = request.changed(tuple(answer.inputs)) if not inputs else request
        showing.write("matrix", form, answer.matrix, **_patches(form, files, answer.matrix))
    return answer.matrix.exit_status


def _patches(form: str, request: Request, matrix: Matrix) -> dict[str, Any]:
    """What the page is told besides its answer; nothing for another *form*."""
    if form != "html":
        return {}
    from wheelcheck.api.plan import patches_of_matrix

    return {"patches": patches_of_matrix(request, matrix)}


_FIRST_HELP = """Which dependencies have no prebuilt wheel, where, and what helps:

  wheelcheck                                in the folder of a project
  wheelcheck requirements.txt               a file: requirements, a lock,
                                            pyproject.toml, environment.yml
  wheelcheck "numpy>=2" -p 3.13 -t windows  a requirement, on one target
  wheelcheck help                           every command
"""


@command(
    "matrix",
    examples=(
        ("wheelcheck matrix . -p 3.12,3.13", "two Pythons, on every common platform"),
        (
            "wheelcheck matrix requirements.txt -t windows -t alpine-arm64",
            "two platforms, with every maintained Python",
        ),
    ),
    short_help="Platforms by Pythons: where it installs, what blocks the rest.",
)
@click.argument("inputs", metavar="INPUT...", nargs=-1)
@table_options("matrix", "platforms", "pythons", "target_files", "targets_from", "imports")
@answer_format("matrix")
@click.option("--plans", "folder", metavar="DIR",
              help="Write the plan of each cell that installs here, as PLATFORM-PYTHON.json.")  # fmt: skip
@click.option("--force", is_flag=True, help="Let --plans replace what is there.")
@click.option("--each-extra", is_flag=True,
              help="A row for each extra and dependency group of the project, with the Pythons on which it installs.")  # fmt: skip
@click.option("--any", "any_will_do", is_flag=True, help="Leave with 0 where one cell installs.")
@table_options("matrix")
@click.pass_obj
def matrix_command(
    words: Sequence[str] | None,
    /,
    inputs: tuple[str, ...],
    form: str,
    folder: str | None,
    force: bool,
    any_will_do: bool,
    each_extra: bool,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Show on which platforms and Pythons INPUT... installs, what blocks the rest, and which Python to ship.

    "all" stands for win_amd64, win_arm64, macosx_13_0 and manylinux_2_28 and musllinux_1_2 on both architectures, and for every
    CPython that gets security fixes today (with --exclude-newer: on that day), with its free-threaded build. --repair-seconds is
    the time for all cells together.

    Exit status: 0 every cell that requires-python admits installs (builds of pure source included), 1 one is blocked, 3 an index
    failed on one, 4 one is undecided. With --any, 0 as soon as one installs.
    """
    from wheelcheck.api.matrix import MatrixRequest, matrix, matrix_targets
    from wheelcheck.api.request import Request
    from wheelcheck.api.targets import TargetWords

    showing, targets = Showing.taken_from(options), TargetWords.taken_from(options)
    request = showing.with_files(Request(inputs=inputs, **request_options(options)))
    asked = MatrixRequest(request=request, targets=targets)
    if each_extra:
        return _each_extra(asked, form, showing, has_folder=folder is not None)
    if folder is not None:
        _refuse_unusable(Path(folder), () if force else matrix_targets(asked).targets)
    with showing.reporter() as reporter:
        answer = matrix(asked, reporter=reporter)
    for note in answer.notes:
        print_note(note)
    if folder is not None:
        _write_plans(answer, Path(folder))
    more: dict[str, Any] = _patches(form, request, answer)
    if form == "text":
        from wheelcheck.report.commands import iter_steps_of_matrix

        typed = repeatable(words or ())[2:]
        more = {"steps": tuple(iter_steps_of_matrix(answer, inputs, typed, wider=False))}
    showing.write("matrix", form, answer, **more)
    return 0 if any_will_do and answer.good else answer.exit_status


def _each_extra(asked: MatrixRequest, form: str, showing: Showing, *, has_folder: bool) -> int:
    from wheelcheck.api.matrix import each_extra

    if form not in formats_of("each-extra") or has_folder:
        raise UsageProblem("--each-extra writes one table, as text or JSON", hint="leave --plans and other formats out")
    with showing.reporter() as reporter:
        rows = each_extra(asked, reporter=reporter)
    showing.write("each-extra", form, rows)
    return max((row.matrix.exit_status for row in rows), default=0)


def _refuse_unusable(folder: Path, targets: Sequence[Target]) -> None:
    """Raise ``DiskFailure`` before any work: *folder* is a file, is in none, or has a plan of one of *targets* already."""
    if folder.exists() and not folder.is_dir():
        raise DiskFailure("is no folder", address=str(folder), hint="name another folder with --plans")
    if not folder.absolute().parent.is_dir():
        raise DiskFailure(f"there is no folder {folder.absolute().parent}", address=str(folder), hint="make it first")
    there = [_file(folder, target) for target in targets if _file(folder, target).exists()]
    if there:
        more = f", and {len(there) - 1} more" if len(there) > 1 else ""
        hint = "name another folder with --plans, or give --force"
        raise DiskFailure(f"there is a plan already{more}", address=str(there[0]), hint=hint)


def _write_plans(matrix: Matrix, folder: Path) -> None:
    from wheelcheck.plans.documents import render_plan

    folder.mkdir(exist_ok=True)
    for cell in matrix.cells:
        path = _file(folder, cell.target)
        if cell.plan is not None and cell.status.is_good:
            write_result(render_plan(cell.plan), str(path))
        elif path.exists():
            print_note(f"{path} is from before: {cell.target} is {cell.status.value} now")


def _file(folder: Path, target: Target) -> Path:
    return folder / f"{target.platform}-{target.python}.json"


@command(
    "wheels",
    examples=(
        ('wheelcheck wheels "torch>=2" -p 3.12,3.13', "each version, with each Python on every common platform"),
    ),
    short_help="Which versions have wheels, on which targets.",
)
@click.argument("requirement", metavar="REQUIREMENT")
@table_options("wheels", "platforms", "pythons", "target_files")
@click.option("-n", "--versions", metavar="N", type=click.IntRange(min=1), default=10, show_default=True,
              help="How many versions to show.")  # fmt: skip
@table_options("wheels")
@answer_format("wheels")
def wheels_command(
    requirement: str,
    platforms: tuple[str, ...],
    pythons: tuple[str, ...],
    target_files: tuple[str, ...],
    versions: int,
    form: str,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Show which versions within REQUIREMENT ("av", "torch>=2,<2.3") have a wheel on which targets.

    Where there is none, a source archive is shown as pure Python or as in need of a compiler. "all" stands for the common
    platforms of Windows, macOS and Linux (glibc and musl), and for the Pythons that are maintained, as for matrix.

    Exit status: 0 there are versions, 1 there are none.
    """
    from wheelcheck.api.matrix import WheelsRequest, wheels
    from wheelcheck.api.request import Request

    showing = Showing.taken_from(options)
    request = WheelsRequest(
        requirement=requirement,
        platforms=platforms,
        pythons=pythons,
        files=target_files,
        versions=versions,
        where=Request(inputs=(), **request_options(options)),
    )
    with showing.reporter() as reporter:
        answer = wheels(request, reporter=reporter)
    showing.write("wheels", form, answer)
    return 0 if answer.rows else 1


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
