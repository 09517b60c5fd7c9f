"""Asks for what the projects among the inputs depend on: their dependencies, chosen extras and groups, and the settings of tools.

``Pyproject → Walk → Collector``. The extras and groups of a run may belong to any of the projects among its inputs, so these are
kept until all are known.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable, UsageProblem, did_you_mean
from wheelcheck.model.requirement import (
    EVERY,
    FileOrigin,
    Requirement,
    ToolSetting,
)
from wheelcheck.model.urls import masked_within
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.pdm import collect_pdm_settings
from wheelcheck.requirements.project_walk import Scope, Walk, WalkedProject
from wheelcheck.requirements.pyproject import Chosen, Pyproject, parse_pyproject, projects_in
from wheelcheck.requirements.requirements_file import require_file
from wheelcheck.requirements.tool_tables import Declared
from wheelcheck.requirements.uv_settings import collect_uv_settings, refuse_conflicts
from wheelcheck.requirements.uv_sources import UvSources, Workspace, load_workspace
from wheelcheck.texts.files import is_file
from wheelcheck.texts.places import file_url, local_path_of
from wheelcheck.texts.sources import Reader, Source

_LISTING = ("setup.py", "setup.cfg", "requirements.txt", "Pipfile", "environment.yml")
_FOR_CHOICES = 'name the project as INPUT ("." is this folder), or write the extra with its project: "name[extra]"'


def collect_projects(
    sources: Sequence[Source], extras: frozenset[NormalizedName], groups: Sequence[NormalizedName], collector: Collector
) -> None:
    """Ask for the dependencies of every project of *sources*, of *extras* and of *groups*, each from the projects that have it.

    Raises ``InputUnreadable`` for one that no project has, ``UsageProblem`` where there is no project at all.
    """
    projects = [project for source in sources for project in projects_in(source, collector.reader)]
    if not projects and EVERY in (*extras, *groups):
        option = "--all-extras" if EVERY in extras else "--all-groups"
        raise UsageProblem(
            f"{option} needs a pyproject.toml, setup.cfg or setup.py among the inputs", hint=_FOR_CHOICES
        )
    if EVERY in extras:
        extras = frozenset(canonicalize_name(name) for project in projects for name in project.names("extras"))
    if EVERY in groups:
        # An environment of Hatch is an answer of its own, and no group beside others.
        found = (name for project in projects for name in (*project.groups, *project.own.groups))
        groups = tuple(dict.fromkeys(found))
    _require_known("extras", sorted(extras), projects)
    _require_known("groups", groups, projects)
    for project in projects:
        _Collection(project, collector).collect(extras, groups)


def choices_in(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The extras and the dependency groups that the project file *path* has. Raises ``InputUnreadable``."""
    reader = Reader(fetch_text=None, stdin=None)
    projects = projects_in(reader.file(path), reader)
    extras = dict.fromkeys(name for project in projects for name in project.names("extras"))
    groups = dict.fromkeys(name for project in projects for name in (*project.groups, *project.own.groups))
    return tuple(extras), tuple(groups)


def tool_settings(path: Path, environ: Mapping[str, str]) -> tuple[ToolSetting, ...]:
    """The settings of other tools that count for the project whose ``pyproject.toml`` is *path*; none where there is no such file.

    Raises ``InputUnreadable`` with file, line and key for what cannot be read.
    """
    if not is_file(path):
        return ()
    collector = Collector(Reader(fetch_text=None, stdin=None), environ)
    _Collection(parse_pyproject(collector.reader.file(path)), collector).collect_settings()
    return collector.collected().tools.settings


