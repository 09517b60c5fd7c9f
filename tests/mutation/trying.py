"""Tries changes against the tests that cover them: ``mutants → outcomes``. A plugin of pytest, run in a copy of the clone.

``Recording`` notes once, for each test, the lines of the rooms that it runs and its seconds. ``Trying`` collects all tests once and
forks for each change: the child puts the changed code into the functions that are loaded, runs the tests of those lines, the
quickest first, and ends at the first that fails. A change outside of functions is written to the file, and a fresh interpreter
tries it.
"""

from __future__ import annotations

import gc
import importlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType

import coverage
import msgspec
import pytest
from msgspec import Struct

from tests.mutation.mutants import Mutant

_FUNCTION = 0x1  # CO_OPTIMIZED: the code of a function, not of a module or class
_MOST_MEMORY = 6 * 2**30
_NEAR = 12  # lines
_LONGEST = 20  # seconds for a test, beside ten times what it takes otherwise
_ENDED_BY_TIME = (signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL)
# What they compare is made when a module is loaded, so they run none of its lines.
_OF_WHOLE_MODULES = (
    "tests/model/test_values.py",
    "tests/findings/test_boundaries.py::test_rules_whose_errors_keep_an_outcome_from_being_installed",
)
_Key = tuple[str, str, int, bytes]


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one change: ``by`` is the test that failed, or why the change is killed otherwise; empty where it survived."""

    mutant: Mutant
    shown: str
    by: str
    tests: int
    seconds: float


class Noted(Struct, frozen=True, kw_only=True):
    """How long a test took, in seconds, and the lines that it ran, by file."""

    seconds: float
    lines: dict[str, list[int]]


class Recording:
    """Runs all tests and notes which run which lines of *rooms*, and how long each takes; one that fails is left out."""

    def __init__(self, folder: Path, rooms: list[str], kept: Path) -> None:
        self.seconds: dict[str, float] = {}
        self._folder = folder
        self._kept = kept
        self._unfit: set[str] = set()
        self._coverage = coverage.Coverage(
            data_file=None, include=[f"{folder}/wheelcheck/{room}/*" for room in rooms], config_file=False
        )

    def pytest_sessionstart(self) -> None:
        """Begin before the modules of the rooms are loaded."""
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note under the name of each test."""
        self._coverage.switch_context(item.nodeid)
        began = time.perf_counter()
        result = yield
        if item.nodeid not in self._unfit:
            self.seconds[item.nodeid] = time.perf_counter() - began
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep what was noted, under the name of the first of the tests' files or folders."""
        self._coverage.stop()
        data = self._coverage.get_data()
        lines: dict[str, dict[str, list[int]]] = defaultdict(dict)
        for path in data.measured_files():
            for line, names in data.contexts_by_lineno(path).items():
                for name in names:
                    lines[name].setdefault(str(Path(path).relative_to(self._folder)), []).append(line)
        noted = {name: Noted(seconds=seconds, lines=lines.get(name, {})) for name, seconds in self.seconds.items()}
        target = self._kept / f"{Path(session.config.args[0]).stem}.json"
        target.write_bytes(msgspec.json.encode(noted))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See that a test failed or was skipped."""
        if not report.passed:
            self._unfit.add(report.nodeid)


class Trying:
    """Tries each of *mutants*, by tests of at most *budget* seconds for each, and tells each outcome to *told*.

    *noted* are the files of what was noted of the tests.
    """

    def __init__(
        self, mutants: list[Mutant], noted: list[Path], budget: float, told: Callable[[Outcome], None]
    ) -> None:
        self._mutants = mutants
        self._budget = budget
        self._told = told
        self._seconds: dict[str, float] = {}
        self._lines: dict[str, dict[str, frozenset[int]]] = defaultdict(dict)
        """By file and test."""
        paths = {each.path for each in mutants}
        for file in noted:
            for name, test in msgspec.json.decode(file.read_bytes(), type=dict[str, Noted]).items():
                self._seconds[name] = test.seconds
                for path in paths & test.lines.keys():
                    self._lines[path][name] = frozenset(test.lines[path])
        self.files = sorted({name.partition("::")[0] for name in self._seconds})
        self._functions: dict[_Key, list[FunctionType]] = defaultdict(list)
        self._failed = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all changes in place of the run of the tests."""
        items = {item.nodeid: item for item in session.items if item.nodeid in self._seconds}
        for path in {each.path for each in self._mutants}:
            importlib.import_module(path.removesuffix(".py").replace("/", "."))
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and "/wheelcheck/" in each.__code__.co_filename:
                self._functions[_key(each.__code__)].append(each)
        gc.collect()
        gc.freeze()
        for mutant in self._mutants:
            self._told(self._tried(mutant, items))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See that a test failed."""
        self._failed = self._failed or report.failed

    def _tried(self, mutant: Mutant, items: dict[str, pytest.Item]) -> Outcome:
        path = Path(mutant.path).resolve()
        source = path.read_text()
        changed = mutant.applied(source)
        assert changed is not None
        began = time.monotonic()
        with warnings.catch_warnings(action="ignore"):  # of a comparison with a literal by "is"
            patches = _patches(*(compile(text, path, "exec", dont_inherit=True) for text in (source, changed)))
        by = ""
        while tests := self._tests(mutant, patches is None, items):
            limit = _LONGEST + 10 * sum(self._seconds[name] for name in tests)
            if patches is None or not all(_key(old) in self._functions for old, _ in patches):
                by = _by_a_fresh_run(path, source, changed, tests, limit)
            else:
                by = self._by_a_child([items[name] for name in tests], patches, limit)
            if by not in items or not self._by_a_child([items[by]], [], limit):
                break
            del items[by]  # it fails here without a change as well, and so says nothing
        return Outcome(
            mutant=mutant,
            shown=mutant.shown(source),
            by=by,
            tests=len(tests),
            seconds=round(time.monotonic() - began, 2),
        )

    def _by_a_child(self, items: list[pytest.Item], patches: list[tuple[CodeType, CodeType]], limit: float) -> str:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
            resource.setrlimit(
                resource.RLIMIT_CPU, (round(limit / 5), round(limit / 5))
            )  # what loops ends before what waits
            silent = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silent, stream)
            for old, new in patches:
                for function in self._functions[_key(old)]:
                    function.__code__ = new
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            for item, following in zip(items, [*items[1:], None], strict=True):
                # One that hangs ends the child long before all that are left would have had their time.
                signal.setitimer(signal.ITIMER_REAL, _LONGEST + 10 * self._seconds[item.nodeid])
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failed:
                    os.write(writing, item.nodeid.encode())
                    break
            os._exit(0)
        os.close(writing)
        ended = _waited(child, limit)
        with os.fdopen(reading) as told:
            by = told.read() if ended is not None else "time-out"
        if ended and os.WIFSIGNALED(ended) and os.WTERMSIG(ended) in _ENDED_BY_TIME:
            by = "time-out"
        return by or ("" if ended == 0 else f"the interpreter ended with {ended}")

    def _tests(self, mutant: Mutant, by_import: bool, items: dict[str, pytest.Item]) -> list[str]:
        """The tests that run the lines of the change, or any line of the file where its import runs it.

        First those that run most of what is near for their time, until all is run that any of them runs; then the same of the
        whole file, and then the quickest.
        """
        touched = range(mutant.begin[0], mutant.end[0] + 1)
        lines = {
            name: ran
            for name, ran in self._lines[mutant.path].items()
            # A line that runs once in a process is noted for no test, or for the first.
            if name in items and (by_import or not ran.isdisjoint(touched))
        }
        whole = [name for name in items if name.startswith(_OF_WHOLE_MODULES)] if by_import else []
        order: dict[str, None] = dict.fromkeys(whole)
        everything = frozenset().union(*lines.values())
        near = everything & (_users(mutant) if by_import else frozenset(range(touched[0] - _NEAR, touched[-1] + _NEAR)))
        for missing in (near, everything):
            while missing:
                best = max(lines, key=lambda each: (len(lines[each] & missing) / self._seconds[each], each))
                order[best] = None
                missing -= lines[best]
        order |= dict.fromkeys(sorted(lines, key=lambda each: (self._seconds[each], each)))
        chosen, left = [], self._budget
        for name in order:
            # One that takes longer than what is left keeps none of the quick ones after it from their turn.
            if self._seconds[name] <= left:
                chosen.append(name)
                left -= self._seconds[name]
        return chosen or list(order)[:1]


def _users(mutant: Mutant) -> frozenset[int]:
    """The lines of the file that use what the changed lines make when the module is loaded."""
    lines = Path(mutant.path).read_text().splitlines()
    made = re.findall(r"^\s*(?:class )?(\w+)", "\n".join(lines[mutant.begin[0] - 1 : mutant.end[0]]), re.MULTILINE)
    uses = re.compile(rf"\b(?:{'|'.join(made)})\b")
    return frozenset(number for number, line in enumerate(lines, 1) if uses.search(line))


def _key(code: CodeType) -> _Key:
    """What tells a function's code from every other."""
    return code.co_filename, code.co_qualname, code.co_firstlineno, code.co_linetable


