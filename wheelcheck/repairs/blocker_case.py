"""One blocker of a failed trial with all that the remedies may look at; offers and proves nothing itself."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.model.judgement import Installability
from wheelcheck.model.repair import Suggestion
from wheelcheck.model.target import Target
from wheelcheck.repairs.blockers import Blocker, TrialView
from wheelcheck.repairs.context import Blocked, RepairContext
from wheelcheck.repairs.pairs import partners_of
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
