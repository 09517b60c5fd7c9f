"""Knowledge beyond metadata: build tools, advisories, ABI breaks, substitutes, indexes of vendors; ``knowledge/`` loads it."""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet

from wheelcheck.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.requirement import Requirement


class BackendKind(Enum):
    """How a build backend decides whether it compiles; the value is the word in ``native.toml``."""

    PURE = "pure"
    NATIVE = "native"
    SETUP = "setup"
    HOOKS = "hooks"
    SCRIPT = "script"


class NativeKnowledge(Struct, frozen=True, kw_only=True):
    """The evidence table for telling pure source archives from native ones.

    ``backends`` maps the module of a ``build-backend`` (dotted prefix) to its kind: it never compiles, always compiles, runs
    ``setup.py``, has build hooks in its table, or runs a build script. ``compiling_requirements`` are the projects that
    have no use in ``[build-system] requires`` but to compile; ``suggestive_requirements`` those that usually do.
    ``makers`` are the functions and classes that describe something to compile, ``setup_keywords`` the arguments of
    ``setup()`` that hold it, ``build_tools`` the programs that compile it. ``suffixes`` are of compiled languages (lower
    case, with dot), ``ignored_folders`` hold sources that are not built. ``native_hooks`` and ``pure_hooks`` are names of
    backend plug-ins.
    """

    backends: Mapping[str, BackendKind] = field(default_factory=dict)
    static_backends: frozenset[str] = frozenset()
    compiling_requirements: frozenset[str] = frozenset()
    suggestive_requirements: frozenset[str] = frozenset()
    makers: frozenset[str] = frozenset()
    setup_keywords: frozenset[str] = frozenset()
    build_tools: frozenset[str] = frozenset()
    suffixes: frozenset[str] = frozenset()
    ignored_folders: frozenset[str] = frozenset()
    native_hooks: frozenset[str] = frozenset()
    pure_hooks: frozenset[str] = frozenset()

    def backend(self, module: str) -> tuple[str, BackendKind] | None:
        """The known backend whose dotted name starts *module* (an ``:object`` part is ignored), or ``None``."""
        name = module.partition(":")[0]
        while name:
            if name in self.backends:
                return name, self.backends[name]
            name = name.rpartition(".")[0]
        return None


class CondaKnowledge(Struct, frozen=True, kw_only=True):
    """Which project each conda package is: ``projects`` where the names differ, ``no_projects`` with what they are instead."""

    projects: Mapping[str, NormalizedName]
    no_projects: Mapping[str, str]


class MarkerValues(Struct, frozen=True, kw_only=True):
    """What a marker variable can be: every value, or none where they are not listed, and what is written for which by mistake."""

    known: frozenset[str]
    meant: Mapping[str, str]


class Remedy(Struct, frozen=True, kw_only=True):
    """The edit that an advisory recommends; ``requirement`` bounds, replaces or names the project, as ``kind`` says.

    ``constrain``: a bound within what is declared anyway (``numpy<2``). ``override``: in place of what is declared.
    """

    kind: Literal["constrain", "override"]
    requirement: Requirement


class Advisory(Struct, frozen=True, kw_only=True):
    """A combination that installs and then fails.

    It applies when every requirement of ``when`` is met by a chosen version, none of ``unless`` is, the target's platform tag
    matches one of ``platforms`` (shell patterns; empty: any) and its Python is within ``python``. The first of ``when`` is the
    subject that a report names. ``message`` is a whole sentence, ``evidence`` are addresses where it can be read up.
    """

    id: str
    when: tuple[Requirement, ...]
    unless: tuple[Requirement, ...] = ()
    platforms: tuple[str, ...] = ()
    python: SpecifierSet = field(default_factory=SpecifierSet)
    severity: Severity = Severity.WARNING
    message: str
    evidence: tuple[str, ...]
    remedies: tuple[Remedy, ...] = ()


class AbiBreak(Struct, frozen=True, kw_only=True):
    """A release from which on compiled extensions built against older ones do not load; ``date`` is its day, ISO 8601.

    ``unless`` are versions of other projects that are older and load with it all the same: built for it ahead, or not using the
    interface that broke.
    """

    project: NormalizedName
    release: Version
    date: str
    unless: tuple[Requirement, ...] = ()
    message: str
    evidence: tuple[str, ...]


