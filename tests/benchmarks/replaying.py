"""Serves a recorded index on loopback from a process of its own, in two flavours, at a settable pace; measures nothing.

    python -m tests.benchmarks.replaying RECORDING FLAVOUR LATENCY BANDWIDTH

prints the index URL and serves until its standard input ends.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from msgspec.structs import replace

from tests.benchmarks.padding import catalog_of
from tests.recordings.model import Recording, parse_recording
from tests.server import IndexServer, Mode
from tests.server.answers import Answer

Flavour = Literal["json", "html"]
RECORDINGS = Path(__file__).parent / "recordings"

MODES: Mapping[Flavour, Mode] = {
    "json": Mode(sizes="hidden"),
    "html": Mode(
        pages="html", upload_times="hidden", sizes="hidden", sidecars="absent", validators="none", cache_control=None
    ),
}
"""``json``: PEP 691 with announced sidecars, ETags and ``max-age=600``. ``html``: PEP 503 with hashes and ranges, nothing else."""

_ASKED = ("accept", "range", "if-none-match", "accept-encoding")


class ReplayServer(IndexServer):
    """The test index, which makes each answer once: its own work must not be what is measured."""

    def __init__(self, recording: Recording, mode: Mode) -> None:
        super().__init__(catalog_of(recording), mode=mode)
        self._made: dict[tuple[object, ...], Answer] = {}

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Write nothing down, fail nothing."""
        return False

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """The answer that was made before, if it was asked for in the same way."""
        asked = (method, path, *(headers.get(name) for name in _ASKED))
        found = self._made.get(asked)
        if found is None:
            found = self._made[asked] = super().answer(method, path, headers)
        return found


def recording_path(name: str) -> Path:
    """Where the recording of the input *name* lies, or would."""
    return RECORDINGS / f"{name}.json.gz"


@contextmanager
def served(recording: Path, flavour: Flavour, *, latency: float = 0.0, bandwidth: int = 0) -> Iterator[str]:
    """The URL of an index that replays *recording*; *latency* in seconds before each answer, *bandwidth* in bytes per second
    and connection, 0 for no limit.
    """  # noqa: D205 - one thought
    words = [sys.executable, "-m", "tests.benchmarks.replaying", str(recording), flavour, str(latency), str(bandwidth)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"the replay of {recording.name} did not start")
            yield url
        finally:
            process.stdin.close()


def main(words: list[str]) -> int:
    """Serve until standard input ends."""
    path, flavour, latency, bandwidth = words
    chosen = next(each for each in get_args(Flavour) if each == flavour)
    recording = parse_recording(Path(path).read_bytes())
    mode = replace(MODES[chosen], latency=float(latency), bandwidth=int(bandwidth) or None)
    with ReplayServer(recording, mode) as server:
        print(server.simple_url, flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
