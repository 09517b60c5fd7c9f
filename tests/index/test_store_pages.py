"""Pages as a real index serves them, in every dress."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.index.stores import files, first_wheel, name, store
from tests.server import MIRROR, PLAIN_HTML, Flaky, IndexFile, IndexServer, Lie, Mode, index_file, index_project
from tests.server.catalog import Made
from tests.server.certificates import CA_FILE, server_context
from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.exchange import RequestKind
from wheelcheck.index.file_entries import FileEntry, PackedPage, PackedVersion, encode_files
from wheelcheck.index.page_versions import layer_of, project_page
from wheelcheck.model.distribution import LinkSkip, NamesTags, ProjectPage, Wheel
from wheelcheck.model.resolution import Policy
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.project_view import Admission, ProjectView
from wheelcheck.targets.targets import parse_target

WHEEL = make_wheel("a", "1.0+local", requires=["b>=1"], requires_python=">=3.9")
SDIST = make_sdist("a", "1.0")
CATALOG: dict[str, list[Made | IndexFile]] = {
    "a": [WHEEL, index_file(SDIST, yanked="broken <badly>")],
    "b": [make_wheel("b", "2")],
    "many": [make_wheel("many", f"1.{number}") for number in range(5)],
}
GOOD = Mode()


@pytest.mark.parametrize(
    "mode",
    [
        GOOD,
        Mode(pages="html"),
        Mode(links="relative"),
        Mode(pages="html", links="relative", sidecar_key="dist-info-metadata"),
        Mode(encoding="gzip"),
        Mode(lies=frozenset({Lie.CONTENT_TYPE_GET})),
        Mode(pages="html", lies=frozenset({Lie.CONTENT_TYPE_GET})),
        Mode(sidecar_word="true"),
    ],
)
def test_a_page_says_the_same_in_every_format(mode: Mode) -> None:
    with IndexServer(CATALOG, mode=mode) as server, store(server.simple_url) as projects:
        page = projects.page(name("a"))
        wheel, sdist = files(page)
    assert isinstance(wheel, Wheel)
    assert wheel.version == Version("1.0+local")
    assert wheel.at.url.endswith("/a-1.0%2Blocal-py3-none-any.whl")
    assert wheel.at.sha256 == sha256_hex(WHEEL[1])
    assert (wheel.at.requires_python, wheel.at.yanked) == (">=3.9", None)
    assert wheel.at.core_metadata is True
    assert wheel.at.upload_time == "2026-01-01T00:00:00.000000Z"
    assert wheel.at.index == server.simple_url
    assert sdist.at.yanked == "broken <badly>"
    assert page.state == "active"


def test_a_mirror_that_says_less_is_understood() -> None:
    with IndexServer(CATALOG, mode=PLAIN_HTML) as server, store(server.simple_url) as projects:
        wheel = first_wheel(projects.page(name("a")))
    assert (wheel.at.upload_time, wheel.at.size, wheel.at.core_metadata) == (None, None, None)


def test_upload_times_are_had_from_mirrors_that_show_them_to_who_asks_for_json() -> None:
    with IndexServer(CATALOG, mode=MIRROR) as server, store(server.simple_url) as projects:
        assert first_wheel(projects.page(name("a"))).at.upload_time is not None


def test_a_page_is_fetched_once_whoever_asks() -> None:
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        projects.prefetch_pages([name("a"), name("a")])
        assert projects.page(name("a")) is projects.page(name("a"))
        projects.prefetch_pages([name("a")])
        assert server.count_pages("a") == server.count() == 1
        assert projects.statistics.requests == {RequestKind.PAGE: 1}


@pytest.mark.parametrize("status", [403, 404, 410])
def test_403_means_absent_on_some_indexes_as_404_does(status: int) -> None:
    with IndexServer(CATALOG, mode=Mode(absent_status=status)) as server, store(server.simple_url) as projects:
        page = projects.page(name("nobody"))
    assert (page.state, len(page.distributions)) == ("absent", 0)


def test_quarantined_projects_have_a_page_with_no_files() -> None:
    catalog = [
        index_project("q", status="quarantined", reason="malware"),
        index_project("empty"),
        index_project("old", status="archived"),
    ]
    for mode in (GOOD, Mode(pages="html")):
        with IndexServer(catalog, mode=mode) as server, store(server.simple_url) as projects:
            page = projects.page(name("q"))
            assert (page.state, page.state_reason) == ("quarantined", "malware")
            assert projects.page(name("empty")).state == "quarantined"
            assert projects.page(name("old")).state == "archived"


def test_the_first_index_that_knows_a_project_is_the_only_one_asked() -> None:
    mine = make_wheel("b", "0.1")
    with (
        IndexServer({"b": [mine]}) as first,
        IndexServer(CATALOG) as second,
        store(first.simple_url, second.simple_url) as projects,
    ):
        assert list(projects.page(name("b")).distributions) == [Version("0.1")]
        assert second.count() == 0
        assert projects.page(name("a")).index == second.simple_url
        assert projects.page(name("nobody")).state == "absent"


def test_a_project_pinned_to_an_index_is_asked_nowhere_else() -> None:
    with (
        IndexServer(CATALOG) as first,
        IndexServer({"b": [make_wheel("b", "0.1")]}) as second,
        store(first.simple_url, project_indexes={name("b"): second.simple_url}) as projects,
    ):
        assert list(projects.page(name("b")).distributions) == [Version("0.1")]
        assert first.count() == 0


@pytest.mark.parametrize("how", ["500", "502", "503", "429", "reset", "hang-up", "truncate"])
def test_a_request_that_fails_is_tried_again(how: str) -> None:
    flaky = Flaky(first=2, how=how)  # type: ignore[arg-type]
    with IndexServer(CATALOG, mode=Mode(flaky=flaky)) as server, store(server.simple_url) as projects:
        assert len(projects.page(name("a")).distributions) == 2
        assert server.count_pages("a") == 3
        assert projects.statistics.retries == 2


@pytest.mark.parametrize("how", ["503", "reset", "truncate"])
def test_an_index_that_keeps_failing_is_named_with_a_hint(how: str) -> None:
    flaky = Flaky(first=9, how=how)  # type: ignore[arg-type]
    with (
        IndexServer(CATALOG, mode=Mode(flaky=flaky)) as server,
        store(server.simple_url) as projects,
        pytest.raises(IndexUnavailable, match="3 attempts") as caught,
    ):
        projects.page(name("a"))
    assert caught.value.address == f"{server.simple_url}a/"
    assert caught.value.hint


def test_retry_after_is_honoured() -> None:
    flaky = Flaky(how="429", retry_after="0")
    with (
        IndexServer(CATALOG, mode=Mode(flaky=flaky)) as server,
        store(server.simple_url, backoff=60) as projects,
    ):
        assert projects.page(name("a")).state == "active"


def test_an_index_that_is_down_is_an_error_not_an_absence() -> None:
    with IndexServer(CATALOG) as server:
        url = server.simple_url
    with store(url, retries=0) as projects, pytest.raises(IndexUnavailable):
        projects.page(name("a"))


def test_a_silent_index_is_given_up_in_time() -> None:
    with (
        IndexServer(CATALOG, mode=Mode(latency=30)) as server,
        store(server.simple_url, retries=0, timeout=0.2) as projects,
        pytest.raises(IndexUnavailable, match="in time"),
    ):
        projects.page(name("a"))


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_endless_page_is_cut_and_refused(encoding: str) -> None:
    mode = Mode(endless=frozenset({"page"}), encoding=encoding)  # type: ignore[arg-type]
    with (
        IndexServer(CATALOG, mode=mode) as server,
        store(server.simple_url) as projects,
        pytest.raises(IndexUnavailable, match="larger than"),
    ):
        projects.page(name("a"))


def test_what_is_no_page_is_said_to_be_none() -> None:
    with IndexServer() as server, store(server.base_url + "/x/") as projects:
        server.add_path("/x/a/", b"{not json", content_type="application/json")
        server.add_path("/x/b/", b'<meta name="pypi:repository-version" content="2.0"><a href="b-1.zip">b</a>')
        with pytest.raises(IndexUnavailable, match="no project page"):
            projects.page(name("a"))
        with pytest.raises(IndexUnavailable, match=r"repository version 2\.0"):
            projects.page(name("b"))


def test_skipped_links_are_counted_by_reason() -> None:
    odd = [
        index_file((filename, b"x"))
        for filename in (
            "a-1.0.exe",
            "a-x-y.whl",
            "a-1.0-cp311-cp311-linux_x86_64-x86_64_v3.whl",
            "other-1.0.tar.gz",
            "a-1.0-snapshot-of-today.zip",
            "a-0.0.5-alpha.zip",
        )
    ]
    with IndexServer({"a": odd}) as server, store(server.simple_url) as projects:
        page = projects.page(name("a"))
    assert dict(page.skipped) == dict.fromkeys(set(LinkSkip) - {LinkSkip.UNUSABLE_ADDRESS}, 1)
    assert [str(version) for version in page.distributions] == ["0.0.5a0"]


def test_prefetched_failures_are_kept_for_the_call_and_arrivals_are_told() -> None:
    told: list[str] = []
    with IndexServer(CATALOG) as server, store(server.simple_url, server.base_url + "/nowhere:") as projects:

        def listener(page: ProjectPage) -> None:
            told.append(page.name)
            if page.name == "a":
                projects.prefetch_pages([name("b")])

        projects.on_page(listener)
        projects.prefetch_pages([name("a")])
        projects.page(name("a"))
        projects.page(name("b"))
    assert told[:2] == ["a", "b"]


def test_a_new_listener_is_told_of_pages_that_are_there_already() -> None:
    told: list[str] = []
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        projects.page(name("a"))
        projects.page(name("b"))
        requests = server.count()
        projects.on_page(lambda page: told.append(page.name))
        projects.prefetch_pages([name("a")])
        projects.page(name("b"))
        projects.page(name("a"))
        assert told == ["a", "b"]
        assert server.count() == requests


def test_who_waits_is_told_once_and_nobody_of_what_is_at_hand() -> None:
    told: list[str] = []
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        projects.page(name("a"))
        projects.on_wait(lambda: told.append("waits"))
        projects.page(name("a"))
        projects.prefetch_pages([name("many")])
        assert told == []
        projects.page(name("b"))
        projects.page(name("absent"))
        assert told == ["waits"]


def test_spare_work_is_done_once_and_only_while_an_answer_is_on_its_way() -> None:
    done: list[str] = []
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        projects.page(name("a"))
        projects.do_while_idle(lambda: done.append("work"))
        projects.page(name("a"))
        assert done == []
        projects.page(name("b"))
        projects.page(name("many"))
        assert done == ["work"]


def test_first_pages_are_asked_for_before_the_caller_goes_on_and_none_where_something_is_cached(tmp_path: Path) -> None:
    named: list[str] = []

    def first() -> list[NormalizedName]:
        named.append("named")
        return [name("a"), name("b")]

    with IndexServer(CATALOG, mode=Mode(latency=0.1)) as server:
        with store(server.simple_url, cache_dir=tmp_path) as projects:
            projects.ask_first(first)
            assert projects.statistics.requests == {RequestKind.PAGE: 2}
            projects.page(name("b"))
            projects.page(name("a"))
            assert projects.statistics.requests == {RequestKind.PAGE: 2}
        with store(server.simple_url, cache_dir=tmp_path) as projects:
            projects.ask_first(first)
            assert projects.statistics.requests == {}
    assert named == ["named"]


def test_what_a_listener_raises_reaches_the_next_question() -> None:
    def listener(page: ProjectPage) -> None:
        raise LookupError(page.name)

    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        projects.on_page(listener)
        with pytest.raises(LookupError):
            while True:
                projects.page(name("a"))


def test_no_more_requests_at_once_than_allowed() -> None:
    names = [f"p{number}" for number in range(12)]
    catalog = {each: [make_wheel(each, "1")] for each in names}
    with (
        IndexServer(catalog, mode=Mode(latency=0.05)) as server,
        store(server.simple_url, requests_per_host=2) as projects,
    ):
        projects.prefetch_pages([name(each) for each in names])
        projects.page(name("p0"))
        assert server.count() <= 6


def test_closing_does_not_wait_for_downloads_that_nobody_wants() -> None:
    with IndexServer(CATALOG, mode=Mode(latency=20)) as server, store(server.simple_url) as projects:
        projects.prefetch_pages([name("a"), name("b")])
        while server.count() < 2:
            pass
    with pytest.raises(IndexUnavailable, match="ended"):
        projects.page(name("a"))


def test_a_certificate_is_trusted_by_bundle_or_by_host(tmp_path: Path) -> None:
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as server:
        with store(server.simple_url) as projects, pytest.raises(IndexUnavailable) as caught:
            projects.page(name("a"))
        assert "SSL_CERT_FILE" in caught.value.hint
        assert "attempts" not in caught.value.message
        with store(server.simple_url, ca_bundle=CA_FILE) as projects:
            assert projects.page(name("a")).state == "active"
        with store(server.simple_url, trusted_hosts=("localhost",)) as projects:
            assert projects.page(name("a")).state == "active"


def test_an_explicit_proxy_is_used() -> None:
    with (
        IndexServer(CATALOG) as proxy,
        store("http://index.example/simple", proxy=proxy.base_url) as projects,
    ):
        assert projects.page(name("a")).state == "active"
        assert proxy.requests[0].path == "http://index.example/simple/a/"


def test_a_proxy_in_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with IndexServer(CATALOG) as proxy:
        monkeypatch.setenv("http_proxy", proxy.base_url)
        with store("http://index.example/simple") as projects:
            assert projects.page(name("a")).state == "active"


def test_pages_may_be_redirected_to_another_host() -> None:
    with IndexServer(CATALOG, host="localhost") as other:
        mode = replace(GOOD, redirect_pages_to=other.base_url, links="relative")
        with IndexServer(CATALOG, mode=mode) as server, store(server.simple_url) as projects:
            assert first_wheel(projects.page(name("b"))).at.url.startswith(other.base_url)


@pytest.mark.parametrize("mode", [GOOD, PLAIN_HTML, Mode(pages="html", encoding="gzip")])
def test_tags_read_off_the_names_are_those_of_the_files(mode: Mode) -> None:
    catalog = {
        "a": [
            make_wheel("a", "1.0", tags="cp310-abi3-win_amd64.manylinux_2_17_x86_64"),
            make_wheel("a", "1.0", tags="py2.py3-none-any"),
            make_sdist("a", "1.0"),
            make_wheel("a", "2.0+local", tags="cp312-cp312-macosx_11_0_arm64", build="2x"),
            make_sdist("a", "3.0"),
        ]
    }
    with IndexServer(catalog, mode=mode) as server, store(server.simple_url) as projects:
        distributions = projects.page(name("a")).distributions
        assert isinstance(distributions, NamesTags)
        told = {version: distributions.tags_of_wheels(version) for version in distributions}
        assert told == {
            version: frozenset(file.tags for file in files if isinstance(file, Wheel))
            for version, files in distributions.items()
        }
        assert [len(tags) for tags in told.values()] == [2, 1, 0]
        assert [distributions.mentions(version, "macosx") for version in distributions] == [False, True, False]


@pytest.mark.parametrize(
    ("packed", "is_bounded"),
    [
        (rb'[{"filename":"a-1.0.tar.gz","url":"a-1.0.tar.gz","requires-python":">=3.6,<3.8"}]', True),
        (rb'[{"filename":"a-1.0.tar.gz","url":"a-1.0.tar.gz","requires-python":">=3.6, < 3.8"}]', True),
        (rb'[{"filename":"a-1.0.tar.gz","url":"a-1.0.tar.gz","requires-python":"\u003e=3.6,\u003c3.8"}]', True),
        (rb'[{"filename":"a-1.0.tar.gz","url":"a-1.0.tar.gz","requires-python":"<=3.8"}]', False),
        (b'<a href="a-1.0.tar.gz" data-requires-python="&gt;=3.6,&lt;3.8">a-1.0.tar.gz</a>', True),
        (b'<a href="a-1.0.tar.gz" data-requires-python="&lt; 3.8">a-1.0.tar.gz</a>', True),
        (b'<a href="a-1.0.tar.gz" data-requires-python="&#60;3.8">a-1.0.tar.gz</a>', True),
        (b'<a href="a-1.0.tar.gz" data-requires-python="&#x3C;3.8">a-1.0.tar.gz</a>', True),
        (b'<a href="a-1.0.tar.gz" data-requires-python="&gt;3.8">a-1.0.tar.gz</a>', False),
    ],
)
def test_a_bound_is_mentioned_however_the_page_writes_it(packed: bytes, is_bounded: bool) -> None:
    page = PackedPage([PackedVersion("1.0", memoryview(packed))], base="https://index.example/a/")
    distributions = project_page(name("a"), [layer_of(page, "https://index.example/")]).distributions
    assert isinstance(distributions, NamesTags)
    assert distributions.mentions(Version("1.0"), "<3.") is is_bounded


@pytest.mark.parametrize("mode", [GOOD, Mode(pages="html")])
@pytest.mark.parametrize("bound", [">=3.6,<3.8", ">=3.6, < 3.8", "<=3.7"])
def test_the_newest_version_that_ended_is_the_same_whatever_the_page_is_written_in(mode: Mode, bound: str) -> None:
    catalog: dict[str, list[Made | IndexFile]] = {
        "a": [make_wheel("a", "1.0"), make_wheel("a", "2.0", requires_python=bound)]
    }
    admission = Admission(Compatibility(parse_target("win_amd64", "3.11")), Policy(allowed=frozenset()))
    with IndexServer(catalog, mode=mode) as server, store(server.simple_url) as projects:
        assert ProjectView(projects.page(name("a")), admission).newest_capped == Version("2.0")


def test_names_that_an_address_disguises_are_read_as_files() -> None:
    row = FileEntry("a-1.0-py3-none-any.whl", "https://index.example/a%2D1.0%2Dpy3%2Dnone%2Dany.whl")
    anchors = b'<a href="a%2D1.0%2Dpy3%2Dnone%2Dany.whl">a</a>'
    for packed in (encode_files([row]), anchors):
        page = PackedPage([PackedVersion("1.0", memoryview(packed))], base="https://index.example/a/")
        distributions = project_page(name("a"), [layer_of(page, "https://index.example/")]).distributions
        assert isinstance(distributions, NamesTags)
        assert distributions.tags_of_wheels(Version("1.0")) == {(("py3", "none", "any"),)}
