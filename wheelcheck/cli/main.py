"""The entry point: the command group, and the one place where exceptions become words and exit statuses.

Exit status: 0 fine; 1 blocked or findings that the policy fails on; 2 bad usage or input; 3 index, disk or hash; 4 undecided within
the budget; 70 a bug, and no answer; 130 interrupted. Only click is imported for ``--help``.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from collections import UserDict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from wheelcheck.cli.commands import usage_problem, with_whole_fix, write_examples
from wheelcheck.cli.showing import discard_stdout, open_closed_streams, print_error
from wheelcheck.cli.signals import INTERRUPTED
from wheelcheck.errors import DiskFailure, UsageProblem, WheelcheckError, did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_MODULES = {
    "overview": "matrix",
    "plan": "plan",
    "matrix": "matrix",
    "tree": "plan",
    "why": "plan",
    "wheels": "matrix",
    "check": "check",
    "diff": "check",
    "explain": "matrix",
    "survey": "survey",
    "survey-diff": "survey",
    "survey-site": "survey",
    "export": "describe",
    "fetch": "environments",
    "runtime": "environments",
    "bundle": "environments",
    "verify": "environments",
    "publish": "environments",
    "doctor": "environments",
    "sign": "environments",
    "target": "describe",
    "config": "describe",
    "schema": "describe",
    "cache": "describe",
    "completion": "describe",
    "help": "describe",
    "hook": "check",
}
"""The module of each command, in the order of use."""
_TWO_WORDS = (("survey", "diff"),)
"""Commands that may be typed as two words; ``survey ./diff`` names a folder."""
_BUG = 70
"""What sysexits.h calls an internal software error."""
_LONGEST = 300
_TRACEBACK = "--traceback"
_PACKAGE = Path(__file__).parents[1]


_OF_INSTALLERS = frozenset(
    {"install", "add", "lock", "sync", "compile", "run", "update", "remove", "uninstall", "init", "list", "pip"}
)
_EXAMPLES = (
    ("wheelcheck", "the project in this folder: where it installs, and what blocks it"),
    ("wheelcheck plan requirements.txt -t windows -p 3.11", "one target: what installs, what does not, what helps"),
    ("wheelcheck check uv.lock -t windows,macos,linux -p 3.13", "fails where something has no wheel, for CI"),
)


class CommandTable(UserDict[str, click.Command]):
    """Commands by name, as click asks for them; names are known without an import."""

    def __init__(self) -> None:
        super().__init__()
        modules: dict[str, Any] = dict(_MODULES)
        self.data = modules

    def __getitem__(self, name: str) -> click.Command:
        found: Any = self.data[name]
        if isinstance(found, str):
            self.data[name] = getattr(import_module(f"wheelcheck.cli.{found}"), f"{name.replace('-', '_')}_command")
        return self.data[name]


class Program(click.Group):
    """The program: its commands in the order of use, and ``overview`` where the first word is none of them but an input."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click
        """The names, as help lists them."""
        return list(self.commands)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what to try first, then the options and the commands."""
        write_examples(_EXAMPLES, formatter)
        super().format_options(ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Raise ``UsageProblem`` for a first word that is nearly a command."""
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)
        if tuple(args[:2]) in _TWO_WORDS:
            args = ["-".join(args[:2]), *args[2:]]
        first = args[0] if args else ""
        own = {*ctx.help_option_names, *(flag for option in self.params for flag in option.opts)}
        if first not in own and first not in self.commands:
            if not ctx.resilient_parsing:
                self._refuse_misspelt(first)
            args = ["overview", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, and files: an input may stand in the place of a command."""
        from click.shell_completion import CompletionItem

        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]

    def _refuse_misspelt(self, word: str) -> None:
        if word in _OF_INSTALLERS and not Path(word).exists():
            raise UsageProblem(
                f"wheelcheck installs and changes nothing: there is no command {word!r}",
                hint=f'`wheelcheck INPUT` shows where it installs, `wheelcheck plan INPUT` what; a project: "{word}>=0"',
            )
        if not re.fullmatch(r"[A-Za-z][A-Za-z_-]*", word) or Path(word).exists():
            return
        shown = (name for name, command in self.commands.items() if not command.hidden)
        near = did_you_mean(word.lower(), shown, cutoff=0.7)
        if near:
            raise UsageProblem(f"there is no command {word!r}", hint=f'{near} A project is asked for with "{word}>=0"')


@click.group(
    cls=Program,
    commands=CommandTable(),
    subcommand_metavar="[COMMAND] [INPUT]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 fine, 1 blocked, 2 bad usage or input, 3 index or disk failed, 4 undecided, 70 a bug, 130 interrupted.",
)
@click.version_option(None, "-V", "--version", package_name="wheelcheck", message="%(prog)s %(version)s")
@click.option(_TRACEBACK, is_flag=True, expose_value=False, help="Show an internal error whole; with any command.")
def cli() -> None:
    """Tell which dependencies have no prebuilt wheel on a target, and exactly what a builder must install.

    Without a command: where INPUT, or the project in this folder, installs (`wheelcheck help overview`).
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line on *arguments* (``sys.argv`` without them) and leave the process with its exit status."""
    open_closed_streams()
    status = run(arguments)
    # Not sys.exit: worker threads may still wait on the network, and an interrupted or finished run ends at once. What had
    # to be written is written by now, and the cache is safe at any moment.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def run(arguments: list[str] | None = None, command: click.Command = cli) -> int:
    """Run the command line and return the exit status; an exception that nobody foresaw, in a thread of ours too, is a bug."""
    words = sys.argv[1:] if arguments is None else arguments
    own = words[: words.index("--")] if "--" in words else words
    shows = _TRACEBACK in own or bool(os.environ.get("WHEELCHECK_TRACEBACK"))
    words = [*(word for word in own if word != _TRACEBACK), *words[len(own) :]]
    died: list[threading.ExceptHookArgs] = []
    former, threading.excepthook = threading.excepthook, died.append
    try:
        status = _run(words, command)
    except Exception as error:
        return _report_bug(error, shows)
    finally:
        threading.excepthook = former
    if died and died[0].exc_value is not None and status != INTERRUPTED:
        # Others may have waited for that thread in vain, so that the status is no answer either.
        return _report_bug(died[0].exc_value, shows)
    return status


def _run(arguments: list[str], command: click.Command) -> int:
    try:
        words = with_whole_fix(arguments)
        # The words go along for the summary, which tells what to run next.
        result = command.main(args=list(words), prog_name="wheelcheck", standalone_mode=False, obj=words)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except click.UsageError as problem:
        print_error(usage_problem(problem))
        return problem.exit_code
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except WheelcheckError as error:
        print_error(error)
        return error.exit_status
    except SystemExit:
        # click's way to say that the reader of a help text left (`wheelcheck --help | head`).
        discard_stdout()
        return 0
    except OSError as error:
        problem_on_disk = DiskFailure(error.strerror or str(error), address=str(error.filename or ""))
        print_error(problem_on_disk)
        return problem_on_disk.exit_status
    return result if isinstance(result, int) else 0


def _report_bug(error: BaseException, shows: bool) -> int:
    """Say in one line what went wrong, where in the source, and what was being read."""
    import traceback

    from wheelcheck.model.urls import masked_within

    if shows:
        traceback.print_exception(error)
    steps = reversed(traceback.extract_tb(error.__traceback__))
    place = next((each for each in steps if Path(each.filename).is_relative_to(_PACKAGE)), None)
    where = f" at {Path(place.filename).name}:{place.lineno}" if place is not None else ""
    notes = " ".join(getattr(error, "__notes__", ()))
    fact = " ".join(f"{type(error).__name__}: {error}"[:_LONGEST].split())
    print_error(
        WheelcheckError(
            masked_within(
                f"this is a bug in wheelcheck and no answer: {fact}{where}{notes and ' ' + notes}. "
                f"Please report this line with the command; {_TRACEBACK} prints the whole traceback."
            )
        )
    )
    return _BUG
