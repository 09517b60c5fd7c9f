"""Everything as of a day: files that came later do not exist; chooses no day."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.repairs.edits.change import State


class AsOf(Struct, frozen=True, kw_only=True):
    """Nothing uploaded after *day* (ISO 8601) counts; the day itself does, as for ``--exclude-newer``."""

    day: str
    before: str = ""
    because: str = ""
    cost: int = 50

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.DATE

    @property
    def slot(self) -> str:
        """There is one day."""
        return "--exclude-newer"

    @property
    def word(self) -> str:
        """Which one."""
        return self.day

    @property
    def cutoff(self) -> str:
        """The first instant that no longer counts."""
        return f"{(date.fromisoformat(self.day) + timedelta(days=1)).isoformat()}T00:00:00Z"

    def applied(self, state: State) -> State:
        """*state* as of that day."""
        policy = replace(state.question.policy, exclude_newer=self.cutoff)
        return replace(state, question=replace(state.question, policy=policy))

    def told(self) -> Edit:
        """``--exclude-newer 2023-10-05``."""
        return Edit(
            kind=self.kind,
            before=self.before,
            after=self.day,
            because=self.because,
            options=("--exclude-newer", self.day),
        )
