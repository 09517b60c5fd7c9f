"""Finds the conflict sets of a trial: sets of changes of which every repair makes at least one; and alternatives to a trial.

The natural resolution ends at the newest version of everything. What an older one that the requirements admit asks for, or another
candidate of a change that was made, may be easier to repair: a repair touches the blockers of one alternative only.

For imports that fail, bounds and additions are found under which they hold. The dependant was made with a release in which the
names stood: between that and the chosen one lies the last that has them. A module that nobody brings has a project known for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.imports.failing import Lack
from wheelcheck.knowledge.loading import load_well_known
from wheelcheck.model.code import ModuleState
from wheelcheck.model.finding import Code as FindingCode
from wheelcheck.model.repair import EditKind, Suggestion
from wheelcheck.model.requirement import CandidateOrigin, CommandLineOrigin, Requirement
from wheelcheck.ports import Code
from wheelcheck.repairs.blocker_case import BlockerCase
from wheelcheck.repairs.blockers import Blocker, TrialView, joined_extras
from wheelcheck.repairs.context import Blocked, RepairContext
from wheelcheck.repairs.edits import Added, Change, Constrained, Key, Keys, Repinned, VersionChange, key_of
from wheelcheck.repairs.remedies import iter_patches, iter_pythons, iter_remedies
from wheelcheck.repairs.trials import Trial, Trials, usable_candidates, usable_versions
from wheelcheck.targets.project_view import ProjectView, first_upload

_ALTERNATIVES = 6  # so many choices of versions are looked at for one set that fails
_STEPS = 3
_MANY = 3  # with more blockers than this, no other choice of versions is looked at


class ConflictSet(Struct, frozen=True, kw_only=True, dict=True):
    """One group of blockers, and the *changes* of which every repair makes at least one, cheapest first."""

    blockers: tuple[Blocker, ...]
    changes: tuple[Change, ...]

    @cached_property
    def keys(self) -> Keys:
        """The keys of the changes; one object, because thousands of sets of changes are remembered by it."""
        return frozenset(key_of(change) for change in self.changes)


class ConflictSets:
    """Finds the conflict sets of trials, and keeps the facts about them that are reported.

    ``dead_ends`` are blockers that nothing can touch, by project, ``touched`` those that each change can touch, ``suggestions``
    what could not be asked.
    """

    def __init__(
        self,
        blocked: Blocked,
        context: RepairContext,
        trials: Trials,
        suggestions: dict[tuple[NormalizedName, str], Suggestion],
    ) -> None:
        self.dead_ends: dict[NormalizedName, Blocker] = {}
        self.suggestions = suggestions
        self.touched: dict[Key, dict[NormalizedName, None]] = {}
        self._blocked = blocked
        self._context = context
        self._trials = trials

    def of(self, trial: Trial) -> tuple[ConflictSet, ...]:
        """The conflict sets of *trial*, those with the fewest changes first."""
        view = TrialView(trial, self._trials.diagnosis(trial))
        conflict_sets = [self._conflict_set(view, group) for group in view.blocking_groups()]
        if view.excludes_python:
            target, bounds = trial.state.question.target, [str(bound) for bound, _ in self._blocked.input_bounds]
            patches = iter_patches(self._blocked, target, bounds)
            pythons = (*patches, *iter_pythons(self._blocked, target, self._context.knowledge))
            conflict_sets.append(ConflictSet(blockers=(), changes=pythons))
        for conflict_set in conflict_sets:
            if not conflict_set.changes:
                # A blocker with a usable version is no dead end by itself: a project below it is.
                stuck = (blocker for blocker in conflict_set.blockers if next(view.iter_usable(blocker), None) is None)
                self.dead_ends.update({blocker.name: blocker for blocker in stuck})
        return tuple(
            sorted(conflict_sets, key=lambda each: (len(each.changes), [blocker.name for blocker in each.blockers]))
        )

    def of_failing(self, trial: Trial, failing: Mapping[NormalizedName, Sequence[Lack]]) -> tuple[ConflictSet, ...]:
        """The conflict sets of *trial*, which resolves, for the *failing* projects: later versions, another Python.

        For each project that lacks what they import, a bound under which it has that besides; for each module that nobody brings,
        the project that does.
        """
        view = TrialView(trial, self._trials.diagnosis(trial))
        found = []
        for name, lacks in sorted(failing.items()):
            pin = view.pins[name]
            whole = self._conflict_set(view, (view.wanted(name),), is_installable=True)
            later = (
                each.later_than(pin.version, 1) if isinstance(each, VersionChange) and each.name == name else each
                for each in whole.changes
            )
            because = f"{name} {pin.version} fails when it is imported on {trial.state.question.target}"
            changes = tuple(
                replace(each, because=because)
                for each in later
                if not isinstance(each, VersionChange) or each.candidates
            )
            # What one project lacks, or one module that nobody brings, is mended apart from the rest.
            apart: dict[tuple[NormalizedName | None, str], list[Lack]] = {}
            for lack in lacks:
                provider = lack.provider or self._bringing(lack.module, view)
                module = "" if provider is not None else top_of(lack)
                apart.setdefault((provider, module), []).append(replace(lack, provider=provider))
            for (provider, _), mine in apart.items() or (((None, ""), []),):
                if provider is not None:
                    # What another project lacks it lacks on every Python.
                    bounds = iter_import_bounds(view, name, provider, mine, self._context.code)
                    rest = (each for each in changes if each.kind is not EditKind.PYTHON)
                    found.append(ConflictSet(blockers=whole.blockers, changes=(*bounds, *rest)))
                else:
                    added = iter_additions(view, name, mine[0], self._context) if mine else ()
                    found.append(ConflictSet(blockers=whole.blockers, changes=(*added, *changes)))
        return tuple(found)

    def _bringing(self, module: str, view: TrialView) -> NormalizedName | None:
        """The project of *view*'s plan that is known to bring *module*, in other releases than the one that was chosen."""
        known = self._context.knowledge.import_names
        top = module.partition(".")[0]
        return next((name for name in sorted(view.pins) if name in known and top in known[name]), None)

    def lost(self, conflict_sets: Iterable[ConflictSet]) -> tuple[Blocker, ...]:
        """The blockers of *conflict_sets* that no change can ever touch: what the user names stays wanted, whatever changes."""
        stuck = {blocker.name for each in conflict_sets if not each.changes for blocker in each.blockers}
        return tuple(blocker for blocker in self.lost_ends() if blocker.name in stuck)

    def lost_ends(self) -> tuple[Blocker, ...]:
        """The dead ends that the user names: whatever else is changed, they stay wanted."""
        return tuple(each for each in self.dead_ends.values() if each.is_wanted_by_user)

    def _conflict_set(
        self, view: TrialView, group: tuple[Blocker, ...], *, is_installable: bool = False
    ) -> ConflictSet:
        self._trials.seconds_left()
        changes: dict[Key, Change] = {}
        for blocker in group:
            case = BlockerCase(
                blocked=self._blocked,
                context=self._context,
                view=view,
                blocker=blocker,
                suggestions=self.suggestions,
            )
            for change in iter_remedies(case, is_installable=is_installable):
                changes.setdefault(key_of(change), change)
                self.touched.setdefault(key_of(change), {})[blocker.name] = None
        return ConflictSet(
            blockers=group, changes=tuple(sorted(changes.values(), key=lambda each: (each.cost, key_of(each))))
        )


