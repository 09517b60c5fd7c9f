"""What is said of versions that install and then fail, over real outcomes of small indexes."""

from __future__ import annotations

import pytest
from packaging.utils import NormalizedName

from tests.fakes.projects import FakeFile, FakeProjects, sdist, wheel
from tests.findings.test_findings import codes, only
from tests.resolver.test_passes import PURE, answer
from wheelcheck.findings.compatibility import Met, compatibility_met
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.rules import diagnose
from wheelcheck.knowledge.compatibility import parse_repair_knowledge
from wheelcheck.knowledge.loading import load_repair_knowledge
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.requirement import CommandLineOrigin, Requirement
from wheelcheck.model.resolution import Policy, Resolution
from wheelcheck.model.systems import AbsentLibrary

OLD = "2023-10-04T17:00:00.000000Z"
NATIVE = "cp311-cp311-win_amd64"

KNOWLEDGE = parse_repair_knowledge(
    """
[[advisory]]
id = "torch-numpy"
when = ["torch<2.3", "numpy>=2"]
unless = ["shim"]
message = "it fails."
evidence = ["https://docs.example/torch"]
remedies = [{ constrain = "numpy<2" }, { override = "torch==2.3" }]

[[advisory]]
id = "win-only"
when = ["winlib"]
platforms = ["win*"]
python = "<3.12"
severity = "info"
message = "it needs care."
evidence = ["https://docs.example/winlib"]

[[abi_break]]
project = "numpy"
release = "2.0.0"
date = "2024-06-16"
unless = ["early>=1.5"]
message = "Older extensions do not load."
evidence = ["https://docs.example/numpy"]
""",
    "test.toml",
)


def numpy(*versions: str) -> dict[str, list[FakeFile]]:
    return {version: [wheel("py3-none-win_amd64")] for version in versions}


def compiled(requires: str = "numpy", tags: str = NATIVE, upload_time: str | None = OLD) -> list[FakeFile]:
    return [wheel(tags, requires=[requires], upload_time=upload_time)]


def findings(
    projects: FakeProjects,
    *requirements: str,
    knowledge: RepairKnowledge | None = KNOWLEDGE,
    platform: str = "win_amd64",
    python: str = "3.11",
) -> tuple[Finding, ...]:
    outcome = answer(projects, *requirements, platform=platform, python=python)
    return diagnose(Diagnosis(outcome, projects, Policy(allowed=PURE), knowledge=knowledge))


def met(projects: FakeProjects, *requirements: str, overrides: tuple[str, ...] = ()) -> tuple[Met, ...]:
    outcome = answer(projects, *requirements, overrides=overrides)
    assert isinstance(outcome, Resolution)
    return compatibility_met(outcome, KNOWLEDGE)


TORCH = FakeProjects(
    {
        "app": {"1": [wheel(requires=["torch==2.1", "numpy"])]},
        "torch": {"2.1": [wheel(NATIVE, upload_time=OLD)], "2.3": [wheel(NATIVE)]},
        "numpy": numpy("1.26", "2.4.1"),
        "shim": {"1": [wheel()]},
    }
)


def test_an_advisory_is_a_warning_with_paths_remedy_and_evidence() -> None:
    finding = only(findings(TORCH, "app"), Code.ADVISORY)
    assert finding.severity is Severity.WARNING
    assert (finding.package, str(finding.version)) == ("torch", "2.1")
    assert finding.message == "torch 2.1 with numpy 2.4.1: it fails."
    assert finding.paths == (("app", "torch==2.1"),)
    assert finding.evidence == (
        "remedy: constrain numpy<2",
        "remedy: override torch==2.3",
        "https://docs.example/torch",
    )


def test_without_knowledge_nothing_is_said() -> None:
    assert Code.ADVISORY.number not in dict(codes(findings(TORCH, "app", knowledge=None)))


@pytest.mark.parametrize("requirements", [("app", "numpy<2"), ("torch", "numpy"), ("numpy",), ("app", "shim")])
def test_an_advisory_needs_every_version_and_none_that_excuses(requirements: tuple[str, ...]) -> None:
    assert Code.ADVISORY.number not in dict(codes(findings(TORCH, *requirements)))


