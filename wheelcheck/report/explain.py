"""The answer of ``explain`` for a terminal: each distribution that failed, the log's line, why it failed, and what helps."""

from __future__ import annotations

from wheelcheck.model.failure import BuildCause, Explained, Explanation, Failure, FailureKind, LogQuote, TroubleKind
from wheelcheck.model.judgement import Installability, Status
from wheelcheck.model.plan import Plan
from wheelcheck.report.commands import asked_command, wrapped_command
from wheelcheck.report.findings import companions, draw_finding
from wheelcheck.report.page import Detail, Page, counted, glued, joined, on_page
from wheelcheck.report.quoting import flat
from wheelcheck.report.repairs import draw_repairs
from wheelcheck.report.wording import listed_among

_KINDS = {
    FailureKind.BUILD: "its build failed",
    FailureKind.NO_MATCH: "nothing matched",
    FailureKind.PYTHON: "it requires another Python",
}
TROUBLES = {
    TroubleKind.NETWORK: "The network or an index failed, and no wheel would have helped: look at index, proxy and certificates.",
    TroubleKind.HASH: "A file does not have the hash that was asked for, which is no matter of wheels: find out which changed.",
    TroubleKind.CONFLICT: "The requirements clash. That is no matter of wheels: `wheelcheck plan` on them shows who asks for what.",
    TroubleKind.DISK: "The disk was full. That is no matter of wheels.",
    TroubleKind.MEMORY: "The memory ran out, most often in a build, and a wheel needs none: `wheelcheck check` them.",
    TroubleKind.ACCESS: "The installer may not write there, which is no matter of wheels: install into a virtual environment.",
}
"""What is said of each kind of trouble."""

_QUOTES_IN_BRIEF = 1
_QUOTED = 160
_SYSTEMS = {"musllinux": ("alpine",), "manylinux": ("debian", "fedora"), "macosx": ("macos",), "win": ("windows",)}


@on_page("ascii")
def render_explanation(page: Page, explanation: Explanation, detail: Detail) -> None:
    """Draw *explanation*; ``full`` shows every finding and line."""
    page.paragraph(headline(explanation), style="bold green" if explanation.exit_status == 0 else "bold red")
    for each in explanation.explained:
        page.blank()
        _failure(page, each, detail)
    for trouble in explanation.log.troubles:
        page.blank()
        page.paragraph(TROUBLES[trouble.kind], lead=("! ", "yellow"), indent=2)
        _quote(page, "log", trouble.quote)
    _places(page, explanation)
    if not explanation.log.failures and not explanation.log.troubles:
        _errors(page, explanation)


def _places(page: Page, explanation: Explanation) -> None:
    """Add where the installer looked and the answer did not: a log is not obeyed, so its indexes are named only."""
    plans = [each.plan for each in explanation.explained if each.plan is not None]
    asked = {place.rstrip("/") for plan in plans for place in (*plan.options.indexes, *plan.options.find_links)}
    elsewhere = [flat(place) for place in explanation.log.places if place.rstrip("/") not in asked]
    if asked and elsewhere:
        page.blank()
        text = f"The installer looked in {joined(elsewhere)} too; with -i, --extra-index-url or -f it is asked as well"
        page.paragraph(text, lead=("! ", "yellow"), indent=2)


def headline(explanation: Explanation) -> str:
    """The answer in one line."""
    log, path = explanation.log, explanation.path
    tools = f" of {joined(log.tools)}" if log.tools else ""
    if log.failures:
        named = joined(list(dict.fromkeys(_named(failure) for failure in log.failures)))
        return f"{counted(len(log.failures), 'distribution')} failed in this log{tools}: {named}"
    if log.troubles:
        return f"No distribution failed in this log{tools}, and no wheel is missing: something else went wrong"
    if explanation.is_understood:
        return f"Nothing failed in this log{tools}"
    if log.tools or log.unknown:
        return f"{flat(path)}: no failure that wheelcheck knows is in this log{tools}"
    return f"{flat(path)}: no installer that wheelcheck knows speaks in this log of {counted(log.lines, 'line')}"


def _named(failure: Failure) -> str:
    return (
        glued(f"{failure.name} {failure.version}")
        if failure.version is not None
        else f"{failure.name}{failure.specifier}"
    )


