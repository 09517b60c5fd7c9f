"""Reads the import statements of one module, each with the condition under which it runs; resolves no name to a project.

Which exceptions a handler or ``suppress`` around them catches is read by their names.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable, Iterator, Set

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.archives.conditions import truth_of
from wheelcheck.model.code import ImportKind, ImportTarget, ParsedModule, last_name

_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
# Names by which code asks whether an optional dependency is there, before it imports it.
_ASKS = re.compile(r"(?i)_*(?:has|have)_\w+|\w+_(?:available|installed|found|present)|\w*find_spec", re.ASCII)
_EXITS = frozenset({"exit", "_exit", "quit", "abort"})


class ImportStatement(Struct, frozen=True):
    """One import: ``module`` is absolute, ``names`` are those of a ``from`` import with what each is bound to here.

    ``bound`` is the name that a plain ``import`` binds, and the module that it then stands for. ``instead`` are the imports
    that are carried out where this one fails, if there are such.
    """

    node: ast.stmt | ast.expr
    module: str
    kind: ImportKind
    names: tuple[tuple[str, str], ...] = ()
    bound: tuple[str, str] | None = None
    instead: tuple[ImportStatement, ...] = ()


def iter_imports(parsed: ParsedModule, module: str, *, package: str, target: ImportTarget) -> Iterator[ImportStatement]:
    """Every import in *parsed*, the source of *module* in *package*, in the order of the text.

    What does not run on *target* is left out, and what hangs on an unknown condition is ``CONDITIONAL``.
    """
    found: list[ImportStatement] = []
    reader = _StatementReader(module, package, found, target)
    # A chain of a thousand elifs is generated code: what came before it counts.
    with contextlib.suppress(RecursionError):
        reader.block(parsed.tree.body, ImportKind.UNCONDITIONAL)
    return iter(sorted(found, key=lambda each: (each.node.lineno, each.node.col_offset)))


def resolve_relative(package: str, level: int, module: str | None) -> str:
    """The absolute name of ``from ..module import``; empty where it climbs above the top."""
    if level == 0:
        return module or ""
    parts = package.split(".") if package else []
    if level - 1 >= len(parts):
        return ""
    kept = parts[: len(parts) - (level - 1)]
    return ".".join([*kept, module] if module else kept)


class _StatementReader:
    """Walks through statements with the kind that an import at that place has."""

    def __init__(self, module: str, package: str, found: list[ImportStatement], target: ImportTarget) -> None:
        self._module = module
        self._package = package
        self._found = found
        self._target = target

    def block(self, body: Iterable[ast.stmt], kind: ImportKind | None) -> bool:
        """Read *body*, whose imports are of *kind*, ``None`` for none; tells whether the target's Python gets to its end."""
        for statement in body if kind is not None else ():
            self._statement(statement, kind or ImportKind.UNCONDITIONAL)
            if self._ends(statement):
                return False
        return True

    def _ends(self, node: ast.stmt, kinds: tuple[type[ast.stmt], ...] = (ast.Raise, ast.Return)) -> bool:
        """Whether *node* always leaves the module: by a statement of *kinds*, or it exits."""
        if isinstance(node, ast.If):
            known = truth_of(node.test, self._target)
            return known is not None and any(self._ends(each, kinds) for each in (node.body if known else node.orelse))
        return isinstance(node, kinds) or _exits(node)

    def _branches(self, test: ast.expr, kind: ImportKind) -> tuple[ImportKind | None, ImportKind | None]:
        then, otherwise = _branches(test, kind)
        if (then, otherwise) != (kind, kind):
            return then, otherwise
        known = truth_of(test, self._target)
        if known is None:
            return _conditional(kind), _conditional(kind)
        return (kind, None) if known else (None, kind)

    def _statement(self, node: ast.stmt, kind: ImportKind) -> None:
        match node:
            case ast.Import():
                for alias in node.names:
                    bound = (alias.asname, alias.name) if alias.asname else (_top(alias.name), _top(alias.name))
                    self._found.append(ImportStatement(node, alias.name, kind, bound=bound))
            case ast.ImportFrom():
                module = resolve_relative(self._package, node.level, node.module)
                names = tuple((alias.name, alias.asname or alias.name) for alias in node.names)
                if module:
                    self._found.append(ImportStatement(node, module, kind, names))
            case ast.If():
                self._expressions((node.test,), kind)
                then, otherwise = self._branches(node.test, kind)
                self.block(node.body, then)
                self.block(node.orelse, otherwise)
            case ast.Try() | ast.TryStar():
                self._try(node, kind)
            case ast.With() | ast.AsyncWith():
                self._expressions((item.context_expr for item in node.items), kind)
                self.block(
                    node.body, _guarded(kind) if any(suppressed(item) & _CAUGHT for item in node.items) else kind
                )
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._expressions(
                    (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)), kind
                )
                self.block(node.body, _inside(kind))
            case ast.Match():
                self._expressions((node.subject,), kind)
                for each in node.cases:
                    self.block(each.body, _conditional(kind))
            case _:
                self._others(node, kind)

    def _others(self, node: ast.stmt, kind: ImportKind) -> None:
        for _, value in ast.iter_fields(node):
            values = value if isinstance(value, list) else [value]
            for each in values:
                if isinstance(each, ast.stmt):
                    self._statement(each, kind)
                elif isinstance(each, ast.AST):
                    self._expressions((each,), kind)

    def _try(self, node: ast.Try | ast.TryStar, kind: ImportKind) -> None:
        catching = [each for each in node.handlers if catches(each, _CAUGHT)]
        # A handler that ends in an exception of its own forgives nothing.
        forgiven = any(not any(self._ends(each, (ast.Raise,)) for each in one.body) for one in catching)
        first = len(self._found)
        # What another error than that of an import sends to its handler leaves the rest of the body out: `long` before
        # `import Queue` does on Python 3, where the handler is for NameError.
        certain = _length_of_imports(node.body) if node.handlers else len(node.body)
        tried_kind = _guarded(kind) if forgiven else kind
        later = tried_kind if forgiven or certain == len(node.body) else _conditional(kind)
        if self.block(node.body[: certain + 1], tried_kind):
            self.block(node.body[certain + 1 :], later)
        tried = range(first, len(self._found))
        for handler in node.handlers:
            # The handler's substitute is not needed where the module is there; what other errors bring about nobody knows.
            first = len(self._found)
            self.block(handler.body, _guarded(kind) if handler in catching else _conditional(kind))
            if kind is ImportKind.UNCONDITIONAL and catching == [handler]:
                instead = tuple(each for each in self._found[first:] if each.node in handler.body)
                for position in tried:
                    if self._found[position].node in node.body:
                        self._found[position] = replace(self._found[position], instead=instead)
        self.block(node.orelse, later)
        self.block(node.finalbody, kind)

    def _expressions(self, nodes: Iterable[ast.AST], kind: ImportKind) -> None:
        waiting: list[tuple[ast.AST, ImportKind]] = [(node, kind) for node in nodes]
        while waiting:
            node, kind = waiting.pop()
            if isinstance(node, ast.Call):
                self._call(node, kind)
            inner = _inside(kind) if isinstance(node, ast.Lambda) else kind
            waiting += [(child, inner) for child in ast.iter_child_nodes(node)]

    def _call(self, node: ast.Call, kind: ImportKind) -> None:
        if last_name(node.func) not in ("import_module", "__import__") or not node.args:
            return
        first = node.args[0]
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            return
        name = first.value
        levels = [*node.args[4:5], *(word.value for word in node.keywords if word.arg == "level")]
        if levels and last_name(node.func) == "__import__":
            level = levels[0].value if isinstance(levels[0], ast.Constant) else None
            if not isinstance(level, int) or level < 0:
                return  # from where it is counted is not known
            name = resolve_relative(self._package, level, name or None)
        elif name.startswith("."):
            level = len(name) - len(name.lstrip("."))
            name = resolve_relative(self._named_package(node), level, name.lstrip(".") or None)
        if name and all(part.isidentifier() for part in name.split(".")):
            self._found.append(ImportStatement(node, name, kind))

    def _named_package(self, node: ast.Call) -> str:
        given = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "package")]
        if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
            return given[0].value
        return self._module if given and last_name(given[0]) == "__name__" else self._package


