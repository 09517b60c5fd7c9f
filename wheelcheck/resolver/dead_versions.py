"""Versions that can be part of no answer, whatever else is chosen: learnt once, never tried again.

The solver learns from a failure only at the place where it stands, and meets the same dead end again behind every other choice.
Here a version is dead when one of its requirements, together with what holds in any case, admits only dead or unusable versions.
That does not depend on what else is chosen, so it holds for the whole search, and it spreads to the versions that require the
dead one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.requirement import Constraint
from wheelcheck.resolver.candidate_selector import ABSENT, CandidateSelector
from wheelcheck.resolver.requirement import Bound, Candidate, Key, ResolverRequirement, bound_of

_SUSPECT = 8  # dead versions of a project, after which its others are looked into before they are tried
_DEEPEST = 12  # links between a version and the dead end that proves it dead

_Node = tuple[Key, Version]
_Read = Callable[[Key, Version], tuple[ResolverRequirement, ...]]


class RootUnsatisfiable(Exception):
    """One of the user's own requirements admits only dead versions: there is no answer, and no need to search on."""


class DeadVersions:
    """The versions known to be dead; ``counts`` has their number by project.

    *usable* gives the usable versions of a project within one bound, newest first; *read* gives the requirements of a version,
    and calls :meth:`learn` with them.
    """

    def __init__(self, usable: Callable[[NormalizedName, Bound], Iterable[Version]], read: _Read) -> None:
        self.counts: Counter[NormalizedName] = Counter()
        self._usable = usable
        self._read = read
        self._dead: dict[_Node, ResolverRequirement] = {}
        self._requirements: dict[_Node, tuple[ResolverRequirement, ...]] = {}
        self._dependants: dict[NormalizedName, list[_Node]] = {}
        self._witnesses: dict[tuple[Key, Bound], tuple[Iterator[Version], Version | None]] = {}

    def __len__(self) -> int:
        return len(self._dead)

    def is_dead(self, key: Key, version: Version) -> bool:
        """Whether *version* of *key* is known to be dead; an extra dies with its base."""
        return (key, version) in self._dead or ((key[0], ""), version) in self._dead

    def reason(self, key: Key, version: Version) -> ResolverRequirement | None:
        """The requirement that makes *version* of *key* dead, ``None`` for a living version."""
        return self._dead.get((key, version)) or self._dead.get(((key[0], ""), version))

    def learn(self, key: Key, version: Version, requirements: tuple[ResolverRequirement, ...]) -> None:
        """Take in the *requirements* of *version* of *key*, and mark every version that is dead because of them."""
        node = (key, version)
        self._requirements[node] = requirements
        for name in {requirement.key[0] for requirement in requirements}:
            self._dependants.setdefault(name, []).append(node)
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if each in self._dead:
                continue
            unsatisfiable = next(filter(self.is_unsatisfiable, self._requirements[each]), None)
            if unsatisfiable is not None:
                self._dead[each] = unsatisfiable
                name = each[0][0]
                self.counts[name] += 1
                living = [dependant for dependant in self._dependants.get(name, ()) if dependant not in self._dead]
                self._dependants[name] = living
                waiting.extend(living)

    def is_unsatisfiable(self, requirement: ResolverRequirement) -> bool:
        """Whether no living version can ever satisfy *requirement*; direct references are left to the solver."""
        if requirement.impossible:
            return True
        if requirement.exact is not None:
            return self.is_dead(requirement.key, requirement.exact)
        if requirement.url is not None:
            return False
        return self._first_living(requirement.key, requirement.bound) is None

    def _first_living(self, key: Key, bound: Bound) -> Version | None:
        """The first version of *key* within *bound* that is not known to be dead.

        A dead version stays dead, so each is passed over once, however often the question comes.
        """
        place = (key, bound)
        known = self._witnesses.get(place)
        versions, witness = known if known is not None else (iter(self._usable(key[0], bound)), None)
        if known is None:
            witness = next(versions, None)
        while witness is not None and self.is_dead(key, witness):
            witness = next(versions, None)
        self._witnesses[place] = (versions, witness)
        return witness

    def is_found_dead(self, key: Key, version: Version, above: tuple[NormalizedName, ...] = ()) -> bool:
        """Whether *version* of *key* is dead, found out by reading where its project has many dead versions already.

        A search that goes back through a thousand versions of two projects which move together costs rounds for each of them;
        this costs the metadata of the versions that stand first in the way of an answer. *above* are the projects that led here.
        """
        if self.is_dead(key, version):
            return True
        if not self._is_suspect(key[0]) or len(above) > _DEEPEST or key[0] in above:
            return False
        for requirement in self._read(key, version):
            if requirement.exact is not None and self.is_found_dead(requirement.key, requirement.exact, above):
                break
            is_plain = not requirement.impossible and requirement.exact is None and requirement.url is None
            if (
                is_plain
                and self._is_suspect(requirement.key[0])
                and not self._has_living(requirement, (*above, key[0]))
            ):
                break
        return self.is_dead(key, version)

    def _is_suspect(self, name: NormalizedName) -> bool:
        return self.counts[name] >= _SUSPECT

    def _has_living(self, requirement: ResolverRequirement, above: tuple[NormalizedName, ...]) -> bool:
        while (found := self._first_living(requirement.key, requirement.bound)) is not None:
            if not self.is_found_dead(requirement.key, found, above):
                return True
        return False


