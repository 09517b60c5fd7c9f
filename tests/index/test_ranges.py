"""Parts of files and whole ones: what is asked for, byte by byte, and how much is taken of a host that answers otherwise."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import pytest
from msgspec.structs import replace

from tests.index.scripted_server import head_of, serving
from tests.index.stores import reader
from wheelcheck.errors import ArchiveRefused, HashMismatch, IndexRefused, IndexUnavailable, OfflineMiss
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.downloads import (
    TAIL,
    BytesMissing,
    FileHost,
    FileHosts,
    RangeReader,
    SparseFile,
    Texts,
    save_verified,
)
from wheelcheck.index.fetch_context import Connections, FetchContext
from wheelcheck.model.distribution import Availability
from wheelcheck.ports import SilentReporter

T = TypeVar("T")
KIB, MIB = 1024, 1024**2
CONTENT = bytes(range(256)) * 1200  # 300 KiB
CONFIG = IndexConfig(retries=0, timeout=10, metadata_limit=64 * KIB, file_limit=400 * KIB)
Answering = Callable[[str], tuple[int, str, bytes]]


def partly(content: bytes = CONTENT, *, total: str = "", suffixes: bool = True) -> Answering:
    """A good host of *content*, which says another *total*, or knows no *suffixes*."""

    def answer(asked: str) -> tuple[int, str, bytes]:
        if not asked:
            return 200, "", content
        first, _, last = asked.removeprefix("bytes=").partition("-")
        if not first and not suffixes:
            return 416, "", b""
        start = int(first) if first else max(0, len(content) - int(last))
        body = content[start : int(last) + 1 if first and last else len(content)]
        return 206, f"bytes {start}-{start + len(body) - 1}/{total or len(content)}", body

    return answer


def always(status: int, part: str = "", body: bytes = b"") -> Answering:
    """A host that says the same whatever is asked."""
    return lambda asked: (status, part, body)  # noqa: ARG005


@contextmanager
def host(answer: Answering) -> Iterator[tuple[str, list[str]]]:
    """Answers by *answer* (range → status, ``Content-Range``, body); yields the file's URL and the ranges that were asked for."""
    asked: list[str] = []

    def talk(connection: object) -> None:
        head = head_of(connection).decode()  # type: ignore[arg-type]
        found = re.search(r"^range: (.*?)\r$", head, re.IGNORECASE | re.MULTILINE)
        asked.append(found[1] if found else "")
        status, part, body = answer(asked[-1])
        told = f"Content-Range: {part}\r\n" if part else ""
        said = f"HTTP/1.1 {status} Said\r\n{told}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(said.encode() + body)  # type: ignore[attr-defined]

    with serving(talk) as port:
        yield f"http://127.0.0.1:{port}/a-1.0-py3-none-any.whl", asked


def run(work: Callable[[FetchContext], Awaitable[T]], config: IndexConfig = CONFIG) -> T:
    async def worked() -> T:
        connections = Connections(config, reader(), SilentReporter())
        try:
            return await work(connections.context)
        finally:
            await connections.close_transports()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(worked())


def tail(url: str, hosts: FileHosts | None = None) -> SparseFile | None:
    return run(lambda context: RangeReader(context, hosts or FileHosts(), url, "a.whl").open_tail())


def held(file: SparseFile, start: int, stop: int) -> bytes:
    file.seek(start)
    return file.read(stop - start)


def test_tail_is_the_last_64_kib_in_one_request() -> None:
    with host(partly(total="7")) as (url, asked):
        file = tail(url)
    assert asked == ["bytes=-65536"]
    assert file is not None
    assert file.bytes_held == TAIL == 64 * KIB
    assert file.seek(0, 2) == len(CONTENT)  # whatever the host says of its length
    assert held(file, len(CONTENT) - TAIL, len(CONTENT)) == CONTENT[-TAIL:]
    assert not file.holds(len(CONTENT) - TAIL - 1, len(CONTENT))


@pytest.mark.parametrize("size", [100, 64 * KIB, 64 * KIB + 1, 300 * KIB])
def test_host_without_suffixes_is_asked_for_its_length_first_and_that_is_remembered(size: int) -> None:
    content, hosts = (CONTENT)[:size], FileHosts()
    with host(partly(content, suffixes=False)) as (url, asked):
        for _ in range(2):
            file = tail(url, hosts)
            assert file is not None
            assert held(file, max(0, size - TAIL), size) == content[-TAIL:]
    end = f"bytes={max(0, size - TAIL)}-{size - 1}"
    assert asked == ["bytes=-65536", "bytes=0-0", end, "bytes=0-0", end]


