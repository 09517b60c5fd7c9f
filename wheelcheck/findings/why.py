"""Explains why a project is in an outcome (ways, bounds, other versions) or why it is not; resolves nothing."""

from __future__ import annotations

from functools import partial

from msgspec import Struct
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import MetadataMalformed
from wheelcheck.findings.availability import AnswerView, version_ranges
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.versions import Purity, read_purity
from wheelcheck.findings.ways import (
    asker,
    edges_of,
    holds,
    iter_stated,
    mentions_in_lock,
    mentions_of,
    near_names,
    ways_of_clash,
    ways_to,
)
from wheelcheck.model.answers import Bounding, Mention, Outcome, Standing, VersionRange, WayStep, Why
from wheelcheck.model.distribution import MetadataSource, Wheel
from wheelcheck.model.lock import Lock
from wheelcheck.model.requirement import Constraint, Requirement
from wheelcheck.model.resolution import Conflict, Edge, Pin
from wheelcheck.ports import Projects

_UNUSABLE = frozenset({Standing.OUTSIDE, Standing.NO_FILE, Standing.SOURCE_ONLY, Standing.NEVER_MET})


class UserRequirements(Struct, frozen=True, kw_only=True):
    """The user's own *requirements* and *constraints*, those too whose marker does not hold; or a *lock*."""

    requirements: tuple[Requirement, ...]
    constraints: tuple[Constraint, ...] = ()
    lock: Lock | None = None


def explain(
    diagnosis: Diagnosis, package: NormalizedName, asked: UserRequirements, projects: Projects, purity: Purity
) -> Why:
    """Why *package* is in the outcome of *diagnosis*, or why it is not.

    Where the policy blocks, the natural resolution is explained; where requirements clash, the clash. *purity* judges source
    archives without reading them. Asks *projects* for the page of *package*, which the resolution has fetched, and for the
    metadata of a few versions that were passed over. Raises ``IndexUnavailable`` where that fails.
    """
    return _Explanation(diagnosis, package, asked, projects, purity).why()


