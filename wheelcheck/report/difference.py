"""The answer of ``diff`` for a terminal and as a comment for a pull request: packages, download, findings, the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from wheelcheck.model.check import (
    ChangeKind,
    ComparedRelease,
    Difference,
    DownloadSize,
    FindingState,
    PackageChange,
    TargetDifference,
    Verdict,
)
from wheelcheck.model.target import Target
from wheelcheck.report.check.text import LIMIT, draw_group, draw_missing, finding_block, fitted, folded_list
from wheelcheck.report.grouping import (
    FindingGroup,
    Group,
    changes_by_targets,
    group_changes,
    group_compared,
    group_lines,
    group_sized_changes,
    open_notes,
)
from wheelcheck.report.page import Detail, Page, on_page, size_text
from wheelcheck.report.verdicts import headline, why_undecided
from wheelcheck.report.wording import escaped, flat, linked_code, listed_among, listed_targets
from wheelcheck.texts.words import counted, grouped

_CHANGES_IN_BRIEF = 30
_ONE_WAY_IN_BRIEF = 5
_ROWS_OF_CHANGES = 3
_DOWNLOADS_IN_BRIEF = 4
_FINDINGS_IN_BRIEF = 5
_ROWS_IN_BRIEF = 2
_MARKS = {
    ChangeKind.ADDED: ("+", "+", "green"),
    ChangeKind.REMOVED: ("-", "-", "red"),
    ChangeKind.UPGRADED: ("↑", "^", "cyan"),
    ChangeKind.DOWNGRADED: ("↓", "v", "yellow"),
    ChangeKind.RESUPPLIED: ("~", "~", "yellow"),
}
"""For each kind: the sign, the sign in ASCII, since the page knows no other for an arrow, and the style."""
MARK = "<!-- wheelcheck diff -->"
"""The first line, by which a bot finds the comment that it wrote before."""

_EMOJI = {0: "✅", 1: "❌"}
_OPEN_ROWS = 15


@on_page("utf-8")
def render_diff_text(page: Page, difference: Difference, detail: Detail) -> None:
    """Draw *difference*; ``brief`` folds what was there before."""
    page.paragraph(difference_heading(difference), style="bold")
    targets = tuple(each.target for each in difference.targets)
    page.paragraph(flat(listed_targets(targets)), lead=("on ", "dim"))
    for target, reason in uncompared_targets(difference):
        page.paragraph(reason, lead=(f"{flat(str(target))}: ", "bold yellow"))
    _changes(page, difference, detail)
    _downloads(page, difference, detail)
    _new(page, difference, group_compared(difference, FindingState.NEW), detail)
    _folded(page, "Gone", group_compared(difference, FindingState.GONE), detail)
    _folded(page, "Still there", group_compared(difference, FindingState.STAYS), detail)
    page.bullets(difference_notes(difference))
    style = {0: "bold green", 1: "bold red"}.get(difference.exit_status, "bold yellow")
    page.paragraph(difference_verdict(difference), style=style, apart=True)


def _changes(page: Page, difference: Difference, detail: Detail) -> None:
    """The changes that the same targets share, each set of targets once: in brief without sizes that differ among them."""
    decided = [each.target for each in difference.targets if each.is_decided]
    for part in changes_by_targets(difference, every_file=detail == "full"):
        page.blank()
        if len(decided) > 1:
            page.paragraph(flat(listed_among(decided, part[0].targets)), lead=("On ", "bold"), indent=2)
        for same in grouped(part, lambda group: group.value.kind).values():
            _one_kind(page, [group.value for group in same], detail)


def _one_kind(page: Page, same: Sequence[PackageChange], detail: Detail) -> None:
    mark, plain, style = _MARKS[same[0].kind]
    lead = (f"{mark if page.has(mark) else plain} ", style)
    comes_or_goes = same[0].kind in (ChangeKind.ADDED, ChangeKind.REMOVED)
    if detail == "brief" and len(same) > (_ONE_WAY_IN_BRIEF if comes_or_goes else _CHANGES_IN_BRIEF):
        releases = [(each.name, each.before or each.after) for each in same]
        words = [flat(f"{name} {release.version}") for name, release in releases if release is not None]
        page.listing(words, rows=_ROWS_OF_CHANGES, lead=lead, indent=2)
        return
    for each in same:
        page.paragraph(change_line(each), lead=lead, indent=2)


def _downloads(page: Page, difference: Difference, detail: Detail) -> None:
    """How much there is to download; in brief, where many targets differ, the two that differ most."""
    lines = download_lines(difference)
    if detail == "brief" and len(lines) > _DOWNLOADS_IN_BRIEF:
        known = [each for each in difference.targets if each.is_decided and not each.size_after.unknown]
        moved = sorted((each.size_after.size - each.size_before.size, str(each.target), each) for each in known)
        lines = [f"{download_line(each)} on {flat(str(each.target))}" for *_, each in (*moved[:1], *moved[-1:])]
        lines.append("-v tells that of each target")
    page.blank()
    for line in lines:
        page.paragraph(line, lead=("download   ", "dim"), indent=2)


def _new(page: Page, difference: Difference, groups: Sequence[FindingGroup], detail: Detail) -> None:
    failing = [each for each in groups if each.verdict is Verdict.FAILS]
    targets = [each.target for each in difference.targets]
    failing = draw_missing(page, failing, detail, asked=targets)
    shown = failing if detail == "full" else failing[:_FINDINGS_IN_BRIEF]
    for each in shown:
        page.blank()
        draw_group(page, each, detail, asked=targets)
    if len(failing) > len(shown):
        subjects = list(dict.fromkeys(flat(each.subject) for each in failing[len(shown) :]))
        page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=("also new: ", "bold red"), indent=2)
    others = [each for each in groups if each.verdict not in (Verdict.FAILS, Verdict.NOTED)]
    if detail == "full":
        # A note on where wheels are is drawn beside its finding.
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
    if detail == "full":
        page.heading(title)
        for each in groups:
            page.paragraph(headline(each), lead=(f"{each.verdict.value} {each.finding.code.number}: ", "dim"), indent=4)
        return
    subjects = [f"{flat(each.subject)} ({each.finding.code.number}, {each.verdict.value})" for each in groups]
    page.blank()
    page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=(f"{title} ({len(groups)}): ", "bold"), indent=2)


def render_diff_markdown(difference: Difference) -> str:
    """Render *difference* as GitHub-flavoured Markdown of fewer than ``LIMIT`` characters."""
    mark = _EMOJI.get(difference.exit_status, "❔")
    targets = tuple(each.target for each in difference.targets)
    head = (
        MARK,
        f"### {mark} wheelcheck diff: {escaped(difference_verdict(difference))}",
        f"{escaped(difference_heading(difference))}, on {escaped(listed_targets(targets))}",
    )
    return fitted(head, _iter_blocks(difference))


def _iter_blocks(difference: Difference) -> Iterator[str]:
    """The blocks after the heading, the most important first; each can stand alone."""
    new = group_compared(difference, FindingState.NEW)
    for each in new:
        if each.verdict is Verdict.FAILS:
            yield finding_block(each)
    if undecided := uncompared_targets(difference):
        yield "\n".join(f"- ❔ {escaped(str(target))}: {escaped(reason)}" for target, reason in undecided[:50])
    if changes := group_sized_changes(difference):
        yield _table(changes, difference)
    if downloads := download_lines(difference):
        yield "\n".join(f"- download: {escaped(line)}" for line in downloads)
    if notes := difference_notes(difference):
        yield "\n".join(f"- {escaped(note)}" for note in notes)
    # A note on where wheels are is drawn beside its finding.
    others = [each for each in new if each.verdict not in (Verdict.FAILS, Verdict.NOTED)] + list(open_notes(new))
    for title, group in (
        ("New, and not failing", others),
        ("Gone", group_compared(difference, FindingState.GONE)),
        ("Still there", group_compared(difference, FindingState.STAYS)),
    ):
        told = ((each.verdict.value, linked_code(each.finding.code), escaped(headline(each))) for each in group)
        if lines := [f"- {verdict} {code} {text}" for verdict, code, text in told]:
            yield folded_list(title, lines, LIMIT // 6)


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


def _cell(release: ComparedRelease | None) -> str:
    return ", ".join((str(release.version), *release_facts(release))) if release is not None else ""


def difference_verdict(difference: Difference) -> str:
    """The answer of *difference* in one line: ``1 new finding fails; 2 came in, 1 moved``."""
    new = group_compared(difference, FindingState.NEW)
    failing = sum(group.verdict is Verdict.FAILS for group in new)
    counts = Counter(group.value.kind for group in group_changes(difference))
    moved = counts[ChangeKind.UPGRADED] + counts[ChangeKind.DOWNGRADED] + counts[ChangeKind.RESUPPLIED]
    words = ((counts[ChangeKind.ADDED], "came in"), (counts[ChangeKind.REMOVED], "went out"), (moved, "moved"))
    changes = ", ".join(f"{count} {word}" for count, word in words if count) or "no package changed"
    undecided = sum(not each.is_decided for each in difference.targets)
    of_targets = f"{undecided} of {counted(len(difference.targets), 'target')}"
    if failing:
        line = f"{counted(failing, 'new finding')} {'fails' if failing == 1 else 'fail'}; {changes}"
        return f"{line}; {of_targets} undecided" if undecided else line
    if undecided:
        cause = "the index failed" if difference.exit_status == 3 else "the search ended before it had an answer"
        return f"Undecided on {of_targets}: {cause}"
    return f"Nothing new fails; {changes}"


def difference_heading(difference: Difference) -> str:
    """The two sides: ``requirements.txt at origin/main (1a2b3c4d5e) → requirements.txt``."""
    return flat(f"{difference.old.name} → {difference.new.name}")


def difference_notes(difference: Difference) -> list[str]:
    """The sentences on how *difference* was made, other targets and kinds of input among them."""
    notes = [flat(note) for note in difference.notes]
    notes += [
        flat(f"The target differs too: {each.other_target} before, {each.target} after.")
        for each in difference.targets
        if each.other_target is not None
    ]
    kinds = (difference.old.kind, difference.new.kind)
    if "absent" not in kinds and kinds[0] != kinds[1]:
        notes.append(flat(f"The sides were read in different ways: {kinds[0]} before, {kinds[1]} after."))
    return notes


def uncompared_targets(difference: Difference) -> list[tuple[Target, str]]:
    """The targets on which nothing was compared, each with the side and the reason."""
    return [
        (each.target, flat(f"{word}: {why_undecided(side)}"))
        for each in difference.targets
        for word, side in (("before", each.before), ("after", each.after))
        if side is not None and not side.is_decided
    ]


def download_lines(difference: Difference) -> list[str]:
    """How much there is to download before and after, each line once with the targets for which it holds."""
    groups = group_lines((download_line(each), each.target) for each in difference.targets)
    return [f"{group.value} {where_changed(group.targets, difference)}".strip() for group in groups]


def where_changed(targets: Sequence[Target], difference: Difference) -> str:
    """On which of the targets of *difference* something holds; empty where it holds on all that are decided."""
    decided = sum(each.is_decided for each in difference.targets)
    return "" if len(targets) == decided else flat(f"on {listed_targets(targets)}")


def change_line(change: PackageChange) -> str:
    """The change in words: ``av 11.0.0 (2023-10-22, 27 MB) → 12.0.0 (2024-03-17, 28 MB)``."""
    before, after = change.before, change.after
    if before is None or after is None:
        release = after or before
        return flat(f"{change.name} {_release(release)}" if release is not None else change.name)
    if change.kind is not ChangeKind.RESUPPLIED:
        return flat(f"{change.name} {_release(before)} → {_release(after)}")
    if before.installability is not after.installability:
        ways = f"{before.installability.value} → {after.installability.value}"
        return flat(f"{change.name} {after.version}: {ways}")
    return flat(f"{change.name} {after.version}: another file, {before.filename} → {after.filename}")


def _release(release: ComparedRelease) -> str:
    facts = release_facts(release)
    return f"{release.version} ({', '.join(facts)})" if facts else str(release.version)


def release_facts(release: ComparedRelease) -> list[str]:
    """The day and the size of *release*, as far as they are known."""
    facts = [release.upload_time[:10]] if release.upload_time else []
    return facts + ([size_text(release.size)] if release.size is not None else [])


def download_line(target: TargetDifference) -> str:
    """How much there is to download on *target*, before and after; empty where no size is known on either side."""
    before, after = target.size_before, target.size_after
    if not target.is_decided or not any(side.files > side.unknown for side in (before, after)):
        return ""
    line = f"{_amount(before)} → {_amount(after)}"
    if before.unknown or after.unknown:
        return line
    moved = after.size - before.size
    return f"{line} ({'+' if moved > 0 else ''}{size_text(moved)})" if moved else line


def _amount(size: DownloadSize) -> str:
    if not size.unknown:
        return size_text(size.size)
    known = f"{size_text(size.size)} and " if size.size else ""
    return f"{known}{counted(size.unknown, 'file')} of unknown size"
