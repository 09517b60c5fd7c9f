"""Offers the edits that can touch a blocker, cheapest kind first, without those that the pages already rule out; tries none.

``TrialView, Blocker → Change, …``. Every repair must touch every blocker, so a blocker without remedies is
unrepairable. Each function of :data:`REMEDIES` offers one kind of edit.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from fnmatch import fnmatchcase

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.findings.indexes import asked_label, exact_version, places_of
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import Suggestion
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked
from wheelcheck.repairs.blocker_case import (
    BlockerCase,
    iter_droppable,
    iter_other_platforms,
    iter_other_pythons,
    nearest_first,
    preferred_in_clash,
)
from wheelcheck.repairs.blockers import Asker, joined_extras, joined_specifier
from wheelcheck.repairs.context import Blocked, State
from wheelcheck.repairs.edits import (
    Change,
    Excluded,
    FromIndex,
    Key,
    Marked,
    OnPlatform,
    OnPython,
    Overridden,
    Repinned,
    Substituted,
    WithoutExtras,
    key_of,
    with_extras,
)
from wheelcheck.repairs.repair_case import (
    built_for,
    joined_marker,
    python_marker,
    standard_since,
    system_marker,
    systems_of,
)
from wheelcheck.repairs.trials import usable_versions
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Admission, ProjectView
from wheelcheck.targets.pythons import parse_python
from wheelcheck.targets.targets import parse_target

_VENDORS = 8
_ABOVE = 8  # so many projects above a blocker are considered for another version, nearest first
_COST_OF_SUBSTITUTE = 20
_COST_OF_PIN = 40
_COST_OF_PIN_ABOVE = 95
_COST_OF_PATCH = 6
_COST_OF_PAIR = 8  # the next release of a pair was made for what the blocker lacks
_COST_OF_OVERRIDE_ABOVE = 85
_COST_OF_EXCLUSION_ABOVE = 210
_COST_OF_ENDED = 2_000  # whatever keeps a Python that gets security fixes is less


def iter_remedies(case: BlockerCase, *, is_installable: bool = False) -> Iterator[Change]:
    """The changes that can touch the blocker of *case*, each once, in the order of :data:`REMEDIES`.

    What *is_installable*, and fails when it is imported, has the same code on another index and another floor.
    """
    found: dict[Key, Change] = {}
    for remedy in REMEDIES:
        if is_installable and remedy in (_platform, _index):
            continue
        for change in remedy(case):
            found.setdefault(key_of(change), change)
    yield from found.values()


def iter_pythons(blocked: Blocked, target: Target, knowledge: RepairKnowledge) -> Iterator[OnPython]:
    """The Pythons near that of *target* that the inputs themselves admit; those past their end cost most."""
    if not blocked.target_is_named:
        return
    for other, cost in iter_other_pythons(target):
        compatibility = Compatibility(other)
        if all(compatibility.admits_python(str(bound)) for bound, _ in blocked.input_bounds):
            has_ended = knowledge.has_ended(parse_python(other.python).minor, blocked.day)
            yield OnPython(value=other.python, before=target.python, cost=cost + _COST_OF_ENDED * has_ended)


def iter_patches(blocked: Blocked, target: Target, bounds: Iterable[str]) -> Iterator[OnPython]:
    """The later patch releases of *target*'s Python that *bounds* on Python name, which the inputs admit; the lowest first."""
    word = parse_python(target.python)
    if not blocked.target_is_named or word.implementation != "cpython" or word.free_threaded:
        return
    named = {int(patch) for bound in bounds for patch in re.findall(rf">=\s*3\.{word.minor}\.(\d+)", bound)}
    for patch in sorted(each for each in named if each > word.full.micro):
        other = parse_target(target.platform, f"3.{word.minor}.{patch}")
        if all(Compatibility(other).admits_python(str(bound)) for bound, _ in blocked.input_bounds):
            yield OnPython(value=other.python, before=target.python, cost=_COST_OF_PATCH)


# Versions of the blocker itself


