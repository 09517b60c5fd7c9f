"""The resolution that a lock gives as it stands, with no choice of versions; reads no lock itself.

Only the file is chosen: the best of those that the lock lists, or, where it lists none, of those on the index with a hash that it
names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.distribution import CoreMetadata, Distribution, Installability, MetadataSource, Sdist, Wheel
from wheelcheck.model.lock import Lock, LockedPackage
from wheelcheck.model.requirement import CandidateOrigin, Origin, Requirement
from wheelcheck.model.resolution import Edge, Pin, Policy, Resolution
from wheelcheck.ports import Projects
from wheelcheck.resolver.candidate_source import refusal_sentence
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.hash_rules import HashRules
from wheelcheck.targets.project_view import Admission, Release, is_small, purity_from_siblings


class LockedResolver:
    """Resolves *lock* on the target of *compatibility*, where its *packages* apply.

    Asks the index only for packages whose files the lock does not list, and for source archives that have to be judged.
    """

    def __init__(
        self,
        lock: Lock,
        packages: Iterable[LockedPackage],
        policy: Policy,
        projects: Projects,
        compatibility: Compatibility,
    ) -> None:
        self._lock = lock
        self._packages = {package.name: package for package in packages}
        self._projects = projects
        self._compatibility = compatibility
        unlisted = [package for package in self._packages.values() if package.files is None]
        hashes = HashRules(((package.name, SpecifierSet(), package.hashes) for package in unlisted), projects.digest)
        # A lock has chosen: what was uploaded when does not matter any more, and most formats do not say it.
        self._admission = Admission(compatibility, replace(policy, exclude_newer=None), hashes)
        self._refused: dict[NormalizedName, str] = {}
        self._projects.prefetch_pages(package.name for package in unlisted if package.unsupported is None)

    def resolution(self) -> Resolution:
        """The resolution; a package without a usable file is pinned without one. Raises ``IndexUnavailable``."""
        pins = {name: self._pin(package) for name, package in sorted(self._packages.items()) if _is_file(package)}
        unsupported = (package.unsupported for package in self._packages.values())
        return Resolution(
            target=self._compatibility.target,
            pins=pins,
            edges=tuple(self._iter_edges(pins)),
            unsupported=tuple(each for each in unsupported if each is not None),
            refused=tuple(sorted(self._refused.items())),
        )

    # Pins

    def _pin(self, package: LockedPackage) -> Pin:
        files = self._files(package)
        version = _version(package)
        release = Release(version, files, self._admission)
        installability, evidence = self._installability(package, release, files)
        chosen = release.fit
        return Pin(
            name=package.name,
            version=version,
            extras=package.extras,
            distribution=chosen.distribution if chosen is not None else None,
            tag=chosen.tag if chosen is not None else None,
            installability=installability,
            metadata=CoreMetadata(
                name=package.name,
                version=version,
                provides_extra=package.extras,
                requires_python=str(package.requires_python) if package.requires_python is not None else None,
                source=MetadataSource.LOCK,
                evidence=str(package.origin),
            ),
            evidence=evidence,
        )

    def _files(self, package: LockedPackage) -> tuple[Distribution, ...]:
        if package.files is not None:
            return package.files
        return tuple(self._projects.page(package.name).distributions.get(_version(package), ()))

    def _installability(
        self, package: LockedPackage, release: Release, files: tuple[Distribution, ...]
    ) -> tuple[Installability, tuple[str, ...]]:
        if release.fit is None:
            return Installability.MISSING, tuple(refusal_sentence(refusal) for refusal in release.refusals[:1])
        chosen = release.fit.distribution
        if isinstance(chosen, Wheel):
            return Installability.WHEEL, ()
        told = purity_from_siblings(files, self._compatibility.target.platform)
        if told is not None and not (
            told[0] is Installability.SDIST_NATIVE and isinstance(chosen, Sdist) and is_small(chosen)
        ):
            return told
        judged = self._judged(package, chosen)
        return judged if told is None or judged[0] is Installability.SDIST_OPTIONAL else told

    def _judged(self, package: LockedPackage, sdist: Sdist) -> tuple[Installability, tuple[str, ...]]:
        # The index's own word on where the file is goes first: some locks have only its name, others name a host that this
        # machine does not reach. The lock decides which bytes it is.
        on_page = self._projects.page(package.name).distributions.get(_version(package), ())
        listed = next((file for file in on_page if file.filename == sdist.filename), None)
        hashes = dict(sdist.at.hashes)
        same = listed is not None and all(hashes.get(name, digest) == digest for name, digest in listed.at.hashes)
        at_hand = listed if isinstance(listed, Sdist) and same else sdist
        if not at_hand.at.url:
            return Installability.SDIST_UNKNOWN, (f"{sdist.filename} is not on the index, so it was not read",)
        try:
            judgement = self._projects.source(at_hand)
        except ArchiveRefused as error:
            self._refused[package.name] = str(error)
            return Installability.SDIST_UNKNOWN, (str(error),)
        return judgement.on(self._compatibility.target.markers.get("sys_platform", ""))

    # Edges

    def _iter_edges(self, pins: Mapping[NormalizedName, Pin]) -> Iterator[Edge]:
        depended: set[NormalizedName] = set()
        for name, package in sorted(self._packages.items()):
            for child in self._children(package):
                if child in pins and child != name:
                    depended.add(child)
                    origin = CandidateOrigin(name=name, version=_version(package))
                    yield Edge(parent=name, child=child, requirement=_requirement(self._packages[child], origin))
        # The packages that the lock says were asked for; where it says nothing, those that no other depends on.
        own = [package for package in self._lock.packages if package.is_own]
        names = {edge.name for package in own for edge in package.dependencies} | {r.name for r in self._lock.roots}
        asked = names & pins.keys() or pins.keys() - depended
        for name in sorted(asked):
            package = self._packages[name]
            yield Edge(parent=None, child=name, requirement=_requirement(package, package.origin))

    def _children(self, package: LockedPackage) -> list[NormalizedName]:
        found = dict.fromkeys(
            edge.name
            for edge in package.dependencies
            if edge.name in self._packages
            and (edge.for_extra is None or edge.for_extra in package.extras)
            and (edge.marker is None or self._compatibility.evaluate(edge.marker).holds)
        )
        return sorted(found)


def _is_file(package: LockedPackage) -> bool:
    return package.unsupported is None and package.version is not None


def _version(package: LockedPackage) -> Version:
    if package.version is None:
        raise TypeError(f"{package.name} has no version")
    return package.version


def _requirement(package: LockedPackage, origin: Origin) -> Requirement:
    extras = f"[{','.join(sorted(package.extras))}]" if package.extras else ""
    # Where the lock lists files it has chosen among them by their hashes already.
    hashes = package.hashes if package.files is None else ()
    return Requirement.parse(f"{package.name}{extras}=={package.version}", origin, hashes=hashes)
