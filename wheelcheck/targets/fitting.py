"""Judges a distribution, a marker or a Python bound for one target; does not decide which version is *chosen*.

:class:`Compatibility` remembers its answers: thousands of files share a few hundred tag sets, bounds and markers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.model.distribution import Distribution, Sdist, Wheel, WheelTag, as_specifier, parse_version
from wheelcheck.model.requirement import CandidateOrigin, Requirement, parse_marker
from wheelcheck.model.target import Fit, MarkerReading, Refusal, RefusalReason, Target

_SHARED_ABIS = frozenset({"none", "abi3", "abi3t"})
_NAMES = re.compile(
    r"\b(extra|os_name|sys_platform|platform_[a-z_]+|python_[a-z_]+|implementation_[a-z_]+|extras|dependency_groups)\b"
)
_NAMED_EXTRA = re.compile(r'\bextra == "([^"]*)"')
_EXTRA_NAMES = re.compile(r"""extra\s*==\s*["']([^"']+)["']|["']([^"']+)["']\s*==\s*extra""")
_RELEASES = re.compile(r'"(\d+(?:\.\d+)*)"')
_KERNELS, _LAST_KERNEL = 12, 999
_VARIABLES = re.compile(r"\b(platform_release|platform_version|implementation_version|platform\.version)\b")


Kinds = Mapping[tuple[WheelTag, ...], list[Distribution]]
"""Files by their tags, source archives by none."""


def kinds_of(distributions: Iterable[Distribution]) -> Kinds:
    """*distributions* by kind, for :meth:`Compatibility.fits`."""
    kinds: dict[tuple[WheelTag, ...], list[Distribution]] = {}
    for each in distributions:
        kinds.setdefault(() if isinstance(each, Sdist) else each.tags, []).append(each)
    return kinds


class _SharedMarker:
    """A marker as it is asked of many targets: the variables it names, and its outcome for each of their values met."""

    __slots__ = ("asks_extra", "extras_needed", "marker", "outcomes", "unknowable", "variables")

    def __init__(self, marker: Marker) -> None:
        text = str(marker)
        names = dict.fromkeys(_NAMES.findall(text))
        self.marker = marker
        self.asks_extra = "extra" in names
        self.variables = tuple(name for name in names if name != "extra")
        self.unknowable = frozenset(_VARIABLES.findall(text))
        self.outcomes: dict[tuple[str | None, ...], bool] = {}
        # Each part of a conjunction must hold.
        needed = _NAMED_EXTRA.findall(text) if " or " not in text else ()
        self.extras_needed = frozenset(map(canonicalize_name, needed))

    def holds(self, environment: Mapping[str, str], extra: str) -> bool:
        """The outcome in *environment*; targets that agree on the variables named share it."""
        values = (extra, *map(environment.get, self.variables))
        known = self.outcomes.get(values)
        if known is None:
            try:
                known = self.marker.evaluate({**environment, "extra": extra})
            except (
                UndefinedEnvironmentName,
                ValueError,
            ):  # a comparison that is not defined, or a version with thousands of digits
                known = False
            self.outcomes[values] = known
        return known


@functools.lru_cache(maxsize=50_000)
def _reading(marker: Marker) -> _SharedMarker:
    return _SharedMarker(marker)


def names_extra(marker: Marker | None) -> bool:
    """Whether *marker* asks for an extra, and so may hold for one and not for another."""
    return marker is not None and _reading(marker).asks_extra


def extras_named(marker: Marker | None) -> frozenset[str]:
    """The extras that *marker* asks about, as written."""
    return frozenset(first or second for first, second in _EXTRA_NAMES.findall(str(marker or "")))


def is_for_another_extra(marker: Marker | None, extra: str) -> bool:
    """Whether *marker* can hold on no target for *extra*, because it asks for another one, and says nothing of a target besides.

    ``False`` where that takes more than a look at it, and for one that uses a variable that no target knows: a finding reports it.
    """
    if marker is None:
        return False
    reading = _reading(marker)
    needed = reading.extras_needed
    return bool(needed) and not reading.unknowable and canonicalize_name(extra) not in needed


class _Answers:
    """The answers given for one target, shared by all that judge for it."""

    __slots__ = ("patches", "pythons", "ranks", "unusable")

    def __init__(self) -> None:
        self.ranks: dict[tuple[WheelTag, ...], tuple[int, WheelTag]] = {}
        self.unusable: set[tuple[WheelTag, ...]] = set()
        self.pythons: dict[str, bool] = {}
        self.patches: dict[str, bool] = {}


@functools.lru_cache(maxsize=128)
def _answers_of(target: Target) -> _Answers:  # noqa: ARG001 - the key
    return _Answers()


class Compatibility:
    """Judges for *target*; safe to share between threads, since every answer is a pure function of its question."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._own = target.tags[0][0]
        self._answers = _answers_of(target)
        self._markers: dict[tuple[_SharedMarker, str], MarkerReading] = {}
        # Marker.evaluate fills gaps from the *running* interpreter, so every variable is given. An unknowable one is
        # empty, which no ordinary comparison meets.
        self._environment: Mapping[str, str] = {**dict.fromkeys(target.unknowable, ""), **target.markers}
        self._oldest = {"platform_release": release} if (release := _darwin_release(target.platform)) else {}

    @functools.cached_property
    def _interpreters(self) -> frozenset[str]:
        return frozenset(tag[0] for tag in self.target.tags)

    @functools.cached_property
    def _python_abis(self) -> frozenset[tuple[str, ...]]:
        return frozenset(tag[:2] for tag in self.target.tags)

    def judge(self, distribution: Distribution) -> Fit | Refusal:
        """Fit or refusal of one file by its tags and its Requires-Python (PEP 425, PEP 440, PEP 503)."""
        fit = self.fit(distribution)
        if fit is not None:
            return fit
        if isinstance(distribution, Wheel) and self._rank(distribution.tags) is None:
            return Refusal(distribution, *self._refusal(distribution.tags))
        return Refusal(distribution, RefusalReason.REQUIRES_PYTHON, distribution.at.requires_python or "")

    def fit(self, distribution: Distribution) -> Fit | None:
        """The fit of one file, ``None`` for one that :meth:`judge` refuses; most of a page is, mostly unasked."""
        if isinstance(distribution, Sdist):
            best: tuple[int, WheelTag | None] | None = (len(self.target.tags), None)
        else:
            best = self._rank(distribution.tags)
        if best is None:
            return None
        bound = distribution.at.requires_python
        if bound and not self.admits_python(bound):
            return None
        return Fit(distribution, *best)

    def fits(self, kinds: Kinds) -> list[Fit]:
        """The fits among the files of *kinds*, in no order; costs a look-up for each kind that was refused before."""
        # A target looks at thousands of files, nearly all of them for others.
        near = set(kinds) - self._answers.unusable
        return [fit for kind in near for fit in map(self.fit, kinds[kind]) if fit is not None]

    def can_use(self, tags: tuple[WheelTag, ...]) -> bool:
        """Whether the target can use a wheel with *tags*."""
        return self._rank(tags) is not None

    def _rank(self, tags: tuple[WheelTag, ...]) -> tuple[int, WheelTag] | None:
        known = self._answers.ranks.get(tags)
        if known is not None or tags in self._answers.unusable:
            return known
        ranks = self.target.rank
        usable = [(ranks[tag], tag) for tag in tags if tag in ranks]
        if not usable:
            self._answers.unusable.add(tags)
            return None
        best = self._answers.ranks[tags] = min(usable)
        return best

    def _refusal(self, tags: tuple[WheelTag, ...]) -> tuple[RefusalReason, str]:
        # "cp39" is among the tags of a newer CPython for abi3's sake only: with an ABI of its own it is another Python.
        if not any(tag[0] == self._own or (tag[0] in self._interpreters and tag[1] in _SHARED_ABIS) for tag in tags):
            return RefusalReason.PYTHON_TAG, ".".join(dict.fromkeys(tag[0] for tag in tags))
        if not any(tag[:2] in self._python_abis for tag in tags):
            # A build of another kind of this Python (free-threaded, debug), or abi3 where it may not run.
            return RefusalReason.ABI_TAG, ".".join(dict.fromkeys(tag[1] for tag in tags))
        return RefusalReason.PLATFORM_TAG, ".".join(dict.fromkeys(tag[2] for tag in tags))

    def admits_python(self, bound: str) -> bool:
        """Whether the target's Python is within *bound*; a bound that is no specifier bounds nothing, as pip has it."""
        known = self._answers.pythons.get(bound)
        if known is None:
            known = self._answers.pythons[bound] = _admits(bound, self.target.python_full)
        return known

    def ends_before(self, bound: str) -> bool:
        """Whether *bound* admits Pythons before the target's, and neither this nor any that follows."""
        if self.admits_python(bound) or _admits(bound, Version("3.99")):
            return False
        return any(_admits(bound, Version(f"3.{minor}")) for minor in range(self.target.python_full.minor))

    def patch_decides(self, bound: str) -> bool:
        """Whether *bound* refuses the assumed ``.0`` patch release but admits a later one of the same minor."""
        known = self._answers.patches.get(bound)
        if known is None:
            known = self._answers.patches[bound] = self._patch_decides(bound)
        return known

    def _patch_decides(self, bound: str) -> bool:
        specifier = as_specifier(bound)
        if not self.target.patch_assumed or specifier is None or self.admits_python(bound):
            return False
        full = self.target.python_full
        return specifier.contains(Version(f"{full.major}.{full.minor}.99"))

    def evaluate(self, marker: Marker, extra: str = "") -> MarkerReading:
        """Evaluate *marker* on the target, *extra* being the one extra it is asked for (PEP 508)."""
        reading = _reading(marker)
        key = (reading, extra if reading.asks_extra else "")
        known = self._markers.get(key)
        if known is None:
            holds, unknown = self._read(reading, key[1])
            known = self._markers[key] = MarkerReading(holds, unknown)
        return known

    def holds(self, marker: Marker | None, extras: Iterable[str] = ()) -> bool:
        """Whether *marker*, if there is one, holds on the target: for a project alone, or for one of its *extras*."""
        return marker is None or any(self.evaluate(marker, extra).holds for extra in ("", *sorted(extras)))

    def _read(self, reading: _SharedMarker, extra: str) -> tuple[bool, frozenset[str]]:
        """Whether it holds, and the variables without which that is not certain.

        A target of macOS names the oldest release that will do, which tells the oldest kernel: a marker is certain that has one
        answer for that, for the first of each later release, and for the later ones that it names.
        """
        unknown = self.target.unknowable.intersection(reading.variables)
        if not unknown & self._oldest.keys():
            return reading.holds(self._environment, extra), unknown
        oldest = self._oldest["platform_release"]
        first = int(oldest.partition(".")[0])
        later = (f"{each}.0.0" for each in (*range(first + 1, first + _KERNELS), _LAST_KERNEL))
        named = (each for each in _RELEASES.findall(str(reading.marker)) if Version(each) >= Version(oldest))
        holds, *others = (
            reading.holds({**self._environment, "platform_release": each}, extra) for each in (oldest, *later, *named)
        )
        return holds, unknown - self._oldest.keys() if all(each is holds for each in others) else unknown

    def evaluated(self) -> tuple[tuple[Marker, str, MarkerReading], ...]:
        """The markers that this judge was asked for so far and that depend on the target, each with its extra and the outcome."""
        return tuple(
            (reading.marker, extra, answer)
            for (reading, extra), answer in list(self._markers.items())
            if reading.variables
        )