class Substitute(Struct, frozen=True, kw_only=True):
    """What *replacement* is to *project*: the same code under another name, and ``differs`` says with what difference.

    ``same_versions`` says that a version of one is the same version of the other. Without ``same_api`` it does the same for other
    code: whoever imports it has to change. ``imported_as`` is its module where that is another. ``platforms`` are shell patterns of
    the platform tags where it helps; empty: any.
    """

    project: NormalizedName
    replacement: NormalizedName
    differs: str
    same_versions: bool = True
    same_api: bool = True
    imported_as: str = ""
    platforms: tuple[str, ...] = ()
    evidence: tuple[str, ...]


class OwnPlatform(Struct, frozen=True, kw_only=True):
    """What ties *projects* (names, or shell patterns of them) to *systems*, the values that ``sys_platform`` has there."""

    projects: tuple[str, ...]
    systems: tuple[str, ...]
    why: str
    evidence: tuple[str, ...]


class Elsewhere(Struct, frozen=True, kw_only=True):
    """Where a *project* is had that no index lists, as a sentence *says* it; *platforms* are shell patterns, empty: any."""

    project: NormalizedName
    says: str
    platforms: tuple[str, ...] = ()
    evidence: tuple[str, ...]


class VendorIndex(Struct, frozen=True, kw_only=True):
    """An index on which a vendor publishes more wheels of its projects than on the public one.

    ``projects`` are empty where it has any. ``labels`` are the local versions of its builds, as shell patterns (``cu124``); empty
    where they have none or are not known.
    """

    name: str
    url: str
    projects: frozenset[NormalizedName]
    platforms: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    message: str
    evidence: tuple[str, ...]


class IndexHost(Struct, frozen=True, kw_only=True):
    """A host of indexes (and those below it) that says with one of ``absent_statuses`` too that it has no such project."""

    host: str
    absent_statuses: tuple[str, ...]
    evidence: tuple[str, ...]


class BuildLabel(Struct, frozen=True, kw_only=True):
    """What a local version says of a build: *label* is a shell pattern (``cu*``), *means* what a build without it lacks.

    *works* says that what uses the project runs without it all the same.
    """

    label: str
    means: str
    works: bool = False
    evidence: tuple[str, ...]


class PythonLife(Struct, frozen=True, kw_only=True):
    """From which day until which, ISO 8601, a Python *minor* (``3.11``) is maintained, and whether it has free-threaded builds."""

    minor: str
    released: str = ""
    secure_until: str
    free_threaded: bool = False
    evidence: tuple[str, ...]


