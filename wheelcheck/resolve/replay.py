"""Resolves one question for many targets, and once for those that the data cannot tell apart; chooses nothing itself.

A resolution is a function of what it asks of its target: which markers hold, which versions have which kind of file, what the
metadata of those files says. A :class:`Trace` keeps these questions with their answers. Where another target answers all of them
alike, the search would go the same way step by step, so its outcome is that of the first with the other target's own files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from packaging.markers import Marker
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.compat import Compatibility, Release
from wheelcheck.errors import IndexUnavailable, MetadataMalformed
from wheelcheck.model import Conflict, CoreMetadata, Installability, MarkerReading, Pin, Resolution, Wheel
from wheelcheck.ports import Projects, Reporter, SilentReporter
from wheelcheck.resolve.passes import Question, resolve_openly
from wheelcheck.resolve.supply import Supply
from wheelcheck.values import dataclass

_View = tuple[str | None, str | None, bool]
"""Of a release: the kind of file that an installer would take (an archive by its name), withdrawn why, hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
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

    def resolve(self, question: Question, reporter: Reporter | None = None) -> Resolution | Conflict:
        """Answer *question* as :func:`~wheelcheck.resolve.resolve` would; raises what that raises.

        Costs one judgement of each version and marker that an earlier search looked at, where its outcome can be taken over.
        """
        supply = Supply.of(question, self._projects, Compatibility(question.target))
        for trace in self._traces:
            if _is_same_question(trace.question, question) and is_answered_alike(trace, supply):
                self.replayed += 1
                return _moved(trace.outcome, question, supply)
        self.resolved += 1
        outcome, supply = resolve_openly(question, self._projects, reporter or SilentReporter())
        trace_of_it = traced(question, outcome, supply)
        if trace_of_it is not None:
            self._traces.insert(0, trace_of_it)
        return outcome


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


def is_answered_alike(trace: Trace, supply: Supply) -> bool:
    """Whether the target of *supply* answers all questions of *trace* as the target of the trace did."""
    compatibility, projects = supply.compatibility, supply.projects
    if any(compatibility.evaluate(marker, extra) != told for marker, extra, told in trace.markers):
        return False
    for (name, version), view in trace.releases.items():
        if _view(supply.shelf(name).release(version)) != view:
            return False
    projects.prefetch_metadata(_iter_wheels(trace, supply))
    before = Compatibility(trace.question.target)
    try:
        for (name, version), stated in trace.metadata.items():
            own = supply.metadata(name, version)
            if not _say_the_same(own, stated):
                return False
            bound = own.requires_python
            if bound and compatibility.admits_python(bound) != before.admits_python(bound):
                return False
        for (name, version), told in trace.installability.items():
            if supply.installability(name, version)[0] is not told:
                return False
    except (MetadataMalformed, IndexUnavailable):
        return False  # resolving anew says what is to be said of it
    return not supply.archives_refused


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
