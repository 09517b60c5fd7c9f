"""Our page reader agrees with the reference client on whatever page an index may send."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from pypi_simple import DistributionPackage, ProjectPage

from wheelcheck.index.file_entries import FileEntry, PageUnreadable, availability
from wheelcheck.index.page_reader import packed, read_listing, read_page
from wheelcheck.index.page_versions import layer_of, project_page

BASE = "https://index.example/simple/some-project/"

_text = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc", "Zs"]), max_size=12
)
_digest = st.text("0123456789abcdef", min_size=64, max_size=64)
_version = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}(\+[a-z]{1,3})?", fullmatch=True)
_filename = st.builds(
    "some_project-{}{}".format,
    _version,
    st.sampled_from(["-py3-none-any.whl", ".tar.gz", "-cp311-cp311-win32.whl", ".zip"]),
)


@st.composite
def _files(draw: st.DrawFn) -> dict[str, object]:
    filename = draw(_filename)
    prefix = draw(st.sampled_from(["https://files.example/x/", "../../packages/", "/packages/", ""]))
    found: dict[str, object] = {"filename": filename, "url": prefix + quote(filename), "hashes": {}}
    if draw(st.booleans()):
        found["hashes"] = {"sha256": draw(_digest)}
    if draw(st.booleans()):
        found["requires-python"] = draw(st.sampled_from([">=3.8", "<4,>=3", "!=3.0.*"]))
    if draw(st.booleans()):
        # An empty reason means "yanked" in HTML and "not yanked" in JSON, so it is not generated.
        found["yanked"] = draw(_text.filter(bool))
    if draw(st.booleans()):
        found["core-metadata"] = draw(st.one_of(st.just(True), st.builds(lambda d: {"sha256": d}, _digest)))
    return found


def _ours(entry: FileEntry, base: str) -> tuple[object, ...]:
    at = availability(entry, base, "")
    assert at is not None
    return (
        entry.filename,
        at.url,
        at.sha256,
        at.requires_python,
        at.yanked,
        at.core_metadata or False,
        dict(at.core_metadata_hashes).get("sha256", ""),
    )


def _theirs(package: DistributionPackage) -> tuple[object, ...]:
    return (
        package.filename,
        package.url,
        package.digests.get("sha256", ""),
        package.requires_python,
        (package.yanked_reason or "") if package.is_yanked else None,
        package.has_metadata or False,
        (package.metadata_digests or {}).get("sha256", ""),
    )


@given(st.lists(_files(), max_size=6))
def test_json_pages_are_read_as_the_reference_reads_them(files: list[dict[str, object]]) -> None:
    page = {"meta": {"api-version": "1.0"}, "name": "some-project", "files": files}
    listing = read_listing(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json", BASE)
    reference = ProjectPage.from_json_data(page, base_url=BASE)
    assert [_ours(file, listing.base) for file in listing.files] == list(map(_theirs, reference.packages))


@given(st.lists(_files(), max_size=6), st.sampled_from(["", '<base href="https://base.example/deep/er/">']))
def test_html_pages_are_read_as_the_reference_reads_them(files: list[dict[str, object]], base: str) -> None:
    page = f"<!DOCTYPE html><html><head>{base}</head><body>{''.join(map(_anchor, files))}</body></html>"
    listing = read_listing(page.encode(), "text/html; charset=utf-8", BASE)
    reference = ProjectPage.from_html("some-project", page, base_url=BASE)
    assert [_ours(file, listing.base) for file in listing.files] == list(map(_theirs, reference.packages))


def _anchor(file: dict[str, object]) -> str:
    hashes = file["hashes"]
    fragment = f"#sha256={hashes['sha256']}" if isinstance(hashes, dict) and hashes else ""
    attributes = {"href": f"{file['url']}{fragment}"}
    if "requires-python" in file:
        attributes["data-requires-python"] = str(file["requires-python"])
    if "yanked" in file:
        attributes["data-yanked"] = str(file["yanked"])
    sidecar = file.get("core-metadata")
    if sidecar is not None:
        attributes["data-core-metadata"] = f"sha256={sidecar['sha256']}" if isinstance(sidecar, dict) else "true"
    written = " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items())
    return f"<a {written}>{escape(str(file['filename']))}</a><br/>"


_odd = st.sampled_from(
    [
        "", "<!-- <a href='x-1.0.zip'>x</a> -->", "<!--", "<script>", "<title>x", "</title>", "<base href='/other/'>", "<br/>",
        "<p>text</p>", "<A HREF='/some_project-7.0.zip'>x</A>", '<a href="some_project-8.0.zip" data-yanked>x</a>',
        '<a href="?some_project-8.1.zip#sha256=0">x</a>', '<a href="">x</a>', '<a href="#top">x</a>', "<a>x</a>", "</body>",
        '<a href="x?y=/some_project-8.2.zip#egg=x">x</a>', '<a href="/a b/some_project-8.3.zip#x=1">x</a>', "<template>",
        '<a href="/x/some_project-8.4.zip#sha256=ab" data-yanked="a&gt;b&copy; &amp;lt;" data-yanked="no">x</a>',
        "<a href=\"/x/some_project-8.5.zip#md5=ab\" data-requires-python='>=3'>x</a>", "<textarea>", "</textarea>", "&lt;a",
        '<a href="/x/some_project-8.6-py3-none-any.whl#" data-upload-time="2020-01-01T00:00:00Z" rel="x" DATA-YANKED="u">x</a>',
        '<meta name="pypi:project-status" content="archived">', '<a href="https://h:99999/some_project-8.8.zip#sha256=0">x</a>',
        '<a href="//[/some_project-8.7.zip#sha256=0">x</a>',
    ]
)  # fmt: skip


@given(
    st.lists(st.one_of(_files().map(lambda file: _anchor(file)), _odd), max_size=8),
    st.sampled_from(["", "</body></html>"]),
)
def test_a_page_that_is_sorted_unread_says_what_it_says_when_it_is_parsed(parts: list[str], end: str) -> None:
    name = canonicalize_name("some-project")
    head = '<meta name="pypi:repository-version" content="1.0">'
    content = f"<!DOCTYPE html><html><head>{head}<title>x</title></head><body>{''.join(parts)}{end}".encode()
    try:
        parsed = project_page(name, [layer_of(packed(read_listing(content, "text/html", BASE), name), "i")])
    except PageUnreadable:
        with pytest.raises(PageUnreadable):
            read_page(content, "text/html", BASE, name)
        return
    unread = project_page(name, [layer_of(read_page(content, "text/html", BASE, name), "i")])
    assert dict(unread.distributions) == dict(parsed.distributions)
    assert (unread.skipped, unread.state, unread.state_reason) == (parsed.skipped, parsed.state, parsed.state_reason)


@given(st.lists(_files(), max_size=6), st.sampled_from([None, {"status": "archived", "reason": "x"}]))
def test_a_json_page_that_is_sorted_unread_says_what_it_says_when_it_is_read(
    files: list[dict[str, object]], status: object
) -> None:
    name = canonicalize_name("some-project")
    content = json.dumps({"meta": {"api-version": "1.4"}, "files": files, "project-status": status}).encode()
    read = project_page(name, [layer_of(packed(read_listing(content, "", BASE), name), "i")])
    unread = project_page(name, [layer_of(read_page(content, "", BASE, name), "i")])
    assert dict(unread.distributions) == dict(read.distributions)
    assert (unread.skipped, unread.state, unread.state_reason) == (read.skipped, read.state, read.state_reason)


@pytest.mark.parametrize("wrong", [{"url": 1}, {"hashes": []}, {}])
def test_a_json_page_with_one_wrong_file_is_refused_before_anyone_looks_at_it(wrong: dict[str, object]) -> None:
    content = json.dumps({"files": [{"filename": "some_project-1.0.zip", **wrong}]}).encode()
    with pytest.raises(PageUnreadable):
        read_listing(content, "application/json", BASE)
    with pytest.raises(PageUnreadable):
        read_page(content, "application/json", BASE, canonicalize_name("some-project"))
