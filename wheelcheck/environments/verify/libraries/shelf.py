"""Every shared library of an environment by its name, with whose it is; reads each once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.libraries.binary import (
    Binary,
    BinaryUnreadable,
    is_extension_name,
    is_library_name,
    read_binary,
)
from wheelcheck.environments.verify.subject import Subject, joined
from wheelcheck.errors import reading
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind


class Shelf(Struct, frozen=True, kw_only=True):
    """The libraries of one environment; ``owners`` says whose a path is, the runtime's and foreign ones are not in it.

    ``places`` maps a file name to the paths that have it, in small letters where the system does not mind case. ``unreadable`` are
    the problems of those that could not be read.
    """

    binaries: tuple[Binary, ...]
    owners: Mapping[str, NormalizedName]
    places: Mapping[str, tuple[str, ...]]
    foreign: frozenset[str]
    unreadable: tuple[Problem, ...]
    ignores_case: bool

    def find(self, name: str) -> tuple[str, ...]:
        """Where libraries called *name* for the right system and machine lie."""
        return tuple(path for path in self.every(name) if path not in self.foreign)

    def every(self, name: str) -> tuple[str, ...]:
        """Where libraries called *name* lie, whatever machine they are for."""
        return self.places.get(name.lower() if self.ignores_case else name, ())

    def owner(self, path: str) -> NormalizedName | None:
        """Whose the file at *path* is."""
        return self.owners.get(path)


_FORMS = {"windows": "pe", "linux": "elf", "musl": "elf", "macos": "macho"}


def read_shelf(subject: Subject, owners: Mapping[str, NormalizedName]) -> Shelf:
    """Read every library under the root of *subject*: a few milliseconds each."""
    machine = subject.runtime.machine
    ignores_case = subject.runtime.system == "windows"
    binaries: list[Binary] = []
    unreadable: list[Problem] = []
    places: dict[str, tuple[str, ...]] = {}
    foreign: set[str] = set()
    for path in _iter_libraries(subject):
        try:
            with reading(path):
                binary = read_binary(subject.root / path, path, machine)
        except (BinaryUnreadable, OSError) as problem:
            unreadable.append(_unreadable(path, problem, owners))
            continue
        if binary is None:
            continue
        key = binary.name.lower() if ignores_case else binary.name
        places[key] = (*places.get(key, ()), path)
        if not _is_for(binary, subject):
            foreign.add(path)
        binaries.append(binary)
    return Shelf(
        binaries=tuple(binaries),
        owners=owners,
        places=places,
        foreign=frozenset(foreign),
        unreadable=tuple(unreadable),
        ignores_case=ignores_case,
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
            if (is_library_name(name) or f"/{name}.framework/" in f"/{relative}/") and "\\" not in name:
                yield joined(relative, name)


def _unreadable(path: str, problem: Exception, owners: Mapping[str, NormalizedName]) -> Problem:
    why = problem.strerror or str(problem) if isinstance(problem, OSError) else str(problem)
    return Problem(
        kind=ProblemKind.LIBRARY_UNREADABLE,
        # A library by name that nothing imports may be a test's broken sample.
        severity=Severity.ERROR if is_extension_name(path.rpartition("/")[2]) else Severity.WARNING,
        distribution=owners.get(path),
        file=path,
        message=f"{path} cannot be read as a library: {why}",
        remedy="install its distribution again: the file is damaged",
    )
