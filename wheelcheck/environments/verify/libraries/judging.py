"""Judges whether every library that is needed is there, system by system; the rules of each system stand beside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set

from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.libraries.binary import Binary, Need, is_extension_name
from wheelcheck.environments.verify.libraries.linking import linked_paths
from wheelcheck.environments.verify.libraries.shelf import Shelf
from wheelcheck.environments.verify.subject import Subject
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.model.system_libraries import LibraryKnowledge, SystemKnowledge

_EXTENSION_TAG = re.compile(r"\.(?:cp|cpython-)3(\d+)(t?)[-.].*(?:pyd|so)$", re.IGNORECASE)
_REMEDY = "add the package that has it, take a version with a wheel that bundles it, or install it on the target"


def judge_libraries(
    subject: Subject,
    shelf: Shelf,
    knowledge: LibraryKnowledge,
    floor: tuple[int, ...],
    requires: Mapping[NormalizedName, Set[NormalizedName]],
) -> Iterator[Problem]:
    """Every library that something in *subject* needs and would not find, and every one that is for another machine.

    *floor* is the oldest release of glibc or macOS that counts, empty where none is known. *requires* says what each distribution
    declares that it needs: with libraries of those it knows what to do.
    """
    yield from shelf.unreadable
    system = knowledge.systems.get(subject.runtime.system)
    linked = linked_paths(shelf)
    for binary in shelf.binaries:
        if is_of_another_python(binary, subject):
            continue
        if binary.path in shelf.foreign:
            yield from _of_another_machine(binary, subject, shelf)
        elif system is not None:
            for problem in _rules(subject)(Case(subject, shelf, system, binary, knowledge, floor, requires)):
                weighed = problem if binary.path in linked else _of_a_plug_in(problem, subject, system)
                yield _softened(weighed, binary, knowledge)


class Case:
    """One library to judge, with what the judgement needs."""

    def __init__(
        self,
        subject: Subject,
        shelf: Shelf,
        system: SystemKnowledge,
        binary: Binary,
        knowledge: LibraryKnowledge,
        floor: tuple[int, ...],
        requires: Mapping[NormalizedName, Set[NormalizedName]],
    ) -> None:
        self.subject = subject
        self.shelf = shelf
        self.system = system
        self.binary = binary
        self.knowledge = knowledge
        self.floor = floor
        self.owner = shelf.owner(binary.path)
        self._required = requires.get(self.owner, frozenset()) if self.owner is not None else frozenset()

    def problem(self, kind: ProblemKind, severity: Severity, library: str, fact: str, remedy: str) -> Problem:
        """The problem that *fact* is true of this library."""
        return Problem(
            kind=kind,
            severity=severity,
            distribution=self.owner,
            file=self.binary.path,
            library=library,
            message=f"{self.binary.path} {fact}",
            remedy=remedy,
        )

    @property
    def _is_of_a_systems_python(self) -> bool:
        """Whether it is a module of a Python that was built on its system, with whatever that has: it runs there at least."""
        return self.owner is None and "/lib-dynload/" in self.binary.path

    @property
    def place_for_libraries(self) -> str:
        """Where a library is found that belongs to no distribution."""
        if self.subject.runtime.system == "windows":
            return f"beside {self.subject.layout.executable or 'python.exe'}"
        return "in lib/ of the environment, with a run path that leads there"

    def has_in_distribution(self, name: str) -> bool:
        """Whether the same distribution has *name*, wherever: packages add their own folders, or load it beforehand."""
        return any(self.shelf.owner(path) == self.owner for path in self.shelf.find(name))

    def elsewhere(self, need: Need, name: str) -> Iterator[Problem]:
        """The judgement of a *need* that neither the distribution nor the system fulfils."""
        places = self.shelf.find(name)
        if places:
            yield self._in_another(need, places)
            return
        absence = self.system.absence(need.library)
        if absence is not None:
            severe = absence.bundled and not need.late
            yield self.problem(
                ProblemKind.LIBRARY_MISSING if absence.bundled else ProblemKind.LIBRARY_OPTIONAL,
                Severity.ERROR if severe else Severity.WARNING,
                need.library,
                f"needs {need.library}, which comes with {absence.owner}",
                absence.remedy,
            )
            return
        wrong = self.shelf.every(name)
        if wrong:
            yield self.problem(
                ProblemKind.MACHINE,
                Severity.WARNING if need.late else Severity.ERROR,
                need.library,
                f"needs {need.library}, which is there for another machine only ({wrong[0]})",
                "install the wheel for this machine",
            )
            return
        yield self.problem(
            ProblemKind.LIBRARY_MISSING,
            Severity.WARNING if need.late or self._is_of_a_systems_python else Severity.ERROR,
            need.library,
            f"needs {need.library}, which neither the environment nor a clean system has",
            _REMEDY,
        )

    def _in_another(self, need: Need, places: tuple[str, ...]) -> Problem:
        owners = sorted({str(owner) for path in places if (owner := self.shelf.owner(path)) is not None})
        if not owners:
            return self.problem(
                ProblemKind.LIBRARY_MISSING,
                Severity.WARNING if need.late else Severity.ERROR,
                need.library,
                f"needs {need.library}, which lies where nothing looks for it ({places[0]})",
                f"put {need.library} where it is looked for: {self.place_for_libraries}",
            )
        absence = self.system.absence(need.library)
        if absence is not None and absence.bundled and not need.late:
            # A copy that somebody has for himself, of what everybody needs: whoever is imported first does not find it.
            return self.problem(
                ProblemKind.LIBRARY_MISSING,
                Severity.ERROR,
                need.library,
                f"needs {need.library}, which comes with {absence.owner}; only {_have(owners)} a copy ({places[0]})",
                absence.remedy,
            )
        return self.problem(
            ProblemKind.LIBRARY_ELSEWHERE,
            # Who declares that he needs another one knows where its libraries lie, and adds their folder or loads them.
            Severity.INFO if self._required & set(owners) else Severity.WARNING,
            need.library,
            f"needs {need.library}, which only {_have(owners)} ({places[0]})",
            f"it is found only where {owners[0]} was imported before; keep both, and import that one first",
        )


def _have(owners: list[str]) -> str:
    return f"{' and '.join(owners)} {'has' if len(owners) == 1 else 'have'}"


def _of_a_plug_in(problem: Problem, subject: Subject, system: SystemKnowledge) -> Problem:
    """*problem* of a library that nothing imports: a warning, but for the runtime of Windows, which no user has by chance."""
    absence = system.absence(problem.library)
    everybodys = subject.runtime.system == "windows" and absence is not None
    if problem.kind is not ProblemKind.LIBRARY_MISSING or problem.severity is not Severity.ERROR or everybodys:
        return problem
    message = f"{problem.message}; it is a plug-in, which no module of Python links to"
    remedy = f"nothing, if the program does not use it; else {problem.remedy}"
    return replace(problem, severity=Severity.WARNING, message=message, remedy=remedy)


def _softened(problem: Problem, binary: Binary, knowledge: LibraryKnowledge) -> Problem:
    exemption = knowledge.exemption(problem.distribution, binary.name.partition(".")[0])
    if exemption is None or problem.severity is not Severity.ERROR:
        return problem
    return replace(problem, severity=Severity.WARNING, message=f"{problem.message}; {exemption.reason}")


def is_of_another_python(binary: Binary, subject: Subject) -> bool:
    """Whether *binary* is an extension module that this Python would pass over, by the tag in its name."""
    matched = _EXTENSION_TAG.search(binary.name)
    python = subject.runtime.python
    if matched is None or python is None:
        return False
    return int(matched[1]) != python.minor or (matched[2] == "t") != subject.runtime.free_threaded


def _of_another_machine(binary: Binary, subject: Subject, shelf: Shelf) -> Iterator[Problem]:
    # Packages may carry helpers for several machines; what Python imports has to be for this one.
    if not is_extension_name(binary.name):
        return
    runtime = subject.runtime
    right_form = {"pe": "windows", "elf": "linux", "macho": "macos"}[binary.form]
    same_system = right_form == runtime.system or (binary.form == "elf" and runtime.system == "musl")
    there = ", ".join(binary.machines) if same_system else f"{right_form} {', '.join(binary.machines)}"
    here = runtime.machine or runtime.system if same_system else f"{runtime.system} {runtime.machine or ''}".strip()
    yield Problem(
        kind=ProblemKind.MACHINE,
        severity=Severity.ERROR if same_system else Severity.WARNING,
        distribution=shelf.owner(binary.path),
        file=binary.path,
        message=f"{binary.path} is for {there}, the environment is {here}",
        remedy="install the wheel for this machine",
    )


def _rules(subject: Subject) -> Callable[[Case], Iterator[Problem]]:
    match subject.runtime.system:
        case "windows":
            from wheelcheck.environments.verify.libraries.windows import judge_windows

            return judge_windows
        case "macos":
            from wheelcheck.environments.verify.libraries.macos import judge_macos

            return judge_macos
        case _:
            from wheelcheck.environments.verify.libraries.linux import judge_linux

            return judge_linux
