"""Loads the evidence table for pure and native source archives from ``native.toml``; judges nothing itself."""

from __future__ import annotations

import functools

from wheelcheck.errors import SettingsInvalid
from wheelcheck.knowledge.loading import load_shipped
from wheelcheck.model.knowledge import BackendKind, NativeKnowledge
from wheelcheck.texts.toml import parse_toml

_FILE = "native.toml"


@functools.cache
def load_native() -> NativeKnowledge:
    """The table that ships with wheelcheck; read once for the process, about 2 ms."""
    return parse_native(load_shipped(_FILE), _FILE)


def parse_native(text: str, address: str) -> NativeKnowledge:
    """Understand *text* (TOML in the shape of ``native.toml``); *address* names it in messages.

    Raises ``SettingsInvalid`` for text that is no TOML, unknown tables or keys, and values of the wrong kind.
    """
    tables = _Tables(parse_toml(text, address, failing=SettingsInvalid), address)
    knowledge = NativeKnowledge(
        backends=tables.backends(),
        static_backends=tables.words("metadata", "static_backends"),
        compiling_requirements=tables.words("build_requires", "compiling"),
        suggestive_requirements=tables.words("build_requires", "suggestive"),
        makers=tables.words("setup", "makers"),
        setup_keywords=tables.words("setup", "keywords"),
        suffixes=tables.words("sources", "suffixes"),
        ignored_folders=tables.words("sources", "ignored_folders"),
        native_hooks=tables.words("hooks", "native"),
        pure_hooks=tables.words("hooks", "pure"),
    )
    tables.refuse_leftovers()
    return knowledge


class _Tables:
    """The document, which forgets what was asked for, so that a misspelt key is seen."""

    def __init__(self, document: dict[str, object], address: str) -> None:
        self._document = document
        self._address = address

    def backends(self) -> dict[str, BackendKind]:
        kinds = {}
        for module, word in self._table("backends").items():
            try:
                kinds[module] = BackendKind(word)
            except ValueError as problem:
                allowed = ", ".join(kind.value for kind in BackendKind)
                raise SettingsInvalid(
                    f"backends.{module} is {word!r}", address=self._address, hint=f"use one of: {allowed}"
                ) from problem
        self._document.pop("backends", None)
        return kinds

    def words(self, table: str, key: str) -> frozenset[str]:
        values = self._table(table).pop(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise SettingsInvalid(f"{table}.{key} is not a list of strings", address=self._address)
        return frozenset(values)

    def refuse_leftovers(self) -> None:
        for name, table in self._document.items():
            if table != {}:
                raise SettingsInvalid(
                    f"unknown key in [{name}]",
                    address=self._address,
                    hint="see the comments of native.toml for the keys",
                )

    def _table(self, name: str) -> dict[str, object]:
        table = self._document.get(name, {})
        if not isinstance(table, dict):
            raise SettingsInvalid(f"{name} is not a table", address=self._address)
        return table
