"""``wheelcheck check``, ``diff`` and ``hook``: the gate for CI, for the review of a change and for commits.

``check`` takes inputs and targets, and writes verdicts in the chosen formats. ``diff`` compares two inputs, plans or revisions, and
decides nothing. ``hook`` runs ``check`` on each dependency file that the changed files of a commit affect. It never takes the
interpreter that it runs in for a target: that one belongs to the hook, and to nobody's product.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wheelcheck.cli.commands import Command, as_json, command, request_options, table_options, to_file
from wheelcheck.cli.showing import (
    Showing,
    answer_format,
    print_error,
    print_note,
    refuse_overwriting,
    refuse_twice,
    refuse_unwritable,
    repeatable,
    write_result,
)
from wheelcheck.cli.signals import ending_in_order
from wheelcheck.errors import UsageProblem, WheelcheckError, did_you_mean
from wheelcheck.report.formats import formats_of

if TYPE_CHECKING:
    from wheelcheck.api.check import CheckRequest
    from wheelcheck.model.check import Check


_FORMATS = tuple(formats_of("check"))


class _Output(NamedTuple):
    """One format, and the file that it goes to; ``None`` is stdout."""

    form: str
    path: str | None


@command(
    "check",
    examples=(
        ("wheelcheck check uv.lock -t windows -p 3.11,3.12", "fails where something has no wheel there"),
        ("wheelcheck check --from-dockerfile Dockerfile --format github", "the project in this folder, for CI"),
    ),
    needs_input=False,
    short_help="Judge an input on many targets; fail on what has no wheel.",
)
@click.argument("inputs", metavar="[INPUT]...", nargs=-1)
@table_options("check", "platforms", "pythons", "target_files", "targets_from", "fail_on", "warn_only", "baseline")
@click.option("--write-baseline", metavar="FILE", help="Write what fails now as such a baseline, and pass.")
@table_options("check", "relock")
@as_json
@click.option("--format", "formats", metavar="FORMAT[=FILE]", multiple=True,
              help=f"{', '.join(_FORMATS)}; several at once, each but one with its file.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE", help="Where the format without a file goes; - for stdout.")
@table_options("check", "max_seconds", "repairs", "repair_seconds")
@table_options("check")
@click.pass_obj
def check_command(
    words: Sequence[str] | None,
    /,
    inputs: tuple[str, ...],
    fail_on: tuple[str, ...],
    warn_only: tuple[str, ...],
    baseline: str | None,
    write_baseline: str | None,
    relock: bool,
    formats: tuple[str, ...],
    output: str | None,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Judge INPUT... on each target: 0 when nothing fails, 1 when something does, 3 and 4 when it could not be decided.

    A lock file is judged as it is, package by package; anything else is resolved. Without INPUT the dependency file of the folder
    is taken, a lock first. Source archives fail unless --sdist or an allowance in the settings lets them pass.
    """
    from wheelcheck.api.check import CheckRequest
    from wheelcheck.api.check import check as judge
    from wheelcheck.api.request import Request
    from wheelcheck.api.targets import TargetWords

    showing, targets = Showing.taken_from(options), TargetWords.taken_from(options)
    outputs = _outputs(formats, output)
    places = _places(outputs, write_baseline)
    refuse_overwriting(places, (*inputs, *targets.files, *targets.sources))
    asked = CheckRequest(
        request=Request(inputs=inputs, **request_options(options)),
        targets=targets,
        fail_on=parse_codes("--fail-on", fail_on),
        warn_only=parse_codes("--warn-only", warn_only),
        baseline=baseline,
        next_baseline=write_baseline,
        relock=relock,
    )
    with showing.reporter() as reporter:
        check = judge(asked, reporter=reporter)
    refuse_overwriting(places, [record.path for record in check.inputs])
    for each in outputs:
        more = _more(each.form, asked, check, repeatable(words or ()), showing)
        showing.write("check", each.form, check, each.path, **more)
    return _write_baseline(check, write_baseline, quiet=showing.quiet)


def _more(form: str, asked: CheckRequest, check: Check, typed: Sequence[str], showing: Showing) -> dict[str, object]:
    """What the report *form* is told besides *check*; the hook, which checks one file after another, has no next step."""
    if form == "html":
        from wheelcheck.api.plan import patches_of_check
        from wheelcheck.api.reading import CHECKING, RELOCKING

        return {"patches": patches_of_check(asked.request, RELOCKING if asked.relock else CHECKING, check)}
    if form != "text" or typed[1:2] != ("check",):
        return {}
    from wheelcheck.report.commands import iter_steps_of_check

    inputs = asked.request.inputs or tuple(record.path for record in check.inputs[:1])
    return {"steps": tuple(iter_steps_of_check(check, inputs, typed, shown="full" if showing.verbose else "brief"))}


