"""The answer of ``check`` as JSON: all of it, without credentials; and as SARIF 2.1.0 for code-scanning services.

The same check gives the same bytes. In SARIF every code is a rule, every finding a result at the line of its requirement. It has no
``fixes``: these need replaced text, and a repair may be an option; its command is in the message.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.check import Check, CheckedTarget, Judged, Verdict
from wheelcheck.model.distribution import Installability, Status
from wheelcheck.model.document import SCHEMA_KEY, Count, ProjectName, about, document_of, render_shareable, stated
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.plan import InputRecord
from wheelcheck.model.requirement import CommandLineOrigin, FileOrigin, Origin
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
from wheelcheck.report.grouping import FindingGroup, group_findings
from wheelcheck.report.page import sentence
from wheelcheck.report.verdicts import (
    check_verdict,
    fallback_place,
    headline,
    iter_details,
    stale_allowances,
    target_word,
    undecided_targets,
)
from wheelcheck.report.wording import artifact_uri, escaped, flat, repository_path


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
        document_of(
            CheckDocument,
            check,
            schema="wheelcheck.check/1",
            summary=check_verdict(check, groups),
            counts={verdict: counts[verdict] for verdict in Verdict},
            findings=tuple(map(shared_finding, groups)),
            targets=tuple(map(_answer, check.targets)),
            allowances=StaleAllowances(
                expired=tuple(map(allowance_document, check.expired)),
                unused=tuple(map(allowance_document, check.unused)),
            ),
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


SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_LEVELS_OF_VERDICTS = {Verdict.FAILS: "error", Verdict.WARNS: "warning", Verdict.NOTED: "note"}
_POSITIONS = {code: position for position, code in enumerate(Code)}
"""The index of each code's rule in ``tool.driver.rules``."""
_Object = dict[str, object]


def render_sarif(check: Check) -> str:
    """Render *check* as one run of a SARIF log; targets without an answer are errors of the invocation."""
    groups = group_findings(check)
    fallback = fallback_place(check)
    log: _Object = {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "invocations": [_invocation(check)],
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder in which wheelcheck was run."}}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(group, groups, fallback) for group in groups],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _driver() -> _Object:
    # Imported here: it costs more than all the rest of this format.
    from importlib.metadata import PackageNotFoundError, version

    driver: _Object = {"name": "wheelcheck"}
    # There is none when it runs from a source tree or frozen into an executable, and it is not required.
    with contextlib.suppress(PackageNotFoundError):
        driver["version"] = version("wheelcheck")
    return {**driver, "rules": [_rule(code) for code in Code]}


def _rule(code: Code) -> _Object:
    """The ``reportingDescriptor`` of *code*."""
    return {
        "id": code.number,
        "name": "".join(word.capitalize() for word in code.name.split("_")),
        "shortDescription": {"text": f"{sentence(code.title)}."},
        "fullDescription": {"text": code.explanation},
        "helpUri": code.address,
        "help": {
            "text": f"{code.explanation}\n\nWhat to do: {code.cure}",
            "markdown": f"{escaped(code.explanation)}\n\n**What to do:** {escaped(code.cure)}",
        },
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
        "properties": {"tags": ["dependencies", "packaging"]},
    }


def _invocation(check: Check) -> _Object:
    unknown = undecided_targets(check)
    invocation: _Object = {"executionSuccessful": not unknown}
    if unknown:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": _said(f"No verdict on {checked.target}: {why}")}}
            for checked, why in unknown
        ]
    notes = [
        {"level": "warning", "message": {"text": _said(sentence)}, "locations": [_location(each.origin)]}
        for each, _, sentence in stale_allowances(check)
    ]
    notes += [{"level": "note", "message": {"text": _said(text)}} for text in check.notes]
    if notes:
        invocation["toolConfigurationNotifications"] = notes
    return invocation


def _result(group: FindingGroup, every: Sequence[FindingGroup], fallback: FileOrigin) -> _Object:
    origins = _origins(group, every) or (fallback,)
    details = list(iter_details(group))
    plain = "\n".join((_said(headline(group)), *(_said(f"{label}: {text}") for label, text in details)))
    marked = "\n".join((_marked(headline(group)) + "\n", *(f"- {label}: {_marked(text)}" for label, text in details)))
    result: _Object = {
        "ruleId": group.finding.code.number,
        "ruleIndex": _POSITIONS[group.finding.code],
        "level": _LEVELS_OF_VERDICTS.get(group.verdict, _LEVELS[group.finding.severity]),
        "message": {"text": plain, "markdown": marked},
        "locations": [_location_in_file(origins[0], fallback)],
        "partialFingerprints": {"wheelcheck/v1": flat(group.fingerprint)},
        "properties": {
            "verdict": group.verdict.value,
            "package": flat(group.finding.package) if group.finding.package is not None else None,
            "version": str(group.finding.version) if group.finding.version is not None else None,
            "targets": [f"{target.platform}/{target.python}" for target in group.targets],
        },
    }
    if origins[1:]:
        result["relatedLocations"] = [
            {"id": number, **_location(origin), "message": {"text": "It leads from here too."}}
            for number, origin in enumerate(origins[1:], start=1)
        ]
    # Both properties are for all results of a run or for none (3.27.23, 3.27.24).
    if any(each.verdict is Verdict.ALLOWED for each in every):
        reason = group.allowance.reason if group.verdict is Verdict.ALLOWED and group.allowance is not None else None
        accepted: _Object = {"kind": "external", "status": "accepted", "justification": _said(reason or "")}
        result["suppressions"] = [accepted] if reason is not None else []
    if any(each.verdict is Verdict.KNOWN for each in every):
        result["baselineState"] = "unchanged" if group.verdict is Verdict.KNOWN else "new"
    return result


def _origins(group: FindingGroup, every: Sequence[FindingGroup]) -> tuple[Origin, ...]:
    """The origins of *group*; for a note without any, those of another group of its package."""
    if group.origins or group.finding.package is None:
        return group.origins
    return next((each.origins for each in every if each.origins and each.finding.package == group.finding.package), ())


def _location_in_file(origin: Origin, fallback: FileOrigin) -> _Object:
    """The place of *origin*, and in *fallback* where that is in no file.

    The standard asks for neither, but GitHub refuses a whole log for one result that is in no file.
    """
    found = _location(origin)
    if "physicalLocation" in found:
        return found
    path = repository_path(fallback) or "standard input"
    return {**found, **_location(FileOrigin(path=path))}


def _location(origin: Origin) -> _Object:
    path = repository_path(origin) if isinstance(origin, FileOrigin) else ""
    if isinstance(origin, FileOrigin) and path:
        uri, is_relative = artifact_uri(path)
        artifact: _Object = {"uri": uri, "uriBaseId": _ROOT} if is_relative else {"uri": uri}
        # Line 1 where the format has no lines: code scanning refuses a result without one.
        return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": origin.line or 1}}}
    kind = "commandLine" if isinstance(origin, CommandLineOrigin) else "requirement"
    return {"logicalLocations": [{"fullyQualifiedName": flat(str(origin)), "kind": kind}]}


def _said(text: str) -> str:
    # ``[text](1)`` is a link and ``{0}`` a placeholder in a message (3.11.6, 3.11.5); a package's own text is neither.
    return _PLACEHOLDER.sub(r"{{\1}}", flat(text).replace("](", "] ("))


def _marked(text: str) -> str:
    return _PLACEHOLDER.sub(r"{{\1}}", escaped(text))
