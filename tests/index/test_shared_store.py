"""Machines that share a store ask the index once for all of them; whatever is wrong with it, they ask for themselves."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fakes.archives import make_wheel
from tests.index.stores import Clock, first_wheel, name, store
from tests.server import IndexServer, Mode
from wheelcheck.index.exchange import Reply, Request, RequestKind

pytest.importorskip("fsspec", reason="the extra wheelcheck[survey] is not installed")

from wheelcheck.index.shared_store import SharedStore

NAMES = [f"p{number}" for number in range(20)]
CATALOG = {each: [make_wheel(each, "1.0")] for each in NAMES}
ASKED = Request(url="https://index.example/simple/a/", kind=RequestKind.PAGE, what="a", limit=1000)
GOOD = Reply(status=200, headers={"etag": '"1"'}, body=b"{}", url=ASKED.url)


def _machine(url: str, cache: Path, address: str, clock: Clock | None = None) -> list[str]:
    with store(url, cache_dir=cache, clock=clock or Clock(), shared_store=address) as projects:
        return [str(projects.metadata(first_wheel(projects.page(name(each)))).name) for each in NAMES]


def test_machines_at_the_same_time_ask_once_for_all(tmp_path: Path) -> None:
    with IndexServer(CATALOG, mode=Mode(latency=0.02)) as server, ThreadPoolExecutor(4) as pool:
        url, place = server.simple_url, str(tmp_path / "store")
        answers = [pool.submit(_machine, url, tmp_path / f"cache{number}", place) for number in range(4)]
        assert [answer.result() for answer in answers] == [NAMES] * 4
        assert server.count_pages() == len(NAMES)
        assert server.count() == 2 * len(NAMES)


def test_any_address_that_fsspec_knows_serves(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        for cache in ("one", "two"):
            assert _machine(server.simple_url, tmp_path / cache, "memory://shared") == NAMES
        assert server.count() == 2 * len(NAMES)


def test_object_store_serves_machines_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server_of = pytest.importorskip("moto.server", reason="the extra wheelcheck[objects] is not installed")
    pytest.importorskip("s3fs", reason="the extra wheelcheck[objects] is not installed")
    import fsspec

    objects = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    objects.start()
    try:
        told = {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": "us-east-1"}
        for key, value in (told | {"ENDPOINT_URL": "http://{}:{}".format(*objects.get_host_and_port())}).items():
            monkeypatch.setenv(f"AWS_{key}", value)
        files = fsspec.filesystem("s3")
        files.mkdir("bucket")
        with IndexServer(CATALOG, mode=Mode(latency=0.02)) as server, ThreadPoolExecutor(4) as pool:
            asked = [
                pool.submit(_machine, server.simple_url, tmp_path / f"cache{number}", "s3://bucket/store")
                for number in range(4)
            ]
            assert [each.result() for each in asked] == [NAMES] * 4
            assert server.count() == 2 * len(NAMES)
        kept = files.find("bucket/store")
        assert len(kept) == 2 * len(NAMES)
        assert not any(path.endswith(".claim") for path in kept)
    finally:
        objects.stop()


def test_page_that_is_stale_is_taken_from_the_store_for_a_day(tmp_path: Path) -> None:
    clock = Clock()
    with IndexServer(CATALOG) as server:
        for seconds, pages in ((0, 20), (3600, 20), (24 * 3600, 40)):
            clock.now += seconds
            _machine(server.simple_url, tmp_path / "cache", str(tmp_path / "store"), clock)
            assert server.count_pages() == pages


class _Index:
    """Counts requests; each is answered after *seconds* with *reply*, or fails where that is an error."""

    def __init__(self, reply: Reply | Exception = GOOD, seconds: float = 0.0) -> None:
        self.count, self._reply, self._seconds = 0, reply, seconds

    async def fetch(self, _: Request) -> Reply:
        self.count += 1
        await asyncio.sleep(self._seconds)
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


def _asked(address: Path | str, index: _Index, clock: Clock | None = None) -> Reply:
    return asyncio.run(SharedStore(str(address), clock or Clock()).reply(ASKED, index.fetch))


def test_reply_is_the_same_from_the_store(tmp_path: Path) -> None:
    index = _Index()
    assert _asked(tmp_path, index) == _asked(tmp_path, index) == GOOD
    assert index.count == 1


def test_failure_is_not_kept_and_leaves_no_claim(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="reset"):
        _asked(tmp_path, _Index(OSError("reset")))
    assert _asked(tmp_path, _Index()) == GOOD
    assert not list(tmp_path.rglob("*.claim"))


def test_claim_of_one_who_died_is_waited_for_a_minute_and_then_ignored(tmp_path: Path) -> None:
    _asked(tmp_path, _Index())
    (entry,) = (path for path in tmp_path.rglob("*") if path.is_file())
    entry.rename(entry.with_suffix(".claim"))

    class Passing(Clock):
        def __call__(self) -> float:
            self.now += 20
            return self.now

    assert _asked(tmp_path, index := _Index(), Passing()) == GOOD
    assert index.count == 1


@pytest.mark.parametrize("body", [b"", b"nonsense"])
def test_damaged_reply_is_fetched_again(tmp_path: Path, body: bytes) -> None:
    _asked(tmp_path, _Index())
    (entry,) = (path for path in tmp_path.rglob("*") if path.is_file())
    entry.write_bytes(body)
    assert _asked(tmp_path, index := _Index()) == GOOD
    assert index.count == 1


def test_store_that_cannot_be_written_means_requests(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    assert _asked(tmp_path / "file", index := _Index()) == _asked(tmp_path / "file", index) == GOOD
    assert index.count == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=200, headers={}, body=b'{"url": "https://user:secret@files.example/a.whl"}', url=ASKED.url),
        Reply(status=403, headers={}, body=b"", url=ASKED.url),
        Reply(status=200, headers={}, body=b"{", url=ASKED.url, is_cut=True),
    ],
)
def test_reply_with_secrets_refused_or_cut_is_not_kept(tmp_path: Path, reply: Reply) -> None:
    index = _Index(reply)
    _asked(tmp_path, index)
    _asked(tmp_path, index)
    assert index.count == 2
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
