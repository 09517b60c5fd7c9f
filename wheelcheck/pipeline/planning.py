"""``plan``: one request for one target, from its inputs to a plan, repairs included; decides nothing about packages.

``Request → Prepared → Resolution | Conflict → Findings → Proposals → Plan``. A repair that is to be applied is asked for as a
person would, by its options on the same request, so that what is planned is what its command gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelcheck.errors import UsageProblem
from wheelcheck.pipeline.edges import open_store
from wheelcheck.pipeline.preparing import Prepared, prepare
from wheelcheck.pipeline.repaired import repaired_request
from wheelcheck.pipeline.request import Request
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.index import IndexStore
    from wheelcheck.model import Conflict, Finding, Plan, Proposals, Repair, RepairKnowledge, Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one request gave, before it is made a plan."""

    prepared: Prepared
    outcome: Resolution | Conflict
    findings: tuple[Finding, ...]
    knowledge: RepairKnowledge


def plan(request: Request, *, reporter: Reporter | None = None) -> Plan:
    """Resolve the inputs of *request* for its target and plan the installation; look for repairs where it is blocked.

    With ``request.fix`` the cheapest repair at or under that risk, or the one with that id, is applied and its plan given; where
    there is none under that risk, the plan is that of what was asked. Blocked and undecided are answers, not errors. Raises
    ``InputUnreadable`` and ``UsageProblem`` for what cannot be understood (the id of a repair that does not exist among it),
    ``IndexUnavailable`` (and its children) where the index, a file host or a hash fails.
    """
    from wheelcheck.plan import plan as make_plan

    reporter = reporter or SilentReporter()
    prepared = prepare(request, reporter)
    with open_store(prepared.index, reporter) as store:
        answer = _answered(prepared, store, reporter)
        proposals = _proposals(answer, store, reporter)
        repair = _chosen(prepared.fix, proposals)
    if repair is not None:
        repaired = prepare(repaired_request(request, repair), reporter)
        with open_store(repaired.index, reporter) as store:
            answer = _answered(repaired, store, reporter)
    return make_plan(
        answer.outcome,
        answer.findings,
        inputs=prepared.records,
        options=answer.prepared.options,
        proposals=proposals,
        applied=() if repair is None else (repair.id,),
    )


def _answered(prepared: Prepared, store: IndexStore, reporter: Reporter) -> _Answer:
    from wheelcheck.diagnose import Diagnosis, diagnose
    from wheelcheck.knowledge import load_repair_knowledge
    from wheelcheck.resolve import resolve

    # Read before the index is asked: a malformed file of the user's should not cost them the wait.
    knowledge = load_repair_knowledge(prepared.knowledge_folders)
    outcome = resolve(prepared.question, store, reporter)
    reporter.stage("explaining")
    findings = diagnose(
        Diagnosis(
            outcome,
            store,
            prepared.question.policy,
            input_bounds=prepared.inputs.requires_python,
            require_hashes=prepared.require_hashes,
            constraints=prepared.question.constraints,
            knowledge=knowledge,
        )
    )
    return _Answer(prepared=prepared, outcome=outcome, findings=findings, knowledge=knowledge)


def _proposals(answer: _Answer, store: IndexStore, reporter: Reporter) -> Proposals | None:
    """The ways out, where something is in the way: an error, a conflict, an advisory; ``None`` where they were not wanted."""
    from wheelcheck.model import Code, Conflict, Severity

    prepared = answer.prepared
    told = (Code.ADVISORY, Code.ABI_BREAK)
    needed = isinstance(answer.outcome, Conflict) or any(
        finding.severity is Severity.ERROR or (finding.code in told and finding.severity is Severity.WARNING)
        for finding in answer.findings
    )
    if not needed or not prepared.repairs:
        return None
    from wheelcheck.repair import Blocked, Limits, World, propose

    return propose(
        Blocked(
            question=prepared.question,
            outcome=answer.outcome,
            input_bounds=prepared.inputs.requires_python,
            require_hashes=prepared.require_hashes,
            target_is_named=prepared.target_is_named,
            indexes=prepared.index.index_urls,
        ),
        World(projects=store, code=store, elsewhere=store, knowledge=answer.knowledge),
        Limits(repairs=prepared.repairs, seconds=prepared.repair_seconds),
        reporter,
    )


def _chosen(fix: str | None, proposals: Proposals | None) -> Repair | None:
    """The repair that *fix* names by id or admits by risk; ``None`` where none is wanted or admitted."""
    from wheelcheck.model import Risk

    if fix is None:
        return None
    repairs = proposals.repairs if proposals is not None else ()
    if fix in [risk.value for risk in Risk]:
        most = Risk(fix).order
        return next((repair for repair in repairs if repair.risk.order <= most), None)
    for repair in repairs:
        if repair.id == fix:
            return repair
    known = ", ".join(repair.id for repair in repairs)
    raise UsageProblem(
        f"there is no repair {fix}",
        address="--fix",
        hint=f"there are {known}" if known else "none was found; see the plan without --fix",
    )
