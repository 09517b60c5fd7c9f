"""What an INPUT is taken for, scripts, overrides, and inputs that cannot be understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.requirements.readings import asked, failure, read, write
from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.requirement import CommandLineOrigin
from wheelcheck.requirements.formats import parse_overrides, parse_requirement

pytestmark = pytest.mark.usefixtures("folder")

SCRIPT = """\
#!/usr/bin/env python
# /// script
# requires-python = ">=3.12"
# dependencies = [
#   "requests<3",
#
#   "rich",
# ]
# ///
import rich
"""


def test_a_requirement_on_the_command_line_is_its_own_origin() -> None:
    (requirement,) = read("audiocraft[wav]==1.3.0 ; sys_platform != 'a/b.txt'").requirements
    assert (requirement.name, str(requirement.specifier)) == ("audiocraft", "==1.3.0")
    assert isinstance(requirement.origin, CommandLineOrigin)


def test_a_named_url_on_the_command_line_is_a_requirement() -> None:
    assert (
        read("x @ https://u:pw@files.example/x-1.0.zip").requirements[0].url == "https://u:pw@files.example/x-1.0.zip"
    )
    found = read("https://files.example/x-1.0.zip", "git+https://git.example/y#egg=y")
    assert asked(found) == ["x"]
    assert [entry.name for entry in found.unsupported] == ["y"]


def test_local_archives_on_the_command_line_are_requirements() -> None:
    write({"x-1.0-py3-none-any.whl": b"PK", "dist/y-1.0.tar.gz": b""})
    assert asked(read("x-1.0-py3-none-any.whl", "dist/y-1.0.tar.gz")) == ["x", "y"]
    assert "no such file" in failure("z-1.0-py3-none-any.whl").message


def test_standard_input_is_a_requirements_file_read_once() -> None:
    texts = iter(["a\nb\n"])
    found = read("-", "-", stdin=lambda: next(texts))
    assert asked(found) == ["a", "b"]
    assert (str(found.requirements[1].origin), found.files[0][0]) == ("-:2", "-")
    assert failure("-", stdin=lambda: "a b c\n").address == "-:1"


def test_a_url_is_a_requirements_file_or_a_project_by_its_name() -> None:
    web = {
        "https://h.example/r.txt?raw=1": "a\n",
        "https://h.example/pyproject.toml": "[project]\nname='x'\ndependencies=['b']\n",
        "https://h.example/s.py": SCRIPT,
    }
    assert asked(read(*web, web=web)) == ["a", "requests<3", "rich", "b"]


def test_a_script_gives_its_block_with_the_lines_of_the_file() -> None:
    for name, text in (("s.py", SCRIPT), ("windows.py", SCRIPT.replace("\n", "\r\n")), ("bare", SCRIPT)):
        write({name: text})
        found = read(name)
        assert [str(requirement.origin) for requirement in found.requirements] == [f"{name}:5", f"{name}:7"]
        ((bound, origin),) = found.requires_python
        assert (str(bound), str(origin)) == (">=3.12", f"{name}:3")


@pytest.mark.parametrize(
    ("text", "address", "message"),
    [
        ("import x\n", "s.py", "without a '# /// script' block"),
        ("# /// script\n# dependencies = []\n", "s.py:1", "never closed"),
        (SCRIPT + SCRIPT, "s.py:12", "more than one"),
        ("#\n# /// script\n# dependencies = [\n# ///\n", "s.py:", "not valid TOML"),
        ("# /// script\n# dependencies = ['a b c']\n# ///\n", "s.py:2", "no requirement"),
        ("# /// script\n# dependencies = 'a'\n# ///\n", "s.py", "list of strings"),
        ("# /// script\n# requires-python = 3\n# ///\n", "s.py:2", "must be a string"),
    ],
)
def test_malformed_scripts_name_file_and_line(text: str, address: str, message: str) -> None:
    write({"s.py": text})
    error = failure("s.py")
    assert error.address.startswith(address)
    assert message in error.message


def test_a_folder_of_constraints_is_no_list() -> None:
    write({"sub/constraints.txt": ""})
    error = failure("a", constraints=("sub",))
    assert (error.message, error.address, error.exit_status) == ("is a folder, not a file", "sub", 2)


@pytest.mark.parametrize("word", ["requirements.txt", "sub/requirements", "reqs.in", "x.toml", "x.py", ".\\x", "./x"])
def test_a_missing_file_is_told(word: str) -> None:
    error = failure(word)
    assert isinstance(error, InputUnreadable)
    assert (error.message, error.address) == ("no such file", word)


def test_a_missing_file_names_its_near_neighbours() -> None:
    write({"requirements.txt": "", "requirements-dev.txt": ""})
    assert failure("requirement.txt").hint.startswith("did you mean requirements.txt")


def test_a_missing_file_that_may_be_a_project_says_how_to_ask_for_it() -> None:
    assert failure("discord.py").hint == 'a project of that name is asked for with "discord.py>=0"'
    assert asked(read("discord.py>=0")) == ["discord-py>=0"]


@pytest.mark.parametrize("name", ["Pipfile", "uv.lock", "poetry.lock", "pylock.toml", "pixi.toml"])
def test_formats_that_are_not_read_are_told_with_a_way_out(name: str) -> None:
    write({name: "x"})
    error = failure(name)
    assert error.message == "a format that is not read"
    assert error.hint


@pytest.mark.parametrize("word", ["numpy==", "=1.0", "a b", "x" * 5000 + "!", "a\0b", "?", f"a<{'9' * 5000}"])
def test_a_word_that_is_nothing_is_bad_input_not_a_crash(word: str) -> None:
    assert failure(word).exit_status == 2


def test_an_empty_word_is_bad_usage() -> None:
    assert isinstance(failure(""), UsageProblem)


def test_an_unreadable_file_is_told() -> None:
    Path("loop.txt").symlink_to("loop.txt")
    assert failure("loop.txt").exit_status == 2


def test_overrides_are_requirements_or_files_of_them() -> None:
    write({"o.txt": "# why\nav==12.0.0\n-r more.txt\n", "more.txt": "numpy<2\n"})
    found = parse_overrides(["torch==2.1.0", "o.txt"], environ={})
    assert asked(found) == ["torch==2.1.0", "av==12.0.0", "numpy<2"]
    assert str(found.requirements[0].origin) == "command line (--override torch==2.1.0)"
    assert str(found.requirements[1].origin) == "o.txt:2"
    assert [path for path, _ in found.files] == ["o.txt", "more.txt"]


def test_overrides_that_cannot_be_planned_are_bad_usage() -> None:
    write({"setup.py": "setup(name=n())\n"})
    for text in ("x @ git+https://git.example/x", "-e ."):
        write({"o.txt": f"{text}\n"})
        with pytest.raises(UsageProblem):
            parse_overrides(["o.txt"], environ={})
    with pytest.raises(InputUnreadable):
        parse_overrides(["absent.txt"], environ={})


def test_one_requirement_of_an_option_is_parsed_or_refused_naming_the_option() -> None:
    assert parse_requirement("av==12.0.0").name == "av"
    with pytest.raises(UsageProblem) as caught:
        parse_requirement("av=12", "--exclude")
    assert caught.value.address == "--exclude"
    with pytest.raises(UsageProblem):
        parse_requirement("git+https://git.example/x#egg=x")
