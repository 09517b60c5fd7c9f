"""Reads ``pyproject.toml``: PEP 621 dependencies and extras, PEP 735 groups, and the tables of uv, Poetry, PDM and Hatch.

``text → Pyproject``; ``project_collection`` follows it. No build backend is run: a value that one would compute (``dynamic``) is an
error there, except setuptools' ``file =``, which is static.

An environment of Hatch (``[tool.hatch.envs.NAME]`` or ``hatch.toml``) is chosen like a group. It has what its template says and it
does not (``default`` unless it names another, none where it is detached).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.pdm import pdm_groups
from wheelcheck.requirements.poetry import PoetryTables
from wheelcheck.requirements.tool_tables import Declared, DeclaredTables, declared
from wheelcheck.texts.files import is_file, read_text
from wheelcheck.texts.places import file_url
from wheelcheck.texts.sources import Reader, Source
from wheelcheck.texts.toml import Table

Chosen = Literal["extras", "groups"]


class Pyproject(Struct, frozen=True, kw_only=True):
    """A ``pyproject.toml`` whose shape has been checked; ``document`` is the whole, ``is_project`` that it lists dependencies.

    ``own`` are its dependencies and extras, with canonical names, in whichever tool's words; its groups there are the tools' own.
    ``groups`` are those of PEP 735, ``spelled`` the way the file writes them. ``dynamic`` holds those of ``dependencies`` and
    ``optional-dependencies`` that are computed, ``files`` the requirements files that setuptools would take for ``""`` (the
    dependencies) and for each extra.
    """

    source: Source
    document: Table
    is_project: bool
    name: NormalizedName | None
    own: DeclaredTables
    groups: Mapping[NormalizedName, Sequence[str | Mapping[str, str]]]
    spelled: Mapping[NormalizedName, str]
    dynamic: frozenset[str]
    files: Mapping[str, tuple[str, ...]]
    poetry: PoetryTables
    hatch: HatchEnvironments

    def names(self, kind: Chosen) -> list[str]:
        """The extras, or the dependency groups, that can be chosen."""
        if kind == "groups":
            return list(dict.fromkeys((*self.groups, *self.own.groups, *self.hatch.names)))
        from_files = [key for key in self.files if key] if "optional-dependencies" in self.dynamic else []
        return [*self.own.extras, *from_files]


def parse_pyproject(source: Source) -> Pyproject:
    """Read *source* and check the keys that matter here. Raises ``InputUnreadable`` naming file, line and key."""
    document = Table.of_toml(source.text, source.place)
    project, tool = document.table_or_empty("project"), document.table_or_empty("tool")
    groups = document.table_or_empty("dependency-groups")
    project.optional_text("requires-python")
    dynamic = frozenset(project.texts("dynamic"))
    has_poetry = "poetry" in tool.values
    is_static = "project" in document.values and not (has_poetry and "dependencies" in dynamic)
    poetry = PoetryTables(source, document, is_static=is_static)
    name = _name(project, tool.within("poetry"))
    return Pyproject(
        source=source,
        document=document,
        is_project="project" in document.values or "dependencies" in tool.within("poetry").values,
        name=name,
        own=_declared(source, document, poetry, is_static=is_static),
        groups={canonicalize_name(group): _members(groups, group) for group in groups.values},
        spelled={canonicalize_name(group): group for group in groups.values},
        dynamic=dynamic if is_static else dynamic - {"dependencies", "optional-dependencies"},
        files=_dynamic_files(tool.table_or_empty("setuptools").table_or_empty("dynamic").values),
        poetry=poetry,
        hatch=HatchEnvironments(source, document, name),
    )


def _name(project: Table, poetry: Table) -> NormalizedName | None:
    name = project.values.get("name", poetry.values.get("name"))
    return canonicalize_name(name) if isinstance(name, str) else None


def _declared(source: Source, document: Table, poetry: PoetryTables, *, is_static: bool) -> DeclaredTables:
    """The dependencies and extras of the project, and the groups that uv, Poetry and PDM keep in tables of their own."""
    project, tool = document.table_or_empty("project"), document.table_or_empty("tool")
    extras = project.table_or_empty("optional-dependencies")
    by_poetry = poetry.declared()
    groups = [by_poetry.groups, pdm_groups(source, document)]
    uv = tool.table_or_empty("uv")
    if "dev-dependencies" in uv.values:
        groups.append({canonicalize_name("dev"): declared(uv, "dev-dependencies")})
    found: dict[NormalizedName, tuple[Declared, ...]] = {}
    for each in groups:
        for group, members in each.items():
            found[group] = (*found.get(group, ()), *members)
    if not is_static:
        return DeclaredTables(dependencies=by_poetry.dependencies, extras=by_poetry.extras, groups=found)
    return DeclaredTables(
        dependencies=declared(project, "dependencies"),
        extras={canonicalize_name(extra): declared(extras, extra) for extra in extras.values},
        groups=found,
    )


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


def projects_in(source: Source, reader: Reader) -> list[Pyproject]:
    """The project of *source*; where it leaves its dependencies to setuptools' older files, what these state beside it."""
    if source.place.endswith((".cfg", ".py")):
        project = _of_setuptools(source, reader)
        if not _states_something(project):
            raise InputUnreadable(
                "says nothing of dependencies (install_requires)",
                address=source.place,
                hint="name the requirements file or the pyproject.toml that lists them",
            )
        return [project]
    project = parse_pyproject(source)
    if source.folder is not None and not project.files and project.dynamic & {"dependencies", "optional-dependencies"}:
        names = [name for name in ("setup.cfg", "setup.py") if is_file(source.folder / name)]
        stated = [_of_setuptools(reader.nested(name, source, 0), reader) for name in names[:1]]
        if any(map(_states_something, stated)):
            return [replace(project, dynamic=frozenset()), *stated]
    return [project]


