"""What is asked, by whom: requirements, constraints and their origins; no files are read here.

``packaging.requirements.Requirement`` is mutable and unhashable in parts, so it is taken apart once and wrapped.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.requirements import Requirement as PackagingRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.options import IndexStrategy

EVERY = NormalizedName("*")
"""Stands for all extras, or all dependency groups, where some are chosen."""


class FileOrigin(Struct, frozen=True, kw_only=True, order=True):
    """Asked in a file: *path* as the user wrote it, *line* from 1 (0 where the format has no lines)."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class CommandLineOrigin(Struct, frozen=True, kw_only=True, order=True):
    """Asked on the command line; *text* is the argument, *option* the flag it followed (empty for an INPUT)."""

    text: str
    option: str = ""

    def __str__(self) -> str:
        return f"command line ({self.option} {self.text})" if self.option else f"command line ({self.text})"


class CandidateOrigin(Struct, frozen=True, kw_only=True, order=True):
    """Asked by the metadata of a version of another project."""

    name: NormalizedName
    version: Version

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


Origin = FileOrigin | CommandLineOrigin | CandidateOrigin


class HashPin(Struct, frozen=True, kw_only=True):
    """One ``--hash=algorithm:digest`` of a requirements file; *digest* is lower-case hex."""

    algorithm: str
    digest: str


class Bound(Struct, frozen=True, kw_only=True, eq=False):
    """What somebody says of a project; two are equal that ask the same, whatever the words in ``text``.

    ``url`` is set for direct references (PEP 440 ``name @ url``, a local path as ``file://`` URL); ``text`` is what a
    person reads in reports: the requirement as written, without comments, hashes and credentials.
    """

    name: NormalizedName
    specifier: SpecifierSet
    marker: Marker | None = None
    url: str | None = None
    hashes: tuple[HashPin, ...] = ()
    origin: Origin
    text: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.name, self.specifier, self.marker, self.url, self.hashes, self.origin)

    def __str__(self) -> str:
        return self.text or f"{self.name}{self.specifier}"


class Requirement(Bound, frozen=True, kw_only=True, eq=False):
    """A PEP 508 requirement with its origin; ``local`` says that ``url`` is a folder on this machine, and how it was asked for.

    ``is_replaced`` says that it stands in place of what its origin says (``--replace``).
    """

    extras: frozenset[NormalizedName] = frozenset()
    local: Literal["", "folder", "editable"] = ""
    is_replaced: bool = False

    @classmethod
    def parse(
        cls, text: str, origin: Origin, *, hashes: tuple[HashPin, ...] = (), marker: Marker | None = None
    ) -> Requirement:
        """Read *text* (PEP 508); raise ``packaging.requirements.InvalidRequirement`` when it is not one.

        *marker* is joined with ``and`` is not attempted: pass it only where *text* has none.
        """
        name, specifier, extras, own_marker, url = _parts(text)
        return cls(
            name=name,
            specifier=specifier,
            extras=extras,
            marker=own_marker if own_marker is not None else marker,
            url=url,
            hashes=hashes,
            origin=origin,
            text=text,
        )

    def _key(self) -> tuple[object, ...]:
        return (self.name, self.specifier, self.extras, self.marker, self.url, self.hashes, self.origin)


_NAME = re.compile(r"[\w.-]+")


def project_in(text: str) -> NormalizedName:
    """The project that *text*, a requirement or a name alone, is about."""
    found = _NAME.match(text.strip())
    return canonicalize_name(found[0] if found else text)


@functools.lru_cache(maxsize=20_000)
def parse_marker(text: str) -> Marker:
    """The marker that *text* spells (PEP 508); raises ``InvalidMarker``. A few texts serve thousands of requirements.

    Equal texts give the same object, by which its outcomes are remembered.
    """
    return Marker(text)


