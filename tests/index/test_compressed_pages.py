"""Files of large pages are kept compressed, and are the same."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from tests.fakes.archives import make_wheel
from tests.index.stores import files, name, store
from tests.resolver.test_passes import WHEELS, asked
from tests.server import IndexServer, Mode
from wheelcheck.index.file_entries import PackedPage, PackedVersion, encode_files
from wheelcheck.index.page_reader import read_page
from wheelcheck.index.page_versions import CompressedFiles, compressed_layer, layer_of, project_page
from wheelcheck.model.resolution import Conflict, Policy
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.targets.targets import parse_target

COUNT = 3000
ELSEWHERE = "cp311-cp311-manylinux2014_x86_64"
PAGE = "<!DOCTYPE html><html><body>" + "".join(
    f'<a href="https://files.example/a-1.{minor}-py3-none-any.whl#sha256={minor:064x}">a-1.{minor}</a><br>\n'
    for minor in range(COUNT)
)


def test_a_large_page_says_the_same_in_a_fraction_of_the_space() -> None:
    read = read_page(PAGE.encode() + b"</body></html>", "text/html", "https://index.example/a/", name("a"))
    plain, small = layer_of(read, "i"), compressed_layer(read, "i")
    assert isinstance(small.files, CompressedFiles)
    assert [*small.files] == [*plain.files] == small.files[:]
    assert sum(map(len, small.files.chunks)) * 3 < sum(map(len, plain.files))
    expected = project_page(name("a"), [plain]).distributions
    found = project_page(name("a"), [small]).distributions
    assert dict(found) == dict(expected)
    assert len(found) == COUNT
    assert all(found.tags_of_wheels(each) == expected.tags_of_wheels(each) for each in [*found][::100])  # type: ignore[attr-defined]


def test_small_pages_are_left_as_they_are() -> None:
    page = PackedPage([PackedVersion("1", memoryview(encode_files([])))])
    assert compressed_layer(page, "i") == layer_of(page, "i")
    assert list(compressed_layer(PackedPage([]), "i").files) == []


@pytest.mark.parametrize("limit", [0, 1024**2])
def test_a_large_page_is_the_same_fetched_and_cached(limit: int, tmp_path: Path) -> None:
    catalog = {"a": [make_wheel("a", f"1.{minor}") for minor in range(600)]}

    with IndexServer(catalog, mode=Mode()) as server:
        pages = []
        before = _compressed_pages()
        for _ in range(2):
            with store(server.simple_url, cache_dir=tmp_path, uncompressed_limit=limit) as projects:
                pages.append(files(projects.page(name("a"))))
                assert _compressed_pages() - before == (limit == 0)
            del projects
        assert pages[0] == pages[1]
        assert server.count() == 1


@pytest.mark.parametrize("limit", [0, 1024**2])
def test_a_pin_costs_the_files_of_its_version_and_not_those_of_its_project(limit: int, tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(12)]
    catalog = {each: [make_wheel(each, f"1.{minor}", tags=ELSEWHERE) for minor in range(40)] for each in names}
    catalog["p0"] = [make_wheel("p0", f"1.{minor}") for minor in range(40)]
    question = Question(
        requirements=tuple(asked(f"{each}==1.7") for each in names),
        target=parse_target("win_amd64", "3.11"),
        policy=Policy(allowed=WHEELS),
    )
    with (
        IndexServer(catalog) as server,
        store(server.simple_url, cache_dir=tmp_path, uncompressed_limit=limit) as projects,
    ):
        answer = resolve(question, projects)
        pages = [repr(projects.page(name(each)).distributions) for each in names]
    assert isinstance(answer, Conflict)
    assert pages == [f"<40 versions of {each}, 1 understood>" for each in names]


def _compressed_pages() -> int:
    gc.collect()
    return sum(isinstance(each, CompressedFiles) for each in gc.get_objects())
