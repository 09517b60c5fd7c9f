"""Writes ``reports/mutation.md`` of what came of a sample: ``outcomes by room → Markdown``.

``verdicts.toml`` says by hand what each survivor means; one without a verdict is listed as such.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from math import sqrt
from pathlib import Path

from tests.mutation.trying import Outcome

_VERDICTS = Path(__file__).with_name("verdicts.toml")
_TEXT = """# Mutation testing

`python -m tests.mutation --report reports/mutation.md` (extra `mutation`, cosmic-ray's operators) changes one thing of a
room at a time and runs the tests that cover the changed lines, the quickest first, until one fails. Each room's changes were
drawn by chance (seed {seed}), without those inside annotations; what is no Python or the same program after the change is
left out. A change has the tests of some seconds at most, and those of a few folders: one that only slower tests, or tests of
other rooms, notice counts as survived, so the scores are lower bounds. A test that fails without the change as well is not
believed. The interval holds the score of all changes of the room with 95 % (Wilson). What tests by hand killed, or what
changes no answer, is said with the survivor and not counted.

| room | all changes | tried | killed | of them by time-out | survived | score | interval |
|---|---|---|---|---|---|---|---|
{rooms}

{note}
## Survivors

| place | change | verdict |
|---|---|---|
{survivors}
"""
_Z = 1.96  # of a normal distribution: 95 % lie within


def render_report(told: Mapping[str, list[Outcome]], sizes: Mapping[str, int], seed: int) -> str:
    """The table of the rooms, and each survivor with its verdict; *sizes*: all changes of a room."""
    rows = []
    for room, found in told.items():
        killed = sum(bool(each.by) for each in found)
        timed = sum(each.by == "time-out" for each in found)
        low, high = _interval(killed, len(found))
        rows.append(
            f"| {room} | {sizes[room]:,} | {len(found)} | {killed} | {timed} | {len(found) - killed} "
            f"| {100 * killed / len(found):.1f} % | {100 * low:.1f} to {100 * high:.1f} % |"
        )
    said = tomllib.loads(_VERDICTS.read_text())
    verdicts = {(each["file"], " ".join(each["change"].split())): each["verdict"] for each in said.get("survivor", ())}
    survivors = sorted(
        {
            f"| {each.mutant.path}:{each.mutant.begin[0]} | `{each.shown.replace('|', chr(92) + '|')}` "
            f"| {verdicts.get((each.mutant.path, each.shown), 'not looked at')} |"
            for found in told.values()
            for each in found
            if not each.by
        }
    )
    return _TEXT.format(seed=seed, note=said.get("note", ""), rooms="\n".join(rows), survivors="\n".join(survivors))


def _interval(killed: int, count: int) -> tuple[float, float]:
    """Where the share of all changes lies with 95 %, by Wilson's score."""
    share, square = killed / count, _Z * _Z / count
    middle = (share + square / 2) / (1 + square)
    wide = _Z * sqrt(share * (1 - share) / count + square / count / 4) / (1 + square)
    return middle - wide, middle + wide
