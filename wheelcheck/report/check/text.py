"""The answer of ``check`` for a terminal, on one screen: every target, the failures and their repairs, the verdict last."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from wheelcheck.model.check import Check, Verdict
from wheelcheck.model.finding import Severity
from wheelcheck.model.repair import Repair
from wheelcheck.model.target import Target
from wheelcheck.report.commands import NextStep, draw_steps
from wheelcheck.report.findings import (
    MOST_BLOCKERS,
    MOST_NOTES,
    TELLING,
    BlockerRow,
    draw_blockers,
    draw_finding,
    draw_hidden,
    draw_note,
    is_blocker,
)
from wheelcheck.report.grouping import FindingGroup, Group, group_by, group_findings, group_repairs, open_notes
from wheelcheck.report.page import Detail, Page, on_page
from wheelcheck.report.quoting import flat, flat_edit, flat_finding
from wheelcheck.report.verdicts import (
    check_verdict,
    headline,
    names_its_target,
    options_line,
    stale_allowances,
    target_detail,
    target_word,
    undecided_targets,
    wanted_by,
)
from wheelcheck.report.wording import change, gain, listed_among
from wheelcheck.texts.words import counted

_FAILING_IN_BRIEF = 5
_WITH_EVIDENCE_IN_BRIEF = 3
_REPAIRS_IN_BRIEF = 2
_ROWS_IN_BRIEF = 2
_WORD_STYLES = {"passes": "green", "fails": "bold red", "undecided": "bold yellow", "no answer": "bold yellow"}


@on_page("utf-8")
def render_text(page: Page, check: Check, detail: Detail, *, steps: Sequence[NextStep] = ()) -> None:
    """Draw *check*, every finding with all its evidence in ``full``; *steps* are commands to run next."""
    groups = group_findings(check)
    _targets(page, check)
    _failing(page, check, [each for each in groups if each.verdict is Verdict.FAILS], detail)
    if any(each.verdict is Verdict.FAILS for each in groups):
        _repairs(page, check, detail)
    _counted(page, groups, detail)
    stale = stale_allowances(check)
    page.bullets((flat(f"{sentence} ({each.origin})") for each, _, sentence in stale), ("! ", "yellow"))
    page.bullets(flat(note) for note in check.notes)
    style = "bold red" if check.exit_status == 1 else "bold yellow" if undecided_targets(check) else "bold green"
    page.paragraph(check_verdict(check, groups), style=style, apart=True)
    draw_steps(page, steps)


def _targets(page: Page, check: Check) -> None:
    """A line for each platform, or for those of its Pythons that have the same answer."""
    alike = group_by(check.targets, lambda each: (each.target.platform, target_word(each), flat(target_detail(each))))
    names = [f"{same[0].target.platform}/{','.join(each.target.python for each in same)}" for same in alike]
    room = max((len(name) for name in names), default=0)
    for name, (checked, *_) in zip(names, alike, strict=True):
        word, detail = target_word(checked), flat(target_detail(checked))
        lead = f"{name}:".ljust(room + 2) + word + (": " if detail else "")
        page.paragraph(detail, lead=(lead, _WORD_STYLES[word]))


def _failing(page: Page, check: Check, failing: Sequence[FindingGroup], detail: Detail) -> None:
    """Draw each group whole; in brief a row for each project without a wheel."""
    targets = [checked.target for checked in check.targets]
    failing = draw_missing(page, failing, detail, asked=targets)
    shown = failing if detail == "full" else failing[:_FAILING_IN_BRIEF]
    evidence = 1 if len(shown) <= _WITH_EVIDENCE_IN_BRIEF else 0
    for group in shown:
        page.blank()
        draw_group(page, group, detail, asked=targets, evidence=evidence)
        if group.allowance is not None:
            page.labelled("allowance", flat(f"expired after {group.allowance.expires} ({group.allowance.origin})"))
    draw_hidden(page, [flat(group.subject) for group in failing[len(shown) :]])


def draw_missing(
    page: Page, failing: Sequence[FindingGroup], detail: Detail, *, asked: Sequence[Target]
) -> list[FindingGroup]:
    """In brief add a row for each of *failing* whose project lacks a wheel, with its targets of those *asked*; give the others."""
    missing = [group for group in failing if is_blocker(group.finding) and group.allowance is None]
    if detail == "full" or not missing:
        return list(failing)
    draw_blockers(page, [_row(asked, group) for group in missing])
    draw_hidden(page, [flat(group.subject) for group in missing[MOST_BLOCKERS:]])
    return [group for group in failing if group not in missing]


def _row(asked: Sequence[Target], group: FindingGroup) -> BlockerRow:
    return BlockerRow(
        name=flat(group.subject),
        sightings=tuple((flat_finding(finding), beside) for finding, beside in group.sightings),
        where="" if len(asked) == 1 else listed_among(asked, group.targets),
        written=flat(str(group.places[0])) if group.places else "",
    )


def draw_group(page: Page, group: FindingGroup, detail: Detail, *, asked: Sequence[Target], evidence: int = 1) -> None:
    """Add the finding of *group* to *page*, with its places and targets, of those *asked*; ``brief`` shows so much *evidence*."""
    # A finding that fails is drawn as an error, whatever the severity of its code.
    finding = flat_finding(structs.replace(group.finding, severity=Severity.ERROR, message=group.message))
    beside = [flat_finding(note) for note in group.beside] if evidence or detail == "full" else []
    draw_finding(page, finding, detail, beside=beside, evidence=evidence)
    if group.origins:
        page.labelled("written in", flat(", ".join(str(origin) for origin in group.origins)))
    if len(asked) > 1 and not names_its_target(group):
        page.labelled("on", flat(listed_among(asked, group.targets)))


def _repairs(page: Page, check: Check, detail: Detail) -> None:
    failing = [checked for checked in check.targets if target_word(checked) == "fails"]
    repairs = group_repairs(failing)
    for proved in repairs if detail == "full" else repairs[:_REPAIRS_IN_BRIEF]:
        page.blank()
        targets = [each.target for each in check.targets]
        _draw_repair(page, proved, listed_among(targets, proved.targets) if len(targets) > 1 else "")
    hidden = len(repairs) - _REPAIRS_IN_BRIEF
    if hidden > 0 and detail == "brief":
        page.blank()
        page.line((f"  and {counted(hidden, 'other repair')} for other targets (-v shows all)", "dim"))


def _draw_repair(page: Page, proved: Group[Repair], where: str) -> None:
    repair = proved.value
    page.paragraph(where, lead=(f"Nearest repair{' on ' if where else ''}", "bold"), indent=2)
    first, *others = (flat_edit(edit) for edit in repair.edits)
    lead = f"{repair.risk.value} risk  "
    page.paragraph(change(first, proved.targets[0]), lead=(lead, "yellow"), indent=4, style="bold")
    for edit in others:
        page.paragraph(f"and {change(edit)}", indent=4 + len(lead), style="bold")
    if repair.options:
        page.line(("      ", ""), (options_line(repair), "cyan"))
    page.paragraph(gain(repair.verified), lead=("gives      ", "dim"), indent=6)


def _counted(page: Page, groups: Sequence[FindingGroup], detail: Detail) -> None:
    for verdict, title in (
        (Verdict.WARNS, "Warnings"),
        (Verdict.ALLOWED, "Allowed"),
        (Verdict.KNOWN, "Known, in the baseline"),
    ):
        group = [each for each in groups if each.verdict is verdict]
        if not group:
            continue
        page.blank()
        if detail == "full":
            for each in group:
                _draw_quietly(page, each)
            continue
        subjects = list(dict.fromkeys(flat(each.subject) for each in group))
        page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=(f"{title} ({len(group)}): ", "bold"), indent=2)
    notes = open_notes(groups)
    page.blank()
    if detail == "full":
        for each in notes:
            _draw_quietly(page, each)
        return
    for same in group_by((each for each in notes if each.finding.code in TELLING), lambda each: each.finding.code):
        for each in same[:MOST_NOTES]:
            draw_note(page, flat_finding(structs.replace(each.finding, severity=Severity.INFO, message=headline(each))))


def _draw_quietly(page: Page, group: FindingGroup) -> None:
    page.paragraph(headline(group), lead=(f"{group.verdict.value} {group.finding.code.number}: ", "dim"), indent=2)
    if group.finding.paths and group.verdict is not Verdict.NOTED:
        page.labelled("wanted by", flat(wanted_by(group)))
    if group.allowance is not None:
        page.labelled("until", flat(f"{group.allowance.expires} ({group.allowance.origin}): {group.allowance.reason}"))