def alternatives_of(failed: Trial, trials: Trials) -> Sequence[Trial]:
    """*failed*, and trials with other versions of the projects that have usable ones: each fails for reasons of its own."""
    alternatives = [failed]
    if len(TrialView(failed, trials.diagnosis(failed)).blocking_groups()) > _MANY:
        return alternatives  # each costs a resolution, and of a large input a dear one
    for alternative in alternatives:  # grows while it is walked: a queue
        for changes in _iter_alternatives(alternative, trials):
            if len(alternatives) == _ALTERNATIVES:
                return alternatives
            other = trials.of(changes)
            if other.is_undecided:
                return alternatives
            # The trials give the same object for the same changes.
            if not any(other is known for known in alternatives):
                alternatives.append(other)
    return alternatives


def _iter_alternatives(alternative: Trial, trials: Trials) -> Iterator[tuple[Change, ...]]:
    view = TrialView(alternative, trials.diagnosis(alternative))
    for blocker in view.movable():
        for version in itertools.islice(view.iter_usable(blocker), _STEPS):
            yield (*alternative.changes, kept_at(blocker.name, version))
    groups = view.blocking_groups()
    above = {name for group in groups for blocker in group for name in blocker.above}
    for change in alternative.changes:
        if isinstance(change, VersionChange) and change.name in above:
            rest = tuple(other for other in alternative.changes if other is not change)
            for version in usable_candidates(change, alternative.changes, trials)[:_STEPS]:
                yield (*rest, change.settled(version))
    for gate, version in _iter_gate_alternatives(view, groups):
        yield (*alternative.changes, kept_at(gate, version))


