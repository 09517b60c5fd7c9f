"""What cannot be understood gets one message that names file and line, exit status 2, and nothing on stdout."""

from __future__ import annotations

import os
import sys

import pytest

from tests.cli.programs import Shell

NOWHERE = "http://127.0.0.1:9/simple/"


def test_missing_file_is_named_with_the_near_ones(shell: Shell) -> None:
    shell.write("requirements.txt", "a\n")
    message = shell.plan("requirement.txt", index=NOWHERE).refused(2)
    assert "requirement.txt: no such file" in message
    assert "did you mean requirements.txt" in message


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file_is_named(shell: Shell) -> None:
    shell.write("requirements.txt", "a\n").chmod(0)
    assert "requirements.txt: cannot be read: Permission denied" in shell.plan("requirements.txt").refused(2)


def test_bad_requirement_line_is_named_by_file_and_line(shell: Shell) -> None:
    shell.write("requirements.txt", "a\n# fine\nb = 1.0\n")
    message = shell.plan("requirements.txt", index=NOWHERE).refused(2)
    assert "requirements.txt:3: " in message
    assert "a version is pinned with ==" in message


def test_bad_line_of_a_nested_file_is_named_there(shell: Shell) -> None:
    shell.write("requirements.txt", "-r nested/more.txt\n")
    shell.write("nested/more.txt", "\n!!\n")
    assert f"nested{os.sep}more.txt:2: " in shell.plan("requirements.txt", index=NOWHERE).refused(2)


def test_missing_nested_file_is_named_by_the_line_that_wants_it(shell: Shell) -> None:
    shell.write("requirements.txt", "a\n-r gone.txt\n")
    message = shell.plan("requirements.txt", index=NOWHERE).refused(2)
    assert "requirements.txt:2: " in message
    assert "gone.txt" in message


def test_bad_platform_word_gets_the_nearest_ones(shell: Shell) -> None:
    message = shell.plan("a", "--platform", "win_amd46", "--python", "3.11", index=NOWHERE).refused(2)
    assert "win_amd46" in message
    assert "win_amd64" in message


def test_bad_python_word_is_named(shell: Shell) -> None:
    assert "three" in shell.plan("a", "--platform", "windows", "--python", "three", index=NOWHERE).refused(2)


def test_folder_in_place_of_a_file_of_constraints_is_said(shell: Shell) -> None:
    shell.write("bounds/constraints.txt", "a\n")
    assert "bounds: is a folder, not a file" in shell.plan("a", "-c", "bounds", index=NOWHERE).refused(2)


def test_binary_rubbish_is_no_traceback(shell: Shell) -> None:
    shell.write("requirements.txt", b"a\n\x89PNG\r\n\x1a\n\x00\xff\xfe" + bytes(range(256)))
    assert "requirements.txt:2: not text in UTF-8" in shell.plan("requirements.txt", index=NOWHERE).refused(2)


def test_binary_rubbish_on_standard_input_is_no_traceback(shell: Shell) -> None:
    message = shell.plan("-", index=NOWHERE, stdin=b"\x89PNG\xff\xfe\x00").refused(2)
    assert "-: not text in UTF-8" in message


def test_include_cycle_names_file_and_line(shell: Shell) -> None:
    shell.write("one.txt", "-r two.txt\n")
    shell.write("two.txt", "a\n-r one.txt\n")
    message = shell.plan("one.txt", index=NOWHERE).refused(2)
    assert "two.txt:2: " in message
    assert "one.txt" in message.partition("two.txt:2: ")[2]


def test_bad_requirement_word_is_explained(shell: Shell) -> None:
    assert "hint: " in shell.plan("a=1.0", index=NOWHERE).refused(2)


def test_bad_date_is_explained(shell: Shell) -> None:
    message = shell.plan("a", "--exclude-newer", "yesterday", index=NOWHERE).refused(2)
    assert "'yesterday'" in message
    assert "2026-11-01" in message


@pytest.mark.parametrize("command", ["plan", "check", "matrix"])
@pytest.mark.parametrize("span", ["999999 days", "99999999999 days", f"{'9' * 5000} days"])
def test_span_longer_than_the_calendar_is_no_date(shell: Shell, command: str, span: str) -> None:
    assert "is no date" in shell.run(command, "a", "--exclude-newer", span).refused(2)


def test_target_file_and_words_exclude_each_other(shell: Shell) -> None:
    for option in ("--platform", "--python"):
        message = shell.plan("a", "--target", "t.json", option, "3.11", index=NOWHERE).refused(2)
        assert "--target says everything" in message


