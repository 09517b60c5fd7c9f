"""``matrix`` as it is run: cells, plans, statuses, exact counts, and an index that fails for one of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.programs import Outcome, Shell, valid_plan
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import Flaky, IndexServer, Mode
from wheelcheck.report.documents import json_schema
from wheelcheck.report.matrix_document import MatrixDocument
from wheelcheck.targets.targets import PLATFORMS, PYTHONS

CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b", "m; sys_platform != 'win32'"])],
    "b": [
        make_wheel("b", "1.0", tags="cp311-cp311-win_amd64"),
        make_wheel("b", "1.0", tags="cp311-cp311-manylinux_2_17_x86_64"),
        make_wheel("b", "1.0", tags="cp312-cp312-win_amd64"),
    ],
    "m": [make_wheel("m", "1.0")],
    "pure": [make_sdist("pure", "1.0")],
}
GRID = ("--platform", "win_amd64", "--platform", "manylinux_2_28_x86_64", "--python", "3.11", "--python", "3.12")


def run(shell: Shell, server: IndexServer, *words: str) -> Outcome:
    return shell.run("matrix", *words, "-i", server.simple_url, "--cache-dir", str(shell.cache), "--no-repair")


def answered(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(outcome.out)
    Draft202012Validator(json_schema(MatrixDocument)).validate(document)
    return document


def statuses(outcome: Outcome) -> dict[str, str]:
    cells = answered(outcome)["cells"]
    return {f"{cell['platform']}/{cell['python']}": cell["status"] for cell in cells}


def test_cells_are_platforms_times_pythons(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, "a", *GRID, "--format", "json")
    assert outcome.status == 1
    assert statuses(outcome) == {
        "win_amd64/3.11": "installs",
        "win_amd64/3.12": "installs",
        "manylinux_2_28_x86_64/3.11": "installs",
        "manylinux_2_28_x86_64/3.12": "blocked",
    }
    document = answered(outcome)
    assert [blocker["package"] for blocker in document["blockers"]] == ["b"]
    assert document["best"]["python"] == "3.11"


def test_text_names_the_blocker_once(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, "a", *GRID)
    assert outcome.out.count("b 1.0") == 1
    assert "on manylinux_2_28_x86_64 (3.12)" in outcome.out
    assert outcome.out.endswith("Installs on 3 of 4 targets; 1 blocked\n")


def test_all_is_the_documented_list_and_the_default(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        named = run(shell, server, "m", "--platform", "all", "--python", "all", "--format", "json")
        default = run(shell, server, "m", "--format", "json")
    assert named.out == default.out
    assert named.status == 0
    assert answered(named)["platforms"] == list(PLATFORMS)
    assert answered(named)["pythons"] == list(PYTHONS)


def test_settings_name_rows_and_columns(shell: Shell) -> None:
    shell.write("pyproject.toml", '[tool.wheelcheck]\nplatform = "win_amd64"\npython = ["3.11", "3.12"]\n')
    with IndexServer(CATALOG) as server:
        assert list(statuses(run(shell, server, "m", "--format", "json"))) == ["win_amd64/3.11", "win_amd64/3.12"]


def test_pure_builds_are_no_failure_until_denied(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        pure = run(shell, server, "pure", *GRID, "--format", "json")
        denied = run(shell, server, "pure", *GRID, "--format", "json", "--sdist", "deny")
    assert pure.status == 0
    assert set(statuses(pure).values()) == {"needs-build"}
    assert denied.status == 1
    assert set(statuses(denied).values()) == {"blocked"}


def test_any_is_content_with_one_cell(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        assert run(shell, server, "a", *GRID, "--any").status == 0
        assert run(shell, server, "gone", *GRID, "--any").status == 1


def test_plans_are_written_for_cells_that_install(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        run(shell, server, "a", *GRID, "--plans", "plans")
        single = shell.plan("a", index=server.simple_url)
    folder = shell.folder / "plans"
    assert sorted(path.name for path in folder.iterdir()) == [
        "manylinux_2_28_x86_64-3.11.json",
        "win_amd64-3.11.json",
        "win_amd64-3.12.json",
    ]
    written = (folder / "win_amd64-3.11.json").read_text()
    assert valid_plan(written)["status"] == "installable"
    assert written == single.out, "a cell is planned as plan does it"


def test_plans_replace_nothing_unasked(shell: Shell) -> None:
    kept = shell.write("plans/win_amd64-3.11.json", "mine")
    stale = shell.write("plans/manylinux_2_28_x86_64-3.12.json", "stale")
    with IndexServer(CATALOG) as server:
        message = run(shell, server, "a", *GRID, "--plans", "plans").refused(3)
        assert server.requests == [], "refused before any work"
        assert "win_amd64-3.11.json" in message
        assert "--force" in message
        assert kept.read_text() == "mine"
        forced = run(shell, server, "a", *GRID, "--plans", "plans", "--force")
    assert forced.status == 1
    assert valid_plan(kept.read_text())["packages"][0]["name"] == "a"
    assert stale.read_text() == "stale"
    assert "is from before" in forced.err


@pytest.mark.parametrize("folder", ["file", "no/such/folder"])
def test_plans_need_a_place(shell: Shell, folder: str) -> None:
    shell.write("file", "")
    with IndexServer(CATALOG) as server:
        assert folder.rpartition("/")[0] in run(shell, server, "a", *GRID, "--plans", folder).refused(3)


def test_pages_and_metadata_are_had_once_for_all_cells(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        run(shell, server, "a", *GRID)
        assert {name: server.count_pages(name) for name in ("a", "b", "m")} == {"a": 1, "b": 1, "m": 1}
        assert server.count_sidecars() <= 5
        server.forget_requests()
        run(shell, server, "a", *GRID)
        assert server.requests == []


def test_cell_whose_index_fails_stops_no_other(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(flaky=Flaky(first=1_000, how="500", on="/m/"))) as server:
        outcome = run(shell, server, "a", *GRID, "--format", "json")
        text = run(shell, server, "a", *GRID)
        anyhow = run(shell, server, "a", *GRID, "--any")
    assert statuses(outcome) == {
        "win_amd64/3.11": "installs",
        "win_amd64/3.12": "installs",
        "manylinux_2_28_x86_64/3.11": "failed",
        "manylinux_2_28_x86_64/3.12": "failed",
    }
    assert (outcome.status, anyhow.status) == (3, 0)
    assert "/m/" in text.out
    assert "manylinux_2_28_x86_64 (all Pythons)" in text.out


def test_markdown_goes_to_stdout(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, "a", *GRID, "--format", "markdown")
    assert "| manylinux\\_2\\_28\\_x86\\_64 | ✅ | ❌ |" in outcome.out


def test_repairs_are_looked_for_once_for_cells_blocked_alike(shell: Shell) -> None:
    catalog = {
        "a": [make_wheel("a", "1.0", requires=["b==1.0"])],
        "b": [make_sdist("b", "1.0"), make_wheel("b", "1.1", tags="cp311-abi3-win_amd64")],
    }
    words = ("matrix", "a", "--platform", "win_amd64", "--python", "3.11", "--python", "3.12", "--sdist", "deny")
    with IndexServer(catalog) as server:
        outcome = shell.run(*words, "-i", server.simple_url, "--cache-dir", str(shell.cache), "--format", "json")
        text = shell.run(*words, "-i", server.simple_url, "--cache-dir", str(shell.cache))
    (opening,) = answered(outcome)["openings"]
    assert opening["proved_on"] == {"platform": "win_amd64", "python": "3.11"}
    assert opening["same_blockers"] == [{"platform": "win_amd64", "python": "3.12"}]
    assert [edit["kind"] for edit in opening["repair"]["edits"]] == ["override"]
    assert "opens win_amd64 (all Pythons)" in " ".join(text.out.split())


def test_word_that_is_no_platform_is_refused(shell: Shell) -> None:
    assert "beos" in shell.run("matrix", "a", "--platform", "beos").refused(2)
