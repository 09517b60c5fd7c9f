"""``wheelcheck`` without a command: what is read, for which targets, what follows, and what is no input."""

from __future__ import annotations

import json

import pytest

from tests.cli.programs import Outcome, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer
from wheelcheck.targets.targets import PLATFORMS, host_target

NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(name='n', version='1.0', ext_modules=[Extension('n', ['n.c'])])\n"
}
CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b"])],
    "b": [make_wheel("b", "1.0", tags="py3-none-win_amd64"), make_sdist("b", "1.0", files=NATIVE)],
    "c": [make_wheel("c", "1.0")],
}
PROJECT = '[project]\nname = "x"\nrequires-python = ">=3.12,<3.14"\ndependencies = ["a"]\n'
RUNNING = ".".join(host_target().python.split(".")[:2])


def run(shell: Shell, server: IndexServer, *words: str) -> Outcome:
    return shell.run(*words, "-i", server.simple_url, "--cache-dir", str(shell.cache), "--no-repair")


def grid(shell: Shell, server: IndexServer, *words: str) -> tuple[list[str], list[str]]:
    document = json.loads(run(shell, server, *words, "--format", "json").out)
    return document["platforms"], document["pythons"]


def test_folder_is_answered_without_a_word(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    with IndexServer(CATALOG) as server:
        for words in ((), (".",), ("pyproject.toml",), ("overview",)):
            outcome = run(shell, server, *words)
            assert outcome.status == 1
            assert "\n    b 1.0 " in outcome.out
            assert "Installs on 2 of 16 targets; 14 blocked" in outcome.out
        assert grid(shell, server) == (list(PLATFORMS), ["3.12", "3.13"])


def test_it_says_what_was_found_and_what_to_run_next(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    shell.write("requirements.txt", "c\n")
    with IndexServer(CATALOG) as server:
        text = " ".join(run(shell, server).out.split())
        assert "pyproject.toml was taken, and not requirements.txt" in text
        assert "the Pythons are those of requires-python (pyproject.toml:3)" in text
        shared, target = f"-i {server.simple_url} --cache-dir {shell.cache}", "--platform win_arm64 --python 3.12"
        assert f"wheelcheck why b pyproject.toml {shared} {target}" in text.replace(" \\ ", " ")
        assert f"wheelcheck plan pyproject.toml {shared} --no-repair {target}" in text.replace(" \\ ", " ")
        fine = " ".join(run(shell, server, "requirements.txt").out.split())
    assert "-o plan.json" in fine


def test_extras_and_groups_that_were_not_chosen_are_named_with_the_command_that_judges_each(shell: Shell) -> None:
    extras = "".join(f'e{number} = ["a"]\n' for number in range(1, 6))
    parts = f'[project.optional-dependencies]\n{extras}[dependency-groups]\ndev = ["c"]\n'
    shell.write("pyproject.toml", PROJECT.replace('["a"]', '["c"]') + parts)
    with IndexServer(CATALOG) as server:
        text = " ".join(run(shell, server, "-p", "3.12", "-t", "win_amd64").out.split())
        assert "without extras and groups, of which the project has e1, e2, e3, e4, e5 and 1 more" in text
        assert "wheelcheck matrix --each-extra pyproject.toml" in text
        assert "✗ --extra e1: b 1.0" in shell.run("matrix", "--each-extra", ".", "-i", server.simple_url).out
        for words in (("--extra", "e1"), ("--all-groups",)):
            assert "--each-extra" not in run(shell, server, *words).out


def test_command_that_is_shown_next_can_be_run(shell: Shell) -> None:
    shell.write("requirements.txt", "a\n")
    import shlex

    with IndexServer(CATALOG) as server:
        text = run(shell, server, "-p", "3.12").out.partition("  Next\n")[2].replace("\\\n", "")
        commands = [shlex.split(line) for line in text.splitlines() if line.strip().startswith("wheelcheck")]
        statuses = [shell.run(*words[1:]).status for words in commands]
    assert [words[1] for words in commands] == ["why", "plan", "matrix"]
    assert statuses == [0, 1, 1]


def test_targets_come_from_settings_then_dockerfile_then_workflow(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    with IndexServer(CATALOG) as server:
        shell.write(
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  test:\n    runs-on: windows-latest\n    steps:\n"
            '      - uses: actions/setup-python@v5\n        with: {python-version: "3.13"}\n',
        )
        assert grid(shell, server) == (["win_amd64"], ["3.13"])
        shell.write("Dockerfile", "FROM python:3.12-alpine\n")
        assert grid(shell, server) == (["musllinux_1_2_x86_64"], ["3.12"])
        assert "the targets are those of Dockerfile" in " ".join(run(shell, server).out.split())
        shell.write("Dockerfile", "FROM debian:12\n")
        assert grid(shell, server)[0] == ["manylinux_2_36_x86_64"]
        shell.write("pyproject.toml", f'{PROJECT}[tool.wheelcheck]\nplatform = "win32"\n')
        assert grid(shell, server) == (["win32"], ["3.12", "3.13"])
        assert grid(shell, server, "--platform", "windows") == (["win_amd64"], ["3.12", "3.13"])
        assert grid(shell, server, "-p", "3.12") == (["win32"], ["3.12"])


def test_requirement_is_asked_for_on_all_platforms_with_the_running_python(shell: Shell) -> None:
    shell.write("Dockerfile", "FROM python:3.12-alpine\n")
    with IndexServer(CATALOG) as server:
        assert grid(shell, server, "a>=0") == (list(PLATFORMS), [RUNNING])
        assert grid(shell, server, "c", "-p", "3.13", "--platform", "windows") == (["win_amd64"], ["3.13"])


def test_file_that_names_no_target_is_passed_over(shell: Shell) -> None:
    shell.write("requirements.txt", "c\n")
    shell.write("Dockerfile", "FROM scratch\n")
    shell.write(".github/workflows/lint.yml", "jobs: [}")
    with IndexServer(CATALOG) as server:
        assert grid(shell, server) == (list(PLATFORMS), [RUNNING])


def test_folder_with_nothing_to_read_is_told_what_to_do(shell: Shell) -> None:
    message = shell.run().refused(2)
    assert 'wheelcheck "numpy>=2" -p 3.13 -t windows' in message
    assert "no lock, pyproject.toml with dependencies" in message


@pytest.mark.parametrize(
    ("word", "meant"), [("plna", "plan"), ("matrx", "matrix"), ("Wheel", "wheels"), ("verfy", "verify")]
)
def test_misspelt_command_is_no_project(shell: Shell, word: str, meant: str) -> None:
    message = shell.run(word, "requirements.txt").refused(2)
    assert f"did you mean {meant}?" in message
    assert f'"{word}>=0"' in message


def test_file_with_the_name_of_a_mistake_is_read(shell: Shell) -> None:
    shell.write("plans", "c\n")
    with IndexServer(CATALOG) as server:
        assert "no command" not in run(shell, server, "plans").err


def test_help_of_a_command_is_asked_for_by_name(shell: Shell) -> None:
    assert shell.run("help", "plan").out == shell.run("plan", "--help").out
    assert shell.run("help", "cache", "clear").out == shell.run("cache", "clear", "--help").out
    assert shell.run("help").out == shell.run("--help").out
    assert "did you mean plan?" in shell.run("help", "plann").refused(2)
    assert shell.run("-V").out == shell.run("--version").out
