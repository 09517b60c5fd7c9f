"""The candidates of a resolution: pages as the target sees them, files judged, metadata read; and which of them a pass may choose.

Everything is judged when it is first looked at, and kept for both passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import ArchiveRefused, MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, Distribution, MetadataSource, ProjectPage, Sdist, Wheel
from wheelcheck.model.judgement import FROM_SOURCE, Installability, Judgement, Purity
from wheelcheck.model.resolution import Pin, Policy
from wheelcheck.model.target import Fit, Refusal, RefusalReason
from wheelcheck.ports import Projects
from wheelcheck.resolver.requirement import Bound, versions_within
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.hash_rules import HashRules
from wheelcheck.targets.project_view import Admission, ProjectView, Release, purity_from_siblings

ABSENT = Version("0")  # stands in for the version of a project that no index knows, in the natural pass only


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
        """Whether a file of *version* fits the target, be its hash one that was asked for or not."""
        view = self.view(name)
        if view.release(version).fit is not None or name not in self._hashes.lines:
            return view.release(version).fit is not None
        return any(self.compatibility.fit(file) is not None for file in view.page.distributions[version])

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
        return judgement.purity.installability, judgement.evidence

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
        everything = self._admits_pre_releases(name, limits)
        finals = [version for version in within if everything or not version.is_prerelease]
        held_back = [version for version in within if not everything and version.is_prerelease]
        if self._source.policy.keeps_pre_releases_out_of(name):
            held_back = []
        unusable: list[Version] = []
        found = False
        # PEP 440: pre-releases serve where there is nothing else. A final release without a file for the target is nothing, one
        # that was withdrawn or that the policy forbids is something, as for pip.
        for group in (finals, held_back):
            any_there = False
            for version in self._by_preference(name, group):
                any_there = any_there or self._has_file(name, version)
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
            any_there = any_there or self._has_file(name, version)
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

    def _by_preference(self, name: NormalizedName, versions: list[Version]) -> list[Version]:
        """*versions*, newest first; under ``--prefer-binary`` those with a wheel before all others."""
        if not self._source.policy.prefer_binary:
            return versions
        view = self._source.view(name)
        return sorted(versions, key=lambda version: not view.release(version).has_wheel)

    def _has_file(self, name: NormalizedName, version: Version) -> bool:
        """Whether *version* has a file for the target, though it may not be chosen: then it holds pre-releases back."""
        return self._source.has_file(name, version)

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
        is_old = (release.upload_time or "~") < self.leniency.oldest.get(name, "")
        has_wheel = release.has_wheel and Installability.WHEEL in self._source.policy.allowed
        if self.leniency.covers(name) or (has_wheel and not is_old):
            return True
        allowed = self._source.policy.allowed_of(name, version)
        if is_old or (not release.has_wheel and not allowed & FROM_SOURCE):
            return False  # its archive could change nothing, and archives are large: some have 400 MB
        self._before_reading()
        return self._source.installability(name, version)[0] in allowed
