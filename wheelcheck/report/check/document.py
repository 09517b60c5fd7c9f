"""The answer of ``check`` as a JSON document: all of it, without credentials; the same check gives the same bytes."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.check import Check, CheckedTarget, Judged, Verdict
from wheelcheck.model.document import SCHEMA_KEY, Count, ProjectName, about, document_of, render_shareable, stated
from wheelcheck.model.finding import Finding
from wheelcheck.model.judgement import Installability, Status
from wheelcheck.model.plan import InputRecord
from wheelcheck.model.target import TargetName
from wheelcheck.plans.repair_documents import RepairDocument, RepairSearch, repair_document, search_document
from wheelcheck.report.documents import (
    VERDICT,
    AllowanceDocument,
    OriginDocument,
    SharedFinding,
    allowance_document,
    origin_document,
    shared_finding,
)
from wheelcheck.report.grouping import group_findings
from wheelcheck.report.verdicts import check_verdict, target_word


class CheckedPackage(Struct, frozen=True, kw_only=True):
    """One project on one target."""

    name: Annotated[ProjectName, about("Its normalised name.")]
    version: Annotated[Version, about("Its version.")]
    installability: Annotated[Installability, about("How this version can be installed on the target.")]
    filename: Annotated[str | None, about("The file that would be installed; null where none can be used.")]


class JudgedFinding(Finding, frozen=True, kw_only=True):
    """One thing that a person should know of one target, with its verdict."""

    verdict: Annotated[Verdict, VERDICT]
    origin: Annotated[OriginDocument | None, about("Where the user wrote what leads to it; null where nobody did.")]
    allowance: Annotated[
        AllowanceDocument | None,
        about("The allowance that covers it, also where it has expired and the finding fails for that."),
    ]
    fingerprint: Annotated[str, about("What a baseline knows it by; it stays when lines move.")]


class TargetAnswer(TargetName, frozen=True, kw_only=True):
    """One target with its answer."""

    verdict: Annotated[
        str,
        stated(
            "undecided: the search ended at its budget. no answer: an index failed, as failure says. Neither passes.",
            enum=["passes", "fails", "undecided", "no answer"],
        ),
    ]
    status: Annotated[
        Status | None, about("What the plan for this target says of its own use; null where there is none.")
    ]
    failure: Annotated[str | None, about("Why there is no plan.")]
    packages: Annotated[tuple[CheckedPackage, ...], about("Every project that applies on this target, by name.")]
    findings: Annotated[
        tuple[JudgedFinding, ...], about("What a person should know of this target, with what the gate makes of it.")
    ]
    repairs: Annotated[
        tuple[RepairDocument, ...], about("Proposed changes, each proved by resolving again, cheapest first.")
    ]
    repair_search: Annotated[
        RepairSearch | None, about("What the search for repairs left open; null when none was made.")
    ]


class StaleAllowances(Struct, frozen=True, kw_only=True):
    """What there is to say of allowances."""

    expired: Annotated[tuple[AllowanceDocument, ...], about("Those past their day that would have covered something.")]
    unused: Annotated[tuple[AllowanceDocument, ...], about("Those that covered nothing.")]


class CheckDocument(Struct, frozen=True, kw_only=True):
    """What the gate says of one input on many targets.

    Keys may be added without a new schema number: readers keep what they do not know.
    """

    schema: Annotated[Literal["wheelcheck.check/1"], SCHEMA_KEY]
    exit_status: Annotated[
        int,
        stated(
            "0: everything passes. 1: something fails. 3: an index failed. 4: undecided within the budget.",
            enum=[0, 1, 3, 4],
        ),
    ]
    summary: Annotated[str, about("The answer in one line.")]
    kind: Annotated[str, about("How the packages were found: resolved, or the kind of lock that was read as it is.")]
    inputs: Annotated[tuple[InputRecord, ...], about("Every input, in reading order.")]
    counts: Annotated[
        dict[Verdict, Count],
        about("How many findings have each verdict; the same finding on several targets counts once."),
    ]
    findings: Annotated[tuple[SharedFinding, ...], about("Every finding once with its targets, failing ones first.")]
    targets: Annotated[tuple[TargetAnswer, ...], about("Every target, in the order asked for.")]
    allowances: StaleAllowances
    notes: Annotated[tuple[str, ...], about("What the format of the lock cannot tell, in sentences.")]


def render_json(check: Check) -> str:
    """Render *check* as the JSON of schema ``wheelcheck.check/1``, keys in the documented order."""
    groups = group_findings(check)
    counts = Counter(each.verdict for each in groups)
    return render_shareable(
        CheckDocument(
            schema="wheelcheck.check/1",
            exit_status=check.exit_status,
            summary=check_verdict(check, groups),
            kind=check.kind,
            inputs=check.inputs,
            counts={verdict: counts[verdict] for verdict in Verdict},
            findings=tuple(map(shared_finding, groups)),
            targets=tuple(map(_answer, check.targets)),
            allowances=StaleAllowances(
                expired=tuple(map(allowance_document, check.expired)),
                unused=tuple(map(allowance_document, check.unused)),
            ),
            notes=check.notes,
        )
    )


def _answer(checked: CheckedTarget) -> TargetAnswer:
    plan = checked.plan
    return document_of(
        TargetAnswer,
        checked.target,
        verdict=target_word(checked),
        status=plan.status if plan is not None else None,
        failure=checked.failure or None,
        packages=tuple(document_of(CheckedPackage, each) for each in plan.packages) if plan is not None else (),
        findings=tuple(map(_judged, checked.judged)),
        repairs=tuple(map(repair_document, plan.repairs)) if plan is not None else (),
        repair_search=search_document(plan.proposals) if plan is not None else None,
    )


def _judged(judged: Judged) -> JudgedFinding:
    return document_of(
        JudgedFinding,
        judged.finding,
        verdict=judged.verdict,
        origin=origin_document(judged.origin) if judged.origin is not None else None,
        allowance=allowance_document(judged.allowance) if judged.allowance is not None else None,
        fingerprint=judged.fingerprint,
    )
