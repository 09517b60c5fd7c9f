"""Finds what code that runs at import does on one target: uses of ``name.attribute``, and checks of installed distributions.

``ParsedModule, names that it imports, other modules → AttributeUse, DistributionCheck``. Of checks, read are literal names and
requirements, literal tables of requirements of which a module hands rows to a function that looks versions up and raises, and the
statements by which code that protoc generated tells the versions of protobuf that it runs with. Resolves no name, and runs nothing.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from wheelcheck.archives.import_statements import catches, truth_of
from wheelcheck.model.code import DistributionCheck, ImportTarget, ParsedModule

_MENTIONS = rb"metadata|pkg_resources"
MAY_CHECK = re.compile(_MENTIONS + rb"|require|[Vv]ersion|\(\w+\[\w+\]|descriptor\.\w*Descriptor\(")
# protoc before 3.19 generated code that makes its descriptors one by one. The compiled protobuf refuses that since 4.0.
_DESCRIPTORS = frozenset(
    f"google.protobuf.descriptor.{kind}Descriptor"
    for kind in ("", "Enum", "EnumValue", "Field", "Method", "Oneof", "Service")
)
_VALIDATION = "google.protobuf.runtime_version.ValidateProtobufRuntimeVersion"
_LOOKUPS = frozenset(
    f"{module}.{name}"
    for module in ("importlib.metadata", "importlib_metadata")
    for name in ("version", "distribution", "metadata")
) | {"pkg_resources.get_distribution", "pkg_resources.require"}
_DEEPEST = 3

Opened = tuple[ParsedModule, Mapping[str, str]]
"""A module with what the names that it imports stand for."""


def find_distribution_checks(
    opened: Opened, module: str, target: ImportTarget, open_module: Callable[[str], Opened | None]
) -> tuple[DistributionCheck, ...]:
    """The checks that the import of *module*, which is *opened*, carries out on *target*.

    *open_module* gives another module of the same archive.
    """
    parsed, imported = opened
    found: dict[DistributionCheck, None] = {}
    for call, is_sure in _calls(parsed.tree.body, target, is_sure=True):
        texts: list[str] = []
        generated = _generated(call, parsed, imported) if is_sure else None
        if generated is not None:
            found.setdefault(generated)
        elif _meant(call.func, imported) in _LOOKUPS:
            texts = list(_literals(call.args)) if is_sure else []
        elif call.args and (rows := _rows(call.args[0], opened, open_module)):
            texts = rows if _checks(_meant(call.func, imported), opened, module, open_module) else []
            is_sure = is_sure and isinstance(call.args[0], ast.Constant)
        for text in texts:
            check = DistributionCheck(
                requirement=text, line=call.lineno, statement=parsed.text_of(call), is_sure=is_sure
            )
            found.setdefault(check)
    return tuple(found)


def _generated(call: ast.Call, parsed: ParsedModule, imported: Mapping[str, str]) -> DistributionCheck | None:
    """What *call* of generated code asks of protobuf; ``None`` where it is no such code.

    protobuf runs no code of a protoc that is newer than itself: since 5.27 such code says what made it.
    """
    meant, asked = _meant(call.func, imported), ""
    if meant in _DESCRIPTORS:
        asked = "protobuf<4"
    elif meant == _VALIDATION:
        numbers = [each.value for each in call.args[1:4] if isinstance(each, ast.Constant)]
        asked = f"protobuf>={'.'.join(map(str, numbers))}" if [*map(type, numbers)] == [int] * 3 else ""
    if not asked:
        return None
    statement = f"{parsed.text_of(call.func)}(…)"
    return DistributionCheck(
        requirement=asked, line=call.lineno, statement=statement, is_sure=False, is_of_compiled=meant in _DESCRIPTORS
    )


def _calls(body: Iterable[ast.stmt], target: ImportTarget, *, is_sure: bool) -> Iterator[tuple[ast.Call, bool]]:
    """The calls of *body* outside of functions, and of what a handler would catch; whether each is carried out for sure."""
    for statement in body:
        match statement:
            case ast.If(test=test):
                known = truth_of(test, target)
                if known is not False:
                    yield from _calls(statement.body, target, is_sure=is_sure and known is True)
                if known is not True:
                    yield from _calls(statement.orelse, target, is_sure=is_sure and known is False)
            case ast.For():
                yield from _calls(statement.body, target, is_sure=False)
            case (
                ast.Assign(value=ast.expr() as value) | ast.AnnAssign(value=ast.expr() as value) | ast.Expr(value=value)
            ):
                # Of a call within another expression, such as "and", it is not known that it is carried out.
                while isinstance(value, ast.Attribute | ast.Subscript):
                    value = value.value
                yield from ((each, is_sure) for each in [value] if isinstance(each, ast.Call))


def _literals(arguments: Iterable[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        match argument:
            case ast.Constant(value=str() as text):
                yield text
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                yield from _literals(parts)


def _meant(node: ast.expr, imported: Mapping[str, str]) -> str:
    """The dotted name that *node* stands for, by the module's own imports."""
    match node:
        case ast.Name(id=name):
            return imported.get(name, name)
        case ast.Attribute(value=value, attr=attribute):
            return f"{_meant(value, imported)}.{attribute}"
    return ""


def _rows(argument: ast.expr, opened: Opened, open_module: Callable[[str], Opened | None]) -> list[str]:
    """The requirements that *argument* may be: a literal, or the rows of a literal table whose keys the module names."""
    parsed, imported = opened
    match argument:
        case ast.Constant(value=str() as text):
            return [text] if re.search(r"[<>=~!]=|[<>]", text) else []
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Name() | ast.Constant()):
            home, _, own = imported.get(name, name).rpartition(".")
            elsewhere = open_module(home) if home else opened
            table = _table(own, elsewhere[0]) if elsewhere is not None else {}
            words = {word for text in _texts_outside_functions(parsed.tree) for word in text.split()}
            return [text for key, text in table.items() if key in words]
    return []


def _table(name: str, parsed: ParsedModule) -> dict[str, str]:
    for statement in parsed.tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=assigned)], value=ast.Dict(keys=keys, values=values)) if (
                assigned == name
            ):
                return {
                    key.value: value.value
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, ast.Constant)
                    and isinstance(key.value, str)
                    and isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                }
    return {}


def _texts_outside_functions(tree: ast.Module) -> Iterator[str]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                yield child.value
            elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                waiting.append(child)


def _checks(
    name: str, opened: Opened, module: str, open_module: Callable[[str], Opened | None], depth: int = _DEEPEST
) -> bool:
    """Whether the function *name*, of *module* or of another, looks versions up and raises, by itself or by those that it calls."""
    home, _, own = name.rpartition(".")
    there = open_module(home) if home and home != module else opened
    if there is None or not depth:
        return False
    parsed, imported = there
    for node in parsed.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == own:
            inner = list(ast.walk(node))
            calls = [_meant(each.func, imported) for each in inner if isinstance(each, ast.Call)]
            raises = any(isinstance(each, ast.Raise) for each in inner)
            if raises and not _LOOKUPS.isdisjoint(calls):
                return True
            at = home or module
            own_calls = (f"{at}.{each}" for each in dict.fromkeys(calls) if each and "." not in each and each != own)
            return any(_checks(each, there, at, open_module, depth - 1) for each in own_calls)
    return False


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
