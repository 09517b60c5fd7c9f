"""Indexes and links that are folders, and pools of links beside an index."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from tests.fakes.archives import make_sdist, make_wheel
from tests.index.stores import files, first_sdist, first_wheel, name, store
from tests.server import IndexServer
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import Purity

WHEEL = make_wheel("a", "1.0", requires=["b"])
SDIST = make_sdist("a-b", "1.0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    links = tmp_path / "links"
    links.mkdir()
    for filename, content in (WHEEL, SDIST, ("notes.txt", b"")):
        (links / filename).write_bytes(content)
    return links


@pytest.mark.parametrize("below", ["", "simple"])
def test_a_file_index_may_be_a_tree_of_pages(below: str, tmp_path: Path) -> None:
    project = tmp_path / "index" / "simple" / "a"
    project.mkdir(parents=True)
    (tmp_path / "index" / "files").mkdir()
    (tmp_path / "index" / "files" / WHEEL[0]).write_bytes(WHEEL[1])
    (project / "index.html").write_text(f'<a href="../../files/{WHEEL[0]}" data-requires-python="&gt;=3.8">x</a>')
    with store((tmp_path / "index" / below).as_uri()) as projects:
        wheel = first_wheel(projects.page(name("a")))
        assert wheel.at.requires_python == ">=3.8"
        assert projects.metadata(wheel).requires == ("b",)
        assert projects.page(name("nobody")).state == "absent"


def test_a_file_index_may_be_folders_of_archives_with_odd_names(tmp_path: Path) -> None:
    (tmp_path / "A_B").mkdir()
    (tmp_path / "A_B" / SDIST[0]).write_bytes(SDIST[1])
    with store(str(tmp_path)) as projects:
        sdist = first_sdist(projects.page(name("a-b")))
        assert sdist.at.size == len(SDIST[1])
        assert projects.source(sdist).purity is Purity.PURE


def test_a_file_index_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with store((tmp_path / "nowhere").as_uri()) as projects, pytest.raises(IndexUnavailable, match="cannot be read"):
        projects.page(name("a"))


def test_a_file_index_serves_what_the_first_index_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / WHEEL[0]).write_bytes(WHEEL[1])
    with IndexServer({"c": [make_wheel("c", "1")]}) as server, store(server.simple_url, tmp_path.as_uri()) as projects:
        assert projects.page(name("a")).index == tmp_path.as_uri()
        assert projects.page(name("c")).index == server.simple_url


def test_links_are_pooled_with_the_index(folder: Path) -> None:
    catalog = {"a": [make_wheel("a", "1.0", tags="py2-none-any"), make_wheel("a", "2.0")]}
    with IndexServer(catalog) as server, store(server.simple_url, find_links=(str(folder),)) as projects:
        page = projects.page(name("a"))
        assert {str(version): len(group) for version, group in page.distributions.items()} == {"1.0": 2, "2.0": 1}
        assert page.index == server.simple_url
        assert page.distributions[Version("1.0")][0].at.index == str(folder)
        assert projects.page(name("a-b")).index == str(folder)


def test_fallback_links_serve_only_what_no_index_has(folder: Path) -> None:
    with (
        IndexServer({"a": [make_wheel("a", "2.0")]}) as server,
        store(server.simple_url, fallback_find_links=(folder.as_uri(),)) as projects,
    ):
        assert list(projects.page(name("a")).distributions) == [Version("2.0")]
        assert list(projects.page(name("a-b")).distributions) == [Version("1.0")]
        assert projects.page(name("nobody")).state == "absent"


def test_fallback_links_serve_where_there_is_no_index_at_all(folder: Path) -> None:
    with store(fallback_find_links=(str(folder),)) as projects:
        assert list(projects.page(name("a-b")).distributions) == [Version("1.0")]
    with store(find_links=(str(folder),), fallback_find_links=(str(folder),)) as projects:
        assert len(files(projects.page(name("a-b")))) == 1


def test_fallback_links_may_be_a_page_on_a_server() -> None:
    with IndexServer() as server:
        page = server.add_find_links("/wheels/", SDIST[0])
        with store(fallback_find_links=(page,)) as projects:
            assert len(files(projects.page(name("a-b")))) == 1
            assert projects.page(name("nobody")).state == "absent"
        assert server.count() == 1


def test_no_index_leaves_the_links(folder: Path) -> None:
    with IndexServer() as server, store(server.simple_url, no_index=True, find_links=(str(folder),)) as projects:
        assert len(files(projects.page(name("a")))) == 1
        assert projects.page(name("nobody")).state == "absent"
        assert server.count() == 0


def test_links_may_be_a_page_on_a_server_or_on_disk(tmp_path: Path) -> None:
    (tmp_path / WHEEL[0]).write_bytes(WHEEL[1])
    (tmp_path / "links.html").write_text(f'<a href="{WHEEL[0]}">a</a>')
    with IndexServer() as server:
        page = server.add_find_links("/wheels/", SDIST[0], "a_c-1.0-py3-none-any.whl")
        with store(find_links=(page, str(tmp_path / "links.html")), cache_dir=tmp_path / "cache") as projects:
            assert len(files(projects.page(name("a")))) == 1
            assert len(files(projects.page(name("a-b")))) == 1
            assert first_wheel(projects.page(name("a-c"))).at.url == page + "a_c-1.0-py3-none-any.whl"
            assert projects.metadata(first_wheel(projects.page(name("a")))).requires == ("b",)
        with store(find_links=(page,), cache_dir=tmp_path / "cache") as projects:
            assert len(files(projects.page(name("a-b")))) == 1
        assert server.count() == 1


def test_links_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with store(find_links=(str(tmp_path / "x"),)) as projects, pytest.raises(IndexUnavailable) as caught:
        projects.page(name("a"))
    assert caught.value.address == str(tmp_path / "x")


@pytest.mark.parametrize("place", ["nowhere", "page.html"])
def test_links_that_are_not_there_are_told_and_passed_over_for_an_installer_that_goes_on(
    tmp_path: Path, place: str
) -> None:
    links = str(tmp_path / place)
    with (
        IndexServer({"a-b": [SDIST]}) as server,
        store(server.simple_url, find_links=(links,), fault="is-told") as projects,
    ):
        page = projects.page(name("a-b"))
    assert len(files(page)) == 1
    assert [place for place, _ in page.unasked] == [links]
