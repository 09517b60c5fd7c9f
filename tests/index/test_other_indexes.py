"""An index that the user did not name is asked once and quickly, and its wheels are as good as others."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.fakes.archives import make_wheel
from tests.index.stores import files, first_wheel, name, store
from tests.server import IndexServer, Mode
from wheelcheck.errors import IndexUnavailable, OfflineMiss

LOCAL = make_wheel("torch", "2.1.0+cpu", tags="cp311-cp311-win_amd64", requires=["sympy"])
PLAIN = make_wheel("torch", "2.2.0")


@pytest.mark.parametrize(
    "mode",
    [
        Mode(),
        Mode(pages="html", links="relative", sidecars="absent"),
        Mode(pages="html", links="relative", sidecars="absent", ranges="ignored", sizes="hidden"),
    ],
)
def test_a_page_is_that_index_alone_and_its_wheels_have_metadata(mode: Mode) -> None:
    with (
        IndexServer({"torch": [PLAIN], "other": [PLAIN]}) as usual,
        IndexServer({"torch": [LOCAL]}, mode=mode) as vendor,
        store(usual.simple_url) as projects,
    ):
        page = projects.page_at(vendor.simple_url.rstrip("/"), name("torch"))
        (wheel,) = files(page)
        assert str(wheel.version) == "2.1.0+cpu"
        assert wheel.at.index.rstrip("/") == vendor.simple_url.rstrip("/")
        assert projects.metadata(first_wheel(page)).requires == ("sympy",)
        assert projects.top_modules((wheel,))[0].names == {"torch"}
        assert projects.page_at(vendor.simple_url, name("other")).state == "absent"
        assert usual.count() == 0
        assert [str(each.version) for each in files(projects.page(name("torch")))] == ["2.2.0"]


def test_a_host_that_fails_is_asked_once() -> None:
    with IndexServer(mode=Mode(absent_status=500)) as vendor, store(timeout=0.5) as projects:
        for project in ("a", "b", "a"):
            with pytest.raises(IndexUnavailable, match="answered 500"):
                projects.page_at(vendor.simple_url, name(project))
        assert vendor.count() == 1


def test_silence_costs_one_wait_and_no_retry() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, store(timeout=0.5) as projects:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple/"
        started = time.monotonic()
        for project in ("a", "b", "c"):
            with pytest.raises(IndexUnavailable, match="no answer in time"):
                projects.page_at(url, name(project))
        assert time.monotonic() - started < 3


def test_pages_are_cached_and_offline_asks_nobody(tmp_path: Path) -> None:
    with IndexServer({"torch": [LOCAL]}) as vendor:
        with store(cache_dir=tmp_path) as projects:
            projects.page_at(vendor.simple_url, name("torch"))
        vendor.forget_requests()
        with store(cache_dir=tmp_path, offline=True) as projects:
            assert len(files(projects.page_at(vendor.simple_url, name("torch")))) == 1
            with pytest.raises(OfflineMiss):
                projects.page_at(vendor.simple_url, name("torchvision"))
        assert vendor.count() == 0


def test_no_other_index_is_asked_where_none_is_to_be_asked() -> None:
    with IndexServer({"torch": [LOCAL]}) as vendor, store(no_index=True) as projects:
        with pytest.raises(OfflineMiss, match="no index is asked"):
            projects.page_at(vendor.simple_url, name("torch"))
        assert vendor.requests == []
