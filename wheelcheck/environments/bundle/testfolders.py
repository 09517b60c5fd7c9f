"""Finds the folders of tests in an environment that nothing but tests imports; reads Python files, runs none."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from wheelcheck.model.environment import Environment
from wheelcheck.model.syntax import parse_tree

_NAMES = frozenset({"test", "tests"})
_TEST_FILE = re.compile(r"(__init__|conftest|test_\w+|\w+_tests?)\.py")
_SPEAKS_OF_TESTS = re.compile(rb"\btests?\b")
_DOTTED = re.compile(r"\.*\w+(?:\.\w+)*")


def removable_tests(environment: Environment) -> frozenset[str]:
    """The paths of all files in folders named ``test`` or ``tests`` of *environment* that other code does not import.

    Such a folder holds an ``__init__.py`` or a test itself, else it is data. One that code outside it names, in an import or in a
    string that is its dotted name or an entry point, stays whole, and so does what that folder names in its turn. Costs a read of
    every Python file, and a parse of those that have one of the words.
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
    found = set()
    for path in paths:
        folder, _, name = path.rpartition("/")
        if posixpath.basename(folder) in _NAMES and _TEST_FILE.fullmatch(name):
            found.add(folder)
    return frozenset(folder for folder in found if not _folder_of(folder, frozenset(found)))


def _folder_of(path: str, folders: frozenset[str]) -> str:
    """The one of *folders* above *path*; empty for none."""
    parent = posixpath.dirname(path)
    while parent:
        if parent in folders:
            return parent
        parent = posixpath.dirname(parent)
    return ""


def _roots(environment: Environment, paths: Iterable[str]) -> tuple[str, ...]:
    """The folders that modules are imported from, with ``/`` at their end or empty, deepest first."""
    site = environment.layout.site_packages
    # A standard library that is not in an archive is where os.py lies.
    libraries = [
        posixpath.dirname(path)
        for path in paths
        if posixpath.basename(path) == "os.py" and "/site-packages/" not in path
    ]
    folders = dict.fromkeys([site, *libraries])
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
        yield from _beginnings(word, modules)


def _beginnings(word: str, modules: dict[str, str]) -> Iterator[str]:
    parts = word.split(".")
    for length in range(1, len(parts) + 1):
        if folder := modules.get(".".join(parts[:length])):
            yield folder


def _words_of_code(content: bytes, package: str) -> Iterator[str]:
    """Every dotted name that the code in *package* imports or has as a string, made absolute."""
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
