"""Fills the tables of docs/ from the program itself, and shows recipes: `python -m tests.docs.readme`.

The test compares, and changes nothing.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

import click

from tests.docs import man_page
from wheelcheck.cli.check import check_command
from wheelcheck.cli.describe import SCHEMAS
from wheelcheck.cli.main import cli
from wheelcheck.cli.plan import plan_command
from wheelcheck.export.formats import EXPORTERS
from wheelcheck.model.finding import Code
from wheelcheck.options import KEYS
from wheelcheck.report.documents import json_schema
from wheelcheck.report.formats import FORMATS, formats_of
from wheelcheck.settings.loading import kind_of
from wheelcheck.targets.targets import parse_target

PLATFORM_WORDS = """
windows win64 windows-latest windows-2022 win-64 win32-x64 x86_64-pc-windows-msvc
windows-arm64 windows-11-arm win-arm64 aarch64-pc-windows-msvc
win32 windows-x86 i686-pc-windows-msvc
macos mac osx darwin osx-arm64 darwin-arm64 aarch64-apple-darwin
macos-intel osx-64 darwin-x64 x86_64-apple-darwin
macos-14
macosx_11_0_universal2
linux linux/amd64 linux-64 linux-x64 x86_64-unknown-linux-gnu x86_64-manylinux_2_28
linux-arm64 linux/arm64 aarch64 linux-aarch64 aarch64-unknown-linux-gnu
linux-armv7l linux/arm/v7 armv7l linux-armhf
armv6l linux_armv6l raspberry-pi-zero
raspberry-pi raspberry-pi-5
ubuntu-22.04 jammy
debian-12 bookworm
alpine musl alpine-3.20 x86_64-unknown-linux-musl
alpine-arm64 alpine/arm64 aarch64-unknown-linux-musl
android aarch64-linux-android
ios arm64-apple-ios
ios-simulator arm64-apple-ios-simulator
pyodide emscripten wasm32
""".strip()

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "reference.md"
CI = ROOT / "docs" / "ci.md"
PAGES = (README, *sorted(ROOT.glob("docs/**/*.md")))
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
        "platforms": _table("words | tag, with Python 3.14", map(_platform_row, PLATFORM_WORDS.splitlines())),
        "settings": _table("key | type | meaning", settings),
        "findings": _table("code | severity | meaning", findings),
        "exports": _table("`--to` | what it is", exports),
        "formats": _table("format | what it is", formats),
        "reports": _table("answer of | `--format`", _iter_reports()),
        "schemas": _table("document | `wheelcheck schema` | `schema` in it", map(_schema_row, SCHEMAS)),
        "others": "\n\n".join(_iter_others(shared)),
    }


def _iter_reports() -> Iterator[str]:
    for command in dict.fromkeys(row.command for row in FORMATS):
        options = _options(cli.commands[command]) if command in cli.commands else []
        choices = next(
            (each.type.choices for each in options if "--format" in each.opts and isinstance(each.type, click.Choice)),
            None,
        )
        words = ", ".join(f"`{name}`" for name in choices or formats_of(command))
        yield f"| `{command.replace('each-extra', 'matrix --each-extra')}` | {words} |"


def _schema_row(name: str) -> str:
    module, _, document = SCHEMAS[name].partition(":")
    schema = json_schema(getattr(import_module(f"wheelcheck.{module}"), document))
    about = str(schema["description"]).partition("\n\n")[0]
    return f"| {about} | `{name}` | `{schema['title']}` |"


def _iter_others(shared: Mapping[str, str]) -> Iterator[str]:
    """A section for each command besides `plan` and `check`: what it is for, and the options that are not those of `plan`."""
    for name, command in _iter_commands("", cli):
        rows = [
            _row(each) for each in _options(command) if not each.hidden and shared.get(each.name or "") != _row(each)
        ]
        begin = " ".join((command.help or "").partition("\n\n")[0].split())
        yield f"### `{name}`\n\n{begin}"
        if rows:
            yield _table("option | meaning", rows)


def _iter_commands(above: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if command.hidden or command in (plan_command, check_command):
            continue
        yield f"{above}{name}", command
        if isinstance(command, click.Group):
            yield from _iter_commands(f"{above}{name} ", command)


def _options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


def _platform_row(line: str) -> str:
    words = line.split()
    (tag,) = {parse_target(word, "3.14").platform for word in words}
    return f"| {', '.join(f'`{word}`' for word in words)} | `{tag}` |"


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
    """What docs/ci.md shows of the recipe *name*: all of a short one, of a workflow the step that uses this action."""
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
    man_page.PAGE.write_text(man_page.manual(), encoding="utf-8", newline="\n")
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