def _iter_gate_alternatives(
    view: TrialView, groups: Iterable[tuple[Blocker, ...]]
) -> Iterator[tuple[NormalizedName, Version]]:
    """Other versions, within the declared bounds, of the projects that alone bring a blocker in."""
    changed = {change.package or change.slot for change in view.trial.changes}
    for gate in dict.fromkeys(gate for group in groups for blocker in group for gate in blocker.gates):
        if gate in changed:
            continue
        bounds = view.bounds_from_outside(gate)
        usable = usable_versions(view.diagnosis.project(gate))
        others = (each for each in usable if each != view.pins[gate].version and bounds.contains(each))
        for version in itertools.islice(others, _STEPS - 1):
            yield gate, version


def kept_at(name: NormalizedName, version: Version) -> Change:
    """The change that keeps *name* at *version*."""
    return Constrained(bound=Requirement.parse(f"{name}=={version}", CommandLineOrigin(text="repair")))


_THERE = (ModuleState.READ, ModuleState.COMPILED)
_ADDABLE = frozenset({FindingCode.MODULE_ABSENT, FindingCode.GONE_FROM_PYTHON, FindingCode.REFUSED})
_ADDED = 2  # projects that bring one module, such as forks of each other


def iter_import_bounds(
    view: TrialView, dependant: NormalizedName, provider: NormalizedName, lacks: Sequence[Lack], code: Code
) -> Iterator[Change]:
    """The change that keeps *provider*, which has what all *lacks* name, at releases that have what *dependant* imports.

    A bound where everybody admits such a release; where the user asks for a newer one, that is asked for in its place.
    """
    pin, project = view.pins[provider], view.diagnosis.project(provider)
    user = view.pins[dependant]
    refusing = next((each.requirement for each in lacks if each.requirement), "")
    if refusing:
        bound = Requirement.parse(refusing, CandidateOrigin(name=user.name, version=user.version))
        yield Constrained(bound=bound, because=f"{user.name} {user.version}")
        return
    because = f"{user.name} {user.version} imports {_first(lacks)}"
    older = [version for version in usable_versions(project) if version < pin.version]
    declared = view.wanted(provider).specifier
    admitted = [version for version in older if declared.contains(version)]
    day = first_upload(view.diagnosis.page(dependant), user.version)
    newest = _newest_standing(project, admitted, day, lacks, code)
    if newest is not None:
        above = admitted[newest - 1] if newest else pin.version
        origin = CandidateOrigin(name=user.name, version=user.version)
        bound = Requirement.parse(f"{provider}<{_short(above)}", origin)
        yield Constrained(bound=bound, because=because)
        return
    asked = view.asked_by_user(provider)
    if not any(each.specifier for each in asked):
        return
    newest = _newest_standing(project, older, day, lacks, code)
    if newest is not None:
        yield Repinned(
            name=provider,
            candidates=tuple(older[newest:]),
            extras=joined_extras(asked),
            declared=" and ".join(dict.fromkeys(str(each.specifier) for each in asked)),
            because=because,
        )


