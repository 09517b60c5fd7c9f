"""Reads from a failed trial the projects that block it, the requirements on each, and says what nothing repairs, and why.

``Trial → Blocker, …``. A trial fails because a project that is wanted has no file that may be used (then the natural resolution
shows who wants it), or because requirements clash (then the clash does). ``Blocker | Finding | Importing, what was tried →
Unrepairable``: a statement for each blocker, failing project or fault of the input. Searches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.installing import hidden_wheels
from wheelcheck.model.distribution import Installability
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import Unrepairable
from wheelcheck.model.requirement import CandidateOrigin, Requirement
from wheelcheck.model.resolution import Clash, Conflict, Edge, Pin, Resolution
from wheelcheck.model.urls import masked
from wheelcheck.repairs.context import Blocked
from wheelcheck.repairs.import_grounds import Importing
from wheelcheck.repairs.trials import Trial, usable_versions
from wheelcheck.texts.words import counted

if TYPE_CHECKING:
    import networkx

_USER = ""


class Asker(Struct, frozen=True, kw_only=True):
    """One requirement on a blocker: *parent* (``None``: the user) at *version*."""

    parent: NormalizedName | None
    version: Version | None
    requirement: Requirement

    def __str__(self) -> str:
        return "you" if self.parent is None else f"{self.parent} {self.version}" if self.version else self.parent


class Blocker(Struct, frozen=True, kw_only=True):
    """A project that keeps a trial from succeeding.

    ``above`` are the projects through which it is wanted, nearest first, ``gates`` those of them without which it would not be
    wanted at all. ``is_clash`` says that the requirements on it contradict each other.
    """

    name: NormalizedName
    version: Version | None
    askers: tuple[Asker, ...]
    above: tuple[NormalizedName, ...] = ()
    gates: tuple[NormalizedName, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()
    is_clash: bool = False

    @property
    def is_wanted_by_user(self) -> bool:
        """Whether the user's own requirements name it."""
        return any(asker.parent is None for asker in self.askers)

    @property
    def specifier(self) -> SpecifierSet:
        """The versions that all its requirements admit together."""
        return joined_specifier(asker.requirement for asker in self.askers)


def joined_specifier(requirements: Iterable[Requirement]) -> SpecifierSet:
    """The versions that all of *requirements* admit together."""
    joined = SpecifierSet()
    for requirement in requirements:
        joined &= requirement.specifier
    return joined


def joined_extras(requirements: Iterable[Requirement]) -> frozenset[NormalizedName]:
    """All the extras that *requirements* ask for."""
    return frozenset().union(*(requirement.extras for requirement in requirements))


