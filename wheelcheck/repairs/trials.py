"""Resolves edited questions, each once and within the limits, and settles every change of version on the nearest that serves.

It draws no conclusion but whether the answer installs, and chooses no set of changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, partial

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.rules import objections
from wheelcheck.model.distribution import Wheel
from wheelcheck.model.finding import Finding
from wheelcheck.model.repair import EditKind
from wheelcheck.model.resolution import Conflict, Resolution
from wheelcheck.ports import Projects, Reporter
from wheelcheck.repairs.context import Blocked, Limits, RepairContext, State, WithSources
from wheelcheck.repairs.edits import Change, Key, Keys, VersionChange, key_of
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Budget
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Admission, ProjectView

_FOR_SEARCHING = 0.75  # of the rounds and the time; the rest is for the fixes of advisories
_AS_MANY = 2  # times the rounds of the question itself may go into one trial,
_TO_GO_BACK = 1000
_LINES_A_ROUND = 16
_TRIES = 8  # so many of the nearest versions are tried for one project before any that serves is taken


class OutOfTime(Exception):
    """A signal from the trials to the search: the limits are reached. It never leaves the room."""


class Trial(Struct, frozen=True, kw_only=True):
    """One edited question and its outcome; ``objections`` is empty where it can be installed as it is."""

    changes: tuple[Change, ...]
    state: State
    projects: Projects
    outcome: Resolution | Conflict
    objections: tuple[Finding, ...]

    @property
    def succeeds(self) -> bool:
        """Whether the edits make the question installable (or so after pure builds)."""
        return isinstance(self.outcome, Resolution) and not self.objections

    @property
    def is_undecided(self) -> bool:
        """Whether it took too long, which proves nothing about its edits."""
        return isinstance(self.outcome, Conflict) and self.outcome.budget_spent

    @property
    def keys(self) -> Keys:
        """The keys of its changes, whatever their versions."""
        return frozenset(key_of(change) for change in self.changes)

    @property
    def cost(self) -> int:
        """The sum of the changes' costs."""
        return sum(change.cost for change in self.changes)

    @property
    def main_kind(self) -> EditKind:
        """The kind of its most expensive change, by which a person would name the repair."""
        return max(self.changes, key=lambda change: (change.cost, key_of(change))).kind

    @property
    def resolution(self) -> Resolution:
        """The outcome of a trial that succeeds."""
        if not isinstance(self.outcome, Resolution):
            raise TypeError("only a trial that succeeds has a resolution")
        return self.outcome


_Settled = tuple[tuple[Key, str], ...]


