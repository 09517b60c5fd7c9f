"""The answer of ``diff`` as JSON: all of it, without credentials; and in the formats of ``check``, which tell what is new.

The same difference gives the same bytes. For a format of ``check`` (``Difference → Check``) a target that could not be compared
has no verdict, with the side and the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Struct
from msgspec.structs import replace
from packaging.version import Version

from wheelcheck.model.check import (
    ChangeKind,
    Check,
    CheckedTarget,
    ComparedFinding,
    Difference,
    DownloadSize,
    FindingState,
    PackageChange,
    Side,
    TargetDifference,
    Verdict,
)
from wheelcheck.model.distribution import Status
from wheelcheck.model.document import SCHEMA_KEY, Count, Path, ProjectName, about, document_of, render_shareable, stated
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.target import TargetName
from wheelcheck.report.check.document import render_sarif
from wheelcheck.report.check.services import render_github, render_gitlab, render_junit
from wheelcheck.report.difference import difference_verdict, uncompared_targets
from wheelcheck.report.documents import OriginDocument, origin_document, shared_finding
from wheelcheck.report.grouping import Group, group_changes, group_compared

_Texts = tuple[str, ...]
_STATE = about("Whether it was there before. What was there and only now fails is new.")
_VERDICT = about("What the finding means to the gate, on the new side unless it is gone.")


class Counts(Struct, frozen=True, kw_only=True):
    """How many of each, what several targets share counted once."""

    packages: Annotated[dict[ChangeKind, Count], about("Packages by how they differ.")]
    findings: Annotated[dict[FindingState, Count], about("Findings by whether they were there before.")]
    failing: Annotated[Count, about("How many of the new findings fail.")]


class SharedChange(Struct, frozen=True, kw_only=True):
    """A change that several targets share."""

    kind: Annotated[ChangeKind, about("How the project differs.")]
    name: Annotated[ProjectName, about("The normalised name.")]
    before: Annotated[Version | None, about("The version before, null where it came in.")]
    after: Annotated[Version | None, about("The version after, null where it went out.")]
    targets: Annotated[tuple[TargetName, ...], about("Where it changes so.")]


class SharedComparedFinding(Struct, frozen=True, kw_only=True):
    """A finding that several targets share."""

    state: Annotated[FindingState, _STATE]
    code: Annotated[Code, about("The stable code, such as WC102.")]
    verdict: Annotated[Verdict, _VERDICT]
    package: Annotated[ProjectName | None, about("The project it is about.")]
    version: Annotated[Version | None, about("Its version.")]
    message: Annotated[str, about("A whole sentence that holds on all of its targets.")]
    targets: Annotated[tuple[TargetName, ...], about("Where it is found.")]
    origins: Annotated[tuple[OriginDocument, ...], about("Where the user wrote what leads to it.")]
    fingerprints: Annotated[_Texts, about("Its names on each target, as a baseline has them.")]


class ComparedFindingDocument(Struct, frozen=True, kw_only=True):
    """A finding on one target."""

    state: Annotated[FindingState, _STATE]
    code: Annotated[Code, about("The stable code, such as WC102.")]
    severity: Annotated[Severity, about("The severity without the policy.")]
    verdict: Annotated[Verdict, _VERDICT]
    package: Annotated[ProjectName | None, about("The project it is about.")]
    version: Annotated[Version | None, about("Its version.")]
    message: Annotated[str, about("A whole sentence.")]
    evidence: Annotated[_Texts, about("What it rests on.")]
    paths: Annotated[tuple[Path, ...], about("The ways from the user's requirements to it.")]
    origin: Annotated[OriginDocument | None, about("Where the user wrote what leads to it.")]
    fingerprint: Annotated[str, about("Its name, as a baseline has it.")]


class Answer(Struct, frozen=True, kw_only=True):
    """How one side ended on a target."""

    status: Annotated[Status | None, about("The status of its plan; null where there is none.")]
    failure: Annotated[str | None, about("Why there is no plan.")]
    packages: Annotated[Count, about("How many packages it has.")]
    download: DownloadSize


class TargetDifferenceDocument(TargetName, frozen=True, kw_only=True):
    """What differs on one target."""

    other: Annotated[TargetName | None, about("The target of the old side, where it is another one.")]
    decided: Annotated[bool, about("Whether both sides have an answer; where not, nothing is compared.")]
    before: Annotated[Answer | None, about("The old side; null where there was nothing.")]
    after: Annotated[Answer | None, about("The new side; null where there is nothing.")]
    packages: Annotated[tuple[PackageChange, ...], about("What came in, went out or moved, by name.")]
    findings: Annotated[tuple[ComparedFindingDocument, ...], about("Every finding of both sides.")]


class DiffDocument(Struct, frozen=True, kw_only=True):
    """What changed between two inputs, plans or revisions on each of the targets.

    Keys may be added without a new schema number: readers keep what they do not know.
    """

    schema: Annotated[Literal["wheelcheck.diff/1"], SCHEMA_KEY]
    exit_status: Annotated[
        int,
        stated(
            "0: nothing new fails. 1: something new fails. 3: an index failed. 4: undecided within the budget.",
            enum=[0, 1, 3, 4],
        ),
    ]
    summary: Annotated[str, about("The answer in one line.")]
    old: Annotated[Side, about("What was compared.")]
    new: Annotated[Side, about("With what it was compared.")]
    counts: Counts
    packages: Annotated[tuple[SharedChange, ...], about("Every change of a package once with its targets.")]
    findings: Annotated[
        tuple[SharedComparedFinding, ...], about("Every finding once with its targets, new ones first.")
    ]
    targets: Annotated[
        tuple[TargetDifferenceDocument, ...],
        about("Every target, in the order asked for, with all that differs there."),
    ]
    notes: Annotated[_Texts, about("Sentences on how the two were compared.")]


def render_diff_json(difference: Difference) -> str:
    """Render *difference* as the JSON of schema ``wheelcheck.diff/1``, keys in the documented order."""
    changes = group_changes(difference)
    groups = {state: group_compared(difference, state) for state in FindingState}
    kinds = Counter(each.value.kind for each in changes)
    return render_shareable(
        document_of(
            DiffDocument,
            difference,
            schema="wheelcheck.diff/1",
            summary=difference_verdict(difference),
            counts=Counts(
                packages={kind: kinds[kind] for kind in ChangeKind},
                findings={state: len(groups[state]) for state in FindingState},
                failing=sum(each.verdict is Verdict.FAILS for each in groups[FindingState.NEW]),
            ),
            packages=tuple(map(_shared_change, changes)),
            findings=tuple(
                document_of(SharedComparedFinding, shared_finding(each), state=state)
                for state in FindingState
                for each in groups[state]
            ),
            targets=tuple(map(_target, difference.targets)),
        )
    )


def _shared_change(group: Group[PackageChange]) -> SharedChange:
    before, after = (each.version if each is not None else None for each in (group.value.before, group.value.after))
    return document_of(SharedChange, group.value, before=before, after=after, targets=group.targets)


def _target(each: TargetDifference) -> TargetDifferenceDocument:
    return document_of(
        TargetDifferenceDocument,
        each.target,
        other=each.other_target,
        decided=each.is_decided,
        before=_answer(each.before, each.size_before),
        after=_answer(each.after, each.size_after),
        packages=each.changes,
        findings=tuple(map(_compared, each.findings)),
    )


def _answer(side: CheckedTarget | None, size: DownloadSize) -> Answer | None:
    if side is None:
        return None
    plan = side.plan
    return Answer(
        status=plan.status if plan is not None else None,
        failure=side.failure or None,
        packages=len(plan.packages) if plan is not None else 0,
        download=size,
    )


def _compared(compared: ComparedFinding) -> ComparedFindingDocument:
    judged = compared.judged
    return document_of(
        ComparedFindingDocument,
        judged.finding,
        state=compared.state,
        verdict=judged.verdict,
        origin=origin_document(judged.origin) if judged.origin is not None else None,
        fingerprint=judged.fingerprint,
    )


def new_findings(difference: Difference) -> Check:
    """The answer of a gate that fails on what is new in *difference* alone."""
    # The first reason of each target counts.
    reasons = {target.name: reason for target, reason in reversed(uncompared_targets(difference))}
    targets = (_new(each, reasons.get(each.target.name, "")) for each in difference.targets)
    return Check(
        inputs=difference.new.inputs,
        kind=difference.new.kind,
        targets=tuple(each for each in targets if each is not None),
        notes=difference.notes,
    )


def _new(each: TargetDifference, reason: str) -> CheckedTarget | None:
    if reason:
        return CheckedTarget(target=each.target, plan=None, failure=reason)
    judged = tuple(compared.judged for compared in each.findings if compared.state is FindingState.NEW)
    return replace(each.after, target=each.target, judged=judged) if each.after is not None else None


def _renderer(render: Callable[[Check], str]) -> Callable[[Difference], str]:
    return lambda difference: render(new_findings(difference))


render_new_sarif, render_new_github, render_new_junit, render_new_gitlab = map(
    _renderer, (render_sarif, render_github, render_junit, render_gitlab)
)
