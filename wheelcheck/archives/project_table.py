"""Reads ``pyproject.toml``: the build backend, static dependencies, and the tables in which backends name hooks and scripts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.archives.tree import SourceTree
from wheelcheck.values import dataclass

Table = Mapping[str, object]
_EMPTY: Table = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTable:
    """``pyproject.toml`` as far as it is one; all empty where the file is missing or is no TOML (``broken`` says so).

    ``build_requires`` are the canonical names in ``[build-system] requires``.
    """

    present: bool = False
    broken: str = ""
    backend: str = ""
    backend_path: tuple[str, ...] = ()
    build_requires: frozenset[NormalizedName] = frozenset()
    document: Table = field(default_factory=dict)

    def table(self, *keys: str) -> Table:
        """The table at *keys*, an empty one where there is none."""
        here: object = self.document
        for key in keys:
            here = here.get(key) if isinstance(here, Mapping) else None
        return here if isinstance(here, Mapping) else _EMPTY

    def value(self, *keys: str) -> object:
        """The value at *keys*, or ``None``."""
        return self.table(*keys[:-1]).get(keys[-1])


def parse_project_table(tree: SourceTree) -> ProjectTable:
    """Read the tree's ``pyproject.toml``; without a ``[build-system]`` the backend is setuptools' (PEP 517)."""
    text = tree.text("pyproject.toml")
    if text is None:
        return ProjectTable(backend="setuptools.build_meta:__legacy__")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        return ProjectTable(present=True, broken=str(problem), backend="setuptools.build_meta:__legacy__")
    system = document.get("build-system")
    system = system if isinstance(system, dict) else {}
    backend = system.get("build-backend")
    return ProjectTable(
        present=True,
        backend=backend if isinstance(backend, str) else "setuptools.build_meta:__legacy__",
        backend_path=tuple(text_items(system.get("backend-path"))),
        build_requires=frozenset(_names(text_items(system.get("requires")))),
        document=document,
    )


def text_items(value: object) -> list[str]:
    """The strings in *value*, if it is a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _names(requirements: list[str]) -> list[NormalizedName]:
    names = []
    for text in requirements:
        try:
            names.append(canonicalize_name(Requirement(text).name))
        except InvalidRequirement:
            continue
    return names
