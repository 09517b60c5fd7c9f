"""Reads ``pyproject.toml``: PEP 621 dependencies and extras, PEP 735 groups; runs no build backend.

What a backend would compute (``dynamic``) is an error that says so, except setuptools' ``file =``, which is static.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin, Requirement, UnsupportedRequirement
from wheelcheck.model.urls import masked_within
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.single import Asked, parse_single
from wheelcheck.texts.places import LineUnreadable
from wheelcheck.texts.sources import Source
from wheelcheck.texts.toml import Positions, parse_toml, requires_python_of
from wheelcheck.values import dataclass

Table = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pyproject:
    """A ``pyproject.toml`` whose shape has been checked.

    ``dependencies`` are the strings as written; ``extras`` and ``groups`` have canonical names, ``spelled`` gives the way the file
    writes them. ``dynamic`` holds those of ``dependencies`` and ``optional-dependencies`` that are computed, ``files`` the
    requirements files that setuptools would take for ``""`` (the dependencies) and for each extra.
    """

    source: Source
    positions: Positions
    has_project: bool
    poetry: bool
    name: NormalizedName | None
    requires_python: str | None
    dependencies: tuple[str, ...]
    extras: Mapping[NormalizedName, tuple[str, ...]]
    groups: Mapping[NormalizedName, Sequence[str | Mapping[str, str]]]
    spelled: Mapping[NormalizedName, str]
    dynamic: frozenset[str]
    files: Mapping[str, tuple[str, ...]]


def parse_pyproject(source: Source) -> Pyproject:
    """Read *source* and check the shape of what matters here. Raises ``InputUnreadable`` naming file and key."""
    document = parse_toml(source.text, source.place)
    project = _table(document, source, "project")
    extras = _table(project, source, "project", "optional-dependencies")
    groups = _table(document, source, "dependency-groups")
    name = project.get("name")
    requires_python = project.get("requires-python")
    if requires_python is not None and not isinstance(requires_python, str):
        raise _wrong(source, "project.requires-python", "a string")
    return Pyproject(
        source=source,
        positions=Positions(source.text),
        has_project="project" in document,
        poetry="poetry" in _table(document, source, "tool"),
        name=canonicalize_name(name) if isinstance(name, str) else None,
        requires_python=requires_python,
        dependencies=strings(project.get("dependencies", []), source, "project.dependencies"),
        extras={
            canonicalize_name(extra): strings(listed, source, f"project.optional-dependencies.{extra}")
            for extra, listed in extras.items()
        },
        groups={canonicalize_name(group): _members(listed, source, group) for group, listed in groups.items()},
        spelled={canonicalize_name(key): key for key in (*extras, *groups)},
        dynamic=frozenset(strings(project.get("dynamic", []), source, "project.dynamic")),
        files=_dynamic_files(document, source),
    )


def collect_dependencies(project: Pyproject, extras: frozenset[NormalizedName], collector: Collector) -> None:
    """Ask for the dependencies of *project* and of those of *extras* that it has.

    ``name[extra]`` of the project itself is replaced by what that extra asks for, under both markers.
    """
    if not project.has_project:
        return
    if project.requires_python is not None:
        line = project.positions.line(project.requires_python, "project", "requires-python")
        origin = FileOrigin(path=project.source.place, line=line)
        collector.requires_python.append((requires_python_of(project.requires_python, origin), origin))
    walk = _Walk(project, collector)
    walk.take(project.dependencies, ("project", "dependencies"), None)
    for extra in sorted(extras & project.extras.keys()):
        walk.take_extra(extra, None)


def collect_group(project: Pyproject, group: NormalizedName, collector: Collector) -> None:
    """Ask for what the dependency group *group* of *project* lists, includes followed (PEP 735)."""
    from packaging.dependency_groups import resolve_dependency_groups

    line = project.positions.header("dependency-groups", project.spelled.get(group, group))
    try:
        listed = resolve_dependency_groups({str(key): value for key, value in project.groups.items()}, group)
    except ExceptionGroup as problems:
        reasons = "; ".join(str(problem).partition("\n")[0] for problem in problems.exceptions)
        raise InputUnreadable(
            f"dependency group {group}: {masked_within(reasons)}", address=project.source.at(line)
        ) from None
    except (LookupError, ValueError, TypeError) as problem:
        raise InputUnreadable(f"dependency group {group}: {problem}", address=project.source.at(line)) from None
    written = _as_written(project)
    _Walk(project, collector).take([written.get(text, text) for text in listed], ("dependency-groups",), None)


def _as_written(project: Pyproject) -> Mapping[str, str]:
    """The spelling of packaging for each requirement in the groups → the file's, which has a line."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as PackagingRequirement

    spellings = {}
    for text in (member for members in project.groups.values() for member in members if isinstance(member, str)):
        # An unused group may hold what this one need not understand.
        with contextlib.suppress(InvalidRequirement):
            spellings[str(PackagingRequirement(text))] = text
    return spellings


