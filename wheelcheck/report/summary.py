"""The summary of a plan for a terminal: the verdict, the blockers, the other findings, the next steps, made for a glance."""

from __future__ import annotations

from collections.abc import Sequence

from wheelcheck.model.distribution import FROM_SOURCE, Installability, Status
from wheelcheck.model.environment import PlanSizes
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.plan import Plan, PlannedPackage
from wheelcheck.report.commands import draw_steps, iter_next_steps
from wheelcheck.report.findings import (
    MOST_BLOCKERS,
    MOST_NOTES,
    STYLES,
    TELLING,
    BlockerRow,
    companions,
    draw_blockers,
    draw_finding,
    draw_hidden,
    draw_note,
    draw_remedies,
    is_blocker,
    subject,
)
from wheelcheck.report.page import Detail, Page, on_page, sentence, size_text
from wheelcheck.report.repairs import draw_applied, draw_repairs
from wheelcheck.texts.words import counted, grouped

_ERRORS_IN_BRIEF = 5
_ERRORS_WITH_EVIDENCE_IN_BRIEF = 3
_ROWS_IN_BRIEF = 2
_ROWS_IN_FULL = 10_000
_MESSAGES_IN_BRIEF = 3
_NAMES_IN_BRIEF = 4
_WITH_MESSAGE = frozenset({Code.ADVISORY, Code.ABI_BREAK})
"""Codes of failures after installation: names alone would not explain them."""
_VERDICT_STYLES = {
    Status.INSTALLABLE: "bold green",
    Status.NEEDS_BUILD: "bold green",
    Status.BLOCKED: "bold red",
    Status.UNDECIDED: "bold yellow",
}


@on_page("ascii")
def render_summary(
    page: Page,
    plan: Plan,
    detail: Detail,
    *,
    asked: tuple[str, ...] = (),
    sizes: PlanSizes | None = None,
    written: str = "",
) -> None:
    """Draw *plan*; ``full`` shows every finding with its evidence and paths, and every package.

    *asked* is the command that made the plan, word by word, for the commands to run next, and *written* the file that it was
    written to, empty for none. *sizes* are shown where they were asked for; without them those of the plan, if it has all.
    """
    page.paragraph(verdict(plan), style=_VERDICT_STYLES[plan.status])
    draw_applied(page, plan, detail)
    _errors(page, plan, detail)
    _build_once(page, plan, detail)
    _warnings(page, plan, detail)
    draw_repairs(page, plan, detail, asked)
    _notes(page, plan, detail)
    if detail == "full" and plan.packages:
        _packages(page, plan)
    _index_line(page, plan)
    _size_line(page, plan, sizes)
    draw_steps(page, list(iter_next_steps(plan, asked, shown=detail, written=written)))


def verdict(plan: Plan) -> str:
    """The first line: whether *plan* installs on its target, and in numbers why not."""
    target, total = plan.target, len(plan.packages)
    match plan.status:
        case Status.UNDECIDED if plan.is_unverified:
            return f"Undecided on {target}: not all could be verified, because a host does not answer"
        case Status.UNDECIDED:
            return f"Undecided on {target}: the search ended before it had an answer"
        case Status.BLOCKED:
            return f"Blocked on {target}: {_blocked_by(plan)}"
        case Status.NEEDS_BUILD:
            built = len(_built(plan))
            return f"Installable on {target}, after building {built} of {counted(total, 'project')} once"
        case Status.INSTALLABLE if total == 0:
            return f"Nothing to install on {target}: the input asks for nothing"
        case Status.INSTALLABLE:
            return f"Installable on {target}: {'all ' if total > 1 else ''}{counted(total, 'project')} from wheels"


def _blocked_by(plan: Plan) -> str:
    codes = {finding.code for finding in plan.errors}
    offenders = {finding.package for finding in plan.errors}
    planned: set[object] = {package.name for package in plan.packages}
    if codes == {Code.CONFLICT}:
        return "the requirements clash"
    if codes == {Code.WITHDRAWN}:
        return f"{', '.join(sorted(map(str, offenders)))} was withdrawn by the maintainers"
    if codes and all(code.number.startswith("WC1") for code in codes) and offenders <= planned:
        # The commonest case has the shortest words, so that the first line stays one line at 80 columns.
        need = "needs" if len(offenders) == 1 else "need"
        why = f"{need} a compiler" if codes == {Code.SOURCE_NATIVE} else "cannot be installed from a wheel"
        return f"{len(offenders)} of {counted(len(planned), 'project')} {why}"
    count = len(plan.errors)
    return counted(count, "problem") if count else "there is no solution"


def _errors(page: Page, plan: Plan, detail: Detail) -> None:
    """Draw each error whole; in brief a row for each project without a wheel."""
    missing = [finding for finding in plan.errors if is_blocker(finding)]
    if detail == "brief" and missing:
        told = ((each, companions(each, plan.findings)) for each in missing)
        draw_blockers(page, [BlockerRow(name=subject(each), sightings=((each, notes),)) for each, notes in told])
        draw_hidden(page, [subject(finding) for finding in missing[MOST_BLOCKERS:]])
        errors = tuple(finding for finding in plan.errors if finding not in missing)
    else:
        errors = plan.errors
    shown = errors if detail == "full" else errors[:_ERRORS_IN_BRIEF]
    evidence = 1 if len(shown) <= _ERRORS_WITH_EVIDENCE_IN_BRIEF else 0
    for finding in shown:
        page.blank()
        draw_finding(page, finding, detail, beside=companions(finding, plan.findings), evidence=evidence)
    draw_hidden(page, [subject(finding) for finding in errors[len(shown) :]])


