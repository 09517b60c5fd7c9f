"""What each rule says, over real outcomes of small indexes."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.resolver.test_passes import PURE, WHEELS, answer, asked
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.rules import diagnose
from wheelcheck.knowledge.compatibility import parse_repair_knowledge
from wheelcheck.knowledge.loading import load_bundled
from wheelcheck.model.distribution import BUILT_ANYWHERE, Installability
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.knowledge import BuildNeeds, RepairKnowledge
from wheelcheck.model.requirement import CommandLineOrigin, FileOrigin, HashPin, Requirement
from wheelcheck.model.resolution import Policy, Resolution
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.targets.targets import parse_target


def findings(
    projects: FakeProjects,
    *requirements: str,
    allowed: frozenset[Installability] = PURE,
    exclude_newer: str | None = None,
    python: str = "3.11",
    platform: str = "win_amd64",
    knowledge: RepairKnowledge | None = None,
) -> tuple[Finding, ...]:
    outcome = answer(
        projects, *requirements, allowed=allowed, exclude_newer=exclude_newer, python=python, platform=platform
    )
    policy = Policy(allowed=allowed, exclude_newer=exclude_newer)
    return diagnose(Diagnosis(outcome, projects, policy, knowledge=knowledge))


def codes(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code.number, str(finding.package or "")) for finding in found]


def only(found: tuple[Finding, ...], code: Code) -> Finding:
    matching = [finding for finding in found if finding.code is code]
    assert len(matching) == 1, codes(found)
    return matching[0]


AV = FakeProjects(
    {
        "audio": {"1.3": [wheel(requires=["av==11.0", "doc"])]},
        "av": {
            "10.0": [wheel("cp311-cp311-manylinux_2_17_x86_64"), sdist(purity="native")],
            "11.0": [
                wheel("cp311-cp311-manylinux_2_17_x86_64"),
                wheel("cp310-cp310-win_amd64"),
                sdist(purity="native"),
            ],
            "12.0": [wheel("cp311-cp311-win_amd64")],
            "13.0": [wheel("cp311-cp311-win_amd64")],
        },
        "doc": {"1": [sdist(purity="pure")]},
    }
)


def test_native_source_is_an_error_with_path_and_nearest_version() -> None:
    found = findings(AV, "audio==1.3")
    error = only(found, Code.SOURCE_NATIVE)
    assert error.severity is Severity.ERROR
    assert error.paths == (("audio==1.3", "av==11.0"),)
    assert str(error.nearest) == "12.0"
    assert [finding.package for finding in found if finding.severity is Severity.ERROR] == ["av"]


def test_what_a_build_needs_is_told_for_the_targets_system_where_a_compiler_is_needed() -> None:
    builds = """
    [[build]]
    projects = ["av", "doc"]
    needs = "FFmpeg"
    debian = ["ffmpeg-dev"]
    windows = "a shared build of FFmpeg"
    evidence = ["https://docs.example/av"]
    """
    known = parse_repair_knowledge(builds, "mine.toml")
    note = only(findings(AV, "audio==1.3", knowledge=known), Code.BUILD_NEEDS)
    assert (note.severity, note.package) == (Severity.INFO, "av")
    assert note.message == "a build of av from source needs FFmpeg: a shared build of FFmpeg"
    linux = findings(AV, "av==11.0", knowledge=known, platform="manylinux_2_17_aarch64")
    assert only(linux, Code.BUILD_NEEDS).message.endswith("needs FFmpeg: apt-get install ffmpeg-dev (Debian, Ubuntu)")
    # Nothing is known of macOS, and what is needed is told all the same.
    assert only(findings(AV, "av==11.0", knowledge=known, platform="macos"), Code.BUILD_NEEDS).message.endswith(
        "needs FFmpeg"
    )
    assert Code.BUILD_NEEDS not in {each.code for each in findings(AV, "av==12.0", knowledge=known)}
    elsewhere = parse_repair_knowledge(builds.replace("windows =", "fedora = ['x']  #"), "mine.toml")
    assert Code.BUILD_NEEDS not in {each.code for each in findings(AV, "audio==1.3", knowledge=elsewhere)}


def test_wheels_for_other_pythons_and_platforms_are_named_beside_the_error() -> None:
    found = findings(AV, "audio==1.3")
    assert "Python 3.10" in only(found, Code.OTHER_PYTHONS).message
    assert only(found, Code.OTHER_PYTHONS).elsewhere == ("3.10",)
    assert "manylinux x86_64" in only(found, Code.OTHER_PLATFORMS).message
    assert "12.0 (newer" in only(found, Code.OTHER_VERSIONS).message


def test_pure_source_is_information_or_an_error_as_the_policy_has_it() -> None:
    assert only(findings(AV, "doc"), Code.SOURCE_PURE).severity is Severity.INFO
    assert only(findings(AV, "doc", allowed=WHEELS), Code.SOURCE_PURE).severity is Severity.ERROR


def test_source_whose_compiled_part_can_be_left_out_warns_or_is_an_error_as_the_policy_has_it() -> None:
    projects = FakeProjects({"a": {"1": [sdist(purity="optional")]}})
    everything = WHEELS | BUILT_ANYWHERE
    assert only(findings(projects, "a", allowed=everything), Code.SOURCE_OPTIONAL).severity is Severity.WARNING
    assert only(findings(projects, "a", allowed=WHEELS), Code.SOURCE_OPTIONAL).severity is Severity.ERROR


def test_missing_version_with_wheels_for_other_pythons_only() -> None:
    projects = FakeProjects({"torch": {"2.1": [wheel("cp311-cp311-win_amd64"), wheel("cp310-cp310-win_amd64")]}})
    finding = only(findings(projects, "torch==2.1", python="3.13"), Code.OTHER_PYTHONS)
    assert finding.severity is Severity.ERROR
    assert "Python 3.10, 3.11," in finding.message


def test_missing_version_with_wheels_for_other_platforms_only() -> None:
    projects = FakeProjects({"torch": {"2.1": [wheel("cp311-cp311-win_amd64")]}})
    found = findings(projects, "torch", platform="musllinux_1_2_x86_64")
    assert only(found, Code.OTHER_PLATFORMS).severity is Severity.ERROR
    assert "no version of torch" in only(found, Code.OTHER_VERSIONS).message


def test_version_whose_requires_python_excludes_the_target() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires_python=">=3.12")]}})
    assert ">=3.12" in only(findings(projects, "a"), Code.REQUIRES_PYTHON).message


def test_absent_project_is_named_with_its_path() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=["ghost"])]}})
    assert only(findings(projects, "a"), Code.PROJECT_ABSENT).paths == (("a", "ghost"),)


def test_near_names_are_looked_for_where_few_projects_are_absent_for_each_takes_50_ms() -> None:
    there = [f"workbench-{number:02}" for number in range(30)]
    needs = [*there, *(f"wrokbench-{number:02}" for number in range(30))]
    projects = FakeProjects({"a": {"1": [wheel(requires=needs)]}, **{each: {"1": [wheel()]} for each in there}})
    found = [each.message for each in findings(projects, "a") if each.code is Code.PROJECT_ABSENT]
    assert len(found) == 30
    assert sum("is meant?" in message for message in found) == 20


def test_quarantined_project_is_an_error() -> None:
    projects = FakeProjects({"a": {}}, states={"a": "quarantined"})
    assert only(findings(projects, "a"), Code.PROJECT_QUARANTINED).severity is Severity.ERROR


def test_archived_project_without_files_is_not_said_to_be_under_review() -> None:
    projects = FakeProjects({"a": {}}, states={"a": "archived"})
    message = only(findings(projects, "a"), Code.PROJECT_QUARANTINED).message
    assert message == "a is listed by its index without any file, and archived there"


def test_old_pick_names_the_years_and_who_holds_it() -> None:
    projects = FakeProjects(
        {
            "app": {"1": [wheel(requires=["old<2"])]},
            "old": {"1": [wheel(upload_time="2020-01-01T00:00:00Z")], "2": [wheel(upload_time="2026-01-01T00:00:00Z")]},
        }
    )
    finding = only(findings(projects, "app"), Code.OLD_PICK)
    assert "6.0 years" in finding.message
    assert finding.evidence == ("old<2 (app==1)",)


@pytest.mark.parametrize(
    ("platform", "tag", "needs"),
    [
        ("macosx_11_0_arm64", "macosx_12_0_arm64", "macOS 12.0"),
        ("macosx_11_0_arm64", "macosx_13_0_universal2", "macOS 13.0"),
        ("manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "glibc 2.28"),
        ("manylinux_2_12_x86_64", "manylinux2014_x86_64", "glibc 2.17"),
        ("manylinux_2_17_x86_64", "manylinux_2_28_aarch64", ""),
        ("manylinux_2_17_x86_64", "musllinux_1_2_x86_64", ""),
    ],
)
def test_floor_stands_in_the_sentence_where_it_is_the_floor_that_fails(platform: str, tag: str, needs: str) -> None:
    other = "cp310-cp310-win_amd64"
    for files in ([wheel(f"cp311-cp311-{tag}"), wheel(other)], [wheel(f"cp311-cp311-{tag}"), sdist(purity="native")]):
        (finding, *_) = findings(FakeProjects({"a": {"1": files}}), "a", platform=platform)
        assert (f"a 1 has wheels that need {needs} or newer, and none for {platform}" in finding.message) is bool(needs)
    # A wheel for another Python is not kept away by its floor.
    (finding, *_) = findings(FakeProjects({"a": {"1": [wheel(f"cp39-cp39-{tag}")]}}), "a", platform=platform)
    assert "or newer" not in finding.message


def test_evidence_names_the_wheels_that_are_nearest_to_the_target() -> None:
    tags = (
        "macosx_11_0_arm64",
        "manylinux_2_17_aarch64",
        "manylinux_2_17_x86_64",
        "musllinux_1_2_aarch64",
        "win_amd64",
    )
    files = [*(wheel(f"cp310-cp310-{tag}") for tag in tags), sdist()]
    for platform, first in (("musllinux_1_2_x86_64", 3), ("manylinux_2_28_x86_64", 2), ("macosx_13_0_arm64", 0)):
        (finding, *_) = findings(FakeProjects({"a": {"1": files}}), "a", platform=platform)
        assert finding.evidence[0].startswith(f"its release ships platform wheels: a-1-cp310-cp310-{tags[first]}.whl, ")


def test_older_pick_is_reported_with_both_versions() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2": [sdist(purity="native")]}})
    message = only(findings(projects, "a"), Code.OLDER_CHOSEN).message
    assert "1 was chosen instead of 2" in message
    assert message.endswith("because a 2 has no wheel for win_amd64, Python 3.11, and its source needs a compiler")


def test_older_pick_names_what_its_extra_needs() -> None:
    extra = wheel(requires=["sound>=1; extra == 'audio'"], extras=["audio"])
    projects = FakeProjects({"a": {"1": [wheel()], "2": [extra]}, "sound": {"1.1": [sdist(purity="native")]}})
    finding = only(findings(projects, "a[audio]"), Code.OLDER_CHOSEN)
    assert "because 2 needs sound>=1 for its extra audio, and sound 1.1 has no wheel for win_amd64" in finding.message
    assert finding.evidence[-1] == "a wheel of sound 1.1 that you build, given with --find-links, keeps a 2"


def test_extra_that_only_the_newer_version_has_says_what_it_would_take() -> None:
    """The kind of SpeechRecognition[audio], whose PyAudio has no wheel."""
    extra = wheel(requires=["sound>=1; extra == 'audio'"], extras=["audio"])
    projects = FakeProjects({"a": {"1": [wheel()], "2": [extra]}, "sound": {"1.1": [sdist(purity="native")]}})
    needs = BuildNeeds(
        projects=frozenset({canonicalize_name("sound")}),
        needs="PortAudio",
        windows="the Build Tools",
        evidence=("https://docs.example/",),
    )
    said = "a build of sound from source needs PortAudio: the Build Tools"
    found = findings(projects, "a[audio]", knowledge=RepairKnowledge(builds=(needs,)))
    assert said in only(found, Code.OLDER_CHOSEN).evidence
    assert only(found, Code.EXTRA_UNKNOWN).message == (
        f"a 1, an older version, has no extra 'audio'; {said}; "
        "a wheel of sound 1.1 that you build, given with --find-links, keeps a 2"
    )


def test_older_pick_names_what_it_needs_through_others_and_who_bounds_it() -> None:
    projects = FakeProjects(
        {
            "app": {"1": [wheel(requires=["low<2"])], "2": [wheel(requires=["mid", "low>=2"])]},
            "mid": {"1": [wheel(requires=["nowhere"])]},
            "low": {"1": [wheel()], "2": [wheel()]},
        }
    )
    app, low = sorted(finding.message for finding in findings(projects, "app") if finding.code is Code.OLDER_CHOSEN)
    assert app.endswith("because 2 needs mid, which needs nowhere, and no index knows nowhere")
    assert low.endswith("because app==1 asks for low<2")


def test_lines_whose_hashes_have_nothing_in_common_are_told_so() -> None:
    projects = FakeProjects({"a": {"1": [wheel()]}})
    lines = tuple(
        Requirement.parse("a==1", CommandLineOrigin(text="a"), hashes=(HashPin(algorithm="sha256", digest=digit * 64),))
        for digit in "01"
    )
    question = Question(requirements=lines, target=parse_target("win_amd64", "3.11"), policy=Policy(allowed=PURE))
    diagnosis = Diagnosis(resolve(question, projects), projects, question.policy, requirements=lines)
    assert "have nothing in common" in only(diagnose(diagnosis), Code.HASH_ABSENT).message


def test_file_hidden_by_an_option_of_the_user_is_told_so() -> None:
    projects = FakeProjects({"a": {"1": [wheel(), wheel("cp39-cp39-win32")]}})
    policy = Policy(allowed=PURE, no_binary=frozenset({"a"}))
    question = Question(requirements=(asked("a"),), target=parse_target("win_amd64", "3.11"), policy=policy)
    finding = only(diagnose(Diagnosis(resolve(question, projects), projects, policy)), Code.HIDDEN_BY_OPTION)
    assert finding.message == "a 1 has only wheels, hidden by your own --no-binary"


@pytest.mark.parametrize("purity", ["native", "unknown"])
@pytest.mark.parametrize("hidden", ["a", ":all:"])
def test_wheel_hidden_by_an_option_is_told_where_only_the_source_archive_is_left(purity: str, hidden: str) -> None:
    projects = FakeProjects(
        {"a": {"1": [wheel("cp311-cp311-win_amd64"), wheel("cp312-cp312-win_amd64"), sdist(purity=purity)]}}
    )
    policy = Policy(allowed=PURE, no_binary=frozenset({hidden}))
    question = Question(requirements=(asked("a"),), target=parse_target("win_amd64", "3.11"), policy=policy)
    found = tuple(diagnose(Diagnosis(resolve(question, projects), projects, policy)))
    assert [finding.code for finding in found if finding.severity is Severity.ERROR] == [Code.HIDDEN_BY_OPTION]
    assert only(found, Code.HIDDEN_BY_OPTION).message == (
        "a 1 has a wheel for win_amd64, Python 3.11, hidden by your own --no-binary, and only its source archive is left"
    )


def test_source_archive_is_told_as_ever_where_the_hidden_wheels_do_not_fit() -> None:
    projects = FakeProjects({"a": {"1": [wheel("cp312-cp312-win_amd64"), sdist(purity="native")]}})
    policy = Policy(allowed=PURE, no_binary=frozenset({"a"}))
    question = Question(requirements=(asked("a"),), target=parse_target("win_amd64", "3.11"), policy=policy)
    only(diagnose(Diagnosis(resolve(question, projects), projects, policy)), Code.SOURCE_NATIVE)


def test_project_that_was_withdrawn_as_a_whole_is_told_so_with_the_reasons() -> None:
    projects = FakeProjects({"a": {"1": [wheel(yanked="leaks memory")], "2": [wheel(yanked="")]}})
    finding = only(findings(projects, "a"), Code.WITHDRAWN)
    assert "2 (no reason given), 1 (leaks memory)" in finding.message


def test_two_references_to_one_project_are_both_shown() -> None:
    first, second = "https://u:pw@files.example/a-1-py3-none-any.whl", "https://files.example/a-2-py3-none-any.whl"
    links = {first: ("a-1-py3-none-any.whl", wheel()), second: ("a-2-py3-none-any.whl", wheel())}
    message = only(findings(FakeProjects({}, links=links), f"a @ {first}", f"a @ {second}"), Code.CONFLICT).message
    assert "https://files.example/a-1-py3-none-any.whl" in message
    assert "https://files.example/a-2-py3-none-any.whl" in message
    assert "pw" not in message


def test_yanked_pin_keeps_the_maintainers_reason() -> None:
    projects = FakeProjects({"a": {"1": [wheel(yanked="leaks memory")]}})
    assert only(findings(projects, "a==1"), Code.YANKED_PINNED).evidence == ("their reason: leaks memory",)


def test_assumed_patch_level_that_decided_is_said() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2": [wheel(requires_python=">=3.11.5")]}})
    assert "3.11.0" in only(findings(projects, "a"), Code.PATCH_ASSUMED).message
    assert Code.PATCH_ASSUMED.number not in dict(codes(findings(projects, "a", python="3.11.9")))


def test_unknown_extra_is_a_warning() -> None:
    projects = FakeProjects({"a": {"1": [wheel(extras=["good"])]}})
    assert "it offers: good" in only(findings(projects, "a[bad]"), Code.EXTRA_UNKNOWN).message


def test_missing_upload_times_are_said_under_exclude_newer() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2": [wheel(upload_time=None)]}})
    assert only(findings(projects, "a", exclude_newer="2026-11-01"), Code.UPLOAD_TIME_MISSING).evidence == ("a",)


def test_clash_lists_both_sides_with_their_origin() -> None:
    projects = FakeProjects(
        {"a": {"1": [wheel(requires=["c==1"])]}, "c": {"1": [wheel()], "2": [wheel()]}},
    )
    finding = only(findings(projects, "a", "c==2"), Code.CONFLICT)
    assert finding.package == "c"
    assert set(finding.paths) == {("c==2",), ("a", "c==1")}


def test_version_that_does_not_exist_is_said_with_the_newest_that_do() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2": [wheel()]}})
    assert "no version of a is ==9; the newest are 2, 1" in only(findings(projects, "a==9"), Code.CONFLICT).message


def test_input_that_excludes_the_target_itself_is_an_error() -> None:
    outcome = answer(FakeProjects({"a": {"1": [wheel()]}}), "a")
    bounds = ((SpecifierSet(">=3.12"), FileOrigin(path="pyproject.toml", line=4)),)
    found = diagnose(
        Diagnosis(outcome, FakeProjects({"a": {"1": [wheel()]}}), Policy(allowed=PURE), input_bounds=bounds)
    )
    assert "pyproject.toml:4" in only(found, Code.INPUT_REQUIRES_PYTHON).message


def test_hashes_are_all_or_nothing() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=["b"])]}, "b": {"1": [wheel()]}})
    outcome = answer(projects, "a")
    assert isinstance(outcome, Resolution)
    found = diagnose(Diagnosis(outcome, projects, Policy(allowed=PURE), require_hashes=True))
    assert [finding.package for finding in found if finding.code is Code.HASH_ABSENT] == ["a", "b"]


def test_a_project_that_environments_bring_needs_no_hash() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=["setuptools"])]}, "setuptools": {"80": [wheel()]}})
    outcome = answer(projects, "a")
    bundles: tuple[tuple[dict[str, tuple[str, ...]], str], ...] = (
        ({"setuptools": ("0", "9")}, "warning"),
        ({}, "error"),
    )
    for bundled, severity in bundles:
        diagnosis = Diagnosis(outcome, projects, Policy(allowed=PURE), require_hashes=True, bundled=bundled)
        found = [each for each in diagnose(diagnosis) if each.code is Code.HASH_ABSENT]
        assert [(each.package, each.severity.value) for each in found] == [("a", "error"), ("setuptools", severity)]
    assert "setuptools" in load_bundled(11)
    assert "setuptools" not in load_bundled(12)


@pytest.mark.parametrize(
    ("requires", "severity"),
    [
        (["setuptools>=70"], "error"),
        (["setuptools", "setuptools<79"], "error"),
        (["setuptools>=65.5.1"], "error"),
        (["setuptools>=65.5.0"], "warning"),
        (["setuptools>=41"], "warning"),
        (["setuptools", "setuptools<81"], "warning"),
    ],
)
def test_a_project_that_environments_bring_needs_a_hash_where_not_each_of_theirs_will_do(
    requires: list[str], severity: str
) -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=requires)]}, "setuptools": {"78": [wheel()]}})
    policy, brought = Policy(allowed=PURE), load_bundled(11)
    diagnosis = Diagnosis(answer(projects, "a"), projects, policy, require_hashes=True, bundled=brought)
    found = [each for each in diagnose(diagnosis) if each.code is Code.HASH_ABSENT and each.package == "setuptools"]
    assert [each.severity.value for each in found] == [severity]


def test_every_code_is_unique_and_explained() -> None:
    numbers = [code.number for code in Code]
    assert len(numbers) == len(set(numbers))
    assert all(code.title and code.explanation.endswith(".") and code.cure.endswith(".") for code in Code)


def test_requirement_texts_carry_no_origin() -> None:
    assert str(asked("a>=1")) == "a>=1"


def test_clash_after_the_cutoff_says_so() -> None:
    projects = FakeProjects({"a": {"1": [wheel(upload_time="2026-12-01T00:00:00Z")]}})
    finding = only(findings(projects, "a", exclude_newer="2026-11-01T00:00:00Z"), Code.CONFLICT)
    assert "uploaded after" in finding.message


def test_clash_of_hundreds_of_bounds_names_a_few() -> None:
    described = {f"p{n}": {"1": [wheel(requires=[f"c=={n}"])]} for n in range(40)}
    projects = FakeProjects({**described, "c": {"99": [wheel()]}})
    found = [finding for finding in findings(projects, *described) if finding.package == "c"]
    assert found
    assert all(len(finding.evidence) <= 13 and len(finding.message) < 300 for finding in found)


def test_project_of_a_direct_reference_is_not_asked_of_an_index() -> None:
    url = "https://index.example/files/private-1-py3-none-any.whl"
    projects = FakeProjects({}, links={url: ("private-1-py3-none-any.whl", wheel())})
    assert codes(findings(projects, f"private @ {url}")) == []
    assert projects.count("page") == 0
