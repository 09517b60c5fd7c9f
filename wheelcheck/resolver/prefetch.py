"""Starts requests before the solver asks for them: guesses what it will want next, and decides nothing.

The lookahead works on the store's thread, from pages and metadata as they arrive. A wrong guess costs one request and never
changes an answer. There is at most one guess for each project and set of bounds, so the waste is bounded by the number of bounds
met. Of a project whose guesses clash with what is certain, as many more are made at once as clashed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.distribution import CoreMetadata, ProjectPage, Sdist, Wheel
from wheelcheck.model.requirement import Constraint, Requirement
from wheelcheck.model.target import Fit
from wheelcheck.resolver.candidate_source import CandidateSource
from wheelcheck.resolver.requirement import Adjustments, Bound, bound_of, versions_within
from wheelcheck.targets.fitting import stated_for

_VERSIONS_TRIED = 200  # a bound far in the past is left to the solver
_PATIENCE = 3  # versions of a project that may fail one by one before the next are fetched together
_LARGEST_BATCH = 64

_Release = tuple[NormalizedName, Version]


class Lookahead:
    """Follows what the newest fitting versions would require, from the user's requirements on."""

    def __init__(self, source: CandidateSource, constraints: Iterable[Constraint] = ()) -> None:
        self._source = source
        self._adjustments = Adjustments(source.compatibility, source.policy, constraints)
        self._bounds: dict[NormalizedName, dict[Bound, None]] = {}
        self._extras: dict[NormalizedName, set[str]] = {}
        self._pages: dict[NormalizedName, ProjectPage] = {}
        self._guesses: set[_Release] = set()
        self._first_guesses: set[_Release] = set()
        self._followed: set[tuple[NormalizedName, Version, str]] = set()
        self._metadata: dict[_Release, CoreMetadata] = {}
        self._certain: dict[NormalizedName, list[Bound]] = {}
        self._doomed: dict[NormalizedName, set[Version]] = {}

    def start(self, requirements: Iterable[Requirement]) -> None:
        """Begin with the user's *requirements* and listen from now on."""
        self._source.projects.on_page(self._page_arrived)
        self._source.projects.on_metadata(self._metadata_arrived)
        active = list(self._iter_active(requirements, ""))
        self._make_certain(active)
        self._follow(active)

    def stop(self) -> None:
        """Listen no more."""
        self._source.projects.on_page(None)
        self._source.projects.on_metadata(None)

    def _page_arrived(self, page: ProjectPage) -> None:
        self._pages[page.name] = page
        self._guess(page.name)

    def _metadata_arrived(self, wheel: Wheel, metadata: CoreMetadata) -> None:
        release = (wheel.name, wheel.version)
        self._metadata[release] = metadata
        if release not in self._guesses:
            return
        if self._is_doomed(release, metadata):
            self._doomed.setdefault(wheel.name, set()).add(wheel.version)
            self._guess(wheel.name)
        elif release in self._first_guesses:
            self._follow_release(release)

    def _follow_release(self, release: _Release) -> None:
        """Follow what *release* requires by its metadata, for each extra that is asked for; once."""
        metadata = self._metadata.get(release)
        if metadata is None:
            return
        for extra in ("", *sorted(self._extras.get(release[0], ()))):
            if (*release, extra) in self._followed:
                continue
            self._followed.add((*release, extra))
            active = list(self._iter_active(stated_for(metadata.requires, *release, extra), extra))
            if any(bound.is_exact for bound in self._certain_bounds(release[0])):
                self._make_certain(active)
            self._follow(active)

    def _make_certain(self, requirements: Iterable[Requirement]) -> None:
        """Note bounds that hold in every answer: those of the user, and those of versions that the user pinned."""
        for requirement in requirements:
            self._certain.setdefault(requirement.name, []).append(bound_of(requirement.specifier))

    def _certain_bounds(self, name: NormalizedName) -> list[Bound]:
        return [*self._adjustments.bounds_on(name), *self._certain.get(name, ())]

    def _is_doomed(self, release: _Release, metadata: CoreMetadata) -> bool:
        """Whether *release* requires a project within bounds that no version can meet together with what is certain."""
        for requirement in self._iter_active(stated_for(metadata.requires, *release, ""), ""):
            name = requirement.name
            certain = self._certain_bounds(name)
            page = self._pages.get(name)
            if certain and page is not None and not versions_within(page, (*certain, bound_of(requirement.specifier))):
                return True
        return False

    def _iter_active(self, requirements: Iterable[Requirement], extra: str) -> Iterator[Requirement]:
        for stated in requirements:
            yield from (each for each in self._adjustments.iter_effective(stated, extra) if each.url is None)

    def _follow(self, requirements: Iterable[Requirement]) -> None:
        fresh: list[NormalizedName] = []
        for requirement in requirements:
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
            self._source.projects.prefetch_pages(dict.fromkeys(fresh))

    def _guess(self, name: NormalizedName) -> None:
        """Start the metadata of the newest versions of *name* that may be chosen, and follow the first of them."""
        limits = [*self._bounds.get(name, ()), *self._adjustments.bounds_on(name)]
        view = self._source.view_of(self._pages[name])
        pre_releases = self._source.policy.admits_pre_releases_of(name) or any(
            limit.names_pre_release for limit in limits
        )
        doomed = self._doomed.get(name, ())
        likely = (
            version
            for version in view.versions[: _VERSIONS_TRIED + len(doomed)]
            if version not in doomed
            and (pre_releases or not version.is_prerelease)
            and all(limit.admits(version) for limit in limits)
            and view.release(version).fit is not None
        )
        for number, version in enumerate(islice(likely, max(1, len(doomed)))):
            release = (name, version)
            if release not in self._guesses:
                self._guesses.add(release)
                self._fetch(view.release(version).fit)
            if number == 0:
                self._first_guesses.add(release)
                self._follow_release(release)

    def _fetch(self, fit: Fit | None) -> None:
        if fit is None:
            return
        wheel = self._source.metadata_wheel(fit.distribution)
        if wheel is not None:
            self._source.projects.prefetch_metadata((wheel,))
        elif isinstance(fit.distribution, Sdist):
            self._source.projects.prefetch_sources((fit.distribution,))


