"""``tree`` as it is run: what is drawn, from which end, what is marked, and what the JSON holds."""

from __future__ import annotations

import json

import pytest

from tests.cli.programs import Outcome, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer

NATIVE = {
    "setup.py": "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "",
}
CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b", "c"])],
    "b": [make_wheel("b", "1.0", requires=["d", "n"])],
    "c": [make_wheel("c", "1.0", requires=["b", "e"])],
    "d": [make_wheel("d", "1.0", requires=["e"])],
    "e": [make_wheel("e", "1.0", requires=["d"])],
    "n": [make_sdist("n", "1.0", files=NATIVE)],
    "p": [make_sdist("p", "1.0")],
}


def run(shell: Shell, *words: str) -> Outcome:
    with IndexServer(CATALOG) as server:
        return shell.run(
            "tree", *words, "-t", "windows", "-p", "3.12", "-i", server.simple_url, "--no-cache", "--no-color"
        )


def names(outcome: Outcome) -> list[tuple[int, str]]:
    found = []
    for line in outcome.out.split("\n\n")[1].splitlines():
        bare = line.lstrip("│ ├└─")
        found.append(((len(line) - len(bare)) // 4, bare.split()[0] + (" (*)" if line.endswith("(*)") else "")))
    return found


def test_each_project_stands_under_who_requires_it_and_is_drawn_once(shell: Shell) -> None:
    outcome = run(shell, "a")
    assert outcome.status == 1
    assert names(outcome) == [
        (0, "a"), (1, "b"), (2, "d"), (3, "e"), (4, "d (*)"), (2, "n"), (1, "c"), (2, "b (*)"), (2, "e (*)"),
    ]  # fmt: skip
    assert "✗ only a source archive that needs a compiler" in outcome.out
    assert "(*) is drawn above" in outcome.out


def test_inverted_it_begins_with_the_blockers(shell: Shell) -> None:
    outcome = run(shell, "a", "--invert")
    assert names(outcome) == [(0, "n"), (1, "b"), (2, "a"), (2, "c"), (3, "a")]
    assert outcome.out.count("you ask for it") == 2


def test_tree_of_one_project_and_of_few_levels(shell: Shell) -> None:
    assert names(run(shell, "a", "--package", "d")) == [(0, "d"), (1, "e"), (2, "d (*)")]
    assert names(run(shell, "a", "--invert", "--package", "c")) == [(0, "c"), (1, "a")]
    assert names(run(shell, "a", "--depth", "1")) == [(0, "a"), (1, "b"), (1, "c")]
    assert "did you mean" in run(shell, "a", "--package", "aa").refused(2)


def test_sources_are_marked(shell: Shell) -> None:
    outcome = run(shell, "p")
    assert outcome.status == 0
    assert "built once from source" in outcome.out


def test_json_holds_the_edges_both_ways(shell: Shell) -> None:
    document = json.loads(run(shell, "a", "--json").out)
    assert document["schema"] == "wheelcheck.tree/1"
    assert document["status"] == "blocked"
    packages = {package["name"]: package for package in document["packages"]}
    assert packages["b"]["requires"] == ["d", "n"]
    assert packages["b"]["required_by"] == ["a", "c"]
    assert [name for name, package in packages.items() if package["blocked"]] == ["n"]
    assert [name for name, package in packages.items() if package["requested"]] == ["a"]


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_branches_are_what_the_stream_can_show(shell: Shell, encoding: str) -> None:
    with IndexServer(CATALOG) as server:
        words = ("tree", "a", "-t", "windows", "-p", "3.12", "-i", server.simple_url, "--no-cache")
        outcome = shell.program(*words, environ={"PYTHONIOENCODING": encoding})
    assert ("├── b" in outcome.out) == (encoding == "utf-8")
    assert ("|-- b" in outcome.out) == (encoding == "ascii")
