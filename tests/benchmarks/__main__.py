"""Runs the benchmark and writes ``reports/benchmarks.md``: ``python -m tests.benchmarks --help`` tells its options."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import Sample, Spread, measure
from tests.benchmarks.replaying import MODES, Flavour, recording_path, served
from tests.benchmarks.running import Series, Setting, run_series
from tests.benchmarks.tools import Tool, clean_environment, has_matrix, installed_tools
from tests.benchmarks.work import GRID, LARGE, WORKS, Work
from tests.benchmarks.writing import Run, render_run

REPORT = Path(__file__).parents[2] / "reports" / "benchmarks.md"
_REMARKS = Path(__file__).with_name("remarks.txt")
_GRID_TOOLS = ("wheelcheck", "uv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run."""

    tools: tuple[Tool, ...]
    works: tuple[Work, ...]
    pace: tuple[tuple[Flavour, int], ...]
    """Flavours and latencies in milliseconds; the last alone serves what takes minutes: the hard inputs and the grid."""
    bandwidth: int
    runs: int
    grid_runs: int
    limit: float
    live: str | None
    has_grid: bool


def main(words: list[str] | None = None) -> int:
    """Run the command."""
    parser = _parser()
    options = parser.parse_args(words)
    tools, missing = installed_tools(options.peers)
    wanted = options.tools.split(",") if options.tools else [tool.name for tool in tools]
    tools = tuple(tool for tool in tools if tool.name in wanted)
    names = options.inputs.split(",") if options.inputs else [*(work.name for work in WORKS), "matrix"]
    plan = Plan(
        tools=tools,
        works=tuple(work for work in WORKS if work.name in names),
        pace=tuple((flavour, int(each)) for flavour in MODES for each in options.latency.split(",")),
        bandwidth=options.bandwidth,
        runs=options.runs,
        grid_runs=options.grid_runs,
        limit=options.limit,
        live=options.index_url if options.live else None,
        has_grid="matrix" in names,
    )
    with tempfile.TemporaryDirectory() as scratch:
        series, remarks = _measured(plan, Path(scratch))
        start_up = _start_up(Path(scratch), max(options.runs, 5))
    run = Run(
        series=series,
        versions={tool.name: tool.version() for tool in tools},
        notes={tool.name: tool.note for tool in tools},
        missing=missing,
        runs=options.runs,
        start_up=start_up,
        remarks=(*remarks, *_written_remarks()),
    )
    options.output.write_text(render_run(run), encoding="utf-8")
    print(f"wrote {options.output}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each tool on each work (5)")
    parser.add_argument("--grid-runs", type=int, default=5, help="counted runs of the matrix, if fewer (5)")
    parser.add_argument(
        "--inputs", help=f"of {', '.join(work.name for work in WORKS)}, matrix, with commas; all by default"
    )
    parser.add_argument(
        "--tools", help="of wheelcheck, uv, nab, pip, pex, with commas; all that are installed by default"
    )
    parser.add_argument(
        "--latency", default="0,20", metavar="MS", help="milliseconds before each answer, with commas (0,20)"
    )
    parser.add_argument(
        "--bandwidth", type=int, default=0, help="bytes per second and connection; 0, the default: no limit"
    )
    parser.add_argument("--limit", type=float, default=30.0, help="seconds after which a run counts as no answer (30)")
    parser.add_argument(
        "--peers", type=Path, metavar="DIR", help="where uv, nab, pip and pex3 lie, before the search path"
    )
    parser.add_argument("--live", action="store_true", help="measure on the live index too")
    parser.add_argument("--index-url", default=_default_index(), help="the live index; the public one by default")
    parser.add_argument("-o", "--output", type=Path, default=REPORT, help="the report (reports/benchmarks.md)")
    return parser


def _default_index() -> str:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return PYPI_SIMPLE_ENDPOINT


def _measured(plan: Plan, scratch: Path) -> tuple[tuple[Series, ...], tuple[str, ...]]:
    series: list[Series] = []
    remarks: list[str] = []
    jobs: list[tuple[str, str, tuple[Work, ...], tuple[Tool, ...]]] = [
        (work.name, work.name, (work,), plan.tools) for work in plan.works
    ]
    if plan.has_grid and has_matrix():
        jobs.append(("matrix", LARGE.name, GRID, tuple(tool for tool in plan.tools if tool.name in _GRID_TOOLS)))
    elif plan.has_grid:
        remarks.append("The matrix was not measured: this wheelcheck has no `matrix`.")
    for name, recording, cells, tools in jobs:
        path = recording_path(recording)
        if not path.is_file():
            remarks.append(
                f"{name} has no recording of its index in the repository: it is measured with `--live` only."
            )
        runs = plan.runs if len(cells) == 1 else min(plan.runs, plan.grid_runs)
        is_short = len(cells) == 1 and cells[0].size != "hard"
        for opened in _settings(plan, path, plan.pace if is_short else plan.pace[-1:]):
            with opened as setting:
                series += run_series(tools, cells, setting, name=name, runs=runs, limit=plan.limit, scratch=scratch)
    return tuple(series), tuple(remarks)


def _settings(
    plan: Plan, recording: Path, pace: tuple[tuple[Flavour, int], ...]
) -> Iterator[AbstractContextManager[Setting]]:
    if recording.is_file():
        for flavour, latency in pace:
            yield _replayed(recording, flavour, latency, plan.bandwidth)
    if plan.live is not None:
        yield nullcontext(Setting(name="live", url=plan.live, certificates=os.environ.get("PIP_CERT")))


@contextmanager
def _replayed(recording: Path, flavour: Flavour, latency: int, bandwidth: int) -> Iterator[Setting]:
    with served(recording, flavour, latency=latency / 1000, bandwidth=bandwidth) as url:
        yield Setting(name=f"{flavour} {latency} ms", url=url)


def _start_up(scratch: Path, runs: int) -> tuple[Spread, Spread]:
    """Seconds on the clock of ``wheelcheck --help`` and of ``python -c pass``, in turns; the first of each is not counted."""
    ours: list[Sample] = []
    bare: list[Sample] = []
    for _ in range(runs + 1):
        for words, samples in ((("-m", "wheelcheck", "--help"), ours), (("-c", "pass"), bare)):
            environ = clean_environment(scratch)
            samples.append(measure([sys.executable, *words], environ=environ, folder=scratch, limit=30))
    return Spread.of(each.wall for each in ours[1:]), Spread.of(each.wall for each in bare[1:])


def _written_remarks() -> tuple[str, ...]:
    """What the timings alone do not tell, one paragraph a line: written by hand, after a look at profiles."""
    return tuple(line for line in _REMARKS.read_text(encoding="utf-8").splitlines() if line)


if __name__ == "__main__":
    raise SystemExit(main())