class StandardLibrary(Struct, frozen=True, kw_only=True):
    """The standard library of each Python 3 from 3.8 on.

    ``always`` are the modules that all of them have, ``spans`` the first and last minor of the others (``None``: open); a submodule
    that is not listed lives as long as its package. ``gone`` are names that modules no longer have, with the last minor that had
    them. ``windows`` and ``posix`` are the modules of one kind of system.
    ``stands_in`` names the module of a project that brings a removed one, ``bundled`` the last minor with which environments bring
    a project that is no part of Python, ``brought`` its oldest and newest version there by minor, ``modules_of`` the requirement
    that brings a module of another name. ``not_embeddable`` are what the embeddable package for Windows leaves out.
    """

    always: frozenset[str] = frozenset()
    spans: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    gone: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    windows: frozenset[str] = frozenset()
    posix: frozenset[str] = frozenset()
    stands_in: Mapping[str, str] = field(default_factory=dict)
    bundled: Mapping[str, int] = field(default_factory=dict)
    brought: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    modules_of: Mapping[str, str] = field(default_factory=dict)
    not_embeddable: frozenset[str] = frozenset()

    def had(self, top: str) -> bool:
        """Whether the top-level module *top* is part of any Python."""
        return top in self.always or top in self.spans

    def has(self, module: str, minor: int) -> bool:
        """Whether 3.*minor* has *module*, or may: of a submodule that is not listed its package decides."""
        since, until = self._span(module)
        return (since is None or since <= minor) and (until is None or minor <= until)

    def last_minor(self, module: str) -> int | None:
        """The last minor that has *module*, ``None`` where it is there still."""
        return self._span(module)[1]

    def first_minor(self, module: str) -> int | None:
        """The first minor that has *module*, ``None`` where all have it."""
        return self._span(module)[0]

    def _span(self, module: str) -> tuple[int | None, int | None]:
        parts = module.split(".")
        above = [".".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
        return next((self.spans[name] for name in above if name in self.spans), (None, None))

    def lacks(self, module: str, name: str, minor: int) -> bool:
        """Whether *name* is known to be gone from *module* in 3.*minor*."""
        last = self.gone.get(module, {}).get(name)
        return last is not None and last < minor

    def is_elsewhere(self, top: str, sys_platform: str) -> bool:
        """Whether *top* is a module of the other kind of system than *sys_platform*."""
        return top in (self.posix if sys_platform == "win32" else self.windows)


class BuildNeeds(Struct, frozen=True, kw_only=True):
    """What a build of *projects* from source needs: in words, and as the packages of systems; empty where that is not known."""

    projects: frozenset[NormalizedName]
    needs: str
    debian: tuple[str, ...] = ()
    alpine: tuple[str, ...] = ()
    fedora: tuple[str, ...] = ()
    macos: tuple[str, ...] = ()
    windows: str = ""
    evidence: tuple[str, ...]

    def ways(self, platform: str) -> tuple[str, ...]:
        """How to have that on *platform*, a wheel platform tag: commands, or for Windows words."""
        if platform.startswith("win"):
            return (self.windows,) if self.windows else ()
        rows = {
            "musllinux": (("apk add", self.alpine, "Alpine"),),
            "macosx": (("brew install", self.macos, "Homebrew"),),
        }.get(
            platform.partition("_")[0],
            (("apt-get install", self.debian, "Debian, Ubuntu"), ("dnf install", self.fedora, "Fedora")),
        )
        return tuple(f"{command} {' '.join(names)} ({system})" for command, names, system in rows if names)


class RepairKnowledge(Struct, frozen=True, kw_only=True):
    """All of it; ``import_names`` are the import packages of a project where its archives do not say."""

    advisories: tuple[Advisory, ...] = ()
    abi_breaks: tuple[AbiBreak, ...] = ()
    substitutes: tuple[Substitute, ...] = ()
    own_platforms: tuple[OwnPlatform, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    indexes: tuple[VendorIndex, ...] = ()
    labels: tuple[BuildLabel, ...] = ()
    pythons: tuple[PythonLife, ...] = ()
    builds: tuple[BuildNeeds, ...] = ()
    import_names: Mapping[NormalizedName, frozenset[str]] = field(default_factory=dict)

    def serves_only_others(self, url: str, name: NormalizedName) -> bool:
        """Whether *url* is on the host of a vendor who is known to serve projects of his own, and *name* is none of them."""
        known = [each.projects for each in self.indexes if urlsplit(each.url)[1] == urlsplit(url)[1]]
        return bool(known) and all(projects and name not in projects for projects in known)

    def places_of(self, project: NormalizedName, platform: str) -> tuple[str, ...]:
        """Where *project* is had for *platform* outside of indexes: sentences, each with an address."""
        return tuple(
            f"{each.says.removesuffix('.')} ({each.evidence[0]})"
            for each in self.elsewhere
            if each.project == project
            and (not each.platforms or any(fnmatchcase(platform, pattern) for pattern in each.platforms))
        )

    def own_platform_of(self, project: NormalizedName) -> OwnPlatform | None:
        """The systems that *project* is made for, where that is known: the last entry that names it."""
        entries = reversed(self.own_platforms)
        return next((each for each in entries if any(fnmatchcase(project, name) for name in each.projects)), None)

    def life_of(self, minor: int) -> PythonLife | None:
        """From when until when Python 3.*minor* is maintained, where that is known."""
        return next((each for each in self.pythons if each.minor == f"3.{minor}"), None)

    def has_ended(self, minor: int, day: str) -> bool:
        """Whether Python 3.*minor* is known to get no security fixes any more on *day* (ISO 8601; empty is no day)."""
        life = self.life_of(minor)
        return life is not None and bool(day) and life.secure_until < day
