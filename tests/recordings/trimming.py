"""Cuts a recording to what can matter, so that it stays small enough for a repository; invents nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.recordings.model import Recording
from wheelcheck.model.distribution import ProjectPage


class Cut(Struct, frozen=True, kw_only=True):
    """Files uploaded at or after *before* (ISO 8601) go. Of each project there stay the *newest* versions, the *matching* newest of
    those that each requirement met on the way admits, and every version whose metadata was read.
    """  # noqa: D205 - one thought

    before: str
    newest: int = 20
    matching: int = 5


def trimmed(recording: Recording, cut: Cut, asked: Iterable[str]) -> Recording:
    """Apply *cut*; *asked* are the requirements of the inputs, as PEP 508 texts."""
    bounds = _bounds(recording, asked)
    read = recording.metadata.keys() | recording.sources.keys()
    return replace(
        recording,
        pages={name: _trimmed_page(page, cut, bounds[name], read) for name, page in recording.pages.items()},
    )


def _bounds(recording: Recording, asked: Iterable[str]) -> defaultdict[NormalizedName, set[SpecifierSet]]:
    bounds: defaultdict[NormalizedName, set[SpecifierSet]] = defaultdict(set)
    for text in dict.fromkeys((*asked, *_requires(recording))):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        bounds[canonicalize_name(requirement.name)].add(requirement.specifier)
    return bounds


def _requires(recording: Recording) -> Iterator[str]:
    for found in recording.metadata.values():
        yield from found.requires
    for judgement in recording.sources.values():
        if judgement.metadata is not None:
            yield from judgement.metadata.requires


def _trimmed_page(page: ProjectPage, cut: Cut, bounds: set[SpecifierSet], read: Iterable[str]) -> ProjectPage:
    dated = {
        version: tuple(file for file in files if file.at.upload_time is None or file.at.upload_time < cut.before)
        for version, files in page.distributions.items()
    }
    there = sorted((version for version, files in dated.items() if files), reverse=True)
    kept: set[Version] = set(islice(there, cut.newest))
    # Development builds come by the hundred; the newest finals must not drown in them.
    kept.update(islice((version for version in there if not version.is_prerelease), cut.newest))
    for bound in bounds:
        admitted = (version for version in there if bound.contains(version, prereleases=False))
        kept.update(islice(admitted, cut.matching))
    kept.update(version for version in there if any(file.filename in read for file in dated[version]))
    return replace(page, distributions={version: files for version, files in dated.items() if version in kept})
