"""Finds the rows of a table that may mean something in a line, by plain texts, before any pattern is tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

_Row = TypeVar("_Row")


class SignTable(Generic[_Row]):
    """Rows behind their signs: one of the signs of a row is in every line in which the row finds something.

    Most lines of a log hold no sign. Looking for a hundred texts takes some microseconds, trying as many patterns far longer.
    """

    def __init__(self, rows: Iterable[tuple[Sequence[str], _Row]]) -> None:
        self.rows: tuple[_Row, ...] = ()
        self._by_sign: dict[str, list[int]] = {}
        for number, (signs, row) in enumerate(rows):
            self.rows = (*self.rows, row)
            for sign in signs:
                self._by_sign.setdefault(sign, []).append(number)
        self.signs: tuple[str, ...] = tuple(self._by_sign)

    def matching(self, text: str) -> Sequence[_Row]:
        """The rows with a sign in *text*, in their order."""
        present = [sign for sign in self.signs if sign in text]
        if not present:
            return ()
        numbers = sorted({number for sign in present for number in self._by_sign[sign]})
        return [self.rows[number] for number in numbers]


def least(signs: Iterable[str]) -> tuple[str, ...]:
    """*signs* without those that hold another, which need not be looked for."""
    every = set(signs)
    return tuple(sorted(sign for sign in every if not any(other != sign and other in sign for other in every)))
