"""Compares the files of an environment with RECORD and the bundle's manifest: missing, changed, foreign; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.utils import NormalizedName

from wheelcheck.environments.trees import TreeFiles, iter_paths
from wheelcheck.environments.verify.subject import Installed, RecordedFile, Subject, is_outside, joined
from wheelcheck.model.environment import MANIFEST, EnvironmentFile
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.texts.words import counted

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
    inner = row.path
    while inner.startswith("../"):
        inner = inner[len("../") :]
    name = inner.rpartition("/")[2]
    places = (joined(distribution.site, place) for place in (inner, f"bin/{name}", f"Scripts/{name}"))
    return next((place for place in places if files.exists(place)), "")


def _severity_of_loss(path: str, distribution: Installed, subject: Subject) -> Severity:
    """A file that is missing outside the packages (a launcher, a manual page) does not keep Python from importing."""
    inside = distribution.site == "." or path.startswith(f"{distribution.site}/")
    scripts = subject.layout.scripts
    return Severity.ERROR if inside and not path.startswith(f"{scripts}/") else Severity.WARNING


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
    message = f"{counted(count, 'file')} of {name} were left out of the bundle" + (
        f" ({', '.join(kinds)})" if kinds else ""
    )
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
