"""Where a lock and the index disagree."""

from __future__ import annotations

import pytest

from tests.fakes.locked import listed, lock_of, locked
from tests.fakes.projects import FakeProjects, sdist, wheel
from wheelcheck.errors import IndexUnavailable, OfflineMiss
from wheelcheck.findings.asked import find_disagreements, silent_lock
from wheelcheck.model.distribution import Distribution, Installability, ProjectPage
from wheelcheck.model.finding import Finding
from wheelcheck.model.lock import LockedPackage
from wheelcheck.model.resolution import Policy
from wheelcheck.resolver.locked import LockedResolver
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.targets import parse_target

WINDOWS = parse_target("win_amd64", "3.11")
WHEEL, SDIST = listed("some-1.0-py3-none-any.whl"), listed("some-1.0.tar.gz")
POLICY = Policy(allowed=frozenset(Installability))


def index(**more: object) -> FakeProjects:
    released = {"1.0": [wheel(), sdist()], "2.0": [wheel(yanked="broken"), sdist(yanked="broken")]}
    return FakeProjects({"some": released}, **more)  # type: ignore[arg-type]


def disagreements(
    *packages: LockedPackage, projects: FakeProjects | None = None, asked: tuple[str, ...] = ()
) -> list[Finding]:
    projects = projects or index()
    resolution = LockedResolver(lock_of(*packages), packages, POLICY, projects, Compatibility(WINDOWS)).resolution()
    return list(find_disagreements(packages, resolution, projects, asked))


def codes(found: list[Finding]) -> list[str]:
    return [finding.code.number for finding in found]


def test_lock_and_index_that_agree_leave_nothing_to_say() -> None:
    projects = index()
    assert disagreements(locked("some", "1.0", WHEEL, SDIST), projects=projects) == []
    assert projects.calls["page", "some"] == 1


def test_changed_file_is_told_whether_or_not_the_target_takes_it() -> None:
    for changed in (
        (listed(WHEEL.filename, sha256="0" * 64), SDIST),
        (WHEEL, listed(SDIST.filename, sha256="0" * 64)),
    ):
        (finding,) = disagreements(locked("some", "1.0", *changed))
        assert finding.code.number == "WC406"
        assert finding.severity.value == "error"
        assert f"locked {'0' * 64}, offered" in finding.evidence[0]


def test_file_that_is_gone_is_told_of_the_target_that_takes_it_alone() -> None:
    own = listed("some-1.0-cp311-cp311-win_amd64.whl")
    other = listed("some-1.0-cp311-cp311-macosx_13_0_arm64.whl")
    assert codes(disagreements(locked("some", "1.0", own, WHEEL))) == ["WC407"]
    assert disagreements(locked("some", "1.0", other, WHEEL)) == []


def test_unknown_project_is_a_locked_file_that_is_gone() -> None:
    (finding,) = disagreements(locked("nowhere", "1.0", listed("nowhere-1.0-py3-none-any.whl")))
    assert finding.code.number == "WC407"
    assert "the index does not know the project" in finding.message


def test_index_that_the_lock_names_is_told() -> None:
    own = listed("some-1.0-cp311-cp311-win_amd64.whl")
    (here,) = disagreements(locked("some", "1.0", own))
    assert here.evidence == ("locked from https://index.example/simple/",)


@pytest.mark.parametrize(
    "files", [(listed("some-1.0-cp311-cp311-win_amd64.whl"),), (listed(WHEEL.filename, sha256="0" * 64),)]
)
def test_files_of_an_index_that_was_not_asked_are_compared_with_no_other(files: tuple[Distribution, ...]) -> None:
    others = [locked(name, "1.0", listed(f"{name}-1.0-py3-none-any.whl")) for name in ("one", "two")]
    released = {name: {"1.0": [wheel()]} for name in ("some", "one", "two")}
    package = locked("some", "1.0", *files, index="https://other.example/simple")
    (finding,) = disagreements(*others, package, projects=FakeProjects(released))
    assert (finding.code.number, finding.severity.value) == ("WC413", "warning")
    assert finding.evidence == ("--source some=https://other.example/simple asks it",)
    # Where the whole lock is from one index, the one that is asked is its mirror.
    assert codes(disagreements(package)) in (["WC406"], ["WC407"])
    # The same file under the same name is the same file, wherever it is from.
    same = locked("some", "1.0", WHEEL, index="https://other.example/simple")
    assert disagreements(*others, same, projects=FakeProjects(released)) == []


@pytest.mark.parametrize("names", [("aaa", "some"), ("some", "zzz")])
def test_index_that_was_asked_is_known_by_its_address_and_not_by_what_comes_from_it(names: tuple[str, str]) -> None:
    gone, mirror = "{}-1.0-cp311-cp311-win_amd64.whl", "https://other.example/simple"
    own = locked("some", "1.0", listed(gone.format("some")))
    packages = [
        own if name == "some" else locked(name, "1.0", listed(gone.format(name)), index=mirror) for name in names
    ]
    projects = FakeProjects({name: {"1.0": [wheel()]} for name in names})
    found = disagreements(*packages, projects=projects, asked=("https://index.example/simple",))
    assert {str(each.package): each.code.number for each in found} == {
        name: "WC407" if name == "some" else "WC413" for name in names
    }


def test_release_that_was_withdrawn_since_is_a_warning() -> None:
    (finding,) = disagreements(locked("some", "2.0", listed("some-2.0-py3-none-any.whl")))
    assert (finding.code.number, finding.severity.value) == ("WC202", "warning")
    assert finding.evidence == ("their reason: broken",)
    # Without file lists the pinned file is the index's own, and the rule on pins speaks.
    assert disagreements(locked("some", "2.0", hashes=())) == []


def test_what_came_from_an_address_of_its_own_is_not_compared() -> None:
    package = locked("some", "1.0", listed(WHEEL.filename, sha256="0" * 64), source="https://x.example/some", index="")
    assert disagreements(package) == []


def test_hash_in_another_algorithm_cannot_be_compared() -> None:
    from msgspec.structs import replace

    other = replace(WHEEL, at=replace(WHEEL.at, hashes=(("sha512", "0" * 128),)))
    assert disagreements(locked("some", "1.0", other)) == []


def test_index_that_fails_is_no_agreement() -> None:
    with pytest.raises(IndexUnavailable):
        disagreements(locked("some", "1.0", WHEEL), projects=index(failing=frozenset({"some"})))


class Offline(FakeProjects):
    """Holds nothing, and may ask nobody."""

    def page(self, name: object) -> ProjectPage:
        raise OfflineMiss("not in the cache", address=str(name))


def test_offline_only_what_is_kept_is_compared() -> None:
    assert disagreements(locked("some", "1.0", WHEEL), projects=Offline({})) == []


def test_lock_that_is_silent_on_a_target_says_why() -> None:
    finding = silent_lock("uv.lock", "locked for Python <3.11 only", WINDOWS)
    assert finding.code.number == "WC408"
    assert finding.message == "uv.lock is locked for Python <3.11 only, and not for win_amd64, Python 3.11"
