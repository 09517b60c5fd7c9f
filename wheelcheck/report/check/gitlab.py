"""GitLab's Code Quality report: an entry for each failing or warning finding and each line that it leads from.

What is only noted or allowed is left out, since GitLab has no word for it. Format: GitLab's documentation of Code Quality,
"Implement a custom tool".
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from wheelcheck.model.check import Check, Verdict
from wheelcheck.model.finding import Severity
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.report.grouping import FindingGroup, group_findings
from wheelcheck.report.quoting import flat, repository_path
from wheelcheck.report.verdicts import fallback_place, headline, iter_details, stale_allowances, undecided_targets

_Object = dict[str, object]


def render_gitlab(check: Check) -> str:
    """Render *check* as a JSON array, worst first; findings of the baseline are ``info``, so that a comparison keeps them."""
    fallback = fallback_place(check)
    entries = [
        _entry(
            "undecided",
            f"No verdict on {checked.target}: {why}",
            fallback,
            severity="blocker",
            kind=str(checked.target),
        )
        for checked, why in undecided_targets(check)
    ]
    for group in group_findings(check):
        severity = _severity(group)
        if severity:
            words = "; ".join((headline(group), *(f"{label}: {text}" for label, text in iter_details(group))))
            entries += [
                _entry(group.finding.code.number, words, place, severity=severity, kind=group.fingerprint)
                for place in group.places or (fallback,)
            ]
    entries += [
        _entry("allowance", sentence, each.origin, severity="minor", kind=sentence)
        for each, _, sentence in stale_allowances(check)
    ]
    _number_twins(entries)
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def _severity(group: FindingGroup) -> str:
    match group.verdict:
        case Verdict.FAILS:
            return "critical" if group.finding.severity is Severity.ERROR else "major"
        case Verdict.WARNS:
            return "minor"
        case Verdict.KNOWN:
            return "info"
        case _:
            return ""


def _entry(name: str, text: str, place: FileOrigin, *, severity: str, kind: str) -> _Object:
    path = repository_path(place) or "standard input"
    # Neither line nor verdict is a part of it: a finding that moves, or that is allowed now, is the same finding.
    fingerprint = _digest(name, kind, path)
    return {
        "description": flat(text),
        "check_name": name,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": place.line or 1}},
    }


def _number_twins(entries: list[_Object]) -> None:
    """Make the fingerprints unique (two lines of a lock, two verdicts can share one): GitLab identifies entries by them."""
    met: Counter[object] = Counter()
    for entry in entries:
        fingerprint = entry["fingerprint"]
        if met[fingerprint]:
            entry["fingerprint"] = _digest(str(fingerprint), str(met[fingerprint]))
        met[fingerprint] += 1


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "backslashreplace")).hexdigest()
