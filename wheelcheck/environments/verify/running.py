"""Runs the imports of each distribution in a fresh process with a time limit, and reports how the process ended."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.probe import SOURCE, Probed, ProbedPlaces, Trials, parse_probed
from wheelcheck.errors import UsageProblem
from wheelcheck.model.inspection import ImportTrial, TrialOutcome

_Ended = tuple[Probed, ImportTrial]
_AT_ONCE = 2
_GRACE = 5.0
_NATIVE_TRIED = 3
# Variables for the user's own Python would decide what is found; the users of the bundle have not set them.
_SET = {"PYTHONDONTWRITEBYTECODE": "1"}
_UNSET = ("PYTHON", "VIRTUAL_ENV", "CONDA_", "__PYVENV_LAUNCHER__")


class Interpreter(Struct, frozen=True, kw_only=True):
    """How to start Python: ``command`` with its options; ``adds`` is a folder of packages outside its own."""

    command: tuple[str, ...]
    adds: str = ""


class TriedModules(Struct, frozen=True, kw_only=True):
    """The modules of a distribution to import: the *first* ones all, of the *native* ones as many as it takes to load one."""

    name: NormalizedName
    first: tuple[str, ...]
    native: tuple[str, ...] = ()


def try_imports(
    interpreter: Interpreter,
    modules: Sequence[TriedModules],
    timeout: float,
    tell: Callable[[str], None],
) -> tuple[Trials, ...]:
    """Import *modules*, by distribution, two processes at a time; *timeout* is in seconds for each process.

    Where a process dies, another one continues with the modules that are left. Raises ``UsageProblem`` where the interpreter
    cannot be started at all.
    """
    running = _Running()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            started = [pool.submit(_trials, interpreter, each, timeout, tell, running) for each in modules]
            return tuple(each.result() for each in started)
        except BaseException:
            # Interrupted, or no interpreter: nothing that was started outlives this.
            pool.shutdown(wait=False, cancel_futures=True)
            running.stop()
            raise


class _Running:
    """The running processes, so that all can be ended."""

    def __init__(self) -> None:
        self.processes: set[subprocess.Popen[bytes]] = set()
        self.is_stopped = False

    def enter(self, process: subprocess.Popen[bytes]) -> None:
        self.processes.add(process)
        if self.is_stopped:
            kill(process)

    def stop(self) -> None:
        self.is_stopped = True
        for process in tuple(self.processes):
            kill(process)


def _trials(
    interpreter: Interpreter, each: TriedModules, timeout: float, tell: Callable[[str], None], running: _Running
) -> Trials:
    """Import the first modules of a distribution, then native ones, until one is loaded: a package may load none by itself."""
    tell(f"importing {each.name}")
    trials = _imported(interpreter, each.name, each.first, timeout, running)
    others = [module for module in each.native if module not in each.first][:_NATIVE_TRIED]
    while others and not trials.loaded(each.native) and not running.is_stopped:
        if any(trial.outcome is not TrialOutcome.IMPORTED for trial in trials.imports):
            break  # that is told, and what follows it as well would add nothing
        more = _imported(interpreter, each.name, (others.pop(0),), timeout, running)
        if others and not more.loaded(each.native):
            continue  # not every native module can be imported by itself; the last one tells
        trials = replace(trials, imports=(*trials.imports, *more.imports), places=(*trials.places, *more.places))
    return trials


def _imported(
    interpreter: Interpreter, name: NormalizedName, modules: tuple[str, ...], timeout: float, running: _Running
) -> Trials:
    done: dict[str, ImportTrial] = {}
    places: list[ProbedPlaces] = []
    left = modules
    while left and not running.is_stopped:
        probed, death = _run(interpreter, left, timeout, running)
        done |= probed.imports
        if probed.places is not None:
            places.append(probed.places)
        elif probed.begun:
            done[probed.begun] = replace(death, module=probed.begun)
        else:
            # No import began, or the process died after the last one: another process would end in the same way.
            done |= {module: replace(death, module=module, seconds=0.0) for module in left if module not in done}
        left = tuple(module for module in left if module not in done)
    return Trials(name=name, imports=tuple(done[module] for module in modules if module in done), places=tuple(places))


def _run(interpreter: Interpreter, modules: tuple[str, ...], timeout: float, running: _Running) -> _Ended:
    """What a process told, and the outcome for the module during whose import it died."""
    mark = f"wheelcheck-{secrets.token_hex(8)}:"
    command = [*interpreter.command, "-B", "-c", SOURCE, mark, interpreter.adds, *modules]
    with tempfile.TemporaryDirectory(prefix="wheelcheck-", ignore_cleanup_errors=True) as folder:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env={key: value for key, value in os.environ.items() if not key.upper().startswith(_UNSET)} | _SET,
                start_new_session=True,
            )
        except OSError as problem:
            raise UsageProblem(
                f"{interpreter.command[0]} cannot be started: {problem.strerror}",
                hint="name the program with its path in --runner, or leave the imports out: --imports none",
            ) from problem
        running.enter(process)
        with process:
            try:
                (out, err), late = process.communicate(timeout=timeout), False
            except subprocess.TimeoutExpired:
                (out, err), late = _stopped(process), True
            finally:
                running.processes.discard(process)
    if late:
        outcome, detail = TrialOutcome.TIMED_OUT, f"timed out after {timeout:g} s"
    else:
        last = err.decode("utf-8", "replace").strip().splitlines()[-1:]
        outcome, detail = (
            TrialOutcome.CRASHED,
            f"crashed (exit {process.returncode})" + (f": {last[0]}" if last else ""),
        )
    return parse_probed(out, mark), ImportTrial(
        module="", outcome=outcome, detail=detail, seconds=timeout if late else 0.0
    )


def _stopped(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """End *process* with its children, and return its output."""
    kill(process)
    try:
        return process.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired as waiting:
        # A child process still holds the pipes.
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        return waiting.output or b"", b""


def kill(process: subprocess.Popen[bytes]) -> None:
    """End *process*, which began a session, with all that it started."""
    if sys.platform == "win32":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        process.kill()


def executable_path(root: Path, executable: str) -> str:
    """The path of the environment's own interpreter; not resolved: a virtual environment is known by the link's place."""
    return str((root / executable).absolute())
