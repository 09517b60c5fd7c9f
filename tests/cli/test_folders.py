"""A folder as INPUT: the file that is taken, how it is named, and what a folder without one is told."""

from __future__ import annotations

import pytest

from tests.cli.programs import TARGET, Shell
from tests.fakes.archives import make_wheel
from tests.server import IndexServer

WHEELS = {name: [make_wheel(name, "1.0"), make_wheel(name, "2.0")] for name in ("a", "b", "c")}
PROJECT = '[project]\nname = "x"\ndependencies = ["a"]\n[project.optional-dependencies]\nmore = ["b"]\n'


def test_the_file_of_a_folder_is_planned_and_named(shell: Shell) -> None:
    shell.write("sub/pyproject.toml", PROJECT)
    shell.write("sub/requirements.txt", "c\n")
    with IndexServer(WHEELS) as server:
        for word, path in (("sub", "sub/pyproject.toml"), ("./sub/", "sub/pyproject.toml")):
            outcome = shell.plan(word, index=server.simple_url)
            assert outcome.versions == {"a": "2.0"}
            assert [record["path"] for record in outcome.plan["inputs"]] == [path]
            assert f"note: {word}: pyproject.toml was taken, and not requirements.txt" in outcome.err
        quiet = shell.plan("sub", "-q", index=server.simple_url)
    assert quiet.err == ""


def test_extras_in_brackets_are_those_of_the_folder(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    with IndexServer(WHEELS) as server:
        assert shell.plan(".[more]", index=server.simple_url).versions == {"a": "2.0", "b": "2.0"}
        assert "did you mean more" in shell.plan(".[mroe]", index=server.simple_url).err


def test_a_folder_of_requirements_files_is_a_folder_too(shell: Shell) -> None:
    for name, text in (("base", "a\n"), ("production", "-r base.txt\nb\n"), ("local", "-r base.txt\nc\n")):
        shell.write(f"requirements/{name}.txt", text)
    with IndexServer(WHEELS) as server:
        for word, note in ((".", "requirements/production.txt"), ("requirements", "production.txt")):
            outcome = shell.plan(word, index=server.simple_url)
            assert outcome.versions == {"a": "2.0", "b": "2.0"}
            assert f"note: {word}: {note} was taken" in outcome.err


def test_every_command_takes_a_folder(shell: Shell) -> None:
    shell.write("sub/requirements.txt", "a==1.0\nb\n")
    with IndexServer(WHEELS) as server:
        common = ("--no-cache", "-i", server.simple_url)
        target = ("--platform", "win_amd64", "--python", "3.11")
        check = shell.run("check", "sub", *target, *common)
        why = shell.run("why", "b", "sub", *TARGET, *common)
        matrix = shell.run("matrix", "sub", *target, *common)
        diff = shell.run("diff", "sub", "a", *target, *common)
    for outcome in (check, why, matrix, diff):
        assert outcome.status == 0, outcome.err
        assert "sub: requirements.txt was taken" in outcome.out + outcome.err


def test_a_lock_in_the_folder_is_taken_as_it_is(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    with IndexServer(WHEELS) as server:
        plan = shell.plan("a==1.0", "-o", "plan.json", index=server.simple_url)
        shell.run("export", "plan.json", "--to", "pylock", "-o", "pylock.toml")
        outcome = shell.plan(".", index=server.simple_url)
    assert plan.status == 0
    assert outcome.versions == {"a": "1.0"}
    assert "note: .: pylock.toml was taken, and not pyproject.toml" in outcome.err


@pytest.mark.parametrize(
    ("files", "message", "hint"),
    [
        (
            {"notes.txt": "x"},
            "no lock, pyproject.toml with dependencies, setup.cfg",
            "name the file that lists what is needed",
        ),
        ({"a.ipynb": "{}", "b.ipynb": "{}"}, "no lock", "what its 2 notebooks need stands in no file"),
        ({"one.ipynb": "{}"}, "no lock", "what one.ipynb needs stands in no file"),
        (
            {"backend/requirements.txt": "a", "web/index.js": "", ".venv/requirements.txt": ""},
            "no lock",
            "within it: sub/backend;",
        ),
        (
            {"packages/one/pyproject.toml": PROJECT, "packages/two/setup.cfg": "[x]"},
            "no lock",
            "within it: sub/packages/one;",
        ),
        ({"Pipfile": ""}, "no lock", "lock it first: pipenv lock; then give Pipfile.lock"),
        ({"pyproject.toml": "[project"}, "cannot be read: not valid TOML", "correct it, or name the file"),
        (
            {"setup.py": "from setuptools import setup\nsetup(install_requires=needs())\n"},
            "sub/setup.py:2: install_requires",
            "name",
        ),
    ],
)
def test_a_folder_without_an_answer_says_what_to_do(
    shell: Shell, files: dict[str, str], message: str, hint: str
) -> None:
    for name, text in files.items():
        shell.write(f"sub/{name}", text)
    err = shell.plan("sub").err
    assert message in err
    assert hint in err.partition("hint: ")[2]


def test_a_folder_with_the_name_of_a_project_says_how_to_ask_for_the_project(shell: Shell) -> None:
    shell.write("numpy/x.py", "")
    assert 'a project of that name is asked for with "numpy>=0"' in shell.plan("numpy").refused(2)


def test_a_requirement_with_extras_is_no_folder(shell: Shell) -> None:
    shell.write("a/requirements.txt", "b\n")
    with IndexServer(WHEELS) as server:
        assert shell.plan("a[x]", index=server.simple_url).versions == {"a": "2.0"}
