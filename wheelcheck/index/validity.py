"""How long an answer holds, by what its headers say; stores nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wheelcheck.index.records import Validity

DEFAULT_LIFETIME = 600.0
"""Seconds, where the index says nothing; absence is kept as long."""

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d+)", re.ASCII | re.IGNORECASE)


def validity_of(headers: Mapping[str, str], now: float) -> Validity | None:
    """What *headers* (case-insensitive) say of the answer that came at *now*; ``None`` where it must not be stored (RFC 9111)."""
    control = headers.get("cache-control", "").lower()
    if "no-store" in control:
        return None
    lifetime = DEFAULT_LIFETIME
    stated = _MAX_AGE.search(control)
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