def _darwin_release(platform: str) -> str:
    """The release of the kernel in the macOS that *platform* names (``platform.release()``); empty for other systems."""
    found = re.match(r"macosx_(\d+)_(\d+)_", platform)
    if found is None:
        return ""
    major, minor = int(found[1]), int(found[2])
    # Apple went from macOS 15 on to 26, and from Darwin 24 to 25.
    return f"{minor + 4 if major == 10 else major + 9 if major < 26 else major - 1}.0.0"


@functools.lru_cache(maxsize=50_000)
def _admits(bound: str, python: Version) -> bool:
    specifier = as_specifier(bound)
    return specifier is None or specifier.contains(python, prereleases=True)


def fits(distributions: Iterable[Distribution], target: Target) -> list[Fit | Refusal]:
    """Judge each of *distributions* for *target*, best fit first, refusals after in the order given.

    A wheel's rank is the position of its best tag in ``target.tags``, so 0 is the most specific (PEP 425); of wheels with one
    rank the higher build tag comes first (PEP 427); sdists rank behind every wheel. Yanked distributions keep their rank:
    whether they may be chosen is the resolver's business (PEP 592).
    """
    compatibility = Compatibility(target)
    answers = [compatibility.judge(distribution) for distribution in distributions]
    chosen = sorted((answer for answer in answers if isinstance(answer, Fit)), key=fit_order)
    return [*chosen, *(answer for answer in answers if isinstance(answer, Refusal))]


