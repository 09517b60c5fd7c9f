"""Another Python minor for the target; knows not which minors a requirement set can live with."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.repairs.edits.change import State
from wheelcheck.targets.targets import parse_target


class OnPython(Struct, frozen=True, kw_only=True):
    """The target runs *python* instead of *before*, both words such as ``3.11``."""

    python: str
    before: str
    because: str = ""
    cost: int = 10

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.PYTHON

    @property
    def slot(self) -> str:
        """There is one Python."""
        return "--python"

    @property
    def word(self) -> str:
        """Which one."""
        return self.python

    def applied(self, state: State) -> State:
        """*state* on the other Python."""
        target = parse_target(state.question.target.platform, self.python)
        return replace(state, question=replace(state.question, target=target))

    def told(self) -> Edit:
        """``--python 3.11``."""
        return Edit(
            kind=self.kind,
            before=self.before,
            after=self.python,
            because=self.because,
            options=("--python", self.python),
        )
