"""The machine that a plan is for, and how a file fares on it; tags are made in ``compat/``, only named here."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Literal

from wheelcheck.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.version import Version

    from wheelcheck.model.distribution import Distribution, WheelTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
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
    rank: Mapping[WheelTag, int] = field(compare=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        if not self.rank:
            object.__setattr__(self, "rank", {tag: position for position, tag in reversed(list(enumerate(self.tags)))})

    def __hash__(self) -> int:
        return hash((self.platform, self.python, self.python_full))

    def __str__(self) -> str:
        return f"{self.platform}, Python {self.python}"


@dataclass(frozen=True, slots=True)
class MarkerReading:
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


@dataclass(frozen=True, slots=True)
class Fit:
    """A distribution that the target can use; ``rank`` 0 is the most specific, sdists rank behind every wheel."""

    distribution: Distribution
    rank: int
    tag: WheelTag | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A distribution that the target cannot use, with the fact that decided (``"cp39"``, ``">=3.12"``)."""

    distribution: Distribution
    reason: RefusalReason
    fact: str = ""
