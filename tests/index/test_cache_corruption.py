"""Whatever the cache holds, the answers are those of an index that is asked."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.fakes.archives import make_sdist, make_wheel
from tests.index.stores import Clock, first_sdist, first_wheel, name, store
from tests.server import IndexServer, Mode
from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.disk_cache import DiskCache
from wheelcheck.index.fetch_context import encode
from wheelcheck.index.revalidation import Validity
from wheelcheck.model.distribution import CoreMetadata, Judgement

CATALOG = {
    "a": [
        *(make_wheel("a", f"1.{minor}", requires=["b>=1"]) for minor in range(4)),
        make_sdist("a", "1.0"),
    ]
}
Answers = tuple[str, CoreMetadata, Judgement]


def answers(url: str, cache_dir: Path) -> Answers:
    with store(url, cache_dir=cache_dir, clock=Clock()) as projects:
        page = projects.page(name("a"))
        told = repr([*page.distributions.items()])
        return told, projects.metadata(first_wheel(page)), projects.source(first_sdist(page))


def change_records(cache_dir: Path, change: Callable[[bytes], bytes]) -> None:
    """Every record as *change* makes it of its content, in place."""
    database = sqlite3.connect(cache_dir / "index" / "cache.db")
    with database:
        for row, value in database.execute("SELECT rowid, value FROM Entries").fetchall():
            database.execute("UPDATE Entries SET value = ? WHERE rowid = ?", (change(value), row))
    database.close()


@pytest.mark.parametrize("mode", [Mode(), Mode(pages="html")])
def test_a_flipped_bit_anywhere_in_a_record_changes_no_answer(mode: Mode, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret

    def flipped(content: bytes) -> bytes:
        place = chance.randrange(len(content))
        return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]

    with IndexServer(CATALOG, mode=mode) as server:
        expected = answers(server.simple_url, tmp_path)
        for _ in range(25):
            server.forget_requests()
            change_records(tmp_path, flipped)
            assert answers(server.simple_url, tmp_path) == expected
            assert server.count_pages("a") == 1


def test_records_that_are_cut_or_exchanged_change_no_answer(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        expected = answers(server.simple_url, tmp_path)
        for length in (0, 1, 3, 4, 5, 40):
            change_records(tmp_path, lambda content, length=length: content[:length])  # type: ignore[misc]
            assert answers(server.simple_url, tmp_path) == expected
        former = [b""]

        def exchanged(content: bytes) -> bytes:
            former.append(content)
            return former[-2] or content[::-1]

        change_records(tmp_path, exchanged)
        assert answers(server.simple_url, tmp_path) == expected


def keep_page(cache_dir: Path, url: str, rows: bytes) -> None:
    """Cache the page of *url* with *rows* as another program may have packed them."""
    cache = DiskCache(cache_dir)
    page: tuple[object, ...] = ([("1.0", msgspec.Raw(rows))], {}, "active", "", url)
    cache.put("page", url, encode((Validity(Clock().now, 600), page)))
    cache.flush()
    cache.close()


@pytest.mark.parametrize("rows", [encode("text"), encode(None), encode(5), encode({"filename": "a"}), encode([["a"]])])
def test_a_page_of_another_format_is_fetched_again(rows: bytes, tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        url = f"{server.simple_url}a/"
        expected = answers(server.simple_url, tmp_path)
        keep_page(tmp_path, url, rows)
        assert answers(server.simple_url, tmp_path) == expected


@pytest.mark.parametrize("links", [b"\xff", b"[1", b'[{"filename": 1}]'])
def test_a_page_whose_links_another_program_wrote_is_named_with_what_to_do(links: bytes, tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        url = f"{server.simple_url}a/"
        answers(server.simple_url, tmp_path)
        keep_page(tmp_path, url, encode(links))
        with pytest.raises(IndexUnavailable, match="cannot be read") as caught:
            answers(server.simple_url, tmp_path)
        assert url in str(caught.value)
        assert "cache clear" in caught.value.hint


def test_flipped_bits_anywhere_in_the_database_change_no_answer(tmp_path: Path) -> None:
    chance = random.Random(11)  # noqa: S311 - no secret
    with IndexServer(CATALOG) as server:
        expected = answers(server.simple_url, tmp_path)
        database = tmp_path / "index" / "cache.db"
        for _ in range(40):
            content = bytearray(database.read_bytes())
            for _ in range(chance.choice((1, 20, 300))):
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            for file in database.parent.glob("cache.db*"):
                file.unlink()
            database.write_bytes(content)
            assert answers(server.simple_url, tmp_path) == expected
