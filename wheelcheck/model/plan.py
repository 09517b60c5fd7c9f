"""The plan as values: what a builder executes, in order; its JSON is written and read in ``plan/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.distribution import MetadataSource
    from wheelcheck.model.finding import Finding
    from wheelcheck.model.judgement import Installability
    from wheelcheck.model.plan_status import Status
    from wheelcheck.model.repair import Proposals
    from wheelcheck.model.target import Target


class InputRecord(Struct, frozen=True, kw_only=True):
    """One file that was read; ``sha256`` is of its bytes, in hex; a command-line requirement has ``path`` only."""

    path: str
    sha256: str = ""


class Options(Struct, frozen=True, kw_only=True):
    """The options that shaped the answer; ``indexes`` (best first) and ``find_links`` without credentials."""

    sdist: str
    exclude_newer: str | None
    indexes: tuple[str, ...]
    pre: bool = False
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    replacements: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class PlannedFile(Struct, frozen=True, kw_only=True):
    """The file to fetch; ``size`` in bytes and ``upload_time`` are ``None`` when the index does not say.

    ``sha256`` is empty when not known; ``hashes`` are all that are. ``index`` is the index or folder that lists the file,
    without credentials, empty for a direct reference.
    """

    filename: str
    url: str
    sha256: str
    size: int | None
    upload_time: str | None
    tag: str | None
    hashes: tuple[tuple[str, str], ...] = ()
    index: str = ""


class PlannedPackage(Struct, frozen=True, kw_only=True):
    """One project of the plan, with who requires it and what it requires on this target.

    ``direct`` says that its file was named by URL (``name @ url``) rather than found on an index.
    """

    name: NormalizedName
    version: Version
    requested: bool
    extras: tuple[NormalizedName, ...] = ()
    required_by: tuple[NormalizedName, ...]
    requires: tuple[NormalizedName, ...]
    installability: Installability
    metadata: MetadataSource
    file: PlannedFile | None
    requires_python: str | None = None
    direct: bool = False


class BuilderPhase(Struct, frozen=True, kw_only=True):
    """One step of a builder: build pure source archives once, then install, without resolving again.

    ``reason`` is a sentence where the step stands apart from the one before it, else empty.
    """

    kind: Literal["build-once", "install"]
    packages: tuple[NormalizedName, ...]
    no_deps: bool = True
    reason: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """All that a builder and a reader need; same inputs, index state and options give an equal plan.

    ``proposals`` are the ways out that were found for what was asked, ``None`` where none were looked for; ``applied`` the ids of
    those repairs that are already in this plan.

    ``unknown`` holds what a reader of a plan file met and does not understand, by JSON pointer (``/packages/3/note``), so
    that writing the plan again loses nothing.
    """

    status: Status
    target: Target
    inputs: tuple[InputRecord, ...]
    options: Options
    packages: tuple[PlannedPackage, ...]
    findings: tuple[Finding, ...]
    phases: tuple[BuilderPhase, ...]
    proposals: Proposals | None = None
    applied: tuple[str, ...] = ()
    unknown: Mapping[str, object] = field(default_factory=dict)

    @property
    def built_once(self) -> tuple[NormalizedName, ...]:
        """The projects whose source archives are built into wheels first, in the order of their needs."""
        return tuple(name for phase in self.phases if phase.kind == "build-once" for name in phase.packages)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep this plan from being executed."""
        return tuple(finding for finding in self.findings if finding.severity.value == "error")
