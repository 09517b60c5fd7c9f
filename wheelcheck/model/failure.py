"""What the log of an installer tells: the distributions that failed, the causes, and the target; ``logs/`` reads it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct

from wheelcheck.model.document import Line, about

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.plan import Plan
    from wheelcheck.model.target import Target


class LogQuote(Struct, frozen=True, kw_only=True):
    """A line of the log."""

    line: Annotated[Line, about("Its number, from 1.")]
    text: Annotated[str, about("Its text without colours, timestamps and prefixes of a builder, cut where it is long.")]


class FailureKind(Enum):
    """How a distribution failed; the value is the word of the JSON answer."""

    BUILD = "build"
    NO_MATCH = "no match"
    PYTHON = "python"


class TroubleKind(Enum):
    """A failure that no wheel would have prevented; the value is the word of the JSON answer."""

    NETWORK = "network"
    HASH = "hash"
    CONFLICT = "conflict"
    DISK = "disk"
    MEMORY = "memory"
    ACCESS = "access"
    FILENAME = "filename"


class BuildCause(Struct, frozen=True, kw_only=True):
    """Why a build failed, as the log shows it: the *message* is a sentence, *packages* are what systems call the missing part."""

    id: Annotated[str, about("A stable word for the kind of cause.")]
    message: Annotated[str, about("A whole sentence.")]
    packages: Annotated[dict[str, str], about("What to install on a system, by the system, where somebody must build.")]
    quote: Annotated[LogQuote, about("The line that shows it.")]


class LoggedTarget(Struct, frozen=True, kw_only=True):
    """The target of a run as far as its log tells: words for ``parse_target``, ``None`` for what it does not tell."""

    platform: Annotated[str | None, about("The platform; null where the log does not tell.")] = None
    python: Annotated[str | None, about("The Python version; null where the log does not tell.")] = None
    evidence: Annotated[tuple[LogQuote, ...], about("The lines that tell it.")] = ()


class Failure(Struct, frozen=True, kw_only=True):
    """A distribution that failed.

    *version* and *specifier* are what the log tells, ``None`` and empty where it does not. *by* is who asks for it. *is_local* says
    that it is the user's own project, which is on no index. *offered* are the versions that the installer could use, oldest
    first; ``None`` where it does not say. *refused* is the wheel that it was given and could not use.
    """

    name: NormalizedName
    kind: FailureKind
    tool: str
    quote: LogQuote
    version: Version | None = None
    specifier: str = ""
    by: str = ""
    is_local: bool = False
    causes: tuple[BuildCause, ...] = ()
    target: LoggedTarget = LoggedTarget()
    offered: tuple[Version, ...] | None = None
    refused: str = ""

    @property
    def requirement(self) -> str:
        """The requirement that stands for it: on the version that failed, else on those that were asked for."""
        return f"{self.name}=={self.version}" if self.version is not None else f"{self.name}{self.specifier}"


class Trouble(Struct, frozen=True, kw_only=True):
    """A failure that is no matter of wheels, with the line that tells it."""

    kind: Annotated[TroubleKind, about("What kind of failure it is.")]
    quote: Annotated[LogQuote, about("The line that tells it.")]


class FailureLog(Struct, frozen=True, kw_only=True):
    """All that a log of *lines* lines tells.

    *tools* are the installers that spoke, *places* the indexes and folders that they looked in, where they name them. *unknown* are
    lines that report an error which no row of the table knows; they count where nothing else was found. *has_succeeded* says that
    an installer reported its end.
    """

    lines: int
    tools: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    unknown: tuple[LogQuote, ...] = ()
    places: tuple[str, ...] = ()
    has_succeeded: bool = False


class Explained(Struct, frozen=True, kw_only=True):
    """One failure with its answer: the *plan* of its requirement on its *target*.

    *assumed* names the parts of the target that neither the log nor the user tells (``platform``, ``python``): those of the running
    interpreter were taken. *inferred* names those of a target for which the index has just the versions that the installer lists.
    Of a project that the installer found no version of, or no wheel of the version that it built, *empty* are those of the targets
    *common* for which the index has none.
    *problem* says in a sentence why there is no plan; *has_index_failed* that the index is the reason.
    """

    failure: Failure
    target: Target | None = None
    assumed: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()
    common: tuple[Target, ...] = ()
    empty: tuple[Target, ...] = ()
    plan: Plan | None = None
    problem: str = ""
    has_index_failed: bool = False


class Explanation(Struct, frozen=True, kw_only=True):
    """The whole answer: the *log* at *path* and what is to be said of each of its failures."""

    path: str
    log: FailureLog
    explained: tuple[Explained, ...] = ()

    @property
    def is_understood(self) -> bool:
        """Whether the log tells a failure, or that there was none."""
        return bool(
            self.log.failures
            or self.log.troubles
            or self.log.has_succeeded
            or (self.log.tools and not self.log.unknown)
        )

    @property
    def exit_status(self) -> int:
        """2 the log is not understood; 3 an index failed; 1 something failed in it; 0 nothing did. The first that holds."""
        if not self.is_understood:
            return 2
        if any(each.has_index_failed for each in self.explained):
            return 3
        return 1 if self.log.failures or self.log.troubles else 0
