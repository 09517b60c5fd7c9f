"""Reads the JSON of ``pip install --report`` (version 1): the packages that one environment would install, one file each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from wheelcheck.locks.documents import LockTable, load_json, names_of, refuse_version
from wheelcheck.locks.files import FileList, check_digest
from wheelcheck.model.lock import Lock, LockedPackage, LockKind
from wheelcheck.model.urls import masked

_TELLING = ("implementation_name", "sys_platform", "platform_machine", "python_version")


def parse_pip_report(content: bytes, path: str) -> Lock:
    """Read *content*; raise ``InputUnreadable`` for another version than 1 and for whatever is not as pip writes it."""
    document, text = load_json(content, path)
    version = document.text("version")
    if version != "1":
        raise refuse_version(document, version, "version 1")
    lines = iter(
        text.count("\n", 0, match.start()) + 1 for match in re.finditer(r'"download_info"\s*:', text, re.MULTILINE)
    )
    return Lock(
        kind=LockKind.PIP_REPORT,
        path=path,
        environments=_environment(document),
        packages=tuple(_package(document, row, next(lines, 0)) for row in document.rows("install")),
        created_by=f"pip {document.optional_text('pip_version') or ''}".strip(),
    )


def _environment(document: LockTable) -> tuple[Marker, ...]:
    environment = document.table("environment")
    clauses = [f'{name} == "{environment.text(name)}"' for name in _TELLING]
    return (environment.marker_of(" and ".join(clauses)),)


def _package(document: LockTable, row: Mapping[str, object], line: int) -> LockedPackage:
    entry = LockTable(row, path=document.path, line=line, label="an entry of 'install'")
    name = entry.table("metadata").name()
    table = LockTable(row, path=document.path, line=line, label=str(name))
    metadata = table.table("metadata")
    version = metadata.version()
    if version is None:
        raise metadata.missing("version")
    info = table.table("download_info")
    url = info.text("url")
    listed = FileList(table, name, version)
    folder = info.optional_table("dir_info")
    missing = listed.elsewhere(
        url,
        vcs="vcs_info" in info.values,
        editable=folder is not None and folder.flag("editable"),
        folder=folder is not None,
    )
    if missing is None:
        listed.requires_python = metadata.optional_text("requires_python")
        listed.add(url=url, hashes=_hashes(info.table("archive_info"), table))
    return LockedPackage(
        name=name,
        version=version,
        origin=table.origin,
        files=listed.files if missing is None else None,
        skipped=tuple(listed.skipped),
        unsupported=missing,
        extras=names_of([str(canonicalize_name(extra)) for extra in table.texts("requested_extras")]),
        source=masked(url) if table.flag("is_direct") else "",
    )


def _hashes(archive: LockTable, table: LockTable) -> tuple[tuple[str, str], ...]:
    hashes = archive.optional_table("hashes")
    if hashes is None:
        # pip before 22.3 wrote one, as "sha256=…".
        algorithm, equals, digest = (archive.optional_text("hash") or "").partition("=")
        found: tuple[tuple[str, str], ...] = ((algorithm, digest.lower()),) if equals else ()
    else:
        found = tuple((algorithm, hashes.text(algorithm).lower()) for algorithm in hashes.values)
    for algorithm, digest in found:
        check_digest(algorithm, digest, table, "the hash of its file")
    return found
