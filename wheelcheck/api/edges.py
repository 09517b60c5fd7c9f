"""Merges what is said of indexes, and opens what the core must not touch: indexes and cache, texts at a URL, plan files.

``IndexOptions`` of command line, inputs, settings and the installer's own configuration → ``Indexes``: which are asked, and in
which order. The input's own installer decides how several indexes are read, unless a strategy is named: pip and PDM pool them all,
uv and Poetry go by an order.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelcheck.api.request import Request
from wheelcheck.errors import InputUnreadable, UsageProblem, did_you_mean
from wheelcheck.model.requirement import IndexOptions, Installer, NamedIndex
from wheelcheck.model.target import Target
from wheelcheck.model.urls import default_index_url, masked_within
from wheelcheck.options import IndexStrategy
from wheelcheck.ports import Reporter
from wheelcheck.settings.loading import Settings
from wheelcheck.settings.pip_configuration import (
    PipConfiguration,
    load_pip_configuration,
    named_index,
    network_settings,
    uv_variables,
    with_credentials,
)
from wheelcheck.texts.files import read_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelcheck.index.config import IndexConfig
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.knowledge import NativeKnowledge


_UNASKED: Mapping[Installer, IndexStrategy] = {
    "pip": "unsafe-best-match",
    "pdm": "unsafe-best-match",
    "poetry": "unsafe-best-match",
    "uv": "first-index",
}
_ABSENT = frozenset({404})
_REFUSED = frozenset({401, 403, 407, 511})


class Indexes(Struct, frozen=True, kw_only=True):
    """The indexes of a run; ``urls`` are all that are asked for every project, the default one first.

    ``names`` are the words for indexes that sources may use, the other fields as in :class:`~wheelcheck.index.config.IndexConfig`.
    """

    urls: tuple[str, ...]
    names: Mapping[str, str]
    installer: Installer
    find_links: tuple[str, ...] = ()
    strategy: IndexStrategy = "first-index"
    apart: bool = False
    tiers: tuple[tuple[str, ...], ...] = ()
    supplemental: frozenset[str] = frozenset()
    fault: Literal["ends", "is-told"] = "ends"
    absent_statuses: Mapping[str, frozenset[int]] = {}


def merged_indexes(request: Request, settings: Settings, options: IndexOptions, pip: PipConfiguration) -> Indexes:
    """The indexes of *request*, whose inputs say *options*; raises ``UsageProblem`` where no default index is known."""
    installer = options.installer or "pip"
    command_line, own = _own_words(request, settings)
    configured = _configured(installer, request.environ, options, pip)
    if installer == "pip":
        # pip takes the indexes of its configuration before those of requirements files.
        by_weight, in_turn = (command_line, options, own, configured), (command_line, own, configured, options)
    else:
        by_weight = in_turn = (command_line, own, configured, options)
    default = next(filter(None, map(_default_of, by_weight)), None) or default_index_url()
    if not default:
        raise UsageProblem(
            "no default index is known, since wheelcheck was never installed from this folder",
            hint="install it (pip install -e .), or give --index-url",
        )
    named = tuple(index for place in in_turn for index in _placed(place, request.environ))
    strategy = next((place.strategy for place in by_weight if place.strategy is not None), None)
    asked, said = request.options["find_links"], settings.options.get("find_links", ())
    find_links = tuple(dict.fromkeys((*asked, *options.find_links, *configured.find_links, *said)))
    for place in (default, *find_links):
        _refuse_malformed(place)
    found = Indexes(
        urls=_distinct(
            (default, *(index.url for role in ("extra", "supplemental") for index in named if index.role == role))
        ),
        names={**settings.indexes, **{index.name: index.url for index in reversed(named) if index.name}},
        installer=installer,
        find_links=find_links,
        strategy=strategy if strategy is not None else _UNASKED[installer],
    )
    if len(found.urls) == 1:
        return replace(found, strategy="first-index", fault="is-told" if installer == "pip" else "ends")
    return _in_tiers(found, named, here=configured.extra_index_urls if installer == "pip" else ())


def _own_words(request: Request, settings: Settings) -> tuple[IndexOptions, IndexOptions]:
    """What the command line says of indexes, and what ``[tool.wheelcheck]`` does."""
    asked, said = request.options, settings.options
    for option, text in (
        ("-i", asked["index_url"]),
        *(("--extra-index-url", each) for each in asked["extra_index_urls"]),
    ):
        if text is not None and "@" not in text and not re.match(r"(https?|file):", text) and not Path(text).exists():
            raise UsageProblem(
                f"{option} {text} is neither the address of an index nor a folder", hint="write https://HOST/simple/"
            )
    command_line = IndexOptions(
        index_url=asked["index_url"],
        extra_index_urls=asked["extra_index_urls"],
        indexes=tuple(_named(text) for text in asked["named_indexes"]),
        strategy=asked["index_strategy"],
    )
    own = IndexOptions(
        index_url=said.get("index_url"),
        extra_index_urls=said.get("extra_index_urls", ()),
        strategy=said.get("index_strategy"),
    )
    return command_line, own


def _in_tiers(found: Indexes, named: Iterable[NamedIndex], here: Iterable[str]) -> Indexes:
    """*found* with the order in which its several indexes are asked; *here* are those of this machine's configuration alone."""
    default, installer, strategy = found.urls[0], found.installer, found.strategy
    extra = [index.url for index in named if index.role == "extra"]
    pooled = installer in ("pip", "pdm") and strategy == "unsafe-best-match"
    in_order = _in_order_of_pdm(default, named) if installer == "pdm" else (*extra, default)
    first = _distinct(_in_order_of_pip(default, extra, here) if pooled else in_order)
    behind = _distinct(index.url for index in named if index.role == "supplemental" and index.url not in first)
    return replace(
        found,
        apart=installer == "uv",
        tiers=tuple((url,) for url in (*first, *behind)) if strategy == "first-index" else ((*first, *behind),),
        supplemental=frozenset(behind),
        fault="is-told" if pooled else "ends",
        absent_statuses=_absent_statuses(found.urls, named, strategy) if installer == "uv" else {},
    )


