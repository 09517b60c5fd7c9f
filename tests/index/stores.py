"""Stores for the tests of the room: the real archive reader, quick retries, a clock that stands still until told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

from packaging.utils import NormalizedName

from wheelcheck.archives.reader import ArchiveReader
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.store import IndexStore
from wheelcheck.knowledge.loading import load_native
from wheelcheck.model.distribution import Distribution, ProjectPage, Sdist, Wheel


@dataclass
class Clock:
    """Seconds since the epoch, moved by the test."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@cache
def reader() -> ArchiveReader:
    return ArchiveReader(knowledge=load_native)


def store(
    *urls: str,
    cache_dir: Path | None = None,
    clock: Clock | None = None,
    offline: bool = False,
    refresh: bool = False,
    retries: int = 2,
    backoff: float = 0.01,
    timeout: float = 10.0,
    find_links: tuple[str, ...] = (),
    fallback_find_links: tuple[str, ...] = (),
    project_indexes: dict[NormalizedName, str] | None = None,
    no_index: bool = False,
    requests_per_host: int = 50,
    file_limit: int = 1024**2,
    page_limit: int = 1024**2,
    uncompressed_limit: int = 1024**2,
    ca_bundle: Path | None = None,
    proxy: str | None = None,
    trusted_hosts: tuple[str, ...] = (),
    shared_store: str = "",
    fault: Literal["ends", "is-told"] = "ends",
) -> IndexStore:
    """A store on *urls*; limits are a megabyte, so that endless bodies end soon."""
    config = IndexConfig(
        index_urls=urls,
        cache_dir=cache_dir,
        offline=offline,
        refresh=refresh,
        retries=retries,
        backoff=backoff,
        timeout=timeout,
        find_links=find_links,
        fault=fault,
        fallback_find_links=fallback_find_links,
        project_indexes=project_indexes or {},
        no_index=no_index,
        requests_per_host=requests_per_host,
        file_limit=file_limit,
        page_limit=page_limit,
        uncompressed_limit=uncompressed_limit,
        metadata_limit=1024**2,
        ca_bundle=ca_bundle,
        proxy=proxy,
        trusted_hosts=trusted_hosts,
        shared_store=shared_store,
    )
    return IndexStore(config, reader(), clock=clock or Clock())


def name(text: str) -> NormalizedName:
    return cast(NormalizedName, text)


def files(page: ProjectPage) -> list[Distribution]:
    return [file for group in page.distributions.values() for file in group]


def first_wheel(page: ProjectPage) -> Wheel:
    return next(file for file in files(page) if isinstance(file, Wheel))


def first_sdist(page: ProjectPage) -> Sdist:
    return next(file for file in files(page) if isinstance(file, Sdist))
