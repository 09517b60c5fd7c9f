"""A project's page as one target sees it under one policy: versions newest first, each with its best file.

A :class:`ProjectView` is the page, a :class:`Release` one version on it, judged when it is first asked for. Chooses no version.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from wheelcheck.model.distribution import (
    Distribution,
    Installability,
    NamesTags,
    PageView,
    ProjectPage,
    Sdist,
    Wheel,
    WheelTag,
)
from wheelcheck.model.requirement import HashPin
from wheelcheck.model.resolution import Policy
from wheelcheck.model.target import Fit, Refusal, RefusalReason, Target
from wheelcheck.targets.fitting import Compatibility, Kinds, fit_order, kinds_of
from wheelcheck.targets.hash_rules import HashRules
from wheelcheck.texts.words import folded

_KEPT = 2
_ENDS = ("<3.", "<=3.")  # a bound that ends before some Python holds one of them
_LINUX = ("manylinux", "musllinux", "linux")
_YEARS_BACK = 5
_SMALL = 1024**2  # bytes
_SIBLINGS_NAMED = 3


class Admission:
    """Fit or refusal of a file: first by the policy and the asked-for hashes, then by the target."""

    def __init__(self, compatibility: Compatibility, policy: Policy, hashes: HashRules | None = None) -> None:
        self._compatibility = compatibility
        self._policy = policy
        self._hashes = hashes or HashRules()
        self.has_cutoff = policy.exclude_newer is not None or any(
            cutoff is not None for _, cutoff in policy.exclude_newer_of
        )
        self._forbids_kinds = bool(policy.no_binary or policy.only_binary)

    def judge(self, distribution: Distribution) -> Fit | Refusal:
        """Judge one file."""
        at = distribution.at
        if self.is_too_new(distribution):
            return Refusal(distribution, RefusalReason.UPLOAD_DATE, at.upload_time or "not given")
        if self._hashes.refuses(distribution, hashing=False):
            return Refusal(distribution, RefusalReason.HASH, at.sha256 or "no hash announced")
        if self._forbids_kinds and self._kind_is_forbidden(distribution):
            hidden_by = "--no-binary" if isinstance(distribution, Wheel) else "--only-binary"
            return Refusal(distribution, RefusalReason.POLICY, hidden_by)
        answer = self._compatibility.judge(distribution)
        # Only what fits is worth reading.
        if isinstance(answer, Fit) and self._hashes.refuses(distribution, hashing=True):
            return Refusal(distribution, RefusalReason.HASH, "the file itself has another")
        return answer

    def fits(self, files: Iterable[Distribution], kinds: Kinds) -> list[Fit]:
        """Those of *files* that :meth:`judge` calls a fit, best first.

        *kinds* are the same files by kind.
        """
        if self.has_cutoff or self._hashes.lines or self._forbids_kinds:
            found = [answer for answer in map(self.judge, files) if isinstance(answer, Fit)]
        else:
            found = self._compatibility.fits(kinds)
        if len(found) < 2:
            return found
        if found[0].distribution.name not in self._hashes.lines:
            return sorted(found, key=fit_order)
        # As pip: what is known to have a hash that is asked for goes before what may have one.
        return sorted(found, key=lambda fit: (not self._hashes.is_announced(fit.distribution), fit_order(fit)))

    def is_capped(self, bound: str) -> bool:
        """Whether *bound*, a Requires-Python, ends before the target's Python."""
        return self._compatibility.ends_before(bound)

    def can_use(self, tags: tuple[WheelTag, ...]) -> bool:
        """Whether the target can use a wheel with *tags*."""
        return self._compatibility.can_use(tags)

    def is_too_new(self, distribution: Distribution) -> bool:
        """Whether *distribution* does not exist for this run: it came after the day of the policy, or does not say when."""
        cutoff = self._policy.cutoff_of(distribution.name) if self.has_cutoff else None
        uploaded = distribution.at.upload_time
        return cutoff is not None and (uploaded is None or _instant(uploaded) >= _instant(cutoff))

    def hides(self, files: Sequence[Distribution]) -> bool:
        """Whether a version with *files* does not exist for this run: all of them are too new."""
        return self.has_cutoff and bool(files) and all(map(self.is_too_new, files))

    def releases(self, page: ProjectPage) -> dict[Version, Release]:
        """The versions of *page* that were judged already, by this admission or by an equal one just before.

        Resolving and explaining judge the same files by the same rules, one after the other. Only the last few are kept: a
        search for repairs judges by many.
        """
        recent = page.view(PageFacts).recent
        hashes = self._hashes.lines.get(page.name, ())
        for each in recent:
            if each.target == self._compatibility.target and each.policy == self._policy and each.hashes == hashes:
                return each.releases
        fresh = _JudgedReleases(self._compatibility.target, self._policy, hashes)
        recent[:] = [fresh, *recent[: _KEPT - 1]]
        return fresh.releases

    def _kind_is_forbidden(self, distribution: Distribution) -> bool:
        policy = self._policy
        named = {distribution.name, ":all:"}
        if isinstance(distribution, Wheel):
            # A project named in one set is exempt from ":all:" in the other, as pip has it.
            return bool(named & policy.no_binary) and distribution.name not in policy.only_binary
        return bool(named & policy.only_binary) and distribution.name not in policy.no_binary


