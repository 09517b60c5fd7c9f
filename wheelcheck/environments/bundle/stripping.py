"""Removes files that imports do not need: tests, documents, stubs. RECORD stays true, and all licences stay.

The rules are the table :data:`KINDS`. A rule keeps what it cannot be sure of: a folder named ``test`` without any test in it,
tests that other code imports, stubs that are read while the program runs.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import itertools
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from msgspec.structs import replace

from wheelcheck.model.code import parse_tree
from wheelcheck.model.environment import Environment, EnvironmentFile

_LICENCE = re.compile(r"(licen[cs]e|copying|copyright|notice|authors)", re.IGNORECASE)
_CODE = (".py", ".pyi", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".exe")
_DOCUMENTS = frozenset({"doc", "docs"})
_SHARED_DOCUMENTS = frozenset({"doc", "info", "man"})
_NEEDED_IN_DIST_INFO = frozenset({"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt"})
# Stubs that lazy_loader.attach_stub reads on import, and whatever else speaks of stubs.
_READS_STUBS = re.compile(rb"attach_stub|\.pyi\b")
_RECORD = re.compile(r"[^/]+\.dist-info/RECORD")
_NAMES = frozenset({"test", "tests"})
_TEST_FILE = re.compile(r"(__init__|conftest|test_\w+|\w+_tests?)\.py")
_SPEAKS_OF_TESTS = re.compile(rb"\btests?\b")
_DOTTED = re.compile(r"(?<!\.)\.*+\w++(?:\.\w++)*+")


def strip(environment: Environment, kinds: Iterable[str]) -> Environment:
    """Remove the files of *kinds* (keys of :data:`KINDS`) from the disk; returns the environment without them.

    Costs a look at the rules' files; ``tests`` reads the Python files that mention tests. Each RECORD loses the lines of
    removed files, and folders that are empty then go too. Raises ``OSError``.
    """
    gone = frozenset[str]().union(*(KINDS[kind](environment) for kind in kinds))
    if not gone:
        return environment
    for path in gone:
        (environment.root / path).unlink()
    _remove_empty_folders(environment.root, gone)
    kept = (file for file in environment.files if file.path not in gone)
    return replace(
        environment,
        # Each of them: a file that two wheels have alike is in the RECORD of both.
        files=tuple(
            _shortened(environment, file, gone) if _RECORD.fullmatch(inside(environment, file.path)) else file
            for file in kept
        ),
    )


def strippable(environment: Environment) -> dict[str, int]:
    """The bytes that each kind of :data:`KINDS` would take from *environment*, which stays as it is.

    A file that two kinds take counts for both. Costs what :func:`strip` costs.
    """
    sizes = {file.path: file.size for file in environment.files}
    return {name: sum(sizes[path] for path in taken(environment)) for name, taken in KINDS.items()}


def inside(environment: Environment, path: str) -> str:
    """*path* relative to site-packages; empty for what lies elsewhere."""
    folder = environment.layout.site_packages
    if folder == ".":
        return path
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else ""


def _is_licence(path: str) -> bool:
    """Whether *path* is a licence, which has to ship with its code."""
    return bool(_LICENCE.match(posixpath.basename(path))) or ".dist-info/licenses/" in path


def _tests(environment: Environment) -> frozenset[str]:
    """Folders named test or tests that hold tests and that nothing outside them imports."""
    return frozenset(path for path in removable_tests(environment) if not _is_licence(path))


def _docs(environment: Environment) -> frozenset[str]:
    """Folders named doc or docs without any code, and share/doc, share/info and share/man."""
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
    """Type stubs, but those that their own module reads while it is imported."""
    paths = {file.path for file in environment.files}
    stubs = {path: path[: -len("i")] for path in paths if path.endswith(".pyi")}
    return frozenset(
        path
        for path, module in stubs.items()
        if module not in paths or not _READS_STUBS.search((environment.root / module).read_bytes())
    )


def _dist_info_extras(environment: Environment) -> frozenset[str]:
    """All of a .dist-info folder but its licences and what installers and programs read."""

    def is_extra(path: str) -> bool:
        folder, _, name = inside(environment, path).partition("/")
        return folder.endswith(".dist-info") and name not in _NEEDED_IN_DIST_INFO and not _is_licence(path)

    return frozenset(file.path for file in environment.files if is_extra(file.path))


KINDS: Mapping[str, Callable[[Environment], frozenset[str]]] = MappingProxyType(
    {"tests": _tests, "docs": _docs, "pyi": _pyi, "dist-info-extras": _dist_info_extras}
)
"""What selects the paths that ``--strip`` can take away, by its word; licences always stay."""


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
    folders = {parent.as_posix() for path in gone for parent in PurePosixPath(path).parents} - {"."}
    for folder in sorted(folders, key=len, reverse=True):
        place = root / folder
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def removable_tests(environment: Environment) -> frozenset[str]:
    """The paths of all files in folders named ``test`` or ``tests`` of *environment* that other code does not import.

    Such a folder holds an ``__init__.py`` or a test itself, else it is data. A folder stays whole where code outside it names
    it, in an import or in a string that is its dotted name or an entry point, and so do the folders that it names itself. Costs
    a read of every Python file, and a parse of those that have one of the words.
    """
    paths = [file.path for file in environment.files]
    folders = _folders_of_tests(paths)
    if not folders:
        return frozenset()
    owned: dict[str, list[str]] = {folder: [] for folder in folders}
    outside: list[str] = []
    for path in paths:
        folder = _folder_of(path, folders)
        (owned[folder] if folder else outside).append(path)
    roots = _roots(environment, paths)
    modules = {module: folder for folder in folders for module in _modules(folder, roots)}
    waiting = outside
    while waiting and owned:
        needed = {folder for path in waiting for folder in _named_in(environment.root, path, roots, modules)}
        # What stays may itself import the tests of others.
        waiting = [path for folder in sorted(needed & owned.keys()) for path in owned.pop(folder)]
    return frozenset(path for files in owned.values() for path in files)


def _folders_of_tests(paths: Iterable[str]) -> frozenset[str]:
    """The outermost folders of tests."""
    pairs = (posixpath.split(path) for path in paths)
    found = frozenset(
        folder for folder, name in pairs if posixpath.basename(folder) in _NAMES and _TEST_FILE.fullmatch(name)
    )
    return frozenset(folder for folder in found if not _folder_of(folder, found))


def _folder_of(path: str, folders: frozenset[str]) -> str:
    """The one of *folders* above *path*; empty for none."""
    return next((above for each in PurePosixPath(path).parents if (above := each.as_posix()) in folders), "")


def _roots(environment: Environment, paths: Iterable[str]) -> tuple[str, ...]:
    """The folders that modules are imported from, with ``/`` at their end or empty, deepest first."""
    site = environment.layout.site_packages
    # A standard library that is not in an archive is where os.py lies.
    beside = (path for path in paths if posixpath.basename(path) == "os.py" and "/site-packages/" not in path)
    folders = dict.fromkeys([site, *map(posixpath.dirname, beside)])
    return tuple(sorted(("" if folder in (".", "") else f"{folder}/" for folder in folders), key=len, reverse=True))


def _modules(folder: str, roots: tuple[str, ...]) -> Iterator[str]:
    for root in roots:
        if f"{folder}/".startswith(root):
            yield folder.removeprefix(root).replace("/", ".")


def _named_in(root: Path, path: str, roots: tuple[str, ...], modules: dict[str, str]) -> Iterator[str]:
    """The folders of *modules* that the file at *path* names."""
    is_code, is_entries = path.endswith(".py"), path.endswith(".dist-info/entry_points.txt")
    if not (is_code or is_entries):
        return
    content = (root / path).read_bytes()
    if not _SPEAKS_OF_TESTS.search(content):
        return
    package = next(iter(_modules(posixpath.dirname(path), roots)), "")
    words = _words_of_code(content, package) if is_code else _DOTTED.findall(content.decode("utf-8", "replace"))
    for word in words:
        beginnings = itertools.accumulate(word.split("."), lambda above, part: f"{above}.{part}")
        yield from (modules[name] for name in beginnings if name in modules)


def _words_of_code(content: bytes, package: str) -> Iterator[str]:
    """Yield every dotted name that the code in *package* imports or has as a string, made absolute."""
    try:
        tree = parse_tree(content)
    except SyntaxError:
        # Code for another Python than this one: every word counts, alone and in the package.
        for word in _DOTTED.findall(content.decode("utf-8", "replace")):
            yield word.lstrip(".")
            yield _absolute("." + word.lstrip("."), package)
            yield _absolute(word, package)
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = _absolute("." * level + (module or ""), package)
                yield from (f"{base}.{name.name}" if base else name.name for name in names)
            case ast.Constant(value=str(text)) if "." in text and _DOTTED.fullmatch(text):
                yield _absolute(text, package)


def _absolute(name: str, package: str) -> str:
    """*name* as an import in *package* means it."""
    bare = name.lstrip(".")
    level = len(name) - len(bare)
    if not level:
        return name
    above = package.split(".") if package else []
    base = above[: len(above) - level + 1]
    return ".".join([*base, bare] if bare else base)
