"""Two surveys of the same inputs, such as those of two nights: what opened, what closed, and who published a wheel.

``tables, tables → SurveyDifference → text | JSON``. A cell is an input on a target; only cells that both surveys have are compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Struct

from wheelcheck.model.document import SCHEMA_KEY, about
from wheelcheck.survey.summary import GOOD
from wheelcheck.survey.tables import load_rows
from wheelcheck.texts.words import counted, folded

_SHOWN = 20
_NAMED = 4
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
        way = (
            "opened" if was == "blocked" and now in GOOD else "closed" if was in GOOD and now == "blocked" else "others"
        )
        blockers = (before if way == "opened" else after).blockers.get(place, {})
        moved[way].append(
            Moved(
                id=place[0], platform=place[1], python=place[2], before=was, after=now, blockers=tuple(sorted(blockers))
            )
        )
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
    found: dict[str, list[tuple[Place, str]]] = defaultdict(list)
    for (place, project), version in after.wheels(blocked).items():
        found[project].append((place, version))
    made = [
        Published(
            project=project,
            before=tuple(sorted({blocked[place][project] for place, _ in cells} - {""})),
            after=tuple(sorted({version for _, version in cells})),
            targets=tuple(sorted({f"{platform}/{python}" for (_, platform, python), _ in cells})),
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
            f"  {each.project} {folded(each.before, _NAMED)} -> {folded(each.after, _NAMED)}: "
            f"{counted(each.cells, 'cell')}, {folded(each.targets, _NAMED)}"
            for each in difference.published[:_SHOWN]
        ]
    for title, cells in (
        ("Opened", difference.opened),
        ("Closed", difference.closed),
        ("Otherwise", difference.others),
    ):
        if cells:
            lines += ["", f"{title}:", *_told(cells)]
    return "\n".join(lines) + "\n"


def _told(cells: tuple[Moved, ...]) -> Iterator[str]:
    """A line for each input and the same change, with the targets."""
    grouped: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for each in cells:
        grouped[each.id, each.before, each.after, each.blockers].append(f"{each.platform}/{each.python}")
    for (name, before, after, blockers), targets in list(grouped.items())[:_SHOWN]:
        why = f" ({folded(blockers, _NAMED)})" if blockers else ""
        yield f"  {name}: {before} -> {after} on {folded(targets, _NAMED)}{why}"
    if len(grouped) > _SHOWN:
        left = Counter(each.id for each in cells)
        yield f"  {len(grouped) - _SHOWN:,} more lines, of {counted(len(left), 'input')} in all; --format json has each cell"
