"""Finds ``name.attribute`` in code that always runs when its module is imported on one target; resolves no name."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

from wheelcheck.archives.conditions import truth_of
from wheelcheck.archives.handlers import catches
from wheelcheck.model.code import ImportTarget

_CAUGHT = frozenset({"AttributeError", "Exception", "BaseException"})
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def iter_attributes(tree: ast.Module, target: ImportTarget) -> Iterator[ast.Attribute]:
    """The attributes of plain names that the import of *tree* takes on *target*, whatever happens, in the order of the text.

    Left out is what is inside functions, under conditions that reading does not decide, and in a ``try`` that would catch it.
    """
    return _in_block(tree.body, target)


def _in_block(body: Iterable[ast.stmt], target: ImportTarget) -> Iterator[ast.Attribute]:
    for statement in body:
        yield from _in_statement(statement, target)
        if isinstance(statement, ast.Raise):
            return


def _in_statement(node: ast.stmt, target: ImportTarget) -> Iterator[ast.Attribute]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _taken((*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)))
        case ast.ClassDef():
            yield from _taken((*node.decorator_list, *node.bases, *(word.value for word in node.keywords)))
            yield from _in_block(node.body, target)
        case ast.If():
            known = truth_of(node.test, target)
            yield from _taken((node.test,))
            if known is not None:
                yield from _in_block(node.body if known else node.orelse, target)
        case ast.Try() | ast.TryStar():
            # What a handler catches may be raised by any statement, so that those behind it do not run.
            if not any(catches(handler, _CAUGHT) for handler in node.handlers):
                yield from _in_block(node.body[:1] if node.handlers else node.body, target)
            if all(map(_is_at_hand, node.body)):
                yield from _in_block(node.orelse, target)
            yield from _in_block(node.finalbody, target)
        case ast.With():
            yield from _taken(item.context_expr for item in node.items)
        case ast.For():
            yield from _taken((node.iter,))
        case ast.Assign() | ast.AugAssign() | ast.Expr() | ast.Return():
            yield from _taken(filter(None, (node.value,)))
        case ast.AnnAssign(value=ast.expr() as value):
            yield from _taken((value,))


def _is_at_hand(node: ast.stmt) -> bool:
    """Whether *node* imports parts of the standard library alone."""
    return isinstance(node, ast.Import) and all(
        alias.name.partition(".")[0] in sys.stdlib_module_names for alias in node.names
    )


def _taken(nodes: Iterable[ast.expr]) -> Iterator[ast.Attribute]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node
        elif isinstance(node, ast.BoolOp):
            yield from _taken(node.values[:1])
        elif isinstance(node, ast.IfExp):
            yield from _taken((node.test,))
        elif isinstance(node, _COMPREHENSIONS):
            yield from _taken((node.generators[0].iter,))
        elif not isinstance(node, ast.Lambda):
            yield from _taken(_inner(node))


def _inner(node: ast.AST) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.keyword):
            yield child.value
