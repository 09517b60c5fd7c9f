"""The answers of ``wheels``, versions by targets, and of ``matrix --each-extra``, extras and groups by Pythons; as text, JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.answers import Cell, CellKind, CellStatus, ExtraRow, Matrix, VersionCell, Wheels
from wheelcheck.model.document import SCHEMA_KEY, Count, ProjectName, about, document_of, render_json
from wheelcheck.model.target import Target, TargetName
from wheelcheck.report.page import Detail, Page, Segment, glued, on_page
from wheelcheck.report.wording import blocker_name, listed_cells, spanned
from wheelcheck.texts.words import counted, folded, grouped

_MARKS = {
    CellKind.WHEEL: ("✓", "+", "green", "wheel"),
    CellKind.ABI3: ("✓abi3", "+abi3", "green", "wheel for this Python and newer ones"),
    CellKind.PURE: ("✓any", "+any", "green", "pure wheel"),
    CellKind.SDIST_PURE: ("~src", "~src", "cyan", "source archive only, pure Python"),
    CellKind.SDIST_OPTIONAL: ("~src", "~src", "cyan", "source archive only, builds without a compiler"),
    CellKind.SDIST_NATIVE: ("✗src", "xsrc", "red", "source archive only, needs a compiler"),
    CellKind.SDIST_UNKNOWN: ("?src", "?src", "yellow", "source archive only, not judged"),
    CellKind.REQUIRES_PYTHON: ("py", "py", "yellow", "requires another Python"),
    CellKind.YANKED: ("yank", "yank", "yellow", "withdrawn"),
    CellKind.NOTHING: ("·", ".", "dim", "nothing"),
}
_FAMILIES = {"manylinux": "linux", "musllinux": "musl", "macosx": "macos", "android": "andr.", "pyemscripten": "wasm",
             "emscripten": "wasm"}  # fmt: skip
_MACHINES = {
    "x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "win32": "x86", "i686": "x86", "arm64_v8a": "arm64",
    "armeabi_v7a": "armv7", "arm64_iphoneos": "arm64", "arm64_iphonesimulator": "sim.", "x86_64_iphonesimulator": "sim64",
}  # fmt: skip
_TAG = re.compile(
    r"(?!.{256})(manylinux|musllinux|macosx|win|linux|ios|android|pyemscripten|emscripten)_?(\d+(?:_\d+)*)?_?(\w+)"
)
_WHEELS = frozenset({CellKind.WHEEL, CellKind.ABI3, CellKind.PURE})


@on_page("ascii")
def render_wheels(page: Page, wheels: Wheels, detail: Detail) -> None:
    """Draw *wheels*; several Pythons on several platforms share a table, ``full`` gives each its own."""
    page.paragraph(_headline(wheels), style="bold" if wheels.rows else "bold yellow")
    pythons = dict.fromkeys(target.python for target in wheels.targets)
    if wheels.rows and detail == "brief" and 1 < len(pythons) < len(wheels.targets):
        _table_of_pythons(page, wheels, tuple(pythons))
    elif wheels.rows:
        for title, places in _tables(wheels, page.width):
            page.heading(title)
            _table(page, wheels, places)
        _legend(page, wheels)


def _table_of_pythons(page: Page, wheels: Wheels, pythons: Sequence[str]) -> None:
    """One table of versions by platforms, whose cells name the Pythons that have a wheel."""
    firsts = {target.platform: target for target in wheels.targets}
    heads = heads_of(tuple(firsts.values()))
    rows: list[tuple[str, list[Segment]]] = []
    heading, *leads = _leads(wheels)
    for lead, row in zip(leads, wheels.rows, strict=True):
        by_platform: dict[str, dict[str, CellKind]] = {platform: {} for platform in firsts}
        for target, cell in zip(wheels.targets, row.cells, strict=True):
            by_platform[target.platform][target.python] = cell.kind
        rows.append((lead, [_pythons_with_wheel(page, kinds) for kinds in by_platform.values()]))
    words = (*(text for _, cells in rows for text, _ in cells), *(word for head in heads for word in head))
    wide = max(map(len, words)) + 1
    most = max((page.width - len(heading)) // wide, 1)
    for start in range(0, len(heads), most):
        page.blank()
        _draw_heads(page, heading, heads[start : start + most], wide)
        for lead, cells in rows:
            page.line((lead, ""), *((text.ljust(wide), style) for text, style in cells[start : start + most]))
    plain = 0 if page.has("✓") else 1
    marks = dict.fromkeys(text for _, cells in rows for text, _ in cells)
    known = {each[plain]: each[3] for each in _MARKS.values()}
    known[_MARKS[CellKind.WHEEL][plain]] = "wheels for all of these"
    legend = [glued(f"{mark} {known[mark]}") for mark in marks if mark in known]
    if any(mark not in known for mark in marks):
        legend.append(glued("3.12 a wheel for these Pythons, +t free-threaded too"))
    for number, text in enumerate(legend):
        page.paragraph(text, indent=2, style="dim", apart=number == 0)
    page.paragraph(f"{', '.join(pythons)}; -v shows a table of each", lead=("Python ", "dim"), indent=2, style="dim")
    page.paragraph(", ".join(firsts), lead=("on ", "dim"), indent=2, style="dim")


def _pythons_with_wheel(page: Page, kinds: Mapping[str, CellKind]) -> Segment:
    """The Pythons of *kinds* that have a wheel, a tick for all; where none has, what the newest has instead."""
    plain = 0 if page.has("✓") else 1
    having = [python for python, kind in kinds.items() if kind in _WHEELS]
    if len(having) == len(kinds):
        marks = _MARKS[CellKind.WHEEL]
    elif having:
        usual = [python for python in having if not python.endswith("t")]
        free = "+t" if len(usual) < len(having) else ""
        return (spanned(usual).replace(" to 3.", "-").replace(" to ", "-").replace(", ", ",") + free, "yellow")
    else:
        *_, last = kinds.values()
        marks = _MARKS[last]
    return (marks[plain], marks[2])


def _headline(wheels: Wheels) -> str:
    if not wheels.versions:
        return f"{wheels.package} was not found on any index"
    if not wheels.rows:
        return f"no version of {wheels.package} is within {wheels.requirement}; the index has {wheels.versions}"
    shown = counted(wheels.admitted, "version")
    if wheels.hidden:
        shown = f"{len(wheels.rows)} of {wheels.admitted} versions (-n shows more)"
    return f"{glued(wheels.requirement)}: {shown}, newest first"


def _tables(wheels: Wheels, width: int) -> list[tuple[str, list[int]]]:
    """Titles with their targets: a table for each Python, or for each platform where there is one only."""
    targets = wheels.targets
    platforms = list(dict.fromkeys(target.platform for target in targets))
    room = max((width - len(_leads(wheels)[0])) // _cell_width(wheels), 1)

    def title_of(place: int) -> str:
        return targets[place].platform if len(platforms) == 1 else f"Python {targets[place].python}"

    groups = grouped(range(len(targets)), title_of)
    return [
        (title, places[start : start + room])
        for title, places in groups.items()
        for start in range(0, len(places), room)
    ]


def _leads(wheels: Wheels) -> list[str]:
    """The heading of the first two columns, then version and date of each row."""
    first = max(7, *(len(str(row.version)) for row in wheels.rows))
    words = (("version", "date"), *((str(row.version), row.date or "") for row in wheels.rows))
    return [f"  {version.ljust(first)}  {day.ljust(len('2026-11-21'))}  " for version, day in words]


def _draw_heads(page: Page, heading: str, heads: Sequence[tuple[str, str]], wide: int) -> None:
    for line, lead in enumerate((" " * len(heading), heading)):
        page.line((lead + "".join(head[line].ljust(wide) for head in heads).rstrip(), "dim"))


def _cell_width(wheels: Wheels) -> int:
    heads = [word for head in heads_of(wheels.targets) for word in head]
    marks = [_MARKS[cell.kind][0] for row in wheels.rows for cell in row.cells]
    return max(map(len, (*heads, *marks))) + 1


def _table(page: Page, wheels: Wheels, places: Sequence[int]) -> None:
    heads = heads_of([wheels.targets[place] for place in places])
    if len({target.platform for target in wheels.targets}) == 1:
        heads = [("py", wheels.targets[place].python) for place in places]
    wide = max(_cell_width(wheels), *(len(word) + 1 for head in heads for word in head))
    heading, *leads = _leads(wheels)
    _draw_heads(page, heading, heads, wide)
    plain = 0 if page.has("✓") else 1
    for lead, row in zip(leads, wheels.rows, strict=True):
        marks = (_MARKS[row.cells[place].kind] for place in places)
        page.line((lead, ""), *((mark[plain].ljust(wide), mark[2]) for mark in marks))


def heads_of(targets: Sequence[Target]) -> list[tuple[str, str]]:
    """Two short words for each target; the floor replaces the family where two targets differ by it alone."""
    short = [_head(target.platform) for target in targets]
    pairs = [(family, machine) for family, _, machine in short]
    platforms = {target.platform: pair for target, pair in zip(targets, pairs, strict=True)}
    doubled = {pair for pair in pairs if list(platforms.values()).count(pair) > 1}
    return [
        (floor.replace("_", ".") if floor and (family, machine) in doubled else family, machine)
        for family, floor, machine in short
    ]


def _head(platform: str) -> tuple[str, str, str]:
    if platform == "win32":
        return "win", "", "x86"
    matched = _TAG.fullmatch(platform)
    if matched is None:
        return platform[:5], "", platform[5:10]
    return _FAMILIES.get(matched[1], matched[1]), matched[2] or "", _MACHINES.get(matched[3], matched[3])


def _legend(page: Page, wheels: Wheels) -> None:
    found = {cell.kind for row in wheels.rows for cell in row.cells}
    plain = 0 if page.has("✓") else 1
    legend = "   ".join(glued(f"{marks[plain]} {marks[3]}") for kind, marks in _MARKS.items() if kind in found)
    page.paragraph(legend, indent=2, style="dim", apart=True)
    for platform, floors in _newer_floors(wheels).items():
        text = f"{platform} is too old for some wheels: they are for {', '.join(floors)}"
        page.paragraph(text, indent=2, style="dim")
    platforms = list(dict.fromkeys(target.platform for target in wheels.targets))
    page.paragraph(", ".join(platforms), lead=("on ", "dim"), indent=2, style="dim")


def _newer_floors(wheels: Wheels) -> dict[str, list[str]]:
    """For each platform that lacks wheels only by its age, the tags of those there are."""
    found: dict[str, dict[str, None]] = {}
    for row in wheels.rows:
        for target, cell in zip(wheels.targets, row.cells, strict=True):
            if cell.fact and cell.kind not in (CellKind.REQUIRES_PYTHON, CellKind.YANKED):
                found.setdefault(target.platform, {})[cell.fact] = None
    return {platform: sorted(floors) for platform, floors in found.items()}


class WheelsCellDocument(Struct, frozen=True, kw_only=True):
    """What there is of one version for one target."""

    kind: Annotated[CellKind, about("What the best file is.")]
    file: Annotated[str | None, about("Its name.")]
    fact: Annotated[
        str | None,
        about("What keeps it out: a bound on Python, why it was withdrawn, or the platform tag of newer systems."),
    ]


class WheelsRowDocument(Struct, frozen=True, kw_only=True):
    """One version."""

    version: Annotated[Version, about("The version.")]
    date: Annotated[str | None, about("The day of its first upload, ISO 8601; null where the index does not say.")]
    cells: Annotated[tuple[WheelsCellDocument, ...], about("One for each target, in their order.")]


class WheelsDocument(Struct, frozen=True, kw_only=True):
    """For which targets the versions of a project have wheels."""

    schema: Annotated[Literal["wheelcheck.wheels/1"], SCHEMA_KEY]
    package: Annotated[ProjectName, about("The project.")]
    requirement: Annotated[str, about("What was asked for.")]
    index: Annotated[str | None, about("Where it was found; null where no index knows it.")]
    versions: Annotated[Count, about("How many versions the index has.")]
    admitted: Annotated[Count, about("How many of them the requirement admits.")]
    targets: Annotated[tuple[TargetName, ...], about("The columns.")]
    rows: Annotated[tuple[WheelsRowDocument, ...], about("The versions that are shown, newest first.")]


def render_wheels_json(wheels: Wheels) -> str:
    """Render *wheels* as JSON (schema ``wheelcheck.wheels/1``), the same bytes for the same answer, ending in a newline."""

    def cell_of(cell: VersionCell) -> WheelsCellDocument:
        return WheelsCellDocument(kind=cell.kind, file=cell.filename or None, fact=cell.fact or None)

    rows = tuple(document_of(WheelsRowDocument, row, cells=tuple(map(cell_of, row.cells))) for row in wheels.rows)
    return render_json(
        document_of(
            WheelsDocument,
            wheels,
            schema="wheelcheck.wheels/1",
            index=wheels.index or None,
            targets=tuple(target.name for target in wheels.targets),
            rows=rows,
        )
    ).decode()


_NAMES_IN_BRIEF = 4


@on_page("utf-8")
def render_extras(page: Page, rows: Sequence[ExtraRow], detail: Detail) -> None:
    """Draw *rows* by platforms; a tick stands for every Python that the project supports, and below is what blocks each row."""
    first = rows[0].matrix
    targets = {cell.target.platform: cell.target for cell in first.cells}
    _draw_grid(page, rows, targets)
    for number, part in enumerate(_extras_legend(page, rows, tuple(targets))):
        page.paragraph(part, indent=2, style="dim", apart=number == 0)
    page.paragraph(", ".join(targets), lead=("on ", "dim"), indent=2, style="dim")
    known = {blocker_name(blocker) for blocker in first.blockers}
    page.blank()
    for row in rows:
        blockers = [each for each in row.matrix.blockers if blocker_name(each) not in known or not row.kind]
        for alike in grouped(blockers, lambda each: frozenset(map(str, each.targets))).values():
            most = len(alike) if detail == "full" else _NAMES_IN_BRIEF
            names = folded([glued(blocker_name(each)) for each in alike], most)
            text = f"{names} on {listed_cells(row.matrix, alike[0].targets)}"
            page.paragraph(text, lead=(f"{_no(page)} {row.label}: ", "bold red"), indent=2)


def _yes(page: Page) -> str:
    return "✓" if page.has("✓") else "+"


def _no(page: Page) -> str:
    return "✗" if page.has("✗") else "x"


def _extras_legend(page: Page, rows: Sequence[ExtraRow], platforms: Sequence[str]) -> list[str]:
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
    texts = (*(text for listed in cells.values() for text, _ in listed), *(word for head in heads for word in head))
    room = max(map(len, texts)) + 2
    most = max((page.width - 2 - wide) // room, 1)
    for start in range(0, len(heads), most):
        page.blank()
        for line in (0, 1):
            shown = "".join(head[line].ljust(room) for head in heads[start : start + most])
            page.line((f"  {' ' * wide}{shown.rstrip()}", "dim"))
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

    def cell_of(cell: Cell) -> ExtraCellDocument:
        blockers = sorted({error.package for error in cell.blocking if error.package})
        return document_of(ExtraCellDocument, cell.target, status=cell.status, blockers=tuple(blockers))

    cells = (tuple(map(cell_of, row.matrix.cells)) for row in rows)
    documents = tuple(
        ExtraRowDocument(kind=row.kind or None, name=row.name or None, cells=each)
        for row, each in zip(rows, cells, strict=True)
    )
    return render_json(ExtrasDocument(schema="wheelcheck.extras/1", rows=documents)).decode()