def test_missing_target_file_is_named_with_the_near_ones(shell: Shell) -> None:
    shell.write("target.json", "{}")
    message = shell.plan("a", "--target", "targets.json", index=NOWHERE).refused(2)
    assert "targets.json: " in message
    assert "Errno" not in message
    assert "target.json" in message.partition("hint: ")[2]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"compatible_tags": 3}', b"\xff\xfe\x00"])
def test_rubbish_as_target_file_is_named(shell: Shell, content: bytes) -> None:
    shell.write("t.json", content)
    message = shell.plan("a", "--target", "t.json", index=NOWHERE).refused(2)
    assert "t.json" in message
    assert "codec" not in message


def test_bad_settings_are_named_by_file_line_and_key(shell: Shell) -> None:
    shell.write("pyproject.toml", '[project]\nname = "x"\n[tool.wheelcheck]\nplatfrom = "windows"\n')
    message = shell.plan("a", index=NOWHERE).refused(2)
    assert "pyproject.toml:4: unknown key 'platfrom'" in message
    assert "platform" in message.partition("hint: ")[2]


def test_settings_with_several_targets_ask_for_one(shell: Shell) -> None:
    shell.write("wheelcheck.toml", 'platform = ["windows", "linux"]\n')
    message = shell.plan("a", "--python", "3.11", index=NOWHERE).refused(2)
    assert "2 targets (windows, linux)" in message
    assert "give --platform" in message


def test_unknown_option_and_command_are_usage_problems(shell: Shell) -> None:
    for words in (("plan", "a", "--platfrom", "windows"), ("plna",), ("plan",), ("plan", "a", "--sdist", "maybe")):
        assert "\nhint: " in shell.run(*words).refused(2)


def test_empty_word_is_no_input(shell: Shell) -> None:
    assert "an input is empty" in shell.plan("", index=NOWHERE).refused(2)


def test_hashes_are_all_or_nothing(shell: Shell) -> None:
    shell.write("requirements.txt", f"a==1.0 --hash=sha256:{'0' * 64}\nb==1.0\n")
    message = shell.plan("requirements.txt", index=NOWHERE).refused(2)
    assert "requirements.txt:2: " in message
    assert "all or nothing" in message


def test_extra_without_a_project_is_a_usage_problem(shell: Shell) -> None:
    assert "--extra" in shell.plan("a", "--extra", "x", index=NOWHERE).refused(2)


def test_control_characters_of_an_input_do_not_reach_the_terminal(shell: Shell) -> None:
    shell.write("requirements.txt", "a\x1b]0;title\x07 \x1b[2J ???\n")
    message = shell.plan("requirements.txt", index=NOWHERE).refused(2)
    assert "\x1b" not in message
    assert "\x07" not in message


@pytest.mark.parametrize(
    "option",
    [
        "--index-url",
        "--extra-index-url",
        "--find-links",
        "--platform",
        "--python",
        "--target",
        "--constraint",
        "--override",
        "--exclude",
        "--extra",
        "--group",
        "--exclude-newer",
        "--cache-dir",
    ],
)
def test_empty_option_is_refused_and_not_replaced_by_the_default(shell: Shell, option: str) -> None:
    # `--index-url "$MIRROR"` with MIRROR unset must not ask the public index.
    assert f"{option} is empty" in shell.run("plan", "a", option, "").refused(2)


@pytest.mark.parametrize(
    "url", ["http://[bad/", "http://127.0.0.1:99999/", "https://user:hunter2/x@index.example/simple/"]
)
def test_malformed_index_address_is_refused_wherever_it_stands(shell: Shell, url: str) -> None:
    shell.write("requirements.txt", f"-i {url}\na\n")
    for words in (
        ("requirements.txt",),
        ("a", "-i", url),
        ("a", "--extra-index-url", url),
        ("a", "-f", url),
        ("a", "--index", f"own={url}"),
        ("a", "--source", f"a={url}"),
    ):
        message = shell.plan(*words).refused(2)
        assert "is no URL" in message or "requirements.txt:1: a malformed URL" in message
        assert "hunter2" not in message
    shell.patch.setenv("PIP_INDEX_URL", url)
    assert "is no URL" in shell.plan("a").refused(2)


def test_exclude_that_is_no_name_is_refused(shell: Shell) -> None:
    assert "--exclude" in shell.plan("a", "--exclude", "b==1", index=NOWHERE).refused(2)


def test_time_that_is_none_is_refused(shell: Shell) -> None:
    assert "--max-seconds nan" in shell.plan("a", "--max-seconds", "nan", index=NOWHERE).refused(2)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a file of Linux that even root cannot read")
def test_file_that_fails_while_it_is_read_is_named(shell: Shell) -> None:
    (shell.folder / "requirements.txt").symlink_to("/proc/self/mem")
    assert "requirements.txt: cannot be read: " in shell.plan("requirements.txt", index=NOWHERE).refused(2)
