"""What is known about the tools that build Python projects; the data is loaded by ``knowledge/``, used by ``archives/``."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping


class BackendKind(Enum):
    """How a build backend decides whether it compiles; the value is the word in ``native.toml``."""

    PURE = "pure"
    NATIVE = "native"
    SETUP = "setup"
    HOOKS = "hooks"
    SCRIPT = "script"


class NativeKnowledge(Struct, frozen=True, kw_only=True):
    """The evidence table for telling pure source archives from native ones.

    ``backends`` maps the module of a ``build-backend`` (dotted prefix) to its kind: it never compiles, always compiles, runs
    ``setup.py``, has build hooks in its table, or runs a build script. ``compiling_requirements`` are the projects that
    have no use in ``[build-system] requires`` but to compile; ``suggestive_requirements`` those that usually do.
    ``makers`` are the functions and classes that describe something to compile, ``setup_keywords`` the arguments of
    ``setup()`` that hold it. ``suffixes`` are of compiled languages (lower case, with dot), ``ignored_folders`` hold sources that
    are not built. ``native_hooks`` and ``pure_hooks`` are names of backend plug-ins.
    """

    backends: Mapping[str, BackendKind] = field(default_factory=dict)
    static_backends: frozenset[str] = frozenset()
    compiling_requirements: frozenset[str] = frozenset()
    suggestive_requirements: frozenset[str] = frozenset()
    makers: frozenset[str] = frozenset()
    setup_keywords: frozenset[str] = frozenset()
    suffixes: frozenset[str] = frozenset()
    ignored_folders: frozenset[str] = frozenset()
    native_hooks: frozenset[str] = frozenset()
    pure_hooks: frozenset[str] = frozenset()

    def backend(self, module: str) -> tuple[str, BackendKind] | None:
        """The known backend whose dotted name starts *module* (an ``:object`` part is ignored), or ``None``."""
        name = module.partition(":")[0]
        while name:
            if name in self.backends:
                return name, self.backends[name]
            name = name.rpartition(".")[0]
        return None