def _in_order_of_pip(default: str, extra: Iterable[str], here: Iterable[str]) -> Iterator[str]:
    """The indexes as pip prefers them: of equal files it takes the one that it found last.

    Folders among *here*, those that only the configuration of this machine names, come after all others, since the plan is
    executed elsewhere.
    """
    folders = {url for url in here if url.startswith("file:")}
    found = (default, *extra)[::-1]
    yield from (url for url in found if url not in folders)
    yield from (url for url in found if url in folders)


def _in_order_of_pdm(default: str, named: Iterable[NamedIndex]) -> tuple[str, ...]:
    """The indexes as they are listed, and the default one first unless it is among them."""
    listed = tuple(index.url for index in named if index.role in ("default", "extra"))
    return listed if default in listed else (default, *listed)


def _named(text: str) -> NamedIndex:
    index = named_index(text)
    if "://" not in index.url:
        raise UsageProblem(
            f"--index {masked_within(text)!r} is neither URL nor NAME=URL",
            hint="write --index NAME=https://HOST/simple/",
        )
    return index


def _configured(
    installer: Installer, environ: Mapping[str, str], options: IndexOptions, pip: PipConfiguration
) -> IndexOptions:
    """What the configuration of *installer* on this machine says, besides that of the inputs."""
    if installer == "pip":
        # A requirements file that names its index takes the place of pip's configuration.
        extra = () if options.index_url else pip.extra_index_urls
        return IndexOptions(index_url=pip.index_url, extra_index_urls=extra)
    if installer == "uv":
        return uv_variables(environ)
    return IndexOptions()


def _default_of(place: IndexOptions) -> str | None:
    return place.index_url or next((index.url for index in place.indexes if index.role == "default"), None)


def _refuse_malformed(place: str) -> None:
    """Raise ``UsageProblem`` where *place* is no URL that can be asked."""
    try:
        # Reading the port is what checks it.
        _ = urlsplit(place).port
    except ValueError as error:
        # The cause is often a password with "/" or "#" in it, so an address with a user name is not shown.
        shown = "an index address with a user name" if "@" in place else repr(place)
        raise UsageProblem(
            f"{shown} is no URL",
            hint="write https://HOST/simple/; in a password, special characters are percent-encoded",
        ) from error


def _placed(place: IndexOptions, environ: Mapping[str, str]) -> Iterator[NamedIndex]:
    for index in place.indexes:
        _refuse_malformed(index.url)
        yield with_credentials(index, environ) if index.name else index
    for url in place.extra_index_urls:
        _refuse_malformed(url)
        yield NamedIndex(url=url)


