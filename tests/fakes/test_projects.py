"""The in-memory index keeps the promises of the port it stands in for."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.projects import FakeProjects, sdist, wheel
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import CoreMetadata, ProjectPage, Purity, Sdist, Wheel
from wheelcheck.ports import Projects


def fake() -> FakeProjects:
    return FakeProjects(
        {
            "A.b": {
                "1.0": [
                    wheel("cp311-cp311-win_amd64", requires=["b>=1"], extras=["Big_One"]),
                    sdist(purity="pure", requires=None),
                ]
            },
            "b": {"2": [wheel(yanked="broken")]},
        },
        failing=frozenset({"gone"}),
        links={"https://x.example/c-3-py3-none-any.whl": ("c-3-py3-none-any.whl", wheel(requires=["b"]))},
    )


def test_a_described_project_answers_through_the_port() -> None:
    projects: Projects = fake()
    page = projects.page(canonicalize_name("a-b"))
    first, second = page.distributions[Version("1.0")]
    assert isinstance(first, Wheel)
    assert isinstance(second, Sdist)
    assert first.filename == "a_b-1.0-cp311-cp311-win_amd64.whl"
    assert projects.metadata(first).requires == ("b>=1",)
    assert projects.metadata(first).provides_extra == {"big-one"}
    assert projects.source(second).purity is Purity.PURE
    assert projects.source(second).metadata is None
    assert projects.page(canonicalize_name("nobody")).state == "absent"


def test_calls_are_counted_and_fetches_happen_once() -> None:
    projects = fake()
    name = canonicalize_name("b")
    projects.prefetch_pages([name, canonicalize_name("gone")])
    projects.page(name)
    projects.page(name)
    assert projects.count("page") == 2
    assert projects.count_fetched("page") == 1
    with pytest.raises(IndexUnavailable):
        projects.page(canonicalize_name("gone"))


def test_listeners_read_ahead_through_a_long_chain_without_nesting() -> None:
    length = 3000
    projects = FakeProjects({f"p{n}": {"1": [wheel(requires=[f"p{n + 1}"])]} for n in range(length)})
    seen: list[str] = []

    def read_on(page: ProjectPage) -> None:
        projects.prefetch_metadata(
            found for files in page.distributions.values() for found in files if isinstance(found, Wheel)
        )

    def follow(of: Wheel, metadata: CoreMetadata) -> None:
        seen.append(of.filename)
        projects.prefetch_pages([canonicalize_name(metadata.requires[0])])

    projects.on_page(read_on)
    projects.on_metadata(follow)
    projects.prefetch_pages([canonicalize_name("p0")])
    assert len(seen) == length


def test_a_direct_link_is_read_from_its_description() -> None:
    found, metadata, judgement = fake().direct("https://x.example/c-3-py3-none-any.whl")
    assert isinstance(found, Wheel)
    assert (found.version, judgement) == (Version("3"), None)
    assert metadata is not None
    assert metadata.requires == ("b",)
