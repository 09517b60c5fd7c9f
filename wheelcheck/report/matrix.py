"""The answer of ``matrix`` for a terminal and as Markdown: the grid, each blocker once, the repairs, the Python to ship."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import structs

from wheelcheck.model.answers import Blocker, CellStatus, Matrix, Opening
from wheelcheck.model.distribution import FROM_SOURCE
from wheelcheck.model.finding import Finding
from wheelcheck.model.repair import Repair
from wheelcheck.report.commands import NextStep, draw_steps
from wheelcheck.report.findings import (
    MOST_BLOCKERS,
    MOST_NOTES,
    BlockerRow,
    companions,
    draw_blockers,
    draw_note,
    is_blocker,
)
from wheelcheck.report.grouping import Group, group_blockers, group_failures, group_notes
from wheelcheck.report.page import Detail, Page, Segment, glued, on_page, sentence, size_text
from wheelcheck.report.verdicts import options_line
from wheelcheck.report.wording import (
    EVERY_TARGET,
    blocker_name,
    change,
    changes,
    escaped,
    flat,
    flat_finding,
    linked_code,
    listed_cells,
)
from wheelcheck.texts.words import folded, grouped, joined

CELL_WORDS = {
    CellStatus.INSTALLS: "installs",
    CellStatus.NEEDS_BUILD: "installs after pure builds",
    CellStatus.BLOCKED: "blocked",
    CellStatus.UNDECIDED: "undecided in time",
    CellStatus.FAILED: "no answer",
    CellStatus.UNSUPPORTED: "not supported by the project",
}
_MARKS = {
    CellStatus.INSTALLS: ("✓", "+", "green", "✅"),
    CellStatus.NEEDS_BUILD: ("~", "~", "cyan", "🔧"),
    CellStatus.BLOCKED: ("✗", "x", "bold red", "❌"),
    CellStatus.UNDECIDED: ("?", "?", "bold yellow", "❔"),
    CellStatus.FAILED: ("!", "!", "bold yellow", "⚠️"),
    CellStatus.UNSUPPORTED: ("-", "-", "dim", "⬜"),
}
"""For each status: the sign, the sign in ASCII, the style, and the sign in Markdown."""
_GAP = 2
_BLOCKERS_IN_BRIEF = 8
_NAMES_IN_BRIEF = 6
_OPENINGS_IN_BRIEF = 4
_EVERYTHING = 10_000
_NAMES_IN_MARKDOWN = 12
_ROWS_IN_MARKDOWN = 50


@on_page("utf-8")
def render_matrix_text(
    page: Page, matrix: Matrix, detail: Detail, *, found: Sequence[str] = (), steps: Sequence[NextStep] = ()
) -> None:
    """Draw *matrix*; a grid that is wider than the page goes on in another block of columns below.

    *found* tells of input and targets that were found and not named, *steps* are commands to run next.
    """
    if found:
        page.paragraph(flat("; ".join(found)), style="dim")
    _grid(page, matrix)
    _blockers(page, matrix, detail)
    for text in failure_lines(matrix):
        page.paragraph(flat(text), lead=("! ", "bold yellow"), indent=2, apart=True)
    if built := built_once(matrix):
        page.heading("Build once, anywhere, without a compiler")
        page.listing([flat(name) for name in built], rows=_EVERYTHING if detail == "full" else 2, indent=4)
    _openings(page, matrix, detail)
    _notes(page, matrix, detail)
    for number, text in enumerate(matrix_advice(matrix)):
        is_first = number == 0
        page.paragraph(text, indent=2 if is_first else 4, style="bold" if is_first else "", apart=is_first)
    style = "bold red" if matrix.exit_status else "green"
    page.paragraph(matrix_verdict(matrix), style=style, apart=True)
    draw_steps(page, steps)


def _grid(page: Page, matrix: Matrix) -> None:
    plain = 0 if page.has("✓") else 1
    first = max((len(platform) for platform in matrix.platforms), default=0)
    for pythons in _blocks(matrix.pythons, page.width - 2 - first):
        page.blank()
        heads = "".join(f"{'':{_GAP}}{python}" for python in pythons)
        page.line(("  " + " " * first, ""), (heads, "bold"))
        for platform in matrix.platforms:
            cells: list[Segment] = []
            for python in pythons:
                cell = matrix.cell(platform, python)
                marks = _MARKS[cell.status] if cell is not None else (" ", " ", "", "")
                cells.append((f"{'':{_GAP}}{marks[plain].ljust(len(python))}", marks[2]))
            page.line((f"  {platform.ljust(first)}", ""), *cells)
    found = {cell.status for cell in matrix.cells}
    legend = "   ".join(glued(f"{_MARKS[kind][plain]} {CELL_WORDS[kind]}") for kind in CellStatus if kind in found)
    page.paragraph(legend, indent=2, style="dim", apart=True)


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


def _blockers(page: Page, matrix: Matrix, detail: Detail) -> None:
    """A row for each project without a wheel, those of the most cells first, and a sentence for each other reason."""
    missing = [blocker for blocker in matrix.blockers if all(is_blocker(finding) for finding in blocker.findings)]
    most = _EVERYTHING if detail == "full" else MOST_BLOCKERS
    if missing:
        draw_blockers(page, [_row(matrix, blocker) for blocker in missing], most)
    _more_on_fewer(page, len(missing[most:]))
    others = tuple(each for each in matrix.blockers if each not in missing)
    groups = group_blockers(structs.replace(matrix, blockers=others))
    if groups:
        page.heading("What blocks besides" if missing else "What blocks")
    shown_groups = groups if detail == "full" else groups[:_BLOCKERS_IN_BRIEF]
    for each in shown_groups:
        names = folded([glued(flat(name)) for name in each.names], _EVERYTHING if detail == "full" else _NAMES_IN_BRIEF)
        page.paragraph(f"{names}: {each.why}" if each.why else names, lead=("✗ ", "bold red"), indent=2)
        page.paragraph(listed_cells(matrix, each.targets), lead=("on ", "dim"), indent=4)
    _more_on_fewer(page, sum(len(each.names) for each in groups[len(shown_groups) :]))


def _more_on_fewer(page: Page, hidden: int) -> None:
    if hidden:
        page.paragraph(f"{hidden} more on fewer targets (-v shows all)", indent=4, style="dim")


def _row(matrix: Matrix, blocker: Blocker) -> BlockerRow:
    sightings = [
        (flat_finding(finding), companions(finding, cell.plan.findings))
        for cell in matrix.cells
        if cell.plan is not None
        for finding in cell.blocking
        if finding.package == blocker.package
    ]
    where = listed_cells(matrix, blocker.targets) if len(matrix.cells) > 1 else ""
    return BlockerRow(name=flat(blocker_name(blocker)), sightings=tuple(sightings), where=where)


def _openings(page: Page, matrix: Matrix, detail: Detail) -> None:
    """A card for each repair that opens cells, then a line on those for which none was found."""
    repaired = [(each, each.repair) for each in matrix.openings if each.repair is not None]
    closed = closed_lines(matrix)
    if repaired or closed:
        page.heading("What would open them")
    shown = repaired if detail == "full" else repaired[:_OPENINGS_IN_BRIEF]
    for opening, repair in shown:
        first, *others = (sentence(flat(change(edit, opening.proved))) for edit in repair.edits)
        page.paragraph(first, lead=("+ ", "green"), indent=2, style="bold")
        for other in others:
            page.paragraph(f"and {other[:1].lower()}{other[1:]}", indent=4, style="bold")
        if repair.options:
            page.line(("    ", ""), (options_line(repair), "cyan"))
        targets = (opening.proved, *opening.alike)
        where = listed_cells(matrix, targets)
        several = f"{len(targets)} targets: " if len(targets) > 1 and where != EVERY_TARGET else ""
        page.labelled("opens", several + where)
        proof = f" on {opening.proved}; proved on each" if opening.alike else ""
        page.labelled("risk", f"{repair.risk.value}{proof}")
        for other_repair in opening.others:
            page.labelled("or", flat(f"{changes(other_repair)} ({other_repair.risk.value} risk)"))
    if len(repaired) > len(shown):
        page.paragraph(f"{len(repaired) - len(shown)} more (-v shows all)", indent=4, style="dim")
    for text in closed:
        page.paragraph(sentence(flat(text)), lead=("- ", "dim"), indent=2)


def _notes(page: Page, matrix: Matrix, detail: Detail) -> None:
    """What installs and then fails, and the other notes that matter to who ships, each once with its cells."""
    page.blank()
    for same in grouped(group_notes(matrix), lambda group: group.value.code).values():
        for each in same if detail == "full" else same[:MOST_NOTES]:
            draw_note(page, flat_finding(structs.replace(each.value, message=note_line(matrix, each))))
        if detail != "full" and len(same) > MOST_NOTES:
            page.paragraph(f"{len(same) - MOST_NOTES} more of this kind (-v shows all)", indent=4, style="dim")


def note_line(matrix: Matrix, note: Group[Finding]) -> str:
    """The message of *note*, after its cells where these are not all."""
    where, message = listed_cells(matrix, note.targets), note.value.message
    return message if where == EVERY_TARGET or len(matrix.cells) == 1 else f"on {where}: {message}"


def built_once(matrix: Matrix) -> tuple[str, ...]:
    """The projects that cells of *matrix* which install build from source, with their versions."""
    found = (
        f"{package.name} {package.version}"
        for cell in matrix.good
        if cell.plan is not None
        for package in cell.plan.packages
        if package.installability in FROM_SOURCE
    )
    return tuple(dict.fromkeys(found))


def _download(matrix: Matrix, python: str) -> str:
    """How much the targets that install with *python* download: one size or a span, empty where the index gives none."""
    plans = [cell.plan for cell in matrix.good if cell.target.python == python and cell.plan is not None]
    sizes = [[package.size for package in plan.packages] for plan in plans]
    sums = [sum(size or 0 for size in listed) for listed in sizes if listed and None not in listed]
    if not sums:
        return ""
    least, most = size_text(min(sums)), size_text(max(sums))
    return f"It downloads {least if least == most else f'{least} to {most}'}"


def render_matrix_markdown(matrix: Matrix) -> str:
    """Render *matrix* as GitHub-flavoured Markdown, ending in a newline; long lists are folded."""
    blocks = [f"### wheelcheck: {escaped(matrix_verdict(matrix))}", _table(matrix), _legend(matrix)]
    for title, rows in (
        ("What blocks", list(_iter_blockers(matrix))),
        ("What would open them", [escaped(sentence(text)) for text in opening_lines(matrix)]),
        ("Build once, anywhere, without a compiler", [escaped(name) for name in built_once(matrix)]),
        ("Worth knowing", [escaped(sentence(note_line(matrix, each))) for each in group_notes(matrix)]),
        ("What to ship", [escaped(text) for text in matrix_advice(matrix)]),
        ("Without an answer", [escaped(text) for text in failure_lines(matrix)]),
    ):
        if rows:
            more = [f"- and {len(rows) - _ROWS_IN_MARKDOWN} more"] if len(rows) > _ROWS_IN_MARKDOWN else []
            blocks.append("\n".join((f"**{title}**", "", *(f"- {row}" for row in rows[:_ROWS_IN_MARKDOWN]), *more)))
    return "\n\n".join(blocks) + "\n"


def _table(matrix: Matrix) -> str:
    lines = [f"| | {' | '.join(escaped(python) for python in matrix.pythons)} |"]
    lines.append(f"| --- |{' :-: |' * len(matrix.pythons)}")
    for platform in matrix.platforms:
        cells = (matrix.cell(platform, python) for python in matrix.pythons)
        marks = (_MARKS[cell.status][3] if cell is not None else "" for cell in cells)
        lines.append(f"| {escaped(platform)} | {' | '.join(marks)} |")
    return "\n".join(lines)


def _legend(matrix: Matrix) -> str:
    found = {cell.status for cell in matrix.cells}
    return ", ".join(f"{_MARKS[status][3]} {CELL_WORDS[status]}" for status in CellStatus if status in found)


def _iter_blockers(matrix: Matrix) -> Iterator[str]:
    for group in group_blockers(matrix):
        codes = f" ({', '.join(map(linked_code, group.codes))})" if group.codes else ""
        why = f": {escaped(group.why)}" if group.why else ""
        names = escaped(folded(group.names, _NAMES_IN_MARKDOWN))
        yield f"**{names}**{codes}{why}, on {escaped(listed_cells(matrix, group.targets))}"


def matrix_verdict(matrix: Matrix) -> str:
    """The answer of *matrix* in one line: ``Installs on 23 of 40 targets; 17 blocked``."""
    counts = Counter(cell.status for cell in matrix.cells)
    good, total = len(matrix.good), len(matrix.cells) - counts[CellStatus.UNSUPPORTED]
    rest = [
        f"{counts[status]} {CELL_WORDS[status]}"
        for status in (CellStatus.BLOCKED, CellStatus.UNDECIDED, CellStatus.FAILED, CellStatus.UNSUPPORTED)
        if counts[status]
    ]
    built = counts[CellStatus.NEEDS_BUILD]
    builds = f", {'all' if built == good else built} after pure builds" if built else ""
    if total == 1:
        target = next(cell.target for cell in matrix.cells if cell.is_supported)
        line = f"Installs on {target}{builds}" if good else f"Does not install on {target}"
    elif good == total:
        line = f"Installs on all {total} targets{builds}"
    elif good:
        line = f"Installs on {good} of {total} targets{builds}"
    else:
        line = f"Installs on none of {total} targets"
    return "; ".join((line, *rest))


def matrix_advice(matrix: Matrix) -> tuple[str, ...]:
    """Which Python to ship, and why not a newer one: whole sentences, without a full stop; empty where nothing installs."""
    best = matrix.best
    if best is None:
        return ()
    total, several = len(matrix.platforms), len(matrix.pythons) > 1
    lines: list[str] = []
    if several:
        reach = f"all {total} platforms" if len(best.good) == total else f"{len(best.good)} of {total} platforms"
        lines.append(f"Ship Python {best.python}: {_merit(matrix, best.python, reach if total > 1 else best.good[0])}")
        if download := _download(matrix, best.python):
            lines.append(download)
        lines += [f"Python {python} is the newest on which {name} installs" for name, python in best.exceptions]
    if best.never:
        where = joined(best.never)
        lines.append(f"No Python asked for installs on {where}" if several else f"It does not install on {where}")
    return tuple(lines)


def _merit(matrix: Matrix, python: str, reach: str) -> str:
    """Why this Python: the newest that reaches so much, or how it compares with newer ones."""
    installs = Counter(cell.target.python for cell in matrix.good)
    asked = {cell.target.python: cell.target for cell in matrix.cells}
    newer = [
        word
        for word, target in asked.items()
        if (not word.endswith("t") or python.endswith("t")) and target.python_full > asked[python].python_full
    ]
    if not newer:
        return f"it installs on {reach}, and is the newest asked for"
    as_many = [word for word in newer if installs[word] == installs[python]]
    if as_many:
        return f"it installs on {reach}, on more of them without a build than Python {joined(as_many)}"
    return f"it is the newest that installs on {reach}"


def opening_lines(matrix: Matrix) -> tuple[str, ...]:
    """Which repair opens which cells, and where that is proved; then for which none was found; without a full stop."""
    repaired = (_opening(matrix, each, each.repair) for each in matrix.openings if each.repair is not None)
    return (*repaired, *closed_lines(matrix))


def closed_lines(matrix: Matrix) -> tuple[str, ...]:
    """For which cells no repair was found, and whether the search ended before; without a full stop."""
    lines = []
    for searched, end in ((True, ""), (False, " before the search ended")):
        closed = [each for each in matrix.openings if each.repair is None and each.searched is searched]
        targets = [target for each in closed for target in (each.proved, *each.alike)]
        if targets:
            where = listed_cells(matrix, targets)
            lines.append(f"no repair was found{end} for {'any target' if where == EVERY_TARGET else where}")
    return tuple(lines)


def _opening(matrix: Matrix, opening: Opening, repair: Repair) -> str:
    cells = listed_cells(matrix, (opening.proved, *opening.alike))
    first = " and ".join(change(edit, opening.proved) for edit in repair.edits)
    proof = "proved on each" if opening.alike else "proved by resolving again"
    rest = "".join(f"; or {changes(each)} ({each.risk.value} risk)" for each in opening.others)
    return f"{first}: opens {cells} ({repair.risk.value} risk, {proof}){rest}"


def failure_lines(matrix: Matrix) -> tuple[str, ...]:
    """Why cells have neither a plan nor blockers, each reason once with its cells."""
    return tuple(f"{group.value}: {listed_cells(matrix, group.targets)}" for group in group_failures(matrix))