class BatchPrefetch:
    """Fetches the metadata of a project's next versions together, once several of them have failed one by one.

    One wait for each version is what makes backtracking slow. A batch is as large as what was read before it, and the next one
    starts when half of it is used: so at most as much is fetched in vain as was needed, and two batches.
    """

    def __init__(self, source: CandidateSource) -> None:
        self._source = source
        self._read: dict[NormalizedName, set[Version]] = {}
        self._started: dict[NormalizedName, set[Version]] = {}
        self._halfway: dict[NormalizedName, Version] = {}

    def version_read(self, name: NormalizedName, version: Version, is_wanted: Callable[[Version], object]) -> None:
        """Count *version* of *name* as read; when it is time, start the metadata of those after it that *is_wanted*."""
        versions = self._read.setdefault(name, set())
        if version in versions:
            return  # with another extra
        versions.add(version)
        read = len(versions)
        started = self._started.setdefault(name, set())
        if read < _PATIENCE or (version in started and version != self._halfway.get(name)):
            return
        view = self._source.view(name)
        size = min(read, _LARGEST_BATCH)
        following = (each for each in view.versions if each < version and each not in started and is_wanted(each))
        batch: dict[Version, Wheel] = {}
        for each in following:
            fit = view.release(each).fit
            wheel = self._source.metadata_wheel(fit.distribution) if fit is not None else None
            if wheel is not None:
                batch[each] = wheel
                if len(batch) == size:
                    break
        if not batch:
            return
        self._halfway[name] = list(batch)[len(batch) // 2]
        started.update(batch)
        self._source.projects.prefetch_metadata(batch.values())