def test_pre_releases_and_local_versions_meet_an_advisory_too() -> None:
    projects = FakeProjects({"torch": {"2.1+cpu": [wheel(NATIVE)]}, "numpy": numpy("2.5rc1")})
    assert "torch 2.1+cpu with numpy 2.5rc1" in only(findings(projects, "torch", "numpy"), Code.ADVISORY).message


WINLIB = FakeProjects({"winlib": {"1": [wheel()]}})


def test_an_advisory_of_one_project_has_its_own_severity() -> None:
    finding = only(findings(WINLIB, "winlib"), Code.ADVISORY)
    assert finding.message == "winlib 1: it needs care."
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(("platform", "python"), [("manylinux_2_28_x86_64", "3.11"), ("win_amd64", "3.12")])
def test_an_advisory_of_another_platform_or_python_is_not_said(platform: str, python: str) -> None:
    assert not codes(findings(WINLIB, "winlib", platform=platform, python=python))


MFC = (
    AbsentLibrary(
        patterns=("mfc140*.dll",),
        owner="MFC",
        remedy="install it",
        bundled=True,
        needed_by=(
            Requirement.parse("winlib>=2", CommandLineOrigin(text="")),
            Requirement.parse("other", CommandLineOrigin(text="")),
        ),
        brought_by=frozenset({NormalizedName("mfc")}),
        used_for="for its windows",
    ),
)


def parts_said(*requirements: str) -> list[tuple[str | None, str]]:
    """Project and message of each WC503 for *requirements* on an index of native wheels, a pure one of ``other`` 2 and ``mfc``."""
    versions = {"winlib": ("1", "2", "3"), "other": ("1",), "mfc": ("1",)}
    rows = {name: {each: [wheel(NATIVE)] for each in every} for name, every in versions.items()}
    rows["other"]["2"] = [wheel()]
    projects = FakeProjects(rows)
    diagnosis = Diagnosis(answer(projects, *requirements), projects, Policy(allowed=PURE), parts=MFC)
    return [(each.package, each.message) for each in diagnose(diagnosis) if each.code is Code.PART_ABSENT]


def test_wheels_that_need_what_windows_lacks_are_named_together() -> None:
    assert parts_said("winlib") == [("winlib", "winlib 3 needs MFC (for its windows): install it")]
    assert parts_said("winlib==2", "other==1") == [(None, "other 1, winlib 2 need MFC (for its windows): install it")]


@pytest.mark.parametrize("requirements", [("winlib==1",), ("other",), ("winlib", "mfc")])
def test_older_versions_pure_wheels_and_plans_that_bring_it_are_not_named(requirements: tuple[str, ...]) -> None:
    assert not parts_said(*requirements)


def test_a_native_wheel_older_than_the_abi_break_is_a_warning() -> None:
    projects = FakeProjects({"old": {"1.0": compiled("numpy>=1.20")}, "numpy": numpy("1.26", "2.4.1")})
    finding = only(findings(projects, "old"), Code.ABI_BREAK)
    assert finding.message == (
        "old 1.0 (2023-10-04) was compiled before numpy 2.0.0 (2024-06-16) and may not load with numpy 2.4.1"
    )
    assert finding.severity is Severity.WARNING
    assert finding.paths == (("old",),)
    assert finding.evidence == (
        "remedy: constrain numpy<2",
        "Older extensions do not load.",
        "https://docs.example/numpy",
    )


def test_the_remedy_of_an_abi_break_is_a_bound_below_the_release() -> None:
    projects = FakeProjects({"old": {"1.0": compiled()}, "numpy": numpy("2.4.1")})
    (one,) = met(projects, "old")
    assert (one.id, one.code, one.subject.name, one.cause.name) == ("numpy-2.0.0", Code.ABI_BREAK, "old", "numpy")
    assert [(each.kind, str(each.requirement)) for each in one.remedies] == [("constrain", "numpy<2")]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        pytest.param("pure", compiled(tags="py3-none-any"), id="pure Python"),
        pytest.param("library", compiled(tags="py3-none-win_amd64"), id="a library behind ctypes"),
        pytest.param("source", [sdist(purity="pure", requires=["numpy"], upload_time=OLD)], id="a source archive"),
        pytest.param("young", compiled(upload_time="2024-06-16T09:00:00Z"), id="uploaded on the day"),
        pytest.param("undated", compiled(upload_time=None), id="of unknown age"),
        pytest.param("careful", compiled("numpy<3"), id="its ceiling admits the release"),
        pytest.param("early", compiled(), id="known to be built for it ahead"),
        pytest.param("stranger", [wheel(NATIVE, upload_time=OLD)], id="it does not require the project"),
    ],
)
def test_what_cannot_break_is_not_suspected(name: str, files: list[FakeFile]) -> None:
    projects = FakeProjects({name: {"1.6": files}, "numpy": numpy("2.4.1")})
    assert met(projects, name, "numpy") == ()


