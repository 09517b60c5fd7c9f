"""The explicit table of rules, and the function that runs them; each rule lives in the module of its subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wheelcheck.findings.asked import (
    find_clashes,
    find_excluded_pythons,
    find_missing_hashes,
    find_spent_budget,
    find_unknowable_markers,
    find_unknown_extras,
    find_unsupported,
)
from wheelcheck.findings.chosen import (
    find_old_picks,
    find_older_picks,
    find_patch_decisions,
    find_pre_releases,
    find_yanked,
)
from wheelcheck.findings.compatibility import find_incompatibilities
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.installing import find_offenders
from wheelcheck.findings.known import find_absent, find_metadata_gaps, find_missing_times, find_refused_archives
from wheelcheck.model.finding import Finding

Rule = Callable[[Diagnosis], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    find_offenders,
    find_absent,
    find_clashes,
    find_spent_budget,
    find_unsupported,
    find_excluded_pythons,
    find_missing_hashes,
    find_unknowable_markers,
    find_unknown_extras,
    find_older_picks,
    find_yanked,
    find_old_picks,
    find_pre_releases,
    find_patch_decisions,
    find_metadata_gaps,
    find_missing_times,
    find_refused_archives,
    find_incompatibilities,
)


def diagnose(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Every finding that the rules make, worst first, the same order every time."""
    found = {finding: None for rule in RULES for finding in rule(diagnosis)}
    return tuple(sorted(found, key=lambda finding: finding.sort_key))
