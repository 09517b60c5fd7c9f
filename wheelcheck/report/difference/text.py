"""What changed, for a terminal: packages, download, findings, the verdict last. It judges nothing and returns text."""

from __future__ import annotations

from collections.abc import Sequence

from wheelcheck.model.check import Verdict
from wheelcheck.model.difference import ChangeKind, Difference, FindingState
from wheelcheck.report.check.text import draw_group
from wheelcheck.report.details import change_line, headline
from wheelcheck.report.findings import Detail
from wheelcheck.report.grouping import FindingGroup, group_changes, group_compared, open_notes
from wheelcheck.report.page import Page
from wheelcheck.report.quoting import flat
from wheelcheck.report.verdicts import (
    difference_heading,
    difference_notes,
    difference_verdict,
    download_lines,
    uncompared_targets,
    where_changed,
)
from wheelcheck.report.wording import listed_targets

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
_MARKS = {
    ChangeKind.ADDED: "+",
    ChangeKind.REMOVED: "-",
    ChangeKind.UPGRADED: "↑",
    ChangeKind.DOWNGRADED: "↓",
    ChangeKind.RESUPPLIED: "~",
}
_IN_ASCII = {ChangeKind.UPGRADED: "^", ChangeKind.DOWNGRADED: "v"}


def render_diff_text(
    difference: Difference, *, width: int = 80, color: bool = False, encoding: str = "utf-8", detail: Detail = "brief"
) -> str:
    """Render *difference* for a terminal *width* columns wide (80 are enough), ending in a newline.

    Without *color* there are no escape codes. *encoding* is the stream's. ``brief`` folds what goes beyond one screen, and what was
    there before; ``full`` shows everything.
    """
    page = Page(width=width, encoding=encoding)
    page.paragraph(difference_heading(difference), style="bold")
    targets = tuple(each.target for each in difference.targets)
    page.paragraph(flat(listed_targets(targets)), lead=("on ", "dim"))
    for target, reason in uncompared_targets(difference):
        page.paragraph(reason, lead=(f"{flat(str(target))}: ", "bold yellow"))
    _changes(page, difference, detail)
    for line in download_lines(difference):
        page.paragraph(line, lead=("download   ", "dim"), indent=2)
    _new(page, group_compared(difference, FindingState.NEW), detail)
    _folded(page, "Gone", group_compared(difference, FindingState.GONE), detail)
    _folded(page, "Still there", group_compared(difference, FindingState.STAYS), detail)
    notes = difference_notes(difference)
    if notes:
        page.blank()
    for note in notes:
        page.paragraph(note, lead=("• ", "cyan"), indent=2)
    page.blank()
    style = {0: "bold green", 1: "bold red"}.get(difference.exit_status, "bold yellow")
    page.paragraph(difference_verdict(difference), style=style)
    return page.coloured() if color else page.plain()


def _changes(page: Page, difference: Difference, detail: Detail) -> None:
    changes = group_changes(difference)
    shown = changes if detail == "full" else changes[:_CHANGES_IN_BRIEF]
    if changes:
        page.blank()
    for group in shown:
        line = f"{change_line(group.value)} {where_changed(group.targets, difference)}".rstrip()
        kind = group.value.kind
        page.paragraph(line, lead=(f"{_mark(page, kind)} ", _STYLES[kind]), indent=2)
    if len(changes) > len(shown):
        hidden = [group.value.name for group in changes[len(shown) :]]
        page.listing([flat(name) for name in hidden], rows=_ROWS_IN_BRIEF, lead=("and ", "dim"), indent=2)


def _mark(page: Page, kind: ChangeKind) -> str:
    # Neither arrow is in every encoding, and the page knows no other sign for it.
    mark = _MARKS[kind]
    return mark if page.clean(mark) == mark else _IN_ASCII.get(kind, mark)


def _new(page: Page, groups: Sequence[FindingGroup], detail: Detail) -> None:
    failing = [each for each in groups if each.verdict is Verdict.FAILS]
    shown = failing if detail == "full" else failing[:_FINDINGS_IN_BRIEF]
    for each in shown:
        page.blank()
        draw_group(page, each, detail)
    if len(failing) > len(shown):
        subjects = list(dict.fromkeys(flat(each.subject) for each in failing[len(shown) :]))
        page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=("also new: ", "bold red"), indent=2)
    others = [each for each in groups if each.verdict not in (Verdict.FAILS, Verdict.NOTED)]
    if detail == "full":
        # A note on where wheels are stands beside its finding.
        others += open_notes(groups)
    if others:
        page.blank()
    for each in others:
        page.paragraph(headline(each), lead=(f"new {each.verdict.value} {each.finding.code.number}: ", "dim"), indent=2)


def _folded(page: Page, title: str, groups: Sequence[FindingGroup], detail: Detail) -> None:
    if detail == "brief":
        groups = [each for each in groups if each.verdict is not Verdict.NOTED]
    if not groups:
        return
    page.blank()
    if detail == "full":
        page.line((f"  {title}", "bold"))
        for each in groups:
            page.paragraph(headline(each), lead=(f"{each.verdict.value} {each.finding.code.number}: ", "dim"), indent=4)
        return
    subjects = [f"{flat(each.subject)} ({each.finding.code.number}, {each.verdict.value})" for each in groups]
    page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=(f"{title} ({len(groups)}): ", "bold"), indent=2)
