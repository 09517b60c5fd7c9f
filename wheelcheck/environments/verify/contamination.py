"""Finds path files, editables and host paths that let packages from outside into an environment."""

from __future__ import annotations

import ntpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import NormalizedName

from wheelcheck.environments.verify.locating import path_file_entries, path_files
from wheelcheck.environments.verify.subject import (
    Installed,
    Subject,
    is_outside,
    joined,
    names_of,
    path_file_lines,
    text_of,
)
from wheelcheck.model.environment import RuntimeKind
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.texts.files import is_file
from wheelcheck.texts.words import folded

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
        for entry in path_file_entries(file):
            place = joined(folder, entry)
            if is_outside(place) or ntpath.isabs(entry):
                yield _outside(joined(folder, file.name), entry)
    if files and subject.layout.site_packages not in {
        joined(folder, entry) for file in files[:1] for entry in path_file_entries(file)
    }:
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
    remedy = "ship a bundle with a runtime of its own: wheelcheck bundle"
    yield Problem.of(
        ProblemKind.NOT_RELOCATABLE, Severity.WARNING, message, remedy, file="pyvenv.cfg", library=subject.home
    )
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