class Release:
    """One version of a project on the target: the judgements of *admission* on its *files*.

    ``fit`` is the file that an installer would take, ``None`` where nothing fits. ``hidden`` says that the version does not exist
    for this run (every file uploaded too late). ``yanked`` is the reason when only a withdrawn file is left. The
    reasons of refusals are computed on demand: a resolution looks at hundreds of versions, an explanation at a few.
    *apart* are indexes of which the first that lists a fit is the only one taken.
    """

    def __init__(
        self,
        version: Version,
        files: Sequence[Distribution],
        admission: Admission,
        kinds: Kinds | None = None,
        apart: tuple[str, ...] = (),
    ) -> None:
        self.version = version
        self._files = files
        self._admission = admission
        fits = admission.fits(files, kinds_of(files) if kinds is None else kinds)
        chosen = [fit for fit in fits if fit.distribution.at.yanked is None] or fits
        if len(chosen) > 1 and apart:
            chosen = _of_first_index(chosen, apart)
        self.fit: Fit | None = chosen[0] if chosen else None
        self.yanked = self.fit.distribution.at.yanked if self.fit is not None else self._all_yanked()
        self.sdist = next((fit for fit in chosen if isinstance(fit.distribution, Sdist)), None)
        self.hidden = not fits and admission.hides(files)

    def _all_yanked(self) -> str | None:
        reasons = [file.at.yanked for file in self._files]
        return next((reason for reason in reasons if reason is not None), None) if None not in reasons else None

    @functools.cached_property
    def answers(self) -> tuple[Fit | Refusal, ...]:
        """Of each file whether it fits, or why not."""
        return tuple(map(self._admission.judge, self._files))

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
        times = [file.at.upload_time for file in self._files]
        return min((time for time in times if time), default=None)


def _of_first_index(fits: list[Fit], indexes: tuple[str, ...]) -> list[Fit]:
    """Those of *fits* that the first of *indexes* with a wheel among them lists, or nobody but a folder of links."""
    kind = type(fits[0].distribution)
    listing = {fit.distribution.at.index for fit in fits if isinstance(fit.distribution, kind)}
    first = next((index for index in indexes if index in listing), None)
    return [fit for fit in fits if fit.distribution.at.index == first or fit.distribution.at.index not in indexes]


class _JudgedReleases(Struct):
    """The versions of one page judged for *target* under *policy* and the asked-for *hashes*."""

    target: Target
    policy: Policy
    hashes: tuple[tuple[SpecifierSet, frozenset[HashPin]], ...]
    releases: dict[Version, Release] = field(default_factory=dict)


