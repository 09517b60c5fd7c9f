"""What the tables say: how many inputs install where, what blocks most, and which few projects would open most.

``tables → Summary``. The last is greedy maximum coverage (Nemhauser, Wolsey, Fisher 1978): the project whose wheels open the most
cells comes first, then the one that opens the most of the rest. A cell opens once each of its blockers has a wheel. The choice is
made twice: of all blocked cells, and of those that no repair opens, which are left to whoever applies the repairs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Set
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from wheelcheck.survey.tables import load_rows

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
    blocked = {
        key: frozenset(blocking[key])
        for row in cells
        if row["status"] == "blocked"
        for key in [(row["question"], row["platform"], row["python"])]
    }
    repaired = {
        (row["question"], row["platform"], row["python"]) for row in rows("repairs", "question", "platform", "python")
    } & blocked.keys()
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
        good, asked = (
            sum(counted.get(status, 0) for status in GOOD),
            sum(counted.values()) - counted.get("unsupported", 0),
        )
        blockers = ", ".join(f"{project or 'a clash'} {count:,}" for project, count in each.blockers[:_NAMED])
        others = ", ".join(
            f"{count:,} {status}" for status, count in each.statuses if status in ("undecided", "failed")
        )
        repaired = f", {good + each.repaired:,} with repairs" if each.repaired else ""
        lines.append(
            f"  {each.platform} {each.python}: {good:,} of {asked:,} install{repaired}"
            + (f"; {others}" if others else "")
        )
        if blockers:
            lines.append(f"    first blockers: {blockers}")
    for head, projects in (
        ("If these published wheels, in this order:", summary.freeing),
        ("And where the repairs are applied:", summary.freeing_beside_repairs if summary.repaired else ()),
    ):
        if projects:
            lines += ["", head, *(f"  {each.project}: {each.cells:,} more cells" for each in projects)]
    return "\n".join(lines) + "\n"


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
            blockers=_most(blockers[platform, python]),
        )
        for (platform, python), counted in sorted(statuses.items())
    ]


def _most(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:_SHOWN])


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
