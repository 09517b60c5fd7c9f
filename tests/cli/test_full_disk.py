"""A full disk at each write, in every command that writes: what was there stays, nothing half-written has a name."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("limits on the size of files are POSIX", allow_module_level=True)

from tests.cli.bundles import bundle_words, write_plan, write_runtime
from tests.cli.programs import TARGET, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.index.test_cache_folder import largest_file
from tests.server import IndexServer

CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b"], files={"a/data.bin": bytes(range(256)) * 40})],
    "b": [
        make_wheel("b", "1.0"),
        make_sdist("b", "2.0", files={"setup.py": "from setuptools import setup, Extension\n"}),
    ],
    "n": [make_sdist("n", "1.0", files={"n.c": "int x;", "setup.py": "import x"}), make_wheel("n", "1.1")],
}
COMMANDS = {
    "plan": "plan a {on} {at} -o made.json",
    "plan page": "plan a {on} {at} --format html -o made.html",
    "requirements": "plan wants.txt {on} {at} --fix=high --write-requirements made.txt",
    "in place": "plan wants.txt {on} {at} --fix=high --in-place --yes",
    "check": "check a {on} {at} --format json -o made.json",
    "baseline": "check n {on} {at} --write-baseline made.json",
    "diff": "diff plan.json plan.json -o made.txt",
    "export": "export plan.json --to requirements -o made.txt",
    "fetch": "fetch plan.json -d made {at}",
    "bundle": "bundle plan.json -o made {at}",
    "bundle archive": "bundle plan.json -o made --archive zip {at}",
    "target": "target -o made.json",
    "schema": "schema -o made.json",
}


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    with IndexServer(CATALOG) as server:
        yield server.simple_url


def held(folder: Path) -> dict[str, bytes]:
    """Everything in *folder* that has a name of its own, by its path: parts and locks of a later run have none."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".part")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if not path.name.startswith(".")}


@pytest.mark.parametrize("name", COMMANDS)
def test_full_disk_leaves_what_was_there_and_nothing_half_written(name: str, shell: Shell, index: str) -> None:
    shell.write("wants.txt", "a\nn==1.0\n")
    assert shell.run("plan", "a", *TARGET, "-i", index, "--no-cache", "-o", "plan.json").status == 0
    run_on_a_full_disk(shell, COMMANDS[name].format(on=" ".join(TARGET), at=f"-i {index} --no-cache").split())


def test_full_disk_leaves_a_site_as_it_was(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cryptography", reason="the extra wheelcheck[sign] is not installed")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # the number of a release is the second of its making
    write_runtime(shell)
    write_plan(shell)
    assert (
        shell.run(*bundle_words("-o", "out", "--archive", "zip", "--bundle-version", "1", "--name", "demo")).status == 0
    )
    assert shell.run("sign", "-o", "key").status == 0
    run_on_a_full_disk(shell, ["publish", "out", "--to", "site", "--key", "key"])
    assert shell.run("sign", "-o", "other").status == 0
    run_on_a_full_disk(shell, ["sign", "site", "--key", "other"])


def test_full_disk_leaves_no_part_of_a_key(shell: Shell) -> None:
    pytest.importorskip("cryptography", reason="the extra wheelcheck[sign] is not installed")
    for limit in (0, 1, 20, 60, 118):
        with largest_file(limit):
            found = shell.run("sign", "-o", "key")
        assert found.status == 3, (limit, found)
        assert found.err.count("rror: ") == 1, found.err
        assert not held(shell.folder), (limit, list(shell.folder.iterdir()))
    assert shell.run("sign", "-o", "key").status == 0


def test_full_disk_leaves_no_part_of_a_runtime(shell: Shell) -> None:
    name = "python-3.11.9-embed-amd64.zip"
    content = write_runtime(shell).read_bytes()
    shell.write("own/runtimes.txt", f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    with IndexServer() as server:
        server.add_path(f"/mirror/3.11.9/{name}", content)
        at = ("--runtime-mirror", f"{server.base_url}/mirror/")
        run_on_a_full_disk(shell, ["runtime", "win_amd64/3.11", "-o", "made", "--knowledge", "own", *at, "--no-cache"])


def run_on_a_full_disk(shell: Shell, words: list[str]) -> None:
    """Run the program with *words* on disks of several sizes: it says so once, and what has a name is whole."""
    before = held(shell.folder)
    whole = shell.run(*words)
    after = held(shell.folder)
    written = [content for path, content in after.items() if before.get(path) != content]
    assert whole.status in (0, 1), whole.err
    assert written
    size = max(map(len, written))
    for limit in sorted({0, 1, size // 2, size - 1}):
        undo(shell, before)
        with largest_file(limit):
            found = shell.run(*words)
        assert found.status == 3, (limit, found)
        assert found.err.count("rror: ") == 1, found.err
        assert "Traceback" not in found.err
        left = held(shell.folder)
        assert all(content in (before.get(path), after.get(path)) for path, content in left.items()), (
            limit,
            list(left),
        )
        names = [path.name for path in shell.folder.rglob("*") if path.suffix != ".lock"]
        hidden = [name for name in names if name.startswith(".") or name.endswith(".tmp")]
        assert not hidden, (limit, hidden)
    undo(shell, before)
    assert shell.run(*words).status == whole.status
    assert held(shell.folder) == after


def undo(shell: Shell, before: dict[str, bytes]) -> None:
    for path in shell.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, content in before.items():
        shell.write(name, content)


def test_full_file_system_is_told_with_its_place(shell: Shell) -> None:
    disk = shell.folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root of Linux can mount a small disk")
    try:
        noise = random.Random(1).randbytes(900_000)  # noqa: S311 - no secret
        with IndexServer({"big": [make_wheel("big", "1.0", files={"big/x.bin": noise})]}) as server:
            at = ("-i", server.simple_url, "--no-cache")
            assert shell.run("plan", "big", *TARGET, *at, "-o", "plan.json").status == 0
            (disk / "other").write_bytes(noise[:300_000])
            for words in (
                ("fetch", "plan.json", "-d", str(disk / "house")),
                ("bundle", "plan.json", "-o", str(disk / "out")),
            ):
                said = shell.run(*words, *at, "-q").refused(3)
                assert str(disk) in said
                assert "space" in said
            assert [path.name for path in disk.rglob("*.whl")] == []
            assert not (disk / "out").exists()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
