"""The candidates of a resolution: pages as the target sees them, files judged, metadata read.

Everything is judged when it is first looked at, and kept for both passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import ArchiveRefused, MetadataMalformed
from wheelcheck.model.distribution import (
    FROM_SOURCE,
    CoreMetadata,
    Distribution,
    Installability,
    Judgement,
    MetadataSource,
    ProjectPage,
    Purity,
    Sdist,
    Wheel,
)
from wheelcheck.model.resolution import Pin, Policy
from wheelcheck.model.target import Fit, Refusal, RefusalReason
from wheelcheck.ports import Projects
from wheelcheck.resolver.requirement import Bound, versions_within
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.hash_rules import HashRules
from wheelcheck.targets.project_view import Admission, ProjectView, Release, is_small, purity_from_siblings


class LookedAt(Struct, frozen=True, kw_only=True):
    """Everything that one search judged and read, by project and version; ``urls`` are the direct references that it followed."""

    releases: Mapping[tuple[NormalizedName, Version], Release]
    metadata: Mapping[tuple[NormalizedName, Version], CoreMetadata]
    installability: Mapping[tuple[NormalizedName, Version], Installability]
    urls: frozenset[str]


class CandidateSource:
    """Pages, metadata and judgements of one target under one policy.

    ``rejected`` are the versions that turned out unusable when their metadata was read, with the reason; ``archives_refused`` the
    source archives that could not be read, by file name.
    """

    def __init__(
        self,
        projects: Projects,
        compatibility: Compatibility,
        policy: Policy,
        hashes: HashRules,
    ) -> None:
        self.projects = projects
        self.compatibility = compatibility
        self.policy = policy
        self._hashes = hashes
        self._admission = Admission(compatibility, policy, hashes)
        self._views: dict[NormalizedName, ProjectView] = {}
        self._metadata: dict[tuple[NormalizedName, Version, str | None], CoreMetadata] = {}
        self._judged: dict[tuple[NormalizedName, Version, str | None], tuple[Installability, tuple[str, ...]]] = {}
        self._directs: dict[str, tuple[Distribution, CoreMetadata | None, Judgement | None]] = {}
        self.rejected: dict[tuple[NormalizedName, Version], str] = {}
        self.archives_refused: dict[str, str] = {}

    def looked_at(self) -> LookedAt:
        """The releases, metadata and archives that were judged and read so far."""
        return LookedAt(
            releases={
                (name, version): release
                for name, view in list(self._views.items())
                for version, release in list(view.judged.items())
            },
            metadata={(name, version): stated for (name, version, _), stated in self._metadata.items()},
            installability={(name, version): found for (name, version, _), (found, _) in self._judged.items()},
            urls=frozenset(self._directs),
        )

    # Pages

    @property
    def pages(self) -> int:
        """How many pages were looked at."""
        return len(self._views)

    def view(self, name: NormalizedName) -> ProjectView:
        """The page of *name* as the target sees it; empty where no index knows it."""
        known = self._views.get(name)
        if known is None:
            known = self.view_of(self.projects.page(name))
        return known

    def view_of(self, page: ProjectPage) -> ProjectView:
        """The view of a *page* that is at hand already; ``setdefault`` keeps one view when two threads meet here."""
        return self._views.get(page.name) or self._views.setdefault(page.name, ProjectView(page, self._admission))

    def has_file(self, name: NormalizedName, version: Version) -> bool:
        """Whether a file of *version* fits the target, be its hash one that was asked for or not.

        Where wheels alone are taken, an archive is no file, as for pip with ``--only-binary :all:``.
        """
        view = self.view(name)
        fits: Iterable[Fit | None] = (view.release(version).fit,)
        if name in self._hashes.lines:
            fits = (*fits, *map(self.compatibility.fit, view.page.distributions[version]))
        alone = not self.policy.allowed_of(name, version) & FROM_SOURCE
        return any(fit is not None and not (alone and isinstance(fit.distribution, Sdist)) for fit in fits)

    def versions_within(self, name: NormalizedName, bounds: Iterable[Bound]) -> tuple[Version, ...]:
        """The versions on the page of *name* that all *bounds* admit, best first; a combination met before costs little."""
        page = self.view(name).page
        within = versions_within(page, bounds)
        return tuple(sorted(within, key=page.place_of_index)) if page.in_order else within

    # Direct references

    def direct(self, url: str) -> tuple[Distribution, Fit | Refusal]:
        """The file behind *url*, judged for the target like any other."""
        if url not in self._directs:
            self._directs[url] = self.projects.direct(url)
        distribution, told, judgement = self._directs[url]
        answer = self.compatibility.judge(distribution)
        # A direct reference has no page: only its metadata says which Pythons it is for.
        stated = told or (judgement.metadata if judgement is not None else None)
        bound = stated.requires_python if stated is not None else None
        if bound and isinstance(answer, Fit) and not self.compatibility.admits_python(bound):
            answer = Refusal(distribution, RefusalReason.REQUIRES_PYTHON, bound)
        if isinstance(answer, Fit) and self._hashes.refuses_reference(distribution, url):
            answer = Refusal(distribution, RefusalReason.HASH, distribution.at.sha256)
        return distribution, answer

    # One version

    def fit(self, name: NormalizedName, version: Version, url: str | None) -> Fit | None:
        """The file that an installer would take for this version, ``None`` where nothing fits."""
        if url is not None:
            answer = self.direct(url)[1]
            return answer if isinstance(answer, Fit) else None
        if (name, version) in self.rejected or version not in self.view(name).page.distributions:
            return None
        return self.view(name).release(version).fit

    def installability(
        self, name: NormalizedName, version: Version, url: str | None = None
    ) -> tuple[Installability, tuple[str, ...]]:
        """How this version installs on the target, with the evidence; may read a source archive."""
        key = (name, version, url)
        known = self._judged.get(key)
        if known is None:
            known = self._judged[key] = self._judged_anew(name, version, url)
        return known

    def pin(self, name: NormalizedName, version: Version, url: str | None, extras: frozenset[NormalizedName]) -> Pin:
        """The pin on this version with its best file for the target."""
        fit = self.fit(name, version, url)
        installability, evidence = self.installability(name, version, url)
        return Pin(
            name=name,
            version=version,
            extras=extras,
            distribution=self._hashes.vouched(fit.distribution) if fit is not None else None,
            tag=fit.tag if fit is not None else None,
            installability=installability,
            metadata=self.metadata(name, version, url),
            evidence=evidence,
        )

    def look_into(self, pins: Iterable[Pin]) -> dict[NormalizedName, Pin]:
        """Those of *pins* that their own source archive shows to do without a compiler, where the wheels of the release told else.

        Wheels show that a compiler made them, and not that the archive needs one: many leave what fails to compile out. Small
        archives alone are read, all at once.
        """
        told = {pin.name: (pin, file) for pin in pins if (file := self._small_archive(pin)) is not None}
        self.projects.prefetch_sources(file for _, file in told.values())
        read = {}
        for name, (pin, file) in told.items():
            judgement = self._judgement(file, None)
            if judgement.purity is Purity.OPTIONAL:
                found = judgement.on(self.compatibility.target.markers.get("sys_platform", ""))
                self._judged[name, pin.version, None] = found
                read[name] = replace(pin, installability=found[0], evidence=found[1])
        return read

    def _small_archive(self, pin: Pin) -> Sdist | None:
        """The archive of *pin*, where that was judged by the wheels of its release and is small."""
        file = pin.distribution
        files = self.view(pin.name).page.distributions.get(pin.version, ())
        if not isinstance(file, Sdist) or file not in files or not is_small(file):
            return None
        return file if purity_from_siblings(files) is not None else None

    def _judged_anew(
        self, name: NormalizedName, version: Version, url: str | None
    ) -> tuple[Installability, tuple[str, ...]]:
        fit = self.fit(name, version, url)
        if fit is None:
            return Installability.MISSING, self._why_missing(name, version, url)
        if isinstance(fit.distribution, Wheel):
            return Installability.WHEEL, ()
        siblings = self.view(name).page.distributions[version] if url is None else ()
        if (known := purity_from_siblings(siblings, self.compatibility.target.platform)) is not None:
            return known
        judgement = self._judgement(fit.distribution, url)
        return judgement.on(self.compatibility.target.markers.get("sys_platform", ""))

    def _why_missing(self, name: NormalizedName, version: Version, url: str | None) -> tuple[str, ...]:
        if url is not None:
            answer = self.direct(url)[1]
            return (refusal_sentence(answer),) if isinstance(answer, Refusal) else ()
        reason = self.rejected.get((name, version))
        return (reason,) if reason else ()

    def _judgement(self, sdist: Sdist, url: str | None) -> Judgement:
        """The judgement of a source archive by its content; one that is refused is of unknown purity, and noted."""
        if url is not None:
            found = self._directs[url][2]
            return found if found is not None else Judgement(purity=Purity.UNKNOWN)
        try:
            return self.projects.source(sdist)
        except ArchiveRefused as error:
            self.archives_refused[sdist.filename] = str(error)
            return Judgement(purity=Purity.UNKNOWN, evidence=(str(error),))

    def metadata(self, name: NormalizedName, version: Version, url: str | None = None) -> CoreMetadata:
        """The dependency fields of the very file that the target would install; where it has none, of a sibling's.

        Raises ``MetadataMalformed`` where the wheel's own cannot be read.
        """
        key = (name, version, url)
        known = self._metadata.get(key)
        if known is None:
            known = self._metadata[key] = self._metadata_anew(name, version, url)
        return known

    def _metadata_anew(self, name: NormalizedName, version: Version, url: str | None) -> CoreMetadata:
        if url is not None:
            distribution, told, judgement = self._directs[url]
            stated = told or (judgement.metadata if judgement is not None else None)
            return stated or _unknown(name, distribution.version)
        fit = self.fit(name, version, None)
        file = fit.distribution if fit is not None else None
        lent = self._lent(name, version)
        if isinstance(file, Wheel):
            return self.projects.metadata(file)
        if isinstance(file, Sdist) and self.metadata_wheel(file) is None:
            return self._judgement(file, None).metadata or next(lent, _unknown(name, version))
        return next(lent, _unknown(name, version))

    def metadata_wheel(self, file: Distribution) -> Wheel | None:
        """The wheel whose metadata serve for *file*, be it itself; ``None`` for an archive that must be read.

        A release of platform wheels whose build the policy forbids is known by these: its archive tells no more, and archives are
        large.
        """
        if isinstance(file, Wheel):
            return file
        files = self.view(file.name).page.distributions[file.version]
        known = purity_from_siblings(files)
        is_idle = known is not None and known[0] not in self.policy.allowed_of(file.name, file.version)
        return next(self._lenders(files), None) if is_idle else None

    def _lenders(self, files: Iterable[Distribution]) -> Iterator[Wheel]:
        """The wheels among *files*, those of the target's system first: they differ least from what it would build."""
        system = self.compatibility.target.platform.partition("_")[0]
        wheels = [file for file in files if isinstance(file, Wheel)]
        yield from sorted(wheels, key=lambda wheel: not wheel.tags[0][2].startswith(system))

    def _lent(self, name: NormalizedName, version: Version) -> Iterator[CoreMetadata]:
        # Wheels of one version mostly agree; one for another platform tells far more than nothing does.
        for wheel in self._lenders(self.view(name).page.distributions.get(version, ())):
            with suppress(MetadataMalformed):
                lent = self.projects.metadata(wheel)
                yield replace(lent, source=MetadataSource.OTHER_WHEEL, evidence=wheel.filename)


def _unknown(name: NormalizedName, version: Version) -> CoreMetadata:
    return CoreMetadata(name=name, version=version, source=MetadataSource.UNKNOWN)


def refusal_sentence(refusal: Refusal) -> str:
    """One line that tells why a file cannot be used."""
    return f"{refusal.distribution.filename}: {refusal.reason.value} {refusal.fact}".rstrip()
