"""How the answers of `why` and `wheels` read; real outcomes of small indexes, drawn."""

from __future__ import annotations

import json
import re

import pytest
from msgspec.structs import replace
from packaging.version import Version

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.findings.test_versions import wheels
from tests.findings.test_why import AV, why
from wheelcheck.model.answers import CellKind, VersionCell, Wheels, WheelsRow, Why
from wheelcheck.report.tree import render_whys, render_whys_json
from wheelcheck.report.wheels import render_wheels, render_wheels_json
from wheelcheck.targets.targets import PLATFORMS, maintained_pythons

DEEP = FakeProjects(
    {f"project-{number}": {"1.2.3": [wheel(requires=[f"project-{number + 1}>=1.0,<2"])]} for number in range(12)}
    | {"project-12": {"1.2.3": [wheel()]}}
)
MANY = FakeProjects(
    {
        "a": {
            "2026.11.21.post1": [wheel("cp311-cp311-win_amd64"), wheel("cp39-abi3-macosx_11_0_arm64"), sdist()],
            "2": [wheel()],
            "1": [sdist(purity="native")],
        }
    }
)
PYTHONS = maintained_pythons("2026-11-28")
EVERYWHERE = tuple((platform, python) for python in PYTHONS for platform in PLATFORMS)
WHYS = {
    "blocked": why(AV, "av", "audio==1.3"),
    "deep": why(DEEP, "project-12", "project-0"),
    "absent": why(DEEP, "project", "project-0"),
    "clash": why(AV, "av", "audio==1.3", "av>11"),
}
TABLES = {
    "eight": wheels(MANY, "a", *((platform, "3.11") for platform in PLATFORMS)),
    "everywhere": wheels(MANY, "a", *EVERYWHERE),
    "pythons": wheels(MANY, "a", *(("win_amd64", python) for python in PYTHONS)),
    "floors": wheels(MANY, "a", ("manylinux_2_17_x86_64", "3.11"), ("manylinux_2_28_x86_64", "3.11")),
}


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
@pytest.mark.parametrize("found", WHYS.values(), ids=WHYS)
def test_why_fits_eighty_columns(found: Why, encoding: str) -> None:
    text = render_whys((found,), encoding=encoding, detail="full")
    assert max(map(len, text.splitlines())) <= 80
    assert encoding != "ascii" or text.isascii()


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
@pytest.mark.parametrize("found", TABLES.values(), ids=TABLES)
def test_tables_fit_eighty_columns(found: Wheels, encoding: str) -> None:
    text = render_wheels(found, encoding=encoding)
    assert max(map(len, text.splitlines())) <= 80
    assert encoding != "ascii" or text.isascii()


def test_why_of_a_blocked_outcome() -> None:
    assert render_whys((WHYS["blocked"],), encoding="utf-8") == (
        "av 11.0 on win_amd64, Python 3.11: from a source archive that needs a compiler\n"
        "  The plan is blocked by the policy; this is what an installer would pick.\n"
        "\n"
        "  Wanted in 1 way\n"
        "    • you ask audio==1.3 → audio 1.3 asks av==11.0 → av 11.0\n"
        "\n"
        "  On the index: 6 versions, 11 files\n"
        "    19.0                      requires Python >=3.12\n"
        "    12.0 … 13.0 (2 versions)  outside ==11.0 (audio 1.3)\n"
        "    11.0                      chosen: a source archive that needs a compiler\n"
        "                              (2026-01-01)\n"
        "    9.0 … 10.0 (2 versions)   wheels for cp310–cp311 on manylinux and win_amd64\n"  # noqa: RUF001
        "                              only (platform tag); the source archive needs a\n"
        "                              compiler\n"
        "    because its release ships platform wheels:\n"
        "            av-11.0-cp311-cp311-manylinux_2_17_x86_64.whl\n"
    )


def test_why_of_several_targets_tells_once_what_they_share() -> None:
    other = replace(WHYS["blocked"], target=replace(WHYS["blocked"].target, python="3.12"))
    elsewhere = replace(other, target=replace(other.target, platform="win_arm64"), version=Version("12.0"))
    answers = (WHYS["blocked"], replace(other, ranges=other.ranges[:1]), elsewhere)
    text = render_whys(answers, encoding="utf-8")
    assert text.startswith("av 11.0 on win_amd64 with Python 3.11, 3.12: from a source archive that needs a\n")
    assert text.count("Wanted in 1 way") == 1
    assert "    as win_amd64, Python 3.11 sees them; -v tells each target\n\nav 12.0 on win_arm64, Python 3.12" in text
    assert "  Wanted in the same ways\n  The same versions on the index\n" in text
    assert render_whys(answers, detail="full").count("\nav 1") == 2
    documents = json.loads(render_whys_json(answers))["answers"]
    assert [each["target"]["python"] for each in documents] == ["3.11", "3.12", "3.12"]


