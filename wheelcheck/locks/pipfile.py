"""Reads ``Pipfile.lock`` (specification 6): sections of pins with hashes but without file names; an index has the files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.locks.documents import LockTable, load_json, names_of, refuse_version
from wheelcheck.locks.files import FileList, parse_digest
from wheelcheck.model.lock import Lock, LockedPackage, LockKind
from wheelcheck.model.urls import masked
from wheelcheck.texts.places import project_name

DEFAULT = canonicalize_name("default")
_SPECIFICATION = 6
_NOTE = (
    "a Pipfile.lock holds what the machine that made it needed; what only another platform needs may be missing from it"
)


def parse_pipfile(content: bytes, path: str) -> Lock:
    """Read *content*; raise ``InputUnreadable`` for another specification and for whatever is not as pipenv writes it."""
    document, text = load_json(content, path)
    meta = document.table("_meta")
    specification = meta.values.get("pipfile-spec")
    if specification != _SPECIFICATION:
        raise refuse_version(document, str(specification), f"pipfile-spec {_SPECIFICATION}")
    indexes = {
        row.optional_text("name") or "": masked(row.text("url"))
        for row in (meta.inner(values, label="a source") for values in meta.rows("sources"))
    }
    # The first source is the one that is asked when a package names none.
    indexes[""] = next(iter(indexes.values()), "")
    sections = [key for key in document.values if key != "_meta"]
    packages = tuple(
        package for section in sections for package in _section(document.table(section), section, text, indexes)
    )
    return Lock(
        kind=LockKind.PIPENV,
        path=path,
        packages=packages,
        groups=tuple(canonicalize_name(section) for section in sections if section != DEFAULT),
        default_groups=(DEFAULT,),
        created_by="pipenv",
        notes=(_NOTE,),
    )


def _section(section: LockTable, key: str, text: str, indexes: Mapping[str, str]) -> list[LockedPackage]:
    start = text.find(f'"{key}":')
    found = []
    for written in section.values:
        name = project_name(written)
        if name is None:
            raise section.failure(f"{written!r} in {key!r} is no project name")
        position = re.compile(rf"^\s*{re.escape(json.dumps(written))}\s*:", re.MULTILINE).search(text, max(start, 0))
        line = text.count("\n", 0, position.end()) + 1 if position is not None else 0
        entry = section.table(written)
        table = LockTable(entry.values, path=section.path, line=line, label=written)
        found.append(replace(_package(table, name, indexes), groups=frozenset({canonicalize_name(key)})))
    return found


def _package(table: LockTable, name: NormalizedName, indexes: Mapping[str, str]) -> LockedPackage:
    version = _pinned(table)
    archive = table.optional_text("file") or ""
    folder = table.optional_text("path") or ""
    pins = tuple(parse_digest(text, table, "a hash") for text in table.texts("hashes"))
    repository = next((table.text(key) for key in ("git", "hg", "svn", "bzr") if key in table.values), "")
    where = repository or archive or folder
    listed = FileList(table, name, None)
    missing = listed.elsewhere(where, vcs=bool(repository), editable=table.flag("editable"), path="://" not in where)
    if missing is None and where:
        listed.add(url=where, hashes=tuple((pin.algorithm, pin.digest) for pin in pins))
    elif missing is None and version is None:
        raise table.missing("version")
    return LockedPackage(
        name=name,
        version=version,
        origin=table.origin,
        files=listed.files if missing is None and where else None,
        hashes=pins,
        unsupported=missing,
        marker=table.marker("markers"),
        extras=names_of(table.texts("extras")),
        source=masked(where),
        index="" if missing is not None else indexes.get(table.optional_text("index") or "", indexes[""]),
    )


def _pinned(table: LockTable) -> Version | None:
    text = table.optional_text("version")
    if text is None or text == "*":
        return None
    if not text.startswith("=="):
        raise table.failure(f"version is no pin (==…): {text!r}")
    return table.read(text.lstrip("="), Version, ValueError, "version is no version (PEP 440)")
