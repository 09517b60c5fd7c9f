"""Finds the shared libraries that a module loads by itself (``ctypes``, ``cffi``), and whether its import fails without them.

``ParsedModule, ImportTarget → LibraryLoad``. The statements of the module are followed as if no library were there: every load
raises, ``find_library`` finds nothing. Where every way through a statement ends in an exception then, the import needs one of the
libraries that were looked for on these ways. What is not understood may go on, so that it proves nothing. Runs nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import reduce

from msgspec.structs import replace

from wheelcheck.archives.import_statements import CAUGHT, is_caught_by, suppressed, truth_of
from wheelcheck.archives.library_values import (
    LOADERS,
    SEARCH,
    UNKNOWN,
    Def,
    Names,
    Value,
    ValueReader,
    added,
    dotted,
    forget,
    is_library,
    join,
    merged,
)
from wheelcheck.model.code import ImportTarget, LibraryLoad, ParsedModule, last_name

MENTIONS = re.compile(rb"CDLL|WinDLL|LoadLibrary|dlopen|find_library")
"""What every source that loads a library mentions."""
_EXITS = frozenset({"exit", "_exit", "abort", "quit"})
_DEEPEST = 3
_MOST = 400
"""How many statements of functions are followed for one statement of the module."""
_MOST_IN_ALL = 20_000
"""How many statements and calls are followed in a module; what comes after them says nothing."""
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


class _TooLongError(Exception):
    """The module is not followed to its end."""


class _Reader(ValueReader):
    _left = _depth = 0
    """How many statements may still be followed, and how many functions are, one in another."""
    _left_in_all = _MOST_IN_ALL

    def needed(self) -> Iterator[LibraryLoad]:
        """One load for each statement of the module that raises where the library is absent.

        Up to one that cannot be followed: it is too long, or nested beyond all sense.
        """
        with suppress(_TooLongError, RecursionError):
            for statement in self._running(self.parsed.tree.body):
                self.tried, self._left = {}, _MOST
                ways = self._statement(statement, self.variables)
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
        self._depth = 0
        for call in self._calls(self.parsed.tree.body):
            texts: tuple[str, ...] = ()
            with suppress(RecursionError):
                texts = (
                    self.value(call.args[0], {}).texts if self.word(call) in (*LOADERS, SEARCH) and call.args else ()
                )
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

    def _block(self, body: Iterable[ast.stmt], names: Names) -> set[str]:
        ways = {_NEXT}
        for each in body:
            ways.discard(_NEXT)
            ways |= self._statement(each, names)
            if _NEXT not in ways:
                break
        return ways

    def _statement(self, node: ast.stmt, names: Names) -> set[str]:
        self._left -= 1
        self._count()
        self.results.clear()
        if self._left < 0:
            self._pass_over(node, names)
            return {_NEXT}
        match node:
            case ast.If():
                return self._raised(node.test, names) or self._if(node, names)
            case ast.Try():
                return self._try(node, names)
            case ast.For():
                return self._raised(node.iter, names) or self._for(node, names)
            case ast.With():
                return self._with(node, names)
            case ast.Raise():
                return {last_name(node.exc.func if isinstance(node.exc, ast.Call) else node.exc) or "raise"}
            case ast.Break():
                return {_BREAK}
            case ast.Return():
                return self._return(node, names)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return self._assign(node, names)
            case ast.Expr(value=value):
                return self._raised(value, names) or {_NEXT}
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    names.pop((alias.asname or alias.name).partition(".")[0], None)
        if not isinstance(node, ast.Assert | ast.Pass | ast.Global):
            self._pass_over(node, names)
        return {_NEXT}

    def _count(self) -> None:
        self._left_in_all -= 1
        if self._left_in_all < 0:
            raise _TooLongError

    def _pass_over(self, node: ast.stmt | ast.expr, names: Names) -> None:
        """Forget what *node*, which is not followed, may change."""
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                names.pop(each.id, None)
            elif isinstance(each, ast.Return):
                self.returned.append(UNKNOWN)
        forget(node, names)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, names: Names) -> set[str]:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        before = set(self.tried)
        raised = (node.value and self._raised(node.value, names)) or set[str]().union(
            *(self._raised(each, names) for each in targets)
        )
        if raised:
            # What the name stood for before, it stands for because these were looked for in vain.
            for name in map(dotted, targets):
                if (held := names.get(name, UNKNOWN)).absent:
                    sought = (each for each in self.tried if each not in before)
                    names[name] = replace(held, sought=(*held.sought, *sought))
        elif node.value is not None:
            value = self.value(node.value, names)
            for each in targets:
                if isinstance(node, ast.AugAssign):
                    value = added(self.value(each, names), value) if isinstance(node.op, ast.Add) else UNKNOWN
                self.assign(each, value, names)
        return raised or {_NEXT}

    def _return(self, node: ast.Return, names: Names) -> set[str]:
        if node.value is not None and (raised := self._raised(node.value, names)):
            return raised
        self.returned.append(self.value(node.value, names) if node.value is not None else Value(absent=True))
        return {_LEAVE}

    def _with(self, node: ast.With, names: Names) -> set[str]:
        for item in node.items:
            if raised := self._raised(item.context_expr, names):
                return raised
            if item.optional_vars is not None:
                self.assign(item.optional_vars, UNKNOWN, names)
        ways = self._block(node.body, names)
        caught = {name for item in node.items for name in suppressed(item)}
        return (ways - _exceptions(ways)) | {_NEXT} if caught & CAUGHT and _exceptions(ways) else ways

    def _if(self, node: ast.If, names: Names) -> set[str]:
        truth = self.truth(node.test, names)
        if truth is not None:
            return self._block(node.body if truth else node.orelse, names)
        other = dict(names)
        ways, others = self._block(node.body, names), self._block(node.orelse, other)
        if ways == {_LEAVE}:
            names.update(other)
        elif others != {_LEAVE}:
            join(names, other)
        return ways | others

    def _try(self, node: ast.Try, names: Names) -> set[str]:
        before = dict(names)
        ways = self._block(node.body, names)
        raised = _exceptions(ways)
        ways -= raised
        if _NEXT in ways and node.orelse:
            ways.discard(_NEXT)
            ways |= self._block(node.orelse, names)
        entered = {each: next((one for one in node.handlers if is_caught_by(one, each)), None) for each in raised}
        for each, handler in entered.items():
            after = self._block(handler.body, names) if handler is not None else {each}
            ways |= {each if way == "raise" else way for way in after}
        for other in (one for one in node.handlers if one not in entered.values()):
            # What is not understood may have raised.
            values = dict(before)
            self._block(other.body, values)
            join(names, values)
        last = self._block(node.finalbody, names)
        return ways if _NEXT in last else last

    def _for(self, node: ast.For, names: Names) -> set[str]:
        over = self.value(node.iter, names)
        if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name):
            function = self.functions.get(node.iter.func.id)
            over = Value(texts=self._yielded(function)) if function is not None and over == UNKNOWN else over
        if over.is_empty:
            return self._block(node.orelse, names)
        before = dict(names)
        # A loop over literal names is followed once, with all of them.
        self.assign(node.target, replace(over, is_list=False) if over.texts else UNKNOWN, names)
        ways = self._block(node.body, names)
        if not over.texts:
            join(names, before)
            if _exceptions(ways):
                ways.add(_NEXT)
        if _BREAK in ways:
            ways = ways - {_BREAK} | {_NEXT}
            return ways | (self._block(node.orelse, names) if node.orelse else set())
        if _NEXT in ways and node.orelse:
            ways = ways - {_NEXT} | self._block(node.orelse, names)
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

    def _raised(self, value: ast.expr, names: Names) -> set[str]:
        """The exceptions that evaluating *value* always ends in; empty where it may not."""
        match value:
            case ast.Lambda() | ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
                return set()
            case ast.IfExp():
                truth = self.truth(value.test, names)
                return set() if truth is None else self._raised(value.body if truth else value.orelse, names)
            case ast.BoolOp():
                self._pass_over(value, names)  # for what its parts may assign
                return self._raised(value.values[0], names)
            case ast.Call():
                for each in (value.func, *value.args, *(word.value for word in value.keywords)):
                    if raised := self._raised(each, names):
                        return raised
                raised = self._called(value, names)
                self.change(value, names)
                return raised
            case ast.Attribute(value=ast.Name() as owner) if (
                held := names.get(owner.id, UNKNOWN)
            ).sought and held.absent:
                self.asked(owner, names)
                return {"AttributeError"}
        for child in ast.iter_child_nodes(value):
            if isinstance(child, ast.expr) and (raised := self._raised(child, names)):
                return raised
        return set()

    def _called(self, call: ast.Call, names: Names) -> set[str]:
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
        self.results[call] = found = self._outcome(call, names)
        return found[0] if found[0] == _exceptions(found[0]) else set()

    def given(self, call: ast.Call, names: Names) -> Value:
        """What a function of the module, or of another one of the archive, gives that *call* calls."""
        # It was followed just now, for what it raises.
        return (self.results.pop(call) if call in self.results else self._outcome(call, names))[1]

    def _outcome(self, call: ast.Call, names: Names) -> tuple[set[str], Value]:
        """In which ways a function ends that *call* calls, and what it gives; of what is not understood, nothing is known."""
        self._count()
        reader, function, own = self, None, None
        if self._depth < _DEEPEST and self._left > 0:
            reader, function, own = self._callee(call, names)
        # A coroutine or generator does nothing when it is called.
        if function is None or self._is_lazy(function):
            return set(), own or UNKNOWN
        before, outer = set(self.tried), reader.returned
        values = [self.value(each, names) for each in call.args]
        bound = reader.bound(function, [own, *values] if own is not None else values, self.keywords(call, names))
        reader.returned, reader._depth, reader._left = [], self._depth + 1, self._left
        reader._left_in_all = self._left_in_all
        ways = reader._block(function.body, bound)
        self._left_in_all = reader._left_in_all
        found = [*reader.returned, *([Value(absent=True)] if _NEXT in ways else [])]
        self._left, reader.returned = reader._left, outer
        reader._depth -= 1
        value = reduce(merged, found) if found else UNKNOWN
        if function.name == "__init__" and own is not None:
            value = own if reader is self else UNKNOWN
        if value.absent or value.is_list:
            value = replace(value, sought=(*value.sought, *(each for each in self.tried if each not in before)))
        return ways, value

    def _is_lazy(self, function: Def) -> bool:
        if function not in self._lazy:
            lazy = (ast.Yield, ast.YieldFrom, ast.Await)
            self._lazy[function] = any(isinstance(each, lazy) for each in ast.walk(function))
        return self._lazy[function]

    def _callee(self, call: ast.Call, names: Names) -> tuple[_Reader, Def | None, Value | None]:
        """The function that *call* calls, the reader of its module, and the instance that it is a method of."""
        match call.func:
            case ast.Name(id=name) if name in self.functions or name in self.methods:
                return (self, *self._named(name))
            case ast.Attribute(value=owner, attr=name) if made := self._class_of(owner, names):
                function = self.methods[made].get(name)
                marks = set(map(last_name, function.decorator_list)) if function is not None else set()
                is_class = isinstance(owner, ast.Name) and owner.id == made
                is_unbound = function is None or "staticmethod" in marks or (is_class and "classmethod" not in marks)
                return self, function, None if is_unbound else UNKNOWN if "classmethod" in marks else Value(made=made)
        module, _, name = self.meant(call.func).rpartition(".")
        reader = self.other(module)
        if reader is None:
            return self, None, None
        return (reader, *reader._named(name))

    def _named(self, name: str) -> tuple[Def | None, Value | None]:
        """The function called *name*; of a class, what makes its instances, and one of them."""
        methods = self.methods.get(name)
        return (self.functions.get(name), None) if methods is None else (methods.get("__init__"), Value(made=name))

    def _class_of(self, owner: ast.expr, names: Names) -> str:
        """The class that *owner* is, or is an instance of; empty where it is not known."""
        if isinstance(owner, ast.Name) and owner.id in self.methods and owner.id not in names:
            return owner.id
        made = self.value(owner, names).made
        return made if made in self.methods else ""


def _exceptions(ways: set[str]) -> set[str]:
    return ways - {_NEXT, _LEAVE, _BREAK}
