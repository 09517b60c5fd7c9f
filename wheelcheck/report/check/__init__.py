"""Renders the gate's answer, one module for each format; judges nothing and writes no file.

To add a format, write a module like ``github.py`` and add a row to ``FORMATS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from wheelcheck.model.check import Check
from wheelcheck.report.check.github import render_github
from wheelcheck.report.check.gitlab import render_gitlab
from wheelcheck.report.check.json_document import CHECK_SCHEMA, load_check_schema, render_json
from wheelcheck.report.check.junit import render_junit
from wheelcheck.report.check.markdown import render_markdown
from wheelcheck.report.check.sarif import render_sarif
from wheelcheck.report.check.text import render_text
from wheelcheck.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFormat:
    """One format: the word for ``--format``, the file name to suggest, a sentence for ``--help``, and how it is rendered.

    What ``render`` gives can be encoded as UTF-8 and ends in a newline, where it is not empty. For a terminal, call
    :func:`render_text` itself: it takes width, colour and encoding besides.
    """

    name: str
    filename: str
    sentence: str
    render: Callable[[Check], str]


FORMATS: Mapping[str, CheckFormat] = MappingProxyType(
    {
        row.name: row
        for row in (
            CheckFormat(name="text", filename="check.txt", sentence="One screen for people.", render=render_text),
            CheckFormat(
                name="json", filename="check.json", sentence="Everything, with a published schema.", render=render_json
            ),
            CheckFormat(
                name="sarif",
                filename="wheelcheck.sarif",
                sentence="SARIF 2.1.0, for code scanning.",
                render=render_sarif,
            ),
            CheckFormat(
                name="github",
                filename="annotations.txt",
                sentence="Annotations of a GitHub Actions job.",
                render=render_github,
            ),
            CheckFormat(
                name="junit", filename="junit.xml", sentence="JUnit XML, for test reports.", render=render_junit
            ),
            CheckFormat(
                name="gitlab",
                filename="gl-code-quality-report.json",
                sentence="GitLab Code Quality.",
                render=render_gitlab,
            ),
            CheckFormat(
                name="markdown",
                filename="check.md",
                sentence="A comment for a pull request.",
                render=render_markdown,
            ),
        )
    }
)

__all__ = [
    "CHECK_SCHEMA",
    "FORMATS",
    "CheckFormat",
    "load_check_schema",
    "render_github",
    "render_gitlab",
    "render_json",
    "render_junit",
    "render_markdown",
    "render_sarif",
    "render_text",
]
