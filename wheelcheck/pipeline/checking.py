"""``check``: one input on any number of targets, each finding with its verdict; decides nothing about packages.

``CheckRequest → Prepared → (Answer → Plan → Judged) for each target → Check``. Pages, metadata and archives are fetched once for
all targets. A target whose index fails is told as such and keeps no other from being checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wheelcheck.errors import IndexUnavailable, InputUnreadable, UsageProblem
from wheelcheck.pipeline.answering import Answer, answered, proposals_for
from wheelcheck.pipeline.edges import open_store
from wheelcheck.pipeline.locking import load_lock, source_of
from wheelcheck.pipeline.origins import origins_of
from wheelcheck.pipeline.preparing import CHECKING, RELOCKING, Prepared, prepare
from wheelcheck.pipeline.request import Request
from wheelcheck.pipeline.targets import TargetWords, load_targets
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.index import IndexStore
    from wheelcheck.model import Check, CheckedTarget, GatePolicy, Target
    from wheelcheck.settings import Settings

_REPAIRS = 1  # a gate shows the way out, a plan shows the choice


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """One question to :func:`check`; what is empty is taken from the settings, then the default.

    *request* has everything that does not differ between targets; its inputs may be empty: then the folder's own dependency file is
    taken, a lock first. *targets* are the words for the targets. *fail_on* and *warn_only* are codes or their beginnings.
    *baseline* is a file of findings that were there before. *relock* resolves what a lock was made of instead of reading the lock.
    *today* is the day that allowances are held against, ISO 8601.
    """

    request: Request
    targets: TargetWords = field(default_factory=TargetWords)
    fail_on: tuple[str, ...] = ()
    warn_only: tuple[str, ...] = ()
    baseline: str | None = None
    relock: bool = False
    today: str = ""


def check(asked: CheckRequest, *, reporter: Reporter | None = None) -> Check:
    """Judge the inputs of *asked* on each of its targets.

    Blocked, undecided and failed targets are answers. Raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid`` for what
    cannot be understood.
    """
    from wheelcheck.gate import expired_allowances, unused_allowances
    from wheelcheck.model import Check
    from wheelcheck.settings import load_settings

    reporter = reporter or SilentReporter()
    settings = load_settings(Path(asked.request.folder), asked.request.environ)
    policy = _policy(asked, settings)
    targets = load_targets(asked.targets, settings, asked.request)
    prepared = _prepared(asked, targets[0], reporter)
    with open_store(prepared.index, reporter) as store:
        checking = _Checking(prepared, policy, store, reporter)
        checked = tuple(checking.checked(target) for target in targets)
    judged = [each for target in checked for each in target.judged]
    return Check(
        inputs=prepared.records,
        kind=prepared.lock.kind.value if prepared.lock is not None else "resolved",
        targets=checked,
        unused=unused_allowances(policy, judged),
        expired=expired_allowances(policy, judged),
        notes=prepared.lock.notes if prepared.lock is not None else (),
    )


class _Checking:
    """One run over several targets, which share the store and the time for repairs."""

    def __init__(self, prepared: Prepared, policy: GatePolicy, store: IndexStore, reporter: Reporter) -> None:
        self._prepared = prepared
        self._policy = policy
        self._store = store
        self._reporter = reporter
        self._origins = origins_of(prepared)

    def checked(self, target: Target) -> CheckedTarget:
        """The verdicts on *target*; a failing index is told in them."""
        from wheelcheck.gate import judge
        from wheelcheck.model import CheckedTarget
        from wheelcheck.plan import plan as make_plan

        prepared = self._for(target)
        try:
            answer = answered(prepared, self._store, self._reporter)
            proposals = proposals_for(self._to_repair(answer), self._store, self._reporter)
        except IndexUnavailable as error:
            hint = f" ({error.hint})" if error.hint else ""
            return CheckedTarget(target=target, plan=None, failure=f"{error}{hint}")
        plan = make_plan(
            answer.outcome,
            answer.findings,
            inputs=prepared.records,
            options=prepared.options,
            proposals=proposals,
        )
        judged = judge(plan.findings, policy=self._policy, target=target, origins=self._origins)
        return CheckedTarget(target=target, plan=plan, judged=judged)

    def _to_repair(self, answer: Answer) -> Answer:
        """*answer* as the search for repairs sees it: pure source archives are a matter of allowances, not of other versions."""
        from wheelcheck.model import Code, Installability

        question = answer.prepared.question
        policy = replace(question.policy, allowed=question.policy.allowed | {Installability.SDIST_PURE})
        prepared = replace(answer.prepared, question=replace(question, policy=policy))
        findings = tuple(finding for finding in answer.findings if finding.code is not Code.SOURCE_PURE)
        return replace(answer, prepared=prepared, findings=findings)

    def _for(self, target: Target) -> Prepared:
        from wheelcheck.gate import exemptions

        question = self._prepared.question
        policy = replace(question.policy, exempt=exemptions(self._policy, target))
        return replace(self._prepared, question=replace(question, target=target, policy=policy))


def _policy(asked: CheckRequest, settings: Settings) -> GatePolicy:
    from wheelcheck.gate import parse_baseline
    from wheelcheck.model import GatePolicy

    baseline: frozenset[str] = frozenset()
    path = asked.baseline or (str(settings.baseline) if settings.baseline is not None else None)
    if path is not None:
        try:
            baseline = parse_baseline(Path(path).read_bytes(), path)
        except OSError as error:
            raise InputUnreadable(
                f"cannot be read: {error.strerror}", address=path, hint="make it with --write-baseline"
            ) from error
    return GatePolicy(
        fail_on=asked.fail_on or settings.fail_on,
        warn_only=asked.warn_only or settings.warn_only,
        allowances=settings.allowances,
        baseline=baseline,
        today=asked.today or datetime.now(UTC).date().isoformat(),
    )


def _prepared(asked: CheckRequest, first: Target, reporter: Reporter) -> Prepared:
    request = asked.request
    inputs = request.inputs or (_discovered(Path(request.folder)),)
    manner = CHECKING
    if asked.relock:
        lock = load_lock(inputs, CHECKING.locks)
        if lock is None:
            raise UsageProblem(f"--relock: {inputs[0]} is no lock", hint="leave it out: what is no lock is resolved")
        inputs, manner = (source_of(lock.lock),), RELOCKING
    prepared = prepare(
        replace(request, inputs=inputs, platform=first.platform, python=first.python, target_file=None),
        reporter,
        manner,
    )
    repairs = min(prepared.repairs, _REPAIRS) if request.repairs is None else prepared.repairs
    return replace(prepared, repairs=repairs, target_is_named=True)


def _discovered(folder: Path) -> str:
    from wheelcheck.inputs.discovery import discover

    found = discover(folder)
    if found.unreadable:
        path, reason = found.unreadable[0]
        raise InputUnreadable(f"cannot be read: {reason}", address=str(path), hint="mend it, or name the INPUT")
    if found.taken is None:
        raise UsageProblem(
            f"no lock, pyproject.toml with dependencies or requirements*.txt in {folder.resolve()}",
            hint="name the INPUT",
        )
    return str(found.taken)
