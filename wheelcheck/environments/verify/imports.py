"""Decides whether the environment's Python can run here, chooses the modules to import, and reports the imports that failed."""

from __future__ import annotations

import platform
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.probe import Trials, find_outsiders
from wheelcheck.environments.verify.running import Interpreter, executable_path, try_imports
from wheelcheck.environments.verify.subject import Installed, Subject, joined, path_file_lines
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
_EXTENSION = re.compile(r"(?P<name>\w+)(?:\.(?P<tag>[\w-]+))?\.(?P<kind>py|pyc|pyd|so)", re.ASCII)
_TAGGED = re.compile(r"(?:cp|cpython-)3(\d+)(t?)(?:[-_d].*)?")
_NEVER = frozenset(
    ("__init__", "__main__", "setup", "conftest", "test", "tests", "testing", "docs", "examples", "benchmarks")
)


class ImportOptions(Struct, frozen=True, kw_only=True):
    """How imports are tried: ``runner`` is a command that runs the target's programs, ``timeout`` the seconds of each process.

    ``skipped`` are modules or distributions that are left out.
    """

    wanted: bool = True
    runner: str = ""
    timeout: float = 60.0
    skipped: frozenset[str] = frozenset()


class ImportsTried(Struct, frozen=True, kw_only=True):
    """The result: trials by distribution, problems, and the reason why there are no trials (empty where there are)."""

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
    problems += find_outsiders(subject, done)
    return ImportsTried(trials=trials, problems=tuple(problems))


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


def _failures(trials: Trials) -> Iterator[Problem]:
    for each in trials.imports:
        if each.outcome in _KINDS:
            message = f"import {each.module}: {each.detail}"
            remedy = _REMEDIES[each.outcome].format(each.module)
            yield Problem.of(
                _KINDS[each.outcome], Severity.ERROR, message, remedy, distribution=trials.name, library=each.module
            )


def top_modules(subject: Subject, installed: Installed) -> tuple[str, ...]:
    """The dotted names that *installed* makes importable and a program would import, sorted.

    Private modules count where there are no others. In a namespace package (no ``__init__``) the first modules below count. The
    folders that a path file of the distribution adds to ``sys.path`` are searched too, for the modules in top_level.txt.
    """
    if installed.files is None:
        return _public(name for name in installed.top_level if name.isidentifier())
    paths = [file.path for file in installed.files]
    roots = _added_folders(subject, installed, paths)
    by_root: dict[str, list[str]] = {}
    for path in paths:
        root = max((root for root in roots if path.startswith(f"{root}/")), key=len, default=installed.site)
        by_root.setdefault(root, []).append(path)
    found = {
        name
        for root, inner in by_root.items()
        for name in _modules_under(root, inner, subject)
        if root not in roots or ("." not in name and (not installed.top_level or name in installed.top_level))
    }
    return _public(found)[:MOST_MODULES]


def _public(names: Iterable[str]) -> tuple[str, ...]:
    wanted = sorted({name for name in names if not _NEVER & set(name.split("."))})
    public = tuple(name for name in wanted if not any(part.startswith("_") for part in name.split(".")))
    return public or tuple(wanted)


def _modules_under(root: str, paths: Iterable[str], subject: Subject) -> tuple[str, ...]:
    """The shallowest modules and packages of *paths* under *root*, dotted."""
    prefix = "" if root == "." else f"{root}/"
    relative = [path.removeprefix(prefix) for path in paths if path.startswith(prefix) and not path.startswith("../")]
    packages: set[str] = set()
    modules: set[str] = set()
    for path in relative:
        folder, _, file = path.rpartition("/")
        parts = folder.split("/") if folder else []
        matched = _EXTENSION.fullmatch(file)
        if matched is None or not all(part.isidentifier() for part in parts) or not _is_ours(matched, subject):
            continue
        if matched["name"] == "__init__":
            packages.add(".".join(parts))
        elif matched["name"].isidentifier():
            modules.add(".".join((*parts, matched["name"])))
    packages.discard("")
    tops = {name for name in packages if not _has_parent(name, packages)}
    return tuple(sorted(tops | {name for name in modules if not _has_parent(name, packages)}))


def _has_parent(name: str, packages: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:count]) in packages for count in range(1, len(parts)))


def _is_ours(matched: re.Match[str], subject: Subject) -> bool:
    """Whether this Python would take the file, by the tag in its name."""
    tag, python = matched["tag"], subject.runtime.python
    if matched["kind"] in ("py", "pyc"):
        return tag is None
    tagged = _TAGGED.fullmatch(tag) if tag else None
    return tagged is None or python is None or int(tagged[1]) == python.minor


def _added_folders(subject: Subject, installed: Installed, paths: Iterable[str]) -> tuple[str, ...]:
    """The folders that the path files of *installed* add to ``sys.path``."""
    found: dict[str, None] = {}
    for path in paths:
        if path.endswith(".pth") and joined(path, "..") == installed.site:
            for line in path_file_lines(subject.root / path):
                if line and not line.startswith(("#", "import ", "import\t")):
                    found[_spelt(joined(installed.site, line), paths)] = None
    return tuple(found)


def _spelt(folder: str, paths: Iterable[str]) -> str:
    """*folder* as RECORD spells it: Windows minds no case (``Pythonwin`` is ``pythonwin``)."""
    lowered = f"{folder.lower()}/"
    return next((path[: len(folder)] for path in paths if path.lower().startswith(lowered)), folder)
