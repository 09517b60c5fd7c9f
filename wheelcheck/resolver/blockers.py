"""The third pass: which projects a blocked question cannot do without, although the policy forbids their files.

``Leniency, rounds → Resolution | Failure`` (a trial) → ``Blocking``. The wheel-aware pass is tried with files of some projects
allowed. Each failure shows conflicts: projects of which at least one has to be allowed as well. The sets that meet every conflict
are tried fewest first (hitting sets after Reiter 1987), so the first that resolves is a smallest one, whatever conflicts were met
on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.model.resolution import Resolution
from wheelcheck.resolver.candidate_selector import Leniency
from wheelcheck.resolver.dead_versions import RootUnsatisfiable
from wheelcheck.resolver.provider import WheelProvider
from wheelcheck.resolver.requirement import ResolverRequirement

Names = frozenset[NormalizedName]
_SETS = 20_000  # sets of projects that are put together between two trials
_WIDE = 3  # a conflict of more projects than this is narrowed before it is used
_GROWING = 12  # trials beyond the bound, in which all of a conflict is allowed at once,
_ROUNDS_GROWING = 20_000  # and the rounds of each


class Failure(Struct, frozen=True, kw_only=True):
    """A trial without a resolution; each of *conflicts* holds projects of which one has to be allowed as well.

    There are none where the trial ended at its budget, which proves nothing.
    """

    conflicts: tuple[Names, ...] = ()


Trial = Callable[[Leniency, int], tuple[Resolution | Failure, int]]
"""Resolves with a leniency in at most so many rounds, and tells what it cost."""


class Offenders(Struct, frozen=True, kw_only=True):
    """The projects of which the natural pass chose a file that the policy forbids.

    *certain* are those of them of which the policy allows no version that is asked for there.
    """

    certain: Names
    others: Names

    def most_likely(self, conflict: Names) -> Names:
        """The projects of *conflict* that are the first to be allowed."""
        return conflict & self.certain or conflict & self.others or conflict

    def rank(self, names: Names) -> tuple[int, int, list[NormalizedName]]:
        """Of sets of as many projects the least is the likeliest; independent parts of a set are ranked independently."""
        return len(names - self.certain), len(names - self.certain - self.others), sorted(names)


def find_blockers(trial: Trial, first: Failure, offenders: Offenders, rounds: int) -> tuple[Resolution | None, bool]:
    """The resolution in which the fewest projects have files that the policy forbids, and whether they are known to be the fewest.

    Of several sets of as many projects the one with the most *offenders* is taken, then the first by name: independent parts of a
    question do not change each other's blockers. *first* is the failure with nothing allowed. The trials may take so many *rounds*
    together; beyond them a set that resolves is put together in a few steps, and it is ``None`` where that fails too.
    """
    return _Search(trial, offenders, rounds).run(first)


class _Search:
    def __init__(self, trial: Trial, offenders: Offenders, rounds: int) -> None:
        self._trial = trial
        self._offenders = offenders
        self._conflicts: dict[Names, None] = {}
        self._left = rounds
        self._sets = 0

    def run(self, failed: Failure) -> tuple[Resolution | None, bool]:
        if self._left <= 0 or not failed.conflicts:
            return None, False
        answer: Resolution | Failure = failed
        while isinstance(answer, Failure):
            found = [self._narrowed(each) for each in answer.conflicts if each]
            self._conflicts.update(dict.fromkeys(found))
            allowed = self._fewest()
            if self._left <= 0 or not found or allowed is None:
                return self._grown(failed), False
            answer = self._tried(Leniency(names=allowed))
        return answer, True

    def _tried(self, leniency: Leniency) -> Resolution | Failure:
        answer, cost = self._trial(leniency, self._left)
        self._left -= max(cost, 1)
        return answer

    def _grown(self, answer: Resolution | Failure) -> Resolution | None:
        """A resolution with few blockers, where the fewest are not known: what conflicts with the offenders comes first."""
        allowed: set[NormalizedName] = set()
        for _ in range(_GROWING):
            if isinstance(answer, Resolution):
                break
            allowed.update(name for each in answer.conflicts for name in self._offenders.most_likely(each))
            answer, _ = self._trial(Leniency(names=frozenset(allowed)), _ROUNDS_GROWING)
        return answer if isinstance(answer, Resolution) else None

    def _fewest(self) -> Names | None:
        """The best of the smallest sets that meet every conflict; ``None`` where too many would have to be looked at."""
        certain = frozenset(name for each in self._conflicts if len(each) == 1 for name in each)
        open_ones = sorted(
            (each for each in self._conflicts if not each & certain), key=lambda each: (len(each), sorted(each))
        )
        self._sets = 0
        for size in range(len(open_ones) + 1):
            found = list(self._iter_meeting(certain, open_ones, size))
            if self._sets > _SETS:
                return None
            if found:
                return min(found, key=self._offenders.rank)
        return None

    def _iter_meeting(self, chosen: Names, conflicts: list[Names], size: int) -> Iterator[Names]:
        """Every set of *chosen* and at most *size* more that meets all *conflicts*."""
        self._sets += 1
        unmet = [each for each in conflicts if not each & chosen]
        if not unmet:
            yield chosen
        elif size and self._sets <= _SETS:
            for name in sorted(unmet[0]):
                yield from self._iter_meeting(chosen | {name}, unmet[1:], size - 1)

    # A conflict of fewer projects

    def _narrowed(self, conflict: Names) -> Names:
        """A part of *conflict* that is one by itself: with all else allowed, its projects still do not do without.

        By halves (QuickXplain, Junker 2004), the offenders of the natural pass being kept longest.
        """
        if len(conflict) <= _WIDE:
            return conflict
        ordered = sorted(conflict, key=lambda name: self._offenders.rank(frozenset({name})))
        return frozenset(self._needed([], ordered, is_news=False))

    def _needed(self, kept: list[NormalizedName], rest: list[NormalizedName], *, is_news: bool) -> list[NormalizedName]:
        if is_news and self._fails(kept):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        of_second = self._needed([*kept, *first], second, is_news=bool(first))
        of_first = self._needed([*kept, *of_second], first, is_news=bool(of_second))
        return [*of_first, *of_second]

    def _fails(self, forbidden: Iterable[NormalizedName]) -> bool:
        if self._left <= 0:
            return False  # what is not known to fail stays in the conflict
        answer = self._tried(Leniency(names=frozenset(forbidden), others=True))
        return isinstance(answer, Failure) and bool(answer.conflicts)


# What a failed pass shows


def conflicts_of(provider: WheelProvider, natural: Resolution) -> tuple[Names, ...]:
    """The conflicts that the failed search with *provider* shows; what the pins of *natural* ask for is at hand and helps.

    One for each of the user's requirements that no choice at all satisfies, by the proof of that; else all the projects of which
    the policy forbade a version that the search looked at: without that it would have gone another way.
    """
    for pin in natural.pins.values():
        for extra in ("", *pin.extras):
            with suppress(RootUnsatisfiable):
                provider.learn((pin.name, extra), pin.version)
    is_unsatisfiable = provider.pruning.dead_versions.is_unsatisfiable
    proofs = [_proof(root, provider) for root in provider.edges[None] if is_unsatisfiable(root)]
    return tuple(proofs) or (frozenset(provider.selector.forbidden),)


def _proof(root: ResolverRequirement, provider: WheelProvider) -> Names:
    """The projects whose forbidden files make *root* unsatisfiable."""
    dead, pruning = provider.pruning.dead_versions, provider.pruning
    found: set[NormalizedName] = set()
    seen: set[tuple[object, ...]] = set()
    waiting = [root]
    while waiting:
        requirement = waiting.pop()
        key = requirement.key
        place = (key, requirement.bound, requirement.exact)
        if place in seen:
            continue
        seen.add(place)
        if requirement.impossible or pruning.is_narrowed_by_policy(requirement):
            found.add(key[0])
        reasons = (dead.reason(key, version) for version in pruning.versions_open_to(requirement))
        waiting.extend(reason for reason in reasons if reason is not None and not requirement.impossible)
    return frozenset(found)
