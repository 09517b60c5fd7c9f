"""Real runs against indexes that misbehave: ``(fault, place, format) → Run``, which says what is wrong. POSIX only.

A fault stands in the place of one answer (the page of ``b``, the sidecar, the file), or the index has an odd graph of projects.
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from tests.fakes.archives import make_wheel
from tests.fuzz.faults import CONTENT, GRAPHS, WIRE, Talk, said
from tests.index.scripted_server import head_of, serving
from tests.server import IndexServer, Mode

ANSWERS, NO_VERDICT = frozenset({0, 1, 2, 3, 4}), frozenset({0, 3, 4})
_ENDINGS = {"page": "/simple/b/", "sidecar": ".metadata", "file": ".whl"}
_ROOT = Path(__file__).parents[2]
_WORDS = (
    "--no-cache",
    "--no-progress",
    "--platform",
    "manylinux_2_28_x86_64",
    "--python",
    "3.11",
)
_ENVIRON = {"PIP_RETRIES": "0", "PIP_TIMEOUT": "2", "PIP_CONFIG_FILE": os.devnull, "PATH": os.environ.get("PATH", "")}
_CPU, _WALL, _MEMORY = 10.0, 180.0, 1024**3


class Run(Struct, frozen=True, kw_only=True):
    """How one run ended; *wrong* is empty where that is as documented. *seconds* are of the processor, *memory* in bytes."""

    name: str
    status: int
    seconds: float
    memory: int
    wrong: str = ""


def iter_names() -> Iterator[tuple[str, str, str]]:
    """Every run as fault, place and format of pages; of a graph the place is empty."""
    for pages, place, fault in itertools.product(("json", "html"), ("page", "sidecar", "file"), (*WIRE, *CONTENT)):
        yield fault, place, pages
    yield from ((graph, "", pages) for pages in ("json", "html") for graph in GRAPHS)


def run_against(fault: str, place: str, pages: str) -> Run:
    """Run ``plan a`` against such an index; ``a`` needs ``b``, which the fault is about."""
    name = f"{fault}, {place or 'graph'}, {pages}"
    mode = Mode(
        pages="html" if pages == "html" else "json",
        links="relative",
        sidecars="absent" if place == "file" else "announced",
        sidecar_word="true",
    )
    with ExitStack() as stack:
        if not place:
            server = stack.enter_context(IndexServer(GRAPHS[fault](), mode=mode))
            return _run(name, server.simple_url, ANSWERS, "60")
        talk = (WIRE | CONTENT)[fault]
        catalog = {
            "a": [make_wheel("a", "1.0", requires=["b"])],
            "b": [make_wheel("b", "1.0", files={"b/x.bin": os.urandom(300_000)})],
        }
        index = IndexServer(catalog, mode=mode)
        stack.callback(index._server.server_close)  # it decides only what is said
        port = stack.enter_context(serving(lambda connection: _talk(connection, index, place, talk)))
        is_absence = fault.startswith(("status 40", "status 41"))
        return _run(name, f"http://127.0.0.1:{port}/simple/", ANSWERS if fault in CONTENT or is_absence else NO_VERDICT)


def _talk(connection: socket.socket, index: IndexServer, place: str, fault: Talk) -> None:
    lines = head_of(connection).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:] if line)}
    plain = path.partition("?")[0]
    answer = index.answer(method, plain, headers)
    if "/b" in plain and _ENDINGS[place] in (plain if place == "page" else plain[-10:]):
        fault(connection, answer)
        return
    more = [f"{key}: {value}" for key, value in answer.headers.items()]
    connection.sendall(
        said(
            b"" if method == "HEAD" else answer.body,
            *more,
            status=f"{answer.status} X",
            kind=answer.content_type,
            length=len(answer.body),
        )
    )


def _run(name: str, url: str, statuses: frozenset[int], seconds: str = "8") -> Run:
    with TemporaryDirectory() as folder:
        began = time.monotonic()
        errors = Path(folder) / "stderr"
        with errors.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "wheelcheck", "plan", "a", "-i", url, *_WORDS, "--max-seconds", seconds],
                cwd=folder,
                env={**_ENVIRON, "PYTHONPATH": str(_ROOT), "HOME": folder},
                stdout=subprocess.DEVNULL,
                stderr=stream,
            )
        status, used = 0, None
        while used is None and time.monotonic() - began < _WALL:
            pid, code, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                status, used = os.waitstatus_to_exitcode(code), usage
            else:
                time.sleep(0.01)
        if used is None:
            with suppress(ProcessLookupError):
                process.kill()
            _, _, used = os.wait4(process.pid, 0)
            status = -9
        process.returncode = status
        text = errors.read_text(errors="replace")
    taken, memory = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
    wrong = ""
    if status == -9 or taken > _CPU + (20 if seconds == "60" else 0):
        wrong = f"took {taken:.1f} s of the processor, {time.monotonic() - began:.1f} s in all"
    elif memory > _MEMORY:
        wrong = f"took {memory / 1e6:.0f} MB"
    elif status not in statuses or "Traceback" in text:
        wrong = f"ended with {status}: {text[-300:]}"
    elif "secret" in text:
        wrong = "told a secret"
    return Run(name=name, status=status, seconds=taken, memory=memory, wrong=wrong)
