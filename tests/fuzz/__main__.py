"""``python -m tests.fuzz``: replays a folder of inputs, or makes new ones for some minutes."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.fuzz.children import Ending, ended, read_and_run
from tests.fuzz.disturbing import Counted, disturb
from tests.fuzz.hostile_indexes import Run, iter_names, run_against
from tests.fuzz.kinds import kind_of
from tests.fuzz.making import fuzz


def main(words: list[str] | None = None) -> int:
    """Run the command; 1 where anything ended otherwise than documented."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--replay", type=Path, metavar="FOLDER", help="read every file KIND.N of a folder as its kind")
    parser.add_argument("--minutes", type=float, metavar="N", help="make inputs of every kind for so long")
    parser.add_argument("--kinds", default="", metavar="KIND[,KIND]", help="only these")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="other inputs than those of another number")
    parser.add_argument(
        "--keep", type=Path, default=Path("fuzzed"), metavar="FOLDER", help="for counts and what failed, to be replayed"
    )
    parser.add_argument("--kills", type=int, metavar="N", help="kill so many runs at random moments")
    parser.add_argument("--indexes", type=int, metavar="N", help="plan against so many indexes that misbehave")
    parser.add_argument("--signals", type=int, metavar="N", help="interrupt so many runs at random moments")
    parser.add_argument(
        "--forked", action="store_true", help="start these runs from a process that has loaded the program"
    )
    options = parser.parse_args(words)
    if options.kills or options.signals:
        numbers = (signal.SIGKILL,) if options.kills else (signal.SIGINT, signal.SIGINT, signal.SIGTERM)
        return end_runs(options.kills or options.signals, numbers, options.seed, options.forked)
    if options.indexes:
        return meet_indexes(options.indexes, options.seed)
    if options.replay is not None:
        return replay(options.replay)
    if options.minutes is not None:
        return make(options.minutes, options.seed, options.keep, [word for word in options.kinds.split(",") if word])
    parser.print_help()
    return 2


def make(minutes: float, seed: int, keep: Path, kinds: list[str]) -> int:
    """Make inputs and tell the counts."""
    counts = fuzz(minutes, seed, keep, kinds)
    for name, count in counts.items():
        print(f"{name:32} {count.inputs:9,} inputs {count.seconds:7.0f} s  {count.faults or ''}")
    print(f"{sum(count.inputs for count in counts.values()):,} inputs")
    return 1 if any(count.faults for count in counts.values()) else 0


def end_runs(count: int, numbers: tuple[signal.Signals, ...], seed: int, forked: bool) -> int:
    """End runs by signals and tell what came of it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what it runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    found = Counted()
    with suppress(KeyboardInterrupt):  # what was counted until then is told
        disturb(count, numbers, seed, found=found, forked=forked)
    seconds = sorted(found.seconds)
    print(f"{sum(found.ends.values())} ends ({found.ends}), {found.early} of them after the answer")
    print(f"left within {seconds[len(seconds) // 2]:.3f} s (median), {seconds[len(seconds) * 99 // 100]:.3f} s (99 %)")
    print(f"{sum(each > 0.3 for each in seconds)} took longer than 0.3 s")
    print(f"{len(found.wrong)} wrong", *found.wrong, sep="\n")
    return 1 if found.wrong else 0


def meet_indexes(count: int, seed: int) -> int:
    """Plan against hostile indexes in an order of chance, and tell how the runs ended."""
    names = list(iter_names())
    random.Random(seed).shuffle(names)  # noqa: S311 - no secret
    runs: list[Run] = []
    for words in names[:count]:
        runs.append(run := run_against(*words))
        print(f"{run.name:48} {run.status:4} {run.seconds:6.2f} s {run.memory / 1e6:6.0f} MB  {run.wrong}", flush=True)
    print(f"{len(runs)} runs, by status {dict(sorted(Counter(run.status for run in runs).items()))}")
    print(
        f"at most {max(run.seconds for run in runs):.1f} s of the processor, {max(run.memory for run in runs) / 1e6:.0f} MB"
    )
    print(f"{sum(bool(run.wrong) for run in runs)} wrong")
    return 1 if any(run.wrong for run in runs) else 0


def replay(folder: Path) -> int:
    """Give every file of *folder* to the reader and the commands of its kind, each in a child; tells the faults."""
    faults = 0
    files = sorted(each for each in folder.iterdir() if each.is_file())
    for file in files:
        name = file.name.rpartition(".")[0]
        kind = kind_of(name)
        content = file.read_bytes()
        began = time.monotonic()
        ending = (
            Ending("died", f"no reader is known for the kind {name!r}")
            if kind is None
            else ended(lambda kind=kind, content=content: read_and_run(kind, content))  # type: ignore[misc]
        )
        faults += bool(ending.fault)
        print(f"{file.name:32} {time.monotonic() - began:6.2f} s  {ending.fault or 'as documented'}", flush=True)
        if ending.text:
            print(ending.text)
    print(f"{len(files)} inputs, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
