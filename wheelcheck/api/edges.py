"""Opens what the core must not touch: the store over indexes and cache, texts at a URL and plan files."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wheelcheck.api.request import Request
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import IndexOptions
from wheelcheck.ports import Reporter
from wheelcheck.texts.files import read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheelcheck.index.config import IndexConfig
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.knowledge import NativeKnowledge
    from wheelcheck.model.target import Target
    from wheelcheck.settings.loading import Settings

_TIMEOUT = 30.0  # seconds for one connect or read
_RETRIES = 4
_LONGEST_WAIT = 120.0


def index_config(
    request: Request, settings: Settings, options: IndexOptions, target: Target | None = None
) -> IndexConfig:
    """The configuration of the indexes: what the command line, the inputs, the settings and the installer's own say, merged once.

    The *options* of the inputs name the installer that reads them; sources with markers are those that hold on *target*.
    """
    from wheelcheck.api.index_merging import merged_indexes, sources_on
    from wheelcheck.index.config import IndexConfig
    from wheelcheck.settings.pip_configuration import load_pip_configuration, network_settings

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
