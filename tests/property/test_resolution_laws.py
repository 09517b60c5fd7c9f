"""Laws of resolutions on small random indexes, checked by `packaging` alone and not by the resolver's own code."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement as PackagingRequirement

from tests.fakes.projects import FakeFile, FakeProjects, sdist, wheel
from tests.resolver.test_passes import PURE, answer
from wheelcheck.model.resolution import Conflict, Resolution

NAMES = ("a", "b", "c", "d", "e")
VERSIONS = ("1.0", "1.1", "2.0", "2.1rc1", "3.0")
MARKERS = ("", '; sys_platform == "win32"', '; sys_platform == "linux"', '; python_version < "3.12"')
ENVIRONMENT = {
    "os_name": "nt",
    "sys_platform": "win32",
    "platform_machine": "AMD64",
    "platform_system": "Windows",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "implementation_version": "3.11.0",
    "python_version": "3.11",
    "python_full_version": "3.11.0",
    "platform_release": "",
    "platform_version": "",
}

bounds = st.builds(
    "{}{}".format, st.sampled_from((">=", "<", "==", "!=", "~=")), st.sampled_from(("1.0", "1.1", "2.0", "3.0"))
) | st.just("")
requirements = st.builds(
    "{}{}{}{}".format, st.sampled_from(NAMES), st.sampled_from(("", "[x]")), bounds, st.sampled_from(MARKERS)
)
extra_requirements = st.builds('{}{}; extra == "x"'.format, st.sampled_from(NAMES), bounds)


@st.composite
def files(draw: st.DrawFn) -> list[FakeFile]:
    requires = draw(st.lists(requirements, max_size=2)) + draw(st.lists(extra_requirements, max_size=1))
    kind = draw(st.sampled_from(("any", "any", "any", "win", "linux", "pure", "native")))
    if kind in ("pure", "native"):
        return [sdist(purity=kind, requires=requires, extras=["x"])]
    tags = {"any": "py3-none-any", "win": "cp311-abi3-win_amd64", "linux": "cp311-abi3-manylinux_2_28_x86_64"}[kind]
    return [wheel(tags, requires=requires, extras=["x"])]


indexes = st.fixed_dictionaries(
    {name: st.dictionaries(st.sampled_from(VERSIONS), files(), min_size=1) for name in NAMES}
)
roots = st.lists(requirements, min_size=1, max_size=3)
relaxed = settings(max_examples=150)


def unmet(resolution: Resolution, root: list[str]) -> list[str]:
    """Every requirement that holds on Windows and is not satisfied by the pins, according to `packaging`."""
    chosen = {str(name): pin for name, pin in resolution.pins.items()}
    problems: list[str] = []
    asked = [("", text, "") for text in root]
    for name, pin in chosen.items():
        for extra in ("", *sorted(pin.extras)):
            asked.extend((name, text, extra) for text in pin.metadata.requires)
    for parent, text, extra in asked:
        requirement = PackagingRequirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({**ENVIRONMENT, "extra": extra}):
            continue
        pin_of = chosen.get(requirement.name)
        if pin_of is None or not requirement.specifier.contains(pin_of.version, prereleases=True):
            problems.append(f"{parent} asks {text}, chosen {pin_of and pin_of.version}")
        elif requirement.extras - pin_of.extras:
            problems.append(f"{parent} asks {text}, extras chosen {sorted(pin_of.extras)}")
    return problems


@relaxed
@given(indexes, roots)
def test_packages_satisfy_every_requirement_under_the_targets_markers(
    index: dict[str, dict[str, list[FakeFile]]], root: list[str]
) -> None:
    outcome = answer(FakeProjects(index), *root)
    if isinstance(outcome, Resolution):
        assert not unmet(outcome, root)
        assert all(pin.installability in PURE for pin in outcome.pins.values())


@relaxed
@given(indexes, roots)
def test_every_pin_is_reached_from_the_users_requirements(
    index: dict[str, dict[str, list[FakeFile]]], root: list[str]
) -> None:
    outcome = answer(FakeProjects(index), *root)
    if isinstance(outcome, Resolution):
        reached: set[str | None] = {None}
        while grown := {edge.child for edge in outcome.edges if edge.parent in reached} - reached:
            reached |= grown
        assert reached - {None} == set(outcome.pins)


@relaxed
@given(indexes, roots)
def test_the_same_question_has_the_same_answer(index: dict[str, dict[str, list[FakeFile]]], root: list[str]) -> None:
    first, second = answer(FakeProjects(index), *root), answer(FakeProjects(index), *root)
    assert type(first) is type(second)
    if isinstance(first, Resolution) and isinstance(second, Resolution):
        assert (first.pins, first.edges, first.older) == (second.pins, second.edges, second.older)


small_indexes = st.fixed_dictionaries(
    {
        name: st.dictionaries(st.sampled_from(("1.0", "2.0", "3.0")), files(), min_size=1, max_size=3)
        for name in NAMES[:4]
    }
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(small_indexes, roots)
def test_blocked_means_that_no_choice_at_all_would_do(
    index: dict[str, dict[str, list[FakeFile]]], root: list[str]
) -> None:
    outcome = answer(FakeProjects(index), *root)
    if isinstance(outcome, Conflict):
        assert not any(
            _does(index, dict(zip(index, choice, strict=True)), root) for choice in itertools.product(*index.values())
        )


def _does(index: dict[str, dict[str, list[FakeFile]]], choice: dict[str, str], root: list[str]) -> bool:
    """Whether this one version of each project satisfies everything asked, by brute force."""
    waiting = [(text, "") for text in root]
    seen: set[tuple[str, str]] = set()
    while waiting:
        text, extra = waiting.pop()
        requirement = PackagingRequirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({**ENVIRONMENT, "extra": extra}):
            continue
        version = choice.get(requirement.name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            return False
        file = index[requirement.name][version][0]
        if "manylinux" in file.suffix or file.purity.value == "native":
            return False
        for key in ((requirement.name, each) for each in ("", *requirement.extras)):
            if key not in seen:
                seen.add(key)
                waiting.extend((line, key[1]) for line in file.requires)
    return True
