"""Which packages of a lock apply on a target, for the extras and groups chosen; whether their files fit is judged elsewhere.

``uv.lock`` is walked through its graph. A lock's markers name extras in ways that one ``extra`` cannot answer: several may be
chosen at once (``extra == "a" and extra == "b"``), PEP 751 has ``"a" in extras``. These comparisons are settled first, and the
rest is asked of the target.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from packaging.markers import InvalidMarker, Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable, did_you_mean
from wheelcheck.locks.documents import MANGLED
from wheelcheck.locks.formats import format_of
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage, LockKind
from wheelcheck.model.requirement import EVERY, FileOrigin, InputSet, Requirement, parse_marker
from wheelcheck.model.target import Target
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.texts.words import grouped

_OTHER_WORDS = {LockKind.PIPENV: {canonicalize_name("dev"): canonicalize_name("develop")}}
_TRUE, _FALSE = 'python_version >= "0"', 'python_version < "0"'
_QUOTED = r"""(?:"(?P<{0}>[^"]*)"|'(?P<{0}2>[^']*)')"""
_EXTRA = re.compile(
    rf"\bextra\s*(?P<op>==|!=)\s*{_QUOTED.format('right')}|{_QUOTED.format('left')}\s*(?P<op2>==|!=)\s*extra\b(?!s)"
)
_MEMBER = re.compile(rf"{_QUOTED.format('word')}\s+(?P<no>not\s+)?in\s+(?P<set>extras|dependency_groups)\b")


def applicable(
    lock: Lock,
    target: Target,
    *,
    extras: Iterable[str] = (),
    groups: Iterable[str] = (),
    compatibility: Compatibility | None = None,
) -> tuple[LockedPackage, ...]:
    """The packages of *lock* to install on *target*, in the order of the lock; the locked project itself is not among them.

    *extras* and *groups* are chosen besides the lock's default groups (a Pipfile's ``dev`` is its section ``develop``). Markers are
    evaluated for *target*, never for the running interpreter; *compatibility* judges for it, where there is one already.
    ``uv.lock`` is walked from the project through its edges; the packages of other formats say themselves when they apply.

    Raises ``InputUnreadable`` where the lock does not speak of *target* (ask :func:`uncovered` first), has no such extra or group,
    lacks a package that another needs there, or would have two versions of one project. Costs about 1 ms for 100 packages.
    """
    reason = uncovered(lock, target, compatibility=compatibility)
    if reason:
        raise InputUnreadable(f"{reason}: {target}", address=lock.path, hint="lock for that target too")
    chosen_extras, chosen_groups = _chosen_words(lock, extras, groups)
    compatibility = compatibility if compatibility is not None else Compatibility(target)
    if lock.kind is LockKind.UV:
        found = reached(lock, compatibility, chosen_extras, chosen_groups)
    else:
        found = _said(lock, LockMarkers(compatibility, chosen_extras, chosen_groups), chosen_extras, chosen_groups)
    _refuse_two(found, target)
    return found


def uncovered(lock: Lock, target: Target, *, compatibility: Compatibility | None = None) -> str:
    """Why *lock* says nothing of *target*, empty where it does: a Python outside its bounds, or none of its environments."""
    if lock.requires_python is not None and not lock.requires_python.contains(target.python_full, prereleases=True):
        return f"locked for Python {lock.requires_python} only"
    if lock.environments:
        judge = compatibility if compatibility is not None else Compatibility(target)
        if not any(judge.holds(marker) for marker in lock.environments):
            return "locked for other environments only"
    return ""


