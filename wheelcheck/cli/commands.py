"""What all commands share: the words that pip and uv users type, options in groups in the help, and ways out of mistakes.

``words of the command line → parameters of the command``. The table of options declares, this module sorts what was given: a word
of ``--target`` goes to the platforms, a file of ``-r`` to the inputs, ``--json`` to the format and ``--no-color`` to the colour.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from wheelcheck.errors import UsageProblem, did_you_mean
from wheelcheck.option_rows import Option, Words
from wheelcheck.options import OPTIONS, SECTIONS, TargetOptions

F = TypeVar("F", bound=Callable[..., Any])

_RISKS = ("low", "medium", "high")
_SORTED_AWAY = frozenset({"as_json", "no_color", "requirement_files"})
_BARE_FIX = "--fix=medium"
_NUMBERS: dict[Any, Any] = {float: click.FloatRange(min=0.0), int: click.IntRange(min=0)}


class _OptionalValue(click.Option):
    """An option whose value, if any, follows ``=``, which the help shows."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return record and (record[0].replace(" [=", "[="), record[1])


def table_options(command: str, *names: str) -> Callable[[F], F]:
    """Give *command* the options *names* of the table; without names all that it takes and does not explain in its own way."""
    options = [OPTIONS[name] for name in names] or [each for each in OPTIONS.values() if command in each.commands]
    return lambda decorated: reduce(
        lambda wrapped, each: _declared(each, command)(wrapped), reversed(options), decorated
    )


def _declared(option: Option, command: str) -> Callable[[F], F]:
    said = option.own.get(command) or Words(option.help)
    settings: dict[str, Any] = {"help": said.help, "metavar": said.metavar or option.metavar or None}
    if option.choices:
        choice, default = click.Choice(option.choices), option.default
        settings |= {"type": choice, "default": default, "show_default": bool(default)}
    elif option.is_switch:
        # None where neither of two opposite words is said.
        settings |= {"default": None} if "/" in option.declared else {"is_flag": True}
    elif option.repeats:
        settings |= {"multiple": True, **({"callback": listed_words} if option.commas else {})}
    elif option.name in TargetOptions.__annotations__:
        settings |= {"multiple": True, "callback": _only_one}
    elif option.metavar.startswith("[="):
        settings |= {"cls": _OptionalValue}
    else:
        settings |= {"type": _NUMBERS.get(option.type)}
    return click.option(*(said.flags or option.declared).split(), option.name, **settings)


def words(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001 - click
    """The words between the commas of *texts*: the callback of an option that is given once, many times or both."""
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())


def listed_words(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """As :func:`words`; an empty text stays, since it is most often an unset variable, which is told later."""
    return tuple(word for text in texts for word in words(context, parameter, (text,)) or ("",))


def _only_one(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> str | None:
    """The one value of *texts*; raises ``UsageProblem`` where they name several, of which another tool would take the last."""
    is_file = parameter.name == "target_file" and any(map(names_target_file, texts))
    several = texts if is_file else words(context, parameter, texts) or texts
    if len(several) > 1 or several == ("all",):
        raise UsageProblem(
            f"{OPTIONS[str(parameter.name)].flag} names {', '.join(several)}, and {context.info_name} is for one target",
            hint="ask `wheelcheck check` or `wheelcheck matrix`, which take several",
        )
    return several[0] if several else None


def names_target_file(text: str) -> bool:
    """Whether the value of ``--target`` is a file, and not a word for a platform."""
    return text in ("", "-") or text.lower().endswith(".json") or Path(text).exists()


as_json = click.option("--json", "as_json", is_flag=True, help="As --format json.")
"""The option that a command with ``--format`` has besides; its class gives the format the word."""

to_file = click.option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")

allow_build = click.option("--allow-build", "allow_build", metavar="NAME[,NAME]", multiple=True, callback=words,
                           help="Build these from source, which runs their authors' code here; all for all.")  # fmt: skip


def with_whole_fix(words: Sequence[str]) -> tuple[str, ...]:
    """*words* with a bare ``--fix`` written out, so that it takes no INPUT that follows for its value.

    Raises ``UsageProblem`` where what follows was surely meant to be its value: an input is rarely called ``high`` or ``R2``.
    """
    end = words.index("--") if "--" in words else len(words)
    for word, following in itertools.pairwise(words[:end]):
        if word == "--fix" and (following in _RISKS or re.fullmatch(r"[Rr][1-9][0-9]*", following)):
            raise UsageProblem(
                f"--fix {following}: the value of --fix follows an equals sign",
                hint=f"write --fix={following.replace('r', 'R') if following[1:].isdigit() else following}",
            )
    return (*(_BARE_FIX if word == "--fix" else word for word in words[:end]), *words[end:])


def request_options(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of a request in *options*, as click names them; raises ``UsageProblem`` for options that exclude each other."""
    # A command that another invokes is given the defaults of those that its class sorts away.
    fields = {name: value for name, value in options.items() if name not in _SORTED_AWAY}
    if fields.pop("no_repair", False):
        if fields.get("repairs"):
            raise UsageProblem("--no-repair and --repairs exclude each other", hint="give one or the other")
        fields["repairs"] = 0
    return fields


Example = tuple[str, str]
"""A command to copy, and what it does."""

_EVERYWHERE = ("quiet", "verbose", "color", "no_color", "no_progress")
_INPUT_HINT = 'name a file, a folder ("." is this one), or a requirement such as "numpy>=2"'
_OTHER_WORDS = {
    "--no-deps": "leave it out; --exclude NAME leaves a project out, and a lock is judged as it stands",
    "--editable": "name the folder as INPUT",
    "-e": "name the folder as INPUT",
    "--upgrade": "leave it out: the newest versions that fit are taken, whatever is installed",
    "-U": "leave it out: the newest versions that fit are taken, whatever is installed",
    "--universal": "`wheelcheck matrix` and `wheelcheck check` judge many targets in one run",
    "--abi": "write it with the Python: --python 3.13t",
    "--implementation": "write it with the Python: --python pp3.11",
    "--no-build": "write --only-binary :all:",
    "--no-build-package": "write --only-binary NAME",
    "--no-binary-package": "write --no-binary NAME",
    "--resolution": "leave it out: the newest versions that fit are taken",
    "--prerelease": "write --pre or --no-pre",
    "--dry-run": "leave it out: nothing is installed",
    "--dest": "`wheelcheck fetch PLAN -d DIR` downloads",
    "--trusted-host": "set it in pip's configuration, which is read",
    "--uploaded-prior-to": "write --exclude-newer with the day before, which counts whole",
    "--requirements-from-script": "name the script as INPUT",
    "--dev": "write --group dev",
}
"""Options of pip and uv that no command has, and what serves instead."""


class Command(click.Command):
    """A command with *examples* in its help; where it takes inputs and *needs_input*, one has to be named."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click
        examples: Sequence[Example] = (),
        needs_input: bool = True,
        **settings: Any,  # noqa: ANN401 - click
    ) -> None:
        super().__init__(*args, **settings)
        self.examples = examples
        self.needs_input = needs_input
        taken = {parameter.name for parameter in self.params}
        for name in _EVERYWHERE:
            if name not in taken:
                flags, is_switch = OPTIONS[name].flags, OPTIONS[name].is_switch
                self.params.append(click.Option(flags, name, is_flag=is_switch, hidden=True, expose_value=False))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read *args*, and put what stands for something else where it belongs; half a line for the shell stays as it is."""
        if ctx.resilient_parsing:
            self._complete_by_table()
            return super().parse_args(ctx, args)
        rest = super().parse_args(ctx, list(with_whole_fix(args)))
        given = ctx.params
        if "requirement_files" in given:
            given["inputs"] = (*given["inputs"], *given.pop("requirement_files"))
        if self.needs_input and given.get("inputs") == ():
            raise UsageProblem("no INPUT was given", hint=_INPUT_HINT)
        if given.pop("as_json", False):
            _set_format(ctx)
        if given.pop("no_color", False):
            given["color"] = "never"
        _sort_targets(given)
        return rest

    def _complete_by_table(self) -> None:
        from wheelcheck.cli.completing import offered  # only while a command line is typed

        for parameter in self.params:
            if (completion := offered(self.name or "", parameter)) is not None:
                parameter._custom_shell_complete = completion

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then the options: those of the command alone, and those of the table by section."""
        write_examples(self.examples, formatter)
        options = (each for each in self.get_params(ctx) if isinstance(each, click.Option))
        records = {option.name: record for option in options if (record := option.get_help_record(ctx))}
        named = {name for _, names in SECTIONS for name in names}
        own = tuple(name for name in records if name is not None and name not in named)
        for title, names in (("Options", own), *SECTIONS):
            if rows := [records[name] for name in names if name in records]:
                with formatter.section(title):
                    formatter.write_dl(rows)


def write_examples(examples: Sequence[Example], formatter: click.HelpFormatter) -> None:
    """Write each command as it is typed, unbroken, and under it what it does."""
    if examples:
        with formatter.section("Examples"):
            for typed, purpose in examples:
                indent = " " * formatter.current_indent
                formatter.write(f"{indent}{typed}\n{indent}    {purpose}\n")


def command(name: str, **settings: Any) -> Callable[[Callable[..., Any]], Command]:  # noqa: ANN401 - click
    """Make a command *name* of a function; *settings* are those of click and of :class:`Command`."""
    return click.command(name, cls=Command, **settings)


def _set_format(context: click.Context) -> None:
    given = context.params
    if "formats" in given:
        given["formats"] = (*given["formats"], "json")
        return
    source = context.get_parameter_source("form")
    if source is click.core.ParameterSource.COMMANDLINE and given["form"] != "json":
        raise UsageProblem(f"--json and --format {given['form']} exclude each other", hint="give one or the other")
    given["form"] = "json"


def _sort_targets(given: dict[str, Any]) -> None:
    """Move the words of ``--target`` that name no file to the platforms."""
    single = given.get("target_file")
    if single is not None and not names_target_file(single):
        if given.get("platform") is not None:
            raise UsageProblem(
                f"--target {single} and --platform {given['platform']} both name a platform", hint="give one of them"
            )
        given["platform"], given["target_file"] = single, None
    if "target_files" in given:
        words = [word for word in given["target_files"] if not names_target_file(word)]
        given["platforms"] = (*given["platforms"], *words)
        given["target_files"] = tuple(word for word in given["target_files"] if word not in words)


def usage_problem(problem: click.UsageError) -> UsageProblem:
    """*problem* as a message of this program: what is wrong in which command, and what to write."""
    context = problem.ctx
    path = context.command_path if context is not None else "wheelcheck"
    listed = f"`{path.replace('wheelcheck ', 'wheelcheck help ', 1)}` lists what it takes"
    if isinstance(problem, click.NoSuchOption):
        return UsageProblem(f"{path} has no option {problem.option_name}", hint=_near_option(problem, listed))
    if isinstance(problem, click.MissingParameter):
        what = problem.param.make_metavar(context) if problem.param is not None and context is not None else "a value"
        flags = " / ".join(problem.param.opts) if isinstance(problem.param, click.Option) else ""
        return UsageProblem(f"{path} needs {f'{flags} ' if flags else ''}{what}", hint=listed)
    if isinstance(problem, click.BadParameter) and problem.param is not None:
        return _wrong_value(problem, problem.param, path, listed)
    message, _, hint = re.sub(r"\.$", "", problem.format_message().replace("\n", " ")).partition(". Did you mean ")
    return UsageProblem(f"{path}: {message[:1].lower()}{message[1:]}", hint=f"did you mean {hint}" if hint else listed)


def _wrong_value(problem: click.BadParameter, parameter: click.Parameter, path: str, listed: str) -> UsageProblem:
    """The message for a value that *parameter* does not take: its name, and the values that it takes."""
    name = next((flag for flag in parameter.opts if flag.startswith("--")), parameter.opts[0])
    value = re.search(r"'(.*?)'|(?<![\w.])-?\d[\d.]*", problem.message)
    given = f" {(value[1] or value[0]).removesuffix('.0')}" if value is not None else ""
    if isinstance(parameter.type, click.Choice):
        words = [str(word) for word in parameter.type.choices]
        among = f"{path} {name}" if name.startswith("-") else path
        return UsageProblem(
            f"{among}{given}: no such word", hint=did_you_mean(given.strip(), words, f"write one of {', '.join(words)}")
        )
    if isinstance(parameter.type, click.FloatRange | click.IntRange):
        kind = "a whole number" if isinstance(parameter.type, click.IntRange) else "a number"
        least = f", {parameter.type.min:g} or more" if parameter.type.min is not None else ""
        return UsageProblem(f"{path} {name}{given}: no such number", hint=f"write {kind}{least}")
    return UsageProblem(f"{path} {name}: {problem.message.rstrip('.')}", hint=listed)


def _near_option(problem: click.NoSuchOption, listed: str) -> str:
    name, context = problem.option_name, problem.ctx
    if name in _OTHER_WORDS:
        return _OTHER_WORDS[name]
    own = list(_iter_flags(context.command)) if context is not None else []
    elsewhere = [option for option in OPTIONS.values() if name in option.flags]
    commands = dict.fromkeys(each for option in elsewhere for each in (*option.commands, *option.own))
    commands.pop("config", None)
    if commands:
        return f"it is an option of {', '.join(commands)}; {listed}"
    return did_you_mean(name, own, listed, most=2)


def _iter_flags(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from (*parameter.opts, *parameter.secondary_opts)
