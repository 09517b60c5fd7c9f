"""Versions that can be part of no answer, whatever else is chosen: learnt once, never tried again.

The solver learns from a failure only where it stands, and meets the same dead end again behind every other choice. Here a version
is dead when one of its asks, alone with what holds in any case, admits only dead or unusable versions; that does not depend on what
else is chosen, so it holds for the whole search, and it spreads to whoever asks for the dead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.resolver.ask import Ask, Key
from wheelcheck.resolver.bounds import Bound

_Node = tuple[Key, Version]


class DeadEnds:
    """What is known to be dead; *choices* gives the usable versions of a project within one bound, newest first.

    ``buried`` counts the dead of each project.
    """

    def __init__(self, choices: Callable[[NormalizedName, Bound], Iterable[Version]]) -> None:
        self.buried: Counter[NormalizedName] = Counter()
        self._choices = choices
        self._dead: dict[_Node, Ask] = {}
        self._asks: dict[_Node, tuple[Ask, ...]] = {}
        self._askers: dict[NormalizedName, list[_Node]] = {}
        self._witnesses: dict[tuple[Key, Bound], tuple[Iterator[Version], Version | None]] = {}

    def __len__(self) -> int:
        return len(self._dead)

    def is_dead(self, key: Key, version: Version) -> bool:
        """Whether *version* of *key* is dead; an extra dies with its base."""
        return (key, version) in self._dead or ((key[0], ""), version) in self._dead

    def reason(self, key: Key, version: Version) -> Ask | None:
        """The ask that *version* of *key* died of, ``None`` for the living."""
        return self._dead.get((key, version)) or self._dead.get(((key[0], ""), version))

    def learn(self, key: Key, version: Version, asks: tuple[Ask, ...]) -> None:
        """Take in what *version* of *key* asks for, and bury whom that kills."""
        node = (key, version)
        self._asks[node] = asks
        for name in {ask.key[0] for ask in asks}:
            self._askers.setdefault(name, []).append(node)
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if each in self._dead:
                continue
            hopeless = next((ask for ask in self._asks[each] if self.is_hopeless(ask)), None)
            if hopeless is not None:
                self._dead[each] = hopeless
                name = each[0][0]
                self.buried[name] += 1
                living = [asker for asker in self._askers.get(name, ()) if asker not in self._dead]
                self._askers[name] = living
                waiting.extend(living)

    def is_hopeless(self, ask: Ask) -> bool:
        """Whether no living version can ever satisfy *ask*; direct references are left to the solver."""
        if ask.impossible:
            return True
        if ask.exact is not None:
            return self.is_dead(ask.key, ask.exact)
        if ask.url is not None:
            return False
        return self.living(ask.key, ask.bound) is None

    def living(self, key: Key, bound: Bound) -> Version | None:
        """The first version of *key* within *bound* that is not known to be dead.

        The dead stay dead, so each version is passed over once, however often the question comes.
        """
        place = (key, bound)
        known = self._witnesses.get(place)
        versions, witness = known if known is not None else (iter(self._choices(key[0], bound)), None)
        if known is None:
            witness = next(versions, None)
        while witness is not None and self.is_dead(key, witness):
            witness = next(versions, None)
        self._witnesses[place] = (versions, witness)
        return witness
