"""Reads ``poetry.lock`` (2.0, 2.1), ``pdm.lock`` (4.3 to 4.5) and ``Pipfile.lock`` (specification 6).

Packages of the first two say themselves where they apply; where an old version does not, a note says so. A ``Pipfile.lock`` has
sections of pins with hashes but without file names; an index has the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.locks.documents import (
    FileList,
    LockTable,
    load_json,
    load_toml,
    names_of,
    package_tables,
    parse_digest,
    refuse_version,
)
from wheelcheck.model.distribution import as_specifier
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage, LockKind
from wheelcheck.model.requirement import Requirement
from wheelcheck.model.urls import masked
from wheelcheck.texts.places import project_name
from wheelcheck.texts.poetry import poetry_specifier

MAIN = canonicalize_name("main")
_UNDERSTOOD = ("2.0", "2.1")
_POETRY_BLIND = (
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
    packages = tuple(_poetry_package(table) for table in package_tables(document, text, "package"))
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
        notes=(_POETRY_BLIND,) if version == "2.0" else (),
    )


def _pythons(metadata: LockTable) -> SpecifierSet | None:
    """The Pythons in Poetry's words (^3.11, ~3.12); ``None`` for what PEP 440 cannot say, which bounds nothing here."""
    specifier = poetry_specifier(metadata.optional_text("python-versions") or "")
    return as_specifier(specifier) if specifier else None


def _extra_roots(extras: LockTable) -> Iterator[LockedDependency]:
    for extra in extras.values:
        for word in extras.texts(extra):
            name = word.partition("[")[0].partition(" ")[0]
            yield LockedDependency(name=canonicalize_name(name), for_extra=canonicalize_name(extra))


