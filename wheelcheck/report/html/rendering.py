"""Renders a page as one HTML file that needs no network and runs no script but its own: ``HtmlPage → text``.

Everything that a package, an index or a file said is text: the template escapes it, and a Content-Security-Policy with the hashes
of the page's own style and script keeps a browser from running anything else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from wheelcheck.model.urls import masked_within
from wheelcheck.report.html.page import Board, HtmlPage
from wheelcheck.report.html.parts import Patches, Telling
from wheelcheck.report.wording import flat

if TYPE_CHECKING:
    from jinja2 import Environment

_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b", re.ASCII)  # a browser would break the line at its hyphens
_TEMPLATES = Path(__file__).with_name("templates")
_MARKS = {"good": "✓", "build": "~", "bad": "✗", "unsure": "?", "none": "\N{EN DASH}"}
_HEADINGS = {"Check": "What fails", "Difference": "What is new and fails", "Verification": "Problems"}


def render_html(page: HtmlPage) -> str:
    """*page* as a document that ends in a newline."""
    cells = [cell for _, row in page.grid.rows for cell in row if cell is not None] if page.grid is not None else []
    return _rendered(
        "page", page, ("page",), total=max(len(cells), 1), blocking=_HEADINGS.get(page.title, "What blocks")
    )


def render_board(page: Board) -> str:
    """*page* of a survey as a document that ends in a newline."""
    return _rendered("board", page, ("page", "board"))


def _rendered(template: str, page: HtmlPage | Board, styles: tuple[str, ...], **more: object) -> str:
    """*page* in the *template* of that name, with its script and these *styles*."""
    from markupsafe import Markup

    style = "".join(_text(f"{name}.css") for name in styles)
    script = _text(f"{template}.js")
    return (
        _environment()
        .get_template(f"{template}.html")
        .render(
            page=page,
            marks=_MARKS,
            policy=Markup(_policy(style, script)),  # noqa: S704 - ours alone
            style=Markup(style),  # noqa: S704 - a file of this package
            script=Markup(script),  # noqa: S704 - a file of this package
            **more,
        )
        .lstrip()
        + "\n"
    )


@cache
def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: flat(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.filters |= {
        "patch_lines": _patch_lines,
        "data_url": lambda text: Markup(_data_url(text)),  # noqa: S704 - quoted
        "whole_days": lambda text: Markup(_DAY.sub(r'<span class="day">\g<0></span>', escape(flat(text)))),  # noqa: S704 - escaped
    }
    return environment


def _policy(style: str, script: str) -> str:
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    own_style, own_script = (f"'sha256-{each}'" for each in hashes)
    return f"default-src 'none'; style-src {own_style}; script-src {own_script}; base-uri 'none'; form-action 'none'"


def _patch_lines(text: str) -> Iterator[tuple[str, str]]:
    """The lines of a patch, each with its kind."""
    for line in text.splitlines():
        kind = "head" if line.startswith(("---", "+++", "@@")) else {"+": "add", "-": "drop"}.get(line[:1], "same")
        yield kind, line


def _data_url(text: str) -> str:
    return "data:text/x-patch;charset=utf-8," + quote(text.encode("utf-8", "surrogateescape"))


def _renderer(name: str) -> Callable[..., str]:
    def render(
        answer: Any,  # noqa: ANN401 - the answer of the command that is rendered
        *,
        today: str = "",
        asked: tuple[str, ...] = (),
        patches: Patches | None = None,
    ) -> str:
        from datetime import UTC, datetime

        from wheelcheck.report.html import making

        today = today or datetime.now(UTC).date().isoformat()
        telling = Telling(today=today, asked=tuple(map(masked_within, asked)), patches=patches or {})
        return render_html(getattr(making, f"page_of_{name}")(answer, telling))

    return render


render_plan, render_check, render_matrix, render_diff, render_verify = map(
    _renderer, ("plan", "check", "matrix", "diff", "verify")
)
