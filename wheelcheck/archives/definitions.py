"""Reads which names a module binds at its top level, as its source shows; evaluates nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from wheelcheck.archives.import_statements import resolve_relative
from wheelcheck.archives.modules import SOURCE_LIMIT, CodeFiles
from wheelcheck.model.code import ModuleNames, ModuleState, parse_source

_DEPTH = 40
"""How many star imports are followed, one from the other."""


class _Bindings(Struct):
    """The names that one module's own source binds, and its star imports; ``exported`` is its ``__all__`` where it is literal."""

    names: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    exported: set[str] | None = None
    open_ended: bool = False


def define_modules(code: CodeFiles, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
    """What each of *modules* binds in *code*, in the order of their names.

    Reads these modules and the ones of the same archive that they import ``*`` from. Raises ``ArchiveRefused``.
    """
    reader = _Reader(code)
    return tuple(reader.names_of(module) for module in sorted(modules))


class _Reader:
    def __init__(self, code: CodeFiles) -> None:
        self._code = code
        self._known: dict[str, _Bindings | None] = {}

    def names_of(self, module: str) -> ModuleNames:
        own = self._code.modules
        if module in own.compiled:
            names = own.submodules(module)
            return ModuleNames(module=module, state=ModuleState.COMPILED, names=names, open_ended=True)
        if module not in own.sources:
            return ModuleNames(module=module, state=ModuleState.ABSENT)
        bound = self._bound(module)
        if bound is None:
            return ModuleNames(module=module, state=ModuleState.UNREAD, open_ended=True)
        names, open_ended = self._whole(module, frozenset())
        open_ended |= module in own.native
        return ModuleNames(
            module=module, state=ModuleState.READ, names=names | own.submodules(module), open_ended=open_ended
        )

    def _whole(self, module: str, above: frozenset[str]) -> tuple[frozenset[str], bool]:
        """The names of *module*, and of its star imports until one is open-ended; *above* are the modules that led here."""
        bound = self._bound(module)
        if bound is None:
            return frozenset(), True
        names, open_ended = set(bound.names), bound.open_ended
        for star in bound.stars:
            if open_ended:
                # Nothing can be missing from it any more, and a package may have a star for each of 500 models.
                break
            if star in above or star == module:
                continue
            if star not in self._code.modules.sources or len(above) >= _DEPTH:
                open_ended = True
                continue
            theirs, theirs_open = self._whole(star, above | {module})
            exported = (self._bound(star) or bound).exported
            names |= {name for name in theirs if not name.startswith("_")} if exported is None else exported
            open_ended |= theirs_open
        return frozenset(names), open_ended

    def _bound(self, module: str) -> _Bindings | None:
        if module not in self._known:
            self._known[module] = self._read(module)
        return self._known[module]

    def _read(self, module: str) -> _Bindings | None:
        own = self._code.modules
        path = own.sources[module]
        if not path:
            return _Bindings()
        content = self._code.source(path)
        parsed = parse_source(content) if content is not None and len(content) <= SOURCE_LIMIT else None
        if parsed is None:
            return None
        try:
            return _bindings(parsed.tree, own.package_of(module))
        except RecursionError:
            return None


def _bindings(tree: ast.Module, package: str) -> _Bindings:
    bound = _Bindings()
    for statement in _iter_top_level(tree.body):
        _bind(statement, package, bound)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            bound.names.update(node.names)
        elif _writes_names(node):
            bound.open_ended = True
    if "__getattr__" in bound.names:
        answered = _answered(
            [node for node in _iter_top_level(tree.body) if getattr(node, "name", "") == "__getattr__"]
        )
        bound.names |= answered or set()
        bound.open_ended |= answered is None
    return bound


def _answered(found: list[ast.stmt]) -> set[str] | None:
    """The names that a module's ``__getattr__`` answers to; ``None`` where it may answer to any.

    Understood is the shape of deprecations: comparisons of its argument with literals, and ``raise`` for all other names.
    """
    if len(found) != 1 or not isinstance(found[0], ast.FunctionDef) or len(found[0].args.args) != 1:
        return None
    function = found[0]
    names: set[str] = set()
    for statement in function.body[:-1]:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                pass
            case ast.If(test=ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[right]), orelse=[]) if (
                name == function.args.args[0].arg
            ):
                listed = (
                    right.elts if isinstance(op, ast.In) and isinstance(right, ast.Tuple | ast.List | ast.Set) else []
                )
                literals = [right] if isinstance(op, ast.Eq) else listed
                told = [
                    each.value for each in literals if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
                if not told or len(told) != len(literals):
                    return None
                names.update(told)
            case _:
                return None
    return names if isinstance(function.body[-1], ast.Raise) else None


def _iter_top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run in the module's own namespace, nested ones included."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _iter_top_level(getattr(statement, name, ()))
        for name in ("handlers", "cases"):
            for each in getattr(statement, name, ()):
                yield from _iter_top_level(each.body)


def _bind(statement: ast.stmt, package: str, bound: _Bindings) -> None:
    match statement:
        case ast.Import():
            bound.names.update(alias.asname or alias.name.partition(".")[0] for alias in statement.names)
        case ast.ImportFrom():
            _bind_from(statement, package, bound)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            bound.names.add(statement.name)
        case ast.AnnAssign(value=None):
            pass  # an annotation alone binds nothing
        case _:
            for expression in _own_expressions(statement):
                bound.names |= {node.id for node in _iter_shallow(expression) if isinstance(node.ctx, ast.Store)}
    _read_exports(statement, bound)


def _bind_from(statement: ast.ImportFrom, package: str, bound: _Bindings) -> None:
    module = resolve_relative(package, statement.level, statement.module)
    for alias in statement.names:
        if alias.name == "*":
            bound.stars.append(module)
        else:
            bound.names.add(alias.asname or alias.name)


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt | ast.excepthandler):
            yield child


