"""Finds the page of a project: on the indexes that are asked for it, with find-links added; or on one that is not configured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexRefused, IndexUnavailable, OfflineMiss
from wheelcheck.index.config import local_path
from wheelcheck.index.exchange import Reply
from wheelcheck.index.fetch_context import FetchContext, decoder
from wheelcheck.index.file_entries import Listing, PackedPage
from wheelcheck.index.local_index import LinkPool, LocalIndex, listing_of_one_file
from wheelcheck.index.page_reader import load_listing, read_listing, read_page
from wheelcheck.index.page_versions import Layer, compressed_layer, layer_of, packed_size, project_page
from wheelcheck.index.revalidation import ABSENT, PageAnswer, RevalidatedPages
from wheelcheck.model.distribution import ProjectPage, parse_version
from wheelcheck.model.urls import masked

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelcheck.index.config import IndexConfig
    from wheelcheck.index.transport import Transport


_REFUSED = frozenset({401, 403})
_NONE = frozenset({404, 410})
_SIGN_IN = 401  # pip asks for a password and, where nobody answers, ends
_decode_page = decoder(PackedPage)
_decode_listing = decoder(Listing)


class _RemoteIndex(Struct, frozen=True):
    url: str

    def page_url(self, name: NormalizedName) -> str:
        return f"{self.url.rstrip('/')}/{name}/"


_Answer = PageAnswer[PackedPage] | IndexUnavailable
_Judged = tuple[list[tuple[PackedPage, str]], list[tuple[str, IndexUnavailable]]]


class ProjectPages:
    """Pages by project name, from every place that the configuration names."""

    def __init__(self, context: FetchContext) -> None:
        self._context = context
        self._packed: RevalidatedPages[PackedPage] = RevalidatedPages("page", _decode_page, context)
        self._listings: RevalidatedPages[Listing] = RevalidatedPages("links", _decode_listing, context)
        self._indexes: dict[str, LocalIndex | _RemoteIndex] = {}
        self._pools: dict[str, LinkPool] = {}
        self._failed: dict[str, IndexUnavailable] = {}
        self._held = 0  # bytes of the pages that this run looks at

    def at_hand(self, name: NormalizedName) -> ProjectPage | None:
        """The page, if none of its places needs a request."""
        config = self._context.config
        layers: list[Layer] = []
        failed: list[tuple[str, IndexUnavailable]] = []
        said: list[tuple[str, _Answer]] = []
        for place in config.find_links:
            try:
                pool = self._pool_at_hand(place)
            except IndexUnavailable as failure:
                self._passed_over(name, place, failure, failed)
                continue
            if pool is None:
                return None
            layers += self._layer(pool.page_of(name), place)
        for tier in config.tiers_for(name):
            answers = [answer for url in tier if (answer := self._answer_at_hand(url, name)) is not None]
            if len(answers) < len(tier):
                return None
            listed, failures = self._judged(name, tier, answers)
            failed += failures
            said += zip(tier, answers, strict=True)
            if listed:
                return self._page(name, layers, list(starmap(self._listed_layer, listed)), failed, said)
        for place in () if layers else config.fallback_find_links:
            pool = self._pool_at_hand(place)
            if pool is None:
                return None
            layers += self._layer(pool.page_of(name), place)
        return self._page(name, layers, [], failed)

    async def fetch(self, name: NormalizedName) -> ProjectPage:
        """Fetch the page, from one tier of indexes after the other: the next is not asked while the former may have it."""
        config = self._context.config
        layers: list[Layer] = []
        failed: list[tuple[str, IndexUnavailable]] = []
        said: list[tuple[str, _Answer]] = []
        for place in config.find_links:
            try:
                layers += self._layer((await self._pool(place)).page_of(name), place)
            except IndexUnavailable as failure:
                self._passed_over(name, place, failure, failed)
        for tier in config.tiers_for(name):
            answers = await self._answers(tier, name)
            listed, failures = self._judged(name, tier, answers)
            failed += failures
            said += zip(tier, answers, strict=True)
            if listed:
                return self._page(name, layers, list(starmap(self._listed_layer, listed)), failed, said)
        for place in () if layers else config.fallback_find_links:
            layers += self._layer((await self._pool(place)).page_of(name), place)
        return self._page(name, layers, [], failed)

    def _passed_over(
        self, name: NormalizedName, place: str, failure: IndexUnavailable, failed: list[tuple[str, IndexUnavailable]]
    ) -> None:
        """Note the *failure* of links that pip tells of and goes on without.

        Raises it for an installer that ends there, and where nothing else is asked: then it is the only place of all files.
        """
        config = self._context.config
        if config.fault == "ends" or (config.find_links == (place,) and not any(config.tiers_for(name))):
            raise failure
        failed.append((place, failure))

    def _page(
        self,
        name: NormalizedName,
        links: list[Layer],
        listed: list[Layer],
        failures: list[tuple[str, IndexUnavailable]],
        said: Sequence[tuple[str, _Answer]] = (),
    ) -> ProjectPage:
        config, learn = self._context.config, self._context.credentials.learn
        in_order = config.strategy == "unsafe-first-match" or bool(config.supplemental)
        behind = set(map(learn, config.supplemental))
        page = project_page(name, [*links, *(_without_repeats(listed) if in_order else listed)])
        if len(said) > 1:
            refusals = dict(self._refusals(said))
            failures += refusals.items()
            none = (url for url, answer in said if isinstance(answer, PageAnswer) and answer.status in _NONE)
            page = replace(page, refused=tuple(map(learn, refusals)), unlisted=tuple(map(learn, none)))
        if len(listed) <= 1 and not failures:
            return page
        return replace(
            page,
            indexes=tuple(layer.index for layer in listed),
            unasked=tuple((learn(url), str(failure)) for url, failure in failures),
            in_order=in_order,
            alike=sum(layer.index not in behind for layer in listed) if behind else 0,
            apart=config.apart,
        )

    def _layer(self, found: PackedPage | None, place: str) -> list[Layer]:
        return [] if found is None else [layer_of(found, self._context.credentials.learn(place))]

    def _listed_layer(self, page: PackedPage, url: str) -> Layer:
        index = self._context.credentials.learn(url)
        self._held += packed_size(page)
        is_much = self._held > self._context.config.uncompressed_limit
        return compressed_layer(page, index) if is_much else layer_of(page, index)

    def _index(self, url: str) -> LocalIndex | _RemoteIndex:
        known = self._indexes.get(url)
        if known is None:
            path = local_path(url)
            known = _RemoteIndex(self._context.credentials.learn(url)) if path is None else LocalIndex(path)
            self._indexes[url] = known
        return known

    def _packed_at_hand(self, url: str, name: NormalizedName) -> PageAnswer[PackedPage] | None:
        index = self._index(url)
        if isinstance(index, LocalIndex):
            return PageAnswer(index.load_page(name))
        return self._packed.at_hand(index.page_url(name), name)

    def _answer_at_hand(self, url: str, name: NormalizedName) -> _Answer | None:
        try:
            return self._packed_at_hand(url, name)
        except IndexUnavailable as failure:
            return failure

    async def _packed_page(self, url: str, name: NormalizedName) -> PageAnswer[PackedPage]:
        known = self._packed_at_hand(url, name)
        index = self._index(url)
        if known is not None or isinstance(index, LocalIndex):
            return known or PageAnswer(None)
        absent = self._context.config.absent_statuses.get(url, ABSENT)
        return await self._packed.fetch(index.page_url(name), name, partial(_read_page, name), absent)

    async def _answers(self, tier: tuple[str, ...], name: NormalizedName) -> list[_Answer]:
        if len(tier) == 1 and tier[0] != self._context.config.project_indexes.get(name):
            return [await self._packed_page(tier[0], name)]
        import asyncio

        return await asyncio.gather(*(self._answer(url, name) for url in tier))

    async def _answer(self, url: str, name: NormalizedName) -> _Answer:
        """The answer of one index of several; one that could not be reached is asked once in a run.

        Where the others answer without it, it has twice the time of one read, retries included: a host that drops what is sent to
        it must not use up the time of the run.
        """
        import asyncio

        failed = self._failed.get(url)
        if failed is not None:
            return failed
        config = self._context.config
        patience = 2 * config.timeout if config.fault == "is-told" else None
        try:
            async with asyncio.timeout(patience):
                return await self._packed_page(url, name)
        except TimeoutError:
            failure = self._failed[url] = IndexUnavailable(f"no page within {patience:.0f} s", address=masked(url))
            return failure
        except IndexUnavailable as failure:
            if not isinstance(failure, IndexRefused | OfflineMiss):
                self._failed[url] = failure
            return failure

    def _judged(self, name: NormalizedName, tier: tuple[str, ...], answers: Sequence[_Answer]) -> _Judged:
        """The pages among the *answers* of the indexes of *tier*, and the failures that are only told.

        Raises ``IndexUnavailable`` where a failure leaves open what the default index has, or ends the run for the installer.
        """
        config = self._context.config
        listed: list[tuple[PackedPage, str]] = []
        failures: list[tuple[str, IndexUnavailable]] = []
        for url, answer in zip(tier, answers, strict=True):
            if not isinstance(answer, IndexUnavailable):
                if answer.body is not None:
                    listed.append((answer.body, url))
            elif not isinstance(answer, IndexRefused):
                failures.append((url, answer))
            elif answer.status not in config.absent_statuses.get(url, ABSENT):
                if answer.status == _SIGN_IN:
                    raise answer
                failures.append((url, answer))
        goes_on = config.fault == "is-told" if listed else self._is_only_told(name, tier, failures)
        if failures and not goes_on:
            raise failures[0][1]
        return listed, failures

    def _refusals(self, said: Sequence[tuple[str, _Answer]]) -> Iterator[tuple[str, IndexUnavailable]]:
        """The indexes that refused to answer, which counts as absence, but need not be any: nobody told so."""
        for url, answer in said:
            told = self._context.config.absent_statuses.get(url, _REFUSED)
            if isinstance(answer, IndexUnavailable) or answer.status not in _REFUSED or not told >= _REFUSED:
                continue
            from wheelcheck.knowledge.loading import load_absent_statuses

            if answer.status not in load_absent_statuses(urlsplit(url).hostname or ""):
                fact = f"answered {answer.status}: a token may have expired, or the project is for others alone"
                yield url, IndexUnavailable(fact, address=masked(url))

    def _is_only_told(
        self, name: NormalizedName, tier: tuple[str, ...], failures: list[tuple[str, IndexUnavailable]]
    ) -> bool:
        """Whether *name*, which no index of *tier* lists, is left unverified: its own index failed, or one beside the default."""
        config = self._context.config
        is_beside = config.fault == "is-told" if len(tier) > 1 else tier[0] == config.project_indexes.get(name)
        return is_beside and not any(
            url in config.index_urls[:1] or local_path(url) is not None or isinstance(failure, OfflineMiss)
            for url, failure in failures
        )

    def _pool_at_hand(self, place: str) -> LinkPool | None:
        known = self._pools.get(place)
        if known is not None:
            return known
        path = local_path(place)
        alone = listing_of_one_file(self._context.credentials.learn(place), path)
        if alone is not None:
            pool = self._pools[place] = LinkPool(alone)
            return pool
        if path is not None:
            pool = self._pools[place] = LinkPool(load_listing(path))
            return pool
        found = self._listings.at_hand(self._context.credentials.learn(place), place.rstrip("/").rpartition("/")[2])
        if found is None:
            return None
        pool = self._pools[place] = LinkPool(found.body or Listing([]))
        return pool

    async def _pool(self, place: str) -> LinkPool:
        known = self._pool_at_hand(place)
        if known is None:
            if place in self._failed:
                raise self._failed[place]
            url = self._context.credentials.learn(place)
            try:
                found = await self._listings.fetch(url, url.rstrip("/").rpartition("/")[2], _read_listing)
            except IndexUnavailable as failure:
                self._failed[place] = failure
                raise
            # Several projects may get here at once; all share the first pool.
            known = self._pools.setdefault(place, LinkPool(found.body or Listing([])))
        return known


def _read_listing(reply: Reply) -> Listing:
    return read_listing(reply.body, reply.headers.get("content-type", ""), reply.url)


def _read_page(name: NormalizedName, reply: Reply) -> PackedPage:
    return read_page(reply.body, reply.headers.get("content-type", ""), reply.url, name)


def _without_repeats(layers: list[Layer]) -> Iterator[Layer]:
    """*layers* without the versions that an earlier one has."""
    seen: set[Version] = set()
    for layer in layers:
        fresh = [number for number, text in enumerate(layer.versions) if parse_version(text) not in seen]
        seen.update(parse_version(layer.versions[number]) for number in fresh)
        if len(fresh) < len(layer.versions):
            versions, files = ([kept[each] for each in fresh] for kept in (layer.versions, layer.files))
            layer = replace(layer, versions=versions, files=files)
        yield layer


_SILENCE = 3.0
"""Seconds that a vendor may take to connect, and between two parts of a page."""
_WHOLE = 12.0
"""Seconds for a whole page, which of some vendors is megabytes."""

Place = tuple[str, NormalizedName]


class OtherIndexes:
    """Pages by index URL and project; *opener* returns what opens a transport, here one with short timeouts."""

    def __init__(self, context: FetchContext, opener: Callable[[IndexConfig], Callable[[], Transport]]) -> None:
        config = replace(context.config, retries=0, timeout=min(context.config.timeout, _SILENCE))
        self._context = context
        self._hurried = replace(context, config=config, transport=opener(config))
        self._pages: dict[str, ProjectPages] = {}
        self._failed: dict[str, IndexUnavailable] = {}

    def at_hand(self, place: Place) -> ProjectPage | None:
        """The page from the cache or the local disk; raises an earlier error of that host in this run, and ``OfflineMiss``.

        Where no index is to be asked, those that the user did not name are none either.
        """
        url, name = place
        if self._context.config.no_index:
            raise OfflineMiss("no index is asked with --no-index", address=masked(url), hint="run without it")
        page = self._of(url).at_hand(name)
        if page is None:
            self._reject_failed(url)
        return page

    async def fetch(self, place: Place) -> ProjectPage:
        """Fetch the page; raises ``IndexUnavailable``."""
        import asyncio

        url, name = place
        self._reject_failed(url)  # it may have failed since
        try:
            async with asyncio.timeout(_WHOLE):
                return await self._of(url).fetch(name)
        except OfflineMiss:
            raise
        except TimeoutError as problem:
            failure = IndexUnavailable(f"no page within {_WHOLE:.0f} s", address=masked(url))
            self._failed[urlsplit(url).netloc] = failure
            raise failure from problem
        except IndexUnavailable as failure:
            self._failed[urlsplit(url).netloc] = failure
            raise

    def _of(self, url: str) -> ProjectPages:
        known = self._pages.get(url)
        if known is None:
            config = replace(
                self._hurried.config,
                index_urls=(url,),
                tiers=(),
                project_indexes={},
                find_links=(),
                fallback_find_links=(),
            )
            known = self._pages[url] = ProjectPages(replace(self._hurried, config=config))
        return known

    def _reject_failed(self, url: str) -> None:
        failure = self._failed.get(urlsplit(url).netloc)
        if failure is not None:
            raise IndexUnavailable(failure.message, address=failure.address, hint=failure.hint) from failure
