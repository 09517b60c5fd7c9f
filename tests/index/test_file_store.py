"""Files come whole to where they land, whatever the line and the host do; nothing that came is asked for twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.index.stores import reader
from tests.server import Flaky, IndexServer, Mode
from wheelcheck.archives.wheels import unpacked_size
from wheelcheck.errors import HashMismatch, IndexUnavailable
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.file_store import FileStore
from wheelcheck.model.environment import FileSize
from wheelcheck.model.plan import PlannedFile
from wheelcheck.ports import SilentReporter

NAME, CONTENT = make_wheel("big", "1.0", files={"big/noise": random.Random(1).randbytes(500_000)})  # noqa: S311
SOURCE = make_sdist("source", "1.0")
SEGMENT = 100_000


@dataclass
class Memory:
    """The port ``Landing`` in memory."""

    expected: bytes
    kept: bytes = b""
    pending: list[bytes] = field(default_factory=list)
    is_finished: bool = False

    @property
    def received(self) -> int:
        return len(self.kept)

    def write(self, chunk: bytes) -> None:
        self.pending.append(chunk)

    def keep(self) -> None:
        self.kept += b"".join(self.pending)
        self.pending.clear()

    def restart(self) -> None:
        self.pending.clear()

    def begin_anew(self) -> None:
        self.kept = b""
        self.pending.clear()

    def finish(self) -> None:
        if self.kept != self.expected:
            self.begin_anew()
            raise HashMismatch("another file")
        self.is_finished = True


def planned(url: str, *, size: int | None = len(CONTENT), name: str = NAME) -> PlannedFile:
    return PlannedFile(filename=name, url=url, sha256=sha256_hex(CONTENT), size=size, upload_time=None, tag=None)


@contextmanager
def opened(*, retries: int = 2, offline: bool = False) -> Iterator[FileStore]:
    config = IndexConfig(retries=retries, backoff=0.01, timeout=10, offline=offline)
    with FileStore(config, reader(), unpacked_size, SilentReporter(), segment=SEGMENT) as store:
        yield store


@contextmanager
def serving(mode: Mode | None = None) -> Iterator[IndexServer]:
    with IndexServer({"big": [(NAME, CONTENT)], "source": [SOURCE]}, mode=mode) as server:
        yield server


@pytest.mark.parametrize("size", [len(CONTENT), None, len(CONTENT) - 1000, len(CONTENT) + 1000, 10])
@pytest.mark.parametrize("begin", [0, 1000, SEGMENT, len(CONTENT) - 1, len(CONTENT), len(CONTENT) + 7])
@pytest.mark.parametrize("ranges", ["all", "ignored"])
def test_file_comes_whole_from_wherever_it_was_begun(size: int | None, begin: int, ranges: str) -> None:
    landing = Memory(expected=CONTENT, kept=(CONTENT + b"of another")[:begin])
    with serving(Mode(ranges="all" if ranges == "all" else "ignored")) as server, opened() as store:
        store.download([(planned(server.url_of(NAME), size=size), landing)])
    assert landing.is_finished


@pytest.mark.parametrize("how", ["reset", "hang-up", "truncate", "503"])
def test_large_file_is_asked_for_in_pieces_and_a_failure_costs_one(how: str) -> None:
    landing = Memory(expected=CONTENT)
    flaky = Flaky(first=2, how=how, on=NAME)  # type: ignore[arg-type]
    with serving() as server, opened() as store:
        server.mode = Mode(flaky=flaky)
        store.download([(planned(server.url_of(NAME)), landing)])
        assert landing.is_finished
        assert server.count_ranges() == 6 + 2
        assert store.statistics.received < len(CONTENT) + 2 * SEGMENT


def test_beginning_of_another_file_is_noticed_and_fetched_anew_once() -> None:
    landing = Memory(expected=CONTENT, kept=b"\0" * 1000)
    with serving() as server, opened() as store:
        store.download([(planned(server.url_of(NAME)), landing)])
        assert landing.is_finished
        landing = Memory(expected=b"what never comes", kept=b"\0" * 1000)
        with pytest.raises(HashMismatch):
            store.download([(planned(server.url_of(NAME)), landing)])


def test_first_failure_ends_the_others() -> None:
    good, bad = Memory(expected=CONTENT), Memory(expected=CONTENT)
    with serving() as server, opened(retries=0) as store:
        server.mode = Mode(bandwidth=100_000)
        with pytest.raises(IndexUnavailable, match="answered 404"):
            store.download(
                [(planned(server.url_of(NAME)), good), (planned(f"{server.base_url}/nowhere.whl", name="n.whl"), bad)]
            )
    assert not good.is_finished


def test_file_that_never_ends_is_given_up() -> None:
    landing = Memory(expected=CONTENT)
    with (
        serving(Mode(endless=frozenset({"file"}))) as server,
        opened(retries=0) as store,
        pytest.raises(IndexUnavailable, match="far longer"),
    ):
        store.download([(planned(server.url_of(NAME), size=1000), landing)])


def test_files_are_weighed_by_their_tails_and_headers() -> None:
    with serving(Mode(sizes="hidden")) as server, opened() as store:
        wheel = planned(server.url_of(NAME), size=None)
        source = planned(server.url_of(SOURCE[0]), size=None, name=SOURCE[0])
        gone = planned(f"{server.base_url}/nowhere.whl", size=None, name="gone-1.0-py3-none-any.whl")
        sizes = store.sizes([wheel, source, gone])
        assert server.count() == 3
    assert sizes.files[NAME].download == len(CONTENT)
    assert (sizes.files[NAME].installed or 0) > 500_000
    assert sizes.files[SOURCE[0]] == FileSize(download=len(SOURCE[1]), installed=None)
    assert sizes.files[gone.filename] == FileSize(download=None, installed=None)
    assert not sizes.is_complete


def test_offline_weighs_by_what_the_plan_says() -> None:
    with opened(offline=True) as store:
        sizes = store.sizes([planned("https://files.example/big.whl")])
    assert sizes.files[NAME] == FileSize(download=len(CONTENT), installed=None)
