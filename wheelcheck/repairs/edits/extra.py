"""Extras dropped from what the user asked for, where they alone bring the blocker in; finds no such extras itself."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import Requirement, replaced
from wheelcheck.repairs.edits.change import SEARCHED, State


class WithoutExtras(Struct, frozen=True, kw_only=True):
    """The user's requirements on *name* lose the extras *dropped* and keep *kept*; *specifier* is theirs."""

    name: NormalizedName
    dropped: frozenset[NormalizedName]
    kept: frozenset[NormalizedName]
    specifier: SpecifierSet
    because: str = ""
    cost: int = 60

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.EXTRA

    @property
    def slot(self) -> str:
        """A project can be changed in one way only."""
        return self.name

    @property
    def word(self) -> str:
        """The extras that go."""
        return ",".join(sorted(self.dropped))

    def applied(self, state: State) -> State:
        """*state* with the user's lines on the project rewritten."""
        asked = replaced(state.question.requirements, Requirement.parse(self._text(self.kept), SEARCHED))
        return replace(state, question=replace(state.question, requirements=asked))

    def told(self) -> Edit:
        """``--replace uvicorn``."""
        text = self._text(self.kept)
        return Edit(
            kind=self.kind,
            package=self.name,
            before=self._text(self.kept | self.dropped),
            after=text,
            because=self.because,
            options=("--replace", text),
        )

    def _text(self, extras: frozenset[NormalizedName]) -> str:
        named = f"[{','.join(sorted(extras))}]" if extras else ""
        return f"{self.name}{named}{self.specifier}"
