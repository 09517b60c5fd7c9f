"""What an index may say that is no fact: addresses, digests and sizes are passed over alone, pages of others are a doubt."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.index.scripted_server import scripted_server
from tests.index.stores import files, name, store
from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.file_entries import joined
from wheelcheck.index.page_reader import read_page
from wheelcheck.model.distribution import Distribution

GOOD = "https://files.example/a-2.0-py3-none-any.whl"


@pytest.mark.parametrize(
    "base", ["http://h:8/s/a/", "https://h.x/", "https://h.x/s/a", "https://h.x/s/./a/", "https://h.x/s//a/"]
)
@pytest.mark.parametrize(
    "address",
    [
        "a.whl",
        "../a.whl",
        "../../p/1/a%2Bc.whl",
        "../../../../a.whl",
        "./a.whl",
        "/a.whl",
        "p//a.whl",
        "p/../a.whl",
        "..",
    ],
)
def test_address_within_a_page_is_joined_as_the_standard_library_joins_it(base: str, address: str) -> None:
    assert joined(base, address) == urljoin(base, address)


def answer(body: str | bytes, kind: str = "text/html") -> bytes:
    content = body if isinstance(body, bytes) else body.encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s" % (
        kind.encode(),
        len(content),
        content,
    )


def asked(body: str | bytes, kind: str = "text/html") -> list[Distribution]:
    with scripted_server({"/simple/a/": answer(body, kind)}) as host, store(f"{host}/simple/") as projects:
        return files(projects.page(name("a")))


def as_json(*entries: Mapping[str, object]) -> str:
    listed = [{"filename": "a-2.0-py3-none-any.whl", "url": GOOD, "hashes": {}}, *entries]
    return json.dumps({"meta": {"api-version": "1.0"}, "name": "a", "files": listed})


def as_html(*addresses: str) -> str:
    return "<!DOCTYPE html>" + "".join(f'<a href="{address}">x</a><br/>\n' for address in (GOOD, *addresses))


@pytest.mark.parametrize(
    "address",
    [
        "http://h:99999/a-1.0.zip",
        "http://h:abc/a-1.0.zip",
        "http://[::1/a-1.0.zip",
        "https://h/\x01/a-1.0.zip",
        "ftp://h/a-1.0.zip",
        "file:///etc/a-1.0.zip",
        "javascript:a-1.0.zip",
    ],
)
def test_url_from_an_index_that_cannot_be_asked_makes_that_link_unusable_and_no_other(address: str) -> None:
    entry = {"filename": "a-1.0.zip", "url": address, "hashes": {}}
    for found in (
        asked(as_html(address)),
        asked(as_html(address).replace("<a", "<p><a", 1)),
        asked(as_json(entry), "application/vnd.pypi.simple.v1+json"),
    ):
        assert [file.filename for file in found] == ["a-2.0-py3-none-any.whl"]


def test_page_of_a_folder_may_name_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<a href="a-1.0.tar.gz">x</a>', encoding="utf-8")
    with store(tmp_path.as_uri()) as projects:
        assert [file.at.url for file in files(projects.page(name("a")))] == [(tmp_path / "a" / "a-1.0.tar.gz").as_uri()]


@pytest.mark.parametrize("size", [-5, 10**18, 10**25, 2**64])
def test_announced_size_that_no_file_has_is_no_fact(size: int) -> None:
    entry = {"filename": "a-1.0.zip", "url": "https://h/a-1.0.zip", "hashes": {}, "size": size}
    found = {file.filename: file.at.size for file in asked(as_json(entry), "application/json")}
    assert found == {"a-2.0-py3-none-any.whl": None, "a-1.0.zip": None}


@pytest.mark.parametrize("digest", ["abc", "g" * 64, "0" * 63, "0" * 128, ""])
def test_announced_digest_of_another_length_or_other_letters_is_no_digest(digest: str) -> None:
    entry = {"filename": "a-1.0.zip", "url": "https://h/a-1.0.zip", "hashes": {"sha256": digest, "md5": "0" * 32}}
    from_json = asked(as_json(entry), "application/json")
    from_html = asked(as_html(f"https://h/a-1.0.zip#sha256={digest}"))
    assert [file.at.hashes for file in from_json if file.filename == "a-1.0.zip"] == [(("md5", "0" * 32),)]
    assert [file.at.hashes for file in from_html if file.filename == "a-1.0.zip"] == [()]


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<html><form action='/login'><input name='password'></form></html>",
        "<html><a href='/reset'>forgot?</a><a href='https://help.example/'>help</a></html>",
        "<!DOCTYPE html><title>Sign in</title><script>location='/login'</script>",
    ],
)
def test_announced_success_of_a_page_to_sign_in_or_an_empty_one_is_a_doubt(page: str) -> None:
    with pytest.raises(IndexUnavailable, match="is no project page"):
        asked(page)


@pytest.mark.parametrize(
    "page",
    [
        '<meta name="pypi:repository-version" content="1.0"><h1>Links for a</h1>',
        '<a href="a-1.0.egg">a</a>',
        '<a href="a-1.0.win32-py2.7.exe">a</a>',
    ],
)
def test_page_that_says_so_or_links_to_old_kinds_of_files_is_one(page: str) -> None:
    assert asked(page) == []


def test_quadratic_time_is_not_spent_on_an_anchor_of_many_attributes() -> None:
    def seconds(count: int) -> float:
        attributes = " ".join(f"a{number}=1" for number in range(count))
        page = f'<p><a href="{GOOD}" {attributes}>x</a></p>'.encode()
        began = time.process_time()
        assert read_page(page, "text/html", "https://index.example/simple/a/", name("a")).versions
        return time.process_time() - began

    seconds(10)
    assert seconds(40_000) < 40 * max(seconds(4_000), 0.005)