def top_of(lack: Lack) -> str:
    """The top-level module that *lack* is about, or the distribution that the code looks for; empty for neither."""
    if lack.module or not lack.requirement:
        return lack.module.partition(".")[0]
    return Requirement.parse(lack.requirement, CommandLineOrigin(text=lack.requirement)).name


def iter_additions(view: TrialView, dependant: NormalizedName, lack: Lack, context: RepairContext) -> Iterator[Change]:
    """The changes that ask for a project that has the module of *lack*, which *dependant* imports and nobody brings.

    Such are the projects that are known to bring it, and a well-known one that is called so: a stranger's is never asked for.
    """
    top, user = top_of(lack), view.pins[dependant]
    if lack.code not in _ADDABLE or lack.provider is not None or not top:
        return
    stand_in = context.library.stands_in.get(top) if context.library is not None else None
    module = stand_in or top
    parts = (lack.module or top).split(".")
    above = {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)} | {module}
    known = [name for name, modules in context.knowledge.import_names.items() if modules & above]
    alike = canonicalize_name(module)
    names = sorted(known, key=lambda name: (name != alike, len(name), name)) if lack.module else []
    if alike not in names and alike in load_well_known():
        names.append(alike)
    origin = CandidateOrigin(name=user.name, version=user.version)
    for name in [each for each in names if each not in view.pins][:_ADDED]:
        project = view.diagnosis.project(name)
        versions = usable_versions(project)
        sought = [Lack(code=lack.code, reason="", module=module)] if lack.module else []
        newest = _newest_standing(project, versions, None, sought, context.code)
        if newest is not None:
            bound = f"<{_short(versions[newest - 1])}" if newest else ""
            because = f"{user.name} {user.version} {'imports' if lack.module else 'looks for'} {top}"
            yield Added(wanted=Requirement.parse(f"{name}{bound}", origin), because=because)


def _newest_standing(
    project: ProjectView, versions: Sequence[Version], day: str | None, lacks: Sequence[Lack], code: Code
) -> int | None:
    """The place in *versions* (newest first) of the newest that has all of *lacks*; ``None`` where none is known to.

    The release that was the newest on *day* (of no day: the newest, then the oldest) is read first, then halves between it and the
    newest: a few archives in all.
    """
    if not versions:
        return None
    if day is None and _stands(project, versions[0], lacks, code):
        return 0
    times = (first_upload(project.page, version) for version in versions)
    known = (place for place, time in enumerate(times) if day and time and time <= day)
    has = next(known, len(versions) - 1)
    if not _stands(project, versions[has], lacks, code):
        return None
    lacking = -1
    while has - lacking > 1:
        between = (has + lacking) // 2
        if _stands(project, versions[between], lacks, code):
            has = between
        else:
            lacking = between
    return has


def _stands(project: ProjectView, version: Version, lacks: Sequence[Lack], code: Code) -> bool:
    fit = project.release(version).fit
    if fit is None:
        return False
    wanted = {each.module for each in lacks} | {f"{each.module}.{name}" for each in lacks for name in each.names}
    try:
        found = {each.module: each for each in code.definitions(fit.distribution, frozenset(wanted))}
    except IndexUnavailable:
        return False
    return all(
        found[each.module].state in _THERE
        and all(
            name in found[each.module].names or found[f"{each.module}.{name}"].state in _THERE for name in each.names
        )
        for each in lacks
    )


def _first(lacks: Sequence[Lack]) -> str:
    return ".".join((lacks[0].module, *lacks[0].names[:1]))


def _short(version: Version) -> str:
    """*version* as a person writes it in a bound: ``3`` for ``3.0.0``."""
    return str(version).removesuffix(".0").removesuffix(".0")