class _Explanation:
    """One project in one outcome."""

    def __init__(
        self, diagnosis: Diagnosis, package: NormalizedName, asked: UserRequirements, projects: Projects, purity: Purity
    ) -> None:
        self.diagnosis = diagnosis
        self.package = package
        self.asked = asked
        self.projects = projects
        self.purity = purity
        self.clash = next((clash for clash in diagnosis.clashes if clash.name == package), None)
        # A choice made before a clash is no choice any more.
        self.pin: Pin | None = None if self.clash is not None else diagnosis.pins.get(package)
        self.edges = self._edges()

    def why(self) -> Why:
        ways, more = self._ways()
        found = bool(ways) or self.pin is not None
        page = self.diagnosis.project(self.package).page if found else None
        pin = self.pin
        ranges = self._ranges() if found else ()
        taken = pin.distribution.at.index if pin is not None and pin.distribution is not None else ""
        return Why(
            package=self.package,
            target=self.diagnosis.target,
            outcome=self._outcome(ranges),
            clashing=tuple(clash.name for clash in self.diagnosis.clashes),
            version=pin.version if pin is not None else None,
            installability=pin.installability if pin is not None else None,
            filename=pin.distribution.filename if pin is not None and pin.distribution is not None else "",
            evidence=pin.evidence if pin is not None else (),
            index=taken or (page.index if page is not None else ""),
            indexes=page.indexes if page is not None else (),
            ways=ways,
            more_ways=more,
            bounds=self._bounds() if found else (),
            ranges=ranges,
            versions=len(page.distributions) if page is not None else 0,
            files=sum(map(len, page.distributions.values())) if page is not None else 0,
            mentions=() if found else self._mentions(),
            near=()
            if found
            else near_names(self.package, (*self.diagnosis.pins, *(edge.child for edge in self.edges))),
            unverified=tuple(
                pin.distribution.filename
                for pin in self.diagnosis.pins.values()
                if isinstance(pin.distribution, Wheel) and pin.metadata.source is MetadataSource.UNKNOWN
            ),
        )

    def _edges(self) -> tuple[Edge, ...]:
        diagnosis = self.diagnosis
        if diagnosis.resolution is not None:
            return diagnosis.edges
        return edges_of(diagnosis.pins, self.asked.requirements, diagnosis.policy, diagnosis.compatibility)

    def _outcome(self, ranges: tuple[VersionRange, ...]) -> Outcome:
        outcome = self.diagnosis.outcome
        if not isinstance(outcome, Conflict):
            return Outcome.RESOLVED
        if outcome.budget_spent:
            return Outcome.UNDECIDED
        if outcome.natural is not None:
            return Outcome.BLOCKED
        # The solver may end at a requirement that admits nothing, before it has a clash to name.
        is_unusable = bool(ranges) and all(each.standing in _UNUSABLE for each in ranges)
        return Outcome.CLASH if self.clash is not None or is_unusable else Outcome.CLASH_ELSEWHERE

    def _ways(self) -> tuple[tuple[tuple[WayStep, ...], ...], bool]:
        if self.clash is not None:
            return ways_of_clash(self.clash), False
        return ways_to(self.package, self.edges, self.diagnosis.pins)

    def _bounds(self) -> tuple[Bounding, ...]:
        diagnosis = self.diagnosis
        if self.asked.lock is not None:
            return ()  # a lock has versions, and no longer the requirements
        asked: list[Requirement | Constraint] = (
            list(self.clash.requirements)
            if self.clash is not None
            else [edge.requirement for edge in self.edges if edge.child == self.package]
        )
        asked += (
            each
            for each in self.asked.constraints
            if each.name == self.package
            and (each.marker is None or diagnosis.compatibility.evaluate(each.marker).holds)
        )
        found = (
            Bounding(
                by=asker(each.origin),
                requirement=str(each),
                specifier=str(each.specifier),
                is_constraint=isinstance(each, Constraint),
            )
            for each in asked
        )
        return tuple(dict.fromkeys(found))

    def _ranges(self) -> tuple[VersionRange, ...]:
        return version_ranges(
            AnswerView(
                project=self.diagnosis.project(self.package),
                target=self.diagnosis.target,
                policy=self.diagnosis.policy,
                chosen=self.pin,
                bounds=self._bounds(),
                lock=self.asked.lock.path if self.asked.lock is not None else "",
                purity=self.purity,
                read=partial(read_purity, self.projects),
                objection=self._objection,
            )
        )

    def _objection(self, version: Version) -> str:
        """The requirement of *version* that the pins do not meet, as a phrase; empty where there is none."""
        fit = self.diagnosis.project(self.package).release(version).fit
        if fit is None or not isinstance(fit.distribution, Wheel):
            return ""
        try:
            metadata = self.projects.metadata(fit.distribution)
        except MetadataMalformed:
            return "its metadata cannot be read"
        compatibility = self.diagnosis.compatibility
        if metadata.requires_python and not compatibility.admits_python(metadata.requires_python):
            return f"requires Python {metadata.requires_python}, as its metadata says and the index does not"
        for each in iter_stated(metadata.name, version, metadata.requires):
            pin = self.diagnosis.pins.get(each.name)
            if pin is None or not holds(each, self.pin.extras if self.pin is not None else (), compatibility):
                continue
            if not each.specifier.contains(pin.version, prereleases=True):
                return f"asks for {each.name}{each.specifier}, and {each.name} {pin.version} is chosen"
        return ""

    def _mentions(self) -> tuple[Mention, ...]:
        if self.asked.lock is not None:
            return mentions_in_lock(self.package, self.asked.lock, self.diagnosis.pins, self.diagnosis.compatibility)
        return mentions_of(
            self.package,
            self.diagnosis.pins,
            self.asked.requirements,
            self.asked.constraints,
            self.diagnosis.policy,
            self.diagnosis.compatibility,
        )
