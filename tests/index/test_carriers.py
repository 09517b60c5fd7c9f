"""Both carriers do the same: by libcurl, where pycurl is installed, and by httpx2."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.fakes.archives import make_wheel
from tests.server import Flaky, IndexServer, Mode
from tests.server.certificates import CA_FILE, server_context
from wheelcheck.errors import SettingsInvalid
from wheelcheck.index.carriage import CarriageFailed, Carried, Carrier
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.exchange import Ask, Buffer
from wheelcheck.index.statistics import RequestKind

CATALOG = {"a": [make_wheel("a", "1.0")]}
Make = Callable[[IndexConfig], Carrier]


def curl(config: IndexConfig) -> Carrier:
    pytest.importorskip("pycurl")
    from wheelcheck.index.curl_carrier import CurlCarrier

    return CurlCarrier(config)


def httpx(config: IndexConfig) -> Carrier:
    from wheelcheck.index.httpx_carrier import HttpxCarrier

    return HttpxCarrier(config)


both = pytest.mark.parametrize("make", [curl, httpx])


def carry(
    make: Make,
    *urls: str,
    config: IndexConfig | None = None,
    headers: Mapping[str, str] | None = None,
    limit: int = 1024**2,
) -> tuple[Carried, bytes]:
    """The last answer and its body; the carrier is made on the loop, as its transport does."""

    async def work() -> tuple[Carried, bytes]:
        carrier = make(config or IndexConfig(timeout=10))
        try:
            for url in urls:
                buffer = Buffer()
                ask = Ask(url=url, kind=RequestKind.PAGE, what="a", limit=limit)
                carried = await carrier.carry(ask, headers or {}, buffer)
            return carried, buffer.content()
        finally:
            await carrier.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work())


@both
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_answer_has_status_headers_and_a_decoded_body(make: Make, encoding: str) -> None:
    with IndexServer(CATALOG, mode=Mode(encoding=encoding)) as server:  # type: ignore[arg-type]
        carried, body = carry(make, f"{server.simple_url}a/")
    assert (carried.status, carried.is_cut, carried.url) == (200, False, f"{server.simple_url}a/")
    assert carried.headers["content-type"] == "text/html; charset=utf-8"
    assert body.startswith(b"<!DOCTYPE html>")
    assert (carried.received == len(body)) is (encoding == "identity")


@both
def test_authorization_stays_on_its_origin(make: Make) -> None:
    with IndexServer(CATALOG, host="localhost") as other:
        with IndexServer(CATALOG, mode=Mode(redirect_pages_to=other.base_url)) as server:
            carried, _ = carry(make, f"{server.simple_url}a/", headers={"Authorization": "Basic bWU6aQ=="})
            assert server.authorizations == ["Basic bWU6aQ=="]
        assert carried.url == f"{other.simple_url}a/"
        assert other.authorizations == []


@both
def test_a_trusted_host_that_redirects_does_not_make_the_next_one_trusted(make: Make) -> None:
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as other:
        mode = Mode(redirect_pages_to=other.base_url)
        with IndexServer(CATALOG, host="127.0.0.1", tls=server_context(), mode=mode) as server:
            config = IndexConfig(trusted_hosts=("127.0.0.1",))
            with pytest.raises(CarriageFailed, match=r"(?i)certificate") as caught:
                carry(make, f"{server.simple_url}a/", config=config)
            assert not caught.value.may_pass
            config = IndexConfig(trusted_hosts=("127.0.0.1", "localhost"))
            assert carry(make, f"{server.simple_url}a/", config=config)[0].status == 200


@both
def test_one_carrier_verifies_one_host_and_not_the_other(make: Make) -> None:
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as one:
        url = f"{one.simple_url}a/"
        config = IndexConfig(trusted_hosts=("localhost",))
        with pytest.raises(CarriageFailed):
            carry(make, url, url.replace("localhost", "127.0.0.1"), config=config)
        assert carry(make, url, config=IndexConfig(ca_bundle=CA_FILE))[0].status == 200


@both
def test_answers_that_come_at_once_are_not_mixed_up(make: Make) -> None:
    names = [f"p{number}" for number in range(40)]
    catalog = {each: [make_wheel(each, "1")] for each in names}

    async def work() -> list[tuple[str, bool]]:
        carrier = make(IndexConfig())

        async def ask(each: str) -> tuple[str, bool]:
            buffer = Buffer()
            url = f"{server.simple_url}{each}/"
            carried = await carrier.carry(Ask(url=url, kind=RequestKind.PAGE, what=each, limit=1024**2), {}, buffer)
            length = int(carried.headers["content-length"])
            return each, length == len(buffer.content()) and f"{each}-1-".encode() in buffer.content()

        async def chain(start: int) -> list[tuple[str, bool]]:
            return [await ask(each) for each in names[start::8]]

        try:
            return [found for chained in await asyncio.gather(*map(chain, range(8))) for found in chained]
        finally:
            await carrier.close()

    with IndexServer(catalog) as server, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert sorted(runner.run(work())) == sorted((each, True) for each in names)


@both
def test_redirects_without_end_are_given_up(make: Make) -> None:
    with IndexServer(CATALOG) as server:
        server.mode = Mode(redirect_pages_to=server.base_url)
        with pytest.raises(CarriageFailed, match="redirects") as caught:
            carry(make, f"{server.simple_url}a/")
    assert not caught.value.may_pass


@both
def test_addresses_with_spaces_and_letters_of_other_scripts_are_sent_encoded(make: Make) -> None:
    with IndexServer(CATALOG) as server:
        assert carry(make, f"{server.base_url}/files/ä b.whl?x=%2B")[0].status == 404
        assert server.requests[0].path == "/files/%C3%A4%20b.whl?x=%2B"


@both
def test_a_proxy_in_capital_letters_is_used_and_not_where_it_must_not(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with IndexServer(CATALOG) as proxy, IndexServer(CATALOG, host="localhost") as near:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert carry(make, "http://index.example/simple/a/", f"{near.simple_url}a/")[0].status == 200
        assert [request.path for request in proxy.requests] == ["http://index.example/simple/a/"]


@both
def test_other_schemes_are_refused_with_a_hint(make: Make) -> None:
    with pytest.raises(CarriageFailed) as caught:
        carry(make, "ftp://index.example/simple/a/")
    assert "https" in caught.value.hint
    assert not caught.value.may_pass


@both
def test_an_announced_length_beyond_the_limit_is_not_read(make: Make) -> None:
    with IndexServer(CATALOG) as server:
        carried, body = carry(make, f"{server.simple_url}a/", limit=10)
    assert (carried.is_cut, body) == (True, b"")


@both
def test_a_body_that_ends_too_early_is_told_in_the_same_words(make: Make) -> None:
    filename, content = CATALOG["a"][0]
    mode = Mode(flaky=Flaky(how="truncate", on="/files/"))
    with IndexServer(CATALOG, mode=mode) as server, pytest.raises(CarriageFailed) as caught:
        carry(make, server.url_of(filename))
    assert str(caught.value) == f"the body ended after {len(content) // 2} of {len(content)} bytes"
    assert caught.value.may_pass


@both
@pytest.mark.parametrize("content", [None, b"rubbish"])
def test_certificates_that_cannot_be_read_are_a_fault_of_the_settings(
    make: Make, content: bytes | None, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_bytes(content)
    with IndexServer(CATALOG, host="localhost", tls=server_context()) as server:
        for config in (IndexConfig(ca_bundle=bundle), IndexConfig(ca_bundle=CA_FILE, client_cert=bundle)):
            with pytest.raises(SettingsInvalid, match="cannot be read"):
                carry(make, f"{server.simple_url}a/", config=config)
