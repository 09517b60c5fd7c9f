"""A lock as it stands: the file that a target would take of each package, and what it is when that is a source archive."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.fakes.locked import listed, lock_of, locked
from tests.fakes.projects import FakeProjects, sdist, wheel
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import Installability, MetadataSource
from wheelcheck.model.lock import LockedDependency, LockedPackage
from wheelcheck.model.requirement import UnsupportedRequirement
from wheelcheck.model.resolution import Pin, Policy, Resolution
from wheelcheck.resolver.locked import LockedResolver
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.targets import parse_target

WINDOWS = parse_target("win_amd64", "3.11")
LINUX = parse_target("linux", "3.11")
POLICY = Policy(allowed=frozenset({Installability.WHEEL}))


def index(**more: object) -> FakeProjects:
    return FakeProjects(
        {
            "some": {"1.0": [wheel("cp311-cp311-win_amd64"), wheel("py3-none-any"), sdist(purity="pure")]},
            "source": {"1.0": [sdist(purity="native")]},
        },
        **more,  # type: ignore[arg-type]
    )


def take(*packages: LockedPackage, projects: FakeProjects | None = None, policy: Policy = POLICY) -> Resolution:
    return LockedResolver(
        lock_of(*packages), packages, policy, projects or index(), Compatibility(WINDOWS)
    ).resolution()


def pin(package: LockedPackage, projects: FakeProjects | None = None, policy: Policy = POLICY) -> Pin:
    return take(package, projects=projects, policy=policy).pins[package.name]


def filename(found: Pin) -> str | None:
    return found.distribution.filename if found.distribution is not None else None


FILES = (listed("some-1.0.tar.gz"), listed("some-1.0-py3-none-any.whl"), listed("some-1.0-cp311-cp311-win_amd64.whl"))


def test_best_of_the_listed_files_is_taken_without_asking_the_index() -> None:
    projects = index()
    found = pin(locked("some", "1.0", *FILES), projects)
    assert (filename(found), found.installability) == ("some-1.0-cp311-cp311-win_amd64.whl", Installability.WHEEL)
    assert found.metadata.source is MetadataSource.LOCK
    assert not projects.calls


def test_repository_in_a_lock_is_named_and_not_taken_from_the_index_by_its_version() -> None:
    package = locked("some", "1.0", *FILES)
    stated = UnsupportedRequirement(
        kind="vcs", text="some @ git+https://git.example/some", name=package.name, origin=package.origin
    )
    projects = index()
    found = take(replace(package, unsupported=stated), projects=projects)
    assert (dict(found.pins), found.unsupported) == ({}, (stated,))
    assert not projects.calls


@pytest.mark.parametrize("bound", [None, SpecifierSet(">=3.8")])
def test_python_that_a_locked_package_requires_is_that_of_the_lock(bound: SpecifierSet | None) -> None:
    found = pin(replace(locked("some", "1.0", *FILES), requires_python=bound))
    assert found.metadata.requires_python == (None if bound is None else ">=3.8")


def test_files_that_the_lock_does_not_list_do_not_exist() -> None:
    found = pin(locked("some", "1.0", listed("some-1.0-cp311-cp311-manylinux_2_28_x86_64.whl")))
    assert (found.distribution, found.installability) == (None, Installability.MISSING)
    assert "platform tag manylinux_2_28_x86_64" in found.evidence[0]
    assert pin(locked("some", "1.0")).installability is Installability.MISSING


def test_lock_without_file_lists_falls_back_to_the_index() -> None:
    assert filename(pin(locked("some", "1.0", hashes=()))) == "some-1.0-cp311-cp311-win_amd64.whl"
    digest = dict(FILES[1].at.hashes)["sha256"]
    assert filename(pin(locked("some", "1.0", hashes=(digest,)))) == "some-1.0-py3-none-any.whl"
    assert pin(locked("some", "1.0", hashes=("0" * 64,))).distribution is None
    assert pin(locked("some", "2.0", hashes=())).distribution is None
    assert pin(locked("nowhere", "1.0", hashes=())).distribution is None


def test_hash_pins_stand_in_the_requirement_so_that_a_finding_can_name_them() -> None:
    resolution = take(locked("some", "1.0", hashes=("0" * 64,)))
    (edge,) = resolution.edges
    assert [each.digest for each in edge.requirement.hashes] == ["0" * 64]


def test_index_that_fails_is_no_missing_file() -> None:
    with pytest.raises(IndexUnavailable):
        take(locked("some", "1.0", hashes=()), projects=index(failing=frozenset({"some"})))


def test_day_of_the_settings_hides_no_locked_file() -> None:
    early = Policy(allowed=POLICY.allowed, exclude_newer="2020-01-01T00:00:00Z")
    assert filename(pin(locked("some", "1.0", *FILES), policy=early)) == "some-1.0-cp311-cp311-win_amd64.whl"
    assert filename(pin(locked("some", "1.0", hashes=()), policy=early)) == "some-1.0-cp311-cp311-win_amd64.whl"


def test_source_archive_is_judged_where_the_index_has_it() -> None:
    projects = index()
    found = pin(locked("source", "1.0", listed("source-1.0.tar.gz", url="")), projects)
    assert found.installability is Installability.SDIST_NATIVE
    assert found.evidence == ("the fake says native",)
    assert projects.calls["source", "source-1.0.tar.gz"] == 1


def test_source_archive_without_an_address_anywhere_is_unknown_and_not_dropped() -> None:
    found = pin(locked("other", "1.0", listed("other-1.0.tar.gz", url="")))
    assert found.installability is Installability.SDIST_UNKNOWN
    assert "other-1.0.tar.gz is not on the index" in found.evidence[0]


def test_source_archive_with_other_bytes_than_the_lock_is_not_judged_in_its_place() -> None:
    projects = index()
    changed = listed("source-1.0.tar.gz", url="", sha256="0" * 64)
    assert pin(locked("source", "1.0", changed), projects).installability is Installability.SDIST_UNKNOWN
    assert projects.count("source") == 0


def test_wheels_of_the_release_tell_what_its_source_is() -> None:
    projects = index()
    files = (listed("source-1.0.tar.gz"), listed("source-1.0-cp311-cp311-macosx_13_0_arm64.whl"))
    assert pin(locked("source", "1.0", *files), projects).installability is Installability.SDIST_NATIVE
    assert not projects.calls


@pytest.mark.parametrize(
    ("purity", "size", "kind"),
    [
        ("optional", 1024**2, Installability.SDIST_OPTIONAL),
        ("optional", 1024**2 + 1, Installability.SDIST_NATIVE),
        ("pure", 100, Installability.SDIST_NATIVE),
    ],
)
def test_small_archive_itself_tells_that_it_builds_without_a_compiler(
    purity: str, size: int, kind: Installability
) -> None:
    projects = FakeProjects({"source": {"1.0": [sdist(purity=purity)]}})
    files = (listed("source-1.0.tar.gz", size=size), listed("source-1.0-cp36-cp36m-win_amd64.whl"))
    assert pin(locked("source", "1.0", *files), projects).installability is kind


def test_edges_are_those_of_the_lock_and_nobody_else_asks_for_what_is_depended_on() -> None:
    some = locked("some", "1.0", *FILES, requires=("source", "absent"), line=3)
    source = locked("source", "1.0", listed("source-1.0.tar.gz", url=""), line=9)
    edges = take(some, source).edges
    assert [(edge.parent, edge.child) for edge in edges] == [("some", "source"), (None, "some")]
    assert str(edges[1].requirement) == "some==1.0"
    assert str(edges[1].requirement.origin) == "some.lock:3"


def test_cycle_leaves_nobody_without_a_way() -> None:
    one = locked("some", "1.0", *FILES, requires=("source",))
    other = locked("source", "1.0", listed("source-1.0.tar.gz", url=""), requires=("some",))
    assert {edge.child for edge in take(one, other).edges} == {canonicalize_name("some"), canonicalize_name("source")}


def test_targets_take_files_of_their_own() -> None:
    package = locked("some", "1.0", *FILES)
    found = (
        LockedResolver(lock_of(package), (package,), POLICY, index(), Compatibility(LINUX))
        .resolution()
        .pins[package.name]
    )
    assert filename(found) == "some-1.0-py3-none-any.whl"


def test_what_was_asked_for_is_what_own_packages_need_and_where_the_graph_begins() -> None:
    files = {name: listed(f"{name}-1.0-py3-none-any.whl") for name in ("some", "other", "third", "mine")}
    packages = (
        locked("some", "1.0", files["some"], requires=("some", "third")),
        locked("other", "1.0", files["other"], requires=("third",)),
        locked("third", "1.0", files["third"]),
    )
    own = replace(locked("mine", "1.0", files["mine"], requires=("some", "gone")), is_own=True)
    for roots, asked in (((), ["some"]), (("other", "some"), ["other", "some"]), (("third",), ["some", "third"])):
        lock = replace(
            lock_of(*packages, own), roots=tuple(LockedDependency(name=canonicalize_name(each)) for each in roots)
        )
        found = LockedResolver(lock, packages, POLICY, index(), Compatibility(WINDOWS)).resolution()
        assert [(edge.parent, edge.child) for edge in found.edges] == [
            ("other", "third"),
            ("some", "third"),
            *((None, each) for each in asked),
        ]
