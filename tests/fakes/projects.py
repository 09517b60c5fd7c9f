"""An index in memory that implements the port ``Projects``; refuses to read archives or to open a connection."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.fakes.deliveries import Deliveries
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import (
    Availability,
    CoreMetadata,
    Distribution,
    Judgement,
    LinkSkip,
    MetadataSource,
    ProjectPage,
    ProjectState,
    Purity,
    Sdist,
    Wheel,
    parse_link,
)

INDEX = "https://index.example/simple/"
DEFAULT_UPLOAD = "2026-01-01T00:00:00.000000Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeFile:
    """One file of a release: ``suffix`` is what follows ``name-version`` in its file name; the rest as the page says it.

    ``purity`` is an sdist's judgement. ``metadata_known`` is false for an sdist that says nothing static of its
    dependencies, ``source`` where the fields are said to come from.
    """

    suffix: str
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    requires_python: str | None = None
    yanked: str | None = None
    upload_time: str | None = DEFAULT_UPLOAD
    size: int | None = None
    core_metadata: bool | None = True
    purity: Purity = Purity.UNKNOWN
    evidence: tuple[str, ...] = ()
    metadata_known: bool = True
    source: MetadataSource = MetadataSource.CORE_METADATA


def wheel(
    tags: str = "py3-none-any",
    *,
    requires: Sequence[str] = (),
    extras: Sequence[str] = (),
    requires_python: str | None = None,
    yanked: str | None = None,
    upload_time: str | None = DEFAULT_UPLOAD,
    size: int | None = None,
) -> FakeFile:
    """Describe a wheel; *tags* is the tail of its file name (``cp311-abi3-win_amd64``, a build tag before it if wanted)."""
    return FakeFile(
        suffix=f"-{tags}.whl",
        requires=tuple(requires),
        extras=tuple(extras),
        requires_python=requires_python,
        yanked=yanked,
        upload_time=upload_time,
        size=size,
    )


def sdist(
    *,
    purity: str = "unknown",
    requires: Sequence[str] | None = (),
    extras: Sequence[str] = (),
    requires_python: str | None = None,
    yanked: str | None = None,
    upload_time: str | None = DEFAULT_UPLOAD,
    source: MetadataSource = MetadataSource.SDIST_STATIC,
    evidence: Sequence[str] = (),
    kind: str = ".tar.gz",
    size: int | None = None,
) -> FakeFile:
    """Describe a source archive; *requires* ``None`` means that it says nothing static of its dependencies."""
    return FakeFile(
        suffix=kind,
        requires=tuple(requires or ()),
        extras=tuple(extras),
        requires_python=requires_python,
        yanked=yanked,
        upload_time=upload_time,
        purity=Purity(purity),
        evidence=tuple(evidence) or (f"the fake says {purity}",),
        metadata_known=requires is not None,
        source=source,
        size=size,
    )


Release = Sequence[FakeFile]


@dataclass(slots=True)
class FakeProjects:
    """The port ``Projects`` over a description ``{project: {version: [files]}}``; answers at once, on the caller's thread.

    *states* gives projects another status than ``active``; *links* are what direct URLs hold, as
    ``{url: (file name, FakeFile)}``. ``calls`` counts every call by ``(method, subject)``, ``fetched`` what a real store
    would have had to fetch: each page, metadata and archive once, whether asked or prefetched. Names in
    *failing* raise ``IndexUnavailable``.
    """

    projects: Mapping[str, Mapping[str, Release]]
    states: Mapping[str, ProjectState] = field(default_factory=dict)
    links: Mapping[str, tuple[str, FakeFile]] = field(default_factory=dict)
    failing: frozenset[str] = frozenset()
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    fetched: Counter[tuple[str, str]] = field(default_factory=Counter)
    _pages: dict[NormalizedName, ProjectPage] = field(default_factory=dict)
    _files: dict[str, tuple[Distribution, FakeFile]] = field(default_factory=dict)
    _page_listener: Callable[[ProjectPage], None] | None = None
    _metadata_listener: Callable[[Wheel, CoreMetadata], None] | None = None
    _wait_listener: Callable[[], None] | None = None
    _deliveries: Deliveries = field(default_factory=Deliveries)

    def page(self, name: NormalizedName) -> ProjectPage:
        """Return the page of *name*, state ``absent`` if it is not described."""
        self.calls["page", name] += 1
        if name not in self._pages:
            self._wait()
        return self._read_page(name)

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        """Return the described fields of *wheel*."""
        self.calls["metadata", wheel.filename] += 1
        if ("metadata", wheel.filename) not in self.fetched:
            self._wait()
        return self._read_metadata(wheel)

    def source(self, sdist: Sdist) -> Judgement:
        """Return the described judgement of *sdist*."""
        self.calls["source", sdist.filename] += 1
        if ("source", sdist.filename) not in self.fetched:
            self._wait()
        self.fetched["source", sdist.filename] = 1
        return _judgement(*self._files[sdist.filename])

    def direct(self, url: str) -> tuple[Distribution, CoreMetadata | None, Judgement | None]:
        """Return what ``links`` says of *url*; raise ``IndexUnavailable`` for any other."""
        self.calls["direct", url] += 1
        if url not in self.links:
            raise IndexUnavailable("there is nothing there", address=url)
        filename, described = self.links[url]
        name = canonicalize_name(filename.split("-")[0])
        found = _distribution(filename, name, described, url=url)
        if isinstance(found, Wheel):
            return found, _core_metadata(found, described), None
        return found, None, _judgement(found, described)

    def digest(self, file: Distribution, algorithm: str) -> str | None:
        """Answer ``None``: no file is on this machine."""
        return None

    def prefetch_pages(self, names: Iterable[NormalizedName]) -> None:
        """Fetch them now, and keep failures for the later call."""
        for name in names:
            self.calls["prefetch_pages", name] += 1
            if name not in self.failing:
                self._read_page(name)

    def prefetch_metadata(self, wheels: Iterable[Wheel]) -> None:
        """Fetch them now."""
        for each in wheels:
            self.calls["prefetch_metadata", each.filename] += 1
            if each.name not in self.failing:
                self._read_metadata(each)

    def prefetch_sources(self, sdists: Iterable[Sdist]) -> None:
        """Read them now."""
        for each in sdists:
            self.calls["prefetch_sources", each.filename] += 1
            self.fetched["source", each.filename] = 1

    def on_page(self, listener: Callable[[ProjectPage], None] | None) -> None:
        """Call *listener* once for each page as it is first read."""
        self._page_listener = listener

    def on_metadata(self, listener: Callable[[Wheel, CoreMetadata], None] | None) -> None:
        """Call *listener* once for each wheel's metadata as it is first read."""
        self._metadata_listener = listener

    def on_wait(self, listener: Callable[[], None] | None) -> None:
        """Call *listener* once, before the first thing is read that a real store would have to fetch."""
        self._wait_listener = listener

    def while_waiting(self, check: Callable[[], None] | None) -> None:
        """Do nothing: nothing is waited for."""

    def _wait(self) -> None:
        listener, self._wait_listener = self._wait_listener, None
        if listener is not None:
            listener()

    def count(self, method: str) -> int:
        """How many calls *method* had in all."""
        return sum(times for (called, _), times in self.calls.items() if called == method)

    def count_fetched(self, kind: str) -> int:
        """How many different things of *kind* (``page``, ``metadata``, ``source``) were read."""
        return sum(times for (what, _), times in self.fetched.items() if what == kind)

    def _read_page(self, name: NormalizedName) -> ProjectPage:
        if name in self.failing:
            raise IndexUnavailable("the index does not answer", address=f"{INDEX}{name}/")
        if name not in self._pages:
            self.fetched["page", name] = 1
            page = self._pages[name] = self._build_page(name)
            if (listener := self._page_listener) is not None:
                self._deliveries.deliver(lambda: listener(page))
        return self._pages[name]

    def _read_metadata(self, wheel: Wheel) -> CoreMetadata:
        if wheel.name in self.failing:
            raise IndexUnavailable("the file host does not answer", address=wheel.at.url)
        first = ("metadata", wheel.filename) not in self.fetched
        self.fetched["metadata", wheel.filename] = 1
        found = _core_metadata(wheel, self._files[wheel.filename][1])
        if first and (listener := self._metadata_listener) is not None:
            self._deliveries.deliver(lambda: listener(wheel, found))
        return found

    def _build_page(self, name: NormalizedName) -> ProjectPage:
        described = next((found for key, found in self.projects.items() if canonicalize_name(key) == name), None)
        if described is None:
            return ProjectPage(name=name, distributions={}, state=self.states.get(name, "absent"), index="")
        distributions: dict[Version, list[Distribution]] = {}
        for version, files in described.items():
            for each in files:
                found = _distribution(f"{name.replace('-', '_')}-{version}{each.suffix}", name, each)
                self._files[found.filename] = (found, each)
                distributions.setdefault(found.version, []).append(found)
        return ProjectPage(
            name=name,
            distributions={version: tuple(files) for version, files in distributions.items()},
            state=self.states.get(name, "active"),
            index=INDEX,
        )


