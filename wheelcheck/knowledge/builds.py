"""Loads from ``build_failures.toml`` how tools say why a build failed."""

from __future__ import annotations

import functools
import re

from wheelcheck.knowledge import kinds
from wheelcheck.knowledge.kinds import Table
from wheelcheck.knowledge.loading import load_shipped
from wheelcheck.model.systems import BuildFailureKnowledge, KnownCause, KnownHeader

_FILE = "build_failures.toml"
_CAUSE = ("id", "signs", "patterns", "message", "packages", "evidence")
_HEADER = ("file", "library", "packages", "evidence")
_PACKAGES = ("debian", "fedora", "alpine", "macos", "windows")
_pattern = kinds.parsed_by(re.compile, "not a regular expression")


@functools.cache
def load_build_failures() -> BuildFailureKnowledge:
    """The table that ships with wheelcheck; read once for the process, about 6 ms."""
    return parse_build_failures(load_shipped(_FILE), _FILE)


def parse_build_failures(text: str, address: str) -> BuildFailureKnowledge:
    """Understand *text* (TOML in the shape of ``build_failures.toml``); *address* names it in messages.

    Raises ``SettingsInvalid`` for text that is no TOML, unknown keys and values of the wrong kind.
    """
    document = Table.of_document(text, address, ("cause", "header"))
    return BuildFailureKnowledge(
        causes=tuple(_cause(table) for table in document.tables("cause", _CAUSE)),
        headers={
            table.one("file", kinds.word): KnownHeader(
                library=table.one("library", kinds.sentence), packages=_packages(table)
            )
            for table in document.tables("header", _HEADER)
        },
    )


def _cause(table: Table) -> KnownCause:
    table.some("evidence", kinds.link)
    message = table.one("message", kinds.sentence)
    patterns = table.some("patterns", _pattern)
    if any("what" not in pattern.groupindex for pattern in patterns):
        raise table.problem("patterns", "has one without a group (?P<what>…), which names the missing part")
    return KnownCause(
        id=table.one("id", kinds.identifier),
        signs=table.some("signs", str),
        patterns=patterns,
        message=message,
        packages=_packages(table),
    )


def _packages(table: Table) -> dict[str, str]:
    packages = table.table("packages", _PACKAGES)
    return {system: packages.one(system, kinds.word) for system in packages.keys}
