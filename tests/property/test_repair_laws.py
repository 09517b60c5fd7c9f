"""Laws of the search for repairs on small random indexes, against brute force over the same edits.

The edits: any version for what the user asked for, any version for any project by override, any project left out that the user
does not name. Brute force knows neither the resolver nor the search: it goes through every choice of versions and every set of
exclusions, and notes which bounds would have to be broken.

Two limits of the search are kept out of the indexes by design. Pages tell it which versions have a wheel and not which archives
are pure, so a project with a pure archive has one version here. And it looks at a few versions of each project only, so none
has more than three.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from tests.fakes.projects import FakeFile, sdist, wheel
from tests.repairs.questions import CommandLine, Situation
from wheelcheck.model.distribution import Status
from wheelcheck.model.repair import Proposals, Repair
from wheelcheck.model.resolution import Resolution
from wheelcheck.repairs import remedies
from wheelcheck.repairs.context import Limits
from wheelcheck.repairs.edits import Excluded, Overridden, Repinned

NAMES = ("a", "b", "c", "d")
ABSENT = "z"
NAME = NormalizedName("a")
VERSIONS = ("1", "2", "3")
USABLE = ("any", "win", "pure")
Made = tuple[str, tuple[str, ...]]  # what kind of file a version has, and what it requires
Index = Mapping[str, Mapping[str, Made]]
Edits = frozenset[tuple[str, str]]

# What an edit costs where its project is the blocker itself, and at most, where it stands above one.
LEAST = {"pin": 40, "override": 80, "exclude": 200}
MOST = {
    "pin": remedies._COST_OF_PIN_ABOVE,
    "override": remedies._COST_OF_OVERRIDE_ABOVE,
    "exclude": remedies._COST_OF_EXCLUSION_ABOVE,
}

# No clock: a slow machine must not end the search. Every kind of repair is asked for, so that it looks at every set. Few examples
# need more than a hundred trials; the rare one that needs thousands is left out where the search has to be complete.
THOROUGH = Limits(repairs=10, seconds=1.0, trials=1_500, more_trials=1_500, rounds=1_000_000, clock=lambda: 0.0)


def file_of(made: Made) -> FakeFile:
    kind, requires = made
    if kind in ("pure", "native"):
        return sdist(purity=kind, requires=requires)
    tags = {"any": "py3-none-any", "win": "cp311-cp311-win_amd64", "linux": "cp311-cp311-manylinux_2_28_x86_64"}
    return wheel(tags[kind], requires=requires)


def situation(index: Index, roots: Sequence[str]) -> Situation:
    return Situation(
        line=CommandLine(inputs=tuple(roots)),
        index={name: {version: [file_of(made)] for version, made in of.items()} for name, of in index.items()},
        target_is_named=False,
    )


bounds = st.sampled_from(("", "==1", "==2", "==3", "<2", "<3", ">=2", ">=3"))


@st.composite
def projects(draw: st.DrawFn, name: str) -> dict[str, Made]:
    others = st.sampled_from([*(other for other in NAMES if other != name), ABSENT])
    lists = st.lists(st.builds("{}{}".format, others, bounds), max_size=2)
    if draw(st.integers(0, 3)) == 0:
        return {draw(st.sampled_from(VERSIONS)): ("pure", tuple(draw(lists)))}
    kinds = st.sampled_from(("any", "win", "linux", "native", "native"))
    versions = draw(st.sets(st.sampled_from(VERSIONS), min_size=1))
    return {version: (draw(kinds), tuple(draw(lists))) for version in sorted(versions)}


indexes = st.fixed_dictionaries({name: projects(name) for name in NAMES})
questions = st.lists(st.builds("{}{}".format, st.sampled_from(NAMES), bounds), min_size=1, max_size=2)
relaxed = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


# Brute force

parsed = functools.lru_cache(maxsize=None)(Requirement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The projects on which bounds are broken by one choice of versions: the user's, and those of other projects."""

    users: frozenset[str]
    others: frozenset[str]


def broken_by(index: Index, roots: Sequence[str], choice: Mapping[str, str], excluded: frozenset[str]) -> Broken | None:
    """What *choice* breaks with *excluded* left out; ``None`` where it needs something that cannot be installed."""
    users: set[str] = set()
    others: set[str] = set()
    reached: set[str] = set()
    waiting = [("", text) for text in roots]
    for parent, text in waiting:  # grows while it is walked: a queue
        requirement = parsed(text)
        name = requirement.name
        if name in excluded and parent:
            continue
        if name not in choice or index[name][choice[name]][0] not in USABLE:
            return None
        if not requirement.specifier.contains(choice[name]):
            (others if parent else users).add(name)
        if name not in reached:
            reached.add(name)
            waiting.extend((name, each) for each in index[name][choice[name]][1])
    return Broken(users=frozenset(users - others), others=frozenset(others))


