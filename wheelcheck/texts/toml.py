"""TOML with the line of whatever is wrong or written where; ``tomllib`` tells no lines. Knows no key's meaning."""

from __future__ import annotations

import functools
import json
import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin


def parse_toml(text: str, place: str, *, first_line: int = 1) -> dict[str, object]:
    """*text* as TOML, whose first line is number *first_line* of *place*. Raises ``InputUnreadable`` with the line."""
    import tomllib

    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as problem:
        message = str(problem)
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        raise InputUnreadable(
            f"not valid TOML: {message[: at.start()] if at else message}", address=f"{place}:{line + first_line - 1}"
        ) from None


@functools.lru_cache(maxsize=8)
def _parsed_specifier(text: str) -> SpecifierSet:
    return SpecifierSet(text)


def requires_python_of(text: str, origin: FileOrigin) -> SpecifierSet:
    """``requires-python`` as a specifier. Raises ``InputUnreadable`` at *origin*."""
    try:
        return _parsed_specifier(text)
    except InvalidSpecifier:
        raise InputUnreadable(
            f"requires-python is no version specifier: {text!r}", address=str(origin), hint='for example ">=3.11"'
        ) from None


class Positions:
    """Lines of strings in *text*; *first_line* is the number of its first line in the file that holds it."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self._text = text
        self._first_line = first_line

    def line(self, value: str, *keys: str) -> int:
        """The line of the string *value* under the table or key *keys*; of its first appearance failing that, 0 without one.

        ``line("numpy", "project", "dependencies")`` looks behind ``[project]`` and then behind ``dependencies =``. A string
        that is written with other escapes than usual is not found.
        """
        start = self._behind(keys)
        found = [self._text.find(quoted, start) for quoted in _quotings(value)]
        if max(found) < 0:
            found = [self._text.find(quoted) for quoted in _quotings(value)]
        position = min((place for place in found if place >= 0), default=-1)
        return self._number(position) if position >= 0 else 0

    def header(self, *keys: str) -> int:
        """The line of the table or key *keys*, 0 where it is not written out."""
        start = self._behind(keys)
        return self._number(start - 1) if start else 0

    def _behind(self, keys: tuple[str, ...]) -> int:
        start = 0
        for depth in range(len(keys), 0, -1):
            dotted = r"\s*\.\s*".join(_key_pattern(key) for key in keys[:depth])
            header = re.search(rf"^\s*\[\s*{dotted}\s*\][^\n]*\n?", self._text, re.MULTILINE)
            if header is not None:
                start = header.end()
                keys = keys[depth:]
                break
        for key in keys:
            assigned = re.compile(rf"^\s*{_key_pattern(key)}\s*=", re.MULTILINE).search(self._text, start)
            start = assigned.end() if assigned is not None else start
        return start

    def _number(self, position: int) -> int:
        return self._first_line + self._text.count("\n", 0, position)


def _key_pattern(key: str) -> str:
    return rf"[\"']?{re.escape(key)}[\"']?"


def _quotings(value: str) -> tuple[str, str]:
    return json.dumps(value, ensure_ascii=False), f"'{value}'"
