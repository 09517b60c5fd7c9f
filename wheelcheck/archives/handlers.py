"""Which exceptions of a library that is not there a handler or ``suppress`` catches, by their names; for ``library_loads.py``."""

from __future__ import annotations

import ast

from wheelcheck.archives.library_values import last_name

CAUGHT = frozenset({"OSError", "Exception", "BaseException", "EnvironmentError", "IOError", "WindowsError"})


def _caught(node: ast.expr | None) -> set[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {last_name(part) for part in parts if part is not None}


def is_caught_by(handler: ast.ExceptHandler, raised: str) -> bool:
    """Whether *handler* catches the exception called *raised*."""
    names = _caught(handler.type)
    return (
        not names
        or raised in names
        or bool(names & {"Exception", "BaseException"})
        or bool(raised == "OSError" and names & CAUGHT)
    )


def suppressed(item: ast.withitem) -> set[str]:
    """The exceptions that *item* suppresses, if it is a call of ``contextlib.suppress``."""
    call = item.context_expr
    is_suppress = isinstance(call, ast.Call) and last_name(call.func) == "suppress"
    return (
        {name for each in call.args for name in _caught(each)} if is_suppress and isinstance(call, ast.Call) else set()
    )
