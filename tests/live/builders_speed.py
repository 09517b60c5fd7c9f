"""Times fetching against uv's download, and unpacking against uv's, in turns; writes reports/building_speed.md.

Nothing is resolved while the clock runs: both get the same files from one plan, uv by the lock that `wheelcheck export` makes.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.live.peers import CUTOFF, ROOT, clean_environment

_PLATFORM = "manylinux_2_28_x86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """One run: seconds on the clock, and on the processors with everything that it started."""

    clock: float
    processor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is measured under a *name*; *prepare* empties what the run must not find, outside the time."""

    name: str
    words: tuple[str, ...]
    prepare: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The folder with the plan, its lock, and a wheelhouse with its wheels."""

    folder: Path

    @property
    def environ(self) -> Mapping[str, str]:
        """Neither pip's nor uv's settings; copies instead of links, which is what a folder that ships needs."""
        return {**clean_environment(), "UV_LINK_MODE": "copy", "UV_NO_CONFIG": "1", "PYTHONPATH": str(ROOT)}

    def run(self, words: tuple[str, ...]) -> Took:
        """Run *words* and measure; raises ``RuntimeError`` with what they printed if they fail."""
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            words, cwd=self.folder, env=dict(self.environ), capture_output=True, text=True, check=False
        )
        clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)} failed: {done.stdout}{done.stderr}")
        return Took(clock=clock, processor=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def empty(self, *names: str) -> Callable[[], None]:
        """What removes *names*, and waits until the disk has what was written before."""

        def prepare() -> None:
            for name in names:
                shutil.rmtree(self.folder / name, ignore_errors=True)
            os.sync()

        return prepare


def write_speed(runs: int = 5) -> None:
    """Measure everything in turns, *runs* times, and write reports/building_speed.md."""
    with tempfile.TemporaryDirectory() as name:
        bench = _prepared(Path(name))
        measured = _measured(bench)
        took: dict[str, list[Took]] = {each.name: [] for each in measured}
        for turn in range(runs):
            for each in measured:
                each.prepare()
                took[each.name].append(bench.run(each.words))
                print(f"{turn + 1}/{runs} {each.name}: {took[each.name][-1].clock:.2f} s", file=sys.stderr)
        wheels = tuple((bench.folder / "house").glob("*.whl"))
        report = "\n".join(_report(took, len(wheels), sum(wheel.stat().st_size for wheel in wheels))) + "\n"
    (ROOT / "reports" / "building_speed.md").write_text(report, encoding="utf-8", newline="\n")


def _wheelcheck(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "wheelcheck", *words)


def _uv(*words: str) -> tuple[str, ...]:
    uv = Path(sys.executable).parent / "uv"
    return (str(uv), "pip", "install", "--target", "uv-target", "--cache-dir", "uv-cache", "--no-deps", "-q", *words)


def _prepared(folder: Path) -> Bench:
    bench = Bench(folder=folder)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    target = ("--platform", _PLATFORM, "--python", python, "--exclude-newer", CUTOFF)
    bench.run(_wheelcheck("plan", "jupyter", *target, "--sdist", "deny", "-q", "-o", "plan.json"))
    bench.run(_wheelcheck("export", "plan.json", "--to", "pylock", "-o", "pylock.toml"))
    bench.run(_wheelcheck("fetch", "plan.json", "-d", "house", "-q"))
    return bench


def _measured(bench: Bench) -> tuple[Measured, ...]:
    wheels = tuple(str(path) for path in sorted((bench.folder / "house").glob("*.whl")))
    lock = ("-r", "pylock.toml")
    return (
        Measured(
            name="fetch",
            words=_wheelcheck("fetch", "plan.json", "-d", "fetched", "--cache-dir", "cache", "-q"),
            prepare=bench.empty("fetched", "cache"),
        ),
        Measured(name="uv, empty cache", words=_uv(*lock), prepare=bench.empty("uv-target", "uv-cache")),
        Measured(name="uv, warm cache", words=_uv(*lock), prepare=bench.empty("uv-target")),
        Measured(
            name="bundle",
            words=_wheelcheck("bundle", "plan.json", "--wheelhouse", "house", "-o", "bundled", "-q"),
            prepare=bench.empty("bundled"),
        ),
        Measured(
            name="uv, unpacking",
            words=_uv("--offline", "--no-index", *wheels),
            prepare=bench.empty("uv-target", "uv-cache"),
        ),
    )


_TOLD: Mapping[str, str] = {
    "fetch": "`wheelcheck fetch PLAN -d DIR`, an empty cache and an empty folder; every hash checked",
    "uv, empty cache": "`uv pip install --target DIR -r pylock.toml --no-deps`, an empty cache: it downloads, unpacks and copies",
    "uv, warm cache": "the same again with what that left in the cache: it copies",
    "bundle": "`wheelcheck bundle PLAN --wheelhouse DIR -o OUT`, no runtime; all files hashed and written down in manifest.json",
    "uv, unpacking": "`uv pip install --target DIR --offline --no-index --no-deps *.whl`, an empty cache: it unpacks and copies",
}


def _report(took: Mapping[str, list[Took]], wheels: int, size: int) -> Iterator[str]:
    runs = len(took["fetch"])
    clock = {name: statistics.median(each.clock for each in times) for name, times in took.items()}
    processor = {name: statistics.median(each.processor for each in times) for name, times in took.items()}
    version = subprocess.run((_uv()[0], "--version"), capture_output=True, text=True, check=True).stdout.split()[1]
    yield "# How long fetching and unpacking take"
    yield ""
    yield f"Made by `python -m tests.live.builders_report --speed` on {os.cpu_count()} cores, {platform.system()}, CPython"
    yield f"{platform.python_version()}, uv {version}, at a load of {os.getloadavg()[2]:.1f} over the last quarter of an hour:"
    yield f"jupyter as of {CUTOFF} for {_PLATFORM}, {wheels} wheels, {size / 1e6:.0f} MB, from the live index."
    yield f"{runs} runs of each, in turns; seconds, `least / median / most`; CPU is user and system time. uv is told to copy"
    yield "(`UV_LINK_MODE=copy`), since links into a cache are nothing that ships; both get the files from one plan, so that"
    yield "neither resolves. fetch looks at the end of every wheel first, to say what all will weigh."
    yield ""
    yield "| | what | clock | CPU |"
    yield "|---|---|---:|---:|"
    for name, times in took.items():
        yield f"| {name} | {_TOLD[name]} | {_spread(each.clock for each in times)} | {_spread(each.processor for each in times)} |"
    yield ""
    yield "| what is promised | at most | clock | CPU |"
    yield "|---|---:|---:|---:|"
    for promise, ours, theirs, most in (
        ("fetch, beside uv with an empty cache", "fetch", "uv, empty cache", 1.2),
        ("bundle's unpacking, beside uv's", "bundle", "uv, unpacking", 2.0),
    ):
        ratio = clock[ours] / clock[theirs]
        verdict = "holds" if ratio <= most else "missed"
        yield f"| {promise} | {most} | {ratio:.2f}, {verdict} | {processor[ours] / processor[theirs]:.2f} |"
    alone = clock["uv, empty cache"] - clock["uv, warm cache"]
    if alone > 0:
        yield ""
        yield f"Of uv's time with an empty cache, {alone:.2f} s are not spent with a warm one: its downloading, and the unpacking"
        yield f"that goes on meanwhile. fetch takes {clock['fetch'] / alone:.2f} times that."


def _spread(values: Iterator[float]) -> str:
    ordered = sorted(values)
    return f"{ordered[0]:.2f} / {statistics.median(ordered):.2f} / {ordered[-1]:.2f}"
