"""A recording survives its file, answers like what it was taken from, and keeps no words of others."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.archives import sha256_hex
from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.recordings import Recording, RecordingProjects, ReplayProjects, parse_recording, render_recording
from tests.recordings.trimming import Cut, trimmed
from tests.server import IndexServer
from tests.server.pages import JSON_TYPE
from tests.server.replayed import recorded_catalog
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import Purity, Sdist, Wheel
from wheelcheck.ports import Projects

A = canonicalize_name("a")


def recorded() -> Recording:
    fake = FakeProjects(
        {
            "a": {
                "1.0": [wheel(requires=["b>=1", "c; extra == 'x'"], extras=["x"]), sdist(purity="native")],
                "2.0": [wheel(yanked="their own words", upload_time="2026-12-01T00:00:00Z")],
            },
            "b": {f"{n}": [wheel()] for n in range(20)},
        }
    )
    recorder = RecordingProjects(fake)
    for file in recorder.page(A).distributions[Version("1.0")]:
        if isinstance(file, Wheel):
            recorder.metadata(file)
        else:
            recorder.source(file)
    recorder.prefetch_pages([canonicalize_name("b"), canonicalize_name("nobody")])
    return recorder.taken({"inputs": ["a"]})


def test_a_recording_survives_its_file() -> None:
    recording = recorded()
    content = render_recording(recording)
    again = parse_recording(content)
    assert again == recording
    assert render_recording(again) == content


def test_no_words_and_hosts_of_others_are_kept() -> None:
    page = recorded().pages[A]
    (newest,) = page.distributions[Version("2.0")]
    assert newest.at.yanked == ""
    assert all(file.at.url.startswith("https://index.example/files/") for file in recorded().iter_files())


def test_the_replay_answers_and_refuses_what_was_never_asked() -> None:
    replay = ReplayProjects(recorded())
    projects: Projects = replay
    first, second = projects.page(A).distributions[Version("1.0")]
    assert isinstance(first, Wheel)
    assert isinstance(second, Sdist)
    assert projects.metadata(first).requires == ("b>=1", "c; extra == 'x'")
    assert projects.source(second).purity is Purity.NATIVE
    assert projects.page(canonicalize_name("nobody")).state == "absent"
    with pytest.raises(IndexUnavailable, match="not recorded"):
        projects.page(canonicalize_name("c"))
    assert replay.calls["page", "a"] == 1


def test_the_cut_keeps_what_can_matter() -> None:
    cut = trimmed(recorded(), Cut(before="2026-11-01", newest=2, matching=1), asked=["b<10"])
    assert list(cut.pages[A].distributions) == [Version("1.0")]
    assert sorted(cut.pages[canonicalize_name("b")].distributions) == [Version("9"), Version("18"), Version("19")]


def test_a_recording_is_served_over_http() -> None:
    with IndexServer(recorded_catalog(recorded())) as server:
        connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=10)
        connection.request("GET", "/simple/a/", headers={"Accept": JSON_TYPE})
        files = {file["filename"]: file for file in json.loads(connection.getresponse().read())["files"]}
        connection.request("GET", urlsplit(files["a-1.0-py3-none-any.whl"]["url"]).path + ".metadata")
        assert b"Requires-Dist: c; extra == 'x'" in connection.getresponse().read()
        source = files["a-1.0.tar.gz"]
        connection.request("GET", urlsplit(source["url"]).path)
        assert sha256_hex(connection.getresponse().read()) == source["hashes"]["sha256"]
        connection.close()
