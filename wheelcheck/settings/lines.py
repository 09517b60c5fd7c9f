"""Where a key of a table in an array of tables stands, both as ``[[key]]`` and inline; reads no values."""

from __future__ import annotations

import re

from wheelcheck.settings.table import SettingsTable

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
