"""How long to wait before a failed request is tried again; sends nothing."""

from __future__ import annotations

import datetime
import email.utils
import random

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
MAX_WAIT = 30.0
"""Seconds: what a server asks for beyond this is not waited for."""

_random = random.SystemRandom()


def backoff(attempt: int, first: float) -> float:
    """Seconds to wait after failed attempt number *attempt* (from 0): doubling from *first*, with jitter of a half."""
    return min(MAX_WAIT, first * 2.0**attempt) * _random.uniform(0.5, 1.0)


def parse_retry_after(text: str | None, now: datetime.datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110: seconds or a date), at most ``MAX_WAIT``; ``None`` for none."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(MAX_WAIT, float(text))
    try:
        then = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=datetime.UTC)
    return min(MAX_WAIT, max(0.0, (then - now).total_seconds()))
