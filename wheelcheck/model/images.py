"""What is known of container images, CI machines and wheel builders; loaded by ``knowledge/``, used by ``targets/``.

A *floor* is a wheel platform tag without its machine: ``manylinux_2_36``, ``musllinux_1_2``, ``win``.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.specifiers import SpecifierSet


class Release(Struct, frozen=True, kw_only=True):
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
    releases: tuple[Release, ...]

    def release(self, word: str) -> Release | None:
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
