"""An override: another version of a project than its dependants declare, whatever they say; decides on no version."""

from __future__ import annotations

from typing import Self

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import Requirement
from wheelcheck.repairs.edits.change import SEARCHED, State


class Overridden(Struct, frozen=True, kw_only=True):
    """Every requirement on *name* is replaced; *declared* is who bounded it and how: ``("audiocraft 1.3.0", "==11.0.0")``.

    *because* is said where nobody did. *cost* depends on whether the project is itself the blocker or stands above it. *bound*
    limits the versions that may be taken until one is settled on.
    """

    name: NormalizedName
    candidates: tuple[Version, ...]
    declared: tuple[tuple[str, str], ...] = ()
    because: str = ""
    cost: int = 80
    version: Version | None = None
    bound: SpecifierSet = field(default_factory=SpecifierSet)

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.OVERRIDE

    @property
    def slot(self) -> str:
        """A project can be changed in one way only."""
        return self.name

    @property
    def word(self) -> str:
        """One override for a project."""
        return ""

    def settled(self, version: Version) -> Self:
        """The override to *version*."""
        return replace(self, version=version)

    def applied(self, state: State) -> State:
        """*state* with the override; one that was there on the same project gives way."""
        policy = state.question.policy
        kept = tuple(override for override in policy.overrides if override.name != self.name)
        override = Requirement.parse(f"{self.name}{self._text_of_bound}", SEARCHED)
        return replace(state, question=replace(state.question, policy=replace(policy, overrides=(*kept, override))))

    def told(self) -> Edit:
        """``--override av==12.0.0``, and which of the declared bounds it passes over."""
        passed = [each for each in self.declared if self.version is None or not _admits(each[1], self.version)]
        told = passed or list(self.declared)
        return Edit(
            kind=self.kind,
            package=self.name,
            before=" and ".join(dict.fromkeys(bound for _, bound in told)),
            after=self._text_of_bound,
            because=", ".join(dict.fromkeys(who for who, _ in told)) or self.because,
            options=("--override", f"{self.name}{self._text_of_bound}"),
        )

    @property
    def _text_of_bound(self) -> str:
        return f"=={self.version}" if self.version is not None else str(self.bound)


def _admits(bound: str, version: Version) -> bool:
    return SpecifierSet(bound).contains(version, prereleases=True)
