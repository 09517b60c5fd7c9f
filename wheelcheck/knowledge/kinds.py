"""The tables of a knowledge file, read key by key, and the kinds of text in them; knows no particular file.

A kind is a function that returns the value or raises ``ValueError`` with the reason; a table says where the text stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.errors import SettingsInvalid, did_you_mean
from wheelcheck.model.finding import Severity
from wheelcheck.model.requirement import FileOrigin, Requirement
from wheelcheck.texts.toml import parse_toml

_Value = TypeVar("_Value")


def nearest(word: str, known: tuple[str, ...]) -> str:
    """A hint with the key that *word* was likely meant to be."""
    return did_you_mean(word.lower().replace("-", "_"), known, f"the keys are {', '.join(known)}", cutoff=0.5)


class Table:
    """One table of a file; *where* is its key path (``advisory[3]``, empty for the document), *keys* are all that it may hold.

    Kinds are functions from text to value that raise ``ValueError``; each method raises ``SettingsInvalid`` with the file and
    the key for an unknown key, a missing one, and a value that is not of its kind.
    """

    def __init__(self, values: object, *, file: str, where: str, keys: tuple[str, ...]) -> None:
        self._file = file
        self._where = where
        if not isinstance(values, dict):
            raise self.problem("", "is not a table")
        self._values: dict[str, object] = values
        for key in self._values:
            if key not in keys:
                raise SettingsInvalid(f"unknown key {self._path(key)}", address=file, hint=nearest(key, keys))

    @classmethod
    def of_document(cls, text: str, file: str, keys: tuple[str, ...]) -> Table:
        """The document in *text*, TOML, as a table with *keys*; raises ``SettingsInvalid`` at *file* for text that is none."""
        return cls(parse_toml(text, file, failing=SettingsInvalid), file=file, where="", keys=keys)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def one(self, key: str, kind: Callable[[str], _Value]) -> _Value:
        """The value of *key*, which has to be there."""
        if key not in self._values:
            raise self.problem(key, "is missing", f"say {key} = …")
        value = self._values[key]
        if isinstance(value, date):
            value = value.isoformat()
        return self._of_kind(key, value, kind)

    def each(self, key: str, kind: Callable[[str], _Value]) -> tuple[_Value, ...]:
        """The values of the list at *key*, empty where it is not there; a list that is there may not be empty."""
        if key not in self._values:
            return ()
        values = self._values[key]
        if not isinstance(values, list):
            raise self.problem(key, "is not a list of strings", f"write {key} = [{str(values)!r}]".replace("'", '"'))
        if not values:
            raise self.problem(key, "is an empty list", "leave the key out, or fill it")
        return tuple(self._of_kind(f"{key}[{position}]", value, kind) for position, value in enumerate(values))

    def some(self, key: str, kind: Callable[[str], _Value]) -> tuple[_Value, ...]:
        """The values of the list at *key*, which has to hold one at least."""
        if key not in self._values:
            raise self.problem(key, "is missing", f"say {key} = […]")
        return self.each(key, kind)

    def truth(self, key: str) -> bool | None:
        """``true`` or ``false``, ``None`` where the key is not there."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.problem(key, f"is {value!r}", "write true or false, without quotes")
        return value

    def tables(self, key: str, keys: tuple[str, ...]) -> tuple[Table, ...]:
        """The tables of the list at *key* (``[[key]]``), each with *keys* at most."""
        values = self._values.get(key, [])
        if not isinstance(values, list):
            raise self.problem(key, "is not a list of tables", f"write it as [[{key}]]")
        return tuple(
            Table(value, file=self._file, where=self._path(f"{key}[{position}]"), keys=keys)
            for position, value in enumerate(values)
        )

    def table(self, key: str, keys: tuple[str, ...] | None = None) -> Table:
        """The table at *key* with *keys* at most, ``None`` where the file itself chooses them; an empty one where there is none."""
        values = self._values.get(key, {})
        if keys is None:
            keys = tuple(values) if isinstance(values, dict) else ()
        return Table(values, file=self._file, where=self._path(key), keys=keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys in the table, in the order of the file."""
        return tuple(self._values)

    def problem(self, key: str, fact: str, hint: str = "") -> SettingsInvalid:
        """The error that says *fact* of *key* (empty: of the table itself)."""
        return SettingsInvalid(f"{self._path(key) or 'the document'} {fact}", address=self._file, hint=hint)

    def _of_kind(self, key: str, value: object, kind: Callable[[str], _Value]) -> _Value:
        if not isinstance(value, str):
            raise self.problem(key, "is not a string", "put it in quotes")
        try:
            return kind(value)
        except ValueError as problem:
            # An address with a user name may hold a password.
            shown = "an address with a user name" if "@" in value else repr(value)
            raise self.problem(key, f"is {shown}: {problem}") from problem

    def _path(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where and key else self._where or key


def parsed_by(make: Callable[[str], _Value], reason: str) -> Callable[[str], _Value]:
    """The kind of text that *make* understands; *reason* is why it refuses another."""

    def kind(text: str) -> _Value:
        try:
            return make(text)
        except ValueError as problem:
            raise ValueError(reason) from problem

    return kind


def matching(pattern: str, reason: str) -> Callable[[str], str]:
    """The kind of text that the whole *pattern* matches; *reason* is why another is refused."""
    compiled = re.compile(pattern, re.ASCII)

    def kind(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(reason)
        return text

    return kind


identifier = matching(r"[a-z0-9]+([.-][a-z0-9]+)*", "an id has lower-case letters, digits, dots and dashes")
minor = matching(r"3\.\d+", 'not a Python minor such as "3.11"')
platform_pattern = matching(r"[a-z0-9_.*?\[\]!-]+", "not a pattern of platform tags such as win*")
project_pattern = matching(
    r"[a-z0-9*]+(-[a-z0-9*]+)*", "not a normalised project name, or a pattern of names such as pyobjc*"
)
project = parsed_by(lambda text: canonicalize_name(text, validate=True), "not a valid project name")
version = parsed_by(Version, "not a version (PEP 440)")
pythons = parsed_by(SpecifierSet, 'not version bounds such as ">=3.12"')
day = parsed_by(lambda text: date.fromisoformat(text).isoformat(), "not a day such as 2024-06-16")
severity = parsed_by(Severity, f"use one of {', '.join(each.value for each in Severity)}")


def label_pattern(text: str) -> str:
    """A shell pattern of local versions: ``cu124``, ``rocm*``."""
    if not re.fullmatch(r"[a-z0-9.*?\[\]-]+", text):
        raise ValueError("no pattern of a local version such as cu124 or rocm*")
    return text


def sentence(text: str) -> str:
    """Words for a person: not empty, one line."""
    if not text.strip() or "\n" in text.strip():
        raise ValueError("not a sentence on one line")
    return text.strip()


def word(text: str) -> str:
    """Any text without spaces around it."""
    if not text or text != text.strip():
        raise ValueError("empty, or with spaces around it")
    return text


def requirement(text: str) -> Requirement:
    """A project with or without version bounds; extras, markers and addresses have no meaning here."""
    try:
        parsed = Requirement.parse(text, FileOrigin(path="knowledge"))
    except ValueError as problem:
        raise ValueError("not a requirement (PEP 508)") from problem
    if parsed.extras or parsed.marker is not None or parsed.url is not None:
        raise ValueError("only a name and version bounds are allowed here")
    return parsed


def bound(text: str) -> Requirement:
    """A requirement that does bound versions."""
    parsed = requirement(text)
    if not parsed.specifier:
        raise ValueError("it bounds no versions")
    return parsed


def link(text: str) -> str:
    """An address on the web."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("not an http or https address")
    if "@" in parts.netloc:
        raise ValueError("credentials do not belong here")
    return text


def import_name(text: str) -> str:
    """A dotted import name."""
    if not all(part.isidentifier() for part in text.split(".")):
        raise ValueError("not a name that can be imported")
    return text
