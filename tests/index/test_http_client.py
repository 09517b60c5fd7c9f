"""The HTTP client: what it sends and whom it trusts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fakes.archives import make_wheel
from tests.server import Flaky, IndexServer, Mode
from tests.server.certificates import CA_FILE, SELF_SIGNED_FILE, authority_context, server_context, strict_context
from wheelcheck.errors import SettingsInvalid
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.exchange import Buffer, Request, RequestKind
from wheelcheck.index.http_client import HttpClient, RawResponse, RequestFailed

CATALOG = {"a": [make_wheel("a", "1.0")]}


def send(
    *urls: str,
    config: IndexConfig | None = None,
    headers: Mapping[str, str] | None = None,
    limit: int = 1024**2,
) -> tuple[RawResponse, bytes]:
    """The last answer and its body; the client is made on the loop, as its transport does."""

    async def work() -> tuple[RawResponse, bytes]:
        client = HttpClient(config or IndexConfig(timeout=10))
        try:
            for url in urls:
                buffer = Buffer()
                request = Request(url=url, kind=RequestKind.PAGE, what="a", limit=limit)
                response = await client.send(request, headers or {}, buffer)
            return response, buffer.content()
        finally:
            await client.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work())


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_answer_has_status_headers_and_a_decoded_body(encoding: str) -> None:
    with IndexServer(CATALOG, mode=Mode(encoding=encoding)) as server:  # type: ignore[arg-type]
        response, body = send(f"{server.simple_url}a/")
    assert (response.status, response.is_cut, response.url) == (200, False, f"{server.simple_url}a/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert body.startswith(b"<!DOCTYPE html>")
    assert (response.received == len(body)) is (encoding == "identity")


def test_authorization_stays_on_its_origin() -> None:
    with IndexServer(CATALOG, host="localhost") as other:
        with IndexServer(CATALOG, mode=Mode(redirect_pages_to=other.base_url)) as server:
            response, _ = send(f"{server.simple_url}a/", headers={"Authorization": "Basic bWU6aQ=="})
            assert server.authorizations == ["Basic bWU6aQ=="]
        assert response.url == f"{other.simple_url}a/"
        assert other.authorizations == []


def test_a_trusted_host_that_redirects_does_not_make_the_next_one_trusted() -> None:
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as other:
        mode = Mode(redirect_pages_to=other.base_url)
        with IndexServer(CATALOG, host="127.0.0.1", tls=server_context(), mode=mode) as server:
            config = IndexConfig(trusted_hosts=("127.0.0.1",))
            with pytest.raises(RequestFailed, match=r"(?i)certificate") as caught:
                send(f"{server.simple_url}a/", config=config)
            assert not caught.value.may_pass
            config = IndexConfig(trusted_hosts=("127.0.0.1", "localhost"))
            assert send(f"{server.simple_url}a/", config=config)[0].status == 200


def test_one_client_verifies_one_host_and_not_the_other() -> None:
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as one:
        url = f"{one.simple_url}a/"
        config = IndexConfig(trusted_hosts=("localhost",))
        with pytest.raises(RequestFailed):
            send(url, url.replace("localhost", "127.0.0.1"), config=config)
        assert send(url, config=IndexConfig(ca_bundle=CA_FILE))[0].status == 200


def test_answers_that_come_at_once_are_not_mixed_up() -> None:
    names = [f"p{number}" for number in range(40)]
    catalog = {each: [make_wheel(each, "1")] for each in names}

    async def work() -> list[tuple[str, bool]]:
        client = HttpClient(IndexConfig())

        async def ask(each: str) -> tuple[str, bool]:
            buffer = Buffer()
            url = f"{server.simple_url}{each}/"
            response = await client.send(Request(url=url, kind=RequestKind.PAGE, what=each, limit=1024**2), {}, buffer)
            length = int(response.headers["content-length"])
            return each, length == len(buffer.content()) and f"{each}-1-".encode() in buffer.content()

        async def chain(start: int) -> list[tuple[str, bool]]:
            return [await ask(each) for each in names[start::8]]

        try:
            return [found for chained in await asyncio.gather(*map(chain, range(8))) for found in chained]
        finally:
            await client.close()

    with IndexServer(catalog) as server, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert sorted(runner.run(work())) == sorted((each, True) for each in names)


def test_redirects_without_end_are_given_up() -> None:
    with IndexServer(CATALOG) as server:
        server.mode = Mode(redirect_pages_to=server.base_url)
        with pytest.raises(RequestFailed, match="redirects") as caught:
            send(f"{server.simple_url}a/")
    assert not caught.value.may_pass


def test_addresses_with_spaces_and_letters_of_other_scripts_are_sent_encoded() -> None:
    with IndexServer(CATALOG) as server:
        assert send(f"{server.base_url}/files/ä b.whl?x=%2B")[0].status == 404
        assert server.requests[0].path == "/files/%C3%A4%20b.whl?x=%2B"


def test_a_proxy_in_capital_letters_is_used_and_not_where_it_must_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with IndexServer(CATALOG) as proxy, IndexServer(CATALOG, host="localhost") as near:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert send("http://index.example/simple/a/", f"{near.simple_url}a/")[0].status == 200
        assert [request.path for request in proxy.requests] == ["http://index.example/simple/a/"]


def test_other_schemes_are_refused_with_a_hint() -> None:
    with pytest.raises(RequestFailed) as caught:
        send("ftp://index.example/simple/a/")
    assert "https" in caught.value.hint
    assert not caught.value.may_pass


def test_an_announced_length_beyond_the_limit_is_not_read() -> None:
    with IndexServer(CATALOG) as server:
        response, body = send(f"{server.simple_url}a/", limit=10)
    assert (response.is_cut, body) == (True, b"")


def test_a_body_that_ends_too_early_is_told_with_what_came_and_what_was_announced() -> None:
    filename, content = CATALOG["a"][0]
    mode = Mode(flaky=Flaky(how="truncate", on="/files/"))
    with IndexServer(CATALOG, mode=mode) as server, pytest.raises(RequestFailed) as caught:
        send(server.url_of(filename))
    assert str(caught.value) == f"the body ended after {len(content) // 2} of {len(content)} bytes"
    assert caught.value.may_pass


@pytest.mark.parametrize("content", [None, b"rubbish"])
def test_certificates_that_cannot_be_read_are_a_fault_of_the_settings(content: bytes | None, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_bytes(content)
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as server:
        for config in (IndexConfig(ca_bundle=bundle), IndexConfig(ca_bundle=CA_FILE, client_cert=bundle)):
            with pytest.raises(SettingsInvalid, match="cannot be read"):
                send(f"{server.simple_url}a/", config=config)


def test_a_client_certificate_is_shown_to_the_server_that_wants_one(tmp_path: Path) -> None:
    both = tmp_path / "client.pem"
    both.write_bytes(b"".join(CA_FILE.with_name(each).read_bytes() for each in ("cert.pem", "key.pem")))
    with IndexServer(CATALOG, host="localhost", tls=strict_context()) as server:
        url = f"{server.simple_url}a/"
        with pytest.raises(RequestFailed):
            send(url, config=IndexConfig(ca_bundle=CA_FILE))
        assert send(url, config=IndexConfig(ca_bundle=CA_FILE, client_cert=both))[0].status == 200


def test_a_folder_of_certificates_is_a_bundle_too(tmp_path: Path) -> None:
    (tmp_path / "ours.pem").write_bytes(CA_FILE.read_bytes())
    (tmp_path / "notes.txt").write_text("no certificate")
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as server:
        assert send(f"{server.simple_url}a/", config=IndexConfig(ca_bundle=tmp_path))[0].status == 200


def test_a_server_that_shows_the_certificate_of_an_authority_is_refused_with_the_way_out() -> None:
    with IndexServer(CATALOG, host="localhost", tls=authority_context()) as server:
        url = f"{server.simple_url}a/"
        with pytest.raises(RequestFailed) as caught:
            send(url, config=IndexConfig(ca_bundle=SELF_SIGNED_FILE))
        assert "trusted host" in caught.value.hint
        assert send(url, config=IndexConfig(trusted_hosts=("localhost",)))[0].status == 200
