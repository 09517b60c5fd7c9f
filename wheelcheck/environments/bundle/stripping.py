"""Takes files out of an environment that its imports do not need: tests, documents, stubs; keeps RECORD true, and all licences.

The rules are the table :data:`KINDS`. What a rule cannot be sure of stays: a folder named ``test`` without any test in it, tests
that other code imports, stubs that are read while the program runs.
"""

from __future__ import annotations

import csv
import hashlib
import io
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.environments.bundle.testfolders import removable_tests
from wheelcheck.model.environment import Environment, EnvironmentFile

_LICENCE = re.compile(r"(licen[cs]e|copying|copyright|notice|authors)", re.IGNORECASE)
_CODE = (".py", ".pyi", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".exe")
_DOCUMENTS = frozenset({"doc", "docs"})
_SHARED_DOCUMENTS = frozenset({"doc", "info", "man"})
_NEEDED_IN_DIST_INFO = frozenset({"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt"})
# Stubs that lazy_loader.attach_stub reads on import, and whatever else speaks of stubs.
_READS_STUBS = re.compile(rb"attach_stub|\.pyi\b")


class StripKind(Struct, frozen=True, kw_only=True):
    """One kind of files: its word for ``--strip``, the rule as a sentence for people, and the paths that the rule takes."""

    name: str
    rule: str
    taken: Callable[[Environment], frozenset[str]]


def strip(environment: Environment, kinds: Iterable[str]) -> Environment:
    """Remove the files of *kinds* (keys of :data:`KINDS`) from the disk and from *environment*; answers what is left.

    Costs a look at the rules' files; ``tests`` reads the Python files that speak of tests. Each RECORD loses the lines of what is
    gone, and folders that are empty then go too. Raises ``OSError``.
    """
    gone = frozenset[str]().union(*(KINDS[kind].taken(environment) for kind in kinds))
    if not gone:
        return environment
    for path in gone:
        (environment.root / path).unlink()
    _remove_empty_folders(environment.root, gone)
    kept = (file for file in environment.files if file.path not in gone)
    return replace(
        environment,
        # Each of them: a file that two wheels have alike is in the RECORD of both.
        files=tuple(_shortened(environment, file, gone) if _is_record(environment, file) else file for file in kept),
    )


def strippable(environment: Environment) -> dict[str, int]:
    """The bytes that each kind of :data:`KINDS` would take from *environment*, which stays as it is.

    A file that two kinds take counts for both. Costs what :func:`strip` costs.
    """
    sizes = {file.path: file.size for file in environment.files}
    return {name: sum(sizes[path] for path in kind.taken(environment)) for name, kind in KINDS.items()}


def inside(environment: Environment, path: str) -> str:
    """*path* relative to site-packages; empty for what lies elsewhere."""
    folder = environment.layout.site_packages
    if folder == ".":
        return path
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else ""


def _is_licence(path: str) -> bool:
    """Whether *path* is a licence, which whoever ships the code must ship too."""
    return bool(_LICENCE.match(posixpath.basename(path))) or ".dist-info/licenses/" in path


def _tests(environment: Environment) -> frozenset[str]:
    return frozenset(path for path in removable_tests(environment) if not _is_licence(path))


def _docs(environment: Environment) -> frozenset[str]:
    folders: dict[str, list[EnvironmentFile]] = {}
    for file in environment.files:
        parts = file.path.split("/")
        for depth, part in enumerate(parts[:-1], start=1):
            shared = part in _SHARED_DOCUMENTS and depth > 1 and parts[depth - 2] == "share"
            if shared or (part.lower() in _DOCUMENTS and (inside(environment, file.path) or file.owner is None)):
                folders.setdefault("/".join(parts[:depth]), []).append(file)
                break
    return frozenset(
        file.path
        for files in folders.values()
        # Some packages keep code in a folder named doc.
        if not any(file.path.lower().endswith(_CODE) or file.executable for file in files)
        for file in files
        if not _is_licence(file.path)
    )


def _pyi(environment: Environment) -> frozenset[str]:
    paths = {file.path for file in environment.files}
    return frozenset(
        path for path in paths if path.endswith(".pyi") and not _is_read(environment.root, path[: -len("i")], paths)
    )


def _is_read(root: Path, module: str, paths: set[str]) -> bool:
    return module in paths and bool(_READS_STUBS.search((root / module).read_bytes()))


def _dist_info_extras(environment: Environment) -> frozenset[str]:
    taken = set()
    for file in environment.files:
        folder, _, name = inside(environment, file.path).partition("/")
        if folder.endswith(".dist-info") and name not in _NEEDED_IN_DIST_INFO and not _is_licence(file.path):
            taken.add(file.path)
    return frozenset(taken)


KINDS: Mapping[str, StripKind] = MappingProxyType(
    {
        row.name: row
        for row in (
            StripKind(
                name="tests",
                rule="folders named test or tests that hold tests and that nothing outside them imports",
                taken=_tests,
            ),
            StripKind(
                name="docs",
                rule="folders named doc or docs without any code, and share/doc, share/info and share/man",
                taken=_docs,
            ),
            StripKind(
                name="pyi",
                rule="type stubs (*.pyi), but those that their own module reads while it is imported",
                taken=_pyi,
            ),
            StripKind(
                name="dist-info-extras",
                rule=f"all of a .dist-info folder but its licences and {', '.join(sorted(_NEEDED_IN_DIST_INFO))}",
                taken=_dist_info_extras,
            ),
        )
    }
)
"""What ``--strip`` can take away, by its word; licences always stay. To add a kind, write a function and a row."""


def _is_record(environment: Environment, file: EnvironmentFile) -> bool:
    folder, _, name = inside(environment, file.path).partition("/")
    return folder.endswith(".dist-info") and name == "RECORD"


def _shortened(environment: Environment, record: EnvironmentFile, gone: frozenset[str]) -> EnvironmentFile:
    """Write *record* without the lines of what is *gone*; its lines are relative to site-packages, as the specification has it."""
    path = environment.root / record.path
    content = path.read_bytes().decode()
    rows = [row for row in csv.reader(io.StringIO(content, newline="")) if row]
    left = [
        row for row in rows if posixpath.normpath(posixpath.join(environment.layout.site_packages, row[0])) not in gone
    ]
    if len(left) == len(rows):
        return record
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(left)
    rewritten = written.getvalue().encode()
    path.write_bytes(rewritten)
    return replace(record, size=len(rewritten), sha256=hashlib.sha256(rewritten).hexdigest())


def _remove_empty_folders(root: Path, gone: Iterable[str]) -> None:
    for folder in sorted({parent for path in gone for parent in _parents(path)}, key=len, reverse=True):
        place = root / folder
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def _parents(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path
