"""A survey on a scheduler that is there, over TLS: certificates come from Dask's own configuration."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
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


@pytest.fixture
def scheduler(tmp_path: Path, server: IndexServer, tls: dict[str, str]) -> Iterator[Path]:
    """The scheduler's file of a TLS scheduler with one worker, each a process of its own."""
    place = tmp_path / "scheduler.json"
    shared = ("--protocol", "tls", "--scheduler-file", str(place), "--no-dashboard")
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *shared, *more],
            env=_environ(server, tmp_path) | tls, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        for program, more in (("dask_scheduler", ("--port", "0")), ("dask_worker", ("--nthreads", "1")))
    ]  # fmt: skip
    until = time.monotonic() + 60
    while not place.exists() and time.monotonic() < until:
        time.sleep(0.1)
    yield place
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_tls_scheduler_gives_the_tables_of_a_cluster_of_its_own(
    tmp_path: Path, server: IndexServer, tls: dict[str, str], scheduler: Path
) -> None:
    _inputs(tmp_path)
    words = [sys.executable, "-m", "wheelcheck", "survey", "in", "-o", "tls", "-t", "windows,linux", "-p", "3.12"]
    until = time.monotonic() + 60
    while True:  # the worker may need a while until it has registered
        ended = subprocess.run(
            [*words, "--scheduler-file", str(scheduler)],
            cwd=tmp_path, env=_environ(server, tmp_path) | tls, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if "has no workers" not in ended.stderr or time.monotonic() > until:
            break
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
