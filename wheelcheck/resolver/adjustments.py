"""Which requirements hold on the target, and in which form: excludes, overrides, constraints and markers are applied here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from packaging.markers import Marker
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.requirement import Constraint, Requirement
from wheelcheck.model.resolution import Policy
from wheelcheck.resolver.requirement import Bound, Key, bound_of
from wheelcheck.targets.fitting import Compatibility, names_extra, stated_for

_EXTRA_NAMES = re.compile(r"""extra\s*==\s*["']([^"']+)["']|["']([^"']+)["']\s*==\s*extra""")


class Adjustments:
    """The excludes and overrides of *policy* and the *constraints*, applied for the target of *compatibility*.

    ``unknowable`` are the markers met that depend on a value which the target cannot know, each with its variable and the text of
    its requirement.
    """

    def __init__(self, compatibility: Compatibility, policy: Policy, constraints: Iterable[Constraint]) -> None:
        self.unknowable: dict[tuple[str, str, str], None] = {}
        self._compatibility = compatibility
        self._excludes = policy.excludes
        self._overrides: dict[NormalizedName, list[Requirement]] = {}
        for override in policy.overrides:
            self._overrides.setdefault(override.name, []).append(override)
        self._constraints: dict[NormalizedName, list[Constraint]] = {}
        for constraint in constraints:
            if self._holds(constraint.marker, "", constraint):
                self._constraints.setdefault(constraint.name, []).append(constraint)

    def constraints_on(self, name: NormalizedName) -> Sequence[Constraint]:
        """The constraints on *name* that hold on the target."""
        return self._constraints.get(name, ())

    def bounds_on(self, name: NormalizedName) -> list[Bound]:
        """The version bounds of these constraints."""
        return [bound_of(constraint.specifier) for constraint in self.constraints_on(name)]

    def iter_effective(self, requirement: Requirement, extra: str = "") -> Iterator[Requirement]:
        """The requirements that stand in the place of *requirement*, which was stated for *extra*; none where it does not hold.

        An exclude drops a requirement. An override replaces it together with its marker, except that a requirement of an extra
        remains one.
        """
        if requirement.name in self._excludes:
            return
        overrides = self._overrides.get(requirement.name)
        if overrides is None:
            if self._holds(requirement.marker, extra, requirement):
                yield requirement
            return
        named = {first or second for first, second in _EXTRA_NAMES.findall(str(requirement.marker or ""))}
        if named and extra not in named:
            return
        for override in overrides:
            if self._holds(override.marker, extra, override):
                yield Requirement(
                    name=override.name,
                    specifier=override.specifier,
                    extras=override.extras | requirement.extras,
                    url=override.url,
                    hashes=override.hashes,
                    origin=requirement.origin,
                    text=f"{override} (override of {requirement})",
                )

    def iter_active(self, requires: tuple[str, ...], key: Key, version: Version) -> Iterator[Requirement]:
        """The effective requirements among *requires*, the ``Requires-Dist`` lines of *version* of *key*."""
        name, extra = key
        for stated in stated_for(requires, name, version, extra):
            # An extra does not repeat what its base requires anyway.
            if extra and (not names_extra(stated.marker) or any(self.iter_effective(stated))):
                continue
            yield from self.iter_effective(stated, extra)

    def _holds(self, marker: Marker | None, extra: str, stated: Requirement | Constraint) -> bool:
        if marker is None:
            return True
        reading = self._compatibility.evaluate(marker, extra)
        for variable in sorted(reading.unknowable):
            self.unknowable[(str(marker), variable, str(stated))] = None
        return reading.holds