class _Collection:
    """What one project among the inputs asks for, with the settings of its tools and of its workspace."""

    def __init__(self, project: Pyproject, collector: Collector) -> None:
        self._project = project
        self._collector = collector
        self._workspace = load_workspace(project.source, project.document, collector.reader)
        self._followed: set[tuple[str, frozenset[NormalizedName], str]] = set()
        self._walk = self._walk_of(project)

    def collect(self, extras: frozenset[NormalizedName], groups: Sequence[NormalizedName]) -> None:
        project = self._project
        present = [group for group in groups if group in project.names("groups")]
        refuse_conflicts(project.document, extras & project.own.extras.keys(), frozenset(present))
        is_virtual = not project.is_project and self._workspace is not None and self._workspace.root is project.source
        if not project.is_project and not present and not is_virtual:
            raise _without_project(project)
        self.collect_settings()
        if is_virtual and self._workspace is not None:
            self._require_members(self._workspace)
        if project.is_project:
            self._collect_dependencies(extras)
        for group in present:
            self._collect_group(group)

    def collect_settings(self) -> None:
        project, workspace = self._project, self._workspace
        root = (workspace.root, workspace.document) if workspace is not None else (project.source, project.document)
        collect_uv_settings(*root, UvSources(*root, workspace), self._collector)
        project.poetry.collect_settings(self._collector)
        collect_pdm_settings(project.source, project.document, self._collector)

    def _collect_dependencies(self, extras: frozenset[NormalizedName]) -> None:
        project, collector = self._project, self._collector
        collector.bound_python(project.document.table_or_empty("project"))
        self._walk.take(project.own.dependencies, Scope())
        for extra in sorted(extras & project.own.extras.keys()):
            self._walk.take_extra(Scope(extra=extra))
        if "dependencies" in project.dynamic:
            _collect_files(project, collector, "", "dependencies")
        if "optional-dependencies" in project.dynamic:
            for extra in sorted(extras - project.own.extras.keys()):
                _collect_files(project, collector, extra, "optional-dependencies")

    def _require_members(self, workspace: Workspace) -> None:
        """Ask for every member: a workspace whose root is no project installs all of them (uv)."""
        line = workspace.document.line_of("tool", "uv", "workspace", "members")
        origin = FileOrigin(path=workspace.root.place, line=line)
        for name, folder in workspace.members.items():
            self._walk.take([Declared(text=f"{name} @ {file_url(folder)}", origin=origin)], Scope())

    def _collect_group(self, group: NormalizedName) -> None:
        """Ask for the group: of PEP 735 and of uv, Poetry and PDM together, else of the environment of Hatch of that name."""
        project = self._project
        if group in project.groups:
            self._walk.take(_group_members(project, group), Scope(group=group))
        if group in project.own.groups:
            self._walk.take(project.own.groups[group], Scope(group=group))
        if group not in project.groups and group not in project.own.groups:
            self._walk.take(project.hatch.chosen(group, self._collector), Scope(group=group))

    def _walk_of(self, project: Pyproject) -> Walk:
        walked = WalkedProject(
            source=project.source,
            name=project.name,
            extras=project.own.extras,
            sources=UvSources(project.source, project.document, self._workspace),
            added=project.poetry.added(),
        )
        return Walk(walked, self._collector, self._follow)

    def _follow(self, requirement: Requirement) -> None:
        """Ask for the local projects, repositories and URLs that the project in the folder of *requirement* itself requires."""
        folder = local_path_of(requirement.url or "")
        visit = (str(folder), requirement.extras, str(requirement.marker))
        if visit in self._followed or not is_file(folder / "pyproject.toml"):
            return
        self._followed.add(visit)
        member = parse_pyproject(self._collector.reader.file(folder / "pyproject.toml", self._place_of(folder)))
        walk, scope = self._walk_of(member), Scope(marker=requirement.marker, is_required=True)
        walk.take(member.own.dependencies, scope)
        for extra in sorted(requirement.extras & member.own.extras.keys()):
            walk.take_extra(Scope(extra=extra, marker=requirement.marker, is_required=True))

    def _place_of(self, folder: Path) -> str:
        """The ``pyproject.toml`` in *folder* as it is called from where the project itself is: plans are the same everywhere."""
        source = self._project.source
        try:
            way = os.path.relpath(folder, source.folder)
        except ValueError:  # another drive
            return str(folder / "pyproject.toml")
        return os.path.normpath(Path(source.place).parent / way / "pyproject.toml")


def _group_members(project: Pyproject, group: NormalizedName) -> Sequence[Declared]:
    """The requirements of the dependency group *group* of *project*, includes followed (PEP 735)."""
    from packaging.dependency_groups import resolve_dependency_groups

    document = project.document
    line = document.line_of("dependency-groups", project.spelled.get(group, group))
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
    texts = [written.get(text, text) for text in listed]
    return [Declared(text=text, origin=document.origin_of(text, "dependency-groups")) for text in texts]


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
        raise UsageProblem(
            f"{option} {wanted[0]} needs a pyproject.toml, setup.cfg or setup.py among the inputs", hint=_FOR_CHOICES
        )
    known = {name: None for project in projects for name in project.names(kind)}
    for name in wanted:
        if name not in known:
            places = ", ".join(project.source.place for project in projects)
            raise InputUnreadable(
                f"no {'extra' if kind == 'extras' else 'dependency group'} {name!r}",
                address=places,
                hint=_nearest(name, list(known), kind, may_compute=places.endswith(".py")),
            )


def _nearest(name: str, known: list[str], kind: Chosen, *, may_compute: bool) -> str:
    if not known:
        computed = ", or computes them" if may_compute else ""
        return f"it declares no {'extras' if kind == 'extras' else 'dependency groups'}{computed}"
    return did_you_mean(name, known, f"it has {', '.join(sorted(known))}", most=3)


def _without_project(project: Pyproject) -> InputUnreadable:
    place, groups = project.source.place, project.names("groups")
    if groups:
        return InputUnreadable(
            "no [project] table; choose among its dependency groups",
            address=place,
            hint=f"--group {' or --group '.join(sorted(groups))}",
        )
    folder = project.source.folder
    beside = [name for name in _LISTING if folder is not None and is_file(folder / name)]
    which = f", such as {' or '.join(beside)} beside it" if beside else ""
    hint = f"name the file that lists the dependencies{which}"
    return InputUnreadable("no [project] table (PEP 621)", address=place, hint=hint)
