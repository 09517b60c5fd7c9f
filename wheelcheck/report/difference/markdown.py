"""What changed, as a comment for a pull request: the verdict, new findings, a table of packages; the rest is folded away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheelcheck.model.check import Verdict
from wheelcheck.model.difference import ChangeKind, Difference, FindingState, PackageChange, Release
from wheelcheck.report.details import change_line, headline, iter_details, names_its_target, release_facts
from wheelcheck.report.grouping import FindingGroup, Group, group_changes, group_compared, open_notes
from wheelcheck.report.quoting import code_span, escaped
from wheelcheck.report.verdicts import (
    difference_heading,
    difference_notes,
    difference_verdict,
    download_lines,
    uncompared_targets,
    where_changed,
)
from wheelcheck.report.wording import listed_targets

LIMIT = 60_000
"""How many characters a comment has at most; GitHub takes 65,536."""

MARK = "<!-- wheelcheck diff -->"
"""The first line, by which a bot finds the comment that it wrote before."""

_MARKS = {0: "✅", 1: "❌"}
_OPEN_ROWS = 15
_RESERVE = 500


def render_diff_markdown(difference: Difference) -> str:
    """Render *difference* as GitHub-flavoured Markdown of fewer than ``LIMIT`` characters."""
    mark = _MARKS.get(difference.exit_status, "❔")
    targets = tuple(each.target for each in difference.targets)
    written = [
        MARK,
        f"### {mark} wheelcheck diff: {escaped(difference_verdict(difference))}",
        f"{escaped(difference_heading(difference))}, on {escaped(listed_targets(targets))}",
    ]
    room = LIMIT - _RESERVE - sum(len(block) + 2 for block in written)
    left_out = 0
    for block in _iter_blocks(difference):
        if len(block) + 2 > room:
            left_out += 1
            continue
        written.append(block)
        room -= len(block) + 2
    if left_out:
        written.append(f"_{left_out} more are left out here; the text or JSON format has them all._")
    return "\n\n".join(written) + "\n"


def _iter_blocks(difference: Difference) -> Iterator[str]:
    """What follows the heading, the most important first, each block whole in itself."""
    new = group_compared(difference, FindingState.NEW)
    for each in new:
        if each.verdict is Verdict.FAILS:
            yield _finding(each)
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
            yield _folded(title, group)


def _finding(group: FindingGroup) -> str:
    head = f"**{escaped(group.subject)}** ({group.finding.code.number}): {escaped(group.message)}"
    lines = [f"- written in: {code_span(str(origin))}" for origin in group.origins]
    lines += [f"- {label}: {escaped(text)}" for label, text in iter_details(group) if label != "written in"]
    if not names_its_target(group):
        lines.append(f"- on {escaped(listed_targets(group.targets))}")
    return "\n".join((head, "", *lines))


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
    if release is None:
        return ""
    return ", ".join((str(release.version), *release_facts(release)))


def _folded(title: str, group: Sequence[FindingGroup]) -> str:
    lines = [f"<details><summary>{title} ({len(group)})</summary>", ""]
    room = LIMIT // 6
    for number, each in enumerate(group):
        line = f"- {each.verdict.value} {each.finding.code.number} {escaped(headline(each))}"
        room -= len(line) + 1
        if room < 0:
            lines.append(f"- _and {len(group) - number} more_")
            break
        lines.append(line)
    return "\n".join((*lines, "", "</details>"))
