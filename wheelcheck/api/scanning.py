"""Reads a program's own source for what it imports by a name in a string, which no freezer sees; runs none of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from wheelcheck.model.syntax import parse_tree

_FUNCTIONS = frozenset({"import_module", "__import__", "find_spec"})
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist"})
_MOST = 5000  # files; a program that has more is scanned in part, which costs a hint and no answer


def dynamic_imports(start: Path) -> tuple[str, ...]:
    """The dotted names that the code beside the script *start*, and below, gives to ``import_module`` and the like, sorted.

    Environments, hidden folders and what other tools built are passed over, as is code that does not parse.
    """
    folder = start.parent if start.is_file() else start
    found: set[str] = set()
    for count, path in enumerate(_iter_code(folder)):
        if count == _MOST:
            break
        try:
            tree = parse_tree(path.read_bytes())
        except (SyntaxError, OSError):
            continue
        found |= set(_iter_names(tree))
    return tuple(sorted(found))


def _iter_code(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return  # a folder that cannot be read holds no code that can be frozen
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            is_environment = (path / "pyvenv.cfg").exists()
            if not is_environment and not path.name.startswith(".") and path.name not in _SKIPPED:
                yield from _iter_code(path)
        elif path.suffix == ".py":
            yield path


def _iter_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id=function) | ast.Attribute(attr=function), args=[ast.Constant(value=str() as name), *_]
            ) if function in _FUNCTIONS and all(part.isidentifier() for part in name.split(".")):
                yield name
