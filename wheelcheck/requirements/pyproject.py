"""Reads ``pyproject.toml``: PEP 621 dependencies and extras, PEP 735 groups; runs no build backend.

A value that a backend would compute (``dynamic``) is an error, except setuptools' ``file =``, which is static. The extras and
groups of a run may belong to any of the projects among its inputs, so these are kept until all are known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable, UsageProblem, did_you_mean
from wheelcheck.model.requirement import Requirement, UnsupportedRequirement
from wheelcheck.model.urls import masked_within
from wheelcheck.requirements.collecting import Collector, understood
from wheelcheck.requirements.requirements_file import require_file
from wheelcheck.texts.sources import Source
from wheelcheck.texts.toml import Table

Chosen = Literal["extras", "groups"]


class Pyproject(Struct, frozen=True, kw_only=True):
    """A ``pyproject.toml`` whose shape has been checked; ``document`` is the whole, ``project`` its ``[project]``.

    ``dependencies`` are the strings as written; ``extras`` and ``groups`` have canonical names, ``spelled`` gives the way the file
    writes them. ``dynamic`` holds those of ``dependencies`` and ``optional-dependencies`` that are computed, ``files`` the
    requirements files that setuptools would take for ``""`` (the dependencies) and for each extra.
    """

    source: Source
    document: Table
    project: Table | None
    name: NormalizedName | None
    dependencies: tuple[str, ...]
    extras: Mapping[NormalizedName, tuple[str, ...]]
    groups: Mapping[NormalizedName, Sequence[str | Mapping[str, str]]]
    spelled: Mapping[NormalizedName, str]
    dynamic: frozenset[str]
    files: Mapping[str, tuple[str, ...]]

    def names(self, kind: Chosen) -> list[str]:
        """The extras, or the dependency groups, that can be chosen."""
        if kind == "groups":
            return list(self.groups)
        from_files = [key for key in self.files if key] if "optional-dependencies" in self.dynamic else []
        return [*self.extras, *from_files]


def parse_pyproject(source: Source) -> Pyproject:
    """Read *source* and check the keys that matter here. Raises ``InputUnreadable`` naming file, line and key."""
    document = Table.of_toml(source.text, source.place)
    project = document.table_or_empty("project")
    extras = project.table_or_empty("optional-dependencies")
    groups = document.table_or_empty("dependency-groups")
    project.optional_text("requires-python")
    name = project.values.get("name")
    return Pyproject(
        source=source,
        document=document,
        project=project if "project" in document.values else None,
        name=canonicalize_name(name) if isinstance(name, str) else None,
        dependencies=tuple(project.texts("dependencies")),
        extras={canonicalize_name(extra): tuple(extras.texts(extra)) for extra in extras.values},
        groups={canonicalize_name(group): _members(groups, group) for group in groups.values},
        spelled={canonicalize_name(key): key for key in (*extras.values, *groups.values)},
        dynamic=frozenset(project.texts("dynamic")),
        files=_dynamic_files(
            document.table_or_empty("tool").table_or_empty("setuptools").table_or_empty("dynamic").values
        ),
    )


def collect_dependencies(project: Pyproject, extras: frozenset[NormalizedName], collector: Collector) -> None:
    """Ask for the dependencies of *project* and of those of *extras* that it has.

    ``name[extra]`` of the project itself is replaced by the requirements of that extra, under both markers.
    """
    if project.project is None:
        return
    collector.bound_python(project.project)
    walk = _Walk(project, collector)
    walk.take(project.dependencies, ("project", "dependencies"), None)
    for extra in sorted(extras & project.extras.keys()):
        walk.take_extra(extra, None)


def collect_group(project: Pyproject, group: NormalizedName, collector: Collector) -> None:
    """Ask for the requirements of the dependency group *group* of *project*, includes followed (PEP 735)."""
    from packaging.dependency_groups import resolve_dependency_groups

    line = project.document.line_of("dependency-groups", project.spelled.get(group, group))
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
        # An unused group may hold a text that is not understood.
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
            origin = self._project.document.origin_of(text, *keys)
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


def _narrowed(requirement: Requirement, marker: Marker | None) -> Requirement:
    from msgspec.structs import replace

    if marker is None:
        return requirement
    own = requirement.marker
    return replace(requirement, marker=Marker(f"({own}) and ({marker})") if own is not None else marker)


def _members(groups: Table, group: str) -> Sequence[str | Mapping[str, str]]:
    value = groups.values[group]
    if not isinstance(value, list) or not all(isinstance(item, str | dict) for item in value):
        raise groups.wrong(group, "a list of requirements and {include-group = …} tables")
    return tuple(value)


def _dynamic_files(dynamic: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    optional = dynamic.get("optional-dependencies")
    found: dict[str, tuple[str, ...]] = {}
    for key, value in (("", dynamic.get("dependencies")), *(optional.items() if isinstance(optional, dict) else ())):
        file = value.get("file") if isinstance(value, dict) else None
        if isinstance(file, str):
            found[canonicalize_name(key) if key else ""] = (file,)
        elif isinstance(file, list) and all(isinstance(item, str) for item in file):
            found[canonicalize_name(key) if key else ""] = tuple(file)
    return found


def collect_projects(
    sources: Sequence[Source], extras: frozenset[NormalizedName], groups: Sequence[NormalizedName], collector: Collector
) -> None:
    """Ask for the dependencies of every project of *sources*, of *extras* and of *groups*, each from the projects that have it.

    Raises ``InputUnreadable`` for one that no project has, ``UsageProblem`` where there is no project at all.
    """
    projects = [parse_pyproject(source) for source in sources]
    _require_known("extras", sorted(extras), projects)
    _require_known("groups", groups, projects)
    for project in projects:
        _collect(project, extras, groups, collector)


def _collect(
    project: Pyproject, extras: frozenset[NormalizedName], groups: Sequence[NormalizedName], collector: Collector
) -> None:
    present = [group for group in groups if group in project.groups]
    if project.project is None and not present:
        raise _without_project(project)
    collect_dependencies(project, extras, collector)
    if "dependencies" in project.dynamic:
        _collect_files(project, collector, "", "dependencies")
    if "optional-dependencies" in project.dynamic:
        for extra in sorted(extras):
            _collect_files(project, collector, extra, "optional-dependencies")
    for group in present:
        collect_group(project, group, collector)


def _collect_files(project: Pyproject, collector: Collector, key: str, field: str) -> None:
    line = project.document.line_of("project", "dynamic")
    if key not in project.files:
        raise InputUnreadable(
            f"the {field} are dynamic: only its build backend can tell them",
            address=project.source.at(line),
            hint="name the requirements file they come from, or a wheel of the project",
        )
    for name in project.files[key]:
        require_file(collector.reader.nested(name, project.source, line), collector)


def _require_known(kind: Chosen, wanted: Sequence[NormalizedName], projects: Sequence[Pyproject]) -> None:
    option = "--extra" if kind == "extras" else "--group"
    if wanted and not projects:
        raise UsageProblem(f"{option} {wanted[0]} needs a pyproject.toml among the inputs", address=option)
    known = {name: None for project in projects for name in project.names(kind)}
    for name in wanted:
        if name not in known:
            places = ", ".join(project.source.place for project in projects)
            raise InputUnreadable(
                f"no {'extra' if kind == 'extras' else 'dependency group'} {name!r}",
                address=places,
                hint=_nearest(name, list(known), kind),
            )


def _nearest(name: str, known: list[str], kind: Chosen) -> str:
    if not known:
        return f"it declares no {'extras' if kind == 'extras' else 'dependency groups'}"
    return did_you_mean(name, known, f"it has {', '.join(sorted(known))}", most=3)


def _without_project(project: Pyproject) -> InputUnreadable:
    place = project.source.place
    if "poetry" in project.document.table_or_empty("tool").values:
        return InputUnreadable(
            "only [tool.poetry], no [project] table (PEP 621)",
            address=place,
            hint="write the dependencies as requirements first: poetry export -o requirements.txt",
        )
    if project.groups:
        names: Mapping[str, object] = dict.fromkeys(sorted(project.groups))
        return InputUnreadable(
            "no [project] table; choose among its dependency groups",
            address=place,
            hint=f"--group {' or --group '.join(names)}",
        )
    return InputUnreadable(
        "no [project] table (PEP 621)", address=place, hint="name the file that lists the dependencies"
    )
