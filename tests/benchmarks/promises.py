"""What wheelcheck promises beside its peers, as rows, and what was measured of each; measures nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.running import Series, by_tool, ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """*cache* of ours against *peer_cache* of *peer* on *works*, in the settings whose name holds *setting*: at most *most*."""

    sentence: str
    works: tuple[str, ...]
    peer: str
    most: float
    setting: str = ""
    cache: str = "cold"
    peer_cache: str = "cold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One measured row: ratios of medians on the clock and on the processors; ``None`` where one of the two gave no answer."""

    promise: Promise
    work: str
    setting: str
    wall: float | None
    cpu: float | None
    why: str = ""
    agrees: bool = True
    """Whether both found a solution, or both none; else the times are of different answers."""

    @property
    def verdict(self) -> str:
        """``pass``, ``miss``, that the answers differ, or why there is nothing to compare."""
        if self.wall is None:
            return self.why or "not measured"
        if not self.agrees:
            return "not the same answer"
        return "pass" if self.wall <= self.promise.most else "miss"


_BOTH = ("jupyter", "peft-studio")
_THREE = ("trio-docs", *_BOTH)
_HARD = ("boto3-urllib3", "starlette-fastapi", "sentry")

PROMISES: tuple[Promise, ...] = (
    Promise(sentence="middle and large, cold, 20 ms or live", works=_BOTH, peer="uv", most=1.3, setting="20 ms"),
    Promise(sentence="middle and large, cold, live index", works=_BOTH, peer="uv", most=1.3, setting="live"),
    Promise(
        sentence="middle and large, warm, HTML without cache headers",
        works=_BOTH, peer="uv", most=0.5, setting="html", cache="warm", peer_cache="warm",
    ),
    Promise(
        sentence="middle and large, warm, cache headers",
        works=_BOTH, peer="nab", most=0.8, setting="json", cache="warm", peer_cache="warm",
    ),
    Promise(
        sentence="matrix of 40 cells, warm", works=("matrix",), peer="uv", most=0.25, cache="warm", peer_cache="warm"
    ),
    Promise(sentence="matrix of 40 cells, cold", works=("matrix",), peer="uv", most=0.35),
    Promise(sentence="small, middle and large, cold (pip's cache warm)", works=_THREE, peer="pip", most=0.45, peer_cache="warm"),
    Promise(
        sentence="small, middle and large, warm", works=_THREE, peer="pip", most=0.2, cache="warm", peer_cache="warm"
    ),
    Promise(sentence="hard inputs, cold", works=_HARD, peer="uv", most=3.0),
)  # fmt: skip


def iter_held(series: Sequence[Series]) -> Iterator[Held]:
    """Every promise in every setting in which its work was measured, in order."""
    for promise in PROMISES:
        for work in promise.works:
            for setting in dict.fromkeys(each.setting for each in series if each.work == work):
                if promise.setting in setting:
                    yield _held(promise, work, setting, series)


def _held(promise: Promise, work: str, setting: str, series: Sequence[Series]) -> Held:
    found = by_tool(series, work, setting)
    ours, theirs = found.get("wheelcheck"), found.get(promise.peer)
    if ours is None or theirs is None:
        missing = "wheelcheck" if ours is None else promise.peer
        return Held(promise=promise, work=work, setting=setting, wall=None, cpu=None, why=f"{missing} was not measured")
    unable = " and ".join(f"{each.tool}: {each.unable}" for each in (ours, theirs) if each.unable)
    return Held(
        promise=promise,
        work=work,
        setting=setting,
        wall=ratio(ours.wall(promise.cache), theirs.wall(promise.peer_cache)),
        cpu=ratio(ours.cpu(promise.cache), theirs.cpu(promise.peer_cache)),
        why=unable,
        agrees=ours.status == theirs.status,
    )
