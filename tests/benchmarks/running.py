"""Has every tool do every piece of work, in turns, cold and warm; keeps the samples and writes nothing down."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from tests.benchmarks.measuring import Sample, Spread, measure, summed
from tests.benchmarks.tools import Command, Errand, Tool, Unable, clean_environment
from tests.benchmarks.work import Work


class Setting(Struct, frozen=True, kw_only=True):
    """Against what is measured: *name* is the row's word, ``html 20 ms``; ``url`` the index."""

    name: str
    url: str
    certificates: str | None = None


class Series(Struct, frozen=True, kw_only=True):
    """The samples of one tool on one work in one setting, or why there are none; *said* is the end of its last stderr."""

    tool: str
    work: str
    setting: str
    cold: tuple[Sample, ...] = ()
    warm: tuple[Sample, ...] = ()
    unable: str = ""
    said: str = ""

    def samples(self, cache: str) -> tuple[Sample, ...]:
        """``cold`` or ``warm`` ones."""
        return self.cold if cache == "cold" else self.warm

    @property
    def status(self) -> int:
        """The exit status of the last cold run."""
        return self.cold[-1].status if self.cold else 0

    def wall(self, cache: str) -> Spread | None:
        """Seconds on the clock of the runs that gave an answer; ``None`` where there was none."""
        times = [each.wall for each in self.samples(cache) if each.status in (0, 1)]
        return Spread.of(times) if times else None

    def cpu(self, cache: str) -> Spread | None:
        """Seconds on the processors of the runs that gave an answer."""
        times = [each.cpu for each in self.samples(cache) if each.status in (0, 1)]
        return Spread.of(times) if times else None

    def peak(self, cache: str) -> float | None:
        """The highest peak of memory in MiB."""
        return max((each.peak for each in self.samples(cache)), default=None)


class Track(Struct, kw_only=True):
    """One tool's runs while they are made."""

    tool: Tool
    cold: list[Sample] = field(default_factory=list)
    warm: list[Sample] = field(default_factory=list)
    unable: str = ""


def run_series(
    tools: Sequence[Tool], cells: Sequence[Work], setting: Setting, *, name: str, runs: int, limit: float, scratch: Path
) -> tuple[Series, ...]:
    """Measure *tools* on *cells*, which count as one work: *runs* times cold, each followed by a warm one.

    The tools take turns within a run, and another one begins each run, so that what the machine does besides hits all alike. One
    run before the first is not counted, but of a grid: it compiles byte code, and has the index make its answers. A tool that gives
    no answer within *limit* seconds per cell, or fails, is not asked again. *scratch* is emptied of what they write.
    """
    tracks = [Track(tool=tool) for tool in tools]
    for number in range(-1 if len(cells) == 1 else 0, runs):
        shift = max(number, 0) % len(tracks)
        for track in (*tracks[shift:], *tracks[:shift]):
            if track.unable:
                continue
            folder = scratch / f"{track.tool.name}-{number}"
            cold, warm = _pair(track, cells, setting, folder, limit)
            shutil.rmtree(folder, ignore_errors=True)
            track.unable = track.unable or _failure(cold, limit)
            if number >= 0 and not track.unable:
                track.cold.append(cold)
                track.warm.append(warm)
            print(
                f"  {setting.name} {name} {track.tool.name} {number}: {cold.wall:.2f} {warm.wall:.2f}", file=sys.stderr
            )
    return tuple(
        Series(
            tool=track.tool.name,
            work=name,
            setting=setting.name,
            cold=tuple(track.cold),
            warm=tuple(track.warm),
            unable=track.unable,
            said=track.cold[-1].said if track.cold else "",
        )
        for track in tracks
    )


_NOTHING = Sample(wall=0.0, cpu=0.0, peak=0.0, status=0)


def _pair(track: Track, cells: Sequence[Work], setting: Setting, folder: Path, limit: float) -> tuple[Sample, Sample]:
    """All cells with an empty cache that they share, then all again."""
    errand = Errand(
        work=cells[0],
        index_url=setting.url,
        cache=folder / "cache",
        folder=folder / "work",
        certificates=setting.certificates,
    )
    samples: list[list[Sample]] = [[], []]
    for found in samples:
        for command in track.tool.commands(errand, cells):
            if isinstance(command, Unable):
                track.unable = command.why
                return _NOTHING, _NOTHING
            found.append(_measured(command, errand, folder, limit))
            if found[-1].status < 0:
                return summed(found), _NOTHING
    return summed(samples[0]), summed(samples[1])


def _measured(command: Command, errand: Errand, folder: Path, limit: float) -> Sample:
    environ = {**clean_environment(folder), **command.environ}
    return measure(command.words, environ=environ, folder=errand.folder, limit=limit)


def _failure(sample: Sample, limit: float) -> str:
    if sample.status < 0:
        return f"no answer within {limit:.0f} s"
    # 1 is everyone's word for "there is no solution"; which it was is shown beside the times.
    return "" if sample.status in (0, 1) else f"no answer: exit status {sample.status}"


def ratio(ours: Spread | None, theirs: Spread | None) -> float | None:
    """The ratio of the medians; ``None`` where either gave no answer."""
    return None if ours is None or theirs is None else ours.middle / theirs.middle


def by_tool(series: Sequence[Series], work: str, setting: str) -> Mapping[str, Series]:
    """The series of each tool on *work* in *setting*."""
    return {each.tool: each for each in series if each.work == work and each.setting == setting}


def iter_groups(series: Sequence[Series]) -> Iterator[tuple[str, str]]:
    """Each work and setting that was measured, once, in order."""
    yield from dict.fromkeys((each.work, each.setting) for each in series)
