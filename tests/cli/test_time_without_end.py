"""Never past its time: devices, pipes and sockets are refused at once, as input, in a folder, in RECORD, or named by an index."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.programs import TARGET, Shell
from tests.fakes.archives import make_wheel
from tests.fakes.environments import site_packages
from tests.index.scripted_server import serving
from tests.server import IndexServer

if sys.platform == "win32":
    pytest.skip("devices and pipes by name are POSIX", allow_module_level=True)

APART = ("--no-index", "--no-cache")


@pytest.fixture(params=["device", "pipe", "socket"])
def endless(request: pytest.FixtureRequest, shell: Shell) -> Iterator[str]:
    """The path of a thing that is no file."""
    path = shell.folder / "endless.txt"
    if request.param == "device":
        yield "/dev/zero"
    elif request.param == "pipe":
        os.mkfifo(path)
        yield str(path)
    else:
        with socket.socket(socket.AF_UNIX) as bound:
            before = Path.cwd()
            os.chdir(shell.folder)  # the name of a socket may have no more than 108 bytes
            bound.bind("endless.txt")
            os.chdir(before)
            yield str(path)


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "{}"),
        ("plan", "file://{}"),
        ("check", "{}"),
        ("plan", "a", "-c", "{}"),
        ("plan", "a", "--override", "{}"),
        ("plan", "a", "--target", "{}"),
        ("check", "a", "--targets-from", "{}"),
        ("check", "a", "--baseline", "{}"),
        ("plan", "r.txt"),
        ("export", "{}", "--to", "requirements"),
        ("diff", "{}", "{}"),
        ("explain", "{}"),
        ("verify", "{}"),
    ],
    ids=" ".join,
)
def test_what_is_no_file_is_refused_where_one_is_meant(shell: Shell, endless: str, words: tuple[str, ...]) -> None:
    shell.write("r.txt", f"-r {endless}\n")
    target = () if words[0] in ("export", "verify", "explain") or words[2:3] == ("--target",) else TARGET
    more = (*target, *APART) if words[0] not in ("export", "verify") else ()
    if words[2:3] == ("--targets-from",):
        more = APART
    done = shell.program(*(word.replace("{}", endless) for word in words), *more)
    assert done.status == 2, (done.status, done.out, done.err)
    assert "Traceback" not in done.err


@pytest.mark.parametrize("place", ["-f", "-i", "a @ "])
def test_what_is_no_file_among_links_or_as_an_index_is_no_answer(shell: Shell, endless: str, place: str) -> None:
    words = (f"a @ file://{endless}",) if place == "a @ " else ("a", place, f"file://{endless}")
    done = shell.program("plan", *words, *TARGET, "--no-cache", *(() if place == "-i" else ("--no-index",)))
    assert done.status in (1, 2, 3), (done.status, done.err)
    assert "a bug" not in done.err


def test_what_is_no_file_in_an_environment_is_a_problem_and_never_read(tmp_path: Path, shell: Shell) -> None:
    made = site_packages(tmp_path / "env")
    made.install("a")
    record = tmp_path / "env" / "a-1.0.dist-info" / "RECORD"
    record.write_text(
        record.read_text("utf-8") + "../../../../../../dev/zero,,\na/pipe,sha256=AA,1\n", encoding="utf-8"
    )
    os.mkfifo(tmp_path / "env" / "a" / "pipe")
    os.mkfifo(tmp_path / "env" / "x.pth")
    (tmp_path / "env" / "a" / "lib.so").symlink_to("/dev/zero")
    done = shell.program("verify", str(tmp_path / "env"), "--imports", "none")
    assert done.status == 1
    assert "a/pipe is missing" in done.out


@pytest.mark.parametrize(
    "named", ["file:///dev/zero", "file:///etc/b-1.0-py3-none-any.whl", "/dev/zero", "../b-1.0.zip"]
)
def test_metadata_from_elsewhere_never_name_a_file_of_this_machine(shell: Shell, named: str) -> None:
    catalog = {"a": [make_wheel("a", "1.0", requires=[f"b @ {named}"])]}
    with IndexServer(catalog) as server:
        outcome = shell.plan("a", "--no-repair", index=server.simple_url)
    assert outcome.status == 1
    assert "names a file of this machine" in outcome.out


@pytest.mark.parametrize(
    "named", ["git+ssh://me:secret@h.example/b", "git+https://h.example/b.git", "ftp://h.example/b-1.0.zip"]
)
def test_version_whose_metadata_ask_for_what_is_no_file_is_passed_over_and_told_with_the_reason(
    shell: Shell, named: str
) -> None:
    other, asking = make_wheel("a", "1.0"), make_wheel("a", "2.0", requires=[f"b @ {named}"])
    with IndexServer({"a": [other, asking], "c": [make_wheel("c", "1.0", requires=[f"b @ {named}"])]}) as server:
        assert shell.plan("a", index=server.simple_url).plan["packages"][0]["version"] == "1.0"
        outcome = shell.plan("c", "--no-repair", index=server.simple_url)
    assert outcome.status == 1
    assert "asks for what is no file of an index: b @ " in outcome.out
    assert "secret" not in outcome.out + outcome.err


@pytest.mark.parametrize("as_constraint", [False, True])
def test_metadata_from_elsewhere_may_name_the_file_that_the_user_names_and_no_other(
    shell: Shell, as_constraint: bool
) -> None:
    own, secret = (shell.write(f"{place}/{filename}", content) for place in ("own", "secret")
                   for filename, content in [make_wheel("b", "1.0")])  # fmt: skip
    shell.write("limits.txt", f"b @ {own.as_uri()}\n")
    words = ("-c", "limits.txt") if as_constraint else (f"b @ {own.as_uri()}",)
    for named, status in ((own, 0), (secret, 1)):
        with IndexServer({"a": [make_wheel("a", "1.0", requires=[f"b @ {named.as_uri()}"])]}) as server:
            outcome = shell.plan("a", *words, "--no-repair", "--no-cache", index=server.simple_url)
        assert outcome.status == status, outcome.err
        assert ("names a file of this machine" in outcome.out) == (status == 1)


def test_a_wheel_of_this_machine_may_name_another_beside_it(shell: Shell) -> None:
    filename, content = make_wheel("b", "1.0")
    beside = shell.write(f"links/{filename}", content)
    filename, content = make_wheel("a", "1.0", requires=[f"b @ {beside.as_uri()}"])
    shell.write(f"links/{filename}", content)
    outcome = shell.plan("a", "--no-index", "-f", str(shell.folder / "links"))
    assert outcome.versions == {"a": "1.0", "b": "1.0"}


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends a byte now and then, without an end; its URL."""
    ended = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
        while not ended.wait(0.2):
            connection.sendall(b" ")

    with serving(talk) as port:
        yield f"http://127.0.0.1:{port}"
        ended.set()


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "a", "-i", "{}/simple/", "--no-repair"),
        ("plan", "{}/requirements.txt", "-i", "{}/simple/"),
        ("check", "uv.lock", "-i", "{}/simple/"),
    ],
    ids=" ".join,
)
def test_answer_that_comes_byte_by_byte_ends_at_the_time_limit(shell: Shell, words: tuple[str, ...]) -> None:
    sdist = '{ url = "https://files.example/a-1.0.tar.gz", hash = "sha256:' + "0" * 64 + '" }'
    shell.write(
        "uv.lock",
        'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "x"\nversion = "1"\nsource = { virtual = "." }\n'
        'dependencies = [{ name = "a" }]\n[[package]]\nname = "a"\nversion = "1.0"\n'
        f'source = {{ registry = "https://files.example/simple" }}\nsdist = {sdist}\n',
    )
    with dripping() as url:
        if words[1] == "uv.lock":
            lock = (shell.folder / "uv.lock").read_text("utf-8").replace("https://files.example", url)
            shell.write("uv.lock", lock)
        began = time.monotonic()
        done = shell.program(*(word.replace("{}", url) for word in words), *TARGET, "--no-cache", "--max-seconds", "1")
    assert done.status in (3, 4), (done.status, done.err)
    assert time.monotonic() - began < 40
