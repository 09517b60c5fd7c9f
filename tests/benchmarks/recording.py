"""Records, from a live index, what every tool asks for when it does the benchmark's work; measures nothing.

    python -m tests.benchmarks.recording [--peers DIR] [--gaps] [INPUT...]

An index on loopback passes each question on, once, and notes the answer; each tool works against it until it is done or out of
time. Pages are kept whole, but for hashes and sizes, which clients would check against the stand-ins that are served; metadata is
reduced to dependency fields. Writes ``tests/benchmarks/recordings/INPUT.json.gz``; a recording larger than 2 MB is not written,
and its input is left to ``--live``. With ``--gaps`` the pages stay as they were recorded, and only what wheelcheck asks for now and
did not then is added.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from fixtures.record import live_projects
from tests.benchmarks.measuring import measure
from tests.benchmarks.padding import metadata_bytes, wheel_of
from tests.benchmarks.replaying import recording_path
from tests.benchmarks.tools import Errand, Tool, Unable, clean_environment, installed_tools
from tests.benchmarks.work import GRID, WORKS, Work
from tests.fakes.archives import sha256_hex
from tests.recordings.model import Recording, parse_recording, render_recording
from tests.recordings.projects import RecordingProjects, ReplayProjects
from tests.server import IndexFile, IndexProject, IndexServer, Mode
from tests.server.answers import Answer
from tests.server.replayed import sdist_of
from wheelcheck.errors import IndexUnavailable, WheelcheckError
from wheelcheck.model.distribution import CoreMetadata, Distribution, Installability, Sdist, Wheel
from wheelcheck.model.requirement import CommandLineOrigin, Requirement
from wheelcheck.model.resolution import Policy
from wheelcheck.ports import Projects
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.targets.targets import parse_target

LARGEST = 2_000_000
_WHEELS_ONLY = Policy(allowed=frozenset({Installability.WHEEL}))
_PATIENCE = 60.0
# Hashes and sidecars are not announced: the stand-in for a file is made when somebody asks for it.
_MODE = Mode(
    pages="html",
    hashes="hidden",
    sizes="hidden",
    sidecars="absent",
    validators="none",
    cache_control=None,
    upload_times="asked",
)


class PassingServer(IndexServer):
    """An index whose projects are those of *live*, fetched when first asked for."""

    def __init__(self, live: Projects) -> None:
        super().__init__(mode=_MODE)
        self._live = live
        self._asked: dict[str, threading.Lock] = {}
        self._gate = threading.Lock()

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """Fetch the page first, if it is one."""
        plain = unquote(urlsplit(path).path)
        if plain.startswith("/simple/") and (word := plain.removeprefix("/simple/").strip("/")):
            self._fetch_project(word)
        return super().answer(method, path, headers)

    def _fetch_project(self, word: str) -> None:
        name = canonicalize_name(word)
        with self._gate:
            guard = self._asked.setdefault(name, threading.Lock())
        with guard:
            if name in self.projects:
                return
            page = self._live.page(name)
            if page.state == "absent":
                return
            files = tuple(self._linked(file) for found in page.distributions.values() for file in found)
            self._files.update((file.path, file) for file in files)
            self.projects[name] = IndexProject(name=name, status=page.state, files=files)

    def _linked(self, file: Distribution) -> IndexFile:
        return IndexFile(
            filename=file.filename,
            sha256=sha256_hex(file.filename.encode()),
            content=partial(_stand_in, file, self._live),
            upload_time=file.at.upload_time,
            requires_python=file.at.requires_python,
            yanked=file.at.yanked,
        )


def _stand_in(file: Distribution, live: Projects) -> bytes:
    try:
        if isinstance(file, Sdist):
            return sdist_of(file, live.source(file))
        assert isinstance(file, Wheel)
        return wheel_of(file.filename, metadata_bytes(live.metadata(file)))
    except WheelcheckError:
        return b""


def slim(recording: Recording) -> Recording:
    """The recording without hashes and sizes: most of its bytes, and nothing that resolving needs."""
    return replace(
        recording,
        pages={
            name: replace(
                page,
                distributions={
                    version: tuple(replace(file, at=replace(file.at, hashes=(), size=None)) for file in files)
                    for version, files in page.distributions.items()
                },
            )
            for name, page in recording.pages.items()
        },
    )


def record(work: Work, tools: tuple[Tool, ...], live: Projects) -> bytes:
    """Let every tool do *work*, on each target on which it is measured, and give what was asked."""
    recorder = RecordingProjects(live)
    cells = GRID if work.requirements == GRID[0].requirements else (work,)
    with PassingServer(recorder) as server, tempfile.TemporaryDirectory() as scratch:
        for number, cell in enumerate(cells):
            for tool in tools:
                if number and tool.name not in ("wheelcheck", "uv", "nab"):
                    continue  # pip and pex take the newest files, as the first cell shows
                folder = Path(scratch) / f"{number}-{tool.name}"
                errand = Errand(work=cell, index_url=server.simple_url, cache=folder / "cache", folder=folder)
                command = tool.command(errand)
                if isinstance(command, Unable):
                    continue
                # nab locks nothing without a hash, and asks for parts only; pip would check a whole file.
                server.mode = replace(_MODE, hashes="shown" if tool.name == "nab" else "hidden")
                environ = {**clean_environment(folder), **command.environ}
                sample = measure(command.words, environ=environ, folder=folder, limit=_PATIENCE)
                print(
                    f"  {cell.platform} {cell.python} {tool.name}: {sample.status} {sample.said[-150:]}",
                    file=sys.stderr,
                )
    about: dict[str, str | list[str]] = {"input": work.name, "requirements": list(work.requirements)}
    return render_recording(slim(recorder.taken(about)))


class GapProjects(ReplayProjects):
    """Answers from a recording, and where that has a gap asks *live* for the file of that name; ``found`` is all of it."""

    def __init__(self, recording: Recording, live: Projects) -> None:
        super().__init__(recording)
        self._live = live
        self.found: dict[str, CoreMetadata] = dict(recording.metadata)

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        """The recorded fields, or those of today: metadata never changes."""
        if wheel.filename not in self.found:
            files = self._live.page(wheel.name).distributions.get(wheel.version, ())
            there = next((file for file in files if file.filename == wheel.filename), None)
            if not isinstance(there, Wheel):
                raise IndexUnavailable("the file was recorded, and is gone now", address=wheel.filename)
            print(f"  {wheel.filename}", file=sys.stderr)
            self.found[wheel.filename] = self._live.metadata(there)
        return self.found[wheel.filename]


def fill_gaps(work: Work, recording: Recording, live: Projects) -> bytes:
    """*recording* with the metadata that resolving *work* asks for on each of its targets."""
    projects = GapProjects(recording, live)
    requirements = tuple(Requirement.parse(text, CommandLineOrigin(text=text)) for text in work.requirements)
    for cell in GRID if work.requirements == GRID[0].requirements else (work,):
        target = parse_target(cell.platform, cell.python)
        resolve(Question(requirements=requirements, target=target, policy=_WHEELS_ONLY), projects)
    return render_recording(slim(replace(recording, metadata=dict(sorted(projects.found.items())))))


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.recording", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("inputs", nargs="*", metavar="INPUT", help=", ".join(work.name for work in WORKS))
    parser.add_argument("--index-url", help="the index to record; the public one by default")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="where uv, nab, pip and pex3 lie")
    parser.add_argument("--gaps", action="store_true", help="add what is missing, and record nothing anew")
    options = parser.parse_args()
    tools, _ = installed_tools(options.peers)
    for work in WORKS:
        if options.inputs and work.name not in options.inputs:
            continue
        print(f"{work.name}:", file=sys.stderr)
        with live_projects(options.index_url) as live:
            if options.gaps:
                content = fill_gaps(work, parse_recording(recording_path(work.name).read_bytes()), live)
            else:
                content = record(work, tools, live)
        print(f"  {len(content) / 1000:.0f} kB", file=sys.stderr)
        if len(content) <= LARGEST:
            path = recording_path(work.name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
