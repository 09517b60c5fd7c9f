"""What changed, for a terminal: packages, download, findings, the verdict last. It judges nothing and returns text."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from wheelcheck.model.check import Verdict
from wheelcheck.model.difference import ChangeKind, Difference, FindingState
from wheelcheck.model.finding import Severity
from wheelcheck.report.check.details import headline, says_its_target
from wheelcheck.report.check.told import Told, listed_targets, open_notes
from wheelcheck.report.difference.told import (
    MARKS,
    ToldChange,
    change_line,
    heading,
    iter_notes,
    iter_undecided,
    tell_changes,
    tell_downloads,
    tell_findings,
    verdict,
    where,
)
from wheelcheck.report.findings import Detail, draw_finding
from wheelcheck.report.page import Page
from wheelcheck.report.quoting import flat, flat_finding

_CHANGES_IN_BRIEF = 30
_FINDINGS_IN_BRIEF = 5
_ROWS_IN_BRIEF = 2
_STYLES = {
    ChangeKind.ADDED: "green",
    ChangeKind.REMOVED: "red",
    ChangeKind.UPGRADED: "cyan",
    ChangeKind.DOWNGRADED: "yellow",
    ChangeKind.RESUPPLIED: "yellow",
}
# The arrows of a move are no ASCII, and both would be written the same.
_IN_ASCII = {ChangeKind.UPGRADED: "^", ChangeKind.DOWNGRADED: "v"}


def render_diff_text(
    difference: Difference, *, width: int = 80, color: bool = False, encoding: str = "utf-8", detail: Detail = "brief"
) -> str:
    """Render *difference* for a terminal *width* columns wide (80 are enough), ending in a newline.

    Without *color* there are no escape codes. *encoding* is the stream's. ``brief`` folds what goes beyond one screen, and what was
    there before; ``full`` shows everything.
    """
    page = Page(width=width, encoding=encoding)
    page.paragraph(heading(difference), style="bold")
    targets = tuple(each.target for each in difference.targets)
    page.paragraph(flat(listed_targets(targets)), lead=("on ", "dim"))
    for target, reason in iter_undecided(difference):
        page.paragraph(reason, lead=(f"{flat(str(target))}: ", "bold yellow"))
    _changes(page, difference, detail)
    for line, on in tell_downloads(difference):
        place = where(on, difference)
        page.paragraph(f"{line} {place}".strip(), lead=("download   ", "dim"), indent=2)
    _new(page, tell_findings(difference, FindingState.NEW), detail)
    _folded(page, "Gone", tell_findings(difference, FindingState.GONE), detail)
    _folded(page, "Still there", tell_findings(difference, FindingState.STAYS), detail)
    notes = iter_notes(difference)
    if notes:
        page.blank()
    for note in notes:
        page.paragraph(note, lead=("• ", "cyan"), indent=2)
    page.blank()
    style = {0: "bold green", 1: "bold red"}.get(difference.exit_status, "bold yellow")
    page.paragraph(verdict(difference), style=style)
    return page.coloured() if color else page.plain()


def _changes(page: Page, difference: Difference, detail: Detail) -> None:
    changes = tell_changes(difference)
    shown = changes if detail == "full" else changes[:_CHANGES_IN_BRIEF]
    if changes:
        page.blank()
    for told in shown:
        place = where(told.targets, difference)
        line = f"{change_line(told.change)}{f' {place}' if place else ''}"
        page.paragraph(line, lead=(f"{_mark(page, told)} ", _STYLES[told.change.kind]), indent=2)
    if len(changes) > len(shown):
        hidden = [told.change.name for told in changes[len(shown) :]]
        page.listing([flat(name) for name in hidden], rows=_ROWS_IN_BRIEF, lead=("and ", "dim"), indent=2)


def _mark(page: Page, told: ToldChange) -> str:
    mark = MARKS[told.change.kind]
    try:
        mark.encode(page.encoding)
    except UnicodeEncodeError:
        return _IN_ASCII.get(told.change.kind, mark)
    return mark


def _new(page: Page, told: Sequence[Told], detail: Detail) -> None:
    failing = [each for each in told if each.verdict is Verdict.FAILS]
    shown = failing if detail == "full" else failing[:_FINDINGS_IN_BRIEF]
    for each in shown:
        page.blank()
        # What the policy fails on is drawn as an error, whatever its code is elsewhere.
        finding = flat_finding(dataclasses.replace(each.finding, severity=Severity.ERROR, message=each.message))
        draw_finding(page, finding, detail, beside=[flat_finding(note) for note in each.beside])
        if each.origins:
            _labelled(page, "written in", ", ".join(str(origin) for origin in each.origins))
        if not says_its_target(each):
            _labelled(page, "on", listed_targets(each.targets))
    if len(failing) > len(shown):
        subjects = list(dict.fromkeys(flat(each.subject) for each in failing[len(shown) :]))
        page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=("also new: ", "bold red"), indent=2)
    others = [each for each in told if each.verdict not in (Verdict.FAILS, Verdict.NOTED)]
    if detail == "full":
        # A note on where wheels are stands beside its finding.
        others += open_notes(told)
    if others:
        page.blank()
    for each in others:
        page.paragraph(headline(each), lead=(f"new {each.verdict.value} {each.finding.code.number}: ", "dim"), indent=2)


def _folded(page: Page, title: str, told: Sequence[Told], detail: Detail) -> None:
    if detail == "brief":
        told = [each for each in told if each.verdict is not Verdict.NOTED]
    if not told:
        return
    page.blank()
    if detail == "full":
        page.line((f"  {title}", "bold"))
        for each in told:
            page.paragraph(headline(each), lead=(f"{each.verdict.value} {each.finding.code.number}: ", "dim"), indent=4)
        return
    subjects = [f"{flat(each.subject)} ({each.finding.code.number}, {each.verdict.value})" for each in told]
    page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=(f"{title} ({len(told)}): ", "bold"), indent=2)


def _labelled(page: Page, label: str, text: str) -> None:
    page.paragraph(flat(text), lead=(label.ljust(11), "dim"), indent=4)
