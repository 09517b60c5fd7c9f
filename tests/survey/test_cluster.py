"""A survey on a scheduler that is there, over TLS with certificates from Dask's configuration; and workers that do not fit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.transcripts import CATALOG
from tests.server.certificates import CA_FILE
from tests.server.index_server import IndexServer
from tests.survey.test_survey import _answers, _environ, _inputs, _survey, _table

pytest.importorskip("distributed", reason="the extra wheelcheck[survey] is not installed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups are those of POSIX")


@pytest.fixture
def tls() -> dict[str, str]:
    """The variables that tell Dask of the certificate."""
    prefix, folder = "DASK_DISTRIBUTED__COMM__TLS__", CA_FILE.parent
    found = {f"{prefix}CA_FILE": str(CA_FILE)}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        found |= {f"{prefix}{role}__CERT": str(folder / "cert.pem"), f"{prefix}{role}__KEY": str(folder / "key.pem")}
    return found


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer(CATALOG) as server:
        yield server


@contextmanager
def _scheduler(place: Path, environ: dict[str, str], of_worker: dict[str, str], *words: str) -> Iterator[Path]:
    """The scheduler's file *place* of a scheduler with one worker, each a process of its own."""
    shared = (*words, "--scheduler-file", str(place), "--no-dashboard")
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *shared, *more],
            cwd=place.parent, env=environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        for program, more, own in (("dask_scheduler", ("--port", "0"), {}), ("dask_worker", ("--nthreads", "1"), of_worker))
    ]  # fmt: skip
    until = time.monotonic() + 60
    while not place.exists() and time.monotonic() < until:
        time.sleep(0.1)
    try:
        yield place
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def scheduler(tmp_path: Path, server: IndexServer, tls: dict[str, str]) -> Iterator[Path]:
    with _scheduler(tmp_path / "scheduler.json", _environ(server, tmp_path) | tls, {}, "--protocol", "tls") as place:
        yield place


def _once_it_has_workers(
    folder: Path, environ: dict[str, str], out: str, scheduler: Path
) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "wheelcheck", "survey", "in", "-o", out, "-t", "windows,linux", "-p", "3.12"]
    until = time.monotonic() + 60
    while True:  # a worker may need a while until it has registered
        ended = subprocess.run(
            [*words, "--scheduler-file", str(scheduler)],
            cwd=folder, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if "has no workers" not in ended.stderr or time.monotonic() > until:
            return ended


def test_tls_scheduler_gives_the_tables_of_a_cluster_of_its_own(
    tmp_path: Path, server: IndexServer, tls: dict[str, str], scheduler: Path
) -> None:
    _inputs(tmp_path)
    ended = _once_it_has_workers(tmp_path, _environ(server, tmp_path) | tls, "tls", scheduler)
    assert ended.returncode == 0, ended.stderr
    assert {row["worker"][:6] for row in _table(tmp_path / "tls", "timings")} == {"tls://"}
    assert _survey(tmp_path, server, "own").returncode == 0
    assert _answers(tmp_path / "tls") == _answers(tmp_path / "own")


def test_tls_scheduler_is_not_used_without_a_certificate(tmp_path: Path, server: IndexServer, scheduler: Path) -> None:
    _inputs(tmp_path, {"good": "pixelbox\n"})
    ended = _survey(tmp_path, server, "out", "--scheduler-file", str(scheduler))
    assert ended.returncode == 2, ended.stderr
    assert "distributed.comm.tls" in ended.stderr
    assert not (tmp_path / "out" / "cells.parquet").exists()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (
            "wheelcheck-0.0.7.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: wheelcheck\nVersion: 0.0.7\n",
            "has wheelcheck 0.0.7 on Python",
        ),
        ("wheelcheck.py", "raise ModuleNotFoundError('there is none')\n", "cannot run wheelcheck"),
    ],
    ids=("another", "none"),
)
def test_worker_with_another_wheelcheck_or_none_is_named_at_the_start(
    tmp_path: Path, server: IndexServer, file: str, content: str, said: str
) -> None:
    _inputs(tmp_path)
    facts = tmp_path / "first" / file
    facts.parent.mkdir(parents=True)
    facts.write_text(content, encoding="utf-8")
    environ = _environ(server, tmp_path)
    path = (str(tmp_path / "first"), environ.get("PYTHONPATH"))
    with _scheduler(
        tmp_path / "scheduler.json", environ, {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    ) as scheduler:
        ended = _once_it_has_workers(tmp_path, environ, "out", scheduler)
    assert ended.returncode == 2, ended.stderr
    assert said in ended.stderr
    assert "install the same on all machines" in ended.stderr
    assert not (tmp_path / "out" / "cells.parquet").exists()
