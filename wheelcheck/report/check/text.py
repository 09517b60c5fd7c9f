"""The answer of the gate for a terminal, on one screen: every target, what fails and how to mend it, the verdict last.

It judges nothing and returns text; only ``cli/`` writes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from wheelcheck.model.check import Check, Verdict
from wheelcheck.model.finding import Severity
from wheelcheck.report.check.details import headline, options_line, says_its_target, wanted_by
from wheelcheck.report.check.told import (
    ProvedRepair,
    Told,
    collect_repairs,
    listed_targets,
    open_notes,
    tell,
    undecided_targets,
)
from wheelcheck.report.check.verdicts import (
    counted,
    expired_sentence,
    target_detail,
    target_word,
    unused_sentence,
    verdict_line,
)
from wheelcheck.report.findings import STYLES, Detail, draw_finding
from wheelcheck.report.page import Page
from wheelcheck.report.quoting import flat, flat_edit, flat_finding
from wheelcheck.report.wording import change, gain

_FAILING_IN_BRIEF = 5
_WITH_EVIDENCE_IN_BRIEF = 3
_REPAIRS_IN_BRIEF = 2
_ROWS_IN_BRIEF = 2
_ROWS_IN_FULL = 10_000
_WORD_STYLES = {"passes": "green", "fails": "bold red", "undecided": "bold yellow", "no answer": "bold yellow"}


def render_text(
    check: Check, *, width: int = 80, color: bool = False, encoding: str = "utf-8", detail: Detail = "brief"
) -> str:
    """Render *check* for a terminal *width* columns wide (80 are enough), ending in a newline.

    Without *color* there are no escape codes. *encoding* is the stream's: arrows and marks are ASCII where it has no others.
    ``brief`` folds what goes beyond one screen; ``full`` shows every finding with all its evidence.
    """
    page = Page(width=width, encoding=encoding)
    told = tell(check)
    _targets(page, check)
    _failing(page, [each for each in told if each.verdict is Verdict.FAILS], detail)
    if any(each.verdict is Verdict.FAILS for each in told):
        _repairs(page, check, detail)
    _counted(page, told, detail)
    _allowances(page, check)
    _notes(page, check)
    page.blank()
    page.paragraph(verdict_line(check, told), style=_verdict_style(check))
    return page.coloured() if color else page.plain()


def _targets(page: Page, check: Check) -> None:
    names = [f"{checked.target.platform}/{checked.target.python}" for checked in check.targets]
    room = max((len(name) for name in names), default=0)
    for name, checked in zip(names, check.targets, strict=True):
        word, detail = target_word(checked), flat(target_detail(checked))
        lead = f"{name}:".ljust(room + 2) + word + (": " if detail else "")
        page.paragraph(detail, lead=(lead, _WORD_STYLES[word]))


def _failing(page: Page, failing: Sequence[Told], detail: Detail) -> None:
    shown = failing if detail == "full" else failing[:_FAILING_IN_BRIEF]
    evidence = 1 if len(shown) <= _WITH_EVIDENCE_IN_BRIEF else 0
    for told in shown:
        page.blank()
        _draw(page, told, detail, evidence)
    hidden = failing[len(shown) :]
    if hidden:
        page.blank()
        page.line(("  ", ""), (f"✗ {len(hidden)} more like these", STYLES[Severity.ERROR]), (" (-v shows all)", "dim"))
        page.listing(list(dict.fromkeys(flat(told.subject) for told in hidden)), rows=_ROWS_IN_BRIEF, indent=4)


def _draw(page: Page, told: Told, detail: Detail, evidence: int) -> None:
    # What the policy fails on is drawn as an error, whatever its code is elsewhere.
    finding = flat_finding(dataclasses.replace(told.finding, severity=Severity.ERROR, message=told.message))
    beside = [flat_finding(note) for note in told.beside] if evidence or detail == "full" else []
    draw_finding(page, finding, detail, beside=beside, evidence=evidence)
    if told.origins:
        _labelled(page, "written in", ", ".join(str(origin) for origin in told.origins))
    if not says_its_target(told):
        _labelled(page, "on", listed_targets(told.targets))
    if told.allowance is not None:
        _labelled(page, "allowance", f"expired after {told.allowance.expires} ({told.allowance.origin})")


def _repairs(page: Page, check: Check, detail: Detail) -> None:
    failing = [checked for checked in check.targets if target_word(checked) == "fails"]
    repairs = collect_repairs(failing)
    for proved in repairs if detail == "full" else repairs[:_REPAIRS_IN_BRIEF]:
        page.blank()
        _draw_repair(page, proved)
    hidden = len(repairs) - _REPAIRS_IN_BRIEF
    if hidden > 0 and detail == "brief":
        page.blank()
        page.line((f"  and {counted(hidden, 'other way', 'other ways')} for other targets (-v shows all)", "dim"))


def _draw_repair(page: Page, proved: ProvedRepair) -> None:
    repair = proved.repair
    page.paragraph(listed_targets(proved.targets), lead=("Nearest repair on ", "bold"), indent=2)
    first, *others = (flat_edit(edit) for edit in repair.edits)
    lead = f"{repair.risk.value} risk  "
    page.paragraph(change(first), lead=(lead, "yellow"), indent=4, style="bold")
    for edit in others:
        page.paragraph(f"and {change(edit)}", indent=4 + len(lead), style="bold")
    if repair.options:
        page.line(("      ", ""), (options_line(repair), "cyan"))
    page.paragraph(gain(repair.verified), lead=("gives      ", "dim"), indent=6)


def _counted(page: Page, told: Sequence[Told], detail: Detail) -> None:
    for verdict, title in (
        (Verdict.WARNS, "Warnings"),
        (Verdict.ALLOWED, "Allowed"),
        (Verdict.KNOWN, "Known, in the baseline"),
    ):
        group = [each for each in told if each.verdict is verdict]
        if not group:
            continue
        page.blank()
        if detail == "full":
            for each in group:
                _draw_quietly(page, each)
            continue
        subjects = list(dict.fromkeys(flat(each.subject) for each in group))
        page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=(f"{title} ({len(group)}): ", "bold"), indent=2)
    notes = open_notes(told) if detail == "full" else ()
    if notes:
        page.blank()
    for each in notes:
        _draw_quietly(page, each)


def _draw_quietly(page: Page, told: Told) -> None:
    page.paragraph(
        headline(told),
        lead=(f"{told.verdict.value} {told.finding.code.number}: ", "dim"),
        indent=2,
    )
    if told.finding.paths and told.verdict is not Verdict.NOTED:
        _labelled(page, "wanted by", wanted_by(told))
    if told.allowance is not None:
        _labelled(page, "until", f"{told.allowance.expires} ({told.allowance.origin}): {told.allowance.reason}")


def _allowances(page: Page, check: Check) -> None:
    sentences = [(expired_sentence(each), each.origin) for each in check.expired]
    sentences += [(unused_sentence(each), each.origin) for each in check.unused]
    if sentences:
        page.blank()
    for text, origin in sentences:
        page.paragraph(flat(f"{text} ({origin})"), lead=("! ", "yellow"), indent=2)


def _notes(page: Page, check: Check) -> None:
    if check.notes:
        page.blank()
    for note in check.notes:
        page.paragraph(flat(note), lead=("• ", "cyan"), indent=2)


def _verdict_style(check: Check) -> str:
    if check.exit_status == 1:
        return "bold red"
    return "bold yellow" if undecided_targets(check) else "bold green"


def _labelled(page: Page, label: str, text: str) -> None:
    page.paragraph(flat(text), lead=(label.ljust(11), "dim"), indent=4)
