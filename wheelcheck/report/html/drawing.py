"""Places boxes and rectangles: the layered drawing of the ways to the blockers, and treemaps of sizes. Knows no answer.

``ways → Graph``: layers by the longest way, order within a layer by the mean place of the neighbours (Sugiyama's method, which
networkx has not, and for which no maintained library in pure Python was found). ``sizes → rectangles``: squarified rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from wheelcheck.report.html.page import Cells, Graph, Line, Node
from wheelcheck.texts.words import counted

if TYPE_CHECKING:
    import networkx

_MOST_NODES = 40
_SWEEPS = 6
_LETTER, _PADDING = 7.0, 20.0  # the widest common letter of the font in use, so that no label sticks out
_ROW, _HEIGHT, _GAP, _MARGIN = 40.0, 28.0, 56.0, 8.0
_LONGEST = 34
Way = tuple[tuple[str, ...], Cells]
"""The steps from the user's requirement to a blocker, and the cells on which they are taken."""
Rectangle = tuple[float, float, float, float]


def draw_ways(ways: Iterable[Way]) -> Graph | None:
    """The drawing of *ways*, those of the worst blocker first; ``None`` for none. What finds no room is counted."""
    import networkx

    graph: networkx.DiGraph[Any] = networkx.DiGraph()
    blockers: set[str] = set()
    hidden = 0
    # The shortest way of each blocker comes before the second of any.
    for steps, cells in _in_turns(ways):
        new = [step for step in steps if step not in graph]
        if len(graph) + len(new) > _MOST_NODES or _closes_circle(graph, steps):
            hidden += 1
            continue
        blockers.add(steps[-1])
        for step in steps:
            graph.add_node(step)
            graph.nodes[step].setdefault("cells", set()).update(cells)
        for pair in pairwise(steps):
            graph.add_edge(*pair)
            graph.edges[pair].setdefault("cells", set()).update(cells)
    if not graph:
        return None
    left_out = f"{counted(hidden, 'further way')} not drawn" if hidden else ""
    return _placed(graph, blockers, left_out)


def _in_turns(ways: Iterable[Way]) -> list[Way]:
    merged: dict[tuple[str, ...], set[int]] = {}
    for steps, cells in ways:
        if steps:
            merged.setdefault(steps, set()).update(cells)
    rank: dict[str, int] = {}
    ordered: list[tuple[int, int, Way]] = []
    for number, steps in enumerate(sorted(merged, key=len)):
        turn = rank[steps[-1]] = rank.get(steps[-1], -1) + 1
        ordered.append((turn, number, (steps, tuple(sorted(merged[steps])))))
    return [way for _, _, way in sorted(ordered)]


def _closes_circle(graph: networkx.DiGraph[Any], steps: Sequence[str]) -> bool:
    import networkx

    tried: networkx.DiGraph[Any] = networkx.DiGraph(graph)
    networkx.add_path(tried, steps)
    return not networkx.is_directed_acyclic_graph(tried)


def _placed(graph: networkx.DiGraph[Any], blockers: set[str], left_out: str) -> Graph:
    layers = _layers(graph)
    _uncross(graph, layers)
    tallest = max(map(len, layers))
    places: dict[str, tuple[float, float, float]] = {}
    x = _MARGIN
    for layer in layers:
        widths = {name: len(_short(name)) * _LETTER + _PADDING for name in layer}
        for position, name in enumerate(layer):
            y = _MARGIN + _HEIGHT / 2 + (position + (tallest - len(layer)) / 2) * _ROW
            places[name] = (x, y, widths[name])
        x += max(widths.values()) + _GAP
    nodes = tuple(
        Node(
            label=_short(name),
            x=place[0],
            y=place[1],
            width=place[2],
            kind="blocker" if name in blockers else "asked" if graph.in_degree(name) == 0 else "between",
            cells=tuple(sorted(graph.nodes[name]["cells"])),
        )
        for name, place in places.items()
    )
    lines = tuple(
        Line(path=_curve(places[start], places[end]), cells=tuple(sorted(graph.edges[start, end]["cells"])))
        for start, end in graph.edges
    )
    return Graph(
        width=x - _GAP + _MARGIN,
        height=2 * _MARGIN + (tallest - 1) * _ROW + _HEIGHT,
        nodes=nodes,
        lines=lines,
        left_out=left_out,
    )


def _layers(graph: networkx.DiGraph[Any]) -> list[list[str]]:
    import networkx

    depth: dict[str, int] = {}
    for name in networkx.topological_sort(graph):
        depth[name] = max((depth[before] + 1 for before in graph.predecessors(name)), default=0)
    return [[name for name in graph if depth[name] == number] for number in range(max(depth.values()) + 1)]


def _uncross(graph: networkx.DiGraph[Any], layers: list[list[str]]) -> None:
    """Order each of *layers* by where the neighbours stand, to and fro, so that fewer lines cross."""
    for sweep in range(_SWEEPS):
        neighbours = graph.predecessors if sweep % 2 == 0 else graph.successors
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            stands = {name: number / len(each) for each in layers for number, name in enumerate(each)}
            mean = {name: _mean([stands[other] for other in neighbours(name)], stands[name]) for name in layer}
            layer.sort(key=mean.__getitem__)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def _curve(start: tuple[float, float, float], end: tuple[float, float, float]) -> str:
    left, right = start[0] + start[2], end[0]
    bend = max((right - left) / 2, _GAP / 2)
    return f"M{left:g} {start[1]:g}C{left + bend:g} {start[1]:g} {right - bend:g} {end[1]:g} {right:g} {end[1]:g}"


def squarified(sizes: Mapping[str, int], width: float, height: float) -> dict[str, Rectangle]:
    """A rectangle (x, y, width, height) for each of *sizes*, largest first, whose area is its share of *width* by *height*."""
    total = sum(sizes.values())
    left = [(name, size * width * height / total) for name, size in sizes.items() if size]
    placed: dict[str, Rectangle] = {}
    x = y = 0.0
    while left:
        side = min(width, height)
        row = [left[0]]
        while len(row) < len(left) and _worst([*row, left[len(row)]], side) <= _worst(row, side):
            row.append(left[len(row)])
        thick = sum(area for _, area in row) / side
        along = 0.0
        for name, area in row:
            length = area / thick
            across = width >= height
            placed[name] = (x, y + along, thick, length) if across else (x + along, y, length, thick)
            along += length
        if width >= height:
            x, width = x + thick, max(width - thick, 1e-6)
        else:
            y, height = y + thick, max(height - thick, 1e-6)
        left = left[len(row) :]
    return placed


def _worst(row: Sequence[tuple[str, float]], side: float) -> float:
    """The ratio of the sides of the longest rectangle of *row* along *side*."""
    areas = [area for _, area in row]
    total = sum(areas)
    return max(side * side * max(areas) / total**2, total**2 / (side * side * min(areas)))
