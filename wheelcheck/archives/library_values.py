"""What the expressions of a module stand for where no shared library is there: literal texts, and what is looked for in vain.

``ast.expr → Value``, for ``library_loads.py``, which follows the statements. Evaluates nothing else, and runs nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from wheelcheck.archives.conditions import truth_of
from wheelcheck.model.code import ImportTarget, ParsedModule

LOADERS = frozenset({"CDLL", "WinDLL", "OleDLL", "PyDLL", "LoadLibrary", "dlopen"})
SEARCH = "find_library"
_NAME = re.compile(r"(?=[\d_.+-]*+[A-Za-z])[\w.+-]++", re.ASCII)
Def = ast.FunctionDef | ast.AsyncFunctionDef


class Value(Struct, frozen=True):
    """What a name stands for: one of *texts*; nothing (*absent*), where *sought* was looked for in vain; or a *constant*."""

    texts: tuple[str, ...] = ()
    absent: bool = False
    sought: tuple[str, ...] = ()
    constant: bool | None = None
    is_known: bool = True


UNKNOWN = Value(is_known=False)
Names = dict[str, Value]


class ValueReader:
    """The names of one module: its functions, what it imports (as in ``find_library_loads``), and its variables so far.

    ``tried`` are the names of libraries that were looked for, with the first line of each.
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
        self.aliases = {
            alias.asname or alias.name: alias.name
            for each in ast.walk(parsed.tree)
            if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("ctypes")
            for alias in each.names
        }
        self.variables: Names = {}
        self.tried: dict[str, int] = {}

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
        found = dict(self.variables)
        defaults = zip(reversed(parameters), reversed(arguments.defaults), strict=False)
        for parameter, default in (*defaults, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)):
            found[parameter.arg] = self.value(default, {}) if default is not None else UNKNOWN
        found |= {parameter.arg: value for parameter, value in zip(parameters, given, strict=False)}
        if arguments.vararg is not None:
            rest = given[len(parameters) :]
            found[arguments.vararg.arg] = Value(texts=tuple(text for each in rest for text in each.texts))
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
            case ast.Constant(value=None):
                return Value(absent=True)
            case ast.Name(id=name):
                return names.get(name, UNKNOWN)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return Value(texts=tuple(text for each in parts for text in self.value(each, names).texts))
            case ast.Subscript(value=inner) | ast.Starred(value=inner):
                return self.value(inner, names)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                one, other = self.value(left, names).texts, self.value(right, names).texts
                return Value(texts=tuple(first + last for first in one for last in other)) if one and other else UNKNOWN
            case ast.BoolOp(op=ast.Or(), values=values):
                found = [self.value(each, names) for each in values]
                return next((each for each in found if not each.absent), found[-1])
            case ast.Call() if self.word(node) == SEARCH and node.args:
                sought = self.value(node.args[0], names).texts
                return Value(absent=True, sought=tuple(filter(is_library, sought)))
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
            case ast.Name():
                return _truth_of_value(self.asked(test, names))
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
        return truth_of(test, self.target)


def definitions_in(body: Iterable[ast.stmt]) -> Iterator[Def]:
    """The functions that *body* defines, in its branches too."""
    for each in body:
        if isinstance(each, Def):
            yield each
        elif isinstance(each, ast.If | ast.Try):
            yield from definitions_in((*each.body, *each.orelse))


def is_library(text: str) -> bool:
    """Whether *text* may be the name of a library, and no place: ``cairo``, ``libcairo.so.2``, ``./libvlc.dll``."""
    plain = text.removeprefix("./").removeprefix(".\\")
    return len(plain) > 1 and _NAME.fullmatch(plain) is not None


def _truth_of_value(value: Value) -> bool | None:
    if not value.is_known:
        return None
    return False if value.absent else value.constant if value.constant is not None else bool(value.texts) or None


def merged(one: Value, other: Value) -> Value:
    """What a name stands for after two branches."""
    if one.texts and other.texts:
        return Value(texts=tuple(dict.fromkeys((*one.texts, *other.texts))))
    return UNKNOWN


def last_name(node: ast.expr | None) -> str:
    """``b`` of ``a.b`` and of ``b``; empty for another expression."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
