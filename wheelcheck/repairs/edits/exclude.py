"""A project left out: its dependants are installed without it, and what only it needs goes too; proves nothing about their code."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.repairs.edits.change import State


class Excluded(Struct, frozen=True, kw_only=True):
    """*name* is taken out of every requirement list; *version* is the one that would have been installed."""

    name: NormalizedName
    version: str = ""
    because: str = ""
    cost: int = 200

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.EXCLUDE

    @property
    def slot(self) -> str:
        """A project can be changed in one way only."""
        return self.name

    @property
    def word(self) -> str:
        """One exclusion for a project."""
        return ""

    def applied(self, state: State) -> State:
        """*state* without the project."""
        policy = state.question.policy
        return replace(
            state,
            question=replace(state.question, policy=replace(policy, excludes=policy.excludes | {self.name})),
        )

    def told(self) -> Edit:
        """``--exclude av``."""
        return Edit(
            kind=self.kind,
            package=self.name,
            before=self.version,
            because=self.because,
            options=("--exclude", self.name),
        )