def _distinct(urls: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for url in urls:
        found.setdefault(url.rstrip("/"), url)
    return tuple(found.values())


def _absent_statuses(
    urls: Iterable[str], named: Iterable[NamedIndex], strategy: IndexStrategy
) -> Mapping[str, frozenset[int]]:
    """The statuses of each index that mean absence to uv: by its own strategy, an index that refuses to answer ends the search."""
    from wheelcheck.knowledge.loading import load_absent_statuses

    told = {index.url: frozenset(index.absent_statuses) for index in named}

    def own(url: str) -> frozenset[int]:
        return _REFUSED if strategy != "first-index" else load_absent_statuses(urlsplit(url).hostname or "")

    return {url: _ABSENT | (told.get(url) or own(url)) for url in urls}


def sources_on(
    target: Target | None, request: Request, settings: Settings, options: IndexOptions, names: Mapping[str, str]
) -> Mapping[NormalizedName, str]:
    """The one index of each project that has one, by URL: the command line counts before the settings, these before the inputs."""
    found: dict[NormalizedName, str] = {}
    for source in options.sources:
        if source.project not in found and _holds(source.marker, target):
            found[source.project] = _url_of(source.index, names, str(source.origin))
    found.update(settings.sources)
    for text in request.options["sources"]:
        name, _, where = text.partition("=")
        try:
            project = canonicalize_name(name.strip(), validate=True)
        except InvalidName:
            raise UsageProblem(
                f"--source {masked_within(text)!r} is not NAME=URL",
                hint="write the project and its index: --source torch=https://HOST/simple/",
            ) from None
        found[project] = _url_of(where.strip(), names, f"--source {masked_within(text)}")
    return found


def _holds(marker: Marker | None, target: Target | None) -> bool:
    if marker is None or target is None:
        return marker is None
    from wheelcheck.targets.fitting import Compatibility

    return Compatibility(target).holds(marker)


def _url_of(index: str, names: Mapping[str, str], address: str) -> str:
    url = names.get(index, index)
    if "://" not in url:
        raise UsageProblem(
            f"{index!r} is neither the URL nor the name of an index",
            address=address,
            hint=did_you_mean(index, names, "write the project and its index: --source torch=https://HOST/simple/"),
        )
    _refuse_malformed(url)
    return url


_TIMEOUT = 30.0  # seconds for one connect or read
_RETRIES = 4
_LONGEST_WAIT = 120.0


def index_config(
    request: Request, settings: Settings, options: IndexOptions, target: Target | None = None
) -> IndexConfig:
    """The configuration of the indexes: what the command line, the inputs, the settings and the installer's own say, merged once.

    The *options* of the inputs name the installer that reads them; sources with markers are those that hold on *target*.
    """
    from wheelcheck.index.config import IndexConfig

    pip = load_pip_configuration(request.environ)
    network = network_settings(request.environ, pip)
    indexes = merged_indexes(request, settings, options, pip)
    asked = request.options
    reads_pip = indexes.installer == "pip"
    return IndexConfig(
        index_urls=indexes.urls,
        tiers=indexes.tiers,
        supplemental=indexes.supplemental,
        strategy=indexes.strategy,
        apart=indexes.apart,
        fault=indexes.fault,
        absent_statuses=indexes.absent_statuses,
        find_links=indexes.find_links,
        # Folders that only pip's configuration of this machine names rank last, since the plan is executed elsewhere.
        fallback_find_links=pip.find_links if reads_pip else (),
        project_indexes=sources_on(target, request, settings, options, indexes.names),
        no_index=asked["no_index"] or options.no_index or (reads_pip and pip.no_index),
        cache_dir=cache_dir(request, settings),
        offline=asked["offline"],
        refresh=asked["refresh"],
        ca_bundle=network.ca_bundle,
        client_cert=network.client_cert,
        proxy=network.proxy,
        trusted_hosts=network.trusted_hosts,
        timeout=_TIMEOUT if network.timeout is None else network.timeout,
        retries=_RETRIES if network.retries is None else network.retries,
        longest_wait=_LONGEST_WAIT if asked["max_seconds"] is None else asked["max_seconds"],
    )


def cache_dir(request: Request, settings: Settings) -> Path | None:
    """Where the cache lies; ``None`` where there is to be none."""
    from wheelcheck.index.disk_cache import default_cache_dir

    if request.options["no_cache"]:
        return None
    named = request.options["cache_dir"] or settings.options.get("cache_dir")
    return Path(named) if named else default_cache_dir()


@contextmanager
def open_store(config: IndexConfig, reporter: Reporter) -> Iterator[IndexStore]:
    """The store of *config*, which reads archives with the knowledge that ships with wheelcheck."""
    from wheelcheck.archives.reader import ArchiveReader
    from wheelcheck.index.store import IndexStore

    def native() -> NativeKnowledge:
        # Loaded only when a source archive is judged for the first time.
        from wheelcheck.knowledge.loading import load_native

        return load_native()

    with IndexStore(config, ArchiveReader(knowledge=native), reporter) as store:
        yield store


class Stores(ExitStack):
    """One store for each configuration of indexes that a run needs: sources with markers differ between its targets."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter
        self._opened: list[tuple[IndexConfig, IndexStore]] = []

    def of(self, config: IndexConfig) -> IndexStore:
        """The store of *config*, opened when it is first asked for."""
        for known, store in self._opened:
            if known == config:
                return store
        store = self.enter_context(open_store(config, self._reporter))
        self._opened.append((config, store))
        return store


def text_fetcher(request: Request, settings: Settings, reporter: Reporter) -> Callable[[str], str]:
    """A function that fetches the text of an input that is a URL."""

    def fetch_text(url: str) -> str:
        # Requirements at a URL may name the index, so they are fetched before it is known.
        with open_store(index_config(request, settings, IndexOptions()), reporter) as store:
            return store.fetch_text(url)

    return fetch_text


def read_plan_file(path: str) -> bytes:
    """The bytes of the plan file *path*, ``-`` for standard input; raises ``InputUnreadable``."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return read_file(Path(path))
    except OSError as error:
        raise InputUnreadable(
            f"the plan could not be read: {error.strerror}",
            address=path,
            hint="make one with `wheelcheck plan … -o FILE`",
        ) from error
