"""The answer of the gate as JSON, all of it: the same check gives the same bytes; refuses to write credentials."""

from __future__ import annotations

import json
from collections import Counter

from wheelcheck.model.check import Allowance, Check, CheckedTarget, Judged, Verdict
from wheelcheck.model.document import as_plain
from wheelcheck.model.finding import Finding
from wheelcheck.model.plan import PlannedPackage
from wheelcheck.model.requirement import CandidateOrigin, CommandLineOrigin, FileOrigin, Origin
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked_within
from wheelcheck.plans.repair_documents import repair_document, search_document
from wheelcheck.report.grouping import FindingGroup, group_findings
from wheelcheck.report.verdicts import check_verdict, target_word

CHECK_SCHEMA = "wheelcheck.check/1"
"""The value of ``schema`` in every answer; the number grows only when an old reader would misunderstand a new one."""

_Object = dict[str, object]


def load_check_schema() -> dict[str, object]:
    """Read the JSON Schema (draft 2020-12) that every answer satisfies, from the installed package."""
    from importlib.resources import files

    content = files("wheelcheck.report.check").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, object] = json.loads(content)
    return schema


def render_json(check: Check) -> str:
    """Render *check* as the JSON of schema ``wheelcheck.check/1``, keys in the documented order."""
    told = group_findings(check)
    counts = Counter(each.verdict for each in told)
    document: _Object = {
        "schema": CHECK_SCHEMA,
        "exit_status": check.exit_status,
        "summary": check_verdict(check, told),
        "kind": check.kind,
        "inputs": [{"path": each.path, "sha256": each.sha256 or None} for each in check.inputs],
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "findings": [_told(each) for each in told],
        "targets": [_target(checked) for checked in check.targets],
        "allowances": {
            "expired": [_allowance(each) for each in check.expired],
            "unused": [_allowance(each) for each in check.unused],
        },
        "notes": list(check.notes),
    }
    # Lone surrogates come from file names that are no UTF-8; no reader takes them.
    text = json.dumps(_masked(document), indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode() if not text.isascii() else text


def _masked(value: object) -> object:
    """*value* without credentials in any text of it, wherever they came from."""
    match value:
        case str():
            return masked_within(value)
        case list() | tuple():
            return [_masked(item) for item in value]
        case dict():
            return {key: _masked(item) for key, item in value.items()}
        case _:
            return value


def _told(told: FindingGroup) -> _Object:
    return {
        "code": told.finding.code.number,
        "verdict": told.verdict.value,
        "package": told.finding.package,
        "version": str(told.finding.version) if told.finding.version is not None else None,
        "message": told.message,
        "targets": [_name(target) for target in told.targets],
        "origins": [_origin(origin) for origin in told.origins],
        "fingerprints": list(told.fingerprints),
    }


def _target(checked: CheckedTarget) -> _Object:
    plan = checked.plan
    proposals = plan.proposals if plan is not None else None
    return {
        **_name(checked.target),
        "verdict": target_word(checked),
        "status": plan.status.value if plan is not None else None,
        "failure": checked.failure or None,
        "packages": [_package(package) for package in plan.packages] if plan is not None else [],
        "findings": [_judged(judged) for judged in checked.judged],
        "repairs": [as_plain(repair_document(repair)) for repair in proposals.repairs] if proposals is not None else [],
        "repair_search": as_plain(search_document(proposals)) if proposals is not None else None,
    }


def _name(target: Target) -> _Object:
    return {"platform": target.platform, "python": target.python}


def _package(package: PlannedPackage) -> _Object:
    return {
        "name": package.name,
        "version": str(package.version),
        "installability": package.installability.value,
        "filename": package.file.filename if package.file is not None else None,
    }


def _judged(judged: Judged) -> _Object:
    return {
        **_finding(judged.finding),
        "verdict": judged.verdict.value,
        "origin": _origin(judged.origin) if judged.origin is not None else None,
        "allowance": _allowance(judged.allowance) if judged.allowance is not None else None,
        "fingerprint": judged.fingerprint,
    }


def _finding(finding: Finding) -> _Object:
    return {
        "code": finding.code.number,
        "severity": finding.severity.value,
        "package": finding.package,
        "version": str(finding.version) if finding.version is not None else None,
        "message": finding.message,
        "evidence": list(finding.evidence),
        "paths": [list(path) for path in finding.paths],
        "nearest": str(finding.nearest) if finding.nearest is not None else None,
    }


def _origin(origin: Origin) -> _Object:
    match origin:
        case FileOrigin():
            return {"kind": "file", "path": origin.path, "line": origin.line or None}
        case CommandLineOrigin():
            return {"kind": "command-line", "text": origin.text, "option": origin.option or None}
        case CandidateOrigin():
            return {"kind": "package", "name": origin.name, "version": str(origin.version)}


def _allowance(allowance: Allowance) -> _Object:
    return {
        "package": allowance.package,
        "specifier": str(allowance.specifier) or None,
        "targets": list(allowance.targets),
        "codes": list(allowance.codes),
        "reason": allowance.reason,
        "expires": allowance.expires,
        "origin": _origin(allowance.origin),
    }
