"""The small parts by themselves: segments, waits, validity, readers."""

from __future__ import annotations

import datetime
import io
import zipfile
from typing import BinaryIO, cast

import pytest

from tests.fakes.archives import make_zip
from wheelcheck.index.downloads import BytesMissing, SparseFile, _too_large
from wheelcheck.index.file_entries import Listing, PageUnreadable, availability
from wheelcheck.index.html_pages import read_html
from wheelcheck.index.once_map import Deliveries
from wheelcheck.index.page_reader import read_json, read_listing
from wheelcheck.index.revalidation import conditions, validity_of
from wheelcheck.index.transport import MAX_WAIT, backoff, parse_retry_after
from wheelcheck.model.distribution import Availability

BASE = "https://index.example/simple/a/"
NOW = datetime.datetime(2026, 11, 21, 10, 0, tzinfo=datetime.UTC)


def test_a_sparse_file_reads_what_it_has_and_names_what_it_lacks() -> None:
    file = SparseFile(100)
    file.add(50, bytes(range(50, 100)))
    file.seek(-10, 2)
    assert file.read() == bytes(range(90, 100))
    assert file.read() == b""
    file.seek(40)
    with pytest.raises(BytesMissing) as caught:
        file.read(20)
    assert (caught.value.start, caught.value.stop) == (40, 60)
    file.add(30, bytes(range(30, 55)))
    assert file.read(20) == bytes(range(40, 60))
    file.add(0, bytes(range(10)))
    file.seek(5)
    with pytest.raises(BytesMissing) as caught:
        file.read(30)
    assert caught.value.start == 10
    with pytest.raises(OSError, match="before"):
        file.seek(-1)


def test_a_zip_is_read_through_a_sparse_file_by_what_it_asks_for() -> None:
    content = make_zip({f"{n}.txt": bytes(1000) + bytes([n]) for n in range(50)})
    file = SparseFile(len(content))
    asked = 0
    while True:
        try:
            with zipfile.ZipFile(cast(BinaryIO, file)) as archive:
                assert archive.read("7.txt")[-1] == 7
                break
        except BytesMissing as missing:
            asked += 1
            file.add(missing.start, content[missing.start : missing.stop])
    assert asked < 10
    assert file.bytes_held < len(content)
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


def test_waits_grow_and_are_bounded() -> None:
    assert 0.125 <= backoff(0, 0.25) <= 0.25
    assert 0.5 <= backoff(2, 0.25) <= 1.0
    assert backoff(50, 0.25) <= MAX_WAIT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("7", 7.0),
        ("99999", MAX_WAIT),
        ("Sat, 21 Nov 2026 10:00:05 GMT", 5.0),
        ("Sat, 21 Nov 2026 09:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2027 09:00:00 -0000", MAX_WAIT),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_capped(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


def test_archive_that_is_too_large_is_told_with_the_limit_in_megabytes_and_without_credentials() -> None:
    told = str(_too_large("a-1.tar.gz", "https://u:secret@files.example/a-1.tar.gz", 300 * 1024**2))
    assert "a-1.tar.gz is larger than the limit of 300 MB" in told
    assert "secret" not in told


def test_an_answer_from_the_future_is_not_fresh() -> None:
    validity = validity_of({"cache-control": "public, max-age=60", "last-modified": "then"}, 1000.0)
    assert validity is not None
    assert [validity.is_fresh(now) for now in (999.0, 1000.0, 1059.0, 1060.0)] == [False, True, True, False]
    assert conditions(validity) == {"If-Modified-Since": "then"}


def told(listing: Listing) -> list[Availability]:
    return [at for file in listing.files if (at := availability(file, listing.base, "")) is not None]


def test_html_attributes_are_unescaped_and_bases_followed() -> None:
    listing = read_html(
        '<base href="/files/"><a href=" a-1.0%2Bx-py3-none-any.whl?token=1#egg=a&amp;SHA256=0&amp;'
        f'sha256={"AB" * 32} " data-requires-python="&gt;=3.8,&lt;4" data-yanked data-dist-info-metadata="sha256=CD{"CD" * 31}"'
        ' data-upload-time="2026-01-01T00:00:00Z">whatever</a>',
        BASE,
    )
    assert listing.files[0].filename == "a-1.0+x-py3-none-any.whl"
    (row,) = told(listing)
    assert row.url == "https://index.example/files/a-1.0%2Bx-py3-none-any.whl?token=1"
    assert (row.sha256, row.yanked, row.requires_python) == ("ab" * 32, "", ">=3.8,<4")
    assert (row.core_metadata, row.core_metadata_hashes) == (True, (("sha256", "cd" * 32),))
    assert row.upload_time == "2026-01-01T00:00:00Z"


def test_sidecars_may_be_denied_and_the_newer_attribute_wins() -> None:
    listing = read_html(
        '<a href="a.whl" data-core-metadata="false">x</a>'
        '<a href="b.whl" data-core-metadata="true" data-dist-info-metadata="false">x</a>'
        '<a href="c.whl">x</a><a name="top">no link</a><a href="">x</a><a href="../">up</a>',
        BASE,
    )
    assert [row.core_metadata for row in told(listing)] == [False, True, None]


def test_sidecars_in_json_are_true_a_hash_table_denied_or_unsaid() -> None:
    text = (
        '{"meta":{"api-version":"1.1"},"files":['
        '{"filename":"a","url":"a","hashes":{},"core-metadata":true},'
        '{"filename":"b","url":"b","hashes":{"SHA256":"AA","md5":"BB"},"core-metadata":{"sha256":"CC","blake2b":"DD"}},'
        '{"filename":"c","url":"c","hashes":{},"dist-info-metadata":false,"yanked":""},'
        '{"filename":"d","url":"//files.example/d#x","hashes":{},"yanked":true,"surprise":[1]}]}'
    )
    text = text.replace('"AA"', f'"{"AA" * 32}"').replace('"BB"', f'"{"BB" * 16}"').replace('"CC"', f'"{"CC" * 32}"')
    a, b, c, d = told(read_json(text.encode(), BASE))
    assert [row.core_metadata for row in (a, b, c, d)] == [True, True, False, None]
    assert b.hashes == (("sha256", "aa" * 32), ("md5", "bb" * 16))
    assert b.core_metadata_hashes == (("sha256", "cc" * 32), ("blake2b", "dd"))
    assert (c.yanked, d.yanked) == (None, "")
    assert d.url == "https://files.example/d"


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"files":[{}]}', b"\xff{", b"\x00\x01binary"])
def test_rubbish_is_unreadable_not_a_crash(content: bytes) -> None:
    with pytest.raises(PageUnreadable):
        read_listing(content, "application/json", BASE)


def test_deliveries_do_not_nest() -> None:
    deliveries = Deliveries()
    order: list[str] = []

    def outer() -> None:
        deliveries.deliver(lambda: order.append("inner"))
        order.append("outer")

    deliveries.deliver(outer)
    assert order == ["outer", "inner"]
