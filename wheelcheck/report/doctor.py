"""The checks of a machine as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Struct

from wheelcheck.model.document import SCHEMA_KEY, about, render_json
from wheelcheck.model.environment import Fitness, MachineCheck
from wheelcheck.report.page import Detail, Page, on_page
from wheelcheck.texts.words import counted

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


class DoctorDocument(Struct, frozen=True, kw_only=True):
    """Whether a machine is fit to build."""

    schema: Annotated[Literal["wheelcheck.doctor/1"], SCHEMA_KEY]
    fit: Annotated[bool, about("Whether no check is an error.")]
    checks: Annotated[tuple[MachineCheck, ...], about("One for each thing that was looked at.")]


def render_doctor_json(checks: Sequence[MachineCheck]) -> str:
    """Render *checks* as JSON (schema ``wheelcheck.doctor/1``)."""
    fit = all(check.fitness is not Fitness.ERROR for check in checks)
    return render_json(DoctorDocument(schema="wheelcheck.doctor/1", fit=fit, checks=tuple(checks))).decode()
