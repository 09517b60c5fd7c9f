"""Follows the settings in a table of another tool key by key: each is taken, named as not followed, or without effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin, IndexOptions, Requirement, ToolSettings, UnsupportedRequirement
from wheelcheck.requirements.collecting import Collector, understood
from wheelcheck.texts.moments import parse_cutoff
from wheelcheck.texts.places import file_url, has_scheme
from wheelcheck.texts.sources import Source
from wheelcheck.texts.toml import Table


class Declared(Struct, frozen=True, kw_only=True):
    """One requirement of a list: its *text* (PEP 508, or ``-e`` and a path as PDM has it), its place, and the name of its index.

    *key* leads to it where it has a key of its own. *pre* admits pre-releases of its project.
    """

    text: str
    origin: FileOrigin
    index: str = ""
    key: str = ""
    pre: bool = False


class DeclaredTables(Struct, frozen=True, kw_only=True):
    """What a project declares in the words of one tool; extras and groups have canonical names."""

    dependencies: tuple[Declared, ...] = ()
    extras: Mapping[NormalizedName, tuple[Declared, ...]] = field(default_factory=dict)
    groups: Mapping[NormalizedName, tuple[Declared, ...]] = field(default_factory=dict)


def declared(table: Table, key: str) -> tuple[Declared, ...]:
    """The requirements in the list of strings at *key*."""
    return tuple(Declared(text=text, origin=table.origin_of(text, key)) for text in table.texts(key))


_SPEAKING_FOR = {"sources": "sources", "dev-dependencies": "groups"}
UNKNOWN = "it is not known here, and that tool may answer otherwise for it"


class ToolReading:
    """The *source* that is read, and the *collector* of what it says; each method follows the key of a table."""

    def __init__(self, source: Source, collector: Collector) -> None:
        self.source = source
        self.collector = collector

    def say(self, **said: Any) -> None:  # noqa: ANN401 - the fields of the value
        """Join what one setting says: the fields of :class:`ToolSettings`."""
        self.collector.tools = self.collector.tools.joined(ToolSettings(**said))

    def requirements(self, table: Table, key: str) -> tuple[Requirement, ...]:
        """The requirements in the list at *key*."""
        return tuple(self.requirement(text, table, key) for text in table.texts(key))

    def requirement(self, text: str, table: Table, key: str) -> Requirement:
        """The requirement *text* below *key*. Raises ``InputUnreadable`` for one that is none or that cannot be planned."""
        origin = table.origin_of(text, key)
        try:
            found = understood(text, origin, self.source)
        except InputUnreadable as problem:
            raise table.failure(f"{table.name_of(key)}: {problem.message}", problem.hint, line=origin.line) from None
        if isinstance(found, UnsupportedRequirement):
            raise table.failure(f"{table.name_of(key)}: {text} cannot be planned", found.hint, line=origin.line)
        return found

    def read_beside(self, table: Table, key: str) -> None:
        """What another reader understands, and is only told here."""
        self.collector.tell(table, key, option=_SPEAKING_FOR.get(key, ""))

    def overrides(self, table: Table, key: str) -> None:
        """Requirements that replace every other on their project."""
        self.say(overrides=self.requirements(table, key))
        self.collector.tell(table, key, option="overrides")

    def constraints(self, table: Table, key: str) -> None:
        """Bounds that ask for nothing."""
        for requirement in self.requirements(table, key):
            self.collector.constrain(requirement)
        self.collector.tell(table, key, option="constraints")

    def excludes(self, table: Table, key: str) -> None:
        """Projects to leave out of every requirement list; uv's tables, which leave them out for one project, are not followed."""
        listed = table.values[key]
        if not isinstance(listed, list) or not all(isinstance(each, str | dict) for each in listed):
            raise table.wrong(key, "a list of projects")
        names = frozenset(canonicalize_name(each) for each in listed if isinstance(each, str))
        self.say(excludes=names)
        partly = "" if len(names) == len(listed) else "what is left out for one project alone is not followed"
        self.collector.tell(table, key, option="excludes", unheeded=partly, decides=bool(partly))

    def exclude_newer(self, table: Table, key: str) -> None:
        """The moment after which nothing exists."""
        self.say(exclude_newer=moment_of(table, key))
        self.collector.tell(table, key, option="exclude-newer")

    def exclude_newer_of(self, table: Table, key: str) -> None:
        """The same for single projects."""
        days = table.table(key)
        self.say(exclude_newer_of=tuple((canonicalize_name(name), moment_of(days, name)) for name in days.values))
        self.collector.tell(table, key, option="exclude-newer-package")

    def only_binary(self, table: Table, key: str) -> None:
        """Projects, or all of them, of which source archives do not exist."""
        self.collector.add_options(IndexOptions(only_binary=_projects_of_kind(table, key)))
        self.collector.tell(table, key, option="only-binary")

    def no_binary(self, table: Table, key: str) -> None:
        """Projects, or all of them, of which wheels do not exist."""
        self.collector.add_options(IndexOptions(no_binary=_projects_of_kind(table, key)))
        self.collector.tell(table, key, option="no-binary")

    def index_url(self, table: Table, key: str) -> None:
        """The index in place of the default one."""
        self.collector.add_options(IndexOptions(index_url=table.text(key)))
        self.collector.tell(table, key, option="index-url")

    def extra_index_urls(self, table: Table, key: str) -> None:
        """Further indexes."""
        self.collector.add_options(IndexOptions(extra_index_urls=tuple(table.texts(key))))
        self.collector.tell(table, key, option="extra-index-url")

    def find_links(self, table: Table, key: str) -> None:
        """Folders and pages that list files."""
        self.collector.add_options(IndexOptions(find_links=tuple(map(self.located, table.texts(key)))))
        self.collector.tell(table, key, option="find-links")

    def no_index(self, table: Table, key: str) -> None:
        """Whether no index is asked."""
        self.collector.add_options(IndexOptions(no_index=table.flag(key)))
        self.collector.tell(table, key, option="no-index")

    def located(self, where: str) -> str:
        """*where* as a URL: a path starts at the file that has it."""
        if "://" in where or has_scheme(where):
            return where
        return file_url((self.source.folder or Path()) / where)


