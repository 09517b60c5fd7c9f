"""Decides whether and how the environment's Python can run here, what to import, and what its processes gave away."""

from __future__ import annotations

import ntpath
import platform
import shlex
import sys
from collections.abc import Callable, Iterator

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.modules import top_modules
from wheelcheck.environments.verify.probe import ProbedPlaces
from wheelcheck.environments.verify.running import Interpreter, Trials, executable_path, try_imports
from wheelcheck.environments.verify.subject import Installed, Subject
from wheelcheck.errors import UsageProblem
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import ImportTrial, Problem, ProblemKind, TrialOutcome
from wheelcheck.model.system_libraries import LibraryKnowledge

_MACHINES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64", "win32": "i686", "x86": "i686", "i386": "i686"}
_SYSTEMS = {"win32": "windows", "darwin": "macos", "linux": "linux"}


class ImportOptions(Struct, frozen=True, kw_only=True):
    """How imports are tried: ``runner`` is a command that the target's programs run under, ``timeout`` the seconds of each process.

    ``skipped`` are modules or distributions that are left out.
    """

    wanted: bool = True
    runner: str = ""
    timeout: float = 60.0
    skipped: frozenset[str] = frozenset()


class ImportsTried(Struct, frozen=True, kw_only=True):
    """What came of it: the trials by distribution, problems, and why none were made (empty where they were)."""

    trials: dict[NormalizedName, tuple[ImportTrial, ...]]
    problems: tuple[Problem, ...]
    reason: str = ""


def tried_imports(
    subject: Subject,
    installed: tuple[Installed, ...],
    options: ImportOptions,
    knowledge: LibraryKnowledge,
    tell: Callable[[str], None],
) -> ImportsTried:
    """Import the top-level modules of every distribution, each in a fresh process of the environment's Python.

    Raises ``UsageProblem`` for a runner that cannot be started.
    """
    chosen = _interpreter(subject, options)
    if isinstance(chosen, str):
        return ImportsTried(trials={}, problems=(), reason=chosen)
    wanted: list[tuple[NormalizedName, tuple[str, ...]]] = []
    skipped: dict[NormalizedName, tuple[ImportTrial, ...]] = {}
    for each in installed:
        names = top_modules(subject, each)
        reasons = {name: reason for name in names if (reason := _reason_to_skip(each.name, name, options, knowledge))}
        skipped[each.name] = tuple(
            ImportTrial(module=name, outcome=TrialOutcome.SKIPPED, detail=reason) for name, reason in reasons.items()
        )
        if left := tuple(name for name in names if name not in reasons):
            wanted.append((each.name, left))
    done = try_imports(chosen, wanted, options.timeout, tell)
    trials = {each.name: (*each.imports, *skipped[each.name]) for each in done}
    trials |= {name: rest for name, rest in skipped.items() if rest and name not in trials}
    problems = [problem for each in done for problem in _failures(each)]
    problems += _outsiders(subject, done)
    return ImportsTried(trials=trials, problems=tuple(problems))


def _interpreter(subject: Subject, options: ImportOptions) -> Interpreter | str:
    """How to start Python, or why it cannot be."""
    if not options.wanted:
        return "imports were not asked for"
    executable = subject.layout.executable
    if options.runner:
        if not executable:
            raise UsageProblem(
                "--runner has no program to run: the environment has no Python of its own",
                hint="give the bundle or environment, not its site-packages alone",
            )
        return Interpreter(command=(*_words(options.runner), executable_path(subject.root, executable)))
    if executable and (mismatch := _mismatch(subject)):
        return f"{mismatch}; --runner names a program that can run it, such as wine"
    if executable:
        return Interpreter(command=(executable_path(subject.root, executable),))
    if subject.runtime.system and (mismatch := _mismatch(subject)):
        return mismatch
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if subject.python_minor and subject.python_minor != here:
        return f"the packages are for Python {subject.python_minor}, and wheelcheck runs on {here}"
    # A folder of packages alone: the Python that runs this, without its own packages.
    return Interpreter(
        command=(sys.executable, "-I", "-S"), adds=str((subject.root / subject.layout.site_packages).absolute())
    )


