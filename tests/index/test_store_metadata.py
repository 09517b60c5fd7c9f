"""A wheel's dependency fields, whatever its host allows; source archives; direct references."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from packaging.version import Version

from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.index.stores import first_sdist, first_wheel, name, store
from tests.server import MIRROR, PLAIN_HTML, Flaky, IndexFile, IndexServer, Lie, Mode
from tests.server.catalog import Made
from wheelcheck.errors import ArchiveRefused, HashMismatch, IndexUnavailable, MetadataMalformed, UsageProblem
from wheelcheck.index.exchange import RequestKind
from wheelcheck.model.distribution import CoreMetadata, MetadataSource, Purity, Wheel

SMALL = make_wheel("a", "1.0", requires=["b>=1"])
NOISE = os.urandom(300_000)
LARGE = make_wheel("large", "1.0", requires=["b>=1"], files={"large/data.bin": NOISE})
# Its directory alone is longer than the first range.
CROWDED = make_wheel("crowded", "1.0", requires=["b>=1"], files={f"crowded/{'x' * 60}{n}.py": "" for n in range(1500)})
HUGE = make_wheel("huge", "1.0", requires=["b>=1"], files={"huge/data.bin": os.urandom(1_200_000)})
SDIST = make_sdist("s", "1.0", requires=["b"])
CATALOG: dict[str, list[Made | IndexFile]] = {
    "a": [SMALL],
    "large": [LARGE],
    "crowded": [CROWDED],
    "huge": [HUGE],
    "s": [SDIST],
    **{f"p{n}": [make_wheel(f"p{n}", "1", requires=["b>=1"])] for n in range(30)},
}


def metadata_of(project: str, mode: Mode) -> tuple[CoreMetadata, IndexServer, dict[RequestKind, int]]:
    with IndexServer(CATALOG, mode=mode) as server, store(server.simple_url) as projects:
        found = projects.metadata(first_wheel(projects.page(name(project))))
        return found, server, dict(projects.statistics.requests)


@pytest.mark.parametrize("project", ["a", "large", "crowded"])
@pytest.mark.parametrize(
    ("mode", "source"),
    [
        (Mode(), MetadataSource.CORE_METADATA),
        (Mode(sidecar_word="true"), MetadataSource.CORE_METADATA),
        (Mode(sidecars="unannounced"), MetadataSource.CORE_METADATA),
        (Mode(sidecars="absent"), MetadataSource.WHEEL_RANGE),
        (Mode(sidecars="absent", ranges="suffix-416"), MetadataSource.WHEEL_RANGE),
        (Mode(sidecars="absent", ranges="suffix-501"), MetadataSource.WHEEL_RANGE),
        (Mode(sidecars="absent", lies=frozenset({Lie.CONTENT_RANGE})), MetadataSource.WHEEL_RANGE),
        (Mode(sidecars="absent", lies=frozenset({Lie.PAGE_SIZE})), MetadataSource.WHEEL_RANGE),
        (Mode(lies=frozenset({Lie.SIDECAR_PROMISED})), MetadataSource.WHEEL_RANGE),
        (Mode(sidecar_word="true", lies=frozenset({Lie.SIDECAR_OF_ANOTHER})), MetadataSource.WHEEL_RANGE),
        (PLAIN_HTML, MetadataSource.WHEEL_RANGE),
    ],
)
def test_metadata_is_had_whatever_the_host_allows(project: str, mode: Mode, source: MetadataSource) -> None:
    found, _, _ = metadata_of(project, mode)
    assert (found.name, found.requires, found.source) == (project, ("b>=1",), source)


def test_suffix_ranges_refused_and_sizes_that_lie_lead_to_the_whole_file_if_need_be() -> None:
    mode = Mode(sidecars="absent", ranges="suffix-416", lies=frozenset({Lie.CONTENT_RANGE}))
    found, _, _ = metadata_of("large", mode)
    assert found.requires == ("b>=1",)


def test_a_host_without_ranges_sends_the_whole_wheel() -> None:
    with (
        IndexServer(CATALOG, mode=Mode(sidecars="absent", ranges="ignored")) as server,
        store(server.simple_url, file_limit=4 * 1024**2) as projects,
    ):
        found = projects.metadata(first_wheel(projects.page(name("huge"))))
        assert found.source is MetadataSource.WHEEL_FILE
        assert projects.statistics.requests[RequestKind.FILE] == 1
        # The host's habit is known now: the next wheel is not asked for in parts.
        ranges = projects.statistics.requests[RequestKind.RANGE]
        projects.metadata(first_wheel(projects.page(name("p1"))))
        assert projects.statistics.requests[RequestKind.RANGE] == ranges


def test_a_sidecar_costs_one_request_and_a_tail_one() -> None:
    assert metadata_of("large", Mode())[2] == {RequestKind.PAGE: 1, RequestKind.SIDECAR: 1}
    _, server, requests = metadata_of("large", Mode(sidecars="absent"))
    assert requests == {RequestKind.PAGE: 1, RequestKind.SIDECAR: 1, RequestKind.RANGE: 1}
    assert server.count_ranges() == 1


def test_sidecar_hash_mismatch_names_the_url() -> None:
    with pytest.raises(HashMismatch) as caught:
        metadata_of("a", Mode(lies=frozenset({Lie.SIDECAR_HASH})))
    assert caught.value.address.endswith("a-1.0-py3-none-any.whl.metadata")


def test_sidecars_are_asked_for_whatever_was_found_before() -> None:
    # Where a fact was read is part of the plan, so it must not depend on the order of requests.
    with (
        IndexServer(CATALOG, mode=Mode(sidecars="absent")) as server,
        store(server.simple_url, requests_per_host=1) as projects,
    ):
        sources = [projects.metadata(first_wheel(projects.page(name(f"p{number}")))).source for number in range(30)]
        assert server.count_sidecars() == 30
        assert server.count_ranges() == 30
    assert set(sources) == {MetadataSource.WHEEL_RANGE}


def test_a_patchy_host_goes_on_being_probed() -> None:
    with IndexServer(CATALOG, mode=MIRROR) as server, store(server.simple_url) as projects:
        sources = [projects.metadata(first_wheel(projects.page(name(f"p{n}")))).source for n in range(30)]
        assert server.count_sidecars() == 30
    assert set(sources) == {MetadataSource.CORE_METADATA, MetadataSource.WHEEL_RANGE}


def test_metadata_of_a_wheel_is_fetched_once_and_told() -> None:
    told: list[str] = []
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        projects.on_metadata(lambda wheel, metadata: told.append(f"{wheel.filename} {metadata.requires[0]}"))
        wheel = first_wheel(projects.page(name("a")))
        projects.prefetch_metadata([wheel, wheel])
        projects.metadata(wheel)
        projects.metadata(wheel)
        assert server.count_sidecars() == 1
    assert told == ["a-1.0-py3-none-any.whl b>=1"]


def test_malformed_metadata_in_the_wheel_itself_is_an_error() -> None:
    broken = make_wheel("a", "1.0", metadata="Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    with (
        IndexServer({"a": [broken]}) as server,
        store(server.simple_url) as projects,
        pytest.raises(MetadataMalformed),
    ):
        projects.metadata(first_wheel(projects.page(name("a"))))


def test_a_wheel_that_is_no_archive_is_refused() -> None:
    with (
        IndexServer({"a": [("a-1.0-py3-none-any.whl", b"nonsense" * 100)]}) as server,
        store(server.simple_url) as projects,
        pytest.raises(ArchiveRefused),
    ):
        projects.metadata(first_wheel(projects.page(name("a"))))


def test_a_file_that_is_listed_but_gone_is_an_error() -> None:
    listed = IndexFile(filename="a-1.0-py3-none-any.whl", sha256="0" * 64)
    with (
        IndexServer({"a": [listed]}) as server,
        store(server.simple_url) as projects,
        pytest.raises(IndexUnavailable, match="answered 404"),
    ):
        projects.metadata(first_wheel(projects.page(name("a"))))


def test_an_endless_sidecar_is_left_for_the_wheel() -> None:
    mode = Mode(endless=frozenset({"sidecar"}), sidecar_word="true")
    assert metadata_of("a", mode)[0].source is MetadataSource.WHEEL_RANGE


def test_truncated_downloads_are_tried_again() -> None:
    mode = Mode(sidecars="absent", ranges="ignored", flaky=Flaky(how="truncate", on="/files/"))
    assert metadata_of("a", mode)[0].requires == ("b>=1",)


def test_a_source_archive_is_judged_once() -> None:
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        sdist = first_sdist(projects.page(name("s")))
        projects.prefetch_sources([sdist])
        judgement = projects.source(sdist)
        assert projects.source(sdist) is judgement
        assert server.count(suffix=".tar.gz") == 1
    assert judgement.purity is Purity.PURE
    assert judgement.metadata is not None
    assert judgement.metadata.requires == ("b",)


def test_a_source_archive_with_another_hash_is_refused() -> None:
    with (
        IndexServer(CATALOG, mode=Mode(lies=frozenset({Lie.PAGE_HASH}))) as server,
        store(server.simple_url) as projects,
        pytest.raises(HashMismatch),
    ):
        projects.source(first_sdist(projects.page(name("s"))))


@pytest.mark.parametrize("endless", [True, False])
def test_a_source_archive_beyond_the_limit_is_refused(endless: bool) -> None:
    large = make_sdist("s", "1.0", files={"s/x.bin": os.urandom(1_200_000)})
    catalog = {"s": [SDIST if endless else large]}
    mode = Mode(endless=frozenset({"file"}) if endless else frozenset())
    with (
        IndexServer(catalog, mode=mode) as server,
        store(server.simple_url) as projects,
        pytest.raises(ArchiveRefused, match="larger than the limit"),
    ):
        projects.source(first_sdist(projects.page(name("s"))))


def test_direct_urls_to_wheels_and_sdists() -> None:
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        url = server.url_of("a-1.0-py3-none-any.whl")
        wheel, metadata, judgement = projects.direct(f"{url}#sha256={sha256_hex(SMALL[1])}")
        assert isinstance(wheel, Wheel)
        assert (wheel.name, wheel.at.sha256, judgement) == ("a", sha256_hex(SMALL[1]), None)
        assert metadata is not None
        assert metadata.requires == ("b>=1",)
        sdist, nothing, judgement = projects.direct(server.url_of("s-1.0.tar.gz"))
        assert (sdist.name, sdist.version, nothing) == ("s", Version("1.0"), None)
        assert sdist.at.sha256 == sha256_hex(SDIST[1])
        assert judgement is not None
        branch = server.add_path("/archive/main.tar.gz", make_sdist("s", "2.0")[1])
        assert projects.direct(branch)[0].version == Version("2.0")
        with pytest.raises(UsageProblem):
            projects.direct("ftp://index.example/a-1.0.zip")
        with pytest.raises(HashMismatch):
            projects.direct(server.url_of("s-1.0.tar.gz") + "#sha256=" + "0" * 64)


def test_archive_that_names_its_project_alone_has_the_version_of_its_file_name(tmp_path: Path) -> None:
    pyproject = '[project]\nname = "s"\ndynamic = ["version"]\ndependencies = ["b"]\n'
    _, content = make_sdist("s", "1.5", files={"pyproject.toml": pyproject, "s.py": ""}, pkg_info="")
    for filename in ("s-1.5.tar.gz", "main.tar.gz"):
        (tmp_path / filename).write_bytes(content)
    with store() as projects:
        sdist, _, _ = projects.direct(str(tmp_path / "s-1.5.tar.gz"))
        assert (sdist.name, sdist.version) == ("s", Version("1.5"))
        with pytest.raises(MetadataMalformed, match="which project and version"):
            projects.direct(str(tmp_path / "main.tar.gz"))


def test_direct_files_and_folders_on_this_machine(tmp_path: Path) -> None:
    wheel_file = tmp_path / SMALL[0]
    wheel_file.write_bytes(SMALL[1])
    sdist_file = tmp_path / SDIST[0]
    sdist_file.write_bytes(SDIST[1])
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "Local.Thing"\nversion = "3"\ndependencies = ["b"]\n')
    with store() as projects:
        wheel, metadata, _ = projects.direct(wheel_file.as_uri())
        assert (wheel.at.sha256, wheel.at.url) == (hashlib.sha256(SMALL[1]).hexdigest(), wheel_file.as_uri())
        assert metadata is not None
        assert projects.direct(str(sdist_file))[0].at.sha256 == sha256_hex(SDIST[1])
        found, _, judgement = projects.direct(folder.as_uri())
        assert (found.name, found.version) == ("local-thing", Version("3"))
        assert judgement is not None
        with pytest.raises(IndexUnavailable, match="no such file"):
            projects.direct((tmp_path / "nothing.whl").as_uri())
        assert projects.statistics.total_requests == 0


def test_texts_are_fetched_for_nested_requirements(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_bytes(b"\xef\xbb\xbfb\n")
    with IndexServer() as server, store() as projects:
        assert projects.fetch_text(server.add_path("/r.txt", b"a>=1\n")) == "a>=1\n"
        assert projects.fetch_text((tmp_path / "r.txt").as_uri()) == "b\n"
        with pytest.raises(IndexUnavailable, match="answered 404"):
            projects.fetch_text(server.base_url + "/nothing.txt")
        with pytest.raises(IndexUnavailable, match="no UTF-8"):
            projects.fetch_text(server.add_path("/binary.txt", b"\xff\xfe\x00"))
