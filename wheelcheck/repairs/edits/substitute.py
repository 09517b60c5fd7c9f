"""The same code under another name, as ``knowledge/`` has it; knows no substitute itself."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from wheelcheck.model.compatibility import Substitute
from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import Requirement
from wheelcheck.repairs.edits.change import SEARCHED, State


class Substituted(Struct, frozen=True, kw_only=True):
    """*substitute* stands in for its project everywhere; *specifier* bounds the replacement as its project was bounded."""

    substitute: Substitute
    specifier: SpecifierSet
    because: str = ""
    cost: int = 20

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.SUBSTITUTE

    @property
    def slot(self) -> str:
        """A project can be changed in one way only."""
        return self.substitute.project

    @property
    def word(self) -> str:
        """Several projects may stand in for one."""
        return self.substitute.replacement

    def applied(self, state: State) -> State:
        """*state* without the project, and with its replacement asked for."""
        policy = state.question.policy
        return replace(
            state,
            question=replace(
                state.question,
                requirements=(*state.question.requirements, Requirement.parse(self._text, SEARCHED)),
                policy=replace(policy, excludes=policy.excludes | {self.substitute.project}),
            ),
        )

    def told(self) -> Edit:
        """``psycopg2-binary --exclude psycopg2``."""
        return Edit(
            kind=self.kind,
            package=self.substitute.project,
            before=str(self.specifier),
            after=self._text,
            because=self.because,
            options=(self._text, "--exclude", self.substitute.project),
        )

    @property
    def _text(self) -> str:
        return f"{self.substitute.replacement}{self.specifier}"
