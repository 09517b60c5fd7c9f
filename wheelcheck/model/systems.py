"""Knowledge of systems: their shared libraries, container images, CI machines and wheel builders; ``knowledge/`` loads it.

A *floor* is a wheel platform tag without its machine: ``manylinux_2_36``, ``musllinux_1_2``, ``win``.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from wheelcheck.model.requirement import Requirement


class AbsentLibrary(Struct, frozen=True, kw_only=True):
    """Libraries that a system has only after somebody installed them, as shell ``patterns`` of file names.

    ``bundled`` says that the usual place is the environment itself, so that its absence is an error; otherwise it is a warning.
    ``owner`` is what brings it (``the Visual C++ runtime``), ``remedy`` what to do. ``needed_by`` are the versions of projects
    whose wheels are known to need one and to bring none, ``brought_by`` the projects that bring it,
    ``used_for`` says which parts of these need it, empty for all. ``accelerator``: it comes with the driver or toolkit of a card.
    ``unobtainable``: nobody may bring it, so that no program that works loads what needs it.
    """

    patterns: tuple[str, ...]
    owner: str
    remedy: str
    bundled: bool
    accelerator: bool = False
    unobtainable: bool = False
    needed_by: tuple[Requirement, ...] = ()
    brought_by: frozenset[NormalizedName] = frozenset()
    used_for: str = ""

    def sentence(self, names: Collection[str], libraries: Collection[str]) -> str:
        """That the distributions *names* need *libraries* of it, for which of their parts where that is known, and what to do."""
        verb = "needs" if len(names) == 1 else "need"
        is_known = self.used_for and {*names} <= {canonicalize_name(each.name) for each in self.needed_by}
        used = f" ({self.used_for})" if is_known else ""
        return f"{', '.join(sorted(names))} {verb} {', '.join(sorted(libraries))} of {self.owner}{used}: {self.remedy}"


class SymbolCeiling(Struct, frozen=True, kw_only=True):
    """The newest symbol version of each ``family`` (``GLIBCXX``) on systems with glibc ``glibc`` (``2.28``) and not newer."""

    glibc: tuple[int, ...]
    families: Mapping[str, tuple[int, ...]]


class ImportExemption(Struct, frozen=True, kw_only=True):
    """Modules of ``project`` that need more than a clean system has by design, with the ``reason``: few programs import them."""

    project: NormalizedName
    modules: frozenset[str]
    reason: str


# No slots: the compiled patterns are kept with it.
class SystemKnowledge(Struct, frozen=True, kw_only=True, dict=True):
    """The libraries of one system: ``present`` are shell patterns of what every clean one has; ``with_python`` come with CPython.

    ``case`` says whether case matters in file names.
    """

    present: tuple[str, ...]
    with_python: tuple[str, ...] = ()
    absent: tuple[AbsentLibrary, ...] = ()
    case: bool = True

    def has(self, library: str) -> bool:
        """Whether every clean system of this kind has *library*."""
        return self._present.fullmatch(self._folded(library)) is not None

    def brings(self, library: str) -> bool:
        """Whether every CPython for this system has *library* beside it."""
        return self._with_python.fullmatch(self._folded(library)) is not None

    def absence(self, library: str) -> AbsentLibrary | None:
        """What is known of *library* where the system lacks it."""
        folded = self._folded(library)
        return next((entry for entry in self.absent if _alternatives(entry.patterns).fullmatch(folded)), None)

    @cached_property
    def _present(self) -> re.Pattern[str]:
        return _alternatives(self.present)

    @cached_property
    def _with_python(self) -> re.Pattern[str]:
        return _alternatives(self.with_python)

    def _folded(self, library: str) -> str:
        return library if self.case else library.lower()


class LibraryKnowledge(Struct, frozen=True, kw_only=True):
    """All of it, by system: ``windows``, ``linux`` (glibc), ``musl``, ``macos``."""

    systems: Mapping[str, SystemKnowledge]
    ceilings: tuple[SymbolCeiling, ...] = ()
    exemptions: tuple[ImportExemption, ...] = ()

    def exemption(self, project: NormalizedName | None, module: str) -> ImportExemption | None:
        """Why *module* of *project* need not work everywhere; ``None`` where it has to."""
        return next((each for each in self.exemptions if each.project == project and module in each.modules), None)

    def ceiling(self, glibc: tuple[int, ...]) -> Mapping[str, tuple[int, ...]]:
        """The newest symbol versions that a system with *glibc* is sure to have; empty where it is older than what is known."""
        fitting = [each for each in self.ceilings if each.glibc <= glibc]
        return max(fitting, key=lambda each: each.glibc).families if fitting else {}


def _alternatives(patterns: tuple[str, ...]) -> re.Pattern[str]:
    from fnmatch import translate

    return re.compile("|".join(translate(pattern) for pattern in patterns) or r"(?!)")


ELF_MACHINES = {
    "EM_X86_64": "x86_64",
    "EM_AARCH64": "aarch64",
    "EM_386": "i686",
    "EM_ARM": "armv7l",
    "EM_PPC64": "ppc64le",
    "EM_S390": "s390x",
    "EM_RISCV": "riscv64",
    "EM_LOONGARCH": "loongarch64",
}
"""The words of an ELF header's ``e_machine``, as the standard's own names, to those of Linux wheel tags."""


class SystemRelease(Struct, frozen=True, kw_only=True):
    """One release of a system: the *words* that name it (``12``, ``bookworm``) and its *floor*."""

    words: tuple[str, ...]
    floor: str


class System(Struct, frozen=True, kw_only=True):
    """An operating system that images are made of.

    ``images`` are shell patterns of the images whose tag is a release of it. ``latest`` is the word of the release that a missing
    tag, or the bare name, stands for.
    """

    name: str
    images: tuple[str, ...]
    latest: str
    releases: tuple[SystemRelease, ...]

    def release(self, word: str) -> SystemRelease | None:
        """The release that *word* names, also by a longer version number (``12.5``); ``None`` for one that is not known."""
        while word:
            for release in self.releases:
                if word in release.words:
                    return release
            word = word.rpartition(".")[0]
        return None


class KnownImage(Struct, frozen=True, kw_only=True):
    """Images that come with a Python, or that name the system they are built on in their tag.

    ``images`` are shell patterns of names. A part of the tag that is ``prefix`` and a version names the Python, for ``None`` no
    part does; ``python`` is the version where the image has one only. ``bases`` tell the system by the Python, ``debian 12``, where
    the tag has no word of it: the first row whose versions admit it.
    """

    images: tuple[str, ...]
    implementation: Literal["cpython", "pypy"] = "cpython"
    prefix: str | None = None
    python: str | None = None
    bases: tuple[tuple[SpecifierSet, str], ...] = ()

    def base(self, version: Version | None) -> str | None:
        """The system of an image with Python *version* whose tag does not say it; of the newest one for ``None``."""
        wanted = version if version is not None else Version("3.9999")
        return next((base for versions, base in self.bases if versions.contains(wanted, prereleases=True)), None)


class WheelBuilds(Struct, frozen=True, kw_only=True):
    """What cibuildwheel does when it is not told.

    ``images`` maps ``manylinux_x86_64`` to the floor of the image; ``archs`` each system to its architectures under ``auto``, and
    ``all_archs`` to all. ``macos_floors`` are rows of a machine, versions of Python and the oldest macOS: the first that fits
    counts. ``optional_free_threaded`` are the Pythons whose free-threaded builds have to be enabled.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    archs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    all_archs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    macos_floors: tuple[tuple[str, SpecifierSet, str], ...] = ()
    optional_free_threaded: frozenset[str] = frozenset()


