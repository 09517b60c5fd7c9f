"""Finds shared libraries that code loads by itself (``ctypes``, ``cffi``) and that neither the environment nor the system has.

``ImportTime, LibraryLoad → UnmetLoad``; what is there is asked of the caller, who knows the system.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model.code import ImportTime, LibraryLoad, ReachedModule


class UnmetLoad(Struct, frozen=True, kw_only=True):
    """A *load* in *module* of *package* of which no library is there; *is_needed* where the import of the package fails with it."""

    package: NormalizedName
    module: ReachedModule
    load: LibraryLoad
    is_needed: bool


class IsThere(Protocol):
    """Whether the environment or the system has a library for one of *names*."""

    def __call__(self, names: Sequence[str], *, is_needed: bool) -> bool:
        """Of what is not needed, a likeness of the name is enough."""


def find_unmet_loads(reads: Mapping[NormalizedName, ImportTime], is_there: IsThere) -> Iterator[UnmetLoad]:
    """Every load of *reads* for which *is_there* knows no library; each name once."""
    for package, read in reads.items():
        found = [(module, load) for module in read.modules for load in module.loads]
        seen: set[str] = set()
        # What is needed tells of a library first: a part that may need it as well adds nothing.
        for module, load in sorted(found, key=lambda each: not each[1].is_needed):
            if seen.issuperset(load.names) or is_there(load.names, is_needed=load.is_needed):
                continue
            seen.update(load.names)
            meant = canonicalize_name(module.entry) == package or not module.entry.startswith("_")
            yield UnmetLoad(package=package, module=module, load=load, is_needed=load.is_needed and meant)