class ProjectView:
    """The page of one project, versions newest first, each judged when it is first asked for."""

    def __init__(self, page: ProjectPage, admission: Admission) -> None:
        self.page = page
        self._admission = admission
        self._releases = admission.releases(page)
        self._asked: dict[Version, Release] = {}
        self._facts = page.view(PageFacts)
        self._apart = page.indexes if page.apart else ()

    @property
    def versions(self) -> tuple[Version, ...]:
        """Every version of the page, newest first."""
        return self.page.newest_first

    @property
    def judged(self) -> Mapping[Version, Release]:
        """The versions that were asked of this view, and not those of another one with the same rules."""
        return self._asked

    @functools.cached_property
    def runnable(self) -> frozenset[Version]:
        """The versions with a wheel whose tags the target can use, whatever else speaks against it; no other has a usable wheel.

        Costs a look at each kind of wheel on the page, of which there are few; they are read off the names once for all targets.
        """
        can_use = self._admission.can_use
        return frozenset(
            version for tags, versions in self._facts.kinds_of_wheels.items() if can_use(tags) for version in versions
        )

    @functools.cached_property
    def newest_capped(self) -> Version | None:
        """The newest final version of which every file that stands ends before the target's Python, ``None`` where none does.

        What is older was not made for that Python either, though most of it states no end: nobody knew yet.
        """
        for version in self.versions:
            named = not version.is_prerelease and any(self._facts.python_bounds(version, each) for each in _ENDS)
            files = self.page.distributions[version] if named else ()
            there = [file for file in files if file.at.yanked is None and not self._admission.is_too_new(file)]
            if there and all(self._admission.is_capped(file.at.requires_python or "") for file in there):
                return version
        return None

    def is_hidden(self, version: Version) -> bool:
        """Whether *version* does not exist for this run; costs no judgement of its files."""
        # Without a day to hold to, the files need not even be looked at.
        return self._admission.has_cutoff and self._admission.hides(self.page.distributions[version])

    def release(self, version: Version) -> Release:
        """The version *version* of this page."""
        asked = self._asked.get(version)
        if asked is not None:
            return asked
        known = self._releases.get(version)
        if known is None:
            files = self.page.distributions[version]
            known = self._releases[version] = Release(
                version, files, self._admission, self._facts.kinds_of_files(version), self._apart
            )
        self._asked[version] = known
        return known

    def oldest_in_place_of(self, version: Version) -> str:
        """The time before which no version is one to take in place of *version*; empty where any is.

        A release of years before was made for other neighbours, and often has a usable file because it did not do yet what needs
        compiled code, or did not declare yet what it needs.
        """
        time = self.release(version).upload_time if version in self.page.distributions else None
        return f"{int(time[:4]) - _YEARS_BACK}{time[4:]}" if time else ""


class PageFacts(PageView):
    """Facts of a page that are the same for every target, found once; ``recent`` are the latest judgements of its versions."""

    def __init__(self, page: ProjectPage) -> None:
        super().__init__(page)
        self.recent: list[_JudgedReleases] = []
        self._kinds: dict[Version, Kinds] = {}
        self._bounds: dict[tuple[Version, str], frozenset[str]] = {}
        self._standing: dict[str | None, tuple[Version, str | None] | None] = {}

    def kinds_of_files(self, version: Version) -> Kinds:
        """The files of *version* by kind."""
        found = self._kinds.get(version)
        if found is None:
            found = self._kinds[version] = kinds_of(self.page.distributions[version])
        return found

    @functools.cached_property
    def kinds_of_wheels(self) -> Mapping[tuple[WheelTag, ...], list[Version]]:
        """The tags that wheels on the page have, each with the versions of such wheels."""
        kinds: dict[tuple[WheelTag, ...], list[Version]] = {}
        files = self.page.distributions
        named = files.tags_of_wheels if isinstance(files, NamesTags) else lambda version: _tags_of(files[version])
        for version in files:
            for tags in named(version):
                kinds.setdefault(tags, []).append(version)
        return kinds

    def python_bounds(self, version: Version, naming: str) -> frozenset[str]:
        """The bounds on Python that the files of *version* state, where one may name the Python *naming*, such as ``3.12``.

        Files that do not mention it are not understood for that: a page has thousands of them.
        """
        found = self._bounds.get((version, naming))
        if found is None:
            files = self.page.distributions
            is_named = files.mentions(version, naming) if isinstance(files, NamesTags) else True
            stated = (file.at.requires_python for file in files[version]) if is_named else ()
            found = self._bounds[version, naming] = frozenset(bound for bound in stated if bound is not None)
        return found

    def newest_standing(self, cutoff: str | None) -> tuple[Version, str | None] | None:
        """The newest final version with a file that is neither withdrawn nor later than *cutoff*, and its first upload.

        It need not fit any target, and no file is judged for one. ``None`` where there is none.
        """
        if cutoff not in self._standing:
            self._standing[cutoff] = _newest_standing(self.page, cutoff)
        return self._standing[cutoff]


