"""Surveys on real Dask workers and the loopback index: equal questions are one, and a killed run continues."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from packaging.utils import NormalizedName

from docs.transcripts import CATALOG
from tests.server.index_server import IndexServer
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.survey.running import SurveyRequest, survey

pytest.importorskip("distributed", reason="the extra wheelcheck[survey] is not installed")
psutil = pytest.importorskip("psutil")
parquet = pytest.importorskip("pyarrow.parquet")

ROOT = Path(__file__).parents[2]
TARGETS = ("--platform", "windows,linux", "--python", "3.12")
TEXTS = {
    "a": "reportgen\nsoundwire==1.4.0\n",
    "b": "# the same, in another order\nsoundwire==1.4.0\nreportgen\n",
    "c": "reportgen\n",
    "d": "pixelbox\nmacbridge\n",
}


@pytest.fixture(scope="module")
def server() -> Iterator[IndexServer]:
    with IndexServer(CATALOG) as server:
        yield server


def _environ(server: IndexServer, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "WHEELCHECK_"))}
    return kept | {
        "HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": server.simple_url, "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }  # fmt: skip


def _inputs(folder: Path, texts: Mapping[str, str] = TEXTS) -> Path:
    for name, text in texts.items():
        path = folder / "in" / name / "requirements.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "in"


def _words(out: str, *more: str) -> list[str]:
    return [sys.executable, "-m", "wheelcheck", "survey", "in", "-o", out, *TARGETS, *more]


def _survey(folder: Path, server: IndexServer, out: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _words(out, *more), cwd=folder, env=_environ(server, folder), capture_output=True, text=True, check=False
    )


def _table(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(folder / f"{name}.parquet").to_pylist()
    return rows


def _answers(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        name: _table(folder, name)
        for name in ("inputs", "places", "cells", "findings", "packages", "repairs", "failures")
    }


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory, server: IndexServer) -> Path:
    """A finished survey of four inputs, two of which ask the same."""
    folder = tmp_path_factory.mktemp("survey")
    _inputs(folder)
    ended = _survey(folder, server, "out")
    assert ended.returncode == 0, ended.stderr
    assert "3 distinct questions, 0 of them answered before" in ended.stdout
    assert "4 inputs, 8 cells: 4 blocked, 4 of them with a repair" in ended.stdout
    return folder


def test_equal_questions_are_asked_once_and_every_input_counts(surveyed: Path) -> None:
    asked = {row["id"]: row["question"] for row in _table(surveyed / "out", "inputs")}
    assert asked["a/requirements.txt"] == asked["b/requirements.txt"]
    assert len(set(asked.values())) == 3
    cells = _table(surveyed / "out", "cells")
    assert len(cells) == 6
    assert {(row["platform"], row["status"]) for row in cells if row["question"] == asked["a/requirements.txt"]} == {
        ("win_amd64", "blocked"),
        ("manylinux_2_28_x86_64", "installs"),
    }


def test_findings_lead_back_to_the_line_of_each_input(surveyed: Path) -> None:
    (blocker,) = {
        row["root"]
        for row in _table(surveyed / "out", "findings")
        if row["package"] == "wavecodec" and row["code"] == "WC102"
    }
    lines = {row["id"]: row["line"] for row in _table(surveyed / "out", "places") if row["name"] == blocker}
    assert lines == {"a/requirements.txt": 2, "b/requirements.txt": 2}


def test_cells_equal_those_of_a_matrix(surveyed: Path, server: IndexServer) -> None:
    words = [sys.executable, "-m", "wheelcheck", "matrix", "in/d/requirements.txt", *TARGETS, "--format", "json"]
    ended = subprocess.run(
        words, cwd=surveyed, env=_environ(server, surveyed), capture_output=True, text=True, check=False
    )
    grid = {(cell["platform"], cell["python"]): cell["status"] for cell in json.loads(ended.stdout)["cells"]}
    (key,) = {row["question"] for row in _table(surveyed / "out", "inputs") if row["id"] == "d/requirements.txt"}
    assert grid == {
        (row["platform"], row["python"]): row["status"]
        for row in _table(surveyed / "out", "cells")
        if row["question"] == key
    }


def test_second_run_asks_nothing_and_the_tables_are_the_same_bytes(surveyed: Path, server: IndexServer) -> None:
    before = {path.name: path.read_bytes() for path in (surveyed / "out").glob("*.parquet")}
    server.forget_requests()
    ended = _survey(surveyed, server, "out")
    assert "3 distinct questions, 3 of them answered before" in ended.stdout
    assert server.count() == 0
    assert {path.name: path.read_bytes() for path in (surveyed / "out").glob("*.parquet")} == before


@pytest.mark.parametrize("workers", ["2", "4"])
def test_several_workers_give_the_tables_of_one(surveyed: Path, server: IndexServer, workers: str) -> None:
    ended = _survey(surveyed, server, f"workers{workers}", "--workers", workers)
    assert ended.returncode == 0, ended.stderr
    assert _answers(surveyed / f"workers{workers}") == _answers(surveyed / "out")


def test_store_that_cannot_be_written_changes_no_table(surveyed: Path, server: IndexServer) -> None:
    ended = _survey(surveyed, server, "refused", "--store", str(surveyed / "in" / "a" / "requirements.txt" / "store"))
    assert ended.returncode == 0, ended.stderr
    assert _answers(surveyed / "refused") == _answers(surveyed / "out")


def test_store_at_an_unknown_address_is_said_at_the_start(surveyed: Path, server: IndexServer) -> None:
    ended = _survey(surveyed, server, "unknown", "--store", "nosuch://bucket")
    assert ended.returncode == 2, ended.stderr
    assert "the store nosuch://bucket cannot be used: Protocol not known: nosuch" in ended.stderr
    assert not (surveyed / "unknown" / "cells.parquet").exists()


def test_two_workers_together_ask_for_each_page_once(tmp_path: Path, server: IndexServer) -> None:
    names = sorted(project.name for project in CATALOG)
    _inputs(tmp_path, {f"{name}-{bound}": f"{name}>{bound}\n" for name in names for bound in ("0", "0.0.1")})
    server.forget_requests()
    ended = _survey(tmp_path, server, "out", "--workers", "2", "--no-repair")
    assert ended.returncode == 0, ended.stderr
    assert len({row["worker"] for row in _table(tmp_path / "out", "timings")}) == 2
    asked = {request.path for request in server.requests if request.path.startswith("/simple/")}
    assert len(asked) >= len(names)
    assert server.count_pages() <= 1.05 * len(asked)
    assert not (tmp_path / "out" / "store").exists()


def test_workers_that_could_not_keep_to_the_requests_are_refused(tmp_path: Path, server: IndexServer) -> None:
    _inputs(tmp_path, {"good": "pixelbox\n"})
    ended = _survey(tmp_path, server, "out", "--workers", "2", "--requests", "1")
    assert ended.returncode == 2
    assert "2 workers cannot keep to 1 open requests" in ended.stderr


def test_killed_survey_continues_and_gives_the_same_tables(surveyed: Path, server: IndexServer) -> None:
    running = subprocess.Popen(
        _words("killed"), cwd=surveyed, env=_environ(server, surveyed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    time.sleep(2.5)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    ended = _survey(surveyed, server, "killed")
    assert ended.returncode == 0, ended.stderr
    assert _answers(surveyed / "killed") == _answers(surveyed / "out")


@pytest.mark.skipif(sys.platform == "win32", reason="limits on the size of files are POSIX")
@pytest.mark.parametrize("limit", [0, 3_000])
def test_full_disk_is_said_and_the_survey_continues_on_a_larger_one(
    surveyed: Path, server: IndexServer, limit: int
) -> None:
    from tests.index.test_cache_folder import largest_file

    out = surveyed / f"full{limit}"
    with largest_file(limit):
        ended = _survey(surveyed, server, out.name)
    assert ended.returncode == 3, ended.stderr
    assert ended.stderr.count("rror: ") == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    whole = {path.name: path.stat().st_size for path in (surveyed / "out").glob("*.parquet")}
    assert all(path.stat().st_size <= whole[path.name] for path in out.glob("*.parquet"))
    for path in out.glob("*.parquet"):
        parquet.read_table(path)  # what has a name is whole
    assert _survey(surveyed, server, out.name).returncode == 0
    assert _answers(out) == _answers(surveyed / "out")


def test_every_project_of_the_index_is_an_input(tmp_path: Path, server: IndexServer) -> None:
    words = [sys.executable, "-m", "wheelcheck", "survey", "--all-projects", "-o", "out", *TARGETS, "--no-repair"]
    ended = subprocess.run(
        words, cwd=tmp_path, env=_environ(server, tmp_path), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert {row["id"] for row in _table(tmp_path / "out", "inputs")} == {project.name for project in CATALOG}
    asked = [row["question"] for row in _table(tmp_path / "out", "inputs")]
    assert len({row["question"] for row in _table(tmp_path / "out", "cells")}) == len(set(asked)) == len(CATALOG)


@pytest.mark.parametrize(("count", "distinct"), [(500, 120), pytest.param(5_000, 1_200, marks=pytest.mark.live)])
def test_inputs_that_ask_the_same_are_resolved_once_for_each_target(
    tmp_path: Path, server: IndexServer, count: int, distinct: int
) -> None:
    """Each question is asked in three spellings: in another order, and with a comment of its own."""
    drawn = random.Random(count)  # noqa: S311 - not for secrets
    asked = [*range(distinct), *(drawn.randrange(distinct) for _ in range(count - distinct))]
    drawn.shuffle(asked)
    rows = []
    for number, question in enumerate(asked):
        lines = [f"pixelbox>0.0.{question}\n", "reportgen\n"]
        comment = "# ours\n" * (number % 3 == 2)
        rows.append({"id": f"r{number}", "text": comment + "".join(lines[:: -1 if number % 3 else 1])})
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    words = [sys.executable, "-m", "wheelcheck", "survey", "in.jsonl", "-o", "out", *TARGETS, "--no-repair"]
    ended = subprocess.run(
        words, cwd=tmp_path, env=_environ(server, tmp_path), capture_output=True, text=True, check=False
    )
    assert f"{distinct:,} distinct questions, 0 of them answered before" in ended.stdout, ended.stderr
    assert len(_table(tmp_path / "out", "inputs")) == count
    assert len(_table(tmp_path / "out", "timings")) == distinct
    by_target = Counter((row["platform"], row["python"]) for row in _table(tmp_path / "out", "cells"))
    assert by_target == {("win_amd64", "3.12"): distinct, ("manylinux_2_28_x86_64", "3.12"): distinct}


def test_run_says_with_what_the_survey_was_made(surveyed: Path, server: IndexServer) -> None:
    (row,) = _table(surveyed / "out", "run")
    assert row["version"] == version("wheelcheck")
    assert row["index"] == server.simple_url
    assert json.loads(row["options"]) == {"platforms": ["windows,linux"], "pythons": ["3.12"]}
    now = datetime.now(UTC)
    assert row["day"] in {day.date().isoformat() for day in (now, now - timedelta(days=1))}


@pytest.mark.parametrize("ends", ["finished", "ended amid"])
def test_survey_that_was_ended_keeps_its_day_and_a_finished_one_is_about_today(
    surveyed: Path, server: IndexServer, tmp_path: Path, ends: str
) -> None:
    request = Request(inputs=(), environ={}, folder=str(tmp_path), index_url=server.simple_url, no_cache=True)
    asked = SurveyRequest(
        sources=(str(surveyed / "in"),), out=str(tmp_path / "out"), request=request, today="2026-11-28",
        targets=TargetWords(platforms=("linux",), pythons=("3.12",)),
    )  # fmt: skip
    assert survey(asked).answered_before == 0
    if ends == "ended amid":
        (tmp_path / "out" / "day").write_text("2026-11-28", encoding="utf-8")
    answered = survey(structs.replace(asked, today="2026-11-29")).answered_before
    assert answered == (3 if ends == "ended amid" else 0)
    assert [row["day"] for row in _table(tmp_path / "out", "run")] == [
        "2026-11-28" if ends == "ended amid" else "2026-11-29"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_interrupted_survey_leaves_no_process_that_waits_for_an_answer(
    tmp_path: Path, server: IndexServer, number: str
) -> None:
    _inputs(tmp_path, {"a": "reportgen\n"})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        environ = _environ(server, tmp_path) | {"PIP_INDEX_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/simple/"}
        with subprocess.Popen(
            _words("out", "--no-cache"), cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL
        ) as process:
            held = silent.accept()[0]
            started = psutil.Process(process.pid).children(recursive=True)
            assert any("wheelcheck.survey.answering" in each.cmdline() for each in started)
            process.send_signal(getattr(signal, number))
            assert process.wait(timeout=20) in (130, -signal.SIGKILL)
        _, left = psutil.wait_procs(started, timeout=20)
        held.close()
    assert left == []


def test_cell_that_failed_is_asked_again_where_that_is_wanted(tmp_path: Path, server: IndexServer) -> None:
    _inputs(tmp_path, {"good": "pixelbox\n"})
    page = server.projects.pop(NormalizedName("pixelbox"))
    try:
        absent, server.mode = server.mode, structs.replace(server.mode, absent_status=500)
        assert _survey(tmp_path, server, "out", "--no-cache", "--no-repair").returncode == 0
    finally:
        server.mode = absent
        server.projects[page.name] = page
    assert {row["status"] for row in _table(tmp_path / "out", "cells")} == {"failed"}
    again = _survey(tmp_path, server, "out", "--no-cache", "--no-repair")
    assert "1 of them answered before" in again.stdout
    assert _survey(tmp_path, server, "out", "--no-cache", "--no-repair", "--retry-failed").returncode == 0
    assert [row["status"] for row in _table(tmp_path / "out", "cells")] == ["installs", "installs"]


def test_unreadable_input_is_named_and_the_rest_is_answered(tmp_path: Path, server: IndexServer) -> None:
    _inputs(tmp_path, {"good": "pixelbox\n", "bad": "=nonsense=\n"})
    ended = _survey(tmp_path, server, "out", "--strict")
    assert ended.returncode == 1
    assert "bad/requirements.txt" in ended.stderr
    assert [row["id"] for row in _table(tmp_path / "out", "failures")] == ["bad/requirements.txt"]
    assert {row["status"] for row in _table(tmp_path / "out", "cells")} == {"installs"}


def test_scheduler_that_is_not_there_is_said_at_the_start(tmp_path: Path, server: IndexServer) -> None:
    _inputs(tmp_path, {"good": "pixelbox\n"})
    ended = _survey(tmp_path, server, "out", "--scheduler", "tcp://127.0.0.1:9")
    assert ended.returncode == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in ended.stderr
