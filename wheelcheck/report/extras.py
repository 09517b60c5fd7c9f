"""The answer of ``matrix --each-extra``: a row for each extra and group, with the Pythons on which it installs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Struct

from wheelcheck.model.answers import Cell, CellStatus, ExtraRow, Matrix
from wheelcheck.model.document import SCHEMA_KEY, ProjectName, about, document_of, render_json
from wheelcheck.model.target import Target, TargetName
from wheelcheck.report.grouping import group_by
from wheelcheck.report.page import Detail, Page, Segment, glued, on_page
from wheelcheck.report.wheels import heads_of
from wheelcheck.report.wording import blocker_name, listed_cells, spanned
from wheelcheck.texts.words import folded

_NAMES_IN_BRIEF = 4


@on_page("utf-8")
def render_extras(page: Page, rows: Sequence[ExtraRow], detail: Detail) -> None:
    """Draw *rows* by platforms; a tick stands for every Python that the project supports, and below is what blocks each row."""
    first = rows[0].matrix
    targets = {cell.target.platform: cell.target for cell in first.cells}
    _draw_grid(page, rows, targets)
    for number, part in enumerate(_legend(page, rows, tuple(targets))):
        page.paragraph(part, indent=2, style="dim", apart=number == 0)
    page.paragraph(", ".join(targets), lead=("on ", "dim"), indent=2, style="dim")
    known = {blocker_name(blocker) for blocker in first.blockers}
    page.blank()
    for row in rows:
        blockers = [each for each in row.matrix.blockers if blocker_name(each) not in known or not row.kind]
        for alike in group_by(blockers, lambda each: frozenset(map(str, each.targets))):
            names = folded(
                [glued(blocker_name(each)) for each in alike], len(alike) if detail == "full" else _NAMES_IN_BRIEF
            )
            text = f"{names} on {listed_cells(row.matrix, alike[0].targets)}"
            page.paragraph(text, lead=(f"{_no(page)} {row.label}: ", "bold red"), indent=2)


def _yes(page: Page) -> str:
    return "✓" if page.has("✓") else "+"


def _no(page: Page) -> str:
    return "✗" if page.has("✗") else "x"


def _legend(page: Page, rows: Sequence[ExtraRow], platforms: Sequence[str]) -> list[str]:
    """What the cells say: the Pythons behind a tick, and the other signs where there are any."""
    pythons = dict.fromkeys(cell.target.python for cell in rows[0].matrix.cells if cell.is_supported)
    texts = {_cell(page, row.matrix, platform)[0] for row in rows for platform in platforms}
    parts = [f"{_yes(page)} with Python {spanned(list(pythons))}"]
    if texts - {_yes(page), _no(page)}:
        free = "; +t: a free-threaded one too" if any(text.endswith("+t") for text in texts) else ""
        parts.append(f"numbers: with these Pythons alone{free}")
    if _no(page) in texts:
        parts.append(f"{_no(page)} with none")
    return parts


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
        return _yes(page), "green"
    if not good:
        return _no(page), "bold red"
    usual = [python for python in good if not python.endswith("t")]
    free = "+t" if len(usual) < len(good) else ""
    return spanned(usual).replace(" to 3.", "-").replace(", ", ",") + free, "yellow"


class ExtraCellDocument(TargetName, frozen=True, kw_only=True):
    """One platform with one Python."""

    status: Annotated[CellStatus, about("How the cell came out.")]
    blockers: Annotated[tuple[ProjectName, ...], about("The projects that block it.")]


class ExtraRowDocument(Struct, frozen=True, kw_only=True):
    """The project with one more extra or group."""

    kind: Annotated[str | None, about("extra or group; null for the project alone.")]
    name: Annotated[str | None, about("Its name; null for the project alone.")]
    cells: Annotated[tuple[ExtraCellDocument, ...], about("Every cell asked for, row by row.")]


class ExtrasDocument(Struct, frozen=True, kw_only=True):
    """Where each extra and group of a project installs."""

    schema: Annotated[Literal["wheelcheck.extras/1"], SCHEMA_KEY]
    rows: Annotated[tuple[ExtraRowDocument, ...], about("The project alone first.")]


def render_extras_json(rows: Sequence[ExtraRow]) -> str:
    """Render *rows* as JSON (schema ``wheelcheck.extras/1``): of each extra and group every cell, and who blocks it."""
    documents = tuple(
        ExtraRowDocument(
            kind=row.kind or None, name=row.name or None, cells=tuple(map(_cell_document, row.matrix.cells))
        )
        for row in rows
    )
    return render_json(ExtrasDocument(schema="wheelcheck.extras/1", rows=documents)).decode()


def _cell_document(cell: Cell) -> ExtraCellDocument:
    blockers = sorted({error.package for error in cell.blocking if error.package})
    return document_of(ExtraCellDocument, cell.target, status=cell.status, blockers=tuple(blockers))
