"""A distribution, a marker or a Python bound, judged for one target; decides nothing about what may be *chosen*.

:class:`Compatibility` remembers what it has judged: thousands of files share a few hundred tag sets, bounds and markers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from wheelcheck.model import Distribution, Fit, MarkerReading, Refusal, RefusalReason, Sdist, Target, Wheel, WheelTag

_SHARED_ABIS = frozenset({"none", "abi3", "abi3t"})
_VARIABLES = re.compile(r"\b(platform_release|platform_version|implementation_version|platform\.version)\b")


class Compatibility:
    """Judges for *target*; safe to share between threads, since every answer is a pure function of its question."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._own = target.tags[0][0]
        self._interpreters = frozenset(tag[0] for tag in target.tags)
        self._python_abis = frozenset(tag[:2] for tag in target.tags)
        self._ranks: dict[tuple[WheelTag, ...], tuple[int, WheelTag] | tuple[RefusalReason, str]] = {}
        self._pythons: dict[str, bool] = {}
        self._markers: dict[tuple[str, str], MarkerReading] = {}
        # Marker.evaluate fills gaps from the *running* interpreter, so every variable is given. An unknowable one is
        # empty, which no ordinary comparison meets.
        self._environment: Mapping[str, str] = {**dict.fromkeys(target.unknowable, ""), **target.markers}

    def judge(self, distribution: Distribution) -> Fit | Refusal:
        """Fit or refusal of one file by its tags and its Requires-Python (PEP 425, PEP 440, PEP 503)."""
        if isinstance(distribution, Sdist):
            answer: Fit | Refusal = Fit(distribution, len(self.target.tags))
        else:
            found = self._rank(distribution.tags)
            if isinstance(found[0], RefusalReason):
                return Refusal(distribution, found[0], str(found[1]))
            answer = Fit(distribution, found[0], found[1])
        bound = distribution.at.requires_python
        if bound and not self.admits_python(bound):
            return Refusal(distribution, RefusalReason.REQUIRES_PYTHON, bound)
        return answer

    def _rank(self, tags: tuple[WheelTag, ...]) -> tuple[int, WheelTag] | tuple[RefusalReason, str]:
        known = self._ranks.get(tags)
        if known is None:
            ranks = self.target.rank
            best = min(((ranks[tag], tag) for tag in tags if tag in ranks), default=None)
            known = self._ranks[tags] = best if best is not None else self._refusal(tags)
        return known

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
        known = self._pythons.get(bound)
        if known is None:
            specifier = _specifier(bound)
            known = specifier is None or specifier.contains(self.target.python_full, prereleases=True)
            self._pythons[bound] = known
        return known

    def patch_decides(self, bound: str) -> bool:
        """Whether *bound* refuses the assumed ``.0`` patch release but admits a later one of the same minor."""
        specifier = _specifier(bound)
        if not self.target.patch_assumed or specifier is None or self.admits_python(bound):
            return False
        full = self.target.python_full
        return specifier.contains(Version(f"{full.major}.{full.minor}.99"))

    def evaluate(self, marker: Marker, extra: str = "") -> MarkerReading:
        """Evaluate *marker* on the target, *extra* being the one extra it is asked for (PEP 508)."""
        key = (str(marker), extra)
        known = self._markers.get(key)
        if known is None:
            try:
                holds = marker.evaluate({**self._environment, "extra": extra})
            except (UndefinedComparison, UndefinedEnvironmentName, InvalidMarker):
                holds = False
            used = (
                frozenset(_VARIABLES.findall(key[0])) & self.target.unknowable
                if self.target.unknowable
                else frozenset()
            )
            known = self._markers[key] = MarkerReading(holds, used)
        return known


@functools.lru_cache(maxsize=10_000)
def _specifier(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


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
