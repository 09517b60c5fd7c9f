"""The code in archives costs the bytes that are needed, once; what cannot be read is said."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.fakes.archives import Content, make_sdist, make_wheel, make_zip
from tests.index.stores import Clock, files, first_sdist, first_wheel, name, store
from tests.server import IndexServer, Lie, Mode
from tests.server.catalog import IndexFile, Made
from wheelcheck.errors import HashMismatch, IndexUnavailable, OfflineMiss
from wheelcheck.imports.failing import import_target
from wheelcheck.index.exchange import RequestKind
from wheelcheck.index.store import IndexStore
from wheelcheck.model.code import ImportKind, ImportSurvey, ModuleNames, ModuleState
from wheelcheck.model.distribution import Wheel
from wheelcheck.targets.targets import parse_target

TARGET = import_target(parse_target("win_amd64", "3.12"))
AV = frozenset({"av"})
NOISE = os.urandom(4 * 1024**2)
SOURCES: dict[str, Content] = {
    "big/__init__.py": "from .a import *\n",
    "big/a.py": "import av\nav.open()\nx = 1\n",
    "big/weights.bin": NOISE,
    "big/z.py": "def f():\n    import av\n",
}
BIG = make_wheel("big", "1.0", tags="cp311-cp311-win_amd64", files=SOURCES)
SMALL = make_wheel("small", "1.0", files={"small/a.py": "import av\n"})
SDIST = make_sdist("s", "1.0", files={"s/__init__.py": "", "s/data/__init__.py": "", "s/data/audio.py": "import av\n"})
CATALOG: dict[str, list[Made | IndexFile]] = {"big": [BIG], "small": [SMALL], "s": [SDIST]}
NO_SIZES = Mode(sizes="hidden")


def imports_of(projects: IndexStore, project: str) -> ImportSurvey:
    return projects.imports(files(projects.page(name(project)))[0], AV, TARGET)


@pytest.mark.parametrize("mode", [Mode(), NO_SIZES, Mode(ranges="suffix-416"), Mode(ranges="suffix-501")])
def test_of_a_large_wheel_only_the_needed_parts_are_fetched(mode: Mode) -> None:
    with IndexServer(CATALOG, mode=mode) as server, store(server.simple_url) as projects:
        wheel = first_wheel(projects.page(name("big")))
        before = projects.statistics.received
        found = projects.imports(wheel, AV, TARGET)
        assert [(use.file, use.kind) for use in found.uses] == [
            ("big/a.py", ImportKind.UNCONDITIONAL),
            ("big/z.py", ImportKind.IN_FUNCTION),
        ]
        assert found.reaching("big.a") == ("big.a", "big", "big.z")
        assert found.unread == ""
        requests = dict(projects.statistics.requests)
        assert RequestKind.FILE not in requests
        assert projects.statistics.received - before < 256 * 1024
        # The archive stays open: further questions cost nothing but further parts.
        assert projects.top_modules((wheel,))[0].names == {"big"}
        assert dict(projects.statistics.requests) == requests


def test_definitions_fetch_the_modules_and_what_they_star_import() -> None:
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        wheel = first_wheel(projects.page(name("big")))
        before = projects.statistics.received
        (found,) = projects.definitions(wheel, frozenset({"big"}))
        assert found.names == {"av", "x", "a", "z"}
        assert not found.open_ended
        assert projects.statistics.requests[RequestKind.RANGE] <= 3
        assert projects.statistics.received - before < 256 * 1024


def test_names_of_a_large_wheel_cost_one_request() -> None:
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        assert projects.top_modules((first_wheel(projects.page(name("big"))),))[0].names == {"big"}
        assert projects.statistics.requests[RequestKind.RANGE] == server.count_ranges() == 1


@pytest.mark.parametrize(("project", "reached"), [("small", "small.a"), ("s", "s.data.audio")])
def test_small_wheels_and_source_archives_are_fetched_whole_and_once(project: str, reached: str) -> None:
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        (use,) = imports_of(projects, project).uses
        assert use.importer == reached
        distribution = files(projects.page(name(project)))[0]
        assert projects.top_modules((distribution,))[0].names == {project}
        assert projects.definitions(distribution, frozenset({reached}))[0].names == {"av"}
        assert projects.statistics.requests[RequestKind.FILE] == server.count(path="/files/") == 1


def test_a_host_without_ranges_sends_the_whole_wheel_if_that_is_allowed() -> None:
    with IndexServer(CATALOG, mode=Mode(ranges="ignored")) as server:
        with store(server.simple_url, file_limit=8 * 1024**2) as projects:
            assert len(imports_of(projects, "big").uses) == 2
            assert projects.statistics.requests[RequestKind.FILE] == 1
        with store(server.simple_url) as projects:
            assert "larger than the limit" in imports_of(projects, "big").unread


def test_wanted_wheels_are_read_as_soon_as_their_metadata_is_there_the_first_of_each_project() -> None:
    catalog: dict[str, list[Made | IndexFile]] = {
        **CATALOG,
        "small": [SMALL, make_wheel("small", "2.0", files={"small/a.py": ""})],
    }
    with IndexServer(catalog) as server, store(server.simple_url) as projects:
        projects.read_early(lambda wheel: wheel.name == "small", TARGET)
        wheels = [
            file for each in ("big", "small") for file in files(projects.page(name(each))) if isinstance(file, Wheel)
        ]
        for wheel in wheels:
            projects.metadata(wheel)
        first = next(wheel for wheel in wheels if wheel.name == "small")
        for _ in range(500):
            if server.count(suffix=".whl"):
                break
            time.sleep(0.01)
        assert server.count(suffix=".whl") == server.count(suffix=first.filename) == 1
        projects.import_times((first,), TARGET)
        assert server.count(suffix=".whl") == 1


def test_a_second_run_asks_for_nothing(tmp_path: Path) -> None:
    def run(*, offline: bool = False) -> tuple[object, ...]:
        with store(server.simple_url, cache_dir=tmp_path, clock=Clock(), offline=offline) as projects:
            wheel = first_wheel(projects.page(name("big")))
            return (
                projects.imports(wheel, AV, TARGET),
                projects.top_modules((wheel,))[0].names,
                projects.definitions(wheel, frozenset({"big", "big.a"})),
                imports_of(projects, "s"),
            )

    with IndexServer(CATALOG) as server:
        first = run()
        server.forget_requests()
        assert run() == first
        assert run(offline=True) == first
        assert server.count() == 0


def test_other_names_are_another_question_and_offline_says_what_it_misses(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        with store(server.simple_url, cache_dir=tmp_path) as projects:
            imports_of(projects, "small")
        with (
            store(server.simple_url, cache_dir=tmp_path, offline=True) as projects,
            pytest.raises(OfflineMiss, match=r"the code of small-1\.0"),
        ):
            projects.imports(first_wheel(projects.page(name("small"))), frozenset({"numpy"}), TARGET)


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (("h-1.0-py3-none-any.whl", b"nonsense" * 100), "not a readable wheel"),
        (("h-1.0.tar.gz", b"nonsense" * 100), "not a readable archive"),
        (("h-1.0.zip", make_zip({"../h.py": b"import av"})), "climbs out"),
        (("h-1.0-py3-none-any.whl", make_zip({f"h/{n}.py": b"" for n in range(2)})[:-60]), "not a readable wheel"),
    ],
)
@pytest.mark.parametrize("mode", [Mode(), NO_SIZES])
def test_a_hostile_archive_is_an_answer_that_says_so(made: Made, word: str, mode: Mode) -> None:
    with IndexServer({"h": [made]}, mode=mode) as server, store(server.simple_url) as projects:
        distribution = files(projects.page(name("h")))[0]
        assert word in projects.imports(distribution, AV, TARGET).unread
        assert projects.top_modules((distribution,))[0].names == frozenset()
        assert projects.definitions(distribution, frozenset({"h"})) == (
            ModuleNames(module="h", state=ModuleState.UNREAD, open_ended=True),
        )


def test_a_module_that_expands_without_bound_is_not_read() -> None:
    bomb = make_wheel("h", "1.0", files={"h/a.py": b"#" * (64 * 1024**2), "h/b.py": "import av\n"})
    with IndexServer({"h": [bomb]}) as server, store(server.simple_url) as projects:
        found = imports_of(projects, "h")
        assert len(found.uses) == 1
        assert found.unread == "1 of 3 files are too long to read"


def test_too_many_modules_are_not_fetched() -> None:
    crowd: dict[str, Content] = {f"h/m{number}.py": "" for number in range(4_001)}
    with IndexServer({"h": [make_wheel("h", "1.0", files=crowd)]}) as server, store(server.simple_url) as projects:
        assert imports_of(projects, "h").unread == "its 4002 Python files are 0 MB packed, more than is read"


@pytest.mark.parametrize(("megabytes", "is_read"), [(11, True), (13, False)])
def test_more_than_twelve_megabytes_of_code_are_not_fetched(megabytes: int, is_read: bool) -> None:
    noise: dict[str, Content] = {f"h/m{each}.py": b"# " + os.urandom(1024**2) for each in range(megabytes)}
    catalog = {"h": [make_wheel("h", "1.0", files=noise)]}
    with IndexServer(catalog) as server, store(server.simple_url, file_limit=64 * 1024**2) as projects:
        unread = imports_of(projects, "h").unread
    assert ("MB packed" not in unread) is is_read
    assert is_read or unread == "its 14 Python files are 13 MB packed, more than is read"


def test_another_hash_is_an_error() -> None:
    with (
        IndexServer(CATALOG, mode=Mode(lies=frozenset({Lie.PAGE_HASH}))) as server,
        store(server.simple_url) as projects,
        pytest.raises(HashMismatch),
    ):
        imports_of(projects, "s")


@pytest.mark.parametrize("filename", ["gone-1.0-py3-none-any.whl", "gone-1.0.tar.gz"])
def test_a_file_that_is_listed_but_gone_is_an_error(filename: str) -> None:
    with (
        IndexServer({"gone": [IndexFile(filename=filename, sha256="0" * 64)]}) as server,
        store(server.simple_url) as projects,
        pytest.raises(IndexUnavailable, match="answered 404"),
    ):
        imports_of(projects, "gone")


def test_local_archives_are_read_where_they_are(tmp_path: Path) -> None:
    (tmp_path / BIG[0]).write_bytes(BIG[1])
    (tmp_path / SDIST[0]).write_bytes(SDIST[1])
    with store(find_links=(str(tmp_path),)) as projects:
        assert len(projects.imports(first_wheel(projects.page(name("big"))), AV, TARGET).uses) == 2
        assert projects.top_modules((first_sdist(projects.page(name("s"))),))[0].names == {"s"}
        assert projects.statistics.total_requests == 0
