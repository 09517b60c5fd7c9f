"""Knows which index pip uses when it is told nothing, so that an export names only the others."""

from __future__ import annotations

import ast
import functools
from importlib.util import find_spec
from pathlib import Path


def is_default_index(url: str) -> bool:
    """Whether *url* is the index that installers ask by default, whatever its trailing slash."""
    return url.rstrip("/") == _default_index()


@functools.cache
def _default_index() -> str:
    # The constant is read from pypi_simple's source: importing the package for it costs 0.4 s.
    spec = find_spec("pypi_simple")
    if spec is None or spec.origin is None:
        return ""
    for statement in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="PYPI_SIMPLE_ENDPOINT")], value=ast.Constant(value=str(url)))
                | ast.AnnAssign(target=ast.Name(id="PYPI_SIMPLE_ENDPOINT"), value=ast.Constant(value=str(url)))
            ):
                return url.rstrip("/")
    return ""
