"""``matrix --each-extra``: a row for each extra and group, what it says, and where it cannot be asked."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.programs import Outcome, Shell
from tests.fakes.archives import make_wheel
from tests.server import IndexServer

CATALOG = {
    "a": [make_wheel("a", "1.0")],
    "b": [
        make_wheel("b", "1.0", tags="cp312-cp312-win_amd64"),
        make_wheel("b", "1.0", tags="cp312-cp312-musllinux_1_2_x86_64"),
    ],
    "c": [make_wheel("c", "1.0", tags="py3-none-win_amd64")],
}
PROJECT = """\
[project]
name = "x"
version = "1"
dependencies = ["a"]
[project.optional-dependencies]
fast = ["b"]
db = ["c"]
[dependency-groups]
dev = ["a"]
"""
GRID = ("-t", "windows,alpine", "-p", "3.12,3.13")


def run(shell: Shell, *words: str) -> Outcome:
    with IndexServer(CATALOG) as server:
        return shell.run(
            "matrix", *words, *GRID, "--each-extra", "-i", server.simple_url, "--cache-dir", str(shell.cache)
        )


def test_each_extra_and_group_has_a_row(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    outcome = run(shell, ".")
    assert outcome.status == 1
    lines = [line.strip() for line in outcome.out.splitlines() if line.startswith(("  without", "  --"))]
    assert {label: cells for label, *cells in (re.split(r"\s{2,}", line) for line in lines)} == {
        "without": ["✓", "✓"],
        "--extra fast": ["3.12", "3.12"],
        "--extra db": ["✓", "✗"],
        "--group dev": ["✓", "✓"],
    }
    assert "✗ --extra db: c 1.0" in outcome.out
    assert "✗ without" not in outcome.out


def test_rows_share_their_pages_and_ask_for_each_wheel_once(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    with IndexServer(CATALOG) as server:
        shell.run("matrix", ".", *GRID, "--each-extra", "-i", server.simple_url, "--no-cache")
        assert {name: server.count_pages(name) for name in CATALOG} == dict.fromkeys(CATALOG, 1)
        assert server.count_sidecars() == sum(map(len, CATALOG.values()))


def test_json_has_every_cell_of_every_row(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    document = json.loads(run(shell, "pyproject.toml", "--json").out)
    assert document["schema"] == "wheelcheck.extras/1"
    assert [(row["kind"], row["name"]) for row in document["rows"]] == [
        (None, None), ("extra", "fast"), ("extra", "db"), ("group", "dev"),
    ]  # fmt: skip
    blocked = {
        (row["name"], cell["platform"], cell["python"]): cell["blockers"]
        for row in document["rows"]
        for cell in row["cells"]
        if cell["status"] == "blocked"
    }
    assert blocked == {
        ("fast", "win_amd64", "3.13"): ["b"],
        ("fast", "musllinux_1_2_x86_64", "3.13"): ["b"],
        ("db", "musllinux_1_2_x86_64", "3.12"): ["c"],
        ("db", "musllinux_1_2_x86_64", "3.13"): ["c"],
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("requirements.txt",), "no extras and no dependency groups"),
        (("pyproject.toml", "--extra", "db"), "--each-extra takes them one by one"),
        (("pyproject.toml", "--plans", "folder"), "--each-extra writes one table"),
        (("pyproject.toml", "--format", "markdown"), "--each-extra writes one table"),
    ],
)
def test_it_is_refused_where_there_is_nothing_to_part(shell: Shell, words: tuple[str, ...], told: str) -> None:
    shell.write("pyproject.toml", PROJECT)
    shell.write("requirements.txt", "a\n")
    assert told in run(shell, *words).refused(2)
