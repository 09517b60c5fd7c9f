"""What reading a ``setup.py`` brings to light, and the ways in which reading leaves a block; reads nothing itself."""

from __future__ import annotations

import ast
from dataclasses import field

from wheelcheck.archives.setup_values import Value
from wheelcheck.values import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """Something native that the script does: *what* in *path* at *line*."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.what}"


@dataclass(slots=True)
class ScriptReading:
    """What a script would do: the arguments of every ``setup()`` it may reach, and the native things it makes.

    ``signs`` are certain, ``hints`` only suggest. ``open_arguments`` says that a ``**mapping`` was not known, ``optional`` that
    some extension is marked so (its failure is forgiven), ``exhausted`` that the script was too long to follow. ``modules`` are the
    paths of the modules that it imports from its own tree.
    """

    path: str
    calls: list[dict[str, Value]] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    hints: list[Sign] = field(default_factory=list)
    open_arguments: bool = False
    optional: bool = False
    exhausted: bool = False
    modules: list[str] = field(default_factory=list)


class Stop(Exception):
    """The rest of a block is not reached."""


class Returned(Stop):
    """A function is left with *value*."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class Exhausted(Exception):
    """More steps than any honest script needs."""


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name, or an empty string."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
