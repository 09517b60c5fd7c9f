"""What ships is read for the projects that were chosen: never less than reading all of it would tell of them."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from msgspec import structs
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.knowledge.loading import load_advice, load_conda, load_pythons, load_repair_knowledge, load_shipped
from wheelcheck.model.knowledge import AbiBreak, Advisory

WHOLE = load_repair_knowledge()
ENTRIES: tuple[Advisory | AbiBreak, ...] = (*WHOLE.advisories, *WHOLE.abi_breaks)


def named(entry: Advisory | AbiBreak) -> frozenset[NormalizedName]:
    return frozenset(each.name for each in entry.when) if isinstance(entry, Advisory) else frozenset({entry.project})


def loaded(names: frozenset[NormalizedName]) -> tuple[Advisory | AbiBreak, ...]:
    found = load_advice(names)
    return () if found is None else (*found.advisories, *found.abi_breaks)


def test_all_projects_get_all_advice_in_its_order() -> None:
    assert loaded(frozenset().union(*map(named, ENTRIES))) == ENTRIES


def test_an_entry_is_read_where_all_its_projects_are_chosen_and_only_there() -> None:
    for entry in ENTRIES:
        names = named(entry)
        assert entry in loaded(names)
        for name in names:
            assert entry not in loaded(names - {name})


def test_pythons_are_found_in_the_text_as_they_are_read() -> None:
    assert load_pythons() == tuple(structs.replace(each, evidence=()) for each in WHOLE.pythons)


def test_projects_without_advice_have_none() -> None:
    assert load_advice({canonicalize_name("sniffio")}) is None
    assert load_advice(()) is None


def test_no_toml_is_parsed_where_nothing_is_advised() -> None:
    code = (
        "import sys\nfrom wheelcheck.knowledge.loading import load_advice\n"
        "load_advice({'sniffio'})\nprint('tomllib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_conda_packages_that_are_projects_are_no_others_and_have_evidence() -> None:
    conda = load_conda()
    assert conda.projects["pytorch"] == "torch"
    assert not conda.projects.keys() & conda.no_projects.keys()
    rows = tomllib.loads(load_shipped("conda.toml"))["projects"].values()
    assert all(row["evidence"].startswith("https://github.com/") for row in rows)
    assert all(row.keys() == {"project", "evidence"} for row in rows)


def test_needs_of_a_build_are_read_for_each_of_the_projects_that_have_them() -> None:
    for entry in WHOLE.builds:
        for name in entry.projects:
            found = load_advice((), {name})
            assert found is not None
            assert entry in found.builds
            # A wheel needs no build.
            chosen = load_advice({name})
            assert chosen is None or not chosen.builds
    assert load_advice({canonicalize_name("sniffio")}) is None


def test_many_projects_say_what_their_build_needs() -> None:
    assert len(frozenset().union(*(entry.projects for entry in WHOLE.builds))) >= 150
    for entry in WHOLE.builds:
        assert entry.debian, entry.projects


def test_system_decides_which_packages_are_named() -> None:
    (needs,) = (entry for entry in WHOLE.builds if canonicalize_name("psycopg2") in entry.projects)
    assert [way.split()[0] for way in needs.ways("manylinux_2_36_aarch64")] == ["apt-get", "dnf"]
    assert [way.split()[0] for way in needs.ways("musllinux_1_2_x86_64")] == ["apk"]
    assert [way.split()[0] for way in needs.ways("macosx_14_0_arm64")] == ["brew"]
    assert "Build Tools" in needs.ways("win_amd64")[0]
    assert all(
        "libpq" in way or "Postgre" in way
        for tag in ("linux_x86_64", "macosx_14_0_arm64", "win32")
        for way in needs.ways(tag)
    )
