"""Pages that hold for a while: from the cache while fresh, asked again by ETag when not; understands no link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.disk_cache import CacheKind
from wheelcheck.index.exchange import Ask, Reply
from wheelcheck.index.file_entries import PageUnreadable
from wheelcheck.index.page_reader import ACCEPT
from wheelcheck.index.records import CachedAnswer, Validity, decode_answer, encode
from wheelcheck.index.statistics import RequestKind
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.index.validity import DEFAULT_LIFETIME, conditions, validity_of

B = TypeVar("B")

# 403: some indexes, and every file store used as one, say it for what they do not hold.
_ABSENT = frozenset({403, 404, 410})


class Known(Struct, Generic[B], frozen=True):
    """An answer; ``body`` is ``None`` where there is nothing at the URL."""

    body: B | None


class RevalidatedPages(Generic[B]):
    """Pages of one kind, by URL; *decode* reads the packed body that :meth:`fetch` stored."""

    def __init__(self, kind: CacheKind, decode: Callable[[bytes], B], around: Surroundings) -> None:
        self._kind = kind
        self._decode = decode
        self._around = around

    def at_hand(self, url: str, what: str) -> Known[B] | None:
        """What needs no request: a fresh answer, or any when offline; ``None`` where the index must be asked.

        Raises ``OfflineMiss``.
        """
        config = self._around.config
        if config.refresh and not config.offline:
            return None
        answer = self._stored(url)
        if answer is not None and (config.offline or answer.validity.is_fresh(self._around.clock())):
            known = self._opened(url, answer)
            if known is not None:
                self._around.tally.hit(RequestKind.PAGE)
                return known
        self._around.reject_offline(f"the page of {what}", url)
        return None

    async def fetch(self, url: str, what: str, read: Callable[[Reply], B]) -> Known[B]:
        """Ask *url*, with the validator of a stale answer if there is one; *read* makes the body of a 200.

        Raises ``IndexUnavailable`` for any other status and for what *read* finds unreadable.
        """
        stale = self._stored(url)
        asked_with = conditions(stale.validity) if stale is not None and not stale.is_empty else {}
        ask = Ask(
            url=url,
            kind=RequestKind.PAGE,
            what=what,
            limit=self._around.config.page_limit,
            headers={"Accept": ACCEPT, **asked_with},
        )
        reply = await self._around.transport().fetch(ask)
        if reply.status == 304 and stale is not None and asked_with:
            known = self._opened(url, stale)
            if known is not None:
                self._around.tally.revalidated()
                self._keep(url, reply, stale.body, stale.validity)
                return known
            reply = await self._around.transport().fetch(replace(ask, headers={"Accept": ACCEPT}))
        if reply.status in _ABSENT:
            validity = Validity(self._around.clock(), DEFAULT_LIFETIME)
            self._around.store(self._kind, url, encode(CachedAnswer(validity)))
            return Known(None)
        if reply.status != 200:
            raise IndexUnavailable(f"answered {reply.status}", address=url)
        if reply.is_cut:
            raise IndexUnavailable(f"the page is larger than {ask.limit} bytes", address=url)
        try:
            body = read(reply)
        except PageUnreadable as problem:
            raise IndexUnavailable(
                f"the page {problem}", address=url, hint="is this the URL of a simple index, ending in /simple?"
            ) from problem
        if self._around.cache is not None:
            self._keep(url, reply, body, None)
        return Known(body)

    def _keep(self, url: str, reply: Reply, body: B | msgspec.Raw, former: Validity | None) -> None:
        validity = validity_of(reply.headers, self._around.clock())
        if validity is None:
            self._around.forget(self._kind, url)
            return
        if former is not None:
            # A 304 need not repeat the validators (RFC 9111, section 4.3.4).
            validity = Validity(
                validity.fetched,
                validity.lifetime,
                validity.etag or former.etag,
                validity.last_modified or former.last_modified,
            )
        self._around.store(self._kind, url, encode((validity, body)))

    def _stored(self, url: str) -> CachedAnswer | None:
        content = self._around.stored(self._kind, url)
        if content is None:
            return None
        try:
            return decode_answer(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._around.forget(self._kind, url)
            return None

    def _opened(self, url: str, answer: CachedAnswer) -> Known[B] | None:
        if answer.is_empty:
            return Known(None)
        try:
            return Known(self._decode(answer.body))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._around.forget(self._kind, url)
            return None
