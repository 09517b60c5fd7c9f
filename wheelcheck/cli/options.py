"""The options of the command line, made from the table of options, and the words of ``--fix`` and ``--no-repair``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from wheelcheck.errors import UsageProblem
from wheelcheck.option_rows import Option, Words
from wheelcheck.options import OPTIONS, TargetOptions

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
        settings |= {
            "type": click.Choice(option.choices),
            "default": option.default,
            "show_default": bool(option.default),
        }
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

allow_build = click.option(
    "--allow-build",
    "allow_build",
    metavar="NAME[,NAME]",
    multiple=True,
    callback=words,
    help="Build these from source, which runs their authors' code here; all for all.",
)


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
