"""A higher platform floor (a newer glibc, a newer macOS) for the target; knows not where the floor alone is in the way."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.repairs.edits.change import State
from wheelcheck.targets.targets import parse_target


class OnPlatform(Struct, frozen=True, kw_only=True):
    """The target is *platform* instead of *before*, both platform tags of one family and machine."""

    platform: str
    before: str
    because: str = ""
    cost: int = 15

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.PLATFORM

    @property
    def slot(self) -> str:
        """There is one platform."""
        return "--platform"

    @property
    def word(self) -> str:
        """Which one."""
        return self.platform

    def applied(self, state: State) -> State:
        """*state* on the other platform."""
        target = parse_target(self.platform, state.question.target.python)
        return replace(state, question=replace(state.question, target=target))

    def told(self) -> Edit:
        """``--platform manylinux_2_28_x86_64``."""
        return Edit(
            kind=self.kind,
            before=self.before,
            after=self.platform,
            because=self.because,
            options=("--platform", self.platform),
        )
