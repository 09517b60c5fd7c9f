"""Draws one finding on a page: its subject, reasons and requirers, and where wheels do exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.report.page import Detail, Page, Segment, glued, sentence

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
"""rich's words for how each severity is coloured."""

_MARKS = {Severity.ERROR: "✗ ", Severity.WARNING: "! ", Severity.INFO: "• "}
_BESIDE = {
    Code.OTHER_PYTHONS: "elsewhere",
    Code.OTHER_PLATFORMS: "elsewhere",
    Code.OTHER_VERSIONS: "nearest",
    Code.BUILD_NEEDS: "to build",
}
"""Notes that are drawn with an error, each with the word before it."""
_CLASHING = 4
_WIDEST_REQUIRER = 28
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
    return tuple(
        other
        for other in among
        if other.severity is Severity.INFO
        and other.code in _BESIDE
        and (other.package, other.version) == (finding.package, finding.version)
    )


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


def is_blocker(finding: Finding) -> bool:
    """Whether *finding* is about one project without a usable wheel: its facts fit into a row."""
    is_missing = finding.code.number.startswith("WC1") and finding.code is not Code.HIDDEN_BY_OPTION
    return is_missing and finding.package is not None and finding.version is not None


def draw_blockers(page: Page, findings: Sequence[Finding], among: Sequence[Finding]) -> None:
    """Add a row for each of *findings* under its code: who wants it, the nearest version with a wheel, and where this one has some.

    The notes *among* all findings of a plan tell the last.
    """
    table = Page(width=page.width, encoding=page.encoding)
    rows = [_blocker_row(finding, companions(finding, among)) for finding in findings]
    table.columns(rows, indent=4, header=("", "wanted by", "nearest", "has wheels for"))
    drawn = dict(zip(findings, table.lines[1:], strict=True))
    page.blank()
    page.lines.append(tuple((text, "dim") for text, _ in table.lines[0]))
    for code in dict.fromkeys(finding.code for finding in findings):
        same = [finding for finding in findings if finding.code is code]
        title = (f"{_MARKS[Severity.ERROR]}{sentence(code.title)} ({len(same)})", STYLES[Severity.ERROR])
        page.line(("  ", ""), title, (f"  {code.number}", "dim"))
        page.lines += [drawn[finding] for finding in same]


def _blocker_row(finding: Finding, beside: Sequence[Finding]) -> tuple[Segment, ...]:
    ways = sorted(finding.paths, key=len)
    by = _step(ways[0][-2]).replace("\N{NO-BREAK SPACE}", " ") if ways and len(ways[0]) > 1 else "you"
    if len(by) > _WIDEST_REQUIRER:
        by = by.partition(" ")[0]
    more = f" +{len(ways) - 1}" if len(ways) > 1 else ""
    nearest = "none"
    if finding.nearest is not None and finding.version is not None:
        nearest = f"{finding.nearest} {'newer' if finding.nearest > finding.version else 'older'}"
    notes = {each.code: each.elsewhere or () for each in (*beside, finding) if each.elsewhere}
    pythons, platforms = notes.get(Code.OTHER_PYTHONS, ()), notes.get(Code.OTHER_PLATFORMS, ())
    elsewhere = f"Python {spanned(pythons)}" if pythons else ", ".join(platforms) or "nothing"
    return ((subject(finding), "bold"), (by + more, ""), (nearest, ""), (elsewhere, ""))


def spanned(pythons: Sequence[str]) -> str:
    """*pythons* with neighbours as a span: ``3.8 to 3.11, 3.13t``."""
    spans: list[list[str]] = []
    for word in pythons:
        if spans and _minor(word) == _minor(spans[-1][-1]) + 1 > 1:
            spans[-1].append(word)
        else:
            spans.append([word])
    words = [part for span in spans for part in ([f"{span[0]} to {span[-1]}"] if len(span) > 2 else span)]
    return ", ".join(words)


def _minor(word: str) -> int:
    """11 of ``3.11``; a number that has no neighbour for any other word."""
    minor = word.removeprefix("3.")
    return int(minor) if minor.isdigit() and minor != word else -9


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
    remedies = [
        text.removeprefix(_REMEDY) for finding in findings for text in finding.evidence if text.startswith(_REMEDY)
    ]
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
