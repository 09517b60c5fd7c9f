"""Draws one finding on a page: its subject, reasons and requirers, and where wheels do exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.report.page import Detail, Page, glued, sentence
from wheelcheck.report.wording import EVERY_TARGET, spanned
from wheelcheck.texts.words import grouped

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
"""rich's words for how each severity is coloured."""

MOST_BLOCKERS = 20
"""Rows of blockers that stand on one screen."""

_MARKS = {Severity.ERROR: "✗ ", Severity.WARNING: "! ", Severity.INFO: "• "}
_BESIDE = {
    Code.OTHER_PYTHONS: "elsewhere",
    Code.OTHER_PLATFORMS: "elsewhere",
    Code.OTHER_VERSIONS: "nearest",
    Code.BUILD_NEEDS: "to build",
}
"""Notes that are drawn with an error, each with the word before it."""
TELLING = frozenset({Code.ADVISORY, Code.ABI_BREAK, Code.PART_ABSENT, Code.PRE_RELEASE, Code.PATCH_ASSUMED})
"""Codes whose notes matter to whoever ships the environment, so that they are shown at once."""
MOST_NOTES = 3
"""Notes of one code that are shown at once."""
_CLASHING = 4
_WIDEST_REQUIRER = 44
_LEAST_REQUIRER = 10
_LEAST_ELSEWHERE = 18
_CLASHES = frozenset({Code.CONFLICT, Code.WITHDRAWN})
_REMEDY = "remedy: "
"""The prefix of evidence that is a remedy."""


def subject(finding: Finding) -> str:
    """The subject of *finding*: ``av 11.0.0``, a name alone, or nothing."""
    if finding.package is None:
        return ""
    return f"{finding.package} {finding.version}" if finding.version is not None else finding.package


def companions(finding: Finding, among: Iterable[Finding]) -> tuple[Finding, ...]:
    """The notes in *among* on where wheels are that the error *finding* lacks, and on its build; they are drawn with it."""
    if finding.severity is not Severity.ERROR or finding.package is None:
        return ()
    beside = (other for other in among if other.severity is Severity.INFO and other.code in _BESIDE)
    return tuple(each for each in beside if (each.package, each.version) == (finding.package, finding.version))


def draw_finding(
    page: Page, finding: Finding, detail: Detail, *, beside: Sequence[Finding] = (), evidence: int = 1
) -> None:
    """Add *finding* to *page*, with the notes *beside* it; ``brief`` shows that much *evidence* and one path."""
    page.line(
        ("  ", ""),
        (f"{_MARKS[finding.severity]}{subject(finding) or finding.code.title}", STYLES[finding.severity]),
        (f"  {finding.code.number}", "dim"),
    )
    page.paragraph(finding.message, indent=4)
    if finding.code in _CLASHES:
        # A clash is explained by its requirements.
        evidence = max(evidence, _CLASHING)
    for text in finding.evidence if detail == "full" else finding.evidence[:evidence]:
        label = "remedy" if text.startswith(_REMEDY) else "because"
        page.labelled(label, text.removeprefix(_REMEDY))
    # A clash needs all paths; otherwise one path is enough to find the requirer.
    draw_paths(page, finding.paths, every=detail == "full" or finding.code in _CLASHES)
    for other in beside:
        page.labelled(_BESIDE[other.code], other.message)
        if detail == "full":
            for text in other.evidence:
                page.labelled("", text)
    if finding.nearest is not None and not any(other.code is Code.OTHER_VERSIONS for other in beside):
        page.labelled("nearest", glued(f"{finding.package} {finding.nearest}") + " has a wheel")
    if detail == "full" and finding.severity is not Severity.INFO:
        page.labelled("cure", finding.code.cure)


def draw_note(page: Page, finding: Finding) -> None:
    """Add *finding* to *page* in one sentence, and its code."""
    lead = _MARKS[finding.severity], STYLES[finding.severity]
    page.paragraph(f"{sentence(finding.message)}  {finding.code.number}", lead=lead, indent=2)


