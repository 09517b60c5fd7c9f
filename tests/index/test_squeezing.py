"""Rows of large pages are kept compressed, and are the same."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.fakes.archives import make_wheel
from tests.index.stores import files, name, store
from tests.server import IndexServer, Mode
from wheelcheck.index.pages import Layer, project_page, read_digest
from wheelcheck.index.records import VersionRows
from wheelcheck.index.squeezing import Slice, squeezed

COUNT = 3000
PAGE = "<!DOCTYPE html><html><body>" + "".join(
    f'<a href="https://files.example/a-1.{minor}-py3-none-any.whl#sha256={minor:064x}">a-1.{minor}</a><br>\n'
    for minor in range(COUNT)
)


def test_a_large_page_says_the_same_in_a_fraction_of_the_space() -> None:
    read = read_digest(PAGE.encode() + b"</body></html>", "text/html", "https://index.example/a/", name("a"))
    plain, small = Layer.of(read, "i"), Layer.squeezed(read, "i")
    rows = [each for _, each in small.versions]
    assert all(isinstance(each, Slice) for each in rows)
    chunks = {each.chunk for each in rows if isinstance(each, Slice)}
    assert sum(map(len, chunks)) * 3 < sum(len(bytes(each)) for each in rows)
    expected = project_page(name("a"), [plain]).distributions
    found = project_page(name("a"), [small]).distributions
    assert dict(found) == dict(expected)
    assert len(found) == COUNT
    assert all(found.tags_of_wheels(each) == expected.tags_of_wheels(each) for each in [*found][::100])  # type: ignore[attr-defined]


def test_small_pages_are_left_as_they_are() -> None:
    groups = [VersionRows("1", msgspec.Raw(b"\xc4\x01["))]
    assert squeezed(groups) == (("1", groups[0].rows),)
    assert squeezed([]) == ()


def test_a_large_page_is_the_same_fetched_and_cached(tmp_path: Path) -> None:
    catalog = {"a": [make_wheel("a", f"1.{minor}") for minor in range(600)]}

    with IndexServer(catalog, mode=Mode()) as server:
        pages = []
        for _ in range(2):
            with store(server.simple_url, cache_dir=tmp_path) as projects:
                pages.append(files(projects.page(name("a"))))
        assert pages[0] == pages[1]
        assert server.count() == 1
