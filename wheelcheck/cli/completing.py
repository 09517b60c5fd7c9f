"""What the shell offers at TAB: platforms, Pythons, formats, findings, and the projects, extras and groups of the input.

``what was typed → words that begin so``. Called while a line is typed, so it asks no index and is silent where it cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

_Completion = Callable[[click.Context, click.Parameter, str], list[str]]


def _beginning(words: Iterable[str], typed: str) -> list[str]:
    """Those of *words* that go on from *typed*, of which only what follows the last comma is open."""
    before, comma, open_word = typed.rpartition(",")
    return [f"{before}{comma}{word}" for word in words if word.startswith(open_word)]


def _platforms(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001 - click
    from wheelcheck.targets.platforms import spellings
    from wheelcheck.targets.targets import PLATFORMS

    return _beginning(dict.fromkeys((*PLATFORMS, *spellings())), typed)


def _files(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001 - click
    return [CompletionItem(typed, type="file")]


def _platforms_and_files(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    return [*map(CompletionItem, _platforms(context, parameter, typed)), *_files(context, parameter, typed)]


def _pythons(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001 - click
    from datetime import UTC, datetime

    from wheelcheck.targets.targets import maintained_pythons

    return _beginning(maintained_pythons(datetime.now(UTC).date().isoformat()), typed)


def _codes(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001 - click
    from wheelcheck.model.finding import Code

    return _beginning(sorted(code.number for code in Code), typed)


def _exports(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001 - click
    from wheelcheck.export.formats import EXPORTERS

    return _beginning((exporter.name for exporter in EXPORTERS), typed)


def _reports(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001 - click
    from wheelcheck.report.formats import formats_of

    return _beginning(formats_of("check"), typed)


def _commands_and_codes(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    program = context.find_root().command
    commands = program.list_commands(context) if isinstance(program, click.Group) else ()
    return [*_beginning(commands, typed), *(_codes(context, parameter, typed) if typed else ())]


def _projects(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001 - click
    inputs = context.params.get("inputs") or (".",)
    # An input with a fault has no names; the command that is typed will tell the fault.
    try:
        return _beginning(sorted(set(_iter_names(tuple(inputs)))), typed)
    except Exception:
        return []


def _iter_names(inputs: tuple[str, ...]) -> Iterator[str]:
    from wheelcheck.api.preparing import prepare
    from wheelcheck.api.request import Request
    from wheelcheck.ports import SilentReporter

    read = prepare(Request(inputs=inputs), SilentReporter()).read
    yield from (requirement.name for requirement in read.inputs.requirements)
    if read.lock is not None:
        yield from (package.name for package in read.lock.packages if not package.is_own)


def _parts(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    from wheelcheck.api.matrix import iter_project_parts

    inputs = context.params.get("inputs") or ("pyproject.toml",)
    paths = [str(Path(each) / "pyproject.toml") if Path(each).is_dir() else each for each in inputs]
    try:
        found = list(iter_project_parts(paths))
    except Exception:
        return []
    return _beginning((name for kind, name in found if f"{kind}s" == parameter.name), typed)


_FILES = frozenset({"inputs", "sides", "requirement_files", "plan_file", "log", "output"})
_OFFERED: dict[str, _Completion] = {
    "platform": _platforms,
    "platforms": _platforms,
    "python": _pythons,
    "pythons": _pythons,
    "extras": _parts,
    "groups": _parts,
    "fail_on": _codes,
    "warn_only": _codes,
    "formats": _reports,
    "package": _projects,
    "packages": _projects,
    "excludes": _projects,
    "only_binary": _projects,
    "no_binary": _projects,
}
"""By the name of the parameter; ``form`` of ``export`` and the words of ``help`` are those of one command."""


def offered(command: str, parameter: click.Parameter) -> Any:  # noqa: ANN401 - click takes a function or None
    """What completes *parameter* of *command*: a function for click, or ``None`` for what click does by itself.

    An item of the type ``file`` has the shell complete paths.
    """
    if (command, parameter.name) == ("export", "form"):
        return _exports
    if (command, parameter.name) == ("help", "words"):
        return _commands_and_codes
    found = _OFFERED.get(parameter.name or "")
    if parameter.name in _FILES:
        return _files
    return _platforms_and_files if parameter.name in ("target_file", "target_files") else found
