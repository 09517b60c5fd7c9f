"""Runs the imports of each distribution in a fresh process with a time limit, and reports how the process ended.

The program that imports (``probe_program.txt``) is sent as text to any Python from 3.8 on, so it imports nothing of ours. It
writes lines of JSON that begin with a mark, because the modules that it imports may print as well.
"""

from __future__ import annotations

import json
import ntpath
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

from msgspec import Struct, convert
from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.subject import Subject
from wheelcheck.errors import UsageProblem
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import ImportTrial, Problem, ProblemKind, TrialOutcome

SOURCE = files("wheelcheck.environments.verify").joinpath("probe_program.txt").read_text(encoding="utf-8")


class ProbedPlaces(Struct, frozen=True, kw_only=True):
    """Where the process took things from, in that system's spelling: ``path`` is ``sys.path``, ``modules`` names with files.

    ``native`` are the files of machine code that were loaded, also those that no name leads to any more.
    """

    path: tuple[str, ...]
    executable: str = ""
    base: str = ""
    stdlib: tuple[str, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    native: tuple[str, ...] = ()


class Probed(Struct, frozen=True, kw_only=True):
    """The whole output of the probe: ``imports`` that ended, by module; the one that had ``begun`` where the process died in it.

    ``places`` is ``None`` where the process died before it wrote them.
    """

    imports: dict[str, ImportTrial]
    begun: str
    places: ProbedPlaces | None


class _Line(Struct, frozen=True, kw_only=True):
    begin: str = ""
    end: str = ""
    seconds: float = 0.0
    error: str = ""


def parse_probed(output: bytes, mark: str) -> Probed:
    """Understand the *output* of the probe that was given *mark*; what is not its own is passed over."""
    imports: dict[str, ImportTrial] = {}
    begun, places = "", None
    for text in output.decode("utf-8", "replace").splitlines():
        if not text.startswith(mark):
            continue
        try:
            # Not msgspec's own decoder: the names of files may have lone surrogates.
            document = json.loads(text[len(mark) :])
            line = convert(document, _Line)
            if line.begin or line.end:
                begun = line.begin
            else:
                places = convert(document, ProbedPlaces)
        except (ValueError, RecursionError):
            continue  # msgspec's errors are ValueErrors too
        if line.end:
            outcome, seconds = TrialOutcome.FAILED if line.error else TrialOutcome.IMPORTED, round(line.seconds, 3)
            detail = line.error or None
            imports[line.end] = ImportTrial(module=line.end, outcome=outcome, seconds=seconds, detail=detail)
    return Probed(imports=imports, begun=begun, places=places)


class Trials(Struct, frozen=True, kw_only=True):
    """The imports of one distribution; ``places`` are where its processes took things from."""

    name: NormalizedName
    imports: tuple[ImportTrial, ...]
    places: tuple[ProbedPlaces, ...]

    def loaded(self, native: Iterable[str]) -> frozenset[str]:
        """Those of the *native* modules that were loaded, known by the ends of their files' paths: ``x/y.pyd`` is ``x.y``."""
        files = (file.replace("\\", "/").rpartition("/") for each in self.places for file in each.native)
        stems = [f"{folder}/{name.partition('.')[0]}" for folder, _, name in files]
        return frozenset(each for each in native if any(stem.endswith("/" + each.replace(".", "/")) for stem in stems))


def find_outsiders(subject: Subject, done: tuple[Trials, ...]) -> Iterator[Problem]:
    """Yield a problem for each folder on ``sys.path`` and each module that the processes took from outside the environment."""
    paths: dict[str, NormalizedName] = {}
    modules: dict[str, tuple[str, NormalizedName]] = {}
    for trials in done:
        for places in trials.places:
            inside = _Inside(subject, places)
            for path in places.path:
                if not inside.holds(path):
                    paths.setdefault(path, trials.name)
            for name, file in places.modules:
                if not inside.holds(file) and "." not in name:
                    modules.setdefault(name, (file, trials.name))
    how = "start programs with `python -I`, which passes it over"
    if subject.runtime.system == "windows":
        how = "isolate the environment, as ._pth does"
    for path in paths:
        message = f"Python looks for packages in {path}, outside the environment ({_kind_of(path)})"
        remedy = "what is there counts on this machine and not on your users': " + how
        yield Problem.of(ProblemKind.OUTSIDE_PATH, Severity.ERROR, message, remedy, library=path)
    for name, (file, distribution) in modules.items():
        message = f"{distribution} imported {name} from {file}, outside the environment"
        remedy, kind = f"add the project that has {name} to the requirements", ProblemKind.OUTSIDE_MODULE
        yield Problem.of(kind, Severity.ERROR, message, remedy, distribution=distribution, file=file, library=name)


class _Inside:
    """The places that belong to the environment, as its own process spells them."""

    def __init__(self, subject: Subject, places: ProbedPlaces) -> None:
        self._windows = subject.runtime.system == "windows"
        executable = subject.layout.executable
        roots = {str(subject.root), str(subject.root.absolute()), str(subject.root.resolve())}
        if executable and self._windows and not sys.platform.startswith("win"):
            # Under a runner the same folder has another path there (Z:\\…), which only the program itself knows.
            own = places.executable
            for _ in executable.split("/"):
                own = ntpath.dirname(own)
            roots.add(own)
        self._roots = tuple(self._folded(root) for root in roots if root)
        # A virtual environment and a bare folder borrow the standard library of another Python, and nothing else of it.
        borrowed = () if subject.has_own_python else places.stdlib
        self._borrowed = tuple(self._folded(each) for each in borrowed if each)
        self._archive = self._folded(places.base) if self._borrowed else ""

    def holds(self, path: str) -> bool:
        """Whether *path* is within the environment, or in the standard library that it borrows."""
        folded = self._folded(path)
        if not ntpath.isabs(path) and not path.startswith("/"):
            return True  # frozen modules, and the hooks that editables put on sys.path, which are found by their files
        if any(folded == root or folded.startswith(root + "/") for root in self._roots):
            return True
        for root in self._borrowed:
            if folded == root or (folded.startswith(root + "/") and "/site-packages" not in folded[len(root) :]):
                return True
        return bool(self._archive) and folded.startswith(self._archive + "/") and folded.endswith(".zip")

    def _folded(self, path: str) -> str:
        folded = path.replace("\\", "/") if self._windows else path
        return (folded.lower() if self._windows else folded).rstrip("/")


def _kind_of(path: str) -> str:
    lowered = path.replace("\\", "/").lower()
    if "/.local/" in lowered or "/appdata/roaming/python" in lowered or "/library/python/" in lowered:
        return "the user's own packages"
    if "site-packages" in lowered or "dist-packages" in lowered:
        return "another Python's packages"
    return "by PYTHONPATH, a path file or the registry"


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
    interpreter: Interpreter, modules: Sequence[TriedModules], timeout: float, tell: Callable[[str], None]
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
    outcome, detail = TrialOutcome.TIMED_OUT, f"timed out after {timeout:g} s"
    if not late:
        last = err.decode("utf-8", "replace").strip().splitlines()[-1:]
        outcome, detail = TrialOutcome.CRASHED, ": ".join((f"crashed (exit {process.returncode})", *last))
    death = ImportTrial(module="", outcome=outcome, detail=detail, seconds=timeout if late else 0.0)
    return parse_probed(out, mark), death


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
