"""Kills the client, a worker and the scheduler of surveys at random moments, continues them, and compares the tables.

    python -m tests.live.survey_kills [COUNT [SEED]]

Nothing outside of loopback is asked. A scheduler and two workers are there, each a process of its own. Every survey begins anew
and is killed by SIGKILL in each way, in a random order, at moments drawn from the seconds that an undisturbed one takes; in between
it is run again, at last to its end. Its answers have to be those of the undisturbed one. It prints a Markdown table.
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
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import psutil

from docs.transcripts import CATALOG
from tests.server.index_server import IndexServer
from tests.server.mode import Mode
from wheelcheck.survey.tables import TABLES, load_rows

_WORDS = ("survey", "in", "--platform", "windows,linux", "--python", "3.12", "--no-repair", "--no-progress")
_WAYS = ("client", "worker", "scheduler")
_PROGRAM = (sys.executable, "-m", "wheelcheck")
_LONGEST = 300


def main(count: int, seed: int) -> int:
    """Kill surveys *count* times; the status is 1 where one came to other tables."""
    drawn = random.Random(seed)  # noqa: S311 - not for secrets
    killed: Counter[str] = Counter()
    surveys = equal = 0
    with tempfile.TemporaryDirectory() as scratch, IndexServer(CATALOG, mode=Mode(latency=0.02)) as server:
        folder = Path(scratch)
        for number, names in enumerate(product((project.name for project in CATALOG), repeat=3)):
            path = folder / "in" / f"{number:04}" / "requirements.txt"
            path.parent.mkdir(parents=True)
            path.write_text("".join(f"{name}>0.0.{number}\n" for name in sorted({*names})), encoding="utf-8")
        environ = os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": server.simple_url, "HOME": scratch}
        cluster = _Cluster(folder, environ)
        try:
            began = time.monotonic()
            running = cluster.survey("undisturbed")
            if running.wait(_LONGEST) != 0:
                raise RuntimeError("the undisturbed survey failed")
            whole, expected = time.monotonic() - began, _answers(folder / "undisturbed")
            print(f"{len(expected['cells'])} cells; undisturbed {whole:.1f} s\n", flush=True)
            while killed.total() < count:
                out = f"killed-{surveys}"
                for what in drawn.sample(_WAYS, len(_WAYS)):
                    running, began = cluster.survey(out), time.monotonic()
                    try:
                        running.wait(drawn.uniform(0.1, 0.9) * whole)
                        whole = time.monotonic() - began  # the first one has waited for the cluster to start
                        break
                    except subprocess.TimeoutExpired:
                        cluster.kill(what, running, drawn)
                    _ended(running)
                    killed[what] += 1
                ended = cluster.survey(out).wait(_LONGEST)
                surveys += 1
                equal += ended == 0 and _answers(folder / out) == expected
                print(f"{surveys} surveys, {equal} equal, {dict(killed)}", file=sys.stderr, flush=True)
        finally:
            cluster.end()
    print("| killed | times |\n|---|---|")
    for what, times in sorted(killed.items()):
        print(f"| {what} | {times} |")
    print(f"\n{equal} of {surveys} surveys came to the tables of the undisturbed one.")
    return 0 if equal == surveys else 1


def _answers(folder: Path) -> Mapping[str, list[dict[str, object]]]:
    return {
        table: load_rows(folder, table, *row.__struct_fields__) for table, row in TABLES.items() if table != "timings"
    }


def _started(words: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


class _Cluster:
    """A scheduler and a nanny with two workers, which are started again where they are gone."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._place = folder / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []

    def survey(self, out: str) -> subprocess.Popen[bytes]:
        """The running survey into *out*."""
        if not self._processes:
            self._start()
        words = (*_PROGRAM, *_WORDS, "-o", out, "--scheduler-file", str(self._place), "--cache-dir", f"cache-{out}")
        return _started((*words, "--store", f"store-{out}"), self._folder, self._environ)

    def kill(self, what: str, client: subprocess.Popen[bytes], drawn: random.Random) -> None:
        """Kill the *client*, a process of the workers (a worker or the child that answers), or the scheduler."""
        if what == "client":
            os.killpg(client.pid, signal.SIGKILL)
        elif what == "worker":
            below = [
                each
                for each in psutil.Process(self._processes[1].pid).children(recursive=True)
                if "resource_tracker" not in " ".join(each.cmdline())
            ]
            drawn.choice(below).kill()
        else:
            self.end()

    def end(self) -> None:
        """Kill all."""
        for each in self._processes:
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()
        self._processes = []

    def _start(self) -> None:
        self._place.unlink(missing_ok=True)
        shared = ("--no-dashboard", "--scheduler-file", str(self._place))
        self._processes = [
            _started((sys.executable, "-m", f"distributed.cli.{program}", *shared, *more), self._folder, self._environ)
            for program, more in (
                ("dask_scheduler", ("--port", "0")),
                ("dask_worker", ("--nthreads", "1", "--nworkers", "2")),
            )
        ]
        while not self._place.exists():
            time.sleep(0.1)
        from distributed import Client

        with Client(scheduler_file=str(self._place), timeout=60) as client:
            client.wait_for_workers(2, timeout=120)


def _ended(running: subprocess.Popen[bytes]) -> None:
    """Wait for the end of *running*; one that waits for a cluster that is gone is killed after a while."""
    try:
        running.wait(_LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 54, int(sys.argv[2]) if len(sys.argv) > 2 else 16))
