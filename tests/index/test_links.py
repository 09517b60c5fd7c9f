"""Pages and their links by themselves: addresses, digests, states, anchors as they are written, versions and their tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from packaging.version import Version

from tests.index.stores import name
from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.file_entries import (
    FileEntry,
    Listing,
    PackedPage,
    PackedVersion,
    PageUnreadable,
    availability,
    joined,
    known_state,
    reject_version,
    stated,
)
from wheelcheck.index.html_pages import read_anchors, read_html, split_plain
from wheelcheck.index.page_reader import load_listing, packed, read_json, read_listing, read_page
from wheelcheck.index.page_versions import CompressedFiles, LazyVersions, compressed_layer, layer_of, project_page
from wheelcheck.model.distribution import LinkSkip

BASE = "https://i.example/simple/a/"
SHA, OTHER = "ab" * 32, "cd" * 32
A = name("a")


# Addresses


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://f.example/a-1.whl", "https://f.example/a-1.whl"),
        ("https://f.example/a-1.whl#sha256=1", "https://f.example/a-1.whl"),
        ("a-1.whl", f"{BASE}a-1.whl"),
        ("../a-1.whl", "https://i.example/simple/a-1.whl"),
        ("../../a-1.whl", "https://i.example/a-1.whl"),
        ("../../../a-1.whl", "https://i.example/a-1.whl"),
        ("../../../../f/a-1.whl", "https://i.example/f/a-1.whl"),
        ("/f/a-1.whl", "https://i.example/f/a-1.whl"),
        ("//f.example/a-1.whl", "https://f.example/a-1.whl"),
        (" a 1.whl ", f"{BASE}a%201.whl"),
        ("https://f.example:0/a", ""),
        ("https://f.example:99999/a", ""),
        ("https://f.example:65535/a", "https://f.example:65535/a"),
        ("http:///", ""),
        ("ftp://f.example/a", ""),
        ("file:///a", ""),
        ("a\x00b", ""),
        ("a\x7fb", ""),
        ("a\u00fcb", f"{BASE}a\u00fcb"),
        ("", BASE),
    ],
)
def test_address_is_that_which_a_browser_would_ask(address: str, url: str) -> None:
    assert joined(BASE, address) == url


def test_address_of_a_host_with_or_without_a_port_is_not_taken_apart() -> None:
    parsed: Any = urlsplit  # the type stubs hide its cache
    before = parsed.cache_info()
    for address in ("https://f.example/f/a-1.whl", "http://127.0.0.1:8443/f/a-1.whl"):
        assert joined(BASE, address) == address
    assert parsed.cache_info() == before


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://i.example/simple/a/index.html", "https://i.example/simple/f/a-1.whl"),
        ("https://i.example:8443/simple/a/", "https://i.example:8443/simple/f/a-1.whl"),
        ("https://i.example:59999/simple/a/", "https://i.example:59999/simple/f/a-1.whl"),
        ("https://i.example/simple/a/?x=1", "https://i.example/simple/f/a-1.whl"),
        ("https://i.example/a", "https://i.example/f/a-1.whl"),
        ("file:///simple/a/index.html", "file:///simple/f/a-1.whl"),
    ],
)
def test_page_lies_anywhere(base: str, url: str) -> None:
    assert joined(base, "../f/a-1.whl") == url


def test_page_of_this_machine_names_its_files_and_the_web_alone() -> None:
    addresses = ["file:///b", "https://f.example/b", "ftp://f.example/b", "data:b", "zip:///b", "b"]
    assert [joined("file:///a/", each) for each in addresses] == [
        *("file:///b", "https://f.example/b"),
        *("", "", ""),
        "file:///a/b",
    ]


@pytest.mark.parametrize(
    ("size", "told"), [(None, None), (-1, None), (0, 0), (1, 1), (2**50, 2**50), (2**50 + 1, None), (2**63, None)]
)
def test_size_that_no_file_has_is_none(size: int | None, told: int | None) -> None:
    found = availability(FileEntry("a-1.whl", "a-1.whl", size=size), BASE, "")
    assert found is not None
    assert found.size == told


@pytest.mark.parametrize(
    ("said", "yanked"), [(None, None), (False, None), (True, ""), ("", None), ("broken", "broken")]
)
def test_reason_for_a_yank_is_told(said: bool | str | None, yanked: str | None) -> None:
    found = availability(FileEntry("a-1.whl", "a-1.whl", yanked=said), BASE, "https://i.example/simple")
    assert found is not None
    assert (found.yanked, found.index) == (yanked, "https://i.example/simple")


@pytest.mark.parametrize(
    ("core", "info", "told", "hashes"),
    [
        (None, None, None, ()),
        (True, None, True, ()),
        (False, True, False, ()),
        (None, True, True, ()),
        (None, False, False, ()),
        ({"sha256": SHA}, {"sha256": OTHER}, True, (("sha256", SHA),)),
        (None, {"sha256": OTHER}, True, (("sha256", OTHER),)),
        ({}, None, True, ()),
    ],
)
def test_sidecar_is_announced_by_the_newer_word_before_the_older(
    core: object, info: object, told: bool | None, hashes: tuple[tuple[str, str], ...]
) -> None:
    entry = FileEntry("a-1.whl", "a-1.whl", core_metadata=core, dist_info_metadata=info)  # type: ignore[arg-type]
    found = availability(entry, BASE, "")
    assert found is not None
    assert (found.core_metadata, found.core_metadata_hashes) == (told, hashes)


def test_hashes_are_lower_case_with_sha256_first_and_nothing_that_is_no_digest() -> None:
    md5 = "0A" * 16
    entry = FileEntry("a-1.whl", "a-1.whl", hashes={"MD5": md5, "SHA256": SHA.upper(), "sha1": "12", "odd": "zz"})
    found = availability(entry, BASE, "")
    assert found is not None
    assert found.hashes == (("sha256", SHA), ("md5", md5.lower()))
    without = availability(FileEntry("a-1.whl", "a-1.whl", hashes={"md5": md5}), BASE, "")
    assert without is not None
    assert without.hashes == (("md5", md5.lower()),)
    assert availability(FileEntry("a-1.whl", "ftp://f.example/"), BASE, "") is None


def test_version_of_a_page_is_one_dot_anything_or_not_said() -> None:
    for version in (None, "", "1.0", "1.99", "0.1", " 1 .0", "1"):
        reject_version(version)
    for version in ("2.0", "10.0", "x", "-1"):
        with pytest.raises(PageUnreadable, match="repository version"):
            reject_version(version)


def test_state_of_a_page_that_lists_nothing_is_quarantined_unless_it_says_otherwise() -> None:
    assert [known_state(word) for word in (" Archived ", "QUARANTINED", "deprecated", "odd")] == [
        "archived",
        "quarantined",
        "deprecated",
        "active",
    ]
    assert [stated("active", []), stated("archived", []), stated("active", [1]), stated("archived", [1])] == [
        "quarantined",
        "archived",
        "active",
        "archived",
    ]


# Anchors


def anchors(*lines: str, head: str = "<!DOCTYPE html><html><body>", tail: str = "</body></html>") -> str:
    return head + "".join(lines) + tail


ONE = f'<a href="a-1.0.tar.gz#sha256={SHA}">a-1.0.tar.gz</a><br>'
TWO = '<a href="f/a-2.0-py3-none-any.whl#md5=12" data-requires-python="&gt;=3.8">a-2.0-py3-none-any.whl</a><br/>\n'


@pytest.mark.parametrize(
    "text",
    [
        anchors(ONE, TWO),
        anchors(ONE.replace("<br>", ""), TWO.replace("<br/>", "")),
        anchors(ONE, TWO.replace("<br/>", "")),
        anchors(ONE, TWO, head="<html><head><title>a</title><meta charset=utf-8></head><body><h1>a</h1>"),
        anchors(ONE, TWO, tail=""),
        anchors(ONE, TWO, tail="</body>"),
        anchors(ONE, TWO, tail="</body></html>\n<!-- SERIAL 7 -->\n<!--x-->"),
    ],
)
def test_plain_page_is_split_as_it_would_be_read(text: str) -> None:
    plain = split_plain(text)
    assert plain is not None
    assert plain.names == ["a-1.0.tar.gz", "a-2.0-py3-none-any.whl"]
    read = read_html(text, BASE).files
    assert [entry for piece in plain.anchors for entry in read_anchors(f'<a href="{piece}', BASE)] == read


@pytest.mark.parametrize(
    "text",
    [
        anchors("<!-- ", ONE, " -->"),
        anchors("<script>", ONE, "</script>"),
        anchors(ONE, "<i>x</i>"),
        anchors(ONE, head='<base href="/f/"><body>'),
        anchors(ONE, "<p>"),
        anchors(ONE, "</a>"),
        anchors(ONE, tail=f"</body>{ONE}"),
        anchors(ONE, tail="</body><!-- -- --><i>"),
        anchors(ONE, "\0"),
        anchors('<a  href="a-1.0.tar.gz#">x</a>'),
        anchors('<a href="a-1.0.tar.gz?x=1#">x</a>'),
        anchors('<a href="a-1.0&amp;.tar.gz#">x</a>'),
        anchors('<a href="http://[::1]/a-1.0.tar.gz#">x</a>', ONE),
    ],
)
def test_page_that_is_not_plain_is_read_whole(text: str) -> None:
    assert split_plain(text) is None


def test_anchor_that_leads_to_no_file_is_left_out() -> None:
    text = anchors('<a href="../#">up</a><br>', ONE)
    plain = split_plain(text)
    assert plain is not None
    assert plain.names == ["a-1.0.tar.gz"]
    assert [file.filename for file in read_html(text, BASE).files] == ["a-1.0.tar.gz"]


def test_escaped_names_are_read() -> None:
    plain = split_plain(anchors('<a href="a-1.0%2Bcpu-py3-none-any.whl#">x</a>'))
    assert plain is not None
    assert plain.names == ["a-1.0+cpu-py3-none-any.whl"]
    absolute = split_plain(anchors('<a href="https://[::1]/a-1.0.tar.gz#">x</a>'))
    assert absolute is not None


@pytest.mark.parametrize(
    ("written", "entry"),
    [
        ("", {}),
        (' data-yanked=""', {"yanked": True}),
        (" data-yanked", {"yanked": True}),
        (' data-yanked="a &amp; &lt;b&gt; &quot;c&quot; &#39;d&#x27;"', {"yanked": "a & <b> \"c\" 'd'"}),
        (' data-requires-python="&gt;=3.8"', {"requires_python": ">=3.8"}),
        (' data-requires-python=""', {}),
        (' DATA-Requires-Python="3"', {"requires_python": "3"}),
        (" data-requires-python='3'", {"requires_python": "3"}),
        (' data-yanked="1" data-yanked="2"', {"yanked": "1"}),
        (' data-yanked="caf&eacute;"', {"yanked": "café"}),
        (f' data-core-metadata="sha256={OTHER}"', {"core_metadata": {"sha256": OTHER}}),
        (' data-core-metadata="true"', {"core_metadata": True}),
        (' data-core-metadata="False"', {"core_metadata": False}),
        (' data-core-metadata=""', {"core_metadata": True}),
        (' data-dist-info-metadata="true" data-core-metadata="false"', {"core_metadata": False}),
        (' data-dist-info-metadata="true"', {"core_metadata": True}),
        (' data-upload-time="2026-01-01"', {"upload_time": "2026-01-01"}),
        (' class="x" rel', {}),
    ],
)
def test_attributes_are_read_alike_one_by_one_and_in_a_page(written: str, entry: dict[str, object]) -> None:
    text = f'<a href="f/a-1.0.tar.gz#sha256={SHA}"{written}>a</a>'
    expected = FileEntry("a-1.0.tar.gz", f"{BASE}f/a-1.0.tar.gz", {"sha256": SHA}, **entry)  # type: ignore[arg-type]
    assert read_html(text, BASE).files == [expected]
    assert list(read_anchors(text, BASE)) == [expected]


@pytest.mark.parametrize(
    ("fragment", "hashes"),
    [
        (f"sha256={SHA}", {"sha256": SHA}),
        (f"sha256={SHA}0", {"sha256": f"{SHA}0"}),
        (f"md5=12&sha256={SHA}", {"md5": "12"}),
        (f"egg=ab&sha256={SHA}", {}),
        ("sha256=xy", {}),
        ("egg=12", {}),
        ("subdirectory=ab", {}),
        ("", {}),
    ],
)
def test_hashes_of_a_fragment(fragment: str, hashes: dict[str, str]) -> None:
    (file,) = read_html(f'<a href="a-1.0.tar.gz#{fragment}">a</a>', BASE).files
    assert file.hashes == hashes or "&" in fragment


def test_first_base_of_a_page_counts() -> None:
    text = '<base href=" /f/ "><base href="/g/"><a href="a-1.0.tar.gz">a</a>'
    listing = read_html(text, BASE)
    assert listing.base == "https://i.example/f/"
    assert [file.url for file in listing.files] == ["https://i.example/f/a-1.0.tar.gz"]
    assert read_html('<base href="ftp://x/">', BASE).base == BASE


def test_status_of_a_page_in_html_and_json_is_the_same() -> None:
    html = (
        '<meta name="pypi:repository-version" content="1.4"><meta name="PYPI:project-status" content="archived">'
        '<meta name="pypi:project-status-reason" content="old">'
    )
    json = b'{"meta": {"api-version": "1.4"}, "project-status": {"status": "archived", "reason": "old"}, "files": []}'
    for listing in (read_html(html, BASE), read_json(json, BASE)):
        assert (listing.state, listing.state_reason, listing.files, listing.base) == ("archived", "old", [], BASE)
    with pytest.raises(PageUnreadable, match=r"2\.0"):
        read_json(b'{"meta": {"api-version": "2.0"}, "files": []}', BASE)
    with pytest.raises(PageUnreadable, match="is no project page in JSON"):
        read_json(b'{"files": 3}', BASE)


@pytest.mark.parametrize(
    ("content", "kind", "is_json"),
    [
        (b'{"files": []}', "text/html", True),
        (b'\xef\xbb\xbf \r\n\t{"files": []}', "", True),
        (b" " * 511 + b'{"files": []}', "text/html", True),
        (b"<a>", "application/json", False),
        (b"x", "text/html", False),
    ],
)
def test_kind_of_a_page_is_told_by_its_first_bytes(content: bytes, kind: str, is_json: bool) -> None:
    assert (read_listing(content, kind, BASE).base == BASE) is True
    if not is_json:
        assert read_listing(content, kind, BASE).files == []


def test_type_decides_where_the_first_bytes_do_not() -> None:
    with pytest.raises(PageUnreadable, match="JSON"):
        read_listing(b"x", "application/vnd.pypi.simple.v1+json; charset=utf-8", BASE)
    with pytest.raises(PageUnreadable, match="neither JSON nor HTML"):
        read_listing(b"x\0", "text/html", BASE)
    assert read_listing(b"x" * 1024 + b"\0", "text/html", BASE).files == []
    with pytest.raises(PageUnreadable, match="neither JSON nor HTML"):
        read_listing(b"x" * 1023 + b"\0", "text/html", BASE)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("text/html; charset=ISO-8859-1", "gr\xfcn"),
        ('text/html; charset="latin-1"', "gr\xfcn"),
        ("text/html; charset=latin1; x=y", "gr\xfcn"),
        ("text/html; charset=utf-8", "gr\ufffdn"),
        ("text/html", "gr\ufffdn"),
    ],
)
def test_letters_are_read_as_the_type_says(kind: str, reason: str) -> None:
    content = b'<a href="a-1.0.tar.gz" data-yanked="gr\xfcn">a</a>'
    assert [file.yanked for file in read_listing(content, kind, BASE).files] == [reason]


# Versions


def page(*names: str) -> PackedPage:
    return packed(Listing([FileEntry(each, each) for each in names], base=BASE), A)


NAMES = (
    "a-1.0.tar.gz",
    "a-1.0-py3-none-any.whl",
    "a-1.0-cp311-cp311-win_amd64.whl",
    "a-1.0-1-cp311-cp311-win_amd64.whl",
    "a-2.0.zip",
    "A-2.0-py2.py3-none-any.whl",
    "a_1-3.0.tar.gz",
    "a-b-4.0.tar.gz",
    "a-5.0.exe",
    "other-1.0.tar.gz",
    "a-x.tar.gz",
)


def test_links_are_sorted_by_version_and_the_rest_is_counted_by_reason() -> None:
    found = page(*NAMES)
    assert [each.version for each in found.versions] == ["1.0", "2.0"]
    assert sum(found.skipped.values()) == 5
    lazy = LazyVersions(A, [layer_of(found, "")])
    assert list(lazy) == [Version("1.0"), Version("2.0")]
    assert (len(lazy), Version("2") in lazy, Version("3") in lazy) == (2, True, False)
    assert [file.filename for file in lazy[Version("1.0")]] == list(NAMES[:4])
    assert [file.filename for file in lazy[Version("2.0")]] == list(NAMES[4:6])
    assert lazy.mentions(Version("1.0"), "win_amd64")
    assert not lazy.mentions(Version("2.0"), "win_amd64")
    assert repr(lazy) == "<2 versions of a, 2 understood>"


def test_earlier_layers_come_first_and_the_last_is_the_index() -> None:
    links, index = (
        page("a-1.0.tar.gz", "a-3.0.tar.gz", "odd.tar.gz"),
        page("a-2.0.tar.gz", "a-1.0-py3-none-any.whl", "b"),
    )
    found = project_page(A, [layer_of(links, "links"), layer_of(index, "index")])
    assert list(found.distributions) == [Version("1.0"), Version("3.0"), Version("2.0")]
    assert [(file.filename, file.at.index) for file in found.distributions[Version("1.0")]] == [
        ("a-1.0.tar.gz", "links"),
        ("a-1.0-py3-none-any.whl", "index"),
    ]
    assert [file.at.index for file in found.distributions[Version("2.0")]] == ["index"]
    assert (found.index, found.state) == ("index", "active")
    assert sum(count for _, count in found.skipped) == 2
    assert project_page(A, []).state == "absent"


def test_tags_are_read_off_the_names_escaped_or_not() -> None:
    plain = LazyVersions(A, [layer_of(page(*NAMES), "")])
    escaped = packed(Listing([FileEntry("a-1.0-py3-none-any.whl", "a-1.0-py3-none-%61ny.whl")], base=BASE), A)
    assert {str(tag) for tags in plain.tags_of_wheels(Version("1.0")) for tag in tags} == {
        str(tag) for file in plain[Version("1.0")] for tag in getattr(file, "tags", ())
    }
    lazy = LazyVersions(A, [layer_of(escaped, "")])
    assert len(lazy.tags_of_wheels(Version("1.0"))) == 1


@pytest.mark.parametrize("sizes", [(10, 70_000, 5, 5, 200_000), (70_000,) * 3, (1,) * 5, (65_535, 1, 1), (65_536, 1)])
def test_compressed_files_are_those_that_were_packed(sizes: tuple[int, ...]) -> None:
    contents = [bytes([number]) * size for number, size in enumerate(sizes)]
    compressed = CompressedFiles(contents)
    assert len(compressed) == len(contents)
    assert list(compressed) == contents
    assert compressed[1:3] == contents[1:3]
    assert [compressed[number] for number in range(len(contents))] == contents


def test_versions_are_compressed_64_kib_together() -> None:
    assert len(CompressedFiles([bytes(64 * 1024 - 1), b"1", b"2"]).chunks) == 2
    assert len(CompressedFiles([bytes(64 * 1024 - 1)]).chunks) == 1
    assert len(CompressedFiles([bytes(64 * 1024 - 1), b"", b"2"]).chunks) == 1
    assert CompressedFiles([]).chunks == []


@pytest.mark.parametrize(("size", "is_compressed"), [(16 * 1024 - 1, False), (16 * 1024, True)])
def test_small_page_is_left_as_it_is(size: int, is_compressed: bool) -> None:
    whole = PackedPage(
        [PackedVersion("1", memoryview(bytes(size - 5))), PackedVersion("2", memoryview(bytes(5)))], {"x": 1}
    )
    layer = compressed_layer(whole, "index")
    assert isinstance(layer.files, CompressedFiles) is is_compressed
    assert ([bytes(each) for each in layer.files], layer.index, list(layer.versions)) == (
        [bytes(size - 5), bytes(5)],
        "index",
        ["1", "2"],
    )
    assert layer.page.skipped == {"x": 1}


def test_unusable_address_leaves_its_version_without_a_file() -> None:
    found = packed(Listing([FileEntry("a-1.0.tar.gz", "ftp://x/a-1.0.tar.gz")], base=BASE), A)
    assert LazyVersions(A, [layer_of(found, "")])[Version("1.0")] == ()
    assert LinkSkip.UNUSABLE_ADDRESS.name not in found.skipped


def test_page_of_html_and_json_pack_the_same() -> None:
    html = anchors(*(f'<a href="{each}">{each}</a><br>' for each in NAMES)).encode()
    json = b'{"files": [%s]}' % b",".join(b'{"filename": "%s", "url": "x"}' % each.encode() for each in NAMES)
    one, other = (read_page(content, "", BASE, A) for content in (html, json))
    assert [each.version for each in one.versions] == [each.version for each in other.versions]
    assert one.skipped == other.skipped


def test_folder_lists_the_archives_in_it(tmp_path: Path) -> None:
    folder = tmp_path
    for each in (
        "b-1.tar.gz",
        "a-1.whl",
        "a.txt",
        "a-1.zip",
        "c-1.tar.bz2",
        "d-1.tar.xz",
        "e-1.tgz",
        "f-1.Z",
        "g-1.tar",
    ):
        (folder / each).write_bytes(b"12345")
    (folder / "folder.whl").mkdir()
    listing = load_listing(folder)
    assert [file.filename for file in listing.files] == sorted(
        ["b-1.tar.gz", "a-1.whl", "a-1.zip", "c-1.tar.bz2", "d-1.tar.xz", "e-1.tgz", "f-1.Z", "g-1.tar"]
    )
    assert {file.size for file in listing.files} == {5}
    assert listing.files[0].url == (folder / "a-1.whl").as_uri()
    with pytest.raises(IndexUnavailable, match="cannot be read"):
        load_listing(folder / "nowhere")
