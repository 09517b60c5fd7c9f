"""The checks of a machine as a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.model.document import render_json
from wheelcheck.model.machine import Fitness
from wheelcheck.report.page import Detail, Page, counted, on_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheelcheck.model.machine import MachineCheck

_MARKS = {Fitness.GOOD: ("ok", "green"), Fitness.WARNING: ("!", "yellow"), Fitness.ERROR: ("x", "bold red")}


@on_page("ascii")
def render_doctor(page: Page, checks: Sequence[MachineCheck], detail: Detail) -> None:  # noqa: ARG001 - as of every answer
    """Draw *checks* as a table, and below it what to do."""
    page.columns(
        ((_MARKS[check.fitness], check.subject, check.fact) for check in checks), header=("", "check", "found")
    )
    page.blank()
    wrong = [check for check in checks if check.remedy]
    for check in wrong:
        page.paragraph(f"{check.subject}: {check.remedy}", lead=("- ", _MARKS[check.fitness][1]))
    errors = sum(check.fitness is Fitness.ERROR for check in checks)
    if errors:
        page.paragraph(f"Not fit: {counted(errors, 'error')}", style="bold red")
    else:
        page.paragraph("Fit to build" + (f", {counted(len(wrong), 'warning')}" if wrong else ""), style="bold green")


def render_doctor_json(checks: Sequence[MachineCheck]) -> str:
    """Render *checks* as JSON."""
    fit = all(check.fitness is not Fitness.ERROR for check in checks)
    return render_json({"schema": "wheelcheck.doctor/1", "fit": fit, "checks": list(checks)}).decode()