@functools.lru_cache(maxsize=50_000)
def _parts(
    text: str,
) -> tuple[NormalizedName, SpecifierSet, frozenset[NormalizedName], Marker | None, str | None]:
    # The same lines recur across thousands of metadata files, and parsing is the solver's dearest step.
    parsed = PackagingRequirement(text)
    extras = frozenset(canonicalize_name(extra) for extra in parsed.extras)
    return canonicalize_name(parsed.name), parsed.specifier, extras, parsed.marker, parsed.url


def replaced(requirements: Iterable[Requirement], by: Requirement) -> tuple[Requirement, ...]:
    """*requirements* with each of those on the project of *by* saying what *by* says, extras and all.

    Origins stay, a marker stays where *by* has none, hashes go: they belong to other files.
    """
    return tuple(
        replace(
            by,
            origin=requirement.origin,
            marker=by.marker if by.marker is not None else requirement.marker,
            is_replaced=True,
        )
        if requirement.name == by.name
        else requirement
        for requirement in requirements
    )


class Constraint(Bound, frozen=True, kw_only=True, eq=False):
    """A bound on a project that is never installed for the constraint's own sake (pip's ``-c``)."""

    @classmethod
    def from_requirement(cls, requirement: Requirement) -> Constraint:
        """Take the bound of *requirement*; its extras do not matter to a constraint."""
        return cls(**{field: getattr(requirement, field) for field in cls.__struct_fields__})


UnsupportedKind = Literal["editable", "vcs", "folder-dynamic", "archive-unreadable", "elsewhere", "missing", "conda"]


class UnsupportedRequirement(Struct, frozen=True, kw_only=True):
    """A requirement that is understood but cannot be planned: named in a finding, never dropped silently.

    ``name`` is empty where the text does not say which project it is. ``hint`` says what to write instead. ``stand_in`` is the
    release that may be judged in its place where an index has it, ``is_judged`` that it is.
    """

    kind: UnsupportedKind
    text: str
    name: NormalizedName | None = None
    origin: Origin
    hint: str = ""
    marker: Marker | None = None
    stand_in: Requirement | None = None
    is_judged: bool = False


IndexRole = Literal["extra", "default", "supplemental", "explicit"]
Installer = Literal["pip", "uv", "poetry", "pdm"]


class NamedIndex(Struct, frozen=True, kw_only=True):
    """An index that an option or the settings of a tool describe; ``url`` may hold credentials and is never printed as it is.

    An ``extra`` index is asked for every project, the ``default`` one in place of the public index. A ``supplemental`` one serves
    where these have no version that will do (Poetry), an ``explicit`` one only for projects whose :class:`IndexSource` names it.
    ``name`` is empty where it has none; of two with one name the first counts. ``absent_statuses`` are the HTTP statuses that it
    answers for projects that it does not have, besides 404 (uv's ``ignore-error-codes``).
    """

    url: str
    name: str = ""
    role: IndexRole = "extra"
    absent_statuses: tuple[int, ...] = ()


class IndexSource(Struct, frozen=True, kw_only=True):
    """The one index that a project comes from: the name of a :class:`NamedIndex`, or a URL. ``marker`` says on which targets.

    It counts wherever the project is required. A reader of settings in which it counts for direct requirements alone (uv) leaves
    it out for the others.
    """

    project: NormalizedName
    index: str
    marker: Marker | None = None
    origin: Origin


