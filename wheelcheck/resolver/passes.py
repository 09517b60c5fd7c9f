"""The two passes, and the way from the solver's state to pins and edges.

Question → Resolution | Conflict. Pass 1 is natural and lenient; pass 2 is wheel-aware. Both share one :class:`Supply`, so that
the second costs little. The clock comes in with the budget, so that tests own the time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct
from packaging.utils import NormalizedName
from resolvelib import ResolutionImpossible, ResolutionTooDeep
from resolvelib.reporters import BaseReporter
from resolvelib.resolvers import Criterion
from resolvelib.resolvers import Resolution as Solving
from resolvelib.structs import RequirementInformation, State

from wheelcheck.errors import BudgetSpent
from wheelcheck.model.requirement import Constraint, Requirement, UnsupportedRequirement
from wheelcheck.model.resolution import Clash, Conflict, Edge, OlderPick, Pin, Policy, Resolution
from wheelcheck.model.target import Target
from wheelcheck.ports import Projects, Reporter, SilentReporter
from wheelcheck.resolver.candidate_source import Supply
from wheelcheck.resolver.dead_versions import NothingIsLeft
from wheelcheck.resolver.explain import causes_of_death, clashes_of
from wheelcheck.resolver.fast_path import straight_mapping
from wheelcheck.resolver.prefetch import Lookahead
from wheelcheck.resolver.provider import Cause, WheelProvider
from wheelcheck.resolver.requirement import Ask, Candidate, Key
from wheelcheck.targets.fitting import Compatibility

# So often a project may find nothing to choose before the search starts again with it decided earlier.
_PATIENCE = 8
# So many candidates may be rejected before versions are looked at closer than the solver does; most inputs never come here.
_REJECTIONS_TAKEN = 50


class Budget(Struct, frozen=True, kw_only=True):
    """When to give up: *seconds* of the *clock* for both passes together, and *rounds* of the solver for each."""

    seconds: float = 120.0
    rounds: int = 200_000
    clock: Callable[[], float] = time.monotonic


class Question(Struct, frozen=True, kw_only=True):
    """What is to be resolved, for one target."""

    requirements: tuple[Requirement, ...]
    constraints: tuple[Constraint, ...] = ()
    unsupported: tuple[UnsupportedRequirement, ...] = ()
    target: Target
    policy: Policy
    budget: Budget = Budget()


def resolve(question: Question, projects: Projects, reporter: Reporter | None = None) -> Resolution | Conflict:
    """Answer *question* with what *projects* say.

    A project that cannot be had, a version without a usable file and an archive that was refused are values in the answer.
    Raises ``IndexUnavailable`` where an index or host fails. Costs one page and one metadata read for each project reached, more
    where versions are tried in vain.
    """
    return _Run(question, projects, reporter or SilentReporter()).answer()


def resolve_openly(question: Question, projects: Projects, reporter: Reporter) -> tuple[Resolution | Conflict, Supply]:
    """As :func:`resolve`, and the supply that the search looked at, for whoever asks what the answer depends on."""
    run = _Run(question, projects, reporter)
    return run.answer(), run.supply


class _Run:
    """One question's way to its answer."""

    def __init__(self, question: Question, projects: Projects, reporter: Reporter) -> None:
        self.question = question
        self.reporter = reporter
        self.compatibility = Compatibility(question.target)
        self.supply = Supply.of(question, projects, self.compatibility)
        self.deadline = question.budget.clock() + question.budget.seconds
        self.rounds = 0

    def answer(self) -> Resolution | Conflict:
        lookahead = Lookahead(self.supply, self.question.constraints)
        # What is at hand is read when it is asked for: reading ahead would find out the same, at the price of a resolution.
        self.supply.projects.on_wait(partial(lookahead.start, self.question.requirements))
        try:
            self.reporter.stage("resolving")
            natural = self._natural()
            if isinstance(natural, Conflict) or self._is_allowed(natural):
                return natural
            self.reporter.stage("resolving for wheels")
            return self._wheel_aware(natural)
        finally:
            self.supply.projects.on_wait(None)
            lookahead.stop()

    def _natural(self) -> Resolution | Conflict:
        # A version that its own metadata rejects is known only after a try; the next try offers it as missing instead. Each
        # restart knows at least one more, and the budget is the only limit.
        while True:
            before = len(self.supply.rejected)
            answer = self._solved(allowed_only=False)
            if isinstance(answer, Resolution) or answer.budget_spent or len(self.supply.rejected) == before:
                return answer

    def _wheel_aware(self, natural: Resolution) -> Resolution | Conflict:
        answer = self._solved(allowed_only=True)
        if isinstance(answer, Conflict):
            return Conflict(
                target=answer.target,
                clashes=answer.clashes,
                natural=natural,
                partial=answer.partial,
                budget_spent=answer.budget_spent,
                unsupported=answer.unsupported,
                rounds=answer.rounds,
            )
        return Resolution(
            target=answer.target,
            pins=answer.pins,
            edges=answer.edges,
            older=tuple(self._iter_older(natural, answer)),
            unsupported=answer.unsupported,
            unknowable_markers=answer.unknowable_markers,
            absent=answer.absent,
            refused=answer.refused,
            rounds=answer.rounds,
        )

    def _is_allowed(self, natural: Resolution) -> bool:
        allows = self.question.policy.allows
        return not natural.absent and all(
            allows(pin.name, pin.version, pin.installability) for pin in natural.pins.values()
        )

    def _iter_older(self, natural: Resolution, chosen: Resolution) -> Iterator[OlderPick]:
        for name, pin in chosen.pins.items():
            before = natural.pins.get(name)
            if before is not None and pin.version < before.version:
                yield OlderPick(
                    name=name,
                    natural=before.version,
                    chosen=pin.version,
                    natural_date=self._upload_time(before),
                    chosen_date=self._upload_time(pin),
                )

    def _upload_time(self, pin: Pin) -> str | None:
        # A version that a direct reference brought need not be on the project's page.
        shelf = self.supply.shelf(pin.name)
        return shelf.release(pin.version).upload_time if pin.version in shelf.page.distributions else None

    # One pass

    def _solved(self, *, allowed_only: bool) -> Resolution | Conflict:
        rejected = dict(self.supply.rejected)
        provider, watch = self._begun(allowed_only=allowed_only)
        answer = self._searched(provider, watch, straight_mapping)
        if answer is not None:
            return answer
        # The search begins as if nothing had been tried: what a version was rejected for, it finds itself.
        self.supply.rejected = rejected
        provider, watch = self._begun(allowed_only=allowed_only)
        while answer is None:
            try:
                answer = self._searched(provider, watch, _solver_mapping)
            except _StartAgain as again:
                provider.begin_again(again.promoted)
        return answer

    def _begun(self, *, allowed_only: bool) -> tuple[WheelProvider, _Watch]:
        question = self.question
        provider = WheelProvider(self.supply, question.constraints, policy=question.policy if allowed_only else None)
        watch = _Watch(question.budget, self.deadline, self.reporter)
        # One round may try a hundred versions of a project, each of which has metadata to wait for.
        provider.before_asking = provider.choices.before_reading = watch.refuse_overtime
        watch.after_rejections = provider.pruning.begin_probing
        provider.root_asks(question.requirements)
        return provider, watch

    def _searched(self, provider: WheelProvider, watch: _Watch, search: _Search) -> Resolution | Conflict | None:
        """What *search* ends with; ``None`` where it gave up."""
        question = self.question
        clashes: tuple[Clash, ...] = ()
        try:
            mapping = self._mapping(provider, watch, search)
            return None if mapping is None else self._resolution(provider, mapping, watch.rounds)
        except ResolutionImpossible as impossible:
            clashes = clashes_of(_told(list(impossible.causes), provider), provider)
            spent = False
        except NothingIsLeft:
            # In the pass for wheels what is missing is a file, and the natural pass lists those.
            clashes = clashes_of(_told((), provider), provider) if provider.choices.lenient else ()
            spent = False
        except (BudgetSpent, ResolutionTooDeep):
            spent = True
        return Conflict(
            target=question.target,
            clashes=clashes,
            partial=self._pins(provider, watch.mapping),
            budget_spent=spent,
            unsupported=question.unsupported,
            rounds=watch.rounds,
        )

    def _mapping(self, provider: WheelProvider, watch: _Watch, search: _Search) -> Mapping[Key, Candidate] | None:
        # An answer that never comes must not hold up the end.
        self.supply.projects.while_waiting(watch.refuse_overtime)
        try:
            return search(provider, watch, self.question.budget.rounds)
        finally:
            self.supply.projects.while_waiting(None)

    def _resolution(self, provider: WheelProvider, mapping: Mapping[Key, Candidate], rounds: int) -> Resolution:
        reached, edges = _walked(provider, mapping)
        pins = self._pins(provider, {key: mapping[key] for key in reached})
        refused = self.supply.archives_refused
        return Resolution(
            target=self.question.target,
            pins=pins,
            edges=edges,
            unsupported=self.question.unsupported,
            unknowable_markers=tuple(provider.unknowable),
            absent=tuple(sorted(provider.choices.absent & {key[0] for key in reached})),
            # An archive that was refused and then left for another version harms nobody.
            refused=tuple(
                (name, refused[pin.distribution.filename])
                for name, pin in pins.items()
                if pin.distribution is not None and pin.distribution.filename in refused
            ),
            rounds=rounds,
        )

    def _pins(self, provider: WheelProvider, mapping: Mapping[Key, Candidate]) -> dict[NormalizedName, Pin]:
        extras: dict[NormalizedName, set[str]] = {}
        for name, extra in mapping:
            extras.setdefault(name, set()).update({extra} - {""})
        pins: dict[NormalizedName, Pin] = {}
        for name in sorted(extras):
            candidate = mapping.get((name, ""))
            if candidate is not None and name not in provider.choices.absent:
                pins[name] = self._pin(candidate, frozenset(NormalizedName(extra) for extra in extras[name]))
        return pins

    def _pin(self, candidate: Candidate, extras: frozenset[NormalizedName]) -> Pin:
        name, version, url = candidate.key[0], candidate.version, candidate.url
        return self.supply.pin(name, version, url, extras)


