"""The ports ``Projects``, ``Code`` and ``OtherIndexes`` over real indexes. Chooses nothing: it knows neither target nor policy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from packaging.utils import NormalizedName

from wheelcheck.errors import BudgetSpent, HashMismatch, IndexRefused, IndexUnavailable, OfflineMiss
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.direct import DirectFile, DirectReferences, SourceJudgements, local_digest, unfetched
from wheelcheck.index.downloads import Texts
from wheelcheck.index.exchange import Statistics
from wheelcheck.index.fetch_context import Connections, load_client
from wheelcheck.index.once_map import Deliveries, Future, LoopThread, OnceMap
from wheelcheck.index.project_pages import OtherIndexes, ProjectPages
from wheelcheck.index.wheel_metadata import WheelMetadata, cache_key
from wheelcheck.model.distribution import CoreMetadata, Distribution, Judgement, ProjectPage, Sdist, Wheel
from wheelcheck.ports import Archives, Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.index.code_answers import CodeQuestions
    from wheelcheck.model.code import ImportSurvey, ImportTarget, ImportTime, ModuleNames, TopModules

T = TypeVar("T")


class IndexStore:
    """Answers from the indexes of *config*; a context manager that stops all fetching and writes the cache at its end.

    *archives* reads what was fetched, *reporter* hears of every request, *clock* returns seconds since the epoch.
    A run whose answers are all cached starts no thread and imports no HTTP client: a prefetch that needs the network starts only
    when a caller waits for an answer that needs it too. Calls may come from any thread but the store's own (that is, not from
    a listener). Listeners are called one at a time, on the thread that has the answer.
    """

    def __init__(
        self,
        config: IndexConfig,
        archives: Archives,
        reporter: Reporter | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connections = Connections(config, archives, reporter or SilentReporter(), clock)
        self._context = context = self._connections.context
        self._thread = LoopThread(load_client, self._connections.close_transports, self._fail_open)
        self._deliveries = Deliveries()
        self._page_listener: Callable[[ProjectPage], None] | None = None
        self._metadata_listener: Callable[[Wheel, CoreMetadata], None] | None = None
        self._wait_listener: Callable[[], None] | None = None
        self._meanwhile: Callable[[], None] | None = None
        self._spare: Callable[[], None] | None = None
        # Each listener gets each answer once, also those that were there before it.
        self._pages_told: set[NormalizedName] = set()
        self._metadata_told: set[str] = set()
        pages, wheels, sources = ProjectPages(context), WheelMetadata(context), SourceJudgements(context)
        self._read_early: Callable[[Wheel], None] | None = None
        self._code_questions: CodeQuestions | None = None
        self._code_guard = threading.Lock()
        self._judges = sources
        directs, texts = DirectReferences(context, wheels, sources), Texts(context)
        self._pages = OnceMap(self._thread, pages.at_hand, pages.fetch, self._page_arrived)
        self._metadata = OnceMap(self._thread, wheels.at_hand, wheels.fetch, self._metadata_arrived)
        self._sources = OnceMap(self._thread, sources.at_hand, sources.fetch)
        self._directs = OnceMap(self._thread, directs.at_hand, directs.fetch)
        self._texts = OnceMap(self._thread, texts.at_hand, texts.fetch)
        others = OtherIndexes(context, self._connections.opener)
        self._other_pages = OnceMap(self._thread, others.at_hand, others.fetch)

    # The port

    def page(self, name: NormalizedName) -> ProjectPage:
        """The page of *name*; see :class:`wheelcheck.ports.Projects`."""
        if self._page_listener is not None:
            self._pages.again(name, name)
        return self._answer(self._pages.begin(name, name))

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        """The dependency fields of *wheel*; raises ``HashMismatch``, ``MetadataMalformed``, ``IndexUnavailable``."""
        key = cache_key(wheel)
        if self._metadata_listener is not None:
            self._metadata.again(key, wheel)
        return self._answer(self._metadata.begin(key, wheel))

    def source(self, sdist: Sdist) -> Judgement:
        """Metadata and purity of *sdist*; raises ``ArchiveRefused``, ``HashMismatch``, ``IndexUnavailable``."""
        return self._answer(self._sources.begin(sdist.at.sha256 or sdist.at.url, sdist))

    def direct(self, url: str) -> tuple[Distribution, CoreMetadata | None, Judgement | None]:
        """The file behind *url*, which may also be a path; of a remote wheel only its metadata is read.

        Of a wheel on a host that does not answer there is what its name says; its metadata is unknown, with the reason.
        """
        try:
            found: DirectFile = self._answer(self._directs.begin(url, url))
        except (IndexRefused, HashMismatch, OfflineMiss):
            raise
        except IndexUnavailable as error:
            return unfetched(url, error)
        return found

    def digest(self, file: Distribution, algorithm: str) -> str | None:
        """The hash of *file* in hex, where it lies on this machine; read once a run. Raises ``IndexUnavailable``."""
        return local_digest(file.at.url, algorithm)

    def prefetch_pages(self, names: Iterable[NormalizedName]) -> None:
        """Start fetching, do not wait."""
        for name in names:
            self._pages.again(name, name)

    def prefetch_metadata(self, wheels: Iterable[Wheel]) -> None:
        """Start fetching, do not wait."""
        for wheel in wheels:
            self._metadata.again(cache_key(wheel), wheel)

    def prefetch_sources(self, sdists: Iterable[Sdist]) -> None:
        """Start fetching and judging, do not wait."""
        for sdist in sdists:
            self._sources.begin(sdist.at.sha256 or sdist.at.url, sdist)

    def on_page(self, listener: Callable[[ProjectPage], None] | None) -> None:
        """Call *listener* with each page that arrives, also from the cache; with one that is there already when it is asked for."""
        self._pages_told = set()
        self._page_listener = listener

    def on_metadata(self, listener: Callable[[Wheel, CoreMetadata], None] | None) -> None:
        """Likewise for each wheel's metadata."""
        self._metadata_told = set()
        self._metadata_listener = listener

    def on_wait(self, listener: Callable[[], None] | None) -> None:
        """Call *listener* once, before the first wait for the network."""
        self._wait_listener = listener

    def while_waiting(self, check: Callable[[], None] | None) -> None:
        """Call *check* about twice a second while an answer is waited for; what it raises ends the wait."""
        self._meanwhile = check

    def ask_first(self, names: Callable[[], Iterable[NormalizedName]]) -> None:
        """Where the cache is empty, ask for the pages of *names*, and return when the requests are out.

        The HTTP client is imported at that time: what the caller imports meanwhile would delay it and the first requests.
        """
        if self._thread.is_started:
            self.prefetch_pages(names())
            self._thread.wait_until_serving()

    def do_while_idle(self, work: Callable[[], None]) -> None:
        """Do *work* once, at the next wait that finds the thread at work: it takes time in which the caller could only wait."""
        self._spare, self._read_early = work, None

    def read_early(self, is_wanted: Callable[[Wheel], bool], target: ImportTarget) -> None:
        """Start reading what the import of a wheel carries out on *target* as soon as its metadata is there, and do not wait.

        Of each project only the first wheel that *is_wanted*: mostly the one that is chosen in the end.
        """
        begun: set[NormalizedName] = set()

        def begin(wheel: Wheel) -> None:
            if wheel.name not in begun and is_wanted(wheel):
                begun.add(wheel.name)
                self._code().import_time(wheel, target, frozenset())

        self._read_early = begin

    # The ports Code and OtherIndexes

    def imports(self, distribution: Distribution, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
        """Where the code of *distribution* imports one of *names* on *target*; raises ``HashMismatch``, ``IndexUnavailable``."""
        return self._answer(self._code().imports(distribution, names, target))

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of *modules* binds in *distribution*; raises ``HashMismatch``, ``IndexUnavailable``."""
        return self._answer(self._code().definitions(distribution, modules))

    def top_modules(self, distributions: Sequence[Distribution]) -> tuple[TopModules, ...]:
        """The top-level modules of each of *distributions*; see :class:`wheelcheck.ports.Code`."""
        begun = [self._code().top_modules(each) for each in distributions]
        return tuple(map(self._answer, begun))

    def definitions_of(
        self, asked: Sequence[tuple[Distribution, frozenset[str]]]
    ) -> tuple[tuple[ModuleNames, ...], ...]:
        """What the modules asked of each distribution bind; raises ``HashMismatch``, ``IndexUnavailable``."""
        begun = [self._code().definitions(each, modules) for each, modules in asked]
        return tuple(map(self._answer, begun))

    def contents(self, distributions: Sequence[Distribution]) -> tuple[Mapping[str, str], ...]:
        """The files that each of *distributions* installs; raises ``HashMismatch``, ``IndexUnavailable``."""
        begun = [self._code().files(each) for each in distributions]
        return tuple(map(self._answer, begun))

    def import_times(
        self, distributions: Sequence[Distribution], target: ImportTarget, modules: frozenset[str] = frozenset()
    ) -> tuple[ImportTime, ...]:
        """What the imports of *distributions* carry out on *target*; raises ``HashMismatch``, ``IndexUnavailable``."""
        begun = [self._code().import_time(each, target, modules) for each in distributions]
        return tuple(map(self._answer, begun))

    def page_at(self, index_url: str, name: NormalizedName) -> ProjectPage:
        """The page of *name* on *index_url* alone; see :class:`wheelcheck.ports.OtherIndexes`."""
        place = (index_url, name)
        return self._answer(self._other_pages.begin(place, place))

    # Beyond the ports

    def fetch_text(self, url: str) -> str:
        """The text behind *url* (http, https, file), UTF-8; raises ``IndexUnavailable`` and ``OfflineMiss``."""
        return self._answer(self._texts.begin(url, url))

    @property
    def statistics(self) -> Statistics:
        """Exact counts of what was done so far."""
        return self._context.tally.snapshot()

    def __enter__(self) -> Self:
        # With an empty cache requests are certain, so the client is imported while the inputs are parsed.
        config, cache = self._context.config, self._context.cache
        if not config.offline and (cache is None or cache.is_cold):
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop all fetching at once and write the cache."""
        self._page_listener = self._metadata_listener = self._wait_listener = self._meanwhile = self._spare = None
        self._read_early = None
        has_ended = True  # where it was not waited for, the cache is written as ever
        try:
            has_ended = self._thread.close()
        finally:
            self._fail_open()
            self._judges.close()
            if self._code_questions is not None:
                self._code_questions.close()
            if has_ended:
                self._connections.write_cache()

    # Inner workings

    def _answer(self, future: Future[T]) -> T:
        if future.is_open and self._thread.is_current:
            raise RuntimeError("a listener asked the store for what only the listener's own thread could bring")
        if future.is_open:
            listener, self._wait_listener = self._wait_listener, None
            if listener is not None:
                listener()
            self._thread.start()
            if self._thread.is_serving and self._spare is not None:
                work, self._spare = self._spare, None
                work()
        answer = future.wait(self._meanwhile or self._ending(time.monotonic() + self._context.config.longest_wait))
        self._deliveries.raise_kept()
        return answer

    @staticmethod
    def _ending(deadline: float) -> Callable[[], None]:
        """What ends a wait at *deadline*: an answer that comes byte by byte is never late for the transport."""

        def check() -> None:
            if time.monotonic() > deadline:
                raise BudgetSpent("no answer came within the time budget", hint="--max-seconds gives it more time")

        return check

    def _page_arrived(self, name: NormalizedName, page: ProjectPage) -> None:
        if self._page_listener is not None and name not in self._pages_told:
            self._pages_told.add(name)
            self._deliveries.deliver(partial(self._tell_page, page))

    def _tell_page(self, page: ProjectPage) -> None:
        if self._page_listener is not None:
            self._page_listener(page)

    def _metadata_arrived(self, wheel: Wheel, metadata: CoreMetadata) -> None:
        if self._read_early is not None:
            self._read_early(wheel)
        key = cache_key(wheel)
        if self._metadata_listener is not None and key not in self._metadata_told:
            self._metadata_told.add(key)
            self._deliveries.deliver(partial(self._tell_metadata, wheel, metadata))

    def _tell_metadata(self, wheel: Wheel, metadata: CoreMetadata) -> None:
        if self._metadata_listener is not None:
            self._metadata_listener(wheel, metadata)

    def _code(self) -> CodeQuestions:
        with self._code_guard:
            if self._code_questions is None:
                from wheelcheck.index.code_answers import CodeQuestions

                self._code_questions = CodeQuestions(self._thread, self._context)
            return self._code_questions

    def _fail_open(self) -> None:
        for answers in (self._pages, self._metadata, self._sources, self._directs, self._texts, self._other_pages):
            answers.fail_open()
        if self._code_questions is not None:
            self._code_questions.fail_open()
