"""The small Protocols through which the core asks for the rest: index, archives, files, reporter; adapters live at the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.code import CodePlaces, ImportSurvey, ImportTarget, ImportTime, ModuleNames, TopModules
    from wheelcheck.model.distribution import (
        CoreMetadata,
        Distribution,
        Judgement,
        MetadataSource,
        ProjectPage,
        Sdist,
        Wheel,
    )
    from wheelcheck.model.environment import PlanSizes
    from wheelcheck.model.plan import PlannedFile


class Projects(Protocol):
    """The pages, metadata and archives on the indexes. Every call may block; each answer is fetched once and kept for the run.

    Raises ``IndexUnavailable`` where no answer can be had.
    """

    def page(self, name: NormalizedName) -> ProjectPage:
        """The page of *name*; one with state ``absent`` where no index knows it."""

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        """The dependency fields of *wheel*, by sidecar, tail range or whole download."""

    def source(self, sdist: Sdist) -> Judgement:
        """Metadata and purity of *sdist*, read without running it; raises ``ArchiveRefused`` for a hostile one."""

    def direct(self, url: str) -> tuple[Distribution, CoreMetadata | None, Judgement | None]:
        """The file behind a direct reference: a wheel with its metadata, or an sdist or local folder with its judgement.

        Name and version come from the archive. The ``Distribution`` carries the hash of what was read.
        """

    def digest(self, file: Distribution, algorithm: str) -> str | None:
        """The hash of *file* in hex, by *algorithm*, where it lies on this machine; ``None`` where it is elsewhere."""

    def prefetch_pages(self, names: Iterable[NormalizedName]) -> None:
        """Start fetching, do not wait; unknown names and failures are kept for the later call."""

    def prefetch_metadata(self, wheels: Iterable[Wheel]) -> None:
        """Start fetching, do not wait."""

    def prefetch_sources(self, sdists: Iterable[Sdist]) -> None:
        """Start fetching and judging, do not wait."""

    def on_page(self, listener: Callable[[ProjectPage], None] | None) -> None:
        """Call *listener* on a thread of the store as each page arrives, so that reading ahead need not wait for the solver.

        For a page that another resolution of the run fetched already, *listener* is called when the page is asked for.
        """

    def on_metadata(self, listener: Callable[[Wheel, CoreMetadata], None] | None) -> None:
        """Likewise for each wheel's metadata."""

    def on_wait(self, listener: Callable[[], None] | None) -> None:
        """Call *listener* once, on the caller's thread, before the first answer that is not at hand is waited for.

        Until then there is nothing to gain by reading ahead.
        """

    def while_waiting(self, check: Callable[[], None] | None) -> None:
        """Call *check* now and then, on the caller's thread, while it waits for an answer; what it raises ends the wait."""


class OtherIndexes(Protocol):
    """Indexes that the user did not name, asked only for a repair."""

    def page_at(self, index_url: str, name: NormalizedName) -> ProjectPage:
        """The page of *name* on the index at *index_url* alone; state ``absent`` where that index has none.

        Asked once, without retries or long waiting; raises ``IndexUnavailable`` where no answer can be had.
        """


