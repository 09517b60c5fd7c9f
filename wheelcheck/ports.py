"""The small Protocols that the core needs from the world: index, archives, reporter; adapters live at the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model import (
        CodePlaces,
        CoreMetadata,
        Distribution,
        ImportSurvey,
        Judgement,
        MetadataSource,
        ModuleNames,
        ProjectPage,
        Sdist,
        Wheel,
    )


class Projects(Protocol):
    """What the indexes say. Every call may block; each answer is fetched once and kept for the run.

    Raises ``IndexUnavailable`` where no answer can be had.
    """

    def page(self, name: NormalizedName) -> ProjectPage:
        """The page of *name*; one with state ``absent`` where no index knows it."""
        ...

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        """The dependency fields of *wheel*, by sidecar, tail range or whole download."""
        ...

    def source(self, sdist: Sdist) -> Judgement:
        """Metadata and purity of *sdist*, read without running it; raises ``ArchiveRefused`` for a hostile one."""
        ...

    def direct(self, url: str) -> tuple[Distribution, CoreMetadata | None, Judgement | None]:
        """The file behind a direct reference: a wheel with its metadata, or an sdist or local folder with its judgement.

        Name and version come from the archive. The ``Distribution`` carries the hash of what was read.
        """
        ...

    def prefetch_pages(self, names: Iterable[NormalizedName]) -> None:
        """Start fetching, do not wait; unknown names and failures are kept for the later call."""
        ...

    def prefetch_metadata(self, wheels: Iterable[Wheel]) -> None:
        """Start fetching, do not wait."""
        ...

    def prefetch_sources(self, sdists: Iterable[Sdist]) -> None:
        """Start fetching and judging, do not wait."""
        ...

    def on_page(self, listener: Callable[[ProjectPage], None] | None) -> None:
        """Call *listener* on a thread of the store as each page arrives, so that reading ahead need not wait for the solver.

        A page that is there already, from another resolution of the run, is told of when it is asked for.
        """
        ...

    def on_metadata(self, listener: Callable[[Wheel, CoreMetadata], None] | None) -> None:
        """Likewise for each wheel's metadata."""
        ...


class OtherIndexes(Protocol):
    """Indexes that the user did not name, asked only for a repair."""

    def page_at(self, index_url: str, name: NormalizedName) -> ProjectPage:
        """The page of *name* on the index at *index_url* alone; state ``absent`` where that index has none.

        Asked once, without retries or long waiting; raises ``IndexUnavailable`` where no answer can be had.
        """
        ...


class Code(Protocol):
    """What the Python code in released archives says, read without running it; each answer is had once and kept.

    Raises ``IndexUnavailable`` where a file cannot be had. An archive that is too large or hostile is a value: the answer says
    what was not read.
    """

    def import_names(self, distribution: Distribution) -> frozenset[str]:
        """The top-level names that *distribution* makes importable (RECORD, top_level.txt, its files); empty if not known."""
        ...

    def imports(self, distribution: Distribution, names: frozenset[str]) -> ImportSurvey:
        """Where the code of *distribution* imports one of the top-level *names*; fetches its Python files only."""
        ...

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of the dotted *modules* binds in *distribution*, in the order of their names."""
        ...


class Archives(Protocol):
    """Reads archives that are at hand, without running anything in them; raises ``ArchiveRefused`` for hostile ones."""

    def wheel_metadata(self, file: BinaryIO, filename: str) -> CoreMetadata:
        """The dependency fields in the wheel *file* (seekable); reads the zip's directory and one member."""
        ...

    def core_metadata(self, content: bytes, filename: str, source: MetadataSource) -> CoreMetadata:
        """The dependency fields in *content*, a METADATA file that belongs to *filename*.

        Raises ``MetadataMalformed`` when it is unreadable or speaks of another project or version than *filename*.
        """
        ...

    def judge_sdist(self, file: BinaryIO, filename: str) -> Judgement:
        """Metadata and purity of the source archive *file* (seekable), one pass over its members."""
        ...

    def judge_folder(self, folder: Path) -> Judgement:
        """Likewise for an unpacked source tree."""
        ...

    def code_places(self, file: BinaryIO, filename: str, modules: frozenset[str] | None) -> CodePlaces:
        """Where in the wheel *file* the sources of *modules* lie, of all modules for ``None``; reads the zip's directory."""
        ...

    def import_names(self, file: BinaryIO, filename: str) -> frozenset[str]:
        """The top-level names that the archive *file* makes importable; reads a wheel's directory, a source archive whole."""
        ...

    def imports(self, file: BinaryIO, filename: str, names: frozenset[str]) -> ImportSurvey:
        """Where the Python files in the archive *file* import one of the top-level *names*."""
        ...

    def definitions(self, file: BinaryIO, filename: str, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of *modules* binds in the archive *file*; reads these and what they import ``*`` from."""
        ...


class Reporter(Protocol):
    """Told what happens; must not fail and must be quick. The no-op one is :class:`SilentReporter`."""

    def stage(self, name: str) -> None:
        """A stage begins: a short present participle such as ``resolving``."""
        ...

    def pinned(self, name: NormalizedName, version: Version, total: int) -> None:
        """The solver holds *total* pins now, *name* the latest."""
        ...

    def fetching(self, what: str) -> None:
        """A request starts; *what* is a project name or file name."""
        ...

    def fetched(self, what: str) -> None:
        """That request ended."""
        ...


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
