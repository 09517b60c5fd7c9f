"""What changed, as a comment for a pull request: the verdict, new findings, a table of packages; the rest is folded away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheelcheck.model.check import Verdict
from wheelcheck.model.difference import ChangeKind, Difference, FindingState, PackageChange, Release
from wheelcheck.report.check.markdown import LIMIT, finding_block, fitted, folded_list
from wheelcheck.report.details import change_line, headline, release_facts
from wheelcheck.report.grouping import FindingGroup, Group, group_changes, group_compared, open_notes
from wheelcheck.report.quoting import escaped
from wheelcheck.report.verdicts import (
    difference_heading,
    difference_notes,
    difference_verdict,
    download_lines,
    uncompared_targets,
    where_changed,
)
from wheelcheck.report.wording import listed_targets

MARK = "<!-- wheelcheck diff -->"
"""The first line, by which a bot finds the comment that it wrote before."""

_MARKS = {0: "✅", 1: "❌"}
_OPEN_ROWS = 15


def render_diff_markdown(difference: Difference) -> str:
    """Render *difference* as GitHub-flavoured Markdown of fewer than ``LIMIT`` characters."""
    mark = _MARKS.get(difference.exit_status, "❔")
    targets = tuple(each.target for each in difference.targets)
    head = (
        MARK,
        f"### {mark} wheelcheck diff: {escaped(difference_verdict(difference))}",
        f"{escaped(difference_heading(difference))}, on {escaped(listed_targets(targets))}",
    )
    return fitted(head, _iter_blocks(difference))


def _iter_blocks(difference: Difference) -> Iterator[str]:
    """What follows the heading, the most important first, each block whole in itself."""
    new = group_compared(difference, FindingState.NEW)
    for each in new:
        if each.verdict is Verdict.FAILS:
            yield finding_block(each)
    undecided = uncompared_targets(difference)
    if undecided:
        yield "\n".join(f"- ❔ {escaped(str(target))}: {escaped(reason)}" for target, reason in undecided[:50])
    changes = group_changes(difference)
    if changes:
        yield _table(changes, difference)
    downloads = download_lines(difference)
    if downloads:
        yield "\n".join(f"- download: {escaped(line)}" for line in downloads)
    notes = difference_notes(difference)
    if notes:
        yield "\n".join(f"- {escaped(note)}" for note in notes)
    # A note on where wheels are stands beside its finding.
    others = [each for each in new if each.verdict not in (Verdict.FAILS, Verdict.NOTED)] + list(open_notes(new))
    for title, group in (
        ("New, and not failing", others),
        ("Gone", group_compared(difference, FindingState.GONE)),
        ("Still there", group_compared(difference, FindingState.STAYS)),
    ):
        if group:
            yield folded_list(title, [_line(each) for each in group], LIMIT // 6)


def _table(changes: Sequence[Group[PackageChange]], difference: Difference) -> str:
    rows = ["| package | | before | after | |", "| --- | --- | --- | --- | --- |"]
    room = LIMIT // 3
    for number, group in enumerate(changes):
        row = _row(group, difference)
        room -= len(row) + 1
        if room < 0:
            rows.append(f"| and {len(changes) - number} more | | | | |")
            break
        rows.append(row)
    table = "\n".join(rows)
    if len(changes) <= _OPEN_ROWS:
        return table
    return f"<details><summary>Packages ({len(changes)})</summary>\n\n{table}\n\n</details>"


def _row(group: Group[PackageChange], difference: Difference) -> str:
    change = group.value
    remark = where_changed(group.targets, difference)
    if change.kind is ChangeKind.RESUPPLIED:
        remark = f"{change_line(change)} {remark}".strip()
    cells = (change.name, change.kind.value, _cell(change.before), _cell(change.after), remark[:400])
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def _cell(release: Release | None) -> str:
    return ", ".join((str(release.version), *release_facts(release))) if release is not None else ""


def _line(group: FindingGroup) -> str:
    return f"- {group.verdict.value} {group.finding.code.number} {escaped(headline(group))}"