def _failure(page: Page, each: Explained, detail: Detail) -> None:
    failure = each.failure
    page.line(("  ", ""), (f"✗ {_named(failure)}", "bold red"), (f"  {_KINDS[failure.kind]}", ""))
    _quote(page, "log", failure.quote)
    if failure.by:
        suits = (
            ""
            if failure.by.startswith("-r ")
            else "; what replaces it has to suit that too: `wheelcheck plan` your requirements"
        )
        page.labelled("wanted by", f"{flat(failure.by)}{suits}")
    for cause in failure.causes if detail == "full" else failure.causes[:_QUOTES_IN_BRIEF]:
        _cause(page, cause, each, detail)
    if each.target is not None:
        page.labelled("target", f"{each.target}{_assumption(each)}")
        if detail == "full":
            for quote in failure.target.evidence:
                _quote(page, "", quote)
    if each.problem:
        page.labelled("no answer" if each.has_index_failed else "note", flat(each.problem))
    if each.plan is not None:
        _answer(page, each, each.plan, detail)


def _assumption(each: Explained) -> str:
    if each.inferred:
        rest = f", and the {each.assumed[0]} is this machine's: give --{each.assumed[0]}" if each.assumed else ""
        return f" (the {' and the '.join(each.inferred)} for which the index has just the versions that the log lists{rest})"
    if not each.assumed:
        return ""
    options = " and ".join(f"--{name}" for name in each.assumed)
    return f" (the log does not tell the {' and the '.join(each.assumed)}, so this machine's was taken: give {options})"


def _quote(page: Page, label: str, quote: LogQuote) -> None:
    text = flat(quote.text)
    shown = text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
    page.labelled(label, f"line {quote.line}: {shown}", style="dim")


def _cause(page: Page, cause: BuildCause, each: Explained, detail: Detail) -> None:
    page.labelled("cause", flat(cause.message))
    _quote(page, "", cause.quote)
    platform = each.target.platform if each.target is not None else ""
    systems = next(
        (systems for start, systems in _SYSTEMS.items() if platform.startswith(start)), tuple(cause.packages)
    )
    shown = [f"{cause.packages[system]} ({system})" for system in systems if system in cause.packages]
    if shown and detail == "full":
        page.labelled("to build", f"install {', or '.join(shown)}")


def _answer(page: Page, each: Explained, plan: Plan, detail: Detail) -> None:
    """Add what the *plan* of the requirement says: the findings, or the file that the installer did not take."""
    for finding in plan.errors:
        page.blank()
        draw_finding(page, finding, detail, beside=companions(finding, plan.findings))
    if plan.status in (Status.INSTALLABLE, Status.NEEDS_BUILD):
        _installable(page, plan, each)
    elif plan.status is Status.UNDECIDED and not plan.errors:
        page.labelled("answer", "undecided: the search ended before it had an answer")
    draw_repairs(page, plan, detail)
    page.blank()
    page.line(("    # ", "dim"), ("look at it alone", "dim"))
    for line in wrapped_command(asked_command(plan), page.width - 4):
        page.line(("    ", ""), (line, ""))


def _installable(page: Page, plan: Plan, each: Explained) -> None:
    failure = each.failure
    package = next((package for package in plan.packages if package.name == failure.name), None)
    if package is None or package.file is None:
        page.labelled("answer", f"{failure.name} is not needed on {plan.target}")
        return
    day = f", there since {package.file.upload_time[:10]}" if package.file.upload_time else ""
    if package.installability is Installability.WHEEL:
        page.labelled(
            "answer", f"{package.name} {package.version} has a wheel for this target: {package.file.filename}{day}"
        )
        text = (
            _without_versions(each)
            if each.common
            else "the log does not name the version that it looked for; give the target or the requirements to `wheelcheck plan`"
            if failure.version is None and not failure.specifier
            else "the installer did not take it: another target than this one, an older pip, --no-binary or another index"
        )
        page.labelled("", text)
    else:
        page.labelled(
            "answer",
            f"{package.name} {package.version} has no wheel, but its source archive is pure Python: build it once "
            "(`wheelcheck fetch` does), and ship the wheel",
        )


def _without_versions(each: Explained) -> str:
    """What may be behind an installer that found no version at all."""
    if not each.empty:
        return "the installer found no version, though each common target has one: another index, or one that did not answer"
    where = listed_among(each.common, each.empty)
    return f"the installer found no version, and the index has none for {where}: give --platform and --python of its machine"


def _errors(page: Page, explanation: Explanation) -> None:
    if not explanation.log.unknown:
        if not explanation.is_understood:
            page.paragraph(
                "Give the output of pip, uv, Poetry, PDM or docker build, with the lines before the error.", indent=2
            )
        return
    page.blank()
    page.line(("  Lines that report an error", "bold"))
    for quote in explanation.log.unknown:
        _quote(page, "", quote)