def _built(plan: Plan) -> tuple[PlannedPackage, ...]:
    """The packages that are built from source and that nothing objects to."""
    objected = {finding.package for finding in plan.errors}
    return tuple(each for each in plan.packages if each.installability in FROM_SOURCE and each.name not in objected)


def _build_once(page: Page, plan: Plan, detail: Detail) -> None:
    for installability, title in (
        (Installability.SDIST_PURE, "Build once, anywhere, without a compiler"),
        (Installability.SDIST_OPTIONAL, "Build once, anywhere, without a compiler: a part is left out"),
        (Installability.SDIST_NATIVE, "Build on such a machine, with a compiler"),
        (Installability.SDIST_UNKNOWN, "Build once, and look whether that needs a compiler"),
    ):
        names = [f"{each.name} {each.version}" for each in _built(plan) if each.installability is installability]
        if names:
            page.heading(f"{title} ({len(names)})")
            page.listing(names, rows=_ROWS_IN_FULL if detail == "full" else _ROWS_IN_BRIEF, indent=4)


def _of(plan: Plan, severity: Severity) -> list[tuple[Code, list[Finding]]]:
    """The findings of *severity* by code, in the order of the first finding of each code."""
    found = (finding for finding in plan.findings if finding.severity is severity)
    return list(grouped(found, lambda finding: finding.code).items())


def _warnings(page: Page, plan: Plan, detail: Detail) -> None:
    for code, findings in _of(plan, Severity.WARNING):
        page.blank()
        if detail == "full":
            for finding in findings:
                draw_finding(page, finding, detail)
            continue
        page.line(
            ("  ", ""),
            (f"! {sentence(code.title)} ({len(findings)})", STYLES[Severity.WARNING]),
            (f"  {code.number}", "dim"),
        )
        _briefly(page, code, findings)


def _briefly(page: Page, code: Code, findings: Sequence[Finding]) -> None:
    with_message = code in _WITH_MESSAGE or len(findings) <= _MESSAGES_IN_BRIEF
    rest = findings
    if with_message:
        rest = findings[_MESSAGES_IN_BRIEF:]
        for finding in findings[:_MESSAGES_IN_BRIEF]:
            page.paragraph(finding.message, indent=4)
    subjects = list(dict.fromkeys(subject(finding) for finding in rest if finding.package is not None))
    if subjects:
        page.listing(subjects, rows=_ROWS_IN_BRIEF, lead=("also ", "dim") if with_message else ("", ""), indent=4)
    if code in _WITH_MESSAGE:
        draw_remedies(page, findings)


def _notes(page: Page, plan: Plan, detail: Detail) -> None:
    # A note that was drawn beside an error is not repeated.
    drawn = [other for finding in plan.errors for other in companions(finding, plan.findings)]
    notes = _of(plan, Severity.INFO)
    groups = [(code, [finding for finding in findings if finding not in drawn]) for code, findings in notes]
    if detail == "full":
        for _, findings in groups:
            for finding in findings:
                page.blank()
                draw_finding(page, finding, detail)
        return
    telling = [(code, findings) for code, findings in groups if code in TELLING and 0 < len(findings) <= MOST_NOTES]
    if telling:
        page.blank()
    for finding in (each for _, findings in telling for each in findings):
        draw_note(page, finding)
    groups = [group for group in groups if group not in telling]
    # Pure source archives have their own list above.
    left = [(code, len(findings)) for code, findings in groups if findings and code is not Code.SOURCE_PURE]
    counts = [f"{code.title} ({count})" for code, count in left]
    if counts:
        text = "; ".join(counts) + "; -v shows all"
        page.paragraph(text, lead=("Notes: ", "bold"), indent=2, style="dim", apart=True)


def _packages(page: Page, plan: Plan) -> None:
    several = len({package.file.index for package in plan.packages if package.file is not None}) > 1
    page.heading(f"Packages ({len(plan.packages)})")
    page.columns(
        (
            (
                package.name,
                str(package.version),
                package.installability.value,
                size_text(package.size) if package.size is not None else "?",
                *((package.file.index or "" if package.file is not None else "",) if several else ()),
                "you" if package.requested else ", ".join(package.required_by),
            )
            for package in plan.packages
        ),
        indent=4,
        header=("name", "version", "from", "size", *(("index",) if several else ()), "wanted by"),
    )


def _index_line(page: Page, plan: Plan) -> None:
    """Where the packages come from: from several indexes, or from one of several that were asked, folders aside."""
    asked = [index for index in plan.options.indexes if not index.startswith("file:")]
    placed = [(package.file.index, package.name) for package in plan.packages if package.file and package.file.index]
    names = grouped(placed, lambda pair: pair[0])
    if len(names) < 2 and len(asked) + len(plan.options.sources) < 2:
        return
    parts = sorted(names.items(), key=lambda part: -len(part[1]))
    text = "; ".join(
        f"{', '.join(name for _, name in listed) if len(listed) <= _NAMES_IN_BRIEF else counted(len(listed), 'project')} "
        f"from {index}"
        for index, listed in parts
    )
    if text:
        page.paragraph(text, lead=("Indexes: ", "bold"), indent=2, apart=True)


def _size_line(page: Page, plan: Plan, sizes: PlanSizes | None) -> None:
    from wheelcheck.report.fetch import render_download, render_sizes

    if sizes is None and plan.status in (Status.INSTALLABLE, Status.NEEDS_BUILD):
        stated = [package.size for package in plan.packages if package.size is not None]
        text = render_download(sum(stated)) if stated and len(stated) == len(plan.packages) else ""
    else:
        text = "" if sizes is None else render_sizes(sizes)
    if text:
        page.paragraph(text, lead=("Size: ", "bold"), indent=2, apart=True)
