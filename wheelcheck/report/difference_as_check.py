"""The formats of ``check`` for ``diff``: what is new is told as the gate tells it, what was there before is not told.

``Difference → Check``. A target that could not be compared has no verdict, with the side and the reason.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from wheelcheck.model.check import Check, CheckedTarget, Difference, FindingState, TargetDifference
from wheelcheck.model.target import TargetName
from wheelcheck.report.check.github import render_github
from wheelcheck.report.check.gitlab import render_gitlab
from wheelcheck.report.check.junit import render_junit
from wheelcheck.report.check.sarif import render_sarif
from wheelcheck.report.difference import uncompared_targets


def new_findings(difference: Difference) -> Check:
    """The answer of a gate that fails on what is new in *difference* alone."""
    reasons: dict[TargetName, str] = {}
    for target, reason in uncompared_targets(difference):
        reasons.setdefault(target.name, reason)
    targets = (_new(each, reasons.get(each.target.name, "")) for each in difference.targets)
    return Check(
        inputs=difference.new.inputs,
        kind=difference.new.kind,
        targets=tuple(each for each in targets if each is not None),
        notes=difference.notes,
    )


def _new(each: TargetDifference, reason: str) -> CheckedTarget | None:
    if reason:
        return CheckedTarget(target=each.target, plan=None, failure=reason)
    judged = tuple(compared.judged for compared in each.findings if compared.state is FindingState.NEW)
    return replace(each.after, target=each.target, judged=judged) if each.after is not None else None


def _renderer(render: Callable[[Check], str]) -> Callable[[Difference], str]:
    return lambda difference: render(new_findings(difference))


render_new_sarif, render_new_github, render_new_junit, render_new_gitlab = map(
    _renderer, (render_sarif, render_github, render_junit, render_gitlab)
)
