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
room at a time and runs the tests that cover the changed lines until one fails: first some that run most of the file, then the
quickest. Each room's changes were drawn by chance, by a seed, without those inside annotations; what is no Python or the same
program after the change is left out. A change has the tests of some seconds at most, and those of a few folders: one that only
slower tests, or tests of other rooms, notice counts as survived, so the scores are lower bounds. A test that fails without the
change as well is not believed. The interval holds the score of all changes of the room with 95 % (Wilson). What tests by hand
killed, or what changes no answer, is said with the survivor and counts as survived all the same; a verdict that begins with
"equivalent" says that no test can tell the change, and the second score leaves these out.
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
_ONE_OBJECT = re.compile(r" (==|!=|is not|is) (None|[A-Z]\w*\.[A-Z][A-Z_0-9]*)\b")
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
        each: verdicts.get((each.mutant.path, " ".join(each.shown.split())), _by_kind(each.shown) or "not looked at")
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


def _by_kind(shown: str) -> str:
    """The verdict on a change that no test can tell whatever it stands in; empty for any other."""
    same = _ONE_OBJECT.sub(lambda found: f" {'is not' if found[1] in ('!=', 'is not') else 'is'} {found[2]}", shown[1:])
    is_same = any(same[: at.start()].split() == same[at.end() :].split() for at in re.finditer(r" \+", same))
    if re.sub(r"kw_only=(?:True|False)", "", shown).count("class ") == 2 and "kw_only=False" in shown:
        return "equivalent: whoever makes one names its fields"
    return "equivalent: None and the members of an enumeration are one object each" if is_same else ""


def _interval(killed: int, count: int) -> tuple[float, float]:
    """Where the share of all changes lies with 95 %, by Wilson's score."""
    share, square = killed / count, _Z * _Z / count
    middle = (share + square / 2) / (1 + square)
    wide = _Z * sqrt(share * (1 - share) / count + square / count / 4) / (1 + square)
    return middle - wide, middle + wide
