"""The cache by itself: what is gathered, written meanwhile, and found again."""

from __future__ import annotations

import threading
from pathlib import Path

from wheelcheck.index.disk_cache import DiskCache

LARGE = 300 * 1024


def filled(folder: Path) -> DiskCache:
    """Several batches, so that a thread writes them."""
    cache = DiskCache(folder)
    for number in range(20):
        cache.put("page", f"p{number}", bytes([number]) * LARGE)
    return cache


def test_entries_are_found_while_they_are_written_and_after(tmp_path: Path) -> None:
    cache = filled(tmp_path)
    assert [cache.get("page", f"p{number}") for number in range(20)] == [bytes([n]) * LARGE for n in range(20)]
    cache.flush()
    assert [cache.get("page", f"p{number}") for number in range(20)] == [bytes([n]) * LARGE for n in range(20)]
    cache.close()
    again = DiskCache(tmp_path)
    assert [again.get("page", f"p{number}") for number in range(20)] == [bytes([n]) * LARGE for n in range(20)]
    again.close()


def test_the_last_word_about_an_entry_counts(tmp_path: Path) -> None:
    cache = filled(tmp_path)
    cache.put("page", "p1", b"newer")
    cache.drop("page", "p2")
    assert (cache.get("page", "p1"), cache.get("page", "p2")) == (b"newer", None)
    cache.flush()
    cache.put("page", "p3", b"after a flush")
    cache.flush()
    cache.close()
    again = DiskCache(tmp_path)
    assert [again.get("page", f"p{number}") for number in (1, 2, 3)] == [b"newer", None, b"after a flush"]
    again.close()


def test_no_thread_is_left_after_a_flush_and_none_is_begun_for_little(tmp_path: Path) -> None:
    before = threading.active_count()
    cache = DiskCache(tmp_path)
    cache.put("page", "small", b"x")
    assert threading.active_count() == before
    other = filled(tmp_path / "other")
    other.flush()
    other.close()
    assert threading.active_count() == before
    cache.flush()
    cache.close()


def test_a_folder_that_cannot_be_made_is_done_without_by_the_thread_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = filled(tmp_path / "file")
    cache.flush()
    assert cache.get("page", "p0") == b"\0" * LARGE
    cache.close()
