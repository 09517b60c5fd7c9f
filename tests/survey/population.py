"""A made-up organisation: thousands of inputs as its repositories would have them, and the recorded index that answers them.

``recordings → Recording → catalog`` and ``Recording, count → texts``; always alike. The index is the union of all recordings here:
real pages and real closures. A version whose metadata nobody recorded requires what the nearest recorded version does, of what
there was on the day of its upload. An input names projects by their real popularity. Its bounds are those of one day on which its
repository was installed: together these versions resolve, as what people commit does. Of the 320 popular projects in
reports/survey.md none clashes with itself, and a repository whose requirements clash is mended by whoever installs it next; so it
is a share of the inputs alone of which one pin was raised to the newest, as an update by itself leaves it. Repositories copy each
other: the number of different inputs grows as a Pitman-Yor process has it (Pitman, Yor 1997), so that 5,000 have some 1,200 texts.

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
from packaging.specifiers import SpecifierSet
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
from wheelcheck.model.distribution import (
    CoreMetadata,
    Distribution,
    Judgement,
    MetadataSource,
    ProjectPage,
    Purity,
    Sdist,
)

_SEED = 16
_DISCOUNT, _CONCENTRATION = 0.6, 47.0
_FREEZES = 0.3
_BOUNDS, _SHARES = ("", ">=", "==", "~="), (36, 34, 20, 10)  # of the other files: each has one way to write its lines
_ASKERS_OF_A_PART = 3
_MOST = 40
_EDITED = 0.1  # of the files that pin, which are nearly half: one in twenty of all
_TURNS = 8
_PLACE = {
    "extra": "", "implementation_name": "cpython", "os_name": "posix", "platform_machine": "x86_64",
    "platform_python_implementation": "CPython", "platform_system": "Linux", "python_full_version": "3.12.0",
    "python_version": "3.12", "sys_platform": "linux",
}  # fmt: skip


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
    past = Past(recording)
    for page in recording.pages.values():
        is_native = any(
            not isinstance(file, Sdist) and not file.filename.endswith("none-any.whl")
            for files in page.distributions.values()
            for file in files
        )
        purity = Purity.NATIVE if is_native else Purity.PURE
        files = [file for files in page.distributions.values() for file in files]
        yield IndexProject(name=page.name, files=tuple(_file(file, past.metadata, purity) for file in files))


class Past:
    """What was there on which day, and what each version requires: as recorded, or else as the nearest recorded one."""

    def __init__(self, recording: Recording) -> None:
        self._pages = recording.pages
        self._known: dict[NormalizedName, list[CoreMetadata]] = {}
        for found in recording.metadata.values():
            self._known.setdefault(canonicalize_name(found.name), []).append(found)
        self.histories = {name: _history(page) for name, page in recording.pages.items()}
        self._required: dict[tuple[NormalizedName, Version], tuple[CoreMetadata | None, tuple[Requirement, ...]]] = {}

    def metadata(self, file: Distribution) -> CoreMetadata:
        """The metadata of *file*."""
        near, requires = self._of(file.name, file.version)
        return CoreMetadata(
            name=file.name,
            version=file.version,
            requires=tuple(map(str, requires)),
            provides_extra=near.provides_extra if near is not None else frozenset(),
            requires_python=file.at.requires_python,
            source=MetadataSource.SDIST_STATIC,
        )

    def parts(self) -> set[NormalizedName]:
        """The projects that one other pins and hardly anybody else requires, as torch does with its libraries of CUDA.

        No repository asks for one of them alone.
        """
        pinned: dict[NormalizedName, set[NormalizedName]] = {}
        asked: dict[NormalizedName, set[NormalizedName]] = {}
        for name, known in self._known.items():
            for each in filter(None, (_read(text) for found in known for text in found.requires)):
                if "extra" in str(each.marker):
                    continue
                required = canonicalize_name(each.name)
                asked.setdefault(required, set()).add(name)
                if any(bound.operator == "==" and not bound.version.endswith("*") for bound in each.specifier):
                    pinned.setdefault(required, set()).add(name)
        return {name for name, by in pinned.items() if len(by) == 1 and len(asked[name]) <= _ASKERS_OF_A_PART}

    def installed(self, names: Sequence[NormalizedName], day: str) -> dict[NormalizedName, Version] | None:
        """The newest versions before *day* of *names* and what they require that fit together; ``None`` where none are found."""
        bounds: dict[NormalizedName, SpecifierSet] = {}
        for _ in range(_TURNS):
            chosen: dict[NormalizedName, Version] = {}
            found: dict[NormalizedName, SpecifierSet] = {}
            open_names = [name for name in names if self.histories[name][0][0] < day]
            while open_names:
                name = open_names.pop()
                if name in chosen:
                    continue
                version = self._newest(name, day, bounds.get(name, SpecifierSet()))
                if version is None:
                    return None
                chosen[name] = version
                for each in self._of(name, version)[1]:
                    if each.marker is None or each.marker.evaluate(_PLACE):
                        required = canonicalize_name(each.name)
                        found[required] = found.get(required, SpecifierSet()) & each.specifier
                        open_names.append(required)
            if all(found[name].contains(version) for name, version in chosen.items() if name in found):
                return chosen
            bounds = {name: bounds.get(name, SpecifierSet()) & bound for name, bound in found.items()}
        return None

    def _newest(self, name: NormalizedName, day: str, bound: SpecifierSet) -> Version | None:
        before = (version for uploaded, version in self.histories[name] if uploaded < day)
        return max(bound.filter(before), default=None)

    def _of(self, name: NormalizedName, version: Version) -> tuple[CoreMetadata | None, tuple[Requirement, ...]]:
        if (name, version) not in self._required:
            number = (*version.release, 0, 0, 0)[:3]
            near = min(
                self._known.get(name, []),
                key=lambda each: (
                    [abs(own - other) for own, other in zip(number, (*each.version.release, 0, 0, 0)[:3], strict=True)]
                    if each.version is not None else [sys.maxsize]
                ),
                default=None,
            )  # fmt: skip
            read = [found for each in (near.requires if near is not None else ()) if (found := _read(each)) is not None]
            named = [each for each in read if self.histories.get(canonicalize_name(each.name))]
            if near is not None and near.version != version:
                day = min(file.at.upload_time or "" for file in self._pages[name].distributions[version])
                named = [found for each in named if (found := self._on(each, day[:10])) is not None]
            self._required[name, version] = near, tuple(named)
        return self._required[name, version]

    def _on(self, requirement: Requirement, day: str) -> Requirement | None:
        """*requirement* as a release of *day* may have had it: without bounds by what came later; ``None`` for a later project."""
        history = [
            version for uploaded, version in self.histories[canonicalize_name(requirement.name)] if uploaded <= day
        ]
        if not history:
            return None
        kept = [
            each
            for each in requirement.specifier
            if each.operator in ("<", "<=", "!=") or any(each.contains(version) for version in history)
        ]
        if len(kept) == len(requirement.specifier):
            return requirement
        found = Requirement(str(requirement))
        found.specifier = SpecifierSet(",".join(map(str, kept)))
        return found


def _read(requirement: str) -> Requirement | None:
    try:
        return Requirement(requirement)
    except InvalidRequirement:
        return None


def _file(file: Distribution, near: Callable[[Distribution], CoreMetadata], purity: Purity) -> IndexFile:
    return IndexFile(
        filename=file.filename,
        sha256=sha256_hex(file.filename.encode()),
        # A wheel is never read; an archive is, and to make all of them for the sake of their hashes would take minutes.
        is_hashed=not isinstance(file, Sdist),
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
    past = Past(recording)
    rank = {name: place for place, name in enumerate(load_well_known())}
    names = sorted(
        (name for name, history in past.histories.items() if history),
        key=lambda name: (rank.get(name, len(rank)), name),
    )
    weights = [1 / (place + 3) for place in range(len(names))]
    texts: list[str] = []
    copies: dict[str, int] = {}
    while len(texts) < count:
        if drawn.random() < (_CONCENTRATION + _DISCOUNT * len(copies)) / (len(texts) + _CONCENTRATION):
            text = _text(drawn, names, weights, past)
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


def _text(drawn: random.Random, names: list[NormalizedName], weights: list[float], past: Past) -> str:
    """One requirements file: a freeze, or lines whose bounds name what was installed on one day of the last four years."""
    installed = None
    while installed is None:
        day = _day(drawn)
        number = min(_MOST, max(1, round(drawn.lognormvariate(1.6, 0.8))))
        asked = sorted(set(drawn.choices(names, weights, k=number)))
        installed = past.installed(asked, day)
    is_freeze = drawn.random() < _FREEZES
    bound = "==" if is_freeze else drawn.choices(_BOUNDS, _SHARES)[0]
    lines = {}
    for name in sorted({*asked, *installed}) if is_freeze else asked:
        version = installed.get(name)
        lines[name] = f"{name}{bound}{version}\n" if bound and version and len(version.release) > 1 else f"{name}\n"
    if bound == "==" and drawn.random() < _EDITED:
        name = drawn.choice(asked)
        lines[name] = f"{name}=={past.histories[name][-1][1]}\n"
    return "".join(lines.values())


def _day(drawn: random.Random) -> str:
    month = drawn.randint(0, 47)
    return f"{2026 - month // 12}-{12 - month % 12:02}-01"


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
