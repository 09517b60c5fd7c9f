"""Reads one entry of a diskcache folder without diskcache: a run whose answers are all cached needs no more. Never writes.

diskcache takes as long to import and to open its folder as sixty reads, and serves a read with one query, which is the one here.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

# In diskcache 5: key, raw (the key is text or bytes as it stands) and mode (1: so is the value) of its only table.
_QUERY = "SELECT value FROM Cache WHERE key = ? AND raw = 1 AND mode = 1 AND expire_time IS NULL"
_MAPPED = 64 * 1024**2


class DiskReader:
    """The entries of *database*, from any thread but one at a time. Raises ``sqlite3.Error`` for what is no such database."""

    def __init__(self, database: Path) -> None:
        # As a URI: a database that went meanwhile is not made anew.
        address = f"{database.absolute().as_uri()}?mode=rw"
        self._connection = sqlite3.connect(address, uri=True, timeout=10, check_same_thread=False)
        try:
            self._connection.execute(f"PRAGMA mmap_size = {_MAPPED}").close()
        except sqlite3.Error:
            self._connection.close()
            raise

    def get(self, key: str) -> bytes | None:
        """The entry, ``None`` where there is none, or one that we did not write; raises ``sqlite3.Error``."""
        row = self._connection.execute(_QUERY, (key,)).fetchone()
        return row[0] if row is not None and isinstance(row[0], bytes) else None

    def close(self) -> None:
        """Give the file back."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
