"""``matrix`` as it is run: cells, plans, statuses, exact counts, and an index that fails for one of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.programs import Outcome, Shell, valid_plan
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import Flaky, IndexServer, Mode
from wheelcheck.report.documents import json_schema
from wheelcheck.report.matrix_document import MatrixDocument
from wheelcheck.targets.targets import PLATFORMS, maintained_pythons

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
NATIVE = {
    "setup.py": "from setuptools import setup, Extension\n"
    "setup(name='a', version='1.0', ext_modules=[Extension('a', ['a.c'])])\n"
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
    assert "\n\nInstalls on 3 of 4 targets; 1 blocked\n\n  Next\n" in outcome.out


def test_all_is_the_documented_list_and_the_default(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        named = run(shell, server, "m", "--platform", "all", "--python", "all", "--format", "json")
        default = run(shell, server, "m", "--format", "json")
    assert named.out == default.out
    assert named.status == 0
    assert answered(named)["platforms"] == list(PLATFORMS)
    assert answered(named)["pythons"] == list(maintained_pythons(datetime.now(UTC).date().isoformat()))


def test_all_pythons_are_those_that_are_maintained_on_the_day_asked_about(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        found = {
            day: answered(run(shell, server, "m", "--platform", "windows", "--exclude-newer", day, "--format", "json"))[
                "pythons"
            ]
            for day in ("2026-10-31", "2026-11-01", "2026-09-30")
        }
    assert found["2026-11-01"] == ["3.11", "3.12", "3.13", "3.14", "3.15", "3.13t", "3.14t", "3.15t"]
    # 3.10 has its last day then; 3.15 comes out on the next.
    assert found["2026-10-31"] == ["3.10", *found["2026-11-01"]]
    assert found["2026-09-30"] == ["3.10", "3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t"]


PROJECT = '[project]\nname = "x"\nversion = "1"\nrequires-python = "{}"\ndependencies = ["m"]\n'


def test_pythons_that_the_project_excludes_are_no_fault_of_it(shell: Shell) -> None:
    path = shell.write("pyproject.toml", PROJECT.format(">=3.12"))
    words = ("--platform", "windows", "--python", "3.10,3.11,3.12,3.13")
    with IndexServer(CATALOG) as server:
        text = run(shell, server, str(path), *words)
        found = run(shell, server, str(path), *words, "--format", "json")
    assert text.status == found.status == 0
    assert list(statuses(found).values()) == ["unsupported", "unsupported", "installs", "installs"]
    assert "requires Python >=3.12" in answered(found)["cells"][0]["failure"]
    assert answered(found)["blockers"] == []
    assert "\n\nInstalls on all 2 targets; 2 not supported by the project\n\n  Next\n" in text.out
    assert "- not supported by the project" in text.out


def test_minor_of_which_the_project_excludes_the_first_releases_is_asked_for_the_next(shell: Shell) -> None:
    path = shell.write("pyproject.toml", PROJECT.format(">=3.11.4"))
    with IndexServer(CATALOG) as server:
        found = run(shell, server, str(path), "--platform", "windows", "-p", "3.10,3.11,3.11.2", "--format", "json")
    assert statuses(found) == {
        "win_amd64/3.10": "unsupported", "win_amd64/3.11.4": "installs", "win_amd64/3.11.2": "unsupported",
    }  # fmt: skip


def test_grid_without_a_python_that_the_project_supports_is_a_slip(shell: Shell) -> None:
    path = shell.write("pyproject.toml", PROJECT.format(">=3.12"))
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, str(path), "--platform", "windows", "--python", "3.10,3.11")
    assert outcome.status == 2
    assert "supports none of the Pythons that were asked for" in outcome.err


WORKFLOW = """\
on: push
jobs:
  t:
    strategy:
      matrix:
        os: [ubuntu-24.04-arm, windows-latest]
        python: ["3.12", "3.14"]
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/setup-python@v6
        with: {python-version: "${{ matrix.python }}"}
