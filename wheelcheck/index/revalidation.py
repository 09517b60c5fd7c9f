"""Pages that are valid for a while: from the cache while fresh, revalidated by ETag or date when stale. Understands no link."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.errors import IndexRefused, IndexUnavailable
from wheelcheck.index.disk_cache import CacheKind
from wheelcheck.index.exchange import Reply, Request, RequestKind
from wheelcheck.index.fetch_context import FetchContext, decoder, encode
from wheelcheck.index.file_entries import PageUnreadable
from wheelcheck.index.page_reader import ACCEPT
from wheelcheck.model.urls import has_stored_query, has_stored_user

if TYPE_CHECKING:
    import asyncio

B = TypeVar("B")


class Validity(Struct, array_like=True, frozen=True):
    """When an answer came (seconds since the epoch), how long it is fresh (seconds), and how to ask whether it still holds."""

    fetched: float
    lifetime: float
    etag: str = ""
    last_modified: str = ""

    def is_fresh(self, now: float) -> bool:
        """Whether the answer may be used without asking; one from the future may not."""
        return 0 <= now - self.fetched < self.lifetime


_ODD_REFERENCE = re.compile(rb"&(?!(?:lt|gt|amp|quot|#39|#x27);)")
"""What may hide a letter of an address in HTML."""
_NIL = msgspec.Raw(b"\xc0")


class CachedAnswer(Struct, array_like=True, frozen=True):
    """A cached answer of one URL; ``body`` is a packed page or listing, nil where there is nothing at the URL.

    ``status`` is that with which the index said so.
    """

    validity: Validity
    body: msgspec.Raw = _NIL
    status: int = 404

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at the URL."""
        return self.body == _NIL


_decode_answer = decoder(CachedAnswer)
DEFAULT_LIFETIME = 600.0
"""Seconds, where the index says nothing; absence is kept as long."""

_MAX_AGE = r"(?:^|[,\s])max-age\s*=\s*\"?(\d+)"


def validity_of(headers: Mapping[str, str], now: float) -> Validity | None:
    """The validity of an answer received at *now* with *headers*; ``None`` if it must not be stored (RFC 9111)."""
    control = headers.get("cache-control", "").lower()
    if "no-store" in control:
        return None
    lifetime = DEFAULT_LIFETIME
    stated = re.search(_MAX_AGE, control, re.ASCII)
    if "no-cache" in control:
        lifetime = 0.0
    elif stated is not None:
        lifetime = float(stated[1])
    return Validity(now, lifetime, headers.get("etag", ""), headers.get("last-modified", ""))


def conditions(validity: Validity) -> dict[str, str]:
    """The request headers that ask whether the answer of *validity* still holds."""
    headers: dict[str, str] = {}
    if validity.etag:
        headers["If-None-Match"] = validity.etag
    if validity.last_modified:
        headers["If-Modified-Since"] = validity.last_modified
    return headers


# 403: some indexes, and every file store used as one, answer it for files that they do not have.
ABSENT = frozenset({403, 404, 410})
# Met only where 403 is not among those that count as absence, as uv reads it.
_HINTS = {
    403: "uv asks no other index then; if it answers so for what it does not have, give it ignore-error-codes = [403], "
    "or take --index-strategy unsafe-best-match"
}


class PageAnswer(Struct, Generic[B], frozen=True):
    """An answer; ``body`` is ``None`` where there is nothing at the URL, as the *status* says."""

    body: B | None
    status: int = 200


