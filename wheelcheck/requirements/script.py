"""Reads the metadata block of a script (PEP 723), with uv's table in it; refuses to run or import the script."""

from __future__ import annotations

import re

from wheelcheck.errors import InputUnreadable
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.project_walk import Scope, Walk, WalkedProject
from wheelcheck.requirements.tool_tables import declared
from wheelcheck.requirements.uv_settings import collect_script_settings
from wheelcheck.requirements.uv_sources import UvSources
from wheelcheck.texts.sources import Source
from wheelcheck.texts.toml import Table

# The reference pattern of the specification (inline script metadata).
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_OPENING = re.compile(r"(?m)^# /// script$")


def collect_script(source: Source, collector: Collector) -> None:
    """Ask for the dependencies of the script *source*. Raises ``InputUnreadable`` as :func:`script_table` does."""
    table = script_table(source)
    collector.bound_python(table)
    sources = UvSources(source, table, None)
    collect_script_settings(source, table, sources, collector)
    walked = WalkedProject(source=source, name=None, sources=sources)
    Walk(walked, collector, lambda _: None).take(declared(table, "dependencies"), Scope())


def script_table(source: Source) -> Table:
    """The metadata of the script *source*. Raises ``InputUnreadable`` where it has no block, several or a bad one."""
    text = source.text.replace("\r\n", "\n")
    blocks = [match for match in _BLOCK.finditer(text) if match["type"] == "script"]
    openings = [text.count("\n", 0, match.start()) + 1 for match in _OPENING.finditer(text)]
    if len(openings) > 1:
        lines = " and ".join(map(str, openings))
        raise InputUnreadable(f"more than one '# /// script' block, in lines {lines}", address=source.at(openings[1]))
    if not blocks:
        if openings:
            raise InputUnreadable(
                "the '# /// script' block is malformed or never closed",
                address=source.at(openings[0]),
                hint="every line of it begins with '# ', and the last is '# ///'",
            )
        raise InputUnreadable(
            "a script without a '# /// script' block (PEP 723)",
            address=source.place,
            hint="name the requirements file or pyproject.toml that belongs to it",
        )
    first_line = text.count("\n", 0, blocks[0].start("content")) + 1
    return Table.of_toml(_uncommented(blocks[0]["content"]), source.place, first_line=first_line)


def _uncommented(content: str) -> str:
    return "".join(line[2:] if line.startswith("# ") else line[1:] for line in content.splitlines(keepends=True))
