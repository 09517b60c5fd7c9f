"""``[tool.uv]`` and ``uv.toml`` → the settings that decide an answer of uv; sources and workspaces are read beside.

Where ``uv.toml`` lies beside, its settings count and those of ``[tool.uv]`` do not, except for what uv reads in ``pyproject.toml``
alone (docs.astral.sh/uv/concepts/configuration-files).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast, get_args

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from wheelcheck.errors import UsageProblem
from wheelcheck.model.requirement import IndexOptions, IndexRole, IndexSource, NamedIndex, Requirement
from wheelcheck.options import IndexStrategy
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.tool_tables import UNKNOWN, Keys, ToolReading
from wheelcheck.requirements.uv_sources import UvSources
from wheelcheck.texts.files import is_file
from wheelcheck.texts.sources import Reader, Source
from wheelcheck.texts.toml import Table

_BUILDS = "it is about building, and nothing is built here"
# What uv reads in pyproject.toml alone, also beside a uv.toml.
_PROJECT_KEYS = frozenset(
    {
        "override-dependencies", "constraint-dependencies", "exclude-dependencies", "build-constraint-dependencies",
        "environments", "required-environments", "conflicts", "default-groups", "dependency-groups",
        "dev-dependencies", "sources", "workspace", "managed", "package", "build-backend",
    }
)  # fmt: skip


# Lists and tables, to which configuration of less weight adds.
_ADDING = frozenset(
    {
        "exclude-newer-package", "extra-index-url", "find-links", "index", "no-binary-package", "no-build-package", "pip",
    }
)  # fmt: skip


class _UvReading(ToolReading):
    """Follows the keys of uv whose words are its own; *sources* say what stands in the place of an override."""

    def __init__(self, source: Source, collector: Collector, sources: UvSources) -> None:
        super().__init__(source, collector)
        self._sources = sources

    def overrides(self, table: Table, key: str) -> None:
        """Requirements that replace every other on their project, from where the sources say."""
        found = [self._sources.lowered(each) for each in self.requirements(table, key)]
        self.say(overrides=tuple(each for low in found for each in low.requirements if isinstance(each, Requirement)))
        for source in (source for low in found for source in low.indexes):
            assigned = IndexSource(
                project=canonicalize_name(source.key), index=source.value, marker=source.marker, origin=source.origin
            )
            self.collector.assign(assigned, source.table.name_of(source.key))
        self.collector.tell(table, key, option="overrides")

    def prerelease(self, table: Table, key: str) -> None:
        """Which pre-releases are candidates."""
        word = table.text(key)
        if word == "allow":
            self.collector.add_options(IndexOptions(pre=True))
        why = "pre-releases are chosen where a requirement names one, or no final release will do"
        known = word in ("allow", "if-necessary-or-explicit")
        self.collector.tell(table, key, option="pre", unheeded="" if known else why, decides=not known)

    def resolution(self, table: Table, key: str) -> None:
        """The newest versions, or the oldest."""
        if table.text(key) != "highest":
            self.collector.tell(table, key, unheeded="the newest versions are chosen", decides=True)

    def strategy(self, table: Table, key: str) -> None:
        """How several indexes are read."""
        word = table.text(key)
        if word not in _STRATEGIES:
            raise table.wrong(key, f"one of {', '.join(_STRATEGIES)}")
        self.collector.add_options(IndexOptions(strategy=cast("IndexStrategy", word)))
        self.collector.tell(table, key, option="index-strategy")

    def indexes(self, table: Table, key: str) -> None:
        """Described indexes, in the order of their weight; a flat one is a page of files."""
        for row in table.rows(key):
            described = table.inner(row, key)
            url, name = self.located(described.text("url")), described.optional_text("name") or ""
            role: IndexRole = (
                "default" if described.flag("default") else "explicit" if described.flag("explicit") else "extra"
            )
            statuses = described.values.get("ignore-error-codes", [])
            if described.optional_text("format") == "flat":
                self.collector.add_options(IndexOptions(find_links=(url,) if role == "extra" else ()))
                if role != "extra":
                    self.collector.tell(
                        described, role, unheeded="a flat index is one of all projects here", decides=True
                    )
                continue
            index = NamedIndex(
                url=url,
                name=name,
                role=role,
                absent_statuses=tuple(each for each in statuses if isinstance(each, int))
                if isinstance(statuses, list)
                else (),
            )
            self.collector.add_options(IndexOptions(indexes=(index,)))
            for unknown in row.keys() - _INDEX_KEYS:
                self.collector.tell(described, unknown, unheeded=UNKNOWN, decides=True)
        self.collector.tell(table, key, option="index")

    def environments(self, table: Table, key: str) -> None:
        """The targets that are meant where none is named; they are read before the inputs, by `project_targets`."""
        environment_markers(table, key)
        self.collector.tell(table, key, option="platform")

    def pip(self, table: Table, key: str) -> None:
        """The table of `uv pip` alone."""
        _PIP.take_all(self, table.table(key))


_STRATEGIES = get_args(IndexStrategy)
_INDEX_KEYS = frozenset({
    "authenticate", "cache-control", "default", "explicit", "format", "ignore-error-codes", "name", "publish-url", "url",
})  # fmt: skip
_EITHER = {
    "index": _UvReading.indexes,
    "index-url": ToolReading.index_url,
    "extra-index-url": ToolReading.extra_index_urls,
    "find-links": ToolReading.find_links,
    "no-index": ToolReading.no_index,
    "index-strategy": _UvReading.strategy,
    "exclude-newer": ToolReading.exclude_newer,
    "exclude-newer-package": ToolReading.exclude_newer_of,
    "prerelease": _UvReading.prerelease,
    "resolution": _UvReading.resolution,
    "no-build": ToolReading.only_binary,
    "no-build-package": ToolReading.only_binary,
    "no-binary": ToolReading.no_binary,
    "no-binary-package": ToolReading.no_binary,
}
_BUILDING = dict.fromkeys(
    (
        "config-settings", "config-settings-package", "extra-build-dependencies", "extra-build-variables",
        "build-constraint-dependencies", "no-build-isolation", "no-build-isolation-package",
    ),
    _BUILDS,
)  # fmt: skip
_WORKING = frozenset(
    {
        "add-bounds", "allow-insecure-host", "audit", "cache-dir", "cache-keys", "check-url", "compile-bytecode",
        "concurrent-builds", "concurrent-downloads", "concurrent-installs", "fork-strategy", "http-proxy",
        "https-proxy", "keyring-provider", "link-mode", "native-tls", "no-cache", "no-proxy", "no-sources",
        "no-sources-package", "offline", "preview", "preview-features", "publish-url", "pypy-install-mirror",
        "python-downloads", "python-downloads-json-url", "python-install-mirror", "python-preference", "reinstall",
        "reinstall-package", "required-version", "system-certs", "trusted-publishing", "upgrade",
        "upgrade-package",
    }
)  # fmt: skip
# Those that are without effect say how uv works and not what it chooses.
_KEYS = Keys(
    followed={
        **_EITHER,
        "override-dependencies": _UvReading.overrides,
        "constraint-dependencies": ToolReading.constraints,
        "exclude-dependencies": ToolReading.excludes,
        "environments": _UvReading.environments,
        "required-environments": _UvReading.environments,
        "pip": _UvReading.pip,
        **dict.fromkeys(("conflicts", "dev-dependencies", "sources", "workspace"), ToolReading.read_beside),
    },
    unheeded={
        **_BUILDING,
        "default-groups": "groups are planned where --group names them: the rest does not ship",
        "dependency-metadata": "the metadata of the files themselves is read",
    },
    deciding=frozenset({"dependency-metadata"}),
    without_effect=_WORKING | {"build-backend", "dependency-groups", "managed", "package"},
)  # fmt: skip
_PIP = Keys(
    followed={**_EITHER, "only-binary": ToolReading.only_binary},
    unheeded={**_BUILDING, "python-version": "--python names it here", "python-platform": "--platform names it here"},
    deciding=frozenset({"python-version", "python-platform"}),
    without_effect=_WORKING
    | {
        "all-extras", "allow-empty-requirements", "annotation-style", "break-system-packages",
        "custom-compile-command", "emit-build-options", "emit-find-links", "emit-index-annotation", "emit-index-url",
        "emit-marker-expression", "extra", "generate-hashes", "group", "no-annotate", "no-emit-package", "no-extra",
        "no-header", "no-strip-extras", "no-strip-markers", "output-file", "prefix", "python", "require-hashes",
        "strict", "system", "target", "universal", "verify-hashes",
    },
)  # fmt: skip


def collect_uv_settings(source: Source, document: Table, sources: UvSources, collector: Collector) -> None:
    """Take the settings of uv for the project or workspace whose ``pyproject.toml`` is *document*, which has these *sources*.

    Raises ``InputUnreadable`` with file, line and key for a value of the wrong kind.
    """
    own = document.table_or_empty("tool").table_or_empty("uv")
    reading, beside = _UvReading(source, collector, sources), _uv_toml(source, collector)
    if not own.values and beside is None:
        return
    collector.read_as("uv")
    # Sources of overrides name indexes, which are read first.
    for key in sorted(own.values, key=lambda each: each != "index"):
        if beside is None or key in _PROJECT_KEYS:
            _KEYS.take(reading, own, key)
        elif key not in _KEYS.without_effect:
            collector.tell(own, key, unheeded=f"uv takes this key from {beside.path}, which lies beside")
    said: set[str] = set() if beside is not None else set(own.values)
    for table in (*filter(None, [beside]), *_of_machine(collector.environ)):
        for key in table.values:
            if key in _PROJECT_KEYS:
                collector.tell(table, key, unheeded="uv takes this key from pyproject.toml alone")
            elif key in _ADDING or key not in said:
                _KEYS.take(reading, table, key)
        said |= table.values.keys()


def collect_script_settings(source: Source, document: Table, sources: UvSources, collector: Collector) -> None:
    """Take the settings of uv in the metadata block *document* of a script, which has these *sources*."""
    own = document.table_or_empty("tool").table_or_empty("uv")
    if own.values:
        collector.read_as("uv")
    _KEYS.take_all(_UvReading(source, collector, sources), own)


def _uv_toml(source: Source, collector: Collector) -> Table | None:
    chosen = collector.environ.get("UV_CONFIG_FILE")
    if chosen and (named := _of_file(Path(chosen))) is not None:
        return named
    if source.folder is None or not is_file(source.folder / "uv.toml"):
        return None
    found = collector.reader.nested("uv.toml", source, 0)
    return Table.of_toml(found.text, found.place)


def _of_machine(environ: Mapping[str, str]) -> Iterator[Table]:
    """The configuration of the user, then that of the system: each says what none before it says, and adds to its lists."""
    if environ.get("UV_NO_CONFIG") or environ.get("UV_CONFIG_FILE"):
        return
    if os.name == "nt":
        folders = [environ.get("APPDATA", ""), environ.get("PROGRAMDATA", "")]
    else:
        home = environ.get("HOME", "")
        folders = [environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else ""), "/etc"]
    for folder in filter(None, folders):
        table = _of_file(Path(folder, "uv", "uv.toml"))
        if table is not None:
            yield table


def _of_file(path: Path) -> Table | None:
    # A folder that may not be entered has no file for us, as for uv.
    if not is_file(path):
        return None
    return Table.of_toml(Reader(fetch_text=None, stdin=None).file(path).text, str(path))


def refuse_conflicts(document: Table, extras: frozenset[str], groups: frozenset[str]) -> None:
    """Raise ``UsageProblem`` where two of *extras* and *groups*, by canonical name, stand in one set of ``tool.uv.conflicts``."""
    uv = document.within("tool", "uv")
    sets = uv.values.get("conflicts", [])
    if not isinstance(sets, list) or not all(isinstance(each, list) for each in sets):
        raise uv.wrong("conflicts", "a list of lists of tables")
    for together in sets:
        chosen = [
            f"--{kind} {name}"
            for each in together
            if isinstance(each, dict)
            for kind, known in (("extra", extras), ("group", groups))
            if isinstance(name := each.get(kind), str) and canonicalize_name(name) in known
        ]
        if len(chosen) > 1:
            raise UsageProblem(
                f"{' and '.join(chosen)} exclude each other",
                address=f"{uv.path}:{uv.line_of('conflicts')}: tool.uv.conflicts",
                hint="choose one of them in a run",
            )


def environment_markers(uv: Table, key: str) -> tuple[Marker, ...]:
    """The markers at *key*, of which one may stand without a list. Raises ``InputUnreadable`` for a text that is none."""
    value = uv.values.get(key)
    texts = [value] if isinstance(value, str) else uv.texts(key)
    try:
        return tuple(map(Marker, texts))
    except InvalidMarker as problem:
        reason = str(problem).partition("\n")[0]
        raise uv.failure(f"{uv.name_of(key)}: no environment marker ({reason})", line=uv.line_of(key)) from None
