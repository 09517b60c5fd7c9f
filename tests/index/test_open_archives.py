"""Archives and files at their borders: what is fetched whole, what stays open, where a download goes on, how long replies serve."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import pytest
from msgspec.structs import replace
from packaging.version import Version

from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.index.scripted_server import head_of, scripted_server, serving
from tests.index.stores import Clock, name, reader
from tests.index.test_file_store import Memory, planned
from tests.index.test_ranges import CONFIG, MIB, always, host, partly, run
from wheelcheck.archives.wheels import unpacked_size
from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.code_archives import SMALL, WHOLE, CodeArchives
from wheelcheck.index.config import Credentials, IndexConfig
from wheelcheck.index.direct import SourceJudgements
from wheelcheck.index.disk_cache import DiskCache
from wheelcheck.index.downloads import BytesMissing
from wheelcheck.index.exchange import Reply, Request, RequestKind, Tally
from wheelcheck.index.fetch_context import FetchContext
from wheelcheck.index.file_store import FileStore
from wheelcheck.index.shared_store import SharedStore
from wheelcheck.index.transport import Transport
from wheelcheck.model.distribution import Availability, Wheel
from wheelcheck.ports import SilentReporter

T = TypeVar("T")
FILENAME, CONTENT = make_wheel("a", "1.0", files={"a/__init__.py": "x = 1\n"})
ALL: frozenset[str] | None = None
LARGE = replace(CONFIG, file_limit=100 * MIB)
ONE, NOTHING = frozenset({"a"}), frozenset[str]()


def wheel(url: str, size: int | None = None, digest: str = "") -> Wheel:
    hashes = (("sha256", digest),) if digest else ()
    at = Availability(url=url, size=size, hashes=hashes)
    return Wheel(name=name("a"), version=Version("1.0"), filename=FILENAME, at=at, tags=())


def read(
    wheel: Wheel, needs: frozenset[str] | None, ask: Callable[[BinaryIO, str], T], config: IndexConfig = LARGE
) -> T:
    async def work(context: FetchContext) -> T:
        archives = CodeArchives(context)
        try:
            return await archives.read(wheel, needs, ask)
        finally:
            archives.close()

    return run(work, config)


def length(file: BinaryIO, _filename: str) -> int:
    return file.seek(0, 2)


@pytest.mark.parametrize(
    ("size", "needs", "asked_for"),
    [
        (3 * MIB, ALL, ""),
        (3 * MIB + 1, ALL, "bytes=-65536"),
        (256 * 1024, ONE, ""),
        (256 * 1024 + 1, ONE, "bytes=-65536"),
        (256 * 1024, NOTHING, ""),
        (256 * 1024 + 1, NOTHING, "bytes=-65536"),
        (None, ALL, "bytes=-65536"),
    ],
)
def test_small_wheel_is_fetched_whole_in_one_request(
    size: int | None, needs: frozenset[str] | None, asked_for: str
) -> None:
    assert SMALL == 3 * MIB
    with host(partly(CONTENT)) as (url, asked):
        assert read(wheel(url, size), needs, length) == len(CONTENT)
    assert asked == [asked_for]


@pytest.mark.parametrize(("limit", "is_read"), [(60 * MIB, True), (60 * MIB + 1, False)])
def test_archive_of_more_than_60_mib_is_not_fetched_for_its_code(limit: int, is_read: bool) -> None:
    assert WHOLE == 60 * MIB
    with host(lambda asked: (200, "", CONTENT) if not asked else (416, "", b"")) as (url, _):
        if is_read:
            assert read(wheel(url, limit), NOTHING, length)
        else:
            with pytest.raises(ArchiveRefused, match="larger than the limit of 60 MB"):
                read(wheel(url, limit), NOTHING, length)


@pytest.mark.parametrize(("misses", "is_whole"), [(1, False), (63, False), (64, True)])
def test_archive_that_leads_on_and_on_is_fetched_whole_after_64_parts(misses: int, is_whole: bool) -> None:
    left = [misses]

    def ask(_file: BinaryIO, _filename: str) -> str:
        if left[0]:
            left[0] -= 1
            raise BytesMissing(0, 10)
        return "read"

    with host(partly(CONTENT)) as (url, asked):
        assert read(wheel(url), NOTHING, ask) == "read"
    assert ("" in asked) is is_whole


def test_last_six_archives_stay_open() -> None:
    async def work(context: FetchContext) -> list[int]:
        archives, counts = CodeArchives(context), []
        for digest in "1234561" + "7" + "134567" + "2":
            at = replace(wheel(url).at, hashes=(("sha256", digest),))
            with_hash = replace(wheel(url), at=at, filename=FILENAME)
            await archives.read(with_hash, NOTHING, length)
            counts.append(len(asked))
        archives.close()
        return counts

    with host(partly(CONTENT)) as (url, asked):
        counts = run(work)
    assert counts == [1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 7, 7, 7, 7, 8]


# Downloads


@contextmanager
def file_store(**others: int) -> Iterator[FileStore]:
    config = IndexConfig(retries=0, timeout=20)
    with FileStore(config, reader(), unpacked_size, SilentReporter(), **others) as found:
        yield found


@pytest.mark.parametrize(
    ("size", "ranges"),
    [(32 * MIB, [""]), (32 * MIB + 1, ["bytes=0-33554431", "bytes=33554432-67108863"])],
)
def test_file_beyond_32_mib_is_asked_for_in_parts(size: int, ranges: list[str]) -> None:
    content = bytes(size)
    landing = Memory(expected=content)
    with host(partly(content)) as (url, asked), file_store() as store:
        store.download([(planned(url, size=size), landing)])
    assert landing.is_finished
    assert asked == ranges


@pytest.mark.parametrize("size", [1000, MIB // 2])
@pytest.mark.parametrize(("more", "is_taken"), [(0, True), (1, False)])
def test_file_may_be_twice_as_long_as_announced_and_a_megabyte(size: int, more: int, is_taken: bool) -> None:
    content = bytes(2 * size + MIB + more)
    landing = Memory(expected=content)
    with host(always(200, "", content)) as (url, _), file_store() as store:
        if is_taken:
            store.download([(planned(url, size=size), landing)])
            assert landing.is_finished
        else:
            with pytest.raises(IndexUnavailable, match=f"is far longer than the {size} bytes that were announced"):
                store.download([(planned(url, size=size), landing)])


@pytest.mark.parametrize("part", ["bytes 999-1999/2000", "bytes 1001-1999/2000", "bytes 0-1999/2000", "odd", ""])
def test_part_that_does_not_continue_what_is_here_begins_the_file_anew(part: str) -> None:
    content = bytes(range(250)) * 8
    landing = Memory(expected=content, kept=content[:1000])
    wrong = (206, part, content[1000:])
    with host(lambda asked: wrong if asked else (200, "", content)) as (url, asked), file_store() as store:
        store.download([(planned(url, size=2000), landing)])
    assert landing.is_finished
    assert asked == ["bytes=1000-33555431", ""]


@pytest.mark.parametrize("status", [200, 416, 501])
def test_host_that_refuses_a_part_is_asked_for_all(status: int) -> None:
    content = bytes(2000)
    landing = Memory(expected=content, kept=content[:1000])
    with (
        host(lambda asked: (status, "", content if status == 200 else b"") if asked else (200, "", content)) as (
            url,
            asked,
        ),
        file_store() as store,
    ):
        store.download([(planned(url, size=2000), landing)])
    assert landing.is_finished
    assert asked == ["bytes=1000-33555431", ""]


@pytest.mark.parametrize("status", [201, 205, 207, 403, 404, 416, 501])
def test_answer_that_is_no_file_is_told_with_its_status(status: int) -> None:
    told = f"answered {status}"
    with (
        host(always(status)) as (url, asked),
        file_store() as store,
        pytest.raises(IndexUnavailable, match=told) as caught,
    ):
        store.download([(planned(url, size=2000), Memory(expected=bytes(2000)))])
    assert len(asked) == 1
    assert "credentials" in (caught.value.hint or "")


def test_file_of_unknown_size_that_is_begun_is_asked_for_from_there() -> None:
    content = bytes(range(250)) * 8
    landing = Memory(expected=content, kept=content[:1000])
    with host(partly(content)) as (url, asked), file_store() as store:
        store.download([(planned(url, size=None), landing)])
    assert landing.is_finished
    assert asked == ["bytes=1000-"]


@pytest.mark.parametrize("size", [10, MIB, MIB + 1, 3 * MIB])
def test_file_of_this_machine_is_copied_whole(size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "a.whl").write_bytes(content)
    landing = Memory(expected=content, kept=b"of another")
    with file_store() as store:
        store.download([(planned((tmp_path / "a.whl").as_uri(), size=size), landing)])
        with pytest.raises(IndexUnavailable, match="cannot be read: No such file"):
            store.download([(planned((tmp_path / "b.whl").as_uri()), Memory(expected=b""))])
    assert landing.is_finished


def test_sizes_of_what_lies_on_this_machine_need_no_request(tmp_path: Path) -> None:
    (tmp_path / FILENAME).write_bytes(CONTENT)
    (tmp_path / "s.tar.gz").write_bytes(b"12345")
    places = [FILENAME, "s.tar.gz", "gone.whl"]
    with file_store() as store:
        found = store.sizes([planned((tmp_path / each).as_uri(), size=7, name=each) for each in places])
        folder = store.sizes([planned(tmp_path.as_uri(), size=7, name="folder")])
    assert [found.files[each].download for each in places] == [len(CONTENT), 5, 7]
    assert [found.files[each].installed is not None for each in places] == [True, False, False]
    assert folder.files["folder"].download == 0


@pytest.mark.parametrize(("filename", "requests"), [(FILENAME, 1), ("s-1.0.tar.gz", 1), ("s-1.0.zip", 1)])
def test_sizes_are_asked_for_once_and_remembered_by_the_hash(filename: str, requests: int, tmp_path: Path) -> None:
    found = []
    with host(partly(CONTENT)) as (url, asked):
        for size in (None, None):
            config = IndexConfig(retries=0, timeout=20, cache_dir=tmp_path)
            with FileStore(config, reader(), unpacked_size, SilentReporter()) as store:
                file = replace(planned(url, size=size), filename=filename)
                found.append(store.sizes([file]).files[filename])
    assert found[0] == found[1]
    assert found[0].download == len(CONTENT)
    assert (found[0].installed is not None) is filename.endswith(".whl")
    assert len(asked) == requests


def test_size_that_is_announced_needs_no_request_but_for_a_wheel() -> None:
    with host(partly(CONTENT)) as (url, asked), file_store() as store:
        names = ("s-1.0.tar.gz", FILENAME)
        found = store.sizes([replace(planned(url, size=7), filename=each) for each in names])
    assert [found.files[each].download for each in names] == [7, len(CONTENT)]
    assert len(asked) == 1


def test_clock_of_a_host_is_what_it_says() -> None:
    date = "Sat, 21 Nov 2026 10:00:00 GMT"
    # The server closes after each answer; where it does not say so, the second request may meet the closing.
    answers = {"/a": f"HTTP/1.1 404 Gone\r\nDate: {date}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()}
    answers["/b"] = answers["/a"].replace(b"Date", b"X-Date")
    with scripted_server(answers) as url, file_store() as store:
        assert (store.clock_of(f"{url}/a"), store.clock_of(f"{url}/b")) == (date, "")


# Source archives of this machine


@pytest.mark.parametrize(("more", "is_judged"), [(0, True), (-1, False)])
def test_source_archive_of_this_machine_may_be_as_large_as_the_limit(
    more: int, is_judged: bool, tmp_path: Path
) -> None:
    filename, content = make_sdist("s", "1.0")
    path = tmp_path / filename
    path.write_bytes(content)
    at = Availability(url=path.as_uri())

    async def judged(context: FetchContext) -> tuple[str, str]:
        return SourceJudgements(context).judge_local(path, at, filename)[1]

    config = replace(CONFIG, file_limit=len(content) + more)
    if is_judged:
        assert run(judged, config) == ("sha256", sha256_hex(content))
    else:
        with pytest.raises(ArchiveRefused, match="larger than the limit"):
            run(judged, config)


# A cache that cannot be used


def test_cache_that_could_not_be_used_once_is_not_used_any_more_in_the_run(tmp_path: Path) -> None:
    (tmp_path / "index").write_bytes(b"a file")
    cache = DiskCache(tmp_path)
    cache.put("page", "a", b"1")
    cache.flush()
    (tmp_path / "index").unlink()
    cache.put("page", "b", b"2")
    cache.flush()
    assert not (tmp_path / "index").exists()
    found = cache.get("page", "a")
    assert found is not None
    assert bytes(found) == b"1"


# Silence


def fetched(config: IndexConfig, request: Request) -> Reply | IndexUnavailable:
    async def work() -> Reply | IndexUnavailable:
        transport = Transport(config, Credentials(), Tally(), SilentReporter())
        try:
            return await transport.fetch(request)
        except IndexUnavailable as problem:
            return problem
        finally:
            await transport.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work())


@pytest.mark.parametrize(("size", "times"), [(MIB - 1, 2), (MIB, 1)])
def test_body_of_a_megabyte_that_falls_silent_is_not_asked_for_twice(size: int, times: int) -> None:
    asked: list[bytes] = []
    ended = threading.Event()

    def talk(connection: socket.socket) -> None:
        asked.append(head_of(connection))
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {3 * MIB}\r\n\r\n".encode() + bytes(size))
        ended.wait(20)

    config = IndexConfig(timeout=1.0, silence=0.3, retries=0)
    with serving(talk) as port:
        request = Request(url=f"http://127.0.0.1:{port}/a", kind=RequestKind.FILE, what="a", limit=4 * MIB)
        failed = fetched(config, request)
        ended.set()
    assert isinstance(failed, IndexUnavailable)
    assert len(asked) == times


# Replies that machines share


def shared(folder: Path, clock: Callable[[], float], status: int = 200, body: bytes = b"body") -> tuple[Reply, int]:
    """The reply from the store in *folder*, or else this one; and how many requests that took."""
    asked = 0

    async def fetch(request: Request) -> Reply:
        nonlocal asked
        asked += 1
        return Reply(status=status, headers={"etag": "1", "set-cookie": "2"}, body=body, url=request.url)

    pytest.importorskip("fsspec", reason="the extra wheelcheck[survey] is not installed")
    request = Request(url="https://i.example/a", kind=RequestKind.PAGE, what="a", limit=100)
    return asyncio.run(SharedStore(folder.as_uri(), clock).reply(request, fetch)), asked


@pytest.mark.parametrize(("later", "requests"), [(86_400, 0), (86_401, 1)])
def test_shared_reply_serves_for_a_day(later: float, requests: int, tmp_path: Path) -> None:
    clock = Clock()
    assert shared(tmp_path, clock)[1] == 1
    clock.now += later
    found, asked = shared(tmp_path, clock)
    assert (found.body, asked) == (b"body", requests)
    assert found.headers["etag"] == "1"
    assert ("set-cookie" in found.headers) is bool(requests)


@pytest.mark.parametrize(
    ("status", "is_kept"), [(200, True), (206, True), (304, True), (404, True), (410, True), (403, False), (401, False)]
)
def test_shared_replies_are_those_that_all_would_get(status: int, is_kept: bool, tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(2):
        found, asked = shared(tmp_path, clock, status)
        assert found.status == status
    assert asked == (0 if is_kept else 1)
    assert not list(tmp_path.glob("**/*.claim"))
    assert not list(tmp_path.glob("**/*.partial"))