def test_host_without_ranges_is_not_asked_for_any_again() -> None:
    hosts = FileHosts()
    with host(always(416)) as (url, asked):
        assert tail(url, hosts) is None
        assert asked == ["bytes=-65536", "bytes=0-0"]
        assert tail(url, hosts) is None
        assert len(asked) == 2


def test_length_that_is_not_told_is_as_good_as_no_ranges() -> None:
    with host(partly(total="*", suffixes=False)) as (url, asked):
        assert tail(url) is None
    assert asked == ["bytes=-65536", "bytes=0-0"]


@pytest.mark.parametrize(("size", "is_taken"), [(MIB - 1, True), (MIB, True), (MIB + 1, False)])
def test_host_that_sends_everything_may_do_so_up_to_a_megabyte(size: int, is_taken: bool) -> None:
    content = bytes(size)
    with host(always(200, "", content)) as (url, asked):
        file = tail(url)
    assert (file is not None) is is_taken
    if file is not None:
        assert (asked, file.bytes_held, file.seek(0, 2)) == (["bytes=-65536"], size, size)


@pytest.mark.parametrize(
    ("status", "part", "is_taken"),
    [
        (206, "bytes 90-99/100", True),
        (206, "bytes 90-99/*", True),
        (206, "bytes   90-99/100", True),
        (206, "bytes 90-98/100", False),
        (206, "bytes 90-100/100", False),
        (206, "bytes 89-99/100", False),
        (206, "bytes 91-99/100", False),
        (206, "bytes -99/100", False),
        (206, f"bytes {10**17}-{10**17 + 9}/*", True),
        (206, f"bytes {10**18}-{10**18 + 9}/*", False),
        (206, "", False),
        (203, "bytes 90-99/100", False),
        (207, "bytes 90-99/100", False),
        (201, "", False),
        (200, "", True),
    ],
)
def test_part_is_taken_where_it_is_consistent_in_itself(status: int, part: str, is_taken: bool) -> None:
    with host(lambda asked: (status, part, bytes(10)) if asked == "bytes=-65536" else (416, "", b"")) as (url, _):
        assert (tail(url) is not None) is is_taken


@pytest.mark.parametrize("status", [403, 404, 410])
def test_file_that_is_gone_is_said_to_be_gone(status: int) -> None:
    gone = f"answered {status}: the file is on the page, but not there"
    with host(always(status)) as (url, asked), pytest.raises(IndexRefused, match=gone) as caught:
        tail(url)
    assert (caught.value.status, len(asked)) == (status, 1)
    assert "--refresh" in (caught.value.hint or "")


@pytest.mark.parametrize("status", [402, 405, 409, 411])
def test_other_refusals_mean_no_ranges(status: int) -> None:
    with host(always(status)) as (url, _):
        assert tail(url) is None


@pytest.mark.parametrize(
    ("start", "stop", "range_asked"),
    [
        (10, 11, "bytes=10-16393"),
        (0, 16 * KIB, "bytes=0-16383"),
        (0, 16 * KIB + 1, "bytes=0-16384"),
        (5, 128 * KIB + 5, "bytes=5-131076"),  # twice the limit of metadata, and no more
    ],
)
def test_missing_bytes_are_asked_for_with_some_more(start: int, stop: int, range_asked: str) -> None:
    file = SparseFile(len(CONTENT))
    with host(partly()) as (url, asked):
        assert run(lambda context: RangeReader(context, FileHosts(), url, "a").fill(file, BytesMissing(start, stop)))
    assert asked == [range_asked]
    assert held(file, start, stop) == CONTENT[start:stop]


def test_more_than_twice_the_limit_is_not_asked_for() -> None:
    file = SparseFile(len(CONTENT))
    with host(partly()) as (url, asked):
        missing = BytesMissing(0, 128 * KIB + 1)
        assert not run(lambda context: RangeReader(context, FileHosts(), url, "a").fill(file, missing))
    assert asked == []


def test_missing_bytes_beyond_a_megabyte_may_come_in_one_part() -> None:
    content = bytes(MIB + 100)
    file = SparseFile(len(content))
    config = replace(CONFIG, metadata_limit=MIB)
    with host(partly(content)) as (url, _):
        missing = BytesMissing(0, MIB + 100)
        assert run(lambda context: RangeReader(context, FileHosts(), url, "a").fill(file, missing), config)


