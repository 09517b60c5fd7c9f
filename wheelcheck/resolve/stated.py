"""The requirements that the metadata of a file states, read once for all who ask: both passes, reading ahead, every target."""

from __future__ import annotations

import functools

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model import CandidateOrigin, Requirement


@functools.lru_cache(maxsize=2_000)
def stated_requirements(requires: tuple[str, ...], name: NormalizedName, version: Version) -> tuple[Requirement, ...]:
    """The texts *requires* of the metadata of *version* of *name*, as requirements with that origin."""
    origin = CandidateOrigin(name=name, version=version)
    return tuple(Requirement.parse(text, origin) for text in requires)
