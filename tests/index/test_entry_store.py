"""The folder of the cache by itself: what becomes a file, what is deleted first, who may read it, and which faults are damage."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from wheelcheck.index.disk_cache import DiskCache, cache_info, clear_cache
from wheelcheck.index.entry_store import DATABASE, EntryStore, Untrusted, is_damaged

KIB = 1024


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EntryStore]:
    found = EntryStore(tmp_path / "above" / "cache")
    yield found
    found.close()


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("**/*.entry"))


@pytest.mark.parametrize(
    ("size", "is_file"), [(0, False), (64 * KIB - 1, False), (64 * KIB, True), (64 * KIB + 1, True)]
)
def test_entry_of_64_kib_is_a_file_of_its_own(size: int, is_file: bool, store: EntryStore, tmp_path: Path) -> None:
    store.write({"a": b"x" * size, "b": b"y"})
    assert bool(files(tmp_path)) is is_file
    assert (store.read("a"), store.read("b"), store.read("c")) == (b"x" * size, b"y", None)
    assert store.count() == 2


def test_last_word_about_an_entry_counts_whatever_its_size(store: EntryStore, tmp_path: Path) -> None:
    large, small = b"x" * 64 * KIB, b"y"
    for content in (large, small, large, small):
        store.write({"a": content})
        assert store.read("a") == content
        assert store.count() == 1
    store.write({"a": None})
    assert (store.read("a"), store.count()) == (None, 0)
    store.write({"a": large})
    store.write({"a": None})
    assert (store.read("a"), store.count(), files(tmp_path)) == (None, 0, [])


def test_what_is_not_written_whole_is_no_entry(store: EntryStore, tmp_path: Path) -> None:
    store.write({"a": b"1"})
    with pytest.raises(sqlite3.Error):
        store.write({"b": b"2", "c": ["no bytes"]})  # type: ignore[dict-item]
    store.write({"d": b"3"})
    assert [store.read(each) for each in "abcd"] == [b"1", None, None, b"3"]
    assert not list(tmp_path.glob("**/*.part"))


def test_row_of_another_kind_is_no_entry(store: EntryStore, tmp_path: Path) -> None:
    store.write({"a": b"1"})
    with sqlite3.connect(tmp_path / "above" / "cache" / DATABASE) as other:
        other.execute("UPDATE Entries SET value = 'text'")
    other.close()
    assert store.read("a") is None


def test_folder_and_all_in_it_are_for_their_user_alone(store: EntryStore, tmp_path: Path) -> None:
    store.write({"a": b"x" * 64 * KIB, "b": b"y"})
    folder = tmp_path / "above" / "cache"
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (folder.parent, folder, *folder.iterdir())}
    assert {modes.pop("above"), modes.pop("cache")} == {0o700}
    assert set(modes.values()) == {0o600}
    assert {DATABASE, files(tmp_path)[0].name} <= modes.keys()


@pytest.mark.parametrize(("mode", "after"), [(0o755, 0o700), (0o744, 0o700), (0o711, 0o700), (0o700, 0o700)])
def test_folder_that_others_may_read_is_closed_to_them(mode: int, after: int, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode)
    folder.chmod(mode)
    EntryStore(folder).close()
    assert stat.S_IMODE(folder.stat().st_mode) == after


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_folder_that_others_may_write_is_not_trusted(mode: int, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(Untrusted, match="others may write into it"):
        EntryStore(folder)


def test_files_are_deleted_oldest_first_until_all_is_within_the_limit(store: EntryStore, tmp_path: Path) -> None:
    size = 64 * KIB
    for number in range(4):
        store.write({str(number): bytes([number]) * size})
    for file in files(tmp_path):
        number = file.read_bytes()[0]
        os.utime(file, (time.time(), 1000 + number))

    def left(limit: int) -> list[int]:
        store.cull(limit)
        return [number for number in range(4) if store.read(str(number)) is not None]

    assert left(4 * size) == [0, 1, 2, 3]
    assert left(4 * size - 1) == [1, 2, 3]
    assert left(2 * size) == [2, 3]
    assert left(size + 1) == [3]
    assert left(0) == []


def test_small_entries_beyond_half_of_the_limit_lose_their_older_half(store: EntryStore, tmp_path: Path) -> None:
    for number in range(10):
        store.write({str(number): bytes(10 * KIB)})
        time.sleep(0.002)
    size = (tmp_path / "above" / "cache" / DATABASE).stat().st_size
    store.cull(2 * size)
    assert store.count() == 10
    store.cull(2 * size - 2)
    assert [store.read(str(number)) is not None for number in range(10)] == [False] * 6 + [True] * 4
    assert (tmp_path / "above" / "cache" / DATABASE).stat().st_size < size


def test_files_that_are_none_of_the_cache_are_left_alone(store: EntryStore, tmp_path: Path) -> None:
    folder = tmp_path / "above" / "cache"
    (folder / "notes.txt").write_bytes(bytes(KIB))
    (folder / "half.entry.1.part").write_bytes(bytes(KIB))
    (folder / "folder.entry").mkdir()
    store.cull(0)
    assert {each.name for each in folder.glob("*[!l]")} == {DATABASE, "notes.txt", "folder.entry"}
    assert store.count() == 0


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_CORRUPT, True),
        (sqlite3.SQLITE_NOTADB, True),
        (sqlite3.SQLITE_CORRUPT | 1 << 8, True),
        (sqlite3.SQLITE_FULL, False),
        (sqlite3.SQLITE_BUSY, False),
        (sqlite3.SQLITE_READONLY | 1 << 8, False),
        (sqlite3.SQLITE_IOERR, False),
    ],
)
def test_damage_is_told_from_what_may_pass(code: int, expected: bool) -> None:
    error = sqlite3.DatabaseError()
    error.sqlite_errorcode = code
    assert is_damaged(error) is expected
    assert not is_damaged(OSError("full"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted on Linux")
def test_store_of_a_damaged_database_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"SQLite format 3\x00" + bytes(4096))
    tmp_path.chmod(0o700)
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    for _ in range(3):
        with pytest.raises(sqlite3.Error):
            EntryStore(tmp_path)
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


# The cache over it


def test_entries_are_apart_by_kind_and_key_and_survive_the_run(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    assert cache.is_cold
    cache.put("page", "a", b"1")
    cache.put("links", "a", b"2")
    cache.put("page", "b", b"")
    cache.flush()
    cache.close()
    assert not cache.is_cold
    later = DiskCache(tmp_path)
    found = [later.get(kind, key) for kind, key in (("page", "a"), ("links", "a"), ("page", "b"), ("size", "a"))]
    assert [None if each is None else bytes(each) for each in found] == [b"1", b"2", b"", None]
    later.drop("page", "a")
    assert later.get("page", "a") is None
    later.flush()
    later.close()
    with closing(DiskCache(tmp_path)) as again:
        assert again.get("page", "a") is None


@pytest.mark.parametrize("place", [0, 5, -1, -4])
def test_entry_with_a_changed_byte_is_a_miss(place: int, tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    cache.put("page", "a", b"x" * 70_000)
    cache.flush()
    cache.close()
    (file,) = tmp_path.glob("**/*.entry")
    content = bytearray(file.read_bytes())
    assert len(content) == 70_004
    content[place] ^= 1
    file.write_bytes(content)
    with closing(DiskCache(tmp_path)) as again:
        assert again.get("page", "a") is None


def test_entry_under_the_name_of_another_is_a_miss(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    for key in "ab":
        cache.put("page", key, key.encode() * 70_000)
    cache.flush()
    cache.close()
    one, other = tmp_path.glob("**/*.entry")
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    with closing(DiskCache(tmp_path)) as later:
        assert [later.get("page", key) for key in "ab"] == [None, None]


def test_four_megabytes_are_written_during_the_run_and_less_is_not(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    cache.put("page", "a", bytes(4 * KIB**2 - 1))
    assert cache.is_cold
    cache.put("page", "b", b"x")
    ends = time.monotonic() + 30
    while cache.is_cold and time.monotonic() < ends:
        time.sleep(0.01)
    assert not cache.is_cold
    cache.flush()
    cache.close()


def test_cache_tells_its_bytes_and_entries_with_the_pythons_in_it(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    cache.put("page", "a", bytes(70_000))
    cache.put("page", "b", b"x")
    cache.flush()
    cache.close()
    (tmp_path / "runtimes" / "python").mkdir(parents=True)
    (tmp_path / "runtimes" / "python" / "python.exe").write_bytes(bytes(1000))
    (tmp_path / "other").write_bytes(bytes(500))
    (tmp_path / "index.broken-7").mkdir()
    database = next(tmp_path.glob("**/cache.db")).stat().st_size
    held = cache_info(tmp_path)
    assert (held.entries, held.size) == (2, 70_004 + database + 1000)
    assert clear_cache(tmp_path) == held
    assert [each.name for each in tmp_path.iterdir()] == ["other"]
    assert cache_info(tmp_path / "nowhere").size == 0