def _patches(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The functions' code that differs, before and after; None where something outside of functions does."""
    nested = [[each for each in code.co_consts if isinstance(each, CodeType)] for code in (old, new)]
    plain = [[each for each in code.co_consts if not isinstance(each, CodeType)] for code in (old, new)]
    if (old.co_code, old.co_names, repr(plain[0]), len(nested[0])) != (
        new.co_code,
        new.co_names,
        repr(plain[1]),
        len(nested[1]),
    ):
        return None
    found = []
    for before, after in zip(*nested, strict=True):
        if before == after:
            continue
        if before.co_flags & _FUNCTION and before.co_freevars == after.co_freevars:
            found.append((before, after))
        elif (inner := _patches(before, after)) is None:
            return None
        else:
            found += inner
    return found


def _waited(child: int, limit: float) -> int | None:
    """How *child* ended; None where it had to be killed after *limit* seconds."""
    ends = time.monotonic() + limit
    status = None
    while time.monotonic() < ends and status is None:
        number, code = os.waitpid(child, os.WNOHANG)
        if number:
            status = code
        else:
            time.sleep(0.005)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # also what its tests started
    if status is None:
        os.waitpid(child, 0)
    return status


def _by_a_fresh_run(path: Path, source: str, changed: str, tests: list[str], limit: float) -> str:
    times = path.stat()
    try:
        path.write_text(changed)
        os.utime(path, (times.st_atime, times.st_mtime + 100))  # so that no compiled file of the same second serves
        command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-n", "0", *tests]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit + 30)
    except subprocess.TimeoutExpired:
        return "time-out"
    finally:
        path.write_text(source)
        os.utime(path, (times.st_atime, times.st_mtime))
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return (
        "" if not done.returncode else (failed[0].split(" ")[1] if failed else f"status {done.returncode} of the run")
    )
