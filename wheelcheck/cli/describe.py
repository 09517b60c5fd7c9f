"""``export``, ``schema``, ``target``, ``cache`` and ``config``: the commands that resolve nothing and ask no index."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wheelcheck.cli.commands import Command, as_json, command, request_options, table_options, to_file
from wheelcheck.cli.showing import write_result
from wheelcheck.errors import UsageProblem, did_you_mean
from wheelcheck.options import OPTIONS

if TYPE_CHECKING:
    from wheelcheck.settings.provenance import Effective


@command("help", short_help="Help on the program, on a command, or on a finding.")
@click.argument("words", metavar="[COMMAND|CODE]...", nargs=-1)
@click.pass_context
def help_command(context: click.Context, words: tuple[str, ...]) -> int:
    """Print the help of COMMAND (`wheelcheck help plan`, `wheelcheck help cache clear`), or of the program.

    Of a finding, such as `wheelcheck help WC102`, it prints what the code means and what to do.
    """
    shown = context.find_root()
    for word in words:
        if re.fullmatch(r"[Ww][Cc]\d+", word):
            click.echo(help_on_code(word.upper()))
            continue
        among = shown.command.commands if isinstance(shown.command, click.Group) else {}
        if word not in among:
            raise UsageProblem(
                f"there is no command {word!r} of {shown.command_path}",
                hint=did_you_mean(word, among, "`wheelcheck help` lists the commands"),
            )
        shown = click.Context(among[word], info_name=word, parent=shown)
    if shown.parent is not None or not words:
        click.echo(shown.get_help())
    return 0


def help_on_code(number: str) -> str:
    """What the finding *number* means and what to do; raises ``UsageProblem`` where there is none."""
    from wheelcheck.model.finding import DOCUMENTATION, Code

    codes = {each.number: each for each in Code}
    if number not in codes:
        hint = did_you_mean(number, codes, f"all codes are listed at {DOCUMENTATION}findings/")
        raise UsageProblem(f"there is no finding {number}", hint=hint)
    code = codes[number]
    parts = (code.explanation, f"What to do: {code.cure}", f"In a check: --warn-only {number} makes it a warning at most, "
             f"--fail-on {number} a failure.", code.address)  # fmt: skip
    body = "\n\n".join(click.wrap_text(part, 100, "  ", "  ") for part in parts)
    return f"{number} ({code.severity.value}): {code.title}\n\n{body}"


_SHELLS = ("bash", "zsh", "fish")


@command(
    "completion",
    examples=(
        ('eval "$(wheelcheck completion bash)"', "in ~/.bashrc; zsh likewise, in ~/.zshrc"),
        ("wheelcheck completion fish > ~/.config/fish/completions/wheelcheck.fish", "for fish"),
    ),
    short_help="Print what makes a shell complete wheelcheck's words.",
)
@click.argument("shell", metavar=f"[{'|'.join(_SHELLS)}]", type=click.Choice(_SHELLS))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> int:
    """Print the script with which a shell completes commands, options, platforms, Pythons, formats, findings and projects."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise UsageProblem(f"there is no completion for {shell}", hint=f"there is for {', '.join(_SHELLS)}")
    click.echo(found(context.find_root().command, {}, "wheelcheck", "_WHEELCHECK_COMPLETE").source())
    return 0


