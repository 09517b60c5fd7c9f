"""Version bounds as the solver uses them: read once, asked thousands of times.

Hashing and comparing ``SpecifierSet`` costs more than asking it, so bounds are shared by their text and remember each version that
they were asked for. Pre-releases are ruled on for all bounds on a project together, so here every version may be admitted.
"""

from __future__ import annotations

import functools

from packaging.specifiers import SpecifierSet
from packaging.version import Version


class Bound:
    """One specifier set; made by :func:`bound_of`, so that equal bounds are one object."""

    __slots__ = ("_known", "has_ceiling", "is_exact", "names_pre_release", "specifier", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.specifier = SpecifierSet(text)
        # "==1.2" or "===1.2" names one version, which admits a yanked release (PEP 592).
        self.is_exact = any(
            part.operator == "===" or (part.operator == "==" and "*" not in part.version) for part in self.specifier
        )
        self.has_ceiling = any(part.operator in ("<", "<=", "~=", "==", "===") for part in self.specifier)
        self.names_pre_release = bool(self.specifier.prereleases)
        self._known: dict[Version, bool] = {}

    def admits(self, version: Version) -> bool:
        """Whether *version* is within the bound (PEP 440)."""
        known = self._known.get(version)
        if known is None:
            known = self._known[version] = self.specifier.contains(version, prereleases=True)
        return known


@functools.lru_cache(maxsize=50_000)
def _shared(text: str) -> Bound:
    return Bound(text)


def bound_of(specifier: SpecifierSet) -> Bound:
    """The shared bound that says what *specifier* says."""
    return _shared(str(specifier))
