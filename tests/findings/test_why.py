"""Why a project is there, or is not, over real outcomes of small indexes."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.resolver.test_passes import PURE, answer, asked
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.why import WAYS_FOUND, UserRequirements, explain
from wheelcheck.model.answers import Outcome, Standing, Why
from wheelcheck.model.distribution import Installability
from wheelcheck.model.requirement import Constraint
from wheelcheck.model.resolution import Policy
from wheelcheck.resolver.question import Budget
from wheelcheck.targets.project_view import purity_from_siblings

LINUX = "cp311-cp311-manylinux_2_17_x86_64"
WINDOWS = "cp311-cp311-win_amd64"


def why(
    projects: FakeProjects,
    package: str,
    *requirements: str,
    constraints: Sequence[str] = (),
    excludes: Sequence[str] = (),
    overrides: Sequence[str] = (),
    allowed: frozenset[Installability] = PURE,
    exclude_newer: str | None = None,
    platform: str = "win_amd64",
    python: str = "3.11",
    budget: Budget | None = None,
) -> Why:
    outcome = answer(
        projects,
        *requirements,
        constraints=constraints,
        excludes=excludes,
        overrides=overrides,
        allowed=allowed,
        exclude_newer=exclude_newer,
        platform=platform,
        python=python,
        budget=budget,
    )
    policy = Policy(
        allowed=allowed,
        exclude_newer=exclude_newer,
        excludes=frozenset(map(canonicalize_name, excludes)),
        overrides=tuple(map(asked, overrides)),
    )
    bounds = tuple(Constraint.from_requirement(asked(text)) for text in constraints)
    return explain(
        Diagnosis(outcome, projects, policy, constraints=bounds),
        canonicalize_name(package),
        UserRequirements(requirements=tuple(map(asked, requirements)), constraints=bounds),
        projects,
        lambda files: (told := purity_from_siblings(files)) and told[0],
    )


def lines(found: Why) -> list[tuple[str, str, int, Standing]]:
    return [(str(each.oldest), str(each.newest), each.versions, each.standing) for each in found.ranges]


def ways(found: Why) -> list[list[str]]:
    return [[f"{step.by}: {step.requirement} = {step.version}" for step in way] for way in found.ways]


AV = FakeProjects(
    {
        "audio": {"1.3": [wheel(requires=["av==11.0"])]},
        "av": {
            "9.0": [wheel("cp310-cp310-win_amd64"), wheel(LINUX), sdist(purity="native")],
            "10.0": [wheel(LINUX), sdist(purity="native")],
            "11.0": [wheel(LINUX), sdist(purity="native")],
            "12.0": [wheel(WINDOWS)],
            "13.0": [wheel(WINDOWS)],
            "19.0": [wheel("cp312-abi3-win_amd64"), sdist(purity="native", requires_python=">=3.12")],
        },
    }
)


def test_blocked_outcome_shows_the_way_the_bound_and_every_other_version() -> None:
    found = why(AV, "av", "audio==1.3")
    assert found.outcome is Outcome.BLOCKED
    assert found.is_found
    assert ways(found) == [["you: audio==1.3 = 1.3", "audio 1.3: av==11.0 = 11.0"]]
    assert lines(found) == [
        ("19.0", "19.0", 1, Standing.NO_FILE),
        ("12.0", "13.0", 2, Standing.OUTSIDE),
        ("11.0", "11.0", 1, Standing.CHOSEN),
        ("9.0", "10.0", 2, Standing.SOURCE_ONLY),
    ]
    assert [each.because for each in found.ranges] == [
        "requires Python >=3.12",
        "outside ==11.0 (audio 1.3)",
        "chosen: a source archive that needs a compiler",
        "wheels for cp310–cp311 on manylinux and win_amd64 only (platform tag); the source archive needs a compiler",  # noqa: RUF001
    ]


def test_two_thousand_versions_are_a_few_lines() -> None:
    releases = {f"1.{minor}.{patch}": [wheel()] for minor in range(40) for patch in range(50)}
    found = why(FakeProjects({"boto": releases}), "boto", "boto!=1.7.3,!=1.9.1,<1.30")
    assert found.versions == 2000
    assert len(found.ranges) <= 6
    assert sum(each.versions for each in found.ranges) == 2000
    assert any(each.scattered for each in found.ranges)


def test_withdrawn_and_pre_releases_do_not_cut_the_other_ranges() -> None:
    releases = {f"1.{minor}": [wheel(yanked="bad" if minor == 3 else None)] for minor in range(9)}
    found = why(FakeProjects({"a": {**releases, "1.6b1": [wheel()], "2.0rc1": [wheel()]}}), "a", "a")
    assert set(lines(found)) == {
        ("1.8", "1.8", 1, Standing.CHOSEN),
        ("1.0", "1.7", 7, Standing.OLDER),
        ("1.3", "1.3", 1, Standing.YANKED),
        ("1.6b1", "2.0rc1", 2, Standing.PRE_RELEASE),
    }


def test_newer_version_that_asks_for_what_others_forbid_says_so() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["c<2"])], "2": [wheel(requires=["c>=2"])]},
            "b": {"1": [wheel(requires=["c<2"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
        }
    )
    found = why(projects, "a", "a", "b")
    assert found.ranges[0].standing is Standing.NOT_COMBINED
    assert found.ranges[0].because == "asks for c>=2, and c 1 is chosen"


def test_versions_after_the_day_are_told_as_such() -> None:
    old, new = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"
    projects = FakeProjects({"a": {"1": [wheel(upload_time=old)], "2": [wheel(upload_time=new)]}})
    found = why(projects, "a", "a", exclude_newer="2026-03-01T00:00:00Z")
    assert lines(found)[0] == ("2", "2", 1, Standing.NEVER_MET)
    assert "--exclude-newer" in found.ranges[0].because


def test_every_simple_path_is_found_shortest_first() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["b", "d>=1", "a"])]},
            "b": {"1": [wheel(requires=["c", "d", "a"])]},
            "c": {"1": [wheel(requires=["d"])]},
            "d": {"1": [wheel()]},
        }
    )
    found = why(projects, "d", "a", "d<2")
    assert [[step.name for step in way] for way in found.ways] == [
        ["d"],
        ["a", "d"],
        ["a", "b", "d"],
        ["a", "b", "c", "d"],
    ]
    assert [bound.requirement for bound in found.bounds] == ["d<2", "d>=1", "d", "d"]


def test_ways_without_number_are_cut_and_that_is_said() -> None:
    layers = {
        f"l{row}{column}": {"1": [wheel(requires=[f"l{row + 1}{each}" for each in range(3)] if row < 4 else ["end"])]}
        for row in range(5)
        for column in range(3)
    }
    found = why(FakeProjects({**layers, "end": {"1": [wheel()]}}), "end", "l00")
    assert len(found.ways) == WAYS_FOUND
    assert found.more_ways


def test_constraint_is_a_bound_with_its_origin() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2": [wheel()]}})
    found = why(projects, "a", "a", constraints=["a<2"])
    assert [(bound.requirement, bound.is_constraint) for bound in found.bounds] == [("a", False), ("a<2", True)]
    assert found.ranges[0].because == "outside <2 (you)"


def test_marker_that_does_not_hold_keeps_a_project_out() -> None:
    projects = FakeProjects(
        {"click": {"8": [wheel(requires=["colorama; platform_system == 'Windows'"])]}, "colorama": {"1": [wheel()]}}
    )
    found = why(projects, "colorama", "click", platform="manylinux_2_28_x86_64")
    assert not found.is_found
    (mention,) = found.mentions
    assert mention.by == "click 8"
    assert mention.because.startswith('the marker platform_system == "Windows" does not hold on manylinux_2_28_x86_64')
    assert why(projects, "colorama", "click").is_found


def test_users_own_marker_keeps_a_project_out() -> None:
    found = why(FakeProjects({"a": {"1": [wheel()]}}), "a", "a; sys_platform == 'linux'")
    assert [mention.by for mention in found.mentions] == ["you"]


def test_extra_that_nobody_asks_for_keeps_a_project_out() -> None:
    releases = {"2": [wheel(requires=["pysocks>=1; extra == 'socks'"], extras=["socks"])]}
    projects = FakeProjects({"requests": releases, "pysocks": {"1": [wheel()]}})
    (mention,) = why(projects, "pysocks", "requests").mentions
    assert mention.because == "only with the extra socks, which is not asked for"
    assert ways(why(projects, "pysocks", "requests[socks]")) == [
        ["you: requests[socks] = 2", "requests 2: pysocks>=1; extra == 'socks' = 1"]
    ]


def test_excluded_project_is_told_from_one_that_nobody_mentions() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=["b"])]}, "b": {"1": [wheel()]}})
    (mention,) = why(projects, "b", "a", excludes=["b"]).mentions
    assert mention.because == "left out by --exclude"
    assert why(projects, "zope", "a").mentions == ()


def test_near_names_are_offered_and_no_page_of_the_unknown_is_asked_for() -> None:
    projects = FakeProjects({"pyyaml": {"6": [wheel()]}, "other": {"1": [wheel()]}})
    found = why(projects, "yaml", "pyyaml", "other")
    assert found.near == ("pyyaml",)
    assert ("page", "yaml") not in projects.calls


def test_clash_shows_the_ways_that_clash_and_no_choice() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["c<2"])]},
            "b": {"1": [wheel(requires=["c>=2"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
        }
    )
    found = why(projects, "c", "a", "b")
    assert found.outcome is Outcome.CLASH
    assert found.version is None
    assert [(step[-1].by, step[-1].requirement) for step in found.ways] == [("a 1", "c<2"), ("b 1", "c>=2")]
    assert [each.because for each in found.ranges] == ["outside <2 (a 1)", "outside >=2 (b 1)"]
    elsewhere = why(projects, "a", "a", "b")
    assert elsewhere.outcome is Outcome.CLASH_ELSEWHERE
    assert elsewhere.clashing == ("c",)


def test_project_without_a_usable_version_is_in_the_way_itself_whatever_clashes_elsewhere() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["c<2"])]},
            "b": {"1": [wheel(requires=["c>=2"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
            "lib": {"1": [wheel(LINUX)]},
        }
    )
    found = why(projects, "lib", "a", "b", "lib")
    assert (found.outcome, found.clashing) == (Outcome.CLASH, ("c",))
    assert [each.standing for each in found.ranges] == [Standing.NO_FILE]


def test_undecided_outcome_says_what_it_knew() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=["b"])]}, "b": {"1": [wheel()]}})
    found = why(projects, "b", "a", budget=Budget(seconds=-1.0, clock=lambda: 0.0))
    assert found.outcome is Outcome.UNDECIDED


def test_override_is_shown_with_what_it_replaces() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=["b<2"])]}, "b": {"1": [wheel()], "2": [wheel()]}})
    found = why(projects, "b", "a", overrides=["b==2"])
    assert ways(found)[0][-1] == "a 1: b==2 (override of b<2) = 2"


def test_project_that_no_index_has_is_asked_for_all_the_same() -> None:
    found = why(FakeProjects({"a": {"1": [wheel(requires=["gone"])]}}), "gone", "a")
    assert found.is_found
    assert found.version is None
    assert found.ranges == ()


def test_source_archives_that_were_passed_over_are_not_read() -> None:
    releases = {f"{number}.0": [sdist(purity="pure")] for number in range(1, 9)}
    projects = FakeProjects({"doc": releases})
    found = why(projects, "doc", "doc<6")
    assert projects.count_fetched("source") == 1
    assert [each.because for each in found.ranges] == [
        "only source archives, not read; outside <6 (you)",
        "chosen: a source archive, pure Python",
        "older than the one chosen",
    ]