class _Described(Command):
    """A command whose help ends with the table of formats, read when help is asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click
        """Write the table after the options."""
        from wheelcheck.export.formats import EXPORTERS

        with formatter.section("Formats"):
            formatter.write_dl([(exporter.name, exporter.sentence) for exporter in EXPORTERS])


@click.command(
    "export",
    cls=_Described,
    examples=(("wheelcheck export plan.json --to requirements -o locked.txt", "what pip and uv install from"),),
    short_help="Turn a plan into what another tool installs from.",
)
@click.argument("plan_file", metavar="PLAN")
@click.option("--to", "form", metavar="FORMAT", required=True, help="One of the formats below.")
@click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
@click.option("--name", default="", metavar="NAME", help="The program's name, for formats that describe a program.")
@click.option("--app-version", "version", default="", metavar="VERSION", help="The program's version.")
@click.option("--entry", default="", metavar="FILE", help="The script that starts the program, or MODULE:FUNCTION.")
@click.option("--bundle", default="", metavar="DIR", help="A bundle made of this plan by `wheelcheck bundle`.")
@click.option("--url", default="", metavar="URL", help="Where the bundle's archives can be downloaded.")
@click.option("--icon", default="", metavar="FILE", help="The program's icon (.ico for Windows).")
@click.option("--publisher", default="", metavar="NAME", help="Who makes the program.")
@click.option("--public-key", default="", metavar="FILE", help="The public key of `wheelcheck sign`, for first-run-….")
@click.option("--scope", default="", type=click.Choice(["", "user", "machine"]), metavar="user|machine",
              help="Install for one user without elevation (the default), or for all.")  # fmt: skip
def export_command(plan_file: str, form: str, output: str | None, **described: str) -> int:
    """Turn PLAN, a file made by `wheelcheck plan -o` (or "-" for standard input), into FORMAT."""
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.api.export import Program, exported, exporter_named

    exporter_named(form)
    program = Program(**described)
    write_result(exported(read_plan_file(plan_file), plan_file, form, program, output).encode(), output)
    return 0


_WIDEST_VALUE = 60
_WITHOUT_KEY = ("no_index",)  # said by pip's configuration too
SCHEMAS = {
    "plan": "plans.documents:PlanDocument",
    "check": "report.check.document:CheckDocument",
    "diff": "report.difference_document:DiffDocument",
    "matrix": "report.matrix_document:MatrixDocument",
    "explain": "report.explain:ExplainDocument",
    "bundle": "model.environment:Manifest",
    "release": "api.publish:Release",
    "verify": "report.verify:VerifyDocument",
    "why": "report.tree:WhyDocument",
    "whys": "report.tree:WhysDocument",
    "tree": "report.tree:TreeDocument",
    "wheels": "report.wheels:WheelsDocument",
    "extras": "report.wheels:ExtrasDocument",
    "fetch": "report.fetch:FetchDocument",
    "bundling": "report.bundle:BundlingDocument",
    "runtime": "report.bundle:RuntimeDocument",
    "doctor": "report.verify:DoctorDocument",
    "config": "settings.provenance:ConfigDocument",
    "survey-diff": "survey.summary:SurveyDifference",
}


@command("schema", short_help="Print the JSON Schema of a plan, or of another answer.")
@click.argument("name", metavar="[NAME]", type=click.Choice(tuple(SCHEMAS)), default="plan")
@to_file
def schema_command(name: str, output: str | None) -> int:
    """Print the JSON Schema that every plan is valid against.

    Or that of NAME: of the manifest.json of a bundle, of a published release, or of what the command of that name prints with
    --format json. why prints whys for several targets, matrix --each-extra prints extras, and bundle prints bundling.
    """
    from importlib import import_module

    from wheelcheck.model.document import render_json
    from wheelcheck.report.documents import json_schema

    # A report's room is loaded for its own schema alone.
    module, _, document = SCHEMAS[name].partition(":")
    write_result(render_json(json_schema(getattr(import_module(f"wheelcheck.{module}"), document))), output)
    return 0


@command(
    "target",
    examples=(("wheelcheck target -o machine.json", "on the machine itself; then --target machine.json"),),
    short_help="Print a target file for this interpreter, or for two words.",
)
@click.option(
    "-t", *OPTIONS["platform"].flags, "platform", metavar="TAG", help="Of this platform instead of the running one."
)
@click.option(*OPTIONS["python"].flags, "python", metavar="VERSION", help="Of this Python instead of the running one.")
@to_file
def target_command(platform: str | None, python: str | None, output: str | None) -> int:
    """Print the file that `--target FILE` reads: tags and markers of the interpreter that runs this command."""
    from wheelcheck.targets.targets import parse_target, render_target_file

    write_result(render_target_file(parse_target(platform, python)).encode(), output)
    return 0


@click.group("cache", short_help="Show or empty the cache.")
@click.option("--cache-dir", metavar="DIR", help="Of this folder instead of the default one.")
@click.pass_context
def cache_command(context: click.Context, cache_dir: str | None) -> None:
    """Show or empty the cache of pages and metadata."""
    from wheelcheck.index.disk_cache import default_cache_dir

    context.obj = Path(cache_dir) if cache_dir else default_cache_dir()


@cache_command.command("dir", cls=Command)
@click.pass_obj
def dir_command(folder: Path) -> int:
    """Print the folder."""
    click.echo(str(folder))
    return 0


@cache_command.command("info", cls=Command)
@click.pass_obj
def info_command(folder: Path) -> int:
    """Print how many entries there are and how large they are."""
    from wheelcheck.index.disk_cache import cache_info

    info = cache_info(folder)
    click.echo(f"{folder}\n{info.entries} entries, {info.size / 1e6:.1f} MB")
    return 0


@cache_command.command("clear", cls=Command)
@click.pass_obj
def clear_command(folder: Path) -> int:
    """Remove every entry."""
    from wheelcheck.index.disk_cache import clear_cache

    click.echo(f"removed {clear_cache(folder).entries} entries from {folder}")
    return 0


@command("config", short_help="Print the settings that count here, and where each is set.")
@table_options("config")
@as_json
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="A table, or JSON for programs.")  # fmt: skip
@to_file
def config_command(form: str, output: str | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Print the settings that count in this folder, and where each is set: the command line, a file and its line, a
    table of another tool in pyproject.toml, an environment variable, pip's configuration, or the default.

    It takes the options of `wheelcheck plan` too, to see what they change. Passwords are not shown.
    """  # noqa: D205 - click takes the whole paragraph
    from wheelcheck.api.preparing import refuse_unusable
    from wheelcheck.api.request import Request
    from wheelcheck.cli.showing import Showing
    from wheelcheck.model.document import render_json
    from wheelcheck.requirements.project_collection import tool_settings
    from wheelcheck.settings.loading import load_settings
    from wheelcheck.settings.pip_configuration import load_pip_configuration
    from wheelcheck.settings.provenance import ConfigDocument, effective

    Showing.taken_from(options)
    fields = request_options(options)
    folder, environ = Path.cwd(), dict(os.environ)
    settings = load_settings(folder, environ)
    refuse_unusable(Request(inputs=(), **fields), settings)
    rows = effective(
        settings,
        load_pip_configuration(environ),
        environ,
        folder=folder,
        tools=tool_settings(Path("pyproject.toml"), environ),
        given=_given(fields),
        defaults=_defaults(),
    )
    if form == "json":
        write_result(render_json(ConfigDocument(schema="wheelcheck.config/1", settings=rows)), output)
    else:
        encoding = (sys.stdout.encoding or "utf-8") if output in (None, "-") else "utf-8"
        write_result(_text(rows).encode(encoding, "replace"), output)
    return 0


