"""What keeps an outcome from being installed, and nothing else: for those who resolve many times and ask only that."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wheelcheck.findings.asked import find_excluded_pythons, find_missing_hashes, find_unsupported
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.installing import find_offenders
from wheelcheck.findings.known import find_absent, find_refused_archives
from wheelcheck.model.finding import Finding, Severity

_OBJECTING: tuple[Callable[[Diagnosis], Iterator[Finding]], ...] = (
    find_offenders,
    find_absent,
    find_unsupported,
    find_excluded_pythons,
    find_missing_hashes,
    find_refused_archives,
)


def objections(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """The findings of severity error about a resolution, or about the natural one of a conflict; in order, worst first.

    That requirements clash, or that the budget was spent, is not among them: a :class:`Conflict` says so itself.
    """
    found = {finding: None for rule in _OBJECTING for finding in rule(diagnosis) if finding.severity is Severity.ERROR}
    return tuple(sorted(found, key=lambda finding: finding.sort_key))
