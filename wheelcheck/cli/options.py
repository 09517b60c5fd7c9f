"""The options that several commands share, each declared once, and the request made of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--platform", metavar="TAG", help="Wheel platform tag (win_amd64, manylinux_2_28_x86_64, …) or an alias: "
                 "windows, linux, macos, alpine, with -arm64 or -x86_64."),
    click.option("--python", metavar="VERSION", help="3.11, 3.11.9, 3.13t (free-threaded) or pp3.11 (PyPy)."),
    click.option("--target", "target_file", metavar="FILE", help="A target made by `wheelcheck target` on the machine itself."),
    click.option("-c", "--constraint", "constraints", metavar="FILE", multiple=True, help="Bounds that add no packages."),
    click.option("--override", "overrides", metavar="REQ|FILE", multiple=True, help="Replace every requirement on a project."),
    click.option("--exclude", "excludes", metavar="NAME", multiple=True, help="Leave a project out of every requirement list."),
    click.option("--extra", "extras", metavar="NAME", multiple=True, help="An extra of pyproject.toml."),
    click.option("--group", "groups", metavar="NAME", multiple=True, help="A dependency group of pyproject.toml (PEP 735)."),
    click.option("--sdist", type=click.Choice(["deny", "pure", "any"]), help="Which source archives may be used."),
    click.option("--pre/--no-pre", default=None, help="Admit pre-releases of every project."),
    click.option("--exclude-newer", metavar="DATE", help="Ignore files uploaded after this day (2026-11-01) or instant."),
    click.option("-i", "--index-url", metavar="URL", help="The index, in place of the default one."),
    click.option("--extra-index-url", "extra_index_urls", metavar="URL", multiple=True, help="Asked for what the first lacks."),
    click.option("-f", "--find-links", "find_links", metavar="PATH|URL", multiple=True, help="A folder or page of files."),
    click.option("--no-index", is_flag=True, help="Use --find-links only."),
    click.option("--max-seconds", type=click.FloatRange(min=0.0), metavar="SECONDS", help="Give up after this time (120)."),
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
