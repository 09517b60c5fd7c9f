"""What the tables say: how many inputs install where, what blocks most, and which few projects would open most.

``tables → Summary``. The last is greedy maximum coverage (Nemhauser, Wolsey, Fisher 1978): the project whose wheels open the most
cells comes first, then the one that opens the most of the rest. A cell opens once each of its blockers has a wheel. The choice is
made twice: of all blocked cells, and of those that no repair opens, which are left to whoever applies the repairs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Struct

from wheelcheck.model.document import SCHEMA_KEY, about
from wheelcheck.survey.tables import load_rows
from wheelcheck.texts.words import counted, folded, grouped

_SHOWN = 10
_NAMED = 5
GOOD = frozenset({"installs", "needs-build"})


class TargetCount(Struct, frozen=True, kw_only=True):
    """Of one target how many inputs have which status, and the projects that block most, with how many inputs each blocks.

    *repaired* is how many of the blocked ones have a repair.
    """

    platform: str
    python: str
    statuses: tuple[tuple[str, int], ...]
    repaired: int
    blockers: tuple[tuple[str, int], ...]


class Freed(Struct, frozen=True, kw_only=True):
    """A project that is to publish wheels, and how many cells that opens once those before it have."""

    project: str
    cells: int


class Summary(Struct, frozen=True, kw_only=True):
    """The counts by target, and the projects whose wheels would open most of *blocked* cells; *repaired* have a repair.

    *freeing_beside_repairs* are those whose wheels would open most of the cells that have none.
    """

    inputs: int
    cells: int
    blocked: int
    repaired: int
    targets: tuple[TargetCount, ...]
    freeing: tuple[Freed, ...]
    freeing_beside_repairs: tuple[Freed, ...]


def summarize(folder: Path) -> Summary:
    """Count the finished tables in *folder*; every input counts, however many ask the same."""
    rows = partial(load_rows, folder)
    askers = Counter(row["question"] for row in rows("inputs", "question") if row["question"])
    cells = [row for row in rows("cells", "question", "platform", "python", "status") if row["question"] in askers]
    blocking: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows("findings", "question", "platform", "python", "severity", "package"):
        if row["severity"] == "error":
            blocking[row["question"], row["platform"], row["python"]].add(row["package"] or "")
    keys = ((row["question"], row["platform"], row["python"]) for row in cells if row["status"] == "blocked")
    blocked = {key: frozenset(blocking[key]) for key in keys}
    repairs = rows("repairs", "question", "platform", "python")
    repaired = {(row["question"], row["platform"], row["python"]) for row in repairs} & blocked.keys()
    return Summary(
        inputs=sum(askers.values()),
        cells=sum(askers[row["question"]] for row in cells),
        blocked=sum(askers[key[0]] for key in blocked),
        repaired=sum(askers[key[0]] for key in repaired),
        targets=tuple(_targets(cells, blocked, repaired, askers)),
        freeing=tuple(freeing(blocked, askers)),
        freeing_beside_repairs=tuple(freeing(blocked, askers, repaired)),
    )


def render_summary(summary: Summary) -> str:
    """*summary* for a screen, ending in a newline."""
    lines = [
        f"{summary.inputs:,} inputs, {summary.cells:,} cells: {summary.blocked:,} blocked, "
        f"{summary.repaired:,} of them with a repair",
        "",
    ]
    for each in summary.targets:
        counted = dict(each.statuses)
        good, asked = share(counted)
        blockers = ", ".join(f"{project or 'a clash'} {count:,}" for project, count in each.blockers[:_NAMED])
        others = ", ".join(f"{counted[status]:,} {status}" for status in ("failed", "undecided") if status in counted)
        repaired = f", {good + each.repaired:,} with repairs" if each.repaired else ""
        line = f"  {each.platform} {each.python}: {good:,} of {asked:,} install{repaired}"
        lines.append(f"{line}; {others}" if others else line)
        if blockers:
            lines.append(f"    first blockers: {blockers}")
    for head, projects in (
        ("If these published wheels, in this order:", summary.freeing),
        ("And where the repairs are applied:", summary.freeing_beside_repairs if summary.repaired else ()),
    ):
        if projects:
            lines += ["", head, *(f"  {each.project}: {each.cells:,} more cells" for each in projects)]
    return "\n".join(lines) + "\n"


def share(statuses: Mapping[str, int]) -> tuple[int, int]:
    """How many of *statuses* are good, of how many that are supported."""
    return sum(statuses.get(word, 0) for word in GOOD), sum(statuses.values()) - statuses.get("unsupported", 0)


def _targets(
    cells: list[dict[str, Any]],
    blocked: Mapping[tuple[str, str, str], frozenset[str]],
    repaired: Set[tuple[str, str, str]],
    askers: Mapping[str, int],
) -> list[TargetCount]:
    opened: Counter[tuple[str, str]] = Counter()
    for question, *of in repaired:
        opened[of[0], of[1]] += askers[question]
    statuses: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    blockers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in cells:
        target = row["platform"], row["python"]
        statuses[target][row["status"]] += askers[row["question"]]
        for project in blocked.get((row["question"], *target), ()):
            blockers[target][project] += askers[row["question"]]
    return [
        TargetCount(
            platform=platform,
            python=python,
            statuses=tuple(sorted(counted.items())),
            repaired=opened[platform, python],
            blockers=tuple(sorted(blockers[platform, python].items(), key=lambda each: (-each[1], each[0]))[:_SHOWN]),
        )
        for (platform, python), counted in sorted(statuses.items())
    ]


def freeing(
    blocked: Mapping[tuple[str, str, str], frozenset[str]],
    askers: Mapping[str, int],
    repaired: Collection[tuple[str, str, str]] = (),
) -> list[Freed]:
    """The projects to ask for wheels, best first: each opens the most cells of those that are still blocked.

    Cells that are *repaired* are none of them.

    A project that opens nothing alone may still be half of what a cell needs; where no single one opens a cell, the one that is
    among the blockers of most cells is taken, so that the next can open them.
    """
    left = {
        key: set(projects)
        for key, projects in blocked.items()
        if projects and "" not in projects and key not in repaired
    }
    found: list[Freed] = []
    while left and len(found) < _SHOWN:
        opens: Counter[str] = Counter()
        bears: Counter[str] = Counter()
        for key, projects in left.items():
            for project in projects:
                bears[project] += askers[key[0]]
                opens[project] += askers[key[0]] if len(projects) == 1 else 0
        best = min(bears, key=lambda project: (-opens[project], -bears[project], project))
        found.append(Freed(project=best, cells=opens[best]))
        for projects in left.values():
            projects.discard(best)
        left = {key: projects for key, projects in left.items() if projects}
    return found


_LINES = 20
_FOLDED = 4
Place = tuple[str, str, str]
"""An input, a platform and a Python."""


class Moved(Struct, frozen=True, kw_only=True):
    """A cell that came out otherwise."""

    id: Annotated[str, about("The input.")]
    platform: Annotated[str, about("The platform.")]
    python: Annotated[str, about("The Python.")]
    before: Annotated[str, about("The status in the old survey.")]
    after: Annotated[str, about("The status in the new survey.")]
    blockers: Annotated[tuple[str, ...], about("What blocks it: before, where it opened; now, where it closed.")]


class Published(Struct, frozen=True, kw_only=True):
    """A project that blocked cells in the old survey and is installed from a wheel in them now."""

    project: Annotated[str, about("The project.")]
    before: Annotated[tuple[str, ...], about("The versions that had no wheel.")]
    after: Annotated[tuple[str, ...], about("The versions that are installed now.")]
    targets: Annotated[tuple[str, ...], about("Where, as platform/Python.")]
    cells: Annotated[int, about("How many cells.")]


class SurveyDifference(Struct, frozen=True, kw_only=True):
    """What differs between two surveys; *others* are cells that became or were undecided, failed or unsupported."""

    schema: Annotated[Literal["wheelcheck.survey-diff/1"], SCHEMA_KEY]
    compared: Annotated[int, about("Cells that both surveys have.")]
    came: Annotated[tuple[str, ...], about("Inputs of the new survey alone.")]
    gone: Annotated[tuple[str, ...], about("Inputs of the old survey alone.")]
    opened: Annotated[tuple[Moved, ...], about("Cells that were blocked and install now.")]
    closed: Annotated[tuple[Moved, ...], about("Cells that installed and are blocked now.")]
    others: Annotated[tuple[Moved, ...], about("Cells whose status differs in another way.")]
    published: Annotated[tuple[Published, ...], about("Who published, most cells first.")]


class _Side:
    """One survey, by cells."""

    def __init__(self, folder: Path) -> None:
        rows = partial(load_rows, folder)
        self.ids: dict[str, list[str]] = defaultdict(list)
        for row in rows("inputs", "id", "question"):
            self.ids[row["question"]].append(row["id"])
        self.status: dict[Place, str] = {
            place: row["status"]
            for row in rows("cells", "question", "platform", "python", "status")
            for place in self._places(row)
        }
        self.blockers: dict[Place, dict[str, str]] = defaultdict(dict)
        for row in rows("findings", "question", "platform", "python", "severity", "package", "version"):
            if row["severity"] == "error" and row["package"]:
                for place in self._places(row):
                    self.blockers[place][row["package"]] = row["version"] or ""
        self._rows = rows

    def _places(self, row: Mapping[str, Any]) -> Iterator[Place]:
        for each in self.ids.get(row["question"], ()):
            yield each, row["platform"], row["python"]

    def wheels(self, wanted: Mapping[Place, Iterable[str]]) -> dict[tuple[Place, str], str]:
        """The version of each project of *wanted* that its cell installs from a wheel."""
        columns = ("question", "platform", "python", "name", "version", "installability")
        return {
            (place, row["name"]): row["version"]
            for row in self._rows("packages", *columns)
            if row["installability"] == "wheel"
            for place in self._places(row)
            if row["name"] in wanted.get(place, ())
        }


def compare_surveys(old: Path, new: Path) -> SurveyDifference:
    """What differs between the finished surveys in the folders *old* and *new*. Raises ``InputUnreadable``."""
    before, after = _Side(old), _Side(new)
    both = sorted(before.status.keys() & after.status.keys())
    moved: dict[str, list[Moved]] = defaultdict(list)
    for place in both:
        was, now = before.status[place], after.status[place]
        if was == now or (was in GOOD and now in GOOD):
            continue
        way = "closed" if was in GOOD and now == "blocked" else "others"
        if was == "blocked" and now in GOOD:
            way = "opened"
        blockers = tuple(sorted((before if way == "opened" else after).blockers.get(place, {})))
        name, platform, python = place
        moved[way].append(Moved(id=name, platform=platform, python=python, before=was, after=now, blockers=blockers))
    ids = [{each for asking in side.ids.values() for each in asking} for side in (before, after)]
    return SurveyDifference(
        schema="wheelcheck.survey-diff/1",
        compared=len(both),
        came=tuple(sorted(ids[1] - ids[0])),
        gone=tuple(sorted(ids[0] - ids[1])),
        opened=tuple(moved["opened"]),
        closed=tuple(moved["closed"]),
        others=tuple(moved["others"]),
        published=_published({place: before.blockers[place] for place in both if place in before.blockers}, after),
    )


def _published(blocked: Mapping[Place, Mapping[str, str]], after: _Side) -> tuple[Published, ...]:
    found = grouped(after.wheels(blocked).items(), lambda item: item[0][1])
    made = [
        Published(
            project=project,
            before=tuple(sorted({blocked[place][project] for (place, _), _ in cells} - {""})),
            after=tuple(sorted({version for _, version in cells})),
            targets=tuple(sorted({f"{platform}/{python}" for ((_, platform, python), _), _ in cells})),
            cells=len(cells),
        )
        for project, cells in found.items()
    ]
    return tuple(sorted(made, key=lambda each: (-each.cells, each.project)))


def render_difference(difference: SurveyDifference) -> str:
    """*difference* for a screen, ending in a newline."""
    lines = [
        f"{counted(difference.compared, 'cell')} in both surveys: {len(difference.opened):,} opened, "
        f"{len(difference.closed):,} closed, {len(difference.others):,} otherwise"
    ]
    if difference.came or difference.gone:
        lines.append(f"{counted(len(difference.came), 'input')} came, {len(difference.gone):,} went")
    if difference.published:
        lines += ["", "Who published:"]
        lines += [
            f"  {each.project} {folded(each.before, _FOLDED)} -> {folded(each.after, _FOLDED)}: "
            f"{counted(each.cells, 'cell')}, {folded(each.targets, _FOLDED)}"
            for each in difference.published[:_LINES]
        ]
    opened, closed, others = difference.opened, difference.closed, difference.others
    for title, cells in (("Opened", opened), ("Closed", closed), ("Otherwise", others)):
        if cells:
            lines += ["", f"{title}:", *_told(cells)]
    return "\n".join(lines) + "\n"


def _told(cells: tuple[Moved, ...]) -> Iterator[str]:
    """A line for each input and the same change, with the targets."""
    alike = grouped(cells, lambda each: (each.id, each.before, each.after, each.blockers))
    for (name, before, after, blockers), same in list(alike.items())[:_LINES]:
        targets = [f"{each.platform}/{each.python}" for each in same]
        why = f" ({folded(blockers, _FOLDED)})" if blockers else ""
        yield f"  {name}: {before} -> {after} on {folded(targets, _FOLDED)}{why}"
    if len(alike) > _LINES:
        inputs = counted(len({each.id for each in cells}), "input")
        yield f"  {len(alike) - _LINES:,} more lines, of {inputs} in all; --format json has each cell"
