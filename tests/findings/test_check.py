"""The exit status of a whole check."""

from __future__ import annotations

import pytest

from tests.fakes.samples import INPUTS, WINDOWS, blocked_plan, installable_plan, undecided_plan
from tests.findings.questions import AV, about, allowed, judged, policy
from wheelcheck.model.check import Check, CheckedTarget
from wheelcheck.model.finding import Code

PASSES = CheckedTarget(target=WINDOWS, plan=installable_plan())
FAILS = CheckedTarget(target=WINDOWS, plan=blocked_plan(), judged=judged(AV))
ALLOWED = CheckedTarget(target=WINDOWS, plan=blocked_plan(), judged=judged(AV, by=policy(allowed())))
UNREACHED = CheckedTarget(target=WINDOWS, plan=None, failure="the index went away")
UNDECIDED = CheckedTarget(
    target=WINDOWS, plan=undecided_plan(), judged=judged(about(Code.BUDGET_SPENT, None, None), AV)
)
NEVER = CheckedTarget(
    target=WINDOWS,
    plan=undecided_plan(),
    judged=judged(AV, by=policy(allowed(), warn_only=("WC2",))),
)


@pytest.mark.parametrize(
    ("targets", "status"),
    [
        ((), 0),
        ((PASSES,), 0),
        ((PASSES, ALLOWED), 0),
        ((PASSES, FAILS), 1),
        ((UNREACHED, FAILS), 1),
        ((UNDECIDED, FAILS), 1),
        ((PASSES, UNREACHED), 3),
        ((UNDECIDED, UNREACHED), 3),
        ((PASSES, UNDECIDED), 4),
        ((NEVER,), 4),
    ],
)
def test_status_is_that_of_the_worst_that_is_certain(targets: tuple[CheckedTarget, ...], status: int) -> None:
    assert Check(inputs=INPUTS, kind="resolved", targets=targets).exit_status == status


def test_gate_that_could_not_decide_does_not_pass() -> None:
    assert not UNREACHED.passes
    assert not UNDECIDED.passes
    assert not NEVER.passes
