"""Measures surveys of a made-up organisation on a loopback index: time, processors, memory and requests by inputs and workers.

    python -m tests.live.survey_scale [INPUTS/WORKERS|INPUTS/MACHINESm...] [--write]

The inputs and their index are those of ``tests/survey/population.py``; the index waits 20 ms before each answer, and nothing
outside of loopback is asked. Each run begins with nothing: no cache, no store, no cluster. Without words it makes three runs, of
5,000 and of 10,000 inputs with one worker and of 10,000 with two; on an idle machine with two cores that takes some eight minutes.
It prints a Markdown table, the ratios, and its own duration; ``--write`` puts them into reports/survey.md, under "Growth".

The search for the answer of a cell ends after 10 seconds, so that one input whose pins clash deeply does not hide all the others.

``600/4m`` is a survey of 600 inputs on four machines: a scheduler, and workers that share nothing but it and a store, each a
process with a home and thus a cache of its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
from msgspec import Struct

from tests.survey.population import load_index, texts_of

ROOT = Path(__file__).parents[2]
_TARGETS = ("--platform", "windows,alpine", "--python", "3.12,3.13")
_SEARCH = ("--no-repair", "--max-seconds", "10")
_LATENCY = 0.02
_RUNS = ((5_000, "1"), (10_000, "1"), (10_000, "2"))
_ROLES = ("client", "scheduler", "workers", "children")
_HEAD = (
    "inputs", "workers", "questions", "cells", "seconds", *(f"{role} CPU s" for role in _ROLES), *(f"{role} MB" for role in _ROLES),
    "requests", "page requests per project", "index kB per input",
)  # fmt: skip


class Run(Struct, frozen=True, kw_only=True):
    """What a survey of *inputs* with *workers* cost: seconds of CPU and the largest process (MB) by role, and the index.

    A scheduler of *machines* is a process of its own; otherwise it is a thread of the client.
    """

    inputs: int
    workers: int
    machines: bool
    questions: int
    cells: int
    seconds: float
    cpu: dict[str, float]
    largest: dict[str, float]
    served: dict[str, float]

    @property
    def row(self) -> str:
        """A row of the table."""
        workers = f"{self.workers} machines" if self.machines else self.workers
        told = (
            f"{self.inputs:,}", workers, f"{self.questions:,}", f"{self.cells:,}", f"{self.seconds:.1f}",
            *(f"{self.cpu[role]:.1f}" for role in _ROLES), *(f"{self.largest[role]:.0f}" for role in _ROLES),
            f"{self.served['requests']:,}", f"{self.served['page_requests'] / self.served['pages']:.3f}",
            f"{self.served['bytes'] / self.inputs / 1000:.1f}",
        )  # fmt: skip
        return f"| {' | '.join(map(str, told))} |"


class _Index:
    """The index, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._line()

    def counted(self) -> dict[str, float]:
        """What it has answered since it was last asked so."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, float] = json.loads(self._line())
        return found

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def _served() -> Iterator[_Index]:
    words = [sys.executable, "-m", "tests.survey.population", "serve", str(_LATENCY)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield _Index(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


@contextmanager
def _machines(count: int, folder: Path, environ: dict[str, str]) -> Iterator[dict[int, str]]:
    """A scheduler, whose file is ``scheduler.json`` in *folder*, and *count* workers, each with a home; their roles by process."""
    from distributed import Client

    shared = ("--scheduler-file", str(folder / "scheduler.json"), "--no-dashboard")
    roles: dict[int, str] = {}
    with ExitStack() as stack:
        for number in range(count + 1):
            program, more = ("scheduler", ("--port", "0")) if not number else ("worker", ("--nthreads", "1"))
            (home := folder / f"machine{number}").mkdir()
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{program}", *shared, *more],
                cwd=home, env=environ | {"HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.terminate)
            roles[process.pid] = "scheduler" if not number else "workers"
            while not number and not (folder / "scheduler.json").exists():
                time.sleep(0.1)
        with Client(scheduler_file=folder / "scheduler.json") as client:
            client.wait_for_workers(count, timeout=120)
        yield roles


def _run(texts: list[str], workers: int, index: _Index, *, machines: bool) -> Run:
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        rows = (json.dumps({"id": f"r{number}", "text": text}) for number, text in enumerate(texts))
        Path(scratch, "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
        environ = os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index.url, "HOME": scratch}
        words = [sys.executable, "-m", "wheelcheck", "survey", "in.jsonl", "-o", "out", *_TARGETS, *_SEARCH]
        roles: dict[int, str] = {}
        if machines:
            roles = stack.enter_context(_machines(workers, Path(scratch), environ))
            words += ["--scheduler-file", "scheduler.json", "--store", f"{scratch}/store"]
        else:
            words += ["--workers", str(workers)]
        index.counted()
        began = time.monotonic()
        running = subprocess.Popen(words, cwd=scratch, env=environ, stdout=subprocess.PIPE, text=True)
        cpu, largest = _watched(running, roles | {running.pid: "client"})
        seconds = time.monotonic() - began
        said = running.stdout.read() if running.stdout is not None else ""
        found = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) (?:distinct|cells)", said)]
    if running.returncode != 0 or len(found) < 2:
        raise RuntimeError(f"the survey of {len(texts)} inputs failed: {said[-500:]}")
    return Run(
        inputs=len(texts), workers=workers, machines=machines, questions=found[0], cells=found[1], seconds=seconds, cpu=cpu,
        largest=largest, served=index.counted(),
    )  # fmt: skip


def _watched(running: subprocess.Popen[str], roles: dict[int, str]) -> tuple[dict[str, float], dict[str, float]]:
    """Until *running* ends: the seconds of CPU of all processes of a role, and the MB of the largest of them.

    *roles* are those of the processes that are known, whose children are workers or answer.
    """
    seconds: dict[tuple[str, int], float] = {}
    largest = dict.fromkeys(_ROLES, 0.0)
    tops = [psutil.Process(pid) for pid in roles]
    while running.poll() is None:
        try:
            for each in [each for top in tops for each in (top, *top.children(recursive=True))]:
                role = roles.get(each.pid, "workers")
                if "wheelcheck.survey.answering" in each.cmdline():
                    role = "children"
                used = each.cpu_times()
                seconds[role, each.pid] = used.user + used.system
                largest[role] = max(largest[role], each.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.5)
    return {role: sum(used for (of, _), used in seconds.items() if of == role) for role in _ROLES}, largest


def _render(runs: list[Run], minutes: float) -> str:
    lines = [f"| {' | '.join(_HEAD)} |", "|" + "---|" * len(_HEAD), *(run.row for run in runs), ""]
    by_size = {(run.inputs, run.workers): run for run in runs if not run.machines}
    for (inputs, workers), run in by_size.items():
        if half := by_size.get((inputs // 2, workers)):
            ratio = run.seconds / half.seconds
            lines.append(f"- {inputs:,} inputs take {ratio:.2f} times as long as {half.inputs:,} (goal: at most 1.6).")
        if workers > 1 and (one := by_size.get((inputs, 1))):
            ratio = one.seconds / run.seconds
            lines.append(
                f"- {workers} workers are {ratio:.2f} times as fast as one on {inputs:,} inputs (goal: at least 1.7)."
            )
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    lines.append(f"- Load average at the end {loads}, on {os.cpu_count()} cores; the runs took {minutes:.1f} minutes.")
    return "\n".join(lines) + "\n"


def _write(text: str) -> None:
    """Put *text* under the heading of the growth in the report."""
    path = ROOT / "reports" / "survey.md"
    command = "`python -m tests.live.survey_scale --write`"
    head = f"## Growth\n\n{command}, {datetime.now(UTC).date()}; `tests/survey/population.py` says what the inputs are.\n\n"
    before = path.read_text(encoding="utf-8")
    after = re.sub(r"## Growth\n.*?(?=\n## |\Z)", lambda _: head + text, before, flags=re.DOTALL)
    path.write_text(after, encoding="utf-8")


def main(words: list[str]) -> None:
    """Make the runs that *words* name, or the three."""
    pairs = [word.partition("/") for word in words if word != "--write"]
    asked = [(int(inputs), workers or "1") for inputs, _, workers in pairs] or [*_RUNS]
    began = time.monotonic()
    texts = texts_of(load_index(), max(inputs for inputs, _ in asked))
    runs = []
    with _served() as index:
        for inputs, workers in asked:
            count, is_apart = int(workers.removesuffix("m")), workers.endswith("m")
            runs.append(_run(texts[:inputs], count, index, machines=is_apart))
            print(runs[-1].row, file=sys.stderr, flush=True)
    text = _render(runs, (time.monotonic() - began) / 60)
    print(text)
    if "--write" in words:
        _write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