def _iter_shallow(node: ast.AST) -> Iterator[ast.Name]:
    """The names in *node*, those of comprehensions' and lambdas' own variables left out."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, ast.Name):
            yield current
        elif isinstance(current, ast.comprehension):
            waiting.append(current.iter)
            waiting += current.ifs
        elif not isinstance(current, ast.Lambda | ast.stmt):
            waiting += ast.iter_child_nodes(current)


def _read_exports(statement: ast.stmt, bound: _Bindings) -> None:
    """Take in the names that *statement* adds to ``__all__``: the module has them, however they are bound."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id="__all__")], value=value)
            | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
        ):
            bound.exported = set()
        case ast.AugAssign(target=ast.Name(id="__all__"), value=value):
            pass
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"), attr="extend" | "append"), args=[value, *_])
        ):
            pass
        case _:
            return
    listed = {node.value for node in ast.walk(value) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    bound.names |= listed
    if bound.exported is not None:
        bound.exported |= listed
    if any(isinstance(node, ast.Name | ast.Attribute | ast.Call) for node in ast.walk(value)):
        bound.exported = None  # computed: a star import may bring more than is spelled out


def _is_namespace(node: ast.expr) -> bool:
    """Whether *node* is ``globals()`` or ``vars()``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("globals", "vars")
        and not node.args
    )


def _writes_names(node: ast.AST) -> bool:
    """Whether *node* may bind names that no statement shows: through ``globals()``, ``exec``, or ``setattr`` on a module."""
    match node:
        case ast.Subscript(value=owner, ctx=ast.Store()) if _is_namespace(owner):
            return True
        case ast.Subscript(value=ast.Attribute(attr="modules"), ctx=ast.Store()):
            return True  # another object stands for a module
        case ast.Call(func=ast.Attribute(value=owner, attr="update" | "setdefault")) if _is_namespace(owner):
            return True
        case ast.Assign(value=owner) | ast.NamedExpr(value=owner) if _is_namespace(owner):
            return True  # whoever has the mapping may write into it
        case ast.Call(args=arguments, keywords=keywords) if any(
            map(_is_namespace, (*arguments, *(keyword.value for keyword in keywords)))
        ):
            return True
        case ast.Call(func=ast.Name(id="exec")):
            return True
        case ast.Call(func=ast.Name(id="setattr"), args=[owner, *_]):
            return any(isinstance(each, ast.Attribute) and each.attr == "modules" for each in ast.walk(owner))
    return False
