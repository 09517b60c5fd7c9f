"""The options that several commands share, each declared once, and the request made of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, TypeVar

import click

from wheelcheck.errors import UsageProblem

F = TypeVar("F", bound=Callable[..., Any])

_RISKS = ("low", "medium", "high")
_BARE_FIX = "--fix=medium"


class _OptionalValue(click.Option):
    """An option whose value, if any, follows ``=``, which the help shows."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return record and (record[0].replace(" [=", "[="), record[1])


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--platform", metavar="TAG", help="Wheel platform tag (win_amd64, manylinux_2_28_x86_64, …) or an alias: "
                 "windows, linux, macos, alpine, with -arm64 or -x86_64."),
    click.option("--python", metavar="VERSION", help="3.11, 3.11.9, 3.13t (free-threaded) or pp3.11 (PyPy)."),
    click.option("--target", "target_file", metavar="FILE", help="A target made by `wheelcheck target` on the machine itself."),
    click.option("-c", "--constraint", "constraints", metavar="REQ|FILE", multiple=True,
                 help="Bounds that add no packages."),
    click.option("--override", "overrides", metavar="REQ|FILE", multiple=True, help="Replace every requirement on a project."),
    click.option("--replace", "replacements", metavar="REQ", multiple=True,
                 help="Replace your own requirement on a project; others keep theirs."),
    click.option("--exclude", "excludes", metavar="NAME", multiple=True, help="Leave a project out of every requirement list."),
    click.option("--extra", "extras", metavar="NAME", multiple=True, help="An extra of pyproject.toml."),
    click.option("--group", "groups", metavar="NAME", multiple=True, help="A dependency group of pyproject.toml (PEP 735)."),
    click.option("--sdist", type=click.Choice(["deny", "pure", "any"]), help="Which source archives may be used."),
    click.option("--pre/--no-pre", default=None, help="Admit pre-releases of every project."),
    click.option("--exclude-newer", metavar="DATE", help="Ignore files uploaded after this day (2026-11-01) or instant."),
    click.option("-i", "--index-url", metavar="URL", help="The index, in place of the default one."),
    click.option("--extra-index-url", "extra_index_urls", metavar="URL", multiple=True, help="Asked for what the first lacks."),
    click.option("-f", "--find-links", "find_links", metavar="PATH|URL", multiple=True, help="A folder or page of files."),
    click.option("--source", "sources", metavar="NAME=URL", multiple=True, help="The one index for a project."),
    click.option("--no-index", is_flag=True, help="Use --find-links only."),
    click.option("--max-seconds", type=click.FloatRange(min=0.0), metavar="SECONDS", help="Give up after this time (120)."),
    click.option("--fix", cls=_OptionalValue, metavar="[=RISK|ID]",
                 help="Apply the cheapest repair at or under RISK (low, medium, high; medium if none is given), or the one with "
                 "this ID (--fix=R2), and plan the result."),
    click.option("--no-repair", is_flag=True, help="Look for no repairs of a blocked plan."),
    click.option("--repairs", type=click.IntRange(min=0), metavar="N", help="Look for so many repairs (3)."),
    click.option("--repair-seconds", type=click.FloatRange(min=0.0), metavar="SECONDS",
                 help="Look for repairs no longer than this (20)."),
    click.option("--knowledge", "knowledge", metavar="DIR", multiple=True, help="A folder of your own knowledge files."),
    click.option("--offline", is_flag=True, help="Answer from the cache alone."),
    click.option("--refresh", is_flag=True, help="Ask the index again, however fresh the cache is."),
    click.option("--cache-dir", metavar="DIR", help="Where the cache lies."),
    click.option("--no-cache", is_flag=True, help="Neither read nor write the cache."),
    click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    click.option("-v", "--verbose", is_flag=True, help="Print every finding and package."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
                 help="Colour the summary; auto heeds the terminal, NO_COLOR and FORCE_COLOR."),
    click.option("--no-progress", is_flag=True, help="No progress line on stderr."),
)  # fmt: skip


def common_options(command: F) -> F:
    """Give *command* every shared option, in the order of the table."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_OPTIONS), command)


def options_without(*names: str) -> Callable[[F], F]:
    """As :func:`common_options`, but for the parameters *names*: what a command has no use for, it does not take."""
    return _options_where(lambda name: name not in names)


def options_named(*names: str) -> Callable[[F], F]:
    """As :func:`common_options`, for the parameters *names* alone."""
    return _options_where(lambda name: name in names)


def _options_where(is_wanted: Callable[[str], bool]) -> Callable[[F], F]:
    wanted = tuple(option for option in _OPTIONS if is_wanted(_parameter(option)))
    return lambda command: reduce(lambda wrapped, option: option(wrapped), reversed(wanted), command)


def _parameter(option: Callable[[Any], Any]) -> str:
    """The name of the parameter that *option* declares; click keeps it on the function that it decorates."""
    declared: click.Option = option(lambda: None).__click_params__[0]
    return declared.name or ""


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
    fields = dict(options)
    if fields.pop("no_repair", False):
        if fields["repairs"]:
            raise UsageProblem("--no-repair and --repairs exclude each other", hint="give one or the other")
        fields["repairs"] = 0
    return fields
