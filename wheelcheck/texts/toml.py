"""TOML with the line of whatever is wrong or written where: ``tomllib`` tells no lines. Knows no key's meaning."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import ClassVar, Self, cast

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from wheelcheck.errors import InputUnreadable, WheelcheckError
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.urls import masked_within

_HINT = "correct the line: any TOML reader shows the same"


class Table:
    """Typed access to one table of a file; a key of the wrong kind raises an error that names file, line and key.

    *keys* lead to the table from the top of the document; *label* is the name to use in place of them, as for a package in a lock.
    *line* is where the table begins; where that is not known, lines are looked up in *text*, that of the ``document``
    (which begins on *first_line* of the file *path*).
    """

    __slots__ = ("_first_line", "document", "keys", "label", "line", "path", "values")
    failing: ClassVar[type[WheelcheckError]] = InputUnreadable
    hint: ClassVar[str] = ""

    def __init__(
        self,
        values: Mapping[str, object],
        *,
        path: str,
        text: str = "",
        keys: tuple[str, ...] = (),
        label: str = "",
        line: int = 0,
        first_line: int = 1,
    ) -> None:
        self.values = values
        self.path = path
        self.keys = keys
        self.label = label
        self.line = line
        self.document = text
        self._first_line = first_line

    @classmethod
    def of_toml(cls, text: str, path: str, *, first_line: int = 1) -> Self:
        """The whole document *text*, whose first line is number *first_line* of *path*."""
        values = parse_toml(text, path, first_line=first_line, failing=cls.failing)
        return cls(values, path=path, text=text, first_line=first_line)

    @property
    def origin(self) -> FileOrigin:
        """Where the table stands."""
        return FileOrigin(path=self.path, line=self.line)

    def origin_of(self, value: str, *keys: str) -> FileOrigin:
        """Where the string *value* stands below *keys* of this table."""
        return FileOrigin(path=self.path, line=self._line_of_text(value, (*self.keys, *keys)))

    def inner(self, values: Mapping[str, object], *keys: str, label: str = "") -> Self:
        """A table within this one, below *keys*, or one that *label* names."""
        return type(self)(
            values,
            path=self.path,
            text=self.document,
            keys=() if label else (*self.keys, *keys),
            label=label or self.label,
            line=self.line,
            first_line=self._first_line,
        )

    def line_of(self, *keys: str) -> int:
        """The line of the key at *keys*, that of the table where it is known; 0 where neither is found."""
        return self.line or self._line_of_header((*self.keys, *keys))

    def _line_of_header(self, keys: tuple[str, ...]) -> int:
        start = self._behind(keys)
        return self._number(start - 1) if start else 0

    def _line_of_text(self, value: str, keys: tuple[str, ...]) -> int:
        """The line of the string *value* behind *keys*, of its first appearance failing that; 0 where its escapes are unusual."""
        for start in (self._behind(keys), 0):
            places = [place for quoted in _quotings(value) if (place := self.document.find(quoted, start)) >= 0]
            if places:
                return self._number(min(places))
        return 0

    def _behind(self, keys: tuple[str, ...]) -> int:
        """Where the text of the table or value at *keys* begins: behind its header, then behind each further key."""
        start = 0
        for depth in range(len(keys), 0, -1):
            dotted = r"\s*\.\s*".join(_key_pattern(key) for key in keys[:depth])
            header = re.search(rf"^\s*\[\[?\s*{dotted}\s*\][^\n]*\n?", self.document, re.MULTILINE)
            if header is not None:
                start = header.end()
                keys = keys[depth:]
                break
        for key in keys:
            assigned = re.compile(rf"^\s*{_key_pattern(key)}\s*[=.]", re.MULTILINE).search(self.document, start)
            start = assigned.end() if assigned is not None else start
        return start

    def _number(self, position: int) -> int:
        return self._first_line + self.document.count("\n", 0, position)

    def failure(self, fact: str, hint: str | None = None, *, line: int | None = None) -> WheelcheckError:
        """The error that *fact* is true of this table."""
        said = f"{self.label}: {fact}" if self.label else fact
        at = line if line is not None else self.line or self._line_of_header(self.keys)
        return self.failing(
            masked_within(said),
            address=f"{self.path}:{at}" if at else self.path,
            hint=self.hint if hint is None else hint,
        )

    def wrong(self, key: str, expected: str) -> WheelcheckError:
        """The error for a value at *key* that is not *expected*."""
        hint = None if self.hint else f"write {key} as {expected}; or name another file as INPUT"
        return self.failure(f"{self.name_of(key)} must be {expected}", hint, line=self.line_of(key))

    def missing(self, key: str) -> WheelcheckError:
        """The error for a *key* that has to be there."""
        return self.failure(f"{self.name_of(key)} is missing")

    def name_of(self, key: str) -> str:
        """The path of *key* from the top of the document, or from the thing that the label names."""
        return ".".join((*self.keys, key))

    def optional_text(self, key: str) -> str | None:
        """The string at *key*, ``None`` without one."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, "a string")
        return value

    def text(self, key: str) -> str:
        """The string at *key*, which has to be there."""
        value = self.optional_text(key)
        if value is None:
            raise self.missing(key)
        return value

    def texts(self, key: str) -> list[str]:
        """The strings in the list at *key*; none without one."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(key, "a list of strings")
        return cast("list[str]", value)

    def flag(self, key: str) -> bool:
        """The boolean at *key*; false without one."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def optional_table(self, key: str) -> Self | None:
        """The table at *key*, ``None`` without one."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return self.inner(value, key)

    def table(self, key: str) -> Self:
        """The table at *key*, which has to be there."""
        value = self.optional_table(key)
        if value is None:
            raise self.missing(key)
        return value

    def table_or_empty(self, key: str) -> Self:
        """The table at *key*, an empty one without any."""
        return self.optional_table(key) or self.inner({}, key)

    def within(self, *keys: str) -> Self:
        """The table at *keys*, an empty one where there is none, or something else."""
        return self.inner(table_at(self.values, *keys), *keys)

    def rows(self, key: str) -> list[dict[str, object]]:
        """The tables in the list at *key*, as parsed; none without one."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(key, "an array of tables")
        return cast("list[dict[str, object]]", value)


