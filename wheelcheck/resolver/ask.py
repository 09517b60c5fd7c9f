"""What the solver handles: asks and candidates, small and compared by identity; no policy here.

A project ``foo`` asked for with extras is several *keys*: ``("foo", "")`` and one ``("foo", extra)`` for each extra. The
candidate of an extra depends on the same version of its base, so extras come and go while the base stays put. resolvelib tells
parents apart by ``id()``: one candidate object must never serve two keys, or edges are lost.
"""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.requirement import Requirement
from wheelcheck.resolver.bounds import bound_of

Key = tuple[NormalizedName, str]
"""A project and one of its extras, or ``""`` for the project itself."""


class Ask:
    """One requirement on one key; ``exact`` ties an extra to its base, ``impossible`` rejects the candidate that makes it."""

    __slots__ = ("bound", "exact", "impossible", "key", "requirement", "url")

    def __init__(
        self,
        key: Key,
        requirement: Requirement,
        *,
        exact: Version | None = None,
        impossible: str = "",
    ) -> None:
        self.key = key
        self.requirement = requirement
        self.bound = bound_of(requirement.specifier)
        self.url = requirement.url if exact is None else None
        self.exact = exact
        self.impossible = impossible

    def __repr__(self) -> str:
        return f"<Ask {self.key} {self.requirement}>"


class Candidate:
    """A version of a key that could be chosen; ``url`` is set when a direct reference brought it."""

    __slots__ = ("asks", "key", "url", "version")

    def __init__(self, key: Key, version: Version, url: str | None = None) -> None:
        self.key = key
        self.version = version
        self.url = url
        self.asks: tuple[Ask, ...] | None = None  # filled by the provider, once

    def __repr__(self) -> str:
        return f"<Candidate {self.key} {self.version}>"


def iter_asks(requirement: Requirement) -> Iterator[Ask]:
    """The asks of *requirement*: one on the project, one on each of its extras."""
    yield Ask((requirement.name, ""), requirement)
    for extra in sorted(requirement.extras):
        yield Ask((requirement.name, extra), requirement)
