"""The table of commands: each is imported when it is asked for, so that a run loads one and ``--help`` all; runs none."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

_PLACES = {
    "bundle": ("bundle", "bundle_command"),
    "cache": ("cache", "cache_group"),
    "check": ("check", "check_command"),
    "config": ("config", "config_command"),
    "diff": ("diff", "diff_command"),
    "export": ("export", "export_command"),
    "fetch": ("fetch", "fetch_command"),
    "hook": ("hook", "hook_command"),
    "matrix": ("matrix", "matrix_command"),
    "plan": ("plan", "plan_command"),
    "schema": ("describe", "schema_command"),
    "target": ("describe", "target_command"),
    "verify": ("verify", "verify_command"),
    "wheels": ("wheels", "wheels_command"),
    "why": ("why", "why_command"),
}


class CommandTable(MutableMapping[str, click.Command]):
    """Commands by name, as click asks for them; names are known without an import."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}
        self._names = dict.fromkeys(_PLACES)

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._loaded:
            module, attribute = _PLACES[name]
            self._loaded[name] = getattr(import_module(f"wheelcheck.cli.{module}"), attribute)
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._names[name] = None
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._names[name]
        self._loaded.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