def moment_of(table: Table, key: str) -> str:
    """The day, instant or duration at *key*, empty for ``false``; TOML's own dates are taken too."""
    value: Any = table.values[key]
    text = value.isoformat() if hasattr(value, "isoformat") else "" if value is False else value
    try:
        if value is not False:
            parse_cutoff(text if isinstance(text, str) else "")
    except (ValueError, OverflowError):
        raise table.wrong(key, 'a day such as "2026-11-01", an instant or a span such as "7 days"') from None
    return str(text)


def _projects_of_kind(table: Table, key: str) -> frozenset[str]:
    """All projects or none for a boolean, else those listed."""
    value = table.values[key]
    if isinstance(value, bool) or (key in ("no-build", "no-binary") and not isinstance(value, list)):
        return frozenset({":all:"} if table.flag(key) else ())
    return frozenset(each if each == ":all:" else canonicalize_name(each) for each in table.texts(key))


Follow = Callable[[Any, Table, str], None]
"""A method of a :class:`ToolReading`, or of a child."""


class Keys(Struct, frozen=True, kw_only=True):
    """What is known of the keys of a table: those *followed*, those that are not with the reason, and those *without_effect*.

    Of those *unheeded*, the *deciding* may change that tool's answer.
    """

    followed: Mapping[str, Follow]
    unheeded: Mapping[str, str] = field(default_factory=dict)
    deciding: frozenset[str] = frozenset()
    without_effect: frozenset[str] = frozenset()

    def take(self, reading: ToolReading, table: Table, key: str) -> None:
        """Follow *key* of *table*, or say that it is not followed; a value of the wrong kind becomes a problem of the collector."""
        if key in self.followed:
            with reading.collector.noting():
                self.followed[key](reading, table, key)
        elif key not in self.without_effect:
            known = key in self.unheeded
            reading.collector.tell(
                table, key, unheeded=self.unheeded.get(key, UNKNOWN), decides=not known or key in self.deciding
            )

    def take_all(self, reading: ToolReading, table: Table) -> None:
        """Follow every key of *table*."""
        for key in table.values:
            self.take(reading, table, key)
