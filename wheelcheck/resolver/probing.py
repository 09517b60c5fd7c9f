"""Finds out before a version is tried whether it can be part of any answer, where a project has failed often; chooses nothing.

A search that goes back through a thousand versions of two projects which move together costs rounds for each of them. Whether a
version is dead can be told from what it asks for alone, and what its asks lead to.
"""

from __future__ import annotations

from collections.abc import Callable

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.resolver.ask import Ask, Key
from wheelcheck.resolver.deadends import DeadEnds

_SUSPECT = 8  # versions of a project that died, after which the others are looked at before they are tried
_DEEPEST = 12  # links between a version and what it is proved to die of


class Probe:
    """Reads ahead for proof of death: *read* gives the asks of a version, and tells *dead_ends* of them."""

    def __init__(self, dead_ends: DeadEnds, read: Callable[[Key, Version], tuple[Ask, ...]]) -> None:
        self._dead_ends = dead_ends
        self._read = read

    def is_dead(self, key: Key, version: Version) -> bool:
        """Whether *version* of *key* is dead; costs the metadata of versions that stand first in the way of an answer."""
        return self._is_dead(key, version, ())

    def _is_suspect(self, name: NormalizedName) -> bool:
        return self._dead_ends.buried[name] >= _SUSPECT

    def _is_dead(self, key: Key, version: Version, above: tuple[NormalizedName, ...]) -> bool:
        if self._dead_ends.is_dead(key, version):
            return True
        if not self._is_suspect(key[0]) or len(above) > _DEEPEST or key[0] in above:
            return False
        for ask in self._read(key, version):
            if ask.exact is not None and self._is_dead(ask.key, ask.exact, above):
                break
            if ask.impossible or ask.exact is not None or ask.url is not None or not self._is_suspect(ask.key[0]):
                continue
            if not self._has_living(ask, (*above, key[0])):
                break
        return self._dead_ends.is_dead(key, version)

    def _has_living(self, ask: Ask, above: tuple[NormalizedName, ...]) -> bool:
        while (found := self._dead_ends.living(ask.key, ask.bound)) is not None:
            if not self._is_dead(ask.key, found, above):
                return True
        return False
