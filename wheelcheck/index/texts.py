"""Brings small texts, such as a requirements file behind a URL; parses nothing."""

from __future__ import annotations

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.exchange import Ask
from wheelcheck.index.locations import local_path
from wheelcheck.index.statistics import RequestKind
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.model.urls import masked

_LIMIT = 16 * 1024**2


class Texts:
    """Texts by URL; never cached on disk."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def at_hand(self, url: str) -> str | None:
        """The text of a local file; ``None`` for a remote one. Raises ``OfflineMiss`` and ``IndexUnavailable``."""
        path = local_path(url)
        if path is None:
            self._around.reject_offline("a text", url)
            return None
        try:
            return path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            raise IndexUnavailable(f"cannot be read: {problem}", address=str(path)) from problem

    async def fetch(self, url: str) -> str:
        """The text behind *url*, UTF-8 with or without BOM; raises ``IndexUnavailable``."""
        address = self._around.credentials.learn(url)
        what = address.rpartition("/")[2]
        ask = Ask(url=address, kind=RequestKind.TEXT, what=what, limit=_LIMIT)
        reply = await self._around.transport().fetch(ask)
        if reply.status != 200 or reply.is_cut:
            fact = f"is larger than {_LIMIT} bytes" if reply.is_cut else f"answered {reply.status}"
            raise IndexUnavailable(fact, address=masked(url))
        try:
            return reply.body.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise IndexUnavailable(f"is no UTF-8 text: {problem}", address=masked(url)) from problem
