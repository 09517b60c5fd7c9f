"""Laws of what is called a blocker, on small random indexes, against brute force that knows neither passes nor conflicts.

A set of projects serves if the question resolves with any file of theirs allowed. Brute force tries every choice of versions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from tests.fakes.projects import FakeFile, FakeProjects, sdist, wheel
from tests.resolver.test_passes import WHEELS, answer
from wheelcheck.model.resolution import Conflict, Policy, Resolution
from wheelcheck.targets.targets import parse_target

Index = Mapping[str, Mapping[str, FakeFile]]
FIRST, SECOND = ("a", "b", "c", "d"), ("p", "q", "r")
ABSENT = "z"
VERSIONS = ("1", "2", "3")
POLICY = Policy(allowed=WHEELS)
TARGET = parse_target("win_amd64", "3.11")
relaxed = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])

bounds = st.sampled_from(("", "", "==1", "==2", "<2", "<3", ">=2", ">=3"))


def files(names: Sequence[str]) -> st.SearchStrategy[FakeFile]:
    lists = st.lists(st.builds("{}{}".format, st.sampled_from((*names, ABSENT)), bounds), max_size=2)
    kinds = st.sampled_from(("any", "any", "linux", "pure", "native"))
    return st.builds(file_of, kinds, lists)


def file_of(kind: str, requires: Sequence[str]) -> FakeFile:
    if kind in ("pure", "native"):
        return sdist(purity=kind, requires=requires)
    return wheel("py3-none-any" if kind == "any" else "cp311-cp311-manylinux_2_28_x86_64", requires=requires)


def indexes(names: Sequence[str]) -> st.SearchStrategy[Index]:
    return st.fixed_dictionaries(
        {name: st.dictionaries(st.sampled_from(VERSIONS), files(names), min_size=1) for name in names}
    )


def questions(names: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.builds("{}{}".format, st.sampled_from(names), bounds), min_size=1, max_size=3)


def needs_of(index: Index, roots: Sequence[str]) -> set[frozenset[str]]:
    """For each choice of versions that satisfies everything, the projects that no wheel of the target serves."""
    return {needed for choice in _iter_choices(index) if (needed := _needed(index, choice, roots)) is not None}


def _iter_choices(index: Index) -> Iterator[dict[str, str]]:
    for versions in itertools.product(*index.values()):
        yield dict(zip(index, versions, strict=True))


def _needed(index: Index, choice: Mapping[str, str], roots: Sequence[str]) -> frozenset[str] | None:
    reached: dict[str, None] = {}
    waiting = list(roots)
    for text in waiting:  # grows while it is walked: a queue
        requirement = Requirement(text)
        name = requirement.name
        if name != ABSENT and not requirement.specifier.contains(choice[name]):
            return None
        if name not in reached:
            reached[name] = None
            waiting.extend(() if name == ABSENT else index[name][choice[name]].requires)
    return frozenset(
        name for name in reached if name == ABSENT or not index[name][choice[name]].suffix.endswith("-any.whl")
    )


def blockers(outcome: Conflict) -> frozenset[str]:
    """The projects that a blocked answer lists: those that no index has, or whose file is none that may be installed."""
    assert outcome.natural is not None
    pins = outcome.natural.pins.values()
    refused = {pin.name for pin in pins if not POLICY.allows(pin.name, pin.version, pin.installability)}
    return frozenset(refused | set(outcome.natural.absent))


def asked(index: Index, roots: Sequence[str]) -> Resolution | Conflict:
    projects = {name: {version: [file] for version, file in of.items()} for name, of in index.items()}
    return answer(FakeProjects(projects), *roots, allowed=WHEELS)


def blocked(index: Index, roots: Sequence[str]) -> Conflict:
    outcome = asked(index, roots)
    assume(isinstance(outcome, Conflict) and outcome.natural is not None)
    assert isinstance(outcome, Conflict)
    return outcome


@relaxed
@given(indexes(FIRST), questions(FIRST))
def test_blockers_are_a_smallest_set_of_projects_whose_files_must_be_allowed(index: Index, roots: list[str]) -> None:
    outcome = blocked(index, roots)
    needs = needs_of(index, roots)
    assert not outcome.unnarrowed
    assert blockers(outcome) in needs
    assert len(blockers(outcome)) == min(map(len, needs))


@relaxed
@given(indexes(FIRST), questions(FIRST))
def test_all_but_the_blockers_is_as_it_would_be_installed(index: Index, roots: list[str]) -> None:
    outcome = blocked(index, roots)
    assert outcome.natural is not None
    chosen = {str(name): str(pin.version) for name, pin in outcome.natural.pins.items()}
    assert _needed(index, {**dict.fromkeys(index, "none"), **chosen}, roots) == blockers(outcome)


@relaxed
@given(indexes(FIRST), questions(FIRST), indexes(SECOND), questions(SECOND))
def test_blockers_of_one_part_do_not_depend_on_another_that_has_nothing_to_do_with_it(
    index: Index, roots: list[str], other: Index, others: list[str]
) -> None:
    assume(not any(ABSENT in "".join(file.requires) for of in other.values() for file in of.values()))
    alone = blocked(index, roots)
    apart = asked(other, others)
    assume(isinstance(apart, Resolution) or apart.natural is not None)
    together = blocked({**index, **other}, [*roots, *others])
    assert blockers(together) == blockers(alone) | (blockers(apart) if isinstance(apart, Conflict) else frozenset())
