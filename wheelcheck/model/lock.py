"""What a lock file says, whichever tool wrote it; chooses nothing for a target and judges no file."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.markers import Marker
    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.distribution import Distribution
    from wheelcheck.model.requirement import FileOrigin, HashPin, UnsupportedRequirement


class LockKind(Enum):
    """The format of a lock; the value is what a person calls it."""

    PYLOCK = "pylock.toml"
    UV = "uv.lock"
    POETRY = "poetry.lock"
    PDM = "pdm.lock"
    PIPENV = "Pipfile.lock"
    PIXI = "pixi.lock"
    REQUIREMENTS = "requirements with hashes"
    PIP_REPORT = "pip's installation report"


class LockedDependency(Struct, frozen=True, kw_only=True):
    """An edge of the lock's graph: to the project *name*, in one of its *versions* where the lock says which (a fork).

    ``marker`` must hold on the target. ``extras`` are those asked of *name*. An edge of an extra or a dependency group of the
    depending package has ``for_extra`` or ``for_group``, and counts only where that was chosen. ``source`` is what else tells
    two packages of one name and version apart, empty where the lock does not say it. ``is_optional`` marks an edge that some extra
    of the depending package brings, where the lock need not say which.
    """

    name: NormalizedName
    version: Version | None = None
    source: str = ""
    marker: Marker | None = None
    extras: frozenset[NormalizedName] = frozenset()
    for_extra: NormalizedName | None = None
    for_group: NormalizedName | None = None
    is_optional: bool = False


class LockedPackage(Struct, frozen=True, kw_only=True):
    """One package of a lock, in one version.

    ``version`` is ``None`` where the lock has none (a folder). ``files`` are those the lock lists, each with its hashes, and with
    an empty URL where the lock has only names; ``None`` where it lists none, and an index has to be asked: ``hashes`` are then
    what the file chosen there must have one of, empty where any will do. ``skipped`` are the listed files that are no
    distributions (eggs, installers). ``unsupported`` is set for what cannot be had as a file: a folder, a repository.

    ``marker`` must hold for the package to apply. ``groups`` are the dependency groups that bring it, empty where the format has
    no groups; a pair in ``group_markers`` must hold besides when only that group brings it. ``source`` is where it is from, in the
    lock's words without credentials; ``index`` the URL of the index among these, else empty. ``is_own`` marks the locked project
    itself, or another member of its workspace. ``optional`` marks what only an extra brings.
    """

    name: NormalizedName
    version: Version | None
    origin: FileOrigin
    files: tuple[Distribution, ...] | None = None
    hashes: tuple[HashPin, ...] = ()
    skipped: tuple[str, ...] = ()
    unsupported: UnsupportedRequirement | None = None
    marker: Marker | None = None
    groups: frozenset[NormalizedName] = frozenset()
    group_markers: tuple[tuple[NormalizedName, Marker], ...] = ()
    extras: frozenset[NormalizedName] = frozenset()
    dependencies: tuple[LockedDependency, ...] = ()
    requires_python: SpecifierSet | None = None
    source: str = ""
    index: str = ""
    is_own: bool = False
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" if self.version is not None else str(self.name)


class Lock(Struct, frozen=True, kw_only=True):
    """A whole lock file.

    ``roots`` is where the walk through the graph begins; empty where the format has no graph that leads everywhere, and each
    package says itself when it applies. ``environments`` are the markers of which one must hold for the lock to speak of a target
    at all, empty where it does not say. ``extras`` and ``groups`` can be chosen; ``default_groups`` are chosen always.
    ``notes`` say, for a person, what this format cannot tell. ``conda`` counts the packages of conda that it lists besides.
    """

    kind: LockKind
    path: str
    requires_python: SpecifierSet | None = None
    environments: tuple[Marker, ...] = ()
    packages: tuple[LockedPackage, ...] = ()
    roots: tuple[LockedDependency, ...] = ()
    extras: tuple[NormalizedName, ...] = ()
    groups: tuple[NormalizedName, ...] = ()
    default_groups: tuple[NormalizedName, ...] = ()
    created_by: str = ""
    notes: tuple[str, ...] = ()
    conda: int = 0

    def named_from(self, names: Iterable[NormalizedName]) -> frozenset[NormalizedName]:
        """*names*, and all projects that the packages of these name as dependencies, whatever their markers say."""
        named: dict[NormalizedName, set[NormalizedName]] = {}
        for package in self.packages:
            named.setdefault(package.name, set()).update(edge.name for edge in package.dependencies)
        found: set[NormalizedName] = set()
        waiting = [*names]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += named.get(name, ())
        return frozenset(found)
