"""Edits and the repairs made of them: what to change, what it is proved to give, what may break; ``repairs/`` finds them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from msgspec import UNSET, Struct, UnsetType
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.distribution import Status
from wheelcheck.model.document import Line, Path, ProjectName, about


class Risk(Enum):
    """How likely a change is to break what runs; the value is the word of the plan's schema."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def order(self) -> int:
        """0 for the lowest, so that ``max`` finds the worst of several."""
        return tuple(Risk).index(self)


class EditKind(Enum):
    """What an edit changes; the value is the word of the plan's schema, the order is that of the promise it breaks."""

    CONSTRAIN = "constrain"
    ADD = "add"
    PYTHON = "python"
    PLATFORM = "platform"
    SUBSTITUTE = "substitute"
    INDEX = "index"
    MARKER = "marker"
    PIN = "pin"
    DATE = "date"
    EXTRA = "extra"
    OVERRIDE = "override"
    EXCLUDE = "exclude"


class Edit(Struct, frozen=True, kw_only=True):
    """One change to the question, as a person would write it.

    ``before`` and ``after`` are what stood there and what stands there then (empty where there is no such thing), ``because``
    names who or what makes the change necessary (``audiocraft 1.3.0``). ``options`` are the words for the command line
    that make this change; a word that is no option is an additional INPUT.
    """

    kind: EditKind
    package: NormalizedName | None = None
    before: str = ""
    after: str = ""
    because: str = ""
    options: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The change in one line: ``override av: ==11.0.0 → ==12.0.0``."""
        what = f"{self.kind.value} {self.package or ''}".strip()
        if self.before and self.after:
            return f"{what}: {self.before} → {self.after}"
        return f"{what}: {self.after}" if self.after else what


class Ground(Struct, frozen=True, kw_only=True):
    """One reason for a repair's risk."""

    risk: Annotated[Risk, about("How likely it is to break what runs.")]
    text: Annotated[str, about("The reason, a sentence.")]
    file: Annotated[str | None, about("The file within an archive where it can be read.")] = None
    line: Annotated[Line | None, about("The line of that file, from 1.")] = None
    quote: Annotated[str | None, about("The statement that stands there.")] = None
    fails: Annotated[bool | UnsetType, about("True where it proves that an import fails; left out elsewhere.")] = UNSET


class VersionMove(Struct, frozen=True, kw_only=True):
    """A project that has another version than before."""

    name: ProjectName
    before: Annotated[Version, about("The version in the natural resolution.")]
    after: Annotated[Version, about("The version in the repaired plan.")]
    before_date: Annotated[str | None, about("When the earlier choice was released (ISO 8601, UTC), if known.")] = None
    after_date: Annotated[str | None, about("When the later choice was released (ISO 8601, UTC), if known.")] = None


class Verification(Struct, frozen=True, kw_only=True):
    """What resolving again with the edits gave, compared with the natural resolution of the unrepaired question.

    ``status`` is ``INSTALLABLE`` or ``NEEDS_BUILD``, ``packages`` how many there are then, ``built_once`` those that stay source
    archives. ``added`` and ``removed`` are ``(name, version)``.
    """

    status: Status
    packages: int
    built_once: tuple[NormalizedName, ...] = ()
    changed: tuple[VersionMove, ...] = ()
    added: tuple[tuple[NormalizedName, Version], ...] = ()
    removed: tuple[tuple[NormalizedName, Version], ...] = ()


class Repair(Struct, frozen=True, kw_only=True):
    """A set of edits with its proof and risk; ``risk`` is the worst of its ``grounds``. ``cost`` orders repairs, cheapest first."""

    id: str
    edits: tuple[Edit, ...]
    cost: int
    verified: Verification
    risk: Risk
    grounds: tuple[Ground, ...] = ()

    @property
    def kinds(self) -> frozenset[EditKind]:
        """The kinds of its edits."""
        return frozenset(edit.kind for edit in self.edits)

    @property
    def options(self) -> tuple[str, ...]:
        """The words that, added to the command line that asked, apply every edit."""
        return tuple(word for edit in self.edits for word in edit.options)


class Unrepairable(Struct, frozen=True, kw_only=True):
    """A project that no change makes installable."""

    package: Annotated[
        ProjectName | None, about("The project; null where the input names none (an editable path).")
    ] = None
    version: Annotated[Version | None, about("The version that was wanted.")] = None
    message: Annotated[str, about("Why, a whole sentence.")]
    paths: Annotated[tuple[Path, ...], about("The ways by which the project is required.")] = ()


class Suggestion(Struct, frozen=True, kw_only=True):
    """An edit that might help and could not be proved; ``message`` says why not. Never shown as a repair."""

    edit: Edit
    message: str


class Proposals(Struct, frozen=True, kw_only=True):
    """What the search for repairs found: ``repairs`` cheapest first.

    ``failing`` are no repairs: they resolve, and one of their ``grounds`` proves that an import fails.
    ``complete`` is false where it ended at its budget, and ``unreached`` says in a sentence what it did not get to. ``tried``
    counts the resolutions made. ``interrupted`` says that the index went away meanwhile, so that what is missing here may exist.
    """

    repairs: tuple[Repair, ...] = ()
    failing: tuple[Repair, ...] = ()
    unrepairable: tuple[Unrepairable, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    complete: bool = True
    unreached: str = ""
    interrupted: str = ""
    tried: int = 0
