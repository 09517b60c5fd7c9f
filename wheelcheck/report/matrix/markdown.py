"""The grid as Markdown, for a pull request or a README: a table, blockers once, what to ship; judges nothing and returns text."""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.model.matrix import CellStatus, Matrix
from wheelcheck.report.grouping import group_blockers
from wheelcheck.report.page import folded, sentence
from wheelcheck.report.quoting import escaped
from wheelcheck.report.verdicts import CELL_WORDS, failure_lines, matrix_advice, matrix_verdict, opening_lines
from wheelcheck.report.wording import listed_cells

_MARKS = {
    CellStatus.INSTALLS: "✅",
    CellStatus.NEEDS_BUILD: "🔧",
    CellStatus.BLOCKED: "❌",
    CellStatus.UNDECIDED: "❔",
    CellStatus.FAILED: "⚠️",
}
_NAMES = 12
_ROWS = 50


def render_markdown(matrix: Matrix) -> str:
    """Render *matrix* as GitHub-flavoured Markdown, ending in a newline; long lists are folded."""
    blocks = [f"### wheelcheck: {escaped(matrix_verdict(matrix))}", _table(matrix), _legend(matrix)]
    for title, rows in (
        ("What blocks", list(_iter_blockers(matrix))),
        ("What would open them", [escaped(sentence(text)) for text in opening_lines(matrix)]),
        ("What to ship", [escaped(text) for text in matrix_advice(matrix)]),
        ("Without an answer", [escaped(text) for text in failure_lines(matrix)]),
    ):
        if rows:
            more = [f"- and {len(rows) - _ROWS} more"] if len(rows) > _ROWS else []
            blocks.append("\n".join((f"**{title}**", "", *(f"- {row}" for row in rows[:_ROWS]), *more)))
    return "\n\n".join(blocks) + "\n"


def _table(matrix: Matrix) -> str:
    lines = [f"| | {' | '.join(escaped(python) for python in matrix.pythons)} |"]
    lines.append(f"| --- |{' :-: |' * len(matrix.pythons)}")
    for platform in matrix.platforms:
        cells = (matrix.cell(platform, python) for python in matrix.pythons)
        marks = (_MARKS[cell.status] if cell is not None else "" for cell in cells)
        lines.append(f"| {escaped(platform)} | {' | '.join(marks)} |")
    return "\n".join(lines)


def _legend(matrix: Matrix) -> str:
    found = {cell.status for cell in matrix.cells}
    return ", ".join(f"{_MARKS[status]} {CELL_WORDS[status]}" for status in CellStatus if status in found)


def _iter_blockers(matrix: Matrix) -> Iterator[str]:
    for group in group_blockers(matrix):
        why = f": {escaped(group.why)}" if group.why else ""
        yield f"**{escaped(folded(group.names, _NAMES))}**{why}, on {escaped(listed_cells(matrix, group.targets))}"
