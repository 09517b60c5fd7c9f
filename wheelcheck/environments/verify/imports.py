"""Decides whether the environment's Python can run here, chooses the modules to import, and reports the imports that failed."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct, field
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.reading import InstalledArchives
from wheelcheck.environments.verify.running import (
    Interpreter,
    Trials,
    TriedModules,
    executable_path,
    find_outsiders,
    try_imports,
)
from wheelcheck.environments.verify.subject import Subject
from wheelcheck.errors import UsageProblem
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import ImportTrial, Problem, ProblemKind, TrialOutcome
from wheelcheck.model.systems import LibraryKnowledge

_MACHINES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64", "win32": "i686", "x86": "i686", "i386": "i686"}
_SYSTEMS = {"win32": "windows", "darwin": "macos", "linux": "linux"}
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
MOST_MODULES = 200
"""More top-level modules than that are generated ones; the rest are not tried."""
_NEVER = frozenset({"__init__", "__main__", "bin", "scripts", "setup", "conftest", "test", "tests", "testing", "docs", "examples",
                    "benchmarks"})  # fmt: skip


class ImportOptions(Struct, frozen=True, kw_only=True):
    """How imports are tried: ``runner`` is a command that runs the target's programs, ``timeout`` the seconds of each process.

    ``skipped`` are modules or distributions that are left out.
    """

    wanted: bool = True
    runner: str = ""
    timeout: float = 60.0
    skipped: frozenset[str] = frozenset()


class ImportsTried(Struct, frozen=True, kw_only=True):
    """The result: trials by distribution, problems, and the reason why there are no trials (empty where there are).

    ``loaded`` counts the native modules of each distribution that were loaded.
    """

    trials: dict[NormalizedName, tuple[ImportTrial, ...]]
    loaded: dict[NormalizedName, int] = field(default_factory=dict)
    problems: tuple[Problem, ...]
    reason: str = ""

    @property
    def imported(self) -> dict[NormalizedName, frozenset[str]]:
        """The modules of each distribution whose import succeeded."""
        return {
            name: frozenset(each.module for each in trials if each.outcome is TrialOutcome.IMPORTED)
            for name, trials in self.trials.items()
        }


def tried_imports(
    subject: Subject,
    modules: Mapping[NormalizedName, TriedModules],
    options: ImportOptions,
    knowledge: LibraryKnowledge,
    tell: Callable[[str], None],
) -> ImportsTried:
    """Import *modules*, those of every distribution, each in a fresh process of the environment's Python.

    Raises ``UsageProblem`` for a runner that cannot be started.
    """
    chosen = _interpreter(subject, options)
    if isinstance(chosen, str):
        return ImportsTried(trials={}, problems=(), reason=chosen)
    wanted: list[TriedModules] = []
    skipped: dict[NormalizedName, tuple[ImportTrial, ...]] = {}
    for owner, each in modules.items():
        told = ((name, _reason_to_skip(owner, name, options, knowledge)) for name in (*each.first, *each.native))
        reasons = {name: reason for name, reason in told if reason}
        left_out = [name for name in each.first if name in reasons]
        skipped[owner] = tuple(
            ImportTrial(module=name, outcome=TrialOutcome.SKIPPED, detail=reasons[name]) for name in left_out
        )
        if left := tuple(name for name in each.first if name not in reasons):
            native = tuple(name for name in each.native if name not in reasons)
            wanted.append(TriedModules(name=owner, first=left, native=native))
    done = try_imports(chosen, wanted, options.timeout, tell)
    trials = {each.name: (*each.imports, *skipped[each.name]) for each in done}
    trials |= {name: rest for name, rest in skipped.items() if rest and name not in trials}
    problems = [problem for each in done for problem in _failures(each)]
    problems += find_outsiders(subject, done)
    loaded = {each.name: len(each.loaded(modules[each.name].native)) for each in done}
    return ImportsTried(trials=trials, loaded=loaded, problems=tuple(problems))


def _interpreter(subject: Subject, options: ImportOptions) -> Interpreter | str:
    """How to start Python, or the reason why it cannot be started."""
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
    packages = (subject.root / subject.layout.site_packages).absolute()
    return Interpreter(command=(sys.executable, "-I", "-S"), adds=str(packages))


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


def _failures(trials: Trials) -> Iterator[Problem]:
    for each in trials.imports:
        if (kind := _KINDS.get(each.outcome)) is not None:
            message = f"import {each.module}: {each.detail}"
            remedy, name = _REMEDIES[each.outcome].format(each.module), trials.name
            yield Problem.of(kind, Severity.ERROR, message, remedy, distribution=name, library=each.module)


def modules_to_try(archives: InstalledArchives) -> dict[NormalizedName, TriedModules]:
    """The dotted names that each distribution makes importable and a program would import, sorted, and its native modules.

    Private modules count where there are no others. In a namespace package (no ``__init__``) the first modules below count.
    """
    tops = archives.code.top_modules(tuple(archives.recorded.values()))
    return {
        name: TriedModules(
            name=name, first=_public(each.shallowest)[:MOST_MODULES], native=tuple(sorted(each.native, key=_nearness))
        )
        for name, each in zip(archives.recorded, tops, strict=True)
    }


def _nearness(module: str) -> tuple[bool, int, bool, str]:
    """Tests last, then by depth, public ones first."""
    parts = module.split(".")
    is_test = any("test" in part for part in parts)
    return is_test, len(parts), parts[-1].startswith("_"), module


def _public(names: Iterable[str]) -> tuple[str, ...]:
    wanted = sorted({name for name in names if not _NEVER & set(name.split("."))})
    public = tuple(name for name in wanted if not any(part.startswith("_") for part in name.split(".")))
    return public or tuple(wanted)
