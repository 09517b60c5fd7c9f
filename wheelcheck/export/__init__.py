"""Renders a plan for other tools, one module for each format; writes no file and resolves nothing.

To add a format, write a module like ``requirements.py`` and add a row to ``EXPORTERS``.
"""

from __future__ import annotations

from collections.abc import Callable

from wheelcheck.export.pylock import render_pylock
from wheelcheck.export.requirements import render_requirements
from wheelcheck.model import Plan
from wheelcheck.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """One format: the word for ``--to``, the file name to suggest, a sentence for ``--help``, and how it is rendered.

    ``render`` raises ``UsageProblem`` for a plan that cannot be executed or that lacks what the format needs.
    """

    name: str
    filename: str
    sentence: str
    render: Callable[[Plan], str]


EXPORTERS: tuple[Exporter, ...] = (
    Exporter(
        name="requirements",
        filename="requirements.lock.txt",
        sentence="Pinned requirements with hashes, for pip install --no-deps --require-hashes.",
        render=render_requirements,
    ),
    Exporter(
        name="pylock",
        filename="pylock.toml",
        sentence="A lock file that standard tools read (PEP 751).",
        render=render_pylock,
    ),
)

__all__ = ["EXPORTERS", "Exporter", "render_pylock", "render_requirements"]
