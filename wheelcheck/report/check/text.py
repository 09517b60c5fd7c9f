"""The answer of ``check`` on one screen: targets, failures, repairs, the verdict last; and as the comment of a pull request.

The comment folds away what does not fail, stays under the limit of a comment, and says how much it left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import structs

from wheelcheck.model.check import Check, CheckedTarget, Verdict
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
from wheelcheck.report.grouping import FindingGroup, Group, group_findings, group_repairs, open_notes
from wheelcheck.report.page import Detail, Page, on_page
from wheelcheck.report.verdicts import (
    check_verdict,
    headline,
    iter_details,
    names_its_target,
    options_line,
    stale_allowances,
    target_detail,
    target_word,
    undecided_targets,
    wanted_by,
)
from wheelcheck.report.wording import (
    change,
    changes,
    code_block,
    code_span,
    escaped,
    flat,
    flat_edit,
    flat_finding,
    gain,
    linked_code,
    listed_among,
    listed_targets,
)
from wheelcheck.texts.words import counted, grouped

_FAILING_IN_BRIEF = 5
_WITH_EVIDENCE_IN_BRIEF = 3
_REPAIRS_IN_BRIEF = 2
_ROWS_IN_BRIEF = 2
_COUNTED = ((Verdict.WARNS, "Warnings"), (Verdict.ALLOWED, "Allowed"), (Verdict.KNOWN, "Known, in the baseline"))
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
    alike = grouped(
        check.targets, lambda each: (each.target.platform, target_word(each), flat(target_detail(each)))
    ).values()
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
    for verdict, title in _COUNTED:
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
    for same in grouped(
        (each for each in notes if each.finding.code in TELLING), lambda each: each.finding.code
    ).values():
        for each in same[:MOST_NOTES]:
            draw_note(page, flat_finding(structs.replace(each.finding, severity=Severity.INFO, message=headline(each))))


def _draw_quietly(page: Page, group: FindingGroup) -> None:
    page.paragraph(headline(group), lead=(f"{group.verdict.value} {group.finding.code.number}: ", "dim"), indent=2)
    if group.finding.paths and group.verdict is not Verdict.NOTED:
        page.labelled("wanted by", flat(wanted_by(group)))
    if group.allowance is not None:
        page.labelled("until", flat(f"{group.allowance.expires} ({group.allowance.origin}): {group.allowance.reason}"))


LIMIT = 60_000
"""How many characters a comment has at most; GitHub takes 65,536."""

MARK = "<!-- wheelcheck -->"
"""The first line, by which a bot finds the comment that it wrote before."""

_MARKS = {"passes": "✅", "fails": "❌", "undecided": "❔", "no answer": "❔"}
_ROWS = 100
_RESERVE = 500
_FOLDED = (*_COUNTED, (Verdict.NOTED, "Notes"))


def render_markdown(check: Check) -> str:
    """Render *check* as GitHub-flavoured Markdown of fewer than ``LIMIT`` characters."""
    groups = group_findings(check)
    mark = _MARKS[{0: "passes", 1: "fails"}.get(check.exit_status, "undecided")]
    head = (MARK, f"### {mark} wheelcheck: {escaped(check_verdict(check, groups))}", _table(check))
    return fitted(head, _iter_blocks(check, groups))


def fitted(head: Iterable[str], blocks: Iterable[str]) -> str:
    """Join *head* and as many of *blocks*, the most important first, as fit into a comment, and say how many were left out."""
    written = list(head)
    room = LIMIT - _RESERVE - sum(len(block) + 2 for block in written)
    left_out = 0
    for block in blocks:
        # A later block may still fit, and is worth more than a note of its absence.
        if len(block) + 2 > room:
            left_out += 1
            continue
        written.append(block)
        room -= len(block) + 2
    if left_out:
        written.append(f"_{left_out} more are left out here; the text or JSON format has them all._")
    return "\n\n".join(written) + "\n"


def _table(check: Check) -> str:
    rows = ["| target | | |", "| --- | --- | --- |"]
    for checked in check.targets[:_ROWS]:
        name = escaped(f"{checked.target.platform}/{checked.target.python}")
        word = target_word(checked)
        rows.append(f"| {name} | {_MARKS[word]} {word} | {escaped(target_detail(checked)[:300])} |")
    if len(check.targets) > _ROWS:
        rows.append(f"| and {len(check.targets) - _ROWS} more | | |")
    return "\n".join(rows)


def _iter_blocks(check: Check, groups: Sequence[FindingGroup]) -> Iterator[str]:
    """The blocks after the table, the most important first; each can stand alone."""
    for each in groups:
        if each.verdict is Verdict.FAILS:
            # The repairs stand once under all findings, each in a block to copy.
            yield finding_block(each, without="repair")
    failing = [checked for checked in check.targets if target_word(checked) == "fails"]
    for proved in group_repairs(failing):
        yield _repair(proved)
    yield from dict.fromkeys(text for checked in failing for text in _iter_vain(checked))
    stale = [escaped(sentence) + _written(str(each.origin)) for each, _, sentence in stale_allowances(check)]
    stale += [escaped(note) for note in check.notes]
    if stale:
        yield "\n".join(f"- {text}" for text in stale)
    for verdict, title in _FOLDED:
        group = open_notes(groups) if verdict is Verdict.NOTED else [each for each in groups if each.verdict is verdict]
        if group:
            yield folded_list(title, [_line(each) for each in group], LIMIT // 5)


def _written(place: str) -> str:
    return f" ({code_span(place)})"


def finding_block(group: FindingGroup, *, without: str = "") -> str:
    """A heading for *group* and a list of its details, without those that have the label *without*."""
    lines = [f"**{escaped(group.subject)}** ({linked_code(group.finding.code)}): {escaped(group.message)}", ""]
    lines += [f"- written in: {code_span(str(origin))}" for origin in group.origins]
    details = [(label, text) for label, text in iter_details(group) if label not in ("written in", without)]
    lines += [f"- {label}: {escaped(text)}" for label, text in details]
    if not names_its_target(group):
        lines.append(f"- on {escaped(listed_targets(group.targets))}")
    return "\n".join(lines)


def _iter_vain(checked: CheckedTarget) -> Iterator[str]:
    """What resolves on a target that nothing repairs, and the import that fails then."""
    proposals = checked.plan.proposals if checked.plan is not None else None
    for repair in proposals.failing if proposals is not None and not proposals.repairs else ():
        why = next((ground.text for ground in repair.grounds if ground.fails is True), "")
        yield f"**No repair**, it resolves and then fails: {escaped(changes(repair))}: {escaped(why)}"


def _repair(proved: Group[Repair]) -> str:
    repair = proved.value
    head = f"**Nearest repair**, proved on {escaped(listed_targets(proved.targets))}: {escaped(changes(repair))}"
    facts = f"{head} ({repair.risk.value} risk; gives {escaped(gain(repair.verified))})"
    return f"{facts}\n\n{code_block(options_line(repair))}" if repair.options else facts


def folded_list(title: str, lines: Sequence[str], room: int) -> str:
    """*lines* of a list, folded away under *title*; those that exceed *room* characters are counted."""
    shown: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            shown.append(f"- _and {len(lines) - len(shown)} more_")
            break
        shown.append(line)
    return "\n".join((f"<details><summary>{title} ({len(lines)})</summary>", "", *shown, "", "</details>"))


def _line(group: FindingGroup) -> str:
    line = f"- {linked_code(group.finding.code)} {escaped(headline(group))}"
    if group.origins:
        line += _written(str(group.origins[0]))
    if group.allowance is not None:
        line += f": {escaped(group.allowance.reason)}, until {escaped(group.allowance.expires)}"
    return line
