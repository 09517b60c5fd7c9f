"""Finds the shared libraries that a module loads by itself (``ctypes``, ``cffi``), and whether its import fails without them.

``ParsedModule, ImportTarget → LibraryLoad``. The statements of the module are followed as if no library were there: every load
raises, ``find_library`` finds nothing. Where every way through a statement ends in an exception then, the import needs one of the
libraries that were looked for on these ways. What is not understood may go on, so that it proves nothing. Runs nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from wheelcheck.archives.conditions import truth_of
from wheelcheck.archives.library_values import (
    LOADERS,
    SEARCH,
    UNKNOWN,
    Def,
    Names,
    Value,
    ValueReader,
    is_library,
    last_name,
    merged,
)
from wheelcheck.model.code import ImportTarget, LibraryLoad, ParsedModule

MENTIONS = re.compile(rb"CDLL|WinDLL|LoadLibrary|dlopen|find_library")
"""What every source that loads a library mentions."""
_CAUGHT = frozenset({"OSError", "Exception", "BaseException", "EnvironmentError", "IOError", "WindowsError"})
_EXITS = frozenset({"exit", "_exit", "abort", "quit"})
_DEEPEST = 3
_MOST = 400
"""How many statements of functions are followed for one statement of the module."""
_NEXT, _LEAVE, _BREAK = "next", "leave", "break"


def find_library_loads(
    parsed: ParsedModule,
    target: ImportTarget,
    imported: Mapping[str, str] | None = None,
    open_module: Callable[[str], ParsedModule | None] = lambda _: None,
) -> tuple[LibraryLoad, ...]:
    """The libraries that the module loads on *target*: those without which its import fails, and those that a part may need.

    *imported* tells what the names stand for that it imports (``loader`` → ``magic.loader``); *open_module* gives another module of
    the same archive, whose functions are followed too.
    """
    reader = _Reader(parsed, target, imported or {}, open_module)
    needed = list(reader.needed())
    lines = {line for each in needed for line in (each.line, *each.lines)}
    return (*needed, *(each for each in reader.optional() if each.line not in lines))


class _Reader(ValueReader):
    _left = 0

    def needed(self) -> Iterator[LibraryLoad]:
        """One load for each statement of the module that raises where the library is absent."""
        for statement in self._running(self.parsed.tree.body):
            self.tried, self._left = {}, _MOST
            ways = self._statement(statement, self.variables, 0)
            if self.tried and ways and not ways & {_NEXT, _LEAVE, _BREAK}:
                yield self._load(statement, self.tried, is_needed=True)

    def _running(self, body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        """The statements of the module that always run, those in blocks whose condition is known included."""
        for each in body:
            if isinstance(each, ast.If) and (truth := truth_of(each.test, self.target)) is not None:
                yield from self._running(each.body if truth else each.orelse)
            elif isinstance(each, ast.ClassDef):
                yield from self._running(each.body)
            elif not isinstance(each, Def):
                yield each

    def optional(self) -> Iterator[LibraryLoad]:
        """The loads by a literal name, in functions and where failure is caught, on branches that *target* may take."""
        for call in self._calls(self.parsed.tree.body):
            texts = self.value(call.args[0], {}).texts if self.word(call) in (*LOADERS, SEARCH) and call.args else ()
            if texts := tuple(filter(is_library, texts)):
                yield self._load(call, dict.fromkeys(texts, call.lineno), is_needed=False)

    def _calls(self, body: Sequence[ast.AST]) -> Iterator[ast.Call]:
        waiting = [*reversed(body)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Call):
                yield node
            waiting += reversed(self._inner(node))

    def _inner(self, node: ast.AST) -> list[ast.AST]:
        """The parts of *node* that may run on the target."""
        if isinstance(node, ast.If) and (truth := truth_of(node.test, self.target)) is not None:
            return [*(node.body if truth else node.orelse)]
        return [*ast.iter_child_nodes(node)]

    def _load(self, node: ast.stmt | ast.expr, tried: Mapping[str, int], *, is_needed: bool) -> LibraryLoad:
        names, lines = tuple(tried), tuple(sorted(set(tried.values())))
        text = self.parsed.text_of(node)
        return LibraryLoad(names=names, line=node.lineno, lines=lines, statement=text, is_needed=is_needed)

    # The ways in which a statement ends: on to the next, out of the function or the loop, or by an exception of some name.

    def _block(self, body: Iterable[ast.stmt], names: Names, depth: int) -> set[str]:
        ways = {_NEXT}
        for each in body:
            ways.discard(_NEXT)
            ways |= self._statement(each, names, depth)
            if _NEXT not in ways:
                break
        return ways

    def _statement(self, node: ast.stmt, names: Names, depth: int) -> set[str]:
        self._left -= 1
        if self._left < 0:
            return {_NEXT}
        match node:
            case ast.If():
                return self._if(node, names, depth)
            case ast.Try():
                return self._try(node, names, depth)
            case ast.For():
                return self._for(node, names, depth)
            case ast.With():
                ways = self._block(node.body, names, depth)
                caught = {name for item in node.items for name in _suppressed(item)}
                return (ways - _exceptions(ways)) | {_NEXT} if caught & _CAUGHT and _exceptions(ways) else ways
            case ast.Raise():
                return {last_name(node.exc.func if isinstance(node.exc, ast.Call) else node.exc) or "raise"}
            case ast.Break():
                return {_BREAK}
            case ast.Return():
                return (node.value and self._raised(node.value, names, depth)) or {_LEAVE}
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                raised = self._raised(value, names, depth)
                names[name] = self.value(value, names)
                return raised or {_NEXT}
            case ast.Expr() | ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return (node.value and self._raised(node.value, names, depth)) or {_NEXT}
            case ast.While() | ast.Match() | ast.AsyncFor() | ast.AsyncWith() | ast.TryStar():
                return {_NEXT}
        return {_NEXT}

    def _if(self, node: ast.If, names: Names, depth: int) -> set[str]:
        truth = self.truth(node.test, names)
        if truth is not None:
            return self._block(node.body if truth else node.orelse, names, depth)
        other = dict(names)
        ways = self._block(node.body, names, depth) | self._block(node.orelse, other, depth)
        for name in names.keys() | other.keys():
            if names.get(name) != other.get(name):
                names[name] = merged(names.get(name, UNKNOWN), other.get(name, UNKNOWN))
        return ways

    def _try(self, node: ast.Try, names: Names, depth: int) -> set[str]:
        ways = self._block(node.body, names, depth)
        raised = _exceptions(ways)
        ways -= raised
        if _NEXT in ways and node.orelse:
            ways.discard(_NEXT)
            ways |= self._block(node.orelse, names, depth)
        for each in raised:
            handler = next((each_handler for each_handler in node.handlers if _catches(each_handler, each)), None)
            after = self._block(handler.body, names, depth) if handler is not None else {each}
            ways |= {each if way == "raise" else way for way in after}
        last = self._block(node.finalbody, names, depth)
        return ways if _NEXT in last else last

    def _for(self, node: ast.For, names: Names, depth: int) -> set[str]:
        over = self.value(node.iter, names)
        if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name):
            function = self.functions.get(node.iter.func.id)
            over = Value(texts=self._yielded(function)) if function is not None else UNKNOWN
        if isinstance(node.target, ast.Name):
            # A loop over literal names is followed once, with all of them.
            names[node.target.id] = over if over.texts else UNKNOWN
        ways = self._block(node.body, names, depth)
        if _exceptions(ways) and not over.texts:
            ways.add(_NEXT)
        if _BREAK in ways:
            ways = ways - {_BREAK} | {_NEXT}
            return ways | (self._block(node.orelse, names, depth) if node.orelse else set())
        if _NEXT in ways and node.orelse:
            ways = ways - {_NEXT} | self._block(node.orelse, names, depth)
        return ways

    def _yielded(self, function: Def) -> tuple[str, ...]:
        """The texts in the parts of *function* that may run on the target."""
        found: dict[str, None] = {}
        waiting: list[ast.AST] = [*reversed(function.body)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[node.value] = None
            elif not isinstance(node, ast.Compare):
                waiting += reversed(self._inner(node))
        return tuple(found)

    def _raised(self, value: ast.expr, names: Names, depth: int) -> set[str]:
        """The exceptions that evaluating *value* always ends in; empty where it may not."""
        match value:
            case ast.Lambda() | ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
                return set()
            case ast.IfExp():
                truth = self.truth(value.test, names)
                return set() if truth is None else self._raised(value.body if truth else value.orelse, names, depth)
            case ast.BoolOp():
                return self._raised(value.values[0], names, depth)
            case ast.Call():
                for each in (*value.args, *(word.value for word in value.keywords)):
                    if raised := self._raised(each, names, depth):
                        return raised
                return self._called(value, names, depth)
        for child in ast.iter_child_nodes(value):
            if isinstance(child, ast.expr) and (raised := self._raised(child, names, depth)):
                return raised
        return set()

    def _called(self, call: ast.Call, names: Names, depth: int) -> set[str]:
        word = self.word(call)
        if word in LOADERS and call.args:
            asked = self.value(call.args[0], names)
            if asked.absent:
                # Of no name, Windows loads nothing, and other systems give the program itself.
                return {"OSError"} if self.target.sys_platform == "win32" else set()
            return {"OSError"} if self.look_for(asked.texts, call) else set()
        if word == SEARCH and call.args:
            self.look_for(self.value(call.args[0], names).texts, call)
            return set()
        if word in _EXITS:
            return {"SystemExit"}
        return self._followed(call, names, depth) if depth < _DEEPEST else set()

    def _followed(self, call: ast.Call, names: Names, depth: int) -> set[str]:
        reader, function = self, self.functions.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if function is None:
            module, _, name = self.meant(call.func).rpartition(".")
            parsed = self.open_module(module) if module else None
            if parsed is None:
                return set()
            reader = _Reader(parsed, self.target, {}, lambda _: None)
            reader.tried, reader._left = self.tried, self._left
            function = reader.functions.get(name)
        # A coroutine or generator does nothing when it is called.
        if function is None or any(
            isinstance(each, ast.Yield | ast.YieldFrom | ast.Await) for each in ast.walk(function)
        ):
            return set()
        bound = reader.bound(function, [self.value(each, names) for each in call.args], self.keywords(call, names))
        ways = reader._block(function.body, bound, depth + 1)
        return ways if ways and ways == _exceptions(ways) else set()


def _exceptions(ways: set[str]) -> set[str]:
    return ways - {_NEXT, _LEAVE, _BREAK}


def _caught(node: ast.expr | None) -> set[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {last_name(part) for part in parts if part is not None}


def _catches(handler: ast.ExceptHandler, raised: str) -> bool:
    names = _caught(handler.type)
    return (
        not names
        or raised in names
        or bool(names & {"Exception", "BaseException"})
        or bool(raised == "OSError" and names & _CAUGHT)
    )


def _suppressed(item: ast.withitem) -> set[str]:
    call = item.context_expr
    is_suppress = isinstance(call, ast.Call) and last_name(call.func) == "suppress"
    return (
        {name for each in call.args for name in _caught(each)} if is_suppress and isinstance(call, ast.Call) else set()
    )