_Search = Callable[[WheelProvider, "_Watch", int], Mapping[Key, Candidate] | None]


def _solver_mapping(provider: WheelProvider, watch: _Watch, most_rounds: int) -> Mapping[Key, Candidate]:
    # Not `Resolver`, whose result walks the graph recursively: a cycle or a long chain of projects overflows its stack.
    # The state has all that is needed, and _walked goes over it in a loop.
    solver: Solving[Ask, Candidate, Key] = Solving(provider, watch)
    return solver.resolve(provider.edges[None], max_rounds=most_rounds).mapping


def _told(causes: Sequence[Cause], provider: WheelProvider) -> Sequence[Cause]:
    return causes_of_death(causes, provider) if provider.pruning.is_probing else causes


def _walked(provider: WheelProvider, mapping: Mapping[Key, Candidate]) -> tuple[list[Key], tuple[Edge, ...]]:
    """The keys that the user's requirements reach, and the edges between projects.

    Walked afresh from the candidates' own asks: what the solver remembers may hold parents that it has since replaced.
    """
    reached: dict[Key, None] = {}
    edges: dict[tuple[NormalizedName | None, NormalizedName, str], Edge] = {}
    waiting: list[Candidate | None] = [None]
    while waiting:
        parent = waiting.pop()
        parent_name = parent.key[0] if parent is not None else None
        for ask in provider.edges.get(parent, ()):
            candidate = mapping.get(ask.key)
            if candidate is None:
                continue
            if ask.exact is None and (parent_name != ask.key[0]):
                edge = Edge(parent=parent_name, child=ask.key[0], requirement=ask.requirement)
                edges.setdefault((parent_name, ask.key[0], str(ask.requirement)), edge)
            if ask.key not in reached:
                reached[ask.key] = None
                waiting.append(candidate)
    ordered = sorted(edges.items(), key=lambda item: (item[0][0] or "", item[0][1], item[0][2]))
    return list(reached), tuple(edge for _, edge in ordered)


