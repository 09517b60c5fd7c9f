"""``wheelcheck check``: the gate for CI and hooks; takes inputs and targets, and writes verdicts in the chosen formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wheelcheck.cli.options import request_options, table_options
from wheelcheck.cli.showing import Showing
from wheelcheck.cli.streams import print_note, refuse_overwriting, refuse_twice, refuse_unwritable, write_result
from wheelcheck.errors import UsageProblem, did_you_mean
from wheelcheck.report.formats import formats_of

if TYPE_CHECKING:
    from wheelcheck.model.check import Check

_FORMATS = tuple(formats_of("check"))


class _Output(NamedTuple):
    """One format, and the file that it goes to; ``None`` is stdout."""

    form: str
    path: str | None


@click.command("check", short_help="Judge an input on many targets; fail on what has no wheel.")
@click.argument("inputs", metavar="[INPUT]...", nargs=-1)
@table_options("check", "platforms", "pythons", "target_files", "targets_from", "fail_on", "warn_only", "baseline")
@click.option("--write-baseline", metavar="FILE", help="Write what fails now as such a baseline, and pass.")
@table_options("check", "relock")
@click.option(
    "--format",
    "formats",
    metavar="FORMAT[=FILE]",
    multiple=True,
    help=f"{', '.join(_FORMATS)}; several at once, each but one with its file.",
)
@click.option("-o", "--output", metavar="FILE", help="Where the format without a file goes; - for stdout.")
@table_options("check", "max_seconds", "repairs", "repair_seconds")
@table_options("check")
def check_command(
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
        showing.write("check", each.form, check, each.path)
    if write_baseline is None:
        return check.exit_status
    return _write_baseline(check, write_baseline, quiet=showing.quiet)


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
            raise UsageProblem(
                f"{option} {code}: no finding has such a code",
                hint=f"they run from {numbers[0]} to {numbers[-1]}; see README",
            )
    return codes


def _write_baseline(check: Check, path: str, *, quiet: bool) -> int:
    """Write the findings that fail now, unless a target is undecided: its known findings would be lost from the baseline."""
    from wheelcheck.findings.baseline import known_findings, render_baseline

    undecided = [str(each.target) for each in check.targets if not each.is_decided]
    if undecided:
        print_note(f"{path} not written: there is no answer for {'; '.join(undecided)}")
        return 3 if any(each.plan is None for each in check.targets) else 4
    known = known_findings(check.targets)
    write_result(render_baseline(known), path)
    if not quiet:
        print_note(f"{len(known)} {'finding' if len(known) == 1 else 'findings'} written to {path}")
    return 0
