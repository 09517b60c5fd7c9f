"""What can be had of each project on the target: pages understood, files judged, metadata read; chooses nothing.

A :class:`Shelf` is one project's page under the policy, newest version first; a :class:`Release` is one version on it with the
file that an installer would take. Everything is judged when first looked at and kept, for both passes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.compat import Compatibility
from wheelcheck.compat.fitting import fit_order
from wheelcheck.errors import ArchiveRefused, MetadataMalformed
from wheelcheck.model import (
    CoreMetadata,
    Distribution,
    Fit,
    HashPin,
    Installability,
    Judgement,
    MetadataSource,
    Policy,
    ProjectPage,
    Purity,
    Refusal,
    RefusalReason,
    Sdist,
    Wheel,
)
from wheelcheck.ports import Projects

_SIBLINGS_NAMED = 3


class Release:
    """One version of a project on the target.

    ``fit`` is the file that an installer would take, ``None`` where nothing fits. ``hidden`` says that the version does not exist
    for this run (every file uploaded too late). ``yanked`` is the reason when only a withdrawn file is left.
    """

    def __init__(self, version: Version, answers: list[Fit | Refusal]) -> None:
        self.version = version
        self.answers = tuple(answers)
        fits = sorted((answer for answer in answers if isinstance(answer, Fit)), key=fit_order)
        standing = [fit for fit in fits if fit.distribution.at.yanked is None]
        chosen = standing or fits
        self.fit: Fit | None = chosen[0] if chosen else None
        self.yanked = self.fit.distribution.at.yanked if self.fit is not None else self._all_yanked()
        self.sdist = next((fit for fit in chosen if isinstance(fit.distribution, Sdist)), None)
        self.hidden = bool(answers) and all(
            isinstance(answer, Refusal) and answer.reason is RefusalReason.UPLOAD_DATE for answer in answers
        )

    def _all_yanked(self) -> str | None:
        reasons = [answer.distribution.at.yanked for answer in self.answers]
        return next((reason for reason in reasons if reason is not None), None) if None not in reasons else None

    @property
    def has_wheel(self) -> bool:
        """Whether the file that fits best is a wheel."""
        return self.fit is not None and isinstance(self.fit.distribution, Wheel)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The files that the target cannot use."""
        return tuple(answer for answer in self.answers if isinstance(answer, Refusal))

    @property
    def upload_time(self) -> str | None:
        """When the first file of the version came, in the index's words, or ``None``."""
        times = [answer.distribution.at.upload_time for answer in self.answers]
        return min((time for time in times if time), default=None)


class Shelf:
    """The page of one project, versions newest first, each judged when it is first asked for."""

    def __init__(self, page: ProjectPage, supply: Supply) -> None:
        self.page = page
        self.versions: tuple[Version, ...] = tuple(sorted(page.distributions, reverse=True))
        self._supply = supply
        self._releases: dict[Version, Release] = {}

    def release(self, version: Version) -> Release:
        """The version *version* of this page."""
        known = self._releases.get(version)
        if known is None:
            answers = [self._supply.judge(distribution) for distribution in self.page.distributions[version]]
            known = self._releases[version] = Release(version, answers)
        return known

    def newest_final(self) -> Release | None:
        """The newest release that is neither a pre-release, nor withdrawn, nor hidden; it need not fit the target."""
        for version in self.versions:
            if not version.is_prerelease:
                release = self.release(version)
                if not release.hidden and release.yanked is None:
                    return release
        return None


