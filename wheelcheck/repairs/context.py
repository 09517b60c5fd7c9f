"""The input of the search for repairs: the outcome that needs one, the ports, the limits; and its question, as edits change it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.model.distribution import ProjectPage
from wheelcheck.model.knowledge import RepairKnowledge, StandardLibrary
from wheelcheck.model.requirement import Constraint, Origin, Requirement
from wheelcheck.model.resolution import Conflict, Resolution
from wheelcheck.model.urls import masked
from wheelcheck.ports import Code, OtherIndexes, Projects
from wheelcheck.resolver.question import Question


class Limits(Struct, frozen=True, kw_only=True):
    """How far to search: *repairs* to show, *trials* (resolutions) in all, *rounds* of the solver in all of them.

    *more_trials* are made after the first repair in search of others of different kinds, so that a run with an answer at hand
    ends soon. These are counted, so that the search ends in the same place every time; *seconds* of the *clock* end it too.
    """

    repairs: int = 3
    seconds: float = 120.0
    trials: int = 400
    rounds: int = 12_000
    more_trials: int = 24
    clock: Callable[[], float] = time.monotonic


class Blocked(Struct, frozen=True, kw_only=True):
    """The *question* to be repaired with its *outcome*, and the other facts that decide whether an answer installs.

    *input_bounds*, *require_hashes* and *bundled* are as for a diagnosis. *target_is_named* says that the target was given in
    words, so that its Python and platform may be changed. *indexes* are the addresses of the indexes that the user configured,
    best first. *overlaps* are the projects of an answer that installs of which each two install the same files, with other
    content; *failing* those whose import fails. *day* (ISO 8601) is the one asked about, on which a Python is maintained or not;
    empty where that does not matter.
    """

    question: Question
    outcome: Resolution | Conflict
    input_bounds: tuple[tuple[SpecifierSet, Origin], ...] = ()
    require_hashes: bool = False
    bundled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    target_is_named: bool = True
    indexes: tuple[str, ...] = ()
    overlaps: tuple[tuple[NormalizedName, NormalizedName], ...] = ()
    failing: frozenset[NormalizedName] = frozenset()
    day: str = ""


class RepairContext(Struct, frozen=True, kw_only=True):
    """The ports and the knowledge that the search uses; without *library* the imports of what a repair moves are not read."""

    projects: Projects
    code: Code
    elsewhere: OtherIndexes
    knowledge: RepairKnowledge = field(default_factory=RepairKnowledge)
    library: StandardLibrary | None = None


class WithSources:
    """The port ``Projects`` with certain projects taken from other indexes; everything else is passed on."""

    def __init__(self, projects: Projects, elsewhere: OtherIndexes, sources: Mapping[NormalizedName, str]) -> None:
        self._projects = projects
        self._elsewhere = elsewhere
        self._sources = dict(sources)
        self.metadata = projects.metadata
        self.source = projects.source
        self.direct = projects.direct
        self.digest = projects.digest
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


class State(Struct, frozen=True, kw_only=True):
    """A question as edited so far; ``sources`` are the indexes that certain projects are to come from."""

    question: Question
    sources: Mapping[NormalizedName, str] = {}

    def with_question(self, **fields: Any) -> State:  # noqa: ANN401 - fields of the question, of whatever type
        """The same with other *fields* of the question."""
        return replace(self, question=replace(self.question, **fields))

    def with_policy(self, **fields: Any) -> State:  # noqa: ANN401 - fields of the policy
        """The same with other *fields* of the question's policy."""
        return self.with_question(policy=replace(self.question.policy, **fields))


class Difference(Struct, frozen=True, kw_only=True):
    """The difference that edits make to a question: a field for each option of the command line, empty where it is not needed."""

    inputs: tuple[Requirement, ...]
    overrides: tuple[Requirement, ...]
    replacements: tuple[Requirement, ...]
    excludes: tuple[NormalizedName, ...]
    constraints: tuple[Constraint, ...]
    sources: Mapping[NormalizedName, str]
    python: str
    platform: str
    exclude_newer: str

    @classmethod
    def between(cls, asked: State, repaired: State) -> Difference:
        """The difference that edits have made from *asked* to *repaired*."""
        before, after = asked.question, repaired.question
        pairs = zip(before.requirements, after.requirements, strict=False)
        changed = {new.name: new for old, new in pairs if (old, old.text) != (new, new.text)}
        same_day = before.policy.exclude_newer == after.policy.exclude_newer
        return cls(
            inputs=after.requirements[len(before.requirements) :],
            overrides=tuple(each for each in after.policy.overrides if each not in before.policy.overrides),
            replacements=tuple(changed.values()),
            excludes=tuple(sorted(after.policy.excludes - before.policy.excludes)),
            constraints=after.constraints[len(before.constraints) :],
            sources={name: url for name, url in repaired.sources.items() if asked.sources.get(name) != url},
            python="" if before.target.python == after.target.python else after.target.python,
            platform="" if before.target.platform == after.target.platform else after.target.platform,
            exclude_newer="" if same_day else last_day(after.policy.exclude_newer or ""),
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The words that, added to the command line that asked, make the difference."""
        return tuple(self._iter_words())

    def _iter_words(self) -> Iterator[str]:
        yield from map(str, self.inputs)
        texts: tuple[tuple[str, tuple[str, ...]], ...] = (
            ("--override", tuple(map(str, self.overrides))),
            ("--replace", tuple(map(str, self.replacements))),
            ("--exclude", self.excludes),
            ("-c", tuple(map(str, self.constraints))),
            ("--source", tuple(f"{name}={masked(url)}" for name, url in self.sources.items())),
            ("--python", (self.python,)),
            ("--platform", (self.platform,)),
            ("--exclude-newer", (self.exclude_newer,)),
        )
        for option, values in texts:
            for value in filter(None, values):
                yield from (option, value)


def last_day(cutoff: str) -> str:
    """The last day before *cutoff*, a midnight as :class:`AsOf` makes it."""
    return (date.fromisoformat(cutoff[:10]) - timedelta(days=1)).isoformat()