class Code(Protocol):
    """The imports and definitions in the code of released archives, read without running it; each answer is had once and kept.

    Raises ``IndexUnavailable`` where a file cannot be had. An archive that is too large or hostile is a value: the answer says
    what was not read.
    """

    def imports(self, distribution: Distribution, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
        """Where the code of *distribution* imports one of the top-level *names* on *target*; fetches its Python files only."""

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of the dotted *modules* binds in *distribution*, in the order of their names."""

    def top_modules(self, distributions: Sequence[Distribution]) -> tuple[TopModules, ...]:
        """The top-level modules that each of *distributions* makes importable, by its files; all are fetched at once."""

    def definitions_of(
        self, asked: Sequence[tuple[Distribution, frozenset[str]]]
    ) -> tuple[tuple[ModuleNames, ...], ...]:
        """As :meth:`definitions` for each distribution and its modules, all fetched at once."""

    def contents(self, distributions: Sequence[Distribution]) -> tuple[Mapping[str, str], ...]:
        """The files that each of *distributions* installs into ``site-packages``, with a word that tells contents apart."""

    def import_times(
        self, distributions: Sequence[Distribution], target: ImportTarget, modules: frozenset[str] = frozenset()
    ) -> tuple[ImportTime, ...]:
        """What the import of each of *distributions* carries out on *target*, in their order; all are fetched at once.

        With *modules* it is that of these in place of those at the top level.
        """


class Landing(Protocol):
    """Where one file is written while it arrives: keeps the bytes and their hash, and shows the file once it is whole.

    Raises ``DiskFailure`` where bytes cannot be kept. Used by one thread at a time.
    """

    @property
    def received(self) -> int:
        """How many bytes are kept, of this run or of an earlier one."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; they count as received only once they are kept."""

    def keep(self) -> None:
        """Keep what was written since the last call, whatever happens afterwards."""

    def restart(self) -> None:
        """Drop what was written and not kept."""

    def begin_anew(self) -> None:
        """Drop everything."""

    def finish(self) -> None:
        """Check the hashes of the whole file and show it. Raises ``HashMismatch`` after dropping everything."""


class Files(Protocol):
    """The files of a plan, wherever they lie; every call blocks."""

    def sizes(self, files: Sequence[PlannedFile]) -> PlanSizes:
        """The sizes of *files*, by file name; asks only for those that neither the plan nor the cache tells.

        A file of unknown size is in the answer all the same, without one.
        """

    def download(self, landings: Sequence[tuple[PlannedFile, Landing]]) -> None:
        """Write every file to its landing, several at once; continue where a landing has the beginning.

        Returns when all are finished. At the first failure the others stop: raises ``IndexUnavailable``, ``HashMismatch`` or
        ``DiskFailure``; the landings keep the bytes that arrived.
        """


class Archives(Protocol):
    """Reads archives that are at hand, without running anything in them; raises ``ArchiveRefused`` for hostile ones."""

    def wheel_metadata(self, file: BinaryIO, filename: str) -> CoreMetadata:
        """The dependency fields in the wheel *file* (seekable); reads the zip's directory and one member."""

    def core_metadata(self, content: bytes, filename: str, source: MetadataSource) -> CoreMetadata:
        """The dependency fields in *content*, a METADATA file that belongs to *filename*.

        Raises ``MetadataMalformed`` when it is unreadable or speaks of another project or version than *filename*.
        """

    def judge_sdist(self, file: BinaryIO, filename: str) -> Judgement:
        """Metadata and purity of the source archive *file* (seekable), one pass over its members."""

    def judge_folder(self, folder: Path) -> Judgement:
        """Likewise for an unpacked source tree."""

    def code_places(self, file: BinaryIO, filename: str, modules: frozenset[str] | None) -> CodePlaces:
        """Where in the wheel *file* the sources of *modules* lie, of all modules for ``None``; reads the zip's directory."""

    def top_modules(self, file: BinaryIO, filename: str) -> TopModules:
        """The top-level modules that the archive *file* makes importable; reads a wheel's directory, a source archive whole."""

    def imports(self, file: BinaryIO, filename: str, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
        """Where the Python files in the archive *file* import one of the top-level *names* on *target*."""

    def definitions(self, file: BinaryIO, filename: str, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of *modules* binds in the archive *file*; reads these and what they import ``*`` from."""

    def contents(self, file: BinaryIO, filename: str) -> dict[str, str]:
        """The files of the wheel *file* that are installed into ``site-packages``, with a word for the content of each."""

    def import_time(
        self, file: BinaryIO, filename: str, target: ImportTarget, modules: frozenset[str] = frozenset()
    ) -> ImportTime:
        """What the import of the top-level modules in the archive *file*, or of *modules*, carries out on *target*."""


class Reporter(Protocol):
    """Receives the events of a run; its methods must be quick and must not fail. The no-op one is :class:`SilentReporter`."""

    def stage(self, name: str) -> None:
        """A stage begins: a short present participle such as ``resolving``."""

    def pinned(self, name: NormalizedName, version: Version, total: int) -> None:
        """The solver holds *total* pins now, *name* the latest."""

    def fetching(self, what: str) -> None:
        """A request for *what*, a project or file name, starts."""

    def fetched(self, what: str) -> None:
        """The request for *what* ended."""


class SilentReporter:
    """A reporter that says nothing."""

    def stage(self, name: str) -> None:
        """Say nothing."""

    def pinned(self, name: NormalizedName, version: Version, total: int) -> None:
        """Say nothing."""

    def fetching(self, what: str) -> None:
        """Say nothing."""

    def fetched(self, what: str) -> None:
        """Say nothing."""


class Transfers(Reporter, Protocol):
    """A reporter of bulk transfers, which also counts bytes. The no-op one is :class:`SilentTransfers`."""

    def sizes_known(self, sizes: PlanSizes) -> None:
        """The sizes of the files of the plan are known; called before the first of them is asked for."""

    def waiting(self, what: str) -> None:
        """The run waits until *what* (a short noun phrase) ends."""

    def expect(self, files: int, size: int | None) -> None:
        """*files* files of *size* bytes together will arrive; ``None`` where not all sizes are known."""

    def arrived(self, count: int) -> None:
        """*count* more bytes arrived; negative where bytes that had arrived were given up."""

    def landed(self, filename: str) -> None:
        """One file is whole and checked."""


class SilentTransfers(SilentReporter):
    """A reporter of transfers that says nothing."""

    def sizes_known(self, sizes: PlanSizes) -> None:
        """Say nothing."""

    def waiting(self, what: str) -> None:
        """Say nothing."""

    def expect(self, files: int, size: int | None) -> None:
        """Say nothing."""

    def arrived(self, count: int) -> None:
        """Say nothing."""

    def landed(self, filename: str) -> None:
        """Say nothing."""