class ImageKnowledge(Struct, frozen=True, kw_only=True):
    """The whole table; ``runners`` maps the labels of hosted CI machines to platform tags."""

    systems: tuple[System, ...] = ()
    images: tuple[KnownImage, ...] = ()
    runners: Mapping[str, str] = field(default_factory=dict)
    wheel_builds: WheelBuilds = field(default_factory=WheelBuilds)

    def image(self, name: str) -> KnownImage | None:
        """The entry of the image *name* (without tag), or ``None``."""
        return next((known for known in self.images if _matches(name, known.images)), None)

    def system_of(self, name: str) -> System | None:
        """The system whose plain image is called *name*, or ``None``."""
        return next((system for system in self.systems if _matches(name, system.images)), None)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


class KnownCause(Struct, frozen=True, kw_only=True):
    """A way in which tools say why a build failed: the group ``what`` of a pattern fills the *message*.

    One of *signs* is in every line that a pattern finds. *packages* are what to install, by the system.
    """

    id: str
    signs: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    message: str
    packages: Mapping[str, str] = field(default_factory=dict)


class KnownHeader(Struct, frozen=True, kw_only=True):
    """The *library* that brings a header file, and what it is called on each system."""

    library: str
    packages: Mapping[str, str] = field(default_factory=dict)


class BuildFailureKnowledge(Struct, frozen=True, kw_only=True):
    """All causes in the order in which they are tried, and the headers by their paths."""

    causes: tuple[KnownCause, ...] = ()
    headers: Mapping[str, KnownHeader] = field(default_factory=dict)
