"""The options as pip and uv take them mean the same here, and what these tools have besides is met with a way out."""

from __future__ import annotations

import json

import pytest

from tests.cli.programs import Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer

CATALOG = {
    "a": [make_wheel("a", "1.0"), make_wheel("a", "2.0"), make_sdist("a", "2.1")],
    "b": [make_wheel("b", "1.0"), make_sdist("b", "1.0")],
    "c": [make_wheel("c", "1.0")],
    "d": [make_sdist("d", "1.0")],
}
PROJECT = """\
[project]
name = "x"
dependencies = ["c"]
[project.optional-dependencies]
one = ["a<2"]
two = ["b"]
[dependency-groups]
dev = ["a==2.0"]
"""
TARGET = ("-t", "windows", "-p", "3.12")


def versions(shell: Shell, *words: str) -> dict[str, str]:
    with IndexServer(CATALOG) as server:
        outcome = shell.run("plan", *words, "-i", server.simple_url, "--no-cache", "--json")
    assert outcome.status == 0, outcome.err
    document = json.loads(outcome.out)
    assert document["target"]["platform"] == "win_amd64"
    assert document["target"]["python"] in ("3.12", "3.12.0")
    return {package["name"]: package["version"] for package in document["packages"]}


@pytest.mark.parametrize(
    "words",
    [
        ("-t", "windows", "-p", "3.12"),
        ("--target", "win_amd64", "--python", "3.12"),
        ("--target=x86_64-pc-windows-msvc", "--python-version=3.12"),
        ("--python-platform", "windows", "--python-version", "3.12"),
        ("--platform", "win-64", "-p3.12"),
    ],
)
def test_targets_in_the_words_of_pip_and_uv(shell: Shell, words: tuple[str, ...]) -> None:
    assert versions(shell, "c", *words) == {"c": "1.0"}


def test_target_is_a_file_where_one_is_there(shell: Shell) -> None:
    shell.run("target", "-t", "windows", "-p", "3.12", "-o", "windows")
    assert versions(shell, "c", "-t", "windows") == {"c": "1.0"}
    assert "no such file" in shell.run("plan", "c", "-t", "gone.json").refused(2)


def test_words_and_files_of_targets_are_taken_together(shell: Shell) -> None:
    shell.run("target", "-t", "alpine", "-p", "3.13", "-o", "alpine.json")
    with IndexServer(CATALOG) as server:
        for command in ("matrix", "check", "wheels"):
            words = ("c", "-t", "windows,mac", "-t", "alpine.json", "-p", "3.12", "-i", server.simple_url, "--no-cache")
            document = json.loads(shell.run(command, *words, "--json").out)
            text = json.dumps(document)
            assert all(platform in text for platform in ("win_amd64", "macosx_13_0_arm64", "musllinux_1_2_x86_64")), (
                command
            )


def test_several_words_for_one_target_are_refused(shell: Shell) -> None:
    assert "--target names windows, linux" in shell.run("plan", "c", "-t", "windows,linux").refused(2)
    both = shell.run("plan", "c", "-t", "windows", "--platform", "linux").refused(2)
    assert "--target windows and --platform linux both name a platform" in both


def test_files_of_minus_r_are_inputs(shell: Shell) -> None:
    shell.write("one.txt", "a<2\n")
    shell.write("two.txt", "b\n")
    assert versions(shell, "-r", "one.txt", "-r", "two.txt", "c", *TARGET) == {"a": "1.0", "b": "1.0", "c": "1.0"}
    assert versions(shell, "--requirements=one.txt", *TARGET) == {"a": "1.0"}
    with IndexServer(CATALOG) as server:
        shared = ("-r", "two.txt", *TARGET, "-i", server.simple_url, "--no-cache")
        statuses = [shell.run(*command, *shared).status for command in (("why", "b"), ("check",), ("matrix",), ())]
    assert statuses == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--extra", "one,two"), {"a": "1.0", "b": "1.0", "c": "1.0"}),
        (("--extra", "one", "--extra", "two"), {"a": "1.0", "b": "1.0", "c": "1.0"}),
        (("--all-extras",), {"a": "1.0", "b": "1.0", "c": "1.0"}),
        (("--group", "dev"), {"a": "2.0", "c": "1.0"}),
        (("--all-groups",), {"a": "2.0", "c": "1.0"}),
    ],
)
def test_extras_and_groups_by_name_with_commas_and_all(
    shell: Shell, words: tuple[str, ...], found: dict[str, str]
) -> None:
    shell.write("pyproject.toml", PROJECT)
    assert versions(shell, "pyproject.toml", *words, *TARGET) == found
    if words == ("--extra", "one,two"):
        assert versions(shell, ".[one,two]", *TARGET) == found