class TrialView:
    """A failed trial as the search looks at it: its graph, its projects, its blockers."""

    def __init__(self, trial: Trial, diagnosis: Diagnosis) -> None:
        self.trial = trial
        self.diagnosis = diagnosis

    @property
    def pins(self) -> Mapping[NormalizedName, Pin]:
        """The pins of the natural resolution; those reached where there is none."""
        return self.diagnosis.pins

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges of the natural resolution."""
        return self.diagnosis.edges

    @cached_property
    def graph(self) -> networkx.DiGraph[str]:
        """The dependency graph; the user is the empty name."""
        import networkx

        graph: networkx.DiGraph[str] = networkx.DiGraph()
        graph.add_node(_USER)
        graph.add_edges_from((edge.parent or _USER, edge.child) for edge in self.edges)
        return graph

    @cached_property
    def _gates(self) -> Mapping[str, str]:
        import networkx

        return networkx.immediate_dominators(self.graph, _USER)

    def unrepairable_findings(self) -> tuple[Finding, ...]:
        """Objections that no edit of versions, Python or platform can remove."""
        codes = (Code.UNSUPPORTED, Code.HASH_ABSENT, Code.HIDDEN_BY_OPTION)
        # What has a source archive besides is a blocker as any: another version or project may do.
        built = {name for name, pin in self.pins.items() if hidden_wheels(self.diagnosis, pin)}
        return tuple(
            finding for finding in self.trial.objections if finding.code in codes and finding.package not in built
        )

    def is_beside_the_rest(self, finding: Finding) -> bool:
        """Whether *finding*, which nothing repairs, keeps no other project from being resolved and repaired.

        So it is of what is not on an index at all, and of a project whose hash the requirements forgot. A hash that no file has,
        and an option that hides the files, say what the user wants of that project, and no repair goes past that.
        """
        forgotten = finding.code is Code.HASH_ABSENT and finding.package not in self.diagnosis.hashes.lines
        return finding.code is Code.UNSUPPORTED or forgotten

    @property
    def excludes_python(self) -> bool:
        """Whether the input's own requires-python refuses the target."""
        return any(finding.code is Code.INPUT_REQUIRES_PYTHON for finding in self.trial.objections)

    def blocking_groups(self) -> tuple[tuple[Blocker, ...], ...]:
        """Groups of blockers, by name; whatever repairs the trial touches at least one of each group.

        A project without a usable file in any version within all bounds is a group by itself. Where each has one, all that
        could be combined otherwise are one group.
        """
        outcome = self.trial.outcome
        if isinstance(outcome, Conflict) and outcome.natural is None:
            clashing = tuple(self._clashing(clash) for clash in outcome.clashes)
            return (clashing,) if clashing else ()
        absent = {finding.package for finding in self.trial.objections if finding.code is Code.PROJECT_ABSENT}
        offenders = {finding.package for finding in self.trial.objections if finding.package in self.pins}
        named = [self.wanted(name) for name in sorted(offenders | absent, key=str) if name is not None]
        certain = [blocker for blocker in named if blocker.name in absent or not self._has_usable(blocker)]
        if certain:
            return tuple((blocker,) for blocker in certain)
        clashes = [self._clashing(clash) for clash in outcome.clashes] if isinstance(outcome, Conflict) else []
        seen = {blocker.name for blocker in clashes}
        group = (*clashes, *(blocker for blocker in named if blocker.name not in seen))
        return (group,) if group else ()

    def movable(self) -> tuple[Blocker, ...]:
        """Blockers whose chosen version is not usable, where every project has a usable version within all bounds; else none."""
        groups = self.blocking_groups()
        if len(groups) != 1:
            return ()
        return tuple(blocker for blocker in groups[0] if not blocker.is_clash and self._has_usable(blocker))

    def _has_usable(self, blocker: Blocker) -> bool:
        return next(self.iter_usable(blocker), None) is not None

    def iter_usable(self, blocker: Blocker) -> Iterator[Version]:
        """The versions within all bounds that have a usable wheel, newest first."""
        project = self.diagnosis.project(blocker.name)
        allowed = self.diagnosis.policy.allowed
        bounds = blocker.specifier
        for version in filter(project.runnable.__contains__, project.versions):
            if (version.is_prerelease and not bounds.prereleases) or not bounds.contains(version, prereleases=True):
                continue
            release = project.release(version)
            if release.has_wheel and Installability.WHEEL in allowed and release.yanked is None:
                yield version

    def wanted(self, name: NormalizedName) -> Blocker:
        """*name* as the natural resolution wants it, whether it blocks or not."""
        askers = tuple(self._asker(edge) for edge in self.edges if edge.child == name)
        pin = self.pins.get(name)
        return Blocker(
            name=name,
            version=pin.version if pin is not None else None,
            askers=askers,
            above=self._above(name),
            gates=tuple(self._iter_gates(name)),
            paths=self.diagnosis.paths(name),
        )

    def bounds_from_outside(self, name: NormalizedName) -> SpecifierSet:
        """The bounds on *name*, without those of projects that only *name* brings in."""
        return joined_specifier(
            asker.requirement
            for asker in self.wanted(name).askers
            if asker.parent is None or name not in self._iter_gates(asker.parent)
        )

    def _asker(self, edge: Edge) -> Asker:
        pin = self.pins.get(edge.parent) if edge.parent is not None else None
        return Asker(parent=edge.parent, version=pin.version if pin is not None else None, requirement=edge.requirement)

    def _above(self, name: NormalizedName) -> tuple[NormalizedName, ...]:
        if name not in self.graph:
            return ()
        found: dict[str, None] = {}
        waiting = [str(name)]
        for each in waiting:  # grows while it is walked: a queue
            for parent in sorted(self.graph.predecessors(each)):
                if parent not in found and parent not in (_USER, name):
                    found[parent] = None
                    waiting.append(parent)
        return tuple(NormalizedName(each) for each in found)

    def _iter_gates(self, name: NormalizedName) -> Iterator[NormalizedName]:
        at = self._gates.get(name, _USER)
        while at != _USER:
            yield NormalizedName(at)
            at = self._gates.get(at, _USER)

    def _clashing(self, clash: Clash) -> Blocker:
        askers = tuple(
            Asker(parent=origin.name, version=origin.version, requirement=requirement)
            if isinstance(origin := requirement.origin, CandidateOrigin)
            else Asker(parent=None, version=None, requirement=requirement)
            for requirement in clash.requirements
        )
        above: dict[NormalizedName, None] = {}
        for asker in askers:
            if asker.parent is not None:
                above[asker.parent] = None
        for path in clash.paths:
            for step in reversed(path[:-1]):
                above[_project(step)] = None
        above.pop(clash.name, None)
        return Blocker(
            name=clash.name, version=None, askers=askers, above=tuple(above), paths=clash.paths, is_clash=True
        )

    def asked_by_user(self, name: NormalizedName) -> tuple[Requirement, ...]:
        """The user's own requirements on *name* that hold on the target."""
        compatibility = self.diagnosis.compatibility
        return tuple(
            requirement
            for requirement in self.trial.state.question.requirements
            if requirement.name == name and compatibility.holds(requirement.marker)
        )

    def bounds_on(self, name: NormalizedName) -> tuple[Asker, ...]:
        """The requirements with a bound on *name* in the natural resolution, those of the user included."""
        return tuple(self._asker(edge) for edge in self.edges if edge.child == name and edge.requirement.specifier)


