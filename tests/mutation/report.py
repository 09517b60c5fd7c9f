"""Writes ``reports/mutation.md`` of what came of a sample: ``outcomes by room → Markdown``, a section for each room.

``verdicts/ROOM.toml`` says by hand what each survivor means; one without a verdict is listed as such. The sections of rooms that
were not tried stay as they are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from math import sqrt
from pathlib import Path

from tests.mutation.trying import Outcome

_VERDICTS = Path(__file__).with_name("verdicts")
_TEXT = """# Mutation testing

`python -m tests.mutation --report reports/mutation.md` (extra `mutation`, cosmic-ray's operators) changes one thing of a
room at a time and runs the tests that cover the changed lines, the quickest first, until one fails. Each room's changes were
drawn by chance, by a seed, without those inside annotations; what is no Python or the same program after the change is
left out. A change has the tests of some seconds at most, and those of a few folders: one that only slower tests, or tests of
other rooms, notice counts as survived, so the scores are lower bounds. A test that fails without the change as well is not
believed. The interval holds the score of all changes of the room with 95 % (Wilson). What tests by hand killed, or what
changes no answer, is said with the survivor and counts as survived all the same; a verdict that begins with "equivalent" says
that no test can tell the change, and the second score leaves these out.
"""
_SECTION = """## {room}

| all changes | seed | tried | killed | of them by time-out | survived | score | interval | without equivalent ones |
|---|---|---|---|---|---|---|---|---|
| {row} |

{note}
| place | change that survived | verdict |
|---|---|---|
{survivors}
"""
_Z = 1.96  # of a normal distribution: 95 % lie within


def render_report(told: Mapping[str, list[Outcome]], sizes: Mapping[str, int], seed: int, before: str) -> str:
    """The report with the sections of the rooms in *told*, and those of others in *before*; *sizes*: all changes of a room."""
    sections = {each.partition("\n")[0].strip("# "): each for each in re.split(r"(?m)^(?=## )", before)[1:]}
    sections |= {room: _section(room, found, sizes[room], seed) for room, found in told.items()}
    return "\n".join([_TEXT, *(sections[room].strip() + "\n" for room in sorted(sections))])


def _section(room: str, found: list[Outcome], size: int, seed: int) -> str:
    said = tomllib.loads((_VERDICTS / f"{room}.toml").read_text())
    verdicts = {(each["file"], " ".join(each["change"].split())): each["verdict"] for each in said.get("survivor", ())}
    left = {
        each: verdicts.get((each.mutant.path, " ".join(each.shown.split())), "not looked at")
        for each in sorted(found, key=lambda each: (each.mutant.path, each.mutant.begin, each.shown))
        if not each.by
    }
    killed = len(found) - len(left)
    different = len(found) - sum(verdict.startswith("equivalent") for verdict in left.values())
    low, high = _interval(killed, len(found))
    cells = [
        f"{size:,}",
        seed,
        len(found),
        killed,
        sum(each.by == "time-out" for each in found),
        len(left),
        f"{100 * killed / len(found):.1f} %",
        f"{100 * low:.1f} to {100 * high:.1f} %",
        f"{killed} of {different}, {100 * killed / different:.1f} %",
    ]
    rows = [
        f"| {each.mutant.path}:{each.mutant.begin[0]} | `{each.shown.replace('|', chr(92) + '|')}` | {verdict} |"
        for each, verdict in left.items()
    ]
    return _SECTION.format(
        room=room, row=" | ".join(map(str, cells)), note=said.get("note", ""), survivors="\n".join(rows)
    )


def _interval(killed: int, count: int) -> tuple[float, float]:
    """Where the share of all changes lies with 95 %, by Wilson's score."""
    share, square = killed / count, _Z * _Z / count
    middle = (share + square / 2) / (1 + square)
    wide = _Z * sqrt(share * (1 - share) / count + square / count / 4) / (1 + square)
    return middle - wide, middle + wide
