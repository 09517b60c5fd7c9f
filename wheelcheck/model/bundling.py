"""What came of making a bundle: what it weighs and where, and whether that is within its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheelcheck.model.manifest import Manifest


class Budget(Struct, frozen=True, kw_only=True):
    """At most *limit* bytes, told as the user wrote it in *text*."""

    limit: int
    text: str


class BundleWeights(Struct, frozen=True, kw_only=True):
    """Where the bytes of a bundle lie, each largest first: ``packages`` by project, ``folders`` by folder inside the bundle.

    The runtime's files are those of ``(runtime)``, which no project can be called. ``strippable`` is what each kind of files that
    was not stripped would save, empty where nobody asked.
    """

    installed: int
    packages: tuple[tuple[str, int], ...]
    folders: tuple[tuple[str, int], ...]
    strippable: Mapping[str, int]


class Bundling(Struct, frozen=True, kw_only=True):
    """A bundle that was made in ``out``, or would have been, had it been within ``budget``.

    ``saved`` are the bytes that stripping took away. ``warnings`` are sentences.
    """

    out: str
    manifest: Manifest
    weights: BundleWeights
    saved: int = 0
    budget: Budget | None = None
    warnings: tuple[str, ...] = ()

    @property
    def archived(self) -> int:
        """All archives together, in bytes; zero for a bundle that is a folder."""
        return sum(archive.size for archive in self.manifest.archives)

    @property
    def measured(self) -> int:
        """The bytes that the budget is for: of the archives where there are any, else of what is installed."""
        return self.archived if self.manifest.archives else self.weights.installed

    @property
    def is_within_budget(self) -> bool:
        """Whether there is no budget, or it is kept."""
        return self.budget is None or self.measured <= self.budget.limit
