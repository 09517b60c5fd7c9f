"""What the pages show of the made-up index is what the program prints today, and every command that they name can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from docs.transcripts import FOLDERS, PAGES, ROOT, TRANSCRIPTS, filled, picture, run
from wheelcheck.cli.main import cli

_BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _commands() -> Iterator[tuple[str, str]]:
    """Each line of a shell block that calls wheelcheck, with its page; what a console printed is left out."""
    for page in (*PAGES, ROOT / "CHANGELOG.md"):
        for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
            is_console = re.search(r"^\$ ", block, re.MULTILINE) is not None
            for line in re.sub(r"\\\n\s*", "", block).splitlines():
                if is_console and not line.startswith("$ "):
                    continue
                words = line.removeprefix("$ ").split(" | ")[-1].split("&& ")[-1].strip()
                if re.match(r"(?:\.venv/bin/)?wheelcheck\b", words) and "…" not in words:
                    yield page.name, words


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcript_is_what_the_command_prints(name: str) -> None:
    printed = {name: run(*TRANSCRIPTS[name])}
    shown = [page for page in PAGES if f"<!-- transcript {name} -->" in page.read_text(encoding="utf-8")]
    assert shown, "no page shows it"
    for page in shown:
        text = page.read_text(encoding="utf-8")
        others = {
            other: text.partition(f"<!-- transcript {other} -->\n```console\n")[2].partition("\n```\n<!-- /")[0]
            for other in TRANSCRIPTS
        }
        assert filled(text, others | printed) == text, "run `python -m docs.transcripts`"


def test_every_folder_is_used() -> None:
    assert {folder for folder, _ in TRANSCRIPTS.values()} == set(FOLDERS)


def test_picture_of_the_readme_is_that_of_the_report() -> None:
    assert (ROOT / "docs" / "images" / "plan.svg").read_text(encoding="utf-8") == picture(), (
        "run `python -m docs.transcripts`"
    )


@pytest.mark.parametrize("command", sorted({command for _, command in _commands()}))
def test_documented_command_has_only_words_that_the_program_knows(command: str) -> None:
    words = [word for word in shlex.split(command, comments=True)[1:] if not word.startswith((">", "2>"))]
    context = click.Context(cli)
    if words and words[0] not in cli.commands and words[0] not in ("--help", "--version"):
        words.insert(0, "overview")
    while words and isinstance(context.command, click.Group):
        name, child, words = context.command.resolve_command(context, words)
        assert child is not None
        context = click.Context(child, parent=context, info_name=name)
    known = {name for parameter in context.command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
    assert set(options) <= known | {"--help"}
