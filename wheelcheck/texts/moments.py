"""Days, instants and spans as options and other tools write them → the first instant that no longer counts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

HINT = "write a day (2026-11-01), an instant (2026-11-01T12:00:00Z) or a span (7 days)"
_SPAN = re.compile(r"(\d+)\s*(second|minute|hour|day|week)s?(?:\s+ago)?")
_ISO_SPAN = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def parse_cutoff(text: str) -> str:
    """The first instant that no longer counts, ISO 8601 in UTC: of a day (which still counts, as uv has it), an instant or a span.

    A span (``7 days``, ``P7D``) ends now. Raises ``ValueError`` and ``OverflowError`` for a text that is none.
    """
    if (span := _span(text)) is not None:
        return (datetime.now(UTC) - span).isoformat(timespec="seconds").replace("+00:00", "Z")
    if len(text) == len("2026-11-01"):
        day = date.fromisoformat(text) + timedelta(days=1)
        return f"{day.isoformat()}T00:00:00Z"
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day_of(text: str) -> str:
    """The last day that counts, ISO 8601, of what :func:`parse_cutoff` takes; raises as that does."""
    return (datetime.now(UTC) - span).date().isoformat() if (span := _span(text)) is not None else text[:10]


def _span(text: str) -> timedelta | None:
    if (matched := _SPAN.fullmatch(text.strip().lower())) is not None:
        return timedelta(**{f"{matched[2]}s": int(matched[1])})
    if (parts := _ISO_SPAN.fullmatch(text.strip().upper())) is not None and any(parts.groups()):
        return timedelta(**{unit: int(number) for unit, number in parts.groupdict().items() if number})
    return None
