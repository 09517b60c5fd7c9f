"""Reads TOML faster where it is what locks mostly are: thousands of one-line tables of a file each; else it is ``tomllib`` alone.

``tomllib`` takes 30 µs for such a line, most of a lock's time, a pattern 3 µs. Lines of exactly that shape are set aside before it
reads, each leaving a string behind, and put back after; where one is not found again, ``tomllib`` reads the whole.
"""

from __future__ import annotations

import re
import tomllib
from typing import cast

_TEXT = r'"([^"\\\x00-\x1f\x7f]*)"'
_ROW = re.compile(
    rf"^[ ]{{4}}\{{ ?(url|file) = {_TEXT}, hash = {_TEXT}(?:, size = ([1-9][0-9]{{0,17}}))?(?:, upload-time = {_TEXT})? ?\}},$",
    re.MULTILINE | re.ASCII,
)
_FEWEST = 20


def parse_toml(text: str) -> dict[str, object]:
    """*text* as ``tomllib.loads`` reads it; raises its errors, on the same lines."""
    found = _ROW.findall(text)
    if len(found) < _FEWEST:
        return tomllib.loads(text)
    mark = "row"
    while mark in text:
        mark += "~"
    waiting = iter(range(len(found)))
    rows = {f"{mark}{position}": _row(*groups) for position, groups in enumerate(found)}
    document = tomllib.loads(_ROW.sub(lambda _: f'"{mark}{next(waiting)}",', text))
    if _put_back(document, rows) == len(rows):
        return document
    return tomllib.loads(text)


def _row(key: str, place: str, digest: str, size: str, uploaded: str) -> dict[str, object]:
    row: dict[str, object] = {key: place, "hash": digest}
    if size:
        row["size"] = int(size)
    if uploaded:
        row["upload-time"] = uploaded
    return row


def _put_back(document: dict[str, object], rows: dict[str, dict[str, object]]) -> int:
    """Put *rows* where they were taken from and say how many that was: only a package's own lists are looked at."""
    count = 0
    packages = document.get("package")
    for package in packages if isinstance(packages, list) else ():
        for key in ("wheels", "files"):
            listed = package.get(key) if isinstance(package, dict) else None
            if not isinstance(listed, list):
                continue
            for position, entry in enumerate(cast("list[object]", listed)):
                if isinstance(entry, str) and entry in rows:
                    listed[position] = rows[entry]
                    count += 1
    return count