@pytest.mark.parametrize(
    ("part", "length", "is_had"),
    [
        ("bytes 100-109/300", 10, True),
        ("bytes 100-108/300", 9, False),
        ("bytes 99-109/300", 11, False),
        ("bytes 101-110/300", 10, False),
        ("bytes 100-199/300", 100, True),
    ],
)
def test_bytes_are_had_where_all_that_were_missing_came(part: str, length: int, is_had: bool) -> None:
    file = SparseFile(300)
    with host(always(206, part, bytes(length))) as (url, _):
        missing = BytesMissing(100, 110)
        assert run(lambda context: RangeReader(context, FileHosts(), url, "a").fill(file, missing)) is is_had
    assert file.holds(100, 110) is is_had


@pytest.mark.parametrize(("rounds", "is_read"), [(3, False), (4, True), (5, True)])
def test_file_is_read_in_so_many_rounds(rounds: int, is_read: bool) -> None:
    places = (0, 40 * KIB, 80 * KIB)

    def first_bytes(part: BinaryIO) -> bytes:
        read = b""
        for place in places:
            part.seek(place)
            read += part.read(1)
        return read

    with host(partly()) as (url, asked):
        found = run(
            lambda context: RangeReader(context, FileHosts(), url, "a").read(
                SparseFile(len(CONTENT)), first_bytes, rounds
            )
        )
    assert found == (bytes(CONTENT[place] for place in places) if is_read else None)
    assert len(asked) == 3


def test_reading_ends_where_bytes_cannot_be_had() -> None:
    with host(always(416)) as (url, asked):
        reading = run(
            lambda context: RangeReader(context, FileHosts(), url, "a").read(
                SparseFile(100), lambda part: part.read(1), 9
            )
        )
    assert reading is None
    assert len(asked) == 1


def _asked(*sidecars: tuple[str | None, bool]) -> FileHost:
    host = FileHost()
    for uploaded, found in sidecars:
        host.note_sidecar(uploaded, found=found)
    return host


def test_host_without_upload_times_seems_bare_after_misses_without_a_hit() -> None:
    misses = [count for count in range(40) if _asked(*[(None, False)] * count).seems_bare(None)]
    assert misses == list(range(misses[0], 40))
    assert misses[0] > 1
    assert not FileHost().seems_bare(None)
    assert not _asked((None, True), *[(None, False)] * 39).seems_bare(None)
    assert not _asked((None, True), ("2026-05-01", False)).seems_bare("2026-06-01")
    assert FileHost().takes_ranges
    assert FileHost().takes_suffix_ranges


@pytest.mark.parametrize(
    ("uploaded", "is_bare"),
    [("2025-01-01", False), ("2026-04-01", False), ("2026-06-01", True), ("2026-10-01", True)],
)
def test_wheel_uploaded_beside_those_without_a_sidecar_seems_to_have_none(uploaded: str, is_bare: bool) -> None:
    stopped = _asked(("2026-05-01", False), ("2024-02-01", True), ("2026-09-01", False), ("2026-03-01", True))
    assert stopped.seems_bare(uploaded) is is_bare


def test_wheel_uploaded_before_sidecars_were_made_seems_to_have_none() -> None:
    began = _asked(("2024-05-01", False), ("2026-03-01", True))
    assert began.seems_bare("2020-01-01")
    assert not began.seems_bare("2025-01-01")
    assert not FileHost().seems_bare("2025-01-01")


def test_hosts_are_told_apart_by_name_and_port() -> None:
    hosts = FileHosts()
    one = hosts.of("https://files.example/a")
    assert one is hosts.of("http://files.example/b")
    assert one is not hosts.of("https://files.example:8443/a")


# A seekable file of parts


def test_position_is_set_from_the_beginning_the_end_and_where_it_is() -> None:
    file = SparseFile(100)
    assert (file.tell(), file.seek(10), file.seek(5, 1), file.seek(-1, 1), file.seek(-30, 2)) == (0, 10, 15, 14, 70)
    assert file.tell() == 70
    assert file.seek(0) == 0
    for offset, whence in ((-1, 0), (-1, 1), (-101, 2)):
        with pytest.raises(OSError, match="before the beginning"):
            file.seek(offset, whence)
    assert (file.readable(), file.seekable()) == (True, True)


def test_reading_without_a_size_is_to_the_end() -> None:
    file = SparseFile(4)
    file.add(0, b"abcd")
    for size in (None, -1, -5, 4, 9):
        file.seek(1)
        assert file.read(size) == b"bcd"
    file.seek(1)
    assert (file.read(0), file.read1(1), file.read1()) == (b"", b"b", b"cd")
    assert file.seek(9) == 9
    assert file.read(1) == b""


