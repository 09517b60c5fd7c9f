"""Which versions of a project may be chosen within some bounds, in one pass: policy, pre-releases, withdrawn and hidden ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.judgement import FROM_SOURCE, Installability
from wheelcheck.model.resolution import Policy
from wheelcheck.resolver.candidate_source import CandidateSource
from wheelcheck.resolver.requirement import Bound

ABSENT = Version("0")  # stands in for the version of a project that no index knows, in the natural pass only


class CandidateSelector:
    """Selects the versions that one pass may choose under *policy*; ``None`` makes it lenient, as the natural pass is.

    ``absent`` are the projects met that no index knows, ``pre_releases_asked`` those of which some bound names a pre-release.
    *before_reading* is called before an archive is judged, of which a project may have a hundred; it may raise to end the pass.
    """

    def __init__(self, source: CandidateSource, policy: Policy | None, before_reading: Callable[[], None]) -> None:
        self.policy = policy
        self.lenient = policy is None
        self.absent: set[NormalizedName] = set()
        self.pre_releases_asked: set[NormalizedName] = set()
        self._source = source
        self._before_reading = before_reading

    def versions(self, name: NormalizedName, limits: list[Bound]) -> Iterator[Version]:
        """The versions of *name* that may be chosen within *limits*, best first.

        Where none of them can be used and the pass is lenient, those that cannot.
        """
        if not self._source.view(name).versions:
            if self.lenient:
                self.absent.add(name)
                yield ABSENT
            return
        pinned = any(limit.is_exact for limit in limits)
        within = self._source.versions_within(name, limits)
        everything = self._admits_pre_releases(limits)
        finals = (version for version in within if everything or not version.is_prerelease)
        held_back = (version for version in within if not everything and version.is_prerelease)
        unusable: list[Version] = []
        found = False
        # PEP 440: pre-releases serve where no final release satisfies the bounds.
        for group in (finals, held_back):
            any_there = False
            for version in group:
                verdict = self._verdict(name, version, pinned=pinned)
                if verdict is None:
                    continue
                any_there = True
                if verdict:
                    found = True
                    yield version
                else:
                    unusable.append(version)
            if any_there:
                break
        if not found and self.lenient:
            yield from unusable

    def ever_open(self, name: NormalizedName, limits: list[Bound]) -> Iterator[Version]:
        """The versions within *limits* that may be chosen in this pass, under any other bounds there may be.

        Pre-releases come in only where the finals are not admitted at all. In the
        lenient pass other bounds may leave nothing usable or nothing final, and then what is not is offered.
        """
        if self.lenient and not self._source.view(name).versions:
            yield ABSENT
            return
        within = self._source.versions_within(name, limits)
        has_final = any(not version.is_prerelease for version in within)
        everything = self._admits_pre_releases(limits)
        last_resort: list[Version] = []
        for version in within:
            if version.is_prerelease and has_final and not everything:
                if name in self.pre_releases_asked:
                    yield version
                elif self.lenient:
                    last_resort.append(version)
                continue
            verdict = self._verdict(name, version, pinned=True)
            if verdict or (self.lenient and verdict is not None):
                yield version
        yield from (version for version in last_resort if self._verdict(name, version, pinned=True) is not None)

    def _admits_pre_releases(self, limits: list[Bound]) -> bool:
        return self._source.policy.pre or any(limit.names_pre_release for limit in limits)

    def _verdict(self, name: NormalizedName, version: Version, *, pinned: bool) -> bool | None:
        """``True`` for a version that may be chosen, ``False`` where nothing is usable, ``None`` for one hidden from this run."""
        release = self._source.view(name).release(version)
        if release.hidden or (release.yanked is not None and not pinned):
            return None
        if release.fit is None or (name, version) in self._source.rejected:
            return False
        if self.policy is None or (release.has_wheel and Installability.WHEEL in self.policy.allowed):
            return True
        allowed = self.policy.allowed_of(name, version)
        if not release.has_wheel and not allowed & FROM_SOURCE:
            return False  # its archive could change nothing, and archives are large: some have 400 MB
        self._before_reading()
        return self._source.installability(name, version)[0] in allowed
