"""A made-up organisation: thousands of inputs as its repositories would have them, and the recorded index that answers them.

``recordings → Recording → catalog`` and ``Recording, count → texts``; always alike. The index is the union of all recordings here:
real pages and real closures. A version whose metadata nobody recorded requires what the nearest recorded version does. An input
names projects by their real popularity, with bounds of one day. Repositories copy each other: the number of different inputs grows
as a Pitman-Yor process has it (Pitman, Yor 1997), so that 5,000 inputs have some 1,200 different texts.

    python -m tests.survey.population serve LATENCY

prints the URL of the index, and for each line of its input how many requests, pages and bytes it answered since the last one.
"""

from __future__ import annotations

import functools
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.benchmarks.padding import metadata_bytes, wheel_of
from tests.benchmarks.replaying import MODES, RECORDINGS
from tests.fakes.archives import sha256_hex
from tests.recordings.model import FIXTURES, Recording, parse_recording
from tests.server.answers import Answer
from tests.server.catalog import IndexFile, IndexProject
from tests.server.index_server import IndexServer
from tests.server.replayed import sdist_of
from wheelcheck.knowledge.loading import load_well_known
from wheelcheck.model.distribution import CoreMetadata, Distribution, MetadataSource, ProjectPage, Sdist
from wheelcheck.model.judgement import Judgement, Purity

_SEED = 16
_DISCOUNT, _CONCENTRATION = 0.6, 47.0
_BOUNDS, _SHARES = ("", ">=", "==", "~="), (32, 30, 30, 8)
_MOST = 40


def load_index() -> Recording:
    """All recorded pages, the longest of each project, and all recorded metadata."""
    places = [*sorted(RECORDINGS.glob("*.json.gz")), *sorted((FIXTURES / "scenarios").glob("*/index.json.gz"))]
    read = [parse_recording(place.read_bytes()) for place in places]
    pages: dict[NormalizedName, ProjectPage] = {}
    for recording in read:
        for name, page in recording.pages.items():
            if page.state != "absent" and len(page.distributions) > len(getattr(pages.get(name), "distributions", ())):
                pages[name] = page
    return Recording(
        pages=pages,
        metadata={filename: found for each in read for filename, found in each.metadata.items()},
        sources={filename: found for each in read for filename, found in each.sources.items()},
    )


def catalog_of(recording: Recording) -> Iterator[IndexProject]:
    """Every project with all its files, each of which has metadata and content that are made when they are asked for."""
    known: dict[NormalizedName, list[CoreMetadata]] = {}
    for found in recording.metadata.values():
        known.setdefault(canonicalize_name(found.name), []).append(found)
    for page in recording.pages.values():
        near = functools.partial(_nearest, known.get(page.name, []), frozenset(recording.pages))
        is_native = any(
            not isinstance(file, Sdist) and not file.filename.endswith("none-any.whl")
            for files in page.distributions.values()
            for file in files
        )
        purity = Purity.NATIVE if is_native else Purity.PURE
        has_wheels = any(not isinstance(file, Sdist) for files in page.distributions.values() for file in files)
        files = [file for files in page.distributions.values() for file in files]
        yield IndexProject(
            name=page.name, files=tuple(_file(file, near, purity, is_hashed=not has_wheels) for file in files)
        )


def _nearest(known: Sequence[CoreMetadata], named: frozenset[NormalizedName], file: Distribution) -> CoreMetadata:
    """What the recorded version that is nearest to that of *file* requires, of the projects *named*."""
    number = (*file.version.release, 0, 0, 0)[:3]
    near = min(
        known,
        key=lambda each: (
            [abs(own - other) for own, other in zip(number, (*each.version.release, 0, 0, 0)[:3], strict=True)]
            if each.version is not None else [sys.maxsize]
        ),
        default=None,
    )  # fmt: skip
    return CoreMetadata(
        name=file.name,
        version=file.version,
        requires=tuple(each for each in near.requires if _name(each) in named) if near is not None else (),
        provides_extra=near.provides_extra if near is not None else frozenset(),
        requires_python=file.at.requires_python,
        source=MetadataSource.SDIST_STATIC,
    )


def _name(requirement: str) -> NormalizedName | None:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return None


