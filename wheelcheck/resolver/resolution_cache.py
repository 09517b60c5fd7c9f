"""Resolves one question for many targets, and once for those that the data cannot tell apart; chooses nothing itself.

A resolution is a function of what it asks of its target: which markers hold, which versions have which kind of file, what the
metadata of those files says. A :class:`_Trace` keeps these questions with their answers. Where another target answers all of them
alike, the search would go the same way step by step, so its outcome is that of the first with the other target's own files.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable, MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, Installability, Wheel
from wheelcheck.model.resolution import Conflict, Pin, Resolution
from wheelcheck.model.target import MarkerReading
from wheelcheck.ports import Projects, Reporter, SilentReporter
from wheelcheck.resolver.candidate_source import CandidateSource
from wheelcheck.resolver.passes import resolve_from, source_for
from wheelcheck.resolver.question import Question
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Release

_ReleaseKey = tuple[NormalizedName, Version]
_ReleaseFacts = tuple[str | None, str | None, bool]
"""The kind of file that an installer would take (an archive by its name), why the release was withdrawn, whether it is hidden."""


class _Trace(Struct, frozen=True, kw_only=True):
    """What the resolution of *question* asked of its target, with the answers, and its *outcome*."""

    question: Question
    outcome: Resolution | Conflict
    markers: tuple[tuple[Marker, str, MarkerReading], ...]
    releases: Mapping[_ReleaseKey, _ReleaseFacts]
    metadata: Mapping[_ReleaseKey, CoreMetadata]
    installability: Mapping[_ReleaseKey, Installability]


_Difference = Callable[[_Trace, CandidateSource], bool]
"""One question of a trace, asked of another target: whether the answer differs."""


class _Entry:
    """A trace, and the question that told the last target apart from its own: it mostly tells the next one apart too."""

    def __init__(self, trace: _Trace) -> None:
        self.trace = trace
        self._last: _Difference | None = None

    def serves(self, question: Question, source: CandidateSource) -> bool:
        """Whether the outcome holds for *question*, whose target *source* knows."""
        if replace(self.trace.question, target=question.target) != question:
            return False
        if self._last is not None and self._last(self.trace, source):
            return False
        different = _first_difference(self.trace, source)
        if different is not None:
            self._last = different
        return different is None


class ResolutionCache:
    """Resolves for one target after another; *projects* must say the same to all of them.

    ``searches`` counts the searches made, ``hits`` the outcomes that were taken over.
    """

    def __init__(self, projects: Projects) -> None:
        self.searches = 0
        self.hits = 0
        self._projects = projects
        self._entries: list[_Entry] = []

    def resolve(self, question: Question, reporter: Reporter | None = None) -> Resolution | Conflict:
        """Answer *question* as :func:`~wheelcheck.resolver.passes.resolve` would; raises what that raises.

        Costs one judgement of each version and marker that an earlier search looked at, where its outcome can be taken over.
        """
        source = source_for(question, self._projects)
        for entry in self._entries:
            if entry.serves(question, source):
                self.hits += 1
                return _for_target(entry.trace.outcome, question, source)
        self.searches += 1
        source = source_for(question, self._projects)  # one that has looked at nothing else
        outcome = resolve_from(source, question, reporter or SilentReporter())
        trace = _trace_of(question, outcome, source)
        if trace is not None:
            self._entries.insert(0, _Entry(trace))
        return outcome


def read_ahead(outcome: Resolution | Conflict, questions: Iterable[Question], projects: Projects) -> None:
    """Start fetching what *questions* on further targets will most likely ask: the metadata of the versions of *outcome*.

    Without it each target waits for its own wheels, one target after the other. A pure wheel is the same for all.
    """
    natural = outcome.natural if isinstance(outcome, Conflict) else outcome
    pins = [pin for pin in natural.pins.values() if _differs_by_target(pin)] if natural is not None else []
    for question in questions if pins else ():
        source = source_for(question, projects)
        fits = (source.fit(pin.name, pin.version, None) for pin in pins)
        files = (fit.distribution for fit in fits if fit is not None)
        projects.prefetch_metadata(file for file in files if isinstance(file, Wheel))


def _differs_by_target(pin: Pin) -> bool:
    file = pin.distribution
    # A file that no index lists was named by its URL.
    if file is None or not file.at.index:
        return False
    return not isinstance(file, Wheel) or all(platform != "any" for _, _, platform in file.tags)


def _trace_of(question: Question, outcome: Resolution | Conflict, source: CandidateSource) -> _Trace | None:
    """The trace of the search that ended in *outcome*; ``None`` where its way depends on more than can be asked again.

    That is time (a budget that ran out), files named by URL, and files that turned out unusable when they were read.
    """
    looked_at = source.looked_at()
    spent = isinstance(outcome, Conflict) and outcome.budget_spent
    if spent or source.rejected or source.archives_refused or looked_at.urls:
        return None
    return _Trace(
        question=question,
        outcome=outcome,
        markers=tuple(source.compatibility.evaluated()),
        releases={key: _facts_of(release) for key, release in looked_at.releases.items()},
        metadata=looked_at.metadata,
        installability=looked_at.installability,
    )


def _facts_of(release: Release) -> _ReleaseFacts:
    fit = release.fit
    kind = None if fit is None else "wheel" if isinstance(fit.distribution, Wheel) else fit.distribution.filename
    return (kind, release.yanked, release.hidden)


def _first_difference(trace: _Trace, source: CandidateSource) -> _Difference | None:
    """The first question of *trace* that the target of *source* answers otherwise; ``None`` where there is none."""
    quick: Iterator[_Difference] = chain(
        (partial(_marker_differs, place) for place in range(len(trace.markers))),
        (partial(_release_differs, key) for key in trace.releases),
    )
    found = next((differs for differs in quick if differs(trace, source)), None)
    if found is not None:
        return found
    source.projects.prefetch_metadata(_iter_wheels(trace, source))
    before = Compatibility(trace.question.target)
    try:
        differs = any(_metadata_differs(key, before, trace, source) for key in trace.metadata) or any(
            source.installability(*key)[0] is not known for key, known in trace.installability.items()
        )
    except (MetadataMalformed, IndexUnavailable):
        differs = True  # resolving anew says what is to be said of it
    return _never_first if differs or source.archives_refused else None


def _marker_differs(place: int, trace: _Trace, source: CandidateSource) -> bool:
    marker, extra, before = trace.markers[place]
    own = source.compatibility.evaluate(marker, extra)
    return own is not before and own != before


def _release_differs(key: _ReleaseKey, trace: _Trace, source: CandidateSource) -> bool:
    name, version = key
    return _facts_of(source.view(name).release(version)) != trace.releases[key]


def _metadata_differs(key: _ReleaseKey, before: Compatibility, trace: _Trace, source: CandidateSource) -> bool:
    own = source.metadata(*key)
    bound = own.requires_python
    return not _say_the_same(own, trace.metadata[key]) or bool(
        bound and source.compatibility.admits_python(bound) != before.admits_python(bound)
    )


def _never_first(trace: _Trace, source: CandidateSource) -> bool:  # noqa: ARG001 - a _Difference
    return False  # metadata and archives cost too much to be asked for first


def _iter_wheels(trace: _Trace, source: CandidateSource) -> Iterator[Wheel]:
    for name, version in trace.metadata:
        fit = source.fit(name, version, None)
        if fit is not None and isinstance(fit.distribution, Wheel):
            yield fit.distribution


def _say_the_same(one: CoreMetadata, other: CoreMetadata) -> bool:
    fields = operator.attrgetter("requires", "requires_python", "provides_extra", "malformed")
    return bool(fields(one) == fields(other))


def _for_target(outcome: Resolution | Conflict, question: Question, source: CandidateSource) -> Resolution | Conflict:
    """*outcome* with the files of another target, which *source* has."""
    match outcome:
        case Resolution():
            return replace(outcome, target=question.target, pins=_pins(outcome.pins, source))
        case Conflict(natural=Resolution() as natural):
            moved = replace(natural, target=question.target, pins=_pins(natural.pins, source))
            return replace(outcome, target=question.target, natural=moved, partial=_pins(outcome.partial, source))
        case Conflict():
            return replace(outcome, target=question.target, partial=_pins(outcome.partial, source))


def _pins(pins: Mapping[NormalizedName, Pin], source: CandidateSource) -> dict[NormalizedName, Pin]:
    return {name: source.pin(name, pin.version, None, pin.extras) for name, pin in pins.items()}
