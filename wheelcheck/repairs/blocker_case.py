"""One blocker of a failed trial with all that the remedies may look at, and projects that move together; offers and proves nothing.

Two projects move together where each version of the one wants exactly one version of the other, and another one each time. Half of
such a pair cannot be overridden: the two are compiled or written for each other (pydantic and pydantic-core). A project with one
exact pin that its neighbours do not repeat is no half of a pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import MetadataMalformed
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.ways import iter_stated
from wheelcheck.model.distribution import Wheel
from wheelcheck.model.judgement import Installability
from wheelcheck.model.repair import Suggestion
from wheelcheck.model.requirement import Requirement
from wheelcheck.model.target import Target
from wheelcheck.ports import Projects
from wheelcheck.repairs.blockers import Blocker, TrialView
from wheelcheck.repairs.context import Blocked, RepairContext
from wheelcheck.repairs.nearby import nearest_first
from wheelcheck.repairs.trials import usable_versions
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Admission, ProjectView


class BlockerCase(Struct, frozen=True, kw_only=True, dict=True):
    """One *blocker* of a failed trial, seen in its *view*, with all that a remedy may look at.

    ``suggestions`` collects the edits that could not be looked into, by project and address.
    """

    blocked: Blocked
    context: RepairContext
    view: TrialView
    blocker: Blocker
    suggestions: dict[tuple[NormalizedName, str], Suggestion] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """The target of the trial."""
        return self.view.diagnosis.target

    @cached_property
    def partners(self) -> frozenset[NormalizedName]:
        """The projects that the blocker moves together with."""
        return partners_of(self.blocker, self.view.diagnosis, self.context.projects)

    @property
    def because(self) -> str:
        """Why the blocker is in the way."""
        blocker = self.blocker
        name = f"{blocker.name} {blocker.version}" if blocker.version is not None else blocker.name
        if blocker.is_clash:
            return "its maintainers withdrew what is asked for" if self.is_withdrawn else name
        return f"{name} has no usable file on {self.target}"

    @cached_property
    def is_withdrawn(self) -> bool:
        """Whether the maintainers withdrew every version of the blocker that the target could use: only a pin reaches one."""
        project = self.view.diagnosis.project(self.blocker.name)
        versions = usable_versions(project)
        return bool(versions) and all(project.release(version).yanked is not None for version in versions)

    def is_usable(self, project: ProjectView, bounds: SpecifierSet) -> bool:
        """Whether some version of *project* within *bounds* has a file that may be used."""
        anything = Installability.SDIST_NATIVE in self.view.diagnosis.policy.allowed
        for version in project.versions:
            if (anything or version in project.runnable) and bounds.contains(
                version, prereleases=bool(bounds.prereleases)
            ):
                release = project.release(version)
                if release.has_wheel or (anything and release.fit is not None):
                    return True
        return False

    def is_usable_on(self, target: Target, bounds: SpecifierSet) -> bool:
        """The same of the blocker on another *target*."""
        diagnosis = self.view.diagnosis
        page = diagnosis.project(self.blocker.name).page
        admission = Admission(Compatibility(target), diagnosis.policy, diagnosis.hashes)
        return self.is_usable(ProjectView(page, admission), bounds)


_NEIGHBOURS = 2


def partners_of(blocker: Blocker, diagnosis: Diagnosis, projects: Projects) -> frozenset[NormalizedName]:
    """The projects that *blocker* is half of a pair with.

    Reads the metadata of at most four releases beside that of each project which pins *blocker* exactly; raises
    ``IndexUnavailable`` where an index fails.
    """
    return frozenset(
        asker.parent
        for asker in blocker.askers
        if asker.parent is not None
        and asker.version is not None
        and (own := _exact(asker.requirement)) is not None
        and any(other != own for other in _iter_wanted(blocker, asker.parent, asker.version, diagnosis, projects))
    )


def _iter_wanted(
    blocker: Blocker, parent: NormalizedName, version: Version, diagnosis: Diagnosis, projects: Projects
) -> Iterator[str]:
    """The versions of *blocker* that the wheels of *parent* nearest to *version* want, where they want one exactly."""
    project = diagnosis.project(parent)
    near = [each for each in nearest_first(project, version) if each != version]
    # Patch releases of one line often share a partner.
    other_lines = [each for each in near if each.release[:2] != version.release[:2]]
    for each in dict.fromkeys((*near[:_NEIGHBOURS], *other_lines[:_NEIGHBOURS])):
        fit = project.release(each).fit
        if fit is None or not isinstance(fit.distribution, Wheel):
            continue
        with suppress(MetadataMalformed):
            for stated in iter_stated(parent, each, projects.metadata(fit.distribution).requires):
                other = _exact(stated) if stated.name == blocker.name else None
                if other is not None:
                    yield other


def _exact(requirement: Requirement) -> str | None:
    """The one version that *requirement* admits, ``None`` where it admits more."""
    bounds = list(requirement.specifier)
    return (
        bounds[0].version if len(bounds) == 1 and bounds[0].operator == "==" and "*" not in bounds[0].version else None
    )
