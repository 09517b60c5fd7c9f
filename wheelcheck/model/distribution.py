"""Files on an index, understood: wheels and sdists, the page that lists them, and how they can be installed; fetches nothing."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import Literal, Protocol, TypeVar, runtime_checkable

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

_View = TypeVar("_View", bound="PageView")
WheelTag = tuple[str, str, str]
"""``(python, abi, platform)``, each a plain lower-case tag, never compressed (PEP 425)."""


@functools.lru_cache(maxsize=100_000)
def parse_version(text: str) -> Version:
    """The version that *text* spells (PEP 440); raises ``InvalidVersion``. One text is parsed once, as pages repeat it per file."""
    return Version(text)


def as_version(text: object) -> Version | None:
    """*text* as a version; ``None`` where it is none (PEP 440)."""
    try:
        return parse_version(text) if isinstance(text, str) else None
    except ValueError:
        return None


@functools.lru_cache(maxsize=10_000)
def as_specifier(text: str) -> SpecifierSet | None:
    """*text* as a specifier; ``None`` where it is none (PEP 440)."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


@functools.lru_cache(maxsize=20_000)
def expanded_tags(python: str, abi: str, platform: str) -> tuple[WheelTag, ...]:
    """The tags that a wheel's name stands for, from its last three parts in lower case (PEP 425's compressed sets)."""
    # A handful of tag triples serve every file of an index, so each is taken apart once.
    return tuple((py, ab, pl) for py in python.split(".") for ab in abi.split(".") for pl in platform.split("."))


class Availability(Struct, frozen=True, kw_only=True):
    """What a page says of one file besides its name.

    ``url`` is absolute and without fragment. ``sha256`` and ``hashes`` are lower-case hex, empty when not announced.
    ``size`` is in bytes, ``None`` when not announced. ``upload_time`` is the text of the index (ISO 8601, UTC), ``None`` when
    not announced. ``yanked`` is the reason, empty string for a yank without one, ``None`` for not yanked (PEP 592).
    ``core_metadata`` is ``True`` when a sidecar is announced, ``False`` when denied, ``None`` when nothing is said (PEP 658/714);
    ``core_metadata_hashes`` are the sidecar's. ``index`` is the URL of the index or folder, without credentials. ``accepted`` are
    the hashes of which the inputs ask the file to have one, where its index tells none of them.
    """

    url: str
    hashes: tuple[tuple[str, str], ...] = ()
    size: int | None = None
    upload_time: str | None = None
    requires_python: str | None = None
    yanked: str | None = None
    core_metadata: bool | None = None
    core_metadata_hashes: tuple[tuple[str, str], ...] = ()
    index: str = ""
    accepted: tuple[tuple[str, str], ...] = ()

    @property
    def sha256(self) -> str:
        """The announced SHA-256 in hex, or an empty string."""
        return dict(self.hashes).get("sha256", "")


class Wheel(Struct, frozen=True, kw_only=True):
    """A ``.whl`` file; ``tags`` is the expanded compressed set of its name, ``build`` its build tag (number, rest)."""

    name: NormalizedName
    version: Version
    filename: str
    tags: tuple[WheelTag, ...]
    build: tuple[int, str] | None = None
    at: Availability

    @property
    def is_any(self) -> bool:
        """Whether the wheel runs on every platform (``none-any``), whatever Python it names."""
        return any(abi == "none" and platform == "any" for _, abi, platform in self.tags)


class Sdist(Struct, frozen=True, kw_only=True):
    """A source archive: ``.tar.gz``, ``.zip`` and the older kinds (``.tar.bz2``, ``.tgz``, …)."""

    name: NormalizedName
    version: Version
    filename: str
    at: Availability


Distribution = Wheel | Sdist


class LinkSkip(Enum):
    """Why a file on a page is no distribution of the project."""

    UNKNOWN_KIND = "neither a wheel nor a source archive"
    BAD_WHEEL_NAME = "not a valid wheel file name"
    VARIANT_WHEEL = "a wheel variant (PEP 825), which is not evaluated"
    OTHER_PROJECT = "belongs to another project"
    UNUSABLE_ADDRESS = "its address cannot be asked"
    LEGACY_VERSION = "its version does not follow PEP 440"


_SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tbz", ".txz", ".tar.Z", ".tar")
_BUILD_TAG = re.compile(r"^(\d+)(.*)$", re.ASCII)


def parse_link(filename: str, project: NormalizedName, at: Availability) -> Distribution | LinkSkip:
    """Understand the file *filename* on the page of *project*; a file that is none of its distributions is a value too.

    More lenient than PEP 427 where the index holds such files: un-normalised names and versions of old tools are taken.
    A name of six parts whose third is no build number is a variant (PEP 825). Costs about 3 µs.
    """
    if filename.endswith(".whl"):
        return _parse_wheel(filename, project, at)
    for suffix in _SDIST_SUFFIXES:
        if filename.endswith(suffix):
            return _parse_sdist(filename, filename[: -len(suffix)], project, at)
    return LinkSkip.UNKNOWN_KIND


