"""A comment for a pull request: the verdict, a table of targets, what fails with its repair, the rest folded away.

It stays under what forges accept for a comment, and says what it left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheelcheck.model.check import Check, Verdict
from wheelcheck.report.check.details import headline, iter_details, options_line, says_its_target
from wheelcheck.report.check.told import ProvedRepair, Told, collect_repairs, listed_targets, open_notes, tell
from wheelcheck.report.check.verdicts import (
    expired_sentence,
    target_detail,
    target_word,
    unused_sentence,
    verdict_line,
)
from wheelcheck.report.quoting import code_block, code_span, escaped
from wheelcheck.report.wording import changes, gain

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
    told = tell(check)
    mark = _MARKS[_word(check)]
    written = [MARK, f"### {mark} wheelcheck: {escaped(verdict_line(check, told))}", _table(check)]
    room = LIMIT - _RESERVE - sum(len(block) + 2 for block in written)
    left_out = 0
    for block in _iter_blocks(check, told):
        # A later block may still fit, and is worth more than a note of its absence.
        if len(block) + 2 > room:
            left_out += 1
            continue
        written.append(block)
        room -= len(block) + 2
    if left_out:
        written.append(f"_{left_out} more are left out here; the text or JSON format has them all._")
    return "\n\n".join(written) + "\n"


def _word(check: Check) -> str:
    return {0: "passes", 1: "fails"}.get(check.exit_status, "undecided")


def _table(check: Check) -> str:
    rows = ["| target | | |", "| --- | --- | --- |"]
    for checked in check.targets[:_ROWS]:
        name = escaped(f"{checked.target.platform}/{checked.target.python}")
        word = target_word(checked)
        rows.append(f"| {name} | {_MARKS[word]} {word} | {escaped(target_detail(checked)[:300])} |")
    if len(check.targets) > _ROWS:
        rows.append(f"| and {len(check.targets) - _ROWS} more | | |")
    return "\n".join(rows)


def _iter_blocks(check: Check, told: Sequence[Told]) -> Iterator[str]:
    """What follows the table, the most important first, each block whole in itself."""
    for each in told:
        if each.verdict is Verdict.FAILS:
            yield _finding(each)
    failing = [checked for checked in check.targets if target_word(checked) == "fails"]
    for proved in collect_repairs(failing):
        yield _repair(proved)
    stale = [escaped(expired_sentence(each)) + _written(str(each.origin)) for each in check.expired]
    stale += [escaped(unused_sentence(each)) + _written(str(each.origin)) for each in check.unused]
    stale += [escaped(note) for note in check.notes]
    if stale:
        yield "\n".join(f"- {text}" for text in stale)
    for verdict, title in _FOLDED:
        group = open_notes(told) if verdict is Verdict.NOTED else [each for each in told if each.verdict is verdict]
        if group:
            yield _folded(title, group)


def _written(place: str) -> str:
    return f" ({code_span(place)})"


def _finding(told: Told) -> str:
    head = f"**{escaped(told.subject)}** ({told.finding.code.number}): {escaped(told.message)}"
    # The repair stands once under all of them, in a block to copy.
    details = [(label, text) for label, text in iter_details(told) if label not in ("repair", "written in")]
    places = [("written in", code_span(str(origin))) for origin in told.origins]
    lines = [f"- {label}: {words}" for label, words in places]
    lines += [f"- {label}: {escaped(text)}" for label, text in details]
    if not says_its_target(told):
        lines.append(f"- on {escaped(listed_targets(told.targets))}")
    return "\n".join((head, "", *lines))


def _repair(proved: ProvedRepair) -> str:
    repair = proved.repair
    head = f"**Nearest repair**, proved on {escaped(listed_targets(proved.targets))}: {escaped(changes(repair))}"
    facts = f"{head} ({repair.risk.value} risk; gives {escaped(gain(repair.verified))})"
    return f"{facts}\n\n{code_block(options_line(repair))}" if repair.options else facts


def _folded(title: str, group: Sequence[Told]) -> str:
    lines = [f"<details><summary>{title} ({len(group)})</summary>", ""]
    room = LIMIT // 5
    for number, told in enumerate(group):
        line = _line(told)
        room -= len(line) + 1
        if room < 0:
            lines.append(f"- _and {len(group) - number} more_")
            break
        lines.append(line)
    return "\n".join((*lines, "", "</details>"))


def _line(told: Told) -> str:
    line = f"- {told.finding.code.number} {escaped(headline(told))}"
    if told.origins:
        line += _written(str(told.origins[0]))
    if told.allowance is not None:
        line += f": {escaped(told.allowance.reason)}, until {escaped(told.allowance.expires)}"
    return line
