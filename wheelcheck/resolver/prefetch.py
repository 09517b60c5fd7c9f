"""Starts requests before the solver asks: guesses what it will want next, and decides nothing.

Works on the store's thread, from pages and metadata as they arrive. A wrong guess costs one request and never changes an
answer; there is at most one guess for each project and set of bounds, so the waste is bounded by the number of bounds met. Of a
project whose guesses clash with what is certain, as many more are made at once as clashed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.distribution import CoreMetadata, ProjectPage, Sdist, Wheel
from wheelcheck.model.requirement import Constraint, Requirement
from wheelcheck.model.target import Fit
from wheelcheck.resolver.candidate_source import Supply
from wheelcheck.resolver.requirement import Bound, Narrowing, bound_of
from wheelcheck.targets.fitting import stated_requirements

_VERSIONS_TRIED = 200  # a bound far in the past is left to the solver
_PATIENCE = 3  # versions of a project that may fail one by one before the next are fetched together
_LARGEST_BATCH = 64


class Lookahead:
    """Follows what the newest fitting versions would ask for, from the user's requirements on."""

    def __init__(self, supply: Supply, constraints: Iterable[Constraint] = ()) -> None:
        self._supply = supply
        self._constraints: dict[NormalizedName, list[Bound]] = {}
        for constraint in constraints:
            self._constraints.setdefault(constraint.name, []).append(bound_of(constraint.specifier))
        self._bounds: dict[NormalizedName, dict[Bound, None]] = {}
        self._extras: dict[NormalizedName, set[str]] = {}
        self._pages: dict[NormalizedName, ProjectPage] = {}
        self._guesses: set[tuple[NormalizedName, Version]] = set()
        self._first_guesses: set[tuple[NormalizedName, Version]] = set()
        self._walked: set[tuple[NormalizedName, Version, str]] = set()
        self._known: dict[tuple[NormalizedName, Version], CoreMetadata] = {}
        self._certain: dict[NormalizedName, list[Bound]] = {name: [*each] for name, each in self._constraints.items()}
        self._narrowings: dict[NormalizedName, Narrowing] = {}
        self._doomed: dict[NormalizedName, set[Version]] = {}
        self._overridden = {override.name: override for override in supply.policy.overrides}

    def start(self, requirements: Iterable[Requirement]) -> None:
        """Begin with the user's *requirements* and listen from now on."""
        self._supply.projects.on_page(self.page_came)
        self._supply.projects.on_metadata(self.metadata_came)
        asked = list(requirements)
        self._make_certain(self._active(asked, ""))
        self._follow(asked, "")

    def stop(self) -> None:
        """Listen no more."""
        self._supply.projects.on_page(None)
        self._supply.projects.on_metadata(None)

    def page_came(self, page: ProjectPage) -> None:
        """A page is there: its likely choice is wanted next."""
        self._pages[page.name] = page
        self._guess(page.name)

    def metadata_came(self, wheel: Wheel, metadata: CoreMetadata) -> None:
        """The metadata of a guess is there: what it asks for is wanted next."""
        key = (wheel.name, wheel.version)
        self._known[key] = metadata
        if key not in self._guesses:
            return
        if self._is_doomed(key, metadata):
            self._doomed.setdefault(wheel.name, set()).add(wheel.version)
            self._guess(wheel.name)
        elif key in self._first_guesses:
            for extra in ("", *sorted(self._extras.get(wheel.name, ()))):
                self._walk(key, extra)

    def _walk(self, key: tuple[NormalizedName, Version], extra: str) -> None:
        metadata = self._known.get(key)
        if metadata is None or (*key, extra) in self._walked:
            return
        self._walked.add((*key, extra))
        stated = stated_requirements(metadata.requires, *key)
        if any(bound.is_exact for bound in self._certain.get(key[0], ())):
            self._make_certain(self._active(stated, extra))
        self._follow(stated, extra)

    def _make_certain(self, requirements: Iterable[Requirement]) -> None:
        """What the user asks for, and what is asked for by versions that the user pinned, holds in every answer."""
        for requirement in requirements:
            self._certain.setdefault(requirement.name, []).append(bound_of(requirement.specifier))

    def _is_doomed(self, key: tuple[NormalizedName, Version], metadata: CoreMetadata) -> bool:
        """Whether a version asks for what no version that is certain to be admitted can be."""
        for requirement in self._active(stated_requirements(metadata.requires, *key), ""):
            name = requirement.name
            certain = self._certain.get(name)
            if certain and name in self._pages:
                narrowing = self._narrowings.get(name)
                if narrowing is None:
                    narrowing = self._narrowings[name] = Narrowing(self._pages[name].newest_first)
                if not narrowing.within((*certain, bound_of(requirement.specifier))):
                    return True
        return False

    def _active(self, requirements: Iterable[Requirement], extra: str) -> Iterator[Requirement]:
        compatibility, policy = self._supply.compatibility, self._supply.policy
        for requirement in requirements:
            if requirement.url is not None or requirement.name in policy.excludes:
                continue
            if requirement.marker is None or compatibility.evaluate(requirement.marker, extra).holds:
                yield self._overridden.get(requirement.name, requirement)

    def _follow(self, requirements: Iterable[Requirement], extra: str) -> None:
        fresh: list[NormalizedName] = []
        for requirement in self._active(requirements, extra):
            name = requirement.name
            bounds = self._bounds.setdefault(name, {})
            bound = bound_of(requirement.specifier)
            is_news = bound not in bounds
            bounds.setdefault(bound)
            extras = self._extras.setdefault(name, set())
            new_extras = set(requirement.extras) - extras
            extras |= new_extras
            if name not in self._pages:
                fresh.append(name)
            elif is_news or new_extras:
                self._guess(name)
        if fresh:
            self._supply.projects.prefetch_pages(dict.fromkeys(fresh))

    def _guess(self, name: NormalizedName) -> None:
        limits = [*self._bounds.get(name, ()), *self._constraints.get(name, ())]
        shelf = self._supply.shelf_of(self._pages[name])
        pre_releases = self._supply.policy.pre or any(limit.names_pre_release for limit in limits)
        doomed = self._doomed.get(name, ())
        together = max(1, len(doomed))
        likely = (
            version
            for version in shelf.versions[: _VERSIONS_TRIED + len(doomed)]
            if version not in doomed
            and (pre_releases or not version.is_prerelease)
            and all(limit.admits(version) for limit in limits)
            and shelf.release(version).fit is not None
        )
        for number, version in enumerate(islice(likely, together)):
            key = (name, version)
            if key not in self._guesses:
                self._guesses.add(key)
                self._fetch(shelf.release(version).fit)
            if number == 0:
                self._first_guesses.add(key)
                for extra in ("", *sorted(self._extras.get(name, ()))):
                    self._walk(key, extra)

    def _fetch(self, fit: Fit | None) -> None:
        match fit.distribution if fit is not None else None:
            case Sdist() as sdist:
                self._supply.projects.prefetch_sources((sdist,))
            case Wheel() as wheel:
                self._supply.projects.prefetch_metadata((wheel,))


