"""Which attributes a file takes from the modules that it imports; follows names, not values."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

# Every module has these, whatever its source says.
IMPLICIT = frozenset(
    {
        "__builtins__",
        "__cached__",
        "__class__",
        "__dict__",
        "__doc__",
        "__file__",
        "__loader__",
        "__name__",
        "__package__",
        "__path__",
        "__spec__",
    }
)

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def taken_attributes(tree: ast.Module, bound: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """For each module that a name in *bound* (name → modules) stands for, the attributes that are read from it.

    ``bound`` may hold a dotted name's first part only; ``av.video.frame`` then gives ``video`` of ``av``, and ``frame`` of
    ``av.video`` too. A function's own variable of that name hides it. What ``hasattr`` or a ``getattr`` with a default asks
    for is not taken.
    """
    taken: dict[str, set[str]] = {}
    asked: set[tuple[str, str]] = set()
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, hidden = waiting.pop()
        if isinstance(node, Scope):
            hidden |= _own_names(node) & bound.keys()
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Store):
            for module, attribute in _chain(node, bound, hidden):
                taken.setdefault(module, set()).add(attribute)
        elif isinstance(node, ast.Call):
            asked.update(_asked(node, bound))
        waiting += [(child, hidden) for child in ast.iter_child_nodes(node)]
    return {
        module: frozenset(name for name in names if name not in IMPLICIT and (module, name) not in asked)
        for module, names in taken.items()
    }


def _chain(
    node: ast.Attribute, bound: Mapping[str, frozenset[str]], hidden: frozenset[str]
) -> Iterable[tuple[str, str]]:
    parts = [node.attr]
    inner = node.value
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id in hidden:
        return ()
    # The walk meets every shorter chain by itself, so only the last step counts here.
    between = parts[:0:-1]
    return [(".".join([module, *between]), parts[0]) for module in bound.get(inner.id, ())]


def _asked(node: ast.Call, bound: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, str]]:
    if not isinstance(node.func, ast.Name) or node.func.id not in ("hasattr", "getattr") or len(node.args) < 2:
        return ()
    if node.func.id == "getattr" and len(node.args) < 3:
        return ()
    of, name = node.args[:2]
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return ()
    if isinstance(of, ast.Attribute):
        return [(f"{module}.{attribute}", name.value) for module, attribute in _chain(of, bound, frozenset())]
    return [(module, name.value) for module in bound.get(of.id, ())] if isinstance(of, ast.Name) else ()


def _own_names(scope: Scope) -> frozenset[str]:
    """The names that are variables of *scope* itself, imports aside."""
    arguments = scope.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names |= {each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None}
    shared: set[str] = set()
    waiting: list[ast.AST] = list(scope.body) if isinstance(scope.body, list) else [scope.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            shared.update(node.names)
        waiting += ast.iter_child_nodes(node)
    return frozenset(names - shared)
