"""What a run has to say of repairs besides its plan: files for a person to keep, and why a repair was not applied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from wheelcheck.cli.streams import print_error, print_note, refuse_unwritable, write_result
from wheelcheck.errors import IndexUnavailable, UsageProblem

if TYPE_CHECKING:
    from wheelcheck.api.request import Request
    from wheelcheck.model.plan import Plan

_EXECUTABLE = ("installable", "needs-build")


class RepairedFiles(Struct, frozen=True, kw_only=True):
    """Where the repaired *requirements* and *overrides* are to be written, ``None`` where they are not wanted."""

    requirements: str | None
    overrides: str | None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that were named."""
        return tuple(output for output in (self.requirements, self.overrides) if output is not None)

    def refuse_unusable(self, request: Request, output: str | None) -> None:
        """Raise, before all the work, where a file cannot be written or is one of the user's own; *output* is the plan's."""
        for each in self.outputs:
            if each in ("", "-"):
                raise UsageProblem("stdout has the answer; requirements and overrides go to files", hint="name a file")
            refuse_unwritable(each)
        if self.outputs:
            from wheelcheck.api.rewriting import refuse_own_files

            refuse_own_files(request, (*self.outputs, *((output,) if output not in (None, "-") else ())))

    def write(self, request: Request, plan: Plan, *, quiet: bool) -> None:
        """Write what was asked for, where *plan* can be carried out; say so on stderr where it cannot, or nothing changed."""
        if not self.outputs:
            return
        from wheelcheck.api.rewriting import repaired_overrides, repaired_requirements

        named = " and ".join(self.outputs)
        if plan.status.value not in _EXECUTABLE:
            print_note(f"{named} not written: the plan is {plan.status.value}")
            return
        if self.requirements is not None:
            text = repaired_requirements(request, plan, folder=Path(self.requirements).parent)
            write_result(text.encode("utf-8", "surrogateescape"), self.requirements)
        if self.overrides is not None:
            write_result(repaired_overrides(request, plan).encode("utf-8", "surrogateescape"), self.overrides)
        if not plan.applied and not quiet:
            print_note(f"no repair was applied; as it was asked: {named}")


def tell_of_fix(fix: str | None, plan: Plan) -> None:
    """Say on stderr why the repair that *fix* asks for is not in *plan*, where one was looked for."""
    if fix is None or plan.applied or plan.proposals is None:
        return
    risks = ", ".join(f"{repair.id} is {repair.risk.value}" for repair in plan.proposals.repairs)
    print_note(f"no repair at or under {fix} risk: {risks}" if risks else "no repair was found")


def tell_of_interruption(plan: Plan) -> int:
    """Say on stderr that the index went away during the search; answers the exit status of that, 0 where it did not."""
    if plan.proposals is None or not plan.proposals.interrupted:
        return 0
    error = IndexUnavailable(
        f"the search for repairs was cut short: {plan.proposals.interrupted}",
        hint="run it again; what was fetched is kept",
    )
    print_error(error)
    return error.exit_status