def iter_ways(index: Index, roots: Sequence[str]) -> Iterator[Edits]:
    """Every set of edits with which some choice of versions installs; what is needless in one is there without it too."""
    asked = {parsed(text).name for text in roots}
    free = [name for name in (*NAMES, ABSENT) if name not in asked]
    for count in range(len(free) + 1):
        for excluded in map(frozenset, itertools.combinations(free, count)):
            for versions in itertools.product(*index.values()):
                broken = broken_by(index, roots, dict(zip(index, versions, strict=True)), excluded)
                if broken is None:
                    continue
                certain = {("exclude", name) for name in excluded} | {("override", name) for name in broken.others}
                for kinds in itertools.product(("pin", "override"), repeat=len(broken.users)):
                    yield frozenset(certain | set(zip(kinds, sorted(broken.users), strict=True)))


def has_pair(index: Index) -> bool:
    """Whether some project wants exactly one version of another in one of its versions, and a different one in another.

    Half of such a pair is not overridden, which these laws know nothing of.
    """
    wanted: dict[tuple[str, str], set[str]] = {}
    for name, of in index.items():
        for _, requires in of.values():
            for text in requires:
                other, exact, version = text.partition("==")
                if exact:
                    wanted.setdefault((name, other), set()).add(version)
    return any(len(versions) > 1 for versions in wanted.values())


def minimal(ways: set[Edits]) -> set[Edits]:
    return {way for way in ways if not any(other < way for other in ways)}


def cost(way: Edits, table: Mapping[str, int]) -> int:
    return sum(table[kind] for kind, _ in way)


def by_own_pins(ways: set[Edits]) -> set[Edits]:
    """Without those that override where the user's own pin would do: the search proposes the pin there."""
    return {
        way
        for way in ways
        if not any(kind == "override" and (way - {(kind, name)}) | {("pin", name)} in ways for kind, name in way)
    }


# The laws


def edits_of(repair: Repair, proposals: Proposals) -> Edits:
    """The edits of *repair*, without those that leave out what nothing repairs."""
    given_up = {("exclude", str(each.package)) for each in proposals.unrepairable}
    return frozenset((edit.kind.value, str(edit.package)) for edit in repair.edits) - given_up


def without(index: Index, roots: Sequence[str], hopeless: set[str]) -> tuple[Index, list[str]]:
    """The question as it is when nobody asks for what is *hopeless*."""

    def kept(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(text for text in texts if parsed(text).name not in hopeless)

    rest = {
        name: {version: (kind, kept(requires)) for version, (kind, requires) in of.items()}
        for name, of in index.items()
    }
    return rest, list(kept(roots))


def searched(index: Index, roots: Sequence[str]) -> tuple[set[Edits], Proposals]:
    """Every minimal set of edits that brute force finds for a blocked question, and what the search proposes.

    Where there is none, they are those for the rest of the question, without what the search calls hopeless.
    """
    assume(not has_pair(index))
    ways = minimal(set(iter_ways(index, roots)))
    assume(frozenset() not in ways)
    proposals = situation(index, roots).proposals(THOROUGH)
    assume(proposals.tried < THOROUGH.trials)
    hopeless = {str(each.package) for each in proposals.unrepairable}
    if hopeless:
        assert not ways
        ways = minimal(set(iter_ways(*without(index, roots, hopeless)))) - {frozenset()}
    return ways, proposals


@relaxed
@given(indexes, questions)
def test_the_first_repair_is_as_cheap_as_any_that_brute_force_finds(index: Index, roots: list[str]) -> None:
    ways, proposals = searched(index, roots)
    assert proposals.complete, proposals.unreached
    if not ways:
        assert not proposals.repairs
        assert proposals.unrepairable
        return
    assert proposals.repairs, sorted(map(sorted, ways))
    first = proposals.repairs[0]
    pinned = by_own_pins(ways)
    assert min(cost(way, LEAST) for way in pinned) <= first.cost <= min(cost(way, MOST) for way in pinned)
    assert cost(edits_of(first, proposals), LEAST) <= first.cost <= cost(edits_of(first, proposals), MOST)


@relaxed
@given(indexes, questions)
def test_every_repair_is_minimal_and_none_contains_another(index: Index, roots: list[str]) -> None:
    ways, proposals = searched(index, roots)
    shown = [edits_of(repair, proposals) for repair in proposals.repairs]
    assert all(each in ways for each in shown)
    assert len(set(shown)) == len(shown)


@relaxed
@given(indexes, questions)
def test_every_repair_resolves_by_its_command_alone(index: Index, roots: list[str]) -> None:
    asked = situation(index, roots)
    for repair in asked.proposals(THOROUGH).repairs:
        outcome = asked.answer_with(repair.options)
        assert isinstance(outcome, Resolution)
        chosen = {str(name): str(pin.version) for name, pin in outcome.pins.items()}
        kinds = {index[name][version][0] for name, version in chosen.items()}
        assert kinds <= set(USABLE)
        assert len(chosen) == repair.verified.packages
        assert repair.verified.status is (Status.NEEDS_BUILD if "pure" in kinds else Status.INSTALLABLE)


def test_brute_force_and_the_search_have_one_table_of_costs() -> None:
    defaults = {
        "pin": Repinned(name=NAME, candidates=()).cost,
        "override": Overridden(name=NAME, candidates=()).cost,
        "exclude": Excluded(name=NAME).cost,
    }
    assert defaults == LEAST
    assert all(LEAST[kind] <= MOST[kind] for kind in LEAST)
