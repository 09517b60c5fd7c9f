"""The diagnosis that every rule reads: the outcome, the policy, the pages of its projects, and the paths from the user to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.distribution import Distribution, ProjectPage
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.requirement import Constraint, Origin, Requirement, ToolSetting
from wheelcheck.model.resolution import Clash, Conflict, Edge, Pin, Policy, Resolution
from wheelcheck.model.target import Target
from wheelcheck.ports import Projects
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.hash_rules import HashRules
from wheelcheck.targets.project_view import Admission, PageFacts, ProjectView

if TYPE_CHECKING:
    from wheelcheck.model.knowledge import BuildNeeds, MarkerValues, RepairKnowledge
    from wheelcheck.model.systems import AbsentLibrary

_PATHS_SHOWN = 5
_USER = ""  # where all ways begin; no project can have this name


class Diagnosis:
    """One outcome with all that is needed to explain it.

    *input_bounds* are the ``requires-python`` of the inputs themselves. *require_hashes* says that every requirement had to come
    with a hash (pip's all-or-nothing rule); *constraints* may have given some of them, and *bundled* projects need none where
    the versions do between which environments bring them.
    *tool_settings* are those of other tools. *knowledge* is what is known beyond metadata; without it nothing is said about that.
    *requirements* are the user's own, and *marker_values* what the variables of their markers can be. *parts* are what installers
    bring to the target's system, and wheels may need.
    """

    def __init__(
        self,
        outcome: Resolution | Conflict,
        projects: Projects,
        policy: Policy,
        *,
        input_bounds: tuple[tuple[SpecifierSet, Origin], ...] = (),
        require_hashes: bool = False,
        bundled: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        constraints: tuple[Constraint, ...] = (),
        tool_settings: tuple[ToolSetting, ...] = (),
        knowledge: RepairKnowledge | None = None,
        requirements: tuple[Requirement, ...] = (),
        marker_values: Mapping[str, MarkerValues] | None = None,
        parts: tuple[AbsentLibrary, ...] = (),
    ) -> None:
        self.outcome = outcome
        self.policy = policy
        self.target: Target = outcome.target
        self.input_bounds = input_bounds
        self.require_hashes = require_hashes
        self.bundled = bundled
        self.tool_settings = tool_settings
        self.knowledge = knowledge
        self.requirements = requirements
        self.marker_values = marker_values or {}
        self.parts = parts
        self.constraints = constraints
        self.compatibility = Compatibility(outcome.target)
        self._projects = projects
        self._admission = Admission(self.compatibility, policy, self.hashes)
        self._projects_seen: dict[NormalizedName, ProjectView] = {}
        self._pages: dict[NormalizedName, ProjectPage] = {}

    def project(self, name: NormalizedName) -> ProjectView:
        """Everything that the index has of *name*, judged for the target."""
        if name not in self._projects_seen:
            self._projects_seen[name] = ProjectView(self.page(name), self._admission)
        return self._projects_seen[name]

    def page(self, name: NormalizedName) -> ProjectPage:
        """The page of *name*; an empty one for a project that a direct reference brought, which is no index's business."""
        known = self._pages.get(name)
        if known is None:
            page = ProjectPage(name, {}) if name in self._direct_names else self._projects.page(name)
            known = self._pages[name] = page
        return known

    def newest_standing(self, page: ProjectPage) -> tuple[Version, str | None] | None:
        """The newest final version on *page* that was not withdrawn, as of the policy's day, and its first upload."""
        return page.view(PageFacts).newest_standing(self.policy.cutoff_of(page.name))

    @cached_property
    def _direct_names(self) -> frozenset[NormalizedName]:
        return frozenset(name for name in self._asked if next(self._urls(name), None) is not None)

    @cached_property
    def hashes(self) -> HashRules:
        """The hashes that the user named for files, by project."""
        # Two lines that differ in their hashes alone are one edge, so the requirements themselves are better where they are given.
        asked = self.requirements or [edge.requirement for edge in self.edges if edge.parent is None]
        return HashRules.of((*asked, *self.constraints), self.compatibility, self._projects.digest)

    def direct(self, name: NormalizedName) -> Distribution | None:
        """The file that a direct reference brought for *name*, ``None`` where the index did."""
        url = next(self._urls(name), None)
        return None if url is None else self._projects.direct(url)[0]

    def has_refused_hash(self, name: NormalizedName) -> bool:
        """Whether the file that a direct reference brought for *name* has another hash than it is asked to have."""
        return any(self.hashes.refuses_reference(self._projects.direct(url)[0], url) for url in self._urls(name))

    @cached_property
    def _asked(self) -> Mapping[NormalizedName, Sequence[Requirement]]:
        """The requirements on each project: looked for among all edges for each project, an input of 3,000 lines took seconds."""
        found: dict[NormalizedName, list[Requirement]] = {}
        for edge in self.edges:
            found.setdefault(edge.child, []).append(edge.requirement)
        return found

    @cached_property
    def _bounding(self) -> Mapping[NormalizedName, Sequence[Constraint]]:
        found: dict[NormalizedName, list[Constraint]] = {}
        for constraint in self.constraints:
            found.setdefault(constraint.name, []).append(constraint)
        return found

    def _urls(self, name: NormalizedName) -> Iterator[str]:
        asked = self._asked.get(name, ())
        bounding = self._bounding.get(name, ()) if asked else ()
        held = (each for each in bounding if self.compatibility.holds(each.marker))
        yield from (each.url for each in (*asked, *held) if each.url is not None)

    @cached_property
    def resolution(self) -> Resolution | None:
        """The resolution to explain: the answer itself, or the one that the natural pass would have installed."""
        return self.outcome if isinstance(self.outcome, Resolution) else self.outcome.natural

    @property
    def clashes(self) -> tuple[Clash, ...]:
        """The requirements that no choice of versions satisfies, wheels or not; none where there is a natural resolution."""
        outcome = self.outcome
        return outcome.clashes if isinstance(outcome, Conflict) and outcome.natural is None else ()

    @cached_property
    def pins(self) -> Mapping[NormalizedName, Pin]:
        """The pins of :attr:`resolution`; of a run that could not finish, those it had."""
        if self.resolution is not None:
            return self.resolution.pins
        return self.outcome.partial if isinstance(self.outcome, Conflict) else {}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The edges of :attr:`resolution`."""
        return self.resolution.edges if self.resolution is not None else ()

    @cached_property
    def _parents(self) -> Mapping[NormalizedName, frozenset[str]]:
        found: dict[NormalizedName, set[str]] = {}
        for edge in self.edges:
            found.setdefault(edge.child, set()).add(edge.parent or _USER)
        return {child: frozenset(parents) for child, parents in found.items()}

    @cached_property
    def _ways(self) -> Mapping[str, tuple[NormalizedName, ...]]:
        """The shortest way from the user to each project, breadth first; an edge that comes earlier wins."""
        children: dict[str, dict[NormalizedName, None]] = {}
        for edge in self.edges:
            children.setdefault(edge.parent or _USER, {})[edge.child] = None
        ways: dict[str, tuple[NormalizedName, ...]] = {_USER: ()}
        waiting: deque[str] = deque((_USER,))
        while waiting:
            parent = waiting.popleft()
            for child in children.get(parent, ()):
                if child not in ways:
                    ways[child] = (*ways[parent], child)
                    waiting.append(child)
        return ways

    def finding(self, code: Code, pin: Pin, message: str, evidence: tuple[str, ...] = ()) -> Finding:
        """The finding *code* about *pin*, with the paths to it."""
        return Finding.of(
            code, package=pin.name, version=pin.version, message=message, evidence=evidence, paths=self.paths(pin.name)
        )

    def paths(self, name: NormalizedName) -> tuple[tuple[str, ...], ...]:
        """The shortest way to *name* through each of its dependants, shortest first, five at most.

        The first step is the user's requirement as written, the others ``name==version``.
        """
        found: list[tuple[str, ...]] = []
        for parent in sorted(self._parents.get(name, ())):
            way = self._ways.get(parent)
            # A way through the project itself explains nothing: the dependant is its own dependency (a cycle).
            if way is not None and name not in way:
                found.append(self._steps((*way, name)))
        return tuple(sorted(found, key=lambda path: (len(path), path))[:_PATHS_SHOWN])

    def _steps(self, names: tuple[NormalizedName, ...]) -> tuple[str, ...]:
        steps = [self._step(name) for name in names]
        asked = next((e for e in self.edges if e.parent is None and e.child == names[0]), None)
        if asked is not None:
            steps[0] = str(asked.requirement)
        return tuple(steps)

    def _step(self, name: NormalizedName) -> str:
        pin = self.pins.get(name)
        return f"{name}=={pin.version}" if pin is not None else str(name)

    def build_needs_of(self, name: NormalizedName) -> tuple[BuildNeeds | None, str]:
        """What a build of *name* from source needs on the target, and a sentence that says it; ``None`` and no words if unknown."""
        builds = self.knowledge.builds if self.knowledge is not None else ()
        known = next((each for each in reversed(builds) if name in each.projects), None)
        # What says nothing of Windows does not build there.
        if known is None or (not known.windows and self.target.platform.startswith("win")):
            return None, ""
        ways = "; ".join(known.ways(self.target.platform))
        return known, f"a build of {name} from source needs {known.needs}{f': {ways}' if ways else ''}"

    def asked_by(self, name: NormalizedName) -> tuple[str, ...]:
        """The requirements on *name*, each with its author, as short texts."""
        return tuple(
            f"{edge.requirement} ({'you' if edge.parent is None else self._step(edge.parent)})"
            for edge in self.edges
            if edge.child == name
        )
