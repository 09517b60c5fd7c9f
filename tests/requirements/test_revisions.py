"""Files of a git revision, copied out with what they name: from real scratch repositories, some of them hostile."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.requirements.revisions import copy_out, load_revision

ENVIRON = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Nobody",
    "GIT_AUTHOR_EMAIL": "nobody@example.org",
    "GIT_COMMITTER_NAME": "Nobody",
    "GIT_COMMITTER_EMAIL": "nobody@example.org",
}


def git(*words: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", *words], env=ENVIRON, input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, which is the current folder."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git("init", "-q")
    return folder


def committed(files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    git("add", "-A")
    git("commit", "-qm", "a change")


def copied(tmp_path: Path, *paths: str, revision: str = "HEAD") -> set[str]:
    """The files that were copied out for *paths*."""
    folder = tmp_path / "copies"
    copy_out(load_revision(revision, ENVIRON), paths, folder)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "line", ["-r {}", "-r{}", "--requirement={}", "--constraint {}", "-c file:{}", "-r  '{}'  # why", "-r ./{}"]
)
def test_included_file_comes_along_however_it_is_written(tmp_path: Path, line: str) -> None:
    committed(
        {"a.txt": line.format("sub/more.list"), "sub/more.list": "-r ../third", "third": "x\n", "other.txt": "y\n"}
    )
    assert copied(tmp_path, "a.txt") == {"a.txt", "sub/more.list", "third"}


def test_files_of_a_pyproject_come_along(tmp_path: Path) -> None:
    text = '[tool.setuptools.dynamic]\ndependencies = {file = ["base.in"]}\n'
    committed({"pyproject.toml": text, "base.in": "x\n", "src/code.py": ""})
    assert copied(tmp_path, "pyproject.toml") == {"pyproject.toml", "base.in"}


def test_folder_that_requirements_name_comes_along_whole(tmp_path: Path) -> None:
    committed({"a.txt": "./library\n", "library/pyproject.toml": "", "library/deep/setup.py": "", "else/x.py": ""})
    assert copied(tmp_path, "a.txt") == {"a.txt", "library/pyproject.toml", "library/deep/setup.py"}


def test_projects_of_a_workspace_and_of_paths_come_along_whole(tmp_path: Path) -> None:
    committed(
        {
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["libs/*"]\n[tool.uv.sources]\nx = { path = "../x" }\n',
            "uv.toml": "",
            "libs/a/pyproject.toml": '[tool.uv.sources]\ny = { path = "../../other/y" }\n',
            "libs/a/src/code.c": "",
            "libs/notes/readme.md": "",
            "other/y/setup.py": "",
            "other/z/setup.py": "",
        }
    )
    member = {"libs/a/pyproject.toml", "libs/a/src/code.c", "other/y/setup.py"}
    assert copied(tmp_path, "pyproject.toml") == {"pyproject.toml", "uv.toml", *member}
    assert copied(tmp_path / "of the member", "libs/a/pyproject.toml") == {"pyproject.toml", "uv.toml", *member}


def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    committed({"a.txt": "-r b.txt\n", "b.txt": "-r a.txt\n"})
    assert copied(tmp_path, "a.txt") == {"a.txt", "b.txt"}


def test_bytes_are_those_of_the_commit(tmp_path: Path) -> None:
    committed({"a.txt": b"x\r\n\xff\n", ".gitattributes": "* text eol=crlf export-ignore export-subst\n"})
    Path("a.txt").write_bytes(b"changed")
    copied(tmp_path, "a.txt")
    assert (tmp_path / "copies" / "a.txt").read_bytes().replace(b"\r", b"") == b"x\n\xff\n"


def test_link_is_copied_as_the_file_it_leads_to(tmp_path: Path) -> None:
    Path("link.txt").symlink_to("middle.txt")
    Path("middle.txt").symlink_to("sub/real.txt")
    committed({"sub/real.txt": "x\n"})
    assert copied(tmp_path, "link.txt") == {"link.txt"}
    copy = tmp_path / "copies" / "link.txt"
    assert not copy.is_symlink()
    assert copy.read_text() == "x\n"


@pytest.mark.parametrize("to", ["../../outside.txt", "/etc/hostname", "round.txt", "nowhere"])
def test_link_that_leaves_the_tree_or_leads_nowhere_is_left_out(tmp_path: Path, to: str) -> None:
    (tmp_path / "outside.txt").write_text("secret\n")
    Path("round.txt").symlink_to("back.txt")
    Path("back.txt").symlink_to("round.txt")
    Path("a.txt").symlink_to(to)
    committed({"b.txt": "x\n"})
    assert copied(tmp_path, "a.txt", "b.txt") == {"b.txt"}


def test_include_outside_of_the_tree_brings_nothing(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret\n")
    committed({"a.txt": "-r ../outside.txt\n-r /etc/hostname\n"})
    assert copied(tmp_path, "a.txt") == {"a.txt"}


def test_path_of_a_hostile_tree_cannot_escape(tmp_path: Path) -> None:
    blob = git("hash-object", "-w", "--stdin", stdin=b"x\n")
    inner = git("mktree", stdin=f"100644 blob {blob}\tevil.txt\n".encode())
    outer = git("mktree", stdin=f"040000 tree {inner}\t..\n100644 blob {blob}\ta.txt\n".encode())
    commit = git("commit-tree", outer, "-m", "hostile")
    revision = load_revision(commit, ENVIRON)
    assert set(revision.files) == {"a.txt"}
    assert copied(tmp_path, "../evil.txt", "a.txt", revision=commit) == {"a.txt"}
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.parametrize(
    "name", ["with space.txt", "tab\tand\nline.txt", "quote\"'.txt", "ümlaut.txt", "-r.txt", "*.txt"]
)
def test_strange_names_are_names(tmp_path: Path, name: str) -> None:
    committed({name: "x\n", "b.txt": "y\n"})
    assert copied(tmp_path, name) == {name}


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_name_that_is_no_text_is_a_name(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.txt")
    committed({name: "x\n"})
    assert copied(tmp_path, name) == {name}


def test_current_folder_counts_for_paths(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed({"sub/a.txt": "x\n"})
    monkeypatch.chdir(repository / "sub")
    revision = load_revision("HEAD", ENVIRON)
    assert revision.path_in_tree(Path("a.txt")) == "sub/a.txt"
    assert revision.path_in_tree(Path("../b.txt")) == "b.txt"
    assert revision.path_in_tree(repository / "sub" / "a.txt") == "sub/a.txt"
    assert revision.path_in_tree(Path("../../outside.txt")) is None


def test_revision_is_called_by_its_name_and_commit() -> None:
    committed({"a.txt": ""})
    commit = git("rev-parse", "HEAD")
    assert load_revision("HEAD", ENVIRON).short == f"HEAD ({commit[:10]})"
    assert load_revision(commit[:12], ENVIRON).short == commit[:12]


@pytest.mark.parametrize("name", ["", "-x", "--output=x", "a\0b"])
def test_name_that_is_none_is_a_usage_problem(name: str) -> None:
    with pytest.raises(UsageProblem):
        load_revision(name, ENVIRON)


@pytest.mark.parametrize("name", ["no-such", "HEAD:a.txt", "HEAD^{tree}", "0" * 40])
def test_unknown_revision_is_told_with_what_to_do(name: str) -> None:
    committed({"a.txt": ""})
    with pytest.raises(InputUnreadable, match="no such revision") as caught:
        load_revision(name, ENVIRON)
    assert "git fetch" in caught.value.hint


def test_shell_is_never_asked(tmp_path: Path) -> None:
    committed({"a.txt": ""})
    with pytest.raises(InputUnreadable):
        load_revision(f"$(touch {tmp_path}/made);`touch {tmp_path}/made`", ENVIRON)
    assert not (tmp_path / "made").exists()
