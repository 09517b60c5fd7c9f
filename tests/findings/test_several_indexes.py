"""What is said of a project that several indexes list, and of an index that refuses or fails."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from tests.fakes.projects import INDEX, FakeProjects, wheel
from tests.findings.test_findings import codes, findings, only
from tests.resolver.test_passes import PURE
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.indexes import asked_label, exact_version, find_refused_names, find_shared_names
from wheelcheck.model.distribution import ProjectPage
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.requirement import CommandLineOrigin, HashPin, Requirement
from wheelcheck.model.resolution import Policy, Resolution
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.targets.targets import parse_target

OURS, FOLDER = "https://ours.example/simple/", "file:///srv/wheels/"


class SeveralIndexes(FakeProjects):
    """Lists each version of a project on the indexes of ``places``, else on the usual one; what failed or refused is ``told``.

    The files of two indexes differ unless they are the ``same``.
    """

    places: Mapping[str, tuple[str, ...]] = {}
    told: Mapping[str, tuple[tuple[str, str], ...] | tuple[str, ...]] = {}

    same: bool = False

    def _build_page(self, name: NormalizedName) -> ProjectPage:
        page = super()._build_page(name)
        placed = {
            version: tuple(
                replace(file, at=replace(file.at, index=index, hashes=(("sha256", self._digest(index)),)))
                for file in files
                for index in self.places.get(str(version), (INDEX,))
            )
            for version, files in page.distributions.items()
        }
        indexes = dict.fromkeys(file.at.index for files in placed.values() for file in files)
        return replace(page, distributions=placed, indexes=tuple(indexes), **self.told)

    def _digest(self, index: str) -> str:
        return "0" * 64 if self.same else index.encode().hex()[-64:]


def listed(
    places: Mapping[str, tuple[str, ...]], **told: tuple[tuple[str, str], ...] | tuple[str, ...]
) -> SeveralIndexes:
    projects = SeveralIndexes({"a": {version: [wheel()] for version in places}})
    projects.places, projects.told = places, told
    return projects


def test_project_on_two_indexes_is_told_with_what_the_other_one_has() -> None:
    found = only(findings(listed({"1": (INDEX,), "2": (OURS,)}), "a"), Code.SEVERAL_INDEXES)
    assert found.message == f"a is on 2 indexes: 2 was taken from {OURS}; {INDEX} has 1 as its newest"
    assert found.severity is Code.SEVERAL_INDEXES.severity
    assert f"--source a={OURS} takes it from that index alone" in found.evidence


def test_project_on_three_indexes_names_both_others() -> None:
    third = "https://third.example/simple/"
    message = only(findings(listed({"1": (INDEX,), "2": (third,), "3": (OURS,)}), "a"), Code.SEVERAL_INDEXES).message
    assert message.startswith("a is on 3 indexes: 3 was taken")
    assert f"{INDEX} has 1 as its newest" in message
    assert f"{third} has 2 as its newest" in message


def test_project_on_one_index_is_not_told_and_a_folder_is_no_rival() -> None:
    for places in ({"1": (INDEX,)}, {"1": (FOLDER,), "2": (INDEX,)}):
        assert Code.SEVERAL_INDEXES.number not in dict(codes(findings(listed(places), "a")))


@pytest.mark.parametrize(
    ("asked", "severity"), [("a==2", Severity.INFO), ("a>=2", Severity.WARNING), ("a==2.*", Severity.WARNING)]
)
def test_exact_bound_that_one_index_alone_meets_settles_which_one(asked: str, severity: Severity) -> None:
    found = only(findings(listed({"1": (INDEX,), "2": (OURS,)}), asked), Code.SEVERAL_INDEXES)
    assert found.severity is severity


@pytest.mark.parametrize(("same", "severity"), [(True, Severity.INFO), (False, Severity.WARNING)])
def test_the_very_file_on_both_indexes_is_information_and_another_one_is_not(same: bool, severity: Severity) -> None:
    projects = listed({"1": (INDEX, OURS)})
    projects.same = same
    assert only(findings(projects, "a==1"), Code.SEVERAL_INDEXES).severity is severity


@pytest.mark.parametrize(
    ("bounds", "version"),
    [("==1", "1"), ("==1,>0", "1"), ("==1.*", None), (">=1", None), ("==1,==2", None), ("", None)],
)
def test_exact_version_is_that_of_the_one_exact_bound(bounds: str, version: str | None) -> None:
    assert exact_version(SpecifierSet(bounds)) == (Version(version) if version else None)


@pytest.mark.parametrize(("bounds", "label"), [("==1+cu124", "cu124"), ("==1", ""), (">=1", ""), ("", "")])
def test_label_that_is_asked_for_is_that_of_an_exact_local_version(bounds: str, label: str) -> None:
    assert asked_label(SpecifierSet(bounds)) == label


def test_index_that_failed_is_told_with_its_reason_and_what_was_not_seen_there() -> None:
    found = only(findings(listed({"1": (INDEX,)}, unasked=((OURS, "timed out"),)), "a"), Code.INDEX_FAILED)
    assert found.message == f"{OURS} could not be asked, and the other indexes answered alone"
    assert found.evidence == ("timed out", "not seen there: a")


@pytest.mark.parametrize(("hashed", "told"), [((), ["a", "b"]), (("a",), ["b"]), (("a", "b"), [])])
def test_hash_of_the_file_settles_where_a_project_is_from(hashed: tuple[str, ...], told: list[str]) -> None:
    projects = SeveralIndexes({each: {"1": [wheel()]} for each in "ab"})
    projects.places = {"1": (INDEX, OURS)}
    projects.told = {"unasked": ((OURS, "status 403"),), "refused": (OURS,), "unlisted": (OURS,)}
    digest = projects.page(NormalizedName("a")).distributions[Version("1")][0].at.sha256 or ""
    lines = tuple(
        Requirement.parse(
            f"{name}==1",
            CommandLineOrigin(text=name),
            hashes=(HashPin(algorithm="sha256", digest=digest),) if name in hashed else (),
        )
        for name in "ab"
    )
    question = Question(requirements=lines, target=parse_target("win_amd64", "3.11"), policy=Policy(allowed=PURE))
    outcome = resolve(question, projects)
    assert isinstance(outcome, Resolution)
    diagnosis = Diagnosis(outcome, projects, question.policy, requirements=lines)
    for rule in (find_shared_names, find_refused_names):
        assert [each.package for each in rule(diagnosis)] == told
