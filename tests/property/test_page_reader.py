"""Our page reader agrees with the reference client on whatever page an index may send."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from pypi_simple import DistributionPackage, ProjectPage

from wheelcheck.index.pages import read_listing
from wheelcheck.index.records import FileRow

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


def _ours(row: FileRow) -> tuple[object, ...]:
    return (
        row.filename,
        row.url,
        row.sha256,
        row.requires_python,
        row.yanked,
        row.core_metadata or False,
        row.core_metadata_sha256,
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
    assert list(map(_ours, listing.rows)) == list(map(_theirs, reference.packages))


@given(st.lists(_files(), max_size=6), st.sampled_from(["", '<base href="https://base.example/deep/er/">']))
def test_html_pages_are_read_as_the_reference_reads_them(files: list[dict[str, object]], base: str) -> None:
    page = f"<!DOCTYPE html><html><head>{base}</head><body>{''.join(map(_anchor, files))}</body></html>"
    listing = read_listing(page.encode(), "text/html; charset=utf-8", BASE)
    reference = ProjectPage.from_html("some-project", page, base_url=BASE)
    assert list(map(_ours, listing.rows)) == list(map(_theirs, reference.packages))


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