def _repin(case: BlockerCase) -> Iterator[Change]:
    asked = case.view.asked_by_user(case.blocker.name)
    if any(each.name == case.blocker.name for each in case.view.trial.state.question.policy.overrides):
        return  # the override takes the place of the user's own bound, whatever that is
    if any(requirement.specifier for requirement in asked) or (asked and case.needs_pin):
        candidates = _candidates(case)
        if candidates:
            yield _repinned(case, case.blocker.name, candidates, _COST_OF_PIN)


def _repinned(case: BlockerCase, name: NormalizedName, candidates: tuple[Version, ...], cost: int) -> Repinned:
    asked = case.view.asked_by_user(name)
    return Repinned(
        name=name,
        candidates=candidates,
        extras=joined_extras(asked),
        declared=" and ".join(dict.fromkeys(str(requirement.specifier) for requirement in asked)),
        because=case.because,
        cost=cost,
    )


def _override(case: BlockerCase) -> Iterator[Change]:
    askers = case.blocker.askers
    bounded = any(asker.parent is not None and asker.requirement.specifier for asker in askers)
    if bounded or (not case.blocker.is_wanted_by_user and case.needs_pin):
        candidates = _candidates(case)
        if candidates and not case.partners:
            yield Overridden(name=case.blocker.name, candidates=candidates, declared=_declared(askers))


def _declared(askers: Iterable[Asker]) -> tuple[tuple[str, str], ...]:
    found = ((str(asker), str(asker.requirement.specifier)) for asker in askers if asker.requirement.specifier)
    return tuple(dict.fromkeys(found))


def _candidates(case: BlockerCase) -> tuple[Version, ...]:
    if not case.usable:
        return ()
    blocker, project = case.blocker, case.project
    return preferred_in_clash(project, blocker) if blocker.is_clash else nearest_first(project, blocker.version)


# Versions of the projects above it


