"""Versions by targets: what each cell says, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.resolver.test_passes import asked
from wheelcheck.findings.versions import Judging, table
from wheelcheck.model.answers import CellKind, Wheels
from wheelcheck.model.distribution import Installability
from wheelcheck.model.resolution import Policy
from wheelcheck.targets.project_view import purity_from_siblings
from wheelcheck.targets.targets import PLATFORMS, expanded, maintained_pythons, parse_target

WINDOWS, LINUX = ("win_amd64", "3.11"), ("manylinux_2_28_x86_64", "3.11")


def wheels(
    projects: FakeProjects,
    requirement: str,
    *targets: tuple[str, str],
    most: int = 10,
    pre: bool = False,
    exclude_newer: str | None = None,
) -> Wheels:
    wanted = asked(requirement)
    judging = Judging(
        policy=Policy(allowed=frozenset(Installability), pre=pre, exclude_newer=exclude_newer),
        told=lambda files: (told := purity_from_siblings(files)) and told[0],
        read=lambda archive: projects.source(archive).purity.installability,
    )
    chosen = tuple(parse_target(*words) for words in targets or (WINDOWS, LINUX))
    return table(projects.page(canonicalize_name(wanted.name)), wanted, chosen, judging, most=most)


def kinds(found: Wheels) -> dict[str, list[CellKind]]:
    return {str(row.version): [cell.kind for cell in row.cells] for row in found.rows}


def test_each_kind_of_cell() -> None:
    projects = FakeProjects(
        {
            "a": {
                "1": [sdist(purity="pure")],
                "2": [sdist(purity="native")],
                "3": [sdist(purity="unknown")],
                "4": [wheel("cp311-cp311-win_amd64")],
                "5": [wheel("cp39-abi3-win_amd64"), sdist(purity="native")],
                "6": [wheel()],
                "7": [wheel(yanked="broken")],
                "8": [wheel("cp312-cp312-win_amd64"), sdist(requires_python=">=3.12")],
            }
        }
    )
    assert kinds(wheels(projects, "a")) == {
        "8": [CellKind.REQUIRES_PYTHON, CellKind.REQUIRES_PYTHON],
        "7": [CellKind.YANKED, CellKind.YANKED],
        "6": [CellKind.PURE, CellKind.PURE],
        "5": [CellKind.ABI3, CellKind.SDIST_NATIVE],
        "4": [CellKind.WHEEL, CellKind.NOTHING],
        "3": [CellKind.SDIST_UNKNOWN, CellKind.SDIST_UNKNOWN],
        "2": [CellKind.SDIST_NATIVE, CellKind.SDIST_NATIVE],
        "1": [CellKind.SDIST_PURE, CellKind.SDIST_PURE],
    }
    assert projects.count("page") == 1
    assert projects.count("source") == 3  # each of the three once, for both targets


def test_wheel_for_newer_systems_of_the_kind_is_told() -> None:
    files = [wheel("cp311-cp311-macosx_14_0_arm64"), wheel("cp311-cp311-macosx_15_0_arm64"), sdist(purity="native")]
    (row,) = wheels(FakeProjects({"a": {"1": files}}), "a", ("macos", "3.11"), WINDOWS).rows
    assert [(cell.kind, cell.fact) for cell in row.cells] == [
        (CellKind.SDIST_NATIVE, "macosx_14_0_arm64"),
        (CellKind.SDIST_NATIVE, ""),
    ]


def test_only_versions_that_are_shown_are_read() -> None:
    projects = FakeProjects({"a": {f"{number}": [sdist(purity="pure")] for number in range(30)}})
    found = wheels(projects, "a<20", most=4)
    assert list(kinds(found)) == ["19", "18", "17", "16"]
    assert (found.admitted, found.hidden, found.versions) == (20, 16, 30)
    assert projects.count("source") == 4


def test_pre_releases_come_when_asked_for_or_when_there_is_nothing_else() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2rc1": [wheel()]}, "b": {"1a1": [wheel()]}})
    assert list(kinds(wheels(projects, "a"))) == ["1"]
    assert list(kinds(wheels(projects, "a", pre=True))) == ["2rc1", "1"]
    assert list(kinds(wheels(projects, "a>=2rc1"))) == ["2rc1"]
    assert list(kinds(wheels(projects, "b"))) == ["1a1"]


def test_versions_after_the_day_are_not_there() -> None:
    projects = FakeProjects({"a": {"1": [wheel(upload_time="2026-01-01T00:00:00Z")], "2": [wheel(upload_time=None)]}})
    assert list(kinds(wheels(projects, "a", exclude_newer="2026-02-01T00:00:00Z"))) == ["1"]


def test_unknown_project_and_empty_range_have_no_rows() -> None:
    projects = FakeProjects({"a": {"1": [wheel()]}})
    assert wheels(projects, "gone").versions == 0
    assert wheels(projects, "a>5").rows == ()


def test_all_stands_for_targets_that_can_all_be_made() -> None:
    words: Sequence[str] = expanded(["win_amd64", "ALL"], PLATFORMS)
    assert sorted(words) == sorted(PLATFORMS)
    assert words[0] == "win_amd64"
    for platform in PLATFORMS:
        for python in maintained_pythons("2026-11-28"):
            target = parse_target(platform, python)
            assert (target.platform, target.python) == (platform, python)


def test_platforms_of_all_are_those_of_the_bare_words() -> None:
    for word in ("windows", "windows-arm64", "macos", "macos-x86_64", "linux", "linux-arm64", "alpine", "alpine-arm64"):
        assert parse_target(word, "3.11").platform in PLATFORMS
