"""The answer of ``explain``: each distribution that failed, the log's line, why it failed, and what helps; as text and JSON."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Struct
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from wheelcheck.model.distribution import Installability, Status
from wheelcheck.model.document import SCHEMA_KEY, Count, ProjectName, about, document_of, render_shareable, stated
from wheelcheck.model.failure import (
    BuildCause,
    Explained,
    Explanation,
    Failure,
    FailureKind,
    LoggedTarget,
    LogQuote,
    Trouble,
    TroubleKind,
)
from wheelcheck.model.finding import Finding
from wheelcheck.model.plan import Plan, PlannedPackage
from wheelcheck.model.target import TargetName
from wheelcheck.plans.repair_documents import RepairDocument, repair_document
from wheelcheck.report.commands import asked_command, wrapped_command
from wheelcheck.report.findings import companions, draw_finding
from wheelcheck.report.page import Detail, Page, glued, on_page
from wheelcheck.report.repairs import draw_repairs
from wheelcheck.report.wording import flat, listed_among
from wheelcheck.texts.words import counted, joined

_Texts = tuple[str, ...]
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
    TroubleKind.FILENAME: "A wheel is called NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl, BUILD beginning with a digit: "
    "name the file so, a label of its version behind a plus, such as a-1.0+cu128-cp312-cp312-win_amd64.whl.",
}
"""What is said of each kind of trouble."""

_GIVE = "give --platform and --python of its machine"
_OLDER = {"pip": "an older pip", "setuptools": "an older installer"}
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
    if failure.version is not None:
        return glued(f"{failure.name} {failure.version}")
    return f"{failure.name}{failure.specifier}"


def _failure(page: Page, each: Explained, detail: Detail) -> None:
    failure = each.failure
    page.line(("  ", ""), (f"✗ {_named(failure)}", "bold red"), (f"  {_KINDS[failure.kind]}", ""))
    _quote(page, "log", failure.quote)
    if failure.by:
        suits = "; what replaces it has to suit that too: `wheelcheck plan` your requirements"
        page.labelled("wanted by", flat(failure.by) + ("" if failure.by.startswith("-r ") else suits))
    for cause in failure.causes if detail == "full" else failure.causes[:_QUOTES_IN_BRIEF]:
        _cause(page, cause, each, detail)
    if each.target is not None:
        page.labelled("target", f"{each.target}{_assumption(each)}")
        if detail == "full":
            for quote in failure.target.evidence:
                _quote(page, "", quote)
    if failure.refused:
        page.labelled("file", _refused(failure.refused))
    if each.problem:
        page.labelled("no answer" if each.has_index_failed else "note", flat(each.problem))
    if each.plan is not None:
        _answer(page, each, each.plan, detail)


def _refused(file: str) -> str:
    """What the wheel *file*, which the installer was given, is for."""
    tags = parse_wheel_filename(file)[3]
    pythons = {
        f"Python {found[1]}.{found[2]}{' or newer' if tag.abi == 'abi3' else 't' if tag.abi.endswith('t') else ''}"
        if (found := re.fullmatch(r"cp(3)(\d{1,2})", tag.interpreter))
        else tag.interpreter
        for tag in tags
    }
    where = joined(sorted({tag.platform for tag in tags}))
    return (
        f"{flat(file)} is for {joined(sorted(pythons))} on {where}, and the installer ran on another: "
        "look for the file of its Python and machine"
    )


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
    known = (systems for start, systems in _SYSTEMS.items() if platform.startswith(start))
    systems = next(known, tuple(cause.packages))
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
    failure, package = each.failure, _package(plan, each)
    if package is None or package.file is None:
        page.labelled("answer", f"{failure.name} is not needed on {plan.target}")
        return
    day = f", there since {package.file.upload_time[:10]}" if package.file.upload_time else ""
    named = f"{package.name} {package.version}"
    if package.installability is not Installability.WHEEL:
        how = "build it once (`wheelcheck fetch` does), and ship the wheel"
        page.labelled("answer", f"{named} has no wheel, but its source archive is pure Python: {how}")
        return
    page.labelled("answer", f"{named} has a wheel for this target: {package.file.filename}{day}")
    older = _OLDER.get(failure.tool, "a lock from before that day")
    text = f"the installer did not take it: another target than this one, {older}, --no-binary or another index"
    if each.common:
        text = _without_versions(each)
    elif failure.version is None and not failure.specifier:
        text = "the log does not name the version that it looked for; give the target or the requirements to `wheelcheck plan`"
    page.labelled("", text)


def _package(plan: Plan, each: Explained) -> PlannedPackage | None:
    return next((package for package in plan.packages if package.name == each.failure.name), None)


def _without_versions(each: Explained) -> str:
    """What may be behind an installer that found no version at all, or built what has a wheel."""
    built = each.failure.kind is FailureKind.BUILD
    if not each.empty and built:
        return "the installer built its source, though each common target has a wheel: an older pip, --no-binary or another index"
    if not each.empty:
        return "the installer found no version, though each common target has one: another index, or one that did not answer"
    where = listed_among(each.common, each.empty)
    if built:
        return f"the installer built its source, and the index has no wheel for {where}: {_GIVE}"
    return f"the installer found no version, and the index has none for {where}: {_GIVE}"


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


class FailureDocument(Struct, frozen=True, kw_only=True):
    """A distribution that failed, and what is known of it on the target."""

    name: Annotated[ProjectName, about("The project.")]
    version: Annotated[Version | None, about("The version that failed; null where the log does not tell.")]
    requirement: Annotated[str, about("The requirement that was planned for it.")]
    kind: Annotated[
        FailureKind,
        about(
            "build: its source archive did not build. no match: no version or file fits. python: it requires another Python."
        ),
    ]
    tool: Annotated[str, about("The installer that says so.")]
    quote: Annotated[LogQuote, about("The line that says so.")]
    wanted_by: Annotated[str | None, about("Who asks for it, in the words of the log.")]
    local: Annotated[bool, about("Whether it is a folder of the user's own, which is on no index.")]
    causes: Annotated[tuple[BuildCause, ...], about("Why the build failed, as the log shows it.")]
    logged_target: Annotated[LoggedTarget, about("The target as far as the log tells.")]
    target: Annotated[TargetName | None, about("The target that was asked about; null where nothing was planned.")]
    assumed: Annotated[
        _Texts, about("Parts of the target that nobody told: those of the running interpreter were taken.")
    ]
    inferred: Annotated[
        _Texts, about("Parts of the target for which the index has just the versions that the installer lists.")
    ]
    empty: Annotated[
        tuple[TargetName, ...],
        about(
            "Where the installer found no version of the project, or built it from source: the common targets for which the index "
            "has none, or no wheel of it."
        ),
    ]
    status: Annotated[Status | None, about("How the plan of the requirement came out; null where there is none.")]
    installability: Annotated[Installability | None, about("How the planned version installs on the target.")]
    file: Annotated[str | None, about("The file of the planned version, where the plan can be executed.")]
    nearest: Annotated[Version | None, about("The nearest version that has a wheel for the target.")]
    findings: Annotated[tuple[Finding, ...], about("As in the schema of the plan.")]
    repairs: Annotated[tuple[RepairDocument, ...], about("As in the schema of the plan.")]
    problem: Annotated[str | None, about("Why there is no plan.")]


class TroubleDocument(Trouble, frozen=True, kw_only=True):
    """A failure that is no matter of wheels."""

    message: Annotated[str, about("A whole sentence.")]


class ExplainDocument(Struct, frozen=True, kw_only=True):
    """What failed in the log of an installer, why there is no wheel, and the repairs.

    Keys may be added without a new schema number: readers keep what they do not know.
    """

    schema: Annotated[Literal["wheelcheck.explain/1"], SCHEMA_KEY]
    exit_status: Annotated[
        int,
        stated(
            "0: nothing failed in the log. 1: something did, and is named. 2: the log holds no failure that wheelcheck knows. "
            "3: an index failed.",
            enum=[0, 1, 2, 3],
        ),
    ]
    summary: Annotated[str, about("The answer in one line.")]
    path: Annotated[str, about("The log, as the user named it.")]
    lines: Annotated[Count, about("How many lines it has.")]
    tools: Annotated[_Texts, about("The installers that speak in it.")]
    places: Annotated[_Texts, about("Indexes and folders that the installer looked in, where the log names them.")]
    failures: Annotated[tuple[FailureDocument, ...], about("Every distribution that failed, in the order of the log.")]
    troubles: Annotated[tuple[TroubleDocument, ...], about("What else failed.")]
    unknown: Annotated[
        tuple[LogQuote, ...],
        about("Lines that report an error of which wheelcheck knows nothing, where nothing else was found."),
    ]


def render_explanation_json(explanation: Explanation) -> str:
    """Render *explanation* as the JSON of schema ``wheelcheck.explain/1``, ending in a newline."""
    log = explanation.log
    is_explained = bool(log.failures or log.troubles)
    return render_shareable(
        document_of(
            ExplainDocument,
            log,
            schema="wheelcheck.explain/1",
            exit_status=explanation.exit_status,
            summary=headline(explanation).replace("\N{NO-BREAK SPACE}", " "),
            path=explanation.path,
            failures=tuple(map(_document, explanation.explained)),
            troubles=tuple(
                TroubleDocument(kind=trouble.kind, quote=trouble.quote, message=TROUBLES[trouble.kind])
                for trouble in log.troubles
            ),
            unknown=() if is_explained else log.unknown,
        )
    )


def _document(each: Explained) -> FailureDocument:
    failure, plan = each.failure, each.plan
    package = _package(plan, each) if plan is not None else None
    errors = plan.errors if plan is not None else ()
    return document_of(
        FailureDocument,
        failure,
        wanted_by=failure.by or None,
        local=failure.is_local,
        logged_target=failure.target,
        target=each.target.name if each.target is not None else None,
        assumed=each.assumed,
        inferred=each.inferred,
        empty=tuple(target.name for target in each.empty),
        status=plan.status if plan is not None else None,
        installability=package.installability if package is not None else None,
        file=package.filename if package is not None and not errors else None,
        nearest=nearest(each),
        findings=plan.findings if plan is not None else (),
        repairs=tuple(map(repair_document, plan.repairs)) if plan is not None else (),
        problem=each.problem or None,
    )


def nearest(each: Explained) -> Version | None:
    """The nearest version of the failed distribution that has a wheel for its target, ``None`` where none is known."""
    findings = each.plan.findings if each.plan is not None else ()
    own = (finding.nearest for finding in findings if finding.package == each.failure.name)
    return next((version for version in own if version is not None), None)
