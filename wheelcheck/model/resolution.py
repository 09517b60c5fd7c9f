"""The answer of a resolution, or the causes of there being none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet

from wheelcheck.model.distribution import FROM_SOURCE, Installability

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.distribution import CoreMetadata, Distribution, WheelTag
    from wheelcheck.model.requirement import Constraint, Requirement, UnsupportedRequirement
    from wheelcheck.model.target import Target


class Exemption(Struct, frozen=True, kw_only=True):
    """Versions of *name* within *specifier* may come from source archives of these *installabilities*, whatever else holds."""

    name: NormalizedName
    specifier: SpecifierSet = field(default_factory=SpecifierSet)
    installabilities: frozenset[Installability] = FROM_SOURCE


class Policy(Struct, frozen=True, kw_only=True):
    """What may be chosen.

    ``allowed`` are the installabilities that need no objection, ``exempt`` the projects of which more is allowed. ``pre`` admits
    pre-releases of every project, ``pre_of`` those of single ones, and ``only_final`` (names or ``:all:``) keeps them out.
    ``prefer_binary`` takes any wheel before a source archive, whatever its version. ``exclude_newer`` is an ISO 8601 instant in
    UTC: files uploaded at or after it do not exist; ``exclude_newer_of`` has others for single projects, ``None`` for no bound.
    ``no_binary`` and ``only_binary`` hold names or ``:all:`` in pip's sense. ``overrides`` replace every requirement of their
    project, markers included; ``excludes`` are taken out of every requirement list.
    """

    allowed: frozenset[Installability]
    pre: bool = False
    pre_of: frozenset[NormalizedName] = frozenset()
    only_final: frozenset[str] = frozenset()
    prefer_binary: bool = False
    exclude_newer: str | None = None
    exclude_newer_of: tuple[tuple[NormalizedName, str | None], ...] = ()
    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()
    overrides: tuple[Requirement, ...] = ()
    excludes: frozenset[NormalizedName] = frozenset()
    exempt: tuple[Exemption, ...] = ()

    def admits_pre_releases_of(self, name: NormalizedName) -> bool:
        """Whether pre-releases of the project *name* are admitted, whatever is asked of it."""
        return (self.pre or name in self.pre_of) and not self.keeps_pre_releases_out_of(name)

    def keeps_pre_releases_out_of(self, name: NormalizedName) -> bool:
        """Whether pre-releases of the project *name* do not exist, whatever is asked of it."""
        return name in self.only_final or (":all:" in self.only_final and name not in self.pre_of)

    def cutoff_of(self, name: NormalizedName) -> str | None:
        """The instant from which on files of the project *name* do not exist."""
        return next((cutoff for project, cutoff in self.exclude_newer_of if project == name), self.exclude_newer)

    def allowed_of(self, name: NormalizedName, version: Version) -> frozenset[Installability]:
        """The installabilities that need no objection in this *version* of the project *name*."""
        allowed = self.allowed
        for exemption in self.exempt:
            if exemption.name == name and exemption.specifier.contains(version, prereleases=True):
                allowed |= exemption.installabilities & FROM_SOURCE
        return allowed

    def allows(self, name: NormalizedName, version: Version, installability: Installability) -> bool:
        """Whether nothing is said against this *version* of the project *name* being installed so."""
        return installability in self.allowed or (
            bool(self.exempt) and installability in self.allowed_of(name, version)
        )


class Pin(Struct, frozen=True, kw_only=True):
    """A version that was chosen, with every extra asked of it and its best file for the target.

    ``distribution`` is ``None`` only where the version has nothing usable. ``evidence`` tells why a source archive was
    judged as it was, and ``tag`` is the wheel's tag that fits best.
    """

    name: NormalizedName
    version: Version
    extras: frozenset[NormalizedName] = frozenset()
    distribution: Distribution | None
    tag: WheelTag | None = None
    installability: Installability
    metadata: CoreMetadata
    evidence: tuple[str, ...] = ()


class Edge(Struct, frozen=True, kw_only=True):
    """*parent* (``None``: the user) asks for *child* by *requirement*."""

    parent: NormalizedName | None
    child: NormalizedName
    requirement: Requirement


class OlderPick(Struct, frozen=True, kw_only=True):
    """A project that ended older because of the policy; dates are the first upload of each version, if known.

    ``lacking`` is the pin that the policy forbids: that of the version that would have been chosen, or of what it needs, to which
    ``way`` leads. It is ``None`` where neither is the reason, and where no index knows the project at the end of the way.
    """

    name: NormalizedName
    natural: Version
    chosen: Version
    natural_date: str | None
    chosen_date: str | None
    way: tuple[Edge, ...] = ()
    lacking: Pin | None = None


class Resolution(Struct, frozen=True, kw_only=True):
    """Pins and edges for one target; ``pins`` are in the order of their names.

    ``older`` compares with what would have been chosen without the policy. ``unsupported`` are the requirements that
    could not take part. ``absent`` are the projects that no index knows, ``refused`` those whose archive was not read, each with
    the reason. ``unknowable_markers`` are ``(marker text, variable, requirement text)`` met on the way.
    ``rounds`` counts the solver's rounds in the pass that found it, ``effort`` what all passes cost together,
    in rounds.
    """

    target: Target
    pins: Mapping[NormalizedName, Pin]
    edges: tuple[Edge, ...]
    older: tuple[OlderPick, ...] = ()
    unsupported: tuple[UnsupportedRequirement, ...] = ()
    unknowable_markers: tuple[tuple[str, str, str], ...] = ()
    absent: tuple[NormalizedName, ...] = ()
    refused: tuple[tuple[NormalizedName, str], ...] = ()
    rounds: int = 0
    effort: int = 0

    @property
    def files(self) -> dict[NormalizedName, Distribution]:
        """The file of each pin that has one."""
        return {name: pin.distribution for name, pin in self.pins.items() if pin.distribution is not None}


class Clash(Struct, frozen=True, kw_only=True):
    """One project on which the question broke, and every requirement that bore on it, with the way each came.

    ``paths`` are, for each requirement, the chain of requirement texts from the user's own to it.
    """

    name: NormalizedName
    requirements: tuple[Requirement, ...]
    constraints: tuple[Constraint, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()
    specifier: SpecifierSet


class Conflict(Struct, frozen=True, kw_only=True):
    """Why there is no resolution.

    ``natural`` is what would be chosen if the policy allowed the files of the fewest projects that have to be: these block the
    question, and all else is as it would be installed. It is ``None`` when the requirements themselves clash. ``unnarrowed``
    says why fewer projects might do, empty where they are the fewest. ``partial`` are the pins reached before the end, for a run
    that could not finish. ``effort`` is what all passes cost together, in rounds.
    """

    target: Target
    clashes: tuple[Clash, ...]
    natural: Resolution | None = None
    partial: Mapping[NormalizedName, Pin]
    unnarrowed: str = ""
    budget_spent: bool = False
    unsupported: tuple[UnsupportedRequirement, ...] = ()
    rounds: int = 0
    effort: int = 0