def is_blocker(finding: Finding) -> bool:
    """Whether *finding* is about one project without a usable wheel: its facts fit into a row."""
    is_missing = finding.code.number.startswith("WC1") and finding.code is not Code.HIDDEN_BY_OPTION
    return is_missing and finding.package is not None and finding.version is not None


class BlockerRow(Struct, frozen=True, kw_only=True):
    """A project without a usable wheel: its *name* with its versions, and the error on each target with the notes beside it.

    *where* says on which targets; it is empty where that is said already. *written* is the file and line of the requirement that
    leads to it, where that is known.
    """

    name: str
    sightings: tuple[tuple[Finding, tuple[Finding, ...]], ...]
    where: str = ""
    written: str = ""

    @property
    def codes(self) -> tuple[Code, ...]:
        """The codes of its errors, each once."""
        return tuple(dict.fromkeys(finding.code for finding, _ in self.sightings))


def draw_blockers(page: Page, rows: Sequence[BlockerRow], most: int = MOST_BLOCKERS) -> None:
    """Add the first *most* of *rows* as a table under their codes and targets, which count all.

    It tells who wants each, the nearest version with a wheel, and where this version has wheels.
    """
    counts = Counter(row.codes for row in rows)
    rows = rows[:most]
    table = _table(page, rows)
    head, *drawn = table.lines
    title = "What blocks".ljust(len(head[0][0] + head[1][0]) - 2)
    page.blank()
    page.line((f"  {title}", "bold"), *((text, "dim") for text, _ in head[2:]))
    lines = list(zip(rows, drawn, strict=True))
    says_where = any(row.where != EVERY_TARGET for row in rows)
    for codes in dict.fromkeys(row.codes for row in rows):
        same = [(row, line) for row, line in lines if row.codes == codes]
        words = sentence(" or ".join(code.title for code in codes))
        numbers = ", ".join(code.number for code in codes)
        style = STYLES[Severity.ERROR]
        title, lead = f"{words} ({counts[codes]})  {numbers}", (_MARKS[Severity.ERROR], style)
        page.paragraph(title, lead=lead, indent=2, style=style)
        for where in dict.fromkeys(row.where for row, _ in same):
            if where and says_where:
                page.paragraph(where, lead=("on ", "dim"), indent=4, style="dim")
            page.lines += [line for row, line in same if row.where == where]


def _table(page: Page, rows: Sequence[BlockerRow]) -> Page:
    """A line for each of *rows*, after a header; the last column is cut at the width, and columns without room are left out."""
    header = (" " * (len("What blocks") - 2), "wanted by", "nearest", "has wheels for")
    names, nearest = [row.name for row in rows], [_nearest(row) for row in rows]
    fixed = 4 + 2 * 3 + max(map(len, (*names, header[0]))) + max(map(len, (*nearest, header[2])))
    elsewhere = [_elsewhere(row) for row in rows]
    room = min(max(page.width - fixed - _LEAST_ELSEWHERE, _LEAST_REQUIRER), _WIDEST_REQUIRER)
    # The place is told where no other column is cut for it.
    spare = min(room, page.width - fixed - max(map(len, (*elsewhere, header[3]))))
    requirers = [_requirer(row, room, spare) for row in rows]
    cells = list(zip(names, requirers, nearest, elsewhere, strict=True))
    columns = len(header)
    while columns > 1 and _least_width(header, cells, columns) > page.width:
        columns -= 1
    table = Page(width=page.width, encoding=page.encoding)
    table.columns((((row[0], "bold"), *row[1:columns]) for row in cells), indent=4, header=header[:columns])
    return table


def _least_width(header: Sequence[str], cells: Sequence[Sequence[str]], columns: int) -> int:
    """How wide the first *columns* are at least, when the last of them is cut."""
    widths = [max(len(row[column]) for row in (header, *cells)) for column in range(columns - 1)]
    return 4 + sum(width + 2 for width in widths) + _LEAST_REQUIRER


