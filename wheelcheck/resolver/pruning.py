"""What of one pass can be part of no answer: joins dead ends, probing and what holds in any case; reads no metadata itself.

The wheel-aware pass learns from the first version on. The natural one begins when the search has failed often: most inputs never
do, and then their search is the plain one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.requirement import Constraint
from wheelcheck.resolver.ask import Ask, Candidate, Key
from wheelcheck.resolver.bounds import Bound, bound_of
from wheelcheck.resolver.choices import ABSENT, Choices
from wheelcheck.resolver.deadends import DeadEnds
from wheelcheck.resolver.probing import Probe


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
