"""Findings → verdicts: what fails, what is allowed, what was there before; finds nothing itself.

``judge(…)`` gives each finding its verdict, ``exemptions(…)`` what allowances mean to a resolution before that; ``parse_baseline``
and ``render_baseline`` keep the findings that were there when the gate was adopted. Dates, files and targets are handed in.
"""

from wheelcheck.gate.allowances import exemptions, expired_allowances, is_expired, unused_allowances
from wheelcheck.gate.baseline import SCHEMA_NAME, KnownFinding, known_findings, parse_baseline, render_baseline
from wheelcheck.gate.fingerprints import fingerprint, target_word
from wheelcheck.gate.judging import judge

__all__ = [
    "SCHEMA_NAME",
    "KnownFinding",
    "exemptions",
    "expired_allowances",
    "fingerprint",
    "is_expired",
    "judge",
    "known_findings",
    "parse_baseline",
    "render_baseline",
    "target_word",
    "unused_allowances",
]
