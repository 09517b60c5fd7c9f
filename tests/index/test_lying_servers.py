"""Servers and proxies that lie, never a wrong body, never a hang, never another's password."""

from __future__ import annotations

import gzip
import zlib

import pytest

from tests.fakes.archives import make_wheel
from tests.index.scripted_server import scripted_server, tunnel_proxy
from tests.index.test_http_client import send
from tests.server import IndexServer
from tests.server.certificates import CA_FILE, server_context
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.http_client import RequestFailed

CATALOG = {"a": [make_wheel("a", "1.0")]}
BODY = b"<!DOCTYPE html>" + b"x" * 5000


def said(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", "Content-Type: text/html", *headers, "", "")).encode() + body


FAULTS = {
    "less than announced": said(BODY, f"Content-Length: {len(BODY) + 10}"),
    "chunks that break off": said(b"10\r\n" + b"x" * 16 + b"\r\n", "Transfer-Encoding: chunked"),
    "a chunk that is none": said(b"zz\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "gzip that is none": said(BODY, "Content-Encoding: gzip", f"Content-Length: {len(BODY)}"),
    "a header without end": said(BODY, "X-Large: " + "y" * 400_000),
    "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n" + b"x" * 200,
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "a length that is none": said(BODY, "Content-Length: many"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_broken_may_be_asked_for_again(fault: str) -> None:
    with scripted_server({"/a/": FAULTS[fault]}) as url, pytest.raises(RequestFailed) as caught:
        send(f"{url}/a/")
    assert caught.value.may_pass
    assert caught.value.cause
    assert not caught.value.hint


def test_gzip_that_breaks_off_is_no_page() -> None:
    packed = gzip.compress(BODY)[:-20]
    answer = said(packed, "Content-Encoding: gzip", f"Content-Length: {len(packed) + 20}")
    with scripted_server({"/a/": answer}) as url, pytest.raises(RequestFailed) as caught:
        send(f"{url}/a/")
    assert caught.value.may_pass


def test_more_than_announced_is_not_part_of_the_answer() -> None:
    with scripted_server({"/a/": said(BODY + b"HTTP/1.1 200 OK\r\n\r\n", f"Content-Length: {len(BODY)}")}) as url:
        assert send(f"{url}/a/")[1] == BODY


def test_an_answer_that_comes_after_hints_and_without_a_length_is_whole() -> None:
    with scripted_server({"/a/": said(b"", "Link: </x>", status="103 Early Hints") + said(BODY)}) as url:
        response, body = send(f"{url}/a/")
    assert (response.status, body) == (200, BODY)
    assert "link" not in response.headers


@pytest.mark.parametrize(
    ("word", "packed"), [("gzip", gzip.compress(BODY)), ("deflate", zlib.compress(BODY))], ids=["gzip", "deflate"]
)
def test_a_body_that_grows_beyond_the_limit_is_cut(word: str, packed: bytes) -> None:
    answer = said(packed, f"Content-Encoding: {word}", f"Content-Length: {len(packed)}")
    with scripted_server({"/a/": answer}) as url:
        assert send(f"{url}/a/")[1] == BODY
        response, _ = send(f"{url}/a/", limit=1000)
    assert response.is_cut


def test_a_redirect_to_a_file_of_this_machine_is_refused() -> None:
    with scripted_server({"/a/": said(b"", "Location: file:///etc/hostname", status="302 Found")}) as url:
        with pytest.raises(RequestFailed) as caught:
            send(f"{url}/a/")
        assert not caught.value.may_pass


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_kind_of_redirect_is_followed_and_a_relative_one_keeps_the_credentials(status: int) -> None:
    answers = {
        "/a/": said(b"away", "Location: ../b/?x=1", "Content-Length: 4", "Connection: close", status=f"{status} Away"),
        "/b/?x=1": said(BODY),
    }
    with scripted_server(answers) as url:
        response, body = send(f"{url}/a/", headers={"Authorization": "Basic bWU6aQ=="})
    assert (response.url, body) == (f"{url}/b/?x=1", BODY)


def test_an_index_on_ipv6_is_reached() -> None:
    try:
        with scripted_server({"/a/": said(BODY)}, host="::1") as url:
            assert send(f"{url}/a/")[1] == BODY
    except OSError:
        pytest.skip("this machine has no IPv6")


def test_a_tunnel_shows_the_proxy_no_credentials_of_the_index() -> None:
    with tunnel_proxy() as (proxy, heads), IndexServer(CATALOG, host="localhost", tls=server_context()) as server:
        config = IndexConfig(ca_bundle=CA_FILE, proxy=proxy.replace("//", "//me:secret@"), timeout=10)
        response, _ = send(f"{server.simple_url}a/", config=config, headers={"Authorization": "Basic bWU6aQ=="})
        assert response.status == 200
        assert server.authorizations == ["Basic bWU6aQ=="]
    assert heads[0].startswith(b"CONNECT localhost:")
    assert b"proxy-authorization: basic bwu6c2vjcmv0" in heads[0].lower()
    assert b"bWU6aQ==" not in heads[0]


def test_a_proxy_that_wants_a_password_is_told_of_without_showing_one() -> None:
    refusal = said(b"", "Content-Length: 0", "Proxy-Authenticate: Basic", status="407 Who are you")
    with tunnel_proxy(refusal) as (proxy, _), pytest.raises(RequestFailed) as caught:
        send("https://index.example/a/", config=IndexConfig(proxy=proxy.replace("//", "//me:secret@"), timeout=10))
    assert "secret" not in str(caught.value)
    assert "407" in str(caught.value)
    assert not caught.value.may_pass
    assert "user" in caught.value.hint


def test_a_header_that_is_not_ascii_is_left_out_and_the_rest_is_read() -> None:
    answer = said(BODY, "X-Odd: caf\u00e9", "X-A: one", "X-A: two", f"Content-Length: {len(BODY)}")
    with scripted_server({"/a/": answer}) as url:
        response, body = send(f"{url}/a/")
    assert (response.headers.get("x-odd"), response.headers["x-a"], body) == (None, "one, two", BODY)


def test_gzip_in_two_members_and_a_bare_deflate_stream_are_read_whole() -> None:
    bare = zlib.compressobj(wbits=-15)
    answers = {
        "/gzip/": said(gzip.compress(BODY) + gzip.compress(b"more"), "Content-Encoding: gzip"),
        "/deflate/": said(bare.compress(BODY) + bare.flush(), "Content-Encoding: deflate"),
    }
    with scripted_server(answers) as url:
        assert send(f"{url}/gzip/")[1] == BODY + b"more"
        assert send(f"{url}/deflate/")[1] == BODY


def test_a_packing_that_was_not_asked_for_is_refused() -> None:
    answer = said(BODY, "Content-Encoding: br", f"Content-Length: {len(BODY)}")
    with scripted_server({"/a/": answer}) as url, pytest.raises(RequestFailed, match="br") as caught:
        send(f"{url}/a/")
    assert not caught.value.may_pass


def test_what_is_asked_for_as_it_is_comes_as_it_is() -> None:
    packed = gzip.compress(BODY)
    answer = said(packed, "Content-Encoding: gzip", f"Content-Length: {len(packed)}")
    with scripted_server({"/a/": answer}) as url:
        assert send(f"{url}/a/", headers={"Accept-Encoding": "identity"})[1] == packed
