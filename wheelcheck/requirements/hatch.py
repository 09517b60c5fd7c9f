"""Hatch's environments, ``[tool.hatch.envs.NAME]`` or ``hatch.toml``: the dependencies of each, to be chosen like a group.

An environment has what its template says and it does not (``default`` unless it names another, none where it is detached).
"""

from __future__ import annotations

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.tool_tables import Declared, declared
from wheelcheck.texts.files import is_file, read_text
from wheelcheck.texts.places import file_url
from wheelcheck.texts.sources import Source
from wheelcheck.texts.toml import Table

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
