"""The machine that a plan is for, how a file fares on it, and targets as other files name them; ``targets/`` makes them."""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Struct

from wheelcheck.model.document import about

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.version import Version

    from wheelcheck.model.distribution import Distribution, WheelTag
    from wheelcheck.model.requirement import FileOrigin


class TargetName(Struct, frozen=True, kw_only=True):
    """The words that name a target."""

    platform: Annotated[str, about("The platform, such as win_amd64.")]
    python: Annotated[str, about("The Python version, such as 3.11.")]


class Target(Struct, frozen=True, kw_only=True, dict=True):
    """One interpreter on one platform.

    ``platform`` and ``python`` are the words that name it in reports and plans (``win_amd64``, ``3.11``). ``tags`` is best first;
    ``rank`` maps each tag to its position. ``markers`` is the PEP 508 environment without the values in ``unknowable``, which
    the target's words do not determine (``platform_release``, ``platform_version``). ``python_full`` is the version that
    ``Requires-Python`` is compared with; ``patch_assumed`` says that its patch level was not given.
    """

    platform: str
    python: str
    implementation: Literal["cpython", "pypy"] | str
    python_full: Version
    tags: tuple[WheelTag, ...]
    markers: Mapping[str, str]
    unknowable: frozenset[str] = frozenset()
    patch_assumed: bool = False

    @cached_property
    def rank(self) -> Mapping[WheelTag, int]:
        """The position of each tag in ``tags``, the first where one stands twice."""
        return {tag: position for position, tag in reversed(list(enumerate(self.tags)))}

    @property
    def name(self) -> TargetName:
        """The words that name it."""
        return TargetName(platform=self.platform, python=self.python)

    def __hash__(self) -> int:
        return hash((self.platform, self.python, self.python_full))

    def __str__(self) -> str:
        return f"{self.platform}, Python {self.python}"


class MarkerReading(Struct, frozen=True):
    """A marker evaluated for a target; ``unknowable`` are the variables it used that the target cannot know."""

    holds: bool
    unknowable: frozenset[str] = frozenset()


class RefusalReason(Enum):
    """Why a distribution may not be used on a target; closed, in the order in which they are checked."""

    QUARANTINED = "quarantined"
    PYTHON_TAG = "python tag"
    ABI_TAG = "abi tag"
    PLATFORM_TAG = "platform tag"
    REQUIRES_PYTHON = "requires-python"
    YANKED = "yanked"
    PRE_RELEASE = "pre-release"
    UPLOAD_DATE = "upload date"
    POLICY = "policy"
    HASH = "hash"


class Fit(Struct, frozen=True):
    """A distribution that the target can use; ``rank`` 0 is the most specific, sdists rank behind every wheel."""

    distribution: Distribution
    rank: int
    tag: WheelTag | None = None


class Refusal(Struct, frozen=True):
    """A distribution that the target cannot use, with the fact that decided (``"cp39"``, ``">=3.12"``)."""

    distribution: Distribution
    reason: RefusalReason
    fact: str = ""


class NamedTarget(Struct, frozen=True, kw_only=True):
    """One target of a file: *platform* (``manylinux_2_36_x86_64``) and *python* (``3.11``), ``None`` where it says nothing of it.

    ``assumed`` is what the file does not say at ``origin`` and was taken for granted, in clauses for a person.
    """

    platform: str | None
    python: str | None
    origin: FileOrigin
    assumed: str = ""


class TargetNote(Struct, frozen=True, kw_only=True):
    """What a file says at ``origin`` of targets, and could not be taken; *reason* is a clause for a person."""

    origin: FileOrigin
    reason: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.reason}"


class NamedTargets(Struct, frozen=True, kw_only=True):
    """Everything that one file says: the targets in its order, each once, and what was passed over."""

    targets: tuple[NamedTarget, ...] = ()
    notes: tuple[TargetNote, ...] = ()

    @classmethod
    def gathered(cls, targets: Iterable[NamedTarget], notes: Iterable[TargetNote] = ()) -> NamedTargets:
        """*targets* without those whose platform and Python an earlier one has, and each of *notes* once."""
        found: dict[tuple[str | None, str | None], NamedTarget] = {}
        for target in targets:
            found.setdefault((target.platform, target.python), target)
        return cls(targets=tuple(found.values()), notes=tuple(dict.fromkeys(notes)))
