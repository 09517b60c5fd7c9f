"""The answers of ``verify``, a table of distributions, then every problem with its remedy, and of ``doctor``; as JSON too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.document import SCHEMA_KEY, about, document_of, render_json
from wheelcheck.model.environment import Fitness, MachineCheck, RuntimeKind
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import (
    FILE_KINDS,
    LIBRARY_KINDS,
    InspectedDistribution,
    Inspection,
    Problem,
    ProblemKind,
    TrialOutcome,
)
from wheelcheck.report.page import Detail, Page, Segment, glued, on_page
from wheelcheck.texts.words import counted, grouped, joined

_GOOD, _BAD, _NONE = ("✓", "ok"), ("✗", "x"), ("\N{EN DASH}", "-")
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
_TITLES = {Severity.ERROR: "Problems", Severity.WARNING: "Warnings", Severity.INFO: "Notes"}
_OF_MANY = frozenset((ProblemKind.PACKAGE_MISSING, ProblemKind.PACKAGE_EXTRA))
"""Kinds that are grouped over all distributions."""
_INSTALL = re.compile(r"on Debian: apt-get install ([a-z0-9][^ (,;]*(?: [a-z0-9][^ (,;]*)*)")
_ROWS = 2
"""Lines that name the files of one group."""


@on_page("ascii")
def render_verify(page: Page, inspection: Inspection, detail: Detail) -> None:
    """Draw *inspection*; ``full`` shows the notes and every file of a group too."""
    verbose = detail == "full"
    _headline(page, inspection)
    if inspection.distributions:
        page.blank()
        rows = (_cells(page, each, inspection) for each in inspection.distributions)
        # A long name must not push the marks off the page.
        page.columns(rows, indent=2, header=("name", "version", "files", "libraries", "imports"), cut=0)
    if inspection.no_imports:
        page.paragraph(inspection.no_imports, lead=("No imports: ", "bold"), indent=2, apart=True)
    for severity in Severity:
        if severity is not Severity.INFO or verbose:
            _problems(page, inspection.of_severity(severity), severity, verbose)
    notes = inspection.of_severity(Severity.INFO)
    if notes and not verbose:
        page.paragraph(f"{counted(len(notes), 'note')}; -v shows them", indent=2, style="dim", apart=True)


def _headline(page: Page, inspection: Inspection) -> None:
    errors, warnings = len(inspection.errors), len(inspection.warnings)
    fine = "no problems" if not warnings else f"no problems, {counted(warnings, 'warning')}"
    answer, mark, style = (counted(errors, "problem"), "✗ ", "bold red") if errors else (fine, "✓ ", "bold green")
    page.paragraph(f"{inspection.subject}: {answer}", lead=(mark if page.has(mark) else "", style), style=style)
    runtime = inspection.runtime
    facts = [
        runtime.kind.value if runtime.kind.value != "none" else "packages without a Python",
        " ".join(word for word in (runtime.system or "any system", runtime.machine or "") if word),
        f"Python {runtime.python}{' free-threaded' if runtime.free_threaded else ''}" if runtime.python else "",
        f"target {inspection.target}" if inspection.target else "",
        f"held against {joined(inspection.compared)}" if inspection.compared else "",
    ]
    page.paragraph(", ".join(glued(fact) for fact in facts if fact), indent=2, style="dim")


def _cells(page: Page, each: InspectedDistribution, inspection: Inspection) -> list[Segment]:
    mine = [problem for problem in inspection.problems if problem.distribution == each.name]
    files = _mark(page, each.files, _worst(mine, FILE_KINDS))
    libraries = _mark(page, each.libraries, _worst(mine, LIBRARY_KINDS))
    tried = [trial for trial in each.imports if trial.outcome is not TrialOutcome.SKIPPED]
    good = sum(trial.outcome is TrialOutcome.IMPORTED for trial in tried)
    if not tried:
        imports: Segment = (_word(page, _NONE), "dim")
    elif good == len(tried):
        native = f", {each.native_loaded} of {each.native_modules} native" if each.native_modules else ""
        # Machine code that nothing loaded is not known to load.
        is_shown = bool(each.native_loaded) or not each.native_modules
        imports = (f"{_word(page, _GOOD) if is_shown else '!'} {good}{native}", "green" if is_shown else "yellow")
    else:
        imports = (f"{_word(page, _BAD)} {len(tried) - good} of {len(tried)}", "bold red")
    return [(each.name, ""), (each.version, ""), files, libraries, imports]


def _worst(problems: Sequence[Problem], kinds: frozenset[ProblemKind]) -> Severity | None:
    found = {problem.severity for problem in problems if problem.kind in kinds}
    return next((severity for severity in (Severity.ERROR, Severity.WARNING) if severity in found), None)


def _mark(page: Page, count: int, worst: Severity | None) -> Segment:
    if worst is Severity.ERROR:
        return f"{_word(page, _BAD)} {count}", "bold red"
    if worst is Severity.WARNING:
        return f"! {count}", "yellow"
    return (f"{_word(page, _GOOD)} {count}", "green") if count else (_word(page, _NONE), "dim")


def _word(page: Page, mark: tuple[str, str]) -> str:
    return mark[0] if page.has(mark[0]) else mark[1]


def _problems(page: Page, problems: Sequence[Problem], severity: Severity, verbose: bool) -> None:
    if not problems:
        return
    page.heading(f"{_TITLES[severity]} ({len(problems)})", _STYLES[severity])
    systems, rest = ((), problems) if verbose else _of_systems(problems)
    for named in systems:
        _of_system(page, named)
    for group in grouped(rest, _sort).values():
        for problem in group if verbose else group[:1]:
            page.paragraph(_worded(problem), lead=("- ", _STYLES[severity]), indent=2)
        if len(group) > 1 and not verbose:
            likewise = list(dict.fromkeys(_briefly(problem, group[0]) for problem in group[1:]))
            page.listing(likewise, rows=_ROWS, lead=("likewise ", "dim"), indent=4)
        if group[0].remedy:
            page.paragraph(group[0].remedy, lead=("→ ", "cyan"), indent=4)


def _worded(problem: Problem) -> str:
    owner = problem.distribution
    named = owner is None or re.search(rf"(?<![\w.-]){re.escape(owner)}(?![\w.-])", problem.message)
    return problem.message if named else f"{owner}: {problem.message}"


def _briefly(problem: Problem, first: Problem) -> str:
    """*problem* in few words beside one like it: its file by name, and its library where that is another."""
    if problem.kind in _OF_MANY and problem.distribution is not None:
        return problem.distribution
    words = (problem.file or "").rpartition("/")[2] if problem.kind in LIBRARY_KINDS else problem.file
    if not words:
        return problem.library or problem.message
    return f"{words} ({problem.library})" if problem.library != first.library and problem.library else words


def _of_systems(problems: Sequence[Problem]) -> tuple[Sequence[Sequence[Problem]], Sequence[Problem]]:
    """Those warnings that name packages of the system, for each distribution that has several kinds of them; and the rest."""
    found = grouped(filter(_names_packages, problems), lambda problem: problem.distribution)
    several = {owner: each for owner, each in found.items() if len({problem.remedy for problem in each}) > 1}
    return tuple(several.values()), [
        problem for problem in problems if not (problem.distribution in several and _names_packages(problem))
    ]


def _names_packages(problem: Problem) -> bool:
    is_warning = problem.severity is Severity.WARNING and problem.library is not None
    return is_warning and _INSTALL.match(problem.remedy or "") is not None


def _of_system(page: Page, problems: Sequence[Problem]) -> None:
    """One sentence for all libraries of the system that a distribution such as Qt's needs, and one remedy."""
    files, libraries = {problem.file for problem in problems}, sorted({problem.library or "" for problem in problems})
    packages = dict.fromkeys(
        name for problem in problems if (match := _INSTALL.match(problem.remedy or "")) for name in match[1].split()
    )
    verb = "needs" if len(files) == 1 else "need"
    owner = problems[0].distribution or "the runtime"
    head = f"{owner}: {counted(len(files), 'file')} {verb} libraries that slim images or servers lack:"
    page.paragraph(f"{head} {', '.join(libraries)}", lead=("- ", _STYLES[Severity.WARNING]), indent=2)
    told = "on Debian, what the program uses of these (--verbose says which file needs which): apt-get install"
    page.paragraph(f"{told} {' '.join(packages)}", lead=("→ ", "cyan"), indent=4)


