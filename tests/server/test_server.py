"""The test index does what its modes say; asked with the standard library, so that no client of ours hides a fault."""

from __future__ import annotations

import gzip
import http.client
import json
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from pypi_simple import ProjectPage

from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.server import MIRROR, PLAIN_HTML, Flaky, IndexFile, IndexServer, Lie, Mode, index_file, index_project
from tests.server.catalog import Made
from tests.server.certificates import CA_FILE, server_context
from tests.server.pages import JSON_TYPE

WHEEL = make_wheel("a", "1.0+local", requires=["b>=1"], requires_python=">=3.9")
SDIST = make_sdist("a", "1.0")
OTHER = make_wheel("b", "2")
CATALOG: dict[str, list[Made | IndexFile]] = {
    "A": [WHEEL, index_file(SDIST, yanked="broken <badly>")],
    "b": [OTHER],
}


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def get(url: str, method: str = "GET", **headers: str) -> Got:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request(method, parts.path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        return Got(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def test_a_json_page_announces_hashes_sizes_times_and_sidecars() -> None:
    with IndexServer(CATALOG) as server:
        got = get(server.simple_url + "a/", Accept=JSON_TYPE)
        first, second = json.loads(got.body)["files"]
        assert got.headers["content-type"] == JSON_TYPE
        assert first["hashes"] == {"sha256": sha256_hex(WHEEL[1])}
        assert (first["size"], first["requires-python"]) == (len(WHEEL[1]), ">=3.9")
        assert second["yanked"] == "broken <badly>"
        assert get(first["url"]).body == WHEEL[1]
        assert "%2B" in first["url"]
        sidecar = get(first["url"] + ".metadata").body
        assert first["core-metadata"] == {"sha256": sha256_hex(sidecar)}
        assert b"Requires-Dist: b>=1" in sidecar
        assert server.count_pages("a") == server.count_sidecars() == 1


@pytest.mark.parametrize("mode", [Mode(), Mode(pages="html"), Mode(links="relative"), PLAIN_HTML, MIRROR])
def test_pages_are_readable_by_the_reference_client(mode: Mode) -> None:
    with IndexServer(CATALOG, mode=mode) as server:
        got = get(server.simple_url + "a/", Accept=JSON_TYPE)
        text = got.body.decode()
        url = server.simple_url + "a/"
        if got.headers["content-type"] == JSON_TYPE:
            page = ProjectPage.from_json_data(json.loads(text), base_url=url)
        else:
            page = ProjectPage.from_html("a", text, base_url=url)
        first, second = page.packages
        assert get(first.url).body == WHEEL[1]
        assert (first.is_yanked, second.is_yanked, second.yanked_reason) == (False, True, "broken <badly>")
        assert (first.has_metadata is True) == (mode.sidecars == "announced")
        # The reference reads upload times from JSON only.
        assert (first.upload_time is not None) == (mode.pages == "json")


def test_html_upload_times_appear_only_when_json_is_asked_for() -> None:
    with IndexServer(CATALOG, mode=MIRROR) as server:
        assert b"data-upload-time" not in get(server.simple_url + "a/", Accept="text/html").body
        assert b"data-upload-time" in get(server.simple_url + "a/", Accept=JSON_TYPE).body


def test_an_etag_that_still_holds_gets_304() -> None:
    with IndexServer(CATALOG) as server:
        first = get(server.simple_url + "a/")
        again = get(server.simple_url + "a/", If_None_Match=first.headers["etag"])
        assert (again.status, again.body) == (304, b"")
        assert first.headers["cache-control"] == "max-age=600, public"


def test_ranges_are_answered_or_refused_as_the_mode_says() -> None:
    with IndexServer(CATALOG) as server:
        url, body = server.url_of("b-2-py3-none-any.whl"), OTHER[1]
        tail = get(url, Range="bytes=-10")
        assert (tail.status, tail.body) == (206, body[-10:])
        assert tail.headers["content-range"] == f"bytes {len(body) - 10}-{len(body) - 1}/{len(body)}"
        assert get(url, Range="bytes=2-5").body == body[2:6]
        assert get(url, Range="bytes=999999-").status == 416
        server.mode = Mode(ranges="suffix-416")
        assert get(url, Range="bytes=-10").status == 416
        assert get(url, Range="bytes=0-3").status == 206
        server.mode = Mode(ranges="suffix-501")
        assert get(url, Range="bytes=-10").status == 501
        server.mode = Mode(ranges="ignored")
        assert get(url, Range="bytes=-10").body == body
        assert server.count_ranges() == 7


def test_credentials_are_required_and_written_down() -> None:
    with IndexServer(CATALOG, mode=Mode(credentials=("me", "secret"))) as server:
        refused = get(server.simple_url + "a/")
        assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Basic realm="index"')
        assert get(server.simple_url + "a/", Authorization="Basic bWU6c2VjcmV0").status == 200
        assert server.authorizations == ["Basic bWU6c2VjcmV0"]


@pytest.mark.parametrize("how", ["500", "503", "429"])
def test_a_flaky_path_fails_its_first_requests_and_then_heals(how: str) -> None:
    flaky = Flaky(first=2, how=how, retry_after="1")  # type: ignore[arg-type]
    with IndexServer(CATALOG, mode=Mode(flaky=flaky)) as server:
        answers = [get(server.simple_url + "a/") for _ in range(3)]
        assert [each.status for each in answers] == [int(how), int(how), 200]
        assert answers[0].headers["retry-after"] == "1"
        assert get(server.simple_url + "b/").status == int(how)


def test_connections_break_in_three_ways() -> None:
    with IndexServer(CATALOG, mode=Mode(flaky=Flaky(how="reset"))) as server:
        with pytest.raises(ConnectionResetError):
            get(server.simple_url + "a/")
        server.mode = Mode(flaky=Flaky(how="hang-up"))
        with pytest.raises(http.client.RemoteDisconnected):
            get(server.simple_url + "b/")
        server.mode = Mode(flaky=Flaky(how="truncate"))
        with pytest.raises(http.client.IncompleteRead):
            get(server.url_of("b-2-py3-none-any.whl"))
        assert get(server.url_of("b-2-py3-none-any.whl")).status == 200


def test_lies_are_told() -> None:
    every = frozenset({Lie.PAGE_HASH, Lie.PAGE_SIZE, Lie.SIDECAR_HASH, Lie.SIDECAR_OF_ANOTHER})
    with IndexServer({"b": [make_wheel("b", "2")]}, mode=Mode(lies=every)) as server:
        (file,) = json.loads(get(server.simple_url + "b/", Accept=JSON_TYPE).body)["files"]
        content = get(file["url"]).body
        assert file["hashes"]["sha256"] != sha256_hex(content)
        assert file["size"] < len(content)
        assert b"Name: impostor" in get(file["url"] + ".metadata").body
        server.mode = Mode(lies=frozenset({Lie.CONTENT_TYPE_HEAD}))
        page = server.simple_url + "b/"
        assert get(page, Accept=JSON_TYPE).headers["content-type"] == JSON_TYPE
        assert get(page, method="HEAD", Accept=JSON_TYPE).headers["content-type"] != JSON_TYPE


def test_redirects_lead_to_another_host_that_sees_what_came() -> None:
    with IndexServer(CATALOG, host="localhost") as other:
        mode = Mode(redirect_files_to=other.base_url, redirect_pages_to=other.base_url)
        with IndexServer(CATALOG, mode=mode) as server:
            got = get(server.simple_url + "a/")
            assert (got.status, got.headers["location"]) == (302, other.simple_url + "a/")
            assert get(got.headers["location"], Authorization="Basic x").status == 200
            assert get(server.url_of("b-2-py3-none-any.whl")).status == 302
            assert other.authorizations == ["Basic x"]
            assert server.authorizations == []


def test_absent_and_quarantined_projects() -> None:
    catalog = [index_project("q", status="quarantined", reason="malware")]
    with IndexServer(catalog, mode=Mode(absent_status=403)) as server:
        assert get(server.simple_url + "nobody/").status == 403
        page = json.loads(get(server.simple_url + "q/", Accept=JSON_TYPE).body)
        assert page["files"] == []
        assert page["project-status"] == {"status": "quarantined", "reason": "malware"}
        assert b'content="quarantined"' in get(server.simple_url + "q/").body


def test_unnormalised_names_are_sent_on() -> None:
    with IndexServer(CATALOG) as server:
        assert get(server.simple_url + "A").headers["location"] == "/simple/a/"


def test_sidecars_may_be_there_without_being_announced() -> None:
    with IndexServer(CATALOG, mode=Mode(sidecars="unannounced")) as server:
        (file, _) = json.loads(get(server.simple_url + "a/", Accept=JSON_TYPE).body)["files"]
        assert "core-metadata" not in file
        assert get(file["url"] + ".metadata").status == 200
        server.mode = Mode(sidecars="absent")
        assert get(file["url"] + ".metadata").status == 404


def test_an_endless_stream_is_cut_by_its_reader() -> None:
    mode = Mode(endless=frozenset({"page"}))
    with IndexServer(CATALOG, mode=mode) as server:
        parts = urlsplit(server.simple_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        connection.request("GET", "/simple/a/")
        response = connection.getresponse()
        assert len(response.read(1 << 20)) == 1 << 20
        response.close()
        connection.close()


def test_pages_are_compressed_for_who_takes_it() -> None:
    with IndexServer(CATALOG, mode=Mode(encoding="gzip")) as server:
        got = get(server.simple_url + "a/", Accept_Encoding="gzip")
        assert b"a-1.0" in gzip.decompress(got.body)
        assert b"a-1.0" in get(server.simple_url + "a/").body


def test_latency_and_bandwidth_slow_an_answer_and_requests_overlap() -> None:
    with IndexServer(CATALOG, mode=Mode(latency=0.2)) as server:
        server.add_path("/big", bytes(40_000))
        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(get, [server.simple_url + "a/"] * 8))
        assert 0.2 <= time.monotonic() - started < 1.2
        server.mode = Mode(bandwidth=100_000)
        started = time.monotonic()
        assert len(get(server.base_url + "/big").body) == 40_000
        assert time.monotonic() - started >= 0.35


def test_leaving_does_not_wait_for_idle_or_slow_connections() -> None:
    with IndexServer(CATALOG) as server:
        parts = urlsplit(server.simple_url)
        idle = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        idle.request("GET", "/simple/a/")
        idle.getresponse().read()
        server.mode = Mode(latency=60)
        waiting = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        waiting.request("GET", "/simple/a/")
        while server.count() < 2:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    idle.close()
    waiting.close()


def test_other_paths_are_served_and_counted() -> None:
    with IndexServer() as server:
        url = server.add_path("/req.txt", b"a>=1\n")
        links = server.add_find_links("/wheels/", "a-1-py3-none-any.whl")
        assert get(url).body == b"a>=1\n"
        assert b'href="a-1-py3-none-any.whl"' in get(links).body
        assert [(r.method, r.path) for r in server.requests] == [("GET", "/req.txt"), ("GET", "/wheels/")]
        server.forget_requests()
        assert server.count() == 0


def test_https_is_trusted_by_who_knows_the_certificate_only() -> None:
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as server:
        port = urlsplit(server.base_url).port
        strange = http.client.HTTPSConnection("localhost", port, timeout=10, context=ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            strange.request("GET", "/simple/a/")
        strange.close()
        trusting = ssl.create_default_context(cafile=str(CA_FILE))
        connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=trusting)
        connection.request("GET", "/simple/a/")
        assert connection.getresponse().read()
        connection.close()


def test_it_answers_as_a_proxy_for_any_host() -> None:
    with IndexServer(CATALOG) as server:
        connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=10)
        connection.request("GET", "http://index.example/simple/b/")
        assert b"b-2-py3-none-any.whl" in connection.getresponse().read()
        connection.close()
        assert server.requests[0].path == "http://index.example/simple/b/"
