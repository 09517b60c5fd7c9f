"""Servers and proxies that lie, whichever carrier meets them: never a wrong body, never a hang, never another's password."""

from __future__ import annotations

import gzip
import zlib

import pytest

from tests.fakes.archives import make_wheel
from tests.index.scripted_server import scripted_server, tunnel_proxy
from tests.index.test_carriers import Make, both, carry
from tests.server import IndexServer
from tests.server.certificates import CA_FILE, server_context
from wheelcheck.index.carriage import CarriageFailed
from wheelcheck.index.config import IndexConfig

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


@both
@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_broken_may_be_asked_for_again(make: Make, fault: str) -> None:
    with scripted_server({"/a/": FAULTS[fault]}) as url, pytest.raises(CarriageFailed) as caught:
        carry(make, f"{url}/a/")
    assert caught.value.may_pass
    assert caught.value.cause
    assert not caught.value.hint


@both
def test_gzip_that_breaks_off_is_no_page(make: Make) -> None:
    packed = gzip.compress(BODY)[:-20]
    answer = said(packed, "Content-Encoding: gzip", f"Content-Length: {len(packed) + 20}")
    with scripted_server({"/a/": answer}) as url, pytest.raises(CarriageFailed) as caught:
        carry(make, f"{url}/a/")
    assert caught.value.may_pass


@both
def test_more_than_announced_is_not_part_of_the_answer(make: Make) -> None:
    with scripted_server({"/a/": said(BODY + b"HTTP/1.1 200 OK\r\n\r\n", f"Content-Length: {len(BODY)}")}) as url:
        assert carry(make, f"{url}/a/")[1] == BODY


@both
def test_an_answer_that_comes_after_hints_and_without_a_length_is_whole(make: Make) -> None:
    with scripted_server({"/a/": said(b"", "Link: </x>", status="103 Early Hints") + said(BODY)}) as url:
        carried, body = carry(make, f"{url}/a/")
    assert (carried.status, body) == (200, BODY)
    assert "link" not in carried.headers


@both
@pytest.mark.parametrize(
    ("word", "packed"), [("gzip", gzip.compress(BODY)), ("deflate", zlib.compress(BODY))], ids=["gzip", "deflate"]
)
def test_a_body_that_grows_beyond_the_limit_is_cut(make: Make, word: str, packed: bytes) -> None:
    answer = said(packed, f"Content-Encoding: {word}", f"Content-Length: {len(packed)}")
    with scripted_server({"/a/": answer}) as url:
        assert carry(make, f"{url}/a/")[1] == BODY
        carried, _ = carry(make, f"{url}/a/", limit=1000)
    assert carried.is_cut


@both
def test_a_redirect_to_a_file_of_this_machine_is_refused(make: Make) -> None:
    with scripted_server({"/a/": said(b"", "Location: file:///etc/hostname", status="302 Found")}) as url:
        with pytest.raises(CarriageFailed) as caught:
            carry(make, f"{url}/a/")
        assert not caught.value.may_pass


@both
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_kind_of_redirect_is_followed_and_a_relative_one_keeps_the_credentials(make: Make, status: int) -> None:
    answers = {
        "/a/": said(b"away", "Location: ../b/?x=1", "Content-Length: 4", "Connection: close", status=f"{status} Away"),
        "/b/?x=1": said(BODY),
    }
    with scripted_server(answers) as url:
        carried, body = carry(make, f"{url}/a/", headers={"Authorization": "Basic bWU6aQ=="})
    assert (carried.url, body) == (f"{url}/b/?x=1", BODY)


@both
def test_an_index_on_ipv6_is_reached(make: Make) -> None:
    try:
        with scripted_server({"/a/": said(BODY)}, host="::1") as url:
            assert carry(make, f"{url}/a/")[1] == BODY
    except OSError:
        pytest.skip("this machine has no IPv6")


@both
def test_a_tunnel_shows_the_proxy_no_credentials_of_the_index(make: Make) -> None:
    with tunnel_proxy() as (proxy, heads), IndexServer(CATALOG, host="localhost", tls=server_context()) as server:
        config = IndexConfig(ca_bundle=CA_FILE, proxy=proxy.replace("//", "//me:secret@"), timeout=10)
        carried, _ = carry(make, f"{server.simple_url}a/", config=config, headers={"Authorization": "Basic bWU6aQ=="})
        assert carried.status == 200
        assert server.authorizations == ["Basic bWU6aQ=="]
    assert heads[0].startswith(b"CONNECT localhost:")
    assert b"proxy-authorization: basic bwu6c2vjcmv0" in heads[0].lower()
    assert b"bWU6aQ==" not in heads[0]


@both
def test_a_proxy_that_wants_a_password_is_told_of_without_showing_one(make: Make) -> None:
    refusal = said(b"", "Content-Length: 0", "Proxy-Authenticate: Basic", status="407 Who are you")
    with tunnel_proxy(refusal) as (proxy, _), pytest.raises(CarriageFailed) as caught:
        carry(
            make, "https://index.example/a/", config=IndexConfig(proxy=proxy.replace("//", "//me:secret@"), timeout=10)
        )
    assert "secret" not in str(caught.value)
    assert "407" in str(caught.value)
    assert not caught.value.may_pass
    assert "user" in caught.value.hint
