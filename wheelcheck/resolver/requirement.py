"""What the solver handles: version bounds, resolver requirements, candidates, and which requirements hold on the target.

Bounds are read once and asked thousands of times. Hashing and comparing a ``SpecifierSet`` costs more than asking it, so bounds
are shared by their text and remember each version that they were asked for. Whether pre-releases are admitted is decided for all
bounds on a project together, so here every version may be admitted.
"""

from __future__ import annotations

import functools
import operator
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial

from packaging.markers import Marker
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.distribution import PageView, ProjectPage
from wheelcheck.model.requirement import Constraint, Requirement
from wheelcheck.model.resolution import Policy
from wheelcheck.targets.fitting import Compatibility, extras_named, names_extra, stated_for


class Bound:
    """One specifier set; made by :func:`bound_of`, so that equal bounds are one object."""

    __slots__ = (
        *("_ceilings", "_floors", "_has_floors_only", "_known"),
        *("has_ceiling", "is_exact", "names_pre_release", "specifier", "text"),
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.specifier = SpecifierSet(text)
        # "==1.2" or "===1.2" names one version, which admits a yanked release (PEP 592).
        self.is_exact = any(
            part.operator == "===" or (part.operator == "==" and "*" not in part.version) for part in self.specifier
        )
        self.has_ceiling = any(part.operator in ("<", "<=", "~=", "==", "===") for part in self.specifier)
        # As packaging, and so pip, reads it: any bound but "!=" that names a pre-release admits them, "<2.0.dev0" too.
        self.names_pre_release = self.specifier.prereleases is True
        self._floors = _operands(self.specifier, (">=", ">", "~=", "=="))
        self._ceilings = _operands(self.specifier, ("<=", "<", "=="))
        is_floor = [part.operator == ">=" for part in self.specifier]
        self._has_floors_only = all(is_floor) and len(is_floor) == len(self._floors)
        self._known: dict[Version, bool] = {}

    def of(self, versions: tuple[Version, ...]) -> tuple[Version, ...]:
        """Those of *versions*, newest first, that are within the bound.

        Only what lies between floor and ceiling is judged one by one: of a project's thousand versions that is mostly a handful.
        """
        first, last = 0, len(versions)
        for ceiling in self._ceilings:
            # PEP 440 ignores a local label that the bound does not have: 1.0+cpu is within <=1.0.
            first = max(first, bisect_left(versions, True, key=partial(_is_within, ceiling)))
        for floor in self._floors:
            last = min(last, bisect_left(versions, True, key=partial(operator.gt, floor)))
        between = versions[first:last]
        # ">=" admits just what is not older; and no bound at all is the most frequent one.
        return between if self._has_floors_only else tuple(filter(self.admits, between))

    def admits(self, version: Version) -> bool:
        """Whether *version* is within the bound (PEP 440)."""
        known = self._known.get(version)
        if known is None:
            known = self._known[version] = self.specifier.contains(version, prereleases=True)
        return known


def _operands(specifier: SpecifierSet, operators: tuple[str, ...]) -> tuple[Version, ...]:
    parts: tuple[Specifier, ...] = tuple(part for part in specifier if part.operator in operators)
    return tuple(operand for part in parts if (operand := _plain(part.version)) is not None)


def _plain(text: str) -> Version | None:
    try:
        operand = Version(text)
    except ValueError:  # "1.2.*"
        return None
    return None if operand.local else operand


def _is_within(ceiling: Version, version: Version) -> bool:
    return (version if version.local is None else Version(version.public)) <= ceiling


@functools.lru_cache(maxsize=50_000)
def _shared(text: str) -> Bound:
    return Bound(text)


def bound_of(specifier: SpecifierSet) -> Bound:
    """The shared bound that says what *specifier* says."""
    return _shared(str(specifier))


class _Narrowing:
    """The versions of one project that are left after some bounds, and what further bounds leave of those.

    Bounds come in the order in which they were met, so a new one is tried on the few versions that the others left, and a
    combination met before costs a look-up for each bound: backtracking asks the same thousands of times.
    """

    __slots__ = ("_further", "versions")

    def __init__(self, versions: tuple[Version, ...]) -> None:
        self.versions = versions
        self._further: dict[Bound, _Narrowing] = {}

    def within(self, bounds: Iterable[Bound]) -> tuple[Version, ...]:
        """The versions that all *bounds* admit, in the order of the whole; exact bounds are tried first."""
        at = self
        for bound in sorted(bounds, key=lambda each: not each.is_exact):
            following = at._further.get(bound)
            if following is None:
                following = at._further[bound] = _Narrowing(bound.of(at.versions))
            at = following
        return at.versions


def versions_within(page: ProjectPage, bounds: Iterable[Bound]) -> tuple[Version, ...]:
    """The versions of *page* that all *bounds* admit, newest first.

    Which versions a bound admits is the same on every target, so the narrowing is a view of the page and all targets share it.
    """
    return page.view(_NarrowedPage).whole.within(bounds)


class _NarrowedPage(PageView):
    """The narrowing of all the versions of a page."""

    def __init__(self, page: ProjectPage) -> None:
        super().__init__(page)
        self.whole = _Narrowing(page.newest_first)


Key = tuple[NormalizedName, str]
"""A project and one of its extras, or ``""`` for the project itself.

The candidate of an extra depends on the same version of its base, so extras come and go while the base stays put.
"""


class ResolverRequirement:
    """One requirement on one key, compared by identity; *stated* is the requirement that it was made of.

    *exact* ties an extra to its base; *impossible* says why the candidate that has this requirement is rejected.
    """

    __slots__ = ("bound", "exact", "impossible", "key", "stated", "url")

    def __init__(self, key: Key, stated: Requirement, *, exact: Version | None = None, impossible: str = "") -> None:
        self.key = key
        self.stated = stated
        self.bound = bound_of(stated.specifier)
        self.url = stated.url if exact is None else None
        self.exact = exact
        self.impossible = impossible


class Candidate:
    """A version of a key that could be chosen, compared by identity; ``url`` is set when a direct reference brought it.

    resolvelib tells parents apart by ``id()``: one candidate object must never serve two keys, or edges are lost.
    """

    __slots__ = ("key", "requirements", "url", "version")

    def __init__(self, key: Key, version: Version, url: str | None = None) -> None:
        self.key = key
        self.version = version
        self.url = url
        self.requirements: tuple[ResolverRequirement, ...] | None = None  # filled by the provider, once


def iter_resolver_requirements(stated: Requirement) -> Iterator[ResolverRequirement]:
    """The resolver requirements that *stated* makes: one on the project, one on each of its extras."""
    yield ResolverRequirement((stated.name, ""), stated)
    for extra in sorted(stated.extras):
        yield ResolverRequirement((stated.name, extra), stated)


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

    @property
    def overridden(self) -> Collection[NormalizedName]:
        """The projects of which another requirement stands in place of every one that is stated."""
        return self._overrides.keys()

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
        named = extras_named(requirement.marker)
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
                    local=override.local,
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
