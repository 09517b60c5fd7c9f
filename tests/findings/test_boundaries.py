"""What findings say where a list is just short enough, a bound is just met, or the first of several says nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.findings.test_findings import findings, only
from tests.findings.test_markers import messages
from tests.findings.test_why import why
from tests.resolver.test_passes import PURE, PythonInMetadataOnly, answer, asked
from wheelcheck.findings.asked import find_conda_packages, find_local_folders, find_missing_hashes, find_unsupported
from wheelcheck.findings.chosen import _named as projects_named
from wheelcheck.findings.chosen import find_refused_archives, near_projects, slips
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.installing import _joined as words_joined
from wheelcheck.findings.installing import nearer_of, nearest_with_wheel
from wheelcheck.findings.rules import RULES
from wheelcheck.findings.versions import _joined
from wheelcheck.findings.why import near_names
from wheelcheck.model.answers import Standing
from wheelcheck.model.distribution import Installability
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.requirement import CommandLineOrigin, HashPin, UnsupportedRequirement
from wheelcheck.model.resolution import Policy, Resolution


@pytest.mark.parametrize(
    ("local", "said"), [("editable", "editable: it works on this machine alone"), ("folder", "on this machine")]
)
def test_local_folder_is_said_to_be_editable_only_where_it_is(local: str, said: str) -> None:
    url = "file:///home/me/a"
    projects = FakeProjects({}, links={url: ("a-1-py3-none-any.whl", wheel())})
    requirement = replace(asked(f"a @ {url}"), local=local)
    outcome = answer(projects, f"a @ {url}")
    assert isinstance(outcome, Resolution)
    edges = tuple(replace(edge, requirement=requirement) for edge in outcome.edges)
    found = find_local_folders(Diagnosis(replace(outcome, edges=edges), projects, Policy(allowed=PURE)))
    assert [each.message.partition(" is a folder, ")[2].partition(";")[0] for each in found] == [said]


@pytest.mark.parametrize(
    ("count", "end"), [(12, "a<1.9"), (13, "and 1 more requirements"), (15, "and 3 more requirements")]
)
def test_clash_names_a_dozen_askers_and_counts_the_rest(count: int, end: str) -> None:
    projects = FakeProjects({"a": {"2": [wheel()]}})
    evidence = only(findings(projects, *(f"a<1.{number}" for number in range(count))), Code.CONFLICT).evidence
    assert len(evidence) == min(count, 13)
    assert evidence[-1].startswith(end)


@pytest.mark.parametrize(
    ("count", "end"),
    [(2, "1 (bad); only"), (3, "1 (bad); only"), (4, "2 (bad) and 1 more; only"), (5, "3 (bad) and 2 more; only")],
)
def test_withdrawn_versions_are_named_up_to_three_and_the_rest_counted(count: int, end: str) -> None:
    projects = FakeProjects({"a": {str(number): [wheel(yanked="bad")] for number in range(1, count + 1)}})
    assert end in only(findings(projects, "a"), Code.WITHDRAWN).message


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and d"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
        (list("abcdefghi"), "a, b, c and 6 more"),
    ],
)
def test_words_are_joined_and_many_are_counted(words: list[str], text: str) -> None:
    assert _joined(words) == text


def test_package_of_conda_alone_is_told_by_its_own_rule_and_no_other() -> None:
    projects = FakeProjects({"a": {"1": [wheel()]}})
    origin = CommandLineOrigin(text="environment.yml")
    stated = UnsupportedRequirement(
        kind="conda", text="cudatoolkit", name=canonicalize_name("cudatoolkit"), origin=origin
    )
    outcome = replace(answer(projects, "a"), unsupported=(stated,))
    diagnosis = Diagnosis(outcome, projects, Policy(allowed=PURE))
    assert list(find_unsupported(diagnosis)) == []
    assert len(list(find_conda_packages(diagnosis))) == 1


def test_rules_whose_errors_keep_an_outcome_from_being_installed() -> None:
    keeping = {rule.__name__ for rule, keeps in RULES.items() if keeps}
    assert keeping == {
        "find_offenders", "find_absent", "find_unsupported", "find_excluded_pythons", "find_missing_hashes", "find_refused_names",
        "find_refused_archives",
    }  # fmt: skip


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_nearest_versions_are_others_than_the_one_that_is_looked_at(version: str) -> None:
    projects = FakeProjects({"a": {str(number): [wheel()] for number in (1, 2, 3)}})
    diagnosis = Diagnosis(answer(projects, "a"), projects, Policy(allowed=PURE))
    there = {"1": (None, "2"), "2": ("1", "3"), "3": ("2", None)}[version]
    found = nearest_with_wheel(diagnosis, canonicalize_name("a"), Version(version))
    assert tuple(each and str(each) for each in found) == there


@pytest.mark.parametrize(("written", "meant"), [("reqeustss", "requests"), ("nmpy", "numpy"), ("flsk", "flask")])
def test_long_name_may_differ_in_two_places_and_a_short_one_in_one(written: str, meant: str) -> None:
    assert meant in near_projects(canonicalize_name(written), ())


@pytest.mark.parametrize(
    ("written", "meant", "is_near"),
    [("qzxvk", "qzxvx", True), ("qzxvk", "qzyyk", False), ("qzxvkw", "qzyykw", True), ("qzxvkwq", "qzyykwq", True)],
)
def test_name_of_six_letters_may_differ_in_two_places_and_one_of_five_in_one(
    written: str, meant: str, is_near: bool
) -> None:
    own = canonicalize_name(meant)
    assert (own in near_projects(canonicalize_name(written), (own,))) is is_near


@pytest.mark.parametrize(
    ("first", "second"), [("abcd", "ab"), ("abcd", "abxy"), ("abcd", "xyzv"), ("abcd", "abcdefgh")]
)
@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_slips_beyond_the_most_are_told_as_one_more(first: str, second: str, most: int) -> None:
    distance = {"ab": 2, "abxy": 2, "xyzv": 4, "abcdefgh": 4}[second]
    assert slips(first, second, most) == min(distance, most + 1)


@pytest.mark.parametrize(("there", "meant"), [(3, True), (4, False)])
def test_four_near_names_are_asked_for_on_the_index(there: int, meant: bool) -> None:
    near = [canonicalize_name(f"qzxvkw{letter}") for letter in "abcdef"]
    assert near_projects(canonicalize_name("qzxvkw"), near)[:6] == tuple(near)
    urls = {f"https://files.example/{each}-1-py3-none-any.whl": each for each in near}
    projects = FakeProjects(
        {"app": {"1": [wheel(requires=["qzxvkw"])]}, near[there]: {"1": [wheel()]}},
        links={url: (f"{each}-1-py3-none-any.whl", wheel()) for url, each in urls.items()},
    )
    # What came from an address is on no index.
    beside = [f"{each} @ {url}" for url, each in urls.items() if each != near[there]]
    said = [each.message for each in findings(projects, "app", near[there], *beside) if each.package == "qzxvkw"]
    assert [f"{near[there]} is meant?" in each for each in said] == [meant]


def test_platform_is_not_told_to_be_a_patch_level_of_python() -> None:
    assert "python_full_version" not in messages('sys_platform == "3.8.10"')[0]
    assert not messages('platform_machine == "3.8.10"')  # there may be such a machine


def test_only_versions_with_others_between_them_are_scattered() -> None:
    projects = FakeProjects({"a": {f"1.{minor}": [wheel()] for minor in range(6)}})
    found = why(projects, "a", "a<1.3,!=1.1")
    assert [(str(each.newest), str(each.oldest), each.scattered) for each in found.ranges] == [
        ("1.5", "1.3", False),
        ("1.2", "1.2", False),
        ("1.1", "1.1", False),
        ("1.0", "1.0", False),
    ]


def test_objection_passes_over_what_is_not_chosen_or_does_not_apply() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["c<2"])], "2": [wheel(requires=["d ; sys_platform == 'linux'", "b", "c>=2"])]},
            "b": {"1": [wheel(requires=["c<2"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
            "d": {"1": [wheel()]},
        }
    )
    assert why(projects, "a", "a", "b").ranges[0].because == "asks for c>=2, and c 1 is chosen"


def test_wheel_for_another_python_without_abi_is_refused_by_its_python() -> None:
    other = FakeProjects({"a": {"1": [wheel()], "2": [wheel("cp310-none-win_amd64")]}})
    assert why(other, "a", "a").ranges[0].because == "wheels for cp310 only (python tag)"
    debug = FakeProjects({"a": {"1": [wheel()], "2": [wheel("cp311-cp311d-win_amd64")]}})
    assert why(debug, "a", "a").ranges[0].because.endswith("only (abi tag)")


@pytest.mark.parametrize("asked_first", ["aa", "zz"])
def test_way_to_a_finding_begins_with_the_requirement_that_leads_there(asked_first: str) -> None:
    projects = FakeProjects(
        {
            asked_first: {"1": [wheel()]},
            "b": {"2": [wheel(requires=["n"])]},
            "c": {"1": [wheel(requires=["b"])]},
            "n": {"1": [sdist(purity="native")]},
        }
    )
    assert only(findings(projects, asked_first, "c", "b>=2"), Code.SOURCE_NATIVE).paths[0] == ("b>=2", "n==1")
    assert only(findings(projects, "c", "b>=2", asked_first), Code.SOURCE_NATIVE).paths[0] == ("b>=2", "n==1")


def test_clash_names_six_bounds_and_counts_the_rest() -> None:
    projects = FakeProjects({"a": {"2": [wheel()]}})
    bounds = [f"a<1.{number}" for number in range(14)]
    assert "and <1.12 and <1.13 and 8 more bounds; " in only(findings(projects, *bounds), Code.CONFLICT).message
    assert "more bounds" not in only(findings(projects, *bounds[:6]), Code.CONFLICT).message


def test_marker_on_what_no_platform_tells_is_said_once_with_the_requirement() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=['b ; platform_release == "5"'])]}, "b": {"1": [wheel()]}})
    found = only(findings(projects, "a"), Code.MARKER_UNKNOWABLE)
    assert "depends on platform_release, which --platform does not determine" in found.message


@pytest.mark.parametrize(
    ("allowed", "severity"), [(PURE, Severity.WARNING), (frozenset[Installability](), Severity.ERROR)]
)
def test_archive_that_was_not_read_is_tolerated_only_where_the_policy_allows_what_was_taken(
    allowed: frozenset[Installability], severity: Severity
) -> None:
    projects = FakeProjects({"a": {"1": [wheel()]}})
    outcome = answer(projects, "a")
    assert isinstance(outcome, Resolution)
    outcome = replace(outcome, refused=((canonicalize_name("a"), "it is a bomb"),))
    (found,) = find_refused_archives(Diagnosis(outcome, projects, Policy(allowed=allowed)))
    assert (found.severity, found.evidence) == (severity, ("it is a bomb",))


def test_bound_on_python_that_metadata_alone_states_is_told() -> None:
    projects = PythonInMetadataOnly({"a": {"1": [wheel()]}})
    assert "requires Python >=3.12; the target has 3.11" in only(findings(projects, "a"), Code.REQUIRES_PYTHON).message


@pytest.mark.parametrize(("count", "end"), [(6, "6"), (7, "7"), (8, "6 and 2 more"), (9, "6 and 3 more")])
def test_one_word_more_than_are_named_is_named_too(count: int, end: str) -> None:
    assert words_joined([str(number) for number in range(1, count + 1)]).split(", ")[-1] == end


def test_pre_release_that_a_bound_names_is_an_older_version_as_any_other() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2rc1": [wheel()], "2rc2": [wheel()]}})
    found = why(projects, "a", "a>=2rc1")
    assert {str(each.newest): each.standing for each in found.ranges} == {
        "2rc2": Standing.CHOSEN, "2rc1": Standing.OLDER, "1": Standing.OUTSIDE,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("version", "either", "nearer"),
    [
        ("5", ("4", "8"), "4"),
        ("5", ("1", "6"), "6"),
        ("5", ("4", "6"), "6"),
        ("5", ("3", "8"), "3"),
        ("5", ("4", None), "4"),
        ("5", ("1", "9"), "9"),
    ],
)
def test_nearer_version_is_that_which_fewer_releases_lie_between(
    version: str, either: tuple[str | None, str | None], nearer: str
) -> None:
    projects = FakeProjects({"a": {str(number): [wheel()] for number in range(1, 10)}})
    diagnosis = Diagnosis(answer(projects, "a"), projects, Policy(allowed=PURE))
    older, newer = (Version(each) if each else None for each in either)
    assert nearer_of(diagnosis, canonicalize_name("a"), Version(version), (older, newer)) == Version(nearer)


def test_part_of_a_name_is_near_it_unless_it_is_two_letters() -> None:
    long = canonicalize_name("pytorch-lightning-bolts-extra")
    assert near_names(canonicalize_name("bolts"), [long]) == (long,)
    assert near_names(canonicalize_name("to"), [long]) == ()


def test_each_extra_that_would_bring_a_project_is_named() -> None:
    needs = ["b ; extra == 'x' or extra == 'y'", "c ; extra == 'z'"]
    projects = FakeProjects(
        {"a": {"1": [wheel(requires=needs, extras=["x", "y", "z"])]}, "b": {"1": [wheel()]}, "c": {"1": [wheel()]}}
    )
    assert [each.because for each in why(projects, "b", "a").mentions] == [
        "only with one of the extras x, y, which is not asked for"
    ]
    assert [each.because for each in why(projects, "c", "a").mentions] == [
        "only with the extra z, which is not asked for"
    ]


def test_project_with_a_hash_in_its_address_and_in_a_line_has_a_hash() -> None:
    url = "https://files.example/a-1-py3-none-any.whl"
    projects = FakeProjects({"b": {"1": [wheel()]}}, links={url: ("a-1-py3-none-any.whl", wheel())})
    outcome = answer(projects, f"a @ {url}", "b")
    assert isinstance(outcome, Resolution)
    hashed = asked(f"a @ {url}#sha256={'0' * 64}")
    edges = tuple(replace(each, requirement=hashed) if each.child == "a" else each for each in outcome.edges)
    lines = (replace(hashed, hashes=(HashPin(algorithm="sha256", digest="0" * 64),)),)
    policy = Policy(allowed=PURE)
    diagnosis = Diagnosis(replace(outcome, edges=edges), projects, policy, requirements=lines, require_hashes=True)
    assert [each.package for each in find_missing_hashes(diagnosis)] == ["b"]


@pytest.mark.parametrize(
    ("names", "named"),
    [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("abcd", "4 projects"), ("abcde", "5 projects")],
)
def test_projects_are_named_while_they_are_three(names: str, named: str) -> None:
    assert projects_named(list(names)) == named
