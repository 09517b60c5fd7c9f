"""What ships is read for the projects that were chosen: never less than reading all of it would tell of them."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.knowledge.loading import load_advice, load_conda, load_repair_knowledge, load_shipped
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