class Supply:
    """Shelves, metadata and judgements of one target under one policy; both passes share it."""

    def __init__(
        self,
        projects: Projects,
        compatibility: Compatibility,
        policy: Policy,
        hashes: Mapping[NormalizedName, tuple[HashPin, ...]],
    ) -> None:
        self.projects = projects
        self.compatibility = compatibility
        self.policy = policy
        self._hashes = {name: frozenset((pin.algorithm, pin.digest) for pin in pins) for name, pins in hashes.items()}
        self._shelves: dict[NormalizedName, Shelf] = {}
        self._metadata: dict[tuple[NormalizedName, Version, str | None], CoreMetadata] = {}
        self._judged: dict[tuple[NormalizedName, Version, str | None], tuple[Installability, tuple[str, ...]]] = {}
        self._directs: dict[str, tuple[Distribution, CoreMetadata | None, Judgement | None]] = {}
        self.rejected: dict[tuple[NormalizedName, Version], str] = {}
        self.archives_refused: dict[NormalizedName, str] = {}

    # Pages

    def shelf(self, name: NormalizedName) -> Shelf:
        """The shelf of *name*; empty where no index knows it."""
        known = self._shelves.get(name)
        if known is None:
            known = self.shelf_of(self.projects.page(name))
        return known

    def shelf_of(self, page: ProjectPage) -> Shelf:
        """The shelf of a *page* that is already at hand; ``setdefault`` keeps one shelf when two threads meet here."""
        return self._shelves.get(page.name) or self._shelves.setdefault(page.name, Shelf(page, self))

    def judge(self, distribution: Distribution) -> Fit | Refusal:
        """Fit or refusal of one file: first what the policy hides, then what the target cannot use."""
        at = distribution.at
        cutoff = self.policy.exclude_newer
        if cutoff is not None and not is_before(at.upload_time, cutoff):
            return Refusal(distribution, RefusalReason.UPLOAD_DATE, at.upload_time or "not given")
        wanted = self._hashes.get(distribution.name)
        if wanted and not wanted.intersection(at.hashes):
            return Refusal(distribution, RefusalReason.HASH, at.sha256 or "no hash announced")
        if self._kind_is_forbidden(distribution):
            return Refusal(distribution, RefusalReason.POLICY, "--only-binary or --no-binary")
        return self.compatibility.judge(distribution)

    def _kind_is_forbidden(self, distribution: Distribution) -> bool:
        policy = self.policy
        if not policy.no_binary and not policy.only_binary:
            return False
        named = {distribution.name, ":all:"}
        if isinstance(distribution, Wheel):
            # A project named in one set is exempt from ":all:" in the other, as pip has it.
            return bool(named & policy.no_binary) and distribution.name not in policy.only_binary
        return bool(named & policy.only_binary) and distribution.name not in policy.no_binary

    # Direct references

    def direct(self, url: str) -> tuple[Distribution, Fit | Refusal]:
        """The file behind *url*, judged for the target like any other."""
        if url not in self._directs:
            self._directs[url] = self.projects.direct(url)
        distribution = self._directs[url][0]
        return distribution, self.compatibility.judge(distribution)

    # One version

    def fit(self, name: NormalizedName, version: Version, url: str | None) -> Fit | None:
        """The file that an installer would take for this version, ``None`` where nothing fits."""
        if url is not None:
            answer = self.direct(url)[1]
            return answer if isinstance(answer, Fit) else None
        if (name, version) in self.rejected or version not in self.shelf(name).page.distributions:
            return None
        return self.shelf(name).release(version).fit

    def installability(
        self, name: NormalizedName, version: Version, url: str | None = None
    ) -> tuple[Installability, tuple[str, ...]]:
        """How this version installs on the target, with the evidence; may read a source archive."""
        key = (name, version, url)
        known = self._judged.get(key)
        if known is None:
            known = self._judged[key] = self._judged_anew(name, version, url)
        return known

    def _judged_anew(
        self, name: NormalizedName, version: Version, url: str | None
    ) -> tuple[Installability, tuple[str, ...]]:
        fit = self.fit(name, version, url)
        if fit is None:
            return Installability.MISSING, self._why_missing(name, version, url)
        if isinstance(fit.distribution, Wheel):
            return Installability.WHEEL, ()
        if url is None:
            told = purity_from_siblings(self.shelf(name).page.distributions[version])
            if told is not None:
                return told
        judgement = self.judgement(fit.distribution, url)
        return judgement.purity.installability, judgement.evidence

    def _why_missing(self, name: NormalizedName, version: Version, url: str | None) -> tuple[str, ...]:
        if url is not None:
            answer = self.direct(url)[1]
            return (refusal_sentence(answer),) if isinstance(answer, Refusal) else ()
        reason = self.rejected.get((name, version))
        return (reason,) if reason else ()

    def judgement(self, sdist: Sdist, url: str | None = None) -> Judgement:
        """What the source archive says of itself; one that is refused is of unknown purity, and noted."""
        if url is not None:
            found = self._directs[url][2]
            return found if found is not None else Judgement(purity=Purity.UNKNOWN)
        try:
            return self.projects.source(sdist)
        except ArchiveRefused as error:
            self.archives_refused[sdist.name] = str(error)
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
            return stated or CoreMetadata(name=name, version=distribution.version, source=MetadataSource.UNKNOWN)
        fit = self.fit(name, version, None)
        if fit is not None and isinstance(fit.distribution, Wheel):
            return self.projects.metadata(fit.distribution)
        files = self.shelf(name).page.distributions.get(version, ())
        sdist = fit.distribution if fit is not None and isinstance(fit.distribution, Sdist) else None
        if sdist is not None:
            stated = self.judgement(sdist).metadata
            if stated is not None:
                return stated
        return self._borrowed(name, version, files)

    def _borrowed(self, name: NormalizedName, version: Version, files: tuple[Distribution, ...]) -> CoreMetadata:
        # Wheels of one version mostly agree; one for another platform tells far more than nothing does.
        for file in files:
            if isinstance(file, Wheel):
                try:
                    return replace(
                        self.projects.metadata(file), source=MetadataSource.OTHER_WHEEL, evidence=file.filename
                    )
                except MetadataMalformed:
                    continue
        return CoreMetadata(name=name, version=version, source=MetadataSource.UNKNOWN)


