"""``[tool.pdm]``: groups for development, overrides, exclusions and days; its indexes are read with those of the other tools."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model.requirement import IndexOptions, Requirement
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.tool_tables import Declared, Keys, ToolReading, declared
from wheelcheck.texts.places import file_url
from wheelcheck.texts.sources import Source
from wheelcheck.texts.toml import Table

_ROOT = "${PROJECT_ROOT}"


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

    def pre_releases(self, table: Table, key: str) -> None:
        """Whether every project's pre-releases are candidates."""
        allowed = table.flag(key)
        if allowed:
            self.collector.add_options(IndexOptions(pre=True))
        why = "" if allowed else "pre-releases are chosen where a requirement names one, or no final release will do"
        self.collector.tell(table, key, option="pre", unheeded=why, decides=not allowed)


_KEYS = Keys(
    followed={"resolution": _PdmReading.resolution},
    without_effect=frozenset(
        {"build", "dev-dependencies", "distribution", "options", "plugins", "publish", "scripts", "source", "version"}
    ),
)
_RESOLUTION = Keys(
    followed={
        "overrides": _PdmReading.versions,
        "excludes": ToolReading.excludes,
        "allow-prereleases": _PdmReading.pre_releases,
        "exclude-newer": ToolReading.exclude_newer,
        "exclude-newer-override": ToolReading.exclude_newer_of,
    },
    without_effect=frozenset({"lock_inputs", "respect-source-order"}),
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


def collect_pdm_settings(source: Source, document: Table, collector: Collector) -> None:
    """Take PDM's settings. Raises ``InputUnreadable`` with file, line and key for a value of the wrong kind."""
    _KEYS.take_all(_PdmReading(source, collector), document.table_or_empty("tool").table_or_empty("pdm"))
