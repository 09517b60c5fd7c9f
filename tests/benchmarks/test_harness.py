"""The harness measures what it says, replays what was recorded, and compares medians; nothing here is timed."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from tests.benchmarks.measuring import Sample, Spread, measure, summed
from tests.benchmarks.padding import DESCRIPTION
from tests.benchmarks.promises import PROMISES, iter_held
from tests.benchmarks.replaying import RECORDINGS, Flavour, served
from tests.benchmarks.running import Series, Setting, run_series
from tests.benchmarks.tools import Command, Errand, Tool, Unable, clean_environment, installed_tools
from tests.benchmarks.work import GRID, WORKS, Work
from tests.benchmarks.writing import Run, render_run
from tests.fakes.archives import sha256_hex
from tests.recordings.model import Recording, parse_recording, render_recording
from wheelcheck.model.distribution import (
    Availability,
    CoreMetadata,
    Distribution,
    MetadataSource,
    ProjectPage,
    parse_link,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system does not tell what one child took")

TINY = Work(name="tiny", size="small", requirements=("a",))


def recorded(folder: Path) -> Path:
    """A recording of two projects, of which the first requires the second."""
    pages, metadata = {}, {}
    for word, requires in (("a", ("b<2",)), ("b", ())):
        name = canonicalize_name(word)
        files = [
            parse_link(f"{name}-{version}-py3-none-any.whl", name, Availability(url="")) for version in ("1.0", "2.0")
        ]
        assert all(isinstance(file, Distribution) for file in files)
        pages[name] = ProjectPage(
            name=name, distributions={f.version: (f,) for f in files if isinstance(f, Distribution)}
        )
        for file in files:
            assert isinstance(file, Distribution)
            metadata[file.filename] = CoreMetadata(
                name=name, version=file.version, requires=requires, source=MetadataSource.CORE_METADATA
            )
    path = folder / "tiny.json.gz"
    path.write_bytes(render_recording(Recording(pages=pages, metadata=metadata, sources={})))
    return path


def fetched(url: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


def sample(wall: float, status: int = 0) -> Sample:
    return Sample(wall=wall, cpu=wall / 2, peak=10.0, status=status)


def test_what_a_child_took_is_the_childs(tmp_path: Path) -> None:
    taken = measure([sys.executable, "-c", "pass"], environ=clean_environment(tmp_path), folder=tmp_path, limit=30)
    assert (taken.status, taken.said) == (0, "")
    assert taken.wall > 0
    assert taken.peak > 1


def test_exit_status_and_last_words_are_kept(tmp_path: Path) -> None:
    code = "import sys; sys.exit('no solution')"
    taken = measure([sys.executable, "-c", code], environ=clean_environment(tmp_path), folder=tmp_path, limit=30)
    assert (taken.status, taken.said) == (1, "no solution")


def test_run_over_its_limit_is_killed(tmp_path: Path) -> None:
    code = "import time; time.sleep(60)"
    taken = measure([sys.executable, "-c", code], environ=clean_environment(tmp_path), folder=tmp_path, limit=0.2)
    assert taken.status < 0


def test_runs_in_a_row_add_up_and_keep_the_highest_peak() -> None:
    parts = [sample(1.0), replace(sample(2.0, status=1), peak=99.0)]
    assert (summed(parts).wall, summed(parts).cpu, summed(parts).peak, summed(parts).status) == (3.0, 1.5, 99.0, 1)


def test_children_compile_byte_code_and_know_no_settings_of_this_machine(tmp_path: Path) -> None:
    environ = clean_environment(tmp_path)
    assert "PYTHONDONTWRITEBYTECODE" not in environ
    assert (environ["PIP_CONFIG_FILE"], environ["UV_PYTHON_DOWNLOADS"]) == (os.devnull, "never")
    assert not {
        name for name in environ if name.startswith(("PIP_INDEX", "PIP_EXTRA", "PIP_FIND", "UV_INDEX", "UV_DEFAULT"))
    }


@pytest.mark.parametrize(("flavour", "kind"), [("json", "application/vnd.pypi.simple.v1+json"), ("html", "text/html")])
def test_replay_serves_both_flavours(tmp_path: Path, flavour: Flavour, kind: str) -> None:
    with served(recorded(tmp_path), flavour) as url:
        text, headers = fetched(f"{url}a/", Accept="application/vnd.pypi.simple.v1+json, text/html;q=0.1")
        assert headers["content-type"].startswith(kind)
        assert ("cache-control" in headers, "etag" in headers) == (
            (True, True) if flavour == "json" else (False, False)
        )
        assert (b"core-metadata" in text) == (flavour == "json")
        assert text.count(b"a-2.0-py3-none-any.whl") >= 1


def test_replayed_wheels_have_the_hash_that_is_announced_and_metadata_of_the_usual_length(tmp_path: Path) -> None:
    with served(recorded(tmp_path), "json") as url:
        page, _ = fetched(f"{url}a/", Accept="application/vnd.pypi.simple.v1+json")
        file = json.loads(page)["files"][0]
        wheel, _ = fetched(file["url"])
        sidecar, _ = fetched(file["url"] + ".metadata")
        tail, headers = fetched(file["url"], Range="bytes=-20")
    assert sha256_hex(wheel) == file["hashes"]["sha256"]
    assert len(sidecar) > len(DESCRIPTION)
    assert b"Requires-Dist: b<2" in sidecar
    assert (len(tail), headers["content-range"]) == (20, f"bytes {len(wheel) - 20}-{len(wheel) - 1}/{len(wheel)}")


def test_wheelcheck_is_measured_cold_and_warm(tmp_path: Path) -> None:
    tools = tuple(tool for tool in installed_tools()[0] if tool.name == "wheelcheck")
    with served(recorded(tmp_path), "html") as url:
        setting = Setting(name="html 0 ms", url=url)
        (series,) = run_series(tools, (TINY,), setting, name="tiny", runs=1, limit=60, scratch=tmp_path / "scratch")
    assert [each.status for each in (*series.cold, *series.warm)] == [0, 0], series.said
    assert series.unable == ""


def _script(code: str) -> Tool:
    program = (sys.executable, "-c", code)
    return Tool(name="told", program=program, told=lambda tool, _: Command(words=tool.program))


@pytest.mark.parametrize(
    ("code", "why"),
    [("import time; time.sleep(60)", "no answer within 0 s"), ("import sys; sys.exit(4)", "no answer: exit status 4")],
)
def test_tool_without_an_answer_is_named_with_the_reason(tmp_path: Path, code: str, why: str) -> None:
    (series,) = run_series(
        (_script(code),),
        (TINY,),
        Setting(name="here", url="http://127.0.0.1/"),
        name="tiny",
        runs=2,
        limit=0.3 if "sleep" in code else 30,
        scratch=tmp_path,
    )
    assert (series.unable, series.cold) == (why, ())


def test_tool_that_knows_no_such_target_is_named_with_the_reason(tmp_path: Path) -> None:
    tool = Tool(name="shy", program=("false",), told=lambda _tool, _errand: Unable("it knows no musl"))
    (series,) = run_series(
        (tool,), (TINY,), Setting(name="here", url=""), name="tiny", runs=1, limit=1, scratch=tmp_path
    )
    assert series.unable == "it knows no musl"


def _series(tool: str, cold: tuple[float, ...], warm: tuple[float, ...], work: str = "jupyter") -> Series:
    return Series(
        tool=tool, work=work, setting="html 20 ms", cold=tuple(map(sample, cold)), warm=tuple(map(sample, warm))
    )


def test_promises_compare_medians() -> None:
    measured = (
        _series("wheelcheck", (1.0, 9.0, 2.0), (0.4, 0.4, 0.4)),
        _series("uv", (2.0, 2.0, 8.0), (1.0, 1.0, 1.0)),
    )
    held = {(each.promise.cache, each.promise.peer): each for each in iter_held(measured)}
    assert (held["cold", "uv"].wall, held["cold", "uv"].verdict) == (1.0, "pass")
    assert (held["warm", "uv"].wall, held["warm", "uv"].verdict) == (0.4, "pass")
    assert held["warm", "pip"].verdict == "pip was not measured"


def test_times_of_different_answers_hold_no_promise() -> None:
    theirs = replace(_series("uv", (9.0,), (9.0,)), cold=(sample(9.0, status=1),))
    held = [each for each in iter_held((_series("wheelcheck", (1.0,), (1.0,)), theirs)) if each.wall is not None]
    assert {each.verdict for each in held} == {"not the same answer"}


def test_report_shows_every_promise_and_no_path(tmp_path: Path) -> None:
    measured = (_series("wheelcheck", (3.0,), (0.6,)), _series("uv", (1.0,), (1.0,)))
    run = Run(
        series=measured,
        versions={"wheelcheck": "0.1.0", "uv": "1"},
        notes={},
        missing=("nab",),
        runs=1,
        start_up=(Spread.of([0.07]), Spread.of([0.02])),
        remarks=("One remark.",),
    )
    text = render_run(run)
    assert "| middle and large, cold, 20 ms or live | jupyter | html 20 ms | uv | 1.3 | 3.00 | 3.00 | miss |" in text
    assert "Not installed, so not measured: nab." in text
    assert "| `--help` | | | `python -c pass` + 100 ms | 0.120 s | 0.070 s | | pass |" in text
    assert str(Path.cwd()) not in text


def test_promises_name_inputs_that_there_are() -> None:
    names = {work.name for work in WORKS} | {"matrix"}
    assert {work for promise in PROMISES for work in promise.works} <= names
    assert len(GRID) == 40


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.json.gz")), ids=lambda path: str(path.name))
def test_recordings_are_small_and_of_an_input(path: Path) -> None:
    assert path.stat().st_size <= 2_000_000
    assert path.name.removesuffix(".json.gz") in {work.name for work in WORKS}
    assert parse_recording(path.read_bytes()).pages


def test_errands_write_into_their_own_folder_only(tmp_path: Path) -> None:
    errand = Errand(work=TINY, index_url="https://index.example/simple/", cache=tmp_path / "c", folder=tmp_path / "w")
    tools, _ = installed_tools()
    for tool in tools:
        command = tool.command(errand)
        assert isinstance(command, Command)
        assert command.words[: len(tool.program)] == tool.program
    assert [path.name for path in tmp_path.iterdir()] == ["w"]
