"""Fills the tables of README.md and docs/reference.md from the program itself, and shows recipes: `python -m tests.docs.readme`.

The test compares, and changes nothing.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

import click

from wheelcheck.cli.check import check_command
from wheelcheck.cli.plan import plan_command
from wheelcheck.export.formats import EXPORTERS
from wheelcheck.model.finding import Code
from wheelcheck.options import KEYS
from wheelcheck.report.formats import formats_of
from wheelcheck.settings.loading import kind_of

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "reference.md"
_RECIPE = re.compile(r"(<!-- recipe (\S+) -->\n).*?(<!-- /recipe -->)", re.DOTALL)


def tables() -> dict[str, str]:
    """The text of each generated table, by the name in its marks."""
    shared = {option.name: _row(option) for option in _options(plan_command)}
    checks = [_row(option) for option in _options(check_command) if shared.get(option.name) != _row(option)]
    settings = [f"| `{key.name}` | {kind_of(key)} | {key.sentence} |" for key in KEYS.values()]
    ordered = sorted(Code, key=lambda code: code.number)
    findings = [f"| {code.number} | {code.severity.value} | {code.title} |" for code in ordered]
    exports = [f"| `{exporter.name}` | {exporter.sentence} |" for exporter in EXPORTERS]
    formats = [f"| `{form.name}` | {form.sentence} |" for form in formats_of("check").values()]
    return {
        "options": _table("option | meaning", shared.values()),
        "checks": _table("option | meaning", checks),
        "settings": _table("key | type | meaning", settings),
        "findings": _table("code | severity | meaning", findings),
        "exports": _table("`--to` | what it is", exports),
        "formats": _table("format | what it is", formats),
    }


def _options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


def _row(option: click.Option) -> str:
    names = ", ".join((*option.opts, *option.secondary_opts))
    # "[=…]" is a value that may be left out, and follows at once.
    between = "" if (option.metavar or "").startswith("[=") else " "
    value = f"{between}{option.metavar}" if option.metavar else ""
    if isinstance(option.type, click.Choice):
        value = " " + "|".join(option.type.choices)
    value = value.replace("|", "\\|")
    return f"| `{names}{value}` | {option.help} |"


def _table(heads: str, rows: Iterable[str]) -> str:
    return "\n".join((f"| {heads} |", "|" + "---|" * len(heads.split(" | ")), *rows))


def recipe(name: str) -> str:
    """What README.md shows of the recipe *name*: all of a short one, of a workflow the step that uses this action."""
    text = (ROOT / "docs" / "recipes" / name).read_text(encoding="utf-8")
    step = re.search(r"^ *- uses: OWNER/.*?(?=^ *- uses: )", text, re.MULTILINE | re.DOTALL)
    return f"```yaml\n{textwrap.dedent(step[0] if step else text)}```"


def filled(text: str) -> str:
    """*text* with each table and recipe between its marks replaced by the current one."""
    for name, table in tables().items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = marks.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)  # type: ignore[misc]
    return _RECIPE.sub(lambda found: f"{found[1]}{recipe(found[2])}\n{found[3]}", text)


if __name__ == "__main__":
    for page in (README, REFERENCE):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
