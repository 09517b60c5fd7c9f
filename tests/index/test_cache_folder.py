"""The cache and its folder: a full disk, a lock, a foreign folder are said once and delete nothing; no secret lies there."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.archives import make_wheel
from tests.index.scripted_server import scripted_server
from tests.index.stores import name, store
from tests.server import IndexServer
from wheelcheck.index import entry_store
from wheelcheck.index.disk_cache import DiskCache

if sys.platform == "win32":
    pytest.skip("owners, modes and limits are POSIX", allow_module_level=True)

import resource
import signal

LARGE = b"large" * 40_000


def filled(folder: Path) -> Path:
    cache = DiskCache(folder)
    cache.put("page", "small", b"small")
    cache.put("page", "large", LARGE)
    cache.flush()
    cache.close()
    return folder / "index"


def held(folder: Path) -> list[bytes | None]:
    cache = DiskCache(folder)
    found = [cache.get("page", key) for key in ("small", "large")]
    cache.close()
    return [bytes(each) if each is not None else None for each in found]


def written(folder: Path, content: bytes = b"more") -> None:
    cache = DiskCache(folder)
    for number in range(3):
        cache.put("page", f"more{number}", content)
    cache.flush()
    cache.close()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A disk on which no file grows beyond *size* bytes."""
    former, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 1, 5_000, 20_000, 70_000])
def test_cache_on_a_full_disk_keeps_what_is_there_and_says_so_once(
    tmp_path: Path, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    filled(tmp_path)
    with largest_file(size):
        written(tmp_path, b"m" * 90_000)
        written(tmp_path, b"m" * 30_000)
    assert held(tmp_path) == [b"small", LARGE]
    assert len(caplog.records) == 1
    assert str(tmp_path / "index") in caplog.records[0].getMessage()


def test_cache_under_the_lock_of_another_keeps_what_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_store, "_PATIENCE", 0.01)
    folder = filled(tmp_path)
    other = sqlite3.connect(folder / "cache.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    written(tmp_path)
    other.execute("ROLLBACK")
    other.close()
    assert held(tmp_path) == [b"small", LARGE]
    assert ["is not used: database is locked" in each.getMessage() for each in caplog.records] == [True]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_cache_in_a_closed_folder_is_read_and_not_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = filled(tmp_path)
    folder.chmod(0o500)
    written(tmp_path)
    assert held(tmp_path) == [b"small", LARGE]
    folder.chmod(0o700)
    assert ["cannot be written" in each.getMessage() for each in caplog.records] == [True]


@pytest.mark.parametrize("way", ["another user's", "open to all"])
def test_cache_that_others_may_have_written_is_not_trusted_and_said_so_once(
    tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = filled(tmp_path)
    if way == "open to all":
        folder.chmod(0o777)
    elif os.geteuid() == 0:
        os.chown(folder, 12345, 12345)
    else:
        pytest.skip("only root can give a folder away")
    assert held(tmp_path) == [None, None]
    written(tmp_path)
    assert len(caplog.records) == 1
    assert "is not used" in caplog.records[0].getMessage()


def test_cache_is_for_its_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = filled(tmp_path / "made" / "here")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent, folder.parent.parent)} == {0o700}


@pytest.mark.parametrize(
    ("link", "escapes"),
    [
        ("http://user:hunter2@{}/a-1.0.zip", ""),
        ("http://user:hunter2@{}/a-1.0.zip", "@"),
        ("http://user:hunter2@{}/a-1.0.zip", "/"),
        ("//user:hunter2@{}/a-1.0.zip", ""),
        ("http:/\t/user:hunter2@{}/a-1.0.zip", ""),
        ("https://h/a-1.0.zip?token=hunter2", ""),
        ("https://h/a-1.0.zip?token=hunter2", "?"),
    ],
)
@pytest.mark.parametrize("pages", ["html", "json"])
def test_cache_holds_no_secret_of_a_link(tmp_path: Path, link: str, escapes: str, pages: str) -> None:
    address = link.format("h")
    body = f'<a  href="{address}">a</a><a href="https://h/b.zip">b</a>'
    if pages == "json":
        entry = {"filename": "a-1.0.zip", "url": address, "hashes": {}}
        body = json.dumps({"meta": {"api-version": "1.0"}, "files": [entry]})
    if escapes:
        escaped = f"\\u{ord(escapes):04x}" if pages == "json" else f"&#{ord(escapes)};"
        body = body.replace(address, address.replace(escapes, escaped))
    answer = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
    with scripted_server({"/simple/a/": answer}) as host, store(f"{host}/simple/", cache_dir=tmp_path) as projects:
        assert len(projects.page(name("a")).distributions) == 1
    assert all(b"hunter2" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_cache_shows_no_address_but_in_what_an_index_said(tmp_path: Path) -> None:
    with (
        IndexServer({"a": [make_wheel("a", "1.0")]}) as server,
        store(server.simple_url, cache_dir=tmp_path) as projects,
    ):
        projects.page(name("a"))
    database = sqlite3.connect(tmp_path / "index" / "cache.db")
    keys = [key for (key,) in database.execute("SELECT key FROM Entries")]
    database.close()
    assert keys
    assert all(len(key) == 32 for key in keys)


def test_cache_that_is_too_large_loses_its_oldest_entries(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    os.utime(next(folder.glob("*.entry")), (1, 1))
    written(tmp_path, b"n" * 100_000)
    opened = entry_store.EntryStore(folder)
    opened.cull(400_000)
    opened.close()
    assert held(tmp_path) == [b"small", None]
    assert len(list(folder.glob("*.entry"))) == 3


def test_cache_is_shared_by_sixteen_processes_that_write_at_once(tmp_path: Path) -> None:
    filled(tmp_path)
    children = []
    for number in range(16):
        child = os.fork()
        if child == 0:
            try:
                for turn in range(3):
                    cache = DiskCache(tmp_path)
                    cache.put("page", f"{number}-{turn}", b"%d" % number * 100)
                    cache.put("page", f"large-{number}", bytes([number]) * 100_000)
                    cache.flush()
                    cache.close()
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 16
    cache = DiskCache(tmp_path)
    assert all(
        cache.get("page", f"{number}-{turn}") == b"%d" % number * 100 for number in range(16) for turn in range(3)
    )
    assert all(cache.get("page", f"large-{number}") == bytes([number]) * 100_000 for number in range(16))
    cache.close()
    assert held(tmp_path) == [b"small", LARGE]
