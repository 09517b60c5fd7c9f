"""The input of the search for repairs: the outcome that needs one, the ports and the knowledge to use, and the limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.model.distribution import ProjectPage
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.requirement import Origin
from wheelcheck.model.resolution import Conflict, Resolution
from wheelcheck.ports import Code, OtherIndexes, Projects
from wheelcheck.resolver.passes import Question


class Limits(Struct, frozen=True, kw_only=True):
    """How far to search: *repairs* to show, *seconds* of the *clock*, *trials* (resolutions) in all.

    *more_trials* are made after the first repair in search of others of different kinds, so that a run with an answer at hand
    ends soon, and in the same place every time.
    """

    repairs: int = 3
    seconds: float = 20.0
    trials: int = 400
    more_trials: int = 24
    clock: Callable[[], float] = time.monotonic


class Blocked(Struct, frozen=True, kw_only=True):
    """The *question* to be repaired with its *outcome*, and the other facts that decide whether an answer installs.

    *input_bounds* and *require_hashes* are as for a diagnosis. *target_is_named* says that the target was given in words, so that
    its Python and platform may be changed. *indexes* are the addresses of the indexes that the user configured, best first.
    """

    question: Question
    outcome: Resolution | Conflict
    input_bounds: tuple[tuple[SpecifierSet, Origin], ...] = ()
    require_hashes: bool = False
    target_is_named: bool = True
    indexes: tuple[str, ...] = ()


class RepairContext(Struct, frozen=True, kw_only=True):
    """The ports and the knowledge that the search uses."""

    projects: Projects
    code: Code
    elsewhere: OtherIndexes
    knowledge: RepairKnowledge = field(default_factory=RepairKnowledge)


class WithSources:
    """The port ``Projects`` with certain projects taken from other indexes; everything else is passed on."""

    def __init__(self, projects: Projects, elsewhere: OtherIndexes, sources: Mapping[NormalizedName, str]) -> None:
        self._projects = projects
        self._elsewhere = elsewhere
        self._sources = dict(sources)
        self.metadata = projects.metadata
        self.source = projects.source
        self.direct = projects.direct
        self.prefetch_metadata = projects.prefetch_metadata
        self.prefetch_sources = projects.prefetch_sources
        self.on_metadata = projects.on_metadata
        self.on_wait = projects.on_wait
        self.while_waiting = projects.while_waiting

    def page(self, name: NormalizedName) -> ProjectPage:
        """The page of *name*, from its own index where it has one."""
        url = self._sources.get(name)
        return self._projects.page(name) if url is None else self._elsewhere.page_at(url, name)

    def prefetch_pages(self, names: Iterable[NormalizedName]) -> None:
        """Forward all names but those of projects that come from another index."""
        self._projects.prefetch_pages(name for name in names if name not in self._sources)

    def on_page(self, listener: Callable[[ProjectPage], None] | None) -> None:
        """Forward every page but those that have been replaced."""
        if listener is None:
            self._projects.on_page(None)
            return

        def tell(page: ProjectPage) -> None:
            if page.name not in self._sources:
                listener(page)

        self._projects.on_page(tell)
