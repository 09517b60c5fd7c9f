"""Runs work in a child process within limits of time and memory, and tells how it ended: ``work → Ending``. POSIX only."""

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NoReturn

import msgspec
from msgspec import Struct

from tests.fuzz.kinds import Kind, WrongStatus, run_commands
from wheelcheck.errors import WheelcheckError

SECONDS, MEMORY = 10.0, 1024**3
Fault = Literal["", "traceback", "hang", "memory", "wrong status", "died"]


class Ending(Struct, frozen=True):
    """How a piece of work ended: without a *fault*, or with one and its *text*; *number* is the input of a batch that it met."""

    fault: Fault = ""
    text: str = ""
    number: int = 0


def ended(work: Callable[[], None], *, seconds: float = SECONDS, memory: int = MEMORY) -> Ending:
    """Do *work* in a child that has so many seconds and bytes."""

    def one(start: int) -> Iterator[tuple[int, Callable[[], None]]]:
        if start == 0:
            yield 0, work

    return next(iter(faults_of(one, seconds=seconds, memory=memory)), Ending())


def faults_of(
    works: Callable[[int], Iterator[tuple[int, Callable[[], None]]]], *, seconds: float = SECONDS, memory: int = MEMORY
) -> list[Ending]:
    """The faults of all *works*, which are those from a number on, each with its own number.

    One child does them one after the other; after a work that ends the child, another goes on with the next.
    """
    found: list[Ending] = []
    start = 0
    with mmap.mmap(-1, 8) as place:
        while start >= 0:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                _work(works(start), place, writing, seconds, memory)
            os.close(writing)
            with open(reading, "rb") as told:  # noqa: PTH123
                lines = told.read().splitlines()
            _, status = os.waitpid(child, 0)
            found += [msgspec.json.decode(line, type=Ending) for line in lines]
            start = -1
            if os.WIFSIGNALED(status) or os.WEXITSTATUS(status):
                number = int.from_bytes(place[:8], "little")
                found.append(Ending(*_death(status), number))
                start = number + 1
    return found


def _death(status: int) -> tuple[Fault, str]:
    if not os.WIFSIGNALED(status):
        return "died", f"the process left with {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    return ("hang", "") if number in (signal.SIGALRM, signal.SIGPROF) else ("died", signal.Signals(number).name)


def _work(
    works: Iterator[tuple[int, Callable[[], None]]], place: mmap.mmap, writing: int, seconds: float, memory: int
) -> NoReturn:
    status = 1
    try:
        memory += _held()
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        os.environ["PIP_CONFIG_FILE"] = os.devnull
        for number, work in works:
            place[:8] = number.to_bytes(8, "little")
            # What is counted is the time of the processor, for the machine may be busy; who waits gets six times as much.
            signal.setitimer(signal.ITIMER_PROF, seconds)
            signal.setitimer(signal.ITIMER_REAL, 6 * seconds)
            fault, text = _fault(work)
            if fault:
                os.write(writing, msgspec.json.encode(Ending(fault, text[:2_000], number)) + b"\n")
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        status = 0
    finally:
        os._exit(status)


def _held() -> int:
    """The bytes of data that the process has already: those of whoever started the child."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[5]) * resource.getpagesize()
    except OSError:
        return 0


def _fault(work: Callable[[], None]) -> tuple[Fault, str]:
    try:
        work()
    except WheelcheckError:
        return "", ""
    except WrongStatus as problem:
        return "wrong status", str(problem)
    except MemoryError:
        return "memory", traceback.format_exc(limit=-4)
    except BaseException:
        return "traceback", traceback.format_exc(limit=-6)
    return "", ""


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A new folder, and the current one as long as it is there; in memory where the system has such a place."""
    before = Path.cwd()
    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if memory.is_dir() else None))
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)
        shutil.rmtree(folder, ignore_errors=True)


def read(kind: Kind, content: bytes, folder: Path) -> None:
    """Give *content* to the reader of *kind*, and empty *folder* again."""
    try:
        kind.read(content, folder)
    finally:
        for each in os.scandir(folder):
            if each.is_dir(follow_symlinks=False):
                shutil.rmtree(each.path, ignore_errors=True)
            else:
                os.unlink(each.path)  # noqa: PTH108


def read_and_run(kind: Kind, content: bytes) -> None:
    """Give *content* to the reader of *kind* and to its commands."""
    with scratch() as folder:
        with contextlib.suppress(WheelcheckError):
            read(kind, content, folder)
        run_commands(kind, content, folder)
