"""Speaks resolvelib's language: what may be chosen for a key, in which order, and what a choice asks for.

Two rules differ between the passes. The natural pass takes any file, and where no version of a project can be used at all it
still offers the newest that was asked for, so that one pass lists every offender. The wheel-aware pass offers only what the
policy allows. Parameter names are resolvelib's own: it calls by keyword.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version
from resolvelib.providers import AbstractProvider
from resolvelib.structs import RequirementInformation

from wheelcheck.errors import MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata
from wheelcheck.model.requirement import CandidateOrigin, Constraint, Requirement
from wheelcheck.model.resolution import Policy
from wheelcheck.resolver.candidate_selector import Choices
from wheelcheck.resolver.candidate_source import Supply
from wheelcheck.resolver.dead_versions import Pruning
from wheelcheck.resolver.prefetch import Batches
from wheelcheck.resolver.requirement import Ask, Candidate, Key, bound_of, iter_asks
from wheelcheck.targets.fitting import names_extra, stated_for

Cause = RequirementInformation[Ask, Candidate]
_EXTRA_NAMES = re.compile(r"""extra\s*==\s*["']([^"']+)["']|["']([^"']+)["']\s*==\s*extra""")


class WheelProvider(AbstractProvider[Ask, Candidate, Key]):
    """The provider of one pass; *lenient* offers unusable versions where a project has nothing else (the natural pass)."""

    def __init__(
        self,
        supply: Supply,
        constraints: Sequence[Constraint],
        *,
        policy: Policy | None,
    ) -> None:
        self.supply = supply
        self.choices = Choices(supply, policy)
        self.unknowable: dict[tuple[str, str, str], None] = {}
        self.edges: dict[Candidate | None, tuple[Ask, ...]] = {}
        self._candidates: dict[tuple[Key, Version, str | None], Candidate] = {}
        self._overrides: dict[NormalizedName, list[Requirement]] = {}
        for override in supply.policy.overrides:
            self._overrides.setdefault(override.name, []).append(override)
        self._constraints: dict[NormalizedName, list[Constraint]] = {}
        for constraint in constraints:
            if constraint.marker is None or self.holds(constraint.marker, "", str(constraint)):
                self._constraints.setdefault(constraint.name, []).append(constraint)
        self._order: dict[Key, int] = {}
        self._promotions: dict[NormalizedName, int] = {}
        self.pruning = Pruning(
            self.choices,
            self.constraints_on,
            self.edges,
            lambda key, version: self._read(self.candidate_of(key, version)),
        )
        self._batches = Batches(supply)
        self._wanted: dict[NormalizedName, Callable[[Version], object]] = {}
        self.before_asking: Callable[[], None] = _go_on

    # What is asked

    def root_asks(self, requirements: Iterable[Requirement]) -> tuple[Ask, ...]:
        """The asks of the user's own requirements on this target."""
        asks: list[Ask] = []
        for requirement in requirements:
            for effective in self._effective(requirement, ""):
                asks.extend(iter_asks(effective))
        self.edges[None] = tuple(asks)
        self.pruning.note_direct(asks)
        return self.edges[None]

    def constraints_on(self, name: NormalizedName) -> tuple[Constraint, ...]:
        """The constraints on *name* that hold on the target."""
        return tuple(self._constraints.get(name, ()))

    def holds(self, marker: Marker, extra: str, text: str) -> bool:
        """Whether *marker* holds on the target for *extra*; a value that cannot be known is noted with *text*."""
        reading = self.supply.compatibility.evaluate(marker, extra)
        for variable in sorted(reading.unknowable):
            self.unknowable[(str(marker), variable, text)] = None
        return reading.holds

    def _effective(self, requirement: Requirement, extra: str) -> Iterator[Requirement]:
        # Excludes drop a requirement; overrides replace it, markers and all, except that a requirement of an extra stays one.
        if requirement.name in self.supply.policy.excludes:
            return
        overrides = self._overrides.get(requirement.name)
        if overrides is None:
            if requirement.marker is None or self.holds(requirement.marker, extra, str(requirement)):
                yield requirement
            return
        named = {first or second for first, second in _EXTRA_NAMES.findall(str(requirement.marker or ""))}
        if named and extra not in named:
            return
        for override in overrides:
            if override.marker is None or self.holds(override.marker, extra, str(override)):
                yield Requirement(
                    name=override.name,
                    specifier=override.specifier,
                    extras=override.extras | requirement.extras,
                    url=override.url,
                    hashes=override.hashes,
                    origin=requirement.origin,
                    text=f"{override} (override of {requirement})",
                )

    def active_requirements(self, candidate: Candidate) -> list[Requirement]:
        """The requirements that the metadata of *candidate* states for its key on this target."""
        metadata = self.metadata(candidate)
        active: list[Requirement] = []
        extra = candidate.key[1]
        for stated in stated_for(metadata.requires, candidate.key[0], candidate.version, extra):
            # What the project needs anyway is its base's business.
            if extra and (not names_extra(stated.marker) or any(self._effective(stated, ""))):
                continue
            active.extend(self._effective(stated, extra))
        return active

    def metadata(self, candidate: Candidate) -> CoreMetadata:
        """The metadata that stands behind *candidate*; empty for a project that no index knows."""
        name = candidate.key[0]
        if name in self.choices.absent:
            return CoreMetadata(name=name, version=None)
        return self.supply.metadata(name, candidate.version, candidate.url)

    # resolvelib's questions

    def identify(self, requirement_or_candidate: Ask | Candidate) -> Key:
        """The key that an ask or a candidate belongs to."""
        return requirement_or_candidate.key

    def get_dependencies(self, candidate: Candidate) -> Iterable[Ask]:
        """The asks of *candidate*, computed once; an impossible one where it turns out unusable on reading its metadata."""
        if candidate.asks is None:
            asks = self._read(candidate)
            for ask in asks:
                self._order.setdefault(ask.key, len(self._order))
        if self.pruning.is_known_dead(candidate.key, candidate.version):
            return (self._impossible(candidate, "it asks for what cannot be had"),)
        return candidate.asks or ()

    def _read(self, candidate: Candidate) -> tuple[Ask, ...]:
        """The asks of *candidate*, as its metadata states them; what dies of them is buried."""
        if candidate.asks is None:
            self.before_asking()
            (name, extra), version = candidate.key, candidate.version
            if not extra and candidate.url is None:
                self._batches.look_beyond(name, version, self._is_wanted(name, version))
            candidate.asks = self.edges[candidate] = self._asks_of(candidate)
            self.pruning.learn(candidate, candidate.asks)
        return candidate.asks

    def _is_wanted(self, name: NormalizedName, after: Version) -> Callable[[Version], object]:
        # Versions of two projects that move together are asked for a few at a time, and all of them in the end.
        if self.pruning.is_probing:
            return self.pruning.is_ever_wanted(name, after)
        return self._wanted.get(name, _is_final)

    def own_asks(self, name: NormalizedName) -> tuple[Ask, ...]:
        """The user's own asks on *name*."""
        return tuple(ask for ask in self.edges[None] if ask.key == (name, ""))

    def candidate_of(self, key: Key, version: Version) -> Candidate:
        """The candidate that an index offers for *version* of *key*."""
        return self._candidate(key, version, None)

    def _impossible(self, candidate: Candidate, reason: str) -> Ask:
        return Ask(candidate.key, _itself(candidate), impossible=reason)

    def _asks_of(self, candidate: Candidate) -> tuple[Ask, ...]:
        (name, extra), version = candidate.key, candidate.version
        reason = self._unusable(candidate)
        if reason:
            self.supply.rejected[name, version] = reason
            return (self._impossible(candidate, reason),)
        asks: list[Ask] = [Ask((name, ""), _itself(candidate), exact=version)] if extra else []
        for requirement in self.active_requirements(candidate):
            asks.extend(iter_asks(requirement))
        return tuple(asks)

    def _unusable(self, candidate: Candidate) -> str:
        name, version = candidate.key[0], candidate.version
        fit = self.supply.fit(name, version, candidate.url)
        if fit is None:
            return ""  # offered as missing, in full knowledge
        try:
            metadata = self.metadata(candidate)
        except MetadataMalformed as error:
            return str(error)
        bound = metadata.requires_python
        if bound and not self.supply.compatibility.admits_python(bound):
            return f"Requires-Python {bound} in the metadata of {fit.distribution.filename}"
        return ""

    def is_satisfied_by(self, requirement: Ask, candidate: Candidate) -> bool:
        """Whether *candidate* is what *requirement* asks for."""
        if requirement.impossible:
            return False
        if requirement.exact is not None:
            return candidate.version == requirement.exact
        if requirement.url is not None:
            return candidate.url == requirement.url
        return candidate.key[0] in self.choices.absent or requirement.bound.admits(candidate.version)

    def find_matches(
        self,
        identifier: Key,
        requirements: Mapping[Key, Iterator[Ask]],
        incompatibilities: Mapping[Key, Iterator[Candidate]],
    ) -> Callable[[], Iterator[Candidate]] | Sequence[Candidate]:
        """The candidates of *identifier* under all asks on it, best first; lazily, for most are never looked at."""
        name, extra = identifier
        asks = list(requirements[identifier])
        # By id(): a page gives each version one object, and a long search bars the same ones millions of times.
        barred = {id(candidate.version) for candidate in incompatibilities[identifier]}
        if extra:
            base = (name, "")
            asks += list(requirements.get(base, ()))
            barred |= {id(candidate.version) for candidate in incompatibilities.get(base, ())}
        if any(ask.impossible for ask in asks):
            return ()
        constraints = self.constraints_on(name)
        urls = {ask.url for ask in asks if ask.url is not None} | {bound.url for bound in constraints if bound.url}
        if urls:
            return self._direct_matches(identifier, asks, urls, barred)
        exact = {ask.exact for ask in asks if ask.exact is not None}
        bounds = list(dict.fromkeys(ask.bound for ask in asks if ask.bound.text))
        if any(bound.names_pre_release for bound in bounds):
            self.pruning.admit_pre_releases(name)

        limits = [*bounds, *(bound_of(constraint.specifier) for constraint in constraints)]

        def within(version: Version) -> bool:
            return all(bound.admits(version) for bound in limits) and not version.is_prerelease

        if not any(limit.is_exact for limit in limits):
            self._wanted[name] = within

        def iterate() -> Iterator[Candidate]:
            for version in self.choices.versions(name, limits):
                if id(version) in barred or (exact and exact != {version}) or self.pruning.is_dead(identifier, version):
                    continue
                yield self._candidate(identifier, version, None)

        return iterate

    def _direct_matches(self, key: Key, asks: list[Ask], urls: set[str], barred: set[int]) -> Sequence[Candidate]:
        if len(urls) > 1:
            return ()
        url = next(iter(urls))
        distribution, _ = self.supply.direct(url)
        version = distribution.version
        if distribution.name != key[0] or id(version) in barred:
            return ()
        policy = self.choices.policy
        if policy is not None and not policy.allows(
            key[0], version, self.supply.installability(key[0], version, url)[0]
        ):
            return ()
        if not all(ask.exact in (None, version) and ask.bound.admits(version) for ask in asks):
            return ()
        if not all(bound_of(bound.specifier).admits(version) for bound in self.constraints_on(key[0])):
            return ()
        return (self._candidate(key, version, url),)

    def _candidate(self, key: Key, version: Version, url: str | None) -> Candidate:
        known = self._candidates.get((key, version, url))
        if known is None:
            known = self._candidates[key, version, url] = Candidate(key, version, url)
        return known

    # The order of decisions

    def begin_again(self, promoted: NormalizedName | None) -> None:
        """Forget the order of asking, and decide *promoted* earlier from now on.

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
        """An extra follows its base at once; after a conflict, those who caused it come first."""
        unsatisfied = list(identifiers)
        for key in unsatisfied:
            if key[1] and (key[0], "") in resolutions:
                return (key,)
        if backtrack_causes:
            causing = {cause.requirement.key for cause in backtrack_causes}
            causing |= {cause.parent.key for cause in backtrack_causes if cause.parent is not None}
            guilty = [key for key in unsatisfied if key in causing]
            if guilty:
                return guilty
        return unsatisfied

    def get_preference(
        self,
        identifier: Key,
        resolutions: Mapping[Key, Candidate],  # noqa: ARG002
        candidates: Mapping[Key, Iterator[Candidate]],  # noqa: ARG002
        information: Mapping[Key, Iterator[Cause]],
        backtrack_causes: Sequence[Cause],  # noqa: ARG002
    ) -> tuple[bool, bool, int, bool, int, Key]:
        """Direct references first, exact pins, what was promoted, upper bounds, then in the order of being asked for."""
        direct = pinned = bounded = False
        for cause in information[identifier]:
            ask = cause.requirement
            if ask.url is not None:
                direct = True
            elif ask.exact is not None:
                pinned = True
            else:
                pinned = pinned or ask.bound.is_exact
                bounded = bounded or ask.bound.has_ceiling
        order = self._order.setdefault(identifier, len(self._order))
        return (not direct, not pinned, -self._promotions.get(identifier[0], 0), not bounded, order, identifier)


def _is_final(version: Version) -> bool:
    return not version.is_prerelease


def _go_on() -> None:
    """Nothing speaks against asking on."""


def _itself(candidate: Candidate) -> Requirement:
    """The requirement by which a candidate speaks of its own version: to tie an extra to its base, or to rule itself out."""
    name, version = candidate.key[0], candidate.version
    origin = CandidateOrigin(name=name, version=version)
    return Requirement(name=name, specifier=SpecifierSet(), origin=origin, text=f"{name}=={version}")
