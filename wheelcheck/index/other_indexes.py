"""Pages from indexes that the user did not name, asked quickly and once; gives a host that failed no second chance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.errors import IndexUnavailable, OfflineMiss
from wheelcheck.index.project_pages import ProjectPages
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.model.distribution import ProjectPage
from wheelcheck.model.urls import masked

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelcheck.index.config import IndexConfig
    from wheelcheck.index.transport import Transport

_SILENCE = 3.0
"""Seconds that a vendor may take to connect, and to go on sending."""
_WHOLE = 12.0
"""Seconds for a whole page, which of some vendors is megabytes."""

Place = tuple[str, NormalizedName]


class OtherIndexes:
    """Pages by index URL and project; *transport* makes the impatient client, on the loop's thread."""

    def __init__(self, around: Surroundings, transport: Callable[[IndexConfig], Transport]) -> None:
        config = replace(around.config, retries=0, timeout=min(around.config.timeout, _SILENCE))
        self._around = around
        self._hurried = replace(around, config=config, transport=partial(transport, config))
        self._pages: dict[str, ProjectPages] = {}
        self._failed: dict[str, IndexUnavailable] = {}

    def at_hand(self, place: Place) -> ProjectPage | None:
        """The page where the cache or the local disk has it; raises what that host met before in this run, ``OfflineMiss``."""
        url, name = place
        page = self._of(url).at_hand(name)
        if page is None:
            self._reject_failed(url)
        return page

    async def fetch(self, place: Place) -> ProjectPage:
        """Ask for the page; raises ``IndexUnavailable``."""
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
                project_indexes={},
                find_links=(),
                fallback_find_links=(),
                no_index=False,
            )
            known = self._pages[url] = ProjectPages(replace(self._hurried, config=config))
        return known

    def _reject_failed(self, url: str) -> None:
        failure = self._failed.get(urlsplit(url).netloc)
        if failure is not None:
            raise IndexUnavailable(failure.message, address=failure.address, hint=failure.hint) from failure
