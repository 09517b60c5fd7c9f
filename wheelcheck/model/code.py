"""Python code in archives: how it is parsed, and what it imports and defines. Runs nothing, and warns of nothing.

Every parse of the project goes through this module, because CPython 3.11 cannot do two at once.
"""

from __future__ import annotations

import ast
import gc
import io
import operator
import threading
import tokenize
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import Any

from msgspec import Struct, field

_GUARD = threading.Lock()
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
"""What the operators of comparisons do."""


class ParsedModule(Struct, frozen=True):
    """A module's tree, and its lines as the UTF-8 bytes that the tree's columns count."""

    tree: ast.Module
    lines: tuple[bytes, ...]

    def text_of(self, node: ast.stmt | ast.expr) -> str:
        """The source of *node* on one line."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        taken = list(self.lines[first : last + 1])
        if not taken:
            return ""
        taken[-1] = taken[-1][: node.end_col_offset]
        taken[0] = taken[0][node.col_offset :]
        return b" ".join(b" ".join(taken).split()).decode("utf-8", "replace")


def parse_tree(source: str | bytes, *, minor: int | None = None) -> ast.Module:
    """The syntax tree of *source*; raises ``SyntaxError``, also for NUL bytes, unknown encodings and sources that break parsers.

    With *minor* only the grammar of that Python 3 is admitted, as far as the running one remembers it.
    """
    version = None if minor is None else (3, minor)
    try:
        with _alone(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in the source of others are not ours to report
            return ast.parse(source, feature_version=version)
    except (ValueError, LookupError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or type(error).__name__) from error


def last_name(node: ast.expr | None) -> str:
    """``b`` of ``a.b`` and of ``b``; empty for another expression."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def parse_source(content: bytes) -> ParsedModule | None:
    """The module that *content* is; ``None`` for what is no Python 3 source. About 1 ms for each 100 lines."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
        tree = parse_tree(text)
    except (SyntaxError, ValueError, LookupError):
        return None  # ValueError is an undecodable byte
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    return ParsedModule(tree, tuple(normal.encode("utf-8", "replace").split(b"\n")))


@contextmanager
def _alone() -> Iterator[None]:
    """No other thread parses meanwhile.

    CPython 3.11 counts the depth of all trees that it makes in one place, and raises ``SystemError`` where a second one is begun
    before the first is done. The lock keeps our threads apart. Other code parses too, such as the program that uses this library. A
    thread cannot be interrupted while it makes a tree, unless the garbage collector runs Python code then; so the collector is
    paused. The filters of warnings, which belong to the whole process, need the lock as well.
    """
    with _GUARD:
        is_collecting = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if is_collecting:
                gc.enable()


class ImportKind(Enum):
    """When an import statement is carried out; the value is how a report says it."""

    UNCONDITIONAL = "unconditional"
    GUARDED = "guarded by except ImportError"
    IN_FUNCTION = "inside a function"
    TYPE_CHECKING = "for type checking only"
    CONDITIONAL = "under a condition that is not known"


class ImportUse(Struct, frozen=True, kw_only=True):
    """One import statement: *file* is the member's path in the archive, *line* counts from 1, *statement* is its source text.

    ``importer`` is the dotted module that holds it. ``module`` is the absolute dotted module imported; ``names`` are those of
    a ``from`` import (``*`` among them), ``attributes`` those that the file takes from the imported module elsewhere
    (``av.open`` gives ``open``).
    """

    file: str
    line: int
    statement: str
    importer: str
    module: str
    names: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    kind: ImportKind


class ImportSurvey(Struct, frozen=True, kw_only=True):
    """The import statements in one archive that concern the projects asked about.

    ``inner`` maps each of its modules to its own modules that it imports unconditionally at module level, the packages above
    it included (importing ``a.b`` runs ``a``); modules that lead to none of the uses may lack some. ``unread`` says in a
    sentence why the archive, or a part of it, was not read; empty where it was read whole.
    """

    filename: str
    uses: tuple[ImportUse, ...] = ()
    inner: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unread: str = ""

    def reaching(self, module: str) -> tuple[str, ...]:
        """The public modules that run *module* when they are imported, itself first where it is public, then by name."""
        importers: dict[str, set[str]] = {}
        for each, imported in self.inner.items():
            for name in imported:
                importers.setdefault(name, set()).add(each)
        seen = {module}
        waiting = [module]
        while waiting:
            for each in importers.get(waiting.pop(), ()):
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)
        public = {name for name in seen if not any(part.startswith("_") for part in name.split("."))}
        return tuple(sorted(public, key=lambda name: (name != module, name.count("."), name)))


class ModuleState(Enum):
    """How much is known of a module in an archive."""

    READ = "read"
    COMPILED = "compiled"
    ABSENT = "absent"
    UNREAD = "not read"


class ModuleNames(Struct, frozen=True, kw_only=True):
    """The names that a module of an archive binds at its top level, submodules of a package included.

    ``open_ended`` says that there may be more: a module ``__getattr__``, a star import of what was not read.
    """

    module: str
    state: ModuleState
    names: frozenset[str] = frozenset()
    open_ended: bool = False


class TopModules(Struct, frozen=True, kw_only=True):
    """The modules that an archive makes importable, by its files: ``names`` at the top level, ``native`` those of machine code.

    ``shallowest`` are the modules that a program imports first: those, and for a namespace the first modules below it. ``unread``
    says why the archive was not read, so that it may bring any module; empty where it was.
    """

    names: frozenset[str] = frozenset()
    shallowest: frozenset[str] = frozenset()
    native: frozenset[str] = frozenset()
    unread: str = ""


class InstalledFiles(Struct, frozen=True, kw_only=True):
    """The files of one distribution where it is installed.

    ``places`` maps the path of each in ``site-packages`` to that on the disk, relative to the environment, ``contents`` to a word
    that tells contents apart. ``top_level`` are the modules that top_level.txt names. ``unread`` says why more may be there that is
    not listed.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    top_level: frozenset[str] = frozenset()
    unread: str = ""