@pytest.mark.parametrize(
    ("start", "size", "missing"), [(0, 10, (5, 10)), (2, 9, (5, 11)), (5, 3, (5, 8)), (7, 1, (7, 8))]
)
def test_what_is_missing_begins_behind_what_is_here(start: int, size: int, missing: tuple[int, int]) -> None:
    file = SparseFile(20)
    file.add(0, b"abcde")
    file.add(15, b"abcde")
    file.seek(start)
    with pytest.raises(BytesMissing) as caught:
        file.read(size)
    assert (caught.value.start, caught.value.stop) == missing
    assert str(caught.value) == f"bytes {missing[0]} to {missing[1]} are not here"


# Whole files


def saved(url: str, size: int | None = None, digest: str = "") -> tuple[bytes, tuple[str, str]]:
    at = Availability(url=url, size=size, hashes=(("sha256", digest),) if digest else ())

    async def work(context: FetchContext) -> tuple[bytes, tuple[str, str]]:
        found, read = await save_verified(at, "a-1.tar.gz", context)
        try:
            return found.opened().read(), read
        finally:
            found.close()

    return run(work)


LIMIT = CONFIG.file_limit
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def test_file_comes_with_what_its_hash_is() -> None:
    with host(partly()) as (url, asked):
        assert saved(url) == (CONTENT, ("sha256", DIGEST))
        assert saved(url, len(CONTENT), DIGEST) == (CONTENT, ("sha256", DIGEST))
        with pytest.raises(HashMismatch):
            saved(url, digest="0" * 64)
    assert asked == ["", "", ""]


@pytest.mark.parametrize(("size", "is_asked"), [(LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False)])
def test_file_that_is_announced_beyond_the_limit_is_not_asked_for(size: int, is_asked: bool) -> None:
    with host(partly()) as (url, asked):
        if is_asked:
            saved(url, size)
        else:
            with pytest.raises(ArchiveRefused, match=r"a-1\.tar\.gz is larger than the limit of 0 MB"):
                saved(url, size)
    assert bool(asked) is is_asked


@pytest.mark.parametrize(("size", "is_taken"), [(LIMIT, True), (LIMIT + 1, False)])
def test_file_that_turns_out_beyond_the_limit_is_refused(size: int, is_taken: bool) -> None:
    with host(always(200, "", bytes(size))) as (url, _):
        if is_taken:
            assert saved(url)[0] == bytes(size)
        else:
            with pytest.raises(ArchiveRefused, match="larger than the limit"):
                saved(url)


@pytest.mark.parametrize("status", [201, 206, 403, 404])
def test_file_that_is_not_answered_with_200_is_refused(status: int) -> None:
    refused = f"answered {status}"
    with host(always(status, "", b"abc")) as (url, _), pytest.raises(IndexRefused, match=refused) as caught:
        saved(url)
    assert caught.value.status == status


# Texts


def text(url: str, config: IndexConfig = CONFIG) -> str:
    return run(lambda context: Texts(context).fetch(url), config)


@pytest.mark.parametrize(("size", "is_taken"), [(16 * MIB, True), (16 * MIB + 1, False)])
def test_text_has_16_mib_at_most(size: int, is_taken: bool) -> None:
    with host(always(200, "", b"a" * size)) as (url, _):
        if is_taken:
            assert len(text(url)) == size
        else:
            with pytest.raises(IndexUnavailable, match="is larger than 16777216 bytes"):
                text(url)


def test_text_is_utf_8_with_or_without_its_mark() -> None:
    with host(always(200, "", "\ufeffgrün".encode())) as (url, _):
        assert text(url) == "grün"
    with host(always(200, "", b"\xff")) as (url, _), pytest.raises(IndexUnavailable, match="is no UTF-8 text"):
        text(url)
    with host(always(404)) as (url, _), pytest.raises(IndexUnavailable, match="answered 404"):
        text(url)


def test_text_of_this_machine_needs_no_request(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffgrün".encode())
    (tmp_path / "b.txt").write_bytes(b"\xff")

    async def at_hand(context: FetchContext, place: str) -> str | None:
        return Texts(context).at_hand(place)

    assert run(lambda context: at_hand(context, str(tmp_path / "a.txt"))) == "grün"
    assert run(lambda context: at_hand(context, "https://files.example/a.txt")) is None
    for place in ("b.txt", "nowhere.txt"):
        with pytest.raises(IndexUnavailable, match="cannot be read") as caught:
            run(lambda context, name=place: at_hand(context, str(tmp_path / name)))  # type: ignore[misc]
        assert caught.value.address == str(tmp_path / place)
    with pytest.raises(OfflineMiss):
        run(lambda context: at_hand(context, "https://files.example/a.txt"), replace(CONFIG, offline=True))
