"""Which markers of a lock hold on a target, and the walk through the graph of a ``uv.lock`` by those that do.

A lock's markers name extras in ways that one ``extra`` cannot answer: several may be chosen at once (``extra == "a" and
extra == "b"``), PEP 751 has ``"a" in extras``. These comparisons are settled first, and the rest is asked of the target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from packaging.markers import InvalidMarker, Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.documents import MANGLED
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage
from wheelcheck.model.requirement import FileOrigin, parse_marker
from wheelcheck.targets.fitting import Compatibility

_TRUE, _FALSE = 'python_version >= "0"', 'python_version < "0"'
_QUOTED = r"""(?:"(?P<{0}>[^"]*)"|'(?P<{0}2>[^']*)')"""
_EXTRA = re.compile(
    rf"\bextra\s*(?P<op>==|!=)\s*{_QUOTED.format('right')}|{_QUOTED.format('left')}\s*(?P<op2>==|!=)\s*extra\b(?!s)"
)
_MEMBER = re.compile(rf"{_QUOTED.format('word')}\s+(?P<no>not\s+)?in\s+(?P<set>extras|dependency_groups)\b")


class LockMarkers:
    """Answers for one target: *extras* as the words that ``extra ==`` may name, *groups* likewise."""

    def __init__(
        self, compatibility: Compatibility, extras: frozenset[NormalizedName], groups: frozenset[NormalizedName]
    ) -> None:
        self._compatibility = compatibility
        self._extras = extras
        self._groups = groups
        self._known: dict[Marker, bool] = {}

    def holds(self, marker: Marker | None) -> bool:
        """Whether *marker* holds; ``None`` always does."""
        if marker is None:
            return True
        known = self._known.get(marker)
        if known is None:
            known = self._known[marker] = self._answer(marker)
        return known

    def _answer(self, marker: Marker) -> bool:
        text = str(marker)
        if "extra" in text or "dependency_groups" in text:
            settled = _EXTRA.sub(self._one, _MEMBER.sub(self._member, text))
            with suppress(InvalidMarker):  # such words within a string of it are no comparison
                marker = parse_marker(settled)
        return self._compatibility.evaluate(marker).holds

    def _one(self, found: re.Match[str]) -> str:
        word = next((found[key] for key in ("right", "right2", "left", "left2") if found[key] is not None), "")
        is_chosen = canonicalize_name(word) in self._extras
        return _TRUE if is_chosen == ((found["op"] or found["op2"]) == "==") else _FALSE

    def _member(self, found: re.Match[str]) -> str:
        word = canonicalize_name(found["word"] if found["word"] is not None else found["word2"])
        is_chosen = word in (self._extras if found["set"] == "extras" else self._groups)
        return _TRUE if is_chosen == (found["no"] is None) else _FALSE


_Stop = tuple[int, NormalizedName | None]
"""A package by its position in the lock, with one of its extras or without any."""


def reached(
    lock: Lock, compatibility: Compatibility, extras: frozenset[NormalizedName], groups: frozenset[NormalizedName]
) -> tuple[LockedPackage, ...]:
    """The packages that the walk meets, in the order of the lock, without the project and its workspace.

    Each edge is looked at once, and each marker evaluated once. Raises ``InputUnreadable`` for an edge that leads nowhere or to
    several packages at once.
    """
    return _Walk(lock, compatibility, extras, groups).packages()


class _Walk:
    def __init__(
        self,
        lock: Lock,
        compatibility: Compatibility,
        extras: frozenset[NormalizedName],
        groups: frozenset[NormalizedName],
    ) -> None:
        self._lock = lock
        self._extras = extras
        self._groups = groups
        own = [package for package in lock.packages if package.is_own]
        self._markers = LockMarkers(compatibility, frozenset(_encoded(own, extras, groups)), groups)
        self._places: dict[NormalizedName, list[int]] = {}
        for place, package in enumerate(lock.packages):
            self._places.setdefault(package.name, []).append(place)

    def packages(self) -> tuple[LockedPackage, ...]:
        seen: set[_Stop] = set()
        start = FileOrigin(path=self._lock.path)
        waiting = [stop for edge in self._lock.roots for stop in self._stops(edge, start, "the project")]
        while waiting:
            stop = waiting.pop()
            if stop in seen:
                continue
            seen.add(stop)
            place, extra = stop
            package = self._lock.packages[place]
            if package.is_own:
                # The extras asked of a project that is itself a root are those chosen for the run.
                waiting += [(place, name) for name in self._extras & package.extras]
            for edge in package.dependencies:
                if edge.for_extra == extra and (edge.for_group is None or self._brings(package, edge.for_group)):
                    waiting += self._stops(edge, package.origin, str(package))
        places = sorted({place for place, _ in seen})
        return tuple(self._lock.packages[place] for place in places if not self._lock.packages[place].is_own)

    def _brings(self, package: LockedPackage, group: NormalizedName) -> bool:
        return package.is_own and group in self._groups

    def _stops(self, edge: LockedDependency, origin: FileOrigin, parent: str) -> Iterator[_Stop]:
        if edge.for_group is not None and edge.for_group not in self._groups:
            return
        if not self._markers.holds(edge.marker):
            return
        place = self._place(edge, origin, parent)
        yield place, None
        for extra in edge.extras:
            yield place, extra

    def _place(self, edge: LockedDependency, origin: FileOrigin, parent: str) -> int:
        """The package that *edge* of *parent* means; among forks that it does not tell apart, the one whose own marker holds."""
        packages = self._lock.packages
        places = [
            place
            for place in self._places.get(edge.name, ())
            if (edge.version is None or packages[place].version == edge.version)
            and (not edge.source or packages[place].source == edge.source)
        ]
        if len(places) > 1:
            places = [place for place in places if self._markers.holds(packages[place].marker)]
        if len(places) != 1:
            wanted = f"{edge.name}=={edge.version}" if edge.version is not None else edge.name
            fact = "which the lock does not list" if not places else "which the lock lists more than once"
            raise InputUnreadable(f"{parent} depends on {wanted}, {fact}", address=str(origin), hint=MANGLED)
        return places[0]


def _encoded(
    own: list[LockedPackage], extras: frozenset[NormalizedName], groups: frozenset[NormalizedName]
) -> Iterator[NormalizedName]:
    """The words by which markers name the chosen extras and groups, where ``tool.uv.conflicts`` makes versions depend on them.

    uv writes ``extra-4-quay-shiny`` for the extra ``shiny`` of ``quay``, whose name has four letters; ``group-…`` and
    ``project-…`` likewise.
    """
    for package in own:
        prefix = f"{len(package.name)}-{package.name}"
        yield canonicalize_name(f"project-{prefix}")
        for extra in extras & package.extras:
            yield canonicalize_name(f"extra-{prefix}-{extra}")
        for group in groups:
            yield canonicalize_name(f"group-{prefix}-{group}")
