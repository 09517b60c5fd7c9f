"""Which dependency file of a folder counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.requirements.conftest import folder as folder
from tests.requirements.readings import write
from wheelcheck.locks.discovery import Discovered, discover, watched_paths
from wheelcheck.texts.yaml import Mapping, Sequence, parse_yaml

pytestmark = pytest.mark.usefixtures("folder")

PROJECT = "[project]\nname = 'x'\ndependencies = ['numpy']\n"


def found() -> Discovered:
    return discover(Path())


def names(discovered: Discovered) -> list[str]:
    taken = [] if discovered.taken is None else [discovered.taken]
    return [path.as_posix() for path in (*taken, *discovered.others)]


def test_locks_go_before_the_project_and_the_project_before_requirements() -> None:
    files = [
        "pylock.toml",
        "pylock.dev.toml",
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "Pipfile.lock",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "requirements.txt",
        "requirements/prod.txt",
        "requirements/base.txt",
        "gpu-requirements.txt",
        "requirements-gpu.in",
        "requirements-dev.txt",
        "requirements_test.txt",
        "environment.yml",
        "env.yaml",
        "environment-dev.yml",
    ]
    others = [
        "README.txt",
        "Pipfile",
        "docs/requirements.txt",
        "requirements/base.in",
        "requirements.in",
        "pylock.a.b.toml",
    ]
    write(dict.fromkeys((*others, *reversed(files)), PROJECT))
    assert names(found()) == files


def test_yaml_counts_if_it_lists_dependencies() -> None:
    write({"environment.yml": "services: {}\n", "env.yaml": "name: x\ndependencies:\n- a\n"})
    assert found().taken == Path("env.yaml")


def test_a_source_that_was_not_compiled_counts() -> None:
    write({"requirements.in": "a\n", "requirements-dev.txt": "b\n"})
    assert names(found()) == ["requirements.in", "requirements-dev.txt"]


SETUP = "from setuptools import setup\nsetup({})\n"


def test_the_older_files_of_setuptools_count_if_they_state_something() -> None:
    write({"setup.cfg": "[flake8]\nmax-line-length = 100\n", "setup.py": SETUP.format(""), "requirements.txt": "a\n"})
    assert names(found()) == ["requirements.txt"]
    write({"setup.py": SETUP.format("install_requires=['a']")})
    assert names(found()) == ["setup.py", "requirements.txt"]
    write({"setup.cfg": "[options]\ninstall_requires = a\n"})
    assert names(found()) == ["setup.cfg", "requirements.txt"]
    write({"setup.cfg": "no section\n"})
    assert [path.name for path, _ in found().unreadable] == ["setup.cfg"]


def test_a_script_that_computes_its_needs_counts_only_alone() -> None:
    write({"setup.py": SETUP.format("install_requires=needs()"), "requirements.txt": "a\n"})
    assert names(found()) == ["requirements.txt", "setup.py"]
    Path("requirements.txt").unlink()
    assert names(found()) == ["setup.py"]


def test_an_empty_folder_is_a_value() -> None:
    assert found() == Discovered(folder=Path())


@pytest.mark.parametrize(
    "text",
    [
        PROJECT,
        "[project]\nname = 'x'\ndynamic = ['dependencies']\n",
        "[project]\n[project.optional-dependencies]\nx = ['numpy']\n",
        "[dependency-groups]\ntest = ['pytest']\n",
        "[tool.poetry.dependencies]\nnumpy = '*'\n",
        "[tool.uv.workspace]\nmembers = ['packages/*']\n",
    ],
)
def test_a_project_file_counts_if_it_says_something_of_dependencies(text: str) -> None:
    write({"pyproject.toml": text, "requirements.txt": "numpy\n"})
    assert found().taken == Path("pyproject.toml")


@pytest.mark.parametrize(
    "text", ["", "[tool.ruff]\nline-length = 100\n", "[project]\nname = 'x'\n", "[build-system]\n"]
)
def test_a_project_file_with_settings_only_does_not_count(text: str) -> None:
    write({"pyproject.toml": text, "requirements.txt": "numpy\n"})
    assert found() == Discovered(folder=Path(), taken=Path("requirements.txt"))


def test_a_project_file_that_is_no_toml_is_named_and_not_passed_over_silently() -> None:
    write({"pyproject.toml": "[project\n", "requirements.txt": "numpy\n"})
    discovered = found()
    assert discovered.taken == Path("requirements.txt")
    ((path, reason),) = discovered.unreadable
    assert path == Path("pyproject.toml")
    assert reason.startswith("not valid TOML")


def test_a_project_file_behind_a_lock_is_not_judged() -> None:
    write({"uv.lock": "version = 1\n", "pyproject.toml": "[project\n"})
    assert found() == Discovered(folder=Path(), taken=Path("uv.lock"), others=(Path("pyproject.toml"),))


def test_folders_with_the_names_of_files_are_no_files() -> None:
    write({"uv.lock/x": "", "requirements.txt/x": "", "requirements/deep.txt/x": ""})
    assert names(found()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_count_and_broken_ones_are_named() -> None:
    write({"shared/requirements.txt": "numpy\n"})
    Path("requirements.txt").symlink_to("shared/requirements.txt")
    Path("uv.lock").symlink_to("gone.lock")
    Path("poetry.lock").symlink_to("poetry.lock")
    discovered = found()
    assert discovered.taken == Path("requirements.txt")
    assert [path.name for path, _ in discovered.unreadable] == ["uv.lock", "poetry.lock"]
    assert discovered.unreadable[0][1] == "a broken link"


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders there")
def test_a_pipe_is_not_opened() -> None:
    os.mkfifo("requirements.txt")
    assert found().unreadable == ((Path("requirements.txt"), "no regular file"),)


def test_a_folder_that_is_not_there_is_a_value_too() -> None:
    discovered = discover(Path("nowhere"))
    assert discovered.taken is None
    assert [path for path, _ in discovered.unreadable] == [Path("nowhere")]


def test_the_hook_watches_the_files_that_the_tables_name() -> None:
    published = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    hooks = parse_yaml(published.read_text("utf-8"), str(published))
    assert isinstance(hooks, Sequence)
    (hook,) = hooks.items
    assert isinstance(hook, Mapping)
    files = hook.text("files")
    assert files is not None
    before, *alternatives, after = files.text.split()
    assert (before, after) == ("(?x)(^|/)(", ")$")
    assert tuple(each.removeprefix("|") for each in alternatives) == watched_paths()