def _parse_wheel(filename: str, project: NormalizedName, at: Availability) -> Wheel | LinkSkip:
    parts = filename[:-4].split("-")
    build: tuple[int, str] | None = None
    if len(parts) == 6:
        matched = _BUILD_TAG.match(parts[2])
        if matched is None:
            return LinkSkip.VARIANT_WHEEL
        build = (int(matched[1]), matched[2])
    elif len(parts) == 7:
        return LinkSkip.VARIANT_WHEEL
    elif len(parts) != 5:
        return LinkSkip.BAD_WHEEL_NAME
    if _canonical(parts[0]) != project:
        return LinkSkip.OTHER_PROJECT
    try:
        version = parse_version(parts[1].replace("_", "-"))
    except ValueError:
        return LinkSkip.LEGACY_VERSION
    return Wheel(
        name=project,
        version=version,
        filename=filename,
        tags=expanded_tags(parts[-3].lower(), parts[-2].lower(), parts[-1].lower()),
        build=build,
        at=at,
    )


def _parse_sdist(filename: str, stem: str, project: NormalizedName, at: Availability) -> Sdist | LinkSkip:
    # The name may itself hold dashes ("pybbox-0.0.5-alpha"), so the split is where the left part is the project.
    fallback: LinkSkip = LinkSkip.OTHER_PROJECT
    for position, character in enumerate(stem):
        if character != "-" or _canonical(stem[:position]) != project:
            continue
        try:
            version = parse_version(stem[position + 1 :])
        except ValueError:
            fallback = LinkSkip.LEGACY_VERSION
            continue
        return Sdist(name=project, version=version, filename=filename, at=at)
    return fallback


def same_project(name: str, project: NormalizedName) -> bool:
    """Whether *name*, as a file name spells it, is *project*."""
    return _canonical(name) == project


@functools.lru_cache(maxsize=50_000)
def _canonical(name: str) -> NormalizedName:
    return canonicalize_name(name)


@runtime_checkable
class NamesTags(Protocol):
    """What a page's ``distributions`` may know besides: the tags of a version's wheels, without understanding its files."""

    def tags_of_wheels(self, version: Version) -> frozenset[tuple[WheelTag, ...]]:
        """The tags of each wheel of *version*, and maybe of a file that is no distribution."""

    def mentions(self, version: Version, text: str) -> bool:
        """Whether what the page says of *version* holds *text* anywhere, in its bounds or in a name."""


ProjectState = Literal["active", "archived", "deprecated", "quarantined", "absent"]


class ProjectPage(Struct, frozen=True, dict=True):
    """What the indexes that are asked for *name* list for it.

    ``distributions`` maps each version to its files, in the order of the page. ``skipped`` counts the files that are no
    distribution, by reason. ``state`` is PEP 792's status, or ``absent`` where no index knows the project. ``index`` is the one
    that lists it, the last of several; ``indexes`` are all of them, where there are several. ``unasked`` are indexes that failed,
    each with the reason; ``refused`` those of them that answered 401 or 403, which may mean that they have none; ``unlisted`` are
    those of several indexes that said so in plain words (404). With ``in_order`` the versions of an earlier index come before
    those of the next, but the first ``alike`` indexes count as one; with ``apart`` those wheels of one version count that the
    first index with a fit lists.
    """

    name: NormalizedName
    distributions: Mapping[Version, tuple[Distribution, ...]]
    skipped: tuple[tuple[LinkSkip, int], ...] = ()
    state: ProjectState = "active"
    state_reason: str = ""
    index: str = ""
    indexes: tuple[str, ...] = ()
    unasked: tuple[tuple[str, str], ...] = ()
    refused: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    in_order: bool = False
    alike: int = 0
    apart: bool = False

    @cached_property
    def newest_first(self) -> tuple[Version, ...]:
        """Every version, newest first; put in order once."""
        return tuple(sorted(self.distributions, reverse=True))

    def place_of_index(self, version: Version) -> int:
        """The place among ``indexes`` of the first one that lists *version*; 0 for those alike and for what only links list."""
        listing = {file.at.index for file in self.distributions[version]}
        place = next((place for place, index in enumerate(self.indexes) if index in listing), 0)
        return 0 if place < self.alike else place

    def view(self, kind: type[_View]) -> _View:
        """The view of this *kind* of the page: no part of the value, made once, so that all targets share it."""
        known = self._views.get(kind)
        if isinstance(known, kind):
            return known
        made = self._views[kind] = kind(self)
        return made

    @cached_property
    def _views(self) -> dict[type[PageView], PageView]:
        return {}


class PageView:
    """Facts of a page that are the same for every target, and that a stage finds once; :meth:`ProjectPage.view` makes it."""

    def __init__(self, page: ProjectPage) -> None:
        self.page = page


class MetadataSource(Enum):
    """Where the dependency fields were read from; the value is the word of the plan's schema."""

    CORE_METADATA = "core-metadata"
    WHEEL_RANGE = "wheel-range"
    WHEEL_FILE = "wheel-file"
    SDIST_STATIC = "sdist-static"
    SDIST_RECORDED = "sdist-recorded"
    OTHER_WHEEL = "other-wheel"
    LOCK = "lock"
    UNKNOWN = "unknown"


class CoreMetadata(Struct, frozen=True, kw_only=True):
    """The dependency fields of one file: ``requires`` as PEP 508 texts, extras normalised (PEP 685).

    ``malformed`` holds the ``Requires-Dist`` lines that are not PEP 508; they are reported, not obeyed.
    ``evidence`` says where a source distribution's fields came from (``"PKG-INFO 2.2"``, ``"setup.py literals"``).
    """

    name: NormalizedName
    version: Version | None
    requires: tuple[str, ...] = ()
    provides_extra: frozenset[NormalizedName] = frozenset()
    requires_python: str | None = None
    source: MetadataSource = MetadataSource.CORE_METADATA
    malformed: tuple[str, ...] = ()
    evidence: str = ""


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