def _requirer(row: BlockerRow, room: int, spare: int) -> str:
    """Who wants it by the shortest way and how many ways more, or the name alone, in *room*; also the place in *spare*."""
    paths = [sorted(finding.paths, key=len) for finding, _ in row.sightings]
    ways = max(paths, key=len)
    by = _step(ways[0][-2]).replace("\N{NO-BREAK SPACE}", " ") if ways and len(ways[0]) > 1 else "you"
    more = f" +{len(ways) - 1}" if len(ways) > 1 else ""
    if row.written and len(by + more) + 2 + len(row.written) <= spare:
        return f"{by}{more}, {row.written}"
    name = by.partition(" ")[0]
    fitting = (text for text in (by + more, name + more, name) if len(text) <= room)
    return next(fitting, f"{name[: room - 3]}...")


def _nearest(row: BlockerRow) -> str:
    """The nearest version with a wheel; the lowest and the highest where it differs from target to target."""
    found = {
        finding.nearest: "newer" if finding.version is None or finding.nearest > finding.version else "older"
        for finding, _ in row.sightings
        if finding.nearest is not None
    }
    if not found:
        return "none"
    low, high = min(found), max(found)
    sides = " or ".join(sorted(set(found.values())))
    text = f"{low} {sides}" if low == high else f"{low} to {high}"
    return text if all(finding.nearest is not None for finding, _ in row.sightings) else f"{text}, or none"


def _elsewhere(row: BlockerRow) -> str:
    """The Pythons for which there are wheels on every target of *row*, else the platforms."""
    notes = [{each.code: each.elsewhere or () for each in (*beside, finding)} for finding, beside in row.sightings]
    for code in (Code.OTHER_PYTHONS, Code.OTHER_PLATFORMS):
        first, *others = (note.get(code, ()) for note in notes)
        if shared := [word for word in first if all(word in other for other in others)]:
            return f"Python {spanned(shared)}" if code is Code.OTHER_PYTHONS else _platforms(shared)
    if any(any(note.values()) for note in notes):
        return "differs by target"
    # A plan of an earlier release does not record them.
    return "" if any({Code.OTHER_PYTHONS, Code.OTHER_PLATFORMS} & note.keys() for note in notes) else "nothing"


def _platforms(words: Sequence[str]) -> str:
    """*words* by system: ``macosx arm64/x86_64, win_amd64``."""
    systems = grouped((word.partition(" ") for word in words), lambda parts: parts[0])
    return ", ".join(f"{system} {'/'.join(each[2] for each in same)}".strip() for system, same in systems.items())


def draw_hidden(page: Page, subjects: Sequence[str]) -> None:
    """Add how many errors more there are, and their *subjects*; nothing for none."""
    if subjects:
        page.blank()
        style = STYLES[Severity.ERROR]
        page.line(("  ", ""), (f"✗ {len(subjects)} more like these", style), (" (-v shows all)", "dim"))
        page.listing(list(dict.fromkeys(subjects)), rows=2, indent=4)


def draw_remedies(page: Page, findings: Iterable[Finding]) -> None:
    """Add the remedies in the evidence of *findings*, each once; where there is none, the cure of their code."""
    findings = tuple(findings)
    texts = (text for finding in findings for text in finding.evidence if text.startswith(_REMEDY))
    remedies = [text.removeprefix(_REMEDY) for text in texts]
    for text in dict.fromkeys(remedies or [finding.code.cure for finding in findings]):
        page.labelled("remedy" if remedies else "cure", text)


def draw_paths(page: Page, paths: Iterable[Sequence[str]], *, every: bool) -> None:
    """Add the paths by which something is required, the shortest first: *every* one, or one and the number of the others."""
    ordered = sorted(paths, key=len)
    shown = ordered if every else ordered[:1]
    for path in shown:
        more = len(ordered) - len(shown)
        tail = f" (and {more} more {'ways' if more > 1 else 'way'})" if more else ""
        way = " → ".join(_step(step) for step in path) if len(path) > 1 else f"you ({', '.join(path)})"
        page.labelled("wanted by", way + tail)


def _step(step: str) -> str:
    # ``av==11.0.0`` is a pin to a reader, ``numpy<2,>=1`` is a requirement and stays as it was written.
    is_pin = step.count("==") == 1 and not any(mark in step for mark in ",;*<>!~@ ")
    return glued(step.replace("==", " ") if is_pin else step)
