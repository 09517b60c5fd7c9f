"""What a page shows, as one value: every answer is told in these words, and the template draws nothing else.

Texts are as packages and indexes gave them; the template escapes them. ``cells`` are numbers of cells of the grid, from 0: a part
of the page that holds on some targets only names them, and choosing a cell hides what does not hold there.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Tone = Literal["good", "build", "bad", "unsure", "none"]
Cells = tuple[int, ...]


class Fact(Struct, frozen=True, kw_only=True):
    """A *label* and what stands beside it: an input with its hash, the day, an index."""

    label: str
    text: str
    more: str = ""


class GridCell(Struct, frozen=True, kw_only=True):
    """One target: its *tone*, the *word* for how it came out and the *detail* that is read with it."""

    number: int
    target: str
    tone: Tone
    word: str
    detail: str = ""


class Grid(Struct, frozen=True, kw_only=True):
    """Platforms by Pythons; ``None`` where a target was not asked for. ``legend`` has each word once, with its tone."""

    pythons: tuple[str, ...]
    rows: tuple[tuple[str, tuple[GridCell | None, ...]], ...]
    legend: tuple[tuple[Tone, str], ...]


class Reason(Struct, frozen=True, kw_only=True):
    """One finding about a subject; ``lines`` are labels with texts: evidence, who wants it, where wheels are.

    *link* leads to the page of the documentation that explains *code*, where there is one.
    """

    code: str
    link: str = ""
    title: str
    message: str
    cells: Cells
    lines: tuple[tuple[str, str], ...] = ()


class Subject(Struct, frozen=True, kw_only=True):
    """A project, or a fact of the input, with its findings; ``reach`` is on how many of the targets it holds."""

    name: str
    tone: Tone
    state: str
    cells: Cells
    reach: int
    of: int
    reasons: tuple[Reason, ...]


class Patch(Struct, frozen=True, kw_only=True):
    """The change of the user's files as a unified diff; where there is none, *refused* says why."""

    text: str = ""
    refused: str = ""


class Card(Struct, frozen=True, kw_only=True):
    """One repair: its changes, risk and reasons, what it gives, and the command that applies it."""

    id: str
    changes: tuple[str, ...]
    risk: str
    opens: str
    proof: str
    cells: Cells
    command: str
    facts: tuple[tuple[str, str], ...] = ()
    grounds: tuple[tuple[str, str, str], ...] = ()
    """The risk, the sentence and the quoted place of each reason."""
    patch: Patch = Patch()


class Package(Struct, frozen=True, kw_only=True):
    """One version of a project, with the targets that install it."""

    name: str
    version: str
    kind: str
    tone: Tone
    wanted_by: str
    size: str
    cells: Cells


class Node(Struct, frozen=True, kw_only=True):
    """A box of the drawing: its middle left is at (*x*, *y*)."""

    label: str
    x: float
    y: float
    width: float
    kind: Literal["asked", "between", "blocker"]
    cells: Cells


class Line(Struct, frozen=True, kw_only=True):
    """A line from box to box, as the ``d`` of an SVG path."""

    path: str
    cells: Cells


class Graph(Struct, frozen=True, kw_only=True):
    """The ways from the requirements to the blockers, drawn; *left_out* says what found no room."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    left_out: str = ""


class Tile(Struct, frozen=True, kw_only=True):
    """A rectangle of a treemap in its own units; *label* is empty where it has no room."""

    x: float
    y: float
    width: float
    height: float
    label: str
    size: str
    title: str


class Treemap(Struct, frozen=True, kw_only=True):
    """The sizes of what some targets download, as areas."""

    heading: str
    tiles: tuple[Tile, ...]
    cells: Cells


class AllowanceRow(Struct, frozen=True, kw_only=True):
    """A finding that somebody lives with, and how long yet."""

    subject: str
    left: str
    tone: Tone
    reason: str
    place: str


class ChangeRow(Struct, frozen=True, kw_only=True):
    """A project before and after."""

    kind: str
    tone: Tone
    name: str
    before: str
    after: str
    remark: str
    cells: Cells


class HtmlPage(Struct, frozen=True, kw_only=True):
    """Everything that a page shows, in its order; ``rest`` is what the verdict says after its first clause."""

    title: str
    verdict: str
    rest: str = ""
    tone: Tone
    facts: tuple[Fact, ...] = ()
    advice: tuple[str, ...] = ()
    grid: Grid | None = None
    changes: tuple[ChangeRow, ...] = ()
    subjects: tuple[Subject, ...] = ()
    graph: Graph | None = None
    cards: tuple[Card, ...] = ()
    unopened: tuple[str, ...] = ()
    allowances: tuple[AllowanceRow, ...] = ()
    milder: tuple[Subject, ...] = ()
    treemaps: tuple[Treemap, ...] = ()
    packages: tuple[Package, ...] = ()
    notes: tuple[str, ...] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """What stands in one place of a table: a *link* within the site, a *key* that it is sorted by where that is a number."""

    text: str
    link: str = ""
    key: float | None = None
    tone: Tone | None = None


class Listing(Struct, frozen=True, kw_only=True):
    """A table that can be searched and sorted; the first entry of a row names it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    hint: str = ""


class BarPart(Struct, frozen=True, kw_only=True):
    """A part of a bar, which begins at *start* and is *share* wide, both of 1; *word* is read with it."""

    tone: Tone
    word: str
    start: float
    share: float


class Bar(Struct, frozen=True, kw_only=True):
    """How the inputs come out on one target."""

    label: str
    parts: tuple[BarPart, ...]


class BoardCell(Struct, frozen=True, kw_only=True):
    """One target of a board: the share that installs, and the page that tells more."""

    text: str
    title: str
    tone: Tone
    link: str


class BoardGrid(Struct, frozen=True, kw_only=True):
    """Platforms by Pythons; ``None`` where a target was not asked for."""

    pythons: tuple[str, ...]
    rows: tuple[tuple[str, tuple[BoardCell | None, ...]], ...]


class Board(Struct, frozen=True, kw_only=True):
    """A page of a survey, in its order; *up* leads to the page for the whole."""

    title: str
    verdict: str
    tone: Tone
    rest: str = ""
    advice: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    up: str = ""
    grid: BoardGrid | None = None
    bars: tuple[Bar, ...] = ()
    legend: tuple[tuple[Tone, str], ...] = ()
    listings: tuple[Listing, ...] = ()
    notes: tuple[str, ...] = ()
