"""Reads ``uv.lock`` (version 1) with its graph; which packages apply on a target is decided elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from msgspec import Struct
from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.locks.documents import (
    FileList,
    LockTable,
    filename_of,
    load_toml,
    names_of,
    package_tables,
    refuse_version,
)
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage, LockKind
from wheelcheck.model.urls import masked


def parse_uv(content: bytes, path: str) -> Lock:
    """Read *content*; raise ``InputUnreadable`` for another version than 1 and for whatever is not as uv writes it."""
    document, text = load_toml(content, path)
    version = document.values.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise document.failure("no 'version' of the lock's format")
    if version != 1:
        raise refuse_version(document, str(version), "version 1")
    manifest = document.table_or_empty("manifest")
    members = names_of(manifest.texts("members"))
    packages = tuple(_package(table, members) for table in package_tables(document, text, "package"))
    own = [package for package in packages if package.is_own]
    roots = _manifest_roots(manifest)
    edges = (*(edge for package in own for edge in package.dependencies), *roots)
    lock = Lock(
        kind=LockKind.UV,
        path=path,
        requires_python=document.specifier("requires-python"),
        environments=tuple(document.marker_of(each) for each in document.texts("supported-markers")),
        packages=packages,
        roots=(*(LockedDependency(name=package.name, version=package.version) for package in own), *roots),
        extras=tuple(sorted({extra for package in own for extra in package.extras})),
        groups=tuple(sorted({edge.for_group for edge in edges if edge.for_group is not None})),
        created_by="uv",
    )
    if not lock.roots and packages:
        raise document.failure("no package of it is the locked project itself")
    return lock


class _Source(Struct, frozen=True):
    """The value of ``source = { kind = where }``."""

    kind: str
    where: str

    @classmethod
    def read(cls, table: LockTable, values: object) -> _Source:
        if isinstance(values, dict):
            for kind in ("registry", "git", "url", "path", "directory", "editable", "virtual"):
                where = values.get(kind)
                if isinstance(where, str):
                    return cls(kind, where)
        raise table.failure("its 'source' is of no kind that is known")

    def __str__(self) -> str:
        return f"{self.kind} {masked(self.where)}"


def _package(table: LockTable, members: frozenset[NormalizedName]) -> LockedPackage:
    name, version = table.name(), table.version()
    source = _Source.read(table, table.values.get("source"))
    # A workspace lists its members; a lone project is the package at ".".
    is_own = name in members or (source.kind in {"editable", "virtual"} and source.where == ".")
    extras = table.table_or_empty("optional-dependencies")
    groups = table.table_or_empty("dev-dependencies")
    metadata = table.table_or_empty("metadata")
    dependencies = [_edge(table, row) for row in table.rows("dependencies")]
    for extra in extras.values:
        dependencies += [_edge(extras, row, for_extra=canonicalize_name(extra)) for row in extras.rows(extra)]
    for group in groups.values:
        dependencies += [_edge(groups, row, for_group=canonicalize_name(group)) for row in groups.rows(group)]
    listed = _listed(table, name, version, source)
    missing = listed.elsewhere(
        "" if source.kind == "registry" else source.where,
        vcs=source.kind == "git",
        editable=source.kind == "editable",
        folder=source.kind in {"directory", "virtual"},
        misnamed=_is_misnamed(listed, source),
    )
    return listed.package(
        missing,
        marker=_either(table),
        extras=names_of([*extras.values, *metadata.texts("provides-extras")]),
        dependencies=tuple(dependencies),
        source=str(source),
        index=listed.index,
        is_own=is_own,
    )


def _is_misnamed(listed: FileList, source: _Source) -> bool:
    return source.kind in {"url", "path"} and not listed.is_named_in(source.where)


def _either(table: LockTable) -> Marker | None:
    # A forked package says in which forks it is; any of them will do.
    forks = table.texts("resolution-markers")
    return table.marker_of(" or ".join(f"({fork})" for fork in forks)) if forks else None


def _edge(
    table: LockTable,
    row: Mapping[str, object],
    *,
    for_extra: NormalizedName | None = None,
    for_group: NormalizedName | None = None,
) -> LockedDependency:
    edge = table.inner(row, label=f"{table.label}, a dependency")
    source = row.get("source")
    # Both spellings are met: the array is "extra" on edges and "extras" in a manifest.
    extras = [*edge.texts("extra"), *edge.texts("extras")]
    return LockedDependency(
        name=edge.name(),
        version=edge.version(),
        source=str(_Source.read(edge, source)) if source is not None else "",
        marker=edge.marker(),
        extras=names_of(extras),
        for_extra=for_extra,
        for_group=for_group,
    )


def _manifest_roots(manifest: LockTable) -> tuple[LockedDependency, ...]:
    """The requirements of a script, and of a workspace without a project of its own."""
    groups = manifest.table_or_empty("dependency-groups")
    return (
        *(_asked(manifest, row, None) for row in manifest.rows("requirements")),
        *(_asked(groups, row, canonicalize_name(group)) for group in groups.values for row in groups.rows(group)),
    )


def _asked(table: LockTable, row: Mapping[str, object], group: NormalizedName | None) -> LockedDependency:
    # Here the version is a specifier, and where it is from is told by the package itself.
    return _edge(table, {key: row[key] for key in row.keys() & {"name", "marker", "extras"}}, for_group=group)


def _listed(table: LockTable, name: NormalizedName, version: Version | None, source: _Source) -> FileList:
    index = masked(source.where) if source.kind == "registry" else ""
    listed = FileList(table, name, version, index=index)
    rows = table.rows("wheels")
    sdist = table.optional_table("sdist")
    if sdist is not None:
        rows = [cast("dict[str, object]", sdist.values), *rows]
    if source.kind in {"git", "directory", "editable", "virtual"}:
        return listed
    if _is_misnamed(listed, source):
        return listed  # an archive that is named after neither project nor version, as a tag's on a forge
    for row in rows:
        url = row.get("url", source.where if source.kind == "url" else "")
        path = row.get("path", source.where if source.kind == "path" else "")
        filename = row.get("filename", "")
        if not isinstance(url, str) or not isinstance(path, str) or not isinstance(filename, str):
            raise table.failure("a file's url, path or filename is no string")
        filename = filename or filename_of(url or path)
        if not filename:
            raise table.failure("a file has neither url nor path nor filename")
        listed.add(
            filename=filename,
            url=url,
            hashes=listed.digest(row.get("hash"), filename),
            size=row.get("size"),
            upload_time=row.get("upload-time"),
        )
    return listed
