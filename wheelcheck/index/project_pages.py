"""Finds the page of a project: the first index that knows it, with find-links pooled in; fetches no file."""

from __future__ import annotations

from functools import partial

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.index.exchange import Reply
from wheelcheck.index.file_entries import Listing, PackedPage
from wheelcheck.index.locations import LinkPool, LocalIndex, load_listing, local_path
from wheelcheck.index.page_reader import read_listing, read_page
from wheelcheck.index.page_versions import COMPRESSED_FROM, Layer, compressed_layer, layer_of, packed_size, project_page
from wheelcheck.index.records import decode_listing, decode_page
from wheelcheck.index.revalidation import Known, RevalidatedPages
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.model.distribution import ProjectPage


class _RemoteIndex(Struct, frozen=True):
    url: str

    def page_url(self, name: NormalizedName) -> str:
        return f"{self.url.rstrip('/')}/{name}/"


class ProjectPages:
    """Pages by project name, from every place that the configuration names."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._packed: RevalidatedPages[PackedPage] = RevalidatedPages("page", decode_page, around)
        self._listings: RevalidatedPages[Listing] = RevalidatedPages("links", decode_listing, around)
        self._indexes: dict[str, LocalIndex | _RemoteIndex] = {}
        self._pools: dict[str, LinkPool] = {}
        self._held = 0  # bytes of the pages that this run fetched

    def at_hand(self, name: NormalizedName) -> ProjectPage | None:
        """The page, if no place that matters for it needs a request."""
        config = self._around.config
        layers: list[Layer] = []
        for place in config.find_links:
            pool = self._pool_at_hand(place)
            if pool is None:
                return None
            layers += self._layer(pool.page_of(name), place)
        for url in config.index_urls_for(name):
            known = self._packed_at_hand(url, name)
            if known is None:
                return None
            if known.body is not None:
                return project_page(name, [*layers, *self._layer(known.body, url)])
        for place in () if layers else config.fallback_find_links:
            pool = self._pool_at_hand(place)
            if pool is None:
                return None
            layers += self._layer(pool.page_of(name), place)
        return project_page(name, layers)

    async def fetch(self, name: NormalizedName) -> ProjectPage:
        """The page, asking what must be asked, one index after the other: while the first may have it, no other is told."""
        config = self._around.config
        layers: list[Layer] = []
        for place in config.find_links:
            layers += self._layer((await self._pool(place)).page_of(name), place)
        for url in config.index_urls_for(name):
            known = await self._packed_page(url, name)
            if known.body is not None:
                return project_page(name, [*layers, self._fetched_layer(known.body, url)])
        for place in () if layers else config.fallback_find_links:
            layers += self._layer((await self._pool(place)).page_of(name), place)
        return project_page(name, layers)

    def _layer(self, found: PackedPage | None, place: str) -> list[Layer]:
        return [] if found is None else [layer_of(found, self._around.credentials.learn(place))]

    def _fetched_layer(self, page: PackedPage, url: str) -> Layer:
        index = self._around.credentials.learn(url)
        self._held += packed_size(page)
        return layer_of(page, index) if self._held < COMPRESSED_FROM else compressed_layer(page, index)

    def _index(self, url: str) -> LocalIndex | _RemoteIndex:
        known = self._indexes.get(url)
        if known is None:
            path = local_path(url)
            known = _RemoteIndex(self._around.credentials.learn(url)) if path is None else LocalIndex(path)
            self._indexes[url] = known
        return known

    def _packed_at_hand(self, url: str, name: NormalizedName) -> Known[PackedPage] | None:
        index = self._index(url)
        if isinstance(index, LocalIndex):
            return Known(index.load_page(name))
        return self._packed.at_hand(index.page_url(name), name)

    async def _packed_page(self, url: str, name: NormalizedName) -> Known[PackedPage]:
        known = self._packed_at_hand(url, name)
        index = self._index(url)
        if known is not None or isinstance(index, LocalIndex):
            return known or Known(None)
        return await self._packed.fetch(index.page_url(name), name, partial(_read_page, name))

    def _pool_at_hand(self, place: str) -> LinkPool | None:
        known = self._pools.get(place)
        if known is not None:
            return known
        path = local_path(place)
        if path is not None:
            pool = self._pools[place] = LinkPool(load_listing(path))
            return pool
        found = self._listings.at_hand(self._around.credentials.learn(place), place.rstrip("/").rpartition("/")[2])
        if found is None:
            return None
        pool = self._pools[place] = LinkPool(found.body or Listing([]))
        return pool

    async def _pool(self, place: str) -> LinkPool:
        known = self._pool_at_hand(place)
        if known is None:
            url = self._around.credentials.learn(place)
            found = await self._listings.fetch(url, url.rstrip("/").rpartition("/")[2], _read_listing)
            # Of several projects that came here at once, all share the pool that was first.
            known = self._pools.setdefault(place, LinkPool(found.body or Listing([])))
        return known


def _read_listing(reply: Reply) -> Listing:
    return read_listing(reply.body, reply.headers.get("content-type", ""), reply.url)


def _read_page(name: NormalizedName, reply: Reply) -> PackedPage:
    return read_page(reply.body, reply.headers.get("content-type", ""), reply.url, name)