def purity_from_siblings(
    files: tuple[Distribution, ...], platform: str = ""
) -> tuple[Installability, tuple[str, ...]] | None:
    """The installability of a source archive by the wheels of its release: where all are platform wheels, a compiler made them.

    ``None`` where the wheels say too little: some are pure, or those for the system of *platform* suit every interpreter.
    The evidence names those first that are nearest to *platform*: its C library and machine, then its system.
    """
    wheels = [file for file in files if isinstance(file, Wheel)]
    kind, machine = platform.partition("_")[0], platform.split("_", 3)[-1]

    def nearness(wheel: Wheel) -> tuple[bool, bool, bool]:
        tag = wheel.tags[0][2]
        return not tag.startswith(kind), kind in _LINUX and "linux" not in tag, not tag.endswith(machine)

    wheels.sort(key=nearness)
    pure = [wheel for wheel in wheels if wheel.is_any]
    if pure and len(pure) == len(wheels):
        return Installability.SDIST_PURE, (f"its release ships a pure wheel: {pure[0].filename}",)
    if wheels and not pure and not _compiles_elsewhere_alone(wheels, kind):
        named = folded([wheel.filename for wheel in wheels], _SIBLINGS_NAMED)
        return Installability.SDIST_NATIVE, (f"its release ships platform wheels: {named}",)
    return None


def is_small(sdist: Sdist) -> bool:
    """Whether *sdist* costs little to read, so that it is asked itself where the wheels of its release say that it compiles."""
    return sdist.at.size is not None and sdist.at.size <= _SMALL


def _compiles_elsewhere_alone(wheels: Sequence[Wheel], kind: str) -> bool:
    """Whether the wheels for the system of *kind* suit every Python and only others hold code for one: watchdog's for macOS."""
    kinds = _LINUX if kind in _LINUX else (kind,)
    own = [wheel for wheel in wheels if wheel.tags[0][2].startswith(kinds)]
    others = [wheel for wheel in wheels if not wheel.tags[0][2].startswith(kinds)]

    def suits_all(wheel: Wheel) -> bool:
        return all(python.startswith("py") and abi == "none" for python, abi, _ in wheel.tags)

    return bool(kind) and bool(own) and all(map(suits_all, own)) and not all(map(suits_all, others))


def _tags_of(files: Iterable[Distribution]) -> frozenset[tuple[WheelTag, ...]]:
    return frozenset(file.tags for file in files if isinstance(file, Wheel))


def _newest_standing(page: ProjectPage, cutoff: str | None) -> tuple[Version, str | None] | None:
    finals = (version for version in page.newest_first if not version.is_prerelease)
    newest = next((version for version in finals if _stands(page, version, cutoff)), None)
    return None if newest is None else (newest, first_upload(page, newest))


def _stands(page: ProjectPage, version: Version, cutoff: str | None) -> bool:
    return any(
        file.at.yanked is None and (cutoff is None or is_before(file.at.upload_time, cutoff))
        for file in page.distributions[version]
    )


def first_upload(page: ProjectPage, version: Version) -> str | None:
    """When the first file of *version* came to *page*, in the index's words; ``None`` if not known."""
    times = (file.at.upload_time for file in page.distributions.get(version, ()))
    return min((time for time in times if time), default=None)


def is_before(upload_time: str | None, cutoff: str) -> bool:
    """Whether a file was uploaded before *cutoff*, both ISO 8601 in UTC; one without a time was not."""
    return upload_time is not None and _instant(upload_time) < _instant(cutoff)


@functools.lru_cache(maxsize=200_000)
def _instant(text: str) -> str:
    # "2026-10-31T09:08:07.123456Z" and "2026-10-31T09:08:07Z" must compare by time: cut to seconds, then the fraction.
    bare = text.removesuffix("Z").removesuffix("+00:00")
    seconds, _, fraction = bare.partition(".")
    return f"{seconds}.{fraction:0<6}"
