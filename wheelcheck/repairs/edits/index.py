"""Another index for one project; asks no index itself."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.urls import masked
from wheelcheck.repairs.edits.change import State


class FromIndex(Struct, frozen=True, kw_only=True):
    """*name* comes from the index at *url* and no other."""

    name: NormalizedName
    url: str
    because: str = ""
    cost: int = 25

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        return EditKind.INDEX

    @property
    def slot(self) -> str:
        """A project can be changed in one way only."""
        return self.name

    @property
    def word(self) -> str:
        """Which index."""
        return self.url

    def applied(self, state: State) -> State:
        """*state* with the project's index set."""
        return replace(state, sources={**state.sources, self.name: self.url})

    def told(self) -> Edit:
        """``--source torch=https://…``."""
        shown = masked(self.url)
        return Edit(
            kind=self.kind,
            package=self.name,
            after=shown,
            because=self.because,
            options=("--source", f"{self.name}={shown}"),
        )