def test_two_requirements_on_the_broken_project_are_one_finding() -> None:
    files = [wheel(NATIVE, requires=["numpy>=1.20", "numpy!=1.24"], upload_time=OLD)]
    projects = FakeProjects({"old": {"1": files}, "numpy": numpy("2.4.1")})
    assert len(met(projects, "old")) == 1


def test_the_stable_abi_of_python_does_not_protect_from_another_projects_break() -> None:
    projects = FakeProjects({"old": {"1": compiled(tags="cp37-abi3-win_amd64")}, "numpy": numpy("2.4.1")})
    assert [each.code for each in met(projects, "old")] == [Code.ABI_BREAK]


def test_a_release_before_the_break_is_no_break() -> None:
    projects = FakeProjects({"old": {"1": compiled()}, "numpy": numpy("1.26")})
    assert met(projects, "old") == ()


def test_an_override_past_the_declared_bound_is_suspected() -> None:
    projects = FakeProjects({"old": {"1": compiled("numpy<2")}, "numpy": numpy("1.26", "2.4.1")})
    assert [each.id for each in met(projects, "old", overrides=("numpy>=2",))] == ["numpy-2.0.0"]


def test_a_pair_that_an_advisory_names_is_said_once() -> None:
    projects = FakeProjects({"torch": {"2.1": compiled()}, "numpy": numpy("2.4.1")})
    assert [each.id for each in met(projects, "torch")] == ["torch-numpy"]


def test_what_is_met_comes_in_the_same_order_every_time() -> None:
    described = {name: {"1": compiled()} for name in ("zeta", "alpha", "mid")}
    projects = FakeProjects({**described, **TORCH.projects})
    found = met(projects, "zeta", "mid", "app", "alpha")
    assert [each.subject.name for each in found] == ["torch", "alpha", "mid", "zeta"]


def test_of_a_blocked_question_the_natural_pins_are_spoken_about() -> None:
    projects = FakeProjects({**TORCH.projects, "hard": {"1": [sdist(purity="native", requires=["app"])]}})
    found = findings(projects, "hard")
    assert Code.SOURCE_NATIVE in {finding.code for finding in found}
    assert only(found, Code.ADVISORY).paths == (("hard", "app==1", "torch==2.1"),)


def test_the_shipped_knowledge_knows_torch_2_1_with_numpy_2() -> None:
    finding = only(findings(TORCH, "app", knowledge=load_repair_knowledge()), Code.ADVISORY)
    assert finding.package == "torch"
    assert "NumPy 1" in finding.message


def test_the_shipped_knowledge_has_nothing_against_versions_that_go_together() -> None:
    files = {
        "torch": {"2.9.1": [wheel(NATIVE)]},
        "torchvision": {"0.24.1": [wheel(NATIVE, requires=["torch==2.9.1", "numpy"])]},
        "torchaudio": {"2.9.1": [wheel(NATIVE, requires=["torch==2.9.1"])]},
        "xformers": {"0.0.33.post2": [wheel(NATIVE, requires=["torch==2.9.1", "numpy"])]},
        "pandas": {"2.2.2": [wheel(NATIVE, requires=["numpy>=1.23.2"], upload_time="2024-04-10T19:44:00Z")]},
        "tensorboard": {"2.21": [wheel(requires=["setuptools>=41", "protobuf>=3.19.6", "numpy"])]},
        "setuptools": {"82.0.1": [wheel()]},
        "protobuf": {"6.33": [wheel(NATIVE)]},
        "numpy": numpy("2.4.1"),
    }
    projects = FakeProjects(files)
    outcome = answer(projects, *files)
    assert isinstance(outcome, Resolution)
    assert compatibility_met(outcome, load_repair_knowledge()) == ()
