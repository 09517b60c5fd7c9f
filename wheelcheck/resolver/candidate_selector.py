"""Which candidates a pass may choose: within bounds and policy, and with leniency any file of some projects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.distribution import FROM_SOURCE, Installability
from wheelcheck.resolver.candidate_source import CandidateSource
from wheelcheck.resolver.requirement import Bound

ABSENT = Version("0")  # stands in for the version of a project that no index knows, in the natural pass only


class Leniency(Struct, frozen=True, kw_only=True):
    """The projects of which a pass takes any file: those of *names*, or with *others* all but those."""

    names: frozenset[NormalizedName] = frozenset()
    others: bool = False
    # The time before which no version is taken in place of what an installer would choose.
    oldest: Mapping[NormalizedName, str] = {}

    def covers(self, name: NormalizedName) -> bool:
        """Whether any file of *name* may be taken."""
        return (name in self.names) is not self.others

    @property
    def is_total(self) -> bool:
        """Whether any file of any project may be taken, as in the natural pass."""
        return self.others and not self.names


class CandidateSelector:
    """Selects the versions that one pass may choose under the policy of *source*, and *leniency* towards some projects.

    ``absent`` are the projects met that no index knows, ``forbidden`` those of which the policy forbade a version that was looked
    at, ``pre_releases_asked`` those of which some bound names a pre-release. *before_reading* is called before an archive is
    judged, of which a project may have a hundred; it may raise to end the pass.
    """

    def __init__(self, source: CandidateSource, leniency: Leniency, before_reading: Callable[[], None]) -> None:
        self.leniency = leniency
        self.absent: set[NormalizedName] = set()
        self.forbidden: set[NormalizedName] = set()
        self.pre_releases_asked: set[NormalizedName] = set()
        self._source = source
        self._before_reading = before_reading

    def versions(self, name: NormalizedName, limits: list[Bound]) -> Iterator[Version]:
        """The versions of *name* that may be chosen within *limits*, best first.

        Those that cannot be used come last where *name* is treated leniently, in the natural pass only where no other does.
        """
        lenient = self.leniency.covers(name)
        if not self._source.view(name).versions:
            (self.absent if lenient else self.forbidden).add(name)
            if lenient:
                yield ABSENT
            return
        pinned = any(limit.is_exact for limit in limits)
        within = self._source.versions_within(name, limits)
        unusable: list[Version] = []
        found = False
        # PEP 440: pre-releases serve where there is nothing else. A final release without a file for the target is nothing, one
        # that was withdrawn or that the policy forbids is something, as for pip.
        for group in self._iter_groups(name, limits, within):
            any_there = False
            for version in self._by_preference(name, group):
                any_there = any_there or self._source.has_file(name, version)
                verdict = self._verdict(name, version, pinned=pinned)
                if verdict:
                    found = True
                    yield version
                elif verdict is not None:
                    unusable.append(version)
            if any_there:
                break
        if lenient and not (found and self.leniency.is_total):
            yield from unusable

    def _iter_groups(
        self, name: NormalizedName, limits: list[Bound], within: tuple[Version, ...]
    ) -> Iterator[Iterable[Version]]:
        """The versions *within* that are offered first, and the pre-releases that are held back, if they are not kept out."""
        if self._admits_pre_releases(name, limits):
            yield within
            return
        yield (version for version in within if not version.is_prerelease)
        if not self._source.policy.keeps_pre_releases_out_of(name):
            yield (version for version in within if version.is_prerelease)

    def ever_open(self, name: NormalizedName, limits: list[Bound]) -> Iterator[Version]:
        """The versions within *limits* that may be chosen in this pass, under any other bounds there may be.

        Pre-releases come in only where no final release has a file for the target. In the lenient pass other bounds may leave
        nothing usable or nothing final, and then what is not is offered.
        """
        lenient = self.leniency.covers(name)
        if not self._source.view(name).versions:
            if lenient:
                yield ABSENT
            else:
                self.forbidden.add(name)
            return
        everything = self._admits_pre_releases(name, limits) or name in self.pre_releases_asked
        kept_out = self._source.policy.keeps_pre_releases_out_of(name)
        held_back: list[Version] = []
        any_there = False
        for version in self._source.versions_within(name, limits):
            if version.is_prerelease and (kept_out or not everything):
                if not kept_out:
                    held_back.append(version)
                continue
            any_there = any_there or self._source.has_file(name, version)
            verdict = self._verdict(name, version, pinned=True)
            if verdict or (lenient and verdict is not None):
                yield version
        for version in held_back if lenient or not any_there else ():
            verdict = self._verdict(name, version, pinned=True)
            if verdict or (lenient and verdict is not None):
                yield version

    def is_narrowed(self, name: NormalizedName, limits: list[Bound]) -> bool:
        """Whether leniency towards *name* would open versions within *limits* that :meth:`ever_open` does not give."""
        if self.leniency.covers(name):
            return False
        closed = set(self._source.versions_within(name, limits)).difference(self.ever_open(name, limits))
        return not self._source.view(name).versions or any(
            self._verdict(name, version, pinned=True) is not None for version in closed
        )

    def _by_preference(self, name: NormalizedName, versions: Iterable[Version]) -> Iterable[Version]:
        """*versions*, newest first; under ``--prefer-binary`` those with a wheel before all others."""
        if not self._source.policy.prefer_binary:
            return versions
        view = self._source.view(name)
        return sorted(versions, key=lambda version: not view.release(version).has_wheel)

    def _admits_pre_releases(self, name: NormalizedName, limits: list[Bound]) -> bool:
        policy = self._source.policy
        if policy.keeps_pre_releases_out_of(name):
            return False
        return policy.admits_pre_releases_of(name) or any(limit.names_pre_release for limit in limits)

    def _verdict(self, name: NormalizedName, version: Version, *, pinned: bool) -> bool | None:
        """``True`` for a version that may be chosen, ``False`` where nothing is usable, ``None`` for one hidden from this run."""
        verdict = self._judged(name, version, pinned=pinned)
        if verdict is False and not self.leniency.covers(name):
            self.forbidden.add(name)
        return verdict

    def _judged(self, name: NormalizedName, version: Version, *, pinned: bool) -> bool | None:
        release = self._source.view(name).release(version)
        if release.hidden or (release.yanked is not None and not pinned):
            return None
        if release.fit is None or (name, version) in self._source.rejected:
            return False
        if self.leniency.covers(name):
            return True
        oldest = self.leniency.oldest.get(name)
        is_old = oldest is not None and (release.upload_time or "~") < oldest
        if not is_old and release.has_wheel and Installability.WHEEL in self._source.policy.allowed:
            return True
        allowed = self._source.policy.allowed_of(name, version)
        if is_old or (not release.has_wheel and not allowed & FROM_SOURCE):
            return False  # its archive could change nothing, and archives are large: some have 400 MB
        self._before_reading()
        return self._source.installability(name, version)[0] in allowed
