"""One table from the kind of an edit to who judges it, and the order of the grounds; judges nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from wheelcheck.model.repair import Edit, EditKind, Ground, Risk
from wheelcheck.repairs.risk.case import RepairCase
from wheelcheck.repairs.risk.exclusions import judge_exclusion
from wheelcheck.repairs.risk.moves import judge_constraint, judge_override, judge_pin, judge_side_effects
from wheelcheck.repairs.risk.remaining import judge_remaining
from wheelcheck.repairs.risk.sources import judge_date, judge_extra, judge_index, judge_substitute
from wheelcheck.repairs.risk.targets import judge_platform, judge_python

JUDGES: Mapping[EditKind, Callable[[RepairCase, Edit], Iterator[Ground]]] = {
    EditKind.CONSTRAIN: judge_constraint,
    EditKind.PYTHON: judge_python,
    EditKind.PLATFORM: judge_platform,
    EditKind.SUBSTITUTE: judge_substitute,
    EditKind.INDEX: judge_index,
    EditKind.PIN: judge_pin,
    EditKind.DATE: judge_date,
    EditKind.EXTRA: judge_extra,
    EditKind.OVERRIDE: judge_override,
    EditKind.EXCLUDE: judge_exclusion,
}


def assess(case: RepairCase) -> tuple[Ground, ...]:
    """The grounds of a repair's risk, worst first, then in the order of its edits; side effects of all edits come last.

    What is known to fail all the same is among them. Reads pages for dates, and the archives of dependants where an edit
    overrides or excludes. Raises ``IndexUnavailable`` where one cannot be had.
    """
    grounds = [ground for edit in case.edits for ground in JUDGES[edit.kind](case, edit)]
    grounds.extend(judge_side_effects(case))
    grounds.extend(judge_remaining(case))
    return tuple(sorted(dict.fromkeys(grounds), key=lambda ground: -ground.risk.order))


def risk_of(grounds: Iterable[Ground]) -> Risk:
    """The worst of *grounds*; low where there is none."""
    return max((ground.risk for ground in grounds), key=lambda risk: risk.order, default=Risk.LOW)
