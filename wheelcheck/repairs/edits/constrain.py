"""A bound within what everybody declares anyway, as an advisory recommends it; judges no advisory."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import Constraint, Requirement
from wheelcheck.repairs.edits.change import State


class Constrained(Struct, frozen=True, kw_only=True):
    """The project of *bound* is kept within it."""

    bound: Requirement
    because: str = ""
    cost: int = 5

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.CONSTRAIN

    @property
    def slot(self) -> str:
        """Any number of bounds may stand together."""
        return f"constraint {self.bound}"

    @property
    def word(self) -> str:
        """The slot says it."""
        return ""

    def applied(self, state: State) -> State:
        """*state* with the constraint."""
        constraints = (*state.question.constraints, Constraint.from_requirement(self.bound))
        return replace(state, question=replace(state.question, constraints=constraints))

    def told(self) -> Edit:
        """``-c 'numpy<2'``."""
        text = f"{self.bound.name}{self.bound.specifier}"
        return Edit(
            kind=self.kind,
            package=self.bound.name,
            after=str(self.bound.specifier),
            because=self.because,
            options=("-c", text),
        )
