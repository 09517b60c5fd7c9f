"""``[tool.pdm]``: indexes, groups for development, overrides, exclusions and days; reads no configuration of the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model.requirement import IndexOptions, IndexRole, IndexSource, NamedIndex, Requirement
from wheelcheck.model.urls import default_index_url
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.tool_tables import Declared, Keys, ToolReading, declared
from wheelcheck.texts.places import file_url
from wheelcheck.texts.sources import Source
from wheelcheck.texts.toml import Table

_ROOT = "${PROJECT_ROOT}"
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class _PdmReading(ToolReading):
    """Follows the keys of PDM whose words are its own."""

    def resolution(self, table: Table, key: str) -> None:
        """The table of the resolver."""
        _RESOLUTION.take_all(self, table.table(key))

    def versions(self, table: Table, key: str) -> None:
        """Overrides as a table: a version, a specifier, or a URL for each project."""
        wanted = table.table(key)
        self.say(overrides=tuple(self._override(wanted, name) for name in wanted.values))
        self.collector.tell(table, key, option="overrides")

    def _override(self, wanted: Table, name: str) -> Requirement:
        text = wanted.text(name)
        if "://" in text:
            return self.requirement(f"{name} @ {text}", wanted, name)
        return self.requirement(f"{name}{text if text[:1] in '<>=!~' else f'=={text}'}", wanted, name)

    def sources(self, table: Table, key: str) -> None:
        """The indexes, and the projects that each is for."""
        for row in table.rows(key):
            self._source(table.inner(row, key))
        self.collector.tell(table, key, option="index")

    def _source(self, row: Table) -> None:
        name, url = row.text("name"), row.optional_text("url")
        if url is None:
            if name != "pypi":
                raise row.missing("url")
            url = default_index_url()
        url = _with_credentials(row, _VARIABLE.sub(lambda found: self.collector.environ.get(found[1]) or found[0], url))
        if row.optional_text("type") == "find_links":
            self.collector.add_options(IndexOptions(find_links=(self.located(url),)))
            return
        included, excluded = row.texts("include_packages"), row.texts("exclude_packages")
        role: IndexRole = "explicit" if excluded == ["*"] else "default" if name == "pypi" else "extra"
        self.collector.add_options(IndexOptions(indexes=(NamedIndex(url=url, name=name, role=role),)))
        for project in included:
            if "*" not in project:
                origin = row.origin_of(project, "include_packages")
                source = IndexSource(project=canonicalize_name(project), index=name, origin=origin)
                self.collector.assign(source, row.name_of("include_packages"))
        if any("*" in each for each in included):
            self.collector.tell(row, "include_packages", unheeded="names are followed, patterns are not", decides=True)
        if excluded not in ([], ["*"]):
            self.collector.tell(row, "exclude_packages", unheeded='only ["*"] is followed', decides=True)
        if row.values.get("verify_ssl") is False:
            self.collector.tell(row, "verify_ssl", unheeded="pip's trusted-host says so here")

    def order(self, table: Table, key: str) -> None:
        """Whether an earlier index counts before a later one."""
        if table.flag(key):
            self.collector.add_options(IndexOptions(strategy="unsafe-first-match"))
        self.collector.tell(table, key, option="index-strategy")

    def pre_releases(self, table: Table, key: str) -> None:
        """Whether every project's pre-releases are candidates."""
        allowed = table.flag(key)
        if allowed:
            self.collector.add_options(IndexOptions(pre=True))
        why = "" if allowed else "pre-releases are chosen where a requirement names one, or no final release will do"
        self.collector.tell(table, key, option="pre", unheeded=why, decides=not allowed)


_KEYS = Keys(
    followed={
        "resolution": _PdmReading.resolution,
        "source": _PdmReading.sources,
        "dev-dependencies": ToolReading.read_beside,
    },
    without_effect=frozenset({"build", "distribution", "options", "plugins", "publish", "scripts", "version"}),
)
_RESOLUTION = Keys(
    followed={
        "overrides": _PdmReading.versions,
        "excludes": ToolReading.excludes,
        "allow-prereleases": _PdmReading.pre_releases,
        "exclude-newer": ToolReading.exclude_newer,
        "exclude-newer-override": ToolReading.exclude_newer_of,
        "respect-source-order": _PdmReading.order,
    },
    without_effect=frozenset({"lock_inputs"}),
)


def pdm_groups(source: Source, document: Table) -> Mapping[NormalizedName, tuple[Declared, ...]]:
    """The groups for development; ``-e`` with a path, and ``${PROJECT_ROOT}`` in it, are PDM's own words there."""
    groups = document.table_or_empty("tool").table_or_empty("pdm").table_or_empty("dev-dependencies")
    return {
        canonicalize_name(name): tuple(_rooted(each, source) for each in declared(groups, name))
        for name in groups.values
    }


def _rooted(each: Declared, source: Source) -> Declared:
    if _ROOT not in each.text or source.folder is None:
        return each
    root = file_url(source.folder).removeprefix("file://")
    return Declared(text=each.text.replace(_ROOT, root), origin=each.origin)


def _with_credentials(row: Table, url: str) -> str:
    user, password = row.optional_text("username"), row.optional_text("password")
    scheme, separator, rest = url.partition("://")
    if user is None or not separator or "@" in rest.partition("/")[0]:
        return url
    return f"{scheme}://{quote(user, safe='')}:{quote(password or '', safe='')}@{rest}"


def collect_pdm_settings(source: Source, document: Table, collector: Collector) -> None:
    """Take PDM's settings. Raises ``InputUnreadable`` with file, line and key for a value of the wrong kind."""
    table = document.table_or_empty("tool").table_or_empty("pdm")
    if table.values:
        collector.read_as("pdm")
    _KEYS.take_all(_PdmReading(source, collector), table)
