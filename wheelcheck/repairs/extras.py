"""Which extras that the user asked for bring a project in, and nothing else does; drops none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model.requirement import CandidateOrigin, Requirement
from wheelcheck.repairs.blockers import View

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
            if not _is_wanted(view, name, asked, extras - dropped):
                yield asked, dropped
                break


def _is_wanted(view: View, name: NormalizedName, asked: NormalizedName, kept: frozenset[NormalizedName]) -> bool:
    """Whether *name* is still wanted when the user asks of *asked* only for the extras *kept*.

    An edge of an extra counts only where that extra is still asked of its project, by the user or by what is still wanted: an extra
    that is dropped often takes others, of other projects, along.
    """
    by_parent: dict[NormalizedName | None, list[tuple[NormalizedName, Requirement]]] = {}
    for edge in view.edges:
        by_parent.setdefault(edge.parent, []).append((edge.child, edge.requirement))
    active: dict[NormalizedName | None, frozenset[NormalizedName]] = {None: frozenset()}
    waiting: list[NormalizedName | None] = [None]
    while waiting:
        parent = waiting.pop()
        for child, requirement in by_parent.get(parent, ()):
            named = _named(requirement)
            if named and parent is not None and not named & active[parent]:
                continue
            extras = kept if parent is None and child == asked else requirement.extras
            known = active.get(child)
            wanted = (known or frozenset()) | _closure(view, child, extras)
            if known is None or wanted != known:
                active[child] = wanted
                waiting.append(child)
    return name in active


def _closure(view: View, name: NormalizedName, extras: frozenset[NormalizedName]) -> frozenset[NormalizedName]:
    """*extras* and those that they ask of the same project (``all`` often names every other)."""
    pin = view.pins.get(name)
    if pin is None or not extras:
        return extras
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
