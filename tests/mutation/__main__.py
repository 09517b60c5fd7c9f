"""``python -m tests.mutation``: changes one thing of a room at a time, in a copy of this clone, and sees whether a test fails.

Needs the extra ``mutation``. The first run notes which tests run which lines; later ones go on where one was ended.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from tests.mutation.mutants import Mutant, drawn
from tests.mutation.report import render_report
from tests.mutation.trying import Outcome, Recording, Trying

ROOMS = ["resolver", "findings", "index", "repairs"]
_ROOT = Path(__file__).parents[2]
_TESTS = ["resolver", "findings", "index", "repairs", "indexes", "scenarios", "property", "api"]
# Not the tests of large inputs: with lines noted they take minutes, and they would come last of all.
_PLAIN = [
    *(
        "-q",
        "-s",
        "-p",
        "no:cacheprovider",
        "-o",
        "tmp_path_retention_policy=none",
        "--ignore=tests/resolver/test_hard.py",
    ),
    "--deselect=tests/resolver/test_passes.py::test_chain_of_1200_projects_is_resolved",
]


def main() -> int:
    """Draw, try and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--rooms", default=",".join(ROOMS), metavar="ROOM[,ROOM]")
    parser.add_argument(
        "--tests", default=",".join(_TESTS), metavar="FOLDER[,FOLDER]", help="where tests are taken from"
    )
    parser.add_argument("--count", type=int, default=100, metavar="N", help="changes of each room")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="other changes than those of another number")
    parser.add_argument(
        "--budget", type=float, default=20, metavar="SECONDS", help="tests of so many seconds for each change"
    )
    parser.add_argument(
        "--kept", type=Path, default=Path("mutation"), metavar="FOLDER", help="for what was noted, and the copy"
    )
    parser.add_argument("--tell", action="store_true", help="try nothing more, and tell what was tried")
    parser.add_argument("--again", action="store_true", help="try again what survived")
    parser.add_argument(
        "--record", default="", metavar="TESTS", help="note only which lines these run: a folder or files"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what came of it")
    parser.add_argument("--in-copy", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    kept = options.kept.resolve()
    if not options.in_copy:
        kept.mkdir(parents=True, exist_ok=True)
        _copy(kept / "copy")
        words = [*sys.argv[1:], "--in-copy", "--kept", str(kept)]
        if options.report:
            words += ["--report", str(options.report.resolve())]
        (kept / "temporary").mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DEBUG_TEMPROOT": str(kept / "temporary"),  # other runs of pytest on this machine tidy the usual one
        }
        command = [sys.executable, "-m", "tests.mutation", *words]
        return subprocess.run(command, cwd=kept / "copy", env=environment, check=False).returncode
    rooms = options.rooms.split(",")
    if options.record:
        return pytest.main([*_PLAIN, *options.record.split(",")], plugins=[Recording(Path.cwd(), ROOMS, kept)])
    for each in [] if options.tell else options.tests.split(","):
        # Each in a process of its own: what was noted of the others is not lost when one is ended.
        if not (kept / f"{each}.json").exists():
            command = [sys.executable, "-m", "tests.mutation", *sys.argv[1:], "--record", f"tests/{each}"]
            subprocess.run(command, check=False)
    outcomes = _load_outcomes(kept)
    changes = {room: drawn(Path.cwd(), room, options.seed, kept) for room in rooms}
    if not options.tell:
        noted = [kept / f"{each}.json" for each in options.tests.split(",")]
        mutants = [each for every in changes.values() for each in _sample(every, options.count, outcomes)]
        left = [each for each in mutants if each not in outcomes or (options.again and not outcomes[each].by)]
        _try(left, outcomes, noted, options.budget)
    told = {room: [outcomes[each] for each in every if each in outcomes] for room, every in changes.items()}
    for room, found in told.items():
        print(f"{room}: {len(found)} tried, killed {sum(bool(each.by) for each in found)}")
    if options.report:
        sizes = {room: len(every) for room, every in changes.items()}
        before = options.report.read_text() if options.report.exists() else ""
        options.report.write_text(
            render_report({room: each for room, each in told.items() if each}, sizes, options.seed, before)
        )
    return 0


def _copy(folder: Path) -> None:
    """Bring the copy to the state of this clone, with what is not committed."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=_ROOT,
        capture_output=True,
        check=True,
    )
    shutil.rmtree(folder, ignore_errors=True)
    for name in names.stdout.decode().split("\0"):
        if name and (_ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(_ROOT / name, folder / name)


def _sample(everything: list[Mutant], count: int, outcomes: Mapping[Mutant, Outcome]) -> list[Mutant]:
    """The first *count* changes after which it is Python, and another program."""
    there = (each for each in everything if each in outcomes or each.applied(Path(each.path).read_text()) is not None)
    return list(islice(there, count))


def _load_outcomes(kept: Path) -> dict[Mutant, Outcome]:
    file = kept / "outcomes.jsonl"
    lines = file.read_bytes().splitlines() if file.exists() else []
    return {each.mutant: each for each in (msgspec.json.decode(line, type=Outcome) for line in lines)}


def _try(left: list[Mutant], outcomes: dict[Mutant, Outcome], noted: list[Path], budget: float) -> None:
    random.Random(1).shuffle(left)  # noqa: S311 - no secret; so that an ended run has some of every room
    counted: Counter[bool] = Counter()

    def told(outcome: Outcome) -> None:
        outcomes[outcome.mutant] = outcome
        counted[bool(outcome.by)] += 1
        with (noted[0].parent / "outcomes.jsonl").open("ab") as written:
            written.write(msgspec.json.encode(outcome) + b"\n")
        place = f"{outcome.mutant.path}:{outcome.mutant.begin[0]}"
        sys.stderr.write(
            f"{counted.total()}/{len(left)} {outcome.seconds:6.1f} s {place} {outcome.shown} | {outcome.by or 'SURVIVED'}\n"
        )

    if left:
        trying = Trying(left, noted, budget, told)
        pytest.main([*_PLAIN, *trying.files], plugins=[trying])


if __name__ == "__main__":
    sys.exit(main())
