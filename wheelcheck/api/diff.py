"""``diff``: answers two inputs on the same targets and compares the answers; decides nothing about packages.

``DiffRequest → two sides → (Answer → Plan → Judged) for each side and target → Difference``. Both sides are judged by the settings
of today. They share one store, unless their inputs name different indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wheelcheck.api.answering import answered, origins_of
from wheelcheck.api.comparison_inputs import ComparisonInput, ComparisonOpener
from wheelcheck.api.edges import Stores
from wheelcheck.api.preparing import Prepared, on_target, prepare
from wheelcheck.api.reading import CHECKING
from wheelcheck.api.request import Request
from wheelcheck.api.targets import GateRequest, TargetWords, gate_policy, load_targets
from wheelcheck.errors import IndexUnavailable, UsageProblem, WheelcheckError
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.settings.loading import load_settings

if TYPE_CHECKING:
    from wheelcheck.model.check import CheckedTarget, Difference, GatePolicy, Side
    from wheelcheck.model.plan import InputRecord, Plan
    from wheelcheck.model.target import Target
    from wheelcheck.options import SdistPolicy
    from wheelcheck.settings.loading import Settings

_SDIST: dict[str, SdistPolicy] = {"deny": "deny", "pure": "pure", "any": "any"}


class DiffRequest(GateRequest, frozen=True, kw_only=True):
    """One question to :func:`diff`.

    Either *old* and *new* are given, each a plan, a file, a requirement or ``REV:PATH``; or *git_base*, a revision, and the inputs
    of *request* are compared with what they were where HEAD left it.
    """

    old: str = ""
    new: str = ""
    git_base: str | None = None


def diff(asked: DiffRequest, *, reporter: Reporter | None = None) -> Difference:
    """Compare the two sides of *asked* on each target.

    Blocked, undecided and failed targets are answers. Raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid`` for what
    cannot be understood, on either side.
    """
    from wheelcheck.findings.verdicts import compare
    from wheelcheck.model.check import Difference

    reporter = reporter or SilentReporter()
    request = asked.request
    settings = load_settings(Path(request.folder), request.environ)
    policy = gate_policy(asked, settings, hint="make it with check --write-baseline")
    with TemporaryDirectory(prefix="wheelcheck-", ignore_cleanup_errors=True) as folder, Stores(reporter) as stores:
        old, new = _sides(asked, Path(folder))
        # The target of a plan counts for both sides, that of the new one first.
        plan = new.plan or old.plan
        targets = _targets(asked, settings, plan)
        answering = [_Side(side, request, plan, targets[0], policy, reporter) for side in (old, new)]
        before, after = ([each.answer(target, stores) for target in targets] for each in answering)
        return Difference(
            old=answering[0].side(),
            new=answering[1].side(),
            targets=tuple(map(compare, before, after, targets)),
            notes=(*_notes(old, new, settings), *dict.fromkeys(note for each in answering for note in each.notes)),
        )


class _Side:
    """One side of the comparison: prepared once, answered on each target."""

    def __init__(
        self,
        source: ComparisonInput,
        request: Request,
        plan: Plan | None,
        first: Target,
        policy: GatePolicy,
        reporter: Reporter,
    ) -> None:
        self._input = source
        self._policy = policy
        self._reporter = reporter
        self._prepared: Prepared | None = None
        if not source.inputs:
            return
        asking = request.changed(
            source.inputs,
            constraints=source.constraints,
            overrides=source.overrides,
            platform=first.platform,
            python=first.python,
            target_file=None,
            # The other side of a plan is resolved with the source policy of that plan.
            sdist=request.options["sdist"] or (_SDIST.get(plan.options.sdist) if plan is not None else None),
        )
        try:
            self._prepared = replace(prepare(asking, reporter, CHECKING), imports="none")
        except WheelcheckError as error:
            source.blame(error)
            raise

    def side(self) -> Side:
        """The name, kind and inputs of this side for the report."""
        from wheelcheck.model.check import Side

        source, prepared = self._input, self._prepared
        kind: str = "absent"
        records: tuple[InputRecord, ...] = ()
        if source.plan is not None:
            kind, records = "plan", source.plan.inputs
        elif prepared is not None:
            kind = prepared.read.lock.kind.value if prepared.read.lock is not None else "resolved"
            records = source.records(prepared.read.records)
        revision = source.copied.revision.commit if source.copied is not None else None
        return Side(name=source.name, kind=kind, inputs=records, revision=revision)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on what the format of its lock does not record."""
        lock = self._prepared.read.lock if self._prepared is not None else None
        return tuple(map(self._input.text, lock.notes)) if lock is not None else ()

    def answer(self, target: Target, stores: Stores) -> CheckedTarget | None:
        """The plan and the verdicts on *target*, or the failure of its index; ``None`` for a side without a plan and inputs."""
        from wheelcheck.findings.verdicts import judge
        from wheelcheck.model.check import CheckedTarget

        source = self._input
        if source.plan is not None:
            own = source.plan.target
            judged = judge(source.plan.findings, policy=self._policy, target=own, origins=lambda _: None)
            return CheckedTarget(target=own, plan=source.plan, judged=judged)
        if self._prepared is None:
            return None
        prepared = on_target(self._prepared, self._policy, target)
        try:
            plan = self._planned(prepared, stores)
        except IndexUnavailable as error:
            source.blame(error)
            return CheckedTarget(target=target, plan=None, failure=error.with_hint)
        except WheelcheckError as error:
            source.blame(error)
            raise
        found = origins_of(prepared)
        # Where a finding was caused is looked up by the names of the copies, which the report does not show.
        pairs = [(source.renamed(finding), finding) for finding in plan.findings]
        renamed = tuple(shown for shown, _ in pairs)
        judged = judge(
            renamed,
            policy=self._policy,
            target=target,
            origins=lambda each: source.origin(found(next(was for shown, was in pairs if shown is each))),
        )
        return CheckedTarget(target=target, plan=replace(plan, findings=renamed), judged=judged)

    def _planned(self, prepared: Prepared, stores: Stores) -> Plan:
        from wheelcheck.plans.making import plan as make_plan

        answer = answered(prepared, stores.of(prepared.index), self._reporter)
        return make_plan(
            answer.outcome,
            answer.findings,
            inputs=self._input.records(prepared.read.records),
            options=prepared.options,
        )


