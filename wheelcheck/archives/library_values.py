"""What the expressions of a module stand for where no shared library is there: literal texts, and what is looked for in vain.

``ast.expr → Value``, for ``library_loads.py``, which follows the statements. Evaluates nothing else, and runs nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.archives.import_statements import truth_of, unset_default
from wheelcheck.model.code import COMPARISONS, ImportTarget, ParsedModule, last_name

LOADERS = frozenset({"CDLL", "WinDLL", "OleDLL", "PyDLL", "LoadLibrary", "dlopen"})
SEARCH = "find_library"
_MOST = 100
_LONGEST = 300
"""How many texts, of how many characters, a sum of texts may have."""
_MOST_PARTS = 1_000
_MOST_NAMES = 300
"""So many variables of a module are known, since each function that is followed has them too."""
_NAME = re.compile(r"(?=[\d_.+-]*+[A-Za-z])[\w.+-]++", re.ASCII)
_FILE = re.compile(r"\.(?:dll|dylib|so(?:\.\d+)*)$", re.ASCII)
Def = ast.FunctionDef | ast.AsyncFunctionDef


class Value(Struct, frozen=True):
    """What a name stands for: one of *texts*; nothing (*absent*), where *sought* was looked for in vain; or a *constant*.

    With *is_list* it is a list of the *texts*. It may be an instance of the class *made*, or the path of a library in some folder,
    whose name is one of *files*. Unless it *is_known*, it may be something else.
    """

    texts: tuple[str, ...] = ()
    absent: bool = False
    sought: tuple[str, ...] = ()
    constant: bool | None = None
    is_list: bool = False
    made: str = ""
    files: tuple[str, ...] = ()
    is_known: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether it is a list without parts."""
        return self.is_list and self.is_known and not self.texts


UNKNOWN = Value(is_known=False)
Names = dict[str, Value]
_READERS = frozenset(
    {"len", "print", "str", "repr", "list", "tuple", "set", "sorted", "reversed", "any", "all", "iter", "join"}
)
"""Functions that leave a list as it is."""