def parse_toml(
    text: str, place: str, *, first_line: int = 1, failing: type[WheelcheckError] = InputUnreadable
) -> dict[str, object]:
    """*text* as TOML, whose first line is number *first_line* of *place*. Raises *failing* with the line."""
    import tomllib  # most runs read none

    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as problem:
        fact, line = fault_of(problem)
        line = line or text.count("\n") + 1
        raise failing(f"not valid TOML: {fact}", address=f"{place}:{line + first_line - 1}", hint=_HINT) from None
    except (ValueError, RecursionError) as problem:
        raise failing(f"cannot be read as TOML: {limit_met(problem)}", address=place, hint=_HINT) from None


def limit_met(problem: ValueError | RecursionError) -> str:
    """Which limit of the interpreter a reader of TOML or JSON met: *problem* is no error of its own kind."""
    return "nested too deeply" if isinstance(problem, RecursionError) else "a number in it is too long"


def fault_of(problem: ValueError) -> tuple[str, int]:
    """What a ``TOMLDecodeError`` says, without its place, and the line that it gives; 0 for the end of the document."""
    fact, at, place = str(problem).rpartition(" (at ")
    line = re.match(r"line (\d+), column \d+\)$", place)
    return (fact, int(line[1]) if line else 0) if at else (str(problem), 0)


def table_at(document: object, *keys: str) -> Mapping[str, object]:
    """The table at *keys* of *document*; empty where there is none, or something else."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


LONG_NUMBER = re.compile(r"\d{4000}")
"""Of more digits the interpreter makes no number."""


@functools.lru_cache(maxsize=8)
def parse_specifier(text: str) -> SpecifierSet:
    """*text* as bounds on a version; raises ``InvalidSpecifier``, also for a :data:`LONG_NUMBER`."""
    if LONG_NUMBER.search(text):
        raise InvalidSpecifier("a number in it is too long")
    return SpecifierSet(text)


def requires_python_of(text: str, origin: FileOrigin) -> SpecifierSet:
    """``requires-python`` as a specifier. Raises ``InputUnreadable`` at *origin*."""
    try:
        return parse_specifier(text)
    except InvalidSpecifier:
        raise InputUnreadable(
            f"requires-python is no version specifier: {text!r}", address=str(origin), hint='for example ">=3.11"'
        ) from None


def _key_pattern(key: str) -> str:
    return rf"[\"']?{re.escape(key)}[\"']?"


def _quotings(value: str) -> tuple[str, str]:
    return json.dumps(value, ensure_ascii=False), f"'{value}'"
