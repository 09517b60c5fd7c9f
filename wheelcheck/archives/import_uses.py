"""Finds where the code of an archive imports given names, and which of its own modules run those imports; judges no risk."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from wheelcheck.archives.import_statements import ImportStatement, iter_imports
from wheelcheck.archives.modules import SOURCE_LIMIT, CodeFiles, ModuleMap, packages_above
from wheelcheck.model.code import ImportKind, ImportSurvey, ImportTarget, ImportUse, ParsedModule, parse_source

_FOLLOWED = 4 * 1024**2
"""Bytes of source that are parsed to find which modules lead to an import; about three seconds."""

# Every module has these attributes, whatever its source says.
_IMPLICIT = frozenset({
    "__builtins__", "__cached__", "__class__", "__dict__", "__doc__", "__file__", "__loader__", "__name__", "__package__",
    "__path__", "__spec__",
})  # fmt: skip
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class _ParsedFile(Struct, frozen=True):
    """One file of the archive, with its import statements."""

    module: str
    path: str
    parsed: ParsedModule
    statements: tuple[ImportStatement, ...]


def survey_imports(code: CodeFiles, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
    """The imports of the top-level *names* (of dotted ones only what is below them) in *code* that may run on *target*.

    About 1 ms for each 100 lines that are parsed: the files that mention a name, then those that may lead to one that imports
    it. Of the other modules ``inner`` says no more than the packages above them. Raises ``ArchiveRefused``.
    """
    mentioned = _import_of(names)
    own = code.modules
    later: dict[str, tuple[str, bytes]] = {}
    reads: list[_ParsedFile] = []
    unreadable = long = 0
    for path, module in sorted(own.files.items()):
        content = code.source(path)
        if content is not None and not mentioned.search(content):
            later[module] = path, content
        elif content is None or len(content) > SOURCE_LIMIT:
            long += 1
        elif (read := _read(path, module, content, own, target)) is None:
            unreadable += 1
        else:
            reads.append(read)
    uses = [use for read in reads for use in _uses(read, names)]
    inner = {read.module: _inner(read, own) for read in reads}
    failing = frozenset(use.importer for use in uses if use.kind is ImportKind.UNCONDITIONAL)
    _follow(failing, later, own, inner, target)
    return ImportSurvey(
        filename=code.filename,
        uses=tuple(uses),
        inner=dict(sorted(inner.items())),
        unread=_unread(len(own.files), unreadable, long),
    )


def _follow(
    reached: frozenset[str],
    later: dict[str, tuple[str, bytes]],
    own: ModuleMap,
    inner: dict[str, frozenset[str]],
    target: ImportTarget,
) -> None:
    """Add to *inner* the modules of *later* (module → path and source) that lead to the *reached* ones, directly or not.

    A file that does not hold the last part of a module's name cannot import it, and a module below a package that is
    reached runs that package anyway: so most files need not be parsed. In a huge package the search ends early, at the modules
    with the longest names.
    """
    inner |= {module: frozenset(name for name in packages_above(module) if own.knows(name)) for module in later}
    newly = reached
    waiting = sorted(later, key=lambda module: (module.count("."), module))
    budget = _FOLLOWED
    while newly:
        mentioned = _mention(newly)
        for module in tuple(waiting):
            path, content = later[module]
            if inner[module].isdisjoint(reached) and len(content) <= budget and mentioned.search(content):
                waiting.remove(module)
                budget -= len(content)
                read = _read(path, module, content, own, target) if len(content) <= SOURCE_LIMIT else None
                if read is not None:
                    inner[module] = _inner(read, own)
        before = reached
        reached |= {module for module, imported in inner.items() if not imported.isdisjoint(before)}
        newly = reached - before


def _import_of(names: frozenset[str]) -> re.Pattern[bytes]:
    """Matches every file that imports one of *names*, and maybe others."""
    if any("." in name for name in names):
        return _mention(names)  # the rest of "from google import (" is on the lines below
    words = b"|".join(re.escape(name.encode()) for name in sorted(names))
    # Bounded, as a line of data may be megabytes long; a backslash leads on to the next line.
    return (
        re.compile(rb"(?:from|import)(?:[^\n\\]|\\\r?\n?){1,400}?\b(?:" + words + rb")\b") if words else _mention(names)
    )


def _mention(names: frozenset[str]) -> re.Pattern[bytes]:
    words = {name.rpartition(".")[2].encode() for name in names}
    return re.compile(rb"\b(?:" + b"|".join(map(re.escape, sorted(words))) + rb")\b") if words else re.compile(rb"(?!)")


def _read(path: str, module: str, content: bytes, own: ModuleMap, target: ImportTarget) -> _ParsedFile | None:
    parsed = parse_source(content)
    if parsed is None:
        return None
    statements = iter_imports(parsed, module, package=own.package_of(module), target=target)
    return _ParsedFile(module, path, parsed, tuple(statements))


def _concerns(module: str, names: frozenset[str]) -> bool:
    return module in names or any(module.startswith(f"{name}.") for name in names)


def _uses(read: _ParsedFile, names: frozenset[str]) -> Iterator[ImportUse]:
    mine = [(each, asked) for each in read.statements if (asked := _asked(each, names)) is not None]
    if not mine:
        return
    bound: dict[str, set[str]] = {}
    for statement, _ in mine:
        if statement.bound is not None:
            bound.setdefault(statement.bound[0], set()).add(statement.bound[1])
    taken = _taken_attributes(read.parsed.tree, {name: frozenset(modules) for name, modules in bound.items()})
    plain = {statement.module for statement, _ in mine if statement.bound is not None}
    for statement, imported in mine:
        yield _use(read, statement, statement.module, imported, taken)
        top = statement.module.partition(".")[0]
        if statement.bound == (top, top) and statement.module != top and top not in plain and taken.get(top):
            # "import av.video" binds av, of which other things may be taken; said once for the file.
            plain.add(top)
            yield _use(read, statement, top, (), taken)


def _asked(statement: ImportStatement, names: frozenset[str]) -> tuple[str, ...] | None:
    """The names of a ``from`` import that concern *names*, all where the module does; ``None`` for another statement."""
    if _concerns(statement.module, names):
        return tuple(name for name, _ in statement.names if name not in _IMPLICIT)
    found = tuple(name for name, _ in statement.names if _concerns(f"{statement.module}.{name}", names))
    return found or None


def _use(
    read: _ParsedFile, statement: ImportStatement, module: str, names: tuple[str, ...], taken: dict[str, frozenset[str]]
) -> ImportUse:
    attributes = taken.get(module, frozenset()) if isinstance(statement.node, ast.Import) else frozenset()
    return ImportUse(
        file=read.path,
        line=statement.node.lineno,
        statement=read.parsed.text_of(statement.node),
        importer=read.module,
        module=module,
        names=names,
        attributes=tuple(sorted(attributes)),
        kind=statement.kind,
    )


def _inner(read: _ParsedFile, own: ModuleMap) -> frozenset[str]:
    imported: set[str] = set(packages_above(read.module))
    for each in read.statements:
        if each.kind is not ImportKind.UNCONDITIONAL:
            continue
        imported.update((each.module, *packages_above(each.module)))
        imported.update(f"{each.module}.{name}" for name, _ in each.names)
    imported.discard(read.module)
    return frozenset(name for name in imported if own.knows(name))


def _unread(total: int, unreadable: int, long: int) -> str:
    facts = []
    if unreadable:
        facts.append(f"{unreadable} of {total} files are not Python 3")
    if long:
        facts.append(f"{long} of {total} files are too long to read")
    return "; ".join(facts)


def _taken_attributes(tree: ast.Module, bound: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """For each module that a name in *bound* (name → modules) stands for, the attributes that are read from it.

    ``bound`` may hold a dotted name's first part only; ``av.video.frame`` then gives ``video`` of ``av``, and ``frame`` of
    ``av.video`` too. A function's own variable of that name hides it. What ``hasattr`` or a ``getattr`` with a default asks
    for is not taken.
    """
    taken: dict[str, set[str]] = {}
    asked: set[tuple[str, str]] = set()
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, hidden = waiting.pop()
        if isinstance(node, _Scope):
            hidden |= _own_names(node) & bound.keys()
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Store):
            for module, attribute in _chain(node, bound, hidden):
                taken.setdefault(module, set()).add(attribute)
        elif isinstance(node, ast.Call):
            asked.update(_asked_for(node, bound))
        waiting += [(child, hidden) for child in ast.iter_child_nodes(node)]
    return {
        module: frozenset(name for name in names if name not in _IMPLICIT and (module, name) not in asked)
        for module, names in taken.items()
    }


def _chain(
    node: ast.Attribute, bound: Mapping[str, frozenset[str]], hidden: frozenset[str]
) -> Iterable[tuple[str, str]]:
    parts = [node.attr]
    inner = node.value
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id in hidden:
        return ()
    # The walk meets every shorter chain by itself, so only the last step counts here.
    between = parts[:0:-1]
    return [(".".join([module, *between]), parts[0]) for module in bound.get(inner.id, ())]


def _asked_for(node: ast.Call, bound: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, str]]:
    if not isinstance(node.func, ast.Name) or node.func.id not in ("hasattr", "getattr") or len(node.args) < 2:
        return ()
    if node.func.id == "getattr" and len(node.args) < 3:
        return ()
    of, name = node.args[:2]
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return ()
    if isinstance(of, ast.Attribute):
        return [(f"{module}.{attribute}", name.value) for module, attribute in _chain(of, bound, frozenset())]
    return [(module, name.value) for module in bound.get(of.id, ())] if isinstance(of, ast.Name) else ()


def _own_names(scope: _Scope) -> frozenset[str]:
    """The names that are variables of *scope* itself, imports aside."""
    arguments = scope.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names |= {each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None}
    shared: set[str] = set()
    waiting: list[ast.AST] = list(scope.body) if isinstance(scope.body, list) else [scope.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            shared.update(node.names)
        waiting += ast.iter_child_nodes(node)
    return frozenset(names - shared)
