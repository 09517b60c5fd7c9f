"""The answer of ``matrix --each-extra``: a row for each extra and group, with the Pythons on which it installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.model.document import render_json
from wheelcheck.report.findings import spanned
from wheelcheck.report.page import Detail, Page, Segment, folded, glued, on_page
from wheelcheck.report.wheels import heads_of
from wheelcheck.report.wording import blocker_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheelcheck.model.answers import ExtraRow, Matrix
    from wheelcheck.model.target import Target

_NAMES_IN_BRIEF = 4


@on_page("utf-8")
def render_extras(page: Page, rows: Sequence[ExtraRow], detail: Detail) -> None:
    """Draw *rows* by platforms; a tick stands for every Python that was asked, and below is what blocks each row."""
    first = rows[0].matrix
    targets = {cell.target.platform: cell.target for cell in first.cells}
    _draw_grid(page, rows, targets)
    tick = "✓" if page.has("✓") else "+"
    page.paragraph(
        f"Python {', '.join(first.pythons)}: {tick} installs with each, 3.12 with these alone",
        indent=2,
        style="dim",
        apart=True,
    )
    page.paragraph(", ".join(targets), lead=("on ", "dim"), indent=2, style="dim")
    known = {blocker_name(blocker) for blocker in first.blockers}
    for row in rows:
        names = [
            name for blocker in row.matrix.blockers if (name := blocker_name(blocker)) not in known or not row.kind
        ]
        if names:
            text = folded([glued(name) for name in names], len(names) if detail == "full" else _NAMES_IN_BRIEF)
            page.paragraph(text, lead=(f"{'✗' if page.has('✗') else 'x'} {row.label}: ", "bold red"), indent=2)


def _draw_grid(page: Page, rows: Sequence[ExtraRow], targets: Mapping[str, Target]) -> None:
    heads = heads_of(tuple(targets.values()))
    wide = max(10, *(len(row.label) for row in rows)) + 2
    cells = {row.label: [_cell(page, row.matrix, platform) for platform in targets] for row in rows}
    room = (
        max(
            *(len(text) for listed in cells.values() for text, _ in listed),
            *(len(word) for head in heads for word in head),
        )
        + 2
    )
    most = max((page.width - 2 - wide) // room, 1)
    for start in range(0, len(heads), most):
        page.blank()
        for line in (0, 1):
            texts = "".join(head[line].ljust(room) for head in heads[start : start + most])
            page.line((f"  {' ' * wide}{texts.rstrip()}", "dim"))
        for row in rows:
            page.line(
                (f"  {row.label.ljust(wide)}", ""),
                *((text.ljust(room), style) for text, style in cells[row.label][start : start + most]),
            )


def _cell(page: Page, matrix: Matrix, platform: str) -> Segment:
    asked = [cell for cell in matrix.cells if cell.target.platform == platform and cell.is_supported]
    good = [cell.target.python for cell in asked if cell.status.is_good]
    if len(good) == len(asked):
        return ("✓" if page.has("✓") else "+"), "green"
    if not good:
        return ("✗" if page.has("✗") else "x"), "bold red"
    usual = [python for python in good if not python.endswith("t")]
    free = "+t" if len(usual) < len(good) else ""
    return spanned(usual).replace(" to 3.", "-").replace(", ", ",") + free, "yellow"


def render_extras_json(rows: Sequence[ExtraRow]) -> str:
    """Render *rows* as JSON (schema ``wheelcheck.extras/1``): of each extra and group every cell, and who blocks it."""
    return render_json(
        {
            "schema": "wheelcheck.extras/1",
            "rows": [
                {
                    "kind": row.kind or None,
                    "name": row.name or None,
                    "cells": [
                        {
                            "platform": cell.target.platform,
                            "python": cell.target.python,
                            "status": cell.status,
                            "blockers": sorted({error.package for error in cell.blocking if error.package}),
                        }
                        for cell in row.matrix.cells
                    ],
                }
                for row in rows
            ],
        }
    ).decode()