def _outputs(formats: Sequence[str], output: str | None) -> tuple[_Output, ...]:
    found: list[_Output] = []
    for text in formats or ("text",):
        form, equals, path = text.partition("=")
        if form not in _FORMATS:
            raise UsageProblem(
                f"--format {form!r} is no format of check",
                hint=did_you_mean(form, _FORMATS, f"there are {', '.join(_FORMATS)}"),
            )
        if equals and not path:
            raise UsageProblem(f"--format {text} names no file", hint="is a variable unset?")
        found.append(_Output(form, path or None))
    bare = [each for each in found if each.path is None]
    if len(bare) > 1:
        raise UsageProblem(
            f"{' and '.join(each.form for each in bare)} cannot both go to one place",
            hint="give a file to each but one: --format sarif=report.sarif",
        )
    if output is not None and not bare:
        raise UsageProblem("-o is for the format without a file, and each has one", hint="leave -o out")
    return tuple(
        _Output(each.form, None if output == "-" else output) if each.path is None and output is not None else each
        for each in found
    )


def _places(outputs: Sequence[_Output], write_baseline: str | None) -> tuple[str, ...]:
    """The files to write. Raises before any work is done where one cannot be written, or two are the same."""
    places = tuple(path for path in (*(each.path for each in outputs), write_baseline) if path not in (None, "-"))
    if write_baseline in ("", "-"):
        raise UsageProblem("--write-baseline needs a file", hint="name one, and keep it with the project")
    for place in places:
        refuse_unwritable(place)
    refuse_twice(places)
    return places


def parse_codes(option: str, words: Sequence[str]) -> tuple[str, ...]:
    """The codes, or beginnings of codes, that *words* of *option* name; raises ``UsageProblem`` for one that no finding has."""
    from wheelcheck.model.finding import Code

    codes = tuple(code.strip().upper() for word in words for code in word.split(",") if code.strip())
    if words and not codes:
        raise UsageProblem(f"{option} names no code", hint="is a variable unset?")
    numbers = sorted(code.number for code in Code)
    for code in codes:
        if not any(number.startswith(code) for number in numbers):
            # Codes differ in digits, so that a near match says nothing about what was meant.
            raise UsageProblem(
                f"{option} {code}: no finding has such a code",
                hint=f"they run from {numbers[0]} to {numbers[-1]}; docs/findings.md lists them",
            )
    return codes


def _write_baseline(check: Check, path: str | None, *, quiet: bool) -> int:
    """Write the findings that fail now, unless a target is undecided: its known findings would be lost from the baseline."""
    if path is None:
        return check.exit_status
    from wheelcheck.findings.verdicts import known_findings, render_baseline

    undecided = [str(each.target) for each in check.targets if not each.is_decided]
    if undecided:
        print_note(f"{path} not written: there is no answer for {'; '.join(undecided)}")
        return 3 if any(each.plan is None for each in check.targets) else 4
    known = known_findings(check.targets)
    write_result(render_baseline(known), path)
    if not quiet:
        print_note(f"{len(known)} {'finding' if len(known) == 1 else 'findings'} written to {path}")
    return 0


@command(
    "diff",
    examples=(
        ("wheelcheck diff old.txt new.txt -t windows -p 3.12", "what a change of files brings"),
        ("wheelcheck diff --git-base main uv.lock -t windows -p 3.12", "what a branch changes"),
    ),
    short_help="Compare two inputs, plans or git revisions.",
)
@click.argument("sides", metavar="OLD NEW | --git-base REV INPUT...", nargs=-1)
@click.option("--git-base", metavar="REV", help="Compare each INPUT with its state where HEAD left this revision.")
@table_options("diff", "platforms", "pythons", "target_files", "targets_from", "fail_on", "warn_only", "baseline")
@answer_format("diff", "For people, for programs, or a comment for a pull request.")
@to_file
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
    request = showing.with_files(Request(inputs=sides, **request_options(options)))
    sides, (old, new) = request.inputs, _old_and_new(request.inputs, git_base)
    asked = DiffRequest(
        request=request if git_base is not None else request.changed(()),
        old=old,
        new=new,
        git_base=git_base,
        targets=targets,
        fail_on=parse_codes("--fail-on", fail_on),
        warn_only=parse_codes("--warn-only", warn_only),
        baseline=baseline,
    )
    with ending_in_order(), showing.reporter() as reporter:
        difference = diff(asked, reporter=reporter)
    refuse_overwriting(
        () if output in (None, "-") else (output,),
        (*sides, *targets.files, *(record.path for record in difference.new.inputs)),
    )
    showing.write("diff", form, difference, output)
    return difference.exit_status


