"""Reads a ``setup.py`` as data: a small abstract interpretation of its syntax tree, which never runs a line of it.

It follows module-level statements with literal values, both branches where a condition is not known, and the functions that
are called; conditions on environment variables are decided as in an ordinary build, where none of them is set. So an
extension behind ``if os.environ.get("WITH_SPEEDUPS")`` is off, and one behind ``platform.python_implementation()`` is on.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wheelcheck.archives.setup_values import (
    ARGV,
    UNKNOWN,
    Environ,
    Made,
    Unknown,
    Value,
    added,
    compared,
    merged,
    truth,
)
from wheelcheck.model.knowledge import NativeKnowledge

_STEPS = 60_000
_DEPTH = 12
_ASKING = frozenset({"os.getenv", "os.environ.get", "environ.get"})


@dataclass(frozen=True, slots=True)
class Sign:
    """Something native that the script does: *what* in *path* at *line*."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.what}"


@dataclass(slots=True)
class ScriptReading:
    """What a script would do: the arguments of every ``setup()`` it may reach, and the native things it makes.

    ``signs`` are certain, ``hints`` only suggest. ``open_arguments`` says that a ``**mapping`` was not known, ``optional`` that
    some extension is marked so (its failure is forgiven), ``exhausted`` that the script was too long to follow.
    """

    path: str
    calls: list[dict[str, Value]] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    hints: list[Sign] = field(default_factory=list)
    open_arguments: bool = False
    optional: bool = False
    exhausted: bool = False


def read_script(
    path: str,
    text: str,
    knowledge: NativeKnowledge,
    module_text: Callable[[str], str | None],
    environ: Environ,
) -> ScriptReading:
    """Read the script *text*; *module_text* gives the text of a module of the same tree, by path, for its imports.

    *environ* is what the script finds in ``os.environ``: in an ordinary build, nothing.

    Costs a few ms. Raises ``SyntaxError`` (or ``ValueError`` for NUL bytes) where *text* is not Python 3.
    """
    reading = ScriptReading(path)
    _Interpreter(reading, knowledge, module_text, environ).run(path, text)
    return reading


class _Stop(Exception):
    """The rest of a block is not reached."""


class _Return(_Stop):
    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class _Exhausted(Exception):
    """More steps than any honest script needs."""


_Scope = dict[str, Value]


