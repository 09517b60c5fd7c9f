"""Reads a ``setup.py`` as data: a small abstract interpretation of its syntax tree, which never runs a line of it.

It follows module-level statements with literal values, both branches where a condition is not known, and the functions that
are called; conditions on environment variables are decided as in an ordinary build, where none of them is set. So an
extension behind ``if os.environ.get("WITH_SPEEDUPS")`` is off, and one behind ``platform.python_implementation()`` is on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce

from wheelcheck.model.code import last_name, parse_tree
from wheelcheck.model.knowledge import NativeKnowledge
from wheelcheck.texts.setup_commands import Definition, SetupCommands
from wheelcheck.texts.setup_expressions import DEPTH, Expressions, Scope
from wheelcheck.texts.setup_values import (
    UNKNOWN,
    Classes,
    Environ,
    Exhausted,
    Left,
    Made,
    OpenFile,
    Returned,
    ScriptReading,
    Sign,
    Stop,
    Value,
    added,
    lines_of,
    merged,
    truth,
)


def read_script(
    path: str,
    text: str | ast.Module,
    knowledge: NativeKnowledge,
    module_text: Callable[[str], str | None],
    environ: Environ,
    file_text: Callable[[str], str | None] | None = None,
    system: str = "",
    minor: int = 0,
) -> ScriptReading:
    """Read the script *text*, or its tree; *module_text* gives the text of a module of the same tree, by path, for its imports.

    *file_text* gives that of a file which the script opens, in the same way unless given. *system* is what ``sys.platform`` says,
    *minor* the second number of ``sys.version_info``; neither is known unless given.

    *environ* is what the script finds in ``os.environ``: in an ordinary build, nothing.

    Costs a few ms. Raises ``SyntaxError`` where *text* is not Python 3.
    """
    reading = ScriptReading(path)
    _Interpreter(reading, knowledge, module_text, environ, file_text or module_text, system, minor).run(
        path, parse_tree(text) if isinstance(text, str) else text
    )
    return reading


class _Interpreter(Expressions):
    """The half of the interpreter that runs statements."""

    def run(self, path: str, tree: ast.Module) -> None:
        self.scope = {"__name__": "__main__", "__file__": path}
        try:
            self.block(tree.body)
        except Stop:
            if not self.reading.calls and not self.reading.torn:
                self.reading.refused = Sign(*self.at, "ends an ordinary build before setup() is called")
        except (Exhausted, RecursionError):
            self.reading.exhausted = True
        commands = SetupCommands(self.defined, self.knowledge, self.module_text)
        for call in self.reading.calls:
            for finding in commands.findings(call.get("cmdclass")):
                (self.reading.signs if finding.certain else self.reading.doubts).append(finding.sign)

    def block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.step()
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        self.at = self.path, node.lineno
        match node:
            case ast.Expr(value=value):
                self.value(value)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self.assign(node)
            case ast.FunctionDef(name=name):
                self.note_change()
                self.defined[name] = Definition(self.path, node)
            case ast.ClassDef():
                self.class_body(node)
            case ast.If(test=test, body=body, orelse=orelse):
                self.choose(truth(self.value(test)), body, orelse)
            case ast.Try():
                self.attempt(node)
            case ast.For(iter=source, orelse=orelse):
                self.loop(node, self.value(source))
                self.block(orelse)
            case ast.While(test=test, body=body):
                if truth(self.value(test)) is not False:
                    self.choose(None, body, [])
            case ast.With(items=items, body=body):
                for item in items:
                    entered = self.value(item.context_expr)
                    if item.optional_vars is not None:
                        self.bind(item.optional_vars, entered if isinstance(entered, OpenFile) else UNKNOWN)
                self.block(body)
            case ast.Return(value=value):
                raise Returned(self.value(value) if value is not None else None)
            case ast.Raise():
                raise Stop
            case ast.Break() | ast.Continue():
                raise Left
            case ast.Import() | ast.ImportFrom():
                self.bring_in(node)
            case ast.Delete(targets=targets):
                for target in targets:
                    self.forget(target)
            case ast.Global() | ast.Pass() | ast.Assert():
                pass

    def loop(self, node: ast.For, source: Value) -> None:
        """Run the body for each string of *source*; where these are not known, or the loop may be left, as one that may run."""
        lines = lines_of(source)
        if lines is None or any(isinstance(inner, ast.Break | ast.Raise) for inner in ast.walk(node)):
            self.bind(node.target, UNKNOWN)
            self.choose(None, node.body, [])
            return
        for line in lines:
            self.bind(node.target, line)
            left = self.branch(self.scope, node.body)
            if isinstance(left, Returned):
                raise left

    def assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        match node:
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

    def choose(self, decided: bool | None, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        if decided is not None:
            self.block(body if decided else orelse)
            return
        before = self.scope
        self.undecided += 1
        self.step(8 * len(before))  # each branch has a scope of its own, and the two are compared name by name
        outcomes = [self.branch(_copied(before), branch) for branch in (body, orelse)]
        self.undecided -= 1
        self.reading.torn |= any(isinstance(outcome, Left | Returned) for outcome in outcomes)
        ends = [outcome for outcome in outcomes if not isinstance(outcome, Stop)]
        if ends:
            self.scope = reduce(_merged_scopes, ends)
            return
        self.scope = before
        returned = [outcome.value for outcome in outcomes if isinstance(outcome, Returned)]
        raise Returned(reduce(merged, returned)) if returned else Stop

    def attempt(self, node: ast.Try) -> None:
        before = _copied(self.scope)
        tried = self.branch(self.scope, node.body, node.orelse)
        outcomes = [tried]
        for handler in node.handlers:
            first = len(self.reading.calls)
            outcomes.append(self.branch(_copied(before), handler.body))
            if self._catches_compilers(handler.type):
                self.reading.fallbacks.update(range(first, len(self.reading.calls)))
        ends = [outcome for outcome in outcomes if not isinstance(outcome, Stop)]
        if ends:
            self.scope = reduce(_merged_scopes, ends)
        self.block(node.finalbody)
        if not ends:
            raise tried if isinstance(tried, Stop) else Stop

    def _catches_compilers(self, caught: ast.expr | None) -> bool:
        """Whether a handler of *caught* is reached when ``setup()`` fails to compile, which it tells by ``SystemExit``.

        A command of the script may also raise an exception of its own.
        """
        if isinstance(caught, ast.Tuple):
            return any(map(self._catches_compilers, caught.elts))
        return caught is None or last_name(caught) in {"BaseException", "SystemExit", *self.defined}

    def branch(self, scope: Scope, *bodies: list[ast.stmt]) -> Scope | Stop:
        """Run *bodies* from *scope*: the scope behind them, or the exception that left them."""
        self.scope = scope
        try:
            for body in bodies:
                self.block(body)
        except Stop as left:
            return left
        return self.scope

    def class_body(self, node: ast.ClassDef) -> None:
        if any(last_name(base).endswith("build_ext") for base in node.bases):
            self.reading.hints.append(Sign(self.path, node.lineno, f"class {node.name} changes build_ext"))
        # The class may lie there unused, so the name stands for something made, and counts where setup() is given it.
        if any(_forces_platform(inner) for inner in ast.walk(node)):
            self.reading.hints.append(Sign(self.path, node.lineno, f"class {node.name} asks for a platform wheel"))
            self.scope[node.name] = Made()
        else:
            self.scope[node.name] = Classes(frozenset({node.name}))
        self.defined[node.name] = Definition(self.path, node)

    def bind(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name):
                self.scope[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                values: list[Value] = value if isinstance(value, list) and len(value) == len(targets) else []
                for position, inner in enumerate(targets):
                    self.bind(inner, values[position] if values else UNKNOWN)
            case ast.Subscript(value=container, slice=ast.Constant(value=str() as key)):
                self.note_change()
                held = self.value(container)
                if isinstance(held, dict):
                    held[key] = value
            case ast.Subscript(value=container):
                self.note_change()
                held = self.value(container)
                if isinstance(held, dict):
                    held["**"] = UNKNOWN
            case ast.Attribute(attr="has_ext_modules"):
                self.reading.signs.append(Sign(self.path, target.lineno, "has_ext_modules is replaced"))

    def forget(self, target: ast.expr) -> None:
        """Take a name, or a key out of a mapping, as ``del`` does."""
        match target:
            case ast.Name(id=name):
                self.scope.pop(name, None)
            case ast.Subscript(value=container, slice=ast.Constant(value=str() as key)):
                self.note_change()
                held = self.value(container)
                if isinstance(held, dict):
                    held.pop(key, None)

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

    def load_module(self, name: str) -> Scope | None:
        """Read a module of the same tree, as the script's import would run it."""
        if name in self.modules:
            return self.modules[name]
        stem = name.replace(".", "/")
        paths = (f"{stem}.py", f"{stem}/__init__.py")
        found = next(((path, text) for path in paths if (text := self.module_text(path)) is not None), None)
        if found is None or self.depth >= DEPTH:
            return None
        self.modules[name] = {}
        self.reading.modules.append(found[0])
        outer, outer_path = self.scope, self.path
        self.scope, self.path = {"__name__": name, "__file__": found[0]}, found[0]
        self.depth += 1
        try:
            self.block(parse_tree(found[1]).body)
        except (Stop, SyntaxError, ValueError):
            pass
        finally:
            self.modules[name], self.scope, self.path = self.scope, outer, outer_path
            self.depth -= 1
        return self.modules[name]


def _copied(scope: Scope) -> Scope:
    # Most values are texts, which nothing changes; a script may have thousands of names, and of branches.
    return {**scope, **{name: _copied_value(value) for name, value in scope.items() if isinstance(value, list | dict)}}


def _copied_value(value: Value) -> Value:
    if isinstance(value, list):
        return [_copied_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _copied_value(item) for key, item in value.items()}
    return value


def _merged_scopes(one: Scope, other: Scope) -> Scope:
    return {
        name: mine if mine is (theirs := other.get(name, UNKNOWN)) else merged(mine, theirs)
        for name, mine in {**dict.fromkeys(other, UNKNOWN), **one}.items()
    }


def _forces_platform(node: ast.AST) -> bool:
    match node:
        case ast.FunctionDef(name="has_ext_modules"):
            return any(isinstance(inner, ast.Return) and _is(inner.value, True) for inner in ast.walk(node))
        case ast.Assign(targets=targets, value=value):
            return any(last_name(target) == "root_is_pure" for target in targets) and _is(value, False)
    return False


def _is(node: ast.expr | None, constant: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is constant
