"""A question answered by two passes of search: the natural one, then, where the policy forbids a file, the wheel-aware one.

Both passes share one :class:`CandidateSource`, so the second costs little. The clock comes in with the budget, so that tests own
the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName
from resolvelib import ResolutionImpossible, ResolutionTooDeep

from wheelcheck.errors import BudgetSpent
from wheelcheck.model.requirement import Constraint, Requirement, UnsupportedRequirement
from wheelcheck.model.resolution import Clash, Conflict, OlderPick, Pin, Policy, Resolution
from wheelcheck.model.target import Target
from wheelcheck.ports import Projects, Reporter, SilentReporter
from wheelcheck.resolver.candidate_source import CandidateSource
from wheelcheck.resolver.dead_versions import RootUnsatisfiable
from wheelcheck.resolver.outcome import clashes_of, walk
from wheelcheck.resolver.prefetch import Lookahead
from wheelcheck.resolver.provider import WheelProvider
from wheelcheck.resolver.search import Mapped, StartAgain, Watch, fast_path_mapping, solver_mapping
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import hash_pins

_Search = Callable[[WheelProvider, Watch, int], Mapped | None]


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
    source = source_for(question, projects)
    return resolve_from(source, question, reporter or SilentReporter())


def source_for(question: Question, projects: Projects) -> CandidateSource:
    """The candidate source of *question*, with the hashes that its requirements and constraints state."""
    hashes = hash_pins((*question.requirements, *question.constraints))
    return CandidateSource(projects, Compatibility(question.target), question.policy, hashes)


def resolve_from(source: CandidateSource, question: Question, reporter: Reporter) -> Resolution | Conflict:
    """As :func:`resolve`; afterwards the *source* knows everything that the answer depends on."""
    return _Run(source, question, reporter).answer()


class _Run:
    """The passes of one question."""

    def __init__(self, source: CandidateSource, question: Question, reporter: Reporter) -> None:
        self._source = source
        self._question = question
        self._reporter = reporter
        self._clock = question.budget.clock
        self._deadline = self._clock() + question.budget.seconds

    def answer(self) -> Resolution | Conflict:
        lookahead = Lookahead(self._source, self._question.constraints)
        # What is at hand is read when it is asked for: reading ahead would find out the same, at the price of a resolution.
        self._source.projects.on_wait(partial(lookahead.start, self._question.requirements))
        try:
            self._reporter.stage("resolving")
            natural = self._natural()
            if isinstance(natural, Conflict) or self._is_allowed(natural):
                return natural
            self._reporter.stage("resolving for wheels")
            answer = self._pass(allowed_only=True)
            if isinstance(answer, Conflict):
                return replace(answer, natural=natural)
            return replace(answer, older=tuple(self._iter_older(natural, answer)))
        finally:
            self._source.projects.on_wait(None)
            lookahead.stop()

    def _natural(self) -> Resolution | Conflict:
        # A version that its own metadata rejects is known only after a try; the next try offers it as missing instead. Each
        # restart knows at least one more, and the budget is the only limit.
        while True:
            before = len(self._source.rejected)
            answer = self._pass(allowed_only=False)
            if isinstance(answer, Resolution) or answer.budget_spent or len(self._source.rejected) == before:
                return answer

    def _is_allowed(self, natural: Resolution) -> bool:
        allows = self._question.policy.allows
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
        view = self._source.view(pin.name)
        return view.release(pin.version).upload_time if pin.version in view.page.distributions else None

    # One pass

    def _pass(self, *, allowed_only: bool) -> Resolution | Conflict:
        rejected = dict(self._source.rejected)
        answer = self._searched(fast_path_mapping, *self._begun(allowed_only=allowed_only))
        if answer is not None:
            return answer
        # The search begins as if nothing had been tried: it finds out itself which versions are rejected, and why.
        self._source.rejected = rejected
        provider, watch = self._begun(allowed_only=allowed_only)
        while answer is None:
            try:
                answer = self._searched(solver_mapping, provider, watch)
            except StartAgain as again:
                provider.begin_again(again.promoted)
        return answer

    def _begun(self, *, allowed_only: bool) -> tuple[WheelProvider, Watch]:
        question = self._question
        watch = Watch(lambda: self._clock() > self._deadline, self._reporter)
        provider = WheelProvider(
            self._source,
            question.requirements,
            question.constraints,
            policy=question.policy if allowed_only else None,
            # One round may try a hundred versions of a project, each of which has metadata to wait for.
            before_reading=watch.refuse_overtime,
        )
        watch.after_rejections = provider.pruning.begin_probing
        return provider, watch

    def _searched(self, search: _Search, provider: WheelProvider, watch: Watch) -> Resolution | Conflict | None:
        """The outcome of *search*; ``None`` where it gave up."""
        clashes: tuple[Clash, ...] = ()
        spent = False
        try:
            mapping = self._mapping(search, provider, watch)
            return None if mapping is None else self._resolution(provider, mapping, watch.rounds)
        except ResolutionImpossible as impossible:
            clashes = clashes_of(tuple(impossible.causes), provider)
        except RootUnsatisfiable:
            # In the pass for wheels what is missing is a file, and the natural pass lists those.
            clashes = clashes_of((), provider) if provider.selector.lenient else ()
        except (BudgetSpent, ResolutionTooDeep):
            spent = True
        return Conflict(
            target=self._question.target,
            clashes=clashes,
            partial=self._pins(provider, watch.mapping),
            budget_spent=spent,
            unsupported=self._question.unsupported,
            rounds=watch.rounds,
        )

    def _mapping(self, search: _Search, provider: WheelProvider, watch: Watch) -> Mapped | None:
        # An answer that never comes must not hold up the end.
        self._source.projects.while_waiting(watch.refuse_overtime)
        try:
            return search(provider, watch, self._question.budget.rounds)
        finally:
            self._source.projects.while_waiting(None)

    def _resolution(self, provider: WheelProvider, mapping: Mapped, rounds: int) -> Resolution:
        reached, edges = walk(provider, mapping)
        pins = self._pins(provider, {key: mapping[key] for key in reached})
        refused = self._source.archives_refused
        return Resolution(
            target=self._question.target,
            pins=pins,
            edges=edges,
            unsupported=self._question.unsupported,
            unknowable_markers=tuple(provider.adjustments.unknowable),
            absent=tuple(sorted(provider.selector.absent & {key[0] for key in reached})),
            # An archive that was refused and then left for another version does not matter.
            refused=tuple(
                (name, refused[pin.distribution.filename])
                for name, pin in pins.items()
                if pin.distribution is not None and pin.distribution.filename in refused
            ),
            rounds=rounds,
        )

    def _pins(self, provider: WheelProvider, mapping: Mapped) -> dict[NormalizedName, Pin]:
        extras: dict[NormalizedName, set[str]] = {}
        for name, extra in mapping:
            extras.setdefault(name, set()).update({extra} - {""})
        pins: dict[NormalizedName, Pin] = {}
        for name in sorted(extras):
            candidate = mapping.get((name, ""))
            if candidate is not None and name not in provider.selector.absent:
                own = frozenset(NormalizedName(extra) for extra in extras[name])
                pins[name] = self._source.pin(name, candidate.version, candidate.url, own)
        return pins
