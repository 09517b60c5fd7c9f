"""Draws the changes of a room: ``(folder, rooms, seed) → mutants in an order of chance``. The operators are cosmic-ray's.

A change inside an annotation is none of a test's business: annotations are not evaluated, or are the type checker's.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from msgspec import Struct

_Place = tuple[int, int]
_ONLY = {"Binary": "operator", "Comparison": "comparison"}


class Mutant(Struct, frozen=True, kw_only=True):
    """One change: which occurrence of an operator in a file, and the lines and columns that it touches (from 1 and 0)."""

    path: str
    operator: str
    occurrence: int
    begin: _Place
    end: _Place

    @property
    def room(self) -> str:
        """The folder of the file."""
        return Path(self.path).parent.name

    def applied(self, source: str) -> str | None:
        """The changed source; None where it is no Python any more, or is no other."""
        changed: str | None = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        try:
            same = changed is None or ast.dump(ast.parse(changed)) == ast.dump(ast.parse(source))
        except SyntaxError:
            return None
        return None if same else changed

    def shown(self, source: str) -> str:
        """The changed lines, as they were and as they are then."""
        changed = (self.applied(source) or "").splitlines()
        lines = difflib.unified_diff(source.splitlines(), changed, n=0, lineterm="")
        return " ".join(" ".join(line.split()) for line in lines if line[:3] not in ("---", "+++") and line[0] in "-+")


def drawn(folder: Path, room: str, seed: int, kept: Path) -> list[Mutant]:
    """All changes of a *room* of the package in *folder*, in the order of chance that *seed* gives; *kept* saves the reading."""
    mutants = [
        each for path in sorted((folder / "wheelcheck" / room).glob("*.py")) for each in _of_file(path, folder, kept)
    ]
    return sorted(
        mutants,
        key=lambda each: hashlib.sha256(f"{seed} {each.path} {each.operator} {each.occurrence}".encode()).digest(),
    )


def _of_file(path: Path, folder: Path, kept: Path) -> list[Mutant]:
    source = path.read_text()
    name = path.relative_to(folder).as_posix()
    saved = kept / "mutants" / f"{hashlib.sha256((name + source).encode()).hexdigest()[:24]}.json"
    if not saved.exists():
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.write_bytes(msgspec.json.encode(list(_iter_mutants(name, source))))
    return msgspec.json.decode(saved.read_bytes(), type=list[Mutant])


def _iter_mutants(name: str, source: str) -> Iterator[Mutant]:
    operators = {each: get_operator(each)() for each in sorted(operator_names()) if not get_operator(each).arguments()}
    counts = dict.fromkeys(operators, 0)
    annotations = list(_iter_annotations(ast.parse(source)))
    for node in ast_nodes(get_ast(source)):
        for each, operator in operators.items():
            if node.type != _ONLY.get(each.partition("Replace")[2].partition("Operator")[0], node.type):
                continue  # many operators look at one type of node alone, and asking them all of each node takes minutes
            for begin, end in operator.mutation_positions(node):
                if not any(first <= begin and end <= last for first, last in annotations):
                    yield Mutant(path=name, operator=each, occurrence=counts[each], begin=begin, end=end)
                counts[each] += 1


def _iter_annotations(tree: ast.Module) -> Iterator[tuple[_Place, _Place]]:
    for node in ast.walk(tree):
        found: list[Any] = [getattr(node, "returns", None), getattr(node, "annotation", None)]
        for each in found:
            if isinstance(each, ast.expr):
                yield (each.lineno, each.col_offset), (each.end_lineno or 0, each.end_col_offset or 0)
