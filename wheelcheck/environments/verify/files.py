"""Compares the files of an environment with RECORD and the manifest, and finds what lets in packages from outside; changes nothing.

Files may be missing, changed or foreign; from outside lead path files, editables and paths of the host.
"""

from __future__ import annotations

import ntpath
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.utils import NormalizedName

from wheelcheck.environments.trees import TreeFiles, iter_paths
from wheelcheck.environments.verify.locating import path_file_entries, path_files
from wheelcheck.environments.verify.subject import (
    Installed,
    RecordedFile,
    Subject,
    is_outside,
    joined,
    names_of,
    path_file_lines,
    text_of,
)
from wheelcheck.model.environment import MANIFEST, EnvironmentFile, RuntimeKind
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.texts.files import is_file
from wheelcheck.texts.words import counted, folded

_OF_THE_BUNDLE = frozenset((MANIFEST, "SHA256SUMS"))
_INSTALL_AGAIN = "make the bundle again, or install this distribution again"


def compare_files(subject: Subject, installed: tuple[Installed, ...]) -> Iterator[Problem]:
    """Yield every difference between the files of *subject* and RECORD or manifest; reads every file once."""
    files = TreeFiles(subject.root)
    recorded: set[str] = set()
    stripped: dict[NormalizedName, int] = {}
    promised = {file.path for file in subject.manifest.files} if subject.manifest is not None else None
    for distribution in installed:
        if distribution.files is None:
            message = f"{distribution.info} has no RECORD, so that its files cannot be checked"
            remedy, about = "install it from a wheel: installers write RECORD then", distribution.name
            kind, severity = ProblemKind.RECORD_MISSING, Severity.WARNING
            yield Problem.of(kind, severity, message, remedy, distribution=about, file=distribution.info)
            continue
        for row in distribution.files:
            recorded.add(row.path)
            if moved := _moved_script(files, row, distribution):
                recorded.add(moved)
                continue
            if is_outside(row.path) or _is_bytecode(row.path):
                continue
            if promised is not None and row.path not in promised and not files.exists(row.path):
                stripped[distribution.name] = stripped.get(distribution.name, 0) + 1
                continue
            problem = _compared(files, row, distribution, subject)
            if problem is not None and (promised is None or row.path not in promised):
                yield problem
    for name, count in stripped.items():
        yield _stripped(subject, name, count)
    if subject.manifest is not None:
        yield from _against_manifest(files, subject.manifest.files)
    yield from _foreign(subject, installed, recorded, promised)


def _compared(files: TreeFiles, row: RecordedFile, distribution: Installed, subject: Subject) -> Problem | None:
    if not files.is_file(row.path):
        if files.link(row.path):
            return None
        return _missing(row.path, distribution.name, _severity_of_loss(row.path, distribution, subject))
    difference = files.difference(row.path, row.size, row.algorithm, row.digest, "RECORD")
    return _changed(row.path, distribution.name, difference) if difference else None


def _moved_script(files: TreeFiles, row: RecordedFile, distribution: Installed) -> str:
    """Where a script or data file really lies that ``pip install --target`` moved after RECORD was written; else empty."""
    if distribution.site != "." and row.path.startswith(f"{distribution.site}/"):
        return ""
    if files.exists(row.path) and not is_outside(row.path):
        return ""
    inner = re.sub(r"\A(?:\.\./)+", "", row.path)
    name = inner.rpartition("/")[2]
    places = (joined(distribution.site, place) for place in (inner, f"bin/{name}", f"Scripts/{name}"))
    return next((place for place in places if files.exists(place)), "")


def _severity_of_loss(path: str, distribution: Installed, subject: Subject) -> Severity:
    """A file that is missing outside the packages (a launcher, a manual page) does not keep Python from importing."""
    inside = distribution.site == "." or path.startswith(f"{distribution.site}/")
    is_script = path.startswith(f"{subject.layout.scripts}/")
    return Severity.ERROR if inside and not is_script else Severity.WARNING


def _against_manifest(files: TreeFiles, promised: Iterable[EnvironmentFile]) -> Iterator[Problem]:
    for file in promised:
        if file.link:
            if files.link(file.path) != file.link:
                yield _changed(file.path, file.owner, f"is not the link to {file.link} that the manifest says")
            continue
        if not files.is_file(file.path):
            yield _missing(file.path, file.owner, Severity.ERROR)
        elif difference := files.difference(file.path, file.size, "sha256", file.sha256, "the manifest"):
            yield _changed(file.path, file.owner, difference)


