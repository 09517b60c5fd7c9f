"""What every edit can do while repairs are searched for: be weighed, be applied to a question, be told to a person.

``Change, State → State``, and ``Change → Edit``. Costs follow the promise that an edit breaks (DESIGN: "How it repairs"): a
bound within what is declared, another Python, the same code under another name, the user's own pin, a package's declared bound, a
project left out. They are whole numbers; what counts is their order and their sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self

from msgspec import Struct, field
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import CommandLineOrigin
from wheelcheck.resolver.passes import Question

SEARCHED = CommandLineOrigin(text="repair")
"""Who asks for what an edit adds, until a person writes it down."""


class State(Struct, frozen=True, kw_only=True):
    """A question as edited so far; ``sources`` are the indexes that certain projects are to come from."""

    question: Question
    sources: Mapping[NormalizedName, str] = field(default_factory=dict)


class Change(Protocol):
    """One edit under consideration; frozen and comparable.

    ``slot`` is what it takes up: of two changes with the same slot only one can be made.
    """

    @property
    def kind(self) -> EditKind:
        """Its kind."""
        ...

    @property
    def cost(self) -> int:
        """How much of a promise it breaks."""
        ...

    @property
    def slot(self) -> str:
        """The project, or the part of the target, that it is about."""
        ...

    @property
    def word(self) -> str:
        """Tells it from others of its kind in its slot; empty where there can be but one."""
        ...

    def applied(self, state: State) -> State:
        """*state* with the change made."""
        ...

    def told(self) -> Edit:
        """The change as a person would write it."""
        ...


class VersionChange(Change, Protocol):
    """A change to another version of a project; until it is settled any version may be taken.

    ``candidates`` are the versions to try, nearest to what was asked for first.
    """

    @property
    def version(self) -> Version | None:
        """The version that it is settled on."""
        ...

    @property
    def name(self) -> NormalizedName:
        """The project."""
        ...

    @property
    def candidates(self) -> tuple[Version, ...]:
        """What it may be settled on, best first."""
        ...

    def settled(self, version: Version) -> Self:
        """The same change, to *version* and no other."""
        ...


Key = tuple[str, str, str]


def key_of(change: Change) -> Key:
    """What makes two changes the same one for the search, whatever version they will be settled on."""
    return (change.kind.value, change.slot, change.word)
