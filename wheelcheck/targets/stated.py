"""The requirements that the metadata of a file states, read once for all who ask, on every target; judges none of them."""

from __future__ import annotations

import functools

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.requirement import CandidateOrigin, Requirement
from wheelcheck.targets.fitting import is_for_another_extra


@functools.lru_cache(maxsize=2_000)
def stated_requirements(requires: tuple[str, ...], name: NormalizedName, version: Version) -> tuple[Requirement, ...]:
    """The texts *requires* of the metadata of *version* of *name*, as requirements with that origin."""
    origin = CandidateOrigin(name=name, version=version)
    return tuple(Requirement.parse(text, origin) for text in requires)


@functools.lru_cache(maxsize=4_000)
def stated_for(
    requires: tuple[str, ...], name: NormalizedName, version: Version, extra: str
) -> tuple[Requirement, ...]:
    """Of :func:`stated_requirements` those that may hold for *extra* on some target: most of a long list are for other extras."""
    stated = stated_requirements(requires, name, version)
    return tuple(each for each in stated if not is_for_another_extra(each.marker, extra))
