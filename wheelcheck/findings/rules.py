"""The table of rules, the functions that run them, and the rule on the user's markers; others live in the module of their subject.

The markers found are those that ask for a value which no platform has, so that they hold nowhere or everywhere:
``requirements → comparisons → Finding``. Markers in metadata are not judged: the user cannot mend them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.markers import Marker

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
from wheelcheck.model.finding import Code, Finding, Severity

if TYPE_CHECKING:
    from wheelcheck.model.knowledge import MarkerValues


_OPERATOR = r"(?:[<>=!~]+|in|not in)"
_COMPARISON = re.compile(
    rf'\b(?P<variable>\w++) (?P<forward>{_OPERATOR}) "(?P<value>[^"]*)"|"(?P<first>[^"]*)" (?P<back>{_OPERATOR}) (?P<second>\w+)'
)
# python_version is "3.11": a patch release equals none of its values (PEP 508), "3.11.0" being the same version.
_JUDGED = ("==", "!=", "in", "not in")
_PATCH = re.compile(r"\d+\.\d+\.[1-9]\d*")


class _Comparison(Struct, frozen=True, kw_only=True):
    """One comparison of a marker as written, and the value meant by what no platform has; ``meant`` is empty where none is known.

    ``holds_always`` says that it holds everywhere; otherwise it holds nowhere.
    """

    text: str
    value: str
    meant: str
    holds_always: bool


def find_idle_markers(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Requirements and constraints of the user whose marker asks for what no platform has."""
    for stated in (*diagnosis.requirements, *diagnosis.constraints):
        if stated.marker is None:
            continue
        faults = _faults(stated.marker, diagnosis.marker_values)
        for fault in (
            faults if _holds_nowhere(stated.marker, faults) else [each for each in faults if each.holds_always]
        ):
            how = "holds on every target" if fault.holds_always else "holds on no target"
            meant = f'; "{fault.meant}" is meant' if fault.meant else ""
            yield Finding.of(
                Code.MARKER_IDLE,
                package=stated.name,
                message=f'{stated.origin}: {fault.text} {how}, because it is never "{fault.value}"{meant}',
                evidence=(f"the requirement is {stated}",),
            )


def _faults(marker: Marker, values: Mapping[str, MarkerValues]) -> list[_Comparison]:
    """The comparisons of *marker* with what their variable never is."""
    found = (_fault(matched, values) for matched in _COMPARISON.finditer(str(marker)))
    return [each for each in found if each is not None]


def _fault(matched: re.Match[str], values: Mapping[str, MarkerValues]) -> _Comparison | None:
    variable, value = matched["variable"] or matched["second"], matched["value"] or matched["first"] or ""
    operator, is_back = matched["forward"] or matched["back"], matched["back"] is not None
    negated = operator in ("!=", "not in")
    if variable == "python_version" and operator in ("==", "!=") and _PATCH.fullmatch(value):
        return _Comparison(
            text=matched[0], value=value, meant=f"python_full_version {operator} {value}", holds_always=negated
        )
    known = values.get(variable)
    if known is None or operator not in _JUDGED or _is_had(value, known, operator, is_back=is_back):
        return None
    meant = known.meant.get(value, "")
    if negated and not meant:
        return None  # a platform that nobody lists may well be excluded
    return _Comparison(text=matched[0], value=value, meant=meant, holds_always=negated)


def _is_had(value: str, known: MarkerValues, operator: str, *, is_back: bool) -> bool:
    """Whether some platform makes the comparison with *value* true, or false where it is negated."""
    if "in" not in operator:
        return value in known.known or (not known.known and value not in known.meant)
    if is_back:  # "win" in sys_platform
        return not known.known or any(value in each for each in known.known)
    return not known.known or any(each in value for each in known.known)  # sys_platform in "linux darwin"


def _holds_nowhere(marker: Marker, faults: list[_Comparison]) -> bool:
    """Whether *faults* leave nothing of *marker*: where one side of an ``or`` never holds, the other may."""
    never = {fault.text for fault in faults if not fault.holds_always}

    def stand_in(matched: re.Match[str]) -> str:
        return 'os_name == "never"' if matched[0] in never else 'os_name == "maybe"'

    return bool(never) and not Marker(_COMPARISON.sub(stand_in, str(marker))).evaluate({"os_name": "maybe"})


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
