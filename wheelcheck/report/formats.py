"""The table of report formats: which words ``--format`` takes for each command, and the function that renders each.

To add a format, write a function like those of ``check/services.py``, add a row here, and a test in ``tests/report/``; the command
line, its help and the tables of the documentation follow. ``plan --format json`` is no report but the plan itself
(``plans/documents.py``). Nothing is loaded before it is rendered, since ``--help`` needs the table.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple


class ReportFormat(NamedTuple):
    """One format of one command.

    ``name`` is the word for ``--format``, ``renderer`` the function, as ``module:function`` within this room. ``sentence`` explains
    the format in documentation, ``filename`` is a name for its file; both are empty for a command whose help says enough.
    """

    command: str
    name: str
    renderer: str
    sentence: str = ""
    filename: str = ""
    told: tuple[str, ...] = ()
    """What the renderer takes besides the answer: ``asked``, the command, and ``patches`` of the repairs."""

    def render(self, answer: object, **style: object) -> str:
        """Render *answer* as text that ends in a newline, where it is not empty.

        *style* is for a terminal: ``width`` in columns, ``color``, the ``encoding`` of the stream and the ``detail``. Only formats
        named ``text`` take it; without it they render for a file in UTF-8 or ASCII.
        """
        module, _, function = self.renderer.partition(":")
        text: str = getattr(import_module(f"wheelcheck.report.{module}"), function)(answer, **style)
        return text


FORMATS = (
    ReportFormat("plan", "text", "summary:render_summary"),
    ReportFormat("plan", "html", "html.rendering:render_plan", told=("asked", "patches")),
    ReportFormat("check", "text", "check.text:render_text", "One screen for people.", "check.txt"),
    ReportFormat("check", "json", "check.document:render_json", "Everything, with a published schema.", "check.json"),
    ReportFormat(
        "check", "sarif", "check.document:render_sarif", "SARIF 2.1.0, for code scanning.", "wheelcheck.sarif"
    ),
    ReportFormat(
        "check", "github", "check.services:render_github", "Annotations of a GitHub Actions job.", "annotations.txt"
    ),
    ReportFormat("check", "junit", "check.services:render_junit", "JUnit XML, for test reports.", "junit.xml"),
    ReportFormat(
        "check", "gitlab", "check.services:render_gitlab", "GitLab Code Quality.", "gl-code-quality-report.json"
    ),
    ReportFormat("check", "markdown", "check.text:render_markdown", "A comment for a pull request.", "check.md"),
    ReportFormat(
        "check",
        "html",
        "html.rendering:render_check",
        sentence="A page for a browser, in one file.",
        filename="check.html",
        told=("patches",),
    ),
    ReportFormat("diff", "text", "difference:render_diff_text"),
    ReportFormat("diff", "json", "difference_document:render_diff_json"),
    ReportFormat("diff", "markdown", "difference:render_diff_markdown"),
    ReportFormat("diff", "html", "html.rendering:render_diff"),
    *(
        ReportFormat("diff", name, f"difference_document:render_new_{name}")
        for name in ("sarif", "github", "junit", "gitlab")
    ),
    ReportFormat("matrix", "text", "matrix:render_matrix_text"),
    ReportFormat("matrix", "json", "matrix_document:render_matrix_json"),
    ReportFormat("matrix", "markdown", "matrix:render_matrix_markdown"),
    ReportFormat("matrix", "html", "html.rendering:render_matrix", told=("patches",)),
    ReportFormat("each-extra", "text", "wheels:render_extras"),
    ReportFormat("each-extra", "json", "wheels:render_extras_json"),
    ReportFormat("why", "text", "tree:render_whys"),
    ReportFormat("why", "json", "tree:render_whys_json"),
    ReportFormat("tree", "text", "tree:render_tree"),
    ReportFormat("tree", "json", "tree:render_tree_json"),
    ReportFormat("explain", "text", "explain:render_explanation"),
    ReportFormat("explain", "json", "explain:render_explanation_json"),
    ReportFormat("wheels", "text", "wheels:render_wheels"),
    ReportFormat("wheels", "json", "wheels:render_wheels_json"),
    ReportFormat("fetch", "text", "fetch:render_fetched"),
    ReportFormat("fetch", "json", "fetch:render_fetched_json"),
    ReportFormat("bundle", "text", "bundle:render_bundling"),
    ReportFormat("bundle", "json", "bundle:render_bundling_json"),
    ReportFormat("doctor", "text", "verify:render_doctor"),
    ReportFormat("doctor", "json", "verify:render_doctor_json"),
    ReportFormat("runtime", "text", "bundle:render_runtime"),
    ReportFormat("runtime", "json", "bundle:render_runtime_json"),
    ReportFormat("verify", "text", "verify:render_verify"),
    ReportFormat("verify", "json", "verify:render_verify_json"),
    ReportFormat("verify", "html", "html.rendering:render_verify"),
)


def formats_of(command: str) -> dict[str, ReportFormat]:
    """The formats of *command* by their words, in the order of the table."""
    return {row.name: row for row in FORMATS if row.command == command}