def _poetry_package(table: LockTable) -> LockedPackage:
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
            url = where if kind == "url" else ""
            listed.add(filename=filename, url=url, hashes=listed.digest(entry.text("hash"), filename))
    common, per_group = _markers(table)
    return listed.package(
        missing,
        # Poetry writes an empty list for a package without files; on an index, every package has some.
        has_list="files" in table.values,
        marker=common,
        groups=names_of(table.texts("groups")),
        group_markers=per_group,
        dependencies=tuple(_iter_poetry_edges(table)),
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


def _iter_poetry_edges(table: LockTable) -> Iterator[LockedDependency]:
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


DEFAULT = canonicalize_name("default")
_OLDEST, _NEWEST = Version("4.3"), Version("4.6")
_BOUND = re.compile(r"(===|==|~=|!=|>=|<=|>|<)\s*([^\s,]+)")
_SYSTEMS = {
    "windows": "win32",
    "macos": "darwin",
    **dict.fromkeys(("linux", "manylinux", "musllinux", "alpine"), "linux"),
}
# "x86_64" before "x86": the first that ends the word is the machine.
_MACHINES = ("x86_64", "aarch64", "amd64", "arm64", "armv7l", "i686", "ppc64le", "s390x", "riscv64", "x86")
_WINDOWS_MACHINES = {"amd64": "AMD64", "arm64": "ARM64"}
_BLIND = (
    "this pdm.lock does not tell which groups and markers bring a package: every package is taken; "
    "pdm lock -S inherit_metadata tells"
)


def parse_pdm(content: bytes, path: str) -> Lock:
    """Read *content*; raise ``InputUnreadable`` for other versions and for whatever is not as PDM writes it."""
    document, text = load_toml(content, path)
    metadata = document.table("metadata")
    written = metadata.text("lock_version")
    version = metadata.read(written, Version, ValueError, "lock_version is no version")
    if not _OLDEST <= version < _NEWEST:
        raise refuse_version(document, written, "4.3 to 4.5")
    packages = _joined([_pdm_package(table) for table in package_tables(document, text, "package")])
    is_blind = "inherit_metadata" not in metadata.texts("strategy")
    groups = names_of(metadata.texts("groups")) - {DEFAULT}
    return Lock(
        kind=LockKind.PDM,
        path=path,
        environments=tuple(_environment(each, metadata) for each in metadata.rows("targets")),
        packages=packages,
        # One list serves both: an extra of the project is a group of the lock.
        extras=tuple(sorted(groups)),
        groups=tuple(sorted(groups)),
        default_groups=(DEFAULT,),
        created_by="pdm",
        notes=(_BLIND,) if is_blind else (),
    )


def _environment(values: Mapping[str, object], metadata: LockTable) -> Marker:
    """A target that PDM locked for, as a marker; it bounds only what its words say."""
    target = metadata.inner(values, label="a target")
    bounds = _BOUND.findall(target.optional_text("requires_python") or "")
    clauses = [f'python_full_version {operator} "{version}"' for operator, version in bounds]
    platform = target.optional_text("platform") or ""
    clauses += [f'sys_platform == "{word}"' for prefix, word in _SYSTEMS.items() if platform.startswith(prefix)]
    if machine := next((each for each in _MACHINES if platform.endswith(f"_{each}")), ""):
        spelt = _WINDOWS_MACHINES.get(machine, machine) if platform.startswith("windows") else machine
        clauses.append(f'platform_machine == "{spelt}"')
    if implementation := target.optional_text("implementation"):
        clauses.append(f'implementation_name == "{implementation}"')
    return target.marker_of(" and ".join(clauses) or 'python_version >= "0"')


def _pdm_package(table: LockTable) -> LockedPackage:
    name, version = table.name(), table.version()
    url, local, repository = (table.optional_text(key) or "" for key in ("url", "path", "git"))
    vcs = bool(repository or table.optional_text("hg") or table.optional_text("svn"))
    where = repository or url or local
    listed = FileList(table, name, version, requires_python=table.optional_text("requires_python"))
    missing = listed.elsewhere(where, vcs=vcs, editable=table.flag("editable"), path=bool(local))
    if missing is None and version is None:
        raise table.missing("version")
    for row in table.rows("files") if missing is None else ():
        entry = table.inner(row, label=f"{table.label}, a file")
        at = entry.optional_text("url") or ""
        filename = "" if at else entry.text("file")
        listed.add(filename=filename, url=at or url, hashes=listed.digest(entry.text("hash"), filename or at))
    return listed.package(
        missing,
        has_list="files" in table.values,
        marker=table.marker(),
        groups=names_of(table.texts("groups")),
        extras=names_of(table.texts("extras")),
        dependencies=tuple(_iter_pdm_edges(table)),
        source=masked(where),
    )


def _iter_pdm_edges(table: LockTable) -> Iterator[LockedDependency]:
    for text in table.texts("dependencies"):
        try:
            asked = Requirement.parse(text, table.origin)
        except InvalidRequirement:
            raise table.failure(f"a dependency is no requirement (PEP 508): {text!r}") from None
        yield LockedDependency(name=asked.name, marker=asked.marker, extras=asked.extras)


def _joined(packages: list[LockedPackage]) -> tuple[LockedPackage, ...]:
    """*packages* without those that PDM writes a second time for their extras; their dependencies go to the first."""
    plain: dict[tuple[NormalizedName, object, str, str], LockedPackage] = {}
    for package in sorted(packages, key=lambda package: bool(package.extras)):
        key = (package.name, package.version, package.source, "" if package.extras else str(package.marker))
        if not package.extras:
            if key in plain:
                # Kept: the check for packages that are locked twice refuses it.
                key = (*key[:3], f"{key[3]} {package.origin.line}")
            plain[key] = package
            continue
        base = next((known for known in plain if known[:3] == key[:3]), None)
        if base is None:
            plain[key] = replace(package, extras=frozenset())
            continue
        first = plain[base]
        plain[base] = replace(
            first, groups=first.groups | package.groups, dependencies=(*first.dependencies, *package.dependencies)
        )
    return tuple(sorted(plain.values(), key=lambda package: package.origin.line))


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
    parts = (_section(document.table(section), section, text, indexes) for section in sections)
    packages = tuple(package for part in parts for package in part)
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
        found.append(replace(_pipfile_package(table, name, indexes), groups=frozenset({canonicalize_name(key)})))
    return found


def _pipfile_package(table: LockTable, name: NormalizedName, indexes: Mapping[str, str]) -> LockedPackage:
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