class Pruning:
    """Keeps the dead versions of one pass out of its search.

    The wheel-aware pass learns from the first version on. The natural pass begins when the search has failed often: most inputs
    never do, and then their search is the plain one. *selector* and *constraints_on* are those of the pass; *edges* are the
    requirements of every candidate read so far, the user's own under ``None``; *read* gives those of another version. Methods
    that learn something raise :class:`RootUnsatisfiable` when a requirement of the user is unsatisfiable.
    """

    def __init__(
        self,
        selector: CandidateSelector,
        constraints_on: Callable[[NormalizedName], Sequence[Constraint]],
        edges: Mapping[Candidate | None, tuple[ResolverRequirement, ...]],
        read: _Read,
    ) -> None:
        self.is_probing = False
        self.dead_versions = DeadVersions(self._ever_open, read)
        self._selector = selector
        self._constraints_on = constraints_on
        self._edges = edges
        self._read = read
        self._direct: set[NormalizedName] = set()
        self._root_bounds: dict[NormalizedName, list[Bound]] = {}

    def begin_probing(self) -> None:
        """From now on find out before a version is tried whether it is dead, because the search has failed often.

        Whatever is chosen, the user's own requirements hold too, so bounds that clash with theirs are dead ends.
        """
        if self.is_probing:
            return
        for requirement in self._edges[None]:
            self._root_bounds.setdefault(requirement.key[0], []).append(requirement.bound)
        self.is_probing = True
        self._learn_anew()

    def is_dead(self, key: Key, version: Version) -> bool:
        """Whether *version* of *key* can be part of no answer; reads metadata to find out once probing has begun."""
        dead = self.dead_versions
        return dead.is_found_dead(key, version) if self.is_probing else dead.is_dead(key, version)

    def learn(self, candidate: Candidate, requirements: tuple[ResolverRequirement, ...]) -> None:
        """Take in the *requirements* of a *candidate* that was read just now."""
        self.note_direct(requirements)
        if not self.is_probing and self._selector.leniency.is_total:
            return
        known = len(self.dead_versions)
        self.dead_versions.learn(candidate.key, candidate.version, requirements)
        if len(self.dead_versions) > known:
            self._refuse_dead_roots()

    def note_direct(self, requirements: Iterable[ResolverRequirement]) -> None:
        """Take in which of *requirements* name a file: it satisfies bounds that nothing on the index does."""
        news = {requirement.key[0] for requirement in requirements if requirement.url is not None} - self._direct
        if news:
            self._direct |= news
            self._learn_anew(only_if_any=True)

    def admit_pre_releases(self, name: NormalizedName) -> None:
        """Take in that some bound on *name* asks for pre-releases: versions that were dead without them may live with them."""
        if name not in self._selector.pre_releases_asked:
            self._selector.pre_releases_asked.add(name)
            self._learn_anew(only_if_any=True)

    def is_ever_wanted(self, name: NormalizedName, after: Version) -> Callable[[Version], bool]:
        """Which versions of *name* no user's bound excludes; pre-releases where *after* is one, for they come last, together."""
        limits, kind = self._limits(name), after.is_prerelease
        return lambda version: version.is_prerelease is kind and all(limit.admits(version) for limit in limits)

    def versions_open_to(self, requirement: ResolverRequirement) -> Iterator[Version]:
        """The versions that *requirement* and what holds in any case admit, dead or not."""
        if requirement.exact is not None:
            return iter((requirement.exact,))
        return self._ever_open(requirement.key[0], requirement.bound)

    def is_narrowed_by_policy(self, requirement: ResolverRequirement) -> bool:
        """Whether the policy forbids a version that *requirement* and what holds in any case admit."""
        if requirement.exact is not None:
            return False
        name = requirement.key[0]
        return self._selector.is_narrowed(name, [requirement.bound, *self._limits(name)])

    def _limits(self, name: NormalizedName) -> list[Bound]:
        constraints = (bound_of(constraint.specifier) for constraint in self._constraints_on(name))
        return [*constraints, *self._root_bounds.get(name, ())]

    def _ever_open(self, name: NormalizedName, bound: Bound) -> Iterator[Version]:
        if name in self._direct or any(constraint.url for constraint in self._constraints_on(name)):
            return iter((ABSENT,))  # a named file is the solver's business
        return self._selector.ever_open(name, [bound, *self._limits(name)])

    def _learn_anew(self, *, only_if_any: bool = False) -> None:
        if only_if_any and not len(self.dead_versions):
            return
        self.dead_versions = DeadVersions(self._ever_open, self._read)
        for candidate, requirements in self._edges.items():
            if candidate is not None:
                self.dead_versions.learn(candidate.key, candidate.version, requirements)
        if len(self.dead_versions):
            self._refuse_dead_roots()

    def _refuse_dead_roots(self) -> None:
        if any(map(self.dead_versions.is_unsatisfiable, self._edges[None])):
            raise RootUnsatisfiable
