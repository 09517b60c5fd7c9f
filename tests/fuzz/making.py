"""Makes inputs without end and gives them to their readers: ``(kinds, minutes) → counts``, and the inputs that failed as files."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.fuzz.children import Ending, faults_of, read, scratch
from tests.fuzz.kinds import kind_of, names
from tests.fuzz.mutations import changed, random_changes
from tests.fuzz.seeds import seeds

_BATCH = 200, 5_000
_TURN = 4.0
"""Seconds that a kind has before it is the turn of the next: what is read quickly gets more inputs."""
_MOST_ALIKE = 3


class Count(Struct):
    """What was done with one kind: inputs, seconds, and faults by what they were."""

    inputs: int = 0
    seconds: float = 0.0
    faults: dict[str, int] = {}


def made(kind: str, seed: int, number: int) -> bytes:
    """Input *number* of *kind* under *seed*: the same arguments give the same bytes."""
    chance = random.Random(f"{kind}:{seed}:{number}")  # noqa: S311 - no secret
    corpus = seeds(kind)
    return changed(chance.choice(corpus), random_changes(chance, corpus))


def fuzz(
    minutes: float, seed: int, keep: Path, kinds: Sequence[str] = (), told: Callable[[str], None] = print
) -> dict[str, Count]:
    """Go round all *kinds* for so many *minutes*; counts go on from those in *keep*, where each input that fails is put."""
    keep.mkdir(parents=True, exist_ok=True)
    counts = _load_counts(keep)
    seen: dict[tuple[str, str], int] = {}
    ends = time.monotonic() + 60 * minutes
    next_of: dict[str, int] = {}
    while time.monotonic() < ends:
        for name in kinds or names():
            count = counts.setdefault(name, Count())
            began = time.monotonic()
            start = next_of.get(name, 0)
            pace = int(_TURN * count.inputs / count.seconds) if count.seconds else 0
            stop = next_of[name] = start + min(max(pace, _BATCH[0]), _BATCH[1])
            with scratch() as folder:
                faults = faults_of(partial(_works, name, folder, seed, start, stop))
            count.inputs += stop - start
            count.seconds += time.monotonic() - began
            for ending in faults:
                count.faults[ending.fault] = count.faults.get(ending.fault, 0) + 1
                alike = (name, _gist(ending))
                seen[alike] = seen.get(alike, 0) + 1
                if seen[alike] <= _MOST_ALIKE:
                    path = keep / f"{name}.{seed}{ending.number:07d}"
                    path.write_bytes(made(name, seed, ending.number))
                    told(f"{path.name}: {ending.fault}: {_gist(ending)}")
            (keep / "counts.json").write_bytes(msgspec.json.format(msgspec.json.encode(counts)))
            if time.monotonic() > ends:
                break
    return counts


def _works(
    name: str, folder: Path, seed: int, first: int, stop: int, start: int
) -> Iterator[tuple[int, Callable[[], None]]]:
    kind = kind_of(name)
    assert kind is not None
    for number in range(max(first, start), stop):
        yield number, partial(read, kind, made(name, seed, number), folder)


def _gist(ending: Ending) -> str:
    """The place of a traceback and its error, by which faults are alike."""
    lines = [line.strip() for line in ending.text.splitlines()]
    places = [line for line in lines if line.startswith("File ")]
    return f"{places[-1] if places else ''} {lines[-1][:120] if lines else ''}"


def _load_counts(keep: Path) -> dict[str, Count]:
    path = keep / "counts.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Count]) if path.exists() else {}
