"""Which versions of a project may be chosen within some bounds, in one pass: policy, pre-releases, withdrawn and hidden ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.judgement import Installability
from wheelcheck.model.resolution import Policy
from wheelcheck.resolver.candidate_source import Supply
from wheelcheck.resolver.requirement import Bound

ABSENT = Version("0")  # stands in for the version of a project that no index knows, in the natural pass only
_FROM_SOURCE = frozenset(Installability) - {Installability.WHEEL, Installability.MISSING}


class Choices:
    """The choices of one pass under *policy*; ``None`` makes it lenient, the natural pass.

    ``absent`` are the projects met that no index knows, ``pre_releases_asked`` those of which some bound names a pre-release.
    ``before_reading`` is called before an archive is judged, of which a project may have a hundred; it may raise to end the pass.
    """

    def __init__(self, supply: Supply, policy: Policy | None) -> None:
        self.supply = supply
        self.policy = policy
        self.lenient = policy is None
        self.absent: set[NormalizedName] = set()
        self.pre_releases_asked: set[NormalizedName] = set()
        self.before_reading: Callable[[], None] = _go_on

    def versions(self, name: NormalizedName, limits: list[Bound]) -> Iterator[Version]:
        """The versions of *name* that may be chosen within *limits*, best first.

        Where none of them can be used and the pass is lenient, those that cannot.
        """
        shelf = self.supply.shelf(name)
        if not shelf.versions:
            if self.lenient:
                self.absent.add(name)
                yield ABSENT
            return
        pinned = any(limit.is_exact for limit in limits)
        everything = self.supply.policy.pre or any(limit.names_pre_release for limit in limits)
        unusable: list[Version] = []
        found = any_final = False
        held_back: list[Version] = []
        for version in self.supply.versions_within(name, limits):
            if not everything and version.is_prerelease:
                held_back.append(version)
                continue
            verdict = self._verdict(name, version, pinned=pinned)
            if verdict is None:
                continue
            any_final = True
            if verdict:
                found = True
                yield version
            else:
                unusable.append(version)
        if not any_final:
            # PEP 440: pre-releases serve where no final release satisfies the bounds.
            for version in held_back:
                verdict = self._verdict(name, version, pinned=pinned)
                if verdict:
                    found = True
                    yield version
                elif verdict is not None:
                    unusable.append(version)
        if not found and self.lenient:
            yield from unusable

    def ever_open(self, name: NormalizedName, limits: list[Bound]) -> Iterator[Version]:
        """The versions within *limits* that may be chosen in this pass, under any other bounds there may be.

        Pre-releases are left out where nobody may have them: they come in only where the finals are not admitted at all. In the
        lenient pass other bounds may leave nothing usable or nothing final, and then what is not is offered.
        """
        if self.lenient and not self.supply.shelf(name).versions:
            yield ABSENT
            return
        within = self.supply.versions_within(name, limits)
        has_final = any(not version.is_prerelease for version in within)
        everything = self.supply.policy.pre or any(limit.names_pre_release for limit in limits)
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

    def _verdict(self, name: NormalizedName, version: Version, *, pinned: bool) -> bool | None:
        """Of a version within the bounds: True: may be chosen. False: nothing usable. None: not there for this run."""
        release = self.supply.shelf(name).release(version)
        if release.hidden or (release.yanked is not None and not pinned):
            return None
        if release.fit is None or (name, version) in self.supply.rejected:
            return False
        if self.policy is None or (release.has_wheel and Installability.WHEEL in self.policy.allowed):
            return True
        allowed = self.policy.allowed_of(name, version)
        if not release.has_wheel and not allowed & _FROM_SOURCE:
            return False  # nothing that its archive says could matter, and archives are dear: some weigh 400 MB
        self.before_reading()
        return self.supply.installability(name, version)[0] in allowed


def _go_on() -> None:
    """Nothing speaks against reading on."""