def _file(
    file: Distribution, near: Callable[[Distribution], CoreMetadata], purity: Purity, *, is_hashed: bool
) -> IndexFile:
    # Source archives of projects without a wheel are read, and then their hash is compared; to make all of them would take minutes.
    return IndexFile(
        filename=file.filename,
        sha256=sha256_hex(_content(file, near, purity) if is_hashed else file.filename.encode()),
        content=functools.partial(_content, file, near, purity),
        sidecar=None if isinstance(file, Sdist) else functools.partial(_sidecar, file, near),
        upload_time=file.at.upload_time,
        requires_python=file.at.requires_python,
        yanked=file.at.yanked,
    )


def _sidecar(file: Distribution, near: Callable[[Distribution], CoreMetadata]) -> bytes:
    return metadata_bytes(near(file))


def _content(file: Distribution, near: Callable[[Distribution], CoreMetadata], purity: Purity) -> bytes:
    if isinstance(file, Sdist):
        return sdist_of(file, Judgement(purity=purity, evidence=(), metadata=near(file)))
    return wheel_of(file.filename, _sidecar(file, near))


def texts_of(recording: Recording, count: int, seed: int = _SEED) -> list[str]:
    """The requirements of *count* inputs; those of a smaller count are the first of them."""
    drawn = random.Random(seed)  # noqa: S311 - not for secrets
    histories = {name: history for name, page in recording.pages.items() if (history := _history(page))}
    rank = {name: place for place, name in enumerate(load_well_known())}
    names = sorted(histories, key=lambda name: (rank.get(name, len(rank)), name))
    weights = [1 / (place + 3) for place in range(len(names))]
    texts: list[str] = []
    copies: dict[str, int] = {}
    while len(texts) < count:
        if drawn.random() < (_CONCENTRATION + _DISCOUNT * len(copies)) / (len(texts) + _CONCENTRATION):
            text = _text(drawn, names, weights, histories)
        else:
            text = drawn.choice(texts)
            while drawn.random() < _DISCOUNT / copies[text]:
                text = drawn.choice(texts)
        copies[text] = copies.get(text, 0) + 1
        texts.append(text)
    return texts


def _history(page: ProjectPage) -> list[tuple[str, Version]]:
    """The final versions of *page* with the day of their upload, oldest first."""
    found = [
        (min(file.at.upload_time or "" for file in files)[:10], version)
        for version, files in page.distributions.items()
        if not version.is_prerelease and not version.is_devrelease and all(file.at.yanked is None for file in files)
    ]
    return sorted(each for each in found if each[0])


def _text(
    drawn: random.Random,
    names: list[NormalizedName],
    weights: list[float],
    histories: Mapping[NormalizedName, list[tuple[str, Version]]],
) -> str:
    """One requirements file: its bounds name what was newest on one day of the last four years."""
    month = drawn.randint(0, 47)
    day = f"{2026 - month // 12}-{12 - month % 12:02}-01"
    number = min(_MOST, max(1, round(drawn.lognormvariate(1.6, 0.8))))
    lines = []
    for name in sorted(set(drawn.choices(names, weights, k=number))):
        (bound,) = drawn.choices(_BOUNDS, _SHARES)
        before = [version for uploaded, version in histories[name] if uploaded < day]
        lines.append(
            f"{name}{bound}{max(before)}\n" if bound and before and len(max(before).release) > 1 else f"{name}\n"
        )
    return "".join(lines)


class CountingServer(IndexServer):
    """The index of *recording*, which makes each answer once and counts what it answers."""

    def __init__(self, recording: Recording, latency: float) -> None:
        from msgspec.structs import replace

        super().__init__(catalog_of(recording), mode=replace(MODES["json"], latency=latency, sidecar_word="true"))
        self._counted: Counter[str] = Counter()
        self._pages: set[str] = set()

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Count the request, fail nothing."""
        with self._lock:
            self._counted["requests"] += 1
            if path.startswith("/simple/"):
                self._counted["page_requests"] += 1
                self._pages.add(path)
        return False

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """The answer of the index, whose bytes are counted."""
        found = super().answer(method, path, headers)
        with self._lock:
            self._counted["bytes"] += len(found.body)
        return found

    def taken(self) -> dict[str, int]:
        """The counts so far, which begin anew."""
        with self._lock:
            found = {**self._counted, "pages": len(self._pages)}
            self._counted.clear()
            self._pages.clear()
        return found


def main(latency: float) -> None:
    """Serve until the input ends."""
    with CountingServer(load_index(), latency) as server:
        print(server.simple_url, flush=True)
        for _ in sys.stdin:
            print(json.dumps(server.taken()), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[2]))
