"""What is kept between runs, and for how long; by counting requests."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.index.stores import Clock, first_sdist, first_wheel, name, store
from tests.server import IndexServer, Lie, Mode
from wheelcheck.errors import OfflineMiss
from wheelcheck.index.disk_cache import FORMAT, DiskCache, cache_info, clear_cache, default_cache_dir
from wheelcheck.index.exchange import RequestKind
from wheelcheck.model.distribution import CoreMetadata, Judgement

CATALOG = {"a": [make_wheel("a", "1.0", requires=["b>=1"]), make_sdist("a", "1.0")]}
SILENT = Mode(validators="none", cache_control=None)


def run(
    url: str, cache_dir: Path, clock: Clock, *, offline: bool = False, refresh: bool = False
) -> tuple[CoreMetadata, Judgement]:
    with store(url, cache_dir=cache_dir, clock=clock, offline=offline, refresh=refresh) as projects:
        page = projects.page(name("a"))
        return projects.metadata(first_wheel(page)), projects.source(first_sdist(page))


@pytest.mark.parametrize("mode", [SILENT, Mode()])
def test_a_second_run_asks_for_nothing_for_ten_minutes(mode: Mode, tmp_path: Path) -> None:
    clock = Clock()
    with IndexServer(CATALOG, mode=mode) as server:
        first = run(server.simple_url, tmp_path, clock)
        server.forget_requests()
        clock.now += 599
        assert run(server.simple_url, tmp_path, clock) == first
        assert server.count() == 0


def test_after_that_only_the_page_is_asked_for(tmp_path: Path) -> None:
    clock = Clock()
    with IndexServer(CATALOG, mode=SILENT) as server:
        run(server.simple_url, tmp_path, clock)
        server.forget_requests()
        clock.now += 601
        run(server.simple_url, tmp_path, clock)
        assert server.count() == server.count_pages("a") == 1


@pytest.mark.parametrize(("seconds", "requests"), [(59, 0), (61, 1)])
def test_cache_control_decides_where_it_is_sent(seconds: float, requests: int, tmp_path: Path) -> None:
    clock = Clock()
    with IndexServer(CATALOG, mode=Mode(cache_control="max-age=60")) as server:
        run(server.simple_url, tmp_path, clock)
        server.forget_requests()
        clock.now += seconds
        run(server.simple_url, tmp_path, clock)
        assert server.count() == requests


def test_a_stale_page_with_an_etag_is_revalidated_and_fresh_again(tmp_path: Path) -> None:
    clock = Clock()
    with IndexServer(CATALOG) as server:
        run(server.simple_url, tmp_path, clock)
        server.forget_requests()
        clock.now += 601
        with store(server.simple_url, cache_dir=tmp_path, clock=clock) as projects:
            assert len(projects.page(name("a")).distributions) == 1
            assert projects.statistics.revalidated == 1
            assert projects.statistics.received == 0
        clock.now += 599
        run(server.simple_url, tmp_path, clock)
        assert server.count() == 1


def test_what_must_not_be_stored_is_not(tmp_path: Path) -> None:
    clock = Clock()
    with IndexServer(CATALOG, mode=Mode(cache_control="no-store")) as server:
        run(server.simple_url, tmp_path, clock)
        run(server.simple_url, tmp_path, clock)
        assert server.count_pages("a") == 2


def test_no_cache_means_asking_each_time(tmp_path: Path) -> None:
    with IndexServer(CATALOG, mode=Mode(cache_control="no-cache")) as server:
        run(server.simple_url, tmp_path, Clock())
        run(server.simple_url, tmp_path, Clock())
        assert server.count_pages("a") == 2


def test_refresh_asks_for_fresh_pages_too_but_only_whether_they_hold(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        run(server.simple_url, tmp_path, Clock())
        server.forget_requests()
        run(server.simple_url, tmp_path, Clock(), refresh=True)
        assert server.count() == server.count_pages("a") == 1
        assert "if-none-match" in server.requests[0].headers


def test_offline_takes_pages_of_any_age_and_names_what_it_misses(tmp_path: Path) -> None:
    clock = Clock()
    with IndexServer(CATALOG) as server:
        first = run(server.simple_url, tmp_path, clock)
        server.forget_requests()
        clock.now += 10_000_000
        assert run(server.simple_url, tmp_path, clock, offline=True) == first
        with (
            store(server.simple_url, cache_dir=tmp_path, offline=True) as projects,
            pytest.raises(OfflineMiss, match="page of unheard") as caught,
        ):
            projects.page(name("unheard"))
        assert caught.value.address == f"{server.simple_url}unheard/"
        assert "--offline" in caught.value.hint
        assert server.count() == 0


def test_offline_names_the_wheel_and_the_source_archive_it_misses(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        with store(server.simple_url, cache_dir=tmp_path) as projects:
            projects.page(name("a"))
        with store(server.simple_url, cache_dir=tmp_path, offline=True) as projects:
            page = projects.page(name("a"))
            with pytest.raises(OfflineMiss, match=r"a-1\.0-py3-none-any\.whl"):
                projects.metadata(first_wheel(page))
            with pytest.raises(OfflineMiss, match=r"a-1\.0\.tar\.gz"):
                projects.source(first_sdist(page))
            with pytest.raises(OfflineMiss):
                projects.direct("https://files.example/a-1.0.tar.gz")
            with pytest.raises(OfflineMiss):
                projects.fetch_text("https://files.example/r.txt")


def test_absence_is_remembered(tmp_path: Path) -> None:
    clock = Clock()
    with IndexServer(CATALOG) as server:
        for _ in range(2):
            with store(server.simple_url, cache_dir=tmp_path, clock=clock) as projects:
                assert projects.page(name("nobody")).state == "absent"
        assert server.count() == 1
        clock.now += 601
        with store(server.simple_url, cache_dir=tmp_path, clock=clock) as projects:
            projects.page(name("nobody"))
        assert server.count() == 2


def test_without_a_cache_nothing_is_kept() -> None:
    with IndexServer(CATALOG) as server:
        for _ in range(2):
            with store(server.simple_url) as projects:
                projects.page(name("a"))
        assert server.count() == 2


def test_corrupt_entries_are_fetched_again_silently(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        first = run(server.simple_url, tmp_path, Clock())
        database = sqlite3.connect(tmp_path / "index" / "cache.db")
        with database:
            database.execute("UPDATE Entries SET value = ?", (b"\x93\x01",))
        database.close()
        server.forget_requests()
        assert run(server.simple_url, tmp_path, Clock()) == first
        assert server.count() == 3


def test_foreign_pickles_are_never_opened(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        run(server.simple_url, tmp_path, Clock())
        database = sqlite3.connect(tmp_path / "index" / "cache.db")
        with database:
            # Unpickled, this would end the interpreter.
            database.execute("UPDATE Entries SET value = ?", (b"cos\n_exit\n(I7\ntR.",))
        database.close()
        run(server.simple_url, tmp_path, Clock())


@pytest.mark.parametrize("rubbish", [b"", b"rubbish" * 5000])
def test_a_corrupt_database_is_put_aside(rubbish: bytes, tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        first = run(server.simple_url, tmp_path, Clock())
        for file in (tmp_path / "index").glob("cache.db*"):
            file.write_bytes(rubbish)
        assert run(server.simple_url, tmp_path, Clock()) == first
        server.forget_requests()
        run(server.simple_url, tmp_path, Clock())
        assert server.count() == 0
    assert [each.name for each in tmp_path.iterdir()] == ["index"]


def test_a_cache_folder_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with IndexServer(CATALOG) as server:
        run(server.simple_url, tmp_path / "file" / "cache", Clock())


_RUN = """
import sys
from pathlib import Path
from tests.index.stores import first_wheel, name, store
url, folder = sys.argv[1:]
with store(url, cache_dir=Path(folder)) as projects:
    for number in range(20):
        projects.metadata(first_wheel(projects.page(name(f"p{number}"))))