class Trials:
    """Makes trials of *blocked* in *context*; remembers each, and ends by ``OutOfTime`` when *limits* are reached.

    ``undecided`` are the trials that were given up, since they took too many rounds for one of many. ``spent`` are all rounds.
    Rounds and trials are counted, so that the search is the same on every machine; the clock ends it only, and then
    ``ended_by_clock`` says so. The objections *aside* are none to any trial: nothing repairs them, and the rest is repaired.
    """

    def __init__(
        self,
        blocked: Blocked,
        context: RepairContext,
        limits: Limits,
        reporter: Reporter,
        aside: frozenset[Finding] = frozenset(),
    ) -> None:
        self._blocked = blocked
        self._context = context
        self._limits = limits
        self._reporter = reporter
        self._aside = aside
        self._start = limits.clock()
        self._deadline = self._start + limits.seconds * _FOR_SEARCHING
        self._rounds = int(limits.rounds * _FOR_SEARCHING)
        rounds = _rounds_of(blocked.outcome)
        self._hardest = _AS_MANY * rounds + _TO_GO_BACK
        # What fails after few rounds has still read and learnt; that grows with the input, as does what fails before the first.
        self._least = max(rounds // 4, len(blocked.question.requirements) // _LINES_A_ROUND)
        self._known: dict[_Settled, Trial] = {}
        self._most = limits.trials
        self.has_answer = False
        self.is_patient = False
        self.undecided: set[_Settled] = set()
        self._made_so_far = 0
        self.spent = 0
        self.ended_by_clock = False

    @property
    def count(self) -> int:
        """How many resolutions were made."""
        return self._made_so_far

    def answer_found(self) -> None:
        """From now on allow only some more trials."""
        if not self.has_answer:
            self.has_answer = True
            self._most = min(self._most, self.count + self._limits.more_trials)

    def be_patient(self) -> None:
        """From now on let a trial take all the rounds that are left: no other waits for it."""
        self.is_patient = True

    def begin_advisory_fixes(self, trials: int) -> None:
        """Allow that many *trials* more, in the rounds and the time that the search has left for them."""
        self._most = self.count + trials
        self._rounds += self._limits.rounds - int(self._limits.rounds * _FOR_SEARCHING)
        self._deadline = self._start + self._limits.seconds

    @cached_property
    def base(self) -> Trial:
        """The question as it was asked."""
        return self._judged((), State(question=self._blocked.question), self._blocked.outcome)

    def diagnosis(self, trial: Trial) -> Diagnosis:
        """The diagnosis of *trial*, which knows its blockers and its choices."""
        return self._diagnosis(trial.outcome, trial.state, trial.projects)

    def of(self, changes: Iterable[Change]) -> Trial:
        """The trial of *changes*, made now if it was not made before; raises ``OutOfTime`` and ``IndexUnavailable``."""
        ordered = tuple(sorted(changes, key=key_of))
        settled = tuple((key_of(change), _version(change)) for change in ordered)
        known = self._known.get(settled)
        if known is None:
            if self.count >= self._most or self._rounds <= 0:
                raise OutOfTime
            known = self._made(ordered, self.seconds_left())
            cost = max(known.outcome.effort, self._least)
            self._rounds -= cost
            self.spent += cost
            # A trial that was given up is not kept: a later one may take more rounds.
            if known.is_undecided:
                self.seconds_left()
                self.undecided.add(settled)
            else:
                self.undecided.discard(settled)
                self._known[settled] = known
        return known

    def seconds_left(self) -> float:
        """The seconds until the search has to end; raises ``OutOfTime`` when there are none. For what takes long without trials."""
        left = self._deadline - self._limits.clock()
        if left <= 0:
            self.ended_by_clock = True
            raise OutOfTime
        return left

    def project(self, name: NormalizedName, changes: Iterable[Change]) -> ProjectView:
        """The page of *name* as the target sees it that *changes* make."""
        state = self._state(changes)
        policy = state.question.policy
        admission = Admission(Compatibility(state.question.target), policy)
        return ProjectView(self._projects(state).page(name), admission)

    def _state(self, changes: Iterable[Change]) -> State:
        state = State(question=self._blocked.question)
        for change in sorted(changes, key=key_of):
            state = change.applied(state)
        return state

    def _made(self, changes: tuple[Change, ...], seconds: float) -> Trial:
        state = self._state(changes)
        # One hard resolution must not take the rounds of all the others. What fails is looked into by the search itself.
        rounds = self._rounds if self.is_patient else min(self._rounds, self._hardest)
        budget = Budget(seconds=seconds, rounds=rounds, blocker_rounds=0, clock=self._limits.clock)
        question = replace(state.question, budget=budget)
        self._reporter.stage(f"trying repair {self.count + 1}")
        self._made_so_far += 1
        outcome = resolve(question, self._projects(state), self._reporter)
        return self._judged(changes, state, outcome)

    def _projects(self, state: State) -> Projects:
        if not state.sources:
            return self._context.projects
        return WithSources(self._context.projects, self._context.elsewhere, state.sources)

    def _judged(self, changes: tuple[Change, ...], state: State, outcome: Resolution | Conflict) -> Trial:
        projects = self._projects(state)
        diagnosis = self._diagnosis(outcome, state, projects)
        against = tuple(each for each in objections(diagnosis) if each not in self._aside)
        return Trial(changes=changes, state=state, projects=projects, outcome=outcome, objections=against)

    def _diagnosis(self, outcome: Resolution | Conflict, state: State, projects: Projects) -> Diagnosis:
        return Diagnosis(
            outcome,
            projects,
            state.question.policy,
            input_bounds=self._blocked.input_bounds,
            require_hashes=self._blocked.require_hashes,
            bundled=self._blocked.bundled,
            requirements=state.question.requirements,
            constraints=state.question.constraints,
        )


def _rounds_of(outcome: Resolution | Conflict) -> int:
    natural = outcome.natural if isinstance(outcome, Conflict) else None
    return max(outcome.rounds, natural.rounds if natural is not None else 0)


def _version(change: Change) -> str:
    # Until a version is settled on, two overrides of one project may still differ by their bounds.
    return change.bound_text if isinstance(change, VersionChange) else ""


def moves_of(project: ProjectView) -> tuple[Version, ...]:
    """The versions that a repair may move *project* to, newest first: the final ones.

    Where none of these has a wheel that the target can use, the pre-releases that have one are among them.
    """
    wheels = [version for version in project.versions if version in project.runnable]
    if any(not version.is_prerelease and project.release(version).has_wheel for version in wheels):
        wheels = []
    serving = {version for version in wheels if version.is_prerelease and project.release(version).has_wheel}
    return tuple(version for version in project.versions if not version.is_prerelease or version in serving)


def usable_versions(project: ProjectView) -> tuple[Version, ...]:
    """Of :func:`moves_of` *project* those with a usable wheel, newest first; where there are none, those with a source archive.

    A version older than one that its maintainers ended before the target's Python is none of them.
    A project that its maintainers withdrew as a whole is left with its withdrawn versions, which a pin still reaches (PEP 592).
    """
    capped = project.newest_capped
    moves = [version for version in moves_of(project) if capped is None or version > capped]
    # Only what has a wheel that may fit is judged at first: a project has up to a thousand versions, and each costs its files.
    wheels = [version for version in moves if version in project.runnable and project.release(version).has_wheel]
    standing_wheels = tuple(version for version in wheels if project.release(version).yanked is None)
    if standing_wheels:
        return standing_wheels
    moves = [version for version in moves if project.release(version).fit is not None]
    standing = [version for version in moves if project.release(version).yanked is None] or moves
    with_wheel = tuple(version for version in standing if project.release(version).has_wheel)
    return with_wheel or tuple(standing)


def attempt(changes: tuple[Change, ...], trials: Trials) -> tuple[Trial | None, tuple[Trial, ...]]:
    """The trial in which *changes* succeed, every version settled; or else those that show why they do not.

    The nearest versions are tried first. Where they fail, any version may be taken: if that fails too, no version serves, and one
    trial has shown it for all. Both are returned: the newest version, at which that one ends, may have other blockers
    than the nearest, and a repair must touch those of one only. Costs one to three trials, and more where the nearest
    versions do not serve.
    """
    nearest = tuple(_nearest(change, usable_candidates(change, changes, trials)) for change in changes)
    first = trials.of(nearest)
    if first.succeeds:
        return first, ()
    if first.is_undecided:
        # A trial that took too long with the nearest version takes no less with any, and a further one is no answer to it.
        return None, ()
    if nearest == changes:
        return None, (first,)
    anything = trials.of(changes)
    if not anything.succeeds:
        return None, (first, anything)
    settled = _settled(changes, anything, trials)
    return settled, () if settled is not None else (first,)


def unsettled(change: Change) -> Change:
    """*change* with any version, where it is one of version."""
    return change.settled(None) if isinstance(change, VersionChange) else change


def _nearest(change: Change, versions: tuple[Version, ...]) -> Change:
    return change.settled(versions[0]) if isinstance(change, VersionChange) and versions else change


def usable_candidates(change: Change, changes: tuple[Change, ...], trials: Trials) -> tuple[Version, ...]:
    """The candidates of *change* that have a usable file on the target that *changes* make."""
    if not isinstance(change, VersionChange):
        return ()
    project = trials.project(change.name, changes)
    usable = set(usable_versions(project))
    serving = [version for version in change.candidates if version in usable]
    return tuple(sorted(serving, key=partial(_is_made_for_others, project)))


def _is_made_for_others(project: ProjectView, version: Version) -> bool:
    """Whether *version* runs on the target by its pure wheel alone, beside compiled ones: for Pythons that it was made for."""
    fit = project.release(version).fit
    if fit is None or not isinstance(fit.distribution, Wheel) or not fit.distribution.is_any:
        return False
    files = project.page.distributions.get(version, ())
    return any(isinstance(file, Wheel) and not file.is_any for file in files)


def _settled(changes: tuple[Change, ...], proof: Trial, trials: Trials) -> Trial | None:
    """*changes* with versions, one after the other; ``proof`` succeeds with any version, and shows one that serves.

    ``None`` where only a version serves that is no candidate.
    """
    at_last = proof
    settled = list(changes)
    for place, change in enumerate(changes):
        if not isinstance(change, VersionChange):
            continue
        taken = at_last.resolution.pins.get(change.name)
        # A project that is no longer wanted needs no version; the one that was taken always serves.
        fallback = () if taken is None or not change.may_be(taken.version) else (taken.version,)
        for version in dict.fromkeys((*usable_candidates(change, changes, trials)[:_TRIES], *fallback)):
            settled[place] = change.settled(version)
            trial = trials.of(settled)
            if trial.succeeds:
                at_last = trial
                break
            if trial.is_undecided:
                settled[place] = change
                break
        else:
            if taken is not None and not fallback:
                return None
            settled[place] = change
    return at_last
