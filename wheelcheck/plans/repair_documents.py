"""Repairs in JSON, as plans and reports show them, and what the search for them left open.

How many resolutions a search made is left out, for it depends on the clock: a slower machine would write other bytes.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field
from packaging.version import Version

from wheelcheck.model.distribution import Status
from wheelcheck.model.document import Count, ProjectName, about, document_of, stated
from wheelcheck.model.repair import (
    Edit,
    EditKind,
    Ground,
    Proposals,
    Repair,
    Risk,
    Suggestion,
    Unrepairable,
    Verification,
    VersionMove,
)
from wheelcheck.model.urls import masked_within


class EditDocument(Struct, frozen=True, kw_only=True):
    """One change to what was asked."""

    kind: Annotated[
        EditKind,
        about(
            "What is changed: a further bound, a project asked for besides, the target's Python or platform, the project taken, "
            "the index asked, the systems where a project is asked for, the user's own pin, the day as of which everything is "
            "planned, an extra dropped, a requirement of another package replaced, a project left out."
        ),
    ]
    package: Annotated[ProjectName | None, about("The project it is about, if it is about one.")] = None
    before: Annotated[str | None, about("What stood there; null where nothing did.")] = field(name="from", default=None)
    after: Annotated[str | None, about("What stands there then; null where nothing does.")] = field(
        name="to", default=None
    )
    because: Annotated[str | None, about("Who or what makes the change necessary.")] = None
    options: Annotated[
        tuple[str, ...],
        about("The words for the command line that make the change; a word that is no option is a further INPUT."),
    ] = ()


class Release(Struct, frozen=True, kw_only=True):
    """A project at a version."""

    name: ProjectName
    version: Annotated[Version, about("The version, normalised (PEP 440).")]


class VerificationDocument(Struct, frozen=True, kw_only=True):
    """What resolving again with the changes gave, compared with the natural resolution of what was asked."""

    installable: Annotated[
        bool, about("Whether the target can install it: always true, or the repair would not be here.")
    ] = True
    status: Annotated[Status, stated("The status of the repaired plan.")]
    packages: Annotated[Count, about("How many projects the repaired plan has.")]
    built_once: Annotated[
        tuple[ProjectName, ...], about("The projects that stay source archives and are built once.")
    ] = ()
    changed: Annotated[tuple[str, ...], about("The projects with another version, in words.")] = ()
    moves: Annotated[tuple[VersionMove, ...], about("The same as changed, in parts.")] = ()
    added: Annotated[tuple[Release, ...], about("Projects that only the repaired plan has.")] = ()
    removed: Annotated[tuple[Release, ...], about("Projects that the repaired plan no longer has.")] = ()


class RepairDocument(Struct, frozen=True, kw_only=True):
    """A set of changes to what was asked, with its proof and its risk."""

    id: Annotated[str, about("Names the repair within this plan, for --fix.")]
    risk: Annotated[Risk, about("How likely the changes are to break what runs: the worst of the grounds.")]
    edits: Annotated[tuple[EditDocument, ...], about("The changes, all of which are needed.")]
    cost: Annotated[int, about("Orders repairs, the cheapest first; compare it within one plan only.")] = 0
    verified: VerificationDocument
    evidence: Annotated[
        tuple[str, ...], about("Why the risk is what it is, in sentences with file and line, worst first.")
    ] = ()
    grounds: Annotated[tuple[Ground, ...], about("The same as evidence, in parts.")] = ()


class SuggestionDocument(Struct, frozen=True, kw_only=True):
    """A change that might help; it is not proved."""

    edit: EditDocument
    message: Annotated[str, about("Why it could not be proved, a whole sentence.")]


class RepairSearch(Struct, frozen=True, kw_only=True):
    """What the search for repairs left open."""

    complete: Annotated[
        bool, about("Whether the search came to its end; where it did not, there may be more repairs.")
    ] = True
    unreached: Annotated[str | None, about("What an incomplete search did not get to, in a sentence.")] = None
    interrupted: Annotated[
        str | None, about("How the index failed meanwhile, in a sentence; there may be more repairs.")
    ] = None
    hopeless: Annotated[tuple[Unrepairable, ...], about("What no change repairs.")] = ()
    suggestions: Annotated[
        tuple[SuggestionDocument, ...], about("Changes that might help and could not be proved.")
    ] = ()
    failing: Annotated[
        tuple[RepairDocument, ...] | UnsetType,
        about(
            "Changes that resolve and then fail when they are imported, which a ground proves; left out where none are known."
        ),
    ] = UNSET


def repair_document(repair: Repair) -> RepairDocument:
    """*repair* as it is written; ``evidence`` says in sentences what ``grounds`` says in parts."""
    verified = document_of(
        VerificationDocument,
        repair.verified,
        installable=True,
        changed=tuple(f"{move.name} {move.before} → {move.after}" for move in repair.verified.changed),
        moves=repair.verified.changed,
        added=tuple(Release(name=name, version=version) for name, version in repair.verified.added),
        removed=tuple(Release(name=name, version=version) for name, version in repair.verified.removed),
    )
    edits, evidence = tuple(map(_edit_document, repair.edits)), tuple(map(_sentence, repair.grounds))
    return document_of(RepairDocument, repair, edits=edits, verified=verified, evidence=evidence)


def search_document(proposals: Proposals | None) -> RepairSearch | None:
    """What the search for *proposals* left open, as it is written; ``None`` where there was none."""
    if proposals is None:
        return None
    return document_of(
        RepairSearch,
        proposals,
        unreached=proposals.unreached or None,
        interrupted=proposals.interrupted or None,
        hopeless=proposals.unrepairable,
        suggestions=tuple(
            SuggestionDocument(edit=_edit_document(each.edit), message=each.message) for each in proposals.suggestions
        ),
        failing=tuple(map(repair_document, proposals.failing)) or UNSET,
    )


def _edit_document(edit: Edit) -> EditDocument:
    return document_of(
        EditDocument,
        edit,
        before=masked_within(edit.before) or None,
        after=masked_within(edit.after) or None,
        because=edit.because or None,
        options=tuple(map(masked_within, edit.options)),
    )


def _sentence(ground: Ground) -> str:
    if not ground.file:
        return ground.text
    place = f"{ground.file}:{ground.line}" if ground.line else ground.file
    quote = ground.quote or ""
    if place in ground.text and quote in ground.text:
        return ground.text
    return f"{ground.text} ({place}{': ' if quote else ''}{quote})"


def proposals_of(repairs: tuple[RepairDocument, ...], search: RepairSearch | None) -> Proposals | None:
    """The proposals that a plan file states; ``None`` where it says that none were looked for."""
    # Keys are added to the schema one by one: repairs may stand alone.
    if search is None and not repairs:
        return None
    found = search or RepairSearch()
    return Proposals(
        repairs=tuple(map(_repair, repairs)),
        failing=() if isinstance(found.failing, UnsetType) else tuple(map(_repair, found.failing)),
        unrepairable=found.hopeless,
        suggestions=tuple(Suggestion(edit=_edit(each.edit), message=each.message) for each in found.suggestions),
        complete=found.complete,
        unreached=found.unreached or "",
        interrupted=found.interrupted or "",
    )


def _repair(document: RepairDocument) -> Repair:
    verified = document_of(
        Verification,
        document.verified,
        changed=document.verified.moves,
        added=tuple((each.name, each.version) for each in document.verified.added),
        removed=tuple((each.name, each.version) for each in document.verified.removed),
    )
    grounds = document.grounds or tuple(Ground(risk=document.risk, text=text) for text in document.evidence)
    return document_of(Repair, document, edits=tuple(map(_edit, document.edits)), verified=verified, grounds=grounds)


def _edit(document: EditDocument) -> Edit:
    before, after, because = document.before or "", document.after or "", document.because or ""
    return document_of(Edit, document, before=before, after=after, because=because)
