"""diskcache's storage, for bytes only: whatever else lies in the database is not opened, least of all unpickled."""

from __future__ import annotations

import sqlite3

import diskcache
from diskcache.core import MODE_RAW


class ByteDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Fetches raw values; a value of another mode was not written by us and counts as missing."""

    def fetch(self, mode: int, _filename: str | None, value: object, _read: object) -> bytes | None:
        """The bytes of a row, ``None`` for anything else; called by diskcache with positions."""
        if mode != MODE_RAW or not isinstance(value, bytes | sqlite3.Binary):
            return None
        return bytes(value)
