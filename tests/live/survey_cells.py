"""Compares random cells of a finished survey of projects with ``wheelcheck plan``, asked for each alone.

    python -m tests.live.survey_cells SURVEY [COUNT] [OPTION...]

The options are those with which the survey was made. It prints a row of a Markdown table for each cell, and how many are equal: the
status, and the packages with their files.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

from wheelcheck.survey.tables import load_rows

_STATUS = {"installable": "installs", "needs-build": "needs-build", "blocked": "blocked", "undecided": "undecided"}
_SEED = 16


def main(survey: Path, count: int, options: list[str]) -> int:
    """Compare *count* cells; the status is 1 where one differs."""
    names = {row["question"]: row["id"] for row in load_rows(survey, "inputs", "id", "question")}
    cells = load_rows(survey, "cells", "question", "platform", "python", "status")
    chosen = random.Random(_SEED).sample(cells, count)  # noqa: S311 - not for secrets
    files: dict[tuple[str, str, str], set[str]] = {}
    for row in load_rows(survey, "packages", "question", "platform", "python", "name", "version", "filename"):
        place = (row["question"], row["platform"], row["python"])
        files.setdefault(place, set()).add(f"{row['name']} {row['version']} {row['filename']}")
    equal = 0
    print("| project | target | survey | plan | packages | equal |\n|---|---|---|---|---|---|")
    for row in chosen:
        place = (row["question"], row["platform"], row["python"])
        words = ["plan", names[row["question"]], "--platform", row["platform"], "--python", row["python"], "--json"]
        ended = subprocess.run(
            [sys.executable, "-m", "wheelcheck", *words, *options], capture_output=True, text=True, check=False
        )
        plan = json.loads(ended.stdout)
        planned = {
            f"{each['name']} {each['version']} {(each.get('file') or {}).get('filename')}" for each in plan["packages"]
        }
        status = _STATUS[plan["status"]]
        same = status == row["status"] and planned == files.get(place, set())
        equal += same
        told = (names[row["question"]], f"{row['platform']} {row['python']}", row["status"], status)
        print(f"| {' | '.join(told)} | {len(planned)} | {'yes' if same else 'no'} |", flush=True)
    print(f"\n{equal} of {count} cells are equal.")
    return 0 if equal == count else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30, sys.argv[3:]))