def _sort(problem: Problem) -> tuple[ProblemKind, str | None, str]:
    """What problems share that are told together: the kind, the distribution but where packages are counted, and the remedy."""
    owner = None if problem.kind in _OF_MANY else problem.distribution
    return problem.kind, owner, (problem.remedy or "").replace(problem.library or "\0", "")


class RuntimeDocument(Struct, frozen=True, kw_only=True):
    """The Python of the environment, found without running it."""

    kind: Annotated[RuntimeKind, about("none: packages without a Python.")]
    python: Annotated[Version | None, about("Its version, as far as files tell it.")]
    system: Annotated[str | None, about("windows, linux (glibc), musl or macos.")]
    machine: Annotated[str | None, about("As wheel tags spell it: amd64, arm64, x86_64, aarch64.")]
    free_threaded: Annotated[bool, about("Whether it has no global lock.")]


class VerifyDocument(Struct, frozen=True, kw_only=True):
    """What a look at a bundle or environment found.

    Keys, kinds of problems and outcomes may be added without a new schema number: readers keep what they do not know.
    """

    schema: Annotated[Literal["wheelcheck.verify/1"], SCHEMA_KEY]
    subject: Annotated[str, about("The path that was given.")]
    ok: Annotated[
        bool, about("Whether there is no problem of severity error; with --strict the command fails on warnings too.")
    ]
    runtime: RuntimeDocument
    site_packages: Annotated[str, about("Where its packages are, relative to the root, with /; . is the root itself.")]
    target: Annotated[
        str | None, about("The platform whose floor counted, such as manylinux_2_28_x86_64; null where none is known.")
    ]
    compared: Annotated[tuple[str, ...], about("What the files were held against: RECORD, manifest, plan.")]
    no_imports: Annotated[str | None, about("Why no import was tried; null where imports were.")]
    distributions: Annotated[tuple[InspectedDistribution, ...], about("Sorted by name.")]
    problems: Annotated[tuple[Problem, ...], about("Errors first, then warnings, then notes.")]


