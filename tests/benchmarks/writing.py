"""Writes what was measured as Markdown, without a path or a host of the machine; measures nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.benchmarks.measuring import Spread
from tests.benchmarks.promises import iter_held
from tests.benchmarks.running import Series, by_tool, iter_groups, ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All of one run: *versions* by tool, *missing* tools, *settings* as told, *start_up* of ``--help`` and of bare Python."""

    series: tuple[Series, ...]
    versions: Mapping[str, str]
    notes: Mapping[str, str]
    missing: tuple[str, ...]
    runs: int
    start_up: tuple[Spread, Spread]
    remarks: tuple[str, ...] = ()


def render_run(run: Run) -> str:
    """The whole report."""
    return "\n".join([*_head(run), *_promises(run), *_details(run), *_remarks(run)]) + "\n"


def machine() -> str:
    """Cores, memory and Python, nothing that names the machine."""
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB of memory"
    return f"{os.cpu_count()} cores{memory}, {platform.system()}, {platform.python_implementation()} {platform.python_version()}"


def _head(run: Run) -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield f"Made by `python -m tests.benchmarks` on {machine()}; {run.runs} runs of each, the tools in turns."
    yield "Times are seconds, `least / median / most`; CPU is user and system time, of all processes of the run; memory is the"
    yield "highest peak. *Cold* starts with an empty cache folder, *warm* repeats the same run. All are asked for wheels only."
    yield ""
    yield "| tool | version | as |"
    yield "|---|---|---|"
    for name, version in run.versions.items():
        yield f"| {name} | {version} | {run.notes.get(name) or '`wheelcheck plan -q --sdist deny --no-repair`'} |"
    if run.missing:
        yield ""
        yield f"Not installed, so not measured: {', '.join(run.missing)}."
    yield ""


def _promises(run: Run) -> Iterator[str]:
    yield "## What is promised"
    yield ""
    yield "| work | input | index | against | at most | ratio | ratio of CPU | |"
    yield "|---|---|---|---|---:|---:|---:|---|"
    measured = {each.tool for each in run.series}
    for held in iter_held(run.series):
        promise = held.promise
        if promise.peer not in measured:
            continue  # the table of tools says which were not
        yield (
            f"| {promise.sentence} | {held.work} | {held.setting} | {promise.peer} | {promise.most:g} "
            f"| {_ratio(held.wall)} | {_ratio(held.cpu)} | {held.verdict} |"
        )
    ours, bare = run.start_up
    verdict = "pass" if ours.middle < bare.middle + 0.1 else "miss"
    yield (
        f"| `--help` | | | `python -c pass` + 100 ms | {bare.middle + 0.1:.3f} s | {ours.middle:.3f} s | | {verdict} |"
    )
    yield ""


def _details(run: Run) -> Iterator[str]:
    yield "## What was measured"
    for work, setting in iter_groups(run.series):
        yield ""
        yield f"### {work}, {setting}"
        yield ""
        yield "| tool | cold | CPU | warm | CPU | MiB | wheelcheck / tool, cold | warm |"
        yield "|---|---|---|---|---|---:|---:|---:|"
        found = by_tool(run.series, work, setting)
        ours = found.get("wheelcheck")
        for series in found.values():
            yield _row(series, ours)


def _row(series: Series, ours: Series | None) -> str:
    if series.unable:
        return f"| {series.tool} | {series.unable} | | | | | | |"
    ratios = [
        _ratio(ratio(ours.wall(cache), series.wall(cache))) if ours is not None and ours is not series else ""
        for cache in ("cold", "warm")
    ]
    cells = [
        _spread(series.wall("cold")),
        _spread(series.cpu("cold")),
        _spread(series.wall("warm")),
        _spread(series.cpu("warm")),
    ]
    peak = max(series.peak("cold") or 0, series.peak("warm") or 0)
    no = " (no solution)" if series.status and series.work != "matrix" else ""
    return f"| {series.tool}{no} | {' | '.join(cells)} | {peak:.0f} | {' | '.join(ratios)} |"


def _remarks(run: Run) -> Iterator[str]:
    if run.remarks:
        yield ""
        yield "## Remarks"
        yield ""
        for each in run.remarks:
            yield f"- {each}"


def _spread(spread: Spread | None) -> str:
    return "no answer" if spread is None else f"{spread.least:.2f} / **{spread.middle:.2f}** / {spread.most:.2f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