def _foreign(
    subject: Subject, installed: tuple[Installed, ...], recorded: set[str], promised: set[str] | None
) -> Iterator[Problem]:
    """Files that no distribution installed, a problem for each folder or file in a site folder or, with a manifest, in the root."""
    known = recorded | (promised or set())
    unrecorded = tuple(each for each in installed if each.files is None)
    groups: dict[str, list[str]] = {}
    bytecode = 0
    for folder in (".",) if promised is not None else subject.site_packages:
        prefix = "" if folder == "." else f"{folder}/"
        for path in iter_paths(subject.root, folder):
            if path in known or (promised is not None and path in _OF_THE_BUNDLE):
                continue
            if _is_bytecode(path):
                bytecode += 1
            elif not _is_of_unrecorded(path, unrecorded):
                groups.setdefault(prefix + path.removeprefix(prefix).split("/")[0], []).append(path)
    if promised is not None and subject.manifest is not None:
        archives = {archive.filename for archive in subject.manifest.archives}
        groups = {top: paths for top, paths in groups.items() if top not in archives}
    for top, paths in groups.items():
        yield _foreign_problem(top, paths, Severity.WARNING if promised is None else Severity.ERROR)
    if bytecode:
        message = f"{counted(bytecode, 'compiled file')} (__pycache__, .pyc) that Python made itself"
        yield Problem.of(ProblemKind.BYTECODE, Severity.INFO, message)


def _is_of_unrecorded(path: str, unrecorded: tuple[Installed, ...]) -> bool:
    """Whether *path* may belong to a distribution without RECORD, by its name or its top-level modules."""
    for each in unrecorded:
        tops = {name.lower() for name in (*each.top_level, each.name.replace("-", "_"))}
        rest = path if each.site == "." else path.removeprefix(f"{each.site}/")
        stem = rest.split("/")[0].split(".")[0].lower()
        if path.startswith(f"{each.info}/") or path == each.info or stem in tops:
            return True
    return False


def _is_bytecode(path: str) -> bool:
    return path.endswith((".pyc", ".pyo")) or "/__pycache__/" in f"/{path}"


def _stripped(subject: Subject, name: NormalizedName, count: int) -> Problem:
    kinds = subject.manifest.stripped if subject.manifest is not None else ()
    named = f" ({', '.join(kinds)})" if kinds else ""
    message = f"{counted(count, 'file')} of {name} were left out of the bundle{named}"
    return Problem.of(ProblemKind.FILE_STRIPPED, Severity.INFO, message, distribution=name)


def _missing(path: str, owner: NormalizedName | None, severity: Severity) -> Problem:
    message = f"{path} is missing"
    return Problem.of(ProblemKind.FILE_MISSING, severity, message, _INSTALL_AGAIN, distribution=owner, file=path)


def _changed(path: str, owner: NormalizedName | None, how: str) -> Problem:
    message = f"{path} {how}"
    return Problem.of(ProblemKind.FILE_CHANGED, Severity.ERROR, message, _INSTALL_AGAIN, distribution=owner, file=path)


def _foreign_problem(top: str, paths: list[str], severity: Severity) -> Problem:
    alone = paths == [top]
    what = f"{top} belongs" if alone else f"{len(paths)} files in {top}/ belong"
    if len(paths) == 1 and not alone:
        what = f"{paths[0]} belongs"
    message = f"{what} to no distribution{'' if severity is Severity.WARNING else ' and not to the bundle'}"
    remedy = "remove what no distribution installed, or ship it as one"
    return Problem.of(ProblemKind.FILE_FOREIGN, severity, message, remedy, file=top)


_SHEBANG = re.compile(r"#!\s*+\"?([^\"\r\n]++)\"?[^\S\r\n]*+[\r\n]")
_SHARED_INTERPRETERS = ("/bin/sh", "/usr/bin/env", "/bin/bash", "/usr/bin/sh")
_NAMED = 3


