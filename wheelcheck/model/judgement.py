"""How a version can be installed on a target, what an sdist is made of, and whether a plan can be executed."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from wheelcheck.model.distribution import CoreMetadata


class Installability(Enum):
    """Of a version on a target; the value is the word of the plan's schema."""

    WHEEL = "wheel"
    SDIST_PURE = "sdist-pure"
    SDIST_OPTIONAL = "sdist-optional"
    SDIST_NATIVE = "sdist-native"
    SDIST_UNKNOWN = "sdist-unknown"
    MISSING = "missing"


BUILT_ANYWHERE = frozenset((Installability.SDIST_PURE, Installability.SDIST_OPTIONAL))
"""The installabilities of versions that any machine builds into a ``py3-none-any`` wheel, without a compiler."""
FROM_SOURCE = BUILT_ANYWHERE | {Installability.SDIST_NATIVE, Installability.SDIST_UNKNOWN}
"""The installabilities of versions that have to be built."""


class Purity(Enum):
    """Whether building a source archive needs a compiler; *optional* ones leave their compiled part out where there is none."""

    PURE = "pure"
    OPTIONAL = "optional"
    NATIVE = "native"
    UNKNOWN = "unknown"

    @property
    def installability(self) -> Installability:
        """The installability of a version whose only usable file has this purity."""
        return Installability(f"sdist-{self.value}")


class Judgement(Struct, frozen=True, kw_only=True):
    """What a source archive says of itself without being run.

    ``evidence`` are short sentences naming the member they stand on, strongest first. ``metadata`` is ``None`` where the
    archive says nothing static about its dependencies. ``avoidable`` is set for a native archive that can, by its own word, be
    built without its compiled part (a switch, a fall-back): the same release may then have a ``none-any`` wheel. ``pure_on`` are
    the values of ``sys.platform`` on which a native archive compiles nothing.
    """

    purity: Purity
    evidence: tuple[str, ...] = ()
    metadata: CoreMetadata | None = None
    avoidable: bool = False
    pure_on: tuple[str, ...] = ()

    def on(self, sys_platform: str) -> tuple[Installability, tuple[str, ...]]:
        """How the archive installs on a system, with the evidence."""
        if sys_platform in self.pure_on:
            return Installability.SDIST_PURE, (f"setup.py makes no extension on {sys_platform}", *self.evidence)
        return self.purity.installability, self.evidence


class Status(Enum):
    """What the plan says of its own use; the value is the word of the schema."""

    INSTALLABLE = "installable"
    NEEDS_BUILD = "needs-build"
    BLOCKED = "blocked"
    UNDECIDED = "undecided"
