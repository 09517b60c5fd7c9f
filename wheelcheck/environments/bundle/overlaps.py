"""Tells whether two wheels may have different files in one place: what no planned code imports may differ; reads no disk itself.

pip and uv let the last one win, and for folders of tests, licences and stubs that is harmless: refusing a product for them would
be wrong. For modules it is not: one of the two projects would run the other's code.
"""

from __future__ import annotations

import ast
import posixpath
import re
from typing import TYPE_CHECKING

from wheelcheck.model.syntax import parse_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CODE = (".py", ".pyc", ".pyd", ".so", ".dylib", ".dll", ".pth")
# At the top of site-packages these are a slip in somebody's build: what a product imports has a name of its own.
_ASIDE = frozenset(
    {"test", "tests", "doc", "docs", "example", "examples", "sample", "samples", "benchmark", "benchmarks"}
)
_ASIDE_FILES = frozenset({"conftest.py", "setup.py"})
_READING_MATTER = re.compile(
    r"(?:licen[cs]es?|copying|copyright|notice|authors|contributors|readme|change(?:s|log)|history|news)(?:[.-].*)?",
    re.IGNORECASE,
)
_NAMESPACE_TOOLS = frozenset({"pkgutil", "pkg_resources", "__future__", "typing"})


def may_differ(path: str, reads: Iterable[Callable[[], bytes] | None]) -> bool:
    """Whether files at *path*, relative to site-packages and empty outside of it, may have other contents in two wheels.

    *reads* give the contents; they are called only for modules that may be nothing but the declaration of a namespace, ``None``
    for a content that is unknown.
    """
    if not path:
        return True
    top, _, below = path.partition("/")
    name = posixpath.basename(path)
    is_code = name.lower().endswith(CODE)
    aside = top.lower() in _ASIDE if below else name.lower() in _ASIDE_FILES or not is_code
    if aside or name == "py.typed" or name.endswith((".pyi", ".md", ".rst")):
        return True
    if not is_code:
        return bool(_READING_MATTER.fullmatch(name))
    return name == "__init__.py" and all(read is not None and _only_declares_namespace(read()) for read in reads)


def _only_declares_namespace(content: bytes) -> bool:
    """Whether a module does nothing but say that other folders are part of its package too, or nothing at all.

    In one site-packages folder all parts of a package lie together, whichever of the old ways says so.
    """
    try:
        tree = parse_tree(content)
    except SyntaxError:
        return False
    return all(map(_declares, tree.body))


def _declares(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Import(names=names):
            return all(name.name in _NAMESPACE_TOOLS for name in names)
        case ast.ImportFrom(module=module):
            return module in _NAMESPACE_TOOLS
        case ast.Assign(targets=[ast.Name(id="__path__")]):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="declare_namespace"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="declare_namespace"))):
            return True
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            inner = [*body, *orelse, *final, *(line for handler in handlers for line in handler.body)]
            return all(map(_declares, inner))
        case _:
            return False