class CodePlaces(Struct, frozen=True, kw_only=True):
    """Where Python files lie in a wheel: how many, how many bytes of it they are, and ``spans`` as start and stop, in order."""

    files: int
    size: int
    spans: tuple[tuple[int, int], ...]


class ImportTarget(Struct, frozen=True, kw_only=True):
    """The facts of a target on which code decides what it imports: its minor of Python 3, ``sys.platform``, ``os.name``."""

    minor: int
    sys_platform: str
    os_name: str
    platform_system: str
    implementation: str


class OuterImport(Struct, frozen=True, kw_only=True):
    """An import statement that import time carries out, of a module that its own archive does not have.

    ``module`` is absolute; ``names`` are those of a ``from`` import, ``*`` left out. ``line`` counts from 1. ``instead`` are the
    imports that are carried out where this one fails: where there are some, only both together prove anything. With
    ``is_attribute`` it is no statement but ``module.name`` that is taken of a module of the standard library.
    """

    module: str
    names: tuple[str, ...] = ()
    line: int
    statement: str
    instead: tuple[OuterImport, ...] = ()
    is_attribute: bool = False


class LibraryLoad(Struct, frozen=True, kw_only=True):
    """A statement at ``line`` that loads a shared library: one of ``names``, as they are written, which ``lines`` look for.

    ``is_needed`` says that the import of the module fails where none of them is there.
    """

    names: tuple[str, ...]
    line: int
    lines: tuple[int, ...] = ()
    statement: str
    is_needed: bool


class DistributionCheck(Struct, frozen=True, kw_only=True):
    """A statement at ``line`` that fails where the installed distributions do not meet ``requirement``.

    That is a name, maybe with versions. With ``is_sure`` it fails where there is none of that name, too; else what is absent may be
    passed over. With ``is_of_compiled`` it fails where that distribution is compiled alone, and holds where it is pure Python.
    """

    requirement: str
    line: int
    statement: str
    is_sure: bool
    is_of_compiled: bool = False


class ReachedModule(Struct, frozen=True, kw_only=True):
    """A module that the import of ``entry``, a top-level module of the archive, reaches without condition.

    ``file`` is its member's path. ``broken`` says in a few words why the target's Python cannot parse it, ``unmade`` why a module
    that it imports is not made when another one runs; ``line`` is where. Both are empty where nothing is known to fail.
    ``extends_path`` says that it may add places to ``sys.path``, or importers; ``adds_importers`` the latter; ``makes_modules``
    that it may put modules in place. ``loads`` are the shared libraries that it loads by itself, ``checks`` what it asks of the
    metadata of distributions.
    """

    module: str
    entry: str
    file: str
    imports: tuple[OuterImport, ...] = ()
    broken: str = ""
    unmade: str = ""
    line: int = 0
    extends_path: bool = False
    loads: tuple[LibraryLoad, ...] = ()
    checks: tuple[DistributionCheck, ...] = ()
    adds_importers: bool = False
    makes_modules: bool = False


class ImportTime(Struct, frozen=True, kw_only=True):
    """What the imports of an archive's top-level modules carry out on one target, in the order of their files' reading.

    ``unread`` says in a sentence what was not read; empty where everything that is reached was.
    """

    filename: str
    modules: tuple[ReachedModule, ...] = ()
    unread: str = ""
