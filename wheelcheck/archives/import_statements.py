"""Reads the import statements of one module, each with the condition under which it runs; resolves no name to a project.

Decided are conditions that hang on the target: its Python, its system, and that no variable is set. Which exceptions a handler or
``suppress`` catches is read by their names.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator, Set

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.model.code import COMPARISONS, ImportKind, ImportTarget, ParsedModule, last_name

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
            found, settling = [truth_of(value, target) for value in values], isinstance(op, ast.Or)
            return settling if settling in found else None if None in found else not settling
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
    if last_name(left) == "version_info":
        # The first two numbers are known. What follows makes it greater than its own beginning, or decides by itself.
        hangs_on_more = len(wanted) > 2 and wanted[:2] == (3, target.minor)
        return order((3, target.minor, 0), wanted) if wanted and order and not hangs_on_more else None
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


def _part_of_version(node: ast.expr, target: ImportTarget) -> tuple[int, ...]:
    """The numbers of ``sys.version_info`` that *node* takes; empty for something else."""
    match node:
        case ast.Subscript(value=inner, slice=ast.Constant(value=0 | 1 as position)) if (
            last_name(inner) == "version_info"
        ):
            return (target.minor if position else 3,)
        case ast.Attribute(value=inner, attr="major" | "minor" as name) if last_name(inner) == "version_info":
            return (3,) if name == "major" else (target.minor,)
        case ast.Subscript(
            value=inner, slice=ast.Slice(lower=None, upper=ast.Constant(value=1 | 2 as length), step=None)
        ) if last_name(inner) == "version_info":
            return (3, target.minor)[: int(length.real)]
    return ()


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
        return isinstance(node, kinds) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and last_name(node.value.func) in _EXITS
        )

    def _branches(self, test: ast.expr, kind: ImportKind) -> tuple[ImportKind | None, ImportKind | None]:
        """The kinds of the two branches of an ``if``, ``None`` for one that does not run on the target."""
        then, otherwise = _named_branches(test, kind)
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
                    top = alias.name.partition(".")[0]
                    bound = (alias.asname, alias.name) if alias.asname else (top, top)
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
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.stmt):
                self._statement(each, kind)
            else:
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


def _inside(kind: ImportKind) -> ImportKind:
    return kind if kind is ImportKind.TYPE_CHECKING else ImportKind.IN_FUNCTION


def _guarded(kind: ImportKind) -> ImportKind:
    return kind if kind is ImportKind.TYPE_CHECKING else ImportKind.GUARDED


def _conditional(kind: ImportKind) -> ImportKind:
    return ImportKind.CONDITIONAL if kind is ImportKind.UNCONDITIONAL else kind


def _named_branches(test: ast.expr, kind: ImportKind) -> tuple[ImportKind, ImportKind]:
    """The kinds of the two branches of an ``if`` whose *test* tells them by its names."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            then, otherwise = _named_branches(operand, kind)
            return otherwise, then
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return ImportKind.TYPE_CHECKING, kind
        case ast.Compare(left=one, ops=[ast.Eq()], comparators=[other]) if {"__name__", "__main__"} == {
            getattr(each, "value", None) if isinstance(each, ast.Constant) else last_name(each) for each in (one, other)
        }:
            return _inside(kind), kind  # a script's part, which importing the module leaves out
        case ast.BoolOp(op=ast.And(), values=values):
            parts = [_named_branches(value, kind)[0] for value in values]
            return next((part for part in parts if part is not kind), kind), kind
        case ast.Compare(left=ast.Call(func=asked) | asked, ops=[how]) if last_name(asked) == "find_spec":
            there = isinstance(how, ast.IsNot | ast.NotEq)
            return (_guarded(kind), kind) if there else (kind, _guarded(kind))
        case ast.Call(func=asked) | asked if _ASKS.fullmatch(last_name(asked)):
            return _guarded(kind), kind
    return kind, kind


def _length_of_imports(body: list[ast.stmt]) -> int:
    """How many statements at the beginning of *body* are imports."""
    return sum(1 for _ in itertools.takewhile(lambda each: isinstance(each, ast.Import | ast.ImportFrom), body))


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