class _Walk:
    """Takes lists of requirements, replacing the project's own extras by their content, each once per marker."""

    def __init__(self, project: Pyproject, collector: Collector) -> None:
        self._project = project
        self._collector = collector
        self._visited: set[tuple[NormalizedName, str]] = set()

    def take(self, listed: Sequence[str], keys: tuple[str, ...], marker: Marker | None) -> None:
        for text in listed:
            origin = FileOrigin(path=self._project.source.place, line=self._project.positions.line(text, *keys))
            requirement = understood(text, origin, self._project.source)
            if isinstance(requirement, UnsupportedRequirement):
                self._collector.require(requirement)
                continue
            requirement = _narrowed(requirement, marker)
            if requirement.name != self._project.name or requirement.url is not None:
                self._collector.require(requirement)
                continue
            for extra in sorted(requirement.extras):
                if extra not in self._project.extras:
                    raise InputUnreadable(f"{text!r} asks for an extra that is not declared", address=str(origin))
                self.take_extra(extra, requirement.marker)

    def take_extra(self, extra: NormalizedName, marker: Marker | None) -> None:
        if (extra, str(marker)) in self._visited:
            return
        self._visited.add((extra, str(marker)))
        keys = ("project", "optional-dependencies", self._project.spelled.get(extra, extra))
        self.take(self._project.extras[extra], keys, marker)


def understood(text: str, origin: FileOrigin, source: Source) -> Requirement | UnsupportedRequirement:
    """The requirement *text* of a TOML list. Raises ``InputUnreadable`` at *origin*."""
    try:
        return parse_single(Asked(text=text, origin=origin, folder=source.folder))
    except LineUnreadable as problem:
        raise InputUnreadable(masked_within(problem.message), address=str(origin), hint=problem.hint) from None


def strings(value: object, source: Source, key: str) -> tuple[str, ...]:
    """*value* as a list of strings. Raises ``InputUnreadable`` naming *key*."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(source, key, "a list of strings")
    return tuple(value)


def _narrowed(requirement: Requirement, marker: Marker | None) -> Requirement:
    from dataclasses import replace

    if marker is None:
        return requirement
    own = requirement.marker
    return replace(requirement, marker=Marker(f"({own}) and ({marker})") if own is not None else marker)


def _table(parent: Table, source: Source, *keys: str) -> Table:
    value = parent.get(keys[-1], {})
    if not isinstance(value, dict):
        raise _wrong(source, ".".join(keys), "a table")
    return value


def _members(value: object, source: Source, group: str) -> Sequence[str | Mapping[str, str]]:
    if not isinstance(value, list) or not all(isinstance(item, str | dict) for item in value):
        raise _wrong(source, f"dependency-groups.{group}", "a list of requirements and {include-group = …} tables")
    return tuple(value)


def _dynamic_files(document: Table, source: Source) -> Mapping[str, tuple[str, ...]]:
    setuptools = _table(_table(document, source, "tool"), source, "tool", "setuptools")
    dynamic = _table(setuptools, source, "tool", "setuptools", "dynamic")
    optional = dynamic.get("optional-dependencies")
    found: dict[str, tuple[str, ...]] = {}
    for key, value in (("", dynamic.get("dependencies")), *(optional.items() if isinstance(optional, dict) else ())):
        file = value.get("file") if isinstance(value, dict) else None
        if isinstance(file, str):
            found[canonicalize_name(key) if key else ""] = (file,)
        elif isinstance(file, list) and all(isinstance(item, str) for item in file):
            found[canonicalize_name(key) if key else ""] = tuple(file)
    return found


def _wrong(source: Source, key: str, expected: str) -> InputUnreadable:
    line = Positions(source.text).header(*key.split("."))
    return InputUnreadable(f"{key} must be {expected}", address=source.at(line))