class _Interpreter:
    def __init__(
        self,
        reading: ScriptReading,
        knowledge: NativeKnowledge,
        module_text: Callable[[str], str | None],
        environ: Environ,
    ) -> None:
        self.reading = reading
        self.knowledge = knowledge
        self.module_text = module_text
        self.environ = environ
        self.path = reading.path
        self.scope: _Scope = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.modules: dict[str, _Scope] = {}
        self.aliases: dict[str, str] = {}
        self.steps = 0
        self.depth = 0

    def run(self, path: str, text: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in a stranger's script are not ours to report
            tree = ast.parse(text)
        self.scope = {"__name__": "__main__", "__file__": path}
        try:
            self.block(tree.body)
        except _Stop:
            pass
        except (_Exhausted, RecursionError):
            self.reading.exhausted = True

    # -- statements

    def block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.steps += 1
            if self.steps > _STEPS:
                raise _Exhausted
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(value=value):
                self.value(value)
            case ast.Assign(targets=targets, value=value):
                result = self.value(value)
                for target in targets:
                    self.bind(target, result)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.bind(target, self.value(value))
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                self.scope[name] = added(self.scope.get(name, UNKNOWN), self.value(value))
            case ast.AugAssign(target=ast.Subscript() | ast.Attribute() as target, value=value):
                self.bind(target, merged(UNKNOWN, self.value(value)))
            case ast.AugAssign(target=target, value=value):
                self.value(value)
                self.bind(target, UNKNOWN)
            case ast.FunctionDef(name=name):
                self.functions[name] = node
            case ast.ClassDef():
                self.class_body(node)
            case ast.If(test=test, body=body, orelse=orelse):
                self.choose(truth(self.value(test)), body, orelse)
            case ast.Try():
                self.attempt(node)
            case ast.For(target=target, iter=source, body=body, orelse=orelse):
                self.value(source)
                self.bind(target, UNKNOWN)
                self.choose(None, body, [])
                self.block(orelse)
            case ast.While(test=test, body=body):
                if truth(self.value(test)) is not False:
                    self.choose(None, body, [])
            case ast.With(items=items, body=body):
                for item in items:
                    self.value(item.context_expr)
                    if item.optional_vars is not None:
                        self.bind(item.optional_vars, UNKNOWN)
                self.block(body)
            case ast.Return(value=value):
                raise _Return(self.value(value) if value is not None else None)
            case ast.Raise() | ast.Break() | ast.Continue():
                raise _Stop
            case ast.Import() | ast.ImportFrom():
                self.bring_in(node)
            case ast.Delete() | ast.Global() | ast.Pass() | ast.Assert():
                pass

    def choose(self, decided: bool | None, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        if decided is not None:
            self.block(body if decided else orelse)
            return
        before = _copied(self.scope)
        leaving: list[_Return] = []
        ends: list[_Scope] = []
        for branch in (body, orelse):
            self.scope = _copied(before)
            try:
                self.block(branch)
            except _Return as left:
                leaving.append(left)
            except _Stop:
                pass
            else:
                ends.append(self.scope)
        if not ends:
            self.scope = before
            if leaving:
                result = leaving[0].value
                for other in leaving[1:]:
                    result = merged(result, other.value)
                raise _Return(result)
            raise _Stop
        self.scope = ends[0] if len(ends) == 1 else _merged_scopes(ends[0], ends[1])

    def attempt(self, node: ast.Try) -> None:
        before = _copied(self.scope)
        ends: list[_Scope] = []
        leaving: _Stop | None = None
        try:
            self.block(node.body)
            self.block(node.orelse)
            ends.append(self.scope)
        except _Stop as left:
            leaving = left
        for handler in node.handlers:
            self.scope = _copied(before)
            try:
                self.block(handler.body)
                ends.append(self.scope)
            except _Stop:
                continue
        if not ends:
            self.block(node.finalbody)
            raise leaving or _Stop
        self.scope = ends[0]
        for other in ends[1:]:
            self.scope = _merged_scopes(self.scope, other)
        self.block(node.finalbody)

    def class_body(self, node: ast.ClassDef) -> None:
        bases = {_last_name(base) for base in node.bases}
        if "build_ext" in bases or any(base.endswith("build_ext") for base in bases):
            self.reading.hints.append(Sign(self.path, node.lineno, f"class {node.name} changes build_ext"))
        # The class may lie there unused, so the name stands for something made, and counts where setup() is given it.
        if any(_forces_platform(inner) for inner in ast.walk(node)):
            self.reading.hints.append(Sign(self.path, node.lineno, f"class {node.name} asks for a platform wheel"))
            self.scope[node.name] = Made(node.name, node.lineno)
        else:
            self.scope.pop(node.name, None)

    def bind(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name):
                self.scope[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                values: list[Value] = value if isinstance(value, list) and len(value) == len(targets) else []
                for position, inner in enumerate(targets):
                    self.bind(inner, values[position] if values else UNKNOWN)
            case ast.Subscript(value=container, slice=ast.Constant(value=str() as key)):
                held = self.value(container)
                if isinstance(held, dict):
                    held[key] = value
            case ast.Subscript(value=container):
                held = self.value(container)
                if isinstance(held, dict):
                    held["**"] = UNKNOWN
            case ast.Attribute(attr="has_ext_modules"):
                self.reading.signs.append(Sign(self.path, target.lineno, "has_ext_modules is replaced"))

    def bring_in(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                self.scope.pop(bound, None)
                self.aliases[bound] = alias.name if alias.asname else bound
                self.load_module(alias.name)
            return
        module = node.module or ""
        loaded = self.load_module(module)
        for alias in node.names:
            bound = alias.asname or alias.name
            if loaded is not None and alias.name in loaded:
                self.scope[bound] = loaded[alias.name]
            else:
                self.scope.pop(bound, None)
                self.aliases[bound] = f"{module}.{alias.name}"

    def load_module(self, name: str) -> _Scope | None:
        """Read a module of the same tree, as the script's import would run it."""
        if name in self.modules:
            return self.modules[name]
        stem = name.replace(".", "/")
        found = next(
            (
                (path, text)
                for path in (f"{stem}.py", f"{stem}/__init__.py")
                if (text := self.module_text(path)) is not None
            ),
            None,
        )
        if found is None or self.depth >= _DEPTH:
            return None
        self.modules[name] = {}
        outer, outer_path = self.scope, self.path
        self.scope, self.path = {"__name__": name, "__file__": found[0]}, found[0]
        self.depth += 1
        try:
            self.block(ast.parse(found[1]).body)
        except (_Stop, SyntaxError, ValueError):
            pass
        finally:
            self.modules[name], self.scope, self.path = self.scope, outer, outer_path
            self.depth -= 1
        return self.modules[name]

    # -- expressions

    def value(self, node: ast.expr) -> Value:
        self.steps += 1
        if self.steps > _STEPS:
            raise _Exhausted
        match node:
            case ast.Constant(value=constant):
                return constant if isinstance(constant, str | bytes | int | float | None) else UNKNOWN
            case ast.Name(id=name):
                return self.named(name)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return self.listed(elements)
            case ast.Dict(keys=keys, values=values):
                return self.mapped(keys, values)
            case ast.Attribute():
                return self.attribute(node)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return added(self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=values):
                return self.joined(isinstance(op, ast.And), values)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                known = truth(self.value(operand))
                return UNKNOWN if known is None else not known
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return compared(self.value(left), operator, self.value(right))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                decided = truth(self.value(test))
                if decided is not None:
                    return self.value(body if decided else orelse)
                return merged(self.value(body), self.value(orelse))
            case ast.Subscript(value=container, slice=key):
                return self.item(self.value(container), self.value(key))
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element) | ast.SetComp(elt=element):
                return self.comprehension(element, node.generators)
            case ast.Call():
                return self.call(node)
            case ast.NamedExpr(target=ast.Name(id=name), value=inner):
                self.scope[name] = self.value(inner)
                return self.scope[name]
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return UNKNOWN

    def named(self, name: str) -> Value:
        if name in self.scope:
            return self.scope[name]
        match self.aliases.get(name):
            case "os.environ":
                return self.environ
            case "sys.argv":
                return list(ARGV)
        return UNKNOWN

    def attribute(self, node: ast.Attribute) -> Value:
        match self.dotted(node):
            case "os.environ":
                return self.environ
            case "sys.argv":
                return list(ARGV)
            case str() as dotted:
                module, _, name = dotted.rpartition(".")
                if name in self.modules.get(module, {}):
                    return self.modules[module][name]
        if not isinstance(node.value, ast.Name | ast.Attribute):
            self.value(node.value)
        return UNKNOWN

    def listed(self, elements: list[ast.expr]) -> Value:
        values: list[Value] = []
        for element in elements:
            if isinstance(element, ast.Starred):
                inner = self.value(element.value)
                values += inner if isinstance(inner, list) else [inner]
            else:
                values.append(self.value(element))
        return values

    def mapped(self, keys: list[ast.expr | None], values: list[ast.expr]) -> Value:
        result: dict[str, Value] = {}
        for key, node in zip(keys, values, strict=True):
            value = self.value(node)
            if key is None:
                result.update(value if isinstance(value, dict) else {"**": UNKNOWN})
                continue
            name = self.value(key)
            result[name if isinstance(name, str) else "**"] = value
        return result

    def joined(self, is_and: bool, nodes: list[ast.expr]) -> Value:
        last: Value = is_and
        undecided = False
        for node in nodes:
            last = self.value(node)
            known = truth(last)
            if known is None:
                undecided = True
            elif known is not is_and:
                return last  # settles it, whatever the unknown ones are
        return UNKNOWN if undecided else last

    def item(self, container: Value, key: Value) -> Value:
        if isinstance(container, dict) and isinstance(key, str):
            return container.get(key, UNKNOWN)
        if isinstance(container, list) and isinstance(key, int) and -len(container) <= key < len(container):
            return container[key]
        if isinstance(container, Environ) and container.setting is not None:
            return container.setting
        return container if isinstance(container, Made) else UNKNOWN

    def comprehension(self, element: ast.expr, generators: list[ast.comprehension]) -> Value:
        for generator in generators:
            source = self.value(generator.iter)
            if isinstance(source, list) and not source:
                return []
            self.bind(generator.target, UNKNOWN)
        made = self.value(element)
        return [made] if isinstance(made, Made) else UNKNOWN

    def call(self, node: ast.Call) -> Value:
        arguments = [self.value(argument) for argument in node.args]
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            else:
                keywords.update(value if isinstance(value, dict) else {"**": UNKNOWN})
        dotted = self.dotted(node.func) or ""
        name = _last_name(node.func)
        real = dotted.rpartition(".")[2] or name
        if real == "setup" and not isinstance(self.scope.get(name), Made) and name not in self.functions:
            self.reading.calls.append(keywords)
            self.reading.open_arguments |= "**" in keywords
            return None
        if name in self.functions:
            return self.enter(self.functions[name], arguments, keywords)
        if real in self.knowledge.makers:
            if keywords.get("optional", False) not in (False, None):
                self.reading.optional = True
            return self.made(real, node.lineno, arguments)
        if dotted == "dict" and all(isinstance(argument, dict) for argument in arguments):
            return {
                key: value for part in (*arguments, keywords) if isinstance(part, dict) for key, value in part.items()
            }
        if dotted in _ASKING and arguments:
            return self.environ.setting or (arguments[1] if len(arguments) > 1 else None)
        known = _builtin(dotted, arguments)
        if known is not None:
            return known.value
        if isinstance(node.func, ast.Attribute):
            return self.method(node.func, arguments, keywords)
        made = next((value for value in (*arguments, *keywords.values()) if isinstance(value, Made)), None)
        return made or Unknown(f"{name}()")

    def made(self, maker: str, line: int, arguments: list[Value]) -> Value:
        if arguments and arguments[0] == []:
            return []  # cythonize([]) and its like
        self.reading.hints.append(Sign(self.path, line, f"{maker}()"))
        return Made(maker, line)

    def enter(self, function: ast.FunctionDef, arguments: list[Value], keywords: Mapping[str, Value]) -> Value:
        if self.depth >= _DEPTH:
            return UNKNOWN
        inner: _Scope = {}
        names = [argument.arg for argument in function.args.args]
        defaults = function.args.defaults
        for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            inner[name] = self.value(default)
        inner.update(zip(names, arguments, strict=False))
        inner.update({name: value for name, value in keywords.items() if name in names})
        for name in names:
            inner.setdefault(name, UNKNOWN)
        outer = self.scope
        self.scope = {**outer, **inner}
        self.depth += 1
        try:
            self.block(function.body)
        except _Return as left:
            return left.value
        except _Stop:
            return UNKNOWN
        finally:
            self.scope = outer
            self.depth -= 1
        return None

    def method(self, func: ast.Attribute, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        held = self.value(func.value)
        first = arguments[0] if arguments else UNKNOWN
        match held, func.attr:
            case Environ(), "get" | "pop" | "setdefault":
                return self.environ.setting or (arguments[1] if len(arguments) > 1 else None)
            case list(), "append":
                held.append(first)
                return None
            case list(), "extend":
                held.extend(first if isinstance(first, list) else [first])
                return None
            case dict(), "update":
                held.update(first if isinstance(first, dict) else {"**": UNKNOWN} if arguments else {})
                held.update(keywords)
                return None
            case dict(), "get":
                fallback = arguments[1] if len(arguments) > 1 else None
                return held.get(first, fallback) if isinstance(first, str) and "**" not in held else UNKNOWN
            case dict(), "setdefault" if isinstance(first, str):
                return held.setdefault(first, arguments[1] if len(arguments) > 1 else None)
            case str(), "lower" | "upper" | "strip" | "split" | "splitlines" if not arguments:
                changed: str | list[str] = getattr(held, func.attr)()
                return changed if isinstance(changed, str) else list(changed)
        return held if isinstance(held, Made) else UNKNOWN

    def dotted(self, node: ast.expr) -> str | None:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        return ".".join([self.aliases.get(node.id, node.id), *reversed(parts)])


@dataclass(frozen=True, slots=True)
class _Known:
    value: Value


def _builtin(dotted: str, arguments: list[Value]) -> _Known | None:
    match dotted, arguments:
        case (("os.getenv" | "os.environ.get" | "environ.get"), [_, default]):
            return _Known(default)
        case (("os.getenv" | "os.environ.get" | "environ.get"), [_]):
            return _Known(None)
        case "bool", [value]:
            known = truth(value)
            return _Known(UNKNOWN if known is None else known)
        case "int", [str() as text] if text.isdigit():
            return _Known(int(text))
        case (("list" | "tuple" | "sorted" | "set"), [list() as values]):
            return _Known(list(values))
        case (("list" | "tuple" | "set"), []):
            return _Known([])
        case "len", [list() | str() | dict() as value]:
            return _Known(len(value))
        case "str", [str() as text]:
            return _Known(text)
        case (("sys.exit" | "exit" | "quit"), _):
            raise _Stop
    return None


def _copied(scope: _Scope) -> _Scope:
    return {name: _copied_value(value) for name, value in scope.items()}


def _copied_value(value: Value) -> Value:
    if isinstance(value, list):
        return [_copied_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _copied_value(item) for key, item in value.items()}
    return value


def _merged_scopes(one: _Scope, other: _Scope) -> _Scope:
    result: _Scope = {}
    for name in {**one, **other}:
        result[name] = merged(one.get(name, UNKNOWN), other.get(name, UNKNOWN))
    return result


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _forces_platform(node: ast.AST) -> bool:
    match node:
        case ast.FunctionDef(name="has_ext_modules"):
            return any(isinstance(inner, ast.Return) and _is(inner.value, True) for inner in ast.walk(node))
        case ast.Assign(targets=targets, value=value):
            return any(_last_name(target) == "root_is_pure" for target in targets) and _is(value, False)
    return False


def _is(node: ast.expr | None, constant: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is constant
