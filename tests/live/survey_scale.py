"""Measures surveys of synthetic inputs against the loopback index: seconds, memory and requests by the number of inputs.

    python -m tests.live.survey_scale COUNT...

Each input asks for one to five projects of the catalog, drawn by a fixed seed with the first ones more often. It prints a row of
a Markdown table for each count: nothing outside of loopback is asked.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from docs.transcripts import CATALOG
from tests.server.index_server import IndexServer
from tests.server.mode import Mode

_SEED = 16
_TARGETS = ("--platform", "windows,linux", "--python", "3.12")


def main(counts: list[int]) -> None:
    """Measure a survey of each of *counts* inputs."""
    print(
        "| inputs | distinct questions | seconds | ms for a question | client MB | all processes MB | requests | pages asked for |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for count in counts:
        print(_row(count), flush=True)


def _row(count: int) -> str:
    drawn = random.Random(_SEED)  # noqa: S311 - not for secrets
    names = [project.name for project in CATALOG]
    weights = [1 / rank for rank in range(1, len(names) + 1)]
    with tempfile.TemporaryDirectory() as scratch, IndexServer(CATALOG, mode=Mode(latency=0.02)) as server:
        rows = []
        for number in range(count):
            asked = sorted(set(drawn.choices(names, weights, k=drawn.randint(1, 5))))
            text = "".join(f"{name}>0.0.{drawn.randint(0, 2)}\n" for name in asked)
            rows.append(json.dumps({"id": f"r{number}", "text": text}))
        Path(scratch, "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
        environ = os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": server.simple_url, "HOME": scratch}
        words = (sys.executable, "-m", "wheelcheck", "survey", "in.jsonl", "-o", "out", *_TARGETS, "--no-repair")
        began = time.monotonic()
        running = subprocess.Popen(words, cwd=scratch, env=environ, stdout=subprocess.PIPE, text=True)
        client, whole = _largest(running)
        said = running.communicate()[0]
        seconds = time.monotonic() - began
        found = re.search(r"([\d,]+) distinct", said)
        distinct = int(found[1].replace(",", "")) if found is not None else 0
        pages = {request.path for request in server.requests if request.path.startswith("/simple/")}
        told = (count, distinct, f"{seconds:.1f}", f"{1000 * seconds / max(distinct, 1):.0f}", client, whole)
        return f"| {' | '.join(map(str, told))} | {server.count()} | {server.count_pages()} of {len(pages)} |"


def _largest(running: subprocess.Popen[str]) -> tuple[int, int]:
    """The most memory in MB that the client had, and that it had together with all processes below it."""
    client = whole = 0
    process = psutil.Process(running.pid)
    while running.poll() is None:
        try:
            own = process.memory_info().rss
            below = sum(each.memory_info().rss for each in process.children(recursive=True))
        except psutil.NoSuchProcess:
            continue
        client, whole = max(client, own), max(whole, own + below)
        time.sleep(0.2)
    return client // 1_000_000, whole // 1_000_000


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100, 1_000, 10_000])
