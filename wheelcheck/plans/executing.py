"""Opens a plan for those who carry it out: unedited, of a schema that is read, and executable; opens no file."""

from __future__ import annotations

from msgspec import Struct

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.plan import Plan
from wheelcheck.model.plan_status import Status
from wheelcheck.plans.documents import parse_plan, stated_digest


class ExecutablePlan(Struct, frozen=True, kw_only=True):
    """A plan that a builder may execute; ``digest`` is ``sha256:…`` of its content, ``path`` what it is called in messages."""

    plan: Plan
    digest: str
    path: str


def parse_executable(content: bytes, path: str) -> ExecutablePlan:
    """Read *content*, the plan file called *path* in messages.

    Raises ``InputUnreadable`` when it is no plan of schema ``wheelcheck.plan/1`` or was edited by hand, ``UsageProblem`` naming
    every blocker when it is blocked or undecided.
    """
    plan = parse_plan(content, path)
    stated, digest = stated_digest(content, path)
    # A builder that executes a plan which somebody edited would ship what nothing resolved. A plan without a digest, as other
    # programs may write one, is taken as it is.
    if stated is not None and stated != digest:
        raise InputUnreadable(
            f"the plan was changed after it was made: it states the digest {stated}, its content has {digest}",
            address=path,
            hint="make the plan again: `wheelcheck plan` has options for changes (--override, --exclude, -c)",
        )
    refuse_unexecutable(plan, path)
    return ExecutablePlan(plan=plan, digest=digest, path=path)


def refuse_unexecutable(plan: Plan, path: str = "") -> None:
    """Raise ``UsageProblem`` naming the blockers when *plan*, called *path* in messages, is blocked or undecided."""
    if plan.status in (Status.INSTALLABLE, Status.NEEDS_BUILD):
        return
    blockers: dict[str, None] = {}
    for finding in plan.errors:
        if finding.package is not None:
            blockers[f"{finding.package} {finding.version}" if finding.version else finding.package] = None
        else:
            blockers[finding.message] = None
    raise UsageProblem(
        f"a plan that is {plan.status.value} cannot be executed" + (f": {', '.join(blockers)}" if blockers else ""),
        address=path,
        hint="See what blocks it, and the repairs, with: wheelcheck plan; continue once the plan is installable (--fix).",
    )
