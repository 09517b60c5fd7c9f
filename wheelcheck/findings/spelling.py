"""Finds the projects that a misspelt name was likely meant to be, among given names and those that ship; asks no index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.utils import NormalizedName

from wheelcheck.knowledge.loading import load_importing, load_well_known

_LONG = 6
"""Names of so many letters may differ in two places, shorter ones in one: too many short names are near each other."""


def near_projects(name: NormalizedName, asked: Iterable[NormalizedName]) -> tuple[NormalizedName, ...]:
    """The projects that *name* was likely meant to be, best first: *asked* are other names of the question, then well-known ones.

    The project whose module is imported under *name*, and those that differ in separators or in a customary part (``py``,
    ``python-``); where there are none, those within one or two slips of the finger. Costs about 50 ms.
    """
    known = tuple(dict.fromkeys((*asked, *load_well_known())))
    importing = load_importing().get(name.replace("-", "_")) or load_importing().get(name.replace("-", "."))
    found = [importing] if importing is not None else []
    customary = frozenset(_customary(name))
    found += [each for each in known if each != name and each.replace("-", "") in customary]
    if found:
        return tuple(dict.fromkeys(found))
    most = 2 if len(name) >= _LONG else 1
    near = ((distance, each) for each in known if (distance := slips(name, each, most)) <= most)
    return tuple(each for _, each in sorted(near, key=lambda pair: pair[0]))


def _customary(name: str) -> Iterator[str]:
    bare = name.replace("-", "")
    for part in ("python", "py"):
        yield bare
        yield f"{part}{bare}"
        yield f"{bare}{part}"
        yield bare.removeprefix(part)
        yield bare.removesuffix(part)


def slips(first: str, second: str, most: int) -> int:
    """How many letters have to be put in, left out, replaced or swapped with their neighbour; ``most + 1`` where it is more.

    Source: the optimal string alignment distance.
    """
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, letter in enumerate(first, 1):
        earlier, before, row = before, row, [at]
        for place, other in enumerate(second, 1):
            cost = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (letter != other))
            if at > 1 and place > 1 and letter == second[place - 2] and first[at - 2] == other:
                cost = min(cost, earlier[place - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
