"""SARIF 2.1.0 for code-scanning services: every code is a rule, every finding a result at the line of its requirement.

It proposes no ``fixes``: these need replaced text, and a repair may be an option; its command is in the message.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence

from wheelcheck.model.check import Check, Verdict
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.requirement import CommandLineOrigin, FileOrigin, Origin
from wheelcheck.report.grouping import FindingGroup, group_findings
from wheelcheck.report.page import sentence
from wheelcheck.report.quoting import artifact_uri, escaped, flat, repository_path
from wheelcheck.report.verdicts import fallback_place, headline, iter_details, stale_allowances, undecided_targets

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
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
        "level": _level(group),
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


def _level(group: FindingGroup) -> str:
    match group.verdict:
        case Verdict.FAILS:
            return "error"
        case Verdict.WARNS:
            return "warning"
        case Verdict.NOTED:
            return "note"
        case Verdict.ALLOWED | Verdict.KNOWN:
            return _LEVELS[group.finding.severity]


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