def _sides(asked: DiffRequest, folder: Path) -> tuple[ComparisonInput, ComparisonInput]:
    request = asked.request
    opening = ComparisonOpener(
        folder=folder,
        constraints=request.options["constraints"],
        overrides=request.options["overrides"],
        environ=request.environ,
    )
    if asked.git_base is not None:
        if not request.inputs:
            raise UsageProblem(
                "--git-base: no INPUT is named", hint="name the files to compare with their earlier versions"
            )
        return opening.against_base(request.inputs, asked.git_base)
    for word, which in ((asked.old, "OLD"), (asked.new, "NEW")):
        if not word.strip():
            raise UsageProblem(f"{which} is empty", hint="give a file, a plan, a requirement or REV:PATH")
    return opening.side(asked.old, "old"), opening.side(asked.new, "new")


def _targets(asked: DiffRequest, settings: Settings, plan: Plan | None) -> tuple[Target, ...]:
    if plan is None:
        return load_targets(asked.targets, settings, asked.request, today=asked.today).targets
    if asked.targets != TargetWords():
        raise UsageProblem(
            f"a plan is for its own target ({plan.target})", hint="take --platform, --python and the like out"
        )
    return (plan.target,)


def _notes(old: ComparisonInput, new: ComparisonInput, settings: Settings) -> Iterator[str]:
    """Sentences on files that one side lacks, on plans with other options, and on settings that count for both sides."""
    yield from (*old.notes, *new.notes)
    if old.plan is not None and new.plan is not None:
        was, is_now = old.plan.options, new.plan.options
        names = [each for each in was.__struct_fields__ if getattr(was, each) != getattr(is_now, each)]
        if names:
            yield f"The plans were made with other options: {', '.join(name.replace('_', '-') for name in names)}."
    for side in (old, new):
        if side.copied is not None and settings.file is not None:
            yield f"The settings of today count for both sides, also for {side.copied.revision.name}."
