"""Evaluates the expressions of a ``setup.py`` without executing them; ``setup_script`` follows its statements."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Mapping

from wheelcheck.model.code import last_name
from wheelcheck.model.knowledge import BackendKind, NativeKnowledge
from wheelcheck.texts.setup_commands import Definition
from wheelcheck.texts.setup_values import (
    ASKING,
    CHANGING,
    OF_TEXTS,
    OPENING,
    UNKNOWN,
    Environ,
    Exhausted,
    Made,
    OpenFile,
    Returned,
    ScriptReading,
    Sign,
    Stop,
    Value,
    added,
    below,
    called_builtin,
    compared,
    dotted_name,
    format_parts,
    item_of,
    lines_of,
    literal_texts,
    machine_value,
    merged,
    percent_parts,
    system_name,
    truth,
)

_STEPS = 60_000
_SIZE = 256  # characters or items that count as a step, so that a script which doubles a text fills no memory
DEPTH = 12

Scope = dict[str, Value]


class Expressions:
    """The half of the interpreter that evaluates; the calls and signs that it meets go into *reading*."""

    def __init__(
        self,
        reading: ScriptReading,
        knowledge: NativeKnowledge,
        module_text: Callable[[str], str | None],
        environ: Environ,
        file_text: Callable[[str], str | None],
        system: str,
        minor: int,
    ) -> None:
        self.reading = reading
        self._file_text = file_text
        self.system = system
        self.minor = minor
        self.knowledge = knowledge
        self.module_text = module_text
        self.environ = environ
        self.path = reading.path
        self.at = reading.path, 1  # the statement that runs
        self.scope: Scope = {}
        self.defined: dict[str, Definition] = {}
        self.modules: dict[str, Scope] = {}
        self.aliases: dict[str, str] = {}
        self.steps = 0
        self.depth = 0
        self.undecided = 0  # the conditions around that are not known

    def block(self, body: list[ast.stmt]) -> None:
        """Run the statements of *body*; implemented by ``setup_script``."""
        raise NotImplementedError

    def bind(self, target: ast.expr, value: Value) -> None:
        """Give *value* to *target*; implemented by ``setup_script``."""
        raise NotImplementedError

    def note_change(self) -> None:
        """Note that something changes for all that follows, whatever branch it is in."""
        self.reading.torn |= self.undecided > 0

    def step(self, size: int = 0) -> None:
        """Count one step, and more for a value of a large *size*; raise ``Exhausted`` past the last."""
        self.steps += 1 + size // _SIZE
        if self.steps > _STEPS:
            raise Exhausted

    def value(self, node: ast.expr) -> Value:
        """The value of *node* as far as reading shows."""
        self.step()
        found = self._read(node)
        if isinstance(found, str | list) and len(found) >= _SIZE:
            self.step(len(found))
        return found

    def _read(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=constant):
                return constant if isinstance(constant, str | bytes | int | float | None) else UNKNOWN
            case ast.Name(id=name):
                return self.scope[name] if name in self.scope else self._imported(self.aliases.get(name, ""))
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return self._listed(elements)
            case ast.Dict(keys=keys, values=values):
                return self._mapped(keys, values)
            case ast.Attribute():
                return self._attribute(node)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return added(self.value(left), self.value(right))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return below(self.value(left), self.value(right))
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                template, given = self.value(left), self.value(right)
                # Only a tuple fills several places, and a value does not tell whether it is one: what is written does.
                filling = given if isinstance(right, ast.Tuple) and isinstance(given, list) else [given]
                return self._text(percent_parts(template, filling) if isinstance(template, str) else None)
            case ast.JoinedStr(values=pieces):
                shown = [
                    piece.value
                    if isinstance(piece, ast.FormattedValue) and piece.conversion == -1 and piece.format_spec is None
                    else piece
                    for piece in pieces
                ]
                return self._text(format_parts("{}" * len(shown), [*map(self.value, shown)], {}))
            case ast.BoolOp(op=op, values=values):
                return self._joined(isinstance(op, ast.And), values)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                known = truth(self.value(operand))
                return UNKNOWN if known is None else not known
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return compared(self.value(left), operator, self.value(right))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._chosen(truth(self.value(test)), body, orelse)
            case ast.Subscript(value=container, slice=ast.Slice(lower=lower, upper=upper, step=None)):
                held = self.value(container)
                first, last = (None if end is None else self.value(end) for end in (lower, upper))
                if isinstance(held, list | str) and isinstance(first, int | None) and isinstance(last, int | None):
                    return held[first:last]
                return UNKNOWN
            case ast.Subscript(value=container, slice=key):
                return item_of(self.value(container), self.value(key))
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element) | ast.SetComp(elt=element):
                return self._comprehension(element, node.generators)
            case ast.Call():
                return self._call(node)
            case ast.NamedExpr(target=ast.Name(id=name), value=inner):
                self.scope[name] = self.value(inner)
                return self.scope[name]
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return UNKNOWN

    def _text(self, parts: list[str] | None) -> Value:
        if parts is None:
            return UNKNOWN
        self.step(sum(map(len, parts)))  # before they are joined, which may fill the memory
        return "".join(parts)

    def _attribute(self, node: ast.Attribute) -> Value:
        is_dotted = isinstance(node.value, ast.Name | ast.Attribute)
        held = self.value(node.value) if not is_dotted or self._is_local(node.value) else UNKNOWN
        match held, node.attr:
            case str() as path, "parent":
                return posixpath.dirname(path)
            case str() as line, "req" | "requirement":
                return line  # of what pip's parse_requirements gives
        return self._imported(dotted_name(node, self.aliases) or "")

    def _is_local(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and isinstance(self.scope.get(node.id), str)

    def _opened(self, path: Value, mode: Value = "r") -> Value:
        """The file of the tree at *path*, read in *mode*."""
        if not isinstance(path, str) or not isinstance(mode, str) or "w" in mode or "a" in mode:
            return UNKNOWN
        text = self._file_text(posixpath.normpath(path))
        return OpenFile(text=text) if text is not None else UNKNOWN

    def _imported(self, dotted: str) -> Value:
        if dotted == "os.environ":
            return self.environ
        module, _, name = dotted.rpartition(".")
        return self.modules.get(module, {}).get(name, machine_value(dotted, self.system, self.minor))

    def _chosen(self, decided: bool | None, body: ast.expr, orelse: ast.expr) -> Value:
        if decided is None:
            self.undecided += 1
            found = merged(self.value(body), self.value(orelse))
            self.undecided -= 1
            return found
        return self.value(body if decided else orelse)

    def _listed(self, elements: list[ast.expr]) -> Value:
        values: list[Value] = []
        for element in elements:
            if isinstance(element, ast.Starred):
                inner = self.value(element.value)
                values += inner if isinstance(inner, list) else [inner]
            else:
                values.append(self.value(element))
        return values

    def _mapped(self, keys: list[ast.expr | None], values: list[ast.expr]) -> Value:
        result: dict[str, Value] = {}
        for key, node in zip(keys, values, strict=True):
            value = self.value(node)
            if key is None:
                result.update(value if isinstance(value, dict) else {"**": UNKNOWN})
                continue
            name = self.value(key)
            result[name if isinstance(name, str) else "**"] = value
        return result

    def _joined(self, is_and: bool, nodes: list[ast.expr]) -> Value:
        last: Value = is_and
        before = self.undecided
        for node in nodes:
            last = self.value(node)
            known = truth(last)
            self.undecided += known is None
            if known is (not is_and):
                break  # settles it, whatever the unknown ones are
        else:
            last = UNKNOWN if self.undecided > before else last
        self.undecided = before
        return last

    def _comprehension(self, element: ast.expr, generators: list[ast.comprehension]) -> Value:
        for generator in generators:
            source = self.value(generator.iter)
            if isinstance(source, list) and not source:
                return []
            lines = lines_of(source) if len(generators) == 1 else None
            if lines is not None:
                return self._each(element, generator, lines)
            self.bind(generator.target, UNKNOWN)
        made = self.value(element)
        return [made] if isinstance(made, Made) else UNKNOWN

    def _each(self, element: ast.expr, generator: ast.comprehension, lines: list[str]) -> Value:
        """*element* for each of *lines* that the conditions of *generator* admit."""
        found: list[Value] = []
        for line in lines:
            self.bind(generator.target, line)
            admitted = [truth(self.value(condition)) for condition in generator.ifs]
            if False in admitted:
                continue
            found.append(self.value(element) if None not in admitted else UNKNOWN)
        made = next((each for each in found if isinstance(each, Made)), None)
        return [made] if made is not None else found

    def _call(self, node: ast.Call) -> Value:
        arguments = [self.value(argument) for argument in node.args]
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            else:
                keywords.update(value if isinstance(value, dict) else {"**": UNKNOWN})
        dotted = dotted_name(node.func, self.aliases) or ""
        name = last_name(node.func)
        real = dotted.rpartition(".")[2] or name
        tool = self.knowledge.backend(dotted.rpartition(".")[0])
        held = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        # A file's read() is none of a script that calls its own function so too.
        definition = None if isinstance(held, OpenFile | str) else self.defined.get(name)
        own = definition is not None or isinstance(self.scope.get(name), Made)
        if real == "setup" and (tool is not None or not own):
            self.reading.calls.append(keywords)
            self.reading.open_arguments |= "**" in keywords
            if tool is not None and tool[1] is BackendKind.NATIVE:
                self.reading.signs.append(Sign(self.path, node.lineno, f"setup() is {tool[0]}'s"))
            return None
        if definition is not None and isinstance(definition.node, ast.FunctionDef):
            return self._enter(definition.node, arguments, keywords)
        if real in self.knowledge.makers:
            if keywords.get("optional", False) not in (False, None):
                self.reading.optional = True
            return self._made(real, node.lineno, arguments)
        if dotted == "dict" and all(isinstance(argument, dict) for argument in arguments):
            return {
                key: value for part in (*arguments, keywords) if isinstance(part, dict) for key, value in part.items()
            }
        if dotted in ASKING and arguments:
            return self.environ.setting or (arguments[1] if len(arguments) > 1 else None)
        if dotted in OPENING:
            return self._opened(*arguments[:2]) if arguments else UNKNOWN
        if real == "parse_requirements" and arguments:
            given = self._opened(arguments[0]) if dotted.startswith("pip.") else arguments[0]
            listed = literal_texts(given.text if isinstance(given, OpenFile) else given)
            # Options are none of what it gives, and the files that they name are not read here.
            return UNKNOWN if listed is None or any(line.startswith("-") for line in listed) else [*listed]
        if (asked := system_name(dotted, self.system)) != UNKNOWN:
            return asked
        if (known := called_builtin(dotted, arguments)) is not None:
            return known.value
        if isinstance(node.func, ast.Attribute):
            return self._method(held, name, arguments, keywords)
        made = next((value for value in (*arguments, *keywords.values()) if isinstance(value, Made)), None)
        return made or UNKNOWN

    def _made(self, maker: str, line: int, arguments: list[Value]) -> Value:
        if arguments and arguments[0] in ([], None):
            return []  # cythonize([]), cythonize(None) and their like
        self.reading.hints.append(Sign(self.path, line, f"{maker}()"))
        return Made()

    def _enter(self, function: ast.FunctionDef, arguments: list[Value], keywords: Mapping[str, Value]) -> Value:
        if self.depth >= DEPTH:
            return UNKNOWN
        outer = self.scope
        self.scope = {**outer, **self._parameters(function.args, arguments, keywords)}
        self.depth += 1
        try:
            self.block(function.body)
        except Returned as left:
            return left.value
        except Stop:
            if self.undecided or self.reading.torn:
                return UNKNOWN
            raise  # what ends the function ends the script, if nothing catches it
        finally:
            self.scope = outer
            self.depth -= 1
        return None

    def _parameters(self, declared: ast.arguments, given: list[Value], keywords: Mapping[str, Value]) -> Scope:
        names = [argument.arg for argument in (*declared.posonlyargs, *declared.args)]
        inner: Scope = dict.fromkeys((*names, *(argument.arg for argument in declared.kwonlyargs)), UNKNOWN)
        named = zip(names[len(names) - len(declared.defaults) :], declared.defaults, strict=True)
        only = ((argument.arg, node) for argument, node in zip(declared.kwonlyargs, declared.kw_defaults, strict=True))
        inner.update({name: self.value(node) for name, node in (*named, *only) if node is not None})
        inner.update(zip(names, given, strict=False))
        rest = {name: value for name, value in keywords.items() if name not in inner}
        inner.update({name: value for name, value in keywords.items() if name in inner})
        if declared.kwarg is not None:
            inner[declared.kwarg.arg] = rest
        if declared.vararg is not None:
            inner[declared.vararg.arg] = given[len(names) :]
        return inner

    def _method(self, held: Value, method: str, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        first, second = arguments[0] if arguments else UNKNOWN, arguments[1] if len(arguments) > 1 else None
        if isinstance(held, list | dict) and method in CHANGING:
            self.note_change()
        match held, method:
            case Environ(), "get" | "pop" | "setdefault":
                return self.environ.setting or second
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
                return held.get(first, second) if isinstance(first, str) and "**" not in held else UNKNOWN
            case dict(), "setdefault" if isinstance(first, str):
                return held.setdefault(first, second)
            case OpenFile(), "read":
                return held.text
            case OpenFile(), "readlines":
                return [*held.text.splitlines(keepends=True)]
            case str(), "read_text" | "open":
                opened = self._opened(held)
                return opened.text if isinstance(opened, OpenFile) and method == "read_text" else opened
            case str(), "lower" | "upper" | "strip" if not arguments:
                return str(getattr(held, method)())
            case str(), "format":
                return self._text(format_parts(held, arguments, keywords))
            case str(), "resolve" | "absolute":
                return held
            case str(), "joinpath" if len(arguments) == 1:
                return below(held, first)
            case str(), name if name in OF_TEXTS and all(isinstance(argument, str) for argument in arguments):
                if name == "replace" and len(arguments) > 1:
                    self.step(held.count(str(first)) * len(str(arguments[1])))
                try:
                    changed: str | bool | list[str] = getattr(held, name)(*arguments)
                except (TypeError, ValueError):
                    return UNKNOWN
                return [*changed] if isinstance(changed, list) else changed
        return held if isinstance(held, Made) else UNKNOWN
