"""``wheelcheck hook``: finds the dependency files that the changed files of a commit affect, and runs ``check`` on each.

It never takes the interpreter that it runs in for a target: that one belongs to the hook, and to nobody's product.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from wheelcheck.cli.check import check_command
from wheelcheck.cli.streams import print_error, print_note
from wheelcheck.errors import UsageProblem, WheelcheckError

# Several inputs may follow each other, so that what is written to one place would be lost, and a hook resolves no lock anew.
# A file of --targets-from may name half a target, whose other half would be the interpreter.
_NOT_TAKEN = frozenset({"--format", "--output", "--write-baseline", "--relock", "--targets-from", "--no-progress"})


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
    return _worst(statuses)


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


def _worst(statuses: Iterable[int]) -> int:
    """The worst of *statuses*: 1 before all others, since a failing finding is certain; then 2, 3 and 4."""
    return min((status for status in statuses if status), default=0)


def _refuse_own_interpreter(folder: Path, options: dict[str, Any]) -> None:
    """Raise ``UsageProblem`` where ``check`` would fill in a target from the interpreter that runs the hook."""
    from wheelcheck.settings.loading import load_settings

    settings = load_settings(folder, os.environ)
    words = options["platforms"] or options["pythons"]
    if not words and options["target_files"]:
        return
    if not words and settings.targets and not (settings.platforms or settings.pythons):
        return
    missing = [
        kind
        for kind, named in (
            ("platform", options["platforms"] or settings.platforms),
            ("Python", options["pythons"] or settings.pythons),
        )
        if not named
    ]
    if missing:
        raise UsageProblem(
            f"no {' and no '.join(missing)} is named to check for, and the hook's own interpreter is no target",
            hint='add platform = "win_amd64" and python = "3.11" to [tool.wheelcheck] in pyproject.toml or to wheelcheck.toml, '
            'or args: [--platform, win_amd64, --python, "3.11"] to the hook in .pre-commit-config.yaml',
        )


hook_command = click.Command(
    "hook",
    callback=_hook,
    params=[
        click.Argument(["inputs"], metavar="FILE...", nargs=-1),
        *(
            parameter
            for parameter in check_command.params
            if isinstance(parameter, click.Option) and not _NOT_TAKEN.intersection(parameter.opts)
        ),
    ],
    help=_hook.__doc__,
    short_help="Check what the changed files of a commit may affect.",
    hidden=True,
)
