"""What applies on a target, by the locks that uv, Poetry, PDM, pipenv and pip wrote of one project."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from tests.locks.fixtures import EVERYWHERE, applied, failure, lock, target
from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.choosing import applicable, pinned_roots, uncovered
from wheelcheck.locks.formats import parse_lock
from wheelcheck.targets.fitting import Compatibility

GRAPHS = ("quay/uv.lock", "quay/poetry.lock", "quay/pdm.lock")
CHOICES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((), ()),
    (("shiny",), ()),
    (("matte",), ()),
    (("shiny", "matte"), ()),
    ((), ("test",)),
    ((), ("docs",)),
    (("shiny",), ("docs", "test")),
)


def expected(platform: str, python: str, extras: tuple[str, ...], groups: tuple[str, ...]) -> set[str]:
    """What quay's pyproject.toml and the catalog of its dependencies lead to, written out by hand."""
    windows, old = platform.startswith("win"), python == "3.11"
    found = {"harbor==1.4.0", "lantern==1.2.0", "anvil==2.0.1", "quarry==0.9.3"}
    found |= {"slate==1.8.0", "chalk==1.0.0", "colorflag==0.4.6", "registrar==5.0.0"} if windows else {"slate==2.1.0"}
    found |= {"backfill==3.0.0"} if old else set()
    if "shiny" in extras:
        found |= {"glitter==1.1.0", "dustmote==1.0.0"} | ({"winsparkle==1.0.2"} if windows else set())
    if "matte" in extras:
        found |= {"varnish==0.3.0"}
    if {"test", "docs"} & set(groups):
        found |= {"probe==8.0.0"} | ({"fathom==1.5.0"} if old else set())
    if "docs" in groups:
        found |= {"scribe==6.0.0"}
    return found


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize(("platform", "python"), EVERYWHERE)
@pytest.mark.parametrize(("extras", "groups"), CHOICES)
def test_markers_extras_groups_and_forks_choose_the_same_in_every_format(
    name: str, platform: str, python: str, extras: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    assert applied(name, platform, python, extras, groups) == expected(platform, python, extras, groups)


@pytest.mark.parametrize("name", [*GRAPHS, "quay/Pipfile.lock", "quay/pylock.uv.toml", "quay/pylock.pdm.toml"])
@pytest.mark.parametrize(("platform", "python"), EVERYWHERE)
@pytest.mark.parametrize(("extras", "groups"), CHOICES)
def test_what_a_repair_asks_for_is_among_what_applies_and_has_the_roots_of_the_groups_that_were_chosen(
    name: str, platform: str, python: str, extras: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    if name not in GRAPHS:
        extras, groups = (), ("develop",) if groups and "Pipfile" in name else ()
    judge = Compatibility(target(platform, python))
    asked = pinned_roots(lock(name), extras, groups).requirements
    texts = {each.text for each in asked if each.marker is None or judge.evaluate(each.marker).holds}
    roots = {text.replace("[dust]", "") for text in texts}
    assert roots <= applied(name, platform, python, extras, groups)
    assert {"harbor==1.4.0", "lantern==1.2.0"} & roots
    if name in GRAPHS:
        assert ("scribe==6.0.0" in roots) == ("docs" in groups)
        assert ("glitter==1.1.0" in roots) == ("shiny" in extras)
    assert ("glitter[dust]==1.1.0" in texts) == ("shiny" in extras and name == "quay/uv.lock")


@pytest.mark.parametrize(("platform", "python"), EVERYWHERE)
def test_locks_without_choices_hold_what_was_chosen_when_they_were_made(platform: str, python: str) -> None:
    everything = expected(platform, python, ("shiny", "matte"), ("docs",))
    assert applied("quay/pylock.uv.toml", platform, python) == everything
    assert applied("quay/pylock.pdm.toml", platform, python) == everything
    assert applied("quay/requirements-hashed.txt", platform, python) == expected(platform, python, ("shiny",), ())


@pytest.mark.parametrize(("platform", "python"), EVERYWHERE)
@pytest.mark.parametrize("groups", [(), ("dev",), ("develop", "docs")])
def test_sections_of_a_pipfile_lock_are_its_groups(platform: str, python: str, groups: tuple[str, ...]) -> None:
    windows, old = platform.startswith("win"), python == "3.11"
    found = {"anvil==2.0.1", "harbor==1.4.0", "lantern==1.2.0", "quarry==0.9.3", "slate==2.1.0"}
    found |= {"winsparkle==1.0.2"} if windows else set()
    found |= {"backfill==3.0.0"} if old else set()
    if groups:
        # pipenv keeps what the locking Python needs and drops its marker.
        found |= {"probe==8.0.0", "fathom==1.5.0"}
    if "docs" in groups:
        found |= {"scribe==6.0.0"}
    assert applied("quay/Pipfile.lock", platform, python, groups=groups) == found


@pytest.mark.parametrize(("platform", "python"), EVERYWHERE)
@pytest.mark.parametrize(("extras", "groups"), [((), ()), (("shiny",), ()), ((), ("test",)), (("shiny",), ("test",))])
def test_a_pylock_with_extras_and_groups_in_its_markers_is_asked_for_them(
    platform: str, python: str, extras: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    windows, old = platform.startswith("win"), python == "3.11"
    found = {"harbor==1.4.0", "lantern==1.2.0"} | ({"colorflag==0.4.6"} if windows else set())
    if extras:
        found |= {"glitter==1.1.0", "dustmote==1.0.0"} | ({"winsparkle==1.0.2"} if windows else set())
    if groups:
        found |= {"probe==8.0.0"} | ({"fathom==1.5.0"} if old else set())
    assert applied("pier/pylock.toml", platform, python, extras, groups) == found


@pytest.mark.parametrize(
    ("extras", "versions"), [((), set()), (("old",), {"slate==1.8.0", "chalk==1.0.0"}), (("new",), {"slate==2.1.0"})]
)
def test_conflicting_extras_choose_their_own_version(extras: tuple[str, ...], versions: set[str]) -> None:
    assert applied("wharf/uv.lock", "manylinux_2_28_x86_64", "3.13", extras) == {"lantern==1.2.0"} | versions


def test_conflicting_extras_at_once_are_refused() -> None:
    with pytest.raises(InputUnreadable, match="slate is locked twice"):
        applied("wharf/uv.lock", "win_amd64", "3.13", ("old", "new"))


def test_a_report_speaks_of_its_own_environment_only() -> None:
    report = lock("quay/pip-report.json")
    assert uncovered(report, target("win_amd64", "3.11")) == "locked for other environments only"
    assert uncovered(report, target("manylinux_2_28_x86_64", "3.13"))
    with pytest.raises(InputUnreadable, match="locked for other environments only: win_amd64"):
        applicable(report, target("win_amd64", "3.11"))
    assert len(applied("quay/pip-report.json", "manylinux_2_28_x86_64", "3.11")) == len(report.packages)


def test_a_python_outside_the_bounds_of_the_lock_is_not_covered() -> None:
    assert uncovered(lock("quay/uv.lock"), target("win_amd64", "3.14")) == "locked for Python <3.14,>=3.11 only"
    assert uncovered(lock("quay/poetry.lock"), target("win_amd64", "3.10"))
    assert uncovered(lock("quay/pdm.lock"), target("win_amd64", "3.12"))
    assert uncovered(lock("quay/pdm.lock"), target("macosx_13_0_x86_64", "3.13"))
    assert uncovered(lock("quay/pylock.pdm.toml"), target("macosx_13_0_x86_64", "3.13"))


@pytest.mark.parametrize("name", GRAPHS)
def test_an_unknown_extra_or_group_is_named_with_the_nearest(name: str) -> None:
    windows = target("win_amd64", "3.11")
    with pytest.raises(InputUnreadable, match="no extra 'shinny'") as caught:
        applicable(lock(name), windows, extras=["shinny"])
    assert caught.value.hint == "did you mean shiny?"
    with pytest.raises(InputUnreadable, match="no dependency group 'dcos'"):
        applicable(lock(name), windows, groups=["dcos"])


def test_names_of_extras_and_groups_are_normalised() -> None:
    assert applied("quay/uv.lock", "win_amd64", "3.11", ("Shiny",)) == applied(
        "quay/uv.lock", "win_amd64", "3.11", ("shiny",)
    )


def test_an_edge_that_leads_nowhere_is_no_partial_answer() -> None:
    text = (
        'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[[package]]\nname = "app"\nversion = "1"\n'
        'source = { virtual = "." }\ndependencies = [{ name = "gone" }]\n'
    )
    found = parse_lock(text.encode(), "uv.lock")
    with pytest.raises(InputUnreadable, match="app==1 depends on gone, which the lock does not list") as caught:
        applicable(found, target("win_amd64", "3.11"))
    assert caught.value.address == "uv.lock:5"


def test_versions_whose_markers_overlap_are_refused_on_that_target_only() -> None:
    text = (
        '[[package]]\nname = "slate"\nversion = "1"\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
        'markers = "python_version < \\"3.13\\""\nfiles = []\n\n'
        '[[package]]\nname = "slate"\nversion = "2"\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
        'markers = "python_version > \\"3.10\\""\nfiles = []\n\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "0"\n'
    )
    found = parse_lock(text.encode(), "poetry.lock")
    assert [str(each) for each in applicable(found, target("win_amd64", "3.13"))] == ["slate==2"]
    with pytest.raises(InputUnreadable, match="slate is locked twice for win_amd64"):
        applicable(found, target("win_amd64", "3.11"))


def test_a_lock_of_poetry_1_is_taken_whole_and_says_so() -> None:
    text = (
        '[[package]]\nname = "colorflag"\nversion = "1"\noptional = false\npython-versions = "*"\nfiles = []\n\n'
        '[[package]]\nname = "glitter"\nversion = "1"\noptional = true\npython-versions = "*"\nfiles = []\n\n'
        '[extras]\nshiny = ["glitter"]\n\n'
        '[metadata]\nlock-version = "2.0"\npython-versions = "^3.11"\ncontent-hash = "0"\n'
    )
    found = parse_lock(text.encode(), "poetry.lock")
    windows = target("win_amd64", "3.11")
    assert found.notes
    assert [str(each) for each in applicable(found, windows)] == ["colorflag==1"]
    assert [str(each) for each in applicable(found, windows, extras=["shiny"])] == ["colorflag==1", "glitter==1"]


def test_markers_of_a_group_count_for_that_group_alone() -> None:
    text = (
        '[[package]]\nname = "slate"\nversion = "1"\noptional = false\npython-versions = "*"\n'
        'groups = ["main", "test"]\nfiles = []\n\n[package.markers]\nmain = "sys_platform == \\"win32\\""\n\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "0"\n'
    )
    found = parse_lock(text.encode(), "poetry.lock")
    linux = target("manylinux_2_28_x86_64", "3.11")
    assert not applicable(found, linux)
    assert len(applicable(found, linux, groups=["test"])) == 1
    assert len(applicable(found, target("win_amd64", "3.11"))) == 1


@pytest.mark.parametrize(
    ("words", "bound"),
    [("3.8.x", "==3.8.*"), ("3.*", "==3.*"), ("^3.11", "<4,>=3.11"), ("*", None), (">=what", None), ("3.8.y", None)],
)
def test_pythons_of_a_poetry_lock_are_read_in_its_words_and_what_is_not_understood_bounds_nothing(
    words: str, bound: str | None
) -> None:
    text = f'package = []\n\n[metadata]\nlock-version = "2.1"\npython-versions = "{words}"\ncontent-hash = "0"\n'
    assert parse_lock(text.encode(), "poetry.lock").requires_python == (None if bound is None else SpecifierSet(bound))


def test_a_marker_that_is_none_ends_the_reading() -> None:
    text = 'lock-version = "1.0"\ncreated-by = "x"\n\n[[packages]]\nname = "slate"\nversion = "1"\nmarker = "os ="\n'
    assert failure(text, "pylock.toml").address == "pylock.toml:4"
