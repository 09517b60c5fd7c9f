"""A settings table read by type, every complaint naming file, line and key; knows no key's meaning."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from msgspec import Struct

from wheelcheck.errors import SettingsInvalid

Table = Mapping[str, object]
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


class SettingsTable(Struct, frozen=True, kw_only=True):
    """The keys and values of one file; ``header`` is the table's name there, empty where they stand at the top."""

    path: Path
    text: str
    header: str
    values: Table

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

    def flag(self, key: str) -> bool | None:
        """The boolean at *key*."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong(key, "true or false")

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
        """The day or instant at *key* in ISO 8601; TOML's own dates are taken too."""
        value = self.values.get(key)
        if isinstance(value, date):
            return value.isoformat()
        if value is None or (isinstance(value, str) and value):
            return value
        raise self.wrong(key, 'a date such as 2026-11-01 or a string such as "2026-11-01T12:00:00Z"')

    def mapping(self, key: str) -> Mapping[str, str]:
        """The table of strings at *key*."""
        value = self.values.get(key, {})
        if isinstance(value, dict) and all(isinstance(item, str) and item for item in value.values()):
            return value
        raise self.wrong(key, "a table of strings")

    def wrong(self, key: str, expected: str) -> SettingsInvalid:
        """The error for a value of the wrong kind at *key*."""
        return SettingsInvalid(f"{key} must be {expected}", address=self.at(key))

    def at(self, key: str) -> str:
        """File and line of *key*, the file alone where its line is not found."""
        return self.address(self.line_of(key))

    def address(self, line: int) -> str:
        """The file and *line*, which is 0 where it is not known."""
        return f"{self.path}:{line}" if line else str(self.path)

    def line_of(self, key: str) -> int:
        """The line of *key* from 1, 0 where it is not found."""
        start = 0
        for header in filter(None, (f"{self.header}.{key}" if self.header else key, self.header)):
            found = re.search(rf"^\s*\[\[?\s*{re.escape(header)}\s*\]", self.text, re.MULTILINE)
            if found is not None:
                start = found.end()
                if header.endswith(key):
                    return self._line(found.end())
                break
        assigned = re.compile(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", re.MULTILINE).search(self.text, start)
        return self._line(assigned.end()) if assigned is not None else 0

    def _line(self, position: int) -> int:
        return self.text.count("\n", 0, position) + 1


def nearest_key(name: str, known: Collection[str]) -> str:
    """A hint with the key among *known* that *name* was likely meant to be."""
    from difflib import get_close_matches

    plain = name.lower().replace("_", "-")
    near = get_close_matches(plain, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}"


def load_table(path: Path, header: str) -> SettingsTable | None:
    """Read the table *header* (dotted, empty for the whole) of the TOML file *path*; ``None`` where it lacks that table.

    A file that does not even contain the table's last word is not parsed. Raises ``SettingsInvalid``.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "not text in UTF-8"
        raise SettingsInvalid(f"cannot be read: {reason}", address=str(path)) from None
    if header.rpartition(".")[2] not in text:
        return None
    import tomllib  # most projects have a pyproject.toml that says nothing to us

    try:
        value: object = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise _broken(path, text, str(problem)) from None
    for key in filter(None, header.split(".")):
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return None
    if not isinstance(value, dict):
        raise SettingsInvalid(f"{header} must be a table", address=str(path))
    return SettingsTable(path=path, text=text, header=header, values=value)


def _broken(path: Path, text: str, message: str) -> SettingsInvalid:
    at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = at[1] if at and at[1] else text.count("\n") + 1
    return SettingsInvalid(f"not valid TOML: {message[: at.start()] if at else message}", address=f"{path}:{line}")


def line_in_tables(table: SettingsTable, array: str, position: int, key: str = "") -> int:
    """The line of *key* in the table at *position* of *array*, from 1: the table's own line where the key is not found.

    0 where not even that is, as for an array that was built in an unusual way.
    """
    start, end = _by_header(table, array, position) or _inline(table, array, position) or (-1, -1)
    if start < 0:
        return table.line_of(array)
    assigned = re.compile(rf"(?:^|[{{,])\s*[\"']?({re.escape(key)})[\"']?\s*[=.]", re.MULTILINE) if key else None
    found = assigned.search(table.text, start, end) if assigned is not None else None
    return table.text.count("\n", 0, found.start(1) if found is not None else start) + 1


def _by_header(table: SettingsTable, array: str, position: int) -> tuple[int, int] | None:
    name = r"\s*\.\s*".join(
        rf"[\"']?{re.escape(part)}[\"']?" for part in (*filter(None, table.header.split(".")), array)
    )
    headers = list(re.finditer(rf"^[ \t]*\[\[[ \t]*{name}[ \t]*\]\]", table.text, re.MULTILINE))
    if position >= len(headers):
        return None
    end = re.compile(r"^[ \t]*\[", re.MULTILINE).search(table.text, headers[position].end())
    return headers[position].start() + _indent(headers[position][0]), end.start() if end else len(table.text)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _inline(table: SettingsTable, array: str, position: int) -> tuple[int, int] | None:
    assigned = re.compile(rf"^[ \t]*[\"']?{re.escape(array)}[\"']?\s*=", re.MULTILINE)
    found = assigned.search(table.text, _position_of(table, table.line_of(array)))
    if found is None:
        return None
    seen, depth, start = -1, 0, 0
    for token in _TOKENS.finditer(table.text, found.end()):
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
        position = table.text.index("\n", position) + 1
    return position
