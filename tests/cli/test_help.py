"""The help texts at 80 columns, as files to read in review.

After a change that is meant: ``python -m tests.cli.test_help`` writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.cli.programs import Shell
from wheelcheck.cli.main import cli
from wheelcheck.model.finding import Code

GOLDEN = Path(__file__).parent / "golden"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference.md"
COMMANDS: tuple[tuple[str, ...], ...] = (
    (),
    ("overview",),
    ("completion",),
    ("help",),
    ("plan",),
    ("check",),
    ("matrix",),
    ("survey",),
    ("survey-diff",),
    ("survey-site",),
    ("explain",),
    ("diff",),
    ("tree",),
    ("why",),
    ("wheels",),
    ("export",),
    ("runtime",),
    ("publish",),
    ("doctor",),
    ("sign",),
    ("verify",),
    ("fetch",),
    ("bundle",),
    ("schema",),
    ("target",),
    ("config",),
    ("hook",),
    ("cache",),
    ("cache", "dir"),
    ("cache", "info"),
    ("cache", "clear"),
)
_OPTION = re.compile(r"(?<![\w-])(--?[a-z][a-z-]*)")


def help_of(command: tuple[str, ...]) -> str:
    # click leaves two of the terminal's 80 columns free.
    outcome = CliRunner().invoke(
        cli, [*command, "--help"], prog_name="wheelcheck", terminal_width=78, catch_exceptions=False
    )
    assert outcome.exit_code == 0
    return outcome.stdout


def golden(command: tuple[str, ...]) -> Path:
    return GOLDEN / f"{'-'.join(command) or 'wheelcheck'}.txt"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_is_the_one_reviewed(command: tuple[str, ...]) -> None:
    text = help_of(command)
    assert text == golden(command).read_text(encoding="utf-8"), "see the docstring of this file"
    assert max(map(len, text.splitlines())) <= 80


def test_every_command_has_its_golden_file() -> None:
    found: list[tuple[str, ...]] = [()]
    for name, command in cli.commands.items():
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, nested) for nested in command.commands]
    assert sorted(found) == sorted(COMMANDS)
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(golden(command).name for command in COMMANDS)


def test_short_option_shows_the_same_help(shell: Shell) -> None:
    assert shell.run("plan", "-h").out == shell.run("plan", "--help").out == help_of(("plan",))


def test_code_of_a_finding_is_explained_where_there_is_no_network(shell: Shell) -> None:
    told = shell.run("help", "wc102")
    words = " ".join(told.out.split())
    code = Code.SOURCE_NATIVE
    assert told.status == 0
    for part in (code.title, code.explanation, code.cure, code.address, "--warn-only WC102"):
        assert part in words
    assert shell.run("explain", "wc102").out == shell.run("help", "WC102").out
    assert "did you mean WC10" in shell.run("help", "WC1022").refused(2)


def test_reference_names_every_option_and_no_other() -> None:
    block = REFERENCE.read_text(encoding="utf-8").partition("<!-- options -->")[2].partition("<!-- /options -->")[0]
    in_reference = {word for row in re.findall(r"^\| `([^`]*)`", block, re.MULTILINE) for word in _OPTION.findall(row)}
    in_help = {
        word
        for line in help_of(("plan",)).partition("Options:")[2].splitlines()
        if line.startswith("  -")
        for word in _OPTION.findall(re.split(r"\s{2,}", line.strip())[0])
    }
    assert in_reference == in_help - {"-h", "--help"}


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in COMMANDS:
        golden(each).write_text(help_of(each), encoding="utf-8")
