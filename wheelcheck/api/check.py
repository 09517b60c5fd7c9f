"""``check``: one input on any number of targets, each finding with its verdict; decides nothing about packages.

``CheckRequest → Prepared → (Answer → Plan → Judged) for each target → Check``. Settings, inputs and knowledge are read, and
pages, metadata and archives fetched, once for all targets. A target whose index fails is reported as failed; the others are
checked all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.api.answering import Answer, needs_repairs, origins_of
from wheelcheck.api.edges import Stores
from wheelcheck.api.preparing import Prepared, on_target, prepare
from wheelcheck.api.reading import CHECKING, RELOCKING, InputMode, load_lock, source_of
from wheelcheck.api.request import Request, file_of, refuse_misspelt, with_files
from wheelcheck.api.several_targets import RepairSearches, TargetAnswers
from wheelcheck.api.targets import GateRequest, TargetWords, gate_policy, has_words, load_targets
from wheelcheck.errors import IndexUnavailable, UsageProblem
from wheelcheck.model.distribution import BUILT_ANYWHERE
from wheelcheck.model.finding import Code
from wheelcheck.options import CheckOptions, RequestOptions
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.settings.loading import load_settings

if TYPE_CHECKING:
    from wheelcheck.model.check import Check, CheckedTarget, GatePolicy
    from wheelcheck.model.repair import Proposals
    from wheelcheck.model.target import Target
    from wheelcheck.settings.loading import Settings

_REPAIRS = 1  # a gate shows one repair, a plan shows the choice


class CheckRequest(GateRequest, frozen=True, kw_only=True):
    """One question to :func:`check`.

    The inputs of *request* may be empty: then the folder's own dependency file is taken, a lock first. The baseline need not exist
    where the answer is written to it as *next_baseline*. *relock* resolves what a lock was made of instead of reading the lock.
    """

    next_baseline: str | None = None
    relock: bool = False


def check_request(inputs: tuple[str, ...], options: CheckOptions) -> CheckRequest:
    """Put *inputs* and *options* as one question.

    Raises ``TypeError`` for an option that there is not and for one string where several are meant, ``SettingsInvalid`` for a code
    that no finding has.
    """
    refuse_misspelt("check", inputs, options, CheckOptions)
    rest = {name: value for name, value in options.items() if name in RequestOptions.__annotations__}
    return CheckRequest(
        request=Request(inputs=inputs, **cast("RequestOptions", rest)),
        targets=TargetWords.taken_from({**options}),
        fail_on=_codes("fail_on", options.get("fail_on", ())),
        warn_only=_codes("warn_only", options.get("warn_only", ())),
        baseline=options.get("baseline"),
        relock=options.get("relock", False),
        today=options.get("today", ""),
    )


def _codes(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    from wheelcheck.settings.allowances import known_code

    return tuple(known_code(word, "", name) for word in words)


def check(asked: CheckRequest, *, reporter: Reporter | None = None) -> Check:
    """Judge the inputs of *asked* on each of its targets.

    Blocked, undecided and failed targets are answers. Raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid`` for what
    cannot be understood.
    """
    from wheelcheck.findings.verdicts import expired_allowances, unused_allowances
    from wheelcheck.model.check import Check

    reporter = reporter or SilentReporter()
    settings = load_settings(Path(asked.request.folder), asked.request.environ)
    if asked.baseline == "":
        raise UsageProblem("--baseline is empty", hint="give it a value, or leave the option out; is a variable unset?")
    policy = gate_policy(asked, settings, hint="make it with --write-baseline", next_baseline=asked.next_baseline)
    chosen = _chosen_inputs(asked)
    named = load_targets(asked.targets, settings, asked.request.changed(chosen.inputs), today=asked.today)
    prepared = _prepared(asked, chosen, settings, named.targets[0], reporter)
    with Stores(reporter) as stores:
        checked = _Checking(prepared, policy, stores, reporter).checked(named.targets)
    judged = [each for target in checked for each in target.judged]
    return Check(
        inputs=prepared.read.records,
        kind=prepared.read.lock.kind.value if prepared.read.lock is not None else "resolved",
        targets=checked,
        unused=unused_allowances(policy, judged),
        expired=expired_allowances(policy, judged),
        notes=(*chosen.notes, *named.notes, *_notes_of_lock(prepared)),
    )


def _notes_of_lock(prepared: Prepared) -> tuple[str, ...]:
    """Notes on what the format of the lock does not record, and on groups that were left out although some tools install them."""
    lock = prepared.read.lock
    if lock is None:
        return ()
    chosen = {*prepared.read.groups, *lock.default_groups}
    left = [group for group in lock.groups if group not in chosen]
    if not left:
        return lock.notes
    what = "its group" if len(left) == 1 else "its groups"
    return (*lock.notes, f"{lock.path}: {what} {', '.join(left)} not looked at; name what ships with --group")


class _Checking:
    """One run over several targets, which share stores, knowledge and the time for repairs."""

    def __init__(self, prepared: Prepared, policy: GatePolicy, stores: Stores, reporter: Reporter) -> None:
        from wheelcheck.knowledge.loading import load_own_knowledge

        self._prepared = prepared
        self._policy = policy
        self._stores = stores
        self._reporter = reporter
        self._origins = origins_of(prepared)
        # Read before the index is asked, so that a malformed file of the user is refused at once.
        self._knowledge = load_own_knowledge(prepared.knowledge_folders)

    def checked(self, targets: Sequence[Target]) -> tuple[CheckedTarget, ...]:
        """The verdicts on each of *targets*, or the failure of its index."""
        from wheelcheck.model.check import CheckedTarget

        questions = [self._asked(target) for target in targets]
        answering = TargetAnswers(questions, self._stores, self._knowledge)
        answers = [self._answered(question, answering) for question in questions]
        proposed = self._proposed(answer for answer in answers if isinstance(answer, Answer))
        return tuple(
            CheckedTarget(target=target, plan=None, failure=answer)
            if isinstance(answer, str)
            else self._judged(answer, proposed.get(target))
            for target, answer in zip(targets, answers, strict=True)
        )

    def _asked(self, target: Target) -> Prepared:
        return replace(on_target(self._prepared, self._policy, target), target_is_named=has_words(target))

    def _answered(self, question: Prepared, answering: TargetAnswers) -> Answer | str:
        try:
            return answering.answered(question, self._reporter)
        except IndexUnavailable as error:
            return error.with_hint

    def _proposed(self, answers: Iterable[Answer]) -> dict[Target, Proposals | None]:
        """The repairs of each of *answers*: each search has what those before it left."""
        searches = RepairSearches(self._prepared.repair_seconds)
        waiting = [each for each in map(self._to_repair, answers) if needs_repairs(each)]
        return {answer.prepared.question.target: self._searched(answer, searches) for answer in waiting}

    def _searched(self, answer: Answer, searches: RepairSearches) -> Proposals | None:
        from wheelcheck.model.repair import Proposals

        try:
            return searches.proposals_for(answer, self._stores.of(answer.prepared.index), self._reporter)
        except IndexUnavailable as error:
            # What fails is known by now, and stays known where the search for repairs is cut short.
            return Proposals(complete=False, interrupted=str(error))

    def _judged(self, answer: Answer, proposals: Proposals | None) -> CheckedTarget:
        from wheelcheck.findings.verdicts import judge
        from wheelcheck.model.check import CheckedTarget
        from wheelcheck.plans.making import plan as make_plan

        target = answer.prepared.question.target
        plan = make_plan(
            answer.outcome,
            answer.findings,
            inputs=self._prepared.read.records,
            options=self._prepared.options,
            proposals=proposals,
        )
        judged = judge(plan.findings, policy=self._policy, target=target, origins=self._origins)
        return CheckedTarget(target=target, plan=plan, judged=judged)

    def _to_repair(self, answer: Answer) -> Answer:
        """*answer* for the search for repairs: what any machine builds passes, since an allowance is its cure."""
        question = answer.prepared.question
        policy = replace(question.policy, allowed=question.policy.allowed | BUILT_ANYWHERE)
        prepared = replace(answer.prepared, question=replace(question, policy=policy))
        built = (Code.SOURCE_PURE, Code.SOURCE_OPTIONAL)
        findings = tuple(finding for finding in answer.findings if finding.code not in built)
        return replace(answer, prepared=prepared, findings=findings)


class _ChosenInputs(Struct, frozen=True, kw_only=True):
    """The inputs of a run with the *extras* asked of them, the mode in which they are read, and notes on how they were chosen."""

    inputs: tuple[str, ...]
    extras: tuple[str, ...]
    mode: InputMode = CHECKING
    notes: tuple[str, ...] = ()


def _chosen_inputs(asked: CheckRequest) -> _ChosenInputs:
    if asked.request.inputs:
        request, notes = with_files(asked.request)
        chosen = _ChosenInputs(inputs=request.inputs, extras=request.options["extras"], notes=notes)
    else:
        path, note = file_of(Path(asked.request.folder))
        chosen = _ChosenInputs(
            inputs=(str(path),), extras=asked.request.options["extras"], notes=(f"no INPUT was named: {note}",)
        )
    if not asked.relock:
        return chosen
    locks = {text: lock.lock for text in chosen.inputs if (lock := load_lock((text,), CHECKING.locks)) is not None}
    if not locks:
        raise UsageProblem(f"--relock: {chosen.inputs[0]} is no lock", hint="leave it out: what is no lock is resolved")
    inputs = tuple(source_of(locks[text]) if text in locks else text for text in chosen.inputs)
    return replace(chosen, inputs=tuple(dict.fromkeys(inputs)), mode=RELOCKING)


def _prepared(
    asked: CheckRequest, chosen: _ChosenInputs, settings: Settings, first: Target, reporter: Reporter
) -> Prepared:
    request = asked.request.changed(chosen.inputs, extras=chosen.extras)
    prepared = prepare(request, reporter, chosen.mode, settings=settings, target=first)
    repairs = min(prepared.repairs, _REPAIRS) if request.options["repairs"] is None else prepared.repairs
    return replace(prepared, repairs=repairs)
