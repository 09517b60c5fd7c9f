"""The targets that a project says it is for: ``tool.uv.environments``, ``required-environments`` and its Pythons → ``Target``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from msgspec import Struct
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from wheelcheck.model.target import Target
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.targets import PLATFORMS, parse_target


class Environments(Struct, frozen=True, kw_only=True):
    """One of *supported* has to hold on a target, unless there are none; each of *required* has one.

    One of *bounds* has to admit its Python, unless there are none.
    """

    supported: tuple[Marker, ...] = ()
    required: tuple[Marker, ...] = ()
    bounds: tuple[SpecifierSet, ...] = ()

    def admits(self, target: Target) -> bool:
        """Whether the project is for *target*, so far as markers say so."""
        return not self.supported or any(_holds(marker, target) for marker in self.supported)

    def python(self, known: Sequence[str]) -> str | None:
        """The first of *known* that the project is for; ``None`` where it is for the running one, or for none of them."""
        return next((word for word in (None, *known) if self._is_for(parse_target(None, word))), None)

    def targets(self, pythons: Sequence[str], known: Sequence[str]) -> tuple[Target, ...]:
        """One target for each marker that no earlier one is for, those required first: on this machine's platform if it can be.

        The Python is each of *pythons*; without them the running one, or the first of *known* that the project admits. Where
        there are no markers, that Python is all that is chosen.
        """
        if not (self.required or self.supported):
            return () if pythons else tuple(itertools.islice(self._candidates([None, *known]), 1))
        found: list[Target] = []
        for marker in (*self.required, *self.supported):
            if any(_holds(marker, each) for each in found):
                continue
            for words in [[python] for python in pythons] if pythons else [[None, *known]]:
                target = next((each for each in self._candidates(words) if _holds(marker, each)), None)
                if target is not None:
                    found.append(target)
        return tuple(found)

    def _candidates(self, pythons: Sequence[str | None]) -> Iterator[Target]:
        for python in pythons:
            for platform in (None, *PLATFORMS):
                target = parse_target(platform, python)
                if self.admits(target) and self._is_for(target):
                    yield target

    def _is_for(self, target: Target) -> bool:
        """Whether the bounds admit the Python of *target*."""
        return not self.bounds or any(each.contains(target.python_full, prereleases=True) for each in self.bounds)


def _holds(marker: Marker, target: Target) -> bool:
    return Compatibility(target).evaluate(marker, "").holds
