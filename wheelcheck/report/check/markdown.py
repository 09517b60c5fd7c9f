"""A comment for a pull request: the verdict, a table of targets, the failures with their repairs, the rest folded away.

It stays under the limit of a comment, and says how much it left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wheelcheck.model.check import Check, CheckedTarget, Verdict
from wheelcheck.model.repair import Repair
from wheelcheck.report.grouping import FindingGroup, Group, group_findings, group_repairs, open_notes
from wheelcheck.report.quoting import code_block, code_span, escaped, linked_code
from wheelcheck.report.verdicts import (
    check_verdict,
    headline,
    iter_details,
    names_its_target,
    options_line,
    stale_allowances,
    target_detail,
    target_word,
)
from wheelcheck.report.wording import changes, gain, listed_targets

LIMIT = 60_000
"""How many characters a comment has at most; GitHub takes 65,536."""

MARK = "<!-- wheelcheck -->"
"""The first line, by which a bot finds the comment that it wrote before."""

_MARKS = {"passes": "✅", "fails": "❌", "undecided": "❔", "no answer": "❔"}
_ROWS = 100
_RESERVE = 500
_FOLDED = (
    (Verdict.WARNS, "Warnings"),
    (Verdict.ALLOWED, "Allowed"),
    (Verdict.KNOWN, "Known, in the baseline"),
    (Verdict.NOTED, "Notes"),
)


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
    lines += [
        f"- {label}: {escaped(text)}" for label, text in iter_details(group) if label not in ("written in", without)
    ]
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
