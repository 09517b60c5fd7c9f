"""Reads the tables of a knowledge file key by key and says where a bad value stands; knows no particular file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from wheelcheck.errors import SettingsInvalid, did_you_mean
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
