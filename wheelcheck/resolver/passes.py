"""A question answered by up to three passes of search: the natural one, the wheel-aware one, and the one for what blocks.

The second is made where the policy forbids a file of the first. Where it fails, the third finds the fewest projects whose files
would have to be allowed: these block the question. All share one :class:`CandidateSource`, so the later ones cost little. The clock
comes in with the budget, so that tests own the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from msgspec.structs import replace
from packaging.utils import NormalizedName
from resolvelib import ResolutionImpossible, ResolutionTooDeep

from wheelcheck.errors import BudgetSpent
from wheelcheck.model.resolution import Clash, Conflict, OlderPick, Pin, Resolution
from wheelcheck.ports import Projects, Reporter, SilentReporter
from wheelcheck.resolver.blockers import Failure, Offenders, conflicts_of, find_blockers
from wheelcheck.resolver.candidate_selector import Leniency
from wheelcheck.resolver.candidate_source import CandidateSource
from wheelcheck.resolver.dead_versions import RootUnsatisfiable
from wheelcheck.resolver.outcome import clashes_of, walk, way_to
from wheelcheck.resolver.prefetch import Lookahead
from wheelcheck.resolver.provider import WheelProvider
from wheelcheck.resolver.question import Question
from wheelcheck.resolver.requirement import Bound, bound_of
from wheelcheck.resolver.search import Mapped, search
from wheelcheck.resolver.watch import StartAgain, Watch
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.hash_rules import HashRules

_AT_HAND_A_WAIT = 128  # pages that were at hand, for each wait: reading ahead among more costs more than it saves
_READ_A_ROUND = 4  # versions read cost as much as a round
_ROUNDS_TO_GO_BACK = 500  # beyond those of the natural pass, twice, before a trial of the third is given up


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
    compatibility = Compatibility(question.target)
    hashes = HashRules.of((*question.requirements, *question.constraints), compatibility, projects.digest)
    return CandidateSource(projects, compatibility, question.policy, hashes)


def resolve_from(source: CandidateSource, question: Question, reporter: Reporter) -> Resolution | Conflict:
    """As :func:`resolve`; afterwards the *source* knows everything that the answer depends on."""
    return _Run(source, question, reporter).answer()


class _Run:
    """The passes of one question."""

    _provider: WheelProvider

    def __init__(self, source: CandidateSource, question: Question, reporter: Reporter) -> None:
        self._source = source
        self._question = question
        self._reporter = reporter
        self._clock = question.budget.clock
        self._deadline = self._clock() + question.budget.seconds
        self._effort = 0
        self._oldest: dict[NormalizedName, str] = {}

    def answer(self) -> Resolution | Conflict:
        return replace(self._answer(), effort=self._effort)

    def _answer(self) -> Resolution | Conflict:
        lookahead = Lookahead(self._source, self._question.constraints)
        self._source.projects.on_wait(partial(self._waited, lookahead, 1))
        try:
            self._reporter.stage("resolving")
            natural = self._lenient(Leniency(others=True), self._question.budget.rounds)
            if isinstance(natural, Conflict):
                most = min(2 * natural.rounds + _ROUNDS_TO_GO_BACK, self._question.budget.rounds - natural.rounds)
                return self._in_the_way(natural, most)
            natural = self._looked_into(natural)
            if not any(self._iter_offenders(natural)):
                return natural
            self._reporter.stage("resolving for wheels")
            self._oldest = {
                name: self._source.view(name).oldest_in_place_of(pin.version) for name, pin in natural.pins.items()
            }
            answer = self._pass(Leniency(), self._question.budget.rounds)
            if isinstance(answer, Resolution):
                return self._compared(natural, answer)
            if answer.budget_spent or not self._question.budget.blocker_rounds:
                return replace(answer, natural=natural, unnarrowed="it was not looked into")
            return self._blocked(natural, answer)
        finally:
            self._source.projects.on_wait(None)
            lookahead.stop()

    def _waited(self, lookahead: Lookahead, waits: int) -> None:
        """Read ahead from now on, unless nearly all is at hand: that would find out the same, at the price of a resolution.

        A repair of thousands of lines waits for a few new versions only.
        """
        if waits * _AT_HAND_A_WAIT >= self._source.pages:
            lookahead.start(self._question.requirements)
        else:
            self._source.projects.on_wait(partial(self._waited, lookahead, waits + 1))

    def _lenient(self, leniency: Leniency, rounds: int) -> Resolution | Conflict:
        # A version that its own metadata rejects is known only after a try; the next try offers it as missing instead. Each
        # restart knows at least one more, and the budget is the only limit.
        while True:
            before = len(self._source.rejected)
            answer = self._pass(leniency, rounds)
            if isinstance(answer, Resolution) or answer.budget_spent or len(self._source.rejected) == before:
                return answer

    def _in_the_way(self, failed: Conflict, most: int) -> Conflict:
        """*failed*, with the clashes of a part of the question where those that it names fit.

        A search goes back until nothing is left, and ends at what it met last. Where that fits by itself, and the question without
        all that leads to it has no answer either, what is in the way lies in the rest. All searches for it together have *most*
        rounds; where the time is too little, what *failed* names is not known to be in the way.
        """
        asked = self._question
        if failed.budget_spent or not failed.clashes or not all(map(self._fits, failed.clashes)):
            return failed
        steps = {path[0] for clash in failed.clashes for path in clash.paths}
        leading = {each.key[0] for each in self._provider.edges[None] if str(each.stated) in steps}
        rest = tuple(each for each in asked.requirements if each.name not in leading)
        if len(rest) == len(asked.requirements):
            return failed
        self._question = replace(asked, requirements=rest)
        found = self._lenient(Leniency(others=True), most)
        if isinstance(found, Conflict):
            inner = self._in_the_way(found, most - found.rounds)
            # That there is no answer is proved, however many rounds its cause would take; what the clock ended is not said of it.
            is_late = inner.budget_spent and self._clock() > self._deadline
            failed = replace(failed, clashes=inner.clashes or failed.clashes, budget_spent=is_late)
        self._question = asked
        return failed

    def _fits(self, clash: Clash) -> bool:
        """Whether all that bears on the project of *clash* admits a version of it together."""
        bounds = [bound_of(each.specifier) for each in (*clash.requirements, *clash.constraints)]
        is_at_url = any(each.url is not None for each in clash.requirements)
        return not is_at_url and any(True for _ in self._provider.selector.versions(clash.name, bounds))

    def _blocked(self, natural: Resolution, failed: Conflict) -> Conflict:
        """*failed* with the resolution that has the fewest blockers; with the *natural* one where none was found in time."""
        self._reporter.stage("looking for what blocks")

        def failure(found: Conflict) -> Failure:
            with suppress(BudgetSpent):
                return Failure() if found.budget_spent else Failure(conflicts=conflicts_of(self._provider, natural))
            return Failure()

        def trial(leniency: Leniency, rounds: int) -> tuple[Resolution | Failure, int]:
            before = self._effort
            answer = self._lenient(leniency, min(rounds, hardest))
            # What fails after few rounds has still read and learnt; that grows with the input.
            cost = self._effort - before + natural.rounds // 2
            return failure(answer) if isinstance(answer, Conflict) else answer, cost

        most = self._question.budget.blocker_rounds
        hardest = 2 * natural.rounds + _ROUNDS_TO_GO_BACK
        nearest, is_fewest = None, False
        with suppress(BudgetSpent):
            nearest, is_fewest = find_blockers(trial, failure(failed), self._offenders(natural), most)
        shown = natural if nearest is None else self._compared(natural, nearest)
        if is_fewest:
            return replace(failed, natural=shown)
        limit = f"limit of {most} rounds" if self._clock() <= self._deadline else "time limit"
        return replace(failed, natural=shown, unnarrowed=f"the search for the fewest ended at its {limit}")

    def _offenders(self, natural: Resolution) -> Offenders:
        bounds: dict[NormalizedName, list[Bound]] = {}
        for edge in natural.edges:
            bounds.setdefault(edge.child, []).append(bound_of(edge.requirement.specifier))
        versions, found = self._provider.selector.versions, frozenset(self._iter_offenders(natural))
        usable = frozenset(name for name in found if any(versions(name, bounds.get(name, []))))
        return Offenders(certain=found - usable, others=usable)

    def _iter_offenders(self, natural: Resolution) -> Iterator[NormalizedName]:
        yield from natural.absent
        yield from (pin.name for pin in natural.pins.values() if not self._is_allowed(pin))

    def _looked_into(self, natural: Resolution) -> Resolution:
        """*natural*, of which small archives that block it were read."""
        read = self._source.look_into(pin for pin in natural.pins.values() if not self._is_allowed(pin))
        return replace(natural, pins={**natural.pins, **read})

    def _is_allowed(self, pin: Pin) -> bool:
        return self._question.policy.allows(pin.name, pin.version, pin.installability)

    def _compared(self, natural: Resolution, chosen: Resolution) -> Resolution:
        return replace(chosen, older=tuple(self._iter_older(natural, chosen)))

    def _iter_older(self, natural: Resolution, chosen: Resolution) -> Iterator[OlderPick]:
        for name, pin in chosen.pins.items():
            before = natural.pins.get(name)
            if before is not None and pin.version < before.version and self._is_allowed(pin):
                way = () if not self._is_allowed(before) else way_to(natural, name, self._is_lacking(natural))
                yield OlderPick(
                    name=name,
                    natural=before.version,
                    chosen=pin.version,
                    natural_date=self._upload_time(before),
                    chosen_date=self._upload_time(pin),
                    way=way,
                    lacking=natural.pins.get(way[-1].child if way else name)
                    if way or not self._is_allowed(before)
                    else None,
                )

    def _is_lacking(self, natural: Resolution) -> Callable[[NormalizedName], bool]:
        pins = natural.pins
        return lambda name: name not in pins or not self._is_allowed(pins[name])

    def _upload_time(self, pin: Pin) -> str | None:
        # A version that a direct reference brought need not be on the project's page.
        view = self._source.view(pin.name)
        return view.release(pin.version).upload_time if pin.version in view.page.distributions else None

    # One pass

    def _pass(self, leniency: Leniency, rounds: int) -> Resolution | Conflict:
        provider, watch = self._begun(leniency, rounds)
        while True:
            try:
                return self._searched(provider, watch)
            except StartAgain as again:
                provider.begin_again(again.promoted)

    def _begun(self, leniency: Leniency, rounds: int) -> tuple[WheelProvider, Watch]:
        question = self._question
        watch = Watch(lambda: self._clock() > self._deadline, self._reporter, rounds)
        provider = self._provider = WheelProvider(
            self._source,
            question.requirements,
            question.constraints,
            leniency=replace(leniency, oldest=self._oldest),
            # One round may try a hundred versions of a project, each of which has metadata to wait for.
            before_reading=watch.refuse_overtime,
            most_read=rounds,
        )
        watch.after_rejections = provider.pruning.begin_probing
        return provider, watch

    def _searched(self, provider: WheelProvider, watch: Watch) -> Resolution | Conflict:
        clashes: tuple[Clash, ...] = ()
        spent = False
        try:
            return self._resolution(provider, self._mapping(provider, watch), watch.rounds)
        except ResolutionImpossible as impossible:
            clashes = clashes_of(tuple(impossible.causes), provider)
        except RootUnsatisfiable:
            # In the pass for wheels what is missing is a file, and the third pass lists those.
            clashes = clashes_of((), provider) if provider.selector.leniency.is_total else ()
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

    def _mapping(self, provider: WheelProvider, watch: Watch) -> Mapped:
        # An answer that never comes must not hold up the end.
        self._source.projects.while_waiting(watch.refuse_overtime)
        try:
            return search(provider, watch, watch.most)
        finally:
            self._effort += watch.rounds + provider.read // _READ_A_ROUND
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