class Batches:
    """Fetches the metadata of a project's next versions together, once several of them have failed one by one.

    One wait for each version is what makes backtracking slow. A batch is as large as what was read before it, and the next one
    starts when half of it is used: so at most as much is fetched in vain as was needed, and two batches.
    """

    def __init__(self, supply: Supply) -> None:
        self._supply = supply
        self._read: dict[NormalizedName, int] = {}
        self._started: dict[NormalizedName, set[Version]] = {}
        self._halfway: dict[NormalizedName, Version] = {}

    def look_beyond(self, name: NormalizedName, version: Version, is_wanted: Callable[[Version], object]) -> None:
        """*version* of *name* is read now: start the metadata of those after it that *is_wanted*, when it is time to."""
        read = self._read[name] = self._read.get(name, 0) + 1
        started = self._started.setdefault(name, set())
        if read < _PATIENCE or (version in started and version != self._halfway.get(name)):
            return
        shelf = self._supply.shelf(name)
        size = min(read, _LARGEST_BATCH)
        following = (each for each in shelf.versions if each < version and each not in started and is_wanted(each))
        batch: dict[Version, Wheel] = {}
        for each in following:
            fit = shelf.release(each).fit
            if fit is not None and isinstance(fit.distribution, Wheel):
                batch[each] = fit.distribution
                if len(batch) == size:
                    break
        if not batch:
            return
        self._halfway[name] = list(batch)[len(batch) // 2]
        started.update(batch)
        self._supply.projects.prefetch_metadata(batch.values())
