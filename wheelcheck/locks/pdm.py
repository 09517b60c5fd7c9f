"""Reads ``pdm.lock`` (4.3 to 4.5), whose packages say their groups and marker; a note says where they do not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.locks.documents import LockTable, load_toml, names_of, package_tables, refuse_version
from wheelcheck.locks.files import FileList
from wheelcheck.model.lock import Lock, LockedDependency, LockedPackage, LockKind
from wheelcheck.model.requirement import Requirement
from wheelcheck.model.urls import masked

DEFAULT = canonicalize_name("default")
_OLDEST, _NEWEST = Version("4.3"), Version("4.6")
_BOUND = re.compile(r"(===|==|~=|!=|>=|<=|>|<)\s*([^\s,]+)")
_SYSTEMS = {
    "windows": "win32",
    "macos": "darwin",
    "linux": "linux",
    "manylinux": "linux",
    "musllinux": "linux",
    "alpine": "linux",
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
    packages = _joined([_package(table) for table in package_tables(document, text, "package")])
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
    clauses = [
        f'python_full_version {part[0]} "{part[1]}"'
        for part in _BOUND.findall(target.optional_text("requires_python") or "")
    ]
    platform = target.optional_text("platform") or ""
    clauses += [f'sys_platform == "{word}"' for prefix, word in _SYSTEMS.items() if platform.startswith(prefix)]
    windows = platform.startswith("windows")
    clauses += [
        f'platform_machine == "{_WINDOWS_MACHINES.get(machine, machine) if windows else machine}"'
        for machine in _MACHINES
        if platform.endswith(f"_{machine}")
    ][:1]
    implementation = target.optional_text("implementation")
    if implementation:
        clauses.append(f'implementation_name == "{implementation}"')
    return target.marker_of(" and ".join(clauses) or 'python_version >= "0"')


def _package(table: LockTable) -> LockedPackage:
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
    return LockedPackage(
        name=name,
        version=version,
        origin=table.origin,
        files=listed.files if missing is None and "files" in table.values else None,
        skipped=tuple(listed.skipped),
        unsupported=missing,
        marker=table.marker(),
        groups=names_of(table.texts("groups")),
        extras=names_of(table.texts("extras")),
        dependencies=tuple(_iter_edges(table)),
        source=masked(where),
    )


def _iter_edges(table: LockTable) -> Iterator[LockedDependency]:
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
