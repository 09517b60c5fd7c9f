"""What the Python code in an archive imports and defines, as far as reading shows; it is read in ``archives/``, never run."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field


class ImportKind(Enum):
    """When an import statement is carried out; the value is how a report says it."""

    UNCONDITIONAL = "unconditional"
    GUARDED = "guarded by except ImportError"
    IN_FUNCTION = "inside a function"
    TYPE_CHECKING = "for type checking only"


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


class CodePlaces(Struct, frozen=True, kw_only=True):
    """Where Python files lie in a wheel: how many, how many bytes of it they are, and ``spans`` as start and stop, in order."""

    files: int
    size: int
    spans: tuple[tuple[int, int], ...]
