"""Fills README.md's tables from the program itself: `python -m tests.docs.readme`; the test compares and changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import click

from wheelcheck.cli.plan import plan_command
from wheelcheck.model import Code
from wheelcheck.settings import KEYS

README = Path(__file__).parents[2] / "README.md"


def tables() -> dict[str, str]:
    """The text of each generated table, by the name in its marks."""
    options = ["| option | meaning |", "|---|---|"]
    for parameter in plan_command.params:
        if isinstance(parameter, click.Option):
            names = ", ".join((*parameter.opts, *parameter.secondary_opts))
            # "[=…]" is a value that may be left out, and follows at once.
            between = "" if (parameter.metavar or "").startswith("[=") else " "
            value = f"{between}{parameter.metavar}" if parameter.metavar else ""
            if isinstance(parameter.type, click.Choice):
                value = " " + "|".join(parameter.type.choices)
            value = value.replace("|", "\\|")
            options.append(f"| `{names}{value}` | {parameter.help} |")
    settings = ["| key | type | meaning |", "|---|---|---|"]
    settings += [f"| `{key.name}` | {key.kind} | {key.sentence} |" for key in KEYS]
    findings = ["| code | severity | meaning |", "|---|---|---|"]
    ordered = sorted(Code, key=lambda code: code.number)
    findings += [f"| {code.number} | {code.severity.value} | {code.title} |" for code in ordered]
    return {"options": "\n".join(options), "settings": "\n".join(settings), "findings": "\n".join(findings)}


def filled(text: str) -> str:
    """*text* with each table between its marks replaced by the current one."""
    for name, table in tables().items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = marks.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