class IndexOptions(Struct, frozen=True, kw_only=True):
    """What an input says about where and how to look; empty means that it says nothing.

    ``index_url`` may hold credentials and is never printed as it is. ``only_binary`` / ``no_binary``, and ``all_releases`` /
    ``only_final``, hold project names or ``:all:``, in pip's sense. ``indexes`` come in the order of their weight. Of ``sources``
    the first on a project whose marker holds counts. ``installer`` is the one whose settings these are: several indexes are read as
    it reads them. ``strategy`` is said in uv's words, ``None`` for what the installer does unasked.
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    indexes: tuple[NamedIndex, ...] = ()
    sources: tuple[IndexSource, ...] = ()
    strategy: IndexStrategy | None = None
    installer: Installer | None = None
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    pre: bool = False
    require_hashes: bool = False
    only_binary: frozenset[str] = frozenset()
    no_binary: frozenset[str] = frozenset()
    all_releases: frozenset[str] = frozenset()
    only_final: frozenset[str] = frozenset()
    prefer_binary: bool = False

    def merged(self, later: IndexOptions) -> IndexOptions:
        """Join with the options of a *later* file or of the command line; a single value there wins."""
        return IndexOptions(
            index_url=later.index_url or self.index_url,
            extra_index_urls=tuple(dict.fromkeys((*self.extra_index_urls, *later.extra_index_urls))),
            indexes=tuple(dict.fromkeys((*self.indexes, *later.indexes))),
            sources=(*self.sources, *later.sources),
            strategy=later.strategy or self.strategy,
            installer=later.installer or self.installer,
            find_links=tuple(dict.fromkeys((*self.find_links, *later.find_links))),
            no_index=self.no_index or later.no_index,
            pre=self.pre or later.pre,
            require_hashes=self.require_hashes or later.require_hashes,
            only_binary=self.only_binary | later.only_binary,
            no_binary=self.no_binary | later.no_binary,
            all_releases=self.all_releases | later.all_releases,
            only_final=self.only_final | later.only_final,
            prefer_binary=self.prefer_binary or later.prefer_binary,
        )


class ToolSetting(Struct, frozen=True, kw_only=True):
    """One setting of another tool: *key* as a reader finds it there (``tool.uv.exclude-newer``), *value* in words, and its place.

    *option* is the key of ours that it speaks for. *unheeded* says why it is not followed, empty where it is; *decides* that an
    answer of that tool may differ for it.
    """

    key: str
    value: tuple[str, ...]
    origin: FileOrigin
    option: str = ""
    unheeded: str = ""
    decides: bool = False


class ToolSettings(Struct, frozen=True, kw_only=True):
    """What the tables of other tools say of the question, beside requirements, constraints and indexes.

    *exclude_newer* is a day, an instant or a duration as that tool writes it; *exclude_newer_of* are the same for single projects,
    empty where there is no bound. *pre_of* are the projects whose pre-releases are admitted. *settings* are all that was seen,
    followed or not.
    """

    overrides: tuple[Requirement, ...] = ()
    excludes: frozenset[NormalizedName] = frozenset()
    exclude_newer: str | None = None
    exclude_newer_of: tuple[tuple[NormalizedName, str], ...] = ()
    pre_of: frozenset[NormalizedName] = frozenset()
    settings: tuple[ToolSetting, ...] = ()

    def joined(self, other: ToolSettings) -> ToolSettings:
        """Both, *other* after this one; of two days the first counts."""
        return ToolSettings(
            overrides=(*self.overrides, *other.overrides),
            excludes=self.excludes | other.excludes,
            exclude_newer=other.exclude_newer if self.exclude_newer is None else self.exclude_newer,
            exclude_newer_of=(*self.exclude_newer_of, *other.exclude_newer_of),
            pre_of=self.pre_of | other.pre_of,
            settings=(*self.settings, *other.settings),
        )


class InputSet(Struct, frozen=True, kw_only=True):
    """Everything that the inputs of one run ask for.

    ``files`` are ``(path, sha256 hex)`` of each file read, in reading order, nested ones included.
    """

    requirements: tuple[Requirement, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    unsupported: tuple[UnsupportedRequirement, ...] = ()
    options: IndexOptions = IndexOptions()
    files: tuple[tuple[str, str], ...] = ()
    requires_python: tuple[tuple[SpecifierSet, Origin], ...] = ()
    tools: ToolSettings = ToolSettings()

    def joined(self, other: InputSet) -> InputSet:
        """Both sets in one, *other* after this one."""
        return InputSet(
            requirements=(*self.requirements, *other.requirements),
            constraints=(*self.constraints, *other.constraints),
            unsupported=(*self.unsupported, *other.unsupported),
            options=self.options.merged(other.options),
            files=tuple(dict.fromkeys((*self.files, *other.files))),
            requires_python=(*self.requires_python, *other.requires_python),
            tools=self.tools.joined(other.tools),
        )