def test_why_not_names_what_is_near() -> None:
    text = render_whys((WHYS["absent"],))
    assert text.startswith("project is not installed on win_amd64, Python 3.11\n")
    assert "Near names: project-" in text


def test_heads_take_two_lines_and_marks_have_a_legend() -> None:
    lines = render_wheels(TABLES["eight"], encoding="utf-8").splitlines()
    assert lines[0] == "a: 3 versions, newest first"
    assert lines[3].split() == ["win", "win", "macos", "macos", "linux", "linux", "musl", "musl"]
    assert lines[4].split() == ["version", "date", *("x64", "arm64", "arm64", "x64", "x64", "arm64", "x64", "arm64")]
    assert lines[5].split()[2:] == ["✓", "✗src", "✓abi3", "✗src", "✗src", "✗src", "✗src", "✗src"]
    assert any("✓abi3 wheel for this Python and newer ones" in line for line in lines)
    assert "win_amd64, win_arm64, macosx_13_0_arm64" in lines[-2] + lines[-1] + lines[-3]


def test_one_platform_has_pythons_for_columns() -> None:
    lines = render_wheels(TABLES["pythons"]).splitlines()
    assert lines[2] == "  win_amd64"
    assert lines[4].split()[2:] == list(PYTHONS)


def test_two_floors_of_one_platform_are_told_apart() -> None:
    lines = render_wheels(TABLES["floors"]).splitlines()
    assert lines[3].split() == ["2.17", "2.28"]


def test_several_pythons_on_several_platforms_share_a_table() -> None:
    text = render_wheels(TABLES["everywhere"], width=120, encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"  \d\S*\s+\d{4}-", line)]
    assert len(rows) == len(TABLES["everywhere"].rows)
    assert max(map(len, text.splitlines())) <= 120
    assert f"Python {', '.join(PYTHONS)}; -v shows a table of each" in text


def test_cell_names_the_pythons_that_have_a_wheel() -> None:
    minors = ("3.10", "3.11", "3.12", "3.13", "3.13t")
    table = TABLES["everywhere"]
    windows, linux = (
        next(each for each in table.targets if each.platform.startswith(word)) for word in ("win", "many")
    )
    targets = tuple(replace(target, python=python) for python in minors for target in (windows, linux))
    there, nothing = VersionCell(kind=CellKind.WHEEL), VersionCell(kind=CellKind.NOTHING)

    def row(version: str, having: str) -> WheelsRow:
        cells = tuple(
            there if target.platform == linux.platform or target.python in having.split() else nothing
            for target in targets
        )
        return WheelsRow(version=Version(version), date="2026-01-01", cells=cells)

    rows = (row("3", "3.10 3.11 3.12"), row("2", "3.10 3.12 3.13t"), row("1", ""), row("0", " ".join(minors)))
    lines = render_wheels(replace(table, targets=targets, rows=rows), encoding="utf-8").splitlines()
    found = {line.split()[0]: line.split()[2:] for line in lines if re.match(r"  \d\S*\s+\d{4}-", line)}
    assert found == {"3": ["3.10-12", "✓"], "2": ["3.10,3.12+t", "✓"], "1": ["·", "✓"], "0": ["✓", "✓"]}


def test_many_targets_make_a_table_for_each_python_in_full() -> None:
    text = render_wheels(TABLES["everywhere"], detail="full")
    assert [line.strip() for line in text.splitlines() if line.startswith("  Python")] == [
        f"Python {python}" for python in PYTHONS
    ]


def test_json_of_both_says_what_the_text_says() -> None:
    data = json.loads(render_whys_json((WHYS["blocked"],)))
    assert data["schema"] == "wheelcheck.why/1"
    assert data["found"] is True
    assert [step["name"] for step in data["ways"][0]] == ["audio", "av"]
    assert [each["versions"] for each in data["available"]["ranges"]] == [1, 2, 1, 2]
    table = json.loads(render_wheels_json(TABLES["eight"]))
    assert table["schema"] == "wheelcheck.wheels/1"
    assert len(table["targets"]) == len(table["rows"][0]["cells"]) == 8
    assert table["rows"][0]["cells"][0]["file"].endswith("cp311-cp311-win_amd64.whl")


def test_what_an_index_says_cannot_drive_the_terminal() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires_python=">=3.12\x1b[31m")], "2": [wheel()]}})
    assert "\x1b" not in render_whys((why(projects, "a", "a<2"),))


def test_phones_and_browsers_have_heads_of_their_own() -> None:
    words = ("ios", "ios-simulator", "android", "pyodide", "linux_armv6l")
    lines = render_wheels(wheels(MANY, "a", *((word, "3.13") for word in words))).splitlines()
    heads = [line.split() for line in lines[2:5]]
    assert ["ios", "ios", "andr.", "wasm", "linux"] in heads
