"""The grid as Markdown, for a pull request or a README: a table, blockers once, what to ship; judges nothing and returns text."""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.model.matrix import CellStatus, Matrix
from wheelcheck.report.matrix.told import WORDS, advice, tell_blockers, tell_openings, told_failures, verdict_line
from wheelcheck.report.page import folded, sentence
from wheelcheck.report.quoting import escaped

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
    blocks = [f"### wheelcheck: {escaped(verdict_line(matrix))}", _table(matrix), _legend(matrix)]
    for title, rows in (
        ("What blocks", list(_iter_blockers(matrix))),
        ("What would open them", [escaped(sentence(text)) for text in tell_openings(matrix)]),
        ("What to ship", [escaped(text) for text in advice(matrix)]),
        ("Without an answer", [escaped(text) for text in told_failures(matrix)]),
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
    return ", ".join(f"{_MARKS[status]} {WORDS[status]}" for status in CellStatus if status in found)


def _iter_blockers(matrix: Matrix) -> Iterator[str]:
    for told in tell_blockers(matrix):
        why = f": {escaped(told.why)}" if told.why else ""
        yield f"**{escaped(folded(told.names, _NAMES))}**{why}, on {escaped(told.where)}"