def _top(name: str) -> str:
    return name.partition(".")[0]


def _inside(kind: ImportKind) -> ImportKind:
    return kind if kind is ImportKind.TYPE_CHECKING else ImportKind.IN_FUNCTION


def _guarded(kind: ImportKind) -> ImportKind:
    return kind if kind is ImportKind.TYPE_CHECKING else ImportKind.GUARDED


def _conditional(kind: ImportKind) -> ImportKind:
    return ImportKind.CONDITIONAL if kind is ImportKind.UNCONDITIONAL else kind


def _branches(test: ast.expr, kind: ImportKind) -> tuple[ImportKind, ImportKind]:
    """The kinds of the two branches of an ``if``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        then, otherwise = _branches(test.operand, kind)
        return otherwise, then
    if last_name(test) == "TYPE_CHECKING":
        return ImportKind.TYPE_CHECKING, kind
    if _is_main(test):
        return _inside(kind), kind  # a script's part, which importing the module leaves out
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        parts = [_branches(value, kind)[0] for value in test.values]
        return next((part for part in parts if part is not kind), kind), kind
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and last_name(_called(test.left)) == "find_spec":
        there = isinstance(test.ops[0], ast.IsNot | ast.NotEq)
        return (_guarded(kind), kind) if there else (kind, _guarded(kind))
    if _ASKS.fullmatch(last_name(_called(test))):
        return _guarded(kind), kind
    return kind, kind


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _is_main(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, *test.comparators)
    return any(last_name(side) == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )


def _exits(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and last_name(node.value.func) in _EXITS


def _length_of_imports(body: list[ast.stmt]) -> int:
    """How many statements at the beginning of *body* are imports."""
    return next(
        (place for place, each in enumerate(body) if not isinstance(each, ast.Import | ast.ImportFrom)), len(body)
    )


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
