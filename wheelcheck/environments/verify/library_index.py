"""Indexes every shared library and program of an environment by name and owner, and builds the problem of one with unmet needs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.environments.binaries import (
    MAGIC,
    Binary,
    BinaryUnreadable,
    Need,
    is_extension_name,
    is_library_name,
    read_binary,
)
from wheelcheck.environments.verify.subject import Subject, joined
from wheelcheck.errors import reading
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.model.systems import LibraryKnowledge, SystemKnowledge

_FORMS = {"windows": "pe", "linux": "elf", "musl": "elf", "macos": "macho"}
_REMEDY = "add the package that has it, take a version with a wheel that bundles it, or install it on the target"


class LibraryIndex(Struct, frozen=True, kw_only=True):
    """The libraries and programs of one environment; ``owners`` are distributions by path, without the runtime's and foreign files.

    ``places`` maps a file name to its paths, in lower case where the system ignores case. ``unreadable`` are the problems of
    libraries that could not be read.
    """

    binaries: tuple[Binary, ...]
    owners: Mapping[str, NormalizedName]
    places: Mapping[str, tuple[str, ...]]
    foreign: frozenset[str]
    unreadable: tuple[Problem, ...]
    ignores_case: bool
    commands: frozenset[str] = frozenset()
    """The paths of the programs in the folder of commands, which users start."""

    def find(self, name: str) -> tuple[str, ...]:
        """Where libraries called *name* for the right system and machine lie."""
        return tuple(path for path in self.every(name) if path not in self.foreign)

    def every(self, name: str) -> tuple[str, ...]:
        """Where libraries called *name* lie, whatever machine they are for."""
        return self.places.get(name.lower() if self.ignores_case else name, ())

    def owner(self, path: str) -> NormalizedName | None:
        """Whose the file at *path* is."""
        return self.owners.get(path)


def read_library_index(subject: Subject, owners: Mapping[str, NormalizedName]) -> LibraryIndex:
    """Read every library and program under the root of *subject*: a few milliseconds each."""
    machine = subject.runtime.machine
    ignores_case = subject.runtime.system == "windows"
    binaries: list[Binary] = []
    unreadable: list[Problem] = []
    places: dict[str, tuple[str, ...]] = {}
    foreign: set[str] = set()
    commands = frozenset(path for path in owners if path.startswith(f"{subject.layout.scripts}/"))
    programs = (path for path in sorted(commands) if _is_program(subject.root / path))
    for path in dict.fromkeys((*_iter_libraries(subject), *programs)):
        try:
            with reading(path):
                binary = read_binary(subject.root / path, path, machine)
        except (BinaryUnreadable, OSError) as problem:
            if is_library_name(path.rpartition("/")[2]):
                unreadable.append(_unreadable(path, problem, owners))
            continue
        if binary is None:
            continue
        key = binary.name.lower() if ignores_case else binary.name
        places[key] = (*places.get(key, ()), path)
        if not _is_for(binary, subject):
            foreign.add(path)
        binaries.append(binary)
    return LibraryIndex(
        binaries=tuple(binaries),
        owners=owners,
        places=places,
        foreign=frozenset(foreign),
        unreadable=tuple(unreadable),
        ignores_case=ignores_case,
        commands=commands,
    )


def _is_for(binary: Binary, subject: Subject) -> bool:
    form = _FORMS.get(subject.runtime.system)
    if form is not None and binary.form != form:
        return False
    machine = subject.runtime.machine
    return machine is None or machine in binary.machines or (machine == "win32" and "x86" in binary.machines)


def _iter_libraries(subject: Subject) -> Iterator[str]:
    root = subject.root
    library = joined(subject.layout.site_packages, "..")
    if subject.manifest is None and library.startswith("lib/"):
        # A prefix of POSIX may be that of a whole system: only what is Python's is looked at.
        yield from _iter_under(root, root / "lib", depth=0)
        yield from _iter_under(root, root / library)
    else:
        yield from _iter_under(root, root)


def _iter_under(root: Path, start: Path, depth: int | None = None) -> Iterator[str]:
    for where, folders, names in os.walk(start):
        folders[:] = sorted(folders) if depth is None else []
        relative = where[len(str(root)) :].replace(os.sep, "/").strip("/") or "."
        for name in sorted(names):
            # A framework of macOS has a library without a suffix, in X.framework/Versions/A/X.
            is_binary = is_library_name(name) or f"/{name}.framework/" in f"/{relative}/"
            if (is_binary or _is_program(Path(where, name))) and "\\" not in name:
                yield joined(relative, name)


def _is_program(path: Path) -> bool:
    """Whether *path* is a program by its name (``x.exe``), or a file without a suffix that begins as an ELF or Mach-O one does."""
    if path.suffix.lower() == ".exe":
        return not path.is_symlink()
    if path.suffix or path.is_symlink():
        return False
    try:
        if not (path.is_file() and path.stat().st_mode & 0o111):
            return False
        with path.open("rb") as stream:
            return stream.read(4) in MAGIC
    except OSError:
        return False


def _unreadable(path: str, problem: Exception, owners: Mapping[str, NormalizedName]) -> Problem:
    why = problem.strerror or str(problem) if isinstance(problem, OSError) else str(problem)
    # A library by name that nothing imports may be a test's broken sample.
    severity = Severity.ERROR if is_extension_name(path.rpartition("/")[2]) else Severity.WARNING
    message = f"{path} cannot be read as a library: {why}"
    remedy = "install its distribution again: the file is damaged"
    kind, owner = ProblemKind.LIBRARY_UNREADABLE, owners.get(path)
    return Problem.of(kind, severity, message, remedy, distribution=owner, file=path)


def linked_paths(index: LibraryIndex) -> frozenset[str]:
    """The paths of the extension modules in *index*, of commands and the runtime's libraries, and of all that these need.

    A distribution without any extension module, of whose libraries no module of others needs one, loads them itself (``ctypes``):
    all of them count. The rest are plug-ins (of Qt, of databases), which may never be loaded.
    """
    found = _needed_by(index, (each.path for each in index.binaries if is_extension_name(each.name)))
    linked = {index.owner(path) for path in found}
    paths = (each.path for each in index.binaries)
    free = (path for path in paths if path in index.commands or index.owner(path) not in linked - {None})
    return found | _needed_by(index, free)


def _needed_by(index: LibraryIndex, paths: Iterable[str]) -> frozenset[str]:
    """*paths* and those of all libraries that these need, and so on."""
    needs = {each.path: each.needs for each in index.binaries}
    waiting = list(paths)
    found = set(waiting)
    while waiting:
        for need in needs.get(waiting.pop(), ()):
            for path in index.find(need.library.rpartition("/")[2]):
                if path not in found:
                    found.add(path)
                    waiting.append(path)
    return frozenset(found)


class LibraryCase(Struct, frozen=True, kw_only=True):
    """One library to judge; ``required`` are the distributions that its owner declares, ``floor`` as in ``judge_libraries``."""

    subject: Subject
    index: LibraryIndex
    system: SystemKnowledge
    binary: Binary
    knowledge: LibraryKnowledge
    floor: tuple[int, ...]
    required: Set[NormalizedName]

    @property
    def owner(self) -> NormalizedName | None:
        """Whose the library is; ``None`` for the runtime's."""
        return self.index.owner(self.binary.path)

    def problem(self, kind: ProblemKind, severity: Severity, library: str, fact: str, remedy: str) -> Problem:
        """The problem that states *fact* of this library."""
        owner, path = self.owner, self.binary.path
        return Problem.of(kind, severity, f"{path} {fact}", remedy, distribution=owner, file=path, library=library)

    def has_in_distribution(self, name: str) -> bool:
        """Whether the same distribution has *name*, wherever: packages add their own folders, or load it beforehand."""
        return any(self.index.owner(path) == self.owner for path in self.index.find(name))

    def has_in_runtime(self, name: str) -> bool:
        """Whether the runtime has *name* in its ``lib`` folder, where its own loader looks."""
        return any(self.index.owner(path) is None and path.startswith("lib/") for path in self.index.find(name))

    def elsewhere(self, need: Need, name: str) -> Problem:
        """The problem of a *need* that neither the distribution nor the system meets."""
        if places := self.index.find(name):
            return self._in_another(need, places)
        library, kind, is_severe = need.library, ProblemKind.LIBRARY_MISSING, not need.late
        if (absence := self.system.absence(library)) is not None:
            kind, is_severe = (kind, is_severe) if absence.bundled else (ProblemKind.LIBRARY_OPTIONAL, False)
            fact, remedy = f"needs {library}, which comes with {absence.owner}", absence.remedy
        elif wrong := self.index.every(name):
            kind, remedy = ProblemKind.MACHINE, "install the wheel for this machine"
            fact = f"needs {library}, which is there for another machine only ({wrong[0]})"
        else:
            # A module of a Python that was built on its own system runs at least there.
            is_severe &= self.owner is not None or "/lib-dynload/" not in self.binary.path
            fact, remedy = f"needs {library}, which neither the environment nor a clean system has", _REMEDY
        return self.problem(kind, Severity.ERROR if is_severe else Severity.WARNING, library, fact, remedy)

    def _in_another(self, need: Need, places: tuple[str, ...]) -> Problem:
        library, kind, first = need.library, ProblemKind.LIBRARY_MISSING, places[0]
        severity = Severity.WARNING if need.late else Severity.ERROR
        owners = sorted({str(owner) for path in places if (owner := self.index.owner(path)) is not None})
        absence = self.system.absence(library)
        if not owners:
            place = "in lib/ of the environment, with a run path that leads there"
            if self.subject.runtime.system == "windows":
                place = f"beside {self.subject.layout.executable or 'python.exe'}"
            fact = f"needs {library}, which lies where nothing looks for it ({first})"
            return self.problem(kind, severity, library, fact, f"put {library} where it is looked for: {place}")
        have = f"{' and '.join(owners)} {'has' if len(owners) == 1 else 'have'}"
        declared = bool(self.required & set(owners))
        is_brought = absence is not None and absence.bundled and not need.late
        if absence is not None and is_brought and not (declared and self._lies_with_others(places)):
            # A private copy of a library that everybody needs: a distribution that is imported earlier does not find it.
            fact = f"needs {library}, which comes with {absence.owner}; only {have} a copy ({first})"
            return self.problem(kind, severity, library, fact, absence.remedy)
        # A distribution that declares the other one knows where its libraries lie, and adds their folder or loads them.
        severity = Severity.INFO if declared else Severity.WARNING
        fact = f"needs {library}, which only {have} ({first})"
        remedy = f"it is found only where {owners[0]} was imported before; keep both, and import that one first"
        return self.problem(ProblemKind.LIBRARY_ELSEWHERE, severity, library, fact, remedy)

    def _lies_with_others(self, places: tuple[str, ...]) -> bool:
        """Whether a library at one of *places* lies beside another that this one needs, without whose folder it never loads."""
        names = [each.library.rpartition("/")[2] for each in self.binary.needs]
        found = (path for name in names for path in self.index.find(name) if path not in places)
        return not {joined(path, "..") for path in found}.isdisjoint(joined(path, "..") for path in places)
