"""Runs one command and says what it took: seconds on the clock and on the processors, and peak memory; judges nothing.

The process that measures must stay small: a child starts as its parent's image, whose size the system counts as the child's peak.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from msgspec import Struct

_TAIL = 300


class Sample(Struct, frozen=True, kw_only=True):
    """What a run took: *wall* and *cpu* (user and system, the children's too) in seconds, *peak* memory in MiB.

    *status* is the exit status, negative for a signal; *said* the end of what it wrote to stderr.
    """

    wall: float
    cpu: float
    peak: float
    status: int
    said: str = ""


class Spread(Struct, frozen=True, kw_only=True):
    """The least, the median and the most of some runs."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of at least one value."""
        ordered = sorted(values)
        return cls(least=ordered[0], middle=median(ordered), most=ordered[-1])


def measure(words: Sequence[str], *, environ: Mapping[str, str], folder: Path, limit: float) -> Sample:
    """Run *words* in *folder* and wait, at most *limit* seconds: then its whole process group is killed."""
    errors = folder / "stderr.txt"
    with errors.open("wb") as stderr, Path(os.devnull).open("wb") as nowhere:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(words), cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL, stdout=nowhere, stderr=stderr,
            start_new_session=True,
        )  # fmt: skip
        watch = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        watch.start()
        _, raw, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        watch.cancel()
        process.returncode = os.waitstatus_to_exitcode(raw)
    return Sample(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024),
        status=process.returncode,
        said=errors.read_text(encoding="utf-8", errors="replace")[-_TAIL:].strip(),
    )


def summed(samples: Sequence[Sample]) -> Sample:
    """Runs one after the other as one: times added, the highest peak, the first status that is not 0."""
    return Sample(
        wall=sum(each.wall for each in samples),
        cpu=sum(each.cpu for each in samples),
        peak=max(each.peak for each in samples),
        status=next((each.status for each in samples if each.status), 0),
        said=next((each.said for each in samples if each.status), ""),
    )
