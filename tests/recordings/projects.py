"""Two implementations of the port ``Projects``: one writes down what another answers, one answers from that; no network."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from packaging.utils import NormalizedName

from tests.fakes.deliveries import Deliveries
from tests.recordings.model import Recording, without_prose
from wheelcheck.errors import ArchiveRefused, IndexUnavailable, MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, Distribution, Judgement, ProjectPage, Sdist, Wheel
from wheelcheck.ports import Projects

_HINT = "record it again: python -m fixtures.record"


class RecordingProjects:
    """Passes every call on to *real* and writes each answer down; reading ahead counts as asking."""

    def __init__(self, real: Projects) -> None:
        self._real = real
        self._pages: dict[NormalizedName, ProjectPage] = {}
        self._metadata: dict[str, CoreMetadata] = {}
        self._sources: dict[str, Judgement] = {}
        self._ahead_pages: set[NormalizedName] = set()
        self._ahead_wheels: dict[str, Wheel] = {}
        self._ahead_sdists: dict[str, Sdist] = {}
        self._guard = threading.Lock()

    def page(self, name: NormalizedName) -> ProjectPage:
        """Ask and note."""
        found = self._real.page(name)
        with self._guard:
            self._pages[name] = found
        return found

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        """Ask and note."""
        found = self._real.metadata(wheel)
        with self._guard:
            self._metadata[wheel.filename] = found
        return found

    def source(self, sdist: Sdist) -> Judgement:
        """Ask and note."""
        found = self._real.source(sdist)
        with self._guard:
            self._sources[sdist.filename] = found
        return found

    def direct(self, url: str) -> tuple[Distribution, CoreMetadata | None, Judgement | None]:
        """Ask without noting: a recording is of an index."""
        return self._real.direct(url)

    def digest(self, file: Distribution, algorithm: str) -> str | None:
        """Ask without noting."""
        return self._real.digest(file, algorithm)

    def prefetch_pages(self, names: Iterable[NormalizedName]) -> None:
        """Pass on, and remember to note the answers."""
        wanted = tuple(names)
        with self._guard:
            self._ahead_pages.update(wanted)
        self._real.prefetch_pages(wanted)

    def prefetch_metadata(self, wheels: Iterable[Wheel]) -> None:
        """Pass on, and remember to note the answers."""
        wanted = tuple(wheels)
        with self._guard:
            self._ahead_wheels.update((wheel.filename, wheel) for wheel in wanted)
        self._real.prefetch_metadata(wanted)

    def prefetch_sources(self, sdists: Iterable[Sdist]) -> None:
        """Pass on, and remember to note the answers."""
        wanted = tuple(sdists)
        with self._guard:
            self._ahead_sdists.update((sdist.filename, sdist) for sdist in wanted)
        self._real.prefetch_sources(wanted)

    def on_page(self, listener: Callable[[ProjectPage], None] | None) -> None:
        """Pass on."""
        self._real.on_page(listener)

    def on_metadata(self, listener: Callable[[Wheel, CoreMetadata], None] | None) -> None:
        """Pass on."""
        self._real.on_metadata(listener)

    def on_wait(self, listener: Callable[[], None] | None) -> None:
        """Pass on."""
        self._real.on_wait(listener)

    def while_waiting(self, check: Callable[[], None] | None) -> None:
        """Pass on."""
        self._real.while_waiting(check)

    def taken(self, about: dict[str, str | list[str]]) -> Recording:
        """Everything asked so far; waits for what was only read ahead, and leaves out what failed."""
        self.on_page(None)
        self.on_metadata(None)
        for name in sorted(self._ahead_pages - self._pages.keys()):
            _try(partial(self.page, name))
        for filename in sorted(self._ahead_wheels.keys() - self._metadata.keys()):
            _try(partial(self.metadata, self._ahead_wheels[filename]))
        for filename in sorted(self._ahead_sdists.keys() - self._sources.keys()):
            _try(partial(self.source, self._ahead_sdists[filename]))
        return Recording(
            pages={name: without_prose(page) for name, page in sorted(self._pages.items())},
            metadata=dict(sorted(self._metadata.items())),
            sources=dict(sorted(self._sources.items())),
            about=about,
        )


def _try(ask: Callable[[], object]) -> None:
    try:
        ask()
    except (IndexUnavailable, ArchiveRefused, MetadataMalformed):
        return  # the run did without it, so the replay can


class ReplayProjects:
    """Answers from a recording, at once; what was not recorded raises ``IndexUnavailable`` when asked, not when prefetched.

    ``calls`` counts by ``(method, subject)``.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.calls: Counter[tuple[str, str]] = Counter()
        self._told: set[str] = set()
        self._page_listener: Callable[[ProjectPage], None] | None = None
        self._metadata_listener: Callable[[Wheel, CoreMetadata], None] | None = None
        self._deliveries = Deliveries()

    def page(self, name: NormalizedName) -> ProjectPage:
        """The recorded page."""
        self.calls["page", name] += 1
        if name not in self.recording.pages:
            raise IndexUnavailable("this project was not recorded", address=name, hint=_HINT)
        self._tell_page(name)
        return self.recording.pages[name]

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        """The recorded fields."""
        self.calls["metadata", wheel.filename] += 1
        if wheel.filename not in self.recording.metadata:
            raise IndexUnavailable("the metadata was not recorded", address=wheel.filename, hint=_HINT)
        self._tell_metadata(wheel)
        return self.recording.metadata[wheel.filename]

    def source(self, sdist: Sdist) -> Judgement:
        """The recorded judgement."""
        self.calls["source", sdist.filename] += 1
        if sdist.filename not in self.recording.sources:
            raise IndexUnavailable("the sdist was not recorded", address=sdist.filename, hint=_HINT)
        return self.recording.sources[sdist.filename]

    def direct(self, url: str) -> tuple[Distribution, CoreMetadata | None, Judgement | None]:
        """Refuse: recordings are of an index."""
        self.calls["direct", url] += 1
        raise IndexUnavailable("direct references are not recorded", address=url)

    def digest(self, file: Distribution, algorithm: str) -> str | None:
        """Answer ``None``: no file is on this machine."""
        return None

    def prefetch_pages(self, names: Iterable[NormalizedName]) -> None:
        """Tell the listener at once."""
        for name in names:
            if name in self.recording.pages:
                self._tell_page(name)

    def prefetch_metadata(self, wheels: Iterable[Wheel]) -> None:
        """Tell the listener at once."""
        for wheel in wheels:
            if wheel.filename in self.recording.metadata:
                self._tell_metadata(wheel)

    def prefetch_sources(self, sdists: Iterable[Sdist]) -> None:
        """Do nothing: no listener waits for sdists."""

    def on_page(self, listener: Callable[[ProjectPage], None] | None) -> None:
        """Call *listener* once for each page."""
        self._page_listener = listener

    def on_metadata(self, listener: Callable[[Wheel, CoreMetadata], None] | None) -> None:
        """Call *listener* once for each wheel."""
        self._metadata_listener = listener

    def on_wait(self, listener: Callable[[], None] | None) -> None:
        """Do nothing: everything is at hand."""

    def while_waiting(self, check: Callable[[], None] | None) -> None:
        """Do nothing: everything is at hand."""

    def _tell_page(self, name: NormalizedName) -> None:
        if name not in self._told and (listener := self._page_listener) is not None:
            self._told.add(name)
            self._deliveries.deliver(partial(listener, self.recording.pages[name]))

    def _tell_metadata(self, wheel: Wheel) -> None:
        if wheel.filename not in self._told and (listener := self._metadata_listener) is not None:
            self._told.add(wheel.filename)
            self._deliveries.deliver(partial(listener, wheel, self.recording.metadata[wheel.filename]))