def _other_version_above(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    # A project that the user asks for by name stays wanted, whatever stands above it; but another's bound on it can go.
    above = _bounders(case) if blocker.is_wanted_by_user and not blocker.is_clash else blocker.above[:_ABOVE]
    for name in above:
        pin = view.pins.get(name)
        project = view.diagnosis.project(name)
        candidates = nearest_first(project, pin.version if pin is not None else None)
        others = tuple(version for version in candidates if pin is None or version != pin.version)
        usable = set(usable_versions(project))
        if usable.isdisjoint(others):
            continue
        asked, bounds = view.asked_by_user(name), view.bounds_on(name)
        if any(requirement.specifier for requirement in asked):
            cost, later = _COST_OF_PIN_ABOVE, tuple(each for each in others if pin is not None and each > pin.version)
            if name in case.partners and not usable.isdisjoint(later):
                cost, others = _COST_OF_PAIR, later
            yield _repinned(case, name, others, cost)
        # Where the user asks for any version, it is the others' bounds that an override passes over.
        elif bounds or (blocker.is_clash and not asked):
            yield Overridden(
                name=name,
                candidates=others,
                declared=_declared(bounds),
                because=case.because,
                cost=_COST_OF_OVERRIDE_ABOVE,
            )


def _bounders(case: BlockerCase) -> tuple[NormalizedName, ...]:
    """The projects whose bounds keep the blocker from versions that the user alone would admit.

    None where no such version is usable on the target: then another target comes first, and what bounds the blocker there after it.
    """
    blocker = case.blocker
    if not blocker.is_wanted_by_user or not case.is_usable_on(case.target, _own_bounds(case)):
        return ()
    names = (asker.parent for asker in blocker.askers if asker.parent is not None and asker.requirement.specifier)
    return tuple(dict.fromkeys(names))[:_ABOVE]


def _own_bounds(case: BlockerCase) -> SpecifierSet:
    return joined_specifier(case.view.asked_by_user(case.blocker.name))


def _bounds_to_serve(case: BlockerCase) -> tuple[SpecifierSet, ...]:
    """The bounds on the blocker that another target has to serve: those of all, or of the user alone where the others' can go."""
    blocker = case.blocker
    can_others_go = blocker.is_wanted_by_user and not blocker.is_clash
    return (blocker.specifier, _own_bounds(case)) if can_others_go else (blocker.specifier,)


def _target_of(change: Change, case: BlockerCase) -> Target:
    return change.applied(case.view.trial.state).question.target


# The target


def _python(case: BlockerCase) -> Iterator[Change]:
    blocker = case.blocker
    # A page may list thousands of files: those of the version that is wanted tell the patch level.
    listed, version = case.view.diagnosis.project(blocker.name).page.distributions, blocker.version
    files = listed[version] if version is not None and version in listed else ()
    bounds = {file.at.requires_python for file in files if file.at.requires_python}
    patches = iter_patches(case.blocked, case.target, bounds)
    for change in itertools.chain(patches, iter_pythons(case.blocked, case.target, case.context.knowledge)):
        if blocker.is_clash and any("python" in str(asker.requirement.marker or "") for asker in blocker.askers):
            yield change
        elif any(case.is_usable_on(_target_of(change, case), bounds) for bounds in _bounds_to_serve(case)):
            yield replace(change, because=case.because)


def _platform(case: BlockerCase) -> Iterator[Change]:
    if not case.blocked.target_is_named:
        return
    for bounds, (other, cost) in itertools.product(_bounds_to_serve(case), iter_other_platforms(case.target)):
        if case.is_usable_on(other, bounds):
            yield OnPlatform(value=other.platform, before=case.target.platform, cost=cost, because=case.because)
            return  # the lowest floor that helps leaves the fewest machines out


# The same project from somewhere else, the same code under another name


def _substitute(case: BlockerCase) -> Iterator[Change]:
    blocker = case.blocker
    for substitute in case.context.knowledge.substitutes:
        if substitute.project != blocker.name or not _is_for(substitute.platforms, case.target):
            continue
        project = case.view.diagnosis.project(substitute.replacement)
        bounds = blocker.specifier if substitute.same_versions else SpecifierSet()
        for specifier in dict.fromkeys((bounds, _with_rebuilds(bounds), SpecifierSet())):
            if not case.is_usable(project, specifier):
                continue
            # In another version than was asked for it is no longer the same code, and a pin loosened besides.
            loosened = specifier not in (blocker.specifier, _with_rebuilds(blocker.specifier))
            cost = _COST_OF_SUBSTITUTE + _COST_OF_PIN * loosened
            change = Substituted(substitute=substitute, specifier=specifier, because=case.because, cost=cost)
            if substitute.same_api:
                yield change
            else:
                _suggest(
                    case, change, f"it does the same for other code, so that yours has to change: {substitute.differs}"
                )
            break


def _with_rebuilds(bounds: SpecifierSet) -> SpecifierSet:
    """*bounds* with each exact version admitting its rebuilds too: ``3.1.0`` is published again as ``3.1.0.post17``."""
    return SpecifierSet(re.sub(r"(?<![=~])==([\d.]+\d)(?=,|$)", r"==\1.*", str(bounds)))


def _suggest(case: BlockerCase, change: Change, message: str) -> None:
    # The first suggestion is of the question as it was asked; the search comes by again with other targets.
    asked = State(question=case.blocked.question)
    case.suggestions.setdefault((case.blocker.name, change.word), Suggestion(edit=change.edit(asked), message=message))


def _is_for(platforms: Collection[str], target: Target) -> bool:
    return not platforms or any(fnmatchcase(target.platform, each) for each in platforms)


def _index(case: BlockerCase) -> Iterator[Change]:
    blocker, diagnosis = case.blocker, case.view.diagnosis
    project = diagnosis.project(blocker.name)
    if blocker.name in case.view.trial.state.sources:
        return
    if blocker.is_clash and any(blocker.specifier.contains(version, prereleases=True) for version in project.versions):
        return
    vendors = list(_vendors(case, asked_label(blocker.specifier)))
    seen = {project.page.index, *project.page.indexes}
    failed = dict(project.page.unasked)
    wanted = exact_version(blocker.specifier)
    because = f"it is not on {places_of(project.page)}" if blocker.is_clash and wanted else case.because
    others = [url for url in case.blocked.indexes if masked(url) not in seen and masked(url) not in failed]
    for url in dict.fromkeys((*others, *vendors, *failed)):
        change = FromIndex(name=blocker.name, url=url, because=because)
        try:
            page = case.context.elsewhere.page_at(url, blocker.name)
        except IndexUnavailable as error:
            if url in others or case.context.knowledge.serves_only_others(url, blocker.name):
                continue
            # A vendor's other indexes lie beside this one.
            return _suggest(case, change, f"it could not be asked, so nothing is proved: {error.message}")
        if case.is_usable(ProjectView(page, Admission(diagnosis.compatibility, diagnosis.policy)), blocker.specifier):
            yield change


def _vendors(case: BlockerCase, label: str) -> Iterator[str]:
    """The indexes of vendors of the blocker; where a build with a *label* is asked for, those that have it.

    Where versions clash and no label is asked for, no vendor is looked at: it has other builds, and not other versions.
    """
    if case.blocker.is_clash and not label:
        return
    known = [
        index
        for index in case.context.knowledge.indexes
        if (not index.projects or case.blocker.name in index.projects) and _is_for(index.platforms, case.target)
    ]
    with_label = [index for index in known if any(fnmatchcase(label, pattern) for pattern in index.labels)]
    # Where any build will do, those that the knowledge lists first are enough: each costs a page.
    yield from (index.url for index in (with_label or known if label else known[:_VENDORS]))


# Less than was asked for


def _marker(case: BlockerCase) -> Iterator[Change]:
    blocker, requirements = case.blocker, tuple(asker.requirement for asker in case.blocker.askers)
    page, here = case.view.diagnosis.project(blocker.name).page, case.target.markers["sys_platform"]
    standard = standard_since(blocker.name, case.context.library, case.target.python_full.minor)
    systems = systems_of(page, case.context.knowledge)
    if any(each.url for each in requirements):
        return
    if standard is not None:
        marker = python_marker(standard[1])
    elif systems and here not in systems and here not in built_for(page):
        marker = system_marker(systems)
    else:
        return
    own = [each.marker for each in case.view.asked_by_user(blocker.name)]
    alone = all(asker.parent is None for asker in blocker.askers)
    extras = joined_extras(requirements) if alone else frozenset()
    yield Marked(
        name=blocker.name,
        declared=f"{with_extras(blocker.name, extras)}{blocker.specifier}",
        marker=joined_marker(marker, own[0] if alone and len(own) == 1 else None),
        by_override=not alone,
        because=case.because,
    )


def _extra(case: BlockerCase) -> Iterator[Change]:
    if case.blocker.is_clash or case.blocker.is_wanted_by_user:
        return
    for name, dropped in iter_droppable(case.view, case.blocker.name):
        asked = case.view.asked_by_user(name)
        yield WithoutExtras(
            name=name,
            dropped=dropped,
            kept=joined_extras(asked) - dropped,
            specifier=joined_specifier(asked),
            because=case.because,
        )


def _exclude(case: BlockerCase) -> Iterator[Change]:
    view, blocker = case.view, case.blocker
    if not blocker.is_wanted_by_user:
        yield Excluded(name=blocker.name, version=str(blocker.version or ""), because=case.because)
    # A clash goes away with any of those who take part in it, a version without a usable file with those who bound it.
    above = blocker.above[:_ABOVE] if blocker.is_clash else tuple(dict.fromkeys((*blocker.gates, *_bounders(case))))
    for name in above:
        if not view.asked_by_user(name):
            pin = view.pins.get(name)
            version = str(pin.version) if pin is not None else ""
            yield Excluded(name=name, version=version, because=case.because, cost=_COST_OF_EXCLUSION_ABOVE)


REMEDIES: tuple[Callable[[BlockerCase], Iterator[Change]], ...] = (
    _python,
    _platform,
    _substitute,
    _index,
    _marker,
    _repin,
    _extra,
    _override,
    _other_version_above,
    _exclude,
)
