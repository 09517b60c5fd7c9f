"""Typed access to the tables of a lock, each with its line; a key that is missing or of the wrong kind ends the reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.urls import masked_within
from wheelcheck.texts.places import project_name
from wheelcheck.texts.sources import decoded

MANGLED = "write the lock again with the tool that made it; a lock is not edited by hand"
_AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
_Read = TypeVar("_Read")


class Table:
    """One table of the lock *path*: *values* as parsed, *line* where it begins (0 unknown), *label* what it is."""

    __slots__ = ("label", "line", "path", "values")

    def __init__(self, values: Mapping[str, object], *, path: str, line: int = 0, label: str = "") -> None:
        self.values = values
        self.path = path
        self.line = line
        self.label = label

    @property
    def origin(self) -> FileOrigin:
        """Where the table stands."""
        return FileOrigin(path=self.path, line=self.line)

    def failure(self, message: str, hint: str = MANGLED) -> InputUnreadable:
        """The error that this table is at fault."""
        said = f"{self.label}: {message}" if self.label else message
        return InputUnreadable(masked_within(said), address=str(self.origin), hint=hint)

    def inner(self, values: Mapping[str, object], label: str = "") -> Table:
        """A table within this one, on its line."""
        return Table(values, path=self.path, line=self.line, label=label or self.label)

    def optional_text(self, key: str) -> str | None:
        """The string under *key*, ``None`` without one."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key, "a string")
        return value

    def text(self, key: str) -> str:
        """The string under *key*."""
        value = self.optional_text(key)
        if value is None:
            raise self.failure(f"{key!r} is missing")
        return value

    def texts(self, key: str) -> list[str]:
        """The strings in the array under *key*; none without one."""
        value = self._array(key)
        if not all(isinstance(each, str) for each in value):
            raise self._wrong(key, "an array of strings")
        return cast("list[str]", value)

    def flag(self, key: str) -> bool:
        """The boolean under *key*; false without one."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def optional_table(self, key: str) -> Table | None:
        """The table under *key*, ``None`` without one."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(key, "a table")
        return self.inner(cast("dict[str, object]", value))

    def table(self, key: str) -> Table:
        """The table under *key*."""
        value = self.optional_table(key)
        if value is None:
            raise self.failure(f"{key!r} is missing")
        return value

    def rows(self, key: str) -> list[dict[str, object]]:
        """The tables in the array under *key*, as parsed; none without one."""
        value = self._array(key)
        if not all(isinstance(each, dict) for each in value):
            raise self._wrong(key, "an array of tables")
        return cast("list[dict[str, object]]", value)

    def _array(self, key: str) -> list[object]:
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, "an array")
        return value

    def name(self, key: str = "name") -> NormalizedName:
        """The project's name under *key*."""
        text = self.text(key)
        name = project_name(text)
        if name is None:
            raise self.failure(f"{key} is no project name: {text!r}")
        return name

    def version(self, key: str = "version") -> Version | None:
        """The version under *key*, ``None`` without one."""
        text = self.optional_text(key)
        return None if text is None else self.read(text, Version, InvalidVersion, f"{key} is no version (PEP 440)")

    def marker(self, key: str = "marker") -> Marker | None:
        """The marker under *key*, ``None`` without one."""
        text = self.optional_text(key)
        return self.marker_of(text) if text else None

    def marker_of(self, text: str) -> Marker:
        """*text* as a marker; one that was read before is the same object, which what is remembered of it goes by."""
        known = _MARKERS.get(text)
        if known is None:
            if len(_MARKERS) > _MOST_MARKERS:
                _MARKERS.clear()
            known = _MARKERS[text] = self.read(text, Marker, InvalidMarker, "no environment marker (PEP 508)")
        return known

    def specifier(self, key: str) -> SpecifierSet | None:
        """The bounds under *key*, ``None`` without any."""
        text = self.optional_text(key)
        if text is None or text == "*":
            return None
        return self.read(text, SpecifierSet, InvalidSpecifier, f"{key} is no specifier (PEP 440)")

    def read(self, text: str, parse: Callable[[str], _Read], invalid: type[ValueError], fact: str) -> _Read:
        """*text* read by *parse*; its error *invalid* becomes the *fact*."""
        try:
            return parse(text)
        except invalid:
            raise self.failure(f"{fact}: {text!r}") from None

    def _wrong(self, key: str, wanted: str) -> InputUnreadable:
        return self.failure(f"{key!r} is not {wanted}")


_MARKERS: dict[str, Marker] = {}
_MOST_MARKERS = 20_000


def names_of(words: Sequence[str]) -> frozenset[NormalizedName]:
    """*words* as normalised names (PEP 503, PEP 685)."""
    return frozenset(canonicalize_name(word) for word in words)


def load_toml(content: bytes, path: str) -> tuple[Table, str]:
    """The whole of a TOML lock, and its text. Raises ``InputUnreadable`` where it is empty, no text or no TOML."""
    import tomllib

    from wheelcheck.locks.rows import parse_toml

    text = _text(content, path)
    try:
        return Table(parse_toml(text), path=path), text
    except tomllib.TOMLDecodeError as problem:
        found = _AT_LINE.search(str(problem))
        line = int(found[1]) if found else text.count("\n") + 1
        raise _broken(path, line, _AT_LINE.sub("", str(problem)).strip(), found is None) from None
    except RecursionError:
        raise _broken(path, 0, "nested too deeply", False) from None


def load_json(content: bytes, path: str) -> tuple[Table, str]:
    """The whole of a JSON lock, and its text, likewise."""
    import json

    text = _text(content, path)
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as problem:
        raise _broken(path, problem.lineno, problem.msg, problem.pos >= len(text.rstrip())) from None
    except RecursionError:
        raise _broken(path, 0, "nested too deeply", False) from None
    if not isinstance(value, dict):
        raise InputUnreadable("is not a JSON object", address=path, hint=MANGLED)
    return Table(value, path=path), text


def _text(content: bytes, path: str) -> str:
    text = decoded(content, path)
    if not text.strip():
        raise InputUnreadable("an empty lock file", address=path, hint="write it again with the tool that makes it")
    return text


def _broken(path: str, line: int, why: str, at_end: bool) -> InputUnreadable:
    fact = "the lock ends in the middle" if at_end else "the lock cannot be read"
    return InputUnreadable(f"{fact}: {why}", address=f"{path}:{line}" if line else path, hint=MANGLED)


def package_tables(document: Table, text: str, key: str) -> list[Table]:
    """The array of tables *key* of *document*, each labelled with its name and on the line of its ``[[key]]`` in *text*.

    Where the tables are written in another way, no line is known.
    """
    rows = document.rows(key)
    lines, line, behind = [], 1, 0
    for match in re.finditer(rf"^\[\[{key}\]\]", text, re.MULTILINE):
        line += text.count("\n", behind, match.start())
        behind = match.start()
        lines.append(line)
    if len(lines) != len(rows):
        lines = [0] * len(rows)
    return [
        Table(
            row, path=document.path, line=line, label=label if isinstance(label := row.get("name"), str) else f"a {key}"
        )
        for row, line in zip(rows, lines, strict=True)
    ]


def refuse_version(document: Table, found: str, understood: str) -> InputUnreadable:
    """The error that the lock's format is of the version *found*, when only *understood* are."""
    return document.failure(
        f"format version {found} is not understood; {understood} is",
        hint="update wheelcheck, or write the lock with a release of its tool that makes that version",
    )
