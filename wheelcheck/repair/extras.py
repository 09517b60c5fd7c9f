"""Which extras that the user asked for bring a project in, and nothing else does; drops none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model import Requirement
from wheelcheck.model.requirement import CandidateOrigin
from wheelcheck.repair.blockers import View

_EXTRA_NAMES = re.compile(r"""extra\s*==\s*["']([^"']+)["']|["']([^"']+)["']\s*==\s*extra""")


def iter_droppable(view: View, name: NormalizedName) -> Iterator[tuple[NormalizedName, frozenset[NormalizedName]]]:
    """The projects that the user asks for with extras, and of those extras the ones without which *name* is not wanted.

    One extra alone is looked for first, then all of a project's together.
    """
    for asked in dict.fromkeys(r.name for r in view.trial.state.question.requirements if r.extras):
        extras: frozenset[NormalizedName] = frozenset().union(*(r.extras for r in view.asked_by_user(asked)))
        if not extras or asked not in view.pins:
            continue
        single = [frozenset({extra}) for extra in sorted(extras)]
        for dropped in dict.fromkeys((*single, extras)):
            if not _is_reached(view, name, asked, dropped, extras - dropped):
                yield asked, dropped
                break


def _is_reached(
    view: View,
    name: NormalizedName,
    asked: NormalizedName,
    dropped: frozenset[NormalizedName],
    kept: frozenset[NormalizedName],
) -> bool:
    gone = _closure(view, asked, dropped) - _closure(view, asked, kept)
    reached: set[NormalizedName | None] = {None}
    waiting: list[NormalizedName | None] = [None]
    by_parent: dict[NormalizedName | None, list[tuple[NormalizedName, Requirement]]] = {}
    for edge in view.edges:
        by_parent.setdefault(edge.parent, []).append((edge.child, edge.requirement))
    while waiting:
        parent = waiting.pop()
        for child, requirement in by_parent.get(parent, ()):
            if parent == asked and (named := _named(requirement)) and named <= gone:
                continue
            if child not in reached:
                reached.add(child)
                waiting.append(child)
    return name in reached


def _closure(view: View, name: NormalizedName, extras: frozenset[NormalizedName]) -> frozenset[NormalizedName]:
    """*extras* and those that they ask of the same project (``all`` often names every other)."""
    pin = view.pins[name]
    origin = CandidateOrigin(name=name, version=pin.version)
    own = [Requirement.parse(text, origin) for text in pin.metadata.requires]
    found = set(extras)
    waiting = list(extras)
    while waiting:
        extra = waiting.pop()
        for requirement in own:
            if requirement.name == name and extra in _named(requirement):
                new = requirement.extras - found
                found |= new
                waiting.extend(new)
    return frozenset(found)


def _named(requirement: Requirement) -> frozenset[NormalizedName]:
    found = _EXTRA_NAMES.findall(str(requirement.marker or ""))
    return frozenset(canonicalize_name(first or second) for first, second in found)
