"""Judges whether the environment or a clean system has every library that is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.binaries import Binary, is_extension_name
from wheelcheck.environments.verify.library_index import LibraryCase, LibraryIndex, linked_paths
from wheelcheck.environments.verify.library_rules import RULES
from wheelcheck.environments.verify.subject import Subject
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.model.systems import LibraryKnowledge, SystemKnowledge

_EXTENSION_TAG = re.compile(r"\.(?:cp|cpython-)3(\d+)(t?)[-.].*(?:pyd|so)$", re.IGNORECASE)


def judge_libraries(
    subject: Subject,
    index: LibraryIndex,
    knowledge: LibraryKnowledge,
    floor: tuple[int, ...],
    requires: Mapping[NormalizedName, Set[NormalizedName]],
) -> Iterator[Problem]:
    """Yield a problem for every needed library that would not be found, and for every library of another machine.

    *floor* is the oldest release of glibc or macOS that counts, empty where none is known. *requires* are the declared
    requirements of each distribution: it knows how to load the libraries of those.
    """
    yield from index.unreadable
    system = knowledge.systems.get(subject.runtime.system)
    linked = linked_paths(index)
    for binary in index.binaries:
        if is_of_another_python(binary, subject):
            continue
        if binary.path in index.foreign:
            yield from _of_another_machine(binary, subject, index)
        elif system is not None:
            owner = index.owner(binary.path)
            case = LibraryCase(
                subject=subject,
                index=index,
                system=system,
                binary=binary,
                knowledge=knowledge,
                floor=floor,
                required=frozenset() if owner is None else requires.get(owner, frozenset()),
            )
            for problem in RULES[subject.runtime.system](case):
                found = problem if binary.path in linked else _of_a_plug_in(problem, subject, system)
                yield _softened(found, binary, knowledge)


def _of_a_plug_in(problem: Problem, subject: Subject, system: SystemKnowledge) -> Problem:
    """*problem* of a library that no module imports: a warning, but for the runtime of Windows, which no user has by chance."""
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


def _of_another_machine(binary: Binary, subject: Subject, index: LibraryIndex) -> Iterator[Problem]:
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
        distribution=index.owner(binary.path),
        file=binary.path,
        message=f"{binary.path} is for {there}, the environment is {here}",
        remedy="install the wheel for this machine",
    )
