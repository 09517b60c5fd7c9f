"""A project with settings of uv, Poetry or PDM gets the names and versions that this tool locks, on every target."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import wheelcheck
from tests.projects.shapes import SHAPES, TARGETS, served
from tests.projects.tools import TABLE, Answer, locked, tool
from wheelcheck.model.finding import Code

EXPECTED: dict[str, Answer] = json.loads(TABLE.read_text())


def test_each_tool_has_projects_and_each_project_an_answer() -> None:
    assert EXPECTED.keys() == SHAPES.keys()
    assert len(SHAPES) >= 12
    assert {shape.tool for shape in SHAPES.values()} == {"uv", "poetry", "pdm"}
    assert all(answer[word] for answer in EXPECTED.values() for word in TARGETS)


@pytest.mark.parametrize("name", SHAPES)
def test_a_project_is_answered_as_its_tool_locks_it(name: str, tmp_path: Path) -> None:
    shape = SHAPES[name]
    with served() as urls:
        path = shape.write(tmp_path / "own", urls)
        found = {}
        for word in TARGETS:
            platform, _, python = word.partition("/")
            plan = wheelcheck.plan(
                str(path),
                platform=platform,
                python=python,
                extras=(shape.extra,) if shape.extra else (),
                groups=(shape.group,) if shape.group else (),
                cache_dir=str(tmp_path / "cache"),
                folder=str(tmp_path),
                environ={"PIP_CONFIG_FILE": os.devnull},
            )
            found[word] = {
                str(each.name): str(each.version) for each in plan.packages if each.name not in shape.members
            }
    assert found == EXPECTED[name]


SETTINGS = """\
[project]
name = "own"
requires-python = ">=3.12"
dependencies = ["beta", "delta"]
[tool.uv]
override-dependencies = ["beta==1.5"]
constraint-dependencies = ["delta<3"]
exclude-newer = "2026-03-01T00:00:00Z"
environments = ["sys_platform == 'win32'"]
required-environments = ["sys_platform == 'win32' and platform_machine == 'ARM64'"]
resolution = "lowest"
[[tool.uv.index]]
url = "<main>"
default = true
"""


def test_a_project_without_further_words_is_answered_for_its_own_target_and_day(tmp_path: Path) -> None:
    with served() as urls:
        path = tmp_path / "pyproject.toml"
        path.write_text(SETTINGS.replace("<main>", urls["main"]))
        environ = {"PIP_CONFIG_FILE": os.devnull}
        plan = wheelcheck.plan(str(path), cache_dir=str(tmp_path / "cache"), folder=str(tmp_path), environ=environ)
    assert (plan.target.platform, plan.options.exclude_newer) == ("win_arm64", "2026-03-01T00:00:00Z")
    assert plan.target.python_full.release >= (3, 12)
    assert {str(each.name): str(each.version) for each in plan.packages} == {
        "alpha": "1.1",
        "beta": "1.5",
        "delta": "1.5",
    }
    (finding,) = [each for each in plan.findings if each.code is Code.TOOL_SETTING]
    assert finding.message == "tool.uv.resolution is not followed: the newest versions are chosen"
    assert finding.evidence == (f"{path}:11: lowest",)


def ask_again(name: str) -> None:
    with served() as urls:
        assert locked(SHAPES[name], urls) == EXPECTED[name]


@pytest.mark.skipif(tool("uv") is None, reason="uv is not here (extra: peers)")
@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.tool == "uv"])
def test_the_answers_of_uv_are_those_that_uv_locks(name: str) -> None:
    ask_again(name)


@pytest.mark.live
@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.tool != "uv"])
def test_the_answers_of_poetry_and_pdm_are_those_that_they_lock(name: str) -> None:
    if tool(SHAPES[name].tool) is None:
        pytest.skip(f"{SHAPES[name].tool} is not here: put it on PATH, or name its folder in WHEELCHECK_TOOLS")
    ask_again(name)
