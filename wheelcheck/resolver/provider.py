"""The provider of resolvelib: what may be chosen for a key, in which order, and what a choice requires.

Two rules differ between the passes. The natural pass takes any file, and where no version of a project can be used at all it
still offers the newest that was asked for, so that one pass lists every offender. The wheel-aware pass offers only what the
policy allows, the third pass more of some projects. Parameter names are resolvelib's own, because it calls by keyword.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version
from resolvelib.providers import AbstractProvider
from resolvelib.structs import RequirementInformation

from wheelcheck.errors import BudgetSpent, MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata
from wheelcheck.model.requirement import CandidateOrigin, Constraint, Requirement
from wheelcheck.model.urls import is_askable, is_local, masked_within, reference_key
from wheelcheck.resolver.candidate_selector import CandidateSelector, Leniency
from wheelcheck.resolver.candidate_source import CandidateSource
from wheelcheck.resolver.dead_versions import Pruning
from wheelcheck.resolver.prefetch import BatchPrefetch
from wheelcheck.resolver.requirement import (
    Adjustments,
    Bound,
    Candidate,
    Key,
    ResolverRequirement,
    iter_resolver_requirements,
)

Cause = RequirementInformation[ResolverRequirement, Candidate]
Preference = tuple[bool, bool, int, bool, int, Key]


class WheelProvider(AbstractProvider[ResolverRequirement, Candidate, Key]):
    """The provider of one pass for the user's *requirements*, with *leniency* towards some projects or all.

    ``edges`` are the requirements of every candidate read so far, the user's own under ``None``. *before_reading* is called
    before metadata or an archive is waited for; what it raises ends the pass, as does :class:`~.dead_versions.RootUnsatisfiable`.
    ``read`` counts the versions whose metadata were asked for, whether they were at hand or not; after *most_read* the pass ends.
    """

    def __init__(
        self,
        source: CandidateSource,
        requirements: Iterable[Requirement],
        constraints: Iterable[Constraint] = (),
        *,
        leniency: Leniency,
        before_reading: Callable[[], None] = lambda: None,
        most_read: int = sys.maxsize,
    ) -> None:
        self.source = source
        self.read = 0
        self._most_read = most_read
        self.adjustments = Adjustments(source.compatibility, source.policy, constraints)
        self.selector = CandidateSelector(source, leniency, before_reading)
        self.edges: dict[Candidate | None, tuple[ResolverRequirement, ...]] = {}
        self.pruning = Pruning(
            self.selector,
            self.adjustments.constraints_on,
            self.edges,
            lambda key, version: self._requirements_of(self.candidate_of(key, version)),
        )
        self._before_reading = before_reading
        self._batch_prefetch = BatchPrefetch(source)
        self._candidates: dict[tuple[Key, Version, str | None], Candidate] = {}
        self._order: dict[Key, int] = {}
        self._promotions: dict[NormalizedName, int] = {}
        self._wanted: dict[NormalizedName, Callable[[Version], object]] = {}
        effective = (each for stated in requirements for each in self.adjustments.iter_effective(stated))
        self.edges[None] = tuple(each for stated in effective for each in iter_resolver_requirements(stated))
        self.pruning.note_direct(self.edges[None])

    def own_requirements(self, name: NormalizedName) -> tuple[ResolverRequirement, ...]:
        """The user's own requirements on *name*."""
        return tuple(requirement for requirement in self.edges[None] if requirement.key == (name, ""))

    def candidate_of(self, key: Key, version: Version, url: str | None = None) -> Candidate:
        """The one candidate for *version* of *key*, from an index or from *url*."""
        known = self._candidates.get((key, version, url))
        if known is None:
            known = self._candidates[key, version, url] = Candidate(key, version, url)
        return known

    # What a candidate requires

    def identify(self, requirement_or_candidate: ResolverRequirement | Candidate) -> Key:
        """The key that a requirement or a candidate belongs to."""
        return requirement_or_candidate.key

    def get_dependencies(self, candidate: Candidate) -> Iterable[ResolverRequirement]:
        """The requirements of *candidate*; an impossible one where it turns out unusable on reading its metadata."""
        is_news = candidate.requirements is None
        requirements = self._requirements_of(candidate)
        if is_news:
            for requirement in requirements:
                self._order.setdefault(requirement.key, len(self._order))
        if self.pruning.dead_versions.is_dead(candidate.key, candidate.version):
            return (_impossible(candidate, "it asks for what cannot be had"),)
        return requirements

    def _requirements_of(self, candidate: Candidate) -> tuple[ResolverRequirement, ...]:
        """The requirements of *candidate* by its metadata, read once; the pruning learns them."""
        if candidate.requirements is None:
            self.read += 1
            if self.read > self._most_read:
                raise BudgetSpent("the resolution reached its limit of versions read")
            self._before_reading()
            name, version = candidate.key[0], candidate.version
            if candidate.url is None:
                self._batch_prefetch.version_read(name, version, self._is_wanted(name, version))
            candidate.requirements = self.edges[candidate] = self._read(candidate)
            self.pruning.learn(candidate, candidate.requirements)
        return candidate.requirements

    def learn(self, key: Key, version: Version) -> None:
        """Take in what *version* of *key* requires, as if it had been tried."""
        self._requirements_of(self.candidate_of(key, version))

    def _is_wanted(self, name: NormalizedName, after: Version) -> Callable[[Version], object]:
        # Versions of two projects that move together are asked for a few at a time, and all of them in the end.
        if self.pruning.is_probing:
            return self.pruning.is_ever_wanted(name, after)
        return self._wanted.get(name, _is_final)

    def _read(self, candidate: Candidate) -> tuple[ResolverRequirement, ...]:
        (name, extra), version = candidate.key, candidate.version
        if name in self.selector.absent:
            return (_base_of(candidate),) if extra else ()
        try:
            metadata = self.source.metadata(name, version, candidate.url)
            reason = self._python_refusal(candidate, metadata)
        except MetadataMalformed as error:
            if self.source.fit(name, version, candidate.url) is None:
                raise
            reason = str(error)
        if not reason:
            active = tuple(self.adjustments.iter_active(metadata.requires, candidate.key, version))
            paths = self._foreign_paths(candidate, active)
            elsewhere = tuple(each for each in active if each.url and not is_askable(each.url))
            if self.source.fit(name, version, candidate.url) is not None:
                if paths:
                    reason = f"its metadata names a file of this machine: {paths[0]}"
                elif elsewhere:
                    reason = f"its metadata asks for what is no file of an index: {masked_within(str(elsewhere[0]))}"
            # A version that is offered as missing is not rejected again.
            active = tuple(each for each in active if each not in (*paths, *elsewhere))
        if reason:
            self.source.rejected[name, version] = reason
            return (_impossible(candidate, reason),)
        requirements = [_base_of(candidate)] if extra else []
        for stated in active:
            requirements.extend(iter_resolver_requirements(stated))
        return tuple(requirements)

    def _foreign_paths(self, candidate: Candidate, active: Iterable[Requirement]) -> tuple[Requirement, ...]:
        """The requirements among *active*, stated by a file from elsewhere, that name a file of this machine.

        One that the user names as well tells no more than was said, so that it stands.
        """
        overridden = self.adjustments.overridden
        local = (each for each in active if each.url and is_local(each.url) and each.name not in overridden)
        named = tuple(each for each in local if not self._is_named_by_user(each))
        if not named:
            return ()
        fit = self.source.fit(candidate.key[0], candidate.version, candidate.url)
        origin = candidate.url or (fit.distribution.at.url if fit is not None else "")
        return () if origin and is_local(origin) else named

    def _is_named_by_user(self, reference: Requirement) -> bool:
        urls = [each.url for each in self.own_requirements(reference.name)]
        urls += [each.url for each in self.adjustments.constraints_on(reference.name)]
        return reference_key(reference.url or "") in {reference_key(url) for url in urls if url}

    def _python_refusal(self, candidate: Candidate, metadata: CoreMetadata) -> str:
        """Why the target's Python is not within the bound of *metadata*; empty for a version offered as missing."""
        fit = self.source.fit(candidate.key[0], candidate.version, candidate.url)
        bound = metadata.requires_python
        if fit is None or not bound or self.source.compatibility.admits_python(bound):
            return ""
        return f"Requires-Python {bound} in the metadata of {fit.distribution.filename}"

    # Which candidates there are

    def is_satisfied_by(self, requirement: ResolverRequirement, candidate: Candidate) -> bool:
        """Whether *candidate* satisfies *requirement*."""
        if requirement.impossible:
            return False
        if requirement.exact is not None:
            return candidate.version == requirement.exact
        if requirement.url is not None:
            return candidate.url is not None and reference_key(candidate.url) == reference_key(requirement.url)
        return candidate.key[0] in self.selector.absent or requirement.bound.admits(candidate.version)

    def find_matches(
        self,
        identifier: Key,
        requirements: Mapping[Key, Iterator[ResolverRequirement]],
        incompatibilities: Mapping[Key, Iterator[Candidate]],
    ) -> Callable[[], Iterator[Candidate]] | Sequence[Candidate]:
        """The candidates of *identifier* under all *requirements* on it, best first; lazily, for most are never looked at."""
        name, extra = identifier
        asked = list(requirements[identifier])
        barred = list(incompatibilities[identifier])
        if extra:
            base = (name, "")
            asked += requirements.get(base, ())
            barred += incompatibilities.get(base, ())
        # One loop, as an input of thousands of lines asks this thousands of times in each trial of a repair.
        references: list[str] = []
        exact: set[Version] = set()
        bounds: dict[Bound, None] = {}
        for requirement in asked:
            if requirement.impossible:
                return ()
            if requirement.url:
                references.append(requirement.url)
            if requirement.exact is not None:
                exact.add(requirement.exact)
            if requirement.bound.text:
                bounds[requirement.bound] = None
        references += [each.url for each in self.adjustments.constraints_on(name) if each.url]
        if references:
            # The first way of writing a reference is the one that is followed.
            urls = {reference_key(url): url for url in reversed(references)}
            return self._direct_matches(identifier, asked, tuple(urls.values()), barred)
        limits = [*bounds, *self.adjustments.bounds_on(name)]
        is_pinned = False
        for limit in limits:
            is_pinned = is_pinned or limit.is_exact
            if limit.names_pre_release and limit in bounds:
                self.pruning.admit_pre_releases(name)
        excluded = {candidate.version for candidate in barred if candidate.url is None}
        if not is_pinned:
            self._wanted[name] = lambda version: not version.is_prerelease and all(x.admits(version) for x in limits)

        def iterate() -> Iterator[Candidate]:
            for version in self.selector.versions(name, limits):
                if version in excluded or (exact and exact != {version}) or self.pruning.is_dead(identifier, version):
                    continue
                yield self.candidate_of(identifier, version)

        return iterate

    def _direct_matches(
        self, key: Key, asked: list[ResolverRequirement], urls: tuple[str, ...], barred: list[Candidate]
    ) -> Sequence[Candidate]:
        if len(urls) > 1:
            return ()
        name, url = key[0], urls[0]
        distribution, _ = self.source.direct(url)
        version = distribution.version
        if distribution.name != name or any(
            each.url and reference_key(each.url) == reference_key(url) and each.version == version for each in barred
        ):
            return ()
        if not self.selector.leniency.covers(name) and not self.source.policy.allows(
            name, version, self.source.installability(name, version, url)[0]
        ):
            self.selector.forbidden.add(name)
            return ()
        if not all(each.exact in (None, version) and each.bound.admits(version) for each in asked):
            return ()
        if not all(bound.admits(version) for bound in self.adjustments.bounds_on(name)):
            return ()
        return (self.candidate_of(key, version, url),)

    # The order of decisions

    def begin_again(self, promoted: NormalizedName | None) -> None:
        """Forget the order in which projects were met, and decide *promoted* earlier from now on.

        A project whose every version clashes with choices made before it, time after time, is better decided before them: then
        they adapt to it in one step, where the search would go through its versions again for each of theirs.
        """
        self._order.clear()
        if promoted is not None:
            self._promotions[promoted] = self._promotions.get(promoted, 0) + 1

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[Key],
        resolutions: Mapping[Key, Candidate],
        candidates: Mapping[Key, Iterator[Candidate]],  # noqa: ARG002 - resolvelib's signature
        information: Mapping[Key, Iterator[Cause]],  # noqa: ARG002
        backtrack_causes: Sequence[Cause],
    ) -> Iterable[Key]:
        """An extra follows its base at once; after a conflict, the keys that caused it come first."""
        unsatisfied = list(identifiers)
        for key in unsatisfied:
            if key[1] and (key[0], "") in resolutions:
                return (key,)
        if not backtrack_causes:
            return unsatisfied
        causing = {cause.requirement.key for cause in backtrack_causes}
        causing |= {cause.parent.key for cause in backtrack_causes if cause.parent is not None}
        return [key for key in unsatisfied if key in causing] or unsatisfied

    def get_preference(
        self,
        identifier: Key,
        resolutions: Mapping[Key, Candidate],  # noqa: ARG002
        candidates: Mapping[Key, Iterator[Candidate]],  # noqa: ARG002
        information: Mapping[Key, Iterator[Cause]],
        backtrack_causes: Sequence[Cause],  # noqa: ARG002
    ) -> Preference:
        """Direct references first, exact pins, promoted projects, upper bounds, then the order in which they were met."""
        direct = pinned = bounded = False
        for cause in information[identifier]:
            requirement = cause.requirement
            if requirement.url is not None:
                direct = True
            elif requirement.exact is not None:
                pinned = True
            else:
                pinned = pinned or requirement.bound.is_exact
                bounded = bounded or requirement.bound.has_ceiling
        order = self._order.setdefault(identifier, len(self._order))
        return (not direct, not pinned, -self._promotions.get(identifier[0], 0), not bounded, order, identifier)


def _is_final(version: Version) -> bool:
    return not version.is_prerelease


def _impossible(candidate: Candidate, reason: str) -> ResolverRequirement:
    return ResolverRequirement(candidate.key, _itself(candidate), impossible=reason)


def _base_of(candidate: Candidate) -> ResolverRequirement:
    """What ties the candidate of an extra to the same version of its base."""
    return ResolverRequirement((candidate.key[0], ""), _itself(candidate), exact=candidate.version)


def _itself(candidate: Candidate) -> Requirement:
    name, version = candidate.key[0], candidate.version
    origin = CandidateOrigin(name=name, version=version)
    return Requirement(name=name, specifier=SpecifierSet(), origin=origin, text=f"{name}=={version}")