class _Watch(BaseReporter[Ask, Candidate, Key]):
    """Tells the reporter what the solver does, remembers how far it came, and ends it when the time is up."""

    def __init__(self, budget: Budget, deadline: float, reporter: Reporter) -> None:
        self.rounds = 0
        self.rejections = 0
        self.after_rejections: Callable[[], None] = _go_on
        self.mapping: Mapping[Key, Candidate] = {}
        self._failures: Counter[NormalizedName] = Counter()
        self._patience = _PATIENCE
        self._clock = budget.clock
        self._deadline = deadline
        self._reporter = reporter

    def starting_round(self, index: int) -> None:  # noqa: ARG002 - resolvelib's signature
        self.rounds += 1
        self.refuse_overtime()

    def refuse_overtime(self) -> None:
        """Raise ``BudgetSpent`` when the time is up: asked between rounds, and in them before anything is waited for."""
        if self._clock() > self._deadline:
            raise BudgetSpent("the resolution reached its time budget")

    def ending_round(self, index: int, state: State[Ask, Candidate, Key]) -> None:  # noqa: ARG002 - resolvelib's signature
        self.mapping = state.mapping
        if state.mapping:
            (name, _), candidate = next(reversed(state.mapping.items()))
            self._reporter.pinned(name, candidate.version, len(state.mapping))

    def rejecting_candidate(self, criterion: Criterion[Ask, Candidate], candidate: Candidate) -> None:  # noqa: ARG002
        """Count what could not be chosen; after many of them the provider looks closer before it offers anything."""
        self.rejections += 1
        if self.rejections == _REJECTIONS_TAKEN:
            self.after_rejections()
            # Anew, for what the search barred on its way here might be part of the best answer.
            self.mapping = {}
            raise _StartAgain(None)

    def resolving_conflicts(self, causes: Collection[RequirementInformation[Ask, Candidate]]) -> None:
        """Count whom nothing could be chosen for; whoever fails again and again is decided earlier in a new start."""
        failed = {
            cause.parent.key[0] for cause in causes if cause.parent is not None and cause.parent.key not in self.mapping
        }
        self._failures.update(failed)
        worst = max(sorted(failed), key=lambda name: self._failures[name], default=None)
        if worst is not None and self._failures[worst] >= self._patience:
            # Twice as patient each time, so that starting again never keeps a long search from its end.
            self._patience *= 2
            self._failures.clear()
            self.mapping = {}
            raise _StartAgain(worst)


def _go_on() -> None:
    """Nothing changes."""


class _StartAgain(Exception):
    """A signal from the watch to its run: search anew with *promoted* decided earlier. Never seen outside."""

    def __init__(self, promoted: NormalizedName | None) -> None:
        super().__init__(promoted)
        self.promoted = promoted
