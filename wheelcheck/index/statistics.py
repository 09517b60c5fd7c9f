"""Counts requests, bytes and cache hits of a store. Measures no time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct


class RequestKind(Enum):
    """What a request is for."""

    PAGE = "page"
    SIDECAR = "sidecar"
    RANGE = "range"
    FILE = "file"
    TEXT = "text"


class Statistics(Struct, frozen=True, kw_only=True):
    """A snapshot of the counts.

    ``requests`` sent by kind (retries and length probes included), ``received`` bytes of bodies as they came over the wire,
    ``cache_hits`` by kind of what needed no request, ``revalidated`` answers of 304, ``retries``.
    """

    requests: Mapping[RequestKind, int]
    cache_hits: Mapping[RequestKind, int]
    received: int = 0
    revalidated: int = 0
    retries: int = 0

    @property
    def total_requests(self) -> int:
        """All requests sent."""
        return sum(self.requests.values())


class Tally:
    """The running counts; may be used by several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._requests: Counter[RequestKind] = Counter()
        self._hits: Counter[RequestKind] = Counter()
        self._received = self._revalidated = self._retries = 0

    def sent(self, kind: RequestKind) -> None:
        """Count a sent request."""
        with self._guard:
            self._requests[kind] += 1

    def hit(self, kind: RequestKind) -> None:
        """Count an answer from the disk cache."""
        with self._guard:
            self._hits[kind] += 1

    def received(self, count: int) -> None:
        """Count *count* received bytes."""
        with self._guard:
            self._received += count

    def revalidated(self) -> None:
        """Count a 304."""
        with self._guard:
            self._revalidated += 1

    def retried(self) -> None:
        """Count a retry."""
        with self._guard:
            self._retries += 1

    def snapshot(self) -> Statistics:
        """The counts now."""
        with self._guard:
            return Statistics(
                requests=dict(self._requests),
                cache_hits=dict(self._hits),
                received=self._received,
                revalidated=self._revalidated,
                retries=self._retries,
            )
