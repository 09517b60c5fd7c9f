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
from wheelcheck.report.check.details import headline, iter_details
from wheelcheck.report.check.told import Told, fallback_place, tell, undecided_targets
from wheelcheck.report.check.verdicts import expired_sentence, unused_sentence
from wheelcheck.report.quoting import flat, repository_path

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
    for told in tell(check):
        severity = _severity(told)
        if severity:
            for place in told.places or (fallback,):
                words = "; ".join((headline(told), *(f"{label}: {text}" for label, text in iter_details(told))))
                entries.append(_entry(told.finding.code.number, words, place, severity=severity, kind=told.fingerprint))
    stale = [(each, expired_sentence(each)) for each in check.expired]
    stale += [(each, unused_sentence(each)) for each in check.unused]
    entries += [_entry("allowance", text, each.origin, severity="minor", kind=text) for each, text in stale]
    _number_twins(entries)
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def _severity(told: Told) -> str:
    match told.verdict:
        case Verdict.FAILS:
            return "critical" if told.finding.severity is Severity.ERROR else "major"
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
    """Give entries of one fingerprint (two lines of a lock, two verdicts) one each: GitLab tells them apart by it alone."""
    met: Counter[object] = Counter()
    for entry in entries:
        fingerprint = entry["fingerprint"]
        if met[fingerprint]:
            entry["fingerprint"] = _digest(str(fingerprint), str(met[fingerprint]))
        met[fingerprint] += 1


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "backslashreplace")).hexdigest()
