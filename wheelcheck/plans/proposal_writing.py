"""Writes repairs, and what the search for them left open, as objects for a plan's JSON; refuses what depends on the clock.

How many resolutions a search made is left out for that reason: a slower machine would write other bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.model.urls import masked_within

if TYPE_CHECKING:
    from wheelcheck.model.repair import Edit, Ground, Hopeless, Proposals, Repair, Suggestion, Verification, VersionMove

_Object = dict[str, object]


def repair_object(repair: Repair) -> _Object:
    """*repair* in the keys of the schema's ``repair``; ``evidence`` says in sentences what ``grounds`` says in parts."""
    return {
        "id": repair.id,
        "risk": repair.risk.value,
        "edits": [_edit(edit) for edit in repair.edits],
        "cost": repair.cost,
        "verified": _verified(repair.verified),
        "evidence": [_sentence(ground) for ground in repair.grounds],
        "grounds": [_ground(ground) for ground in repair.grounds],
    }


def search_object(proposals: Proposals) -> _Object:
    """What the search left open, in the keys of the schema's ``repair_search``."""
    return {
        "complete": proposals.complete,
        "unreached": proposals.unreached or None,
        "interrupted": proposals.interrupted or None,
        "hopeless": [_hopeless(hopeless) for hopeless in proposals.hopeless],
        "suggestions": [_suggestion(suggestion) for suggestion in proposals.suggestions],
    }


def _edit(edit: Edit) -> _Object:
    return {
        "kind": edit.kind.value,
        "package": edit.package,
        "from": masked_within(edit.before) or None,
        "to": masked_within(edit.after) or None,
        "because": edit.because or None,
        "options": [masked_within(word) for word in edit.options],
    }


def _verified(verified: Verification) -> _Object:
    return {
        "installable": True,
        "status": verified.status.value,
        "packages": verified.packages,
        "built_once": list(verified.built_once),
        "changed": [f"{move.name} {move.before} → {move.after}" for move in verified.changed],
        "moves": [_move(move) for move in verified.changed],
        "added": [{"name": name, "version": str(version)} for name, version in verified.added],
        "removed": [{"name": name, "version": str(version)} for name, version in verified.removed],
    }


def _move(move: VersionMove) -> _Object:
    return {
        "name": move.name,
        "before": str(move.before),
        "after": str(move.after),
        "before_date": move.before_date,
        "after_date": move.after_date,
    }


def _sentence(ground: Ground) -> str:
    if not ground.file:
        return ground.text
    place = f"{ground.file}:{ground.line}" if ground.line else ground.file
    if place in ground.text and ground.quote in ground.text:
        return ground.text
    return f"{ground.text} ({place}{': ' if ground.quote else ''}{ground.quote})"


def _ground(ground: Ground) -> _Object:
    return {
        "risk": ground.risk.value,
        "text": ground.text,
        "file": ground.file or None,
        "line": ground.line or None,
        "quote": ground.quote or None,
    }


def _hopeless(hopeless: Hopeless) -> _Object:
    return {
        "package": hopeless.package,
        "version": str(hopeless.version) if hopeless.version is not None else None,
        "message": hopeless.message,
        "paths": [list(path) for path in hopeless.paths],
    }


def _suggestion(suggestion: Suggestion) -> _Object:
    return {"edit": _edit(suggestion.edit), "message": suggestion.message}
