"""The answer of ``explain`` as JSON; refuses to write credentials."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.document import SCHEMA_KEY, Count, ProjectName, about, render_shareable, stated
from wheelcheck.model.failure import BuildCause, Explained, Explanation, FailureKind, LoggedTarget, LogQuote, Trouble
from wheelcheck.model.finding import Finding
from wheelcheck.model.judgement import Installability, Status
from wheelcheck.model.target import TargetName
from wheelcheck.plans.repair_documents import RepairDocument, repair_document
from wheelcheck.report.explain import TROUBLES, headline

_Texts = tuple[str, ...]


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
        about("Where the installer found no version of the project: the common targets for which the index has none."),
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
        ExplainDocument(
            schema="wheelcheck.explain/1",
            exit_status=explanation.exit_status,
            summary=headline(explanation).replace("\N{NO-BREAK SPACE}", " "),
            path=explanation.path,
            lines=log.lines,
            tools=log.tools,
            places=log.places,
            failures=tuple(_document(each) for each in explanation.explained),
            troubles=tuple(
                TroubleDocument(kind=trouble.kind, quote=trouble.quote, message=TROUBLES[trouble.kind])
                for trouble in log.troubles
            ),
            unknown=() if is_explained else log.unknown,
        )
    )


def _document(each: Explained) -> FailureDocument:
    failure, plan = each.failure, each.plan
    package = (
        next((package for package in plan.packages if package.name == failure.name), None) if plan is not None else None
    )
    errors = plan.errors if plan is not None else ()
    proposals = plan.proposals if plan is not None else None
    return FailureDocument(
        name=failure.name,
        version=failure.version,
        requirement=failure.requirement,
        kind=failure.kind,
        tool=failure.tool,
        quote=failure.quote,
        wanted_by=failure.by or None,
        local=failure.is_local,
        causes=failure.causes,
        logged_target=failure.target,
        target=each.target.name if each.target is not None else None,
        assumed=each.assumed,
        inferred=each.inferred,
        empty=tuple(target.name for target in each.empty),
        status=plan.status if plan is not None else None,
        installability=package.installability if package is not None else None,
        file=package.file.filename if package is not None and package.file is not None and not errors else None,
        nearest=nearest(each),
        findings=plan.findings if plan is not None else (),
        repairs=tuple(map(repair_document, proposals.repairs)) if proposals is not None else (),
        problem=each.problem or None,
    )


def nearest(each: Explained) -> Version | None:
    """The nearest version of the failed distribution that has a wheel for its target, ``None`` where none is known."""
    findings = each.plan.findings if each.plan is not None else ()
    own = (finding.nearest for finding in findings if finding.package == each.failure.name)
    return next((version for version in own if version is not None), None)
