"""Reads ``poetry.lock`` (2.0, 2.1), whose packages say themselves where they apply; version 2.0 cannot, and a note says so."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.locks.documents import LockTable, load_toml, names_of, package_tables, refuse_version
from wheelcheck.locks.files import FileList
from wheelcheck.model.distribution import as_specifier
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage, LockKind
from wheelcheck.model.urls import masked
from wheelcheck.texts.poetry import poetry_specifier

MAIN = canonicalize_name("main")
_UNDERSTOOD = ("2.0", "2.1")
_BLIND = (
    "poetry.lock 2.0 tells neither groups nor markers: every package is taken, wherever it applies; "
    "poetry lock (Poetry 2) tells"
)


def parse_poetry(content: bytes, path: str) -> Lock:
    """Read *content*; raise ``InputUnreadable`` for other versions and for whatever is not as Poetry writes it."""
    document, text = load_toml(content, path)
    metadata = document.table("metadata")
    version = metadata.text("lock-version")
    if version not in _UNDERSTOOD:
        raise refuse_version(document, version, " and ".join(_UNDERSTOOD))
    metadata.text("content-hash")  # the last line of it: without that, the file was cut
    packages = tuple(_package(table) for table in package_tables(document, text, "package"))
    extras = document.optional_table("extras")
    groups = {group for package in packages for group in package.groups} - {MAIN}
    return Lock(
        kind=LockKind.POETRY,
        path=path,
        requires_python=_pythons(metadata),
        packages=packages,
        roots=tuple(_extra_roots(extras)) if extras is not None and version == "2.0" else (),
        extras=tuple(sorted(names_of(list(extras.values)))) if extras is not None else (),
        groups=tuple(sorted(groups)),
        default_groups=(MAIN,),
        created_by="poetry",
        notes=(_BLIND,) if version == "2.0" else (),
    )


def _pythons(metadata: LockTable) -> SpecifierSet | None:
    """The Pythons in Poetry's words (^3.11, ~3.12); ``None`` for what PEP 440 cannot say, which bounds nothing here."""
    specifier = poetry_specifier(metadata.optional_text("python-versions") or "")
    return as_specifier(specifier) if specifier else None


def _extra_roots(extras: LockTable) -> Iterator[LockedDependency]:
    for extra in extras.values:
        for word in extras.texts(extra):
            yield LockedDependency(
                name=canonicalize_name(word.partition("[")[0].partition(" ")[0]), for_extra=canonicalize_name(extra)
            )


def _package(table: LockTable) -> LockedPackage:
    name, version = table.name(), table.version()
    if version is None:
        raise table.missing("version")
    source = table.table_or_empty("source")
    kind, where = source.optional_text("type") or "", source.optional_text("url") or ""
    index = masked(where) if kind == "legacy" else ""
    listed = FileList(table, name, version, index=index)
    folder = kind == "directory"
    missing = listed.elsewhere(
        "" if kind == "legacy" else where, vcs=kind == "git", editable=folder and table.flag("develop"), folder=folder
    )
    if missing is None:
        listed.requires_python = table.optional_text("python-versions")
        for row in table.rows("files"):
            entry = table.inner(row, label=f"{table.label}, a file")
            filename = entry.text("file")
            listed.add(
                filename=filename,
                url=where if kind == "url" else "",
                hashes=listed.digest(entry.text("hash"), filename),
            )
    common, per_group = _markers(table)
    return LockedPackage(
        name=name,
        version=version,
        origin=table.origin,
        # Poetry writes an empty list for a package without files; on an index, every package has some.
        files=listed.files if missing is None and "files" in table.values else None,
        skipped=tuple(listed.skipped),
        unsupported=missing,
        marker=common,
        groups=names_of(table.texts("groups")),
        group_markers=per_group,
        dependencies=tuple(_iter_edges(table)),
        source=f"{kind} {masked(where)}" if kind else "",
        index=index,
        optional=table.flag("optional"),
    )


def _markers(table: LockTable) -> tuple[Marker | None, tuple[tuple[NormalizedName, Marker], ...]]:
    """``markers`` is one for all groups, or a table with one for each that has any."""
    if not isinstance(table.values.get("markers"), dict):
        return table.marker("markers"), ()
    each = table.table("markers")
    return None, tuple((canonicalize_name(group), each.marker_of(each.text(group))) for group in each.values)


def _iter_edges(table: LockTable) -> Iterator[LockedDependency]:
    edges = table.optional_table("dependencies")
    for name, value in edges.values.items() if edges is not None else ():
        for row in value if isinstance(value, list) else [value]:
            entry = table.inner(row if isinstance(row, dict) else {}, label=f"{table.label}, its dependency {name}")
            if not isinstance(row, (str, dict)):
                raise entry.failure("neither a version nor a table")
            yield LockedDependency(
                name=canonicalize_name(name),
                marker=entry.marker("markers"),
                extras=names_of(entry.texts("extras")),
                is_optional=entry.flag("optional"),
            )
