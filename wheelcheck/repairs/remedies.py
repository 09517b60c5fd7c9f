"""The edits that can touch a blocker, cheapest kind first; tries none of them, and leaves out what the pages already rule out.

``TrialView, Blocker → Change, …``. Whatever makes the search succeed must touch every blocker, so a blocker without remedies is
unrepairable. Each function of :data:`REMEDIES` offers one kind of edit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.judgement import Installability
from wheelcheck.model.repair import Suggestion
from wheelcheck.model.resolution import Policy
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked
from wheelcheck.repairs.blockers import Asker, Blocker, TrialView
from wheelcheck.repairs.context import Blocked, RepairContext
from wheelcheck.repairs.difference import State
from wheelcheck.repairs.edits import (
    Change,
    Excluded,
    FromIndex,
    Key,
    OnPlatform,
    OnPython,
    Overridden,
    Repinned,
    Substituted,
    WithoutExtras,
    key_of,
)
from wheelcheck.repairs.nearby import (
    iter_droppable,
    iter_other_platforms,
    iter_other_pythons,
    nearest_first,
    preferred_in_clash,
)
from wheelcheck.repairs.trials import usable_versions
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Admission, ProjectView

_ABOVE = 8  # so many projects above a blocker are considered for another version, nearest first
_COST_OF_SUBSTITUTE = 20
_COST_OF_PIN = 40
_COST_OF_PIN_ABOVE = 95
_COST_OF_OVERRIDE_ABOVE = 85
_COST_OF_EXCLUSION_ABOVE = 210


class BlockerCase(Struct, kw_only=True):
    """One *blocker* of a failed trial, seen in its *view*, with all that a remedy may look at.

    ``suggestions`` collects what could not be asked, by project and address.
    """

    blocked: Blocked
    context: RepairContext
    view: TrialView
    blocker: Blocker
    suggestions: dict[tuple[NormalizedName, str], Suggestion] = field(default_factory=dict)


def iter_remedies(case: BlockerCase) -> Iterator[Change]:
    """The changes that can touch the blocker of *case*, each once, in the order of :data:`REMEDIES`."""
    seen: set[Key] = set()
    for remedy in REMEDIES:
        for change in remedy(case):
            if key_of(change) not in seen:
                seen.add(key_of(change))
                yield change


def iter_pythons(blocked: Blocked, target: Target) -> Iterator[OnPython]:
    """The Pythons near that of *target* that the inputs themselves admit."""
    if not blocked.target_is_named:
        return
    for other, cost in iter_other_pythons(target):
        compatibility = Compatibility(other)
        if all(compatibility.admits_python(str(bound)) for bound, _ in blocked.input_bounds):
            yield OnPython(python=other.python, before=target.python, cost=cost)


def _because(view: TrialView, blocker: Blocker) -> str:
    what = f"{blocker.name} {blocker.version}" if blocker.version is not None else blocker.name
    return what if blocker.is_clash else f"{what} has no usable file on {view.diagnosis.target}"


def _declared(askers: Iterable[Asker]) -> tuple[tuple[str, str], ...]:
    found = ((str(asker), str(asker.requirement.specifier)) for asker in askers if asker.requirement.specifier)
    return tuple(dict.fromkeys(found))


# Versions of the blocker itself


def _repin(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    asked = view.asked_by_user(blocker.name)
    if not any(requirement.specifier for requirement in asked):
        return
    candidates = _candidates(view, blocker)
    if candidates:
        yield Repinned(
            name=blocker.name,
            candidates=candidates,
            extras=frozenset().union(*(requirement.extras for requirement in asked)),
            declared=" and ".join(dict.fromkeys(str(requirement.specifier) for requirement in asked)),
            because=_because(view, blocker),
        )


def _override(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    if not any(asker.parent is not None and asker.requirement.specifier for asker in blocker.askers):
        return
    candidates = _candidates(view, blocker)
    if candidates:
        yield Overridden(
            name=blocker.name,
            candidates=candidates,
            declared=_declared(blocker.askers),
        )


def _candidates(view: TrialView, blocker: Blocker) -> tuple[Version, ...]:
    project = view.diagnosis.project(blocker.name)
    if not usable_versions(project):
        return ()
    return preferred_in_clash(project, blocker) if blocker.is_clash else nearest_first(project, blocker.version)


# Versions of what stands above it


def _other_version_above(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    # What the user asks for by name stays wanted, whatever stands above it; but another's bound on it can go.
    above = _bounders(case) if blocker.is_wanted_by_user and not blocker.is_clash else blocker.above[:_ABOVE]
    for name in above:
        pin = view.pins.get(name)
        project = view.diagnosis.project(name)
        candidates = nearest_first(project, pin.version if pin is not None else None)
        others = tuple(version for version in candidates if pin is None or version != pin.version)
        if not set(others) & set(usable_versions(project)):
            continue
        asked = view.asked_by_user(name)
        bounds = view.bounds_on(name)
        if asked and any(requirement.specifier for requirement in asked):
            yield Repinned(
                name=name,
                candidates=others,
                extras=frozenset().union(*(requirement.extras for requirement in asked)),
                declared=" and ".join(dict.fromkeys(str(requirement.specifier) for requirement in asked)),
                because=_because(view, blocker),
                cost=_COST_OF_PIN_ABOVE,
            )
        # Where the user asks for any version, it is the others' bounds that an override passes over.
        elif bounds or (blocker.is_clash and not asked):
            yield Overridden(
                name=name,
                candidates=others,
                declared=_declared(bounds),
                because=_because(view, blocker),
                cost=_COST_OF_OVERRIDE_ABOVE,
            )


def _bounders(case: BlockerCase) -> tuple[NormalizedName, ...]:
    """The projects whose bounds keep the blocker from versions that the user alone would admit.

    None where no such version is usable on any target that is tried: what nobody can have is held back by nobody.
    """
    blocker = case.blocker
    if not blocker.is_wanted_by_user or not _is_to_be_had(case):
        return ()
    names = (asker.parent for asker in blocker.askers if asker.parent is not None and asker.requirement.specifier)
    return tuple(dict.fromkeys(names))[:_ABOVE]


# The target


def _python(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    for change in iter_pythons(case.blocked, view.trial.state.question.target):
        target = change.applied(view.trial.state).question.target
        if blocker.is_clash and _marked(blocker, "python"):
            yield change
        elif _is_usable(view, blocker, target):
            yield OnPython(
                python=change.python, before=change.before, cost=change.cost, because=_because(view, blocker)
            )


def _platform(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    if not case.blocked.target_is_named:
        return
    target = view.trial.state.question.target
    for other, cost in iter_other_platforms(target):
        if _is_usable(view, blocker, other):
            yield OnPlatform(
                platform=other.platform, before=target.platform, cost=cost, because=_because(view, blocker)
            )
            return  # the lowest floor that helps leaves the fewest machines out


def _marked(blocker: Blocker, word: str) -> bool:
    return any(word in str(asker.requirement.marker or "") for asker in blocker.askers)


def _is_to_be_had(case: BlockerCase) -> bool:
    """Whether the target, or one that an edit makes of it, has a usable file in some version that the user admits."""
    view, blocker = case.view, case.blocker
    own = SpecifierSet()
    for requirement in view.asked_by_user(blocker.name):
        own &= requirement.specifier
    target = view.trial.state.question.target
    others: list[Target] = []
    if case.blocked.target_is_named:
        others += (change.applied(view.trial.state).question.target for change in iter_pythons(case.blocked, target))
        others += (other for other, _ in iter_other_platforms(target))
    page, policy = view.diagnosis.project(blocker.name).page, view.diagnosis.policy
    return any(
        _first_usable(ProjectView(page, Admission(Compatibility(each), policy, view.diagnosis.hashes)), own, policy)
        is not None
        for each in (target, *others)
    )


def _is_usable(view: TrialView, blocker: Blocker, target: Target) -> bool:
    """Whether *target* has a usable file in some version that everybody admits, while the present target has none."""
    page = view.diagnosis.project(blocker.name).page
    policy = view.diagnosis.policy
    project = ProjectView(page, Admission(Compatibility(target), policy, view.diagnosis.hashes))
    return _first_usable(project, blocker.specifier, policy) is not None


def _first_usable(project: ProjectView, bounds: SpecifierSet, policy: Policy) -> Version | None:
    anything = Installability.SDIST_NATIVE in policy.allowed
    for version in project.versions:
        if not bounds.contains(version, prereleases=bool(bounds.prereleases)):
            continue
        release = project.release(version)
        if release.fit is not None and (release.has_wheel or anything):
            return version
    return None


# The same project from somewhere else, the same code under another name


def _substitute(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    platform = view.diagnosis.target.platform
    for substitute in case.context.knowledge.substitutes:
        matches = not substitute.platforms or any(fnmatchcase(platform, each) for each in substitute.platforms)
        if substitute.project != blocker.name or not matches:
            continue
        project = view.diagnosis.project(substitute.replacement)
        bounds = blocker.specifier if substitute.same_versions else SpecifierSet()
        for specifier in dict.fromkeys((bounds, SpecifierSet())):
            if _first_usable(project, specifier, view.diagnosis.policy) is not None:
                # In another version than was asked for it is no longer the same code, and a pin loosened besides.
                cost = _COST_OF_SUBSTITUTE if specifier == blocker.specifier else _COST_OF_SUBSTITUTE + _COST_OF_PIN
                yield Substituted(
                    substitute=substitute, specifier=specifier, because=_because(view, blocker), cost=cost
                )
                break


def _index(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    if blocker.is_clash or blocker.name in view.trial.state.sources:
        return
    platform = view.diagnosis.target.platform
    known = [
        index
        for index in case.context.knowledge.indexes
        if blocker.name in index.projects
        and (not index.platforms or any(fnmatchcase(platform, each) for each in index.platforms))
    ]
    present = view.diagnosis.project(blocker.name).page.index
    others = [url for url in case.blocked.indexes[1:] if masked(url) != present]
    for url in dict.fromkeys((*others, *(index.url for index in known))):
        change = FromIndex(name=blocker.name, url=url, because=_because(view, blocker))
        try:
            page = case.context.elsewhere.page_at(url, blocker.name)
        except IndexUnavailable as error:
            if url in others:
                continue
            message = f"it could not be asked, so nothing is proved: {error.message}"
            # Said first of the question as it was asked; the search comes by again with other targets.
            asked = State(question=case.blocked.question)
            case.suggestions.setdefault((blocker.name, url), Suggestion(edit=change.edit(asked), message=message))
            return  # a vendor's other indexes lie beside this one
        project = ProjectView(page, Admission(view.diagnosis.compatibility, view.diagnosis.policy, {}))
        if _first_usable(project, blocker.specifier, view.diagnosis.policy) is not None:
            yield change


# Less than was asked for


def _extra(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    if blocker.is_clash or blocker.is_wanted_by_user:
        return
    for name, dropped in iter_droppable(view, blocker.name):
        asked = view.asked_by_user(name)
        specifier = SpecifierSet()
        for requirement in asked:
            specifier &= requirement.specifier
        extras: frozenset[NormalizedName] = frozenset().union(*(requirement.extras for requirement in asked))
        yield WithoutExtras(
            name=name,
            dropped=dropped,
            kept=extras - dropped,
            specifier=specifier,
            because=_because(view, blocker),
        )


def _exclude(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    if not blocker.is_wanted_by_user:
        version = str(blocker.version or "")
        yield Excluded(name=blocker.name, version=version, because=_because(view, blocker))
    # A clash goes away with any of those who take part in it, a version without a usable file with those who bound it.
    above = blocker.above[:_ABOVE] if blocker.is_clash else tuple(dict.fromkeys((*blocker.gates, *_bounders(case))))
    for name in above:
        if not view.asked_by_user(name):
            pin = view.pins.get(name)
            yield Excluded(
                name=name,
                version=str(pin.version) if pin is not None else "",
                because=_because(view, blocker),
                cost=_COST_OF_EXCLUSION_ABOVE,
            )


REMEDIES: tuple[Callable[[BlockerCase], Iterator[Change]], ...] = (
    _python,
    _platform,
    _substitute,
    _index,
    _repin,
    _extra,
    _override,
    _other_version_above,
    _exclude,
)
