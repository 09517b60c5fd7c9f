"""Which exceptions a handler or ``suppress`` catches, by their names."""

from __future__ import annotations

import ast
from collections.abc import Set

from wheelcheck.model.code import last_name

CAUGHT = frozenset({"OSError", "Exception", "BaseException", "EnvironmentError", "IOError", "WindowsError"})


def caught_names(node: ast.expr | None) -> set[str]:
    """The names of the exceptions that *node*, one or a tuple of them, stands for."""
    if isinstance(node, ast.Tuple):
        return set[str]().union(*map(caught_names, node.elts))
    return set() if node is None else {last_name(node)}


def catches(handler: ast.ExceptHandler, exceptions: Set[str]) -> bool:
    """Whether *handler* names one of *exceptions*, or catches everything."""
    return handler.type is None or not exceptions.isdisjoint(caught_names(handler.type))


def is_caught_by(handler: ast.ExceptHandler, raised: str) -> bool:
    """Whether *handler* catches the exception called *raised*."""
    return catches(handler, CAUGHT if raised == "OSError" else {raised, "Exception", "BaseException"})


def suppressed(item: ast.withitem) -> set[str]:
    """The exceptions that *item* suppresses, if it is a call of ``contextlib.suppress``."""
    call = item.context_expr
    if not isinstance(call, ast.Call) or last_name(call.func) != "suppress":
        return set()
    return {name for each in call.args for name in caught_names(each)}
