"""A resolution that is taken over for another target is the one that resolving anew gives."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.projects import FakeFile, FakeProjects, sdist, wheel
from wheelcheck.model.distribution import Installability
from wheelcheck.model.requirement import CommandLineOrigin, Requirement
from wheelcheck.model.resolution import Conflict, Policy, Resolution
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.resolver.resolution_cache import ResolutionCache, read_ahead
from wheelcheck.targets.targets import parse_target

TARGETS = tuple(
    parse_target(platform, python)
    for platform in ("win_amd64", "manylinux_2_28_x86_64", "macosx_13_0_arm64")
    for python in ("3.11", "3.12", "3.13")
)
NAMES = ("a", "b", "c", "d")
VERSIONS = ("1.0", "2.0", "2.1rc1", "3.0")
MARKERS = (
    "",
    "",
    '; sys_platform == "win32"',
    '; python_version < "3.12"',
    '; platform_machine == "arm64"',
    '; platform_release == "5"',
)
KINDS = (
    (),
    ("py3-none-any",),
    ("py3-none-any",),
    ("cp311-abi3-win_amd64", "cp311-abi3-manylinux_2_28_x86_64"),
    ("cp311-cp311-win_amd64", "cp312-cp312-win_amd64", "cp311-cp311-macosx_11_0_arm64"),
    ("cp313-cp313-manylinux_2_17_x86_64", "cp312-cp312-macosx_11_0_arm64"),
)
bounds = st.builds("{}{}".format, st.sampled_from((">=", "<", "==", "!=")), st.sampled_from(("1.0", "2.0", "3.0")))
asks = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(NAMES),
    st.sampled_from(("", "[x]")),
    bounds | st.just(""),
    st.sampled_from(MARKERS),
)
extra_asks = st.builds('{}{}; extra == "x"'.format, st.sampled_from(NAMES), bounds)
pythons = st.sampled_from((None, None, ">=3.11", ">=3.12", "<3.13"))


@st.composite
def files(draw: st.DrawFn) -> list[FakeFile]:
    found = [
        wheel(
            tags,
            # Wheels of one version may differ.
            requires=draw(st.lists(asks, max_size=2)) + draw(st.lists(extra_asks, max_size=1)),
            requires_python=draw(pythons),
            yanked=draw(st.sampled_from((None, None, None, "broken"))),
            extras=["x"],
        )
        for tags in draw(st.sampled_from(KINDS))
    ]
    if not found or draw(st.booleans()):
        kind = draw(st.sampled_from(("pure", "native", "unknown")))
        found.append(sdist(purity=kind, requires=draw(st.lists(asks, max_size=2)), extras=["x"]))
    return found


indexes = st.fixed_dictionaries(
    {name: st.dictionaries(st.sampled_from(VERSIONS), files(), min_size=1) for name in NAMES[:3]}
)
POLICIES = (
    Policy(allowed=frozenset({Installability.WHEEL})),
    Policy(allowed=frozenset({Installability.WHEEL, Installability.SDIST_PURE})),
)


def question(target_number: int, roots: list[str], policy: Policy) -> Question:
    return Question(
        requirements=tuple(Requirement.parse(text, CommandLineOrigin(text=text)) for text in roots),
        target=TARGETS[target_number],
        policy=policy,
    )


def told(outcome: Resolution | Conflict) -> object:
    """All that an outcome says."""
    match outcome:
        case Resolution():
            return outcome
        case Conflict():
            return (
                outcome.target,
                outcome.clashes,
                outcome.natural,
                outcome.partial,
                outcome.unsupported,
                outcome.rounds,
            )


@settings(max_examples=200)
@given(indexes, st.lists(asks, min_size=1, max_size=3), st.sampled_from(POLICIES), st.permutations(range(len(TARGETS))))
def test_outcome_taken_over_is_that_of_resolving_anew(
    index: dict[str, dict[str, list[FakeFile]]], roots: list[str], policy: Policy, order: list[int]
) -> None:
    projects = FakeProjects(index)
    cache = ResolutionCache(projects)
    for number in order:
        asked = question(number, roots, policy)
        assert told(cache.resolve(asked)) == told(resolve(asked, projects))
    assert cache.searches + cache.hits == len(TARGETS)


def test_targets_that_the_data_cannot_tell_apart_are_resolved_once() -> None:
    projects = FakeProjects(
        {"a": {"1.0": [wheel(requires=["b"])]}, "b": {"1.0": [wheel()], "0.9": [sdist(purity="native")]}}
    )
    cache = ResolutionCache(projects)
    for number in range(len(TARGETS)):
        outcome = cache.resolve(question(number, ["a"], POLICIES[0]))
        assert outcome.target == TARGETS[number]
    assert (cache.searches, cache.hits) == (1, len(TARGETS) - 1)


def test_each_target_gets_its_own_file() -> None:
    tags = ("cp311-cp311-win_amd64", "cp312-cp312-win_amd64")
    cache = ResolutionCache(FakeProjects({"a": {"1.0": [wheel(each) for each in tags]}}))
    outcomes = [cache.resolve(question(number, ["a"], POLICIES[0])) for number in (0, 1)]
    assert cache.hits == 1
    files = [
        pin.distribution.filename
        for outcome in outcomes
        if isinstance(outcome, Resolution)
        for pin in outcome.pins.values()
        if pin.distribution is not None
    ]
    assert files == [f"a-1.0-{each}.whl" for each in tags]


@pytest.mark.parametrize(
    "ask", ['b; sys_platform == "win32"', 'b; python_version < "3.12"'], ids=["platform", "python"]
)
def test_targets_that_a_marker_tells_apart_are_resolved_each(ask: str) -> None:
    projects = FakeProjects({"a": {"1.0": [wheel(requires=[ask])]}, "b": {"1.0": [wheel()]}})
    cache = ResolutionCache(projects)
    for number in (0, 4):
        cache.resolve(question(number, ["a"], POLICIES[0]))
    assert (cache.searches, cache.hits) == (2, 0)


def test_wheels_of_one_version_that_state_different_needs_are_told_apart() -> None:
    files = [wheel("cp311-cp311-win_amd64", requires=["b"]), wheel("cp312-cp312-win_amd64")]
    cache = ResolutionCache(FakeProjects({"a": {"1.0": files}, "b": {"1.0": [wheel()]}}))
    outcomes = [cache.resolve(question(number, ["a"], POLICIES[0])) for number in (0, 1)]
    assert cache.hits == 0
    assert [len(outcome.pins) for outcome in outcomes if isinstance(outcome, Resolution)] == [2, 1]


def test_another_question_is_never_answered_by_an_old_trace() -> None:
    cache = ResolutionCache(FakeProjects({"a": {"1.0": [wheel()]}, "b": {"1.0": [wheel()]}}))
    cache.resolve(question(0, ["a"], POLICIES[0]))
    outcome = cache.resolve(question(1, ["b"], POLICIES[0]))
    assert list(outcome.pins) == ["b"] if isinstance(outcome, Resolution) else False


def test_metadata_for_further_targets_is_asked_for_together_and_before_them() -> None:
    tags = ("cp311-cp311-win_amd64", "cp312-cp312-win_amd64", "cp313-cp313-win_amd64")
    projects = FakeProjects({"a": {"1.0": [wheel(each) for each in tags]}, "b": {"1.0": [wheel()]}})
    questions = [question(number, ["a", "b"], POLICIES[0]) for number in range(3)]
    outcome = ResolutionCache(projects).resolve(questions[0])
    before = Counter(projects.calls)
    read_ahead(outcome, questions[1:], projects)
    # The pure wheel of b is the same for all.
    begun = {file: count for (kind, file), count in (projects.calls - before).items() if kind == "prefetch_metadata"}
    assert begun == {f"a-1.0-{tag}.whl": 1 for tag in tags[1:]}
