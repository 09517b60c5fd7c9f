"""Versions that can be part of no answer, whatever else is chosen: learnt once, never tried again.

The solver learns from a failure only where it stands, and meets the same dead end again behind every other choice. Here a version
is dead when one of its asks, alone with what holds in any case, admits only dead or unusable versions; that does not depend on what
else is chosen, so it holds for the whole search, and it spreads to whoever asks for the dead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.requirement import Constraint
from wheelcheck.resolver.candidate_selector import ABSENT, Choices
from wheelcheck.resolver.requirement import Ask, Bound, Candidate, Key, bound_of

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


class NothingIsLeft(Exception):
    """One of the user's own requirements admits only dead ends: there is no answer, and no need to search on."""


class Pruning:
    """Dead versions of one pass under *choices* and the constraints that *constraints_on* tells.

    *edges* are the asks of whoever was read so far, the user's own under ``None``; *read* gives those of another version. What
    learns something may raise :class:`NothingIsLeft`.
    """

    def __init__(
        self,
        choices: Choices,
        constraints_on: Callable[[NormalizedName], Sequence[Constraint]],
        edges: Mapping[Candidate | None, tuple[Ask, ...]],
        read: Callable[[Key, Version], tuple[Ask, ...]],
    ) -> None:
        self.dead_ends = DeadEnds(self._ever_open)
        self._choices = choices
        self._constraints_on = constraints_on
        self._edges = edges
        self._read = read
        self._probe: Probe | None = None
        self._direct: set[NormalizedName] = set()
        self._root_bounds: dict[NormalizedName, list[Bound]] = {}

    @property
    def is_probing(self) -> bool:
        """Whether versions are looked at before they are tried."""
        return self._probe is not None

    def begin_probing(self) -> None:
        """The search has failed often: from now on versions that can be part of no answer are told before they are tried.

        Whatever is chosen, the user's own requirements hold too, so bounds that clash with theirs are dead ends.
        """
        if self._probe is not None:
            return
        for ask in self._edges[None]:
            self._root_bounds.setdefault(ask.key[0], []).append(ask.bound)
        self._probe = Probe(self.dead_ends, self._read)
        self._learn_anew()

    def is_dead(self, key: Key, version: Version) -> bool:
        """Whether *version* of *key* can be part of no answer; may read metadata to find out."""
        return self.is_known_dead(key, version) if self._probe is None else self._probe.is_dead(key, version)

    def is_known_dead(self, key: Key, version: Version) -> bool:
        """Likewise, from what was learnt so far."""
        return self.dead_ends.is_dead(key, version)

    def learn(self, candidate: Candidate, asks: tuple[Ask, ...]) -> None:
        """Take in the *asks* of a *candidate* that was read just now; what dies of them is buried."""
        self.note_direct(asks)
        if self._probe is None and self._choices.lenient:
            return
        known = len(self.dead_ends)
        self.dead_ends.learn(candidate.key, candidate.version, asks)
        if len(self.dead_ends) > known:
            self._refuse_dead_roots()

    def note_direct(self, asks: Iterable[Ask]) -> None:
        """Take in which of *asks* name a file: it serves bounds which nothing on the index does."""
        news = {ask.key[0] for ask in asks if ask.url is not None} - self._direct
        if news:
            self._direct |= news
            self._forget_deaths()

    def admit_pre_releases(self, name: NormalizedName) -> None:
        """Some bound on *name* asks for pre-releases: what was dead without them may live with them."""
        if name not in self._choices.pre_releases_asked:
            self._choices.pre_releases_asked.add(name)
            self._forget_deaths()

    def is_ever_wanted(self, name: NormalizedName, after: Version) -> Callable[[Version], bool]:
        """Which versions of *name* no user's bound excludes; pre-releases where *after* is one, for they come last, together."""
        limits, kind = self._limits(name), after.is_prerelease
        return lambda version: version.is_prerelease is kind and all(limit.admits(version) for limit in limits)

    def versions_open_to(self, ask: Ask) -> Iterator[Version]:
        """The versions that *ask* and what holds in any case admit, dead or not."""
        return iter((ask.exact,)) if ask.exact is not None else self._ever_open(ask.key[0], ask.bound)

    def _limits(self, name: NormalizedName) -> list[Bound]:
        constraints = (bound_of(constraint.specifier) for constraint in self._constraints_on(name))
        return [*constraints, *self._root_bounds.get(name, ())]

    def _ever_open(self, name: NormalizedName, bound: Bound) -> Iterator[Version]:
        if name in self._direct or any(constraint.url for constraint in self._constraints_on(name)):
            return iter((ABSENT,))  # a named file is the solver's business
        return self._choices.ever_open(name, [bound, *self._limits(name)])

    def _forget_deaths(self) -> None:
        if len(self.dead_ends):
            self._learn_anew()

    def _learn_anew(self) -> None:
        self.dead_ends = DeadEnds(self._ever_open)
        if self._probe is not None:
            self._probe = Probe(self.dead_ends, self._read)
        for candidate, asks in self._edges.items():
            if candidate is not None:
                self.dead_ends.learn(candidate.key, candidate.version, asks)
        if len(self.dead_ends):
            self._refuse_dead_roots()

    def _refuse_dead_roots(self) -> None:
        if any(self.dead_ends.is_hopeless(ask) for ask in self._edges[None]):
            raise NothingIsLeft