class ValueReader:
    """The names of one module: its functions, what it imports (as in ``find_library_loads``), and its variables so far.

    ``tried`` are the names of libraries that were looked for, with the first line of each. ``shared`` are the variables that
    functions set for the whole module, so that no statement tells what they stand for. ``results`` are the ways in which functions
    ended that the present statement calls, and what they gave; ``returned`` is what the function gives that is being followed.
    """

    def __init__(
        self,
        parsed: ParsedModule,
        target: ImportTarget,
        imported: Mapping[str, str],
        open_module: Callable[[str], ParsedModule | None],
    ) -> None:
        self.parsed = parsed
        self.target = target
        self.imported = imported
        self.open_module = open_module
        self.functions = {each.name: each for each in definitions_in(parsed.tree.body)}
        self.methods = {
            each.name: {part.name: part for part in definitions_in(each.body)}
            for each in parsed.tree.body
            if isinstance(each, ast.ClassDef) and _is_plain(each)
        }
        self.shared = {name for each in ast.walk(parsed.tree) if isinstance(each, ast.Global) for name in each.names}
        self.aliases = {
            alias.asname or alias.name: alias.name
            for each in ast.walk(parsed.tree)
            if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("ctypes")
            for alias in each.names
        }
        self.variables: Names = {}
        self.tried: dict[str, int] = {}
        self.results: dict[ast.Call, tuple[set[str], Value]] = {}
        self.returned: list[Value] = []
        self._others: dict[str, Self | None] = {}
        self._lazy: dict[Def, bool] = {}

    def other(self, module: str) -> Self | None:
        """The reader of another *module* of the archive, which notes what is tried here; ``None`` for what is not there."""
        if module and module not in self._others:
            parsed = self.open_module(module)
            self._others[module] = type(self)(parsed, self.target, {}, lambda _: None) if parsed is not None else None
        found = self._others.get(module)
        if found is not None:
            found.tried = self.tried
        return found

    def given(self, call: ast.Call, names: Names) -> Value:  # noqa: ARG002 - for who follows functions
        """What a function of the module gives that *call* calls."""
        return UNKNOWN

    def assign(self, target: ast.expr, value: Value, names: Names) -> None:
        """Let *target* stand for *value*; of what it takes apart, nothing is known."""
        match target:
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for each in parts:
                    self.assign(each, UNKNOWN, names)
            case ast.Starred(value=inner) | ast.Subscript(value=inner):
                self.assign(inner, UNKNOWN, names)
            case ast.Name(id=name):
                put(names, name, UNKNOWN if names is self.variables and name in self.shared else value)
            case ast.Attribute(value=ast.Name(id=name)) if names.get(name, UNKNOWN).made:
                put(names, dotted(target), value)

    def change(self, call: ast.Call, names: Names) -> None:
        """Note what *call* may do to the lists that it is given, or is a method of."""
        function = call.func
        owner = dotted(function.value) if isinstance(function, ast.Attribute) else ""
        held = names.get(owner, UNKNOWN)
        if isinstance(function, ast.Attribute) and held.is_list:
            is_added = function.attr in ("append", "extend", "insert") and bool(call.args)
            texts = self.value(call.args[-1], names).texts if is_added else ()
            put(names, owner, _list_of((*held.texts, *texts), is_known=held.is_known and bool(texts)))
        elif isinstance(function, ast.Attribute):
            forget(function.value, names)
        if last_name(function) not in _READERS:
            for each in (*call.args, *(word.value for word in call.keywords)):
                forget(each, names)

    def meant(self, node: ast.expr) -> str:
        """The absolute name of the function *node*: ``loader.load`` is ``magic.loader.load``; empty for what was not imported."""
        match node:
            case ast.Name(id=name):
                return self.imported.get(name, "")
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in self.imported:
                return f"{self.imported[name]}.{attribute}"
        return ""

    def keywords(self, call: ast.Call, names: Names) -> Names:
        """The keyword arguments of *call*."""
        return {word.arg: self.value(word.value, names) for word in call.keywords if word.arg is not None}

    def look_for(self, texts: Iterable[str], call: ast.Call) -> bool:
        """Note that *call* looks for libraries called *texts*; tells whether one of them is the name of a library."""
        found = [text for text in texts if is_library(text)]
        for each in found:
            self.tried.setdefault(each, call.lineno)
        return bool(found)

    def bound(self, function: Def, given: Sequence[Value], keywords: Names) -> Names:
        """The arguments *given* and *keywords* by the parameters of *function*."""
        arguments, parameters = function.args, [*function.args.posonlyargs, *function.args.args]
        found = self.variables.copy()
        for name in self.shared & found.keys():
            del found[name]
        defaults = zip(reversed(parameters), reversed(arguments.defaults), strict=False)
        for parameter, default in (*defaults, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)):
            found[parameter.arg] = self.value(default, {}) if default is not None else UNKNOWN
        found |= {parameter.arg: value for parameter, value in zip(parameters, given, strict=False)}
        if arguments.vararg is not None:
            rest = given[len(parameters) :]
            found[arguments.vararg.arg] = _listed(rest)
        return found | keywords

    def word(self, call: ast.Call) -> str:
        """The name of the function that *call* calls, as ``ctypes`` has it; empty for one of the module's own."""
        name = last_name(call.func)
        is_own = isinstance(call.func, ast.Name) and name in self.functions
        return "" if is_own else self.aliases.get(name, name)

    def value(self, node: ast.expr, names: Names) -> Value:
        """What *node* stands for, with the variables *names*."""
        match node:
            case ast.Constant(value=str() as text):
                return Value(texts=(text,))
            case ast.Constant(value=bool() as known):
                return Value(constant=known)
            case ast.Constant(value=int() as number):
                return Value(texts=(str(number),), constant=bool(number))
            case ast.Constant(value=None):
                return Value(absent=True)
            case ast.Attribute(value=ast.Name(id="sys"), attr="platform"):
                return Value(texts=(self.target.sys_platform,))
            case ast.Name() | ast.Attribute():
                return names.get(dotted(node), UNKNOWN)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return _listed([self.value(each, names) for each in parts])
            case ast.ListComp(elt=part, generators=[ast.comprehension(target=ast.Name(id=name), iter=over, ifs=ifs)]):
                several = self.value(over, names)
                texts = self.value(part, names | {name: replace(several, is_list=False)}).texts
                return Value(
                    texts=texts,
                    is_list=True,
                    is_known=several.is_known and (bool(texts) or not several.texts) and not ifs,
                )
            case ast.Subscript(value=inner) | ast.Starred(value=inner):
                held = self.value(inner, names)
                return replace(held, is_list=isinstance(node, ast.Starred)) if held.texts else UNKNOWN
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return added(self.value(left, names), self.value(right, names))
            case ast.JoinedStr(values=parts):
                return reduce(added, (self.value(each, names) for each in parts), Value(texts=("",)))
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                return self.value(inner, names)
            case ast.BoolOp(op=ast.Or(), values=values):
                found = [self.value(each, names) for each in values]
                sought = tuple(dict.fromkeys(text for each in found for text in each.sought))
                return next((each for each in found if not each.absent), Value(absent=True, sought=sought))
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return UNKNOWN if (truth := self.truth(node, names)) is None else Value(constant=truth)
            case ast.IfExp(test=test, body=body, orelse=other):
                truth = self.truth(test, names)
                if truth is None:
                    return merged(self.value(body, names), self.value(other, names))
                return self.value(body if truth else other, names)
            case ast.Call(func=ast.Attribute(value=folder, attr="join"), args=[_, *_, last]) if (
                last_name(folder) == "path"
            ):
                return Value(files=self.value(last, names).texts, is_known=False)
            case ast.NamedExpr(target=target, value=inner):
                held = self.value(inner, names)
                self.assign(target, held, names)
                return held
            case ast.Call() if self.word(node) == SEARCH and node.args:
                sought = tuple(filter(is_library, self.value(node.args[0], names).texts))
                return Value(absent=True, sought=sought) if sought else UNKNOWN
            case ast.Call() if (default := unset_default(node)) is not None:
                return self.value(default, names)
            case ast.Call():
                return self.given(node, names)
        return UNKNOWN

    def asked(self, node: ast.expr, names: Names) -> Value:
        """The value of *node*, on which a branch depends: what was looked for in vain counts as tried there."""
        value = self.value(node, names)
        for each in value.sought:
            self.tried.setdefault(each, node.lineno)
        return value

    def truth(self, test: ast.expr, names: Names) -> bool | None:
        """Whether *test* holds on the target where no library is there; ``None`` if not known."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                known = self.truth(operand, names)
                return None if known is None else not known
            case ast.Compare(
                left=ast.Call(func=ast.Name(id="len"), args=[inner]),
                ops=[how],
                comparators=[ast.Constant(value=int() as bound)],
            ) if type(how) in COMPARISONS:
                value = self.asked(inner, names)
                return COMPARISONS[type(how)](0, bound) if value.is_empty else None
            case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as how], comparators=[ast.Constant(value=None)]):
                value = self.asked(left, names)
                known = value.absent if value.is_known else None
                return known if known is None or isinstance(how, ast.Is) else not known
            case ast.Compare(ops=[ast.In()], comparators=[right]) if last_name(right) == "environ":
                return False
            case ast.BoolOp(op=op, values=values):
                found = [self.truth(each, names) for each in values]
                settling = isinstance(op, ast.Or)
                return settling if settling in found else None if None in found else not settling
            case ast.Compare(
                left=ast.Name() as left,
                ops=[ast.Eq() | ast.NotEq() as how],
                comparators=[ast.Constant(value=str() as text)],
            ):
                value = self.value(left, names)
                is_one = value.is_known and len(value.texts) == 1 and not value.is_list
                return (value.texts == (text,)) is isinstance(how, ast.Eq) if is_one else truth_of(test, self.target)
            case ast.Call(func=function, args=[inner]) if last_name(function) in ("isfile", "exists"):
                value = self.value(inner, names)
                files = value.texts or value.files
                is_absent = bool(files) and all(map(_FILE.search, files)) and self.look_for(files, test)
                return False if is_absent else None
        known = truth_of(test, self.target)
        is_own = isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr)
        return _truth_of_value(self.asked(test, names)) if known is None and is_own else known


def definitions_in(body: Iterable[ast.stmt]) -> Iterator[Def]:
    """The functions that *body* defines, in its branches too."""
    waiting = [*body][::-1]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Def):
            yield each
        elif isinstance(each, ast.If | ast.Try):
            waiting += reversed((*each.body, *each.orelse))


def _is_plain(node: ast.ClassDef) -> bool:
    """Whether a call of the class makes an instance of it: a metaclass, a decorator, ``__new__`` may give anything."""
    return not (
        node.keywords or node.decorator_list or any(each.name == "__new__" for each in definitions_in(node.body))
    )


def is_library(text: str) -> bool:
    """Whether *text* may be the name of a library, and no place: ``cairo``, ``libcairo.so.2``, ``./libvlc.dll``."""
    plain = text.removeprefix("./").removeprefix(".\\")
    return len(plain) > 1 and _NAME.fullmatch(plain) is not None


def _truth_of_value(value: Value) -> bool | None:
    if not value.is_known:
        return None
    if value.absent or value.constant is not None:
        return bool(value.constant)
    truths = {bool(value.texts)} if value.is_list else {bool(text) for text in value.texts}
    return truths.pop() if len(truths) == 1 else None


def merged(one: Value, other: Value) -> Value:
    """What a name stands for after two branches."""
    # A number and a text are true on different grounds.
    both = one.is_known and other.is_known and (one == other or (one.constant is None and other.constant is None))
    if one.texts and other.texts:
        texts = tuple(dict.fromkeys((*one.texts, *other.texts)))
        return Value(texts=texts, is_list=one.is_list and other.is_list, is_known=both)
    if both and (one == other or (one.absent and other.absent)):
        return replace(one, sought=tuple(dict.fromkeys((*one.sought, *other.sought))))
    return UNKNOWN


def put(names: Names, name: str, value: Value) -> None:
    """Let *name* stand for *value*; what is not in *names* is unknown, which keeps them few."""
    if value == UNKNOWN:
        names.pop(name, None)
    elif name in names or len(names) < _MOST_NAMES:
        names[name] = value


def join(names: Names, others: Names) -> None:
    """Make of *names*, as one branch left them, what they stand for after it or another."""
    for name in names.keys() | others.keys():
        if names.get(name) != others.get(name):
            put(names, name, merged(names.get(name, UNKNOWN), others.get(name, UNKNOWN)))


def forget(node: ast.AST, names: Names) -> None:
    """Note that the lists that *node* mentions may be changed, and the attributes of instances."""
    for name in {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & names.keys():
        if names[name].is_list:
            names[name] = replace(names[name], is_known=False)
        elif names[name].made:
            for attribute in [each for each in names if each.startswith(f"{name}.")]:
                del names[attribute]


def dotted(node: ast.expr) -> str:
    """``a`` and ``a.b`` of a name and of its attribute; empty for another expression."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _listed(parts: Sequence[Value]) -> Value:
    texts = (text for each in parts for text in each.texts)
    return _list_of(texts, is_known=all(each.is_known and bool(each.texts or each.is_list) for each in parts))


def _list_of(texts: Iterable[str], *, is_known: bool) -> Value:
    """A list of *texts*, each once; of too many nothing is known, since a list doubled line by line would fill the memory."""
    found = tuple(dict.fromkeys(texts))
    return Value(texts=found, is_list=True, is_known=is_known) if len(found) <= _MOST_PARTS else UNKNOWN


def added(one: Value, other: Value) -> Value:
    """What ``one + other`` stands for."""
    if one.is_list or other.is_list:
        return _list_of((*one.texts, *other.texts), is_known=one.is_known and other.is_known)
    # A module that doubles a text line by line would fill the memory.
    is_short = max(map(len, (*one.texts, *other.texts)), default=0) <= _LONGEST
    is_small = is_short and len(one.texts) * len(other.texts) <= _MOST
    texts = tuple(first + last for first in one.texts for last in other.texts) if is_small else ()
    return Value(texts=texts) if texts else UNKNOWN
