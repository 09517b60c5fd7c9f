"""``wheelhouse.json``: whose plan a folder holds, and what was built from which source; vouches for nothing by itself.

The bytes are always hashed again by who uses them. What the record alone can tell is that a wheel was built from the very source
archive of the plan, and the hash of a file for which no index announced one.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from msgspec import Struct

from wheelcheck.environments.wheelhouse.wanted import SOURCES
from wheelcheck.errors import DiskFailure

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from wheelcheck.model.plan import Plan
    from wheelcheck.model.target import Target

NAME = "wheelhouse.json"
SCHEMA = "wheelcheck.wheelhouse/1"


class Entry(Struct, frozen=True, kw_only=True):
    """One file; ``built_from`` and ``source_sha256`` are of the source archive of a wheel that was built here, else empty."""

    filename: str
    name: str
    version: str
    sha256: str
    size: int
    built_from: str = ""
    source_sha256: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """What ``wheelhouse.json`` says; ``plan`` is the digest of the plan that was fetched last."""

    plan: str = ""
    entries: tuple[Entry, ...] = ()

    def entry(self, filename: str) -> Entry | None:
        """What is known of the file with that name."""
        return next((entry for entry in self.entries if entry.filename == filename), None)

    def built_from(self, filename: str, sha256: str) -> Entry | None:
        """The wheel that was built from the source archive *filename* with the hash *sha256*, empty for a folder."""
        return next(
            (each for each in self.entries if each.built_from == filename and each.source_sha256 == sha256), None
        )


def load_record(folder: Path) -> Record:
    """The record in *folder*; an empty one where there is none, or one that cannot be understood: all is done anew then."""
    try:
        document = json.loads((folder / NAME).read_bytes())
        if document["schema"] != SCHEMA:
            return Record()
        return Record(plan=str(document["plan"]), entries=tuple(_entry(row) for row in document["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Record()


def _entry(row: dict[str, object]) -> Entry:
    source = row.get("built_from")
    built_from, source_sha256 = (source["filename"], source["sha256"]) if isinstance(source, dict) else ("", "")
    return Entry(
        filename=str(row["filename"]),
        name=str(row["name"]),
        version=str(row["version"]),
        sha256=str(row["sha256"]),
        size=int(str(row["size"])),
        built_from=str(built_from),
        source_sha256=str(source_sha256),
    )


def write_record(folder: Path, plan: str, target: Target, entries: Iterable[Entry]) -> None:
    """Replace the record in *folder*, at once; entries by file name. Raises ``DiskFailure``."""
    document = {
        "schema": SCHEMA,
        "plan": plan,
        "target": {"platform": target.platform, "python": target.python},
        "files": [_row(entry) for entry in sorted(entries, key=lambda entry: entry.filename)],
    }
    path, part = folder / NAME, folder / f".{NAME}.part"
    try:
        with part.open("wb") as file:
            file.write((json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise DiskFailure(f"cannot be written: {error.strerror or error}", address=str(path)) from error


def record_files(folder: Path, digest: str, plan: Plan, entries: Iterable[Entry]) -> None:
    """Add *entries* to the record in *folder*, which is the one of the plan with *digest* now; others stay while their files do."""
    new = {entry.filename: entry for entry in entries}
    former = {
        entry.filename: entry
        for entry in load_record(folder).entries
        if (folder / entry.filename).is_file() or (folder / SOURCES / entry.filename).is_file()
    }
    write_record(folder, digest, plan.target, (former | new).values())


def _row(entry: Entry) -> dict[str, object]:
    row: dict[str, object] = {
        "filename": entry.filename,
        "name": entry.name,
        "version": entry.version,
        "sha256": entry.sha256,
        "size": entry.size,
    }
    if entry.built_from:
        row["built_from"] = {"filename": entry.built_from, "sha256": entry.source_sha256}
    return row
