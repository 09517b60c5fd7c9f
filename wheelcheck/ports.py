"""The small Protocols that the core needs from the world: index, archives, reporter; adapters live at the edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model import CoreMetadata, Distribution, Judgement, MetadataSource, ProjectPage, Sdist, Wheel


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
        """Call *listener* on a thread of the store as each page arrives, so that reading ahead need not wait for the solver."""
        ...

    def on_metadata(self, listener: Callable[[Wheel, CoreMetadata], None] | None) -> None:
        """Likewise for each wheel's metadata."""
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
