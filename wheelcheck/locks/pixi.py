"""Reads the part of ``pixi.lock`` (versions 4 to 7) that pip would install; conda's packages are counted and said to be left out.

A package applies on the platforms of the environments that list it. An environment is whole: one that is chosen stands in place of
``default``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct, field
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.documents import MANGLED, FileList, LockTable, refuse_version
from wheelcheck.model.lock import Lock, LockedPackage, LockKind
from wheelcheck.model.requirement import parse_marker
from wheelcheck.model.urls import masked
from wheelcheck.texts.sources import decoded
from wheelcheck.texts.yaml import Mapping, Scalar, Sequence, YamlNode, parse_yaml

DEFAULT = canonicalize_name("default")
_VERSIONS = ("4", "5", "6", "7")
_SYSTEMS = {"linux": "linux", "osx": "darwin", "win": "win32"}
_MACHINES = {
    ("linux", "64"): "x86_64", ("linux", "32"): "i686", ("osx", "64"): "x86_64", ("win", "64"): "AMD64", ("win", "32"): "x86",
    ("win", "arm64"): "ARM64",
}  # fmt: skip
_CONDA = re.compile(r"- (?:conda: |kind: conda\b)")
_LISTED_CONDA = re.compile(r" +- conda: ")
_PYTHON = re.compile(r"/python-(\d+\.\d+)[^/]*$")


class _Environments(Struct):
    """What the environments say: the platforms of each place by environment, their index, and all their Pythons."""

    platforms: dict[str, dict[NormalizedName, list[str]]] = field(default_factory=dict)
    names: list[NormalizedName] = field(default_factory=list)
    covered: list[str] = field(default_factory=list)
    index: str = ""
    pythons: set[str] = field(default_factory=set)


def parse_pixi(content: bytes, path: str) -> Lock:
    """Read *content*; raise ``InputUnreadable`` for another version and for whatever is not as pixi writes it."""
    text, conda = _without_conda(decoded(content, path))
    document = parse_yaml(text, path)
    if not isinstance(document, Mapping):
        raise InputUnreadable("no pixi.lock: it is no table", address=path, hint=MANGLED)
    table = LockTable(_plain_table(document), path=path, line=1)
    version = document.text("version")
    if version is None or version.text not in _VERSIONS:
        raise refuse_version(table, version.text if version is not None else "?", "versions 4 to 7")
    environments = _environments(document, table)
    listed = document.get("packages")
    items = listed.items if isinstance(listed, Sequence) else ()
    packages = tuple(_iter_packages(items, environments, path))
    # Environments of several Pythons: the files themselves say which one they fit.
    (python,) = environments.pythons if len(environments.pythons) == 1 else ("",)
    return Lock(
        kind=LockKind.PIXI,
        path=path,
        requires_python=SpecifierSet(f"=={python}.*") if python else None,
        environments=tuple(dict.fromkeys(map(_marker, environments.covered))),
        packages=packages,
        groups=tuple(sorted(set(environments.names) - {DEFAULT})),
        default_groups=(DEFAULT,),
        created_by="pixi",
        conda=conda,
    )


def _without_conda(text: str) -> tuple[str, int]:
    """*text* with empty lines in place of conda's packages, most of such a lock, and their number."""
    kept: list[str] = []
    count = 0
    is_packages = is_conda = False
    for line in text.splitlines():
        if line and line[0] not in " -#":
            is_packages, is_conda = line.startswith("packages:"), False
        elif is_packages and line.startswith("- "):
            is_conda = _CONDA.match(line) is not None
            count += is_conda
        is_left = is_conda if is_packages else _LISTED_CONDA.match(line) is not None and "/python-" not in line
        kept.append("" if is_left else line)
    return "\n".join(kept), count