def _states_something(project: Pyproject) -> bool:
    return bool(project.own.dependencies or project.own.extras or project.files)


def _of_setuptools(source: Source, reader: Reader) -> Pyproject:
    """The project that ``setup.cfg`` and ``setup.py`` describe, *source* being one of them."""
    from wheelcheck.requirements.setuptools import read_setup

    found = read_setup(source, reader)
    name = canonicalize_name(found.name) if found.name else None
    dynamic = {"": "dependencies"}
    return Pyproject(
        source=source,
        document=found.document,
        is_project=True,
        name=name,
        own=found.own,
        groups={},
        spelled={},
        dynamic=frozenset(dynamic.get(key, "optional-dependencies") for key in found.files),
        files={canonicalize_name(key) if key else "": names for key, names in found.files.items()},
        poetry=PoetryTables(source, found.document, is_static=True),
        hatch=HatchEnvironments(source, found.document, name),
    )


_DECIDING = ("matrix", "overrides", "sources", "workspace")


class HatchEnvironments:
    """The environments of the project *name*."""

    def __init__(self, source: Source, document: Table, name: NormalizedName | None) -> None:
        envs = document.table_or_empty("tool").table_or_empty("hatch").table_or_empty("envs")
        beside = source.folder / "hatch.toml" if source.folder is not None else None
        if beside is not None and is_file(beside):
            place = source.place.removesuffix("pyproject.toml") + "hatch.toml"
            envs = Table.of_toml(read_text(beside), place).table_or_empty("envs")
        self._envs = envs
        self._source = source
        self._project = name
        self.names = {canonicalize_name(env): env for env in envs.values}

    def chosen(self, name: NormalizedName, collector: Collector) -> tuple[Declared, ...]:
        """What the environment *name* asks for: its dependencies and, as extras of the project, its features."""
        env = self.names[name]
        found: list[Declared] = []
        for key in ("dependencies", "extra-dependencies", "features", "dependency-groups"):
            holder = self._holder(env, key)
            if holder is None:
                continue
            if key == "dependency-groups":
                collector.tell(holder, key, unheeded="--group names each of them here", decides=True)
                continue
            listed = declared(holder, key)
            named = f"{self._project}[{{}}]" if key == "features" else "{}"
            found += [Declared(text=named.format(self._rooted(each.text)), origin=each.origin) for each in listed]
            collector.tell(holder, key, option="groups")
        for key in _DECIDING:
            if key in self._envs.table(env).values:
                why = "only the dependencies and features of an environment are read"
                collector.tell(self._envs.table(env), key, unheeded=why, decides=True)
        return tuple(found)

    def _rooted(self, text: str) -> str:
        root = file_url(self._source.folder) if self._source.folder is not None else ""
        return text.replace("{root:uri}", root)

    def _holder(self, env: str, key: str) -> Table | None:
        """The environment that has *key* for *env*: itself, or a template behind it."""
        seen: set[str] = set()
        while env not in seen and env in self._envs.values:
            seen.add(env)
            table = self._envs.table(env)
            if key in table.values:
                return table
            if table.values.get("detached") is True:
                return None
            env = table.optional_text("template") or "default"
        return None
