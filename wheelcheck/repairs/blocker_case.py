"""One blocker of a failed trial with all that the remedies may look at, and what is near it; offers and proves nothing.

Near are other versions of a project, other Pythons and platform floors, and fewer extras. Two projects move together where each
version of the one wants exactly one version of the other, and another one each time. Half of such a pair cannot be overridden: the
two are compiled or written for each other (pydantic and pydantic-core). A project with one exact pin that its neighbours do not
repeat is no half of a pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import MetadataMalformed
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.indexes import exact_version
from wheelcheck.model.distribution import Installability, Wheel
from wheelcheck.model.repair import Suggestion
from wheelcheck.model.requirement import Requirement
from wheelcheck.model.target import Target
from wheelcheck.ports import Projects
from wheelcheck.repairs.blockers import Blocker, TrialView, joined_extras
from wheelcheck.repairs.context import Blocked, RepairContext
from wheelcheck.repairs.trials import moves_of, usable_versions
from wheelcheck.targets.fitting import Compatibility, extras_named, stated_requirements
from wheelcheck.targets.project_view import Admission, ProjectView, first_upload
from wheelcheck.targets.pythons import parse_python
from wheelcheck.targets.targets import parse_target

# The minors that an installer ships today: 3.9 is the last that many older wheels were built for, 3.14 has had a year of them.
_MINORS = range(9, 15)
_PER_MINOR = 2
_COST_OF_PYTHON = 10
_COST_OF_PLATFORM = 15
_COST_OF_MACHINE = 18
# 64-bit Windows runs a 32-bit Python and a 64-bit one, Windows on Arm emulates x64: both have most wheels.
_MACHINES = {"win32": "win_amd64", "win_arm64": "win_amd64"}
# The floors for which wheels are built (PEP 600's names of distributions), and the releases of macOS.
_GLIBC = (17, 24, 26, 27, 28, 31, 34, 35, 39)
# What images with Python have today: Debian 13 has 2.41.
_GLIBC_OF_IMAGES = (28, 36, 41)
_MACOS = (11, 12, 13, 14, 15, 26)
_Dropped = tuple[NormalizedName, frozenset[NormalizedName]]
_Extras = Mapping[NormalizedName, frozenset[NormalizedName]]


def nearest_first(project: ProjectView, version: Version | None) -> tuple[Version, ...]:
    """Every version that a repair may move to, by how many releases lie between it and *version*; of two as near, the newer first.

    Those that cannot be used are among them: which can may change with the target. Those that are years older than *version* are
    not: they were made for other neighbours, and mostly do without a blocker because they did not declare their needs yet.
    """
    standing = [each for each in moves_of(project) if not project.is_hidden(each)]
    if version is None or version not in project.page.distributions:
        return tuple(standing)
    order = {each: position for position, each in enumerate(project.versions)}
    at = order[version]
    oldest = project.oldest_in_place_of(version)
    standing = [each for each in standing if each > version or (first_upload(project.page, each) or oldest) >= oldest]
    # They are there newest first, and of two as near they stay so.
    return tuple(sorted(standing, key=lambda each: abs(order[each] - at)))


def preferred_in_clash(project: ProjectView, blocker: Blocker) -> tuple[Version, ...]:
    """Every final version of a project on which requirements contradict each other: those that the user asked for come first.

    Then those that satisfy more of the requirements, then the nearest to those that the user asked for, then the newest: the
    others need not have been made for versions that were released years later.
    """
    own = [asker.requirement.specifier for asker in blocker.askers if asker.parent is None]
    named = exact_version(blocker.specifier)
    bounds = [asker.requirement.specifier for asker in blocker.askers]
    order = {version: position for position, version in enumerate(project.versions)}
    wanted = [order[version] for version in project.versions if own and _all(own, version)]
    if not wanted and named is not None:
        # A version that is not there has a place among the others all the same; the plain build of it comes first.
        wanted = [sum(version > named for version in project.versions)]
    return tuple(
        sorted(
            nearest_first(project, None),
            key=lambda version: (
                not _all(own, version),
                -sum(bound.contains(version, prereleases=True) for bound in bounds),
                min((abs(order[version] - each) for each in wanted), default=0),
                order[version],
            ),
        )
    )


def _all(bounds: Iterable[SpecifierSet], version: Version) -> bool:
    return all(bound.contains(version, prereleases=True) for bound in bounds)


def iter_other_pythons(target: Target) -> Iterator[tuple[Target, int]]:
    """Targets that differ from *target* in the Python minor alone, nearest first, each with what the switch costs.

    A free-threaded target may become the ordinary build of its minor. PyPy stays PyPy. A patch level is not carried over: which
    one the other minor would have is not known.
    """
    word = parse_python(target.python)
    prefix = "pp" if word.implementation == "pypy" else ""
    if word.free_threaded:
        yield parse_target(target.platform, f"3.{word.minor}"), _COST_OF_PYTHON
    minors = sorted((minor for minor in _MINORS if minor != word.minor), key=lambda m: (abs(m - word.minor), -m))
    for minor in minors:
        distance = abs(minor - word.minor) + word.free_threaded
        yield parse_target(target.platform, f"{prefix}3.{minor}"), _COST_OF_PYTHON + _PER_MINOR * (distance - 1)


def iter_other_platforms(target: Target) -> Iterator[tuple[Target, int]]:
    """Targets with a higher floor of the same family on the same machine, lowest first, each with what it costs.

    On Windows it is the Python for x64, which runs there too; in place of musl (Alpine) it is an image with glibc.
    """
    musl = re.fullmatch(r"musllinux_\d+_\d+_(\w+)", target.platform, re.ASCII)
    for step, floor in enumerate(_GLIBC_OF_IMAGES if musl is not None else ()):
        yield parse_target(f"manylinux_2_{floor}_{musl[1] if musl else ''}", target.python), _COST_OF_MACHINE + step
    if target.platform in _MACHINES:
        yield parse_target(_MACHINES[target.platform], target.python), _COST_OF_MACHINE
    for pattern, floors, form in (
        (r"manylinux_2_(\d+)_(\w+)", _GLIBC, "manylinux_2_{}_{}"),
        (r"macosx_(\d+)_\d+_(\w+)", _MACOS, "macosx_{}_0_{}"),
    ):
        matched = re.fullmatch(pattern, target.platform, re.ASCII)
        if matched is None:
            continue
        higher = [floor for floor in floors if floor > int(matched[1])]
        for step, floor in enumerate(higher):
            yield parse_target(form.format(floor, matched[2]), target.python), _COST_OF_PLATFORM + step


def iter_droppable(view: TrialView, name: NormalizedName) -> Iterator[_Dropped]:
    """The projects that the user asks for with extras, and of those extras the ones without which *name* is not wanted.

    One extra alone is looked for first, then all of a project's together. Where extras of several projects bring *name* in, so
    that none can be dropped alone, it is those without which the project would not bring it in by itself.
    """
    names = dict.fromkeys(r.name for r in view.trial.state.question.requirements if r.extras)
    asked = {each: joined_extras(view.asked_by_user(each)) for each in names if each in view.pins}
    for others in (asked, dict.fromkeys(asked, frozenset[NormalizedName]())):
        if found := list(_iter_dropped(view, name, asked, others)):
            yield from found
            return


def _iter_dropped(view: TrialView, name: NormalizedName, asked: _Extras, others: _Extras) -> Iterator[_Dropped]:
    """What each project of *asked* may lose, where of the other projects the user asks for the extras in *others*."""
    for project, extras in asked.items():
        if not _is_wanted(view, name, {**others, project: extras}):
            continue
        single = [frozenset({extra}) for extra in sorted(extras)]
        for dropped in dict.fromkeys((*single, extras)):
            if not _is_wanted(view, name, {**others, project: extras - dropped}):
                yield project, dropped
                break


def _is_wanted(view: TrialView, name: NormalizedName, kept: _Extras) -> bool:
    """Whether *name* is still wanted when the user asks of the projects in *kept* for those extras alone.

    An edge of an extra counts only where that extra is still asked of its project, by the user or by what is still wanted: an extra
    that is dropped often takes others, of other projects, along.
    """
    by_parent: dict[NormalizedName | None, list[tuple[NormalizedName, Requirement]]] = {}
    for edge in view.edges:
        by_parent.setdefault(edge.parent, []).append((edge.child, edge.requirement))
    active: dict[NormalizedName | None, frozenset[NormalizedName]] = {None: frozenset()}
    waiting: list[NormalizedName | None] = [None]
    while waiting:
        parent = waiting.pop()
        for child, requirement in by_parent.get(parent, ()):
            named = _named(requirement)
            if named and parent is not None and not named & active[parent]:
                continue
            extras = kept.get(child, requirement.extras) if parent is None else requirement.extras
            known = active.get(child)
            wanted = (known or frozenset()) | _closure(view, child, extras)
            if known is None or wanted != known:
                active[child] = wanted
                waiting.append(child)
    return name in active


def _closure(view: TrialView, name: NormalizedName, extras: frozenset[NormalizedName]) -> frozenset[NormalizedName]:
    """*extras* and those that they ask of the same project (``all`` often names every other)."""
    pin = view.pins.get(name)
    if pin is None or not extras:
        return extras
    own = stated_requirements(pin.metadata.requires, name, pin.version)
    found = set(extras)
    waiting = list(extras)
    while waiting:
        extra = waiting.pop()
        for requirement in own:
            if requirement.name == name and extra in _named(requirement):
                new = requirement.extras - found
                found |= new
                waiting.extend(new)
    return frozenset(found)


def _named(requirement: Requirement) -> frozenset[NormalizedName]:
    return frozenset(map(canonicalize_name, extras_named(requirement.marker)))


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
    def project(self) -> ProjectView:
        """The blocker's project as the target sees it."""
        return self.view.diagnosis.project(self.blocker.name)

    @cached_property
    def usable(self) -> tuple[Version, ...]:
        """The versions of the blocker that a repair may use: :func:`usable_versions`."""
        return usable_versions(self.project)

    @cached_property
    def is_withdrawn(self) -> bool:
        """Whether the maintainers withdrew every version of the blocker that the target could use: only a pin reaches one."""
        return bool(self.usable) and all(self.project.release(version).yanked is not None for version in self.usable)

    @cached_property
    def needs_pin(self) -> bool:
        """Whether only a pin reaches what the target could use: withdrawn versions, or pre-releases where no final one serves."""
        return self.is_withdrawn or (bool(self.usable) and all(version.is_prerelease for version in self.usable))

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
            for stated in stated_requirements(projects.metadata(fit.distribution).requires, parent, each):
                other = _exact(stated) if stated.name == blocker.name else None
                if other is not None:
                    yield other


def _exact(requirement: Requirement) -> str | None:
    """The one version that *requirement* admits, ``None`` where it admits more."""
    bounds = list(requirement.specifier)
    return (
        bounds[0].version if len(bounds) == 1 and bounds[0].operator == "==" and "*" not in bounds[0].version else None
    )