def pinned_roots(lock: Lock, extras: Iterable[str], groups: Iterable[str]) -> InputSet:
    """What was asked for when *lock* was made, with *extras* and *groups*, each in its locked version: what a repair changes.

    Where the lock has a graph, its edges lead to them; else they are those that no package of the chosen groups needs.
    Raises ``InputUnreadable`` where the lock has no such extra or group.
    """
    chosen_extras, chosen_groups = _chosen_words(lock, extras, groups)
    bringing = _bringing(lock, chosen_extras, chosen_groups)
    own = [package for package in lock.packages if package.is_own]
    others = [each for each in lock.packages if not each.is_own and _is_brought(each, bringing)]
    edges = [
        edge
        for edge in (*(edge for package in own for edge in package.dependencies), *lock.roots)
        if edge.for_extra in (None, *chosen_extras) and edge.for_group in (None, *chosen_groups)
    ]
    # Roots that are all of extras (poetry.lock) tell nothing of what is asked for without them.
    is_silent = not own and all(root.for_extra is not None for root in lock.roots)
    # pdm.lock has an edge from a project with extras to itself.
    needed = {edge.name for each in others for edge in each.dependencies if edge.name != each.name}
    needed |= {root.name for root in lock.roots}
    words = frozenset(_encoded(own, chosen_extras, chosen_groups)) | chosen_extras
    found = []
    for package in others:
        wanted = [edge for edge in edges if edge.name == package.name and edge.version in (None, package.version)]
        if package.version is None or not (wanted or (is_silent and package.name not in needed)):
            continue
        of_groups = [dict(package.group_markers).get(group) for group in package.groups & bringing]
        marker = _all_of((package.marker, _any_of(edge.marker for edge in wanted), _any_of(of_groups)))
        if marker is not None:
            marker = _settled(marker, words, chosen_groups)
        asked = ",".join(sorted({extra for edge in wanted for extra in edge.extras}))
        pin = f"{package.name}{f'[{asked}]' if asked else ''}=={package.version}"
        found.append(Requirement.parse(pin, package.origin, marker=marker))
    return InputSet(requirements=tuple(found))


def _all_of(markers: Iterable[Marker | None]) -> Marker | None:
    given = list(dict.fromkeys(marker for marker in markers if marker is not None))
    return parse_marker(" and ".join(f"({each})" for each in given)) if len(given) > 1 else next(iter(given), None)


def _any_of(markers: Iterable[Marker | None]) -> Marker | None:
    """The marker that holds where one of *markers* does; ``None`` where one of them always holds, or there are none."""
    given = list(dict.fromkeys(markers))
    if not given or None in given:
        return None
    return parse_marker(" or ".join(f"({each})" for each in given)) if len(given) > 1 else given[0]


def _chosen_words(
    lock: Lock, extras: Iterable[str], groups: Iterable[str]
) -> tuple[frozenset[NormalizedName], frozenset[NormalizedName]]:
    """The extras and the groups of *lock* that are chosen by these words, with those that are chosen always."""
    chosen_extras = _chosen(extras, lock.extras, lock, "extra")
    chosen_groups = _chosen(groups, lock.groups, lock, "dependency group")
    # An environment of pixi is whole; groups elsewhere come on top.
    if lock.kind is not LockKind.PIXI or not chosen_groups:
        chosen_groups |= frozenset(lock.default_groups)
    return chosen_extras, chosen_groups


def _chosen(
    words: Iterable[str], known: tuple[NormalizedName, ...], lock: Lock, what: str
) -> frozenset[NormalizedName]:
    renamed = _OTHER_WORDS.get(lock.kind, {})
    names = {canonicalize_name(word) for word in words}
    if EVERY in names:
        return frozenset(known)
    names = {name if name in known else renamed.get(name, name) for name in names}
    for name in sorted(names - {*known, *lock.default_groups}):
        every = f"did you mean {' or '.join(sorted(known))}?" if known else f"the lock has no {what}s"
        raise InputUnreadable(f"no {what} {name!r}", address=lock.path, hint=did_you_mean(name, known, every, most=3))
    return frozenset(names)


def _said(
    lock: Lock, markers: LockMarkers, extras: frozenset[NormalizedName], groups: frozenset[NormalizedName]
) -> tuple[LockedPackage, ...]:
    """The packages whose own group and marker say that they apply."""
    bringing = _bringing(lock, extras, groups)
    # Where packages do not say themselves which extra brings them, rather too many than too few.
    optional = lock.named_from(root.name for root in lock.roots if root.for_extra in extras)
    found = tuple(
        package
        for package in lock.packages
        if not (package.is_own and lock.kind is LockKind.PIXI)
        and _is_brought(package, bringing)
        and not (lock.roots and package.optional and package.name not in optional)
        and markers.holds(package.marker)
        and _any_group(package, bringing, markers)
    )
    _refuse_gaps(found, lock, markers.holds)
    return found