def _old_and_new(sides: tuple[str, ...], git_base: str | None) -> tuple[str, str]:
    if git_base is not None:
        return "", ""
    if len(sides) != 2:
        given = f"{len(sides)} {'was' if len(sides) == 1 else 'were'} given"
        raise UsageProblem(f"diff compares two, and {given}", hint="give OLD and NEW, or --git-base REV and the files")
    return sides[0], sides[1]


# Several inputs may follow each other, so that what is written to one place would be lost, and a hook resolves no lock anew.
# A file of --targets-from may name half a target, whose other half would be the interpreter.
_NOT_TAKEN = frozenset({"--requirement", "--json", "--format", "--output", "--write-baseline", "--relock", "--targets-from",
                        "--no-progress"})  # fmt: skip


def _hook(inputs: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401 - click
    """Check what the changed FILE... may affect, one input after the other: the check behind `.pre-commit-hooks.yaml`.

    A changed lock is judged as it is, requirements files and pyproject.toml are resolved, constraints and wheelcheck.toml lead to
    the dependency file of their folder. Settings are those nearest to the input.
    """
    from wheelcheck.locks.discovery import inputs_of_change

    if not inputs:
        raise UsageProblem("no FILE was given", hint="a hook gets the changed files: leave pass_filenames as it is")
    changed = inputs_of_change(inputs)
    for path in changed.idle:
        print_note(f"{path} leads to no dependency file")
    for folder in dict.fromkeys(path.parent for path in changed.inputs):
        _refuse_own_interpreter(folder, options)
    statuses = []
    for path in changed.inputs:
        if len(changed.inputs) > 1 and not options["quiet"]:
            click.echo(f"{path}\n")
        statuses.append(_status(path, options))
        if path != changed.inputs[-1] and not options["quiet"]:
            click.echo()
    # 1 before all others, since a failing finding is certain; then 2, 3 and 4.
    return min((status for status in statuses if status), default=0)


def _status(path: Path, options: dict[str, Any]) -> int:
    """The exit status of ``check`` on *path*; an input that cannot be read does not keep the others from being checked."""
    context = click.get_current_context()
    try:
        status = context.invoke(
            check_command, inputs=(str(path),), folder=str(path.parent), **{**options, "no_progress": True}
        )
    except WheelcheckError as error:
        print_error(error)
        return error.exit_status
    return status if isinstance(status, int) else 0


def _refuse_own_interpreter(folder: Path, options: dict[str, Any]) -> None:
    """Raise ``UsageProblem`` where ``check`` would fill in a target from the interpreter that runs the hook."""
    from wheelcheck.settings.loading import load_settings

    settings = load_settings(folder, os.environ)
    words = options["platforms"] or options["pythons"]
    if not words and options["target_files"]:
        return
    if not words and settings.targets and not (settings.platforms or settings.pythons):
        return
    named = {"platform": options["platforms"] or settings.platforms, "Python": options["pythons"] or settings.pythons}
    missing = [kind for kind, given in named.items() if not given]
    if missing:
        raise UsageProblem(
            f"no {' and no '.join(missing)} is named to check for, and the hook's own interpreter is no target",
            hint='add platform = "win_amd64" and python = "3.11" to [tool.wheelcheck] in pyproject.toml or to wheelcheck.toml, '
            'or args: [--platform, win_amd64, --python, "3.11"] to the hook in .pre-commit-config.yaml',
        )


hook_command = Command(
    "hook",
    callback=_hook,
    params=[
        click.Argument(["inputs"], metavar="FILE...", nargs=-1),
        *(each for each in check_command.params[1:] if not _NOT_TAKEN.intersection(each.opts)),
    ],
    help=_hook.__doc__,
    needs_input=False,
    short_help="Check what the changed files of a commit may affect.",
    hidden=True,
)
