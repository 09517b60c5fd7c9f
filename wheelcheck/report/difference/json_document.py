"""What changed, as JSON, all of it: the same difference gives the same bytes; refuses to write credentials."""

from __future__ import annotations

import json
from collections import Counter

from wheelcheck.model.check import CheckedTarget, Judged, Verdict
from wheelcheck.model.difference import (
    ChangeKind,
    ComparedFinding,
    Difference,
    DownloadSize,
    FindingState,
    PackageChange,
    Release,
    Side,
    TargetDifference,
)
from wheelcheck.model.requirement import CommandLineOrigin, FileOrigin, Origin
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked_within
from wheelcheck.report.grouping import FindingGroup, Group, group_changes, group_compared
from wheelcheck.report.verdicts import difference_verdict

DIFF_SCHEMA = "wheelcheck.diff/1"
"""The value of ``schema`` in every answer; the number grows only when an old reader would misunderstand a new one."""

_Object = dict[str, object]


def load_diff_schema() -> dict[str, object]:
    """Read the JSON Schema (draft 2020-12) that every answer satisfies, from the installed package."""
    from importlib.resources import files

    content = files("wheelcheck.report.difference").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, object] = json.loads(content)
    return schema


def render_diff_json(difference: Difference) -> str:
    """Render *difference* as the JSON of schema ``wheelcheck.diff/1``, keys in the documented order."""
    changes = group_changes(difference)
    told = {state: group_compared(difference, state) for state in FindingState}
    kinds = Counter(each.value.kind for each in changes)
    document: _Object = {
        "schema": DIFF_SCHEMA,
        "exit_status": difference.exit_status,
        "summary": masked_within(difference_verdict(difference)),
        "old": _side(difference.old),
        "new": _side(difference.new),
        "counts": {
            "packages": {kind.value: kinds[kind] for kind in ChangeKind},
            "findings": {state.value: len(told[state]) for state in FindingState},
            "failing": sum(each.verdict is Verdict.FAILS for each in told[FindingState.NEW]),
        },
        "packages": [_told_change(each) for each in changes],
        "findings": [_told(each, state) for state in FindingState for each in told[state]],
        "targets": [_target(each) for each in difference.targets],
        "notes": [masked_within(note) for note in difference.notes],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # Lone surrogates come from file names that are no UTF-8; no reader takes them.
    return text.encode("utf-8", "backslashreplace").decode() if not text.isascii() else text


def _side(side: Side) -> _Object:
    return {
        "name": masked_within(side.name),
        "kind": side.kind,
        "revision": side.revision or None,
        "inputs": [{"path": masked_within(each.path), "sha256": each.sha256 or None} for each in side.inputs],
    }


def _told_change(told: Group[PackageChange]) -> _Object:
    change = told.value
    return {
        "kind": change.kind.value,
        "name": change.name,
        "before": str(change.before.version) if change.before is not None else None,
        "after": str(change.after.version) if change.after is not None else None,
        "targets": [_name(target) for target in told.targets],
    }


def _told(told: FindingGroup, state: FindingState) -> _Object:
    return {
        "state": state.value,
        "code": told.finding.code.number,
        "verdict": told.verdict.value,
        "package": told.finding.package,
        "version": str(told.finding.version) if told.finding.version is not None else None,
        "message": masked_within(told.message),
        "targets": [_name(target) for target in told.targets],
        "origins": [_origin(origin) for origin in told.origins],
        "fingerprints": list(told.fingerprints),
    }


def _target(each: TargetDifference) -> _Object:
    other = each.other_target
    return {
        **_name(each.target),
        "other": _name(other) if other is not None else None,
        "decided": each.is_decided,
        "before": _answer(each.before, each.size_before),
        "after": _answer(each.after, each.size_after),
        "packages": [_change(change) for change in each.changes],
        "findings": [_compared(compared) for compared in each.findings],
    }


def _answer(side: CheckedTarget | None, size: DownloadSize) -> _Object | None:
    if side is None:
        return None
    plan = side.plan
    return {
        "status": plan.status.value if plan is not None else None,
        "failure": masked_within(side.failure) or None,
        "packages": len(plan.packages) if plan is not None else 0,
        "download": {"size": size.size, "files": size.files, "unknown": size.unknown},
    }


def _name(target: Target) -> _Object:
    return {"platform": target.platform, "python": target.python}


def _change(change: PackageChange) -> _Object:
    return {
        "kind": change.kind.value,
        "name": change.name,
        "before": _release(change.before),
        "after": _release(change.after),
    }


def _release(release: Release | None) -> _Object | None:
    if release is None:
        return None
    return {
        "version": str(release.version),
        "installability": release.installability.value,
        "filename": release.filename or None,
        "size": release.size,
        "upload_time": release.upload_time,
    }


def _compared(compared: ComparedFinding) -> _Object:
    judged: Judged = compared.judged
    finding = judged.finding
    return {
        "state": compared.state.value,
        "code": finding.code.number,
        "severity": finding.severity.value,
        "verdict": judged.verdict.value,
        "package": finding.package,
        "version": str(finding.version) if finding.version is not None else None,
        "message": masked_within(finding.message),
        "evidence": [masked_within(text) for text in finding.evidence],
        "paths": [[masked_within(step) for step in path] for path in finding.paths],
        "origin": _origin(judged.origin) if judged.origin is not None else None,
        "fingerprint": judged.fingerprint,
    }


def _origin(origin: Origin) -> _Object:
    match origin:
        case FileOrigin():
            return {"kind": "file", "path": masked_within(origin.path), "line": origin.line or None}
        case CommandLineOrigin():
            return {"kind": "command-line", "text": masked_within(origin.text), "option": origin.option or None}
    return {"kind": "package", "name": origin.name, "version": str(origin.version)}
