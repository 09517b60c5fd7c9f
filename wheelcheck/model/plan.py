"""The plan as values: the steps that a builder executes, in order; the document of it is made in ``plans/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Struct, UnsetType, field
from packaging.version import Version

from wheelcheck.model.distribution import Installability, MetadataSource
from wheelcheck.model.document import HEX_SHA256, Count, ProjectName, about, stated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from wheelcheck.model.distribution import Status
    from wheelcheck.model.finding import Finding
    from wheelcheck.model.repair import Proposals, Repair
    from wheelcheck.model.target import Target

_Texts = tuple[str, ...]
_Names = tuple[ProjectName, ...]


class InputRecord(Struct, frozen=True, kw_only=True):
    """One thing that was asked."""

    path: Annotated[str, about("The file as the user wrote it, or the requirement from the command line.")]
    sha256: Annotated[
        str | None,
        stated("SHA-256 of the file's bytes; null for a requirement from the command line.", pattern=HEX_SHA256),
    ] = None


class Options(Struct, frozen=True, kw_only=True):
    """The options that shaped the answer."""

    sdist: Annotated[str, about("Which source archives were allowed: deny, pure or any.")]
    exclude_newer: Annotated[
        str | None, about("Files uploaded at or after this instant were taken as absent (ISO 8601, UTC).")
    ]
    indexes: Annotated[_Texts, about("URLs of the indexes, the default one first, without credentials.")]
    find_links: Annotated[_Texts, about("Folders and pages of further files, without credentials.")] = ()
    pre: Annotated[bool, about("Whether pre-releases of every project were admitted.")] = False
    constraints: Annotated[_Texts, about("Bounds that were given without asking for the project.")] = ()
    overrides: Annotated[_Texts, about("Requirements that replaced every other of their project.")] = ()
    excludes: Annotated[_Texts, about("Projects left out of every requirement list.")] = ()
    replacements: Annotated[_Texts, about("Projects taken in the place of others.")] = ()
    sources: Annotated[
        _Texts, about("Projects that were looked for on an index of their own, without credentials.")
    ] = ()
    index_strategy: Annotated[
        str | UnsetType,
        about(
            "How several indexes were read, unsafe-best-match or unsafe-first-match; else the first that knows a project counts."
        ),
    ] = UNSET
    only_binary: Annotated[_Texts | UnsetType, about("Projects of which no source archive was taken.")] = UNSET
    no_binary: Annotated[_Texts | UnsetType, about("Projects of which no wheel was taken; :all: for all.")] = UNSET


class PlannedFile(Struct, frozen=True, kw_only=True):
    """A wheel or source archive."""

    filename: Annotated[str, about("Its file name.")]
    url: Annotated[str, about("Where to fetch it, without credentials.")]
    sha256: Annotated[str | None, stated("SHA-256 of its bytes; null when the index does not say.", pattern=HEX_SHA256)]
    size: Annotated[Count | None, about("Bytes; null when the index does not say.")]
    upload_time: Annotated[str | None, about("When it was uploaded (ISO 8601, UTC); null when the index does not say.")]
    tag: Annotated[str | None, about("The tag by which a wheel fits the target; null for a source archive.")]
    hashes: Annotated[dict[str, str], about("Every hash the index announces, by algorithm, in lower-case hex.")] = (
        field(default_factory=dict)
    )
    index: Annotated[
        str | None,
        about("The index or folder that lists the file, without credentials; null for a direct reference."),
    ] = None
    accepted: Annotated[
        dict[str, tuple[str, ...]] | UnsetType,
        about(
            "By algorithm the hashes that the requirements name, of which the file has to have one; left out where the index tells "
            "which, or where there is one alone."
        ),
    ] = UNSET

    def __post_init__(self) -> None:
        if self.sha256:
            self.hashes.setdefault("sha256", self.sha256)


class PlannedPackage(Struct, frozen=True, kw_only=True):
    """One project at one version, with the file to install it from."""

    name: ProjectName
    version: Annotated[Version, about("The version, normalised (PEP 440).")]
    requested: Annotated[bool, about("Whether an input asks for it, rather than only other packages.")]
    direct: Annotated[bool, about("Whether its file was named by URL rather than found on an index.")] = False
    extras: Annotated[_Names, about("The extras asked of it.")] = ()
    required_by: Annotated[_Names, about("The packages of this plan that require it on this target.")]
    requires: Annotated[_Names, about("The packages of this plan that it requires on this target.")]
    installability: Annotated[
        Installability,
        about(
            "How this version can be installed on the target: from a wheel, from a source archive (pure Python, native code, or "
            "not judged), or not at all."
        ),
    ]
    metadata: Annotated[MetadataSource, about("Where its dependencies were read.")]
    requires_python: Annotated[str | None, about("The Python versions that it declares to run on.")] = None
    file: Annotated[PlannedFile | None, about("The file to fetch; null when there is none.")]

    @property
    def filename(self) -> str | None:
        """The name of its file."""
        return self.file.filename if self.file is not None else None

    @property
    def size(self) -> int | None:
        """Bytes of its file; ``None`` also when the index does not say."""
        return self.file.size if self.file is not None else None


class BuilderPhase(Struct, frozen=True, kw_only=True):
    """One step of the builder."""

    kind: Annotated[
        Literal["build-once", "install"],
        about(
            "build-once: turn each source archive into a wheel, in this order. install: install everything at once; a second "
            "install step holds what must stand apart, in the order in which it must run."
        ),
    ]
    no_deps: Annotated[bool, about("Whether the step must not resolve dependencies: the list is complete.")] = True
    packages: Annotated[_Names, about("The packages of the step.")]
    reason: Annotated[str | None, about("Why the step stands apart from the one before it.")] = None


class Plan(Struct, frozen=True, kw_only=True):
    """All that a builder and a reader need; same inputs, index state and options give an equal plan.

    ``proposals`` are the repairs that were found for what was asked, ``None`` where none were looked for; ``applied`` the ids of
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
    def is_unverified(self) -> bool:
        """Whether a file that a requirement names could not be verified, because its host does not answer."""
        return any(finding.code.name == "FILE_UNVERIFIED" for finding in self.findings)

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """The repairs that were found, none where none were looked for."""
        return self.proposals.repairs if self.proposals is not None else ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep this plan from being executed."""
        return tuple(finding for finding in self.findings if finding.severity.value == "error")
