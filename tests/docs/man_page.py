"""Makes docs/wheelcheck.1, the manual page, from the commands and the table of options, for `python -m tests.docs.readme`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from wheelcheck.cli.commands import Command
from wheelcheck.cli.main import cli

PAGE = Path(__file__).parents[2] / "docs" / "wheelcheck.1"
_STATUSES = (
    ("0", "fine"), ("1", "blocked, or findings that fail a check"), ("2", "bad usage or input"),
    ("3", "the index, the disk or a hash failed"), ("4", "undecided within the budget"), ("70", "a bug in wheelcheck"),
    ("130", "interrupted"),
)  # fmt: skip


def manual() -> str:
    """The page in the format of man(7)."""
    lines = [
        ".TH WHEELCHECK 1",
        ".SH NAME",
        "wheelcheck \\- tells which dependencies have no prebuilt wheel on a target",
    ]
    lines += [".SH SYNOPSIS", ".B wheelcheck", "[COMMAND] [INPUT]... [OPTIONS]", ".SH DESCRIPTION"]
    lines += [*_paragraphs(cli.help or "")]
    for name in cli.commands:
        command = cli.commands[name]
        if not command.hidden:
            lines += _iter_command(name, command)
    lines.append(".SH EXIT STATUS")
    for status, meaning in _STATUSES:
        lines += [".TP", f".B {status}", _escaped(meaning)]
    return "\n".join(lines) + "\n"


def _iter_command(name: str, command: click.Command) -> Iterator[str]:
    # Below the program's own context: a command keeps the names of its help option from its first.
    context = click.Context(command, info_name=name, parent=cli.make_context("wheelcheck", [], resilient_parsing=True))
    yield f".SH WHEELCHECK {name.upper()}"
    yield f".B wheelcheck {name}"
    yield _escaped(" ".join(command.collect_usage_pieces(context)))
    yield ".PP"
    yield from _paragraphs(command.help or "")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context)) is not None:
            yield from (".TP", f".B {_escaped(record[0])}", _escaped(record[1]))
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from (".TP", f".B {each.name}", _escaped(each.get_short_help_str(200)))
    for typed, purpose in command.examples if isinstance(command, Command) else ():
        yield from (".PP", f"{_escaped(sentence(purpose))}:", ".PP", ".nf", f"    {_escaped(typed)}", ".fi")


def sentence(text: str) -> str:
    """*text* with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def _paragraphs(text: str) -> Iterator[str]:
    for part in re.split(r"\n\s*\n", text.strip()):
        yield _escaped(" ".join(part.split()))
        yield ".PP"


def _escaped(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
