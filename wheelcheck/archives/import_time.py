"""Follows what the import of an archive's top-level modules carries out on one target: its own modules, and imports of others.

Only statements that always run count: at module level, unguarded, under conditions that hold on the target.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import tokenize
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from packaging.utils import canonicalize_name

from wheelcheck.archives.distribution_checks import MAY_CHECK, find_distribution_checks, iter_attributes
from wheelcheck.archives.import_statements import ImportStatement, iter_imports
from wheelcheck.archives.library_loads import MENTIONS, find_library_loads
from wheelcheck.archives.modules import SOURCE_LIMIT, CodeFiles
from wheelcheck.model.code import (
    DistributionCheck,
    ImportKind,
    ImportTarget,
    ImportTime,
    LibraryLoad,
    OuterImport,
    ParsedModule,
    ReachedModule,
    parse_source,
    parse_tree,
)

MODULES = 400
"""How many modules of one archive are followed; generated packages have thousands."""
# What is between brackets, and behind a comma, is bounded, so that it is not read again from each of many brackets.
_EXTENDS_PATH = re.compile(
    rb"sys\.path\.(?!remove|index|count|copy)|addsitedir"
    rb"|sys\.path(?:\[[^\n]{0,100}?\](?:,[^\n()\]]{0,100}(?<![=!<>]))?)?\s{0,9}\+?=(?!=)"
)
_IMPORTERS = re.compile(rb"meta_path|path_hooks")
# What a copy of six puts in place brings modules below that copy alone, and no others.
_IMPORTERS_OF_OWN = re.compile(rb"(?:Importer|Finder)\(__name__[,)]")
_MAKES_MODULES = re.compile(
    rb"modules\[[^\]]{0,200}\]\s*=[^=]|modules\.(?:update|setdefault|__setitem__)|=\s*sys\.modules\s*$|[(,]\s*sys\.modules\s*[,)]"
    rb"|from sys import[^\n]{0,200}\bmodules\b|meta_path|path_hooks|__path__\s*(?:\+?=[^=]|\.)"
    rb"|extend_path|declare_namespace|LazyLoader",
    re.MULTILINE,
)
_SHARES = re.compile(rb"declare_namespace|extend_path")
_SHORT = 2_000  # bytes within which a package says that it is a namespace
_MAY_LOAD = re.compile(MENTIONS.pattern + rb"|(?:import|from)[^\n]{0,300}(?:[Ll]oad|[Ll]ib|[Dd]ll)")
_NO_FIND_MODULE = 12
# What is Python 2 alone, so that no newer grammar will admit it; PEP 758 admits exceptions without parentheses again since 3.14.
_PYTHON_2 = re.compile(
    r"Missing parentheses in call to '(?:print|exec)'|leading zeros in decimal|inconsistent use of tabs"
)
_NOT_LIBRARIES = frozenset(
    {"setup", "conftest", "test", "tests", "testing", "docs", "doc", "examples", "example", "benchmarks"}
)


def read_import_time(code: CodeFiles, target: ImportTarget, modules: frozenset[str] = frozenset()) -> ImportTime:
    """What importing the top-level modules of *code*, or *modules*, carries out on *target*.

    About 1 ms for each 100 lines that are reached. Raises ``ArchiveRefused``.
    """
    own = code.modules
    entry_of: dict[str, str] = {}
    waiting: deque[str] = deque()
    entries = deque(sorted(filter(own.sources.get, modules)) if modules else _entries(code))
    found: list[ReachedModule] = []
    while (waiting or entries) and len(found) < MODULES:
        if not waiting:
            # Each with all that it reaches, so that what the main one reaches counts as its own.
            entry = entries.popleft()
            if entry not in entry_of:
                entry_of[entry] = entry
                waiting.append(entry)
            continue
        module = waiting.popleft()
        reached, inner = _read(code, module, entry_of[module], target)
        found.append(reached)
        for name in inner:
            if name not in entry_of and own.sources.get(name):
                entry_of[name] = entry_of[module]
                waiting.append(name)
    return ImportTime(
        filename=code.filename,
        modules=tuple(found),
        unread=f"more than {MODULES} modules are reached" if waiting or entries else "",
    )


def _entries(code: CodeFiles) -> list[str]:
    """The modules whose import is followed: first the one that the archive is named for, be it below a namespace.

    Then all of the top level. Other modules below a namespace may be additions that not everybody imports, unless the archive
    has nothing else.
    """
    own = code.modules
    found: list[str] = []
    below: list[str] = []
    for name in sorted(name for name in own.tops if name not in _NOT_LIBRARIES):
        if own.sources.get(name):
            found.append(name)
        waiting = [name]
        while waiting:
            package = waiting.pop()
            if package in own.packages and _is_namespace(code, package):
                waiting += [f"{package}.{each}" for each in own.submodules(package) if not each.startswith("_")]
            elif package != name and own.sources.get(package) and _NOT_LIBRARIES.isdisjoint(package.split(".")):
                below.append(package)
    project = canonicalize_name(code.filename.partition("-")[0])
    named = [each for each in below if canonicalize_name(each) == project]
    is_alone = len(below) == 1 and all(_is_namespace(code, name) for name in found)
    entries = found + (named or (below if is_alone else []))
    return sorted(entries, key=lambda entry: canonicalize_name(entry) != project)


def _is_namespace(code: CodeFiles, package: str) -> bool:
    path = code.modules.sources.get(package, "")
    return not path or _SHARES.search((code.source(path) or b"")[:_SHORT]) is not None


def _read(code: CodeFiles, module: str, entry: str, target: ImportTarget) -> tuple[ReachedModule, list[str]]:
    """*module* as it is imported, and the modules of *code* that it imports."""
    own, path = code.modules, code.modules.sources[module]
    content = code.source(path)
    if content is None or len(content) > SOURCE_LIMIT:
        return ReachedModule(module=module, entry=entry, file=path), []
    parsed = parse_source(content)
    # What this Python parses is parsed again only for an older one, whose grammar is smaller.
    is_doubtful = parsed is None or target.minor < sys.version_info.minor
    is_compiled = module in own.native
    broken = why_unparsable(content, target.minor) if is_doubtful and not is_compiled else None
    if broken is not None or parsed is None:
        line, words = broken or (0, "")
        return ReachedModule(module=module, entry=entry, file=path, broken=words, line=line), []
    statements = list(iter_imports(parsed, module, package=own.package_of(module), target=target))
    run = [each for each in statements if _is_run(each, is_compiled=is_compiled)]
    of_others = [each for each in statements if not _is_own(code, each)]
    outer = [
        _outer(each, parsed) for each in of_others if _is_run(each, is_compiled=is_compiled) or _is_choice(code, each)
    ]
    if not is_compiled:
        outer += _attributes(parsed, content, of_others, target)
    hooks = ((_why_hook_fails(code, each.module, target), each.node.lineno) for each in run if _is_own(code, each))
    words, line = next((broken for broken in hooks if broken[0]), ("", 0))
    adds_importers = _IMPORTERS.search(content) is not None
    reached = ReachedModule(
        module=module,
        entry=entry,
        file=path,
        imports=tuple(outer),
        unmade=words,
        line=line,
        extends_path=_EXTENDS_PATH.search(content) is not None
        or (adds_importers and _IMPORTERS_OF_OWN.search(content) is None),
        loads=_loads(code, parsed, statements, target) if _MAY_LOAD.search(content) else (),
        checks=_checks(code, parsed, module, statements, target) if MAY_CHECK.search(content) else (),
        adds_importers=adds_importers,
        makes_modules=_MAKES_MODULES.search(content) is not None,
    )
    return reached, [name for each in run for name in _run_by(each) if own.knows(name)]


def _is_run(statement: ImportStatement, *, is_compiled: bool) -> bool:
    # Cython's own module is there for its compiler: the machine code that it made imports it no more.
    is_compilers = is_compiled and statement.module.partition(".")[0] == "cython"
    return statement.kind is ImportKind.UNCONDITIONAL and not is_compilers


def _is_choice(code: CodeFiles, statement: ImportStatement) -> bool:
    """Whether *statement* and what is imported instead where it fails are all of others, so that one of them must be there."""
    is_guarded = statement.kind is ImportKind.GUARDED and bool(statement.instead)
    return is_guarded and not any(_is_own(code, part) for part in (statement, *statement.instead))


def _attributes(
    parsed: ParsedModule, content: bytes, statements: list[ImportStatement], target: ImportTarget
) -> Iterator[OuterImport]:
    """The attributes of the standard library's modules that are taken for sure, each once, as if they were imported.

    One that is set, or asked for by its name, anywhere in the module may be there after all.
    """
    bound: dict[str, set[str]] = {}
    for each in statements:
        if each.bound is not None:
            bound.setdefault(each.bound[0], set()).add(each.bound[1])
    seen: set[tuple[str, str]] = set()
    nodes: list[ast.Attribute] = []
    with contextlib.suppress(RecursionError):  # what is nested beyond all sense says no more
        nodes.extend(iter_attributes(parsed.tree, target))
    for node in nodes:
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        modules = bound.get(name, set())
        if len(modules) != 1 or (name, node.attr) in seen:
            continue
        seen.add((name, node.attr))
        module, attribute = min(modules), re.escape(node.attr.encode())
        changed = rb"\.%s\s*=[^=]|['\"]%s['\"]|^\s*%s\s*=" % (attribute, attribute, re.escape(name.encode()))
        if module.partition(".")[0] in sys.stdlib_module_names and not re.search(changed, content, re.MULTILINE):
            yield OuterImport(
                module=module, names=(node.attr,), line=node.lineno, statement=parsed.text_of(node), is_attribute=True
            )


def _loads(
    code: CodeFiles, parsed: ParsedModule, imports: Sequence[ImportStatement], target: ImportTarget
) -> tuple[LibraryLoad, ...]:
    def opened(module: str) -> ParsedModule | None:
        path = code.modules.sources.get(module)
        content = code.source(path) if path else None
        return parse_source(content) if content is not None and MENTIONS.search(content) else None

    return find_library_loads(parsed, target, _imported(imports), opened)


def _checks(
    code: CodeFiles, parsed: ParsedModule, module: str, imports: Sequence[ImportStatement], target: ImportTarget
) -> tuple[DistributionCheck, ...]:
    def opened(other: str) -> tuple[ParsedModule, dict[str, str]] | None:
        path = code.modules.sources.get(other)
        content = code.source(path) if path else None
        found = parse_source(content) if content is not None and len(content) <= SOURCE_LIMIT else None
        if found is None:
            return None
        package = code.modules.package_of(other)
        return found, _imported(iter_imports(found, other, package=package, target=target))

    return find_distribution_checks((parsed, _imported(imports)), module, target, opened)


def _imported(statements: Iterable[ImportStatement]) -> dict[str, str]:
    """What the names stand for that *statements* bind."""
    found: dict[str, str] = {}
    for each in statements:
        found |= {bound: f"{each.module}.{name}" for name, bound in each.names}
        if each.bound is not None:
            found[each.bound[0]] = each.bound[1]
    return found


def _why_hook_fails(code: CodeFiles, module: str, target: ImportTarget) -> str:
    """Why *module*, which a module of *code* makes by an import hook when it runs, is not made on *target*; empty if not known.

    Python 3.12 no longer calls ``find_module`` of a finder: a copy of six from before 1.16 makes no ``moves`` there.
    """
    own = code.modules
    if target.minor < _NO_FIND_MODULE or own.knows(module):
        return ""
    maker = module
    while maker and not own.knows(maker):
        maker = maker.rpartition(".")[0]
    source = own.sources.get(maker, "")
    content = (code.source(source) or b"") if source else b""
    if b"def find_module(" not in content or b"find_spec" in content or b"meta_path" not in content:
        return ""
    return f"{source} makes `{module}` by `find_module`, which Python no longer calls since 3.12"


def _is_own(code: CodeFiles, statement: ImportStatement) -> bool:
    return code.modules.knows(statement.module.partition(".")[0])


def _run_by(statement: ImportStatement) -> Iterator[str]:
    """The modules that *statement* runs where they exist: the packages above its module, itself, and those that it names."""
    parts = statement.module.split(".")
    yield from (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    yield from (f"{statement.module}.{name}" for name, _ in statement.names)


def _outer(statement: ImportStatement, parsed: ParsedModule) -> OuterImport:
    names = tuple(name for name, _ in statement.names if name != "*")
    line = statement.node.lineno
    return OuterImport(
        module=statement.module,
        names=names if isinstance(statement.node, ast.ImportFrom) else (),
        line=line,
        statement=parsed.text_of(statement.node),
        instead=tuple(_outer(each, parsed) for each in statement.instead),
    )


def why_unparsable(content: bytes, minor: int) -> tuple[int, str] | None:
    """Line and words of the first error that Python 3.*minor* finds in *content*; ``None`` where it parses, or may.

    The parser of the running Python judges for itself and for older ones. Of the grammar of a newer one it knows only what no
    Python 3 has.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, ValueError, LookupError):
        return None  # whoever reads the module says so
    try:
        parse_tree(text, minor=min(minor, sys.version_info.minor))
    except SyntaxError as error:
        if error.lineno is None:
            return None  # the parser gave up, which proves nothing
        if minor > sys.version_info.minor and not _PYTHON_2.search(error.msg):
            return None
        return error.lineno, error.msg
    return None
