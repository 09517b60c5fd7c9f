"""Repairs written into the user's own files: only the lines that must change do, and the files then pass."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest
from msgspec.structs import replace

from tests.cli.programs import TARGET, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer, Mode
from wheelcheck.api.plan import applied_edits, changed_files, plan_of, wanted_by_others, write_changes
from wheelcheck.api.preparing import Prepared, prepare
from wheelcheck.api.request import Request
from wheelcheck.cli.showing import write_result
from wheelcheck.errors import DiskFailure, UsageProblem
from wheelcheck.model.plan import Plan
from wheelcheck.ports import SilentReporter
from wheelcheck.requirements.in_place import FileChange

WINDOWS = "cp311-cp311-win_amd64"
NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(name='n', version='1.0', ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "int main(void) { return 0; }\n",
}
# own is pinned by the user to the version without a wheel, n by app.
CATALOG = {
    "app": [make_wheel("app", "1.0", requires=["n==1.0", "b"])],
    "n": [make_sdist("n", "1.0", files=NATIVE), make_wheel("n", "1.0.1", tags=WINDOWS)],
    "own": [
        make_sdist("own", "1.0", files=NATIVE),
        make_wheel("own", "1.1", tags=WINDOWS, extras=["x"], requires=["b; extra == 'x'"]),
    ],
    "two": [
        make_sdist("two", "1.0", files=NATIVE),
        *(make_wheel("two", "1.1", tags=tags) for tags in (WINDOWS, "py3-none-any")),
    ],
    "b": [make_wheel("b", "1.0"), make_wheel("b", "2.0")],
    "psycopg2": [make_sdist("psycopg2", "2.9", files=NATIVE)],
    "psycopg2-binary": [make_wheel("psycopg2-binary", "2.9", tags=WINDOWS)],
    "driver": [make_wheel("driver", "1.0", requires=["psycopg2"])],
    "many": [make_wheel("many", "1.0", extras=["n"], requires=["b", "n==1.0; extra == 'n'"])],
    "old": [make_wheel("old", "1.0", requires=["fast"])],
    "fast": [make_wheel("fast", "1.0"), make_wheel("fast", "2.0")],
    "banner": [make_wheel("banner", "1.0", files={"banner/__init__.py": "import six\n"})],
    "six": [make_wheel("six", "1.17.0", files={"six.py": ""})],
}
ADVISORY = """
[[advisory]]
id = "old-with-fast-2"
severity = "warning"
when = ["old", "fast>=2"]
message = "old fails with fast 2"
evidence = ["https://example.com/old"]
remedies = [{ constrain = "fast<2" }]
"""


@pytest.fixture
def index() -> Iterator[str]:
    with IndexServer(CATALOG) as server:
        yield server.simple_url


def digest(name: str, version: str, between: str = " ") -> str:
    """The ``--hash`` of each file of a release, in order, with *between* between them."""
    starts = tuple(f"{name.replace('-', '_')}-{version}{end}" for end in ("-", ".tar"))
    files = [content for filename, content in CATALOG[name] if filename.startswith(starts)]
    return between.join(sorted(f"--hash=sha256:{hashlib.sha256(content).hexdigest()}" for content in files))


class Shape(NamedTuple):
    """Files, the input, and the texts that each change puts in the place of others, as bytes."""

    files: dict[str, bytes]
    changed: dict[str, tuple[bytes, bytes]]
    word: str = "requirements.txt"
    more: tuple[str, ...] = ()


def one(
    before: str,
    old: str = "own==1.0",
    new: str = "own==1.1",
    *,
    word: str = "requirements.txt",
    more: tuple[str, ...] = (),
) -> Shape:
    """One file in which *old* becomes *new*; *more* are further words of the command line."""
    return Shape({word: before.encode()}, {word: (old.encode(), new.encode())}, word, more)


def hashed(before: str, old: str, new: str) -> Shape:
    """A file with hashes beside the lines of *before*, in which *old* becomes *new*."""
    return one(f"{before}b==1.0 {digest('b', '1.0')}\n", old, new)


OWN, OWN_NOW, TWO, BREAK = digest("own", "1.0"), digest("own", "1.1"), digest("two", "1.0"), " \\\n    "
KNOWN = ("--knowledge", "../known")
PROJECT = '[project]\nname = "shop"  # ours\nversion = "1"\nrequires-python = ">=3.11"\n'
UV = PROJECT + 'dependencies = ["app"]\n\n[tool.uv]\n'
SHAPES = {
    "alone": one("own==1.0\n"),
    "no newline at the end": one("own==1.0"),
    "windows endings": one("b\r\nown==1.0\r\n# end\r\n"),
    "mixed endings": one("b\r\nown==1.0\n# end\r\n"),
    "byte order mark": Shape(
        {"requirements.txt": codecs.BOM_UTF8 + b"own==1.0\nb\n"}, {"requirements.txt": (b"own==1.0", b"own==1.1")}
    ),
    "utf-16": Shape(
        {"requirements.txt": codecs.BOM_UTF16_LE + "b\nown==1.0\n".encode("utf-16-le")},
        {"requirements.txt": ("own==1.0".encode("utf-16-le"), "own==1.1".encode("utf-16-le"))},
    ),
    "another encoding": Shape(
        {"requirements.txt": "# coding: cp1252\n# für uns\nown==1.0\n".encode("cp1252")},
        {"requirements.txt": (b"own==1.0", b"own==1.1")},
    ),
    "comments": one("# own==1.0 was good\n\nb  # any\nown==1.0  # own==1.0 since May\n", "\nown==1.0  #", "\nown==1.1  #"),
    "tabs": one("\t own==1.0\t# tabs\nb\n"),
    "blanks": one("b\n\n\n   own == 1.0   \n\n", "own == 1.0", "own==1.1"),
    "form feed": one("b\n\x0c\nown==1.0\n"),
    "extras": one("own[x]==1.0\n", "own[x]==1.0", "own[x]==1.1"),
    "marker": one('own==1.0 ; sys_platform == "win32"\n', "1.0 ;", "1.1 ;"),
    "another target's line stays": one(
        'own==1.0; sys_platform == "linux"\nown==1.0; sys_platform == "win32"\n',
        'own==1.0; sys_platform == "win32"',
        'own==1.1; sys_platform == "win32"',
    ),
    "continued before a marker": one('b\nown==1.0 \\\n  ; python_version >= "3.8"\n', "own==1.0 ", "own==1.1 "),
    "continued within": one("own\\\n==1.0\nb\n", "==1.0", "==1.1"),
    "parentheses": one("own (==1.0)\n", "own (==1.0)", "own==1.1"),
    "capitals": one("OWN==1.0\n", "OWN==1.0", "OWN==1.1"),
    "included": Shape(
        {"requirements.txt": b"-r deep/more.txt\nb\n", "deep/more.txt": b"# more\nown==1.0\n"},
        {"deep/more.txt": (b"own==1.0", b"own==1.1")},
    ),
    "included twice over": Shape(
        {"requirements.txt": b"-r a.txt\n", "a.txt": b"-r b.txt\r\n", "b.txt": b"own==1.0"},
        {"b.txt": (b"own==1.0", b"own==1.1")},
    ),
    "two in two files": Shape(
        {"requirements.txt": b"-r a.txt\npsycopg2==2.9\n", "a.txt": b"own==1.0\n"},
        {"a.txt": (b"own==1.0", b"own==1.1"), "requirements.txt": (b"psycopg2==2.9", b"psycopg2-binary==2.9")},
    ),
    "options": one("--prefer-binary\n--pre\nown==1.0\n"),
    "a variable beside it": one("# ${HOME}\n--trusted-host ${HOST_OF_NOBODY}\nown==1.0\n"),
    "substitute": one("psycopg2==2.9  # database\n", "psycopg2==2.9", "psycopg2-binary==2.9"),
    "added": one(
        "banner  # signs\n",
        "signs\n",
        "signs\nsix  # wheelcheck R1: banner 1.0 imports six\n",
        more=("--imports", "all"),
    ),
    "added to a project": one(
        PROJECT + 'dependencies = [\n    "banner",  # signs\n]\n',
        '"banner",  # signs\n',
        '"banner",  # signs\n    "six",\n',
        word="pyproject.toml",
        more=("--imports", "all"),
    ),
    "extra dropped": one("many[n]  # all of it\n", "many[n]", "many"),
    "hashes on the line": hashed(f"own==1.0 {OWN}  # ours\n", f"own==1.0 {OWN}", f"own==1.1 {OWN_NOW}"),
    "hashes that a comment names": hashed(f"own==1.0 {OWN} # no --hash=x\n", f"own==1.0 {OWN}", f"own==1.1 {OWN_NOW}"),
    "hashes as pip-compile writes them": hashed(
        f"own==1.0{BREAK}{OWN}\n    # via app\n", f"own==1.0{BREAK}{OWN}", f"own==1.1{BREAK}{OWN_NOW}"
    ),
    "hashes with Windows endings": hashed(
        f"own==1.0 \\\r\n  {OWN}\r\n", f"own==1.0 \\\r\n  {OWN}", f"own==1.1 \\\r\n  {OWN_NOW}"
    ),
    "hashes of more files than before": hashed(
        f"two==1.0{BREAK}{TWO}\n", f"two==1.0{BREAK}{TWO}", f"two==1.1{BREAK}{digest('two', '1.1', BREAK)}"
    ),
    "hashes of fewer files than before": hashed(
        f"own==1.0 {OWN}{BREAK}--hash=sha256:{'0' * 64}\n",
        f"own==1.0 {OWN}{BREAK}--hash=sha256:{'0' * 64}",
        f"own==1.1 {OWN_NOW}",
    ),
    "hashes after a marker": hashed(
        f"own==1.0 ; sys_platform == 'win32'{BREAK}{OWN}\n",
        f"1.0 ; sys_platform == 'win32'{BREAK}{OWN}",
        f"1.1 ; sys_platform == 'win32'{BREAK}{OWN_NOW}",
    ),
    "hashes of a substitute": hashed(
        f"psycopg2==2.9{BREAK}{digest('psycopg2', '2.9')}\n",
        f"psycopg2==2.9{BREAK}{digest('psycopg2', '2.9')}",
        f"psycopg2-binary==2.9{BREAK}{digest('psycopg2-binary', '2.9')}",
    ),
    "project": one(PROJECT + 'dependencies = [\n  "b",\n  "own==1.0", # pinned\n]\n', word="pyproject.toml"),
    "project on one line": one(PROJECT + "dependencies = ['b', 'own==1.0', 'app']\n".replace(", 'app'", ""), word="pyproject.toml"),
    "project with windows endings": one((PROJECT + 'dependencies = ["own==1.0"]\n').replace("\n", "\r\n"), word="pyproject.toml"),
    "project with a marker": one(
        PROJECT + """dependencies = ["own==1.0; sys_platform == 'win32'", 'own>=1 ; sys_platform == "linux"']\n""",
        "own==1.0; sys",
        "own==1.1; sys",
        word="pyproject.toml",
    ),
    "poetry": one(
        '[tool.poetry]\nname = "shop"\nversion = "1"\n\n[tool.poetry.dependencies]\npython = "^3.11"\nown = "1.0" # pinned\n',
        'own = "1.0"', 'own = "==1.1"', word="pyproject.toml",
    ),
    "poetry's table": one(
        '[tool.poetry]\nname = "shop"\nversion = "1"\n\n[tool.poetry.dependencies]\npython = "^3.11"\n'
        'own = { version = "1.0", extras = ["x"] }\n',
        'version = "1.0", e', 'version = "==1.1", e', word="pyproject.toml",
    ),
    "script": one('# /// script\n# requires-python = ">=3.11"\n# dependencies = ["own==1.0"]\n# ///\nimport own\n', word="run.py"),
    "override of uv": one(
        UV + "package = false\n", "= false\n", '= false\noverride-dependencies = ["n==1.0.1"]\n', word="pyproject.toml"
    ),
    "override of uv beside another": one(
        UV + 'override-dependencies = [\n    "b<2", # slow\n]\n\n[tool.other]\nx = 1\n',
        '    "b<2", # slow\n', '    "b<2", # slow\n    "n==1.0.1",\n', word="pyproject.toml",
    ),
    "override of uv in place of its own": one(
        UV + 'override-dependencies = ["n==1.0", "b<2"]\n', '"n==1.0", ', '"n==1.0.1", ', word="pyproject.toml"
    ),
    "constraint of uv": one(
        UV.replace("app", "old") + "package = false\n", "= false\n", '= false\nconstraint-dependencies = ["fast<2"]\n',
        word="pyproject.toml", more=KNOWN,
    ),
    "constraint of uv beside others": one(
        UV.replace("app", "old") + "constraint-dependencies = [\n  'b<2', # slow\n  'fast>=1',\n]\n",
        "  'fast>=1',\n", "  'fast>=1',\n  \"fast<2\",\n", word="pyproject.toml", more=KNOWN,
    ),
    "exclude of uv beside the substitute": Shape(
        {"pyproject.toml": (PROJECT + 'dependencies = ["driver", "psycopg2==2.9"]\n\n[tool.uv]\n').encode()},
        {"pyproject.toml": (b'psycopg2==2.9"]\n\n[tool.uv]\n',
                            b'psycopg2-binary==2.9"]\n\n[tool.uv]\nexclude-dependencies = ["psycopg2"]\n')},
        "pyproject.toml",
    ),
    "override of PDM": one(
        PROJECT + 'dependencies = ["app"]\n\n[tool.pdm.resolution]\nrespect-source-order = true # ours\n',
        "true # ours\n", 'true # ours\n\n[tool.pdm.resolution.overrides]\nn = "==1.0.1"\n', word="pyproject.toml",
    ),
    "override of PDM beside another": one(
        PROJECT + 'dependencies = ["app"]\n\n[tool.pdm.resolution.overrides]\nb = "<2"\n',
        'b = "<2"\n', 'b = "<2"\nn = "==1.0.1"\n', word="pyproject.toml",
    ),
    "extra of the project": one(
        PROJECT + "dependencies = []\n[project.optional-dependencies]\nfast = [\n\t'own==1.0'\n]\n",
        word="pyproject.toml", more=("--extra", "fast"),
    ),
    "group of the project": one(
        PROJECT + 'dependencies = []\n[dependency-groups]\ntest = [{include-group = "more"}]\nmore = ["own==1.0"]\n',
        word="pyproject.toml", more=("--group", "test"),
    ),
}  # fmt: skip


def lay(shell: Shell, shape: Shape) -> None:
    """Write the files of *shape*, and beside the folder what KNOWN names."""
    shell.write("../known/advisories.toml", ADVISORY)
    for name, content in shape.files.items():
        shell.write(name, content)


def written(shell: Shell) -> dict[str, bytes]:
    """Every file of the folder by its path."""
    return {
        path.relative_to(shell.folder).as_posix(): path.read_bytes()
        for path in shell.folder.rglob("*")
        if path.is_file()
    }


def expected(shape: Shape) -> dict[str, bytes]:
    files = dict(shape.files)
    for name, (old, new) in shape.changed.items():
        assert files[name].count(old) == 1, (name, files[name])
        files[name] = files[name].replace(old, new)
    return files


@pytest.mark.parametrize("word", SHAPES)
def test_only_what_must_change_does_and_the_files_then_pass(shell: Shell, index: str, word: str) -> None:
    shape = SHAPES[word]
    lay(shell, shape)
    outcome = shell.plan("--fix=high", "--in-place", "--yes", shape.word, *shape.more, index=index)
    assert outcome.status == 0, outcome.err
    assert written(shell) == expected(shape)
    [note] = [line for line in outcome.err.splitlines() if line.startswith("note: written: ")]
    assert sorted(note.removeprefix("note: written: ").split(", ")) == sorted(shape.changed)
    checked = shell.run("check", shape.word, *shape.more, *TARGET, "--sdist", "pure", "-i", index)
    assert checked.status == 0, checked.out


@pytest.mark.parametrize("word", [word for word in SHAPES if word not in ("utf-16", "another encoding")])
def test_the_patch_gives_the_same_files_to_git(shell: Shell, index: str, word: str, tmp_path: Path) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not on this machine")
    shape = SHAPES[word]
    lay(shell, shape)
    outcome = shell.run("plan", shape.word, *shape.more, "--fix=high", "--format", "patch", *TARGET, "-i", index)
    assert outcome.status == 0, outcome.err
    assert written(shell) == shape.files
    patch = tmp_path / "repair.patch"
    patch.write_bytes(outcome.out.encode("utf-8", "surrogateescape"))
    subprocess.run([git, "apply", "--whitespace=nowarn", str(patch)], cwd=shell.folder, check=True)
    assert written(shell) == expected(shape)


REFUSED = {
    "an override for pip": ({"requirements.txt": b"app\n"}, "requirements.txt", "override n"),
    "an override of a project that no tool resolves": (
        {"pyproject.toml": (PROJECT + 'dependencies = ["app"]\n').encode()},
        "pyproject.toml",
        "no tool's",
    ),
    "an override for Poetry": (
        {"pyproject.toml": b'[tool.poetry]\nname = "s"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.11"\napp = "*"\n'},
        "pyproject.toml",
        "poetry's",
    ),
    "what others ask for too": ({"requirements.txt": b"psycopg2==2.9\ndriver\n"}, "requirements.txt", "psycopg2"),
    "a requirement of the command line": ({}, "own==1.0", "command line"),
    "setup.cfg": (
        {"setup.cfg": b"[metadata]\nname = shop\nversion = 1\n[options]\ninstall_requires =\n    own==1.0\n"},
        "setup.cfg",
        "setup.cfg is not changed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("word", REFUSED)
def test_what_the_files_cannot_say_is_refused_with_the_reason_and_nothing_changes(
    shell: Shell, index: str, word: str
) -> None:
    files, named, reason = REFUSED[word]
    for name, content in files.items():
        shell.write(name, content)
    for way in (("--in-place", "--yes"), ("--format", "patch")):
        message = shell.run("plan", named, "--fix=high", *TARGET, "-i", index, *way).refused(2)
        assert reason in message
        assert "hint: " in message
    assert written(shell) == files


def test_what_comes_from_standard_input_is_not_changed(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", b"own==1.0\n")
    outcome = shell.run("plan", "-", "--fix", "--in-place", "--yes", *TARGET, "-i", index, stdin=b"own==1.0\n")
    assert "- is not changed" in outcome.refused(2)


def test_a_bound_on_what_nobody_asks_for_is_a_further_line_and_on_ones_own_line_a_further_bound(
    shell: Shell, index: str
) -> None:
    shell.write("known/advisories.toml", ADVISORY)
    for before, after in (
        (b"old\r\n", b"old\r\nfast<2  # wheelcheck R1: old 1.0\r\n"),
        (b"old\nfast>=1  # quick\n", b"old\nfast>=1,<2  # quick\n"),
        (b"old\nfast\n", b"old\nfast<2\n"),
    ):
        shell.write("requirements.txt", before)
        outcome = shell.plan("--fix", "--in-place", "--yes", "requirements.txt", "--knowledge", "known", index=index)
        assert outcome.status == 0, outcome.err
        assert (shell.folder / "requirements.txt").read_bytes() == after


@pytest.mark.parametrize(
    ("line", "hidden", "reason"),
    [
        (f"own==1.0 {OWN}", True, "the line has hashes, and the index announces none of own==1.1"),
        (f"app==1.0 {digest('app', '1.0')}\nn==1.0 {digest('n', '1.0')}", False, "no words for what other projects"),
        (f"own==1.0 {OWN} --config-settings=a=b {OWN}", False, "other words between its hashes"),
    ],
)
def test_a_line_whose_hashes_cannot_be_written_is_refused_with_the_reason(
    shell: Shell, line: str, hidden: bool, reason: str
) -> None:
    text = f"{line}\nb==1.0 {digest('b', '1.0')}\n".encode()
    shell.write("requirements.txt", text)
    with IndexServer(CATALOG, mode=Mode(hashes="hidden") if hidden else Mode()) as server:
        outcome = shell.plan("--fix=high", "--in-place", "--yes", "requirements.txt", index=server.simple_url)
    assert reason in " ".join(outcome.refused(2).split())
    assert written(shell) == {"requirements.txt": text}


def test_command_of_a_repair_of_hashed_requirements_gives_what_the_repair_gives(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", f"own==1.0 {OWN}\n")
    assert shell.plan("requirements.txt", index=index).status == 1
    assert shell.plan("requirements.txt", "--replace", "own==1.1", index=index).status == 0
    # What the line says, its hashes are for: another file of the same version is none.
    shell.write("requirements.txt", f"own==1.1 {OWN}\n")
    assert shell.plan("requirements.txt", index=index).status == 1


def test_what_is_shown_before_it_is_written_cannot_drive_the_terminal(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", "own==1.0  # \x1b[31mred\x9b \u202e\tend\r\n".encode())
    outcome = shell.plan("--fix", "--in-place", "--yes", "requirements.txt", index=index)
    assert "-own==1.0  # ?[31mred? ?\tend\n" in outcome.err
    assert written(shell) == {"requirements.txt": "own==1.1  # \x1b[31mred\x9b \u202e\tend\r\n".encode()}


def test_a_plan_that_needs_no_repair_changes_no_file(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", b"b\n")
    outcome = shell.plan("--fix", "--in-place", "--yes", "requirements.txt", index=index)
    assert (outcome.status, outcome.err) == (0, "note: no file changes\n")
    assert shell.run("plan", "requirements.txt", "--fix", "--format", "patch", *TARGET, "-i", index).out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--in-place", "--yes"), "--in-place writes the repair that --fix applies"),
        (("--format", "patch"), "--format patch writes the repair that --fix applies"),
        (("--fix", "--yes"), "--yes is the answer to --in-place"),
        (("--fix", "--in-place"), "there is no terminal to ask in"),
    ],
)
def test_words_that_miss_their_other_half_are_refused_before_any_work(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    shell.write("requirements.txt", b"own==1.0\n")
    message = shell.run("plan", "requirements.txt", *words, *TARGET, "-i", "http://127.0.0.1:9/simple/").refused(2)
    assert said in message


def test_a_file_keeps_its_rights_and_a_second_file_that_cannot_be_written_leaves_the_first_as_it_was(
    shell: Shell, index: str
) -> None:
    shell.write("requirements.txt", b"-r locked/more.txt\nown==1.0\n").chmod(0o640)
    shell.write("locked/more.txt", b"psycopg2==2.9\n")
    before = written(shell)
    request = plan_request(shell, index)
    changes = request.changes
    assert sorted(change.place for change in changes) == ["locked/more.txt", "requirements.txt"]
    done: list[str] = []

    def write(content: bytes, place: str) -> None:
        if len(done) == 1:
            done.append("failed")
            raise DiskFailure("no room", address=place)
        done.append(place)
        write_result(content, place)

    with pytest.raises(DiskFailure):
        write_changes(changes, request.prepared, request.plan, write, SilentReporter())
    assert written(shell) == before
    write_changes(changes, request.prepared, request.plan, write_result, SilentReporter())
    assert (shell.folder / "requirements.txt").stat().st_mode & 0o777 == 0o640


def test_a_file_that_somebody_changed_meanwhile_is_left_alone(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", b"own==1.0\n")
    shell.write("locked/more.txt", b"")
    request = plan_request(shell, index)
    shell.write("requirements.txt", b"own==1.0  # mine\n")
    with pytest.raises(UsageProblem, match="was changed while it was planned"):
        write_changes(request.changes, request.prepared, request.plan, write_result, SilentReporter())
    assert written(shell)["requirements.txt"] == b"own==1.0  # mine\n"


def test_files_that_give_something_else_than_the_repair_are_as_they_were(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", b"own==1.0\n")
    request = plan_request(shell, index)
    [change] = request.changes
    with pytest.raises(UsageProblem, match="do not give what the repair gave"):
        write_changes((replace(change, after=b"b\n"),), request.prepared, request.plan, write_result, SilentReporter())
    assert written(shell)["requirements.txt"] == b"own==1.0\n"


class Planned(NamedTuple):
    """A request as the command prepares it, with its repaired plan and the changes of the files."""

    prepared: Prepared
    plan: Plan
    changes: tuple[FileChange, ...]


def plan_request(shell: Shell, index: str) -> Planned:
    request = Request(inputs=("requirements.txt",), platform="win_amd64", python="3.11", fix="high", index_url=index,
                      no_cache=True, folder=str(shell.folder), environ={})  # fmt: skip
    prepared = prepare(request, SilentReporter())
    plan = plan_of(prepared, SilentReporter())
    wanted = wanted_by_others(prepared, SilentReporter())
    return Planned(prepared, plan, changed_files(prepared, applied_edits(plan), "R1", wanted))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize(("answer", "after"), [(b"n\n", b"own==1.0\n"), (b"y\n", b"own==1.1\n")])
def test_in_a_terminal_it_asks_and_writes_what_is_agreed_to(
    shell: Shell, index: str, answer: bytes, after: bytes
) -> None:
    shell.write("requirements.txt", b"own==1.0\n")
    ours, theirs = os.openpty()
    os.write(ours, answer)
    words = (
        sys.executable,
        "-m",
        "wheelcheck",
        "plan",
        "requirements.txt",
        "--fix",
        "--in-place",
        *TARGET,
        "-i",
        index,
    )
    done = subprocess.run(words, cwd=shell.folder, env=shell.environ, stdin=theirs, capture_output=True, check=False)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert b"-own==1.0\n+own==1.1\n" in done.stderr.replace(b"\r\n", b"\n")
    assert b"Write this into your files?" in done.stderr
    assert written(shell)["requirements.txt"] == after


@pytest.mark.parametrize(
    "words", [("plan",), ("check", "--sdist", "pure"), ("matrix",)], ids=["plan", "check", "matrix"]
)
def test_the_page_has_the_patch_of_each_repair(shell: Shell, index: str, words: tuple[str, ...]) -> None:
    shell.write("requirements.txt", b"own==1.0  # <i>\n")
    command, *more = words
    page = shell.run(command, "requirements.txt", *more, *TARGET, "-i", index, "--format", "html")
    assert page.status == 1, page.err
    [link] = re.findall(r'href="data:text/x-patch;charset=utf-8,([^"]*)"', page.out)
    patch = shell.run("plan", "requirements.txt", "--fix", *TARGET, "-i", index, "--format", "patch").out
    assert unquote(link) == patch != ""


def test_the_page_says_why_a_repair_has_no_patch(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", b"app\n")
    page = shell.run("plan", "requirements.txt", *TARGET, "-i", index, "--format", "html").out
    assert "No patch: the change cannot be written into your files" in page
    assert "data:text/x-patch" not in page