def _environments(document: Mapping, table: LockTable) -> _Environments:
    named = document.get("environments")
    if not isinstance(named, Mapping):
        raise table.missing("environments")
    subdirs = dict(_iter_subdirs(document.get("platforms")))
    found = _Environments()
    for word, environment in named.entries.items():
        name = canonicalize_name(word)
        found.names.append(name)
        indexes = environment.get("indexes") if isinstance(environment, Mapping) else None
        if isinstance(indexes, Sequence) and indexes.items and isinstance(indexes.items[0], Scalar):
            found.index = found.index or masked(indexes.items[0].text)
        platforms = environment.get("packages") if isinstance(environment, Mapping) else None
        for platform, entries in platforms.entries.items() if isinstance(platforms, Mapping) else ():
            subdir = subdirs.get(platform, platform)
            found.covered.append(subdir)
            for kind, place in _iter_places(entries):
                if kind == "pypi":
                    found.platforms.setdefault(place, {}).setdefault(name, []).append(subdir)
                elif (python := _PYTHON.search(place)) is not None:
                    found.pythons.add(python[1])
    return found


def _iter_subdirs(platforms: YamlNode | None) -> Iterator[tuple[str, str]]:
    """The platforms that have a name of their own, with conda's word for them."""
    for each in platforms.items if isinstance(platforms, Sequence) else ():
        name, subdir = (each.text("name"), each.text("subdir")) if isinstance(each, Mapping) else (None, None)
        if name is not None and subdir is not None:
            yield name.text, subdir.text


def _iter_places(entries: YamlNode) -> Iterator[tuple[str, str]]:
    for entry in entries.items if isinstance(entries, Sequence) else ():
        for kind in ("pypi", "conda"):
            place = entry.text(kind) if isinstance(entry, Mapping) else None
            if place is not None:
                yield kind, place.text


def _iter_packages(items: Iterable[YamlNode], environments: _Environments, path: str) -> Iterator[LockedPackage]:
    for item in items:
        if not isinstance(item, Mapping):
            if isinstance(item, Scalar) and not item.text:
                continue
            raise InputUnreadable("a package that is no table", address=f"{path}:{item.line}", hint=MANGLED)
        name = item.text("name")
        label = name.text if name is not None else "a package"
        table = LockTable(_plain_table(item), path=path, line=item.line, label=label)
        place = next((text for key in ("pypi", "url", "path") if (text := table.optional_text(key)) is not None), "")
        if "pypi" in table.values or table.optional_text("kind") == "pypi":
            yield _package(table, place, environments)


def _package(table: LockTable, place: str, environments: _Environments) -> LockedPackage:
    name, version = table.name(), table.version()
    where = environments.platforms.get(place)
    if where is None:
        raise table.failure("no environment of the lock lists it")
    pythons = table.optional_text("requires_python")
    listed = FileList(table, name, version, index=environments.index, requires_python=pythons)
    is_vcs = place.startswith(("git+", "hg+", "svn+", "bzr+"))
    missing = listed.elsewhere(place, vcs=is_vcs, path="://" not in place)
    if missing is None:
        digest = table.optional_text("sha256")
        listed.add(url=place, hashes=listed.digest(f"sha256:{digest}" if digest else None, place))
    subdirs = [subdir for each in where.values() for subdir in each]
    return LockedPackage(
        name=name,
        version=version,
        origin=table.origin,
        files=listed.files if missing is None else None,
        unsupported=missing,
        marker=_any_of(subdirs),
        groups=frozenset(where),
        group_markers=tuple((group, _any_of(each)) for group, each in where.items()),
        source="" if missing is None else masked(place),
        index=environments.index if missing is None else "",
        is_own=place.rstrip("/") == ".",
    )


def _marker(subdir: str) -> Marker:
    system, _, machine = subdir.partition("-")
    if system not in _SYSTEMS or not machine.replace("_", "").isalnum():
        # Nothing that is judged here runs there.
        return parse_marker("sys_platform == 'none'")
    machine = _MACHINES.get((system, machine), machine)
    return parse_marker(f"sys_platform == '{_SYSTEMS[system]}' and platform_machine == '{machine}'")


def _any_of(subdirs: Iterable[str]) -> Marker:
    return parse_marker(" or ".join(f"({marker})" for marker in sorted({str(_marker(each)) for each in subdirs})))


def _plain_table(node: Mapping) -> dict[str, object]:
    return {key: _plain(value) for key, value in node.entries.items()}


def _plain(node: YamlNode) -> object:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_plain(each) for each in node.items]
    return _plain_table(node)