class RevalidatedPages(Generic[B]):
    """Pages of one kind, by URL; *decode* reads the packed body that :meth:`fetch` stored."""

    def __init__(self, kind: CacheKind, decode: Callable[[bytes | memoryview], B], context: FetchContext) -> None:
        self._kind = kind
        self._decode = decode
        self._context = context
        self._turns: asyncio.Lock | None = None

    def at_hand(self, url: str, what: str) -> PageAnswer[B] | None:
        """A fresh cached answer, or any if offline; ``None`` if the index must be asked.

        Raises ``OfflineMiss``.
        """
        config = self._context.config
        if config.refresh and not config.offline:
            return None
        answer = self._context.load(self._kind, url, _decode_answer)
        if answer is not None and (config.offline or answer.validity.is_fresh(self._context.clock())):
            known = self._opened(url, answer)
            if known is not None:
                self._context.tally.hit(RequestKind.PAGE)
                return known
        self._context.reject_offline(f"the page of {what}", url)
        return None

    async def fetch(
        self, url: str, what: str, read: Callable[[Reply], B], absent: frozenset[int] = ABSENT
    ) -> PageAnswer[B]:
        """Request *url* with the validator of a stale answer if there is one; *read* makes the body of a 200.

        A status in *absent* says that there is nothing. Raises ``IndexRefused`` for any other and ``IndexUnavailable`` for what
        *read* finds unreadable.
        """
        stale = self._context.load(self._kind, url, _decode_answer)
        asked_with = conditions(stale.validity) if stale is not None and not stale.is_empty else {}
        request = Request(
            url=url,
            kind=RequestKind.PAGE,
            what=what,
            limit=self._context.config.page_limit,
            headers={"Accept": ACCEPT, **asked_with},
        )
        reply = await self._context.transport().fetch(request)
        if reply.status == 304 and stale is not None and asked_with:
            known = self._opened(url, stale)
            if known is not None:
                self._context.tally.revalidated()
                self._keep(url, reply, stale.body, stale.validity)
                return known
            reply = await self._context.transport().fetch(replace(request, headers={"Accept": ACCEPT}))
        if reply.status in absent:
            validity = Validity(self._context.clock(), DEFAULT_LIFETIME)
            self._context.store(self._kind, url, encode(CachedAnswer(validity, status=reply.status)))
            return PageAnswer(None, reply.status)
        if reply.status != 200:
            raise IndexRefused(f"answered {reply.status}", reply.status, address=url, hint=_HINTS.get(reply.status, ""))
        if reply.is_cut:
            raise IndexUnavailable(f"the page is larger than {request.limit} bytes", address=url)
        async with self._turn():
            body = _understood(reply, url, read)
            if self._context.cache is not None:
                self._keep(url, reply, body, None)
        return PageAnswer(body)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Read one page in each turn of the loop: before the next one, the requests that the former led to are sent.

        Thirty pages that arrive together would else hold back the requests that follow from the first for a tenth of a second.
        """
        import asyncio  # a run whose answers are all cached never needs it

        if self._turns is None:
            self._turns = asyncio.Lock()
        await self._turns.acquire()
        try:
            yield
        finally:
            # After what the caller starts with this page, which it does without waiting.
            asyncio.get_running_loop().call_soon(self._turns.release)

    def _keep(self, url: str, reply: Reply, body: B | msgspec.Raw, former: Validity | None) -> None:
        validity = validity_of(reply.headers, self._context.clock())
        if validity is None:
            self._context.forget(self._kind, url)
            return
        if former is not None:
            # A 304 need not repeat the validators (RFC 9111, section 4.3.4).
            validity = Validity(
                validity.fetched,
                validity.lifetime,
                validity.etag or former.etag,
                validity.last_modified or former.last_modified,
            )
        content = encode((validity, body))
        if former is not None or not _has_secrets(reply.body, content):
            self._context.store(self._kind, url, content)

    def _opened(self, url: str, answer: CachedAnswer) -> PageAnswer[B] | None:
        if answer.is_empty:
            return PageAnswer(None, answer.status)
        try:
            return PageAnswer(self._decode(answer.body))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._context.forget(self._kind, url)
            return None


def _has_secrets(said: bytes, content: bytes) -> bool:
    """Whether *content*, which was read from *said*, holds credentials.

    Lengths in *content* look like "@" and "?", and *said* may hide either behind an escape: so *content* is searched only where
    *said* shows a sign of an address with a user. Searching every page was a tenth of a cold run.
    """
    has_escape, has_reference = b"\\" in said, b"&" in said and _ODD_REFERENCE.search(said) is not None
    if (has_escape or has_reference or b"@" in said) and has_stored_user(content):
        return True
    if has_stored_query(said) or (has_escape and has_stored_query(content)):
        return True
    if not has_reference:
        return False
    from html import unescape

    return has_stored_query(unescape(said.decode("utf-8", "replace")).encode())


def _understood(reply: Reply, url: str, read: Callable[[Reply], B]) -> B:
    try:
        return read(reply)
    except PageUnreadable as problem:
        raise IndexUnavailable(
            f"the page {problem}", address=url, hint="is this the URL of a simple index, ending in /simple?"
        ) from problem
