"""What is new, gone and still there between two answers, and what the packages did."""

from __future__ import annotations

from msgspec.structs import replace
from packaging.version import Version

from tests.fakes import checks, samples
from wheelcheck.findings.verdicts import compare
from wheelcheck.model.check import ChangeKind, CheckedTarget, Difference, FindingState, Judged, Side, Verdict
from wheelcheck.model.distribution import Installability, Status
from wheelcheck.model.plan import Plan

WINDOWS, LINUX = checks.WINDOWS, checks.LINUX
PLAN = samples.installable_plan()


def side(plan: Plan = PLAN, *judged: Judged) -> CheckedTarget:
    return checks.checked(WINDOWS, plan, judged)


def av(verdict: Verdict = Verdict.FAILS, version: str = "11.0.0") -> Judged:
    return checks.judged(replace(checks.av_on(WINDOWS), version=Version(version)), verdict)


def states(before: CheckedTarget | None, after: CheckedTarget | None) -> list[FindingState]:
    return [each.state for each in compare(before, after, WINDOWS).findings]


def test_equal_answers_have_no_difference() -> None:
    difference = compare(side(), side(), WINDOWS)
    assert not (difference.changes or difference.findings)
    assert difference.size_before == difference.size_after


def test_new_version_with_the_old_fault_is_no_new_finding() -> None:
    assert states(side(PLAN, av()), side(PLAN, av(version="12.0.0"))) == [FindingState.STAYS]


def test_finding_that_was_allowed_and_now_fails_is_new() -> None:
    assert states(side(PLAN, av(Verdict.ALLOWED)), side(PLAN, av())) == [FindingState.NEW]
    assert states(side(PLAN, av()), side(PLAN, av(Verdict.ALLOWED))) == [FindingState.STAYS]
    assert states(side(PLAN, av(Verdict.KNOWN)), side(PLAN, av())) == [FindingState.STAYS]


def test_finding_of_one_side_is_new_or_gone() -> None:
    assert states(side(), side(PLAN, av())) == [FindingState.NEW]
    assert states(side(PLAN, av()), side()) == [FindingState.GONE]


def test_findings_of_another_target_are_compared_as_if_of_this_one() -> None:
    before = checks.checked(LINUX, PLAN, (checks.judged(checks.av_on(LINUX), Verdict.FAILS),))
    difference = compare(before, side(PLAN, av()), WINDOWS)
    assert [each.state for each in difference.findings] == [FindingState.STAYS]
    assert difference.other_target == LINUX


def test_side_that_asks_for_nothing_lets_everything_come_in_or_go_out() -> None:
    came, went = compare(None, side(), WINDOWS), compare(side(), None, WINDOWS)
    assert {each.kind for each in came.changes} == {ChangeKind.ADDED}
    assert {each.kind for each in went.changes} == {ChangeKind.REMOVED}
    assert len(came.changes) == len(went.changes) == len(PLAN.packages)
    assert came.is_decided
    assert came.size_before.files == 0


def test_same_version_from_another_file_is_resupplied() -> None:
    first, *others = PLAN.packages
    other = replace(first, installability=Installability.SDIST_PURE)
    [change] = compare(side(), side(replace(PLAN, packages=(other, *others))), WINDOWS).changes
    assert (change.kind, change.name) == (ChangeKind.RESUPPLIED, first.name)


def test_undecided_side_compares_to_nothing() -> None:
    undecided = replace(side(PLAN, av()), plan=replace(PLAN, status=Status.UNDECIDED))
    failed = CheckedTarget(target=WINDOWS, plan=None, failure="the index went away")
    for before, after in ((undecided, side()), (side(), undecided), (failed, side()), (side(), failed)):
        difference = compare(before, after, WINDOWS)
        assert not difference.is_decided
        assert not (difference.changes or difference.findings)


def test_status_is_the_first_that_holds() -> None:
    undecided = replace(side(), plan=replace(PLAN, status=Status.UNDECIDED))
    failed = CheckedTarget(target=WINDOWS, plan=None)
    new, fine = compare(side(), side(PLAN, av()), WINDOWS), compare(side(PLAN, av()), side(PLAN, av()), WINDOWS)
    broken, unsure = compare(failed, side(), WINDOWS), compare(side(), undecided, WINDOWS)
    who = Side(name="x", kind="resolved")
    for targets, status in (((fine,), 0), ((fine, unsure), 4), ((unsure, broken), 3), ((broken, unsure, new), 1)):
        assert Difference(old=who, new=who, targets=targets).exit_status == status
