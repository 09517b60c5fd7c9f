"""What a plan weighs, in words: sizes as traffic is priced, and what is not known is said."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.model.environment import Fetched, FileSize, HousedWheel, PlanSizes, Wheelhouse
from wheelcheck.report.fetch import render_fetched, render_fetched_json, render_sizes, render_sizes_json
from wheelcheck.report.page import size_text
from wheelcheck.report.progress import TransferProgress


def sizes(**files: tuple[int | None, int | None]) -> PlanSizes:
    return PlanSizes(
        files={
            f"{name}.tar.gz" if name.startswith("source") else f"{name}.whl": FileSize(download=came, installed=takes)
            for name, (came, takes) in files.items()
        }
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (131_000_000_000, "131 GB"),
        (2_500_000_000_000, "2.5 TB"),
    ],
)
def test_size_has_two_or_three_digits(size: int, text: str) -> None:
    assert size_text(size) == text


def test_traffic_is_that_of_a_thousand_users() -> None:
    assert render_sizes(sizes(a=(131_000_000, 400_000_000), b=(1_000, 2_000))) == (
        "2 files: 131 MB to download, 400 MB installed; 1,000 users: 131 GB"
    )


def test_what_is_not_known_is_said() -> None:
    some = sizes(a=(1_000, 3_000), b=(None, None), source=(500, None))
    assert render_sizes(some) == (
        "3 files: at least 1.5 kB to download, 3.0 kB installed without 1 source archive and 1 wheel of unknown size; "
        "1,000 users: at least 1.5 MB"
    )
    assert "installed size not known" in render_sizes(sizes(a=(1_000, None)))


def test_json_has_null_for_what_is_not_known() -> None:
    document = json.loads(render_sizes_json(sizes(a=(1_000, None)), "sha256:0"))
    assert document["schema"] == "wheelcheck.fetch/1"
    assert document["files"] == [{"filename": "a.whl", "download": 1000, "installed": None}]
    assert document["installed"] == {"bytes": 0, "complete": False}
    assert document["traffic"] == {"users": 1000, "bytes": 1_000_000, "complete": True}


def fetched() -> Fetched:
    wheels = tuple(
        HousedWheel(
            name=canonicalize_name(name),
            version=Version("1.0"),
            path=Path("house") / f"{name}-1.0-py3-none-any.whl",
            sha256="0" * 64,
            size=10,
            built_from="b-1.0.tar.gz" if name == "b" else "",
        )
        for name in ("a", "b")
    )
    return Fetched(
        plan="sha256:0",
        wheelhouse=Wheelhouse(folder=Path("house"), wheels=wheels),
        sizes=sizes(a=(10, 20)),
        fetched=("a-1.0-py3-none-any.whl", "b-1.0.tar.gz"),
        resumed=("a-1.0-py3-none-any.whl",),
        built=("b-1.0-py3-none-any.whl",),
        unhashed=("b-1.0.tar.gz",),
    )


def test_outcome_says_what_was_done() -> None:
    assert render_fetched(fetched()) == (
        "2 wheels in house (2 fetched, 1 of them continued, 1 built)\n"
        "  built b-1.0-py3-none-any.whl from b-1.0.tar.gz\n"
        "  no hash was announced for: b-1.0.tar.gz; wheelhouse.json records the hashes of the downloads\n"
    )


def test_outcome_for_programs_names_each_wheel() -> None:
    document = json.loads(render_fetched_json(fetched()))
    assert [wheel["built_from"] for wheel in document["wheels"]] == [None, "b-1.0.tar.gz"]
    assert document["resumed"] == ["a-1.0-py3-none-any.whl"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_bar_tells_files_and_bytes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream, notes = Terminal(), list[str]()
    with TransferProgress(stream, notes.append, draws=True) as told:
        told.stage("weighing")
        told.sizes_known(sizes(a=(1_000_000, 2_000_000)))
        told.expect(1, 1_000_000)
        told.arrived(400_000)
        told.landed("a.whl")
    assert notes == ["1 file: 1.0 MB to download, 2.0 MB installed; 1,000 users: 1.0 GB"]
    assert "1 file to come" in stream.getvalue()
    assert "0.4/1.0 MB" in stream.getvalue()


def test_stage_without_bytes_tells_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    with TransferProgress(stream, lambda _: None, draws=True) as told:
        told.stage("fetching")
        told.expect(1, 10)
        told.arrived(10)
        drawn = len(stream.getvalue())
        told.stage("unpacking wheels")
    last = stream.getvalue()[drawn:]
    assert "unpacking wheels" in last
    assert "bytes" not in last.rpartition("unpacking wheels")[2]


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_nothing_is_drawn_where_nobody_watches(stream: io.StringIO) -> None:
    with TransferProgress(stream, lambda _: None, draws=not stream.isatty()) as told:
        told.stage("fetching")
        told.expect(1, 10)
        told.arrived(10)
        told.waiting("another run")
    assert stream.getvalue() == ""