"""


def test_file_that_names_whole_targets_names_all_cells(shell: Shell) -> None:
    path = str(shell.write(".github/workflows/ci.yml", WORKFLOW))
    with IndexServer(CATALOG) as server:
        alone = statuses(run(shell, server, "m", "--targets-from", path, "--format", "json"))
        more = statuses(
            run(shell, server, "m", "--targets-from", path, "--platform", "mac", "-p", "3.13", "--format", "json")
        )
    cells = {
        f"{platform}/{python}" for platform in ("manylinux_2_39_aarch64", "win_amd64") for python in ("3.12", "3.14")
    }
    assert set(alone) == cells
    assert set(more) == {*cells, "macosx_13_0_arm64/3.13"}


def test_file_that_names_pythons_alone_is_completed_with_every_platform_and_tells_what_it_took(shell: Shell) -> None:
    path = str(shell.write(".python-version", "3.13-dev\n"))
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, "m", "--targets-from", path, "--format", "json")
    assert set(statuses(outcome)) == {f"{platform}/3.13" for platform in PLATFORMS}
    assert "3.13-dev is a pre-release, taken as its release" in outcome.err


def test_words_of_uv_and_pip_and_commas_name_cells(shell: Shell) -> None:
    spelt = (
        ("--python-platform", "windows,aarch64-apple-darwin", "--python-version", "3.11,3.12"),
        ("--platform", "win_amd64, mac", "-p", "3.11", "-p", "3.12"),
    )
    with IndexServer(CATALOG) as server:
        found = [run(shell, server, "m", *words, "--format", "json").out for words in spelt]
    assert found[0] == found[1]
    assert json.loads(found[0])["platforms"] == ["win_amd64", "macosx_13_0_arm64"]


@pytest.mark.parametrize("command", ["plan", "tree"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--platform", "windows", "--platform", "linux"), "--platform names windows, linux"),
        (("--python-platform", "windows,linux"), "--platform names windows, linux"),
        (("--python", "3.11", "-p", "3.12"), "--python names 3.11, 3.12"),
        (("--python", "all"), "--python names all"),
        (("--target", "a.json", "--target", "b.json"), "--target names a.json, b.json"),
    ],
)
def test_command_for_one_target_refuses_several_and_names_those_that_take_them(
    shell: Shell, command: str, words: tuple[str, ...], told: str
) -> None:
    outcome = shell.run(command, "m", *words, "--no-index")
    assert outcome.status == 2
    assert told in outcome.err
    assert f"{command} is for one target" in outcome.err
    assert "`wheelcheck check` or `wheelcheck matrix`" in outcome.err


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
    assert "opens every target" in " ".join(text.out.split())


def test_repair_opens_those_cells_alone_on_which_it_was_resolved_again(shell: Shell) -> None:
    catalog = {
        "a": [
            make_sdist("a", "1.0", files=NATIVE),
            make_wheel("a", "2.0", tags="cp311-cp311-win_amd64"),
            make_wheel("a", "3.0", tags="cp312-cp312-win_amd64"),
            *(make_wheel("a", "4.0", tags=f"{python}-{python}-win_amd64") for python in ("cp312", "cp313")),
        ]
    }
    words = (
        "matrix",
        "a==1.0",
        "--platform",
        "win_amd64",
        "--python",
        "3.11,3.12,3.13",
        "--cache-dir",
        str(shell.cache),
    )
    with IndexServer(catalog) as server:
        openings = answered(shell.run(*words, "-i", server.simple_url, "--format", "json"))["openings"]

    def cells(opening: dict[str, Any]) -> list[str]:
        return [each["python"] for each in (opening["proved_on"], *opening["same_blockers"])]

    assert [(each["repair"]["edits"][0]["to"], cells(each)) for each in openings] == [
        ("==2.0", ["3.11"]),
        ("==3.0", ["3.12"]),
        ("==4.0", ["3.13"]),
    ]


def test_repair_that_opens_all_cells_with_its_blockers_comes_before_nearer_ones_that_open_some(shell: Shell) -> None:
    wheels = [("2.0", "cp311"), *(("3.0", python) for python in ("cp311", "cp312"))]
    catalog = {
        "a": [
            make_sdist("a", "1.0", files=NATIVE),
            *(make_wheel("a", version, tags=f"{python}-{python}-win_amd64") for version, python in wheels),
        ]
    }
    words = ("matrix", "a==1.0", "--platform", "win_amd64", "--python", "3.11,3.12", "--cache-dir", str(shell.cache))
    with IndexServer(catalog) as server:
        openings = answered(shell.run(*words, "-i", server.simple_url, "--format", "json"))["openings"]
    found = [(each["repair"]["edits"][0]["to"], 1 + len(each["same_blockers"])) for each in openings]
    assert found == [("==3.0", 2), ("==2.0", 1)]


def test_way_out_of_the_grid_is_shown_and_one_to_another_of_its_cells_is_not(shell: Shell) -> None:
    catalog = {
        "a": [
            make_wheel("a", "1.0", tags="cp312-cp312-macosx_13_0_arm64"),
            make_wheel("a", "1.0", tags="cp313-cp313-macosx_14_0_arm64"),
            make_sdist("a", "1.0", files=NATIVE),
        ]
    }
    words = ("matrix", "a", "--platform", "macos", "--cache-dir", str(shell.cache), "--format", "json")
    with IndexServer(catalog) as server:
        alone = answered(shell.run(*words, "-p", "3.13", "-i", server.simple_url))["openings"]
        beside = answered(shell.run(*words, "-p", "3.12,3.13", "-i", server.simple_url))["openings"]

    def ways(opening: dict[str, Any]) -> list[list[str]]:
        found = [opening["repair"], *opening.get("other_repairs", [])]
        return [[edit["to"] for edit in repair["edits"]] for repair in found]

    assert [ways(each) for each in alone] == [[["3.12"], ["macosx_14_0_arm64"]]]
    assert [ways(each) for each in beside] == [[["macosx_14_0_arm64"]]]


def test_word_that_is_no_platform_is_refused(shell: Shell) -> None:
    assert "beos" in shell.run("matrix", "a", "--platform", "beos").refused(2)