def render_verify_json(inspection: Inspection) -> str:
    """*inspection* as JSON (schema ``wheelcheck.verify/1``), ending in a newline."""
    runtime = document_of(RuntimeDocument, inspection.runtime, system=inspection.runtime.system or None)
    document = document_of(
        VerifyDocument,
        inspection,
        schema="wheelcheck.verify/1",
        ok=not inspection.errors,
        runtime=runtime,
        site_packages=inspection.layout.site_packages,
        target=inspection.target or None,
        no_imports=inspection.no_imports or None,
    )
    return render_json(document, ascii_only=True).decode()


_MARKS = {Fitness.GOOD: ("ok", "green"), Fitness.WARNING: ("!", "yellow"), Fitness.ERROR: ("x", "bold red")}


@on_page("ascii")
def render_doctor(page: Page, checks: Sequence[MachineCheck], detail: Detail) -> None:  # noqa: ARG001 - as of every answer
    """Draw *checks* as a table, and below it what to do."""
    page.columns(
        ((_MARKS[check.fitness], check.subject, check.fact) for check in checks), header=("", "check", "found")
    )
    page.blank()
    wrong = [check for check in checks if check.remedy]
    for check in wrong:
        page.paragraph(f"{check.subject}: {check.remedy}", lead=("- ", _MARKS[check.fitness][1]))
    errors = sum(check.fitness is Fitness.ERROR for check in checks)
    if errors:
        page.paragraph(f"Not fit: {counted(errors, 'error')}", style="bold red")
    else:
        page.paragraph("Fit to build" + (f", {counted(len(wrong), 'warning')}" if wrong else ""), style="bold green")


class DoctorDocument(Struct, frozen=True, kw_only=True):
    """Whether a machine is fit to build."""

    schema: Annotated[Literal["wheelcheck.doctor/1"], SCHEMA_KEY]
    fit: Annotated[bool, about("Whether no check is an error.")]
    checks: Annotated[tuple[MachineCheck, ...], about("One for each thing that was looked at.")]


def render_doctor_json(checks: Sequence[MachineCheck]) -> str:
    """Render *checks* as JSON (schema ``wheelcheck.doctor/1``)."""
    fit = all(check.fitness is not Fitness.ERROR for check in checks)
    return render_json(DoctorDocument(schema="wheelcheck.doctor/1", fit=fit, checks=tuple(checks))).decode()