def fit_order(fit: Fit) -> tuple[int, int, tuple[int, ...], str]:
    """Sort key: better fits first, then higher build tags, then the file name, so that the choice never varies."""
    build = fit.distribution.build if isinstance(fit.distribution, Wheel) else None
    number, rest = build if build is not None else (-1, "")
    return (fit.rank, -number, tuple(-ord(character) for character in rest), fit.distribution.filename)


def stated_requirements(requires: tuple[str, ...], name: NormalizedName, version: Version) -> tuple[Requirement, ...]:
    """The texts *requires* of the metadata of *version* of *name*, as requirements with that origin."""
    return _stated_requirements(requires, name, str(version))


def stated_for(
    requires: tuple[str, ...], name: NormalizedName, version: Version, extra: str
) -> tuple[Requirement, ...]:
    """Of :func:`stated_requirements` those that may hold for *extra* on some target: most of a long list are for other extras.

    Those others are told by their marker, which many of them share, and never parsed.
    """
    return _stated_for(requires, name, str(version), extra)


# By the text of the version: "1" and "1.0" are equal, and their origins are written differently.
@functools.lru_cache(maxsize=2_000)
def _stated_requirements(requires: tuple[str, ...], name: NormalizedName, version: str) -> tuple[Requirement, ...]:
    origin = CandidateOrigin(name=name, version=parse_version(version))
    return tuple(Requirement.parse(text, origin) for text in requires)


@functools.lru_cache(maxsize=4_000)
def _stated_for(requires: tuple[str, ...], name: NormalizedName, version: str, extra: str) -> tuple[Requirement, ...]:
    origin = CandidateOrigin(name=name, version=parse_version(version))
    possible = (text for text in requires if not is_for_another_extra(_marker_in(text), extra))
    stated = (Requirement.parse(text, origin) for text in possible)
    return tuple(each for each in stated if not is_for_another_extra(each.marker, extra))


def _marker_in(text: str) -> Marker | None:
    """The marker of the requirement *text*; ``None`` where it has none, or where only a parser can tell it from a URL."""
    _, semicolon, marker = text.partition(";")
    if not semicolon or "@" in text:
        return None
    try:
        return parse_marker(marker.strip())
    except InvalidMarker:
        return None
