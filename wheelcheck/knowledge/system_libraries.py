"""Loads the shared libraries that clean systems have or lack from ``system_libraries.toml``; reads no library."""

from __future__ import annotations

import functools

from wheelcheck.knowledge import kinds
from wheelcheck.knowledge.loading import load_shipped
from wheelcheck.knowledge.tables import Table
from wheelcheck.model.systems import (
    AbsentLibrary,
    ImportExemption,
    LibraryKnowledge,
    SymbolCeiling,
    SystemKnowledge,
)

_FILE = "system_libraries.toml"
_SYSTEMS = ("windows", "linux", "musl", "macos")
_SYSTEM = ("present", "with_python", "absent", "ceiling", "evidence")
_ABSENT = ("libraries", "owner", "remedy", "bundled")
_FAMILIES = ("GLIBCXX", "CXXABI", "GCC")
_release = kinds.parsed_by(lambda text: tuple(map(int, text.split("."))), "not a release such as 2.28")


@functools.cache
def load_system_libraries() -> LibraryKnowledge:
    """The table that ships with wheelcheck; read once for the process, about 4 ms."""
    return parse_system_libraries(load_shipped(_FILE), _FILE)


def parse_system_libraries(text: str, address: str) -> LibraryKnowledge:
    """Understand *text* (TOML in the shape of ``system_libraries.toml``); *address* names it in messages.

    Raises ``SettingsInvalid`` for text that is no TOML, unknown keys and values of the wrong kind.
    """
    document = Table.of_document(text, address, (*_SYSTEMS, "imports"))
    systems = {name: document.table(name, _SYSTEM) for name in _SYSTEMS if name in document}
    return LibraryKnowledge(
        systems={name: _system(table, case=name != "windows") for name, table in systems.items()},
        ceilings=tuple(
            _ceiling(each) for table in systems.values() for each in table.tables("ceiling", ("glibc", *_FAMILIES))
        ),
        exemptions=tuple(
            ImportExemption(
                project=each.one("project", kinds.project),
                modules=frozenset(each.some("modules", kinds.word)),
                reason=each.one("reason", kinds.sentence),
            )
            for each in document.tables("imports", ("project", "modules", "reason"))
        ),
    )


def _system(table: Table, *, case: bool) -> SystemKnowledge:
    table.some("evidence", kinds.link)
    return SystemKnowledge(
        present=table.some("present", kinds.word),
        with_python=table.each("with_python", kinds.word),
        absent=tuple(
            AbsentLibrary(
                patterns=each.some("libraries", kinds.word),
                owner=each.one("owner", kinds.sentence),
                remedy=each.one("remedy", kinds.sentence),
                bundled=each.truth("bundled") is True,
            )
            for each in table.tables("absent", _ABSENT)
        ),
        case=case,
    )


def _ceiling(table: Table) -> SymbolCeiling:
    return SymbolCeiling(
        glibc=table.one("glibc", _release),
        families={family: table.one(family, _release) for family in _FAMILIES},
    )
