"""Resolves one question for many targets, and once for those that the data cannot tell apart; chooses nothing itself.

A resolution is a function of what it asks of its target: which markers hold, which versions have which kind of file, what the
metadata of those files says. A :class:`Trace` keeps these questions with their answers. Where another target answers all of them
alike, the search would go the same way step by step, so its outcome is that of the first with the other target's own files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable, MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, Wheel
from wheelcheck.model.judgement import Installability
from wheelcheck.model.resolution import Conflict, Pin, Resolution
from wheelcheck.model.target import MarkerReading
from wheelcheck.ports import Projects, Reporter, SilentReporter
from wheelcheck.resolver.candidate_source import Supply
from wheelcheck.resolver.passes import Question, resolve_openly
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Release

_View = tuple[str | None, str | None, bool]
"""Of a release: the kind of file that an installer would take (an archive by its name), withdrawn why, hidden."""


class Trace(Struct, frozen=True, kw_only=True):
    """What the resolution of *question* asked of its target, what it was told, and the *outcome*."""

    question: Question
    outcome: Resolution | Conflict
    markers: tuple[tuple[Marker, str, MarkerReading], ...]
    releases: Mapping[tuple[NormalizedName, Version], _View]
    metadata: Mapping[tuple[NormalizedName, Version], CoreMetadata]
    installability: Mapping[tuple[NormalizedName, Version], Installability]


class Replays:
    """Resolves for one target after another; *projects* must say the same to all of them.

    ``resolved`` counts the searches made, ``replayed`` the outcomes that were taken over.
    """

    def __init__(self, projects: Projects) -> None:
        self.resolved = 0
        self.replayed = 0
        self._projects = projects
        self._traces: list[Trace] = []
        self._telling: dict[int, Difference] = {}

    def resolve(self, question: Question, reporter: Reporter | None = None) -> Resolution | Conflict:
        """Answer *question* as :func:`~wheelcheck.resolver.resolve` would; raises what that raises.

        Costs one judgement of each version and marker that an earlier search looked at, where its outcome can be taken over.
        """
        supply = Supply.of(question, self._projects, Compatibility(question.target))
        for trace in self._traces:
            if not _is_same_question(trace.question, question) or self._is_told_apart(trace, supply):
                continue
            different = first_difference(trace, supply)
            if different is None:
                self.replayed += 1
                return _moved(trace.outcome, question, supply)
            self._telling[id(trace)] = different
        self.resolved += 1
        outcome, supply = resolve_openly(question, self._projects, reporter or SilentReporter())
        trace_of_it = traced(question, outcome, supply)
        if trace_of_it is not None:
            self._traces.insert(0, trace_of_it)
        return outcome

    def _is_told_apart(self, trace: Trace, supply: Supply) -> bool:
        # What told the last target apart from that of the trace mostly tells this one too.
        telling = self._telling.get(id(trace))
        return telling is not None and telling(trace, supply)


def traced(question: Question, outcome: Resolution | Conflict, supply: Supply) -> Trace | None:
    """The trace of the search that ended in *outcome*; ``None`` where its way depends on more than can be asked again.

    That is time (a budget that ran out), files named by URL, and files that turned out unusable when they were read.
    """
    looked_at = supply.looked_at()
    spent = isinstance(outcome, Conflict) and outcome.budget_spent
    if spent or supply.rejected or supply.archives_refused or looked_at.urls:
        return None
    return Trace(
        question=question,
        outcome=outcome,
        markers=tuple(supply.compatibility.evaluated()),
        releases={key: _view(release) for key, release in looked_at.releases.items()},
        metadata=looked_at.metadata,
        installability=looked_at.installability,
    )


def _view(release: Release) -> _View:
    fit = release.fit
    kind = None if fit is None else "wheel" if isinstance(fit.distribution, Wheel) else fit.distribution.filename
    return (kind, release.yanked, release.hidden)


def _is_same_question(one: Question, other: Question) -> bool:
    return replace(one, target=other.target) == other


Difference = Callable[[Trace, Supply], bool]
"""A question that some target answers otherwise: whether that of the supply does."""


def first_difference(trace: Trace, supply: Supply) -> Difference | None:
    """What the target of *supply* answers otherwise than that of *trace*; ``None`` where it answers everything alike."""
    for place in range(len(trace.markers)):
        if _marker_differs(place, trace, supply):
            return partial(_marker_differs, place)
    for key in trace.releases:
        if _release_differs(key, trace, supply):
            return partial(_release_differs, key)
    supply.projects.prefetch_metadata(_iter_wheels(trace, supply))
    before = Compatibility(trace.question.target)
    try:
        for key in trace.metadata:
            if _metadata_differs(key, before, trace, supply):
                return _only_in_its_turn
        for (name, version), told in trace.installability.items():
            if supply.installability(name, version)[0] is not told:
                return _only_in_its_turn
    except (MetadataMalformed, IndexUnavailable):
        return _only_in_its_turn  # resolving anew says what is to be said of it
    return _only_in_its_turn if supply.archives_refused else None


def _marker_differs(place: int, trace: Trace, supply: Supply) -> bool:
    marker, extra, told = trace.markers[place]
    own = supply.compatibility.evaluate(marker, extra)
    return own is not told and own != told


def _release_differs(key: tuple[NormalizedName, Version], trace: Trace, supply: Supply) -> bool:
    name, version = key
    return _view(supply.shelf(name).release(version)) != trace.releases[key]


def _metadata_differs(key: tuple[NormalizedName, Version], before: Compatibility, trace: Trace, supply: Supply) -> bool:
    own = supply.metadata(*key)
    bound = own.requires_python
    return not _say_the_same(own, trace.metadata[key]) or bool(
        bound and supply.compatibility.admits_python(bound) != before.admits_python(bound)
    )


def _only_in_its_turn(trace: Trace, supply: Supply) -> bool:  # noqa: ARG001 - a Difference
    # Too dear to be asked first.
    return False


def _iter_wheels(trace: Trace, supply: Supply) -> Iterator[Wheel]:
    for name, version in trace.metadata:
        fit = supply.fit(name, version, None)
        if fit is not None and isinstance(fit.distribution, Wheel):
            yield fit.distribution


def _say_the_same(one: CoreMetadata, other: CoreMetadata) -> bool:
    return (
        one.requires == other.requires
        and one.requires_python == other.requires_python
        and one.provides_extra == other.provides_extra
        and one.malformed == other.malformed
    )


def _moved(outcome: Resolution | Conflict, question: Question, supply: Supply) -> Resolution | Conflict:
    """*outcome* with the files of another target, which *supply* has."""
    match outcome:
        case Resolution():
            return replace(outcome, target=question.target, pins=_pins(outcome.pins, supply))
        case Conflict(natural=Resolution() as natural):
            moved = replace(natural, target=question.target, pins=_pins(natural.pins, supply))
            return replace(outcome, target=question.target, natural=moved, partial=_pins(outcome.partial, supply))
        case Conflict():
            return replace(outcome, target=question.target, partial=_pins(outcome.partial, supply))


def _pins(pins: Mapping[NormalizedName, Pin], supply: Supply) -> dict[NormalizedName, Pin]:
    return {name: supply.pin(name, pin.version, None, pin.extras) for name, pin in pins.items()}
