"""Finds the line on which a TOML document writes a string: ``tomllib`` tells none; guesses nothing about the meaning."""

from __future__ import annotations

import json
import re


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