def find_contamination(
    subject: Subject, installed: tuple[Installed, ...], environ: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield why *subject* takes packages from elsewhere, or works on this machine only; *environ* is that of its user."""
    yield from _isolation(subject)
    yield from _variables(subject, environ)
    yield from _path_files(subject)
    yield from _editables(installed)
    if subject.home:
        yield from _virtual(subject)
    else:
        yield from _host_paths(subject)


def _isolation(subject: Subject) -> Iterator[Problem]:
    files = path_files(subject.root, subject.layout.executable) if subject.layout.executable else ()
    if subject.runtime.kind is RuntimeKind.EMBEDDABLE and not files:
        name = f"python{subject.python_minor.replace('.', '')}._pth"
        fact = f"there is no {name} beside {subject.layout.executable}"
        message = f"{fact}: the user's PYTHONPATH and registry count then"
        remedy = f"put the {name} of the embeddable package back, with the line {subject.layout.site_packages}"
        yield Problem.of(ProblemKind.NOT_ISOLATED, Severity.ERROR, message, remedy, file=name)
    folder = joined(subject.layout.executable, "..")
    for file in files:
        entries = path_file_entries(file)
        outside = [each for each in entries if is_outside(joined(folder, each)) or ntpath.isabs(each)]
        yield from (_outside(joined(folder, file.name), each) for each in outside)
    if files and subject.layout.site_packages not in {joined(folder, each) for each in path_file_entries(files[0])}:
        message = f"{files[0].name} does not name {subject.layout.site_packages}: nothing in it can be imported"
        remedy = f"add the line {subject.layout.site_packages}"
        yield Problem.of(ProblemKind.NOT_ISOLATED, Severity.ERROR, message, remedy, file=joined(folder, files[0].name))


def _variables(subject: Subject, environ: Mapping[str, str]) -> Iterator[Problem]:
    """PYTHONPATH, where the Python of *subject* heeds it: one with a path file, and a bundle without Python, do not."""
    executable = subject.layout.executable
    if not executable or path_files(subject.root, executable) or subject.runtime.kind is RuntimeKind.EMBEDDABLE:
        return
    if folders := environ.get("PYTHONPATH", ""):
        message = f"PYTHONPATH is set here ({folders}), and this Python takes packages from there before its own"
        remedy = "start programs with `python -I`, which passes it over; imports were tried without it"
        yield Problem.of(ProblemKind.NOT_ISOLATED, Severity.WARNING, message, remedy, library=folders)


def _path_files(subject: Subject) -> Iterator[Problem]:
    for site in subject.site_packages:
        for path in _named(subject.root / site, (".pth", ".egg-link")):
            name = joined(site, path.name)
            if path.name.endswith(".egg-link"):
                yield _editable(name, None, "".join(path_file_lines(path)[:1]))
                continue
            for line in path_file_lines(path):
                if line.startswith(("import ", "import\t")):
                    if "__editable__" in line:
                        yield _editable(name, None, line)
                elif line and not line.startswith("#") and (ntpath.isabs(line) or is_outside(joined(site, line))):
                    yield _outside(name, line)


def _editables(installed: tuple[Installed, ...]) -> Iterator[Problem]:
    for each in installed:
        file, origin = f"{each.info}/direct_url.json", each.origin
        if each.editable:
            yield _editable(file, each.name, origin)
        elif origin.startswith("file:"):
            message = f"{file} names a file of the machine that built this: {origin}"
            remedy = "install it from a wheelhouse without a direct reference, or remove direct_url.json"
            kind, severity = ProblemKind.HOST_PATH, Severity.WARNING
            yield Problem.of(kind, severity, message, remedy, distribution=each.name, file=file, library=origin)


def _virtual(subject: Subject) -> Iterator[Problem]:
    message = f"a virtual environment needs the Python in {subject.home} and its own place: it cannot be shipped"
    remedy, kind = "ship a bundle with a runtime of its own: wheelcheck bundle", ProblemKind.NOT_RELOCATABLE
    yield Problem.of(kind, Severity.WARNING, message, remedy, file="pyvenv.cfg", library=subject.home)
    if subject.sees_host:
        message = "it shows the host's packages too (include-system-site-packages = true)"
        remedy = "make it without --system-site-packages"
        yield Problem.of(ProblemKind.NOT_ISOLATED, Severity.ERROR, message, remedy, file="pyvenv.cfg")


def _host_paths(subject: Subject) -> Iterator[Problem]:
    """Scripts that name an interpreter by its place on one machine: one problem for all of them."""
    found: dict[str, str] = {}
    for folder in dict.fromkeys((subject.layout.scripts, joined(subject.layout.site_packages, "bin"))):
        for path in _named(subject.root / folder, ("",)):
            interpreter = _shebang(path)
            if interpreter and interpreter.split()[0] not in _SHARED_INTERPRETERS:
                found[joined(folder, path.name)] = interpreter
    if found:
        first, interpreter = next(iter(found.items()))
        verb = "starts" if len(found) == 1 else "start"
        message = f"{folded(list(found), _NAMED)} {verb} with #!{interpreter}, a place on one machine"
        remedy = "start programs with `python -m`, or make the bundle with wheelcheck, whose scripts find their Python"
        yield Problem.of(ProblemKind.HOST_PATH, Severity.WARNING, message, remedy, file=first, library=interpreter)


def _shebang(path: Path) -> str:
    matched = _SHEBANG.match(text_of(path, 512))
    text = matched[1].rstrip() if matched else ""
    return text if text.startswith("/") or ntpath.isabs(text) else ""


def _outside(file: str, entry: str) -> Problem:
    message = f"{file} adds {entry}, outside the environment"
    remedy = "remove the line: what is there does not ship"
    return Problem.of(ProblemKind.OUTSIDE_PATH, Severity.ERROR, message, remedy, file=file, library=entry)


def _editable(file: str, owner: NormalizedName | None, place: str) -> Problem:
    where, remedy = f" ({place})" if place else "", "build a wheel of it and install that"
    message = f"{file} is of an editable installation: its code lies elsewhere{where}"
    kind, severity = ProblemKind.EDITABLE, Severity.ERROR
    return Problem.of(kind, severity, message, remedy, distribution=owner, file=file, library=place)


def _named(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return [folder / name for name in names_of(folder) if name.endswith(suffixes) and is_file(folder / name)]