def test_all_extras_need_a_project(shell: Shell) -> None:
    shell.write("requirements.txt", "c\n")
    message = shell.run("plan", "requirements.txt", "--all-extras", "--no-index").refused(2)
    assert "--all-extras needs a pyproject.toml" in message


@pytest.mark.parametrize(
    ("words", "version"),
    [
        ((), "2.1"),
        (("--only-binary", ":all:"), "2.0"),
        (("--only-binary=b,a",), "2.0"),
        (("--only-binary", "b"), "2.1"),
        (("--only-binary", "a", "--no-binary", "b"), "2.0"),
    ],
)
def test_binary_options_choose_kinds_of_files(shell: Shell, words: tuple[str, ...], version: str) -> None:
    assert versions(shell, "a", *words, *TARGET) == {"a": version}


def test_only_wheels_is_the_policy_that_names_blockers(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shared = ("d", *TARGET, "-i", server.simple_url, "--no-cache", "--no-repair", "--json")
        denied = json.loads(shell.run("plan", "--sdist", "deny", *shared).out)
        only = json.loads(shell.run("plan", "--only-binary", ":all:", *shared).out)
    assert [finding["code"] for finding in only["findings"] if finding["severity"] == "error"] == ["WC101"]
    assert only == denied


def test_command_line_has_the_last_word_on_kinds_of_files(shell: Shell) -> None:
    shell.write("requirements.txt", "--only-binary a\na\n")
    assert versions(shell, "-r", "requirements.txt", *TARGET) == {"a": "2.0"}
    assert versions(shell, "-r", "requirements.txt", "--no-binary", "a", *TARGET) == {"a": "2.1"}


def test_plan_records_kinds_of_files_and_leaves_out_what_was_not_said(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shared = ("a", *TARGET, "-i", server.simple_url, "--no-cache", "--json")
        plain = json.loads(shell.run("plan", *shared).out)["options"]
        named = json.loads(shell.run("plan", "--only-binary", "a", "--no-binary", "b", *shared).out)["options"]
    assert (named["only_binary"], named["no_binary"]) == (["a"], ["b"])
    assert plain.keys() == named.keys() - {"only_binary", "no_binary"}


@pytest.mark.parametrize("moment", ["7 days", "P7D", "1 week", "2026-11-01", "2026-11-01T12:00:00Z"])
def test_moments_are_taken_as_uv_takes_them(shell: Shell, moment: str) -> None:
    outcome = shell.run("plan", "c", "--exclude-newer", moment, *TARGET, "--no-index")
    assert "is no date" not in outcome.err


def test_json_and_no_color_are_short_for_longer_options(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shared = ("c", *TARGET, "-i", server.simple_url, "--no-cache")
        for command in ("plan", "matrix", "check", "wheels"):
            long = shell.run(command, *shared, "--format", "json")
            assert shell.run(command, *shared, "--json").out == long.out, command
        coloured = shell.run("plan", *shared, "--color", "always")
        assert "\x1b[" in coloured.out
        assert "\x1b[" not in shell.run("plan", *shared, "--color", "always", "--no-color").out
    assert "exclude each other" in shell.run("plan", "c", "--json", "--format", "text").refused(2)


@pytest.mark.parametrize(
    "command", [("export", "plan.json", "--to", "requirements"), ("schema",), ("target",), ("cache", "dir")]
)
def test_every_command_takes_the_options_for_the_screen(shell: Shell, command: tuple[str, ...]) -> None:
    outcome = shell.run(*command, "-q", "-v", "--no-color", "--color", "never", "--no-progress")
    assert "no option" not in outcome.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "c", "--no-deps"), "--exclude NAME leaves a project out"),
        (("plan", "-e", "."), "name the folder as INPUT"),
        (("plan", "c", "--universal"), "wheelcheck matrix"),
        (("plan", "c", "--uploaded-prior-to", "2026-11-01"), "--exclude-newer"),
        (("plan", "--requirements-from-script", "run.py"), "as INPUT"),
        (("plan", "c", "--no-build"), "--only-binary :all:"),
        (("matrix", "c", "--relock"), "it is an option of check"),
        (("plan", "c", "--platfrom", "windows"), "did you mean --platform"),
        (("plan", "c", "--sdist", "purre"), "did you mean pure?"),
        (("fetch",), "wheelcheck fetch needs PLAN"),
        (("plan",), "no INPUT was given"),
    ],
)
def test_mistake_in_options_is_told_with_the_way_out(shell: Shell, words: tuple[str, ...], told: str) -> None:
    assert told in shell.run(*words).refused(2)
