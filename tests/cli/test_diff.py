"""``wheelcheck diff``: inputs, plans and git revisions, its statuses, what it refuses; git runs in scratch repositories."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.programs import Outcome, Shell
from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.server import IndexFile, IndexServer, Mode, index_file
from tests.server.catalog import Made
from wheelcheck.report.difference_document import DiffDocument
from wheelcheck.report.documents import json_schema

NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(name='n', version='1.0', ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "int main(void) { return 0; }\n",
}
CATALOG: dict[str, list[Made | IndexFile]] = {
    "a": [
        index_file(make_wheel("a", "1.0", requires=["b"]), upload_time="2025-01-01T00:00:00.000000Z"),
        index_file(make_wheel("a", "2.0"), upload_time="2026-02-02T00:00:00.000000Z"),
    ],
    "b": [make_wheel("b", "1.0")],
    "c": [make_wheel("c", "1.0")],
    "p": [
        make_wheel("p", "1.0", tags="cp311-cp311-win_amd64"),
        make_wheel("p", "1.0", tags="cp311-cp311-manylinux_2_17_x86_64"),
    ],
    "s": [make_sdist("s", "1.0")],
    "n": [make_sdist("n", "1.0", files=NATIVE), make_sdist("n", "1.1", files=NATIVE)],
}
WINDOWS = ("--platform", "win_amd64", "--python", "3.11")


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    with IndexServer(CATALOG) as server:
        yield server.simple_url


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [
            *("git", "-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"),
            *("-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", *words),
        ],
        cwd=folder,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def commit(shell: Shell, **files: str) -> str:
    """Write *files* (dots as double underscores), commit everything; answers the commit."""
    if not (shell.folder / ".git").exists():
        git(shell.folder, "init", "-q")
    for name, text in files.items():
        shell.write(name.replace("__", "."), text)
    git(shell.folder, "add", "-A")
    git(shell.folder, "commit", "-qm", "a change")
    return git(shell.folder, "rev-parse", "HEAD")


def diff(shell: Shell, index: str, *words: str) -> Outcome:
    targets = () if any(word.startswith(("--platform", "--python")) for word in words) else WINDOWS
    cache = ("--cache-dir", str(shell.cache))
    return shell.run("diff", *words, *targets, "-i", index, *cache, "--format", "json")


def document(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outcome.out)
    Draft202012Validator(json_schema(DiffDocument)).validate(found)
    assert found["exit_status"] == outcome.status
    return found


def moves(outcome: Outcome) -> list[tuple[str, str, str | None, str | None]]:
    return [(each["kind"], each["name"], each["before"], each["after"]) for each in document(outcome)["packages"]]


def states(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [
        (each["state"], each["code"], each["package"])
        for each in document(outcome)["findings"]
        if each["verdict"] in ("fails", "allowed")
    ]


def test_packages_that_came_went_and_moved_are_told(shell: Shell, index: str) -> None:
    shell.write("old.txt", "a==1.0\n")
    shell.write("new.txt", "a==2.0\nc\n")
    outcome = diff(shell, index, "old.txt", "new.txt")
    assert outcome.status == 0
    assert moves(outcome) == [
        ("added", "c", None, "1.0"),
        ("removed", "b", "1.0", None),
        ("upgraded", "a", "1.0", "2.0"),
    ]
    [target] = document(outcome)["targets"]
    moved = target["packages"][0]
    assert (moved["before"]["upload_time"][:10], moved["after"]["upload_time"][:10]) == ("2025-01-01", "2026-02-02")
    assert target["after"]["download"]["files"] == 2


def test_requirements_can_be_compared_without_a_file(shell: Shell, index: str) -> None:
    assert moves(diff(shell, index, "a==2.0", "a==1.0")) == [
        ("added", "b", None, "1.0"),
        ("downgraded", "a", "2.0", "1.0"),
    ]


def test_new_failing_finding_is_1_and_an_old_one_is_0(shell: Shell, index: str) -> None:
    shell.write("old.txt", "n==1.0\n")
    shell.write("new.txt", "n==1.1\ns\n")
    outcome = diff(shell, index, "old.txt", "new.txt")
    assert outcome.status == 1
    assert states(outcome) == [("new", "WC101", "s"), ("stays", "WC102", "n")]
    back = diff(shell, index, "new.txt", "old.txt")
    assert back.status == 0
    assert ("gone", "WC101", "s") in states(back)


def test_same_input_on_both_sides_has_no_difference(shell: Shell, index: str) -> None:
    outcome = diff(shell, index, "n==1.0", "n==1.0")
    assert outcome.status == 0
    assert moves(outcome) == []
    text = shell.run("diff", "n==1.0", "n==1.0", *WINDOWS, "-i", index, "--no-cache").out
    assert text.endswith("Nothing new fails; no package changed\n")


def test_change_on_several_targets_is_told_once(shell: Shell, index: str) -> None:
    words = ("--platform", "win_amd64", "--platform", "manylinux_2_28_x86_64", "--platform", "musllinux_1_2_x86_64")
    shell.write("new.txt", "c\np\n")
    outcome = diff(shell, index, "c", "new.txt", *words, "--python", "3.11")
    assert outcome.status == 1  # p has no wheel for musl
    found = document(outcome)
    assert [len(each["targets"]) for each in found["packages"]] == [2, 1]
    assert [len(each["packages"]) for each in found["targets"]] == [1, 1, 1]
    assert [target["platform"] for target in found["packages"][0]["targets"]] == [words[1], words[3]]


def test_both_sides_share_what_was_fetched(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.run("diff", "a==1.0", "a==2.0", *WINDOWS, "-i", server.simple_url, "--no-cache")
        assert server.count(path="/simple/a/") == 1
    assert outcome.status == 0


def test_two_plans_are_compared_without_an_index(shell: Shell, index: str) -> None:
    shell.plan("a==1.0", "-o", "old.json", index=index)
    shell.plan("a==2.0", "n", "-o", "new.json", index=index)
    outcome = shell.run("diff", "old.json", "new.json", "--format", "json", "-i", "http://127.0.0.1:9/simple/")
    assert outcome.status == 1
    assert [each[:2] for each in moves(outcome)] == [("added", "n"), ("removed", "b"), ("upgraded", "a")]
    found = document(outcome)
    assert (found["old"]["kind"], found["new"]["kind"]) == ("plan", "plan")


def test_plans_of_two_targets_say_so(shell: Shell, index: str) -> None:
    shell.plan("a==1.0", "-o", "old.json", index=index)
    shell.plan("a==1.0", "-o", "new.json", "--platform", "linux", "--python", "3.11", "--sdist", "any", index=index)
    outcome = shell.run("diff", "old.json", "new.json")
    assert outcome.status == 0
    said = " ".join(outcome.out.split())
    assert "The target differs too: win_amd64, Python 3.11 before, manylinux_2_28_x86_64, Python 3.11 after." in said
    assert "The plans were made with other options: sdist." in said


def test_plan_and_input_are_compared_on_the_target_of_the_plan(shell: Shell, index: str) -> None:
    shell.plan("a==1.0", "s", "-o", "old.json", index=index)
    shell.write("new.txt", "a==2.0\ns\n")
    outcome = shell.run("diff", "old.json", "new.txt", "-i", index, "--no-cache", "--format", "json")
    assert outcome.status == 0
    [target] = document(outcome)["targets"]
    assert (target["platform"], target["python"], target["other"]) == ("win_amd64", "3.11", None)


def test_plan_takes_no_other_target(shell: Shell, index: str) -> None:
    shell.plan("a", "-o", "old.json", index=index)
    assert "its own target" in shell.run("diff", "old.json", "a", *WINDOWS, "-i", index).refused(2)


def test_truncated_plan_is_2(shell: Shell, index: str) -> None:
    shell.plan("a", "-o", "old.json", index=index)
    content = (shell.folder / "old.json").read_bytes()
    shell.write("new.json", content[: len(content) // 2])
    assert "new.json" in shell.run("diff", "old.json", "new.json").refused(2)


def test_file_at_a_revision_is_compared_with_the_checkout(shell: Shell, index: str) -> None:
    commit(shell, requirements__txt="a==1.0\n")
    commit(shell, requirements__txt="a==2.0\n")
    outcome = diff(shell, index, "HEAD~1:requirements.txt", "requirements.txt")
    assert moves(outcome) == [("removed", "b", "1.0", None), ("upgraded", "a", "1.0", "2.0")]
    found = document(outcome)
    assert found["old"]["revision"] == git(shell.folder, "rev-parse", "HEAD~1")
    assert found["old"]["inputs"][0]["path"] == "requirements.txt"
    assert moves(diff(shell, index, "HEAD~1:requirements.txt", "HEAD:requirements.txt")) == moves(outcome)


def test_inputs_are_compared_with_where_head_left_the_base(shell: Shell, index: str) -> None:
    left = commit(shell, requirements__txt="a==1.0\n")
    git(shell.folder, "checkout", "-qb", "bump")
    commit(shell, requirements__txt="a==2.0\n")
    git(shell.folder, "checkout", "-q", "main")
    commit(shell, requirements__txt="a==1.0\nc\n")
    git(shell.folder, "checkout", "-q", "bump")
    shell.write("requirements.txt", "a==2.0\nn\n")
    outcome = diff(shell, index, "--git-base", "main", "requirements.txt")
    assert outcome.status == 1
    assert document(outcome)["old"]["revision"] == left
    assert moves(outcome) == [
        ("added", "n", None, "1.1"),
        ("removed", "b", "1.0", None),
        ("upgraded", "a", "1.0", "2.0"),
    ]
    [failing] = [each for each in document(outcome)["findings"] if each["verdict"] == "fails"]
    assert failing["origins"] == [{"kind": "file", "path": "requirements.txt", "line": 2}]


def test_checkout_is_left_as_it_is(shell: Shell, index: str) -> None:
    commit(shell, requirements__txt="a==1.0\n")
    shell.write("requirements.txt", "a==2.0\n")
    shell.write("untracked.txt", "x")
    before = (git(shell.folder, "status", "--porcelain"), sorted(path.name for path in shell.folder.iterdir()))
    diff(shell, index, "--git-base", "HEAD", "requirements.txt")
    assert (git(shell.folder, "status", "--porcelain"), sorted(path.name for path in shell.folder.iterdir())) == before


def test_includes_are_those_of_the_revision(shell: Shell, index: str) -> None:
    shell.write("sub/requirements.txt", "-r ../lists/base.reqs\n-c bounds.txt\na\n")
    shell.write("lists/base.reqs", "b\n")
    shell.write("sub/bounds.txt", "a<2\n")
    commit(shell)
    shell.write("lists/base.reqs", "c\n")
    shell.write("sub/bounds.txt", "a<3\n")
    outcome = diff(shell, index, "--git-base", "HEAD", "sub/requirements.txt")
    assert moves(outcome) == [
        ("added", "c", None, "1.0"),
        ("removed", "b", "1.0", None),
        ("upgraded", "a", "1.0", "2.0"),
    ]
    shell.patch.chdir(shell.folder / "sub")
    again = diff(shell, index, "--git-base", "HEAD", "requirements.txt")
    assert moves(again) == moves(outcome)
    assert {each["path"] for each in document(again)["old"]["inputs"]} == {
        each["path"] for each in document(again)["new"]["inputs"]
    }
    assert moves(diff(shell, index, "HEAD:./requirements.txt", "requirements.txt")) == moves(outcome)
    assert moves(diff(shell, index, "HEAD:sub/requirements.txt", "requirements.txt")) == moves(outcome)


def test_constraints_of_the_command_line_are_those_of_the_revision(shell: Shell, index: str) -> None:
    commit(shell, requirements__txt="a\n", bounds__txt="a<2\n")
    shell.write("bounds.txt", "a<3\n")
    outcome = diff(shell, index, "--git-base", "HEAD", "requirements.txt", "-c", "bounds.txt")
    assert ("upgraded", "a", "1.0", "2.0") in moves(outcome)


def test_file_that_is_new_came_in_whole(shell: Shell, index: str) -> None:
    commit(shell, other__txt="a\n")
    shell.write("requirements.txt", "c\n")
    outcome = diff(shell, index, "--git-base", "HEAD", "requirements.txt")
    assert moves(outcome) == [("added", "c", None, "1.0")]
    found = document(outcome)
    assert found["old"]["kind"] == "absent"
    assert "requirements.txt is not in HEAD" in found["notes"][0]
    assert moves(diff(shell, index, "HEAD:requirements.txt", "requirements.txt")) == moves(outcome)


def test_file_that_is_gone_went_out_whole(shell: Shell, index: str) -> None:
    commit(shell, requirements__txt="c\n")
    (shell.folder / "requirements.txt").unlink()
    outcome = diff(shell, index, "--git-base", "HEAD", "requirements.txt")
    assert moves(outcome) == [("removed", "c", "1.0", None)]
    assert document(outcome)["notes"] == ["requirements.txt is gone now, so all of it went out."]


def test_allowance_of_today_counts_for_both_sides(shell: Shell, index: str) -> None:
    settings = '[tool.wheelcheck]\nallow = [{ package = "s", reason = "We build it.", expires = "2199-12-31" }]\n'
    commit(shell, requirements__txt="s\n", pyproject__toml="")
    shell.write("pyproject.toml", settings)
    shell.write("requirements.txt", "s\nc\n")
    outcome = diff(shell, index, "--git-base", "HEAD", "requirements.txt")
    assert outcome.status == 0
    assert states(outcome) == [("stays", "WC101", "s")]
    assert document(outcome)["notes"] == ["The settings of today count for both sides, also for HEAD."]


def test_pyproject_of_the_revision_is_read(shell: Shell, index: str) -> None:
    project = '[project]\nname = "x"\nversion = "1"\ndependencies = ["{}"]\n'
    commit(shell, pyproject__toml=project.format("a==1.0"))
    shell.write("pyproject.toml", project.format("a==2.0"))
    assert ("upgraded", "a", "1.0", "2.0") in moves(diff(shell, index, "--git-base", "HEAD", "pyproject.toml"))


def test_malformed_file_at_a_revision_is_named_as_git_does(shell: Shell, index: str) -> None:
    commit(shell, requirements__txt="a==1.0\n???\n")
    shell.write("requirements.txt", "a==1.0\n")
    message = diff(shell, index, "--git-base", "HEAD", "requirements.txt").refused(2)
    assert "HEAD:requirements.txt:2" in message
    assert "wheelcheck-" not in message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--git-base", "no-such", "requirements.txt"), "no-such: git knows no such revision"),
        (("--git-base=--upload-pack=x", "requirements.txt"), "no name of a revision"),
        (("--git-base", "HEAD"), "no INPUT is named"),
        (("HEAD:requirement.txt", "requirements.txt"), "did you mean HEAD:requirements.txt?"),
        (("HEAD^{tree}:requirements.txt", "a"), "git knows no such revision"),
        (("--git-base", "HEAD", "never.txt"), "never.txt: no such file"),
        (("a",), "diff compares two, and 1 was given"),
        (("a", "b", "c"), "diff compares two, and 3 were given"),
        (("", "a"), "OLD is empty"),
        (("a", "b", "--fail-on", "XX1"), "no finding has such a code"),
    ],
)
def test_what_means_nothing_is_2(shell: Shell, index: str, words: tuple[str, ...], said: str) -> None:
    commit(shell, requirements__txt="a\n")
    assert said in diff(shell, index, *words).refused(2)


def test_folder_without_a_repository_is_2(shell: Shell, index: str) -> None:
    shell.patch.setenv("GIT_CEILING_DIRECTORIES", str(shell.folder.parent))
    shell.write("requirements.txt", "a\n")
    assert "not a git repository" in diff(shell, index, "--git-base", "HEAD", "requirements.txt").refused(2)


def test_missing_git_is_2(shell: Shell, index: str) -> None:
    commit(shell, requirements__txt="a\n")
    shell.patch.setenv("PATH", str(shell.folder))
    assert "git is not installed" in diff(shell, index, "--git-base", "HEAD", "requirements.txt").refused(2)


def test_unrelated_base_is_2_with_what_a_shallow_clone_needs(shell: Shell, index: str) -> None:
    commit(shell, requirements__txt="a\n")
    git(shell.folder, "checkout", "-q", "--orphan", "apart")
    commit(shell, requirements__txt="a==1.0\n")
    assert "fetch-depth: 0" in diff(shell, index, "--git-base", "main", "requirements.txt").refused(2)


def test_failing_index_is_3_and_compares_nothing(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(absent_status=503)) as server:
        outcome = diff(shell, server.simple_url, "c", "absent")
    assert outcome.status == 3
    assert moves(outcome) == []
    assert "the index failed" in document(outcome)["summary"]


def test_undecided_is_4(shell: Shell, index: str) -> None:
    outcome = diff(shell, index, "c", "a", "--max-seconds", "0")
    assert outcome.status == 4
    assert document(outcome)["targets"][0]["decided"] is False


def test_formats_go_to_a_file(shell: Shell, index: str) -> None:
    words = ("diff", "c", "s", *WINDOWS, "-i", index, "--no-cache")
    outcome = shell.run(*words, "--format", "markdown", "-o", "comment.md")
    assert (outcome.status, outcome.out) == (1, "")
    assert (
        (shell.folder / "comment.md")
        .read_text()
        .startswith("<!-- wheelcheck diff -->\n\n### ❌ wheelcheck diff: 1 new")
    )
    assert shell.run(*words, "-q").out == ""


def test_hostile_file_names_stay_text(shell: Shell, index: str) -> None:
    hostile = "we ird\n|<b>`x`@all.txt"
    shell.write(hostile, "a==1.0\n")
    commit(shell)
    shell.write(hostile, "a==2.0\n")
    outcome = diff(shell, index, "--git-base", "HEAD", hostile)
    assert ("upgraded", "a", "1.0", "2.0") in moves(outcome)
    comment = shell.run("diff", "--git-base", "HEAD", hostile, *WINDOWS, "-i", index, "--format", "markdown").out
    assert "<b>" not in comment
    assert "@all" not in comment
    text = shell.run("diff", "--git-base", "HEAD", hostile, *WINDOWS, "-i", index).out
    assert "we ird |<b>" in text


def test_link_in_the_tree_is_followed_within_it_alone(shell: Shell, index: str) -> None:
    secret = shell.folder.parent / "outside.txt"
    secret.write_text("c\n")
    shell.write("real.txt", "a==1.0\n")
    (shell.folder / "linked.txt").symlink_to("real.txt")
    (shell.folder / "escaping.txt").symlink_to(secret)
    commit(shell)
    for name in ("linked.txt", "escaping.txt"):
        (shell.folder / name).unlink()
        shell.write(name, "a==2.0\n")
    assert ("upgraded", "a", "1.0", "2.0") in moves(diff(shell, index, "--git-base", "HEAD", "linked.txt"))
    assert "escaping.txt" in diff(shell, index, "--git-base", "HEAD", "escaping.txt").refused(2)


def test_lock_is_compared_as_it_stands(shell: Shell, index: str) -> None:
    row = "{}=={} --hash=sha256:{}\n"
    digest = {name: made[1] for name, made in {"c": make_wheel("c", "1.0"), "b": make_wheel("b", "1.0")}.items()}
    commit(shell, requirements__txt=row.format("c", "1.0", sha256_hex(digest["c"])))
    text = row.format("c", "1.0", sha256_hex(digest["c"])) + row.format("b", "1.0", sha256_hex(digest["b"]))
    shell.write("requirements.txt", text)
    outcome = diff(shell, index, "--git-base", "HEAD", "requirements.txt")
    assert moves(outcome) == [("added", "b", None, "1.0")]
    assert document(outcome)["old"]["kind"] == "requirements with hashes"


def test_own_input_is_never_written_over(shell: Shell, index: str) -> None:
    shell.write("new.txt", "c\n")
    shell.run("diff", "c", "new.txt", "-o", "new.txt", *WINDOWS, "-i", index, "--no-cache").refused(2)
    assert (shell.folder / "new.txt").read_text() == "c\n"
