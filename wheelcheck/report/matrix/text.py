"""The grid for a terminal: platforms by Pythons at a glance, blockers once, what to ship; judges nothing and returns text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheelcheck.model.matrix import CellStatus, Matrix
from wheelcheck.report.findings import Detail
from wheelcheck.report.matrix.told import (
    WORDS,
    ToldBlockers,
    advice,
    tell_blockers,
    tell_openings,
    told_failures,
    verdict_line,
)
from wheelcheck.report.page import Page, Segment, folded, glued, sentence
from wheelcheck.report.quoting import flat

_MARKS = {
    CellStatus.INSTALLS: ("✓", "+", "green"),
    CellStatus.NEEDS_BUILD: ("~", "~", "cyan"),
    CellStatus.BLOCKED: ("✗", "x", "bold red"),
    CellStatus.UNDECIDED: ("?", "?", "bold yellow"),
    CellStatus.FAILED: ("!", "!", "bold yellow"),
}
_GAP = 2
_BLOCKERS_IN_BRIEF = 8
_NAMES_IN_BRIEF = 6
_OPENINGS_IN_BRIEF = 4
_EVERYTHING = 10_000


def render_text(
    matrix: Matrix, *, width: int = 80, color: bool = False, encoding: str = "utf-8", detail: Detail = "brief"
) -> str:
    """Render *matrix* for a terminal *width* columns wide, ending in a newline.

    A grid that is wider goes on in another block of columns below. Without *color* there are no escape codes; marks are ASCII where
    *encoding* has no others. ``brief`` folds long lists, ``full`` folds nothing.
    """
    page = Page(width=width, encoding=encoding)
    _grid(page, matrix)
    _blockers(page, tell_blockers(matrix), detail)
    _failures(page, matrix)
    _openings(page, matrix, detail)
    _advice(page, matrix)
    page.blank()
    page.paragraph(verdict_line(matrix), style="green" if len(matrix.good) == len(matrix.cells) else "bold red")
    return page.coloured() if color else page.plain()


def _grid(page: Page, matrix: Matrix) -> None:
    plain = 1 if page.clean("✓") != "✓" else 0
    first = max((len(platform) for platform in matrix.platforms), default=0)
    for pythons in _blocks(matrix.pythons, page.width - 2 - first):
        page.blank()
        heads = "".join(f"{'':{_GAP}}{python}" for python in pythons)
        page.line(("  " + " " * first, ""), (heads, "bold"))
        for platform in matrix.platforms:
            cells: list[Segment] = []
            for python in pythons:
                cell = matrix.cell(platform, python)
                marks = _MARKS[cell.status] if cell is not None else (" ", " ", "")
                cells.append((f"{'':{_GAP}}{marks[plain].ljust(len(python))}", marks[2]))
            page.line((f"  {platform.ljust(first)}", ""), *cells)
    found = {cell.status for cell in matrix.cells}
    page.blank()
    legend = "   ".join(glued(f"{_MARKS[kind][plain]} {WORDS[kind]}") for kind in CellStatus if kind in found)
    page.paragraph(legend, indent=2, style="dim")


def _blocks(pythons: Sequence[str], room: int) -> Iterator[tuple[str, ...]]:
    block: list[str] = []
    used = 0
    for python in pythons:
        wide = len(python) + _GAP
        if block and used + wide > room:
            yield tuple(block)
            block, used = [], 0
        block.append(python)
        used += wide
    if block:
        yield tuple(block)


def _blockers(page: Page, told: Sequence[ToldBlockers], detail: Detail) -> None:
    if not told:
        return
    shown = told if detail == "full" else told[:_BLOCKERS_IN_BRIEF]
    most = _EVERYTHING if detail == "full" else _NAMES_IN_BRIEF
    page.blank()
    page.paragraph("What blocks", indent=2, style="bold")
    for each in shown:
        names = folded([glued(flat(name)) for name in each.names], most)
        page.paragraph(f"{names}: {each.why}" if each.why else names, lead=("✗ ", "bold red"), indent=2)
        page.paragraph(each.where, lead=("on ", "dim"), indent=4)
    hidden = sum(len(each.names) for each in told[len(shown) :])
    if hidden:
        page.paragraph(f"{hidden} more on fewer targets (-v shows all)", indent=4, style="dim")


def _failures(page: Page, matrix: Matrix) -> None:
    for text in told_failures(matrix):
        page.blank()
        page.paragraph(flat(text), lead=("! ", "bold yellow"), indent=2)


def _openings(page: Page, matrix: Matrix, detail: Detail) -> None:
    told = tell_openings(matrix)
    if not told:
        return
    page.blank()
    page.paragraph("What would open them", indent=2, style="bold")
    ways = sum(opening.repair is not None for opening in matrix.openings)
    most = len(told) if detail == "full" else _OPENINGS_IN_BRIEF
    for number, text in enumerate(told):
        if number < most or number >= ways:
            lead = ("+ ", "green") if number < ways else ("- ", "dim")
            page.paragraph(sentence(flat(text)), lead=lead, indent=2)
    if ways > most:
        page.paragraph(f"{ways - most} more (-v shows all)", indent=4, style="dim")


def _advice(page: Page, matrix: Matrix) -> None:
    said = advice(matrix)
    if said:
        page.blank()
    for number, text in enumerate(said):
        page.paragraph(text, indent=2 if number == 0 else 4, style="bold" if number == 0 else "")
