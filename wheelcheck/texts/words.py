"""How a sentence counts and lists: ``1 finding``, ``a, b and c``, ``a, b and 12 more``; and groups of what it lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")
_Key = TypeVar("_Key")


def grouped(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[_Key, list[_Item]]:
    """*items* by *key*, in the order of the first item of each."""
    groups: dict[_Key, list[_Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def counted(count: int, word: str, plural: str = "") -> str:
    """*count* with *word*: ``1 finding``, ``2 findings``."""
    return f"{count} {word if count == 1 else plural or word + 's'}"


def joined(words: Sequence[str], last: str = " and ") -> str:
    """*words* as a sentence lists them: ``a, b and c``."""
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def folded(words: Sequence[str], most: int) -> str:
    """*words* with commas, those after *most* as a number: ``a, b and 12 more``."""
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"