def _bringing(
    lock: Lock, extras: frozenset[NormalizedName], groups: frozenset[NormalizedName]
) -> frozenset[NormalizedName]:
    """The words of which a package names one; in ``pdm.lock`` an extra is a group."""
    return groups | extras if lock.kind is LockKind.PDM else groups


def _is_brought(package: LockedPackage, bringing: frozenset[NormalizedName]) -> bool:
    return not package.groups or not package.groups.isdisjoint(bringing)


def _refuse_gaps(found: Iterable[LockedPackage], lock: Lock, holds: Callable[[Marker | None], bool]) -> None:
    """Raise ``InputUnreadable`` where one of the packages *found* for a target needs a project that *lock* does not list.

    *holds* says whether a marker does on the target. A format that writes no dependencies has no gaps to see.
    """
    if not format_of(lock.kind).all_edges:
        return
    listed = {package.name for package in lock.packages}
    for package in found:
        for edge in package.dependencies:
            is_of_an_extra = edge.is_optional or (edge.marker is not None and "extra" in str(edge.marker))
            if edge.name not in listed and not is_of_an_extra and holds(edge.marker):
                raise InputUnreadable(
                    f"{package} depends on {edge.name}, which the lock does not list",
                    address=str(package.origin),
                    hint=f"{MANGLED}; where the tool was told to leave it out, --relock resolves instead",
                )


def _any_group(package: LockedPackage, groups: frozenset[NormalizedName], markers: LockMarkers) -> bool:
    """Whether one of the *groups* brings it here: a group without a marker of its own always does."""
    if not package.group_markers:
        return True
    own = dict(package.group_markers)
    return any(markers.holds(own.get(group)) for group in package.groups & groups)


def _refuse_two(found: tuple[LockedPackage, ...], target: Target) -> None:
    seen: dict[NormalizedName, LockedPackage] = {}
    for package in found:
        first = seen.setdefault(package.name, package)
        if first is package or (
            # Two sections of a Pipfile.lock may pin the same.
            first.version == package.version and first.source == package.source and first.groups != package.groups
        ):
            continue
        raise InputUnreadable(
            f"{package.name} is locked twice for {target}: {first} (line {first.origin.line}) and {package}",
            address=str(package.origin),
            hint=MANGLED,
        )


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
            settled = _settled(marker, self._extras, self._groups)
            known = self._known[marker] = self._compatibility.evaluate(settled).holds
        return known


def _settled(marker: Marker, extras: frozenset[NormalizedName], groups: frozenset[NormalizedName]) -> Marker:
    """*marker* with each comparison of extras and groups decided."""
    text = str(marker)
    if "extra" not in text and "dependency_groups" not in text:
        return marker

    def one(found: re.Match[str]) -> str:
        word = next((found[key] for key in ("right", "right2", "left", "left2") if found[key] is not None), "")
        is_chosen = canonicalize_name(word) in extras
        return _TRUE if is_chosen == ((found["op"] or found["op2"]) == "==") else _FALSE

    def member(found: re.Match[str]) -> str:
        word = canonicalize_name(found["word"] if found["word"] is not None else found["word2"])
        is_chosen = word in (extras if found["set"] == "extras" else groups)
        return _TRUE if is_chosen == (found["no"] is None) else _FALSE

    with suppress(InvalidMarker):  # such words within a string of it are no comparison
        return parse_marker(_EXTRA.sub(one, _MEMBER.sub(member, text)))
    return marker


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
        self._places = grouped(range(len(lock.packages)), lambda place: lock.packages[place].name)

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
                is_brought = edge.for_group is None or (package.is_own and edge.for_group in self._groups)
                if edge.for_extra == extra and is_brought:
                    waiting += self._stops(edge, package.origin, str(package))
        places = sorted({place for place, _ in seen})
        return tuple(self._lock.packages[place] for place in places if not self._lock.packages[place].is_own)

    def _stops(self, edge: LockedDependency, origin: FileOrigin, parent: str) -> Iterator[_Stop]:
        if edge.for_group in (None, *self._groups) and self._markers.holds(edge.marker):
            place = self._place(edge, origin, parent)
            yield from ((place, extra) for extra in (None, *edge.extras))

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