def purity_from_siblings(files: tuple[Distribution, ...]) -> tuple[Installability, tuple[str, ...]] | None:
    """What the wheels of the same release tell of the source: platform wheels only mean that a compiler made them."""
    wheels = [file for file in files if isinstance(file, Wheel)]
    pure = [wheel for wheel in wheels if wheel.is_any]
    if pure and len(pure) == len(wheels):
        return Installability.SDIST_PURE, (f"its release ships a pure wheel: {pure[0].filename}",)
    if wheels and not pure:
        named = ", ".join(wheel.filename for wheel in wheels[:_SIBLINGS_NAMED])
        more = f" and {len(wheels) - _SIBLINGS_NAMED} more" if len(wheels) > _SIBLINGS_NAMED else ""
        return Installability.SDIST_NATIVE, (f"its release ships platform wheels: {named}{more}",)
    return None


def refusal_sentence(refusal: Refusal) -> str:
    """One line that tells why a file cannot be used."""
    return f"{refusal.distribution.filename}: {refusal.reason.value} {refusal.fact}".rstrip()


def is_before(upload_time: str | None, cutoff: str) -> bool:
    """Whether a file was uploaded before *cutoff*, both ISO 8601 in UTC; one without a time was not."""
    return upload_time is not None and _instant(upload_time) < _instant(cutoff)


@functools.lru_cache(maxsize=200_000)
def _instant(text: str) -> str:
    # "2026-10-31T09:08:07.123456Z" and "2026-10-31T09:08:07Z" must compare by time: cut to seconds, then the fraction.
    bare = text.removesuffix("Z").removesuffix("+00:00")
    seconds, _, fraction = bare.partition(".")
    return f"{seconds}.{fraction:0<6}"


@functools.lru_cache(maxsize=100_000)
def contains(specifier: SpecifierSet, version: Version) -> bool:
    """Whether *version* is within *specifier*; pre-releases are ruled on elsewhere, for the whole set of bounds."""
    return specifier.contains(version, prereleases=True)
