"""A settings table read by type, every complaint naming file, line and key; knows no key's meaning."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import ClassVar

from wheelcheck.errors import SettingsInvalid, WheelcheckError, did_you_mean
from wheelcheck.texts.files import read_text
from wheelcheck.texts.toml import Table, parse_toml

# A string (of any kind that TOML has), a comment, or a bracket: what must be told apart to count brackets.
_TOKENS = re.compile(
    r'"""(?:[^\\]|\\.)*?"""'
    r"|'''.*?'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[{}\[\]]",
    re.DOTALL,
)


class SettingsTable(Table):
    """The keys and values of one settings file; its keys are those of the table there, none where they stand at the top."""

    __slots__ = ()
    failing: ClassVar[type[WheelcheckError]] = SettingsInvalid

    @property
    def file(self) -> Path:
        """The file of the settings."""
        return Path(self.path)

    def name_of(self, key: str) -> str:
        """The *key* alone: a settings file is about nothing else."""
        return key

    def wrong(self, key: str, expected: str) -> WheelcheckError:
        """The error for a value at *key* that is not *expected*, with the page that explains the keys."""
        return self.failure(f"{key} must be {expected}", "docs/reference.md explains each key", line=self.line_of(key))

    def text_of(self, key: str) -> str | None:
        """The string at *key*."""
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        raise self.wrong(key, "a string that is not empty")

    def words(self, key: str) -> tuple[str, ...]:
        """The strings at *key*, of which a single one may stand without a list."""
        value = self.values.get(key, [])
        listed = [value] if isinstance(value, str) else value
        if isinstance(listed, list) and all(isinstance(item, str) and item for item in listed):
            return tuple(listed)
        raise self.wrong(key, "a string or a list of strings")

    def seconds(self, key: str) -> float | None:
        """The positive number at *key*."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
        raise self.wrong(key, "a number above 0")

    def count(self, key: str) -> int | None:
        """The whole number, 0 or more, at *key*."""
        value = self.values.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        raise self.wrong(key, "a whole number, 0 or more")

    def moment(self, key: str) -> str | None:
        """The day, instant or span at *key*, as ``parse_cutoff`` takes it; TOML's own dates are taken too."""
        from wheelcheck.texts.moments import parse_cutoff

        value = self.values.get(key)
        text = value.isoformat() if isinstance(value, date) else value
        if text is None:
            return None
        try:
            parse_cutoff(text if isinstance(text, str) else "")
        except (ValueError, OverflowError):
            raise self.wrong(key, 'a date such as 2026-11-01, or a string: "2026-11-01T12:00:00Z", "7 days"') from None
        return str(text)

    def mapping(self, key: str) -> Mapping[str, str]:
        """The table of strings at *key*."""
        value = self.values.get(key, {})
        if isinstance(value, dict) and all(isinstance(item, str) and item for item in value.values()):
            return value
        raise self.wrong(key, "a table of strings")

    def at(self, key: str) -> str:
        """File and line of *key*, the file alone where its line is not found."""
        return self.address(self.line_of(key))

    def address(self, line: int) -> str:
        """The file and *line*, which is 0 where it is not known."""
        return f"{self.path}:{line}" if line else self.path


def nearest_key(name: str, known: Collection[str]) -> str:
    """A hint with the key among *known* that *name* was likely meant to be."""
    return did_you_mean(name.lower().replace("_", "-"), known, f"the keys are {', '.join(known)}", cutoff=0.5)


def load_table(path: Path, header: str) -> SettingsTable | None:
    """Read the table *header* (dotted, empty for the whole) of the TOML file *path*; ``None`` where it lacks that table.

    A file that does not even contain the table's last word is not parsed. Raises ``SettingsInvalid``.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "not text in UTF-8"
        raise SettingsInvalid(f"cannot be read: {reason}", address=str(path)) from None
    if header.rpartition(".")[2] not in text:
        return None
    document = parse_toml(text, str(path), failing=SettingsInvalid)
    keys = tuple(filter(None, header.split(".")))
    value: object = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return None
    if not isinstance(value, dict):
        raise SettingsInvalid(f"{header} must be a table", address=str(path))
    return SettingsTable(value, path=str(path), text=text, keys=keys)


def line_in_tables(table: SettingsTable, array: str, position: int, key: str = "") -> int:
    """The line of *key* in the table at *position* of *array*, from 1: the table's own line where the key is not found.

    0 where not even that is, as for an array that was built in an unusual way.
    """
    start, end = _by_header(table, array, position) or _inline(table, array, position) or (-1, -1)
    if start < 0:
        return table.line_of(array)
    assigned = re.compile(rf"(?:^|[{{,])\s*[\"']?({re.escape(key)})[\"']?\s*[=.]", re.MULTILINE) if key else None
    found = assigned.search(table.document, start, end) if assigned is not None else None
    return table.document.count("\n", 0, found.start(1) if found is not None else start) + 1


def _by_header(table: SettingsTable, array: str, position: int) -> tuple[int, int] | None:
    name = r"\s*\.\s*".join(rf"[\"']?{re.escape(part)}[\"']?" for part in (*table.keys, array))
    headers = list(re.finditer(rf"^[ \t]*\[\[[ \t]*{name}[ \t]*\]\]", table.document, re.MULTILINE))
    if position >= len(headers):
        return None
    end = re.compile(r"^[ \t]*\[", re.MULTILINE).search(table.document, headers[position].end())
    begin = table.document.index("[", headers[position].start())
    return begin, end.start() if end else len(table.document)


def _inline(table: SettingsTable, array: str, position: int) -> tuple[int, int] | None:
    assigned = re.compile(rf"^[ \t]*[\"']?{re.escape(array)}[\"']?\s*=", re.MULTILINE)
    found = assigned.search(table.document, _position_of(table, table.line_of(array)))
    if found is None:
        return None
    seen, depth, start = -1, 0, 0
    for token in _TOKENS.finditer(table.document, found.end()):
        match token[0]:
            case "{" | "[":
                depth += 1
                if token[0] == "{" and depth == 2:
                    seen, start = seen + 1, token.start()
            case "}" | "]":
                depth -= 1
                if seen == position and depth == 1:
                    return start, token.end()
                if depth <= 0:
                    return None
            case _:
                continue
    return None


def _position_of(table: SettingsTable, line: int) -> int:
    position = 0
    for _ in range(line - 1):
        position = table.document.index("\n", position) + 1
    return position
