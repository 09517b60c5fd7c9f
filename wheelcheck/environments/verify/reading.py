"""Reads what the modules on the disk import (WC601 to WC605), and turns what fails into problems with file and line; runs nothing.

``Installed → InstalledFiles → ports.Code``, of which ``imports/`` asks; ``Failures → Problem``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.environments.trees import iter_paths
from wheelcheck.environments.verify.libraries import has_library_for, is_for_another_python
from wheelcheck.environments.verify.library_index import LibraryIndex
from wheelcheck.environments.verify.locating import path_file_entries, path_files
from wheelcheck.environments.verify.subject import Installed, Subject, is_outside, joined, names_of, read_installed
from wheelcheck.imports.failing import Failures, Surroundings, find_failures, import_target, read_suspects
from wheelcheck.imports.suspects import Suspects, find_overlaps
from wheelcheck.model.code import ImportTime, InstalledFiles, LibraryLoad, ReachedModule
from wheelcheck.model.distribution import Availability, Wheel, as_version
from wheelcheck.model.environment import RuntimeKind
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.model.knowledge import StandardLibrary
from wheelcheck.model.systems import SystemKnowledge
from wheelcheck.model.target import Target
from wheelcheck.ports import Code as CodeOfArchives

_NOBODY = NormalizedName("")
"""Stands for the files that no distribution has recorded."""
_KINDS = {
    Code.MODULE_ABSENT: ProblemKind.MODULE_MISSING,
    Code.GONE_FROM_PYTHON: ProblemKind.PYTHON_UNFIT,
    Code.UNPARSABLE: ProblemKind.PYTHON_UNFIT,
    Code.NAME_ABSENT: ProblemKind.NAME_MISSING,
    Code.SAME_FILE: ProblemKind.SAME_FILE,
    Code.REFUSED: ProblemKind.VERSION_REFUSED,
}
_ANY = (("py3", "none", "any"),)
_MORE = 2
_BRING = "bring the library along, beside the program or in the package's folder, or let your installer install it"
_OF_OTHERS = {True: re.compile(r"\.so(\.\d+)*$|\.dylib$"), False: re.compile(r"\.dll$", re.IGNORECASE)}
"""File names of libraries that are for another system: where Windows is the system, and where it is not."""
_MODULES = (".py", ".pyc", ".pyd", ".so", ".pth")


class InstalledArchives(Struct, frozen=True, kw_only=True):
    """The distributions of an environment as the port ``Code`` knows them, by name, and that port."""

    wheels: Mapping[NormalizedName, Wheel]
    code: CodeOfArchives

    @property
    def recorded(self) -> dict[NormalizedName, Wheel]:
        """The distributions alone, without what nobody has recorded."""
        return {name: wheel for name, wheel in self.wheels.items() if name != _NOBODY}


def installed_archives(
    subject: Subject,
    installed: tuple[Installed, ...],
    open_code: Callable[[Path, Mapping[str, InstalledFiles]], CodeOfArchives],
    unseen: str,
) -> InstalledArchives:
    """The modules of *installed*, and of the files beside them that nobody has recorded; *unseen* says why there may be more."""
    present = {path for site in subject.site_packages for path in iter_paths(subject.root, site)}
    wheels, files = {}, {}
    left = {path for path in present if path.endswith(_MODULES)}
    for each in installed:
        listed = [row for row in each.files or () if row.path in present and not is_outside(row.path)]
        rows = [row for row in listed if not is_for_another_python(row.path, subject)]
        left -= {row.path for row in listed}
        places = {_within(each.site, row.path): row.path for row in rows}
        contents = {_within(each.site, row.path): row.digest for row in rows if row.digest}
        files[each.info] = InstalledFiles(places=places, contents=contents, top_level=frozenset(each.top_level))
        wheels[each.name] = _wheel(each)
    others = {
        _within(site, path): path
        for site in subject.site_packages
        for path in left
        if site == "." or path.startswith(f"{site}/")
    }
    others |= {name: name for name in _beside_the_program(subject)}
    files[_NOBODY] = InstalledFiles(places=others, unread=unseen)
    at = Availability(url=subject.given)
    wheels[_NOBODY] = Wheel(name=_NOBODY, version=Version("0"), filename=_NOBODY, tags=_ANY, at=at)
    return InstalledArchives(wheels=wheels, code=open_code(subject.root, files))


def _wheel(each: Installed) -> Wheel:
    version, at = as_version(each.version) or Version("0"), Availability(url=each.info)
    return Wheel(name=each.name, version=version, filename=each.info, tags=each.tags or _ANY, at=at)


def _within(site: str, path: str) -> str:
    return path if site == "." else path.removeprefix(f"{site}/")


def _beside_the_program(subject: Subject) -> Iterator[str]:
    """Modules in the folders that a ``._pth`` file names, and beside the program: ``x.py``, ``x.pyd``, ``x/__init__.py``."""
    executable = subject.layout.executable
    folders = {entry for file in path_files(subject.root, executable) for entry in path_file_entries(file)}
    places = {joined(executable, "..", entry) for entry in {".", *folders} if executable} - set(subject.site_packages)
    for folder in sorted(place for place in places if not is_outside(place)):
        for name in names_of(subject.root / folder):
            if name.endswith((".py", ".pyd", ".so")):
                yield name
            elif (subject.root / folder / name / "__init__.py").is_file():
                yield f"{name}/__init__.py"


def surroundings_of(subject: Subject, target: Target, library: StandardLibrary) -> Surroundings:
    """The *library* of the runtime of *subject*: its environment brings nothing but what lies in it."""
    is_embeddable = subject.runtime.kind is RuntimeKind.EMBEDDABLE
    # A folder of packages alone may get setuptools from the Python that is put under it.
    known = replace(library, bundled={}) if subject.layout.executable else library
    return Surroundings(
        target=import_target(target),
        library=known,
        lacking=library.not_embeddable if is_embeddable else frozenset(),
        runtime="the embeddable package of Python",
        whole="distribution here",
    )


def failing_imports_of(
    subject: Subject,
    target: Target,
    library: StandardLibrary,
    open_code: Callable[[Path, Mapping[str, InstalledFiles]], CodeOfArchives],
) -> tuple[Problem, ...]:
    """The problems of :func:`find_failing_code` for a new bundle, of which nothing was imported yet."""
    archives = installed_archives(subject, read_installed(subject), open_code, "")
    return tuple(find_failing_code(archives, surroundings_of(subject, target, library), {}))


def find_failing_code(
    archives: InstalledArchives, surroundings: Surroundings, imported: Mapping[NormalizedName, frozenset[str]]
) -> Iterator[Problem]:
    """A problem for each distribution and each way in which its import fails; *imported* are modules that did import."""
    read = archives.recorded
    suspects = Suspects(read=read, compared=read)
    reads = read_suspects(suspects, surroundings.target, archives.code)
    for name, each in reads.items():
        if each.unread:
            message = f"not all of what {name} imports was read: {each.unread}"
            yield Problem.of(ProblemKind.IMPORTS_UNREAD, Severity.INFO, message, distribution=name)
    for found in find_failures(archives.wheels, suspects, surroundings, archives.code, reads).found:
        # What a real import has shown to work is no problem, whatever the text says.
        if not any(each.module.entry in imported.get(found.package, ()) for each in found.each):
            yield _problem(found, read[found.package])
    for finding in find_overlaps(read, archives.code, lambda _: ()):
        # Declarations of a shared namespace differ and do the same.
        is_severe = any(not path.endswith("/__init__.py") for path in finding.evidence)
        severity, file = Severity.ERROR if is_severe else Severity.WARNING, finding.evidence[0]
        kind, remedy, owner = ProblemKind.SAME_FILE, Code.SAME_FILE.cure, finding.package
        yield Problem.of(kind, severity, f"{finding.message} (WC605)", remedy, distribution=owner, file=file)


class _UnmetLoad(Struct, frozen=True, kw_only=True):
    """A *load* in *module* of *package* of which no library is there; *is_needed* where the import of the package fails with it."""

    package: NormalizedName
    module: ReachedModule
    load: LibraryLoad
    is_needed: bool


class _IsThere(Protocol):
    """Whether the environment or the system has a library for one of *names*."""

    def __call__(self, names: Sequence[str], *, is_needed: bool) -> bool:
        """Of what is not needed, a likeness of the name is enough."""


def _iter_unmet_loads(reads: Mapping[NormalizedName, ImportTime], is_there: _IsThere) -> Iterator[_UnmetLoad]:
    """Every load of *reads* for which *is_there* knows no library; each name once."""
    for package, read in reads.items():
        found = [(module, load) for module in read.modules for load in module.loads]
        seen: set[str] = set()
        # What is needed tells of a library first: a part that may need it as well adds nothing.
        for module, load in sorted(found, key=lambda each: not each[1].is_needed):
            if seen.issuperset(load.names) or is_there(load.names, is_needed=load.is_needed):
                continue
            seen.update(load.names)
            meant = canonicalize_name(module.entry) == package or not module.entry.startswith("_")
            yield _UnmetLoad(package=package, module=module, load=load, is_needed=load.is_needed and meant)


def find_unmet_libraries(
    archives: InstalledArchives,
    target: Target,
    imported: Mapping[NormalizedName, frozenset[str]],
    index: LibraryIndex,
    system: SystemKnowledge,
) -> Iterator[Problem]:
    """A problem for each shared library that code loads by itself and that is not there: a warning where a part alone needs it."""
    reads = read_suspects(Suspects(read=archives.recorded, compared={}), import_target(target), archives.code)
    for unmet in _iter_unmet_loads(reads, partial(has_library_for, index, system)):
        if unmet.module.entry in imported.get(unmet.package, ()) and unmet.is_needed:
            continue
        if not unmet.is_needed and all(map(_OF_OTHERS[index.ignores_case].search, unmet.load.names)):
            continue  # a part for another system, which nothing calls here
        name = _shown_name(unmet.load.names, windows=index.ignores_case)
        spelt = (form for name in unmet.load.names for form in (name, f"lib{name}.so"))
        absence = next(filter(None, map(system.absence, spelt)), None)
        is_severe = unmet.is_needed and (absence is None or absence.bundled)
        place = f"{unmet.module.file}:{unmet.load.line}"
        what = f"`import {unmet.module.entry}` fails without" if unmet.is_needed else "a part of it needs"
        brings, remedy = "neither the environment nor a clean system has", _BRING
        if absence is not None:
            brings, remedy = f"comes with {absence.owner}", absence.remedy
        elif not unmet.is_needed:
            remedy = f"nothing, if that is not used; else {_BRING}"
        yield Problem.of(
            ProblemKind.LIBRARY_MISSING if is_severe else ProblemKind.LIBRARY_OPTIONAL,
            Severity.ERROR if is_severe else Severity.WARNING,
            f"{unmet.package}: {what} {name}, which {brings}: {place} loads it",
            remedy,
            distribution=unmet.package,
            file=joined(archives.wheels[unmet.package].at.url, "..", unmet.module.file),
            library=name,
        )


def _shown_name(names: Sequence[str], *, windows: bool) -> str:
    """The one of *names* that is a file name on the system, else the first."""
    plain = [name.replace("\\", "/").rpartition("/")[2] for name in names]
    return next((name for name in plain if (".dll" if windows else ".so") in name), plain[0])


def _problem(found: Failures, wheel: Wheel) -> Problem:
    first = found.each[0]
    places = [each.place for each in found.each[1:]]
    more = f" (and {', '.join(places[:_MORE])}{' …' if len(places) > _MORE else ''})" if places else ""
    return Problem.of(
        _KINDS[found.code],
        Severity.ERROR,
        f"{found.message}{more} ({found.code.number})",
        first.remedy or found.code.cure,
        distribution=found.package,
        file=joined(wheel.at.url, "..", first.module.file),
        library=first.module.entry,
    )
