"""``[tool.poetry]``: dependencies, groups and extras in Poetry's own words, for versions 1 and 2; follows what it says of Python.

Where ``[project]`` lists the dependencies (Poetry 2), the table adds to each what PEP 621 cannot say: a path, a repository, an
index, a further bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin, IndexOptions, IndexRole, NamedIndex
from wheelcheck.model.urls import default_index_url
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.tool_tables import Declared, DeclaredTables, Keys, ToolReading
from wheelcheck.texts.files import is_there
from wheelcheck.texts.places import file_url, has_scheme
from wheelcheck.texts.poetry import (
    Inexpressible,
    PoetryDependency,
    extras_by_member,
    parse_dependency,
    poetry_specifier,
)
from wheelcheck.texts.sources import Source
from wheelcheck.texts.toml import Table, requires_python_of

_ROLES: Mapping[str, IndexRole] = {
    "default": "default",
    "primary": "extra",
    "secondary": "supplemental",
    "supplemental": "supplemental",
    "explicit": "explicit",
}


class _PoetryReading(ToolReading):
    """Follows the keys of Poetry whose words are its own."""

    def sources(self, table: Table, key: str) -> None:
        """The indexes: those of priority primary in place of the public one."""
        indexes = [self._index(table.inner(row, key), table, key) for row in table.rows(key)]
        primary = [index for index in indexes if index.role in ("default", "extra")]
        if primary:
            # Primary indexes take the place of the public one; the last of them has the least weight, as a default has.
            indexes[indexes.index(primary[-1])] = replace(primary[-1], role="default")
        self.collector.add_options(IndexOptions(indexes=tuple(indexes)))
        self.collector.tell(table, key, option="index")

    def _index(self, row: Table, table: Table, key: str) -> NamedIndex:
        name = row.text("name").lower()
        old = next((word for word in ("default", "secondary") if row.values.get(word) is True), "primary")
        priority = (row.optional_text("priority") or old).lower()
        if priority not in _ROLES:
            raise table.failure(
                f"{table.name_of(key)}: {priority} is no priority",
                f"one of {', '.join(_ROLES)}",
                line=table.line_of(key),
            )
        url = default_index_url() if name == "pypi" and "url" not in row.values else row.text("url")
        return NamedIndex(url=url, name=name, role=_ROLES[priority])


_KEYS = Keys(
    followed={"source": _PoetryReading.sources},
    # Dependencies and sources are read beside; the others describe the project, or how Poetry works.
    without_effect=frozenset(
        {
            "authors", "build", "build-constraints", "classifiers", "dependencies", "description",
            "dev-dependencies", "documentation", "exclude", "extras", "group", "homepage", "include", "keywords",
            "license", "maintainers", "name", "package-mode", "packages", "plugins", "readme", "repository",
            "requires-plugins", "requires-poetry", "scripts", "urls", "version",
        }
    ),
)  # fmt: skip


class PoetryTables:
    """The tables of Poetry in the ``pyproject.toml`` *document*; *listed* are the dependencies that ``[project]`` lists already."""

    def __init__(self, source: Source, document: Table, *, is_static: bool) -> None:
        self._source = source
        self._table = document.table_or_empty("tool").table_or_empty("poetry")
        self._is_static = is_static

    def declared(self) -> DeclaredTables:
        """The dependencies, extras and groups. Raises ``InputUnreadable`` for an entry that PEP 508 has no words for."""
        table = self._table
        groups = table.table_or_empty("group")
        found = {canonicalize_name(name): self._with_included(groups, name, ()) for name in groups.values}
        development = self._group(table.table_or_empty("dev-dependencies"))
        if development:
            found[canonicalize_name("dev")] = (*found.get(canonicalize_name("dev"), ()), *development)
        if self._is_static:
            return DeclaredTables(groups=found)
        dependencies, extras = self._main()
        return DeclaredTables(dependencies=dependencies, extras=extras, groups=found)

    def added(self) -> Mapping[NormalizedName, tuple[PoetryDependency, ...]]:
        """What the table adds to the dependencies that ``[project]`` lists, by project."""
        if not self._is_static:
            return {}
        table = self._table.table_or_empty("dependencies")
        return {
            canonicalize_name(name): tuple(self._entries(table, name))
            for name in table.values
            if name.lower() != "python"
        }

    def collect_settings(self, collector: Collector) -> None:
        """Take the bound on Python, and name what is not followed."""
        if self._table.values:
            collector.read_as("poetry")
        _KEYS.take_all(_PoetryReading(self._source, collector), self._table)
        dependencies = self._table.table_or_empty("dependencies")
        python = dependencies.optional_text("python") if isinstance(dependencies.values.get("python"), str) else None
        if python is None:
            return
        specifier = poetry_specifier(python)
        if specifier is None:
            collector.tell(dependencies, "python", unheeded="no version specifier says the same", decides=True)
        else:
            origin = self._origin(dependencies, "python")
            collector.requires_python.append((requires_python_of(specifier, origin), origin))

    def _main(self) -> tuple[tuple[Declared, ...], Mapping[NormalizedName, tuple[Declared, ...]]]:
        table, extras = self._table.table_or_empty("dependencies"), self._table.table_or_empty("extras")
        in_extra = extras_by_member({name: extras.texts(name) for name in extras.values})
        main: list[Declared] = []
        optional: dict[NormalizedName, list[Declared]] = {canonicalize_name(name): [] for name in extras.values}
        for name in table.values:
            if name.lower() == "python":
                continue
            for entry in self._entries(table, name):
                read = self._declared(entry, table, name)
                if not entry.optional:
                    main.append(read)
                for extra in in_extra.get(canonicalize_name(name), ()) if entry.optional else ():
                    optional[canonicalize_name(extra)].append(read)
        return tuple(main), {extra: tuple(members) for extra, members in optional.items()}

    def _with_included(self, groups: Table, name: str, way: tuple[str, ...]) -> tuple[Declared, ...]:
        """The dependencies of the group *name* and of those that it includes."""
        group = groups.table(name)
        if name in way:
            raise group.failure(f"{group.name_of('include-groups')}: {' → '.join((*way, name))} is a circle")
        spelled = {canonicalize_name(each): each for each in groups.values}
        included = [spelled.get(canonicalize_name(each), each) for each in group.texts("include-groups")]
        return (
            *self._group(group.table_or_empty("dependencies")),
            *(member for each in included for member in self._with_included(groups, each, (*way, name))),
        )

    def _group(self, table: Table) -> tuple[Declared, ...]:
        return tuple(
            self._declared(entry, table, name) for name in table.values for entry in self._entries(table, name)
        )

    def _entries(self, table: Table, name: str) -> Iterator[PoetryDependency]:
        try:
            yield from parse_dependency(name, table.values[name])
        except (Inexpressible, ValueError) as problem:
            raise InputUnreadable(
                f"{table.name_of(name)}: {problem} cannot be said as a requirement",
                address=str(self._origin(table, name)),
                hint='write a version such as "^1.2" or ">=1.2,<3", a path, a url or a git repository',
            ) from None

    def _declared(self, entry: PoetryDependency, table: Table, name: str) -> Declared:
        return Declared(
            pre=entry.pre,
            text=placed(entry, self._source).text(),
            origin=self._origin(table, name),
            index=entry.source.lower(),
            key=table.name_of(name),
        )

    def _origin(self, table: Table, name: str) -> FileOrigin:
        return FileOrigin(path=table.path, line=table.line_of(name))


def placed(entry: PoetryDependency, source: Source) -> PoetryDependency:
    """*entry* with its path, which starts at the file, as a URL; where nothing is there, as it is written."""
    if not entry.where or has_scheme(entry.where) or source.folder is None:
        return entry
    path = source.folder / entry.where
    return replace(entry, where=file_url(path)) if is_there(path) else entry
