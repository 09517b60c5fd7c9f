"""Versions that can be part of no answer, whatever else is chosen: learnt once, never tried again.

The solver learns from a failure only where it stands, and meets the same dead end again behind every other choice. Here a version
is dead when one of its asks, alone with the user's constraints, admits only dead or unusable versions; that does not depend on what
else is chosen, so it holds for the whole search, and it spreads to whoever asks for the dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.resolve.ask import Ask, Key
from wheelcheck.resolve.bounds import Bound

_Node = tuple[Key, Version]


class DeadEnds:
    """What is known to be dead; *choices* gives the usable versions of a project within one bound, newest first."""

    def __init__(self, choices: Callable[[NormalizedName, Bound], Iterable[Version]]) -> None:
        self._choices = choices
        self._dead: set[_Node] = set()
        self._asks: dict[_Node, tuple[Ask, ...]] = {}
        self._askers: dict[NormalizedName, list[_Node]] = {}

    def __len__(self) -> int:
        return len(self._dead)

    def is_dead(self, key: Key, version: Version) -> bool:
        """Whether *version* of *key* is dead; an extra dies with its base."""
        return (key, version) in self._dead or ((key[0], ""), version) in self._dead

    def learn(self, key: Key, version: Version, asks: tuple[Ask, ...]) -> None:
        """Take in what *version* of *key* asks for, and bury whom that kills."""
        node = (key, version)
        self._asks[node] = asks
        for name in {ask.key[0] for ask in asks}:
            self._askers.setdefault(name, []).append(node)
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if each not in self._dead and any(self.is_hopeless(ask) for ask in self._asks[each]):
                self._dead.add(each)
                waiting.extend(self._askers.get(each[0][0], ()))

    def is_hopeless(self, ask: Ask) -> bool:
        """Whether no living version can ever satisfy *ask*; direct references are left to the solver."""
        if ask.impossible:
            return True
        if ask.exact is not None:
            return self.is_dead(ask.key, ask.exact)
        if ask.url is not None:
            return False
        return all(self.is_dead(ask.key, version) for version in self._choices(ask.key[0], ask.bound))
