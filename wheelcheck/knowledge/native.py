"""Loads the evidence table for pure and native source archives from ``native.toml``; judges nothing itself."""

from __future__ import annotations

import functools

from wheelcheck.knowledge import kinds
from wheelcheck.knowledge.loading import load_shipped
from wheelcheck.knowledge.tables import Table
from wheelcheck.model.knowledge import BackendKind, NativeKnowledge

_FILE = "native.toml"
_LISTS = {
    "metadata": ("static_backends",),
    "build_requires": ("compiling", "suggestive"),
    "setup": ("makers", "keywords"),
    "sources": ("suffixes", "ignored_folders"),
    "hooks": ("native", "pure"),
}
_kind = kinds.parsed_by(BackendKind, f"use one of {', '.join(kind.value for kind in BackendKind)}")


@functools.cache
def load_native() -> NativeKnowledge:
    """The table that ships with wheelcheck; read once for the process, about 2 ms."""
    return parse_native(load_shipped(_FILE), _FILE)


def parse_native(text: str, address: str) -> NativeKnowledge:
    """Understand *text* (TOML in the shape of ``native.toml``); *address* names it in messages.

    Raises ``SettingsInvalid`` for text that is no TOML, unknown tables or keys, and values of the wrong kind.
    """
    document = Table.of_document(text, address, ("backends", *_LISTS))
    backends = document.table("backends")
    lists = {name: document.table(name, keys) for name, keys in _LISTS.items()}

    def words(table: str, key: str) -> frozenset[str]:
        return frozenset(lists[table].each(key, kinds.word))

    return NativeKnowledge(
        backends={module: backends.one(module, _kind) for module in backends.keys},
        static_backends=words("metadata", "static_backends"),
        compiling_requirements=words("build_requires", "compiling"),
        suggestive_requirements=words("build_requires", "suggestive"),
        makers=words("setup", "makers"),
        setup_keywords=words("setup", "keywords"),
        suffixes=words("sources", "suffixes"),
        ignored_folders=words("sources", "ignored_folders"),
        native_hooks=words("hooks", "native"),
        pure_hooks=words("hooks", "pure"),
    )