def _project(step: str) -> NormalizedName:
    name = step
    for mark in "[<>=!~;@ (":
        name = name.partition(mark)[0]
    return canonicalize_name(name)


def iter_unrepairable(
    blocked: Blocked, view: TrialView, blockers: Iterable[Blocker], knowledge: RepairKnowledge
) -> Iterator[Unrepairable]:
    """One statement for each of *blockers*, none of which has a remedy; *view* is of the question as it was asked.

    A blocker of the question itself is described as it stands there, whatever version a trial ended at.
    """
    asked = {blocker.name: blocker for group in view.blocking_groups() for blocker in group}
    for blocker in (asked.get(each.name, each) for each in blockers):
        yield Unrepairable(
            package=blocker.name,
            version=blocker.version,
            message=_with_places(_unrepairable_sentence(blocked, view, blocker), view, blocker, knowledge),
            paths=blocker.paths,
        )


def iter_exhausted(view: TrialView, trials: int, knowledge: RepairKnowledge, *, fails: bool) -> Iterator[Unrepairable]:
    """One statement for each blocker of a question for which all that could be changed was tried, in vain.

    *fails* says that there were answers, whose imports fail.
    """
    answer = "an answer that can be imported" if fails else "an answer"
    for blocker in (each for group in view.blocking_groups() for each in group):
        bounds = [f"{each} ({each.origin})" for each in view.diagnosis.constraints if each.name == blocker.name]
        yours = f"; no repair goes past your constraint {' and '.join(bounds)}: loosen it yourself" if bounds else ""
        yield Unrepairable(
            package=blocker.name,
            version=blocker.version,
            message=_with_places(_effort(blocker.name, answer, trials) + yours, view, blocker, knowledge),
            paths=blocker.paths,
        )


def iter_failing(resolution: Resolution, broken: Importing, trials: int) -> Iterator[Unrepairable]:
    """One statement for each project of *resolution* that fails when it is imported and that nothing mends."""
    for name in sorted(broken.failing):
        yield Unrepairable(
            package=name,
            version=resolution.pins[name].version,
            message=_effort(name, "an answer that can be imported", trials),
        )


def iter_unrepairable_inputs(findings: Iterable[Finding]) -> Iterator[Unrepairable]:
    """One statement for each of *findings*, which lie in the input itself."""
    for finding in findings:
        yield Unrepairable(
            package=finding.package,
            version=finding.version,
            message=f"{finding.message}; {finding.code.cure[0].lower()}{finding.code.cure[1:]}",
            paths=finding.paths,
        )


def _effort(name: NormalizedName, answer: str, trials: int) -> str:
    if not trials:
        return f"no change that could help {name} is known: nothing leads to {answer}"
    return f"none of the changes that could help {name} leads to {answer}, after {counted(trials, 'trial')}"


def _with_places(sentence: str, view: TrialView, blocker: Blocker, knowledge: RepairKnowledge) -> str:
    """*sentence*, and where *blocker* is had outside of indexes."""
    return "; ".join((sentence, *knowledge.places_of(blocker.name, view.diagnosis.target.platform)))


def _unrepairable_sentence(blocked: Blocked, view: TrialView, blocker: Blocker) -> str:
    target = view.diagnosis.target
    asked = "you ask for it yourself" if blocker.is_wanted_by_user else "nothing else can be changed about it"
    url = next((asker.requirement.url for asker in blocker.askers if asker.requirement.url is not None), None)
    if url is not None:
        return f"{blocker.name} is to come from {masked(url)}, which cannot be used on {target}, and {asked}"
    pin = view.pins.get(blocker.name)
    if pin is not None and hidden_wheels(view.diagnosis, pin):
        return (
            f"{blocker.name} {pin.version} has a wheel for {target}, which your own --no-binary hides: "
            f"--only-binary {blocker.name} takes that back"
        )
    project = view.diagnosis.project(blocker.name)
    if not project.versions:
        return f"no index has a usable file of {blocker.name}, and {asked}"
    if blocker.is_clash:
        return f"no version of {blocker.name} can satisfy everybody on {target}, and {asked}"
    if any(project.release(version).has_wheel for version in usable_versions(project)):
        return f"no version of {blocker.name} that is asked for has a usable file on {target}, and {asked}"
    where = f"{target.platform} on Python {target.python}{_other_pythons(blocked)}"
    return (
        f"no version of {blocker.name} has a wheel for {where}, and {asked}; "
        "a wheel that you build yourself can be given with --find-links"
    )


def _other_pythons(blocked: Blocked) -> str:
    """Which Pythons were looked at besides the target's own."""
    if not blocked.target_is_named:
        return ""
    return " or another near it that the input admits" if blocked.input_bounds else " or near it"
