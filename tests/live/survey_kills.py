"""Kills the client, the scheduler or a worker of a survey at random moments, continues it, and compares the tables.

    python -m tests.live.survey_kills [COUNT [SEED]]

Nothing outside of loopback is asked. Every survey begins anew and is killed once, by SIGKILL, at a moment drawn from the time that
an undisturbed one takes; then it is run again to its end, and its answers have to be those of the undisturbed one. It prints a
Markdown table.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from docs.transcripts import CATALOG
from tests.server.index_server import IndexServer
from tests.server.mode import Mode
from wheelcheck.survey.rows import TABLES
from wheelcheck.survey.tables import load_rows

_WORDS = ("survey", "in", "--platform", "windows,linux", "--python", "3.12", "--no-repair", "--no-progress")
_BOUNDS = ("0", "0.0.1")
_PROGRAM = (sys.executable, "-m", "wheelcheck")
_DASK = (sys.executable, "-m", "distributed.cli")
_LONGEST = 300


def main(count: int, seed: int) -> int:
    """Kill *count* surveys; the status is 1 where one came to other tables."""
    drawn = random.Random(seed)  # noqa: S311 - not for secrets
    outcomes: Counter[tuple[str, bool]] = Counter()
    with tempfile.TemporaryDirectory() as scratch, IndexServer(CATALOG, mode=Mode(latency=0.02)) as server:
        folder = Path(scratch)
        for project in CATALOG:
            for bound in _BOUNDS:
                path = folder / "in" / f"{project.name}-{bound}" / "requirements.txt"
                path.parent.mkdir(parents=True)
                path.write_text(f"{project.name}>{bound}\n", encoding="utf-8")
        environ = os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": server.simple_url, "HOME": scratch}
        began = time.monotonic()
        _run(folder, "undisturbed", environ)
        whole, expected = time.monotonic() - began, _answers(folder / "undisturbed")
        print(f"{len(expected['cells'])} cells; undisturbed {whole:.1f} s\n")
        for number in range(count):
            what = ("client", "worker", "scheduler")[number % 3]
            out = f"killed-{number}"
            _KILLS[what](folder, out, environ, drawn.uniform(0.3, 1.0) * whole)
            ended = _run(folder, out, environ)
            outcomes[what, ended == 0 and _answers(folder / out) == expected] += 1
            print(f"{number + 1}: {what}, {dict(outcomes)}", file=sys.stderr, flush=True)
    print("| killed | times | tables equal |\n|---|---|---|")
    for what in _KILLS:
        good, bad = outcomes[what, True], outcomes[what, False]
        print(f"| {what} | {good + bad} | {good} |")
    return 0 if not any(bad for (_, equal), bad in outcomes.items() if not equal) else 1


def _answers(folder: Path) -> Mapping[str, list[dict[str, object]]]:
    return {
        table: load_rows(folder, table, *row.__struct_fields__) for table, row in TABLES.items() if table != "timings"
    }


def _started(words: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _run(folder: Path, out: str, environ: Mapping[str, str]) -> int:
    words = (*_PROGRAM, *_WORDS, "-o", out, "--workers", "2", "--cache-dir", f"cache-{out}")
    return _started(words, folder, environ).wait(_LONGEST)


def _kill_client(folder: Path, out: str, environ: Mapping[str, str], after: float) -> None:
    """Kill the client, and with it its cluster."""
    running = _started(
        (*_PROGRAM, *_WORDS, "-o", out, "--workers", "2", "--cache-dir", f"cache-{out}"), folder, environ
    )
    time.sleep(after)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _kill_worker(folder: Path, out: str, environ: Mapping[str, str], after: float) -> None:
    """Kill one process below the client (a worker, its child or a nanny's) and let the survey go on as far as it can."""
    running = _started(
        (*_PROGRAM, *_WORDS, "-o", out, "--workers", "2", "--cache-dir", f"cache-{out}"), folder, environ
    )
    time.sleep(after)
    below = psutil.Process(running.pid).children(recursive=True) if running.poll() is None else []
    for each in below[-1:]:
        each.kill()
    _ended(running)


def _kill_scheduler(folder: Path, out: str, environ: Mapping[str, str], after: float) -> None:
    """Kill the scheduler of a cluster of three processes."""
    place = folder / f"{out}.json"
    scheduler = _started(
        (*_DASK[:2], "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(place)),
        folder,
        environ,
    )
    worker = _started(
        (*_DASK[:2], "distributed.cli.dask_worker", "--nthreads", "1", "--nworkers", "2", "--no-dashboard",
         "--scheduler-file", str(place)), folder, environ,
    )  # fmt: skip
    words = (*_PROGRAM, *_WORDS, "-o", out, "--scheduler-file", str(place), "--cache-dir", f"cache-{out}")
    while not place.exists():
        time.sleep(0.1)
    time.sleep(1)
    running = _started(words, folder, environ)
    time.sleep(after)
    os.killpg(scheduler.pid, signal.SIGKILL)
    scheduler.wait()
    _ended(running)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def _ended(running: subprocess.Popen[bytes]) -> None:
    """Wait for the end of *running*; one that waits for a cluster that is gone is killed after a while."""
    try:
        running.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


_KILLS: Mapping[str, Callable[[Path, str, Mapping[str, str], float], None]] = {
    "client": _kill_client,
    "worker": _kill_worker,
    "scheduler": _kill_scheduler,
}

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 54, int(sys.argv[2]) if len(sys.argv) > 2 else 16))
