"""Reads the repairs of a plan file, and what the search for them left open; refuses a change of a kind that it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.model.plan_status import Status
from wheelcheck.model.repair import (
    Edit,
    EditKind,
    Ground,
    Hopeless,
    Proposals,
    Repair,
    Risk,
    Suggestion,
    Verification,
    VersionMove,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelcheck.plans.cursor import Cursor

_KNOWN = {
    "repair": frozenset(("id", "risk", "edits", "cost", "verified", "evidence", "grounds")),
    "edit": frozenset(("kind", "package", "from", "to", "because", "options")),
    "verified": frozenset(
        ("installable", "status", "packages", "built_once", "changed", "moves", "added", "removed"),
    ),
    "move": frozenset(("name", "before", "after", "before_date", "after_date")),
    "release": frozenset(("name", "version")),
    "ground": frozenset(("risk", "text", "file", "line", "quote")),
    "search": frozenset(("complete", "unreached", "interrupted", "hopeless", "suggestions")),
    "hopeless": frozenset(("package", "version", "message", "paths")),
    "suggestion": frozenset(("edit", "message")),
}


def read_proposals(document: Cursor) -> Proposals | None:
    """The proposals of the plan file *document*; ``None`` where it says that none were looked for.

    Raises ``InputUnreadable`` with the JSON pointer of what is not as the schema has it.
    """
    repairs = tuple(_repair(repair) for repair in document.elements_of("repairs"))
    search = document.maybe("repair_search")
    if search is None:
        # Keys are added to the schema one by one: repairs may stand alone.
        return Proposals(repairs=repairs) if repairs else None
    complete = search.maybe("complete")
    return Proposals(
        repairs=repairs,
        hopeless=tuple(_hopeless(hopeless) for hopeless in search.elements_of("hopeless")),
        suggestions=tuple(_suggestion(suggestion) for suggestion in search.elements_of("suggestions")),
        complete=complete.truth() if complete is not None else True,
        unreached=search.text_of("unreached") or "",
        interrupted=search.text_of("interrupted") or "",
    )


def _repair(at: Cursor) -> Repair:
    risk, cost = at.at("risk").read(Risk, "a risk"), at.maybe("cost")
    grounds = tuple(_ground(ground) for ground in at.elements_of("grounds"))
    return Repair(
        id=at.at("id").text(),
        edits=tuple(_edit(edit) for edit in at.at("edits").items()),
        cost=cost.number() if cost is not None else 0,
        verified=_verified(at.at("verified")),
        risk=risk,
        grounds=grounds or tuple(Ground(risk=risk, text=text) for text in at.texts_of("evidence")),
    )


def _edit(at: Cursor) -> Edit:
    package = at.text_of("package")
    return Edit(
        kind=at.at("kind").read(EditKind, "a kind of edit"),
        package=canonicalize_name(package) if package is not None else None,
        before=at.text_of("from") or "",
        after=at.text_of("to") or "",
        because=at.text_of("because") or "",
        options=at.texts_of("options"),
    )


def _verified(at: Cursor) -> Verification:
    return Verification(
        status=at.at("status").read(Status, "a status"),
        packages=at.at("packages").number(),
        built_once=tuple(canonicalize_name(name) for name in at.texts_of("built_once")),
        changed=tuple(_move(move) for move in at.elements_of("moves")),
        added=tuple(_release(release) for release in at.elements_of("added")),
        removed=tuple(_release(release) for release in at.elements_of("removed")),
    )


def _move(at: Cursor) -> VersionMove:
    return VersionMove(
        name=canonicalize_name(at.at("name").text()),
        before=at.at("before").read(Version, "a version"),
        after=at.at("after").read(Version, "a version"),
        before_date=at.text_of("before_date"),
        after_date=at.text_of("after_date"),
    )


def _release(at: Cursor) -> tuple[NormalizedName, Version]:
    return canonicalize_name(at.at("name").text()), at.at("version").read(Version, "a version")


def _ground(at: Cursor) -> Ground:
    line = at.maybe("line")
    return Ground(
        risk=at.at("risk").read(Risk, "a risk"),
        text=at.at("text").text(),
        file=at.text_of("file") or "",
        line=line.number() if line is not None else 0,
        quote=at.text_of("quote") or "",
    )


def _hopeless(at: Cursor) -> Hopeless:
    package, version = at.text_of("package"), at.maybe("version")
    return Hopeless(
        package=canonicalize_name(package) if package is not None else None,
        version=version.read(Version, "a version") if version is not None else None,
        message=at.at("message").text(),
        paths=tuple(path.texts() for path in at.elements_of("paths")),
    )


def _suggestion(at: Cursor) -> Suggestion:
    return Suggestion(edit=_edit(at.at("edit")), message=at.at("message").text())


def iter_strange_in_proposals(document: Cursor) -> Iterator[tuple[str, object]]:
    """Pointer and value of each key among the proposals that this module does not know."""
    for repair in document.elements_of("repairs"):
        yield from repair.strangers(_KNOWN["repair"])
        verified = repair.at("verified")
        yield from verified.strangers(_KNOWN["verified"])
        for within, key, kind in (
            (repair, "edits", "edit"),
            (repair, "grounds", "ground"),
            (verified, "moves", "move"),
            (verified, "added", "release"),
            (verified, "removed", "release"),
        ):
            yield from _in_elements(within, key, kind)
    search = document.maybe("repair_search")
    if search is None:
        return
    yield from search.strangers(_KNOWN["search"])
    yield from _in_elements(search, "hopeless", "hopeless")
    yield from _in_elements(search, "suggestions", "suggestion")
    for suggestion in search.elements_of("suggestions"):
        yield from suggestion.at("edit").strangers(_KNOWN["edit"])


def _in_elements(at: Cursor, key: str, kind: str) -> Iterator[tuple[str, object]]:
    for element in at.elements_of(key):
        yield from element.strangers(_KNOWN[kind])