def _words(runner: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(runner))
    except ValueError as problem:
        raise UsageProblem(f"--runner {runner!r} cannot be read: {problem}", hint="close the quotes") from problem
    if not words:
        raise UsageProblem("--runner is empty", hint="name a program, such as wine")
    return words


def _mismatch(subject: Subject) -> str:
    """Why programs of the environment do not run on this machine; empty where they do."""
    runtime = subject.runtime
    here = _SYSTEMS.get(sys.platform, sys.platform)
    if here == "linux" and platform.libc_ver()[0] != "glibc":
        here = "musl"
    if runtime.system and runtime.system != here:
        return f"a program for {runtime.system} does not run on {here}"
    machine = platform.machine().lower()
    if runtime.machine and _MACHINES.get(runtime.machine, runtime.machine) != _MACHINES.get(machine, machine):
        return f"a program for {runtime.machine} does not run on {machine}"
    return ""


def _reason_to_skip(
    distribution: NormalizedName, module: str, options: ImportOptions, knowledge: LibraryKnowledge
) -> str:
    if module in options.skipped or distribution in options.skipped:
        return "left out by --skip-import"
    exemption = knowledge.exemption(distribution, module)
    return exemption.reason if exemption is not None else ""


_KINDS = {
    TrialOutcome.FAILED: ProblemKind.IMPORT_FAILED,
    TrialOutcome.CRASHED: ProblemKind.IMPORT_CRASHED,
    TrialOutcome.TIMED_OUT: ProblemKind.IMPORT_TIMED_OUT,
}
_REMEDIES = {
    TrialOutcome.FAILED: "see the libraries and files above; if this module is for another system, leave it out: --skip-import {}",
    TrialOutcome.CRASHED: "import it alone on the target; if it cannot work where this ran, leave it out: --skip-import {}",
    TrialOutcome.TIMED_OUT: "give it more time with --timeout, or leave it out: --skip-import {}",
}


def _failures(trials: Trials) -> Iterator[Problem]:
    for each in trials.imports:
        if each.outcome in _KINDS:
            yield Problem(
                kind=_KINDS[each.outcome],
                severity=Severity.ERROR,
                distribution=trials.name,
                library=each.module,
                message=f"import {each.module}: {each.detail}",
                remedy=_REMEDIES[each.outcome].format(each.module),
            )


def _outsiders(subject: Subject, done: tuple[Trials, ...]) -> Iterator[Problem]:
    """What the processes took from outside the environment: folders on ``sys.path``, and modules."""
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
    on_windows = subject.runtime.system == "windows"
    how = (
        "isolate the environment, as ._pth does"
        if on_windows
        else "start programs with `python -I`, which passes it over"
    )
    for path in paths:
        yield Problem(
            kind=ProblemKind.OUTSIDE_PATH,
            severity=Severity.ERROR,
            library=path,
            message=f"Python looks for packages in {path}, outside the environment ({_kind_of(path)})",
            remedy="what is there counts on this machine and not on your users': " + how,
        )
    for name, (file, distribution) in modules.items():
        yield Problem(
            kind=ProblemKind.OUTSIDE_MODULE,
            severity=Severity.ERROR,
            distribution=distribution,
            file=file,
            library=name,
            message=f"{distribution} imported {name} from {file}, outside the environment",
            remedy=f"add what brings {name} to the requirements",
        )


class _Inside:
    """Which places belong to the environment, as its own process spells them."""

    def __init__(self, subject: Subject, places: ProbedPlaces) -> None:
        self._windows = subject.runtime.system == "windows"
        executable = subject.layout.executable
        roots = {str(subject.root), str(subject.root.absolute()), str(subject.root.resolve())}
        if executable and self._windows and not sys.platform.startswith("win"):
            # Under a runner the same folder has another path there (Z:\\…), which only the program itself knows.
            depth = executable.count("/") + 1
            own = places.executable
            for _ in range(depth):
                own = ntpath.dirname(own)
            roots.add(own)
        self._roots = tuple(self._folded(root) for root in roots if root)
        # A virtual environment and a bare folder borrow the standard library of another Python, and nothing else of it.
        borrowed = () if subject.has_own_python else places.stdlib
        self._borrowed = tuple(self._folded(each) for each in borrowed)
        self._archive = self._folded(places.base) if borrowed else ""

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
