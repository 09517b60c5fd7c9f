"""Decides the conditions in Python code that hang on the target: its Python, its system, and that no variable is set."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from wheelcheck.model.code import COMPARISONS, ImportTarget

_Known = None | bool | int | str | tuple[int | str, ...]
# Names of widely used constants for Python 2 and 3, wherever they are imported from.
_ABOUT_PYTHON = {
    "PY2": False, "PY3": True, "IS_PY2": False, "IS_PY3": True, "IS_PYTHON_2": False, "IS_PYTHON_3": True, "py2": False,
    "py3": True, "PYTHON2": False, "PYTHON3": True, "is_py2": False, "is_py3": True, "PY34": True, "PY35": True, "PY36": True,
}  # fmt: skip


# Variables that systems, shells, tools and services set. One word alone may be such, too.
_OF_SYSTEMS = re.compile(
    r"[^_]*$|(AWS|AZURE|CI|CONDA|CUDA|DJANGO|DOCKER|GITHUB|GITLAB|GOOGLE|JAVA|KUBERNETES|LC|LD|NO|PIP|PYTHON|QT|READTHEDOCS|SSH|"
    r"TERM|UV|VIRTUAL|WAYLAND|XDG)_"
)


def truth_of(test: ast.expr, target: ImportTarget) -> bool | None:
    """Whether *test* holds on *target*; ``None`` where reading it does not tell."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            known = truth_of(operand, target)
            return None if known is None else not known
        case ast.BoolOp(op=op, values=values):
            found = [truth_of(value, target) for value in values]
            settling = isinstance(op, ast.Or)
            if settling in found:
                return settling
            return None if None in found else not settling
        case ast.Compare(left=left, ops=[comparison], comparators=[right]):
            return _compared(left, comparison, right, target)
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _ABOUT_PYTHON:
            return _ABOUT_PYTHON[name]
        case ast.Call() if (default := unset_default(test)) is not None and truth_of(default, target) is False:
            return False
        case ast.Call(func=ast.Attribute(value=value, attr="startswith"), args=[prefix]):
            text, start = _known(value, target), _known(prefix, target)
            if isinstance(text, str) and isinstance(start, str):
                return text.startswith(start)
    return None


def _compared(left: ast.expr, comparison: ast.cmpop, right: ast.expr, target: ImportTarget) -> bool | None:
    order = COMPARISONS.get(type(comparison))
    wanted = _numbers(right)
    if _is_version_info(left):
        return _ordered((3, target.minor), order, wanted) if wanted and order else None
    version = _part_of_version(left, target)
    if version:
        return order(version, wanted) if wanted and order else None
    default, wanted_text = unset_default(left), _known(right, target)
    if isinstance(default, ast.Constant) and not default.value and wanted_text is not None:
        is_equal = default.value == wanted_text
        return is_equal is isinstance(comparison, ast.Eq) if isinstance(comparison, ast.Eq | ast.NotEq) else None
    one, other = _known(left, target), _known(right, target)
    match comparison:
        case ast.Eq() if one is not None and other is not None:
            return one == other
        case ast.NotEq() if one is not None and other is not None:
            return one != other
        case ast.In() | ast.NotIn() if isinstance(one, str) and isinstance(other, tuple | str):
            return (one in other) is isinstance(comparison, ast.In)
    return None


def unset_default(node: ast.expr) -> ast.expr | None:
    """What *node* gives, which asks for a variable of the environment that a program has for itself; ``None`` for all else.

    Nobody sets such a variable without need.
    """
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get") | ast.Attribute(attr="getenv"),
            args=[ast.Constant(value=str() as name), *rest],
            keywords=[],
        ) if not _OF_SYSTEMS.match(name):
            return rest[0] if rest else ast.Constant(value=None)
    return None


def _ordered(
    version: tuple[int, int], order: Callable[[tuple[int, ...], tuple[int, ...]], bool], wanted: tuple[int, ...]
) -> bool | None:
    """``sys.version_info order wanted`` by its first two numbers, *version*; ``None`` where a later one decides."""
    if len(wanted) > len(version) and wanted[: len(version)] == version:
        return None
    # What follows makes it greater than its own beginning.
    return order((*version, 0), wanted)


def _part_of_version(node: ast.expr, target: ImportTarget) -> tuple[int, ...]:
    """The numbers of ``sys.version_info`` that *node* takes; empty for something else."""
    match node:
        case ast.Subscript(value=inner, slice=ast.Constant(value=0 | 1 as position)) if _is_version_info(inner):
            return (target.minor if position else 3,)
        case ast.Attribute(value=inner, attr="major" | "minor" as name) if _is_version_info(inner):
            return (3,) if name == "major" else (target.minor,)
        case ast.Subscript(
            value=inner, slice=ast.Slice(lower=None, upper=ast.Constant(value=1 | 2 as length), step=None)
        ):
            return (3, target.minor)[: int(length.real)] if _is_version_info(inner) else ()
    return ()


def _is_version_info(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "version_info") or (
        isinstance(node, ast.Name) and node.id == "version_info"
    )


def _numbers(node: ast.expr) -> tuple[int, ...]:
    elements = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    values = [each.value for each in elements if isinstance(each, ast.Constant) and isinstance(each.value, int)]
    return tuple(values) if len(values) == len(elements) else ()


def _known(node: ast.expr, target: ImportTarget) -> _Known:
    """The value of *node* where it is a literal or a fact of the target."""
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            values = [each.value for each in elements if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            return tuple(values) if len(values) == len(elements) else None
        case ast.Attribute(value=ast.Name(id="sys" | "_sys"), attr="platform"):
            return target.sys_platform
        case ast.Attribute(value=ast.Name(id="os" | "_os"), attr="name"):
            return target.os_name
        case ast.Attribute(value=ast.Attribute(attr="implementation"), attr="name"):
            return target.implementation
        case ast.Call(func=ast.Attribute(value=ast.Name(id="platform" | "_platform"), attr="system"), args=[]):
            return target.platform_system
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="platform" | "_platform"), attr="python_implementation"), args=[]
        ):
            return {"cpython": "CPython", "pypy": "PyPy"}.get(target.implementation)
        case ast.Call(func=ast.Attribute(value=inner, attr="lower"), args=[]):
            said = _known(inner, target)
            return said.lower() if isinstance(said, str) else None
    return None
