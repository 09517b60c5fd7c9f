"""The table of rules and the functions that run them; each rule lives in the module of its subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wheelcheck.findings.asked import (
    find_clashes,
    find_conda_packages,
    find_excluded_pythons,
    find_local_folders,
    find_missing_hashes,
    find_spent_budget,
    find_unheeded_settings,
    find_unknowable_markers,
    find_unknown_extras,
    find_unnarrowed,
    find_unsupported,
)
from wheelcheck.findings.chosen import (
    find_absent,
    find_metadata_gaps,
    find_missing_times,
    find_old_picks,
    find_older_picks,
    find_patch_decisions,
    find_pre_releases,
    find_refused_archives,
    find_yanked,
)
from wheelcheck.findings.compatibility import find_absent_parts, find_incompatibilities
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.indexes import find_failed_indexes, find_refused_names, find_shared_names
from wheelcheck.findings.installing import find_offenders
from wheelcheck.findings.markers import find_idle_markers
from wheelcheck.model.finding import Finding, Severity

Rule = Callable[[Diagnosis], Iterator[Finding]]
RULES: Mapping[Rule, bool] = {
    find_offenders: True,
    find_absent: True,
    find_clashes: False,
    find_spent_budget: False,
    find_unnarrowed: False,
    find_unsupported: True,
    find_conda_packages: False,
    find_local_folders: False,
    find_excluded_pythons: True,
    find_unheeded_settings: False,
    find_missing_hashes: True,
    find_unknowable_markers: False,
    find_idle_markers: False,
    find_unknown_extras: False,
    find_older_picks: False,
    find_yanked: False,
    find_shared_names: False,
    find_failed_indexes: False,
    find_refused_names: True,
    find_old_picks: False,
    find_pre_releases: False,
    find_patch_decisions: False,
    find_metadata_gaps: False,
    find_missing_times: False,
    find_refused_archives: True,
    find_incompatibilities: False,
    find_absent_parts: False,
}
"""Every rule, and whether its findings of severity error keep an outcome from being installed."""


def diagnose(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Every finding that the rules make, worst first, the same order every time."""
    found = {finding: None for rule in RULES for finding in rule(diagnosis)}
    return tuple(sorted(found, key=lambda finding: finding.sort_key))


def objections(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """The findings of severity error about a resolution, or about the natural one of a conflict; in order, worst first.

    That requirements clash, or that the budget was spent, is not among them: a :class:`Conflict` says so itself.
    """
    found = {
        finding: None
        for rule, objects in RULES.items()
        if objects
        for finding in rule(diagnosis)
        if finding.severity is Severity.ERROR
    }
    return tuple(sorted(found, key=lambda finding: finding.sort_key))
