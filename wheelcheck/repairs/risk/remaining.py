"""What a repaired answer is known to fail on all the same: advisories that no remedy took away; looks for no remedy itself."""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.findings.compatibility import compatibility_met
from wheelcheck.model.finding import Severity
from wheelcheck.model.repair import Ground, Risk
from wheelcheck.repairs.risk.case import RepairCase

_RISKS = {Severity.ERROR: Risk.HIGH, Severity.WARNING: Risk.MEDIUM}


def judge_remaining(case: RepairCase) -> Iterator[Ground]:
    """A ground for each warning about what is chosen together: a repair that installs and then fails must say so."""
    for met in compatibility_met(case.after, case.knowledge):
        if met.severity in _RISKS:
            yield Ground(risk=_RISKS[met.severity], text=f"stays as it is: {met.message.removesuffix('.')}")