"""


def test_two_processes_share_a_cache(tmp_path: Path) -> None:
    catalog = {f"p{number}": [make_wheel(f"p{number}", "1")] for number in range(20)}
    with IndexServer(catalog) as server:
        command = [sys.executable, "-W", "error", "-c", _RUN, server.simple_url, str(tmp_path)]
        running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
        assert [(process.communicate()[1], process.returncode) for process in running] == [(b"", 0)] * 2
        server.forget_requests()
        with store(server.simple_url, cache_dir=tmp_path) as projects:
            for number in range(20):
                projects.metadata(first_wheel(projects.page(name(f"p{number}"))))
        assert server.count() == 0
        assert projects.statistics.cache_hits == {RequestKind.PAGE: 20, RequestKind.SIDECAR: 20}


_WARM = """
import json, sys
from pathlib import Path
from tests.index.stores import first_wheel, name, store
url, folder = sys.argv[1:]
with store(url, cache_dir=Path(folder)) as projects:
    projects.prefetch_pages([name("a")])
    projects.metadata(first_wheel(projects.page(name("a"))))
print(json.dumps(sorted({"pyreqwest", "asyncio", "pypi_simple", "platformdirs"} & set(sys.modules))))
"""


def test_a_warm_run_loads_no_http_client(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        run(server.simple_url, tmp_path, Clock())
        command = [sys.executable, "-c", _WARM, server.simple_url, str(tmp_path)]
        assert json.loads(subprocess.run(command, check=True, capture_output=True).stdout) == []


def test_an_unverified_wheel_hash_is_still_the_key_of_its_metadata(tmp_path: Path) -> None:
    with IndexServer(CATALOG, mode=Mode(lies=frozenset({Lie.SIDECAR_PROMISED}))) as server:
        with store(server.simple_url, cache_dir=tmp_path) as projects:
            wheel = first_wheel(projects.page(name("a")))
            told = projects.metadata(wheel)
        with store("https://index.example/simple", cache_dir=tmp_path, offline=True) as projects:
            assert projects.metadata(wheel) == told


def test_metadata_is_remembered_by_the_hash_wherever_the_wheel_lies(tmp_path: Path) -> None:
    for is_first in (True, False):
        with IndexServer(CATALOG) as server, store(server.simple_url, cache_dir=tmp_path) as projects:
            projects.metadata(first_wheel(projects.page(name("a"))))
            assert (RequestKind.SIDECAR in projects.statistics.requests) is is_first


def test_a_direct_reference_with_a_hash_is_remembered(tmp_path: Path) -> None:
    (wheel_name, wheel), (sdist_name, sdist) = CATALOG["a"]
    with IndexServer(CATALOG) as server:
        urls = [
            f"{server.url_of(wheel_name)}#sha256={sha256_hex(wheel)}",
            f"{server.url_of(sdist_name)}#sha256={sha256_hex(sdist)}",
        ]
        with store(cache_dir=tmp_path) as projects:
            told = [projects.direct(url) for url in urls]
        with store(cache_dir=tmp_path, offline=True) as projects:
            assert [projects.direct(url) for url in urls] == told
            with pytest.raises(OfflineMiss):
                projects.direct(server.url_of(wheel_name))


_INTERRUPTED = """
import sys
from pathlib import Path
from tests.index.stores import name, store
url, folder = sys.argv[1:]
try:
    with store(url, cache_dir=Path(folder), timeout=60) as projects:
        projects.page(name("a"))
        print("there", flush=True)
        sys.stdin.readline()
        projects.prefetch_pages([name(f"p{n}") for n in range(50)])
        projects.fetch_text(url + "slow.txt")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_an_interrupted_run_ends_at_once_and_keeps_what_came(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        command = [sys.executable, "-W", "error", "-c", _INTERRUPTED, server.simple_url, str(tmp_path)]
        pipe = subprocess.PIPE
        running = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdout.readline()
        server.mode = Mode(latency=60)
        running.stdin.write(b"go on\n")
        running.stdin.flush()
        while server.count() < 40:
            time.sleep(0.01)
        started = time.monotonic()
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate()
        assert (running.returncode, errors) == (130, b"")
        assert time.monotonic() - started < 5
        server.mode = Mode()
        server.forget_requests()
        with store(server.simple_url, cache_dir=tmp_path, offline=True) as projects:
            assert projects.page(name("a")).state == "active"


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server, store(server.simple_url, cache_dir=tmp_path) as projects:
        projects.page(name("a"))
        projects.close()


def test_the_cache_can_be_described_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_info(tmp_path).entries == 0
    with IndexServer(CATALOG) as server:
        run(server.simple_url, tmp_path, Clock())
    (tmp_path / "precious.txt").write_text("not ours")
    held = clear_cache(tmp_path)
    assert held.entries == 3
    assert held.size > 0
    assert [each.name for each in tmp_path.iterdir()] == ["precious.txt"]
    monkeypatch.setenv("WHEELCHECK_CACHE_DIR", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("WHEELCHECK_CACHE_DIR")
    assert default_cache_dir().name == "wheelcheck"


def test_what_others_put_into_the_database_is_no_entry(tmp_path: Path) -> None:
    import sqlite3

    ours = DiskCache(tmp_path)
    ours.put("page", "ours", b"\x00packed")
    ours.put("page", "large", b"0" * 100_000)
    ours.flush()
    ours.close()
    database = sqlite3.connect(tmp_path / "index" / "cache.db")
    for key, value in {"text": "text", "number": 5, "raw": b"no checksum"}.items():
        digest = hashlib.sha256(f"{FORMAT}:page:{key}".encode()).digest()
        with database:
            database.execute("INSERT INTO Entries VALUES (?, ?, 0)", (digest, value))
    database.close()
    again = DiskCache(tmp_path)
    keys = ("ours", "large", "text", "number", "raw", "absent")
    found = {key: again.get("page", key) for key in keys}
    assert found == {**dict.fromkeys(keys), "ours": b"\x00packed", "large": b"0" * 100_000}
    again.close()


def test_a_large_entry_whose_file_is_gone_or_changed_is_a_miss(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    cache.put("page", "gone", b"0" * 100_000)
    cache.put("page", "changed", b"1" * 100_000)
    cache.flush()
    for file in (tmp_path / "index").rglob("*.entry"):
        content = file.read_bytes()
        if content.startswith(b"0"):
            file.unlink()
        else:
            file.write_bytes(content.replace(b"1", b"2", 1))
    cache.close()
    again = DiskCache(tmp_path)
    assert (again.get("page", "gone"), again.get("page", "changed")) == (None, None)
    again.close()


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    assert DiskCache(tmp_path).get("page", "a") is None
    assert list(tmp_path.iterdir()) == []
