"""Another version of what the user asked for: their own line changes, what other projects declare stays; decides on no version."""

from __future__ import annotations

from typing import Self

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import Requirement, replaced
from wheelcheck.repairs.edits.change import SEARCHED, State


class Repinned(Struct, frozen=True, kw_only=True):
    """The user's own requirements on *name*, which read *declared*, take another version; *extras* are kept."""

    name: NormalizedName
    candidates: tuple[Version, ...]
    extras: frozenset[NormalizedName] = frozenset()
    declared: str = ""
    because: str = ""
    cost: int = 40
    version: Version | None = None

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.PIN

    @property
    def slot(self) -> str:
        """A project can be changed in one way only."""
        return self.name

    @property
    def word(self) -> str:
        """One pin for a project."""
        return ""

    def settled(self, version: Version) -> Self:
        """The pin to *version*."""
        return replace(self, version=version)

    def applied(self, state: State) -> State:
        """*state* with the user's lines on the project replaced."""
        asked = replaced(state.question.requirements, Requirement.parse(self._text, SEARCHED))
        return replace(state, question=replace(state.question, requirements=asked))

    def told(self) -> Edit:
        """``--replace av==12.0.0``."""
        return Edit(
            kind=self.kind,
            package=self.name,
            before=self.declared,
            after=f"=={self.version}" if self.version is not None else "",
            because=self.because,
            options=("--replace", self._text),
        )

    @property
    def _text(self) -> str:
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}{f'=={self.version}' if self.version is not None else ''}"