for _option in config_command.params:
    # Named in a sentence: thirty options would hide the two that are its own.
    if isinstance(_option, click.Option) and _option.name not in ("form", "as_json", "output"):
        _option.hidden = True


def _given(fields: Mapping[str, object]) -> dict[str, object]:
    """The options *fields* that were given on the command line, by the names of their keys in the settings."""
    said = {}
    for name, value in fields.items():
        option = OPTIONS[name]
        # A switch that is off says nothing, but for --no-pre.
        is_said = value is not None and (value is not False or name == "pre")
        if is_said and (option.key is not None or name in _WITHOUT_KEY):
            said[option.key.name if option.key is not None else option.flag.removeprefix("--")] = value
    return said


def _defaults() -> dict[str, str]:
    from wheelcheck.index.disk_cache import default_cache_dir
    from wheelcheck.model.urls import default_index_url
    from wheelcheck.targets.targets import host_target

    host = host_target()
    return {
        "platform": host.platform,
        "python": host.python,
        "index-url": default_index_url(),
        "cache-dir": str(default_cache_dir()),
    }


def _text(rows: Sequence[Effective]) -> str:
    items = [(row, row.value if isinstance(row.value, tuple) else (row.value,)) for row in rows]
    names = max((len(row.name) for row in rows), default=0)
    fitting = [len(value) for _, values in items for value in values if len(value) <= _WIDEST_VALUE]
    width = max(fitting, default=0)
    columns = shutil.get_terminal_size((120, 24)).columns
    lines = []
    for row, values in items:
        for position, value in enumerate(values):
            name, origin = (row.name, row.origin) if position == 0 else ("", "")
            line = f"{name:{names}}  {value:{width}}"
            # The origin of a wide row stands below its value, where a terminal would break it anywhere.
            fits = len(line) + 2 + len(origin) <= columns
            lines += [f"{line}  {origin}".rstrip()] if fits else [line.rstrip(), f"{'':{names}}  ({origin})"]
    # What a file says must not drive the terminal.
    return "".join("".join(each if each.isprintable() else "?" for each in line) + "\n" for line in lines)