def _distribution(filename: str, name: NormalizedName, described: FakeFile, *, url: str | None = None) -> Distribution:
    digest = hashlib.sha256(filename.encode()).hexdigest()
    at = Availability(
        url=url or f"https://index.example/files/{digest[:16]}/{filename}",
        hashes=(("sha256", digest),),
        size=described.size,
        upload_time=described.upload_time,
        requires_python=described.requires_python,
        yanked=described.yanked,
        core_metadata=described.core_metadata if filename.endswith(".whl") else None,
        index=INDEX if url is None else "",
    )
    found = parse_link(filename, name, at)
    if isinstance(found, LinkSkip):
        raise TypeError(f"{filename} is {found.value}")
    return found


def _core_metadata(of: Distribution, described: FakeFile) -> CoreMetadata:
    return CoreMetadata(
        name=of.name,
        version=of.version,
        requires=described.requires,
        provides_extra=frozenset(canonicalize_name(extra) for extra in described.extras),
        requires_python=described.requires_python,
        source=described.source,
        evidence="the fake" if isinstance(of, Sdist) else "",
    )


def _judgement(of: Distribution, described: FakeFile) -> Judgement:
    return Judgement(
        purity=described.purity,
        evidence=described.evidence,
        metadata=_core_metadata(of, described) if described.metadata_known else None,
    )
