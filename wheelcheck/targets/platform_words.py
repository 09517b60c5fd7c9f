"""Spellings of a platform → its wheel platform tag: those of Docker, uv, conda, Node, GitHub Actions and Linux distributions.

``platform_tag("linux/arm64")`` is ``manylinux_2_28_aarch64``. A spelling is a system with or without a machine, in either order,
and the tables here are these words. Releases of systems and labels of CI machines are data (``knowledge/images.toml``), read only
for a word that needs them. What the tag means is decided in ``platforms.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wheelcheck.model.systems import ImageKnowledge

# Floors of the bare words. glibc 2.28 is what manylinux builds for today (RHEL 8, Debian 10, Ubuntu 18.10 and newer); macOS 13,
# iOS 13 and Android's API level 24 are what uv takes.
_FLOORS = {
    "linux": "manylinux_2_28",
    "alpine": "musllinux_1_2",
    "macos": "macosx_13_0",
    "windows": "win",
    "android": "android_24",
    "ios": "ios_13_0",
}
# The oldest glibc for which manylinux has images of these machines.
_LINUX_FLOORS = {"armv7l": "manylinux_2_31", "riscv64": "manylinux_2_39", "loongarch64": "manylinux_2_38"}
_SPELLINGS = {
    "linux": "linux gnu glibc linux-gnu linux-gnueabihf unknown-linux unknown-linux-gnu unknown-linux-gnueabihf manylinux",
    "alpine": "alpine alpine-linux musl musllinux linux-musl unknown-linux-musl alpine-linux-musl",
    "macos": "macos mac osx darwin macosx apple-darwin mac-os mac-os-x",
    "windows": "windows win pc-windows-msvc pc-windows-gnu windows-msvc uwp-windows-msvc",
    "android": "android linux-android",
    "ios": "ios iphone iphoneos apple-ios",
    "ios-simulator": "ios-simulator iphonesimulator apple-ios-simulator apple-ios-sim ios-sim",
}
_SYSTEMS = {word: system for system, words in _SPELLINGS.items() for word in words.split()}
_MACHINE_SPELLINGS = {
    "x86_64": "x86-64 amd64 x64 64 intel 64bit",
    "aarch64": "aarch64 arm64 arm64-v8 arm64v8 arm64-v8a silicon apple-silicon m1",
    "i686": "i686 i386 386 x86 32 ia32 32bit",
    "armv7l": "armv7l armv7 armv7-a arm-v7 arm32v7 armhf arm armeabi-v7a",
    "armv6l": "armv6l armv6 arm-v6 arm32v6",
    "ppc64le": "ppc64le powerpc64le",
    "s390x": "s390x",
    "riscv64": "riscv64 riscv64gc",
    "loongarch64": "loongarch64",
}
_MACHINES = {word: machine for machine, words in _MACHINE_SPELLINGS.items() for word in words.split()}
_LINUX_ALONE = ("aarch64", "armv7l", "armv7", "armhf", "armv6l", "armv6", "i686", "i386", "ppc64le", "s390x", "riscv64")
"""Machines whose name is said of Linux only; the others stand for several systems."""

# Where a system has its own words for machines: wheel tags (PEP 425, 730, 738).
_MACHINES_OF = {
    "win": {"x86_64": "amd64", "aarch64": "arm64", "i686": ""},
    "macosx": {"aarch64": "arm64"},
    "android": {"aarch64": "arm64_v8a", "armv7l": "armeabi_v7a", "i686": "x86"},
    "ios": {"aarch64": "arm64"},
}
_DEFAULT_MACHINES = {"macos": "aarch64", "android": "aarch64", "ios": "aarch64", "ios-simulator": "aarch64"}
_FLOOR = re.compile(r"manylinux(?:1|2010|2014|-2-\d+)|musllinux-1-\d+|macosx-\d+-\d+", re.ASCII)
_GLUED = re.compile(r"(win|windows|linux|osx|mac|macos|darwin)(32|64)")
_RELEASE = re.compile(r"[a-z]*[\d.]*")
_VERSIONED = re.compile(r"([a-z-]+?)-?(\d{1,9})(?:-(\d{1,9}))?(?:-\d+)*", re.ASCII)
_PYODIDE = re.compile(r"(?:wasm32-)?(?:pyodide|pyemscripten)-?(20\d\d)(?:-(\d+))?(?:-wasm32)?")
_PYODIDE_BARE = re.compile(r"(?:wasm32-(?:unknown-)?)?emscripten|pyodide|pyemscripten|wasm|wasm32")
_FIRST_PYODIDE = 12
_NEWEST_PYODIDE = 14


class _Split(NamedTuple):
    """A spelling taken apart: the *system* in words, and the machine in those of uname, empty where none is said."""

    system: str
    machine: str


def platform_tag(word: str, minor: int | None = None) -> str | None:
    """The wheel platform tag that *word* spells, ``None`` for a word that means nothing or more than one system.

    *minor* is the Python's, which decides what ``pyodide`` alone means.
    """
    text = re.sub(r"[\s_/.:]+", "-", word.strip().lower()).strip("-")
    text = _GLUED.sub(r"\1-\2", text) if _GLUED.fullmatch(text) and text != "win32" else text
    return _pyodide(text, minor) or _plain(text) or _known(text) or _versioned(text)


def spellings() -> tuple[str, ...]:
    """The words that a mistyped one is compared with."""
    known = _images()
    releases = (f"{system.name}-{release.words[0]}" for system in known.systems for release in system.releases)
    machines = (
        f"{system}-{machine}"
        for system in ("linux", "windows", "macos", "alpine")
        for machine in ("x86_64", "arm64", "x64", "intel")
    )
    return tuple(dict.fromkeys((*_SYSTEMS, *machines, *known.runners, *releases, *_LINUX_ALONE, "pyodide")))


def _pyodide(text: str, minor: int | None) -> str | None:
    """A platform of PEP 783: Pyodide has a new one for each Python minor, since 2024 for 3.12."""
    if _PYODIDE_BARE.fullmatch(text):
        newest = _NEWEST_PYODIDE if minor is None else max(minor, _FIRST_PYODIDE)
        return f"pyemscripten_{2024 + newest - _FIRST_PYODIDE}_0_wasm32"
    matched = _PYODIDE.fullmatch(text)
    return f"pyemscripten_{matched[1]}_{matched[2] or 0}_wasm32" if matched is not None else None


def _plain(text: str) -> str | None:
    """A system, a machine of Linux, or a floor, each with or without a machine."""
    if text in _LINUX_ALONE:
        return _tag_of("linux", _MACHINES[text])
    for system, machine in _splits(text):
        if system in _SYSTEMS:
            return _tag_of(_SYSTEMS[system], machine)
        if _FLOOR.fullmatch(system) and (machine or not system.startswith("macosx")):
            return platform_of(system.replace("-", "_"), machine or "x86_64")
        # Node's name for Windows, and a wheel tag where it stands alone.
        if machine and system == "win32":
            return _tag_of("windows", machine)
    return None


def _known(text: str) -> str | None:
    """A label of a CI machine, or a release of a system that images are made of: ``ubuntu-22.04``, ``bookworm``, ``alpine3.19``."""
    known = _images()
    for label, platform in known.runners.items():
        if re.sub(r"[_.]", "-", label) == text:
            return platform
    for words, machine in _splits(text):
        for system in known.systems:
            named = words.startswith(system.name)
            release = words.removeprefix(system.name).strip("-").replace("-", ".") if named else words
            if not _RELEASE.fullmatch(release) or (release[:1].isdigit() and not named):
                continue
            found = system.release(system.latest if named and release in ("", "latest") else release)
            if found is not None:
                return platform_of(found.floor, machine or "x86_64")
    return None


def _versioned(text: str) -> str | None:
    """A release of macOS, Windows, Android or iOS: ``macos-14``, ``windows-11-arm64``, ``android-34``."""
    for words, machine in _splits(text):
        matched = _VERSIONED.fullmatch(words)
        system = _SYSTEMS.get(matched[1], "") if matched is not None else ""
        if matched is None or system in ("", "linux", "alpine"):
            continue
        major, lesser = matched[2], matched[3] or "0"
        match system:
            case "windows":
                return _tag_of(system, machine)
            case "macos":
                return platform_of(f"macosx_{major}_{lesser}", machine or ("aarch64" if int(major) > 10 else "x86_64"))
            case "android":
                return _tag_of(system, machine, f"android_{major}")
            case _:
                return _tag_of(system, machine, f"ios_{major}_{lesser}")
    return None


def _splits(text: str) -> Iterator[_Split]:
    yield _Split(text, "")
    for spelling, machine in _MACHINES.items():
        if text.endswith(f"-{spelling}"):
            yield _Split(text[: -len(spelling) - 1], machine)
        if text.startswith(f"{spelling}-"):
            yield _Split(text[len(spelling) + 1 :], machine)


def _tag_of(system: str, machine: str, floor: str = "") -> str | None:
    machine = machine or _DEFAULT_MACHINES.get(system, "x86_64")
    if machine == "armv7l" and system in ("windows", "macos", "ios"):
        machine = "aarch64"  # "arm" where there is no other
    if system in ("ios", "ios-simulator"):
        sdk = "iphoneos" if system == "ios" else "iphonesimulator"
        return f"{platform_of(floor or _FLOORS['ios'], machine)}_{sdk}"
    if machine == "armv6l" and system == "linux":
        return "linux_armv6l"
    if system == "linux":
        return platform_of(_LINUX_FLOORS.get(machine, _FLOORS["linux"]), machine)
    return platform_of(floor or _FLOORS[system], machine)


def machine_of(word: str) -> str:
    """The machine in uname's words, from those of Docker, Windows or a wheel tag."""
    lowered = word.lower()
    return _MACHINES.get(re.sub(r"[_/]", "-", lowered), lowered)


def platform_of(floor: str, machine: str) -> str:
    """The platform tag of a *floor* (``manylinux_2_36``, ``win``, ``macosx_15_0``) on *machine* (uname's word)."""
    own = _MACHINES_OF.get(floor.partition("_")[0], {}).get(machine, machine)
    return f"{floor}_{own}" if own else "win32"


def _images() -> ImageKnowledge:
    from wheelcheck.knowledge.systems import load_images  # 3 ms, for a word that is no tag

    return load_images()
