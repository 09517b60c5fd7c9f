"""Requests and answers at their borders: redirects, limits, retries, what is fresh, what may be stored, who may be trusted."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import hashlib
import zlib
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from tests.index.scripted_server import scripted_server
from tests.index.test_http_client import send
from tests.index.test_ranges import CONFIG, always, host, run
from wheelcheck.errors import HashMismatch, IndexRefused, IndexUnavailable
from wheelcheck.index.code_archives import joined
from wheelcheck.index.config import Credentials, IndexConfig
from wheelcheck.index.exchange import (
    Buffer,
    HashingFile,
    Reply,
    Request,
    RequestKind,
    Tally,
    checkable,
    parse_length,
    verify,
    verify_digest,
)
from wheelcheck.index.fetch_context import FetchContext
from wheelcheck.index.http_client import REDIRECTS, RequestFailed
from wheelcheck.index.revalidation import RevalidatedPages, Validity, conditions, validity_of
from wheelcheck.index.transport import MAX_WAIT, RETRIED_STATUSES, Transport, backoff, parse_retry_after
from wheelcheck.ports import SilentReporter

BODY = b"0123456789" * 100
NOW = datetime.datetime(2026, 11, 21, 10, 0, tzinfo=datetime.UTC)


def said(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "Connection: close", "", "")).encode() + body


def sized(body: bytes, *headers: str) -> bytes:
    return said(body, f"Content-Length: {len(body)}", *headers)


# Redirects


def chain(length: int) -> dict[str, bytes]:
    away = {
        f"/{number}": said(b"", f"Location: /{number + 1}", "Content-Length: 0", status="302 Found")
        for number in range(length)
    }
    return {**away, f"/{length}": sized(BODY)}


def test_twenty_redirects_in_a_row_are_followed_and_no_more() -> None:
    with scripted_server(chain(REDIRECTS)) as url:
        response, body = send(f"{url}/0")
    assert (REDIRECTS, response.url, body) == (20, f"{url}/20", BODY)
    with scripted_server(chain(REDIRECTS + 1)) as url, pytest.raises(RequestFailed, match="more than 20 redirects"):
        send(f"{url}/0")


@pytest.mark.parametrize("status", ["300 Many", "304 Same", "305 Proxy", "306 Odd", "200 OK", "404 None"])
def test_other_answers_with_a_location_are_answers(status: str) -> None:
    answers = {"/a": said(b"", "Location: /b", "Content-Length: 0", status=status), "/b": sized(BODY)}
    with scripted_server(answers) as url:
        response, _ = send(f"{url}/a")
    assert (response.url, response.status) == (f"{url}/a", int(status[:3]))


def test_redirect_without_a_place_is_an_answer() -> None:
    with scripted_server({"/a": said(b"", "Content-Length: 0", status="302 Found")}) as url:
        assert send(f"{url}/a")[0].status == 302


@pytest.mark.parametrize("place", ["http://[::1/", "http://h.example:99999/", "http://h.example:abc/"])
def test_redirect_to_what_is_no_address_is_told(place: str) -> None:
    answers = {"/a": said(b"", f"Location: {place}", "Content-Length: 0", status="302 Found")}
    with scripted_server(answers) as url, pytest.raises(RequestFailed, match="redirects to what is no URL") as caught:
        send(f"{url}/a")
    assert not caught.value.may_pass


def test_bytes_of_all_answers_on_the_way_are_counted_and_the_last_body_is_the_body() -> None:
    answers = {"/a": said(b"away", "Location: /b", "Content-Length: 4", status="301 Away"), "/b": sized(BODY)}
    with scripted_server(answers) as url:
        response, body = send(f"{url}/a")
    assert (response.received, body) == (len(BODY) + 4, BODY)


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http://[::1/a", "invalid IPv6 address"),
        ("http://h.example:99999/", "invalid port number"),
        ("http://", "empty host"),
    ],
)
def test_address_that_is_none_is_told_with_what_is_wrong_with_it(url: str, cause: str) -> None:
    with pytest.raises(RequestFailed, match=f"no URL that can be asked: {cause}") as caught:
        send(url)
    assert not caught.value.may_pass


# Limits


@pytest.mark.parametrize(("limit", "is_cut"), [(999, True), (1000, False), (1001, False)])
@pytest.mark.parametrize("kind", ["announced", "unannounced", "gzip", "deflate", "bare deflate"])
def test_body_may_be_as_long_as_the_limit(kind: str, limit: int, is_cut: bool) -> None:
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    answer = {
        "announced": sized(BODY),
        "unannounced": said(BODY),
        "gzip": sized(gzip.compress(BODY), "Content-Encoding: gzip"),
        "deflate": sized(zlib.compress(BODY), "Content-Encoding: DEFLATE "),
        "bare deflate": sized(bare.compress(BODY) + bare.flush(), "Content-Encoding: deflate"),
    }[kind]
    with scripted_server({"/a": answer}) as url:
        response, body = send(f"{url}/a", limit=limit)
    assert response.is_cut is is_cut
    assert is_cut or body == BODY


@pytest.mark.parametrize("word", ["", "identity", "Identity ", "x-gzip"])
def test_words_for_a_body_as_it_is_and_for_gzip(word: str) -> None:
    packed = gzip.compress(BODY) if "gzip" in word else BODY
    with scripted_server({"/a": sized(packed, f"Content-Encoding: {word}")}) as url:
        assert send(f"{url}/a")[1] == BODY


@pytest.mark.parametrize("lost", [1, 5, 15])
@pytest.mark.parametrize("word", ["gzip", "deflate"])
def test_packed_body_that_breaks_off_may_be_asked_for_again(word: str, lost: int) -> None:
    packed = (gzip.compress(BODY) if word == "gzip" else zlib.compress(BODY))[:-lost]
    answers = {"/a": sized(packed, f"Content-Encoding: {word}")}
    told = f"the packed body broke off after {len(packed)} bytes"
    with scripted_server(answers) as url, pytest.raises(RequestFailed, match=told) as caught:
        send(f"{url}/a")
    assert caught.value.may_pass


@pytest.mark.parametrize("window", range(9, 16))
@pytest.mark.parametrize("sign", [1, -1])
def test_deflate_is_read_with_and_without_its_header_whatever_its_window(window: int, sign: int) -> None:
    packing = zlib.compressobj(wbits=sign * window)
    packed = packing.compress(BODY) + packing.flush()
    with scripted_server({"/a": sized(packed, "Content-Encoding: deflate")}) as url:
        assert send(f"{url}/a")[1] == BODY


def test_what_stands_behind_a_deflate_stream_is_ignored() -> None:
    with scripted_server({"/a": sized(zlib.compress(BODY) + b"more", "Content-Encoding: deflate")}) as url:
        assert send(f"{url}/a")[1] == BODY


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", 0),
        ("12", 12),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("", None),
        ("-1", None),
        ("1 ", None),
        ("²", None),
    ],
)
def test_length_is_a_number_that_a_file_may_have(text: str, length: int | None) -> None:
    assert parse_length(text) == length


def test_headers_of_one_name_are_joined() -> None:
    with scripted_server({"/a": sized(BODY, "X-A: 1", "x-a: 2")}) as url:
        assert send(f"{url}/a")[0].headers["x-a"] == "1, 2"


# Retries


def fetched(url: str, config: IndexConfig, headers: Mapping[str, str] | None = None) -> tuple[Reply, Tally]:
    tally = Tally()

    async def work() -> Reply:
        transport = Transport(config, Credentials([url]), tally, SilentReporter())
        request = Request(url=url, kind=RequestKind.PAGE, what="a", limit=10**6, headers=headers or {})
        try:
            return await transport.fetch(request)
        finally:
            await transport.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work()), tally


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_failure_is_told_after_the_last_of_the_attempts(retries: int) -> None:
    config = IndexConfig(retries=retries, backoff=0.001, timeout=10)
    with host(always(503)) as (url, asked):
        with pytest.raises(IndexUnavailable) as caught:
            fetched(url, config)
        assert len(asked) == retries + 1
    tries = f" ({retries + 1} attempts)" if retries else ""
    assert caught.value.message == f"answered 503 Service Unavailable{tries}"
    assert "--offline" in (caught.value.hint or "")


def test_counts_of_what_was_sent_received_and_tried_again() -> None:
    left = [500, 429]

    def answer(asked: str) -> tuple[int, str, bytes]:
        return (left.pop(), "", b"abc") if left else (200, "", BODY)

    with host(answer) as (url, _):
        reply, tally = fetched(url, IndexConfig(retries=2, backoff=0.001, timeout=10))
    counts = tally.snapshot()
    assert (reply.body, counts.retries, counts.received) == (BODY, 2, len(BODY) + 6)
    assert (dict(counts.requests), counts.total_requests) == ({RequestKind.PAGE: 3}, 3)


@pytest.mark.parametrize("status", [401, 407])
def test_answer_that_wants_a_password_is_told_at_once(status: int) -> None:
    with host(always(status)) as (url, asked), pytest.raises(IndexRefused, match="it requires credentials") as caught:
        fetched(url, IndexConfig(retries=3, backoff=0.001, timeout=10))
    assert (caught.value.status, len(asked)) == (status, 1)


def test_statuses_that_may_pass_are_tried_again_and_others_are_answers() -> None:
    assert {408, 429, 500, 502, 503, 504} == RETRIED_STATUSES
    for status in (400, 404, 409, 428, 430, 501, 505):
        with host(always(status)) as (url, asked):
            assert fetched(url, IndexConfig(retries=1, backoff=0.001, timeout=10))[0].status == status
        assert len(asked) == 1


@pytest.mark.parametrize("attempt", range(12))
def test_wait_doubles_up_to_half_a_minute_with_jitter_of_a_half(attempt: int) -> None:
    most = min(30.0, 0.25 * 2**attempt)
    waits = [backoff(attempt, 0.25) for _ in range(200)]
    assert most / 2 <= min(waits) < 0.6 * most
    assert 0.9 * most < max(waits) <= most


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 12 ", 12),
        ("30", 30),
        ("31", MAX_WAIT),
        ("1.5", None),
        ("-1", None),
        ("²", None),
        ("Sat, 21 Nov 2026 10:00:29 GMT", 29),
        ("Sat, 21 Nov 2026 10:00:29", 29),
        ("Sat, 21 Nov 2026 10:00:31 GMT", 30),
        ("Sat, 21 Nov 2026 09:59:59 GMT", 0),
    ],
)
def test_wait_that_a_server_asks_for_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


# Hashes


def test_strongest_announced_hash_is_checked() -> None:
    md5, sha1, sha256 = (("md5", "1"), ("sha1", "2"), ("sha256", "3"))
    assert checkable((md5, sha1)) == sha1
    assert checkable((md5, sha256, sha1)) == sha256
    assert checkable((("odd", "4"), ("sha256", ""), md5)) == md5
    assert checkable((("odd", "4"),)) == checkable(()) == ("sha256", "")


def test_content_is_held_to_what_was_announced() -> None:
    digest = hashlib.sha1(BODY, usedforsecurity=False).hexdigest()
    verify(BODY, (("sha1", digest),), "https://i.example/a")
    verify(BODY, (), "https://i.example/a")
    verify_digest("anything", "sha256", "", "https://i.example/a")
    told = f"the sha1 of the downloaded file is {digest}, the index announced 00"
    with pytest.raises(HashMismatch, match=told) as caught:
        verify(BODY, (("sha1", "00"),), "https://u:p@i.example/a")
    assert "u:p" not in str(caught.value)


def test_sinks_forget_what_came_before_they_began_again() -> None:
    buffer, file = Buffer(), HashingFile()
    for sink in (buffer, file):
        sink.write(b"other and longer")
        sink.restart()
        sink.write(b"ab")
        sink.write(b"c")
    assert buffer.content() == file.opened().read() == b"abc"
    assert file.digest == hashlib.sha256(b"abc").hexdigest()
    file.close()
    assert Buffer().content() == b""


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([], []),
        ([(0, 5), (5, 9)], [(0, 9)]),
        ([(0, 5), (5 + 131_072, 200_000)], [(0, 200_000)]),
        ([(0, 5), (6 + 131_072, 200_000)], [(0, 5), (131_078, 200_000)]),
        ([(0, 100), (10, 50)], [(0, 100)]),
        ([(7, 4_000_000), (4_000_000, 4_194_311)], [(7, 4_194_311)]),
        ([(7, 4_000_000), (4_000_000, 4_194_312)], [(7, 4_000_000), (4_000_000, 4_194_312)]),
        ([(0, 1), (2, 3), (4, 5), (10**7, 10**7 + 1)], [(0, 5), (10**7, 10**7 + 1)]),
    ],
)
def test_parts_are_joined_over_gaps_of_128_kib_up_to_4_mib(
    spans: list[tuple[int, int]], found: list[tuple[int, int]]
) -> None:
    assert joined(spans) == found


# What is fresh


@pytest.mark.parametrize(
    ("control", "lifetime"),
    [
        ("", 600),
        ("public", 600),
        ("max-age=60", 60),
        ("public, MAX-AGE=60", 60),
        ("public,max-age = 60", 60),
        ('max-age="60"', 60),
        ("max-age=0", 0),
        ("no-cache", 0),
        ("no-cache, max-age=60", 0),
        ("s-max-age=60", 600),
        ("xmax-age=60", 600),
        ("no-store", None),
        ("max-age=60, No-Store", None),
    ],
)
def test_answer_is_fresh_for_as_long_as_it_says(control: str, lifetime: float | None) -> None:
    found = validity_of({"cache-control": control}, 1000.0)
    assert (None if found is None else found.lifetime) == lifetime
    assert found is None or found.fetched == 1000.0


def test_answer_is_asked_whether_it_holds_by_what_it_said() -> None:
    found = validity_of({"etag": '"1"', "last-modified": "then"}, 0.0)
    assert found == Validity(0.0, 600.0, '"1"', "then")
    assert conditions(found) == {"If-None-Match": '"1"', "If-Modified-Since": "then"}
    assert conditions(Validity(0.0, 1.0)) == {}


@pytest.mark.parametrize(
    ("fetched_at", "now", "expected"),
    [(10, 9, False), (10, 10, True), (10, 69.9, True), (10, 70, False), (10, 71, False), (10, 200, False)],
)
def test_answer_is_fresh_from_when_it_came_until_its_time_is_over(
    fetched_at: float, now: float, expected: bool
) -> None:
    assert Validity(fetched_at, 60).is_fresh(now) is expected


def page_of(url: str, **others: frozenset[int]) -> tuple[bytes | None, int]:
    async def work(context: FetchContext) -> tuple[bytes | None, int]:
        pages = RevalidatedPages("page", bytes, context)
        found = await pages.fetch(url, "a", lambda reply: reply.body, **others)
        return found.body, found.status

    return run(work, CONFIG)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_absence_is_an_answer_with_its_status(status: int) -> None:
    with host(always(status)) as (url, _):
        assert page_of(url) == (None, status)


def test_page_is_an_answer_with_200() -> None:
    with host(always(200, "", BODY)) as (url, _):
        assert page_of(url) == (BODY, 200)


class Ready(Transport):
    """Has every answer at once."""

    def __init__(self) -> None:
        """Open nothing."""

    async def fetch(self, request: Request) -> Reply:
        """An empty page."""
        return Reply(status=200, headers={}, body=b"", url=request.url)


def test_what_a_page_leads_to_is_asked_for_before_the_next_page_is_read() -> None:
    done: list[str] = []

    async def work(context: FetchContext) -> None:
        pages = RevalidatedPages("page", bytes, replace(context, transport=Ready))
        following: list[asyncio.Future[None]] = []

        async def request(word: str) -> None:
            done.append(f"request for {word}")

        async def page(word: str) -> None:
            def read(reply: Reply) -> bytes:
                done.append(f"page {word}")
                return reply.body

            await pages.fetch(f"https://index.example/{word}/", word, read)
            following.append(asyncio.ensure_future(request(word)))

        await asyncio.gather(*map(page, "abc"))
        await asyncio.gather(*following)

    run(work, CONFIG)
    assert done == ["page a", "request for a", "page b", "request for b", "page c", "request for c"]


@pytest.mark.parametrize("status", [201, 204, 400, 409, 411, 501])
def test_any_other_status_is_no_page(status: int) -> None:
    with host(always(status)) as (url, _), pytest.raises(IndexRefused, match=f"answered {status}") as caught:
        page_of(url)
    assert (caught.value.status, caught.value.hint) == (status, "")


def test_403_where_it_is_no_absence_says_what_to_do() -> None:
    with host(always(403)) as (url, _), pytest.raises(IndexRefused, match="answered 403") as caught:
        page_of(url, absent=frozenset({404}))
    assert "ignore-error-codes = [403]" in (caught.value.hint or "")
